// What one frame costs: a token arrives at 200x60, the grid is drawn anew and painted as a difference.

import { clearGrid, createGrid, type Grid, put } from "../../face/term/grid.ts";
import { paint } from "../../face/term/paint.ts";
import { PLAIN, style } from "../../face/term/style.ts";

export interface Row {
  name: string;
  value: number;
  unit: string;
  goal: string;
}

const WIDTH = 200, HEIGHT = 60, TOKENS = 400, WARM = 100;
const WORDS = "the lamp swings over the salt marsh and “nobody” answers, so the water rises – slowly, 日本 "
  .split(" ");
const SPEECH = style({ fg: { rgb: 0xf2cf9b } });
const DIM = style({ fg: { rgb: 0xaea6b8 } });

/** Draws a screen like the face's: text, a panel at the right, a status line that counts, an editor line. */
function drawScreen(grid: Grid, words: readonly string[], count: number): void {
  clearGrid(grid);
  let x = 0, y = 0;
  for (const word of words) {
    if (x + word.length > 150) {
      x = 0;
      y++;
    }
    x = put(grid, x, y, `${word} `, y % 3 === 0 ? SPEECH : PLAIN, 160);
  }
  for (let row = 0; row < HEIGHT - 3; row++) put(grid, 164, row, `│ panel row ${row}`, DIM);
  put(grid, 0, HEIGHT - 3, `${count} tokens`, DIM);
  put(grid, 0, HEIGHT - 1, "› ", PLAIN);
}

/** Median milliseconds and mean bytes of painting one streamed token, and of a full redraw. */
// deno-lint-ignore require-await -- all benches are async, so that one table runs them
export async function frameBench(): Promise<Row[]> {
  const words: string[] = [];
  for (let index = 0; index < 1100; index++) words.push(WORDS[index % WORDS.length] ?? "");
  let shown = createGrid(WIDTH, HEIGHT), next = createGrid(WIDTH, HEIGHT);
  drawScreen(shown, words, 0);
  const paint_ms: number[] = [], whole_ms: number[] = [];
  let bytes = 0;
  const options = { depth: "truecolor", sync: true } as const;
  for (let token = 0; token < WARM + TOKENS; token++) {
    words.push(WORDS[token % WORDS.length] ?? "");
    const start = performance.now();
    drawScreen(next, words, token);
    const drawn = performance.now();
    const frame = paint(shown, next, { x: 2, y: HEIGHT - 1 }, options);
    const end = performance.now();
    [shown, next] = [next, shown];
    if (token < WARM) continue;
    paint_ms.push(end - drawn);
    whole_ms.push(end - start);
    bytes += frame.length;
  }
  const full_ms: number[] = [];
  let full_bytes = 0;
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    full_bytes = paint(null, shown, null, options).length;
    full_ms.push(performance.now() - start);
  }
  return [
    { name: "paint one streamed token, 200x60", value: median(paint_ms), unit: "ms", goal: "< 0.5" },
    { name: "draw and paint one streamed token, 200x60", value: median(whole_ms), unit: "ms", goal: "< 1" },
    { name: "bytes of one streamed token, 200x60", value: bytes / TOKENS, unit: "bytes", goal: "< 200" },
    { name: "full redraw, 200x60", value: median(full_ms), unit: "ms", goal: "< 5" },
    { name: "bytes of a full redraw, 200x60", value: full_bytes, unit: "bytes", goal: "< 20000" },
  ];
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? NaN;
}
