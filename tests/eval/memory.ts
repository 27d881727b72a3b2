/**
 * deno task eval:memory --data DIR [--arm seed|fts|structure|vectors|facts] [--sample N] [--units N] [--json]
 *
 * Feeds a data set (memory.md 3) through the engine's own units, store, index and rank, and prints the figures of each
 * arm. `--sample 5` asks every fifth question; `--units 50000` tells the dialogues again and again as one story of that
 * many units and measures the time of a retrieval alone. Vectors come from the embedder's own process and the weights in
 * ${FLOWER_MODELS}, else in the home's models folder; without them the arms that need them are skipped.
 */
import { parseArgs } from "node:util";
import { startEmbedder } from "../../brain/embedder_process.ts";
import { channelEmbedder, type Embedder } from "../../brain/memory/embedder.ts";
import { openIndexer } from "../../brain/memory/indexer.ts";
import { ExactIndex } from "../../brain/memory/vectors.ts";
import { asksForContent } from "../../brain/memory/words.ts";
import { LORE_WEIGHTS, MEMORY_WEIGHTS, WORDS_ONLY } from "../../brain/memory/weights.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { ROOT } from "../support/processes.ts";
import { MODEL, realModels } from "../support/weights.ts";
import { type DataSet, readData } from "./memory/data.ts";
import { feedBook, feedDialogue } from "./memory/feed.ts";
import { type ProbeFigures, runProbes } from "./memory/probes.ts";
import {
  type Arm,
  type BookFigures,
  type DialogueFigures,
  runBooks,
  runDialogues,
  type Seen,
  timesOf,
} from "./memory/run.ts";
import { seedBooks, seedDialogues } from "./memory/seed.ts";

const ARMS = ["seed", "fts", "structure", "vectors", "facts"] as const;
type ArmName = typeof ARMS[number];

export type ArmReport = { skipped: string } | {
  locomo: DialogueFigures | null;
  fairytale: BookFigures | null;
  probes: ProbeFigures | null;
  p50_ms: number;
  p95_ms: number;
  index_ms: number;
  rankings: Record<string, string[]>;
};

export interface EvalOptions {
  arms: readonly ArmName[];
  embedder: Embedder | null;
  /** One arm with one of these is skipped for this reason. */
  no_vectors: string;
  /** Our own probes too; they do not depend on the data. */
  probes: boolean;
}

/** The figures of each arm over a data set; works in a database of its own, which is removed. */
export async function evaluate(
  data: DataSet,
  options: EvalOptions,
): Promise<Partial<Record<ArmName, ArmReport>>> {
  const reports: Partial<Record<ArmName, ArmReport>> = {};
  for (const name of options.arms) {
    const { embedder } = options;
    if (embedder === null && name !== "fts" && name !== "structure") {
      // Facts are keys to the same ranking: without vectors the arm still says what they are worth by words.
      if (name !== "facts") {
        reports[name] = { skipped: options.no_vectors };
        continue;
      }
    }
    const dir = await Deno.makeTempDir({ prefix: "flower-eval-" });
    const db = openDatabase(`${dir}/flower.db`);
    try {
      reports[name] = await runArm(db, name, data, embedder, options.probes);
    } finally {
      db.close();
      await Deno.remove(dir, { recursive: true });
    }
  }
  return reports;
}

async function runArm(
  db: Database,
  name: ArmName,
  data: DataSet,
  embedder: Embedder | null,
  with_probes: boolean,
): Promise<ArmReport> {
  const seen: Seen = { times: [], rankings: {} };
  const begun = performance.now();
  if (name === "seed") {
    const locomo = data.dialogues.length > 0 ? await seedDialogues(data.dialogues, embedder!, seen) : null;
    const fairytale = data.books.length > 0 ? await seedBooks(data.books, embedder!, seen) : null;
    const index_ms = performance.now() - begun - seen.times.reduce((sum, time) => sum + time, 0);
    return { locomo, fairytale, probes: null, ...timesOf(seen), index_ms, rankings: seen.rankings };
  }
  const dialogues = data.dialogues.map((dialogue) => feedDialogue(db, dialogue));
  const books = data.books.map((book) => ({ book, world_id: feedBook(db, book) }));
  const with_vectors = embedder !== null && (name === "vectors" || name === "facts");
  if (with_vectors) await embedAll(db, embedder);
  const index_ms = performance.now() - begun;
  const asked = with_vectors ? embedder : null;
  const arm = armOf(db, name, asked);
  return {
    locomo: dialogues.length > 0 ? await runDialogues(db, dialogues, arm, seen) : null,
    fairytale: books.length > 0 ? await runBooks(db, books, arm, seen) : null,
    probes: with_probes
      ? bare(await runProbes({ arm: (db) => armOf(db, name, asked), embedder: asked }))
      : null,
    ...timesOf(seen),
    index_ms,
    rankings: seen.rankings,
  };
}

