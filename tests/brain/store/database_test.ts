import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { changesOf, copyDatabase, type Database, openDatabase } from "../../../brain/store/database.ts";
import { explain, StoreError, type StoreErrorKind } from "../../../brain/store/store_error.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { addPlayer } from "../../../brain/store/players.ts";
import { createSession, getSession, listSessions } from "../../../brain/store/sessions.ts";
import { aSession, tell, withDatabase, withPath } from "../../support/stories.ts";

function isStoreError(kind: StoreErrorKind, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  };
}

const pragma = (db: Database, name: string) =>
  Object.values(db.get<Record<string, unknown>>(`PRAGMA ${name}`)!)[0];

Deno.test("whoever only read has changed nothing, and whoever wrote a row has", async () => {
  await withDatabase((db) => {
    const before = changesOf(db);
    listSessions(db, "ann", { limit: 5 });
    db.transaction(() => getSession(db, "ann", "story"));
    assert.equal(changesOf(db), before);
    addPlayer(db, "ann");
    assert.ok(changesOf(db) > before);
  });
});

Deno.test("a new database is made whole from nothing, with the settings that keep a line safe", async () => {
  await withDatabase((db) => {
    assert.equal(pragma(db, "journal_mode"), "wal");
    assert.equal(pragma(db, "synchronous"), 2);
    assert.equal(pragma(db, "foreign_keys"), 1);
    assert.equal(pragma(db, "auto_vacuum"), 2);
    assert.equal(pragma(db, "secure_delete"), 1);
    assert.equal(pragma(db, "busy_timeout"), 2000);
    assert.deepEqual(
      db.all<{ name: string }>("SELECT name FROM migrations ORDER BY rowid").map((row) => row.name),
      MIGRATIONS.map((migration) => migration.name),
    );
  });
});

Deno.test("a new database, its logs and a copy of it are for their owner alone; what others may read is left as it is", async () => {
  await withPath(async (path) => {
    const mode = (end: string) => (Deno.statSync(`${path}${end}`).mode ?? 0) & 0o777;
    const db = openDatabase(path);
    addPlayer(db, "ann");
    assert.deepEqual(["", "-wal", "-shm"].map(mode), [0o600, 0o600, 0o600]);
    await copyDatabase(path, `${path}.copy`);
    assert.equal(mode(".copy"), 0o600);
    db.close();
    Deno.chmodSync(path, 0o640);
    openDatabase(path).close();
    assert.equal(mode(""), 0o640);
  });
});

Deno.test("closing leaves a file that holds everything by itself, also while another connection stays open", async () => {
  await withPath(async (path) => {
    const db = openDatabase(path);
    const reader = openDatabase(path, { readonly: true });
    try {
      addPlayer(db, "ann");
      assert.equal(reader.all("SELECT id FROM players").length, 1);
      db.close();
      await Deno.copyFile(path, `${path}.alone`);
      const alone = openDatabase(`${path}.alone`);
      assert.deepEqual(alone.all("SELECT id FROM players"), [{ id: "ann" }]);
      alone.close();
    } finally {
      reader.close();
    }
  });
});

Deno.test("a database that lacks a migration gets it and keeps what it held", async () => {
  await withPath((path) => {
    const first = openDatabase(path);
    createSession(first, aSession());
    first.run("DELETE FROM migrations WHERE name = ?", MIGRATIONS[1].name);
    for (const name of ["lore_digests", "lore_units", "lore_fts", "memory_units", "memory_fts"]) {
      first.run(`DROP TABLE ${name}`);
    }
    first.close();
    const second = openDatabase(path);
    assert.equal(getSession(second, "ann", "story")?.title, "A title");
    assert.deepEqual(second.all("SELECT id FROM memory_units"), []);
    assert.equal(second.all("SELECT name FROM migrations").length, MIGRATIONS.length);
    second.close();
  });
});

Deno.test("opening twice runs nothing twice", async () => {
  await withPath((path) => {
    const first = openDatabase(path);
    createSession(first, aSession());
    const second = openDatabase(path);
    assert.equal(listSessions(second, "ann").length, 1);
    second.close();
    first.close();
  });
});

