/**
 * A simulated week: turns, tellings, steps back, new stories and deleted ones through the whole system with the built-in narrator at
 * full speed. FLOWER_WEEK_TURNS sets how many, FLOWER_WEEK_SEED repeats a run. What a process holds must not grow with them.
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { copyOfDead, faultsOf, newWitness, note } from "../support/witness.ts";
import type { FaceClient } from "../support/face_client.ts";
import { stop } from "../support/kill_ground.ts";
import { seeded } from "../support/player.ts";
import { configFor, openStage } from "./stage.ts";

const TURNS = Number(Deno.env.get("FLOWER_WEEK_TURNS") ?? "300");
const SEED = Number(Deno.env.get("FLOWER_WEEK_SEED") ?? String(Date.now() % 1_000_000));
const SAMPLES = 20;
/** Stories that are kept; the oldest beyond them is deleted. */
const STORIES = 6;
/** Between the third and the last quarter; a heap breathes by about 15. */
const GROWTH_MB = 30;
/** Of the heap, where a quarter of the samples comes close to what is alive. */
const FLOOR_MB = 25;
/** In a short run the collector is seldom whole: the same 2,000 turns ended 5, 22 and 43 MB apart, 6,000 of them 18 below. */
const SHORT_TURNS = 6_000;
const SHORT_FLOOR_MB = 80;

const LINES = [
  "I look around.",
  "I ask Maren about the bell.",
  "I take the lantern and go to the ferry.",
  "“Who was here last night?”",
  "I wait until the fog lifts.",
  "I count the eels, twice.",
  "I follow the tracks in the salt.",
];

interface Sample {
  turn: number;
  rss_mb: { brain: number; door: number };
  /** Of the brain, as it counts itself: what is alive and what waits to be collected. */
  heap_mb: number;
  handles: { brain: number; door: number };
}

function rssMb(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))!;
  return Math.round(Number(kb) / 102.4) / 10;
}

async function heapMb(url: string): Promise<number> {
  const page = await fetch(new URL("/metrics", url.replace("ws:", "http:")));
  return Math.round(Number(/^flower_heap_bytes (\d+)$/m.exec(await page.text())![1]) / 1e5) / 10;
}

const handles = (pid: number) => [...Deno.readDirSync(`/proc/${pid}/fd`)].length;

/** Of the second half: by how much the last quarter's mean lies above the third quarter's. */
function growth(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  return mean(values.slice(-quarter)) - mean(values.slice(-2 * quarter, -quarter));
}

Deno.test("the measure of growth passes a heap that breathes or was filled once, and complains of one that keeps a piece of each turn", () => {
  const run = (at: (i: number) => number) => growth(Array.from({ length: SAMPLES }, (_, i) => at(i)));
  // 190 to 260 MB in the first half, then ten up now and then; and 7 kB of each of 20,000 turns.
  const filled = run((i) => Math.min(260, 190 + 10 * i) + (i % 5 === 0 ? 10 : 0));
  const leaking = run((i) => 190 + i / SAMPLES * 20_000 * 0.007 + (i % 5 === 0 ? 10 : 0));
  assert.ok(Math.abs(filled) < 1, String(filled));
  assert.ok(leaking > GROWTH_MB, String(leaking));
  // A sawtooth over what is alive: 2.5 kB of each turn are enough.
  const floor = (kept_kb: number) =>
    floorGrowth(Array.from({ length: SAMPLES }, (_, i) => 40 + 10 * (i % 5) + i / SAMPLES * 20 * kept_kb));
  assert.equal(floor(0), 0);
  assert.ok(floor(2.5) >= FLOOR_MB, String(floor(2.5)));
});

/** By how much the lowest of the last quarter lies above the lowest of the second: what is never collected. */
function floorGrowth(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  return Math.min(...values.slice(-quarter)) - Math.min(...values.slice(quarter, 2 * quarter));
}

/** Says a command; resolves when it is answered, with another page where it shows one. */
async function ask(face: FaceClient, prompt: string): Promise<void> {
  const from = face.events.length;
  const ref = face.say(prompt);
  const shows_page = !/^\/(why|session delete)/.test(prompt);
  const answered = () =>
    face.events.slice(from).some((event) =>
      event.event === "chat_history" || event.ref === ref && (!shows_page || event.content.startsWith("✗"))
    );
  await face.until(answered, `the answer to ${prompt}`);
}

/** Bytes of the file, of the texts in it and of what stands empty; how many stories there are. */
function sizes(path: string): { size: number; texts: number; free: number; stories: number } {
  const db = new DatabaseSync(path, { readOnly: true });
  const one = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);
  const sum = (table: string, column: string) => one(`SELECT sum(octet_length(${column})) FROM ${table}`);
  const texts = sum("messages", "content") + sum("prompts", "record") + sum("memory_units", "text") +
    sum("lore_units", "text");
  const stories = one("SELECT count(*) FROM sessions");
  const free = one("PRAGMA freelist_count") * one("PRAGMA page_size");
  db.close();
  return { size: Deno.statSync(path).size, texts, free, stories };
}

