/** Frame after frame: each is drawn whole into a grid, and only what differs from the one before is sent. */

import type { Click } from "../app/messages.ts";
import type { Model } from "../app/model.ts";
import { createGrid, type Grid } from "../term/grid.ts";
import { paint } from "../term/paint.ts";
import { type Screen, view } from "../view.ts";
import { clickAt } from "./clicks.ts";
import { scrollOf } from "./scroll.ts";

/** What stands on the terminal. */
export interface Frames {
  /** Nothing that we drew: the first frame, and the first after forget(), is drawn whole. */
  readonly blank: boolean;
  /** Draws the model as it looks at `now_ms`; returns the bytes that make the terminal show it. */
  next(model: Model, now_ms: number): Uint8Array;
  /** The terminal shows something else now. */
  forget(): void;
  /** What a press on a cell means on the frame that stands there; null: nothing. */
  clickAt(x: number, y: number): Click | null;
}

/** Frames for a terminal that shows nothing of ours yet. */
export function createFrames(): Frames {
  let shown: { grid: Grid; screen: Screen } | null = null;
  // Two grids take turns: making one anew costs more than drawing into it.
  let spare: Grid | null = null;
  return {
    get blank() {
      return shown === null;
    },
    next(model, now_ms) {
      const { width, height } = model.size;
      const fits = spare !== null && spare.width === width && spare.height === height;
      const grid = fits && spare !== null ? spare : createGrid(width, height);
      const screen = view(grid, model, now_ms);
      const { depth, sync } = model.caps;
      const scroll = shown === null ? undefined : scrollOf(shown.screen, screen);
      const bytes = paint(shown?.grid ?? null, grid, screen.cursor, { depth, sync, scroll });
      spare = shown?.grid ?? null;
      shown = { grid, screen };
      return bytes;
    },
    forget() {
      shown = null;
    },
    clickAt: (x, y) => shown === null ? null : clickAt(shown.screen.clicks, x, y),
  };
}