Deno.test("an unhurried write is there at once, also for others, and joins a transaction; then writes are safe again", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/s.db`;
  const db = openDatabase(path);
  const other = openDatabase(path);
  const level = () => db.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous;
  try {
    addPlayer(db, "ann");
    const rename = (name: string) => db.run("UPDATE players SET name = ? WHERE id = 'ann'", name).changes;
    const seen = () => other.get<{ name: string }>("SELECT name FROM players WHERE id = 'ann'")?.name;
    assert.equal(level(), 2);
    assert.equal(db.unhurried(() => (assert.equal(level(), 1), rename("one"))), 1);
    assert.deepEqual([seen(), level()], ["one", 2]);
    assert.throws(() => db.unhurried(() => assert.fail("no")), /no/);
    assert.equal(level(), 2);
    assert.throws(() =>
      db.transaction(() => {
        db.unhurried(() => (assert.equal(level(), 2), rename("two")));
        assert.fail("undone");
      }), /undone/);
    assert.equal(seen(), "one");
  } finally {
    db.close();
    other.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a newer database, a foreign one and a broken one are refused and left alone", async (t) => {
  const rows: [string, (path: string) => void, StoreErrorKind, RegExp][] = [
    [
      "newer",
      (path) => {
        const db = openDatabase(path);
        db.run("INSERT INTO migrations (name) VALUES ('0099_dice')");
        db.close();
      },
      "newer",
      /newer Flower Engine.*"0099_dice".*Update this one/,
    ],
    [
      "newer, without a step that this one knows",
      (path) => {
        const db = openDatabase(path);
        db.run("UPDATE migrations SET name = '0099_dice' WHERE name = ?", MIGRATIONS.at(-1)!.name);
        db.close();
      },
      "newer",
      /newer Flower Engine.*"0099_dice".*nothing was changed/,
    ],
    [
      "another program's",
      (path) => {
        const db = openDatabase(path);
        db.run("ALTER TABLE migrations RENAME TO other");
        db.close();
      },
      "other",
      /another program's tables.*database_path/,
    ],
    [
      "another program's, none of whose tables is called like one of ours",
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("CREATE TABLE bookmarks (url TEXT)");
        db.close();
      },
      "other",
      /another program's tables.*nothing was changed/,
    ],
    [
      "no database",
      (path) => Deno.writeTextFileSync(path, "Once upon a time. ".repeat(100)),
      "damaged",
      /damaged/,
    ],
    ["in no folder", (path) => Deno.mkdirSync(path), "other", /cannot be opened.*folder/],
  ];
  for (const [name, prepare, kind, message] of rows) {
    await t.step(name, () =>
      withPath((path) => {
        prepare(path);
        const tables = () => {
          const db = new DatabaseSync(path, { readOnly: true });
          const names = db.prepare("SELECT name FROM sqlite_master ORDER BY name").all();
          db.close();
          return names;
        };
        const before = kind === "newer" || kind === "other" && Deno.statSync(path).isFile ? tables() : null;
        assert.throws(() => openDatabase(path), isStoreError(kind, message));
        if (before !== null) assert.deepEqual(tables(), before);
      }));
  }
});

Deno.test("a step that fails leaves the database as it was, and the steps before it undone", async () => {
  await withPath((path) => {
    const raw = new DatabaseSync(path);
    raw.exec("CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT");
    raw.exec(MIGRATIONS[0].sql);
    raw.prepare("INSERT INTO migrations (name) VALUES (?)").run(MIGRATIONS[0].name);
    // In the way of the third.
    raw.exec("CREATE TABLE marks (kind TEXT)");
    const schema = () => raw.prepare("SELECT name FROM sqlite_master ORDER BY name").all();
    const before = schema();
    assert.throws(() => openDatabase(path), isStoreError("other", /marks already exists/));
    assert.deepEqual(schema(), before);
    assert.deepEqual(raw.prepare("SELECT name FROM migrations").all().length, 1);
    raw.close();
  });
});

Deno.test("of two that open an old database at once one takes the steps, and the other waits for them", async () => {
  await withPath(async (path) => {
    const program = `
      import { DatabaseSync } from "node:sqlite";
      import { MIGRATIONS } from ${JSON.stringify(import.meta.resolve("../../../brain/store/migrations.ts"))};
      const db = new DatabaseSync(${JSON.stringify(path)});
      db.exec("BEGIN IMMEDIATE; CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT");
      for (const { name, sql } of MIGRATIONS) {
        db.exec(sql);
        db.prepare("INSERT INTO migrations (name) VALUES (?)").run(name);
      }
      postMessage("held");
      // Until the other has looked and waits.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      db.exec("COMMIT");
      db.close();
      postMessage("done");`;
    new DatabaseSync(path).exec("PRAGMA journal_mode = WAL");
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const worker = new Worker(url, { type: "module" });
    const said = () => new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    assert.equal(await said(), "held");
    const done = said();
    const db = openDatabase(path, { busy_timeout_ms: 60_000 });
    assert.equal(db.all("SELECT name FROM migrations").length, MIGRATIONS.length);
    assert.equal(await done, "done");
    db.close();
    worker.terminate();
    URL.revokeObjectURL(url);
  });
});

Deno.test("what SQLite says by its code alone is told in the same words", () => {
  const rows: [number, StoreErrorKind, RegExp][] = [
    [13, "full", /is full\. Free some space/],
    [5, "locked", /Wait a moment/],
    // SQLITE_BUSY_SNAPSHOT and SQLITE_LOCKED_SHAREDCACHE: the reason stands above the code's first byte.
    [517, "locked", /Wait a moment/],
    [262, "locked", /Wait a moment/],
    [11, "damaged", /is damaged/],
    [26, "damaged", /is damaged/],
    [8, "other", /cannot be written/],
    [14, "other", /cannot be opened/],
    [778, "other", /does not answer as it should/],
    [19, "other", /could not do that: it says so\.$/],
  ];
  for (const [errcode, kind, message] of rows) {
    const error = explain(Object.assign(new Error("it says so"), { errcode }), "/home/flower.db");
    assert.ok(isStoreError(kind, message)(error), `${errcode}`);
  }
  const slip = new TypeError("a slip");
  assert.equal(explain(slip, "/home/flower.db"), slip);
});

Deno.test("a transaction is kept whole or not at all", async () => {
  await withDatabase((db) => {
    assert.throws(() =>
      db.transaction(() => {
        createSession(db, aSession());
        throw new TypeError("a slip");
      }), TypeError);
    assert.equal(getSession(db, "ann", "story"), undefined);
    assert.equal(
      db.transaction(() => {
        createSession(db, aSession());
        return 7;
      }),
      7,
    );
    assert.equal(getSession(db, "ann", "story")?.id, "story");
  });
});

Deno.test("a transaction inside another shares its end, and fails alone", async () => {
  await withDatabase((db) => {
    assert.throws(() =>
      db.transaction(() => {
        db.transaction(() => createSession(db, aSession({ id: "inner" })));
        throw new Error("the outer fails");
      }), /the outer fails/);
    assert.equal(getSession(db, "ann", "inner"), undefined);

    db.transaction(() => {
      createSession(db, aSession({ id: "before" }));
      assert.throws(() =>
        db.transaction(() => {
          createSession(db, aSession({ id: "inner" }));
          db.transaction(() => createSession(db, aSession({ id: "innermost" })));
          throw new Error("the inner fails");
        }), /the inner fails/);
      createSession(db, aSession({ id: "after" }));
    });
    assert.deepEqual(listSessions(db, "ann").map((one) => one.session.id), ["after", "before"]);
  });
});

Deno.test("a full disk is said so, loses nothing, and the next call works when there is room again", async () => {
  await withPath((path) => {
    const roomy = openDatabase(path);
    createSession(roomy, aSession());
    const pages = Number(pragma(roomy, "page_count"));
    roomy.close();

    const db = openDatabase(path, { max_page_count: pages + 10 });
    const long = "word ".repeat(2000);
    const told: number[] = [];
    assert.throws(() => {
      for (let i = 0; i < 100; i++) told.push(tell(db, aSession(), told.at(-1) ?? null, "user", long).id);
    }, isStoreError("full", /disk that holds .*flower\.db is full\. Free some space/));
    assert.ok(told.length >= 1 && told.length < 10, `${told.length} fitted`);
    for (const id of told) assert.equal(getMessage(db, "ann", id)?.content, long);
    db.get(`PRAGMA max_page_count = ${pages + 100}`);
    assert.equal(tell(db, aSession(), told.at(-1)!, "user", long).content, long);
    assert.equal(pragma(db, "integrity_check"), "ok");
    db.close();
  });
});

Deno.test("a full disk inside a joined transaction undoes it all", async () => {
  await withPath((path) => {
    const db = openDatabase(path);
    createSession(db, aSession());
    db.get(`PRAGMA max_page_count = ${Number(pragma(db, "page_count")) + 3}`);
    assert.throws(
      () =>
        db.transaction(() =>
          db.transaction(() => tell(db, aSession(), null, "user", "word ".repeat(50_000)))
        ),
      isStoreError("full", /full/),
    );
    assert.equal(db.get<{ count: number }>("SELECT count(*) AS count FROM messages")?.count, 0);
    assert.equal(tell(db, aSession(), null, "user", "short").content, "short");
    db.close();
  });
});

Deno.test("a database locked by another process is said so, can be read, and the next call works", async () => {
  await withPath(async (path) => {
    const db = openDatabase(path, { busy_timeout_ms: 50 });
    createSession(db, aSession());
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { DatabaseSync } from "node:sqlite";
         const db = new DatabaseSync(${JSON.stringify(path)});
         db.exec("BEGIN IMMEDIATE");
         console.log("held");
         await Deno.stdin.read(new Uint8Array(1));
         db.exec("ROLLBACK");
         console.log("released");
         await Deno.stdin.read(new Uint8Array(1));`,
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const out = holder.stdout.getReader();
    const said = async () => new TextDecoder().decode((await out.read()).value).trim();
    const stdin = holder.stdin.getWriter();
    try {
      assert.equal(await said(), "held");
      const begun = performance.now();
      assert.throws(
        () => tell(db, aSession(), null, "user", "too soon"),
        isStoreError("locked", /Another program is writing to .*Wait a moment/),
      );
      const waited = performance.now() - begun;
      assert.ok(waited >= 40, `waited ${waited} ms`);
      assert.equal(pragma(db, "busy_timeout"), 50);
      assert.equal(getSession(db, "ann", "story")?.id, "story");
      const other = openDatabase(path, { busy_timeout_ms: 50 });
      assert.equal(getSession(other, "ann", "story")?.id, "story");
      other.close();
      await stdin.write(new Uint8Array(1));
      assert.equal(await said(), "released");
      assert.equal(tell(db, aSession(), null, "user", "now").content, "now");
    } finally {
      await stdin.close();
      await holder.status;
      await out.cancel();
      db.close();
    }
  });
});

