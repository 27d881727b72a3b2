// backup and restore on files of every kind: whole, damaged, newer, foreign, in use.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { inspectDatabase } from "../../../brain/store/inspect.ts";
import { lockHome } from "../../../brain/home_lock.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { listSessions } from "../../../brain/store/sessions.ts";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { type RoleHome, roleHome, tellEverything } from "../../support/role_home.ts";

const files = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const stories = (home: RoleHome) =>
  home.store((db) => listSessions(db, "local").map(({ session }) => session.id)).sort();

/** A home with a story, and beside it a backup of exactly that. */
async function homeWithBackup(): Promise<RoleHome & { copy: string }> {
  const home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  const copy = join(home.path, "..", "cwd", "copy.db");
  assert.equal((await home.run({ role: "backup", file: "copy.db", force: false })).code, 0);
  return Object.assign(home, { copy });
}

/** Overwrites all pages but the first half of each with rubbish, from page 2 on. */
function damage(path: string): void {
  const { size } = Deno.statSync(path);
  using file = Deno.openSync(path, { write: true });
  for (let at = 4096; at < size; at += 4096) {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(2048).fill(0x5a));
  }
}

/** Takes an index out of the schema: its pages belong to nothing any more, and all the rest can be read. */
function damageQuietly(path: string): void {
  const raw = new DatabaseSync(path, { defensive: false } as DatabaseSyncOptions);
  raw.exec("PRAGMA writable_schema = ON");
  raw.exec("DELETE FROM sqlite_master WHERE type = 'index' AND name = 'memory_units_by_message'");
  raw.close();
}

Deno.test("a backup holds what the database holds, says so, and is one file for its owner alone", async () => {
  await using home = await homeWithBackup();
  const { size, mode } = Deno.statSync(home.copy);
  assert.equal(mode! & 0o777, 0o600);
  assert.deepEqual(files(join(home.copy, "..")), ["copy.db"]);
  const { damage, schema, stories, messages, memories } = inspectDatabase(home.copy);
  assert.deepEqual([damage, schema, stories, messages, memories], [[], "current", 1, 7, 7]);
  const { out, code } = await home.run({ role: "backup", file: "second.db", force: false });
  assert.equal(code, 0);
  const version = MIGRATIONS.at(-1)!.name;
  assert.equal(
    out,
    `✓ ${join(home.copy, "..", "second.db")}: ${Math.round(size / 1000)} kB\n` +
      `  1 story, 7 messages, told from 2023-11-14 to 2023-11-14; schema ${version}`,
  );
});

Deno.test("a backup is refused where it would cost something, with a reason, and leaves nothing behind", async () => {
  await using home = await homeWithBackup();
  const cwd = join(home.path, "..", "cwd");
  await Deno.symlink(home.database, join(cwd, "link.db"));
  const rows: [string, boolean, RegExp][] = [
    ["copy.db", false, /copy\.db is there already.*--force/],
    ["../home/engine.db", true, /is the database itself/],
    ["link.db", true, /is the database itself/],
    ["../home/engine.db-wal", true, /is the database itself/],
    [".", true, /is a folder/],
    ["nowhere/x.db", false, /There is no folder .*nowhere/],
  ];
  for (const [file, force, message] of rows) {
    const { code, err, out } = await home.run({ role: "backup", file, force });
    assert.deepEqual([code, out], [1, ""], file);
    assert.match(err, message);
  }
  assert.deepEqual(files(cwd), ["copy.db", "link.db"]);
  const before = Deno.readFileSync(home.copy);
  home.store((db) => tellEverything(db, "local", "more"));
  // As a backup that was killed leaves it.
  await Deno.writeTextFile(`${home.copy}.part`, "no database ".repeat(1000));
  assert.equal((await home.run({ role: "backup", file: "copy.db", force: true })).code, 0);
  assert.deepEqual(files(cwd), ["copy.db", "link.db"]);
  assert.equal(inspectDatabase(home.copy).stories, 2);
  assert.notDeepEqual(Deno.readFileSync(home.copy), before);
});

Deno.test("a backup of nothing, and of a damaged database, is refused and replaces no good one", async () => {
  await using empty = await roleHome();
  const { code, err } = await empty.run({ role: "backup", file: "x.db", force: false });
  assert.deepEqual([code, err], [1, `✗ The database ${empty.database} is not there.`]);
  assert.deepEqual(files(empty.path), ["config.yaml"]);
  await using home = await homeWithBackup();
  for (const harm of [damageQuietly, damage]) {
    harm(home.database);
    const broken = await home.run({ role: "backup", file: "copy.db", force: true });
    assert.equal(broken.code, 1);
    assert.match(broken.err, /engine\.db.* is damaged/);
    const { stories, damage } = inspectDatabase(home.copy);
    assert.deepEqual([stories, damage], [1, []]);
    assert.deepEqual(files(join(home.copy, "..")), ["copy.db"]);
  }
});

