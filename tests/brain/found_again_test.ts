/** What comes back of earlier evenings: stories found by their words, feet of replies in the history. */

import assert from "node:assert/strict";
import { recalledCounts, savePrompt } from "../../brain/store/prompts.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { createSession, searchStories, summariesOf, updateSession } from "../../brain/store/sessions.ts";
import { getState } from "../../brain/store/players.ts";
import { aSession, withDatabase } from "../support/stories.ts";
import { fakeBrain, onStage, says } from "../support/brain_fakes.ts";
import type { Database } from "../../brain/store/database.ts";

function tellIn(db: Database, session_id: string, content: string): number {
  return addMessage(db, "ann", session_id, {
    parent_id: null,
    role: "assistant",
    content,
    status: "complete",
    model: "",
    tokens: 1,
    created_ms: 1,
  }).id;
}

Deno.test("stories are found by words that one message holds, in any branch, the last used first", async () => {
  await withDatabase((db) => {
    for (const id of ["one", "two", "three"]) createSession(db, aSession({ id }));
    tellIn(db, "one", "The silver key is in the clay duck.");
    tellIn(db, "one", "The key turns. Silver light.");
    tellIn(db, "two", "A silver spoon.");
    tellIn(db, "two", "A key of brass.");
    tellIn(db, "three", "Élodie hid 100 % of the SILVER under the key_stone.");
    updateSession(db, "ann", "one", { last_used_ms: 5 });
    const found = (words: string[], player = "ann") => [...searchStories(db, player, words)].flat();
    const ids = (words: string[]) => found(words).map(({ session_id }) => session_id).toSorted();
    assert.deepEqual(ids(["silver", "key"]), ["one", "three"]);
    assert.equal(
      found(["silver", "key"]).find(({ session_id }) => session_id === "one")?.content,
      "The key turns. Silver light.",
    );
    assert.deepEqual(summariesOf(db, "ann", ids(["silver", "key"])).map(({ session }) => session.id), [
      "one",
      "three",
    ]);
    assert.deepEqual(summariesOf(db, "ann", []), []);
    assert.deepEqual(ids(["élodie"]), ["three"]);
    assert.deepEqual(ids(["100 %"]), ["three"]);
    assert.deepEqual(ids(["%"]), ["three"]);
    assert.deepEqual(ids(["y_s"]), ["three"]);
    assert.deepEqual(ids(["eel"]), []);
    assert.deepEqual(ids([]), []);
    assert.equal(found(["key"]).length, 3);
    assert.deepEqual(found(["key"], "ben"), []);
  });
});

Deno.test("a long search goes in steps, newest first, and each story is found once, by its newest message", async () => {
  await withDatabase((db) => {
    for (const id of ["old", "young", "both"]) createSession(db, aSession({ id }));
    db.transaction(() => {
      tellIn(db, "old", "A silver key, the first.");
      tellIn(db, "both", "A silver key, early.");
      for (let i = 0; i < 2_200; i++) tellIn(db, i % 2 === 0 ? "old" : "both", "Rain.");
      tellIn(db, "both", "A silver key, late.");
      tellIn(db, "young", "A silver key, the last.");
    });
    const steps = [...searchStories(db, "ann", ["silver", "key"])];
    assert.equal(steps.length, 3);
    assert.deepEqual(steps.map((hits) => hits.map(({ content }) => content).toSorted()), [
      ["A silver key, late.", "A silver key, the last."],
      [],
      ["A silver key, the first."],
    ]);
  });
});

