// The daily copy: once a day, whole, the newest seven kept, and never at the cost of the brain.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { BACKUPS_KEPT, type DailyBackup, openDailyBackup, outdated } from "../../brain/daily_backup.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { inspectDatabase } from "../../brain/store/inspect.ts";
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
  options: { worth?: () => boolean; worker?: URL } = {},
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
    now: () => clock.now,
    log: (level, text) => void logs.push(`${level} ${text}`),
    worker: options.worker,
  });
  try {
    await fn({
      folder,
      database,
      logs,
      clock,
      backup,
      db,
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
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
    const unfinished = ["engine-2026-11-09.db.part", "engine-2026-11-10.db.part-journal"];
    for (const name of [...old, ...mine, ...unfinished]) {
      await Deno.writeTextFile(join(folder, name), "x");
    }
    await backup.look();
    assert.equal(BACKUPS_KEPT, 7);
    assert.deepEqual(names(), [...old.slice(2), "engine-2026-11-22.db", ...mine].sort());
    assert.deepEqual(await outdated(folder), []);
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