Deno.test("restore puts the backup in the database's place and keeps what was there, whole", async () => {
  await using home = await homeWithBackup();
  home.store((db) => tellEverything(db, "local", "more"));
  const { code, out, err } = await home.run({ role: "restore", file: "copy.db" });
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(stories(home), ["eels"]);
  const kept = files(home.path).filter((name) => name.includes("before-restore"));
  assert.equal(kept.length, 1);
  assert.match(kept[0], /^engine\.db\.before-restore-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}$/);
  assert.equal(out.split("\n")[2], `  The database that was there is kept as ${join(home.path, kept[0])}`);
  assert.match(out, /^✓ Restored .*copy\.db\n {2}1 story, 7 messages/);
  // It can be put back in its turn, and nothing else is left lying about.
  assert.equal((await home.run({ role: "restore", file: join("..", "home", kept[0]) })).code, 0);
  assert.deepEqual(stories(home), ["eels", "more"]);
  // Within the same second, too, nothing that was kept is replaced.
  for (let i = 0; i < 4; i++) assert.equal((await home.run({ role: "restore", file: "copy.db" })).code, 0);
  assert.equal(files(home.path).filter((name) => /before-restore-[\dT-]+$/.test(name)).length, 6);
  assert.deepEqual(files(home.path).filter((name) => !name.includes("before-restore")), [
    "brain.lock",
    "config.yaml",
    "engine.db",
  ]);
  assert.equal(Deno.statSync(home.database).mode! & 0o777, 0o600);
});

Deno.test("what stands only in the log of a brain that was killed is kept, too, and gets into no other database", async () => {
  await using home = await homeWithBackup();
  // As after kill -9: the log is there and nobody has it open.
  const crashed = join(home.path, "crashed");
  await Deno.mkdir(crashed);
  home.store((db) => {
    tellEverything(db, "local", "more");
    for (const end of ["", "-wal"]) {
      Deno.copyFileSync(`${home.database}${end}`, join(crashed, `engine.db${end}`));
    }
  });
  for (const end of ["", "-wal"]) {
    await Deno.rename(join(crashed, `engine.db${end}`), `${home.database}${end}`);
  }
  assert.ok(Deno.statSync(`${home.database}-wal`).size > 0);
  assert.equal((await home.run({ role: "restore", file: "copy.db" })).code, 0);
  assert.deepEqual(stories(home), ["eels"]);
  const kept = files(home.path).find((name) => name.includes("before-restore"))!;
  assert.equal(inspectDatabase(join(home.path, kept)).stories, 2);
  // Nor where the database itself was taken away.
  const other = await Deno.readFile(join(home.path, kept));
  for (const name of files(home.path)) {
    if (/before-restore|^engine/.test(name)) await Deno.remove(join(home.path, name));
  }
  await Deno.writeFile(`${home.database}-wal`, other);
  assert.equal((await home.run({ role: "restore", file: "copy.db" })).code, 0);
  assert.deepEqual(files(home.path), ["brain.lock", "config.yaml", "crashed", "engine.db"]);
  assert.deepEqual(stories(home), ["eels"]);
});

Deno.test("a damaged database gives way to a backup and is kept as it is", async () => {
  await using home = await homeWithBackup();
  damage(home.database);
  const bytes = Deno.readFileSync(home.database);
  assert.equal((await home.run({ role: "restore", file: "copy.db" })).code, 0);
  assert.deepEqual(stories(home), ["eels"]);
  const kept = files(home.path).find((name) => name.includes("before-restore"))!;
  assert.equal(Deno.readFileSync(join(home.path, kept)).length, bytes.length);
});

Deno.test("a backup of an earlier version is brought up to date, one for no database makes one", async () => {
  await using home = await roleHome();
  const old = join(home.path, "old.db");
  const raw = new DatabaseSync(old);
  raw.exec("CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT");
  raw.exec(MIGRATIONS[0].sql);
  raw.prepare("INSERT INTO migrations (name) VALUES (?)").run(MIGRATIONS[0].name);
  raw.close();
  const { code, out } = await home.run({ role: "restore", file: old });
  assert.equal(code, 0, out);
  assert.ok(!out.includes("kept as"));
  assert.equal(inspectDatabase(home.database).schema, "current");
  assert.equal(inspectDatabase(old).schema, "older");
});

