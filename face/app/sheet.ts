/** Pages of words in place of the story: the keys, the log, a long answer. */

import { keyHelp } from "../keymap.ts";
import { plainRows } from "../text/wrap.ts";
import { geometry } from "./geometry.ts";
import type { Model, Sheet } from "./model.ts";

/** One row: a heading, or a label with its text. */
export interface SheetLine {
  heading: string;
  label: string;
  text: string;
}

const CLOCK_WIDTH = 7;
const KEY_WIDTH = 22;

/** Columns of the label. */
export function labelWidth(sheet: Sheet): number {
  return sheet.kind === "keys" ? KEY_WIDTH : sheet.kind === "log" ? CLOCK_WIDTH : 0;
}

/** Rows of a sheet that are in view at once. */
export function sheetHeight(model: Model): number {
  const place = geometry(model);
  return place.status_y - 1 - place.page_y;
}

/** The sheet moved by rows, within what there is. */
export function scrollSheet(model: Model, sheet: Sheet, rows: number): Sheet {
  const last = Math.max(0, sheetLines(model, sheet).length - sheetHeight(model));
  return { ...sheet, top: Math.max(0, Math.min(last, sheet.top + rows)) };
}

/** All rows of a sheet. */
export function sheetLines(model: Model, sheet: Sheet): SheetLine[] {
  const { width } = geometry(model);
  switch (sheet.kind) {
    case "keys":
      return keyLines();
    case "log":
      return logLines(model, width);
    case "text":
      return sheet.text.split("\n").flatMap((line) => line.trim() === "" ? [""] : plainRows(line, width))
        .map((text): SheetLine => ({ heading: "", label: "", text }));
  }
}

function keyLines(): SheetLine[] {
  const blank: SheetLine = { heading: "", label: "", text: "" };
  return keyHelp().flatMap(({ heading, rows }, at) => [
    ...(at === 0 ? [] : [blank]),
    { ...blank, heading },
    ...rows.map(({ label, help }): SheetLine => ({ heading: "", label, text: help })),
  ]);
}

function logLines(model: Model, width: number): SheetLine[] {
  if (model.log.length === 0) {
    return [{ heading: "", label: "", text: "Nothing has been said beside the story." }];
  }
  return model.log.flatMap(({ at_ms, text }) => {
    const time = new Date(at_ms);
    const clock = [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    return plainRows(text, width - CLOCK_WIDTH).map((row, at): SheetLine => ({
      heading: "",
      label: at === 0 ? clock : "",
      text: row,
    }));
  });
}
