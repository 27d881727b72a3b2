/** What could be meant by a line that begins with `/`: names of commands, then ids for their arguments. */

import type { ArgumentKind, CommandItem, SessionItem } from "../../shared/protocol.ts";
import { CHOICE_WORDS, FACE_COMMANDS, ORIGINAL_COMMANDS } from "../face_commands.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { THEME_NAMES } from "../theme.ts";
import type { Model } from "./model.ts";
import type { Story } from "./story.ts";
import { connecting, isAlone, modelItems } from "./narrators.ts";

export interface PopupRow {
  /** The editor's text after this row was taken. */
  text: string;
  name: string;
  detail: string;
  /** A second line for the selected row. */
  note: string;
  /** The line is complete: Enter may send it. */
  complete: boolean;
  /** What to write next, where no list can say it. */
  hint: string;
}

export interface Completion {
  rows: PopupRow[];
  /** What was typed of it, shown in accent. */
  typed: string;
  /** Row that Enter takes; -1: Enter sends the line as it was typed. */
  chosen: number;
  /** Nothing is taken that the player did not point at: Enter first puts the mark on a row. */
  careful: boolean;
  /** The chosen row stands among others that fit as well: Enter writes it out before it is sent. */
  ambiguous: boolean;
  /** Below the list: what is not in it, and how it would come into it. */
  advice: readonly string[];
  /** Rows are switched on and off, and the list stays. */
  many: boolean;
}

/** Not offered: the page asks for these by itself. */
export const UNLISTED = ["/history before"];

/** All commands that can be typed now: the brain's (or an original server's), and the face's own. */
export function allCommands(model: Model): readonly CommandItem[] {
  const theirs = model.commands.length > 0 ? model.commands : ORIGINAL_COMMANDS;
  return [...theirs, ...FACE_COMMANDS];
}

/** True when the command says nothing without an argument. */
export const needsArgument = (command: CommandItem): boolean =>
  command.arguments.some((argument) => argument.required);

/** The command a line begins with, and the text after it; the longest name wins. */
export function commandOf(
  line: string,
  commands: readonly CommandItem[],
): { command: CommandItem; rest: string } | null {
  let best: CommandItem | null = null;
  for (const command of commands) {
    const fits = line === command.name || line.startsWith(`${command.name} `);
    if (fits && (best === null || command.name.length > best.name.length)) best = command;
  }
  return best === null ? null : { command: best, rest: line.slice(best.name.length).trimStart() };
}

/** The list for the editor's text, or null when there is none to show. */
export function completionOf(model: Model, now_ms: number): Completion | null {
  const { text } = model.editor;
  const { popup } = model;
  if (model.search !== null) return null;
  if (!text.startsWith("/") || text.includes("\n") || popup.closed_for === text || model.editing !== null) {
    return null;
  }
  const commands = allCommands(model);
  const found = commandOf(text, commands);
  const names: PopupRow[] = [];
  for (const command of commands) {
    if (UNLISTED.includes(command.name)) continue;
    if (!command.name.startsWith(text) && !(text === "/" || inside(command.name, text))) continue;
    if (found !== null && command.name === found.command.name && text !== command.name) continue;
    const more = command.arguments.length > 0;
    names.push({
      text: command.name + (more ? " " : ""),
      name: command.usage,
      detail: command.help,
      note: "",
      complete: !needsArgument(command),
      hint: needsArgument(command) && command.arguments[0].kind === "text"
        ? `${command.usage}: ${command.help}`
        : "",
    });
  }
  names.sort((left, right) => Number(right.text.startsWith(text)) - Number(left.text.startsWith(text)));
  const argument = found === null || !text.startsWith(`${found.command.name} `)
    ? { rows: [], typed: "", exact: false, free: true }
    : argumentRows(model, found.command, found.rest, now_ms);
  const rows = [
    ...argument.rows,
    ...(found !== null && text !== found.command.name
      ? names.filter((row) => row.text.startsWith(text))
      : names),
  ];
  if (rows.length === 0) {
    // A list that was opened by a key says that it has nothing, instead of going away under the fingers.
    if (popup.stash === null || argument.free || argument.typed === "") return null;
    const session = found?.command.arguments[0]?.kind === "session";
    const none = session ? "No story holds these words." : "Nothing here is called so.";
    const empty = { chosen: -1, careful: false, ambiguous: false, many: false };
    return { rows, typed: argument.typed, advice: [none], ...empty };
  }
  const exact_name = found !== null && found.rest === "" && !text.endsWith(" ");
  const group = found === null && commands.some((command) => command.name.startsWith(`${text.trimEnd()} `));
  const careful = group ||
    (found?.command.name === "/session delete" && argument.rows.length > 0 && !argument.exact);
  const takes_first = found === null || (exact_name && needsArgument(found.command)) ||
    (argument.rows.length > 0 && !argument.exact && (!argument.free || popup.stash !== null));
  const selected = Math.min(popup.selected, rows.length - 1);
  // With the bare name of a command that wants an argument, Enter goes on to its list.
  const first = exact_name ? Math.max(0, rows.findIndex((row) => row.text.trimEnd() === text)) : 0;
  const chosen = popup.touched ? selected : takes_first && !careful ? first : -1;
  const ambiguous = found === null && !popup.touched && names.length > 1;
  const advice = found?.command.name === "/model" && isAlone(model) ? connecting(model) : [];
  const many = found?.command.name === "/rules add" && popup.stash !== null && argument.rows.length > 0;
  const shown = argument.rows.length > 0 ? argument.typed : text;
  return { rows, typed: shown, chosen, careful, ambiguous, advice, many };
}