Deno.test("a database that stands elsewhere gets its folder, for its owner alone, by restore and by import", async () => {
  await using home = await homeWithBackup();
  const out = "story.jsonl";
  const story = {
    role: "export",
    story: "eels",
    format: "jsonl",
    out,
    force: false,
    player: "local",
  } as const;
  assert.equal((await home.run(story)).code, 0);
  for (
    const order of [
      { role: "restore", file: "copy.db" },
      { role: "import", file: out, player: "local" },
    ] as const
  ) {
    const folder = join(home.path, order.role);
    await Deno.writeTextFile(
      join(home.path, "config.yaml"),
      `local_servers: off\ndatabase_path: ${order.role}/deep/engine.db\n`,
    );
    assert.equal((await home.run(order)).code, 0, order.role);
    assert.equal(inspectDatabase(join(folder, "deep", "engine.db")).messages, 7);
    assert.deepEqual([folder, join(folder, "deep")].map((path) => Deno.statSync(path).mode! & 0o777), [
      0o700,
      0o700,
    ]);
  }
});

Deno.test("what is no backup, or a newer one, is refused and nothing is changed", async () => {
  await using home = await homeWithBackup();
  const cwd = join(home.path, "..", "cwd");
  await Deno.copyFile(home.copy, join(cwd, "damaged.db"));
  damage(join(cwd, "damaged.db"));
  await Deno.copyFile(home.copy, join(cwd, "quiet.db"));
  damageQuietly(join(cwd, "quiet.db"));
  await Deno.writeFile(join(cwd, "cut.db"), Deno.readFileSync(home.copy).slice(0, 20_000));
  await Deno.writeTextFile(join(cwd, "text.db"), "no database ".repeat(1000));
  await Deno.writeTextFile(join(cwd, "empty.db"), "");
  const newer = new DatabaseSync(join(cwd, "newer.db"));
  newer.exec(
    "CREATE TABLE migrations (name TEXT PRIMARY KEY); INSERT INTO migrations VALUES ('9999_dragons')",
  );
  newer.close();
  const foreign = new DatabaseSync(join(cwd, "foreign.db"));
  foreign.exec("CREATE TABLE sessions (id TEXT)");
  foreign.close();
  const before = Deno.readFileSync(home.database);
  const rows: [string, RegExp][] = [
    ["damaged.db", /damaged.* Nothing was changed/],
    ["quiet.db", /is damaged [^]*\. Nothing was changed; take another/],
    ["cut.db", /damaged.* Nothing was changed/],
    ["text.db", /damaged, or no backup at all\. Nothing was changed/],
    ["empty.db", /is an empty file: it is no backup/],
    ["newer.db", /written by a newer Flower Engine \(it has "9999_dragons"\)\. Update/],
    ["foreign.db", /holds another program's tables: it is no backup/],
    ["missing.db", /The backup .*missing\.db is not there/],
    ["../home/engine.db", /is the database itself/],
    [".", /is no file/],
  ];
  for (const [file, message] of rows) {
    const { code, err, out } = await home.run({ role: "restore", file });
    assert.deepEqual([code, out], [1, ""], file);
    assert.match(err, message, `${file}: ${err}`);
    assert.deepEqual(Deno.readFileSync(home.database), before, file);
  }
  // A reader may leave an empty log behind.
  const left = files(home.path).filter((name) => !/-(wal|shm)$/.test(name));
  assert.deepEqual(left, ["brain.lock", "config.yaml", "engine.db"]);
});

Deno.test("while the home is locked nothing is restored or imported, and code 3 says so", async () => {
  await using home = await homeWithBackup();
  using lock = (await lockHome(home.path))!;
  assert.ok(lock);
  const original = join(home.path, "..", "cwd");
  await Deno.writeTextFile(join(original, "persist.json"), "{}");
  for (
    const order of [
      { role: "restore", file: "copy.db" },
      { role: "import", file: "copy.db", player: "local" },
      { role: "import_original", folder: "." },
    ] as const
  ) {
    const { code, err } = await home.run(order);
    assert.equal(code, 3, order.role);
    assert.match(err, /A brain runs on .*nothing was changed\. Leave the game/);
  }
  // These need no lock.
  assert.equal((await home.run({ role: "backup", file: "beside.db", force: false })).code, 0);
  assert.deepEqual(stories(home), ["eels"]);
});
