/** A list of choices as rows: names, what they are in columns, and what has rows of its own below a name. Pure. */

import type { PopupRow } from "../app/completion.ts";
import { textWidth } from "../term/width.ts";
import { plainRows } from "../text/plain_rows.ts";
import { fit } from "./draw.ts";

/** Columns between names and what they are, and between its cells. */
const GAP = 3;
const CELL_GAP = 2;
/** A name keeps so many columns before a cell is left out. */
const LEAST_NAME = 24;
const MAX_NOTE_ROWS = 3;
const INDENT = 2;

/** A row of the list as drawn. */
export interface ListLine {
  /** Which choice it belongs to. */
  at: number;
  /** In its first row a choice has its name and cells; below it stands a note. */
  kind: "name" | "note";
  /** Column from the list's first. */
  pieces: { x: number; text: string; kind: "name" | "detail" | "note" }[];
}

export interface ListOptions {
  chosen: number;
  /** What was typed; rows that say it elsewhere than in their name show where. */
  typed: string;
  width: number;
  /** Rows there is room for. */
  most: number;
  ellipsis: string;
}

/** The part of a list that has room, with the chosen row in it. Details are cells, with two blanks between them. */
export function listLines(rows: readonly PopupRow[], options: ListOptions): ListLine[] {
  const { chosen, most } = options;
  const columns = columnsOf(rows, options.width);
  const around = rows.map((row, at) => at === chosen ? [] : quoteRow(row, rows.length, options));
  const notes = rows.map((row, at) => at === chosen ? noteRows(row, columns, options) : around[at]);
  const window = windowOf(notes.map((note) => 1 + note.length), chosen, most);
  const lines: ListLine[] = [];
  for (let at = window.from; at < window.to; at++) {
    lines.push(nameLine(rows[at], at, columns, options));
    for (const text of notes[at]) {
      lines.push({ at, kind: "note", pieces: [{ x: INDENT, text, kind: "note" }] });
    }
  }
  return lines.slice(0, most);
}

interface Columns {
  names: number;
  /** Which cells of a detail are shown, and where each begins. */
  cells: { index: number; x: number; width: number }[];
  count: number;
}

const cellsOf = (row: PopupRow): string[] => row.detail === "" ? [] : row.detail.split("  ");

/** A row with fewer cells than others has its last cell where theirs is; one that stands alone is the first. */
function cellAt(row: PopupRow, index: number, count: number): string {
  const cells = cellsOf(row);
  if (index === 0 || cells.length === count) return cells[index] ?? "";
  if (index === count - 1) return cells.length > 1 ? cells[cells.length - 1] : "";
  return index < cells.length - 1 ? cells[index] : "";
}

function columnsOf(rows: readonly PopupRow[], width: number): Columns {
  const wanted = Math.max(0, ...rows.map((row) => textWidth(row.name)));
  const count = Math.max(0, ...rows.map((row) => cellsOf(row).length));
  const widths = Array.from(
    { length: count },
    (_, index) => Math.max(...rows.map((row) => textWidth(cellAt(row, index, count)))),
  );
  const shown = widths.map((_, index) => index);
  const total = (): number => shown.reduce((sum, index) => sum + widths[index] + CELL_GAP, -CELL_GAP);
  // The second cell says least: it goes first.
  while (shown.length > 1 && Math.min(wanted, LEAST_NAME) + GAP + total() > width) shown.splice(1, 1);
  const room = total() <= width * 0.6 ? width - GAP - total() : Math.floor(width * 0.4);
  const names = count === 0 ? Math.min(wanted, width) : Math.min(wanted, room);
  let x = names + GAP;
  const cells = shown.map((index) => {
    const cell = { index, x, width: Math.max(0, Math.min(widths[index], width - x)) };
    x += widths[index] + CELL_GAP;
    return cell;
  });
  return { names, cells, count };
}

function nameLine(row: PopupRow, at: number, columns: Columns, { ellipsis }: ListOptions): ListLine {
  const details = columns.cells.map(({ index, x, width }) => (
    { x, text: fit(cellAt(row, index, columns.count), width, ellipsis), kind: "detail" as const }
  ));
  const name = { x: 0, text: fit(row.name, columns.names, ellipsis), kind: "name" as const };
  return { at, kind: "name", pieces: [name, ...details.filter((piece) => piece.text !== "")] };
}

/** Below the chosen row: what of it was cut, and its note; first what was looked for. */
function noteRows(row: PopupRow, columns: Columns, options: ListOptions): string[] {
  const { width, ellipsis, typed } = options;
  const shown = columns.cells.map(({ index, width: room }) => ({
    text: cellAt(row, index, columns.count),
    room,
  }));
  const whole = shown.length === columns.count && shown.every(({ text, room }) => textWidth(text) <= room);
  const cut = [textWidth(row.name) > columns.names ? row.name : "", whole ? "" : row.detail];
  const parts = placesOf(row.note, typed).length > 0 ? [row.note, ...cut] : [...cut, row.note];
  const rows = parts.filter((part) => part !== "").flatMap((part) => [...plainRows(part, width - INDENT)]);
  if (rows.length <= MAX_NOTE_ROWS) return rows;
  const last = `${rows[MAX_NOTE_ROWS - 1]} ${ellipsis}`;
  return [...rows.slice(0, MAX_NOTE_ROWS - 1), fit(last, width - INDENT, ellipsis)];
}

/** While words are looked for, every row of a short list shows where it says them. */
function quoteRow(row: PopupRow, count: number, { typed, width, most, ellipsis }: ListOptions): string[] {
  if (count * 2 > most) return [];
  const found = placesOf(row.note, typed)[0];
  return found === undefined ? [] : [cutAround(row.note, found.from, width - INDENT, ellipsis)];
}

/** One row of a text with the place `at` in it, from a word's beginning on. */
function cutAround(text: string, at: number, columns: number, ellipsis: string): string {
  if (textWidth(text) <= columns) return text;
  // Half a row before the place; more where the text ends soon after it.
  const half = Math.max(0, Math.min(at - (columns >> 1), text.length - columns + 1));
  const start = half === 0 ? 0 : Math.min(at, text.indexOf(" ", half - 1) + 1);
  return fit(start === 0 ? text : `${ellipsis}${text.slice(start)}`, columns, ellipsis);
}

/** Where the words that were typed stand in a text, each once, in the order of the text; whatever their case. */
export function placesOf(text: string, typed: string): { from: number; to: number }[] {
  const small = text.toLowerCase();
  // A few letters have two where the capital has one: then nothing is marked.
  if (small.length !== text.length) return [];
  const places = typed.toLowerCase().split(/\s+/).filter((word) => word !== "").flatMap((word) => {
    const from = small.indexOf(word);
    return from < 0 ? [] : [{ from, to: from + word.length }];
  });
  return places.toSorted((left, right) => left.from - right.from)
    .filter((place, at, all) => at === 0 || place.from >= all[at - 1].to);
}

/** Choices in view, counted by their heights, with the chosen one about the middle. */
function windowOf(heights: readonly number[], chosen: number, most: number): { from: number; to: number } {
  const kept = Math.max(0, chosen);
  if (heights.length === 0) return { from: 0, to: 0 };
  let [from, to, used] = [kept, kept + 1, heights[kept]];
  const above = (): number => heights.slice(from, kept).reduce((sum, height) => sum + height, 0);
  while (true) {
    const up = from > 0 && used + heights[from - 1] <= most;
    const down = to < heights.length && used + heights[to] <= most;
    if (!up && !down) return { from, to };
    if (up && (!down || above() < most >> 1)) used += heights[--from];
    else used += heights[to++];
  }
}
