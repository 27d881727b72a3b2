/** The list over the page: names on the left, what they are on the right, what was typed in accent. */

import { completionOf, type PopupRow } from "../app/completion.ts";
import type { Geometry } from "../app/geometry.ts";
import type { Click, Model } from "../app/model.ts";
import { fill, type Grid, put } from "../term/grid.ts";
import { plainRows } from "../text/wrap.ts";
import { textWidth } from "../term/width.ts";
import type { Clicks } from "./clicks.ts";
import { fit } from "./draw.ts";

const MAX_ROWS = 10;

export function drawPopup(grid: Grid, model: Model, place: Geometry, now_ms: number, clicks: Clicks): void {
  const completion = completionOf(model, now_ms);
  if (completion === null || model.confirm !== null) return;
  const { theme } = model;
  const { marks } = theme;
  const { rows, chosen, typed } = completion;
  const advice = completion.advice.flatMap((line) => plainRows(line, place.width));
  const { x, width } = place;
  const room_above = Math.max(1, place.rule_y - 4 - (advice.length > 0 ? advice.length + 1 : 0));
  const most = Math.min(MAX_ROWS, rows.length, room_above);
  const first = Math.max(0, Math.min(chosen - (most >> 1), rows.length - most));
  const shown = rows.slice(first, first + most);
  const names = nameWidth(shown, width);
  const detail_width = width - names - 3;
  const note = chosen < 0 ? "" : noteOf(rows[chosen], detail_width);
  const noted = note === "" ? 0 : 1;
  const gap = advice.length > 0 && shown.length > 0 ? 1 : 0;
  const height = shown.length + gap + advice.length;
  const left = x - 2;
  const top = place.rule_y - height - noted;
  // A blank row keeps the list apart from the prose it lies over.
  fill(grid, left, top - 1, width + 4, height + noted + 1, " ", theme.text);
  let y = top;
  for (let row = top - 1; row < place.rule_y; row++) clicks.delete(row);
  for (const [at, row] of shown.entries()) {
    const selected = first + at === chosen;
    const click = (): Click => ({ kind: "row", at: first + at });
    clicks.set(y, { from: left, to: left + width + 4, click });
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
    put(grid, x + names + 3, y, fit(row.detail, detail_width, marks.ellipsis), dim, x + width);
    y++;
    if (selected && noted > 0) {
      put(grid, x + 2, y++, fit(note, width - 2, marks.ellipsis), theme.dim, x + width);
    }
  }
  y += gap;
  for (const line of advice) {
    put(grid, x, y++, fit(line, width, marks.ellipsis), theme.dim, x + width);
  }
}

/** Columns for the names: what they need, as long as short details keep their place. */
function nameWidth(rows: readonly PopupRow[], width: number): number {
  if (rows.length === 0) return 0;
  const names = Math.max(...rows.map((row) => textWidth(row.name)));
  const details = Math.max(...rows.map((row) => textWidth(row.detail)));
  if (names + 3 + details <= width) return names;
  const room = details <= width * 0.6 ? width - 3 - details : width >> 1;
  return Math.min(names, room);
}

/** The second line of the selected row: its note, or its detail when that did not fit. */
function noteOf(row: PopupRow, detail_width: number): string {
  return row.note !== "" ? row.note : textWidth(row.detail) > detail_width ? row.detail : "";
}