function bare({ rows: _, ...figures }: Awaited<ReturnType<typeof runProbes>>): ProbeFigures {
  return figures;
}

async function embedAll(db: Database, embedder: Embedder): Promise<void> {
  const errors: unknown[] = [];
  const indexer = openIndexer(db, embedder, { pause_ms: 0, failed: (error) => errors.push(error) });
  indexer.kick();
  await indexer.idle();
  await indexer.close();
  if (errors.length > 0) throw errors[0];
}

/** The live weights, less what the arm leaves out. */
function armOf(db: Database, name: Exclude<ArmName, "seed">, embedder: Embedder | null): Arm {
  const memory = name === "fts"
    ? WORDS_ONLY
    : { ...MEMORY_WEIGHTS, facts: name === "facts" ? MEMORY_WEIGHTS.facts : 0 };
  const lore = name === "fts" ? WORDS_ONLY : LORE_WEIGHTS;
  if (embedder === null) return () => ({ memory, lore });
  const index = new ExactIndex();
  return async ({ line, player_id, session_id, world_id }) => {
    // As recall does: a nod has no meaning to look for.
    if (!asksForContent(line)) return { memory, lore };
    const [vector] = await embedder.embed([line]);
    const near = {
      lore: index.near(db, { kind: "lore", player_id, world_id }, embedder.model, vector, 300),
      memory: index.near(db, { kind: "memory", player_id, session_id }, embedder.model, vector, 300),
    };
    return { memory, lore, near };
  };
}

/** Times of retrievals by words in one story of `units` units, in milliseconds. */
async function timeUnits(
  data: DataSet,
  units: number,
): Promise<{ p50_ms: number; p95_ms: number; index_ms: number }> {
  const turns: DataSet["dialogues"][number]["turns"] = [];
  for (let round = 0; turns.length < units; round++) {
    for (const dialogue of data.dialogues) {
      turns.push(...dialogue.turns.map((turn) => ({ ...turn, id: `${round} ${dialogue.name} ${turn.id}` })));
    }
  }
  const all = {
    name: "long",
    speakers: data.dialogues[0].speakers,
    turns: turns.slice(0, units),
    questions: data.dialogues.flatMap((dialogue) => dialogue.questions).filter((_, i) => i % 5 === 0)
      .map((question) => ({ ...question, evidence: [turns[0].id] })),
    facts: [],
  };
  const dir = await Deno.makeTempDir({ prefix: "flower-eval-" });
  const db = openDatabase(`${dir}/flower.db`);
  try {
    const begun = performance.now();
    const fed = [feedDialogue(db, all)];
    const index_ms = performance.now() - begun;
    const seen: Seen = { times: [], rankings: {} };
    await runDialogues(db, fed, armOf(db, "structure", null), seen);
    return { ...timesOf(seen), index_ms };
  } finally {
    db.close();
    await Deno.remove(dir, { recursive: true });
  }
}

/** The real embedder as the front door starts it; null without weights or packages. */
export function realEmbedder(): { embedder: Embedder; end(): Promise<void> } | null {
  const path = realModels();
  if (path === null) return null;
  const env = Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const process = startEmbedder(
    ROOT,
    { engine: "local", path, url: "", model: MODEL },
    env,
    (line) => console.error(line),
  );
  const embedder = channelEmbedder(MODEL, (line) => process.send(JSON.stringify(JSON.parse(line).embed)));
  const reading = (async () => {
    for await (const line of process.lines) embedder.receive(JSON.stringify({ embedded: JSON.parse(line) }));
  })();
  return {
    embedder,
    async end() {
      embedder.close();
      process.kill();
      await reading;
    },
  };
}