Deno.test("a read-only database reads, refuses to write, and makes no file", async () => {
  await withDatabase((db, path) => {
    createSession(db, aSession());
    const reader = openDatabase(path, { readonly: true });
    assert.equal(getSession(reader, "ann", "story")?.id, "story");
    assert.throws(
      () => createSession(reader, aSession({ id: "no" })),
      isStoreError("other", /cannot be written/),
    );
    reader.close();
    assert.throws(
      () => openDatabase(`${path}.none`, { readonly: true }),
      isStoreError("other", /cannot be opened/),
    );
    assert.throws(() => Deno.statSync(`${path}.none`), Deno.errors.NotFound);
  });
});

Deno.test("what the story says comes back as it was, whatever it is made of", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    for (
      const text of ["", "Grüße, 森 😀 \u0301", "'; DROP TABLE messages; --", "x".repeat(1 << 20)]
    ) {
      const { id } = tell(db, aSession(), null, "user", text);
      assert.equal(getMessage(db, "ann", id)?.content, text);
    }
    assert.equal(tell(db, aSession(), null, "user", "a\0b").content, "a\uFFFDb");
    assert.equal(tell(db, aSession(), null, "user", "a\0b").content, "a\uFFFDb");
  });
});

Deno.test("rows can be read one by one and left early", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    for (let i = 0; i < 5; i++) tell(db, aSession(), null, "user", `line ${i}`);
    const sql = "SELECT content FROM messages ORDER BY id";
    for (let round = 0; round < 2; round++) {
      const seen: string[] = [];
      for (const row of db.iterate<{ content: string }>(sql)) {
        seen.push(row.content);
        if (seen.length === 2) break;
      }
      assert.deepEqual(seen, ["line 0", "line 1"]);
    }
    tell(db, aSession(), null, "user", "writing still works");
    assert.throws(() => [...db.iterate("SELECT x FROM nowhere")], isStoreError("other", /nowhere/));
  });
});
