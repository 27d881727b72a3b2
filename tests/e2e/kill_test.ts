/**
 * kill -9 at every moment of a turn, of a migration, of a backup. What was told is kept by the face (tests/support/witness.ts), and
 * the database must have it. FLOWER_KILL_ROUNDS sets how many, FLOWER_KILL_SEED repeats a run.
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { MIGRATIONS } from "../../brain/store/migrations.ts";
import type { Message } from "../../shared/story.ts";
import {
  type Ground,
  killAndWait,
  type Moment,
  MOMENTS,
  mustBeWhole,
  openGround,
  pause,
  stop,
  type Victim,
  words,
} from "../support/kill_ground.ts";
import { seeded } from "../support/player.ts";
import { FRONT_DOOR, isRunning, startPiped } from "../support/processes.ts";
import { startSseServer } from "../support/sse_server.ts";
import { copyOfDead, faultsOf, newWitness, note, PROMISED_AFTER_MS } from "../support/witness.ts";

const ROUNDS = Number(Deno.env.get("FLOWER_KILL_ROUNDS") ?? "10");
const SEED = Number(Deno.env.get("FLOWER_KILL_SEED") ?? String(Date.now() % 1_000_000));

async function killInTurn(ground: Ground, moment: Moment, victim: Victim, round: number): Promise<string[]> {
  const { stage, provider, witness, chance } = ground;
  if (!isRunning(stage.pid)) await stage.start();
  const whole = words(round).join("").trim();
  await using face = await stage.face();
  await face.begin();
  provider.reset();
  assert.equal((await face.turn("I look around.")).message.status, "complete");
  provider.script(moment.reply(whole, chance));
  const from = face.events.length;
  const come = moment.come(face, from, ground, whole);
  face.say(`I count eel ${round}.`);
  await come;
  const killed_ms = performance.now();
  await killAndWait(victim, stage.door, stage.pid);
  await face.until(() => face.closed !== null, "the close").catch(() => {});
  // A brain whose front door is killed settles by itself: all that was shown is kept.
  note(witness, face, { killed_ms, promised_ms: victim === "brain" ? PROMISED_AFTER_MS : 0, whole });
  return await mustBeWhole(ground, `round ${round}, ${moment.name}, ${victim}`);
}

/** Starts the front door, waits for a sign of the file system in steps of a millisecond, kills. */
async function killAtStart(
  ground: Ground,
  victim: Victim,
  what: string,
  sign: (brain: number) => boolean,
  after_ms: number,
): Promise<string[]> {
  const { home } = ground.stage;
  await using door = startPiped(FRONT_DOOR, ["serve", "--port", "0", "--home", home], { cwd: home });
  let brain = 0;
  const deadline = performance.now() + 60_000;
  while (!(brain > 0 && sign(brain))) {
    brain ||= childOf(door.pid);
    assert.ok(performance.now() < deadline, `${what}: it never came to that`);
    await pause(1);
  }
  await pause(after_ms);
  await killAndWait(victim, door, brain);
  const left = leftBehind(home);
  await mustBeWhole(ground, `${what}, ${victim}`);
  return [left];
}

/** What a start had done when it was killed. */
function leftBehind(home: string): string {
  const db = new DatabaseSync(join(home, "engine.db"));
  const count = (table: string) =>
    exists(join(home, "engine.db")) && db.prepare(`SELECT name FROM sqlite_master WHERE name = ?`).get(table)
      ? `${db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n} ${table}`
      : "";
  const counts = [count("migrations"), count("memory_units")].join(", ");
  db.close();
  const backups = join(home, "backups");
  const names = exists(backups) ? [...Deno.readDirSync(backups)].map(({ name }) => name) : [];
  return [counts, ...names].join(", ");
}

