/** The one table of keys: where it works, the chord, what follows, and the words that the keys page says about it. */

import type { TermEvent } from "./term/keys.ts";

/** Where a key works. The innermost that is open asks first, `always` last. */
export type KeyContext =
  | "always"
  | "empty"
  | "editor"
  | "popup"
  | "desk"
  | "sheet"
  | "why"
  | "search"
  | "found"
  | "opening"
  | "question"
  | "confirm";

export type Action =
  | "leave"
  | "suspend"
  | "redraw"
  | "back"
  | "keys"
  | "panel"
  | "models"
  | "stories"
  | "palette"
  | "page_up"
  | "page_down"
  | "scroll_start"
  | "scroll_end"
  | "send"
  | "newline"
  | "left"
  | "right"
  | "word_left"
  | "word_right"
  | "line_start"
  | "line_end"
  | "up"
  | "down"
  | "backspace"
  | "delete"
  | "delete_or_nothing"
  | "delete_word_left"
  | "delete_word_right"
  | "kill_to_end"
  | "kill_to_start"
  | "yank"
  | "yank_older"
  | "undo"
  | "redo"
  | "desk"
  | "retry"
  | "go_on"
  | "accept"
  | "complete"
  | "previous"
  | "next"
  | "desk_retry"
  | "desk_previous_telling"
  | "desk_next_telling"
  | "desk_edit"
  | "desk_continue"
  | "desk_copy"
  | "desk_undo"
  | "desk_why"
  | "why"
  | "why_go"
  | "why_pin"
  | "why_forget"
  | "why_numbers"
  | "why_whole"
  | "search"
  | "search_keep"
  | "edit_outside"
  | "search_older"
  | "search_newer"
  | "choose"
  | "confirm"
  | "question_wait"
  | "question_stop";

export interface KeyRow {
  context: KeyContext;
  /** As `chordOf` writes them. */
  chords: readonly string[];
  action: Action;
  /** As the keys page and the status row write it; empty: not listed. */
  label: string;
  help: string;
}

const row = (context: KeyContext, chords: string, action: Action, label = "", help = ""): KeyRow => ({
  context,
  chords: chords.split(" "),
  action,
  label,
  help,
});

