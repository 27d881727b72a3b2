// Faces in a pseudo terminal with the real brain behind them: drawn before it, attached to it, going on without its owner.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { parseBrainFile } from "../../shared/home.ts";
import {
  FACE,
  FRONT_DOOR,
  gone,
  isRunning,
  ROOT,
  type Screen,
  startPiped,
  startScreen,
  tempHome,
  until,
} from "../support/processes.ts";
import { FAREWELL } from "../support/shell.ts";

/** The opening screen with its worlds, which come from the brain. */
const WORLDS = /Where do you want to go\?\s+› 1 /;
/** The built-in narrator without its pauses. */
const QUICK = "narrator_word_ms: 1\n";

function play(home: string, role = "play"): Screen {
  return startScreen(FACE, [role, "--home", home]);
}

/** The pid in a home's brain.json; 0 when there is none. */
function brainOf(home: string): number {
  try {
    return parseBrainFile(Deno.readTextFileSync(join(home, "brain.json")))?.pid ?? 0;
  } catch {
    return 0;
  }
}

/** Two keys from the opening screen to the story. */
async function begin(face: Screen): Promise<void> {
  await face.shows(WORLDS);
  face.type("\r");
  await face.shows(/Who are you there\?\s+› 1 /);
  face.type("\r");
  await face.shows(/Tab reread/);
}

/** Says a line as soon as there is a brain to hear it. */
async function send(face: Screen, line: string): Promise<void> {
  face.type(line);
  const waiting = `› ${line}\n\n      Enter say`;
  await face.shows(waiting);
  // Without a connection the line stays in the editor: a player presses Enter again.
  await until(async () => {
    face.type("\r");
    await new Promise((resolve) => setTimeout(resolve, 300));
    return !face.emulator.text().includes(waiting);
  }, "the line is sent");
  await face.shows(`› ${line}`);
}

/** Says a line and waits for the reply's end. */
async function say(face: Screen, line: string): Promise<void> {
  await send(face, line);
  await face.shows("Tab reread");
}

/** Waits for the opening screen with its worlds, which come from the brain; gives the brain's pid. */
async function opened(face: Screen, home: string): Promise<number> {
  await face.shows(WORLDS);
  const pid = brainOf(home);
  assert.ok(isRunning(pid));
  return pid;
}

Deno.test("play draws before there is a brain, tells a story, and leaves no process behind", async () => {
  await using home = await tempHome(QUICK);
  // A held lock without brain.json: a brain that takes its time.
  const lock = await Deno.open(join(home.path, "brain.lock"), { create: true, write: true });
  await lock.lock(true);
  await using face = play(home.path);
  await face.shows("Flower");
  assert.equal(brainOf(home.path), 0);
  lock.close();
  await begin(face);
  await say(face, "I look around.");
  const pid = brainOf(home.path);
  assert.ok(isRunning(pid));
  face.type("/quit\r");
  assert.deepEqual(await face.ended, { code: 0, signal: 0 });
  await gone(pid);
  assert.match(face.emulator.text(), FAREWELL);
});

Deno.test("a second play attaches; when the owner leaves in mid-story it goes on with a brain of its own", async () => {
  await using home = await tempHome(QUICK);
  await using owner = play(home.path);
  await begin(owner);
  await say(owner, "I look around.");
  const first = brainOf(home.path);
  await using guest = play(home.path);
  // The story, with no key pressed.
  await guest.shows("› I look around.");
  assert.equal(brainOf(home.path), first);
  owner.type("/quit\r");
  await owner.ended;
  await gone(first);
  const second = await until(() => brainOf(home.path) !== first && brainOf(home.path), "another brain");
  await say(guest, "I wait.");
  guest.type("/quit\r");
  assert.equal((await guest.ended).code, 0);
  await gone(second);
});

for (const victim of ["brain", "front door"]) {
  Deno.test(`kill -9 of the ${victim} in mid-reply: it is started again, says so, the words are kept, and the next line works`, async () => {
    await using home = await tempHome("narrator_word_ms: 60\n");
    await using face = play(home.path);
    await begin(face);
    await send(face, "I look around.");
    const reply = async () =>
      (await until(() => /› I look around\.\n\n +(\S+ \S+ \S+ \S+)/.exec(face.emulator.text()), "words"))[1];
    const words = await reply();
    await until(() => savedReply(home.path).replace(/[*_]/g, "").includes(words), "these words are saved");
    const first = brainOf(home.path);
    Deno.kill(victim === "brain" ? first : parentOf(first), "SIGKILL");
    const second = await until(
      () => isRunning(brainOf(home.path)) && brainOf(home.path) !== first && brainOf(home.path),
      "another",
    );
    await face.shows(/stopped\n+ +✗ The story was cut off and is back\./);
    await face.shows(/c go on {3}r tell again/);
    assert.equal(await reply(), words);
    await send(face, "I wait.");
    await face.shows("narrating");
    face.kill("SIGTERM");
    await face.ended;
    await gone(second);
  });
}

