/** How fast the store and recall are with a long story (10,000 messages) and a large world (5,000 pieces of lore). */
import type { Embedder } from "../../brain/memory/embedder.ts";
import { openRecall, type RecallQuestion } from "../../brain/memory/recall.ts";
import { rememberMessage } from "../../brain/memory/remember.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { syncLore } from "../../brain/store/lore.ts";
import { addMessage, pathPage, pathTail } from "../../brain/store/messages.ts";
import { createSession, updateSession } from "../../brain/store/sessions.ts";
import { saveVectors, unembedded } from "../../brain/store/vectors.ts";
import { rebuildMemory } from "../../brain/memory/rebuild.ts";
import { quantile, type Row } from "./rows.ts";

const MESSAGES = 10_000;
const LORE = 5_000;
const QUESTIONS = 200;
/** Threads that are asked for the first time. */
const COLD = 5;

/** Measures in a database of its own, which is removed afterwards. */
export async function storeBench(): Promise<Row[]> {
  const dir = await Deno.makeTempDir({ prefix: "flower-store-bench-" });
  try {
    return [
      ...await measure(`${dir}/flower.db`),
      ...await measureUnits(`${dir}/small.db`, 6000, "< 20 ms"),
      ...await measureUnits(`${dir}/large.db`, 50_000, "< 120 ms"),
    ];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function measure(path: string): Promise<Row[]> {
  const words = zipfWords(7, 1);
  // The 150 most frequent words make half of a text, and in language they are those that recall leaves out. These
  // made-up ones stand on no list of stop words: a line of 12 words asks for the other 6.
  const content = zipfWords(8, 150);
  const db = openDatabase(path);
  const leaf = fill(db, words, MESSAGES);
  const rows: Row[] = [];
  const row = (name: string, times: number[], goal: string) => {
    rows.push({ name: `${name}, p50`, value: quantile(times, 0.5), unit: "ms", goal: "" });
    rows.push({ name: `${name}, p95`, value: quantile(times, 0.95), unit: "ms", goal });
  };

  let last = leaf;
  row(
    "addMessage",
    times(200, () => {
      const text = sentence(words, 60);
      last = addMessage(db, "p", "s", message(last, "user", text)).id;
    }),
    "< 2",
  );
  row("newest 50 of 10,000 messages", times(200, () => pathPage(db, "p", leaf, { limit: 50 })), "< 2");
  row(
    "newest 8,000 tokens of 10,000 messages",
    times(200, () => {
      pathTail(db, "p", leaf, { tokens: 8000 });
    }),
    "< 5",
  );

  const question = () => questionOf(leaf, content);
  for (const ahead of [false, true]) {
    const recall = openRecall(path, { quiet_ms: 0 });
    if (ahead) {
      recall.warm?.();
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    const asking = performance.now();
    await recall.ask(question(), 10_000);
    const name = ahead
      ? "recall, the first, what it needs read ahead"
      : "recall, the first, nothing read ahead";
    rows.push({ name, value: performance.now() - asking, unit: "ms", goal: ahead ? "< 150" : "" });
    await recall.close();
  }
  const recall = openRecall(path);
  await recall.ask(question(), 10_000);
  const took: number[] = [];
  for (let i = 0; i < QUESTIONS; i++) {
    const begun = performance.now();
    await recall.ask(question(), 10_000);
    took.push(performance.now() - begun);
  }
  row("recall, 10,000 messages and 5,000 lore", took, "< 10");
  await recall.close();
  db.close();
  return rows;
}

/** One retrieval by words in a story of so many units, each of another question; for the large one, making all anew. */
async function measureUnits(path: string, units: number, goal: string): Promise<Row[]> {
  const db = openDatabase(path);
  // A line of the player is one unit, a reply of 100 words two.
  const leaf = fill(db, zipfWords(7, 1), Math.ceil(units / 3) * 2);
  const content = zipfWords(8, 150);
  const recall = openRecall(path);
  const took: number[] = [];
  for (let i = 0; i < QUESTIONS; i++) {
    const begun = performance.now();
    await recall.ask(questionOf(leaf, content), 10_000);
    took.push(performance.now() - begun);
  }
  await recall.close();
  const rows = [{
    name: `one retrieval, ${units} units, p95`,
    value: quantile(took, 0.95),
    unit: "ms",
    goal,
  }];
  rows.push(...await measureVectors(db, path, units, () => questionOf(leaf, content)));
  if (units >= 50_000) {
    const begun = performance.now();
    rebuildMemory(db, { worlds: [], nameOf: () => null }, 0);
    const value = (performance.now() - begun) / 1000;
    rows.push({ name: `memory rebuild, ${units} units`, value, unit: "s", goal: "< 5 s" });
  }
  db.close();
  return rows;
}

/**
 * The same with vectors of 384 numbers, all of them made up: the time is the same. The line's own vector is given; what
 * making it takes is measured apart (embed). Cold: the first question of a thread, which reads the vectors.
 */
async function measureVectors(
  db: Database,
  path: string,
  units: number,
  question: () => RecallQuestion,
): Promise<Row[]> {
  const next = madeUpVectors(5);
  const embedder: Embedder = {
    model: "made-up",
    dimension: 384,
    embed: (texts) => Promise.resolve(texts.map(next)),
    close: () => {},
  };
  for (const kind of ["memory", "lore"] as const) {
    for (let after = 0, done = false; !done;) {
      const page = unembedded(db, kind, embedder.model, after);
      saveVectors(db, embedder.model, page.texts.map(({ hash }) => ({ hash, vector: next() })));
      ({ up_to: after, done } = page);
    }
  }
  const cold: number[] = [];
  const warm: number[] = [];
  for (let thread = 0; thread < COLD; thread++) {
    const recall = openRecall(path, { embedder });
    for (let i = 0; i <= QUESTIONS / COLD; i++) {
      const begun = performance.now();
      await recall.ask(question(), 10_000);
      (i === 0 ? cold : warm).push(performance.now() - begun);
    }
    await recall.close();
  }
  const name = `one retrieval with vectors, ${units} units`;
  return [
    { name: `${name}, cold, p50`, value: quantile(cold, 0.5), unit: "ms", goal: "" },
    {
      name: `${name}, warm, p95`,
      value: quantile(warm, 0.95),
      unit: "ms",
      goal: units > 6000 ? "< 140 ms" : "< 40 ms",
    },
  ];
}

/** Unit vectors; same seed, same vectors. */
function madeUpVectors(seed: number): () => Float32Array {
  let state = seed;
  return () => {
    const vector = Float32Array.from({ length: 384 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    });
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
}

function questionOf(leaf: number, content: () => string): RecallQuestion {
  return {
    player_id: "p",
    session_id: "s",
    world_id: "w",
    leaf_id: leaf,
    line: sentence(content, 6),
    before: [sentence(content, 40), sentence(content, 6)],
    visible_ids: [leaf],
    max_lore: 8,
    max_memories: 8,
  };
}

function fill(db: Database, words: () => string, messages: number): number {
  syncLore(
    db,
    "w",
    Array.from(
      { length: LORE },
      (_, i) => ({ heading: `Entry ${i}`, text: sentence(words, 60), known_to: "" }),
    ),
  );
  createSession(db, {
    id: "s",
    player_id: "p",
    world_id: "w",
    character_id: "c",
    model: "m",
    title: "Bench",
    leaf_id: null,
    created_ms: 0,
    last_used_ms: 0,
  });
  let parent: number | null = null;
  db.transaction(() => {
    for (let i = 0; i < messages; i++) {
      const role = i % 2 === 0 ? "user" : "assistant";
      const added = addMessage(db, "p", "s", message(parent, role, sentence(words, i % 2 === 0 ? 12 : 100)));
      rememberMessage(db, "p", "s", added);
      parent = added.id;
    }
  });
  updateSession(db, "p", "s", { leaf_id: parent });
  return parent!;
}

function message(parent_id: number | null, role: "user" | "assistant", content: string) {
  const tokens = Math.ceil(content.length / 4);
  return { parent_id, role, content, status: "complete" as const, model: "m", tokens, created_ms: 0 };
}

function times(count: number, fn: () => void): number[] {
  return Array.from({ length: count }, () => {
    const begun = performance.now();
    fn();
    return performance.now() - begun;
  });
}

function sentence(words: () => string, count: number): string {
  return Array.from({ length: count }, words).join(" ") + ".";
}

/**
 * Words as frequent as in language: the n-th of 20,000 is used 1/n as often as the first; only those from the
 * `first` on. Same seed, same words.
 */
function zipfWords(seed: number, first: number): () => string {
  const syllables = ["ba", "ko", "mi", "ru", "ten", "sal", "vor", "el", "dra", "nim"];
  const name = (n: number) => [...String(n)].map((digit) => syllables[Number(digit)]).join("") + "k";
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return name(Math.floor(first * Math.pow(20_000 / first, state / 2 ** 32)));
  };
}

if (import.meta.main) console.table(await storeBench());
