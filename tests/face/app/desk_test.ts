/** The reading desk: which messages its keys are for. */

import assert from "node:assert/strict";
import { events, message, type Player } from "../../support/player.ts";
import { openStory } from "../../support/salt_marsh.ts";

/** A bar on the message so many above the last. */
function onMessage(up: number): Player {
  const player = openStory({ height: 40 });
  player.press("tab", ...Array.from({ length: up }, () => "up"));
  player.effects();
  return player;
}

Deno.test("another telling is for the last reply, or the line it answers; elsewhere it is said what to do", () => {
  for (const [up, said] of [[0, ["/retry"]], [1, ["/retry"]], [2, []], [3, []]] as const) {
    const player = onMessage(up);
    player.press("r");
    assert.deepEqual(player.said(), [...said], `${up} above the last`);
    if (said.length === 0) assert.match(player.screen(), /u takes the story back to here\./);
  }
});

Deno.test("going on is for the last reply alone", () => {
  for (const [up, said] of [[0, ["/continue"]], [1, []], [2, []]] as const) {
    const player = onMessage(up);
    player.press("c");
    assert.deepEqual(player.said(), [...said], `${up} above the last`);
    if (said.length === 0) assert.match(player.screen(), /goes on only where the story ends\./);
  }
  // A line without an answer is the last message, and no reply.
  const player = openStory({ answered: false });
  player.press("tab", "c");
  assert.deepEqual(player.said(), []);
});

Deno.test("what is copied is named after what it is", () => {
  for (const [up, what] of [[0, "The reply"], [1, "Your line"]] as const) {
    const player = onMessage(up);
    player.press("y");
    const copied = player.effects().find((effect) => effect.kind === "copy");
    assert.equal(copied?.kind === "copy" ? copied.what : "", what);
  }
});

Deno.test("the bar stops at the first message, and below the last the editor is", () => {
  const player = onMessage(4);
  assert.equal(player.model().desk, 1);
  player.press("up");
  assert.equal(player.model().desk, 1);
  player.press("down", "down", "down", "down");
  assert.equal(player.model().desk, 5);
  player.press("down");
  assert.equal(player.model().desk, null);
});

Deno.test("a message that is alone says so when another telling of it is looked for", () => {
  const player = onMessage(0);
  player.press("right");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /There is only this telling\. r asks for another\./);
  player.press("up", "left");
  assert.match(player.screen(), /There is only this line\./);
  const told = openStory();
  told.hear(events.history([message(1, "assistant", "Fog.", { alternative: 2, alternatives: 3 })]));
  told.press("tab", "left");
  assert.deepEqual(told.said(), ["/swipe prev 1"]);
  told.press("right");
  assert.deepEqual(told.said(), ["/swipe next 1"]);
});

Deno.test("another telling that is longer than the page is shown from its first row", () => {
  const player = openStory();
  const long = (word: string) => Array.from({ length: 40 }, (_, at) => `${word} ${at}.`).join("\n\n");
  const telling = (id: number, word: string, alternative: number) =>
    message(id, "assistant", long(word), { alternative, alternatives: 2 });
  player.hear(events.history([telling(1, "Fog", 1)]));
  player.press("tab", "right");
  player.hear(events.history([telling(2, "Rain", 2)]));
  assert.match(player.screen(), /Rain 0\./);
  assert.equal(player.model().desk, 2);
});
