/** Whole screens compared with files in tests/golden; `deno task golden` writes them anew. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type Grid, gridText, rowText, styleAt } from "../../face/term/grid.ts";
import { graphemes } from "../../face/term/width.ts";
import type { Theme } from "../../face/theme.ts";

const FOLDER = join(import.meta.dirname ?? ".", "..", "golden");
const UPDATE = Deno.args.includes("--update");

/** Compares the text of a screen with `tests/golden/NAME.txt`. */
export function assertGolden(name: string, grid: Grid): void {
  assertPicture(name, gridText(grid));
}

/** Compares how the cells of a screen look with `tests/golden/NAME_looks.txt`: a letter a cell, by the theme's styles. */
export function assertLooks(name: string, grid: Grid, theme: Theme): void {
  assertPicture(`${name}_looks`, looksOf(grid, theme));
}

function assertPicture(name: string, picture: string): void {
  const path = join(FOLDER, `${name}.txt`);
  const text = `${picture.replace(/\n+$/, "")}\n`;
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

/** Letters of the theme's styles; a capital: bolder, slanted or struck than the style itself. */
const LOOKS = {
  text: "t",
  strong: "h",
  speech: "s",
  player: "p",
  accent: "a",
  dim: "d",
  rule: "r",
  error: "e",
  good: "g",
  found: "f",
  found_here: "F",
  selected: "1",
  selected_dim: "2",
  selected_accent: "3",
} as const;

function looksOf(grid: Grid, theme: Theme): string {
  const letters = new Map<string, string>();
  for (const [role, letter] of Object.entries(LOOKS)) {
    const key = JSON.stringify(theme[role as keyof typeof LOOKS]);
    if (!letters.has(key)) letters.set(key, letter);
  }
  const letterOf = (x: number, y: number): string => {
    const style = styleAt(grid, x, y);
    const known = letters.get(JSON.stringify(style));
    if (known !== undefined) return known;
    const plain = letters.get(JSON.stringify({ ...style, bold: false, italic: false, strike: false }));
    return plain?.toUpperCase() ?? "?";
  };
  return Array.from({ length: grid.height }, (_, y) => {
    const row = rowText(grid, y);
    let looks = "";
    let x = 0;
    for (const { text, width } of graphemes(row)) {
      const letter = letterOf(x, y);
      // A blank says something only where it is filled or struck.
      looks += (text === " " && !/[123F]/.test(letter) ? " " : letter).repeat(width);
      x += width;
    }
    for (; x < grid.width; x++) looks += /[123F]/.test(letterOf(x, y)) ? letterOf(x, y) : " ";
    return looks.trimEnd();
  }).join("\n");
}

/** Every cell with a style of its own, as `x,y`: for rules about colours. */
export function eachCell(
  grid: Grid,
  visit: (x: number, y: number, style: ReturnType<typeof styleAt>) => void,
): void {
  for (let y = 0; y < grid.height; y++) for (let x = 0; x < grid.width; x++) visit(x, y, styleAt(grid, x, y));
}