function sampled(data: DataSet, step: number): DataSet {
  const some = <Item>(items: Item[]) => items.filter((_, i) => i % step === 0);
  return {
    dialogues: data.dialogues.map((dialogue) => ({ ...dialogue, questions: some(dialogue.questions) })),
    books: data.books.map((book) => ({ ...book, questions: some(book.questions) })),
  };
}

function printTable(reports: Partial<Record<ArmName, ArmReport>>): void {
  const percent = (value: number | undefined) => value === undefined ? "-" : (100 * value).toFixed(1);
  console.log("arm        R@3   R@5   R@10  MRR    @300w  lore@300w  probes  false  p50 ms  p95 ms  index s");
  for (const [name, report] of Object.entries(reports)) {
    if ("skipped" in report) {
      console.log(`${name.padEnd(10)} skipped: ${report.skipped}`);
      continue;
    }
    const { locomo, fairytale, probes } = report;
    const cells = [
      percent(locomo?.r3).padEnd(5),
      percent(locomo?.r5).padEnd(5),
      percent(locomo?.r10).padEnd(5),
      locomo === null ? "-".padEnd(6) : locomo.mrr.toFixed(3).padEnd(6),
      percent(locomo?.r300).padEnd(6),
      percent(fairytale?.coverage300).padEnd(10),
      percent(probes?.recall).padEnd(7),
      percent(probes?.false_recall).padEnd(6),
      report.p50_ms.toFixed(1).padEnd(7),
      report.p95_ms.toFixed(1).padEnd(7),
      (report.index_ms / 1000).toFixed(1),
    ];
    console.log(`${name.padEnd(10)} ${cells.join(" ")}`);
    if (locomo !== null) {
      const parts = Object.entries(locomo.by_category).map(([category, figures]) =>
        `${category} ${percent(figures.r10)}/${percent(figures.r300)}`
      );
      console.log(`           R@10/@300w by category: ${parts.join(", ")}`);
      if ("turn_r10" in locomo) {
        console.log(`           one turn a document: R@10 ${percent(locomo.turn_r10 as number)}`);
      }
    }
    if (probes !== null) {
      const parts = Object.entries(probes.by_kind).map(([kind, figures]) =>
        `${kind} ${percent(figures.recall)}`
      );
      console.log(
        `           probes by kind: ${parts.join(", ")}; repeats ${percent(probes.repeats)}, ` +
          `stale ${percent(probes.stale)}, stray ${percent(probes.stray)}`,
      );
    }
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      data: { type: "string" },
      arm: { type: "string", multiple: true },
      sample: { type: "string", default: "1" },
      units: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const arms = values.arm ?? [...ARMS];
  const unknown = arms.find((arm) => !ARMS.includes(arm as ArmName));
  if (values.data === undefined || unknown !== undefined) {
    console.error(
      unknown ? `There is no arm ${unknown}: ${ARMS.join(", ")}` : "--data DIR names the data set",
    );
    return 2;
  }
  const data = sampled(await readData(values.data), Math.max(1, Number(values.sample) || 1));
  const machine = `${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}, ${Deno.build.target}`;
  if (values.units !== undefined) {
    const times = await timeUnits(data, Number(values.units));
    console.log(
      JSON.stringify({ date: new Date().toISOString(), machine, units: Number(values.units), ...times }),
    );
    return 0;
  }
  const real = arms.some((arm) => arm !== "fts" && arm !== "structure") ? realEmbedder() : null;
  try {
    const reports = await evaluate(data, {
      arms: arms as ArmName[],
      embedder: real?.embedder ?? null,
      no_vectors: "no weights (FLOWER_MODELS) or no packages (flower models pull)",
      probes: true,
    });
    if (values.json) console.log(JSON.stringify({ date: new Date().toISOString(), machine, arms: reports }));
    else printTable(reports);
  } finally {
    await real?.end();
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
