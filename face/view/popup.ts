/** The list over the page: names on the left, what they are on the right, what was typed in accent. */

import { type Completion, completionOf } from "../app/completion.ts";
import type { Geometry } from "../app/geometry.ts";
import type { Click } from "../app/messages.ts";
import type { Model } from "../app/model.ts";
import { fill, type Grid, put } from "../term/grid.ts";
import type { Style } from "../term/style.ts";
import { textWidth } from "../term/width.ts";
import { plainRows } from "../text/plain_rows.ts";
import type { Theme } from "../theme.ts";
import type { Clicks } from "./clicks.ts";
import { putSpans, type Span } from "./draw.ts";
import { type ListLine, listLines, placesOf } from "./list_rows.ts";

const MAX_ROWS = 10;

/** Draws the open list over the page; nothing when none is open. */
export function drawPopup(grid: Grid, model: Model, place: Geometry, now_ms: number, clicks: Clicks): void {
  const completion = completionOf(model, now_ms);
  if (completion === null || model.confirm !== null) return;
  const { theme } = model;
  const { x, width } = place;
  const advice = completion.advice.flatMap((line) => plainRows(line, width));
  const room = place.rule_y - 4 - (advice.length > 0 ? advice.length + 1 : 0);
  const most = Math.max(1, Math.min(MAX_ROWS, room));
  const { rows, chosen, typed } = completion;
  const lines = listLines(rows, { chosen, typed, width, most, ellipsis: theme.marks.ellipsis });
  const gap = advice.length > 0 && lines.length > 0 ? 1 : 0;
  const left = x - 2;
  const top = place.rule_y - lines.length - gap - advice.length;
  // A blank row keeps the list apart from the prose it lies over.
  fill(grid, left, top - 1, width + 4, place.rule_y - top + 1, " ", theme.text);
  for (let row = top - 1; row < place.rule_y; row++) clicks.delete(row);
  for (const [at, line] of lines.entries()) drawLine(grid, model, place, top + at, line, completion, clicks);
  for (const [at, line] of advice.entries()) {
    put(grid, x, top + lines.length + gap + at, line, theme.dim, x + width);
  }
  drawCount(grid, model, place, completion, lines);
}

function drawLine(
  grid: Grid,
  model: Model,
  place: Geometry,
  y: number,
  line: ListLine,
  completion: Completion,
  clicks: Clicks,
): void {
  const { theme } = model;
  const { x, width } = place;
  const left = x - 2;
  const click = (): Click => ({ kind: "row", at: line.at });
  clicks.set(y, { from: left, to: left + width + 4, click });
  const selected = line.kind === "name" && line.at === completion.chosen;
  const look = looksOf(theme, selected);
  if (selected) {
    fill(grid, left, y, width + 4, 1, " ", theme.selected);
    put(grid, left, y, theme.marks.player, look.accent);
  }
  for (const piece of line.pieces) {
    const base = piece.kind === "name" ? look.text : look.dim;
    const typed = piece.kind === "detail" ? "" : completion.typed;
    putSpans(grid, x + piece.x, y, marked(piece.text, typed, base, look.accent), x + width);
  }
}

function looksOf(theme: Theme, selected: boolean): { text: Style; dim: Style; accent: Style } {
  return selected
    ? { text: theme.selected, dim: theme.selected_dim, accent: theme.selected_accent }
    : { text: theme.text, dim: theme.dim, accent: theme.accent };
}

/** A text with what was typed in accent. */
function marked(text: string, typed: string, base: Style, accent: Style): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const { from, to } of placesOf(text, typed)) {
    spans.push({ text: text.slice(at, from), style: base }, { text: text.slice(from, to), style: accent });
    at = to;
  }
  return [...spans, { text: text.slice(at), style: base }];
}

/** On the rule: how far down a list is that has more rows than there is room for. */
function drawCount(
  grid: Grid,
  model: Model,
  place: Geometry,
  completion: Completion,
  lines: readonly ListLine[],
): void {
  const { rows, chosen } = completion;
  if (lines.filter((line) => line.kind === "name").length === rows.length) return;
  const text = chosen < 0 ? ` ${rows.length} in all ` : ` ${chosen + 1} of ${rows.length} `;
  put(grid, place.x + place.width - textWidth(text) - 2, place.rule_y, text, model.theme.dim);
}
