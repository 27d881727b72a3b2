/** What the panel says was remembered just now. */

import assert from "node:assert/strict";
import { pieceWords } from "../../../face/app/remembered.ts";
import { events, message, type Player } from "../../support/player.ts";
import { openStory, WHY } from "../../support/salt_marsh.ts";

const RECALLED = { lore: 1, memories: 1 };

function replied(width: number): Player {
  const player = openStory({ width, height: 36, answered: false });
  player.hear(events.end(message(5, "assistant", "It clicks."), { recalled: RECALLED }));
  return player;
}

Deno.test("after a reply that used memory the pieces are asked for once, where the panel shows them", () => {
  const player = replied(120);
  assert.deepEqual(player.said(), ["/why 5"]);
  assert.match(player.screen(), /✿ 1 from earlier pages/);
  player.hear(events.system("in words", { why: WHY }, "1"));
  assert.equal(player.model().sheet, null);
  assert.equal(player.model().notice, null);
  const panel = player.screen().split("\n").map((row) => row.slice(82).trimEnd());
  const at = panel.findIndex((row) => row.includes("REMEMBERED JUST NOW"));
  assert.deepEqual(panel.slice(at + 1, at + 5).map((row) => row.trimStart()), [
    "✿ the silver key is inside…",
    "46 turns ago",
    "✿ The drowned bell",
    "lore of this world",
  ]);
  assert.doesNotMatch(player.screen(), /leather/, "a secret of the world stays one");
  player.wait(5000);
  player.press("f2", "f2");
  assert.deepEqual(player.said(), []);
});

Deno.test("without a panel, without memory or without /why nothing is asked", () => {
  assert.deepEqual(replied(80).said(), []);
  const none = openStory({ width: 120, answered: false });
  none.hear(events.end(message(5, "assistant", "It clicks."), { recalled: { lore: 0, memories: 0 } }));
  assert.deepEqual(none.said(), []);
  const other = openStory({ width: 120, answered: false });
  other.hear({ event: "commands", content: "", ref: null, metadata: { commands: [] } });
  other.hear(events.end(message(5, "assistant", "It clicks."), { recalled: RECALLED }));
  assert.deepEqual(other.said(), []);
});

Deno.test("an answer that fails is no word to the player, and a history asks for its last reply", () => {
  const player = replied(120);
  player.said();
  player.hear(events.system("✗ Nothing was sent for that reply.", {}, "1"));
  assert.equal(player.model().notice, null);
  assert.match(player.screen(), /✿ 1 from earlier pages/);
  const { messages } = player.model().transcript;
  player.hear(
    events.history([...messages, message(6, "user", "And?"), message(7, "assistant", "Yes.")], false, [
      { message_id: 7, lore: 0, memories: 2 },
    ]),
  );
  assert.deepEqual(player.said(), ["/why 7"]);
});

Deno.test("a piece in a few words, and where it is from", () => {
  const [memory, lore] = WHY.recalled;
  const rows: [Partial<typeof memory>, { words: string; from: string }][] = [
    [{ ...memory, quote: '"...the key."', turns_ago: 46 }, { words: 'the key."', from: "46 turns ago" }],
    [{ ...memory, quote: "the key", turns_ago: 1 }, { words: "the key", from: "1 turn ago" }],
    [{ ...memory, quote: "the key", turns_ago: 0 }, { words: "the key", from: "told before" }],
    [{ ...memory, kind: "fact", quote: "Ida owes", turns_ago: 2 }, {
      words: "Ida owes",
      from: "2 turns ago",
    }],
    [{ ...lore, heading: "The bell" }, { words: "The bell", from: "lore of this world" }],
    [{ ...lore, heading: "", quote: "It rings." }, { words: "It rings.", from: "lore of this world" }],
    [{ ...memory, kind: "summary", quote: "So far." }, { words: "So far.", from: "the story so far" }],
  ];
  for (const [piece, words] of rows) assert.deepEqual(pieceWords({ ...memory, ...piece }), words);
});

Deno.test("what was remembered for one reply never stands beside the next", () => {
  const player = replied(120);
  player.hear(events.system("in words", { why: WHY }, "1"));
  assert.match(player.screen(), /the silver key is inside/);
  player.hear(events.message(message(6, "user", "And?")));
  player.hear(events.end(message(7, "assistant", "Yes."), { recalled: { lore: 0, memories: 2 } }));
  const panel = player.screen().split("\n").map((row) => row.slice(82)).join("\n");
  assert.match(panel, /✿ 2 from earlier pages/);
  assert.doesNotMatch(panel, /silver key/);
});