/** One thing that a player does in an evening; every one of them ends before the next begins. */
async function act(face: FaceClient, chance: () => number, stories: string[]): Promise<void> {
  const what = chance();
  if (what < 0.04 || stories.length === 0) {
    stories.push(
      await face.begin(chance() < 0.5 ? "salt_marsh" : "long_stair", chance() < 0.5 ? "farrier" : "clerk"),
    );
    if (stories.length > STORIES) await ask(face, `/session delete ${stories.shift()}`);
    return;
  }
  if (what < 0.08 && stories.length > 1) {
    const [id] = stories.splice(Math.floor(chance() * stories.length), 1);
    await ask(face, `/session continue ${id}`);
    stories.push(id);
    return;
  }
  if (what < 0.12) return await ask(face, "/undo");
  if (what < 0.14) return await ask(face, "/swipe prev");
  if (what < 0.16) return await ask(face, "/why");
  // A story that was taken back to its first page has nothing to retell.
  const retold = what < 0.26 && face.history.filter(({ role }) => role === "user").length > 0;
  const line = LINES[Math.floor(chance() * LINES.length)];
  const { message, errors } = await face.turn(retold ? "/retry" : line, 30_000);
  assert.deepEqual([message.status, errors], ["complete", []]);
}

Deno.test(`a week of ${TURNS} turns: memory and handles stay as they are, database and log are as large as what they hold`, async () => {
  console.log(`FLOWER_WEEK_SEED=${SEED}`);
  const chance = seeded(SEED);
  await using stage = await openStage({ config: configFor(null) });
  const samples: Sample[] = [];
  const stories: string[] = [];
  const witness = newWitness();
  const begun = performance.now();
  const each = Math.max(1, Math.floor(TURNS / SAMPLES));
  {
    let face = await stage.face();
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        await act(face, chance, stories);
        if (turn % each === each - 1) {
          samples.push({
            turn,
            rss_mb: { brain: rssMb(stage.pid), door: rssMb(stage.door.pid) },
            heap_mb: await heapMb(stage.url),
            handles: { brain: handles(stage.pid), door: handles(stage.door.pid) },
          });
          // A face that leaves and comes again must cost nothing either.
          await face.close();
          face = await stage.face();
        }
      }
    } finally {
      await face.close();
    }
    await using last = await stage.face();
    note(witness, last, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
  }
  const took_s = Math.round((performance.now() - begun) / 1000);
  await stop(stage);
  const database = join(stage.home, "engine.db");
  const { size, texts, free, stories: kept } = sizes(database);
  const [first, last] = [samples[0], samples[samples.length - 1]];
  const grown = growth(samples.map(({ rss_mb }) => rss_mb.brain));
  const grown_door = growth(samples.map(({ rss_mb }) => rss_mb.door));
  console.log(
    `${TURNS} turns in ${took_s} s; brain ${first.rss_mb.brain} to ${last.rss_mb.brain} MB (late growth ` +
      `${
        grown.toFixed(1)
      }), door ${first.rss_mb.door} to ${last.rss_mb.door} MB; handles ${last.handles.brain} and ` +
      `${last.handles.door}; database ${size} bytes for ${texts} of text, log ${stage.log().length}`,
  );
  const floor = floorGrowth(samples.map(({ heap_mb }) => heap_mb));
  console.log(`heap, its floor in the second and in the last quarter: ${floor.toFixed(1)} MB apart`);
  assert.ok(floor < (TURNS < SHORT_TURNS ? SHORT_FLOOR_MB : FLOOR_MB), JSON.stringify(samples));
  assert.ok(grown < GROWTH_MB && grown_door < GROWTH_MB, JSON.stringify(samples));
  for (const process of ["brain", "door"] as const) {
    const counts = samples.map(({ handles }) => handles[process]);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 4, `handles of the ${process}: ${counts}`);
  }
  assert.deepEqual(kept, stories.length);
  // Texts, an index of words for most of them, and half-filled pages.
  assert.ok(size > texts && size < 2 * texts + 500_000, `${size} bytes for ${texts} of text`);
  assert.ok(free < size / 4, `${free} bytes stand empty`);
  // What happens in every turn is not logged.
  assert.ok(stage.log().length < 4096, stage.log().slice(-2000));
  copyOfDead(database, join(stage.home, "copy.db"));
  assert.deepEqual(faultsOf(join(stage.home, "copy.db"), witness, true), []);
});
