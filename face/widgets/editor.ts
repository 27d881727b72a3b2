/** The line the player writes: text, caret, undo, kill ring. Offsets are UTF-16 units on grapheme borders. */

import { walk } from "../term/width.ts";
import { caretPlace, type EditorRow, offsetAt } from "./editor_rows.ts";

interface Snapshot {
  text: string;
  caret: number;
}

export interface Editor {
  readonly text: string;
  readonly caret: number;
  /** Column that Up and Down aim for; null after any other move. */
  readonly goal: number | null;
  readonly past: readonly Snapshot[];
  readonly future: readonly Snapshot[];
  readonly kills: readonly string[];
  /** What the last action was: typing joins one undo step, kills join one kill. */
  readonly last: "type" | "delete" | "kill" | "yank" | "move";
  /** How far back in `kills` the last yank reached. */
  readonly yanked: number;
}

const MAX_UNDO = 500;
const MAX_KILLS = 30;

export const EMPTY_EDITOR: Editor = {
  text: "",
  caret: 0,
  goal: null,
  past: [],
  future: [],
  kills: [],
  last: "move",
  yanked: 0,
};

/** The editor with another text, caret at its end; undo comes back to what stood there. */
export function setText(editor: Editor, text: string): Editor {
  if (text === editor.text) return { ...editor, caret: text.length, goal: null, last: "move" };
  return change(editor, text, text.length, "move");
}

function change(editor: Editor, text: string, caret: number, last: Editor["last"], join = false): Editor {
  const past = join
    ? editor.past
    : [...editor.past, { text: editor.text, caret: editor.caret }].slice(-MAX_UNDO);
  return { ...editor, text, caret, goal: null, past, future: [], last };
}

function move(editor: Editor, caret: number, goal: number | null = null): Editor {
  return { ...editor, caret, goal, last: "move" };
}

/** Types `piece` at the caret. Runs of letters are one step of undo; a blank begins the next. */
export function insert(editor: Editor, piece: string): Editor {
  if (piece === "") return editor;
  const text = editor.text.slice(0, editor.caret) + piece + editor.text.slice(editor.caret);
  const join = editor.last === "type" && !/\s/.test(piece) && piece.length <= 16;
  return change(editor, text, editor.caret + piece.length, "type", join);
}

/** Borders of the graphemes of the line around `at`: the one before and the one after. */
function borders(text: string, at: number): { before: number; after: number } {
  const line_start = text.lastIndexOf("\n", at - 1) + 1;
  let line_end = text.indexOf("\n", at);
  if (line_end < 0) line_end = text.length;
  let before = at > line_start ? line_start : Math.max(0, at - 1);
  let after = at < line_end ? line_end : Math.min(text.length, at + 1);
  // A blank begins a grapheme: a long line is walked from the one before, not from its start.
  walk(text, Math.max(line_start, text.lastIndexOf(" ", at - 2)), (place) => {
    if (place < at) before = place;
    else if (place > at) after = Math.min(place, after);
    return place <= at;
  });
  return { before, after };
}

/** The caret one grapheme to the left. */
export function left(editor: Editor): Editor {
  return editor.caret === 0 ? editor : move(editor, borders(editor.text, editor.caret).before);
}

/** The caret one grapheme to the right. */
export function right(editor: Editor): Editor {
  return editor.caret >= editor.text.length ? editor : move(editor, borders(editor.text, editor.caret).after);
}

