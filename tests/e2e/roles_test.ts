// The store's roles as real programs: beside a brain that tells a story, on a home that is locked, after a kill, and from
// one home to another.

import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { LAST_PAGE_FILE, SAID_FILE } from "../../shared/home.ts";
import { saidLine } from "../../shared/said.ts";
import { inspectDatabase } from "../../brain/store/inspect.ts";
import {
  FACE,
  FRONT_DOOR,
  openSocket,
  type Piped,
  startPiped,
  startScreen,
  tempHome,
  type TestSocket,
  until,
} from "../support/processes.ts";
import { buildOriginal, PLANTED_KEY, snapshot } from "../support/original_folder.ts";

/** Runs a role to its end. */
async function role(home: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  await using run = startPiped(FRONT_DOOR, [...args, "--home", home]);
  const code = await run.ended;
  return { code, out: run.stdout(), err: run.stderr() };
}

function brain(home: string): Piped {
  return startPiped(FRONT_DOOR, ["brain", "--home", home, "--port", "0"]);
}

async function end(door: Piped): Promise<void> {
  door.signal("SIGTERM");
  await door.ended;
}

async function begin(socket: TestSocket): Promise<void> {
  socket.send("/world select salt_marsh");
  await socket.frame("Active world set to salt_marsh");
  socket.send("/character select clerk");
  await socket.frame('"character_id":"clerk"');
  socket.send("/session new");
  await socket.frame('"event":"chat_history","payload":{"content":"","metadata":{"history":[{');
}

/** Says a line and waits for the end of its reply. */
async function turn(socket: TestSocket, line: string): Promise<void> {
  const before = socket.frames('"event":"chat_end"').length;
  socket.send(line);
  await until(() => socket.frames('"event":"chat_end"').length > before, `the reply to ${line}`);
}

/** The contents of the path that a new socket is shown. */
async function told(url: string): Promise<string[]> {
  await using socket = await openSocket(url);
  const frame = JSON.parse(await socket.frame('"event":"chat_history"'));
  return frame.payload.metadata.history.map((message: { content: string }) => message.content);
}

const SLOW = "narrator_word_ms: 40\n";

Deno.test("beside a brain in mid-reply: backup, doctor and export work, restore and import say that it is locked", async () => {
  await using home = await tempHome(SLOW);
  await using door = brain(home.path);
  const { url } = await door.ready();
  await using socket = await openSocket(url);
  await begin(socket);
  socket.send("I look around.");
  await socket.frame('"event":"chat_chunk"');
  const copy = join(home.path, "copy.db");
  const out = join(home.path, "story.jsonl");

  const [saved, looked, book, file] = await Promise.all([
    role(home.path, "backup", copy),
    role(home.path, "doctor", "--json"),
    role(home.path, "export", "I look", "--format", "txt"),
    role(home.path, "export", "I look", "--format", "jsonl", "--out", out),
  ]);
  assert.deepEqual([saved.code, saved.err], [0, ""]);
  assert.match(saved.out, /^✓ .*copy\.db: \d+ kB\n {2}1 story, 3 messages, /);
  const { damage, messages } = inspectDatabase(copy);
  assert.deepEqual([damage, messages], [[], 3]);
  assert.equal(looked.code, 0, looked.out);
  const { findings } = JSON.parse(looked.out) as {
    findings: { area: string; level: string; text: string }[];
  };
  assert.match(findings.find(({ area }) => area === "brain")!.text, /^version 0\.1\.0 runs at ws:/);
  assert.equal(findings.find(({ area }) => area === "database")!.level, "ok");
  assert.deepEqual([book.code, book.err], [0, ""]);
  assert.match(
    book.out,
    /^I look around\.\n=+\n\nWorld: The Salt Marsh · Character: The clerk\n\n[^>]+> I look around\.\n/,
  );
  assert.equal(file.code, 0, file.err);

  const original = join(home.path, "original");
  await Deno.mkdir(original);
  await buildOriginal(original);
  for (const args of [["restore", copy], ["import", out], ["import", "flower-engine", original]]) {
    const { code, err } = await role(home.path, ...args);
    assert.equal(code, 3, args.join(" "));
    assert.match(err, /^✗ A brain runs on .*nothing was changed\. Leave the game or stop that brain/);
  }
  // The reply went on all the while, and the brain is none the worse.
  await socket.frame('"event":"chat_end"');
  await end(door);
});

