/** The figures of a frame that are the same on every machine: bytes. Times are in `deno task bench`. */

import assert from "node:assert/strict";
import { createGrid, type Grid } from "../../face/term/grid.ts";
import { paint } from "../../face/term/paint.ts";
import { scrollOf } from "../../face/view/scroll.ts";
import { type Screen, view } from "../../face/view.ts";
import { events, message } from "../support/player.ts";
import { rolePlay } from "../support/role_play.ts";
import { openStory } from "../support/salt_marsh.ts";

const WIDTH = 200, HEIGHT = 60, TOKENS = 300, TOKEN_MS = 10, FRAME_MS = 16;

/** Bytes of a reply of 300 tokens at 100 tokens a second, drawn as the loop draws: at most one frame in 16 ms. */
function bytesOf(count: number): number {
  const player = openStory({ width: WIDTH, height: HEIGHT });
  player.hear(events.history(Array.from(
    { length: count },
    (_, at) => message(at + 1, "assistant", rolePlay(at)),
  )));
  const begun = player.now();
  let shown: { grid: Grid; screen: Screen } | null = null;
  let bytes = 0;
  const draw = (): void => {
    const grid = createGrid(WIDTH, HEIGHT);
    const screen = view(grid, player.model(), player.now());
    const scroll = shown === null ? undefined : scrollOf(shown.screen, screen);
    const painted = paint(shown?.grid ?? null, grid, screen.cursor, {
      depth: "truecolor",
      sync: true,
      scroll,
    });
    if (shown !== null) bytes += painted.length;
    shown = { grid, screen };
  };
  draw();
  const text = [0, 1, 2, 3].map((at) => rolePlay(count + at)).join("\n\n");
  const tokens = (text.match(/\s*\S{1,6}/g) ?? []).slice(0, TOKENS);
  let offset = 0;
  let drawn_ms = begun;
  for (const token of tokens) {
    player.wait(TOKEN_MS);
    player.hear(events.chunk(token, { message_id: count + 1, parent_id: count, offset }));
    offset += token.length;
    if (player.now() - drawn_ms < FRAME_MS) continue;
    drawn_ms = player.now();
    draw();
  }
  player.wait(150);
  draw();
  return bytes / tokens.length;
}

Deno.test("a streamed token costs less than 150 bytes at 200x60, however long the story is", () => {
  const [short, long] = [bytesOf(20), bytesOf(2000)];
  assert.ok(short < 150, `${short} bytes`);
  assert.ok(Math.abs(long - short) < 10, `${short} and ${long} bytes`);
});
