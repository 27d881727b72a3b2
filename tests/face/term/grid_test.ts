import assert from "node:assert/strict";
import {
  clearGrid,
  createGrid,
  fill,
  glyphText,
  type Grid,
  gridText,
  put,
  rowText,
  styleAt,
  WIDE_TAIL,
} from "../../../face/term/grid.ts";
import { PLAIN, style } from "../../../face/term/style.ts";

const BOLD = style({ bold: true });
const BAR = style({ bg: { index: 4 } });

/** A row with "~" for the right half of a wide glyph. */
function cells(grid: Grid, y = 0): string {
  let text = "";
  for (let x = 0; x < grid.width; x++) text += glyphText(grid.glyphs[y * grid.width + x] ?? 0) || "~";
  return text;
}

function assertPairsWhole(grid: Grid): void {
  for (let at = 0; at < grid.glyphs.length; at++) {
    const wide = ((grid.glyphs[at] ?? 0) & 0x40000000) !== 0;
    const tail_after = (at + 1) % grid.width !== 0 && grid.glyphs[at + 1] === WIDE_TAIL;
    assert.equal(wide, tail_after, `cell ${at}`);
    if (wide) assert.equal(grid.styles[at], grid.styles[at + 1], `styles of cell ${at}`);
  }
}

Deno.test("grid: a new grid is blank and plain, and at least one cell", () => {
  const grid = createGrid(3, 2);
  assert.equal(gridText(grid), "\n");
  assert.deepEqual(styleAt(grid, 2, 1), PLAIN);
  const least = createGrid(0, -5);
  assert.deepEqual([least.width, least.height], [1, 1]);
});

Deno.test("grid: put draws and gives the column after the text", () => {
  const grid = createGrid(10, 2);
  assert.equal(put(grid, 1, 1, "ab日c", BOLD), 6);
  assert.equal(gridText(grid), "\n ab日c");
  assert.equal(styleAt(grid, 1, 1).bold, true);
  assert.equal(styleAt(grid, 4, 1).bold, true);
  assert.equal(styleAt(grid, 6, 1).bold, false);
});

const CLIPS: [string, number, string, number | undefined, string, number][] = [
  ["at the right edge", 3, "abcd", undefined, "...abc", 6],
  ["at max_x", 0, "abcd", 2, "ab....", 2],
  ["at max_x beyond the grid", 0, "abcdefgh", 99, "abcdef", 6],
  ["at the left edge", -2, "abcd", undefined, "cd....", 2],
  ["left of the grid altogether", -9, "abcd", undefined, "......", -5],
  ["right of the grid", 6, "a", undefined, "......", 6],
  ["a wide glyph that does not fit", 5, "日", undefined, "......", 5],
  ["a wide glyph that just fits", 4, "日", undefined, "....日~", 6],
  ["a wide glyph against max_x", 0, "a日b", 2, "a.....", 1],
  ["a wide glyph cut by the left edge", -1, "日b", undefined, " b....", 2],
  ["a wide glyph ending at the left edge", -2, "日b", undefined, "b.....", 1],
];

for (const [name, x, text, max_x, want, end] of CLIPS) {
  Deno.test(`grid: put clips ${name}`, () => {
    const grid = createGrid(6, 1);
    fill(grid, 0, 0, 6, 1, ".", PLAIN);
    assert.equal(put(grid, x, 0, text, PLAIN, max_x), end);
    assert.equal(cells(grid), want);
    assertPairsWhole(grid);
  });
}

Deno.test("grid: rows outside are left alone", () => {
  const grid = createGrid(4, 2);
  assert.equal(put(grid, 1, -1, "ab", PLAIN), 1);
  assert.equal(put(grid, 1, 2, "ab", PLAIN), 1);
  assert.equal(gridText(grid), "\n");
  assert.equal(rowText(grid, -1), "");
  assert.equal(rowText(grid, 2), "");
  assert.deepEqual(styleAt(grid, 4, 0), PLAIN);
});

const OVERWRITES: [string, number, string, string][] = [
  ["its left half", 2, "x", "..x ....日~"],
  ["its right half", 3, "x", ".. x....日~"],
  ["the right half by a wide glyph", 3, "語", ".. 語~...日~"],
  ["the left half by a wide glyph's right", 1, "語", ".語~ ....日~"],
  ["both halves", 2, "語", "..語~....日~"],
  ["the right half of the last", 9, "x", "..日~.... x"],
];

for (const [name, x, text, want] of OVERWRITES) {
  Deno.test(`grid: overwriting a wide glyph at ${name} leaves no half behind`, () => {
    const grid = createGrid(10, 1);
    fill(grid, 0, 0, 10, 1, ".", PLAIN);
    put(grid, 2, 0, "日", BOLD);
    put(grid, 8, 0, "日", BOLD);
    put(grid, x, 0, text, PLAIN);
    assert.equal(cells(grid), want);
    for (let at = 0; at < 8; at++) {
      const half_left = cells(grid)[at] === " ";
      if (half_left) assert.deepEqual(styleAt(grid, at, 0), PLAIN, `the blank left at ${at}`);
    }
    assertPairsWhole(grid);
  });
}

