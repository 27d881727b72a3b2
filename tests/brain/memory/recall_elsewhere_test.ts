import assert from "node:assert/strict";
import { chromaIndex } from "../../../brain/memory/chroma.ts";
import { hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { openRecall, type RecallOptions, type RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { openVectorSync } from "../../../brain/memory/vector_sync.ts";
import type { Near, VectorIndex, VectorScope } from "../../../brain/memory/vectors.ts";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { syncLore } from "../../../brain/store/lore.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { storeName } from "../../../brain/store/placed_units.ts";
import { saveVectors } from "../../../brain/store/vectors.ts";
import { chromaProgram, startChroma } from "../../support/chroma.ts";
import { aSession, tellAll, withPath } from "../../support/stories.ts";

const embedder = hashingEmbedder(64);
const MODEL = embedder.model;
const PATIENCE_MS = 20_000;

/** Ann's and Bob's stories say the same, and each one thing of their own. */
async function fill(db: Database): Promise<void> {
  for (const player_id of ["ann", "bob"]) {
    const session = aSession({ id: `of-${player_id}`, player_id });
    const ids = tellAll(db, session, [
      "I hide the drowned bell below the floor.",
      "Fog comes in over the reeds.",
      `I give ${player_id === "ann" ? "Maren" : "Tobias"} the lantern.`,
      "The lantern burns blue.",
      "I walk home.",
    ]);
    for (const id of ids) rememberMessage(db, player_id, session.id, getMessage(db, player_id, id)!);
  }
  syncLore(db, "marsh", [{ heading: "The bell", text: "The drowned bell rings under water.", known_to: "" }]);
  const units = db.all<{ hash: string; text: string }>(
    "SELECT hash, text FROM memory_units UNION SELECT hash, text FROM lore_units",
  );
  const vectors = await embedder.embed(units.map(({ text }) => text));
  saveVectors(db, MODEL, units.map(({ hash }, at) => ({ hash, vector: vectors[at] })));
}

function question(player_id: string, leaf_id: number, line: string): RecallQuestion {
  const session_id = `of-${player_id}`;
  return {
    player_id,
    session_id,
    world_id: "marsh",
    leaf_id,
    line,
    before: [],
    visible_ids: [],
    max_lore: 5,
    max_memories: 10,
  };
}

async function answers(path: string, options: RecallOptions, timeout_ms = PATIENCE_MS) {
  const recall = openRecall(path, options);
  try {
    const found = [];
    for (
      const asked of [
        question("ann", 5, "Who has the blue lantern now?"),
        question("bob", 10, "Where did I leave the drowned bell?"),
      ]
    ) {
      const { lore, memories, late } = await recall.ask(asked, timeout_ms);
      const round = (score: number) => Number(score.toFixed(4));
      const split = (parts: Record<string, number> = {}) =>
        Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, round(part)]));
      found.push({
        late,
        lore: lore.map((hit) => [hit.text, round(hit.score), split(hit.split)]),
        memories: memories.map((hit) => [hit.text, round(hit.score), split(hit.split)]),
      });
    }
    return found;
  } finally {
    await recall.close();
  }
}

function texts(found: Awaited<ReturnType<typeof answers>>): string {
  return JSON.stringify(found);
}

Deno.test({
  name: "recall through a real Chroma server ranks as the embedded index does, and mixes no two players",
  ignore: chromaProgram() === null,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
    const server = await startChroma(folder);
    try {
      await withPath(async (path) => {
        const db = openDatabase(path);
        await fill(db);
        const index = chromaIndex({
          url: server.url,
          tenant: "default_tenant",
          database: "default_database",
          token: "",
          store: storeName(db),
          model: MODEL,
        }, { near_ms: PATIENCE_MS });
        const asked: VectorScope[] = [];
        const found: Near[][] = [];
        const sync = openVectorSync(db, index, { model: MODEL, tell() {}, log() {}, now: () => 0 });
        await sync.settled();
        const elsewhere: Pick<VectorIndex, "near"> = {
          async near(scope, vector, limit) {
            asked.push(scope);
            const near = await sync.near(scope, vector, limit);
            found.push(near);
            return near;
          },
        };
        const there = await answers(path, { embedder, elsewhere });
        assert.deepEqual(asked, [
          { kind: "lore", player_id: "ann", world_id: "marsh" },
          { kind: "memory", player_id: "ann", session_id: "of-ann" },
          { kind: "lore", player_id: "bob", world_id: "marsh" },
          { kind: "memory", player_id: "bob", session_id: "of-bob" },
        ]);
        assert.equal(found.length, 4);
        assert.deepEqual(there, await answers(path, { embedder }));
        assert.notDeepEqual(there, await answers(path, {}));
        assert.ok(there.every(({ late, memories }) => late === undefined && memories.length > 0));
        const [ann, bob] = there.map((one) => texts([one]));
        assert.ok(!ann.includes("Tobias") && !bob.includes("Maren"), `${ann}\n${bob}`);
        await sync.close();
        db.close();
      });
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("an index elsewhere that fails is replaced by the embedded one, one that is too late by words", async () => {
  await withPath(async (path) => {
    const db = openDatabase(path);
    await fill(db);
    db.close();
    const embedded = await answers(path, { embedder });
    const failing = { near: () => Promise.reject(new Error("down")) };
    assert.deepEqual(await answers(path, { embedder, elsewhere: failing }), embedded);
    const words = await answers(path, {});
    const silent = { near: () => new Promise<Near[]>(() => {}) };
    let late: typeof words = [];
    // On a slow machine, or one that stands still, no word is in time either: then there is more time.
    for (let timeout_ms = 1500; timeout_ms < 30_000; timeout_ms *= 2) {
      late = await answers(path, { embedder, elsewhere: silent }, timeout_ms);
      if (late.every(({ memories }) => memories.length > 0)) break;
    }
    assert.deepEqual(late, words.map((one) => ({ ...one, late: true })));
  });
});

Deno.test("what the player's line means is asked for by that line alone, and of a bland line not at all", async () => {
  await withPath(async (path) => {
    const db = openDatabase(path);
    await fill(db);
    db.close();
    const asked: string[][] = [];
    const recall = openRecall(path, {
      embedder: {
        ...embedder,
        embed(texts) {
          asked.push([...texts]);
          return embedder.embed(texts);
        },
      },
    });
    try {
      const line = "Who has the blue lantern now?";
      const before = ["Fog comes in over the reeds.", "I wait."];
      assert.ok((await recall.ask({ ...question("ann", 5, line), before }, PATIENCE_MS)).memories.length > 0);
      for (const bland of ["I nod.", "Yes.", "I wait."]) {
        await recall.ask({ ...question("ann", 5, bland), before }, PATIENCE_MS);
      }
      assert.deepEqual(asked, [[line]]);
    } finally {
      await recall.close();
    }
  });
});