/** The last reply as the story's file has it. */
function savedReply(home: string): string {
  const db = new DatabaseSync(join(home, "engine.db"), { readOnly: true });
  try {
    const row = db.prepare("SELECT content FROM messages WHERE role = 'assistant' ORDER BY id DESC LIMIT 1")
      .get();
    return String(row?.content ?? "");
  } finally {
    db.close();
  }
}

/** The process that started another. */
function parentOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
}

Deno.test("a face that is killed, asked to end, or hung up leaves no brain", async () => {
  for (const signal of ["SIGKILL", "SIGTERM", "SIGHUP"]) {
    await using home = await tempHome();
    await using face = play(home.path);
    const pid = await opened(face, home.path);
    face.kill(signal);
    await face.ended;
    await gone(pid);
  }
});

Deno.test("a brain of another version is a sentence and code 3, and nothing is drawn", async () => {
  await using home = await tempHome();
  await using face = play(home.path);
  await opened(face, home.path);
  const path = join(home.path, "brain.json");
  const file = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...file, version: "9.9.9" }));
  for (const role of ["play", "face"]) {
    await using other = play(home.path, role);
    assert.equal((await other.ended).code, 3);
    const text = other.emulator.text().replaceAll("\n", "");
    assert.match(text, /^The brain that runs on this home is version 9\.9\.9, this face is 0\.1\.0/);
    assert.ok(!text.includes("✿"));
  }
});

Deno.test("face alone attaches to a running brain, and says how to start one where none runs", async () => {
  await using home = await tempHome();
  {
    await using alone = play(home.path, "face");
    assert.equal((await alone.ended).code, 3);
    assert.match(
      alone.emulator.text().replaceAll("\n", ""),
      /^No brain runs on .*"deno task play" starts one\./,
    );
  }
  await using owner = play(home.path);
  const pid = await opened(owner, home.path);
  await using guest = play(home.path, "face");
  assert.equal(await opened(guest, home.path), pid);
  guest.kill("SIGTERM");
  await guest.ended;
  assert.ok(isRunning(pid));
});

Deno.test("a home below a regular file is a sentence and code 1", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "file"), "");
  await using face = play(join(home.path, "file", "home"));
  assert.equal((await face.ended).code, 1);
  assert.match(face.emulator.text().replaceAll("\n", ""), /^The home .* cannot be used: Not a directory\./);
});

Deno.test("a brain that cannot start is told on the screen, and again with its code when the player leaves", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "file"), "");
  await Deno.writeTextFile(join(home.path, "config.yaml"), "database_path: file/s.db\n");
  await using face = play(home.path);
  await face.shows("See database_path in the config");
  face.type("\x03");
  await face.shows(/[Aa]gain|Ctrl\+C/);
  // A second one within 300 ms would pass for the same: `deno task` doubles signals.
  await new Promise((resolve) => setTimeout(resolve, 400));
  face.type("\x03");
  assert.equal((await face.ended).code, 1);
  assert.match(
    face.emulator.text().replaceAll("\n", ""),
    /^The folder of .*file\/s\.db cannot be used: .*\. See database_path in the config\./,
  );
});

Deno.test("face --url plays with a brain that runs by hand", async () => {
  await using home = await tempHome(QUICK);
  await using here = await tempHome();
  await using door = startPiped(FRONT_DOOR, ["brain", "--port", "0", "--home", home.path]);
  const { url } = await door.ready();
  await using face = startScreen(FACE, ["face", "--url", url.replace("/ws/rpc", ""), "--home", here.path]);
  await begin(face);
  await say(face, "I look around.");
  assert.deepEqual(
    [...Deno.readDirSync(here.path)].map(({ name }) => name).filter((name) => name.startsWith("brain")),
    [],
  );
});

Deno.test("dev starts the brain again when its code changes, and shows what deno check finds", async () => {
  await using home = await tempHome();
  const root = join(home.path, "engine");
  await Deno.mkdir(root);
  for (const name of ["brain", "shared", "face", "assets", "deno.json", "deno.lock"]) {
    await copy(join(ROOT, name), join(root, name));
  }
  await Deno.symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
  await using face = startScreen(join(root, "face", "main.ts"), ["dev", "--home", join(home.path, "h")], {
    cwd: root,
  });
  const first = await opened(face, join(home.path, "h"));
  const roles = await Deno.readTextFile(join(root, "shared", "roles.ts"));
  const save = (text: string) => Deno.writeTextFile(join(root, "shared", "roles.ts"), roles + text);
  // First what cannot even run, then what only the check finds: the brain comes back with the second.
  await save("export const broken = ;\n");
  await face.shows("deno check", 60_000);
  await gone(first);
  await save('export const wrong: number = "no";\n');
  const second = await until(
    () => {
      const now = brainOf(join(home.path, "h"));
      return now !== first && isRunning(now) && now;
    },
    "another brain",
    60_000,
  );
  face.kill("SIGTERM");
  await face.ended;
  await gone(second);
});

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}