Deno.test("grid: fill is clipped, leaves no half glyph, and takes only narrow characters", () => {
  const grid = createGrid(6, 3);
  put(grid, 0, 1, "日日日", PLAIN);
  fill(grid, 1, 1, 4, 1, "─", PLAIN);
  assert.equal(cells(grid, 1), " ──── ");
  fill(grid, -5, -5, 100, 6, "*", PLAIN);
  assert.equal(gridText(grid), "******\n ────\n");
  for (const char of ["日", "ab", "\x1b", ""]) {
    fill(grid, 0, 0, 6, 1, char, PLAIN);
    assert.equal(cells(grid, 0), "      ", JSON.stringify(char));
  }
  fill(grid, 3, 1, 0, 1, "x", PLAIN);
  fill(grid, 3, 1, -2, 1, "x", PLAIN);
  assert.equal(rowText(grid, 1), " ────");
  assertPairsWhole(grid);
});

Deno.test("grid: a style is kept on a blank only where it is seen", () => {
  const grid = createGrid(6, 1);
  put(grid, 0, 0, "a b", style({ bold: true, italic: true, fg: { rgb: 1 } }));
  assert.equal(styleAt(grid, 0, 0).bold, true);
  assert.deepEqual(styleAt(grid, 1, 0), PLAIN);
  for (const part of [{ bg: { index: 4 } }, { underline: true }, { strike: true }, { reverse: true }]) {
    put(grid, 1, 0, " ", style(part));
    assert.deepEqual(styleAt(grid, 1, 0), style(part));
    fill(grid, 0, 0, 6, 1, " ", style(part));
    assert.deepEqual(styleAt(grid, 5, 0), style(part));
    clearGrid(grid);
    put(grid, 0, 0, "日", style(part));
    put(grid, 1, 0, "x", PLAIN);
    assert.deepEqual(styleAt(grid, 0, 0), style(part), "the half left blank keeps its background");
  }
});

Deno.test("grid: a row ends where it ends", () => {
  const grid = createGrid(3, 2);
  put(grid, 0, 0, "abc", BOLD);
  put(grid, 0, 1, "def", PLAIN);
  assert.equal(gridText(grid), "abc\ndef");
  assert.deepEqual([styleAt(grid, -1, 1), styleAt(grid, 2, 0)], [PLAIN, BOLD]);
  put(grid, 0, 1, "d", BOLD);
  assert.deepEqual([styleAt(grid, 3, 0), styleAt(grid, 0, 1)], [PLAIN, BOLD]);
});

Deno.test("grid: fill styles its rectangle and nothing else", () => {
  const grid = createGrid(6, 3);
  fill(grid, 2, 1, 2, 1, " ", BAR);
  const styled: string[] = [];
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 6; x++) if (styleAt(grid, x, y).bg !== null) styled.push(`${x},${y}`);
  }
  assert.deepEqual(styled, ["2,1", "3,1"]);
});

Deno.test("grid: a glyph cut by the left edge leaves its right neighbour whole", () => {
  const grid = createGrid(4, 1);
  put(grid, 1, 0, "日", PLAIN);
  put(grid, -1, 0, "語", PLAIN);
  assert.equal(cells(grid), " 日~ ");
  assertPairsWhole(grid);
});

Deno.test("grid: a blank replaces what was there", () => {
  const grid = createGrid(4, 1);
  put(grid, 0, 0, "abcd", BOLD);
  put(grid, 1, 0, " ", PLAIN);
  assert.equal(cells(grid), "a cd");
  assert.deepEqual(styleAt(grid, 1, 0), PLAIN);
});

Deno.test("grid: clear makes everything blank and plain", () => {
  const grid = createGrid(4, 2);
  fill(grid, 0, 0, 4, 2, "#", BAR);
  clearGrid(grid);
  assert.equal(gridText(grid), "\n");
  assert.deepEqual(styleAt(grid, 3, 1), PLAIN);
});

Deno.test("grid: what may not reach a terminal has no cell", () => {
  const grid = createGrid(40, 1);
  const end = put(grid, 0, 0, "a\x1b[31m\x9b\u202e\ufeff\u{e0041}\0\r\n\t\x7f\ud800z", PLAIN);
  assert.equal(rowText(grid, 0), "a[31mz");
  assert.equal(end, 6);
});

Deno.test("grid: a cluster is cut after ten code points", () => {
  const grid = createGrid(4, 1);
  put(grid, 0, 0, `a${"\u0301".repeat(10_000)}b`, PLAIN);
  assert.equal(rowText(grid, 0), `a${"\u0301".repeat(9)}b`);
  put(grid, 0, 0, `👍${"🏻".repeat(30)}`, PLAIN);
  assert.equal(rowText(grid, 0), `👍${"🏻".repeat(9)}`, "code points count, not UTF-16 units");
  put(grid, 0, 0, "👩🏻‍❤️‍💋‍👨🏻", PLAIN);
  assert.equal(rowText(grid, 0), "👩🏻‍❤️‍💋‍👨🏻", "the longest emoji in use is whole");
});
