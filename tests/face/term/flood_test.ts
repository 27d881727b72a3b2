/** A flood of different clusters, as a hostile text may hold: it costs its marks, not the face's memory. */

import assert from "node:assert/strict";
import { createGrid, POOLED, put, rowText } from "../../../face/term/grid.ts";
import { PLAIN } from "../../../face/term/style.ts";

Deno.test("grid: after 65,536 different clusters a new one is drawn without its marks, and a known one as it was", () => {
  const grid = createGrid(4, 1);
  put(grid, 0, 0, "e\u0301", PLAIN);
  const marks = (count: number): string =>
    [0, 6, 12].map((shift) => String.fromCharCode(0x300 + ((count >> shift) & 0x3f))).join("");
  for (let count = 0; count <= 0x10000; count++) put(grid, 0, 0, `a${marks(count)}`, PLAIN);
  assert.equal(rowText(grid, 0), "a");
  assert.equal(grid.glyphs[0] < POOLED, true);
  put(grid, 0, 0, "e\u0301", PLAIN);
  assert.equal(rowText(grid, 0), "e\u0301");
});
