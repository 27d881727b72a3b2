/** The story as a face knows it: pieces and records, with and without ids. */

import assert from "node:assert/strict";
import {
  addChunk,
  addEarlier,
  EMPTY_TRANSCRIPT,
  endReply,
  endTelling,
  isTelling,
  lastReply,
  sayLine,
  setHistory,
  setMessage,
  shownLength,
  SPREAD_MS,
  tellAgain,
  type Transcript,
} from "../../../face/widgets/transcript.ts";
import { indexOfMessage } from "../../../face/widgets/page.ts";
import { events, message } from "../../support/player.ts";

const chunkOf = (part: Parameters<typeof events.chunk>[1]) => {
  const event = events.chunk("", part);
  if (event.event !== "chat_chunk") throw new Error("no piece");
  return event.metadata;
};

Deno.test("lines and replies without ids get ids of their own, each another", () => {
  let transcript: Transcript = EMPTY_TRANSCRIPT;
  for (let turn = 0; turn < 3; turn++) {
    transcript = sayLine(transcript, `line ${turn}`, null);
    transcript = addChunk(transcript, `reply ${turn} `, chunkOf({}), turn);
    transcript = addChunk(transcript, "goes on.", chunkOf({}), turn);
    transcript = endReply(transcript, null, null, turn);
  }
  assert.deepEqual(transcript.messages.map(({ role, content }) => `${role} ${content}`), [
    "user line 0",
    "assistant reply 0 goes on.",
    "user line 1",
    "assistant reply 1 goes on.",
    "user line 2",
    "assistant reply 2 goes on.",
  ]);
  assert.equal(new Set(transcript.messages.map(({ id }) => id)).size, 6);
  assert.ok(transcript.messages.every(({ id }) => id < 0));
});

Deno.test("a piece that does not follow is dropped until the record or the beginning comes", () => {
  const first = addChunk(EMPTY_TRANSCRIPT, "one ", chunkOf({ message_id: 7, offset: 0 }), 0);
  const broken = addChunk(first, "three", chunkOf({ message_id: 7, offset: 9 }), 0);
  assert.equal(broken.live?.message.content, "one ");
  assert.equal(broken.live?.broken, true);
  const still = addChunk(broken, "two ", chunkOf({ message_id: 7, offset: 4 }), 0);
  assert.equal(still.live?.message.content, "one ", "what was lost is lost until a record heals it");
  const again = addChunk(still, "one two three", chunkOf({ message_id: 7, offset: 0 }), 0);
  assert.equal(again.live?.message.content, "one two three");
  assert.equal(again.live?.broken, false);
});

Deno.test("words that are taken back are another growth, words that are added the same", () => {
  const first = addChunk(EMPTY_TRANSCRIPT, "one two", chunkOf({ message_id: 7, offset: 0 }), 0);
  const more = addChunk(first, " three", chunkOf({ message_id: 7, offset: 7 }), 0);
  assert.equal(more.live?.growth, first.live?.growth);
  const back = addChunk(more, " 2", chunkOf({ message_id: 7, offset: 3 }), 0);
  assert.equal(back.live?.message.content, "one 2");
  assert.notEqual(back.live?.growth, first.live?.growth);
});

Deno.test("a burst is shown over its time, little pieces at once, and what is shown never shrinks", () => {
  const burst = "x".repeat(100);
  const first = addChunk(EMPTY_TRANSCRIPT, burst, chunkOf({ message_id: 7, offset: 0 }), 1000);
  const live = first.live ?? assert.fail();
  assert.equal(shownLength(live, 1000), 0);
  assert.equal(shownLength(live, 1000 + SPREAD_MS / 2), 50);
  assert.equal(shownLength(live, 1000 + SPREAD_MS), 100);
  const next = addChunk(first, "y", chunkOf({ message_id: 7, offset: 100 }), 1000 + SPREAD_MS / 2);
  assert.equal(shownLength(next.live ?? assert.fail(), 1000 + SPREAD_MS / 2), 50);
  const calm = addChunk(next, "z", chunkOf({ message_id: 7, offset: 101 }), 5000);
  assert.equal(shownLength(calm.live ?? assert.fail(), 5000), 102);
  const edge = addChunk(EMPTY_TRANSCRIPT, "x".repeat(16), chunkOf({ message_id: 7, offset: 0 }), 0);
  assert.equal(shownLength(edge.live ?? assert.fail(), 0), 16, "sixteen letters are no burst");
  const over = addChunk(EMPTY_TRANSCRIPT, "x".repeat(17), chunkOf({ message_id: 7, offset: 0 }), 0);
  assert.equal(shownLength(over.live ?? assert.fail(), 0), 0);
  const still = addChunk(EMPTY_TRANSCRIPT, burst, chunkOf({ message_id: 7, offset: 0 }), 0, false);
  assert.equal(shownLength(still.live ?? assert.fail(), 0), 100, "motion off");
});