/** `/world select` for `/select`, `/wsel`: the letters stand in it in this order, the first of them at a word. */
function inside(name: string, typed: string): boolean {
  if (typed.includes(" ") || typed.length < 3) return false;
  const letters = typed.slice(1).toLowerCase();
  if (name.split(/[ /_]/).some((word) => word.startsWith(letters))) return true;
  let at = 0;
  for (const char of name.slice(1)) if (char === letters[at]) at++;
  return at === letters.length && name[1] === letters[0];
}

/** What `/theme` takes: ours, and the files in HOME/themes. */
export function themeNames(model: Model): readonly string[] {
  const own = model.themes.map((theme) => theme.name);
  return [
    "auto",
    ...THEME_NAMES,
    ...own.filter((name) => name !== "auto" && !THEME_NAMES.some((known) => known === name)),
  ];
}

interface ArgumentRows {
  rows: PopupRow[];
  typed: string;
  /** What was typed is one of the ids. */
  exact: boolean;
  /** Anything may be typed here, not only what is in the list. */
  free: boolean;
}

function argumentRows(model: Model, command: CommandItem, rest: string, now_ms: number): ArgumentRows {
  const prefix = `${command.name} `;
  const own = FACE_COMMANDS.find((mine) => mine.name === command.name);
  if (own !== undefined) {
    const choices = own.name === "/theme" ? themeNames(model) : own.choices;
    const rows = choices.filter((choice) => choice.startsWith(rest)).map((choice): PopupRow => {
      const text = prefix + choice;
      return { text, name: choice, detail: CHOICE_WORDS[text] ?? "", note: "", complete: true, hint: "" };
    });
    return { rows, typed: rest, exact: choices.includes(rest), free: rest === "" };
  }
  const kind = command.arguments[0]?.kind;
  if (kind === undefined) return { rows: [], typed: "", exact: false, free: true };
  const items = itemsOf(model, kind, now_ms);
  const wanted = rest.toLowerCase();
  const fits = items.filter(({ id, name, search }) =>
    model.story_search.found.has(id) ||
    wanted.split(/\s+/).every((word) => `${id} ${name} ${search}`.toLowerCase().includes(word))
  );
  // What begins with the typed words stands first; the order is else the brain's.
  const starts = (item: Item) =>
    item.id.toLowerCase().startsWith(wanted) || item.name.toLowerCase().startsWith(wanted) ? 0 : 1;
  const sorted = wanted === "" ? fits : fits.map((item, at) => ({ item, at }))
    .sort((left, right) => starts(left.item) - starts(right.item) || left.at - right.at).map(({ item }) =>
      item
    );
  const rows = sorted.map(({ id, name, detail, note }): PopupRow => (
    { text: prefix + id, name, detail, note, complete: true, hint: "" }
  ));
  const exact = items.some((item) => item.id === rest);
  const free = kind === "text" || kind === "message" || (kind === "model" && rest.includes("/")) ||
    (rest === "" && !needsArgument(command));
  return { rows, typed: rest, exact, free };
}

/** What an argument may be. */
export interface Item {
  id: string;
  name: string;
  detail: string;
  note: string;
  search: string;
}

function itemsOf(model: Model, kind: ArgumentKind, now_ms: number): Item[] {
  const { story } = model;
  const quoteOf = (id: string): string | undefined => model.story_search.found.get(id);
  const plain = (id: string, name: string, detail = "", note = ""): Item => ({
    id,
    name,
    detail,
    note,
    search: detail,
  });
  switch (kind) {
    case "world":
      return story.worlds.map((world) => plain(world.id, world.name, world.hook, world.opening));
    case "character":
      return story.characters.map((character) => plain(character.id, character.name, character.about));
    case "rule":
      return story.rules.map((rule) => {
        const on = story.active_rules.includes(rule.id);
        return {
          ...plain(rule.id, rule.name, withoutName(rule.about, rule.name)),
          name: on ? `${rule.name} ${model.theme.marks.done}` : rule.name,
        };
      });
    case "active_rule":
      return story.rules.filter((rule) => story.active_rules.includes(rule.id)).map((rule) =>
        plain(rule.id, rule.name, withoutName(rule.about, rule.name))
      );
    case "model":
      return modelItems(model);
    case "session":
      return [...story.sessions, ...model.story_search.older].map((session) => ({
        ...plain(
          session.id,
          sessionTitle(session, story),
          sessionDetail(session, story, now_ms),
          sanitizeLine(quoteOf(session.id) ?? session.last),
        ),
        search: `${session.name} ${session.last}`,
      }));
    case "message":
    case "text":
      return [];
  }
}

/** A pack may begin with its own name: it stands beside it already. */
function withoutName(about: string, name: string): string {
  const rest = about.startsWith(`${name}: `) ? about.slice(name.length + 2) : about;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function sessionTitle(session: SessionItem, story: Story): string {
  return session.title === "" || session.title === "New session"
    ? story.worlds.find((world) => world.id === session.world_id)?.name ?? session.name
    : session.title;
}

function sessionDetail(session: SessionItem, story: Story, now_ms: number): string {
  const world = story.worlds.find((item) => item.id === session.world_id)?.name ?? "";
  const turns = session.turns > 0 ? `${session.turns} turn${session.turns === 1 ? "" : "s"}` : "";
  const when = session.last_used_ms > 0 ? ago(now_ms - session.last_used_ms) : "";
  return [world, turns, when].filter((part) => part !== "").join("  ");
}

/** `12 min ago`, `3 days ago`. */
export function ago(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${hours} hour${hours === 1 ? "" : "s"} ago`;
  const days = Math.round(hours / 24);
  if (days < 60) return `${days} day${days === 1 ? "" : "s"} ago`;
  return `${Math.round(days / 30.4)} months ago`;
}
