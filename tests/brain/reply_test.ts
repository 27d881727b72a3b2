/** A growing reply: what is shown, what is saved when, how fast it came, where it must end. */

import assert from "node:assert/strict";
import { cutToBytes, GrowingReply } from "../../brain/reply.ts";
import { StoreError } from "../../brain/store/store_error.ts";
import { addMessage, getMessage } from "../../brain/store/messages.ts";
import { createSession } from "../../brain/store/sessions.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocol.ts";
import { type FakeBrain, fakeBrain } from "../support/brain_fakes.ts";

const SESSION = {
  id: "0123456789ab",
  player_id: "local",
  world_id: "marsh",
  character_id: "smith",
  model: "fake/one",
  title: "",
  leaf_id: null,
  created_ms: 1,
  last_used_ms: 1,
};

/** A reply in a store, with `content` in it already. */
async function withReply(
  run: (fake: FakeBrain, reply: GrowingReply, stored: () => string) => void,
  content = "",
  max_reply_bytes = 1000,
): Promise<void> {
  const fake = fakeBrain({ config: { max_reply_bytes } });
  createSession(fake.deps.db, SESSION);
  const message = addMessage(fake.deps.db, "local", SESSION.id, {
    parent_id: null,
    role: "assistant",
    content,
    status: "writing",
    model: "fake/one",
    tokens: 0,
    created_ms: 1,
  });
  const stored = () => getMessage(fake.deps.db, "local", message.id)?.content ?? "";
  try {
    run(fake, new GrowingReply(fake.deps, "local", message), stored);
  } finally {
    await fake.close();
  }
}

Deno.test("a piece is saved with the first that comes 200 ms after the last save", () =>
  withReply((fake, reply, stored) => {
    const rows: [number, string, string][] = [
      [0, "a", ""],
      [199, "b", ""],
      [1, "c", "abc"],
      [199, "d", "abc"],
      [1, "e", "abcde"],
    ];
    for (const [wait_ms, piece, expected] of rows) {
      fake.clock.now += wait_ms;
      reply.grow(piece);
      assert.equal(stored(), expected, piece);
      assert.equal(reply.unsaved, expected !== reply.text);
    }
    assert.equal(reply.save_in_ms, 200);
    fake.clock.now += 150;
    assert.equal(reply.save_in_ms, 50);
    fake.clock.now += 500;
    assert.equal(reply.save_in_ms, 0);
  }));

Deno.test("a clock that went back saves at once and then waits as before", () =>
  withReply((fake, reply, stored) => {
    fake.clock.now -= 60_000;
    reply.grow("a");
    assert.equal(stored(), "a");
    reply.grow("b");
    assert.equal(stored(), "a");
    fake.clock.now -= 1;
    assert.equal(reply.save_in_ms, 200);
  }));

Deno.test("the speed is tokens from the first to the last piece, to two places; nothing before there are two moments", () =>
  withReply((fake, reply) => {
    assert.equal(reply.speed, 0);
    fake.clock.now += 700;
    reply.grow("one two three four ");
    assert.deepEqual([reply.first_token_ms, reply.speed], [700, 0]);
    const first = reply.tokens;
    assert.ok(first > 0);
    fake.clock.now += 3000;
    reply.grow("five six seven eight ");
    assert.equal(reply.speed, Math.round(reply.tokens / 3 * 100) / 100);
    assert.ok(reply.tokens > first);
    assert.equal(reply.first_token_ms, 700);
    fake.clock.now += 10_000;
    assert.equal(reply.speed, Math.round(reply.tokens / 3 * 100) / 100);
  }));

Deno.test("a restart forgets what this turn told and keeps what stood there before", () =>
  withReply((fake, reply, stored) => {
    fake.clock.now += 300;
    reply.grow(" thoughts");
    assert.equal(stored(), "Begun. thoughts");
    reply.restart();
    assert.deepEqual([reply.text, reply.tokens, reply.speed], ["Begun.", 0, 0]);
    assert.equal(reply.grow(" Story."), " Story.");
    reply.finish("complete", null);
    assert.equal(stored(), "Begun. Story.");
  }, "Begun."));

Deno.test("what stood there before counts for the limit, and a restart gives the room back", () =>
  withReply(
    (_fake, reply) => {
      assert.equal(reply.grow("12345"), "12345");
      assert.equal(reply.full, false);
      reply.restart();
      assert.equal(reply.grow("123456"), "12345");
      assert.equal(reply.full, true);
      assert.equal(reply.grow("7"), "");
      assert.equal(reply.text, "abcde12345");
    },
    "abcde",
    10,
  ));

Deno.test("a reply stays below half a frame, whatever max_reply_bytes says: its record must reach every face", () =>
  withReply(
    (_fake, reply) => {
      reply.grow("a".repeat(3 * 1024 * 1024));
      assert.deepEqual([reply.text.length, reply.full], [MAX_FRAME_BYTES / 2, true]);
    },
    "",
    64 * 1024 * 1024,
  ));

Deno.test("a locked database is waited for; any other failure is told", () =>
  withReply((fake, reply, stored) => {
    let failure: StoreError | null = new StoreError("locked", "Another program holds the stories.");
    const { transaction } = fake.deps.db;
    fake.deps.db.transaction = (fn) => {
      if (failure) throw failure;
      return transaction(fn);
    };
    fake.clock.now += 200;
    reply.grow("a");
    assert.deepEqual([stored(), reply.unsaved, reply.text], ["", true, "a"]);
    assert.match(fake.logs.join(), /warn reply \d+ could not be saved yet/);
    failure = null;
    fake.clock.now += 200;
    reply.grow("b");
    assert.deepEqual([stored(), reply.unsaved], ["ab", false]);
    failure = new StoreError("full", "The disk is full.");
    fake.clock.now += 200;
    assert.throws(() => reply.grow("c"), failure);
    failure = null;
  }));

Deno.test("a text is cut at the last whole character that fits into its bytes", () => {
  const rows: [string, number, string][] = [
    ["abc", 3, "abc"],
    ["abc", 2, "ab"],
    ["abc", 100, "abc"],
    ["é", 2, "é"],
    ["é", 1, ""],
    ["aé", 3, "aé"],
    ["aéb", 3, "aé"],
    ["🌸x", 3, ""],
    ["🌸x", 4, "🌸"],
    ["日本", 5, "日"],
    ["a", 0, ""],
    ["a", -4, ""],
  ];
  for (const [text, room, fitting] of rows) {
    assert.equal(cutToBytes(text, room), fitting, `${text} in ${room}`);
  }
});
