/**
 * deno task eval:memory --data DIR [--arm seed|fts|structure|vectors|facts] [--sample N] [--short N] [--units N]
 *   [--json|--markdown]
 *
 * Feeds a data set (memory.md 3) through the engine's own units, store, index and rank, and prints the figures of each
 * arm. `--sample 5` asks every fifth question; `--short 2` takes the two shortest dialogues and books; `--units 50000`
 * tells the dialogues again and again as one story of that many units and measures the time of a retrieval alone.
 * Vectors come from the embedder's own process and the weights in ${FLOWER_MODELS}, else in the home's models folder;
 * without them the arms that need them are skipped. What is told is embedded once in a run, every question each time.
 */
import { parseArgs } from "node:util";
import type { Embedder } from "../../brain/memory/embedder.ts";
import { openIndexer } from "../../brain/memory/indexer.ts";
import { ExactIndex, type Near, type VectorIndex, type VectorScope } from "../../brain/memory/vectors.ts";
import { asksForContent } from "../../brain/memory/words.ts";
import { LORE_WEIGHTS, MEMORY_WEIGHTS, WORDS_ONLY } from "../../brain/memory/weights.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { type DataSet, readData, sampled, shortest } from "./memory/data.ts";
import { realEmbedder, remembering } from "./memory/embedding.ts";
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
import { markdown, printTable } from "./memory/tables.ts";

/** As many as recall asks for. */
const NEAREST = 300;
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
  /** Fills an index elsewhere from this database; it is asked instead of the embedded one. The probes go without. */
  elsewhere?(db: Database, model: string): Promise<Pick<VectorIndex, "near">>;
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
      reports[name] = await runArm(db, name, data, options);
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
  { embedder, probes, elsewhere }: EvalOptions,
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
  const index = asked === null ? undefined : await elsewhere?.(db, asked.model);
  const arm = armOf(db, name, asked, index);
  return {
    locomo: dialogues.length > 0 ? await runDialogues(db, dialogues, arm, seen) : null,
    fairytale: books.length > 0 ? await runBooks(db, books, arm, seen) : null,
    probes: probes ? bare(await runProbes({ arm: (db) => armOf(db, name, asked), embedder: asked })) : null,
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
function armOf(
  db: Database,
  name: Exclude<ArmName, "seed">,
  embedder: Embedder | null,
  elsewhere?: Pick<VectorIndex, "near">,
): Arm {
  const memory = name === "fts"
    ? WORDS_ONLY
    : { ...MEMORY_WEIGHTS, facts: name === "facts" ? MEMORY_WEIGHTS.facts : 0 };
  const lore = name === "fts" ? WORDS_ONLY : LORE_WEIGHTS;
  if (embedder === null) return () => ({ memory, lore });
  const exact = new ExactIndex();
  const near = (scope: VectorScope, vector: Float32Array): Near[] | Promise<Near[]> =>
    elsewhere?.near(scope, vector, NEAREST) ?? exact.near(db, scope, embedder.model, vector, NEAREST);
  return async ({ line, player_id, session_id, world_id }) => {
    // As recall does: a nod has no meaning to look for.
    if (!asksForContent(line)) return { memory, lore };
    const [vector] = await embedder.embed([line]);
    const [of_lore, of_memory] = await Promise.all([
      world_id === "" ? [] : near({ kind: "lore", player_id, world_id }, vector),
      session_id === "" ? [] : near({ kind: "memory", player_id, session_id }, vector),
    ]);
    return { memory, lore, near: { lore: of_lore, memory: of_memory } };
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

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      data: { type: "string" },
      arm: { type: "string", multiple: true },
      sample: { type: "string", default: "1" },
      short: { type: "string" },
      units: { type: "string" },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
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
  const all = await readData(values.data);
  const whole = values.short === undefined ? all : shortest(all, Number(values.short));
  const data = sampled(whole, Math.max(1, Number(values.sample) || 1));
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
      embedder: real === null ? null : remembering(real.embedder),
      no_vectors: "no weights (FLOWER_MODELS) or no packages (flower models pull)",
      probes: true,
    });
    if (values.json) console.log(JSON.stringify({ date: new Date().toISOString(), machine, arms: reports }));
    else if (values.markdown) console.log(markdown(reports));
    else printTable(reports);
  } finally {
    await real?.end();
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
