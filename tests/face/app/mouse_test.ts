/** The mouse: a click points, a click on what is pointed at takes it. */

import assert from "node:assert/strict";
import { clickAt } from "../../../face/view/clicks.ts";
import { createPlayer, events } from "../../support/player.ts";
import { CHARACTERS, connectFresh, openStory, WHY } from "../../support/salt_marsh.ts";
import { withFace } from "../../support/running_face.ts";

Deno.test("a click on a message puts the bar on it, wherever it stands", () => {
  const player = openStory({ height: 40 });
  player.click("Nobody lights it");
  assert.equal(player.model().desk, 3);
  player.click("I take the duck down");
  assert.equal(player.model().desk, 4);
  player.click("Something slides");
  assert.equal(player.model().desk, 5);
});

Deno.test("a click on what is no message means nothing: the rule, the panel, the status row", () => {
  const player = openStory({ width: 120, height: 36 });
  for (const words of ["────", "YOU", "? keys", "Thursday evening"]) {
    player.click(words);
    assert.equal(player.model().desk, null, words);
  }
});

Deno.test("a click in the line puts the caret there, past its end at the end", () => {
  const player = openStory();
  player.type("one two three");
  player.click("two");
  assert.equal(player.model().editor.caret, 4);
  player.type("and ");
  assert.equal(player.model().editor.text, "one and two three");
});

Deno.test("in wide text and in a second row a click finds the letter that it is on", () => {
  const player = openStory();
  player.type("光と影 of the lamp");
  player.press("shift+enter");
  player.type("second row");
  player.click("of the");
  assert.equal(player.model().editor.caret, 4);
  player.click("second row");
  assert.equal(player.model().editor.caret, "光と影 of the lamp\n".length);
});

Deno.test("in a list a click chooses, and a click on the chosen row takes it", () => {
  const player = openStory();
  player.press("ctrl+t");
  player.click("I ask the bees");
  assert.deepEqual(player.said(), []);
  player.click("I ask the bees");
  assert.deepEqual(player.said(), ["/session continue 99aa00bb11cc"]);
});

Deno.test("before the story a click looks and a second one goes", () => {
  const player = createPlayer();
  connectFresh(player);
  player.click("The Honey Year");
  assert.equal(player.model().opening.step, "world");
  player.click("The Honey Year");
  assert.equal(player.model().opening.step, "character");
  player.click(CHARACTERS[2].name);
  player.click(CHARACTERS[2].name);
  assert.equal(player.model().opening.step, "starting");
});

Deno.test("on the page that says why a click chooses a piece", () => {
  const player = openStory();
  player.press("f4");
  player.hear(events.system("in words", { why: WHY }, "1"));
  player.click("Everyone says");
  assert.equal(player.model().sheet?.kind === "why" && player.model().sheet?.kind, "why");
  player.press("p");
  assert.deepEqual(player.said().slice(1), ["/memory pin m30"]);
  player.click("Everyone says");
  assert.equal(player.model().sheet, null, "a second click goes there");
  assert.equal(player.model().desk, 3);
});

Deno.test("while a question is asked, clicks wait", () => {
  const player = openStory();
  player.type("/session delete 99aa00bb11cc");
  player.press("enter");
  assert.notEqual(player.model().confirm, null);
  player.click("Something slides");
  assert.equal(player.model().desk, null);
});

Deno.test("a real click arrives as bytes and moves the bar on the screen", async () => {
  await withFace(async (face) => {
    const player = openStory();
    face.tell({ kind: "connected" });
    face.hear(events.greeting());
    face.hear(events.sync({ world_id: "salt_marsh", session_id: "s1" }));
    face.hear(events.history([...player.model().transcript.messages]));
    const text = await face.shows(/Something slides/);
    const y = text.split("\n").findIndex((row) => row.includes("Something slides")) + 1;
    face.type(`\x1b[<0;20;${y}M\x1b[<0;20;${y}m`);
    await face.shows(/▎ +It is lighter/);
  });
});

Deno.test("a click beside the rows of a list, or on what stands below one, never reaches the page beneath", () => {
  const player = openStory();
  player.press("ctrl+t");
  const rows = player.screen().split("\n");
  const first = rows.findIndex((row) => row.includes("I light the lamp"));
  const { clicks } = player.drawn();
  assert.equal(rows[first - 1].trim(), "");
  assert.equal(clickAt(clicks, 10, first - 1), null, "the blank row above the list");
  assert.deepEqual(clickAt(clicks, 10, first), { kind: "row", at: 0 });
  assert.deepEqual(clickAt(clicks, 10, first + 1), { kind: "row", at: 0 }, "its note");
  assert.deepEqual(clickAt(clicks, 10, first + 2), { kind: "row", at: 1 });
  assert.equal(clickAt(clicks, 10, first - 2)?.kind, "message");
  assert.equal(clickAt(clicks, 1, first), null);
});
