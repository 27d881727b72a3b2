// The daily copy: once a day, whole, the newest seven kept, and never at the cost of the brain.

import assert from "node:assert/strict";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { join } from "node:path/posix";
import { BACKUPS_KEPT, type DailyBackup, openDailyBackup, outdated } from "../../brain/daily_backup.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import type { StoryKey } from "../../brain/store/forget.ts";
import { inspectDatabase } from "../../brain/store/inspect.ts";
import { deleteSession, getSession } from "../../brain/store/sessions.ts";
import { until } from "../support/processes.ts";
import { aSession, tellAll } from "../support/stories.ts";

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

interface Scene {
  folder: string;
  database: string;
  logs: string[];
  clock: { now: number };
  backup: DailyBackup;
  db: Database;
  names(): string[];
}

async function withBackup(
  fn: (scene: Scene) => Promise<void>,
  options: { worth?: () => boolean; worker?: URL; gone?: (scene: Scene) => void } = {},
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flower-daily-" });
  const database = join(home, "engine.db");
  const folder = join(home, "backups");
  const logs: string[] = [];
  const clock = { now: Date.UTC(2026, 10, 22, 23, 59) };
  const db = openDatabase(database);
  tellAll(db, aSession(), ["I count the eels.", "Seven."]);
  const backup = openDailyBackup({
    database_path: database,
    folder,
    worth: options.worth ?? (() => true),
    gone({ player_id, id }) {
      options.gone?.(scene);
      return getSession(db, player_id, id) === undefined;
    },
    now: () => clock.now,
    log: (level, text) => void logs.push(`${level} ${text}`),
    worker: options.worker,
  });
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const scene: Scene = { folder, database, logs, clock, backup, db, names };
  try {
    await fn(scene);
  } finally {
    backup.close();
    db.close();
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("a copy a day, in UTC, of a database that is open, with all that was told", async () => {
  await withBackup(async ({ backup, names, clock, folder, logs }) => {
    await Promise.all([backup.look(), backup.look()]);
    assert.deepEqual(names(), ["engine-2026-11-22.db"]);
    const path = join(folder, "engine-2026-11-22.db");
    const { damage, messages, schema } = inspectDatabase(path);
    assert.deepEqual([damage, messages, schema], [[], 2, "current"]);
    assert.equal(Deno.statSync(folder).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.equal(logs.length, 1);
    assert.match(logs[0], /^info backup of 2026-11-22: \d+ bytes in \d+ ms$/);
    const { mtime } = Deno.statSync(path);
    await backup.look();
    assert.deepEqual(Deno.statSync(path).mtime, mtime);
    clock.now += 61_000;
    await backup.look();
    assert.deepEqual(names(), ["engine-2026-11-22.db", "engine-2026-11-23.db"]);
  });
});

Deno.test("without anything to copy there is no copy, and no folder", async () => {
  let worth = false;
  await withBackup(async ({ backup, folder, names }) => {
    await backup.look();
    assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
    worth = true;
    await backup.look();
    assert.equal(names().length, 1);
  }, { worth: () => worth });
});

Deno.test("the newest seven are kept; what is not a daily copy is left alone", async () => {
  await withBackup(async ({ backup, folder, names }) => {
    await Deno.mkdir(folder);
    const old = ["01", "02", "03", "04", "05", "06", "07", "08"].map((day) => `engine-2026-11-${day}.db`);
    const mine = ["engine-2026-11-01.db.bak", "before the war.db", "engine.db"];
    const unfinished = [
      "engine-2026-11-09.db.part",
      "engine-2026-11-10.db.part-journal",
      // In the way of today's.
      "engine-2026-11-22.db.part",
      "engine-2026-11-22.db.part-journal",
    ];
    for (const name of [...old, ...mine, ...unfinished]) {
      await Deno.writeTextFile(join(folder, name), "x");
    }
    await backup.look();
    assert.equal(BACKUPS_KEPT, 7);
    assert.deepEqual(names(), [...old.slice(2), "engine-2026-11-22.db", ...mine].sort());
    assert.deepEqual(await outdated(folder, "2026-11-22"), []);
  });
});

Deno.test("copies of days to come, left by a wrong clock, push out neither today's nor the ones before", async () => {
  const ahead = Array.from({ length: 8 }, (_, i) => `engine-2031-01-0${i + 1}.db`);
  const before = ["engine-2026-11-20.db", "engine-2026-11-21.db"];
  await withBackup(async ({ backup, folder, names }) => {
    await Deno.mkdir(folder);
    for (const name of [...ahead, ...before]) await Deno.writeTextFile(join(folder, name), "x");
    await backup.look();
    assert.deepEqual(names(), [...before, "engine-2026-11-22.db", ...ahead.slice(-4)].sort());
  });
});

/** Names of the files in the folder that hold the word. */
function holding(folder: string, word: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    new TextDecoder("latin1").decode(Deno.readFileSync(join(folder, name))).includes(word)
  ).sort();
}

const DELETED: StoryKey = { player_id: "ann", id: "zanzibar" };

/** Tells Ann a second story, makes copies of yesterday (of an earlier schema) and of today, and names them. */
async function withCopies({ db, backup, folder, clock }: Scene): Promise<string[]> {
  tellAll(db, aSession({ id: DELETED.id }), ["I sail to Zanzibar.", "Zanzibar smells of cloves."]);
  clock.now -= 24 * 3600 * 1000;
  await backup.look();
  clock.now += 24 * 3600 * 1000;
  await backup.look();
  const older = new DatabaseSync(join(folder, "engine-2026-11-21.db"));
  older.exec("DROP TABLE vectors; DELETE FROM migrations WHERE name = '0005_vectors'");
  older.close();
  return ["engine-2026-11-21.db", "engine-2026-11-22.db"];
}

Deno.test("a story that is deleted leaves every copy, word for word; the others stay, and the list goes", async () => {
  await withBackup(async (scene) => {
    const { db, backup, folder, logs, names } = scene;
    const copies = await withCopies(scene);
    assert.deepEqual(holding(folder, "Zanzibar"), copies);
    logs.length = 0;
    backup.forget(DELETED);
    // At once, should the brain be killed now.
    assert.deepEqual(names(), ["deleted.jsonl", ...copies]);
    assert.equal(Deno.statSync(join(folder, "deleted.jsonl")).mode! & 0o777, 0o600);
    deleteSession(db, DELETED.player_id, DELETED.id);
    await backup.look();
    assert.deepEqual(names(), copies);
    assert.deepEqual([holding(folder, "Zanzibar"), holding(folder, "zanzibar")], [[], []]);
    assert.deepEqual(holding(folder, "I count the eels."), copies);
    assert.deepEqual(logs, ["info deleted stories were taken out of 2 daily backups"]);
    for (const name of copies) {
      const path = join(folder, name);
      const { damage, stories, messages, schema } = inspectDatabase(path);
      assert.deepEqual([damage, stories, messages, schema], [[], 1, 2, "current"]);
      assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
      // 1: no log is looked for beside it.
      assert.deepEqual([...Deno.readFileSync(path).subarray(18, 20)], [1, 1]);
    }
    backup.forget({ player_id: "ann", id: "never was" });
    await backup.look();
    assert.deepEqual([names(), logs.length], [copies, 1]);
  });
});

Deno.test("what a crash left on the list is done by the next look; of a deletion that failed nothing is", async () => {
  await withBackup(async (scene) => {
    const { db, backup, clock, folder, names } = scene;
    const copies = await withCopies(scene);
    const list = join(folder, "deleted.jsonl");
    const line = `${JSON.stringify(DELETED)}\n`;
    await Deno.writeTextFile(list, line);
    await backup.look();
    assert.deepEqual([names(), holding(folder, "Zanzibar")], [copies, copies]);
    deleteSession(db, DELETED.player_id, DELETED.id);
    // Cut off, of another kind, and whole.
    await Deno.writeTextFile(list, `{"player_id":"ann","i\n{"id":7}\nnull\n${line}`);
    await backup.look();
    assert.deepEqual([names(), holding(folder, "Zanzibar")], [copies, []]);
    // What is deleted next stands on a line of its own.
    tellAll(db, aSession({ id: "again" }), ["I sail to Quixote."]);
    clock.now += 61_000;
    await backup.look();
    assert.deepEqual(holding(folder, "Quixote"), ["engine-2026-11-23.db"]);
    await Deno.writeTextFile(list, `{"player_id":"ann","i`);
    backup.forget({ player_id: "ann", id: "again" });
    deleteSession(db, "ann", "again");
    await backup.look();
    assert.deepEqual([names(), holding(folder, "Quixote")], [[...copies, "engine-2026-11-23.db"], []]);
  });
});

Deno.test("a copy that cannot be opened is complained of once a day and tried again, and keeps no other from being cleaned", async () => {
  await withBackup(async (scene) => {
    const { db, backup, folder, logs, names, clock } = scene;
    const copies = await withCopies(scene);
    await Deno.writeTextFile(join(folder, "engine-2026-11-20.db"), "Zanzibar, but no database.");
    logs.length = 0;
    backup.forget(DELETED);
    deleteSession(db, DELETED.player_id, DELETED.id);
    await backup.look();
    await backup.look();
    assert.deepEqual(holding(folder, "Zanzibar"), ["engine-2026-11-20.db"]);
    assert.deepEqual(names(), ["deleted.jsonl", "engine-2026-11-20.db", ...copies]);
    assert.deepEqual(logs.length, 2, logs.join("\n"));
    assert.match(
      logs[1],
      /^warn a deleted story still stands in daily backups, engine-2026-11-20\.db: .* is damaged/,
    );
    clock.now += 61_000;
    await backup.look();
    assert.equal(logs.filter((line) => line.startsWith("warn")).length, 2);
    await Deno.remove(join(folder, "engine-2026-11-20.db"));
    await backup.look();
    assert.ok(!names().includes("deleted.jsonl"));
  });
});

Deno.test("stories that are deleted one after the other, also while one is taken out, all leave the copies that hold them", async () => {
  const later = { player_id: "ann", id: "later" };
  let looks = 0;
  const modes: number[] = [];
  await withBackup(async (scene) => {
    const { db, backup, folder, clock, names } = scene;
    const copies = await withCopies(scene);
    // Stands in one of three copies only.
    for (const [id, word] of [["fez", "Fez"], ["later", "Quixote"]]) {
      tellAll(db, aSession({ id }), [`I sail to ${word}.`]);
    }
    clock.now += 61_000;
    await backup.look();
    for (const key of [DELETED, { player_id: "ann", id: "fez" }]) {
      backup.forget(key);
      deleteSession(db, key.player_id, key.id);
    }
    await backup.look();
    await backup.look();
    for (const word of ["Zanzibar", "Fez", "Quixote"]) assert.deepEqual(holding(folder, word), [], word);
    assert.deepEqual(names(), [...copies, "engine-2026-11-23.db"]);
    // The list was written anew with the later one on it, for its owner alone.
    assert.ok(modes.length > 2 && modes.every((mode) => mode === 0o600), `${modes}`);
  }, {
    gone({ backup, db, folder }) {
      modes.push(Deno.statSync(join(folder, "deleted.jsonl")).mode! & 0o777);
      if (looks++ > 0) return;
      backup.forget(later);
      deleteSession(db, later.player_id, later.id);
    },
  });
});

Deno.test("it looks every ten minutes, and each thread ends with its copy", async () => {
  const { setInterval: start, Worker: Thread } = globalThis;
  const waits: unknown[] = [];
  let threads = 0;
  globalThis.setInterval = ((fn: () => void, ms: number) => (waits.push(ms), start(fn, ms))) as typeof start;
  globalThis.Worker = class extends Thread {
    constructor(...args: ConstructorParameters<typeof Thread>) {
      super(...args);
      threads++;
    }
    override terminate() {
      super.terminate();
      threads--;
    }
  };
  try {
    await withBackup(async ({ backup, names }) => {
      assert.deepEqual(waits, [600_000]);
      await backup.look();
      assert.deepEqual([names().length, threads], [1, 0]);
    });
  } finally {
    Object.assign(globalThis, { setInterval: start, Worker: Thread });
  }
});

Deno.test("without a folder of copies there is nothing to forget, and none is made", async () => {
  await withBackup(async ({ backup, folder, logs }) => {
    backup.forget(DELETED);
    await backup.look();
    assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
    assert.deepEqual(logs, []);
  }, { worth: () => false });
});

Deno.test("a deletion while a copy is made leaves that copy, too", async () => {
  await withBackup(async (scene) => {
    const { db, backup, folder, names } = scene;
    tellAll(db, aSession({ id: DELETED.id }), ["I sail to Zanzibar.", "Zanzibar smells of cloves."]);
    const looking = backup.look();
    await until(() => exists(folder), "the folder of a copy that begins");
    backup.forget(DELETED);
    deleteSession(db, DELETED.player_id, DELETED.id);
    await looking;
    await backup.look();
    assert.deepEqual([names(), holding(folder, "Zanzibar")], [["engine-2026-11-22.db"], []]);
  });
});

Deno.test("a damaged database pushes no good copy out, and is complained of once a day", async () => {
  await withBackup(async ({ backup, folder, names, database, db, logs, clock }) => {
    await Deno.mkdir(folder);
    const old = Array.from({ length: 8 }, (_, i) => `engine-2026-11-0${i + 1}.db`);
    for (const name of old) await Deno.writeTextFile(join(folder, name), "x");
    // Closing writes the log back.
    db.close();
    const bytes = Deno.readFileSync(database);
    const file = await Deno.open(database, { write: true });
    for (let at = 4096; at < Math.max(bytes.length, 8192); at += 4096) {
      await file.seek(at, Deno.SeekMode.Start);
      await file.write(new Uint8Array(2048).fill(0x5a));
    }
    file.close();
    await backup.look();
    await backup.look();
    assert.deepEqual(names(), old);
    assert.equal(logs.length, 1, logs.join("\n"));
    assert.match(logs[0], /^warn no backup of 2026-11-22: .*damaged/);
    clock.now += 61_000;
    await backup.look();
    assert.equal(logs.length, 2);
  });
});

Deno.test("damage that can be read and copied is found in the copy, too: it never takes a good one's place", async () => {
  await withBackup(async ({ backup, folder, names, database, db, logs }) => {
    await Deno.mkdir(folder);
    const old = Array.from({ length: 8 }, (_, i) => `engine-2026-11-0${i + 1}.db`);
    for (const name of old) await Deno.writeTextFile(join(folder, name), "x");
    db.close();
    // An index that nobody knows of any more: its pages belong to nothing.
    const raw = new DatabaseSync(database, { defensive: false } as DatabaseSyncOptions);
    raw.exec("PRAGMA writable_schema = ON");
    raw.exec("DELETE FROM sqlite_master WHERE type = 'index' AND name = 'memory_units_by_message'");
    raw.close();
    await backup.look();
    assert.deepEqual(names(), old);
    assert.match(logs.join("\n"), /^warn no backup of 2026-11-22: the database is damaged \(/);
  });
});

Deno.test("a thread that crashes, and a folder that cannot be made, end in a line of the log", async () => {
  const crash = URL.createObjectURL(
    new Blob(["throw new Error('planted')"], { type: "application/javascript" }),
  );
  await withBackup(async ({ backup, logs, names }) => {
    await backup.look();
    assert.deepEqual(names(), []);
    assert.match(logs.join("\n"), /^warn no backup of 2026-11-22: .*planted/);
  }, { worker: new URL(crash) });
  URL.revokeObjectURL(crash);
  await withBackup(async ({ backup, logs, folder }) => {
    await Deno.writeTextFile(folder, "a file");
    await backup.look();
    assert.match(logs.join("\n"), /^warn no backup of 2026-11-22: /);
  });
});

Deno.test("closing before a copy begins is in time, too", async () => {
  const silent = URL.createObjectURL(new Blob(["onmessage = () => {}"], { type: "application/javascript" }));
  await withBackup(async ({ backup, logs }) => {
    const looking = backup.look();
    backup.close();
    await looking;
    assert.deepEqual(logs, []);
  }, { worker: new URL(silent) });
  URL.revokeObjectURL(silent);
});

Deno.test("closing while a copy is prepared begins no thread that nobody would end", async () => {
  const crash = URL.createObjectURL(
    new Blob(["throw new Error('planted')"], { type: "application/javascript" }),
  );
  let close = () => {};
  await withBackup(async ({ backup, logs }) => {
    close = () => backup.close();
    await backup.look();
    assert.deepEqual(logs, []);
  }, { worker: new URL(crash), worth: () => (close(), true) });
  URL.revokeObjectURL(crash);
});

Deno.test("closing gives up a copy that is being made, and looks no more", async () => {
  const silent = URL.createObjectURL(new Blob(["onmessage = () => {}"], { type: "application/javascript" }));
  await withBackup(async ({ backup, logs, clock, names, folder }) => {
    const looking = backup.look();
    await until(() => exists(folder), "the folder of a copy that begins");
    backup.close();
    await looking;
    clock.now += 24 * 3600 * 1000;
    await backup.look();
    assert.deepEqual([logs, names()], [[], []]);
  }, { worker: new URL(silent) });
  URL.revokeObjectURL(silent);
});

Deno.test("closing gives up taking a story out of a copy: nothing is complained of, and the list waits for the next start", async () => {
  const begun = await Deno.makeTempFile({ prefix: "flower-daily-begun-" });
  const silent = URL.createObjectURL(
    new Blob([`onmessage = () => Deno.removeSync(${JSON.stringify(begun)})`], {
      type: "application/javascript",
    }),
  );
  await withBackup(async ({ backup, clock, logs, names, folder }) => {
    await Deno.mkdir(folder);
    const day = new Date(clock.now).toISOString().slice(0, 10);
    await Deno.writeTextFile(join(folder, `engine-${day}.db`), "");
    await Deno.writeTextFile(
      join(folder, "deleted.jsonl"),
      `${JSON.stringify({ player_id: "ann", id: "a" })}\n`,
    );
    const looking = backup.look();
    await until(async () => !(await exists(begun)), "the thread that takes it out");
    backup.close();
    await looking;
    assert.deepEqual([logs, names()], [[], ["deleted.jsonl", `engine-${day}.db`]]);
  }, { worker: new URL(silent) });
  URL.revokeObjectURL(silent);
});
