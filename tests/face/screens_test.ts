/** Screens as pictures: each is a file in tests/golden, and obeys the rules that all of them share (support/screen_rules.ts). */

import assert from "node:assert/strict";
import { rowText } from "../../face/term/grid.ts";
import { textWidth } from "../../face/term/width.ts";
import { assertGolden, assertLooks, eachCell } from "../support/golden.ts";
import { MARSH_SCENES, type Scene } from "../support/marsh_scenes.ts";
import { CHARACTERS } from "../support/salt_marsh.ts";
import { assertContrast, assertScreen, BACKGROUNDS, vocabulary } from "../support/screen_rules.ts";
import { SHIPPED_SCENES } from "../support/shipped_scenes.ts";

const SETTINGS = { hint_seen: true };
const SCENES = [...MARSH_SCENES, ...SHIPPED_SCENES];
const PICTURES = [[80, 24], [120, 36], [200, 60]] as const;
const NARROW = [40, 16] as const;
/** Of these there is no picture, but the rules hold. */
const OTHERS = [[41, 12], [60, 20], [74, 30], [110, 30], [300, 80]] as const;
const sceneOf = (name: string): Scene => SCENES.find(([other]) => other === name)?.[1] ?? assert.fail(name);

for (const [name, scene] of SCENES) {
  Deno.test(`the screen ${name} is the picture at every size, and keeps the rules of all screens`, () => {
    const words = vocabulary(scene);
    const shipped = SHIPPED_SCENES.some(([other]) => other === name);
    for (const [width, height] of shipped ? [NARROW, ...PICTURES] : PICTURES) {
      const player = scene({ width, height, settings: SETTINGS });
      assertGolden(`${name}_${width}x${height}`, player.grid());
      assertScreen(`${name} at ${width}x${height}`, player, words);
    }
    for (const [width, height] of OTHERS) {
      assertScreen(`${name} at ${width}x${height}`, scene({ width, height, settings: SETTINGS }), words);
    }
  });

  Deno.test(`the screen ${name} looks as its second picture says, letter by letter`, () => {
    const player = scene({ width: 80, height: 24, settings: SETTINGS });
    assertLooks(`${name}_80x24`, player.grid(), player.model().theme);
  });

  Deno.test(`the screen ${name} is readable on twelve backgrounds, and without colour, and in ASCII`, () => {
    const options = { width: 120, height: 36, settings: SETTINGS };
    for (const background of BACKGROUNDS) assertContrast(name, scene(options), background);
    eachCell(scene({ ...options, depth: "none" }).grid(), (x, y, { fg, bg }) => {
      assert.ok(fg === null && bg === null, `${name}: a colour at ${x},${y}`);
    });
    const signs = scene({ ...options, utf8: false }).screen().replace(/[\p{L}\p{N}]/gu, "");
    // Words of stories and of the keys page have signs of their own.
    assert.doesNotMatch(signs, /[✿›‹·✗─▰▱✓○▎▼←→↑↓…⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/u, name);
  });
}

Deno.test("prose is never wider than 68 columns, and the block is centred, at any width", () => {
  for (let width = 40; width <= 300; width += 7) {
    const player = sceneOf("page")({ width, height: 40, settings: SETTINGS });
    const { model, grid } = { model: player.model(), grid: player.grid() };
    const page = width < 74 ? width - 6 : 68;
    const panel = width >= 110 ? 32 : 0;
    const left = Math.max(2, (width - page - panel) >> 1);
    const rows = Array.from({ length: grid.height }, (_, y) => rowText(grid, y));
    const rule = rows.findIndex((row) => /^\s*─+$/.test(row));
    assert.equal(rows[rule].length - rows[rule].trimStart().length, left, `left edge at ${width}`);
    assert.equal(textWidth(rows[rule].trim()), page, `measure at ${width}`);
    for (const row of rows.slice(2, rule)) {
      assert.ok(textWidth(row.slice(0, left + page + 3).trimEnd()) <= left + page, `${width}: ${row}`);
    }
    assert.equal(model.size.width, width);
  }
});

Deno.test("below 40 columns or 10 rows one clear line says so", () => {
  const page = sceneOf("page");
  for (const [width, height] of [[39, 24], [80, 9], [12, 5], [1, 1]]) {
    const player = page({ width, height });
    const rows = player.screen().trim().split("\n").map((row) => row.trim()).filter((row) => row !== "");
    if (height > 3) assert.equal(rows.join(width < 6 ? "" : " "), "Flower needs 40 columns and 10 rows.");
    assert.equal(player.drawn().cursor, null);
  }
  assert.match(page({ width: 40, height: 10 }).screen(), /›/);
});

Deno.test("the shipped characters are offered with those the world suggests first", () => {
  const player = sceneOf("opening")({});
  player.press("enter");
  const names = player.screen().split("\n").filter((row) => /^ {2}(›| ) \d {2}/.test(row)).map((row) =>
    row.slice(7, 23).trim()
  );
  assert.deepEqual(names, ["The farrier", "The midwife", "The apothecary"]);
  assert.equal(names.length, CHARACTERS.length);
});
