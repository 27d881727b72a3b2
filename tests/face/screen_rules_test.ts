/** The rules of all screens, broken one by one: each must be seen. */

import assert from "node:assert/strict";
import { type Grid, put, rowText } from "../../face/term/grid.ts";
import { PLAIN, style } from "../../face/term/style.ts";
import { MARSH_SCENES, type Scene } from "../support/marsh_scenes.ts";
import type { Player } from "../support/player.ts";
import { assertContrast, assertScreen, vocabulary } from "../support/screen_rules.ts";

const sceneOf = (name: string): Scene =>
  MARSH_SCENES.find(([other]) => other === name)?.[1] ?? assert.fail(name);
const SIZE = { width: 120, height: 36, settings: { hint_seen: true } };

/** A face whose screen somebody painted over. */
function painted(player: Player, paint: (grid: Grid) => void): Player {
  const grid = (): Grid => {
    const drawn = player.grid();
    paint(drawn);
    return drawn;
  };
  return { ...player, grid };
}

const rowWith = (grid: Grid, words: string): number => {
  for (let y = 0; y < grid.height; y++) if (rowText(grid, y).includes(words)) return y;
  return assert.fail(`"${words}" is not on the screen`);
};
const over = (words: string, text: string, x = 10) => (grid: Grid): void =>
  void put(grid, x, rowWith(grid, words), text, PLAIN);

const BREAKS: [string, (grid: Grid) => void, RegExp][] = [
  ["a word in the left margin", (grid) => void put(grid, 4, 10, "and", PLAIN), /left/],
  ["a word in the right margin", (grid) => void put(grid, 114, 10, "and", PLAIN), /right/],
  ["two blank rows", over("Behind you a board gives", " ".repeat(68)), /two blank rows/],
  ["nothing below the header gone", (grid) => void put(grid, 10, 1, "and", PLAIN), /below the header/],
  ["words in the row above the keys", (grid) => void put(grid, 10, 34, "and", PLAIN), /above the keys/],
  ["a cut word", over("rowed her.", "rowe  her."), /"rowe"/],
  ["a word cut in the panel", over("Stubborn, and afraid", "Stubbo ", 82), /"Stubbo"/],
  ["a box", (grid) => void put(grid, 79, 10, "\u2502", PLAIN), /a box/],
  ["a second line", (grid) => void put(grid, 82, 30, "\u2500".repeat(8), PLAIN), /2 lines/],
  ["an id", (grid) => void put(grid, 82, 30, "salt_marsh", PLAIN), /salt_marsh|marsh/],
  ["a name label", (grid) => void put(grid, 82, 30, "YOU:", PLAIN), /name label/],
];

for (const [what, paint, reason] of BREAKS) {
  Deno.test(`the rules of screens see ${what}`, () => {
    const scene = sceneOf("page");
    const words = vocabulary(scene);
    assertScreen("page", scene(SIZE), words);
    assert.throws(() => assertScreen("page", painted(scene(SIZE), paint), words), reason);
  });
}

Deno.test("the rules of screens see a cursor that is not where typing goes", () => {
  const streaming = sceneOf("streaming")(SIZE);
  const words = vocabulary(sceneOf("streaming"));
  const drawn = streaming.drawn();
  const moved = (x: number, y: number): Player => ({
    ...streaming,
    drawn: () => ({ ...drawn, cursor: drawn.cursor && { x: drawn.cursor.x + x, y: drawn.cursor.y + y } }),
  });
  assertScreen("streaming", moved(0, 0), words);
  assert.throws(() => assertScreen("streaming", moved(-4, 0), words), /cursor/);
  assert.throws(() => assertScreen("streaming", moved(0, 1), words));
  assert.throws(() =>
    assertScreen("streaming", { ...streaming, drawn: () => ({ ...drawn, cursor: null }) }, words)
  );
  const keys = sceneOf("keys")(SIZE);
  const shown = { ...keys, drawn: () => ({ ...keys.drawn(), cursor: { x: 10, y: 3 } }) };
  assert.throws(() => assertScreen("keys", shown, vocabulary(sceneOf("keys"))));
});

Deno.test("the rules of screens see a letter too faint, and spare only the rule and empty cells", () => {
  const scene = sceneOf("page");
  const faint = style({ fg: { rgb: 0x6a6a6a } });
  const page = painted(scene(SIZE), (grid) => void put(grid, 12, 10, "and", faint));
  assert.throws(() => assertContrast("page", page, 0x1e1e2e), /#6a6a6a/);
  const rule = scene(SIZE).model().theme.rule;
  const letter = painted(scene(SIZE), (grid) => void put(grid, 12, 10, "and", rule));
  assert.throws(() => assertContrast("page", letter, 0x000000), /5d5667/);
});
