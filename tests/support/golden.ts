/** Whole screens compared with files in tests/golden; `deno task golden` writes them anew. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Grid, gridText, styleAt } from "../../face/term/grid.ts";

const FOLDER = join(import.meta.dirname ?? ".", "..", "golden");
const UPDATE = Deno.args.includes("--update");

/** Compares the text of a screen with `tests/golden/NAME.txt`. */
export function assertGolden(name: string, grid: Grid): void {
  const path = join(FOLDER, `${name}.txt`);
  const text = `${gridText(grid).replace(/\n+$/, "")}\n`;
  if (UPDATE) {
    Deno.mkdirSync(FOLDER, { recursive: true });
    Deno.writeTextFileSync(path, text);
    return;
  }
  let expected: string;
  try {
    expected = Deno.readTextFileSync(path);
  } catch {
    assert.fail(`${path} does not exist; "deno task golden" writes it`);
  }
  assert.equal(text, expected, `${name} differs; "deno task golden" takes it over when it is meant`);
}

/** Every cell with a style of its own, as `x,y`: for rules about colours. */
export function eachCell(
  grid: Grid,
  visit: (x: number, y: number, style: ReturnType<typeof styleAt>) => void,
): void {
  for (let y = 0; y < grid.height; y++) for (let x = 0; x < grid.width; x++) visit(x, y, styleAt(grid, x, y));
}
