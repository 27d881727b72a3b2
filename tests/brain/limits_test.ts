import assert from "node:assert/strict";
import type { Limits } from "../../brain/config.ts";
import { dayIsOver, FramePace, limitsOf } from "../../brain/limits.ts";
import { CONFIG } from "../support/brain_fakes.ts";

const NONE: Limits = {
  running_turns: 0,
  frames_per_second: 0,
  prompt_bytes: 65536,
  lore_bytes: 0,
  tokens_per_day: 0,
  spend_per_day: 0,
};

Deno.test("who sits at the machine has no limit but those of the config; players with a token have two and twenty", () => {
  assert.deepEqual(limitsOf(CONFIG, "local"), NONE);
  assert.deepEqual(limitsOf(CONFIG, "a1"), {
    ...NONE,
    running_turns: 2,
    frames_per_second: 20,
    lore_bytes: 262_144,
  });
  const config = { ...CONFIG, limits: { running_turns: 0, tokens_per_day: 9 } };
  assert.deepEqual(limitsOf(config, "local"), { ...NONE, tokens_per_day: 9 });
  assert.deepEqual(limitsOf(config, "a1"), {
    ...NONE,
    frames_per_second: 20,
    lore_bytes: 262_144,
    tokens_per_day: 9,
  });
});

Deno.test("a day is over when what may be used is used, and the sentence says until when", () => {
  const day = 20_000 * 86_400_000;
  const rows: [Partial<Limits>, { tokens: number; cost: number }, boolean, number, string | null][] = [
    [{}, { tokens: 1e9, cost: 1e9 }, false, day, null],
    [{ tokens_per_day: 12_000 }, { tokens: 11_999, cost: 9 }, false, day, null],
    [
      { tokens_per_day: 12_000 },
      { tokens: 12_000, cost: 0 },
      true,
      day,
      "✗ Your tokens of today are used: 12,000 of 12,000. There is more in 24 h 0 min.",
    ],
    [
      { tokens_per_day: 12_000 },
      { tokens: 13_500, cost: 0 },
      true,
      day + 20.5 * 3_600_000,
      "✗ Your tokens of today are used: 13,500 of 12,000. There is more in 3 h 30 min.",
    ],
    [
      { tokens_per_day: 1 },
      { tokens: 1, cost: 0 },
      true,
      day,
      "✗ Your tokens of today are used: 1 of 1. There is more in 24 h 0 min.",
    ],
    [{ tokens_per_day: 1 }, { tokens: 0, cost: 0 }, true, day, null],
    [{ spend_per_day: 0.5 }, { tokens: 1e9, cost: 0.49 }, true, day, null],
    [
      { spend_per_day: 0.5 },
      { tokens: 0, cost: 0.5 },
      true,
      day + 86_400_000 - 1,
      "✗ What you may spend today is spent: $0.50 of $0.5. There is more in 1 min.",
    ],
    [
      { spend_per_day: 0.5 },
      { tokens: 0, cost: 0 },
      false,
      day,
      "✗ Nobody knows what this model costs, and what you may spend is limited. /model picks another.",
    ],
  ];
  for (const [limits, spent, known, now, expected] of rows) {
    assert.equal(dayIsOver({ ...NONE, ...limits }, spent, known, now), expected, JSON.stringify(limits));
  }
});

Deno.test("frames: a second's worth at once, then at that pace, each player for themselves; none without a limit", () => {
  const pace = new FramePace();
  const at = (now: number, player = "a", count = 10) =>
    Array.from({ length: count }, () => pace.take(player, 4, now)).filter(Boolean).length;
  assert.equal(at(1000), 4);
  assert.equal(at(1000), 0);
  assert.equal(at(1249), 0);
  assert.equal(at(1250), 1);
  assert.equal(at(1750), 2);
  assert.equal(at(1750, "b"), 4);
  // Waiting long saves up no more than a second.
  assert.equal(at(100_000), 4);
  assert.deepEqual([0, 0, 999, 1000, 1000].map((now) => pace.take("d", 1, now)), [
    true,
    false,
    false,
    true,
    false,
  ]);
  assert.ok(Array.from({ length: 1000 }, () => pace.take("c", 0, 0)).every(Boolean));
});
