/** The rows of the line that is written: where they break, and where the caret stands in them. Pure, but for one memory. */

import { graphemes, textWidth, walk } from "../term/width.ts";

/** One row as drawn: its text, without the line break that ended it, and its place in the editor's text. */
export interface EditorRow {
  text: string;
  start: number;
  end: number;
}

/** Lays rows from offset `from` on, which begins one, until `take` returns false or the text has ended. */
function layRows(text: string, width: number, from: number, take: (row: EditorRow) => boolean): void {
  let start = from;
  let used = 0;
  let word_at = from;
  let word_width = 0;
  let on = true;
  walk(text, from, (index, to, columns) => {
    const char = text[index];
    if (char === "\n") {
      on = take({ text: text.slice(start, index), start, end: index });
      start = word_at = to;
      used = word_width = 0;
      return on;
    }
    if (char === " ") {
      used += 1;
      word_at = to;
      word_width = 0;
      return true;
    }
    // Twice where a word has moved to a row of its own and fills it.
    while (on && used + columns > width && index > start) {
      const at = word_at > start ? word_at : index;
      on = take({ text: text.slice(start, at), start, end: at });
      used = word_at > start ? word_width : 0;
      start = word_at = at;
    }
    used += columns;
    word_width += columns;
    return on;
  });
  if (on) take({ text: text.slice(start), start, end: text.length });
}

/** A row breaks by what the next one begins with; this many before a change are laid again, which is more than enough. */
const LAID_AGAIN = 3;

interface Laid {
  text: string;
  width: number;
  rows: readonly EditorRow[];
}

/** What was laid last: a key changes one row of a long line, and a frame asks more than once. */
let last: Laid = { text: "", width: 0, rows: [{ text: "", start: 0, end: 0 }] };

/** Rows at a width of columns. Greedy by word; blanks at a row's end stay there, words wider than a row are cut. */
export function editorRows(text: string, width: number): readonly EditorRow[] {
  if (last.width !== width) {
    const rows: EditorRow[] = [];
    layRows(text, width, 0, (row) => rows.push(row) > 0);
    last = { text, width, rows };
  } else if (last.text !== text) last = { text, width, rows: laidAgain(last, text) };
  return last.rows;
}

/** The rows of a text that differs from one that is laid: those above and below the change are taken over. */
function laidAgain(before: Laid, text: string): EditorRow[] {
  const shorter = Math.min(text.length, before.text.length);
  let same = 0;
  while (same < shorter && text.charCodeAt(same) === before.text.charCodeAt(same)) same++;
  let tail = 0;
  while (
    tail < shorter - same &&
    text.charCodeAt(text.length - 1 - tail) === before.text.charCodeAt(before.text.length - 1 - tail)
  ) tail++;
  const changed = before.rows.findLastIndex((row) => row.start <= same);
  const kept = Math.max(0, changed - LAID_AGAIN);
  const rows = before.rows.slice(0, kept);
  const shift = text.length - before.text.length;
  let old = kept;
  layRows(text, before.width, before.rows[kept].start, (row) => {
    // Past the change a row that begins where one began is that row, and so are all below it.
    while (old < before.rows.length && before.rows[old].start + shift < row.start) old++;
    const known = before.rows[old];
    if (known !== undefined && known.start + shift === row.start && row.start > text.length - tail) {
      for (const { text, start, end } of before.rows.slice(old)) {
        rows.push({ text, start: start + shift, end: end + shift });
      }
      return false;
    }
    return rows.push(row) > 0;
  });
  return rows;
}

/** Row and column of an offset; at a soft break it belongs to the row that begins there. */
export function caretPlace(rows: readonly EditorRow[], caret: number): { x: number; y: number } {
  for (let y = rows.length - 1; y >= 0; y--) {
    const row = rows[y];
    if (caret >= row.start) {
      return { x: textWidth(row.text.slice(0, caret - row.start)), y };
    }
  }
  return { x: 0, y: 0 };
}

/** The offset of a column in a row; `last_row`: a line ends with it. */
export function offsetAt(row: EditorRow, column: number, last_row: boolean): number {
  let x = 0;
  for (const { index, width } of graphemes(row.text)) {
    if (x + width > column) return row.start + index;
    x += width;
  }
  // The end of a softly broken row is already the next row's beginning.
  const soft_end = !last_row && row.start + row.text.length === row.end;
  const end = row.start + row.text.length;
  return soft_end && row.text.endsWith(" ") ? end - 1 : end;
}

/** The offset of a column in a row: where a click puts the caret. */
export function offsetIn(rows: readonly EditorRow[], y: number, column: number): number {
  const row = rows[Math.max(0, Math.min(y, rows.length - 1))];
  const next = rows[rows.indexOf(row) + 1];
  return offsetAt(row, Math.max(0, column), next === undefined || next.start !== row.end);
}