export const KEYS: readonly KeyRow[] = [
  row("editor", "enter", "send", "Enter", "say the line"),
  row("editor", "shift+enter alt+enter ctrl+j", "newline", "Shift+Enter, Ctrl+J", "begin a new row"),
  row("editor", "left ctrl+b", "left"),
  row("editor", "right", "right"),
  row("editor", "ctrl+left alt+left alt+b", "word_left", "Ctrl+←  Ctrl+→", "move by a word"),
  row("editor", "ctrl+right alt+right alt+f", "word_right"),
  row("editor", "home ctrl+a", "line_start", "Home  End", "start and end of the row"),
  row("editor", "end ctrl+e", "line_end"),
  row("editor", "up", "up", "↑  ↓", "rows, then what was said before"),
  row("editor", "down", "down"),
  row("editor", "backspace shift+backspace ctrl+h", "backspace"),
  row("editor", "delete", "delete"),
  row("editor", "ctrl+d", "delete_or_nothing"),
  row("editor", "ctrl+w alt+backspace ctrl+backspace", "delete_word_left", "Ctrl+W", "cut the word before"),
  row("editor", "alt+d ctrl+delete", "delete_word_right", "Alt+D", "cut the word after"),
  row("editor", "ctrl+k", "kill_to_end", "Ctrl+K  Ctrl+U", "cut to the end, to the start"),
  row("editor", "ctrl+u", "kill_to_start"),
  row("editor", "ctrl+y", "yank", "Ctrl+Y  Alt+Y", "put back what was cut, or cut before"),
  row("editor", "alt+y", "yank_older"),
  row("editor", "ctrl+g", "edit_outside", "Ctrl+G", "write the line in your own $EDITOR"),
  row("editor", "ctrl+_ ctrl+/ ctrl+- ctrl+7", "undo", "Ctrl+/  Alt+/", "undo and redo in the line"),
  row("editor", "alt+/ alt+r ctrl+shift+z ctrl+shift+_", "redo"),

  row("empty", "tab", "desk", "Tab", "put the bar on a message"),
  row("empty", "space", "page_down", "Space", "turn the page"),
  row("empty", "home", "scroll_start", "Home", "the beginning of what is loaded"),
  row("empty", "end", "scroll_end", "End", "follow the story to its end"),
  row("empty", "?", "keys", "?", "this page"),
  row("empty", "r", "retry", "r", "after an error: try again"),
  row("empty", "c", "go_on", "c", "where a reply broke off: let it go on"),

  row("desk", "up k", "previous", "↑  ↓", "another message"),
  row("desk", "down j", "next"),
  row("desk", "r", "desk_retry", "r", "another telling"),
  row("desk", "left h", "desk_previous_telling", "←  →", "the tellings beside it"),
  row("desk", "right l", "desk_next_telling"),
  row("desk", "e", "desk_edit", "e", "edit"),
  row("desk", "c", "desk_continue", "c", "let the narrator go on"),
  row("desk", "y", "desk_copy", "y", "copy"),
  row("desk", "w", "desk_why", "w", "why this reply"),
  row("desk", "u", "desk_undo", "u", "take back to here"),
  row("desk", "tab enter", "back"),

  row("popup", "up ctrl+p", "previous", "↑  ↓", "choose"),
  row("popup", "down ctrl+n", "next"),
  row("popup", "tab", "complete", "Tab", "complete"),
  row("popup", "enter", "accept", "Enter", "take it"),

  row("sheet", "up k", "previous", "↑  ↓", "scroll"),
  row("sheet", "down j", "next"),
  row("sheet", "space", "page_down"),
  row("sheet", "home", "scroll_start"),
  row("sheet", "end", "scroll_end"),
  row("sheet", "enter q ?", "back"),

  row("why", "up k", "previous", "↑  ↓", "another piece"),
  row("why", "down j", "next"),
  row("why", "enter", "why_go", "Enter", "go where it was told"),
  row("why", "p", "why_pin", "p", "have it in every reply, or no longer"),
  row("why", "f", "why_forget", "f", "never remember it again"),
  row("why", "n", "why_numbers", "n", "the numbers"),
  row("why", "x", "why_whole", "x", "the whole request"),
  row("why", "space", "page_down"),
  row("why", "home", "scroll_start"),
  row("why", "end", "scroll_end"),
  row("why", "q w", "back"),

  row("search", "enter", "search_keep", "Enter", "keep the places and go on with n and N"),
  row("search", "up ctrl+p ctrl+f", "search_older", "↑  ↓", "the place before, the place after"),
  row("search", "down ctrl+n", "search_newer"),
  row("found", "n up", "search_older", "n  N", "then: the place before, the place after"),
  row("found", "N down", "search_newer"),
  row("found", "enter", "search_keep", "Enter", "stay here"),

  row("opening", "enter", "accept", "Enter", "go"),
  row("opening", "up k", "previous", "↑  ↓", "look"),
  row("opening", "down j", "next"),
  row("opening", "1 2 3 4 5 6 7 8 9", "choose", "1 to 9", "choose at once"),
  row("opening", "?", "keys"),

  row("question", "w", "question_wait", "w", "wait for the end of the reply, then leave"),
  row("question", "s", "question_stop", "s", "stop the narrator and leave"),

  row("confirm", "y ctrl+y", "confirm", "y, Ctrl+Y", "yes, do it"),

  row("always", "esc", "back", "Esc", "end the innermost thing, at last the narrator"),
  row("always", "pgup", "page_up", "PgUp  PgDn", "turn the page"),
  row("always", "pgdn", "page_down"),
  row("always", "ctrl+home", "scroll_start"),
  row("always", "ctrl+end", "scroll_end"),
  row("always", "f1", "keys", "F1", "these keys"),
  row("always", "f2", "panel", "F2", "the panel, from 110 columns"),
  row("always", "ctrl+o", "models", "Ctrl+O", "narrators"),
  row("always", "ctrl+t", "stories", "Ctrl+T", "stories"),
  row("always", "ctrl+p", "palette", "Ctrl+P", "all commands"),
  row("always", "f4 alt+w", "why", "F4, Alt+W", "why the last reply is what it is"),
  row("always", "ctrl+f", "search", "Ctrl+F", "search the story"),
  row("always", "ctrl+l", "redraw", "Ctrl+L", "draw again"),
  row("always", "ctrl+z", "suspend", "Ctrl+Z", "to the shell; fg comes back"),
  row("always", "ctrl+c", "leave", "Ctrl+C", "leave (twice)"),
];

const NAMES: Record<KeyContext, string> = {
  editor: "Writing",
  empty: "In the empty editor",
  desk: "With the bar on a message",
  popup: "In a list over the page",
  sheet: "On a page like this",
  why: "On the page that says why",
  search: "While you search",
  found: "Between places found",
  opening: "Before the story",
  question: "When you leave in mid-reply",
  confirm: "When you are asked",
  always: "Always",
};

/** Every place where keys work. */
export const CONTEXTS = Object.keys(NAMES) as KeyContext[];

