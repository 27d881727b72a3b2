/** The list over the page: names on the left, what they are on the right, what was typed in accent. */

import { completionOf } from "../app/completion.ts";
import type { Geometry } from "../app/geometry.ts";
import type { Model } from "../app/model.ts";
import { fill, type Grid, put } from "../term/grid.ts";
import { textWidth } from "../term/width.ts";
import { fit } from "./draw.ts";

const MAX_ROWS = 10;

export function drawPopup(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  const completion = completionOf(model, now_ms);
  if (completion === null) return;
  const { theme } = model;
  const { marks } = theme;
  const { rows, chosen, typed } = completion;
  const noted = chosen >= 0 && rows[chosen].note !== "" ? 1 : 0;
  const height = Math.min(MAX_ROWS, rows.length, Math.max(1, place.rule_y - 3 - noted));
  const first = Math.max(0, Math.min(chosen - (height >> 1), rows.length - height));
  const { x, width } = place;
  const left = x - 2;
  const top = place.rule_y - height - noted;
  // A blank row keeps the list apart from the prose it lies over.
  fill(grid, left, top - 1, width + 4, height + noted + 1, " ", theme.text);
  const shown = rows.slice(first, first + height);
  const names = Math.min(width >> 1, Math.max(...shown.map((row) => textWidth(row.name))));
  let y = top;
  for (const [at, row] of shown.entries()) {
    const selected = first + at === chosen;
    const text = selected ? theme.selected : theme.text;
    const dim = selected ? theme.selected_dim : theme.dim;
    const accent = selected ? theme.selected_accent : theme.accent;
    if (selected) fill(grid, left, y, width + 4, 1, " ", theme.selected);
    if (selected) put(grid, left, y, marks.player, accent);
    const name = fit(row.name, names, marks.ellipsis);
    const found = typed === "" ? -1 : name.toLowerCase().indexOf(typed.toLowerCase());
    let column = put(grid, x, y, found < 0 ? name : name.slice(0, found), text);
    if (found >= 0) {
      column = put(grid, column, y, name.slice(found, found + typed.length), accent);
      put(grid, column, y, name.slice(found + typed.length), text);
    }
    const room = width - names - 3;
    put(grid, x + names + 3, y, fit(row.detail, room, marks.ellipsis), dim, x + width);
    y++;
    if (selected && noted > 0) {
      put(grid, x + 2, y++, fit(row.note, width - 2, marks.ellipsis), theme.dim, x + width);
    }
  }
}