const WORD = /[\p{L}\p{N}_'’]/u;

function wordStart(text: string, at: number): number {
  while (at > 0 && !WORD.test(text[at - 1])) at--;
  while (at > 0 && WORD.test(text[at - 1])) at--;
  return borderAt(text, at);
}

function wordEnd(text: string, at: number): number {
  while (at < text.length && !WORD.test(text[at])) at++;
  while (at < text.length && WORD.test(text[at])) at++;
  return borderAt(text, at);
}

/** The grapheme border at or before `at`. */
function borderAt(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  const { before } = borders(text, at);
  return borders(text, before).after === at ? at : before;
}

/** The caret to the beginning of the word, or of the one before. */
export function wordLeft(editor: Editor): Editor {
  return move(editor, wordStart(editor.text, editor.caret));
}

/** The caret to the end of the word, or of the next one. */
export function wordRight(editor: Editor): Editor {
  return move(editor, wordEnd(editor.text, editor.caret));
}

/** The caret to the beginning of its line. */
export function lineStart(editor: Editor): Editor {
  return move(editor, editor.text.lastIndexOf("\n", editor.caret - 1) + 1);
}

/** The caret to the end of its line. */
export function lineEnd(editor: Editor): Editor {
  const end = editor.text.indexOf("\n", editor.caret);
  return move(editor, end < 0 ? editor.text.length : end);
}

function cut(editor: Editor, from: number, to: number, last: "delete" | "kill"): Editor {
  if (from >= to) return editor;
  const text = editor.text.slice(0, from) + editor.text.slice(to);
  const join = last === "delete" && editor.last === "delete";
  const after = change(editor, text, from, last, join);
  if (last === "delete") return after;
  const piece = editor.text.slice(from, to);
  const [newest, ...older] = editor.kills;
  if (editor.last === "kill" && newest !== undefined) {
    const joined = from < editor.caret ? piece + newest : newest + piece;
    return { ...after, kills: [joined, ...older] };
  }
  return { ...after, kills: [piece, ...editor.kills].slice(0, MAX_KILLS) };
}

/** Without the grapheme before the caret. */
export function backspace(editor: Editor): Editor {
  return editor.caret === 0
    ? editor
    : cut(editor, borders(editor.text, editor.caret).before, editor.caret, "delete");
}

/** Without the grapheme after the caret. */
export function deleteForward(editor: Editor): Editor {
  return editor.caret >= editor.text.length
    ? editor
    : cut(editor, editor.caret, borders(editor.text, editor.caret).after, "delete");
}

/** To the beginning of the word; what is cut can be put back. */
export function deleteWordLeft(editor: Editor): Editor {
  return cut(editor, wordStart(editor.text, editor.caret), editor.caret, "kill");
}

/** To the end of the word; what is cut can be put back. */
export function deleteWordRight(editor: Editor): Editor {
  return cut(editor, editor.caret, wordEnd(editor.text, editor.caret), "kill");
}

/** To the line's end; at the end of a line, the line break itself. */
export function killToEnd(editor: Editor): Editor {
  const end = lineEnd(editor).caret;
  return cut(
    editor,
    editor.caret,
    end === editor.caret ? Math.min(end + 1, editor.text.length) : end,
    "kill",
  );
}

/** To the line's beginning; at the beginning of a line, the line break before it. */
export function killToStart(editor: Editor): Editor {
  const start = lineStart(editor).caret;
  return cut(editor, start === editor.caret ? Math.max(0, start - 1) : start, editor.caret, "kill");
}

/** Puts back what was killed last. */
export function yank(editor: Editor): Editor {
  const piece = editor.kills[0];
  if (piece === undefined) return editor;
  return { ...insert({ ...editor, last: "move" }, piece), last: "yank", yanked: 0 };
}

/** Right after a yank: the kill before it, in its place. */
export function yankOlder(editor: Editor): Editor {
  if (editor.last !== "yank" || editor.kills.length < 2) return editor;
  const yanked = (editor.yanked + 1) % editor.kills.length;
  const back = editor.past.at(-1);
  if (back === undefined) return editor;
  const piece = editor.kills[yanked];
  const text = back.text.slice(0, back.caret) + piece + back.text.slice(back.caret);
  return { ...editor, text, caret: back.caret + piece.length, yanked };
}

/** As it was before the last change. */
export function undo(editor: Editor): Editor {
  const back = editor.past.at(-1);
  if (back === undefined) return editor;
  const here = { text: editor.text, caret: editor.caret };
  return {
    ...editor,
    ...back,
    goal: null,
    past: editor.past.slice(0, -1),
    future: [...editor.future, here],
    last: "move",
  };
}

/** As it was before the last undo. */
export function redo(editor: Editor): Editor {
  const forth = editor.future.at(-1);
  if (forth === undefined) return editor;
  const here = { text: editor.text, caret: editor.caret };
  return {
    ...editor,
    ...forth,
    goal: null,
    past: [...editor.past, here],
    future: editor.future.slice(0, -1),
    last: "move",
  };
}

/** The caret somewhere else. */
export const moveTo = (editor: Editor, caret: number): Editor =>
  move(editor, Math.max(0, Math.min(editor.text.length, caret)));

/** One row up or down at a width; null when there is none. */
export function vertical(editor: Editor, rows: readonly EditorRow[], step: -1 | 1): Editor | null {
  const { x, y } = caretPlace(rows, editor.caret);
  const target = rows[y + step];
  if (target === undefined) return null;
  const goal = editor.goal ?? x;
  const next = rows[y + step + 1];
  const soft = next !== undefined && next.start === target.end;
  return move(editor, offsetAt(target, goal, !soft), goal);
}
