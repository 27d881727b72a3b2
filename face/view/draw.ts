/** Small helpers for drawing words into a grid. */

import type { Grid } from "../term/grid.ts";
import { put } from "../term/grid.ts";
import type { Style } from "../term/style.ts";
import { textWidth, walk } from "../term/width.ts";

/** A piece of text in one style. */
export interface Span {
  text: string;
  style: Style;
}

/** Draws spans one after the other; returns the column after them. */
export function putSpans(
  grid: Grid,
  x: number,
  y: number,
  spans: readonly Span[],
  max_x: number = grid.width,
): number {
  let at = x;
  for (const span of spans) at = put(grid, at, y, span.text, span.style, max_x);
  return at;
}

/** Columns. */
export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + textWidth(span.text), 0);
}

/** A text cut to a number of columns, with an ellipsis in place of what is gone. Costs by the columns, not by the text. */
export function fit(text: string, columns: number, ellipsis: string): string {
  const room = columns - textWidth(ellipsis);
  let used = 0;
  let end = 0;
  walk(text, 0, (_from, to, width) => {
    used += width;
    if (used <= room) end = to;
    return used <= columns;
  });
  if (used <= columns) return text;
  return room <= 0 ? "" : text.slice(0, end).trimEnd() + ellipsis;
}