Deno.test("what a backup holds comes back after more was told, and the brain goes on from there", async () => {
  await using home = await tempHome("narrator_word_ms: 0\n");
  const copy = join(home.path, "copy.db");
  let before: string[];
  {
    await using door = brain(home.path);
    const { url } = await door.ready();
    await using socket = await openSocket(url);
    await begin(socket);
    await turn(socket, "I look around.");
    before = await told(url);
    assert.equal((await role(home.path, "backup", copy)).code, 0);
    await turn(socket, "I wait for the tide.");
    assert.equal((await told(url)).length, before.length + 2);
    // Killed: what it told last stands in the log only.
    const { pid } = await door.ready();
    Deno.kill(pid, "SIGKILL");
    await door.ended;
  }
  const { code, out, err } = await role(home.path, "restore", copy);
  assert.deepEqual([code, err], [0, ""]);
  const kept = /kept as (.*)\n/.exec(out)![1];
  assert.equal(inspectDatabase(kept).messages, 5);
  await using door = brain(home.path);
  const { url } = await door.ready();
  assert.deepEqual(await told(url), before);
  await using socket = await openSocket(url);
  await turn(socket, "I go on.");
  assert.equal((await told(url)).length, before.length + 2);
  await end(door);
});

Deno.test("a story goes from one home to another and is played on there; /export writes into the home", async () => {
  await using home = await tempHome("narrator_word_ms: 0\n");
  let path: string[];
  let exported: string;
  {
    await using door = brain(home.path);
    const { url } = await door.ready();
    await using socket = await openSocket(url);
    socket.send("/export");
    await socket.frame("There is no story to export");
    await begin(socket);
    await turn(socket, "I look around.");
    await turn(socket, "/retry");
    path = await told(url);
    socket.send("/export jsonl");
    const answer = JSON.parse(await socket.frame("Exported to")).payload.content as string;
    exported = answer.replace("✓ Exported to ", "");
    socket.send("/export pdf");
    await socket.frame('There is no format \\"pdf\\": md, txt, jsonl.');
    socket.send("/export");
    // The help of a command speaks of .md files too.
    await socket.frame('.md"');
    await end(door);
  }
  assert.match(
    exported,
    new RegExp(`^${Deno.realPathSync(home.path)}/exports/i-look-around-[0-9a-f]{12}\\.jsonl$`),
  );
  assert.equal(Deno.statSync(exported).mode! & 0o777, 0o600);
  assert.equal(Deno.statSync(join(home.path, "exports")).mode! & 0o777, 0o700);
  assert.equal([...Deno.readDirSync(join(home.path, "exports"))].length, 2);

  await using other = await tempHome("narrator_word_ms: 0\n");
  const first = await role(other.path, "import", exported);
  assert.deepEqual([first.code, first.err], [0, ""]);
  const id = /is story ([0-9a-f]{12}) now: 4 messages\n$/.exec(first.out)![1];
  const second = await role(other.path, "import", exported);
  assert.deepEqual([second.code, second.out], [0, `✓ "I look around." is here already: story ${id}\n`]);
  const again = await role(other.path, "export", id, "--format", "jsonl");
  assert.equal(again.out, await Deno.readTextFile(exported));

  await using door = brain(other.path);
  const { url } = await door.ready();
  await using socket = await openSocket(url);
  socket.send(`/session continue ${id}`);
  await socket.frame("I look around.");
  assert.deepEqual(await told(url), path);
  await turn(socket, "I go on.");
  await end(door);
});

Deno.test("the original's folder is taken over by the program and its last story is shown", async () => {
  await using home = await tempHome();
  const source = join(home.path, "original");
  await Deno.mkdir(source);
  await buildOriginal(source);
  const before = snapshot(source);
  const { code, out, err } = await role(home.path, "import", "flower-engine", source);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^✓ story "Dive": /m);
  assert.ok(!out.includes(PLANTED_KEY));
  assert.deepEqual(snapshot(source), before);
  assert.match(
    (await role(home.path, "import", "flower-engine", source)).out,
    /Nothing new was taken over\.\n$/,
  );
  await using door = brain(home.path);
  const { url } = await door.ready();
  assert.deepEqual(await told(url), [
    "I look around.",
    "The harbour is grey.",
    "I go aboard.",
    "The plank bends. Mira holds the lantern of Captain Oru.",
  ]);
  await end(door);
});

