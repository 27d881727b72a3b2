/** When the face wakes by itself: never without a reason, and at the moment when something on the screen changes. */

import assert from "node:assert/strict";
import { nextWake } from "../../../face/app.ts";
import { events, message } from "../../support/player.ts";
import { openStory } from "../../support/salt_marsh.ts";

Deno.test("wake: on a page at rest nothing is due", () => {
  const player = openStory();
  player.wait(10_000);
  assert.equal(nextWake(player.model(), player.now()), null);
});

Deno.test("wake: an error that stays until a key sets no timer; a notice goes after four seconds", () => {
  const player = openStory();
  player.hear(events.system("\u2717 Something is wrong."));
  assert.match(player.screen(), /✗ Something is wrong\./);
  assert.equal(nextWake(player.model(), player.now()), null);
  player.wait(60_000);
  assert.match(player.screen(), /✗ Something is wrong\./);
  player.press("left");
  assert.doesNotMatch(player.screen(), /Something is wrong/);
  player.hear(events.system("\u2713 Something is done."));
  assert.equal(nextWake(player.model(), player.now()), player.now() + 4000);
  player.wait(3999);
  assert.match(player.screen(), /Something is done/);
  player.wait(1);
  assert.doesNotMatch(player.screen(), /Something is done/);
});

Deno.test("wake: with motion off a wait is counted once a second, else the spinner turns every 120 ms", () => {
  for (const [motion, step_ms] of [[true, 120], [false, 1000]] as const) {
    const player = openStory({ settings: { motion, hint_seen: true } });
    player.type("I wait.");
    player.press("enter");
    player.hear(events.message(message(6, "user", "I wait."), "1"));
    const since_ms = player.model().turn?.since_ms ?? 0;
    assert.equal(nextWake(player.model(), player.now()), since_ms + step_ms, `motion ${motion}`);
  }
});

Deno.test("wake: a lost connection is counted down at the end of each second", () => {
  const player = openStory();
  player.link({ kind: "lost", retry_in_ms: 2500, reason: "" });
  const now = player.now();
  assert.match(player.screen(), /again in 3 s/);
  assert.equal(nextWake(player.model(), now), now + 500);
  player.wait(500);
  assert.match(player.screen(), /again in 2 s/);
  player.wait(2000);
  assert.match(player.screen(), /trying again/);
  assert.equal(nextWake(player.model(), player.now()), null);
});
