import assert from "node:assert/strict";
import { type Embedder, hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { openIndexer } from "../../../brain/memory/indexer.ts";
import { openRecall, type RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { ExactIndex } from "../../../brain/memory/vectors.ts";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { syncLore } from "../../../brain/store/lore.ts";
import { saveMemory } from "../../../brain/store/memories.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { nameTexts, saveVectors } from "../../../brain/store/vectors.ts";
import { aSession, tellAll, withDatabase, withPath } from "../../support/stories.ts";

const PATIENCE_MS = 20_000;
const memory = { kind: "memory", player_id: "ann", session_id: "story" } as const;
const lore = { kind: "lore", player_id: "ann", world_id: "marsh" } as const;

function give(db: Database, vectors: Record<string, number[]>, model = "m"): void {
  const units = db.all<{ hash: string; text: string }>(
    "SELECT hash, text FROM memory_units UNION SELECT hash, text FROM lore_units",
  );
  const made = units.filter(({ text }) => text in vectors).map(({ hash, text }) => ({
    hash,
    vector: Float32Array.from(vectors[text]),
  }));
  saveVectors(db, model, made);
}

function remembered(db: Database, ids: number[], session_id = "story"): void {
  for (const id of ids) rememberMessage(db, "ann", session_id, getMessage(db, "ann", id)!);
}

Deno.test("the nearest units of a scope come first, of one model, of nobody else", async () => {
  await withDatabase((db) => {
    remembered(db, tellAll(db, aSession(), ["One.", "Two.", "Three."]));
    remembered(db, tellAll(db, aSession({ id: "second" }), ["Four."]), "second");
    syncLore(db, "marsh", [{ heading: "", text: "Five.", known_to: "" }]);
    const vectors = {
      "One.": [1, 0],
      "Two.": [0.6, 0.8],
      "Three.": [0, 1],
      "Four.": [1, 0],
      "Five.": [0, 1],
    };
    give(db, vectors);
    give(db, { "Three.": [1, 0] }, "other");
    const index = new ExactIndex();
    const near = (x: number, y: number, limit = 9) =>
      index.near(db, memory, "m", Float32Array.from([x, y]), limit).map((hit) => [
        hit.unit_id,
        Math.round(hit.similarity * 100) / 100,
      ]);
    assert.deepEqual(near(1, 0), [[1, 1], [2, 0.6], [3, 0]]);
    assert.deepEqual(near(0, 1, 2), [[3, 1], [2, 0.8]]);
    assert.deepEqual(index.near(db, memory, "other", Float32Array.from([1, 0]), 9), [{
      unit_id: 3,
      similarity: 1,
    }]);
    assert.deepEqual(index.near(db, lore, "m", Float32Array.from([0, 1]), 9), [{
      unit_id: 1,
      similarity: 1,
    }]);
    assert.deepEqual(index.near(db, { ...lore, world_id: "stair" }, "m", Float32Array.from([0, 1]), 9), []);
    assert.deepEqual(index.near(db, { ...memory, player_id: "ben" }, "m", Float32Array.from([0, 1]), 9), []);
    // A vector of another length is no vector of this model.
    assert.deepEqual(index.near(db, memory, "m", Float32Array.from([0, 1, 0]), 9), []);
  });
});

Deno.test("what is told, embedded or told anew later is seen at the next question", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["One.", "Two.", "Three."]);
    remembered(db, ids.slice(0, 2));
    give(db, { "One.": [1, 0] });
    const index = new ExactIndex();
    const units = () => index.near(db, memory, "m", Float32Array.from([1, 0]), 9).map((hit) => hit.unit_id);
    assert.deepEqual(units(), [1]);
    give(db, { "Two.": [0.6, 0.8] });
    assert.deepEqual(units(), [1, 2]);
    remembered(db, ids);
    assert.deepEqual(units(), [1, 2]);
    give(db, { "Three.": [0.8, 0.6] });
    assert.deepEqual(units(), [1, 3, 2]);
    saveMemory(db, "ann", { session_id: "story", id: ids[2], role: "user" }, ["Four."]);
    give(db, { "Four.": [0.9, 0.1] });
    assert.ok(units().includes(4));
  });
});

