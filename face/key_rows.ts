/** The one table of keys: where it works, the chord, what follows, and the words that the keys page says about it. */

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

/** Every place where keys work, with its heading, in the order of the keys page. */
export const PLACES: Record<KeyContext, string> = {
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
