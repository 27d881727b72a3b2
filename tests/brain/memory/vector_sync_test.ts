import assert from "node:assert/strict";
import { chromaIndex } from "../../../brain/memory/chroma.ts";
import { hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { compare } from "../../../brain/memory/vector_level.ts";
import { openVectorSync, type SyncOptions, type VectorSync } from "../../../brain/memory/vector_sync.ts";
import type { PlacedVector, UnitKind, VectorIndex, VectorScope } from "../../../brain/memory/vectors.ts";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { storeName } from "../../../brain/store/placed_units.ts";
import { deleteSession } from "../../../brain/store/sessions.ts";
import { chromaProgram, startChroma } from "../../support/chroma.ts";
import { aSession, tellAll, withDatabase, withPath } from "../../support/stories.ts";

const MODEL = "hashing";
const embedder = hashingEmbedder(32);
const SCOPE: VectorScope = { kind: "memory", player_id: "ann", session_id: "story" };

/** A story of three lines, and lore: of the world, and attached by Ann. */
function fill(db: Database, session = aSession()): void {
  const ids = tellAll(db, session, ["I hide the lantern.", "Fog comes in.", "I wait for the ferry."]);
  for (const id of ids) {
    rememberMessage(db, session.player_id, session.id, getMessage(db, session.player_id, id)!);
  }
  syncLore(db, "marsh", [{ heading: "The bell", text: "It rings under water.", known_to: "" }]);
  attachLore(db, "ann", "marsh", [{ heading: "", text: "Ida owes two eels.", known_to: "" }], "attached");
}

/** Makes the vectors that are lacking. */
async function embedAll(db: Database, model = MODEL): Promise<void> {
  const units = db.all<{ hash: string; text: string }>(
    "SELECT hash, text FROM memory_units UNION SELECT hash, text FROM lore_units",
  );
  const vectors = await embedder.embed(units.map(({ text }) => text));
  units.forEach(({ hash }, at) => {
    db.run(
      "INSERT OR IGNORE INTO vectors (hash, model, dimension, vector) VALUES (?, ?, 32, ?)",
      hash,
      model,
      new Uint8Array(vectors[at].buffer),
    );
  });
}

function recorded(db: Database, kind: UnitKind): Map<number, string> {
  const rows = db.all<{ id: number; hash: string }>(`SELECT id, hash FROM ${kind}_units ORDER BY id`);
  return new Map(rows.map(({ id, hash }) => [id, hash]));
}

interface FakeIndex extends VectorIndex {
  units: Record<UnitKind, Map<number, PlacedVector>>;
  /** Set: everything fails with it. */
  fault: (Error & { kind?: string }) | null;
  searches: VectorScope[];
  lists: number;
  /** Called before a `put` is taken in. */
  onPut: () => void;
}

function fakeIndex(): FakeIndex {
  const fake: FakeIndex = {
    units: { lore: new Map(), memory: new Map() },
    fault: null,
    searches: [],
    lists: 0,
    onPut() {},
    near(scope) {
      if (fake.fault) return Promise.reject(fake.fault);
      fake.searches.push(scope);
      return Promise.resolve([{ unit_id: 1, similarity: 0.5 }]);
    },
    list(kind) {
      if (fake.fault) return Promise.reject(fake.fault);
      fake.lists++;
      return Promise.resolve(
        new Map([...fake.units[kind].values()].map((unit) => [unit.unit_id, unit.hash])),
      );
    },
    put(kind, units) {
      if (fake.fault) return Promise.reject(fake.fault);
      fake.onPut();
      for (const unit of units) fake.units[kind].set(unit.unit_id, unit);
      return Promise.resolve();
    },
    remove(kind, ids) {
      if (fake.fault) return Promise.reject(fake.fault);
      for (const id of ids) fake.units[kind].delete(id);
      return Promise.resolve();
    },
    close() {},
  };
  return fake;
}

function hashes(fake: FakeIndex, kind: UnitKind): Map<number, string> {
  return new Map([...fake.units[kind].values()].map((unit) => [unit.unit_id, unit.hash]));
}

function options(told: string[], patch: Partial<SyncOptions> = {}): SyncOptions {
  return {
    model: MODEL,
    tell: (text) => void told.push(text),
    log() {},
    now: () => 0,
    look_ms: 3_600_000,
    retry_ms: [3_600_000],
    ...patch,
  };
}

async function withSync(
  test: (sync: VectorSync, fake: FakeIndex, db: Database, told: string[]) => Promise<void>,
  patch: Partial<SyncOptions> & { before?: (fake: FakeIndex, db: Database) => void } = {},
): Promise<void> {
  await withDatabase(async (db) => {
    fill(db);
    await embedAll(db);
    const fake = fakeIndex();
    patch.before?.(fake, db);
    const told: string[] = [];
    const sync = openVectorSync(db, fake, options(told, patch));
    try {
      await test(sync, fake, db, told);
    } finally {
      await sync.close();
    }
  });
}

/** Connections to the server that ended may be used, and fail, once more each; how many there are is the client's affair. */
async function comesUp(sync: VectorSync): Promise<void> {
  const from = performance.now();
  while (performance.now() - from < 20_000) {
    await sync.settled();
    if (sync.condition() === "") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(sync.condition(), "");
}

const late = () => Object.assign(new Error("no answer within 80 ms"), { kind: "late" });

Deno.test("the index comes to hold what the record holds, each unit with its owner", async () => {
  await withSync(async (sync, fake, db, told) => {
    await sync.settled();
    assert.deepEqual(hashes(fake, "memory"), recorded(db, "memory"));
    assert.deepEqual(hashes(fake, "lore"), recorded(db, "lore"));
    assert.equal(fake.units.memory.size, 3);
    const lore = [...fake.units.lore.values()].map(({ player_id, world_id, session_id }) => [
      player_id,
      world_id,
      session_id,
    ]);
    assert.deepEqual(lore, [["", "marsh", ""], ["ann", "marsh", ""]]);
    const first = [...fake.units.memory.values()][0];
    assert.deepEqual([first.player_id, first.world_id, first.session_id], ["ann", "marsh", "story"]);
    assert.deepEqual(first.vector, (await embedder.embed(["I hide the lantern."]))[0]);
    assert.deepEqual([told, sync.condition()], [[], ""]);
  });
});

Deno.test("what the index has and the record has not goes; what is of another text is replaced", async () => {
  const stale = (unit_id: number): PlacedVector => ({
    unit_id,
    player_id: "bob",
    world_id: "stair",
    session_id: "old",
    hash: "stale",
    vector: new Float32Array(32),
  });
  const before = (fake: FakeIndex) => {
    for (const id of [1, 77, 78]) fake.units.memory.set(id, stale(id));
    fake.units.lore.set(90, stale(90));
  };
  await withSync(async (sync, fake, db) => {
    await sync.settled();
    assert.deepEqual(hashes(fake, "memory"), recorded(db, "memory"));
    assert.deepEqual(hashes(fake, "lore"), recorded(db, "lore"));
    assert.equal(fake.units.memory.get(1)?.player_id, "ann");
  }, { before });
});

Deno.test("units without a vector wait; one that is there with another text goes at once", async () => {
  const before = (fake: FakeIndex, db: Database) => {
    db.run("DELETE FROM vectors WHERE hash IN (SELECT hash FROM memory_units WHERE id = 1)");
    fake.units.memory.set(1, {
      unit_id: 1,
      player_id: "ann",
      world_id: "marsh",
      session_id: "story",
      hash: "stale",
      vector: new Float32Array(32),
    });
  };
  await withSync(async (sync, fake, db) => {
    await sync.settled();
    assert.deepEqual([...fake.units.memory.keys()], [2, 3]);
    await embedAll(db);
    await sync.settled();
    assert.deepEqual([...fake.units.memory.keys()].sort(), [1, 2, 3]);
  }, { before });
});

Deno.test("vectors of another model are not sent", async () => {
  await withSync(async (sync, fake) => {
    await sync.settled();
    assert.deepEqual([fake.units.memory.size, fake.units.lore.size], [0, 0]);
  }, { model: "another" });
});

Deno.test("while vectors are made, a poke looks no further than they can be", async () => {
  await withDatabase(async (db) => {
    tellAll(db, aSession(), ["One.", "Two."]);
    const unit = `INSERT INTO memory_units (player_id, session_id, message_id, role, text, hash)
      VALUES ('ann', 'story', 1, 'user', ?, ?)`;
    db.transaction(() => {
      for (let at = 1; at <= 5000; at++) db.run(unit, `unit ${at}`, `h${at}`);
    });
    const vector = new Uint8Array(new Float32Array(32).fill(0.1).buffer);
    const embed = (from: number, to: number) => {
      for (let at = from; at <= to; at++) {
        db.run(
          "INSERT INTO vectors (hash, model, dimension, vector) VALUES (?, ?, 32, ?)",
          `h${at}`,
          MODEL,
          vector,
        );
      }
    };
    embed(1, 10);
    const first = await compare(db, "memory", new Map(), MODEL);
    assert.deepEqual([first.missing.length, first.waiting.length, first.complete_to], [10, 4990, 10]);
    embed(11, 30);
    const next = await compare(db, "memory", new Map(), MODEL, first.complete_to);
    assert.deepEqual([next.missing.length, next.complete_to], [20, 30]);
    // Units 11 to 2010, and the page after them, in which nothing is ready.
    assert.equal(next.waiting.length, 1980 + 2000);
    embed(31, 5000);
    const fake = fakeIndex();
    const sync = openVectorSync(db, fake, options([]));
    await sync.settled();
    assert.equal(fake.units.memory.size, 5000);
    await sync.close();
  });
});

Deno.test("the first look waits for what it is told to", async () => {
  const ready = Promise.withResolvers<void>();
  await withSync(async (sync, fake) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(fake.lists, 0);
    ready.resolve();
    await sync.settled();
    assert.equal(fake.lists, 2);
  }, { after: ready.promise });
});

Deno.test("a session that is deleted leaves the index without being asked to", async () => {
  await withSync(async (sync, fake, db) => {
    await sync.settled();
    const gone = Promise.withResolvers<void>();
    const remove = fake.remove;
    fake.remove = (kind, ids) => remove(kind, ids).then(gone.resolve);
    deleteSession(db, "ann", "story");
    await gone.promise;
    assert.deepEqual([fake.units.memory.size, fake.units.lore.size], [0, 2]);
  }, { look_ms: 5 });
});

Deno.test("what is deleted while it is being sent does not stay behind", async () => {
  await withSync(async (sync, fake) => {
    await sync.settled();
    assert.deepEqual([fake.units.memory.size, fake.units.lore.size], [0, 2]);
  }, {
    before(fake, db) {
      fake.onPut = () => void deleteSession(db, "ann", "story");
    },
  });
});

Deno.test("down from the start: told once, searches are refused at once, and it is caught up when it is back", async () => {
  const logged: string[] = [];
  await withSync(async (sync, fake, db, told) => {
    await sync.settled();
    const sentence = "Chroma: h:1 cannot be reached. Memory goes on with the vectors in the database.";
    assert.deepEqual([told, sync.condition()], [[`✗ ${sentence}`], sentence]);
    await assert.rejects(sync.near(SCOPE, new Float32Array(32), 5), /h:1 cannot be reached/);
    assert.deepEqual(fake.searches, []);
    await sync.settled();
    assert.equal(told.length, 1);
    // A new reason is logged, the same one is not logged again.
    assert.deepEqual(logged, ["vectors: h:1 cannot be reached"]);
    fake.fault = new Error("h:1 refuses us");
    await sync.settled();
    assert.deepEqual(logged.slice(1), ["vectors: h:1 refuses us"]);
    deleteSession(db, "ann", "story");
    fake.fault = null;
    await sync.settled();
    assert.deepEqual([fake.units.memory.size, fake.units.lore.size], [0, 2]);
    assert.deepEqual(told.slice(1), ["✓ Chroma answers again and is up to date."]);
    assert.equal(sync.condition(), "");
    assert.deepEqual(await sync.near(SCOPE, new Float32Array(32), 5), [{ unit_id: 1, similarity: 0.5 }]);
  }, {
    log: (_level, text) => void logged.push(text),
    before(fake) {
      fake.fault = Object.assign(new Error("h:1 cannot be reached"), { kind: "unreachable" });
    },
  });
});

Deno.test("before it is in step nobody is answered by it", async () => {
  await withSync(async (sync, fake) => {
    await assert.rejects(sync.near(SCOPE, new Float32Array(32), 5), /being filled/);
    await sync.settled();
    fake.searches.length = 0;
    await sync.near(SCOPE, new Float32Array(32), 5);
    assert.deepEqual(fake.searches, [SCOPE]);
  });
});

Deno.test("a fault during a search takes it down at once, late answers only the third in a row", async () => {
  const rows: [Error, number][] = [[new Error("h:1 answers: oops"), 1], [late(), 3]];
  for (const [error, searches] of rows) {
    await withSync(async (sync, fake, _db, told) => {
      await sync.settled();
      const search = () => sync.near(SCOPE, new Float32Array(32), 5);
      if (searches > 1) {
        // An answer in time between them begins the count anew.
        fake.fault = error;
        for (let at = 1; at < searches; at++) await assert.rejects(search());
        fake.fault = null;
        await search();
      }
      fake.fault = error;
      for (let at = 1; at <= searches; at++) {
        assert.deepEqual(told, []);
        await assert.rejects(search());
      }
      assert.equal(told.length, 1);
      fake.fault = null;
      await assert.rejects(search(), error);
      await sync.settled();
      await search();
      assert.equal(told.length, 2);
    });
  }
});

Deno.test("a search that may not be asked says nothing about the index", async () => {
  await withSync(async (sync, fake, _db, told) => {
    await sync.settled();
    fake.fault = new TypeError("needs a player");
    for (let at = 0; at < 4; at++) {
      await assert.rejects(sync.near(SCOPE, new Float32Array(32), 5), TypeError);
    }
    fake.fault = null;
    await sync.near(SCOPE, new Float32Array(32), 5);
    assert.deepEqual(told, []);
  });
});

Deno.test("an index that lists but is too slow for searches does not come up", async () => {
  await withSync(async (sync, fake, db, told) => {
    const near = fake.near;
    let tries = 0;
    fake.near = () => {
      tries++;
      return Promise.reject(late());
    };
    await sync.settled();
    assert.equal(tries, 3);
    assert.match(sync.condition(), /no answer within 80 ms/);
    assert.equal(told.length, 1);
    // Filled it is.
    assert.deepEqual(hashes(fake, "memory"), recorded(db, "memory"));
    fake.near = near;
    await sync.settled();
    assert.equal(sync.condition(), "");
  });
});

Deno.test("one that comes and goes is told of once in ten minutes", async () => {
  let now = 0;
  await withSync(async (sync, fake, _db, told) => {
    const fail = async () => {
      fake.fault = new Error("h:1 is gone");
      await assert.rejects(sync.near(SCOPE, new Float32Array(32), 5));
      fake.fault = null;
      await sync.settled();
    };
    await sync.settled();
    await fail();
    assert.equal(told.length, 2);
    now = 599_999;
    await fail();
    assert.equal(told.length, 2);
    now = 600_000;
    await fail();
    assert.equal(told.length, 4);
  }, { now: () => now });
});

Deno.test("an index that is down is tried again by itself", async () => {
  const reached = Promise.withResolvers<void>();
  await withSync(async (sync) => {
    await reached.promise;
    await sync.settled();
    assert.equal(sync.condition(), "");
  }, {
    retry_ms: [1],
    before(fake) {
      const list = fake.list;
      let failures = 3;
      fake.list = (kind) => {
        if (failures-- > 0) return Promise.reject(new Error("not yet"));
        reached.resolve();
        return list(kind);
      };
    },
  });
});

Deno.test("record and index are compared unit by unit", async () => {
  await withDatabase(async (db) => {
    fill(db);
    await embedAll(db);
    db.run("DELETE FROM vectors WHERE hash IN (SELECT hash FROM memory_units WHERE id = 3)");
    const there = new Map([[1, recorded(db, "memory").get(1)!], [3, "stale"], [9, "x"]]);
    const difference = await compare(db, "memory", there, MODEL);
    assert.deepEqual(difference, { same: [1], missing: [2], gone: [3, 9], waiting: [3], complete_to: 2 });
    assert.deepEqual(await compare(db, "memory", new Map([[9, "x"]]), MODEL, 1), {
      same: [],
      missing: [2],
      gone: [],
      waiting: [3],
      complete_to: 2,
    });
  });
});

Deno.test({
  name:
    "a real Chroma server catches up with what was deleted while it was down, and is filled anew when it was wiped",
  ignore: chromaProgram() === null,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
    let server = await startChroma(folder);
    const { port, url } = server;
    const plain = { tenant: "default_tenant", database: "default_database", token: "", url, model: MODEL };
    const index = (db: Database) =>
      chromaIndex({ ...plain, store: storeName(db) }, { near_ms: 20_000, timeout_ms: 20_000 });
    const listed = async (db: Database, kind: UnitKind) => {
      const looking = index(db);
      try {
        return await looking.list(kind);
      } finally {
        looking.close();
      }
    };
    try {
      await withPath(async (path) => {
        let db = openDatabase(path);
        fill(db);
        fill(db, aSession({ id: "other", player_id: "bob" }));
        await embedAll(db);
        const told: string[] = [];
        let sync = openVectorSync(db, index(db), options(told));
        await sync.settled();
        assert.deepEqual(await listed(db, "memory"), recorded(db, "memory"));
        assert.equal(recorded(db, "memory").size, 6);
        const [asked] = await embedder.embed(["the lantern"]);
        const search = () => sync.near(SCOPE, asked, 10);
        const own = new Set((await search()).map(({ unit_id }) => unit_id));
        assert.deepEqual([...own].sort(), [1, 2, 3]);

        await server.stop();
        await assert.rejects(search());
        deleteSession(db, "ann", "story");
        await sync.settled();
        // The brain restarts meanwhile, too.
        await sync.close();
        db.close();
        db = openDatabase(path);
        sync = openVectorSync(db, index(db), options(told));
        await sync.settled();
        assert.match(sync.condition(), /cannot be reached/);
        server = await startChroma(folder, port);
        await comesUp(sync);
        assert.equal(recorded(db, "memory").size, 3);
        assert.deepEqual(await listed(db, "memory"), recorded(db, "memory"));
        assert.deepEqual(await search(), []);

        await server.stop();
        await Deno.remove(folder, { recursive: true });
        await Deno.mkdir(folder);
        server = await startChroma(folder, port);
        await assert.rejects(sync.near({ kind: "memory", player_id: "bob", session_id: "other" }, asked, 10));
        await comesUp(sync);
        assert.deepEqual(await listed(db, "memory"), recorded(db, "memory"));
        assert.deepEqual(await listed(db, "lore"), recorded(db, "lore"));
        await sync.close();
        db.close();
      });
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
