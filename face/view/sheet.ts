/** Draws a page of words in place of the story, and below it what was just said or how much more there is. */

import type { Geometry } from "../app/geometry.ts";
import type { Click } from "../app/messages.ts";
import type { Model, Sheet } from "../app/model.ts";
import { labelWidth, scrollSheet, sheetHeight, sheetLines } from "../app/sheet.ts";
import { type Grid, put } from "../term/grid.ts";
import type { Clicks } from "./clicks.ts";
import { fit } from "./draw.ts";
import type { Style } from "../term/style.ts";
import { textWidth } from "../term/width.ts";

/** Draws a page of words in the place of the story. */
export function drawSheet(grid: Grid, model: Model, place: Geometry, sheet: Sheet, clicks: Clicks): void {
  const { theme } = model;
  const { top } = scrollSheet(model, sheet, 0);
  const all = sheetLines(model, sheet);
  const lines = all.slice(top, top + sheetHeight(model));
  drawFoot(grid, model, place, all.length - top - lines.length);
  for (const [at, line] of lines.entries()) {
    const y = place.page_y + at;
    const draw = (x: number, text: string, look: Style): number =>
      put(grid, x, y, text, look, place.x + place.width);
    const quiet = sheet.kind === "why";
    if (line.heading !== "") {
      const end = draw(place.x, line.heading.toUpperCase(), theme.dim);
      draw(end + 4, line.text, theme.dim);
    } else if (line.title !== undefined) {
      draw(place.x, line.title, theme.strong);
      const right = line.right ?? "";
      draw(place.x + place.width - textWidth(right), right, theme.dim);
    } else if (line.wide !== undefined) draw(place.x, line.wide, line.dim ? theme.dim : theme.text);
    else {
      const chosen = quiet && line.entry !== undefined && line.entry === sheet.chosen;
      if (chosen && lines[at - 1]?.entry !== line.entry) {
        put(grid, place.x - 2, y, theme.marks.player, theme.accent);
      }
      const { entry } = line;
      if (entry !== undefined) {
        const click = (): Click => ({ kind: "piece", at: entry });
        clicks.set(y, { from: place.x - 2, to: place.x + place.width, click });
      }
      draw(place.x, line.label, (quiet && !chosen) || sheet.kind === "text" ? theme.dim : theme.accent);
      draw(place.x + labelWidth(model, sheet), line.text, line.dim ? theme.dim : theme.text);
    }
  }
}

/** In the blank row below the page. */
function drawFoot(grid: Grid, model: Model, place: Geometry, below: number): void {
  const { notice, theme } = model;
  const { marks } = theme;
  const y = place.status_y - 1;
  const more = below === 0 ? "" : `${marks.below} ${below} line${below === 1 ? "" : "s"} below`;
  const right = place.x + place.width;
  put(grid, right - textWidth(more), y, more, theme.dim, right);
  if (notice === null) return;
  const look = notice.error ? theme.error : theme.dim;
  const room = place.width - (more === "" ? 0 : textWidth(more) + 2);
  put(grid, place.x - 2, y, notice.error ? marks.error : marks.notice, look);
  put(grid, place.x, y, fit(notice.text, room, marks.ellipsis), look, right);
}