Deno.test("a record replaces its message where it stands; a new one comes last", () => {
  const before = setHistory(
    EMPTY_TRANSCRIPT,
    [message(1, "assistant", "One."), message(2, "user", "Two.")],
    true,
  );
  const changed = setMessage(before, message(1, "assistant", "Uno."), 0);
  assert.deepEqual(changed.messages.map(({ content }) => content), ["Uno.", "Two."]);
  const more = setMessage(changed, message(3, "assistant", "Three."), 0);
  assert.deepEqual(more.messages.map(({ id }) => id), [1, 2, 3]);
  assert.equal(lastReply(more)?.id, 3);
  assert.equal(indexOfMessage(more.messages, 2), 1);
  assert.equal(indexOfMessage(more.messages, 2), 1);
  assert.equal(indexOfMessage(more.messages, 9), -1);
  assert.equal(indexOfMessage(changed.messages, 3), -1);
});

Deno.test("earlier pages come before what is there, each message once, and an empty one is the last", () => {
  const page = setHistory(EMPTY_TRANSCRIPT, [message(5, "assistant", "Five.")], true);
  const history = [
    message(3, "assistant", "Three."),
    message(4, "user", "Four."),
    message(5, "assistant", "Five."),
  ];
  const more = addEarlier(page, { history, more: true, before: 5, recalled: [] });
  assert.deepEqual(more.messages.map(({ id }) => id), [3, 4, 5]);
  assert.equal(more.more, true);
  assert.equal(addEarlier(more, { history: [], more: true, before: 3, recalled: [] }).more, false);
  assert.equal(addEarlier(more, { history, more: true, before: 9, recalled: [] }), more, "for another place");
});

Deno.test("a line that the brain records is never made up here, whenever its reply ends", () => {
  const said = sayLine(EMPTY_TRANSCRIPT, "I wait.", "1");
  const telling = addChunk(said, "He nods.", chunkOf({ message_id: 8, parent_id: 7, offset: 0 }), 0);
  const ended = endReply(telling, message(8, "assistant", "He nods."), { lore: 1, memories: 0 }, 0);
  assert.deepEqual(ended.messages.map(({ id }) => id), [8]);
  assert.equal(ended.live, null);
  assert.deepEqual(ended.recalled.get(8), { lore: 1, memories: 0 });
  // An end without any reply settles nothing.
  assert.deepEqual(endReply(said, null, null, 0).messages, []);
});

Deno.test("a start message is told as a reply is, and is a message again when it was told; a line of the player's never", () => {
  const told = "Fog comes in over the reeds.";
  const start = setHistory(EMPTY_TRANSCRIPT, [message(1, "assistant", told)], false);
  const telling = tellAgain(start, 1000);
  assert.equal(isTelling(telling), true);
  assert.deepEqual(telling.messages, []);
  assert.equal(shownLength(telling.live ?? assert.fail(), 1000), 0);
  assert.ok(
    Math.abs(shownLength(telling.live ?? assert.fail(), 1000 + 50) - 14) <= 1,
    "280 letters a second",
  );
  assert.equal(shownLength(telling.live ?? assert.fail(), 1000 + 100), told.length);
  assert.deepEqual(endTelling(telling).messages, start.messages);
  assert.equal(endTelling(telling).live, null);
  assert.equal(endTelling(start), start);
  const line = setHistory(EMPTY_TRANSCRIPT, [message(1, "user", "I wait.")], false);
  assert.equal(tellAgain(line, 0), line);
  assert.equal(tellAgain(EMPTY_TRANSCRIPT, 0), EMPTY_TRANSCRIPT);
  assert.equal(isTelling(addChunk(EMPTY_TRANSCRIPT, "a", chunkOf({ message_id: 7, offset: 0 }), 0)), false);
});

Deno.test("without offsets a piece goes on after all that came, removed sequences too, and one cut in two is removed", () => {
  for (
    const pieces of [["red \x1b[31mlamp, ", "lit"], ["red \x1b[3", "1mlamp, ", "lit"], [
      "red lamp, \x1b",
      "[mlit",
    ]]
  ) {
    let transcript: Transcript = EMPTY_TRANSCRIPT;
    for (const piece of pieces) transcript = addChunk(transcript, piece, chunkOf({}), 0);
    assert.equal(lastReply(transcript)?.content, "red lamp, lit", JSON.stringify(pieces));
  }
});

Deno.test("a burst is spread, and all of it may be drawn within 150 ms", () => {
  const begun = addChunk(EMPTY_TRANSCRIPT, "One. ", chunkOf({ message_id: 7, offset: 0 }), 0);
  const { live } = addChunk(begun, "word ".repeat(40), chunkOf({ message_id: 7, offset: 5 }), 1000);
  assert.ok(live !== null && shownLength(live, 1010) < live.message.content.length);
  assert.equal(shownLength(live, 1150), live.message.content.length);
});

Deno.test("the line just said is clean before it is confirmed", () => {
  assert.equal(sayLine(EMPTY_TRANSCRIPT, "I \x1b[31mwait\u202e.", "1").pending?.text, "I wait.");
});
