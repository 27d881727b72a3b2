/** Draws a page of words in place of the story. */

import type { Geometry } from "../app/geometry.ts";
import type { Model, Sheet } from "../app/model.ts";
import { labelWidth, scrollSheet, sheetHeight, sheetLines } from "../app/sheet.ts";
import { type Grid, put } from "../term/grid.ts";
import type { Style } from "../term/style.ts";

export function drawSheet(grid: Grid, model: Model, place: Geometry, sheet: Sheet): void {
  const { theme } = model;
  const { top } = scrollSheet(model, sheet, 0);
  const lines = sheetLines(model, sheet).slice(top, top + sheetHeight(model));
  for (const [at, line] of lines.entries()) {
    const y = place.page_y + at;
    const draw = (x: number, text: string, look: Style): number =>
      put(grid, x, y, text, look, place.x + place.width);
    if (line.heading !== "") draw(place.x, line.heading.toUpperCase(), theme.dim);
    else {
      draw(place.x, line.label, theme.accent);
      draw(place.x + labelWidth(model, sheet), line.text, theme.text);
    }
  }
}