Deno.test("a brain copies its database at its first start of a day that finds a story, inside its seal", async () => {
  await using home = await tempHome("narrator_word_ms: 0\n");
  const folder = join(home.path, "backups");
  {
    await using door = brain(home.path);
    const { url } = await door.ready();
    await using socket = await openSocket(url);
    await begin(socket);
    await end(door);
    // There was no story yet when it looked.
    assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
  }
  await using door = brain(home.path);
  await door.ready();
  await until(() => door.stderr().includes("info backup of "), "the daily backup");
  await end(door);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.equal(names.length, 1);
  assert.match(names[0], /^engine-\d{4}-\d{2}-\d{2}\.db$/);
  // A damaged database is told with the copy that may take its place.
  const database = join(home.path, "engine.db");
  await Deno.writeTextFile(database, "This is no database at all. ".repeat(100));
  await using broken = brain(home.path);
  assert.equal(await broken.ended, 1);
  const command = /engine\.db is damaged or no database\. .*: flower (restore) (\S+) \(what/.exec(
    broken.stderr(),
  );
  assert.equal(command?.[2], join(Deno.realPathSync(folder), names[0]));
  const restored = await role(home.path, command?.[1] ?? "", command?.[2] ?? "");
  assert.equal(restored.code, 0, restored.err);
  assert.match(restored.out, /\n {2}1 story, 1 message, /);
});

Deno.test("a story that is deleted leaves every file of the home but what the player wrote down", async () => {
  await using home = await tempHome("narrator_word_ms: 0\nlog_level: debug\n");
  const backups = join(home.path, "backups");
  const holding = () =>
    [home.path, backups, join(home.path, "logs"), join(home.path, "exports")].flatMap((folder) =>
      [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => join(folder, name))
    ).filter((path) => Deno.readTextFileSync(path).toLowerCase().includes("zanzibar"));
  {
    await using door = brain(home.path);
    await using socket = await openSocket((await door.ready()).url);
    await begin(socket);
    await turn(socket, "I ask about Zanzibar.");
    socket.send("/export");
    await socket.frame("Exported to");
    await end(door);
  }
  await using door = brain(home.path);
  await using socket = await openSocket((await door.ready()).url);
  await until(() => door.stderr().includes("info backup of "), "the daily backup");
  await until(() => holding().some((path) => path.startsWith(backups)), "the copy");
  const page = join(home.path, LAST_PAGE_FILE);
  await Deno.mkdir(dirname(page), { recursive: true });
  await Deno.writeTextFile(page, "I ask about Zanzibar.");
  const said = join(home.path, SAID_FILE);
  const synced = JSON.parse(socket.frames('"sync_state"').at(-1) ?? "{}");
  const story: string = synced.payload.metadata.session_id;
  const elsewhere = saidLine({ text: "I wait.", story: "0123456789ab" });
  // Two that go at once leave no line behind.
  socket.send("/session new");
  socket.send("/session new");
  const begun = await until(() => {
    const frames = socket.frames("New session: ");
    return frames.length >= 2 && frames.slice(-2).map((frame) => /New session: (\w+)/.exec(frame)?.[1] ?? "");
  }, "two stories");
  const lines = begun.map((id) => saidLine({ text: "I wait.", story: id }));
  await Deno.writeTextFile(said, elsewhere + lines.join("") + elsewhere);
  for (const id of begun) socket.send(`/session delete ${id}`);
  await until(() => Deno.readTextFileSync(said) === elsewhere + elsewhere, "the end of both");
  await Deno.writeTextFile(
    said,
    `${elsewhere}${saidLine({ text: "I ask about Zanzibar.", story })}${elsewhere}`,
  );
  socket.send("/session delete I ask about");
  await socket.frame("Deleted session");
  await until(() => Deno.stat(page).then(() => false, () => true), "the end of the last page");
  await until(() => Deno.readTextFileSync(said) === elsewhere + elsewhere, "the end of what was said in it");
  await until(
    () => door.stderr().includes("info deleted stories were taken out of 1 daily backups"),
    "the end",
  );
  await end(door);
  assert.deepEqual(holding().map((path) => dirname(path)), [join(home.path, "exports")]);
  assert.deepEqual([...Deno.readDirSync(backups)].length, 1);
});

Deno.test("the whole command line knows the roles; wrong usage is code 2, and a terminal is looked at", async () => {
  await using home = await tempHome();
  const rows: [string[], number, RegExp][] = [
    [["backup"], 2, /missing required argument 'file'/],
    [["export", "x", "--format", "pdf"], 2, /Allowed choices are md, txt, jsonl/],
    [["import"], 2, /missing required argument 'file'/],
    [["import", "flower-engine"], 2, /missing required argument 'folder'/],
    [["restore", join(home.path, "none.db")], 1, /none\.db is not there/],
  ];
  for (const [args, code, message] of rows) {
    await using run = startPiped(FACE, [...args, "--home", home.path]);
    assert.equal(await run.ended, code, args.join(" "));
    assert.match(run.stderr(), message);
  }
  await using screen = startScreen(FACE, ["doctor", "--home", home.path], {
    columns: 120,
    rows: 50,
    env: { COLORTERM: "truecolor" },
  });
  await screen.shows(/✓ terminal +xterm-256color, no colour, as NO_COLOR asks, UTF-8, 120x50/);
  assert.equal((await screen.ended).code, 0);
  await using dumb = startScreen(FACE, ["doctor", "--home", home.path], {
    columns: 50,
    rows: 40,
    env: { TERM: "dumb", LANG: "C" },
  });
  await dumb.shows(/✗ terminal +TERM is "dumb"/);
  await dumb.shows("the locale C is not UTF-8");
  assert.equal((await dumb.ended).code, 1);
});