/** The keys as they are: the table, and what the player made of it. */
export interface Keymap {
  rows: readonly KeyRow[];
  by_chord: ReadonlyMap<string, Action>;
}

/** A line of keys.yaml. `action` null: the chord does nothing there. `context` null: wherever the action works. */
export interface KeyChange {
  chord: string;
  context: KeyContext | null;
  action: Action | null;
}

function keymapOf(rows: readonly KeyRow[]): Keymap {
  const by_chord = new Map<string, Action>();
  for (const { context, chords, action } of rows) {
    for (const chord of chords) by_chord.set(`${context} ${chord}`, action);
  }
  return { rows, by_chord };
}

export const DEFAULT_KEYS: Keymap = keymapOf(KEYS);

/** The table with the player's changes. A chord with Ctrl or Alt, or a named key, means one thing everywhere. */
export function createKeymap(changes: readonly KeyChange[]): Keymap {
  let rows: KeyRow[] = [...KEYS];
  for (const { chord, context, action } of changes) {
    const homes = new Set(
      context !== null ? [context] : KEYS.filter((row) => row.action === action).map((row) => row.context),
    );
    const everywhere = context === null && (action === null || chord.length > 1);
    rows = rows.map((row) => {
      const leaves = row.chords.includes(chord) && (everywhere || homes.has(row.context));
      return leaves ? changed(row, row.chords.filter((other) => other !== chord)) : row;
    });
    for (const home of action === null ? [] : homes) {
      const at = rows.findIndex((row) => row.context === home && row.action === action);
      if (at >= 0) rows[at] = changed(rows[at], [chord, ...rows[at].chords]);
      else if (action !== null) {
        const help = KEYS.find((row) => row.action === action && row.help !== "")?.help;
        rows.push({
          context: home,
          chords: [chord],
          action,
          label: labelOf(chord),
          help: help ?? action.replaceAll("_", " "),
        });
      }
    }
  }
  return keymapOf(rows);
}

function changed(row: KeyRow, chords: string[]): KeyRow {
  return { ...row, chords, label: row.label === "" ? "" : chords.slice(0, 2).map(labelOf).join(", ") };
}

const NAMES_OF_KEYS: Record<string, string> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pgup: "PgUp",
  pgdn: "PgDn",
};

/** `Ctrl+K` for `ctrl+k`. */
export function labelOf(chord: string): string {
  const parts = chord.length > 1 ? chord.split("+") : [chord];
  const key = parts.pop() || "+";
  const bare = parts.length === 0 && key.length === 1;
  const name = NAMES_OF_KEYS[key] ?? (bare ? key : key[0].toUpperCase() + key.slice(1));
  return [...parts.map((part) => part[0].toUpperCase() + part.slice(1)), name].join("+");
}

/** The first key of an action where it works, as the status row writes it; empty: none. */
export function keyFor(keys: Keymap, context: KeyContext, action: Action): string {
  const chord = keys.rows.find((row) => row.context === context && row.action === action)?.chords[0];
  return chord === undefined ? "" : labelOf(chord);
}

/** `ctrl+left`, `shift+enter`, `a`; null for what is no single key. */
export function chordOf(event: TermEvent): string | null {
  if (event.kind === "text") return event.text === " " ? "space" : event.text;
  if (event.kind !== "key") return null;
  const shift = event.shift && (event.key.length > 1 || event.ctrl || event.alt);
  return `${event.ctrl ? "ctrl+" : ""}${event.alt ? "alt+" : ""}${shift ? "shift+" : ""}${event.key}`;
}

/** What a key does in the first of `contexts` that knows it. */
export function actionFor(
  contexts: readonly KeyContext[],
  event: TermEvent,
  keys: Keymap = DEFAULT_KEYS,
): Action | null {
  const chord = chordOf(event);
  if (chord === null) return null;
  for (const context of contexts) {
    const action = keys.by_chord.get(`${context} ${chord}`);
    if (action !== undefined) return action;
  }
  return null;
}

/** The keys page: a heading per context, then label and help. */
export function keyHelp(
  keys: Keymap = DEFAULT_KEYS,
): { heading: string; place: KeyContext; rows: { label: string; help: string; action: Action }[] }[] {
  const order: KeyContext[] = [
    "editor",
    "empty",
    "desk",
    "popup",
    "why",
    "search",
    "found",
    "opening",
    "question",
    "confirm",
    "always",
  ];
  return order.map((context) => ({
    heading: NAMES[context],
    place: context,
    rows: keys.rows.filter((key) => key.context === context && key.label !== "").map((
      { label, help, action },
    ) => ({
      label,
      help,
      action,
    })),
  }));
}