Deno.test("a search of ten thousand messages lets others in between", async () => {
  const fake = fakeBrain({});
  try {
    await onStage(fake);
    const id = fake.face.last("sync_state").metadata.session_id;
    fake.deps.db.transaction(() => {
      for (let i = 0; i < 10_000; i++) {
        addMessage(fake.deps.db, "local", id, {
          parent_id: null,
          role: "assistant",
          content: `The tide turns over the mud, page ${i}. ${"Nobody says a word about it. ".repeat(10)}`,
          status: "complete",
          model: "",
          tokens: 1,
          created_ms: i,
        });
      }
    });
    let turns = 0;
    const other = setInterval(() => turns++, 0);
    await fake.say("/session search nothing of the kind");
    clearInterval(other);
    assert.match(fake.face.notices().at(-1) ?? "", /^No story holds/);
    assert.ok(turns >= 5, `others were let in ${turns} times`);
  } finally {
    await fake.close();
  }
});

Deno.test("pieces are counted by kind, for the player's own replies alone", async () => {
  await withDatabase((db) => {
    createSession(db, aSession({ id: "one" }));
    const [first, second, third] = ["a", "b", "c"].map((text) => tellIn(db, "one", text));
    const recalled = [{ kind: "lore" }, { kind: "memory" }, { kind: "fact" }];
    savePrompt(db, first, { why: { recalled } });
    savePrompt(db, second, { why: { recalled: [] } });
    savePrompt(db, third, { why: { recalled: recalled.slice(0, 1) } });
    assert.deepEqual(recalledCounts(db, "ann", [first, second, third]), [
      { message_id: first, lore: 1, memories: 2 },
      { message_id: third, lore: 1, memories: 0 },
    ]);
    assert.deepEqual(recalledCounts(db, "ann", [second]), []);
    assert.deepEqual(recalledCounts(db, "ann", []), []);
    assert.deepEqual(recalledCounts(db, "ben", [first]), []);
  });
});

Deno.test("/session search names the story and quotes the place; nothing found is said", async () => {
  const fake = fakeBrain({});
  try {
    await onStage(fake);
    const before = "Long before that, and longer before this, somebody had said to nobody that ";
    fake.scripts.push(says(`${before}the tin whistle lies under the third stair.`));
    await fake.turn("I look.");
    fake.face.forget();
    await fake.say("/session search tin whistle");
    const { content, metadata } = fake.face.last("system_update");
    assert.equal(metadata.found?.length, 1);
    assert.equal(
      metadata.found?.[0].quote,
      "…to nobody that the tin whistle lies under the third stair.",
    );
    assert.match(content, /I look/);
    const { session_id, story } = metadata.found?.[0] ?? {};
    assert.deepEqual([session_id, story?.title, story?.world_id, story?.turns], [
      getState(fake.deps.db, "local").session_id,
      "I look.",
      "marsh",
      1,
    ]);
    await fake.say("/session search before");
    assert.equal(
      fake.face.last("system_update").metadata.found?.[0].quote,
      "Long before that, and longer before this, somebody had said to nobody that the tin whistle lies…",
    );
    await fake.say("/session search brass whistle");
    assert.deepEqual(fake.face.last("system_update").metadata.found, []);
    assert.match(fake.face.last("system_update").content, /^No story holds "brass whistle"/);
    const many = Array.from({ length: 2000 }, (_, at) => `é${at}`).join(" ");
    await fake.say(`/session search ${many}`);
    assert.match(fake.face.last("system_update").content, /^No story holds "é0 é1/);
    await fake.say("/session search");
    assert.match(fake.face.last("system_update").content, /^✗ Which words/);
  } finally {
    await fake.close();
  }
});

Deno.test("a story that is gone on with is the one used last", async () => {
  const fake = fakeBrain({});
  try {
    await onStage(fake);
    const first = getState(fake.deps.db, "local").session_id;
    await fake.say("/session new");
    const listed = () =>
      fake.face.of("sync_state").findLast(({ metadata }) => metadata.available_sessions !== null)?.metadata
        .available_sessions?.map(({ id }) => id);
    assert.equal(listed()?.[1], first);
    await fake.say(`/session continue ${first}`);
    assert.equal(listed()?.[0], first);
  } finally {
    await fake.close();
  }
});
