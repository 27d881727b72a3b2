/** What is summed up over a story. */

import assert from "node:assert/strict";
import { eveningOf } from "../../../face/app/evening.ts";
import { NO_USAGE } from "../../../shared/protocol.ts";
import { message } from "../../support/player.ts";

const HOUR = 3_600_000;

Deno.test("an evening begins after a pause of six hours, and its lines are the player's", () => {
  const at = (hours: number[]) =>
    hours.map((hour, index) =>
      message(index + 1, index % 2 === 0 ? "user" : "assistant", "x", { created_ms: hour * HOUR })
    );
  const rows: [number[], number, number][] = [
    [[], 0, 0],
    [[10], 1, 10],
    [[10, 15.9, 20], 2, 10],
    [[10, 16, 17], 1, 16],
    [[1, 10, 16, 17, 30], 1, 30],
    [[1, 10, 15, 16], 1, 10],
  ];
  for (const [hours, turns, first] of rows) {
    const evening = eveningOf(at(hours));
    assert.deepEqual([evening.turns, evening.first_ms], [turns, first * HOUR], `${hours}`);
  }
});

Deno.test("what a story cost is the sum of what is known, worked out once for a list", () => {
  const costs = [0.5, null, 0.25];
  const messages = costs.map((cost, index) =>
    message(index + 1, "assistant", "x", { usage: { ...NO_USAGE, cost } })
  );
  assert.equal(eveningOf(messages).cost, 0.75);
  assert.equal(eveningOf(messages), eveningOf(messages));
});
