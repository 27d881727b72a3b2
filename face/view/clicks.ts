/** What was drawn where, for the mouse: a screen knows what a click on each of its rows means. */

import type { Click } from "../app/messages.ts";

interface Target {
  /** Columns, the second exclusive. */
  from: number;
  to: number;
  click: (x: number) => Click;
}

/** By row; what is drawn over a row means what lies on top. */
export type Clicks = Map<number, Target>;

/** What a click at a place means, or null: nothing. */
export function clickAt(clicks: Clicks, x: number, y: number): Click | null {
  const target = clicks.get(y);
  return target === undefined || x < target.from || x >= target.to ? null : target.click(x);
}
