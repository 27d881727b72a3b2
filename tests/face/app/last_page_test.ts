/** The page that stands before the brain is there: what is kept of a story, and what becomes of it. */

import assert from "node:assert/strict";
import { type LastPage, lastPageOf } from "../../../face/app/last_page.ts";
import { createPlayer, events, message, type Player } from "../../support/player.ts";
import { CHARACTERS, MODELS, openStory, WORLDS } from "../../support/salt_marsh.ts";

const HISTORY = [
  message(1, "assistant", "Fog comes in over the reeds."),
  message(2, "user", "I look for the ferry."),
  message(3, "assistant", "It is early, *which it never is*.", { alternative: 2, alternatives: 3 }),
];

/** A story as it is when its player leaves. */
function told(): Player {
  const player = openStory();
  player.hear(events.history(HISTORY, false, [{ message_id: 3, lore: 1, memories: 1 }]));
  return player;
}

function kept(player: Player): LastPage {
  const page = lastPageOf(player.model());
  assert.ok(page !== null);
  return page;
}

/** The screen without the header's right end and the status row, where the connection shows. */
const story = (player: Player): string => player.screen().split("\n").slice(1, -2).join("\n");

Deno.test("the page is readable before there is a brain, and nothing on it moves when the brain tells it again", () => {
  for (const width of [80, 120]) {
    const before = openStory({ width });
    before.hear(events.history(HISTORY, false, [{ message_id: 3, lore: 1, memories: 1 }]));
    const player = createPlayer({ width, page: kept(before), settings: { hint_seen: true } });
    assert.match(player.screen(), /It is early, which it never is\./);
    assert.match(player.screen(), /✿ The Salt Marsh · The farrier {3,}starting/);
    assert.match(player.screen(), /✿ 2 remembered {3}‹ 2 of 3 ›/);
    assert.doesNotMatch(player.screen(), /opens in a moment/);
    const drawn = story(player);
    player.link({ kind: "connected" });
    player.hear(events.greeting());
    player.hear(events.sync({
      ...kept(before).state,
      available_worlds: WORLDS,
      available_characters: CHARACTERS,
      available_models: MODELS,
    }));
    assert.equal(story(player), drawn);
    player.hear(events.history(HISTORY, false, [{ message_id: 3, lore: 1, memories: 1 }]));
    assert.equal(story(player), drawn);
  }
});

Deno.test("a line said too early stays in the editor; scrolling up asks nobody", () => {
  const player = createPlayer({
    page: { ...kept(told()), history: { ...kept(told()).history, more: true } },
  });
  player.type("I wait.");
  player.press("enter");
  assert.match(player.screen(), /Not connected yet\. Your line stays here\./);
  player.press("ctrl+home", "pgup");
  assert.equal(player.model().editor.text, "I wait.");
  assert.deepEqual(player.said(), []);
});

Deno.test("nothing is asked about a kept page of another story than the brain's", () => {
  const before = told();
  const page = kept(before);
  for (const [session_id, asked] of [[page.state.session_id, ["/why 3"]], ["another", []]] as const) {
    const player = createPlayer({ width: 120, page });
    player.link({ kind: "connected" });
    player.hear(events.greeting());
    player.hear(events.sync({ ...page.state, session_id }));
    const metadata = { commands: [...before.model().commands] };
    player.hear({ event: "commands", content: "", ref: null, metadata });
    assert.deepEqual(player.said(), asked);
    player.press("pgup");
    player.hear(events.history(HISTORY, false, []));
    assert.match(player.screen(), /It is early, which it never is\./);
  }
});

Deno.test("a story that was deleted meanwhile is gone with the brain's first word", () => {
  const player = createPlayer({ page: kept(told()) });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.sync({ available_worlds: WORLDS, available_characters: CHARACTERS }));
  assert.match(player.screen(), /Where do you want to go\?/);
  assert.doesNotMatch(player.screen(), /It is early/);
  assert.equal(lastPageOf(player.model()), null);
});

Deno.test("kept are the newest messages as the brain will send them, and of the lists only what is chosen", () => {
  const page = kept(told());
  assert.deepEqual(page.history, {
    history: HISTORY,
    more: false,
    recalled: [{ message_id: 3, lore: 1, memories: 1 }],
  });
  const { state } = page;
  assert.deepEqual([state.session_id, state.model_confirmed], [openStory().model().story.session_id, true]);
  assert.deepEqual(state.available_worlds?.map(({ id }) => id), ["salt_marsh"]);
  assert.deepEqual(state.available_characters?.map(({ id }) => id), ["farrier"]);
  assert.deepEqual(state.available_models?.map(({ id }) => id), [state.model]);
  assert.deepEqual(state.available_rules?.map(({ id }) => id), state.active_rules);
  const rows: [count: number, characters: number, kept: number, more: boolean][] = [
    [50, 10, 50, false],
    [51, 10, 50, true],
    // 65,536 characters: the message that crosses the border is kept, the one before it is not.
    [8, 16_384, 4, true],
    [8, 16_383, 5, true],
    [1, 200_000, 1, false],
    [2, 200_000, 1, true],
  ];
  for (const [count, characters, length, more] of rows) {
    const player = told();
    const history = Array.from(
      { length: count },
      (_, at) => message(at + 1, "assistant", "x".repeat(characters)),
    );
    player.hear(events.history(history));
    const found = kept(player).history;
    assert.deepEqual([found.history.length, found.more], [length, more], `${count} of ${characters}`);
    assert.equal(found.history.at(-1)?.id, count);
  }
});

Deno.test("nothing is kept of a story elsewhere, of none, or of one that cannot be drawn at once", () => {
  const elsewhere = openStory({ whose: "wss://story.example/ws/rpc" });
  elsewhere.hear(events.history(HISTORY));
  assert.equal(lastPageOf(elsewhere.model()), null);
  assert.equal(lastPageOf(createPlayer().model()), null);
  const empty = told();
  empty.hear(events.history([]));
  assert.equal(lastPageOf(empty.model()), null);
  const huge = told();
  huge.hear(events.history([message(1, "assistant", "x".repeat(200_001))]));
  assert.equal(lastPageOf(huge.model()), null);
});

Deno.test("a start message that is still being told is kept; a reply that is not finished is the brain's to keep", () => {
  const telling = openStory();
  telling.press("ctrl+t");
  telling.press("esc");
  telling.type("/session new");
  telling.press("enter");
  telling.hear(events.history([message(1, "assistant", "The fog. ".repeat(100))]));
  assert.equal(telling.model().transcript.messages.length, 0);
  assert.deepEqual(kept(telling).history.history.map(({ id }) => id), [1]);
  const writing = told();
  writing.hear(events.chunk("A bell", { message_id: 4, parent_id: 3, offset: 0 }));
  assert.deepEqual(kept(writing).history.history.map(({ id }) => id), [1, 2, 3]);
});
