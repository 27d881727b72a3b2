// Random frames, painted as differences, replayed into an emulator: every cell, style and the cursor must be as
// in the grid. FLOWER_FUZZ_FRAMES sets how many, FLOWER_FUZZ_SEED repeats a run.

import assert from "node:assert/strict";
import { clearGrid, createGrid, fill, type Grid, put } from "../../../face/term/grid.ts";
import { paint, type ScrollHint } from "../../../face/term/paint.ts";
import { PLAIN, type Style, style } from "../../../face/term/style.ts";
import { createEmulator } from "../../support/emulator.ts";
import { assertShows } from "./shows.ts";

const FRAMES = Number(Deno.env.get("FLOWER_FUZZ_FRAMES") ?? "5000");
const SEED = Number(Deno.env.get("FLOWER_FUZZ_SEED") ?? String(Date.now() % 1_000_000));
const FRAMES_PER_SCREEN = 250;

type Chance = (below: number) => number;

/** mulberry32 */
function seeded(seed: number): Chance {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

const STYLES: Style[] = [
  PLAIN,
  style({ bold: true }),
  style({ italic: true, fg: { rgb: 0xf2cf9b } }),
  style({ underline: true }),
  style({ reverse: true }),
  style({ strike: true, fg: { index: 13 } }),
  style({ bold: true, reverse: true, bg: { index: 4 } }),
  style({ fg: { rgb: 0x0b5f58 }, bg: { rgb: 0x101010 } }),
  style({ fg: { index: 200 }, italic: true, underline: true, bold: true }),
  style({ bg: { index: 250 } }),
];
const LETTERS = [
  "a",
  "b",
  "é",
  "e\u0301",
  "日",
  "本",
  "語",
  "한",
  " ",
  " ",
  "  ",
  "·",
  "─",
  "x\u0300\u0323",
  "Ж",
  "z",
];

function randomText(chance: Chance, longest: number): string {
  let text = "";
  for (let length = chance(longest); length > 0; length--) text += LETTERS[chance(LETTERS.length)];
  return text;
}

function mutate(chance: Chance, grid: Grid): void {
  const { width, height } = grid;
  const look = STYLES[chance(STYLES.length)] ?? PLAIN;
  switch (chance(7)) {
    case 0:
      return fill(grid, chance(width) - 3, chance(height) - 1, chance(width), chance(height), " ", look);
    case 1:
      return fill(grid, chance(width), chance(height), chance(20), 1, "─", look);
    case 2:
      return chance(12) === 0 ? clearGrid(grid) : undefined;
    case 3:
      return void put(grid, chance(width), chance(height), LETTERS[chance(LETTERS.length)] ?? "", look);
    default:
      return void put(
        grid,
        chance(width + 6) - 6,
        chance(height),
        randomText(chance, width),
        look,
        chance(3) === 0 ? chance(width + 1) : undefined,
      );
  }
}

function scrollRows(chance: Chance, grid: Grid, hint: ScrollHint): void {
  const { width } = grid;
  for (const cells of [grid.glyphs, grid.styles]) {
    const before = cells.slice();
    for (let y = hint.top; y < hint.bottom; y++) {
      const from = y + hint.rows;
      for (let x = 0; x < width; x++) {
        const inside = from >= hint.top && from < hint.bottom;
        cells[y * width + x] = inside ? before[from * width + x] ?? 0 : cells === grid.glyphs ? 0x20 : 0;
      }
    }
  }
  put(grid, 0, hint.rows > 0 ? hint.bottom - 1 : hint.top, randomText(chance, width), PLAIN);
}

function copyOf(grid: Grid): Grid {
  return { ...grid, glyphs: grid.glyphs.slice(), styles: grid.styles.slice() };
}

Deno.test(`${FRAMES} random frames arrive on the screen cell by cell`, async () => {
  console.log(`fuzz seed ${SEED}`);
  const chance = seeded(SEED);
  for (let done = 0; done < FRAMES; done += FRAMES_PER_SCREEN) {
    const width = 2 + chance(60), height = 1 + chance(16);
    const screen = createEmulator(width, height);
    try {
      if (chance(2) === 0) await screen.write("\x1b[?7l");
      await screen.write("what was here before\r\n".repeat(height));
      let shown: Grid | null = null;
      let next = createGrid(width, height);
      for (let frame = done; frame < Math.min(FRAMES, done + FRAMES_PER_SCREEN); frame++) {
        let scroll: ScrollHint | undefined;
        if (chance(4) === 0) {
          const top = chance(height), bottom = top + chance(height - top + 1);
          scroll = { top, bottom, rows: chance(9) - 4 };
          if (chance(4) !== 0) scrollRows(chance, next, scroll); // else the hint is a lie
        }
        for (let changes = chance(5); changes > 0; changes--) mutate(chance, next);
        const cursor = chance(8) === 0 ? null : { x: chance(width), y: chance(height) };
        const sync = chance(2) === 0;
        const before = shown;
        await screen.write(paint(shown, next, cursor, { depth: "truecolor", sync, scroll }));
        const where = `seed ${SEED}, frame ${frame}, ${width}x${height}, hint ${JSON.stringify(scroll)}`;
        assertShows(screen, next, where);
        const seen = screen.cursor();
        assert.equal(seen.visible, cursor !== null, where);
        if (cursor !== null) assert.deepEqual({ x: seen.x, y: seen.y }, cursor, where);
        assert.equal(screen.mode(2026), false, where);
        shown = chance(60) === 0 ? null : copyOf(next);
        if (before !== null && chance(40) === 0) next = createGrid(width, height);
      }
    } finally {
      screen.dispose();
    }
  }
});
