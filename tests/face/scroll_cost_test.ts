/** What a scroll costs: rows that only moved are moved by the terminal, so the wheel is a few hundred bytes at any size. */

import assert from "node:assert/strict";
import { createGrid } from "../../face/term/grid.ts";
import { paint } from "../../face/term/paint.ts";
import { scrollOf } from "../../face/view/scroll.ts";
import { view } from "../../face/view.ts";
import { events, message, type Player } from "../support/player.ts";
import { openStory, PROSE } from "../support/salt_marsh.ts";

const WIDTH = 200, HEIGHT = 60;

function longStory(): Player {
  const player = openStory({ width: WIDTH, height: HEIGHT });
  const now = player.now();
  player.hear(events.history(Array.from(
    { length: 60 },
    (_, at) => message(at + 1, "assistant", `${at}. ${PROSE.key}`, { created_ms: now }),
  )));
  return player;
}

function drawn(player: Player) {
  const grid = createGrid(WIDTH, HEIGHT);
  return { grid, screen: view(grid, player.model(), player.now()) };
}

const wheel = (action: "wheel_up" | "wheel_down") =>
  ({ kind: "term", event: { kind: "mouse", action, x: 60, y: 20 } }) as const;

Deno.test("scroll: the wheel costs less than 800 bytes either way, and its hint says how far", () => {
  const player = longStory();
  player.send(wheel("wheel_up"));
  for (const [action, rows] of [["wheel_up", -3], ["wheel_up", -3], ["wheel_down", 3]] as const) {
    const before = drawn(player);
    player.send(wheel(action));
    const after = drawn(player);
    const scroll = scrollOf(before.screen, after.screen);
    assert.equal(scroll?.rows, rows);
    assert.deepEqual([scroll?.top, scroll?.bottom], [after.screen.page?.top, after.screen.page?.bottom]);
    const options = { depth: "truecolor", sync: true } as const;
    const bytes = paint(before.grid, after.grid, after.screen.cursor, { ...options, scroll }).length;
    const without = paint(before.grid, after.grid, after.screen.cursor, options).length;
    assert.ok(bytes < 800, `${action}: ${bytes} bytes`);
    assert.ok(bytes * 3 < without, `${bytes} of ${without}`);
  }
});

Deno.test("scroll: screens that differ by more than a scroll have no hint", () => {
  const player = longStory();
  const before = drawn(player);
  assert.equal(scrollOf(before.screen, before.screen), undefined);
  player.press("f1");
  assert.equal(scrollOf(before.screen, drawn(player).screen), undefined);
  player.press("esc");
  player.type("one\ntwo");
  player.send({ kind: "term", event: { kind: "paste", text: "\nthree\nfour" } });
  assert.equal(scrollOf(before.screen, drawn(player).screen), undefined);
});
