import assert from "node:assert/strict";
import { type Embedder, EmbedError, hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { openIndexer } from "../../../brain/memory/indexer.ts";
import { rememberMessage, rememberMissing } from "../../../brain/memory/remember.ts";
import type { Database } from "../../../brain/store/database.ts";
import { syncLore } from "../../../brain/store/lore.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { deleteSession } from "../../../brain/store/sessions.ts";
import { unembedded } from "../../../brain/store/vectors.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

function story(db: Database, lines: string[], id = "story"): number[] {
  const ids = tellAll(db, aSession({ id }), lines);
  for (const message of ids) rememberMessage(db, "ann", id, getMessage(db, "ann", message)!);
  return ids;
}

/** The deterministic twin, which keeps what it was asked for. */
function listening(
  model = "twin",
  fail: (texts: string[]) => boolean = () => false,
): Embedder & { asked: string[] } {
  const twin = hashingEmbedder(16);
  const asked: string[] = [];
  return {
    model,
    dimension: 16,
    asked,
    embed(texts) {
      if (fail(texts)) return Promise.reject(new Error("no vectors today"));
      asked.push(...texts);
      return twin.embed(texts);
    },
    close() {},
  };
}

async function embedAll(db: Database, embedder: Embedder): Promise<void> {
  const indexer = openIndexer(db, embedder, { pause_ms: 0 });
  indexer.kick();
  await indexer.idle();
  await indexer.close();
}

const count = (db: Database, model = "twin") =>
  db.get<{ n: number }>("SELECT count(*) AS n FROM vectors WHERE model = ?", model)!.n;

Deno.test("every text is embedded once, whoever says it and however often the queue runs", async () => {
  await withDatabase(async (db) => {
    story(db, ["Yes.", "The bell rings.", "Yes."]);
    syncLore(db, "marsh", [{ heading: "Eels", text: "Eels are money.", known_to: "" }]);
    const embedder = listening();
    await embedAll(db, embedder);
    assert.deepEqual(embedder.asked, ["Yes.", "The bell rings.", "Eels: Eels are money."]);
    await embedAll(db, embedder);
    assert.equal(embedder.asked.length, 3);
    story(db, ["Yes.", "Fog."], "second");
    await embedAll(db, embedder);
    assert.deepEqual(embedder.asked.slice(3), ["Fog."]);
    assert.deepEqual(
      db.get("SELECT dimension, octet_length(vector) AS bytes FROM vectors LIMIT 1"),
      { dimension: 16, bytes: 64 },
    );
  });
});

Deno.test("a queue that failed, or was closed half way, goes on where it was", async () => {
  await withDatabase(async (db) => {
    story(db, Array.from({ length: 40 }, (_, i) => `Line ${i}.`));
    const failures: unknown[] = [];
    let calls = 0;
    const flaky = listening("twin", () => ++calls === 2);
    const indexer = openIndexer(db, flaky, { pause_ms: 0, failed: (error) => failures.push(error) });
    indexer.kick();
    await indexer.idle();
    assert.equal(failures.length, 1);
    assert.equal(count(db), 16);
    indexer.kick();
    await indexer.idle();
    assert.equal(count(db), 40);
    assert.equal(flaky.asked.length, 40);
    await indexer.close();

    story(db, Array.from({ length: 40 }, (_, i) => `More ${i}.`), "second");
    const stopped = openIndexer(db, listening(), { pause_ms: 0, stored: () => void stopped.close() });
    stopped.kick();
    await stopped.idle();
    stopped.kick();
    await stopped.idle();
    assert.equal(count(db), 56);
    await embedAll(db, listening());
    assert.equal(count(db), 80);
  });
});

Deno.test("another model embeds all anew; the old vectors serve nobody and go when it is done", async () => {
  await withDatabase(async (db) => {
    story(db, ["The bell rings.", "Fog."]);
    await embedAll(db, listening());
    const other = listening("other");
    let during = -1;
    const indexer = openIndexer(db, other, { pause_ms: 0, stored: () => during = count(db) });
    indexer.kick();
    await indexer.idle();
    await indexer.close();
    assert.deepEqual([during, count(db), count(db, "other")], [2, 0, 2]);
  });
});

Deno.test("a vector goes with the last unit of its text", async () => {
  await withDatabase(async (db) => {
    const [id] = story(db, ["Yes.", "The bell rings."]);
    story(db, ["Yes."], "second");
    syncLore(db, "marsh", [{ heading: "", text: "Eels are money.", known_to: "" }]);
    const embedder = listening();
    await embedAll(db, embedder);
    assert.equal(count(db), 3);
    rememberMessage(db, "ann", "story", { id, role: "user", content: "No.", status: "complete" });
    assert.equal(count(db), 3);
    deleteSession(db, "ann", "second");
    assert.equal(count(db), 2);
    deleteSession(db, "ann", "story");
    assert.equal(count(db), 1);
    syncLore(db, "marsh", []);
    assert.equal(count(db), 0);
  });
});

Deno.test("closed on the way to another model, it leaves the old vectors where they are", async () => {
  await withDatabase(async (db) => {
    story(db, ["One.", "Two."]);
    await embedAll(db, listening("old"));
    const twin = listening("new");
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const indexer = openIndexer(db, {
      ...twin,
      async embed(texts) {
        asked.resolve();
        await answer.promise;
        return await twin.embed(texts);
      },
    }, { pause_ms: 0 });
    indexer.kick();
    await asked.promise;
    const closing = indexer.close();
    answer.resolve();
    await closing;
    assert.deepEqual([count(db, "old"), count(db, "new")], [2, 0]);
  });
});

Deno.test("a text that is refused keeps no other from its vector; an endpoint that refuses three in a row is left alone", async () => {
  await withDatabase(async (db) => {
    story(db, ["One.", "Far too long.", "Three.", "Far too long, too.", "Five."]);
    const twin = listening();
    const asked: number[] = [];
    const choosy = (refuses: (text: string) => boolean): Embedder => ({
      ...twin,
      embed(texts) {
        asked.push(texts.length);
        return texts.some(refuses)
          ? Promise.reject(new EmbedError("refused", "input is too large"))
          : twin.embed(texts);
      },
    });
    const run = async (embedder: Embedder) => {
      const errors: unknown[] = [];
      const indexer = openIndexer(db, embedder, { pause_ms: 0, failed: (error) => errors.push(error) });
      for (let kicks = 0; kicks < 2; kicks++) {
        indexer.kick();
        await indexer.idle();
      }
      await indexer.close();
      return errors.length;
    };
    assert.equal(await run(choosy(() => true)), 2);
    assert.deepEqual(asked.splice(0), [5, 1, 1, 1, 5, 1]);
    assert.equal(await run(choosy((text) => text.startsWith("Far"))), 0);
    // The second kick finds nothing new.
    assert.deepEqual(asked, [5, 1, 1, 1, 1, 1]);
    assert.deepEqual(twin.asked, ["One.", "Three.", "Five."]);
    assert.equal(count(db), 3);
  });
});

Deno.test("units from before there were vectors are named at the start, and embedded", async () => {
  await withDatabase(async (db) => {
    story(db, ["The bell rings."]);
    db.run("UPDATE memory_units SET hash = ''");
    assert.deepEqual(unembedded(db, "memory", "twin", 0).texts, []);
    rememberMissing(db, () => null, 0);
    const embedder = listening();
    await embedAll(db, embedder);
    assert.deepEqual(embedder.asked, ["The bell rings."]);
  });
});

Deno.test("the look for texts goes on from id to id and ends", async () => {
  await withDatabase((db) => {
    assert.deepEqual(unembedded(db, "memory", "twin", 0), { texts: [], up_to: 0, done: true });
    story(db, ["One.", "Two."]);
    assert.deepEqual(unembedded(db, "memory", "twin", 1).texts.map(({ text }) => text), ["Two."]);
    assert.deepEqual(unembedded(db, "memory", "twin", 2), { texts: [], up_to: 2, done: true });
    db.run("UPDATE memory_units SET id = 5000 WHERE id = 2");
    const first = unembedded(db, "memory", "twin", 0);
    assert.deepEqual([first.texts.length, first.up_to, first.done], [1, 2000, false]);
    const last = unembedded(db, "memory", "twin", 4000);
    assert.deepEqual([last.texts.length, last.up_to, last.done], [1, 5000, true]);
  });
});

Deno.test("a backlog is told in texts, its end too; a turn's texts are not, nor is anything without an embedder", async () => {
  await withDatabase(async (db) => {
    const told: [number, number][] = [];
    const run = async (embedder: Embedder) => {
      const indexer = openIndexer(db, embedder, {
        pause_ms: 0,
        progress: (done, total) => void told.push([done, total]),
      });
      indexer.kick();
      await indexer.idle();
      await indexer.close();
      return told.splice(0);
    };
    story(db, Array.from({ length: 63 }, (_, i) => `Page ${i}.`));
    assert.deepEqual(await run(listening("twin", () => true)), []);
    assert.deepEqual(await run(listening()), []);
    story(db, Array.from({ length: 100 }, (_, i) => `Leaf ${i}.`), "second");
    syncLore(db, "marsh", [{ heading: "Eels", text: "Eels are money.", known_to: "" }]);
    assert.deepEqual(await run(listening()), [[64, 101], [80, 101], [96, 101], [100, 101], [101, 101]]);
    // It fails in the middle: over for now all the same.
    story(db, Array.from({ length: 90 }, (_, i) => `Sheet ${i}.`), "third");
    let asked = 0;
    assert.deepEqual(await run(listening("twin", () => ++asked === 6)), [[64, 90], [80, 90], [90, 90]]);
  });
});

Deno.test("what comes while the queue runs is embedded in the same run", async () => {
  await withDatabase(async (db) => {
    story(db, ["The bell rings."]);
    const plain = listening();
    let later = () => {};
    const embedder: Embedder & { asked: string[] } = {
      ...plain,
      async embed(texts) {
        const vectors = await plain.embed(texts);
        later();
        return vectors;
      },
    };
    const indexer = openIndexer(db, embedder, { pause_ms: 0 });
    // Both kinds are read through when the last text has its vector: what comes then is behind both.
    syncLore(db, "marsh", [{ heading: "", text: "Eels are money.", known_to: "" }]);
    later = () => {
      if (plain.asked.length < 2) return;
      later = () => {};
      story(db, ["Fog comes in."], "second");
      indexer.kick();
    };
    indexer.kick();
    await indexer.idle();
    assert.deepEqual(plain.asked, ["The bell rings.", "Eels are money.", "Fog comes in."]);
    await indexer.close();
  });
});