function childOf(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ")[0]);
  } catch {
    return 0;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A kill while memory is made of messages that have none, as after a crash between a reply and its memory. */
async function killAtRebuild(ground: Ground, victim: Victim): Promise<string[]> {
  await stop(ground.stage);
  const db = new DatabaseSync(join(ground.stage.home, "engine.db"));
  db.exec("DELETE FROM memory_units; DELETE FROM lore_units; DELETE FROM lore_digests");
  db.close();
  const beacon = join(ground.stage.home, "brain.json");
  return await killAtStart(ground, victim, "memory made anew", () => exists(beacon), ground.chance() * 60);
}

async function killAtBackup(ground: Ground, victim: Victim): Promise<string[]> {
  const { stage, chance, folder } = ground;
  await stop(stage);
  const backups = join(stage.home, "backups");
  if (exists(backups)) await Deno.remove(backups, { recursive: true });
  const begun = () => exists(backups) && [...Deno.readDirSync(backups)].length > 0;
  const states = await killAtStart(ground, victim, "backup", begun, chance() * 10);
  // The next start made or finished the copy; whatever it is, it is whole.
  const copies = exists(backups)
    ? [...Deno.readDirSync(backups)].filter(({ name }) => name.endsWith(".db"))
    : [];
  for (const { name } of copies) {
    copyOfDead(join(backups, name), join(folder, "backup.db"));
    assert.deepEqual(faultsOf(join(folder, "backup.db"), newWitness(), false), [], name);
  }
  return states;
}

/** A kill while an older database is brought up to date: its rows are known, the steps are done or not. */
async function killAtMigration(ground: Ground, victim: Victim, steps: number): Promise<string[]> {
  const { stage, witness, chance } = ground;
  await stop(stage);
  const path = join(stage.home, "engine.db");
  for (const end of ["", "-wal", "-shm"]) if (exists(`${path}${end}`)) Deno.removeSync(`${path}${end}`);
  witness.records = new Map();
  witness.told = new Map();
  for (const message of olderDatabase(path, steps)) witness.records.set(message.id, message);
  const { mtime } = Deno.statSync(path);
  // Written when the first step begins: the file itself, or its log.
  const begun = () => exists(`${path}-wal`) || Deno.statSync(path).mtime?.getTime() !== mtime?.getTime();
  const states = await killAtStart(ground, victim, `migration from step ${steps}`, begun, chance() * 80);
  return [`from ${steps} migrations to ${states}`];
}

/** Makes a database of the first `steps` steps with a long story in it; returns its messages. */
function olderDatabase(path: string, steps: number): Message[] {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = DELETE; BEGIN");
  db.exec("CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT");
  for (const { name, sql } of MIGRATIONS.slice(0, steps)) {
    db.exec(sql);
    db.prepare("INSERT INTO migrations (name) VALUES (?)").run(name);
  }
  db.exec("INSERT INTO players (id, name) VALUES ('local', 'local')");
  db.prepare(
    "INSERT INTO sessions VALUES ('old', 'local', 'salt_marsh', 'farrier', 'story', 'Old', 6000, 1, 1, 1)",
  )
    .run();
  const add = db.prepare(
    "INSERT INTO messages VALUES (?, ?, 'old', ?, ?, 'complete', 'story', 10, NULL, 5, ?, ?)",
  );
  const messages: Message[] = [];
  for (let id = 1; id <= 6000; id++) {
    const role = id % 2 === 1 ? "user" : "assistant";
    const parent_id = id === 1 ? null : id - 1;
    const content = `Line ${id}: the ferry, the eels and the bell of the salt marsh.`;
    add.run(id, parent_id, role, content, Math.ceil(id / 2), (id - 1) * 10);
    messages.push({
      id,
      parent_id,
      role,
      content,
      status: "complete",
      model: "story",
      usage: null,
      created_ms: 5,
      alternative: 1,
      alternatives: 1,
    });
  }
  if (steps >= 2) {
    db.exec(`INSERT INTO memory_units (player_id, session_id, message_id, role, text)
      SELECT 'local', 'old', id, role, content FROM messages`);
  }
  db.exec("COMMIT");
  db.close();
  return messages;
}

const AT_START: readonly {
  name: string;
  run(ground: Ground, victim: Victim, round: number): Promise<string[]>;
}[] = [
  { name: "memory made anew", run: killAtRebuild },
  { name: "backup", run: killAtBackup },
  {
    name: "migration",
    run: (ground, victim, round) => killAtMigration(ground, victim, 1 + round % (MIGRATIONS.length - 1)),
  },
];

const PHASES = [...MOMENTS.map(({ name }) => name), ...AT_START.map(({ name }) => name)];

Deno.test(`kill -9, ${ROUNDS} times over ${PHASES.length} moments: nothing that was told is lost, and there is a next turn`, async (t) => {
  console.log(`FLOWER_KILL_SEED=${SEED}`);
  const provider = startSseServer();
  try {
    const chance = seeded(SEED);
    const found: string[] = [];
    await using ground = await openGround(provider, chance);
    for (let round = 0; round < ROUNDS; round++) {
      const phase = round % PHASES.length;
      // Each moment meets both, one after the other.
      const victim: Victim = (round + Math.floor(round / PHASES.length)) % 2 === 0 ? "brain" : "front door";
      await t.step(`${round + 1}: ${PHASES[phase]}, ${victim}`, async () => {
        const states = phase < MOMENTS.length
          ? await killInTurn(ground, MOMENTS[phase], victim, round)
          : await AT_START[phase - MOMENTS.length].run(ground, victim, round);
        found.push(`${PHASES[phase]}, ${victim}: ${states.join("; ")}`);
      });
    }
    console.log(found.sort().join("\n"));
  } finally {
    await provider.close();
  }
});
