/** Pages of words in place of the story: the keys, the log. */

import type { Geometry } from "../app/geometry.ts";
import type { Model, Sheet } from "../app/model.ts";
import { keyHelp } from "../keymap.ts";
import { type Grid, put } from "../term/grid.ts";
import type { Style } from "../term/style.ts";
import { rowsOf } from "./draw.ts";

interface Line {
  heading: string;
  label: string;
  text: string;
}

const LABEL_WIDTH = 22;

/** Draws the sheet from its top row, which is clamped to what there is. */
export function drawSheet(grid: Grid, model: Model, place: Geometry, sheet: Sheet): void {
  const { theme } = model;
  const lines = sheet.kind === "keys" ? keyLines() : logLines(model, place.width);
  const height = place.status_y - 1 - place.page_y;
  const top = Math.max(0, Math.min(sheet.top, lines.length - height));
  for (const [at, line] of lines.slice(top, top + height).entries()) {
    const y = place.page_y + at;
    const draw = (x: number, text: string, look: Style): number =>
      put(grid, x, y, text, look, place.x + place.width);
    if (line.heading !== "") draw(place.x, line.heading.toUpperCase(), theme.dim);
    else {
      draw(place.x, line.label, theme.accent);
      draw(place.x + (sheet.kind === "keys" ? LABEL_WIDTH : 7), line.text, theme.text);
    }
  }
}

/** Rows that the sheet has: for tests and for scrolling. */
export function keyLines(): Line[] {
  const blank: Line = { heading: "", label: "", text: "" };
  return keyHelp().flatMap(({ heading, rows }, at) => [
    ...(at === 0 ? [] : [blank]),
    { ...blank, heading },
    ...rows.map(({ label, help }): Line => ({ heading: "", label, text: help })),
  ]);
}

function logLines(model: Model, width: number): Line[] {
  if (model.log.length === 0) {
    return [{ heading: "", label: "", text: "Nothing has been said beside the story." }];
  }
  return model.log.flatMap(({ at_ms, text }) => {
    const time = new Date(at_ms);
    const clock = [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    return rowsOf(text, width - 7).map((row, at): Line => ({
      heading: "",
      label: at === 0 ? clock : "",
      text: row,
    }));
  });
}