Deno.test("vectors that are read ahead, in pieces, are those that a question reads; several stories are kept", async () => {
  await withDatabase((db) => {
    const place = { player_id: "ann", session_id: "story", world_id: "marsh" };
    const index = new ExactIndex();
    // No vector of this model yet.
    assert.equal(index.readAhead(db, place, "m"), false);
    const [id] = tellAll(db, aSession(), ["One."]);
    const [other] = tellAll(db, aSession({ id: "second" }), ["Two."]);
    const texts = Array.from({ length: 4001 }, (_, i) => `Unit ${i}.`);
    saveMemory(db, "ann", { session_id: "story", id, role: "user" }, texts);
    saveMemory(db, "ann", { session_id: "second", id: other, role: "user" }, ["Two."]);
    syncLore(db, "marsh", [{ heading: "", text: "Lore.", known_to: "" }]);
    give(
      db,
      Object.fromEntries([...texts.map((text, i) => [text, [i === 4000 ? 1 : 0, 1]]), ["Two.", [1, 0]]]),
    );
    assert.equal(index.readAhead(db, place, "m"), true);
    assert.equal(index.readAhead(db, place, "m"), false);
    const ask = (scope: Parameters<ExactIndex["near"]>[1]) =>
      index.near(db, scope, "m", Float32Array.from([1, 0]), 1).map((hit) => hit.unit_id);
    assert.deepEqual(ask(memory), [4001]);
    assert.deepEqual(ask({ ...memory, session_id: "second" }), [4002]);
    assert.deepEqual(ask(memory), [4001]);
    assert.deepEqual(ask(lore), []);
    // Without having read ahead, all of it is read at the first question.
    assert.deepEqual(new ExactIndex().near(db, memory, "m", Float32Array.from([1, 0]), 1), [
      { unit_id: 4001, similarity: 1 },
    ]);
  });
});

Deno.test("a story and its world are read once, however large; what was asked about before them is forgotten", async () => {
  await withDatabase((db) => {
    remembered(db, tellAll(db, aSession(), ["One.", "Two."]));
    remembered(db, tellAll(db, aSession({ id: "second" }), ["Three."]), "second");
    syncLore(db, "marsh", [{ heading: "", text: "Four.", known_to: "" }]);
    const vectors = { "One.": [1, 0], "Two.": [0, 1], "Three.": [1, 0], "Four.": [0, 1] };
    give(db, vectors);
    const index = new ExactIndex(0);
    const ask = (scope: Parameters<ExactIndex["near"]>[1]) =>
      index.near(db, scope, "m", Float32Array.from([1, 0]), 9).length;
    assert.deepEqual([ask(lore), ask(memory)], [1, 2]);
    // What is in memory is not looked for in the record.
    db.run("DELETE FROM vectors");
    assert.deepEqual([ask(lore), ask(memory), ask(lore), ask(memory)], [1, 2, 1, 2]);
    give(db, vectors);
    assert.deepEqual([ask({ ...memory, session_id: "second" }), ask(memory)], [1, 2]);
    db.run("DELETE FROM vectors");
    assert.deepEqual([ask({ ...memory, session_id: "second" }), ask(lore)], [1, 0]);
  });
});

Deno.test("units from before there were vectors get the names of their texts, a few at a time", async () => {
  await withDatabase((db) => {
    remembered(db, tellAll(db, aSession(), ["One.", "Two.", "Three."]));
    const hashes = () =>
      db.all<{ hash: string }>("SELECT hash FROM memory_units ORDER BY id").map((row) => row.hash);
    const named = hashes();
    db.run("UPDATE memory_units SET hash = ''");
    assert.deepEqual([nameTexts(db, 2), nameTexts(db, 2), nameTexts(db, 2)], [2, 1, 0]);
    assert.deepEqual(hashes(), named);
  });
});

