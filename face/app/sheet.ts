/** Pages of words in place of the story: the keys, the log, a long answer. */

import { FACE_COMMANDS } from "../face_commands.ts";
import { keyHelp } from "../keymap.ts";
import { textWidth } from "../term/width.ts";
import { plainRows } from "../text/plain_rows.ts";
import { allCommands, UNLISTED } from "./completion.ts";
import { geometry } from "./geometry.ts";
import type { Model, Sheet } from "./model.ts";
import { whyColumn, whyLines } from "./why.ts";

/** One row: a heading, or a label with its text. */
export interface SheetLine {
  heading: string;
  label: string;
  text: string;
  /** In place of label and text, over the whole width. */
  wide?: string;
  /** The first line of a page, and what stands at its right edge. */
  title?: string;
  right?: string;
  /** Quieter than the rest. */
  dim?: boolean;
  /** The piece that this row belongs to, for choosing among them. */
  entry?: number;
}

const CLOCK_WIDTH = 7;
const LABEL_WIDTH = 26;

/** Columns of the label; a longer label has a row of its own. */
export function labelWidth(model: Model, sheet: Sheet): number {
  const { width } = geometry(model);
  switch (sheet.kind) {
    case "keys":
      return Math.min(22, width >> 1);
    case "help":
      return Math.min(LABEL_WIDTH, width >> 1);
    case "log":
      return CLOCK_WIDTH;
    case "text":
      return Math.max(0, ...textLines(sheet.text).map(({ label }) => label === "" ? 0 : label.length + 2));
    case "why":
      return whyColumn(width);
  }
}

/** Rows of a sheet that are in view at once. */
export function sheetHeight(model: Model): number {
  const place = geometry(model);
  return place.status_y - 1 - place.page_y;
}

/** The sheet moved by rows, within what there is. */
export function scrollSheet<Kind extends Sheet>(model: Model, sheet: Kind, rows: number): Kind {
  const last = Math.max(0, sheetLines(model, sheet).length - sheetHeight(model));
  return { ...sheet, top: Math.max(0, Math.min(last, sheet.top + rows)) };
}

/** All rows of a sheet. */
export function sheetLines(model: Model, sheet: Sheet): SheetLine[] {
  const { width } = geometry(model);
  const column = labelWidth(model, sheet);
  const wrap = (lines: SheetLine[]): SheetLine[] => lines.flatMap((line) => wrapped(line, width, column));
  switch (sheet.kind) {
    case "keys":
      return wrap(keyLines(model));
    case "help":
      return wrap(helpLines(model));
    case "log":
      return wrap(logLines(model));
    case "text":
      return wrap(textLines(sheet.text)).flatMap((line) =>
        line.wide === undefined ? [line] : wideRows(line.wide, width)
      );
    case "why":
      return whyLines(model, sheet);
  }
}

export const BLANK: SheetLine = { heading: "", label: "", text: "" };

/** A line as rows: the text hangs in its column. */
function wrapped(line: SheetLine, width: number, column: number): SheetLine[] {
  const rows = plainRows(line.text, width - column);
  if (rows.length === 0) return [line];
  if (column > 0 && textWidth(line.label) >= column) {
    return [{ ...line, text: "" }, ...rows.map((text) => ({ ...BLANK, text }))];
  }
  return rows.map((text, at) => ({ ...BLANK, label: at === 0 ? line.label : "", text }));
}

/** A line over the whole page as rows; a blank one is a row too. */
function wideRows(text: string, width: number): SheetLine[] {
  const rows = plainRows(text, width);
  return rows.length === 0 ? [BLANK] : rows.map((wide) => ({ ...BLANK, wide }));
}

/** An answer of several rows; pieces that have a name to call them by (`m12  words`) stand apart from one another. */
function textLines(text: string): SheetLine[] {
  const lines: SheetLine[] = [];
  for (const row of text.split("\n")) {
    const [, label = "", words = ""] = /^([lmf]?\d+) {2}(\S.*)$/.exec(row) ?? [];
    if ((lines.at(-1)?.label ?? "") !== "" && row.trim() !== "") lines.push(BLANK);
    lines.push(label === "" ? { ...BLANK, wide: row } : { ...BLANK, label, text: words });
  }
  return lines;
}

function helpLines(model: Model): SheetLine[] {
  const row = ({ usage, help }: { usage: string; help: string }): SheetLine => ({
    ...BLANK,
    label: usage,
    text: help,
  });
  const own = new Set<string>(FACE_COMMANDS.map((command) => command.name));
  const theirs = allCommands(model).filter(({ name }) => !own.has(name) && !UNLISTED.includes(name));
  return [
    { ...BLANK, heading: "The story" },
    ...theirs.map(row),
    BLANK,
    { ...BLANK, heading: "The screen" },
    ...FACE_COMMANDS.map(row),
  ];
}

function keyLines(model: Model): SheetLine[] {
  return keyHelp(model.keys).flatMap(({ heading, rows }, at) => [
    ...(at === 0 ? [] : [BLANK]),
    { ...BLANK, heading },
    ...rows.map(({ label, help }): SheetLine => ({ ...BLANK, label: keyWords(model, label), text: help })),
  ]);
}

/** Arrows as words where the terminal has no arrows. */
function keyWords(model: Model, label: string): string {
  if (model.caps.utf8) return label;
  return label.replace(
    /[←→↑↓]/g,
    (arrow) => ({ "←": "Left", "→": "Right", "↑": "Up", "↓": "Down" })[arrow] ?? arrow,
  );
}

function logLines(model: Model): SheetLine[] {
  if (model.log.length === 0) return [{ ...BLANK, text: "Nothing has been said beside the story." }];
  return model.log.map(({ at_ms, text }) => {
    const time = new Date(at_ms);
    const clock = [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    return { ...BLANK, label: clock, text };
  });
}
