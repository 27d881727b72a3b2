import assert from "node:assert/strict";
import { hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { openRecall, type Recalled } from "../../../brain/memory/recall.ts";
import { lockHome } from "../../../brain/home_lock.ts";
import { chromaIndex } from "../../../brain/memory/chroma.ts";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { attachLore } from "../../../brain/store/lore.ts";
import { storeName } from "../../../brain/store/placed_units.ts";
import { saveVectors } from "../../../brain/store/vectors.ts";
import { chromaProgram, freePort, startChroma } from "../../support/chroma.ts";
import { roleHome, tellEverything } from "../../support/role_home.ts";

const MODEL = "Xenova/all-MiniLM-L6-v2";
const REBUILD = { role: "memory", action: "rebuild" } as const;
const CHECK = { role: "memory", action: "check" } as const;
const PATIENCE_MS = 20_000;

interface Rows {
  memory: unknown[];
  lore: unknown[];
}

function rows(db: Database): Rows {
  return {
    memory: db.all("SELECT id, message_id, text, speaker, hash FROM memory_units ORDER BY id"),
    lore: db.all("SELECT id, world_id, player_id, heading, text FROM lore_units ORDER BY id"),
  };
}

async function embedAll(db: Database): Promise<void> {
  const embedder = hashingEmbedder(16);
  const units = db.all<{ hash: string; text: string }>(
    "SELECT hash, text FROM memory_units UNION SELECT hash, text FROM lore_units",
  );
  const vectors = await embedder.embed(units.map(({ text }) => text));
  saveVectors(db, MODEL, units.map(({ hash }, at) => ({ hash, vector: vectors[at] })));
}

async function recalled(database: string): Promise<Pick<Recalled, "lore" | "memories">> {
  const recall = openRecall(database);
  const { lore, memories } = await recall.ask({
    player_id: "local",
    session_id: "story",
    world_id: "salt_marsh",
    leaf_id: 7,
    line: "Who owes me eels, and where does the ferry lie?",
    before: [],
    visible_ids: [],
    max_lore: 12, // as a turn does
    max_memories: 10,
  }, PATIENCE_MS);
  await recall.close();
  // Ids may change, the ranking may not.
  const bare = <Hit extends { unit_id: number }>(hits: Hit[]) => hits.map((hit) => ({ ...hit, unit_id: 0 }));
  return { lore: bare(lore), memories: bare(memories) };
}

Deno.test("flower memory: lore is indexed, what is in step stays as it is, and the check says so", async () => {
  await using home = await roleHome();
  home.store((db) => void tellEverything(db, "local", "story"));
  const first = await home.run(CHECK);
  assert.equal(first.code, 1);
  assert.match(first.out, /^✓ memory {4}7 messages in \d+ pieces$/m);
  assert.match(first.out, /^✗ lore {6}4 worlds in 0 pieces; 4 differ$/m);
  assert.match(first.out, /^✓ words {5}\d+ pieces in the full-text indexes$/m);
  assert.match(first.out, /^✓ vectors {3}0 pieces by Xenova\/all-MiniLM-L6-v2; \d+ wait for the embedder$/m);
  assert.match(first.out, /^✗ `flower memory rebuild` makes anew what differs/m);
  const before = home.store(rows);
  const rebuilt = await home.run(REBUILD);
  assert.deepEqual([rebuilt.code, rebuilt.err], [0, ""]);
  assert.match(rebuilt.out, /^✓ Rebuilt in \d+\.\d s\.$/m);
  assert.match(rebuilt.out, /^✓ lore {6}4 worlds in \d+ pieces$/m);
  const after = home.store(rows);
  assert.deepEqual(after.memory, before.memory);
  assert.ok(after.lore.length > 20);
  const second = await home.run(CHECK);
  assert.deepEqual([second.code, second.out.split("\n").at(-1)], [
    0,
    "✓ Everything is in step with the stories.",
  ]);
  await home.run(REBUILD);
  assert.deepEqual(home.store(rows), after);
});

Deno.test("flower memory rebuild: whatever was broken ranks as before, and what players wrote is still there", async () => {
  await using home = await roleHome();
  home.store((db) => void tellEverything(db, "local", "story"));
  await home.run(REBUILD);
  home.store((db) => {
    // As a turn writes it: the player's line is said by their character.
    db.run("UPDATE memory_units SET speaker = 'The clerk' WHERE role = 'user'");
    attachLore(db, "local", "salt_marsh", [{
      heading: "Mine",
      text: "The ferry lies in Hull.",
      known_to: "",
    }], "attached");
  });
  await home.run(REBUILD);
  const marks = (db: Database) => db.all("SELECT * FROM marks UNION SELECT * FROM marks");
  const kept = home.store(marks);
  const before = await recalled(home.database);
  assert.ok(before.memories.some(({ text }) => text.includes("Maren owes you two")));
  assert.ok(before.lore.some(({ heading }) => heading === "Mine"));

  const breakings: [string, RegExp][] = [
    ["DELETE FROM memory_units", /^✗ memory {4}7 messages in 0 pieces; 7 differ$/m],
    ["UPDATE memory_units SET text = 'x' WHERE message_id = 3", /^✗ memory .*; 1 differ$/m],
    ["INSERT INTO memory_fts (memory_fts) VALUES ('delete-all')", /^✗ words .*; \d+ differ$/m],
    ["INSERT INTO lore_fts (lore_fts) VALUES ('delete-all')", /^✗ words .*; \d+ differ$/m],
    ["DELETE FROM lore_units WHERE player_id = '' AND world_id = 'salt_marsh'", /^✗ lore .*; 1 differ$/m],
    [
      "UPDATE lore_units SET text = 'x' WHERE player_id = '' AND id = (SELECT min(id) FROM lore_units)",
      /^✗ lore .*; 1 differ$/m,
    ],
    [
      `INSERT INTO lore_units (world_id, player_id, source, hash, heading, text, known_to)
       VALUES ('gone', '', 'world', 'h', '', 'A world that was taken away.', '')`,
      /^✗ lore .*; 1 differ$/m,
    ],
  ];
  for (const [sql, told] of breakings) {
    home.store((db) => void db.run(sql));
    const checked = await home.run(CHECK);
    assert.equal(checked.code, 1, sql);
    assert.match(checked.out, told, sql);
    assert.equal((await home.run(REBUILD)).code, 0, sql);
    const after = await home.run(CHECK);
    assert.equal(after.code, 0, `${sql}\n${after.out}`);
    const now = await recalled(home.database);
    assert.deepEqual(now.memories, before.memories, sql);
    assert.deepEqual(now.lore, before.lore, sql);
  }
  assert.deepEqual(home.store(marks), kept);
});

Deno.test("flower memory rebuild keeps who said it, and embeds nothing twice", async () => {
  await using home = await roleHome();
  home.store((db) => void tellEverything(db, "local", "story"));
  await home.run(REBUILD);
  const speakers = (db: Database) =>
    db.all<{ role: string; speaker: string }>(
      "SELECT DISTINCT role, speaker FROM memory_units ORDER BY role, speaker",
    );
  home.store((db) => {
    db.run("UPDATE memory_units SET speaker = 'Ida Marsh' WHERE message_id = 2");
    db.run("UPDATE memory_units SET text = 'torn' WHERE message_id = 2");
  });
  const countVectors = (db: Database) => db.get<{ n: number }>("SELECT count(*) AS n FROM vectors")!.n;
  const db = openDatabase(home.database);
  await embedAll(db);
  const made = countVectors(db);
  db.close();
  await home.run(REBUILD);
  assert.deepEqual(home.store(speakers), [
    { role: "assistant", speaker: "" },
    { role: "user", speaker: "" },
    { role: "user", speaker: "Ida Marsh" },
  ]);
  // The torn unit's vector went with it; its true text waits for one.
  assert.equal(home.store(countVectors), made - 1);
  assert.match((await home.run(CHECK)).out, /; 1 wait for the embedder$/m);
});

Deno.test("flower memory check of a damaged database, or of one of another version, says so and compares nothing", async () => {
  await using home = await roleHome();
  home.store((db) => void tellEverything(db, "local", "story"));
  const newest = MIGRATIONS.at(-1)!.name;
  home.store((db) => db.run("DELETE FROM migrations WHERE name = ?", newest));
  const older = await home.run(CHECK);
  assert.deepEqual([older.code, older.out], [1, ""]);
  assert.match(older.err, /^✗ The database is of another version\. Play once, or run/);
  // An index that nobody knows of any more: its pages belong to nothing, and all the rest can be read.
  const raw = new DatabaseSync(home.database, { defensive: false } as DatabaseSyncOptions);
  raw.prepare("INSERT INTO migrations VALUES (?)").run(newest);
  raw.exec("PRAGMA writable_schema = ON");
  raw.exec("DELETE FROM sqlite_master WHERE type = 'index' AND name = 'memory_units_by_message'");
  raw.close();
  const damaged = await home.run(CHECK);
  assert.deepEqual([damaged.code, damaged.out], [1, ""]);
  assert.match(damaged.err, /^✗ The database is damaged: [^]*`flower doctor` says more\.$/);
});

Deno.test("flower memory: not beside a running brain, not without a database, a Chroma that is not there is told", async () => {
  const port = freePort();
  await using home = await roleHome(
    `local_servers: off\nvectors: {engine: chroma, url: "http://127.0.0.1:${port}"}\n`,
  );
  const none = await home.run(CHECK);
  assert.deepEqual([none.code, /is not there/.test(none.err)], [1, true]);
  home.store((db) => void tellEverything(db, "local", "story"));
  const lock = await lockHome(home.path);
  const locked = await home.run(REBUILD);
  assert.deepEqual([locked.code, /A brain runs on/.test(locked.err)], [3, true]);
  assert.equal((await home.run(CHECK)).err, "");
  lock?.close();
  const rebuilt = await home.run(REBUILD);
  assert.equal(rebuilt.code, 1);
  assert.match(rebuilt.out, new RegExp(`^✗ chroma    127\\.0\\.0\\.1:${port} cannot be reached$`, "m"));
});

Deno.test({
  name: "flower memory rebuild fills an empty Chroma server, and check finds what it lacks",
  ignore: chromaProgram() === null,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
    const server = await startChroma(folder);
    try {
      await using home = await roleHome(
        `local_servers: off\nvectors: {engine: chroma, url: "${server.url}", token: "some-token"}\n`,
      );
      home.store((db) => void tellEverything(db, "local", "story"));
      await home.run(REBUILD);
      const db = openDatabase(home.database);
      await embedAll(db);
      const units = db.get<{ n: number }>(
        "SELECT (SELECT count(*) FROM memory_units) + (SELECT count(*) FROM lore_units) AS n",
      )!.n;
      const store = storeName(db);
      db.close();
      const said = `${server.url.slice(7).replaceAll(".", "\\.")}`;
      const lacking = await home.run(CHECK);
      assert.equal(lacking.code, 1);
      assert.match(
        lacking.out,
        new RegExp(`^✗ chroma    0 pieces at ${said}; ${units} lacking, 0 too many$`, "m"),
      );
      const filled = await home.run(REBUILD);
      assert.equal(filled.code, 0, filled.out);
      assert.match(filled.out, new RegExp(`^✓ chroma    ${units} pieces at ${said}$`, "m"));
      assert.equal((await home.run(CHECK)).code, 0);
      const index = chromaIndex({
        url: server.url,
        tenant: "default_tenant",
        database: "default_database",
        token: "",
        store,
        model: MODEL,
      });
      await index.list("memory");
      await index.remove("memory", [1]);
      index.close();
      assert.match((await home.run(CHECK)).out, /; 1 lacking, 0 too many$/m);
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
