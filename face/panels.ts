/** What stands around the page: header, side panel, rule, status row. One draw function each. */

import { evenRows, plainRows } from "./text/plain_rows.ts";
import { contextsOf } from "./app/keys.ts";
import { eveningOf } from "./app/evening.ts";
import { completionOf, short } from "./app/completion.ts";
import { type Action, type KeyContext, keyFor } from "./keymap.ts";
import type { Geometry } from "./app/geometry.ts";
import { byWordsOnly } from "./app/memory_offer.ts";
import { pieceWords } from "./app/remembered.ts";
import { searchState } from "./app/search.ts";
import { whyEntries } from "./app/why.ts";
import {
  type Confirm,
  type Connection,
  type Model,
  narratorName,
  storyName,
  worldName,
} from "./app/model.ts";
import { fill, type Grid, put } from "./term/grid.ts";
import { editorRows } from "./widgets/editor_rows.ts";
import { textWidth } from "./term/width.ts";
import { troubleOf } from "./widgets/blocks.ts";
import type { PageView } from "./widgets/page.ts";
import { asksOnRule, pageContext, questionOf } from "./app/geometry.ts";
import { indexOfMessage, lastReply } from "./widgets/transcript.ts";
import { fit, putSpans, type Span, spansWidth } from "./view/draw.ts";
import { spinner } from "./view/story.ts";

/** Without a word for this long, the rule says so. */
const SILENT_MS = 3000;
const MEASURED_MS = 2000;

/** `connected` needs no word: the narrator's name stands there. */
export function connectionText(connection: Connection, now_ms: number): string {
  switch (connection.kind) {
    case "connected":
      return "";
    case "starting":
      return "starting";
    case "lost": {
      const seconds = Math.ceil((connection.retry_at_ms - now_ms) / 1000);
      return seconds > 0 ? `connection lost, again in ${seconds} s` : "connection lost, trying again";
    }
    case "gone":
      return "no connection";
  }
}

/** The story's name on the left; on the right who tells it, or that nobody can be heard. */
export function drawHeader(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  const { theme } = model;
  const { marks } = theme;
  const lost = connectionText(model.connection, now_ms);
  const whose = model.whose === "" ? "" : ` at ${hostOf(model.whose)}`;
  const right = lost === "" ? narratorName(model.story) + whose : lost;
  const shown = fit(right, Math.max(0, place.right - place.x - 12), marks.ellipsis);
  const right_x = place.right - textWidth(shown);
  put(
    grid,
    right_x,
    0,
    shown,
    lost === "" || model.connection.kind === "starting" ? theme.dim : theme.error,
    place.right,
  );
  put(grid, place.x - 2, 0, marks.bloom, theme.accent);
  const name = storyName(model) || model.settings.last_story || "Flower";
  put(
    grid,
    place.x,
    0,
    fit(name, Math.max(0, right_x - place.x - 2), marks.ellipsis),
    theme.strong,
    right_x - 1,
  );
}

function hostOf(url: string): string {
  return /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? url;
}

/** World, you, rules, what was remembered, tonight. Nothing stands only here. */
export function drawPanel(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  if (place.panel_x === null) return;
  const { theme, story } = model;
  const x = place.panel_x;
  const width = place.right - x;
  const bottom = place.rule_y;
  let y = place.page_y;
  const section = (heading: string, rows: readonly string[]): void => {
    if (rows.length === 0 || y + rows.length + 1 > bottom) return;
    put(grid, x, y++, fit(heading.toUpperCase(), width, theme.marks.ellipsis), theme.dim);
    for (const text of rows) put(grid, x, y++, text, theme.dim, place.right);
    y += 1;
  };
  const world = story.worlds.find((item) => item.id === story.world_id);
  section(worldName(story), world === undefined ? [] : evenRows(world.hook, width));
  const character = story.characters.find((item) => item.id === story.character_id);
  if (character !== undefined) {
    const about = evenRows(character.about, width);
    section("You", [fit(character.name, width, theme.marks.ellipsis), ...about.slice(0, 4)]);
  }
  const rules = story.active_rules.map((id) => story.rules.find((rule) => rule.id === id)?.name ?? id);
  section("Rules", rules.length === 0 ? [] : plainRows(rules.join(` ${theme.marks.separator} `), width));
  section("Remembered just now", rememberedRows(model, width, bottom - y));
  section("Tonight", tonight(model, now_ms));
}