async function withStory(fn: (path: string, question: RecallQuestion) => Promise<void>): Promise<void> {
  await withPath(async (path) => {
    const db = openDatabase(path);
    try {
      const ids = tellAll(db, aSession(), [
        "I hide the brass lantern under the floor.",
        "A gull cries.",
        "I walk to the pier with the ferryman.",
        "Fog comes in.",
      ]);
      remembered(db, ids);
      const indexer = openIndexer(db, hashingEmbedder(), { pause_ms: 0 });
      indexer.kick();
      await indexer.idle();
      await indexer.close();
      await fn(path, {
        player_id: "ann",
        session_id: "story",
        world_id: "marsh",
        leaf_id: ids.at(-1)!,
        line: "Where is the brass lantern?",
        before: [],
        visible_ids: [],
        max_lore: 5,
        max_memories: 5,
      });
    } finally {
      db.close();
    }
  });
}

const never: Embedder = { ...hashingEmbedder(), embed: () => new Promise(() => {}) };

Deno.test("likeness goes into the answer when the line's vector is in time", async () => {
  await withStory(async (path, question) => {
    const recall = openRecall(path, { embedder: hashingEmbedder() });
    const { memories, late } = await recall.ask(question, PATIENCE_MS);
    assert.equal(late, undefined);
    assert.equal(memories[0].text, "I hide the brass lantern under the floor.");
    assert.ok(memories[0].split!.vectors > 0);
    await recall.close();
  });
});

Deno.test("without a vector in time the answer by words is taken, and says that it is not all", async () => {
  await withStory(async (path, question) => {
    const recall = openRecall(path, { embedder: never });
    // The thread's first answer takes as long as it takes to start.
    let found = await recall.ask(question, 500);
    for (let i = 0; i < 20 && found.memories.length === 0; i++) found = await recall.ask(question, 500);
    assert.equal(found.late, true);
    assert.equal(found.memories[0].text, "I hide the brass lantern under the floor.");
    assert.equal(found.memories[0].split!.vectors, undefined);
    await recall.close();
  });
});

Deno.test("an embedder that fails, and a line that asks for nothing, do not wait for the time to run out", async () => {
  await withStory(async (path, question) => {
    const failing: Embedder = { ...hashingEmbedder(), embed: () => Promise.reject(new Error("off")) };
    for (const [embedder, line] of [[failing, question.line], [never, "I nod."]] as const) {
      const recall = openRecall(path, { embedder });
      const found = await recall.ask({ ...question, line }, PATIENCE_MS);
      assert.equal(found.late, undefined);
      assert.equal(found.memories.length > 0, line === question.line);
      await recall.close();
    }
  });
});

Deno.test("an index elsewhere is asked for both kinds; when it rejects, the embedded one serves", async () => {
  await withStory(async (path, question) => {
    const scopes: string[] = [];
    const elsewhere = {
      near(scope: { kind: string }) {
        scopes.push(scope.kind);
        return Promise.resolve(scope.kind === "memory" ? [{ unit_id: 4, similarity: 0.9 }] : []);
      },
    };
    const away = openRecall(path, { embedder: hashingEmbedder(), elsewhere });
    const found = await away.ask(question, PATIENCE_MS);
    assert.deepEqual(scopes.sort(), ["lore", "memory"]);
    assert.ok(found.memories.find((hit) => hit.unit_id === 4)!.split!.vectors > 0);
    await away.close();
    const down = openRecall(path, {
      embedder: hashingEmbedder(),
      elsewhere: { near: () => Promise.reject(new Error("down")) },
    });
    const own = await down.ask(question, PATIENCE_MS);
    assert.ok(own.memories[0].split!.vectors > 0);
    await down.close();
  });
});