const MAX_PIECES = 4;
/** Rows that tonight takes below, with its gap. */
const TONIGHT_ROWS = 4;

/** What stood in the request of the last reply: each piece with where it is from, or their number. */
function rememberedRows(model: Model, width: number, room: number): string[] {
  const { bloom, ellipsis } = model.theme.marks;
  const reply = lastReply(model.transcript);
  const recalled = reply === null ? undefined : model.transcript.recalled.get(reply.id);
  if (reply === null || recalled === undefined) return [];
  const known = model.remembered?.message_id === reply.id ? model.remembered.pieces : [];
  const most = Math.min(MAX_PIECES, Math.max(1, (room - 1 - TONIGHT_ROWS) >> 1));
  if (known.length > 0) {
    return known.slice(0, most).flatMap((piece) => {
      const { words, from } = pieceWords(piece);
      return [`${bloom} ${fit(words, width - 2, ellipsis)}`, `  ${from}`];
    });
  }
  const rows: string[] = [];
  if (recalled.memories > 0) rows.push(`${bloom} ${recalled.memories} from earlier pages`);
  if (recalled.lore > 0) rows.push(`${bloom} ${recalled.lore} from this world's lore`);
  return rows;
}

/** Turns and time since the last long pause. */
function tonight(model: Model, now_ms: number): string[] {
  const { turns, first_ms } = eveningOf(model.transcript.messages);
  if (turns === 0) return [];
  const session = model.story.sessions.find((item) => item.id === model.story.session_id);
  const all = session !== undefined && session.turns > turns ? ` of ${session.turns}` : "";
  const minutes = Math.round((now_ms - first_ms) / 60_000);
  const time = minutes < 1 ? "" : minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} hours`;
  const words = byWordsOnly(model) ? ["memory by words only"] : [];
  const parts = [`${turns} turn${turns === 1 ? "" : "s"}${all}`, time].filter((part) => part !== "");
  return [parts.join(` ${model.theme.marks.separator} `), ...words];
}

/** The one line drawn, with what the narrator does on its left and what waits below on its right. */
export function drawRule(
  grid: Grid,
  model: Model,
  place: Geometry,
  view: PageView | null,
  now_ms: number,
): void {
  const { theme, turn } = model;
  const { marks } = theme;
  const { x, width, rule_y: y } = place;
  fill(grid, x, y, width, 1, marks.rule, theme.rule);
  const left: Span[] = [];
  if (asksOnRule(model, width)) left.push({ text: `${questionOf(model)} `, style: theme.accent });
  else if (model.search !== null) {
    const state = searchState(model);
    left.push({ text: "search ", style: theme.accent });
    if (state !== "") left.push({ text: `${state} `, style: theme.dim });
  } else if (model.editing !== null) left.push({ text: "editing ", style: theme.accent });
  else if (turn !== null && model.transcript.live !== null) {
    const silent_ms = now_ms - turn.heard_ms;
    const what = silent_ms < SILENT_MS
      ? "narrating"
      : `waiting ${marks.separator} ${Math.floor(silent_ms / 1000)} s`;
    left.push({ text: `${spinner(model, now_ms)} `, style: theme.accent }, {
      text: `${what} `,
      style: theme.dim,
    });
  }
  putSpans(grid, x, y, left, x + width);
  const texts: string[] = [];
  if (view !== null && view.below > 0) {
    const many = view.below >= 999 ? "many lines" : `${view.below} line${view.below === 1 ? "" : "s"}`;
    texts.push(`${marks.below} ${many} below`);
  }
  const hidden = model.editor.text === ""
    ? 0
    : editorRows(model.editor.text, width).length - place.editor_height;
  if (hidden > 0) texts.push(`${hidden} more row${hidden === 1 ? "" : "s"} of yours`);
  if (texts.length === 0) return;
  const text = ` ${texts.join("   ")} `;
  const at = x + width - textWidth(text) - 2;
  if (at > x + spansWidth(left)) put(grid, at, y, text, theme.dim, x + width);
}

/** The dim line above the rule. A longer one lifts the page instead of covering it. */
export function drawNotice(grid: Grid, model: Model, place: Geometry): void {
  const { notice, theme } = model;
  const { x, width, notice_rows } = place;
  if (notice_rows.length === 0) return;
  const asks = questionOf(model) !== "" && !asksOnRule(model, width);
  const failed = !asks && notice?.error === true;
  const look = failed ? theme.error : asks ? theme.accent : theme.dim;
  const first = place.notice_y - notice_rows.length + 1;
  put(grid, x - 2, first, failed ? theme.marks.error : theme.marks.notice, look);
  for (const [at, row] of notice_rows.entries()) put(grid, x, first + at, row, look, x + width);
}

/** What can be pressed now, at most four. */
export function statusKeys(model: Model, now_ms: number): string[] {
  const [context] = contextsOf(model, now_ms);
  const { arrows } = model.theme.marks;
  const key = (action: Action, words: string, ...places: KeyContext[]): string[] =>
    hint(model, action, words, ...(places.length === 0 ? [context] : places));
  const back = "Esc back";
  switch (context) {
    case "question":
      return ["w wait for it", "s stop and leave", "Esc stay"];
    case "why":
      if (model.sheet?.kind !== "why") return [back];
      if (model.sheet.whole) return [`${arrows} scroll`, back];
      return [
        ...(whyEntries(model.sheet).length === 0 ? [] : [
          ...key("why_go", "go there"),
          ...key("why_pin", "pin"),
          ...key("why_forget", "forget"),
        ]),
        ...key("why_numbers", "numbers"),
        ...key("why_whole", "prompt"),
        back,
      ];
    case "search":
      return [...key("search_keep", "keep"), `${arrows} other places`, back];
    case "found":
      return [
        ...key("search_older", "before"),
        ...key("search_newer", "after"),
        ...key("search", "other words", "always"),
        back,
      ];
    case "sheet":
      return [back, `${arrows} scroll`];
    case "popup":
      if (completionOf(model, now_ms)?.rows.length === 0) return ["Esc close"];
      if (completionOf(model, now_ms)?.many === true) {
        return ["Enter on or off", `${arrows} choose`, "Esc done"];
      }
      return ["Enter take", "Tab complete", `${arrows} choose`, "Esc close"];
    case "confirm":
      return confirmKeys(model.confirm?.kind ?? "price", key("models", "narrators", "always"));
    case "opening":
      return [];
    case "desk":
      return deskKeys(model);
    default:
  }
  if (model.editing !== null) return [...key("send", "save", "editor"), "Esc leave it"];
  const writing = model.editor.text !== "";
  const page = key("keys", "keys", ...(writing ? [] : ["empty" as const]), "always");
  if (model.turn !== null) return writing ? ["Esc stop", ...page] : ["Esc stop", ...page, "/ commands"];
  if (writing) {
    return [...key("send", "say", "editor"), ...key("newline", "new row", "editor"), ...page];
  }
  const narrators = key("models", "narrators", "always");
  const trouble = troubleOf(pageContext(model, now_ms));
  if (trouble?.go_on === true) {
    return [...key("go_on", "go on", "empty"), ...key("retry", "tell again", "empty"), ...narrators, ...page];
  }
  if (trouble?.retry === true) {
    return [...key("retry", "try again", "empty"), ...narrators, ...page, "/ commands"];
  }
  return model.story.synced
    ? [...key("desk", "reread", "empty"), ...page, "/ commands"]
    : [...page, "Ctrl+C leave"];
}

/** A question wants a key that nobody presses by going on: Enter is none. */
function confirmKeys(kind: Confirm["kind"], narrators: readonly string[]): string[] {
  switch (kind) {
    case "price":
      return ["y go on", "Esc not now", ...narrators];
    case "delete":
      return ["y delete", "Esc keep"];
    case "fetch":
      return ["Ctrl+Y fetch", "Esc no"];
  }
}

/** The key of an action in the first of some places that has one, with what it does; none when it has no key. */
function hint(model: Model, action: Action, words: string, ...places: KeyContext[]): string[] {
  for (const place of places) {
    const key = keyFor(model.keys, place, action);
    if (key !== "") return [`${key} ${words}`];
  }
  return [];
}

function deskKeys(model: Model): string[] {
  const { messages } = model.transcript;
  const message = model.desk === null ? undefined : messages[indexOfMessage(messages, model.desk)];
  const key = (action: Action, words: string): string[] => hint(model, action, words, "desk");
  if (message?.role !== "assistant" || message !== messages.at(-1)) {
    return [
      ...key("desk_edit", "edit"),
      ...key("desk_copy", "copy"),
      ...key("desk_undo", "back to here"),
      "Esc write",
    ];
  }
  const tellings = message.alternatives > 1
    ? [`${model.theme.marks.sideways} tellings`]
    : key("desk_continue", "go on");
  return [...key("desk_retry", "another telling"), ...tellings, ...key("desk_why", "why"), "Esc write"];
}

/** Keys on the left; on the right speed, how full the narrator's memory is, and cost. */
export function drawStatus(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  const { theme } = model;
  const y = place.status_y;
  const keys = statusKeys(model, now_ms);
  const glance = glanceParts(model, now_ms);
  const space = place.right - place.x;
  const width = (parts: Span[][]) => parts.reduce((sum, part) => sum + spansWidth(part) + 3, -3);
  let left = keys.join("   ");
  while (glance.length > 0 && textWidth(left) + 3 + width(glance) > space) glance.shift();
  while (keys.length > 1 && textWidth(left) > space) {
    // The way out is the last to go.
    keys.splice(keys.length > 2 && keys.at(-1)?.startsWith("Esc") ? -2 : -1, 1);
    left = keys.join("   ");
  }
  put(grid, place.x, y, left, theme.dim, place.right);
  let x = place.right - width(glance);
  for (const part of glance) x = putSpans(grid, x, y, part, place.right) + 3;
}

function glanceParts(model: Model, now_ms: number): Span[][] {
  const { theme, turn } = model;
  const parts: Span[][] = [];
  const told_ms = turn?.first_ms === null || turn === null ? 0 : now_ms - turn.first_ms;
  // The first moments are a burst, and a silence has no speed.
  const measured = turn !== null && told_ms >= MEASURED_MS && now_ms - turn.heard_ms < SILENT_MS;
  const speed = measured ? Math.round(turn.tokens_per_second * 0.75) : 0;
  if (speed > 0) parts.push([{ text: `${speed} words/s`, style: theme.dim }]);
  const usage = lastReply(model.transcript)?.usage;
  const context = model.story.models.find((item) => item.id === model.story.model)?.context ?? 0;
  if (usage !== null && usage !== undefined && usage.prompt_tokens > 0 && context > 0) {
    const used = usage.prompt_tokens + usage.completion_tokens;
    const cells = Math.max(0, Math.min(8, Math.round(used / context * 8)));
    parts.push([
      { text: `${short(used)} of ${short(context)} `, style: theme.dim },
      { text: theme.marks.full.repeat(cells), style: theme.dim },
      { text: theme.marks.empty.repeat(8 - cells), style: theme.rule },
    ]);
  }
  const { cost } = eveningOf(model.transcript.messages);
  if (cost > 0) parts.push([{ text: cost < 0.01 ? "under $0.01" : `$${cost.toFixed(2)}`, style: theme.dim }]);
  return parts;
}
