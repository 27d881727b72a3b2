/** Probes of our own: what a player does in a long story, and which earlier lines must come back for it. */
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import type { Embedder } from "../../../brain/memory/embedder.ts";
import { noteFacts } from "../../../brain/memory/facts.ts";
import { openIndexer } from "../../../brain/memory/indexer.ts";
import type { RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { search } from "../../../brain/memory/search.ts";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { addMessage, getMessage } from "../../../brain/store/messages.ts";
import { savePrompt } from "../../../brain/store/prompts.ts";
import { createSession } from "../../../brain/store/sessions.ts";
import { ROOT } from "../../support/processes.ts";
import { PLAYER } from "./feed.ts";
import { mean } from "./metrics.ts";
import { type Arm, LIVE, printedMemories } from "./run.ts";

export const KINDS = ["callback", "paraphrase", "implicit", "changed", "clash", "nothing"] as const;
export type ProbeKind = typeof KINDS[number];

export interface Probe {
  kind: ProbeKind;
  line: string;
  /** "ID.line" or "ID.reply" of planted exchanges. */
  gold: string[];
  /** What later words have taken the place of. */
  stale?: string[];
}

/** A story of `turns` turns: planted exchanges at their turns, between them made-up ones that matter to nobody. */
export interface ProbeStory {
  name: string;
  turns: number;
  lines: string[];
  openers: string[];
  middles: string[];
  closers: string[];
  planted: { id: string; turn: number; line: string; reply: string }[];
  probes: Probe[];
}

export interface ProbeFigures {
  probes: number;
  /** Share of the gold lines that were told, over all probes with gold. */
  recall: number;
  /** Share of the probes of kind nothing that were told anything. */
  false_recall: number;
  /** Share of tellings of a unit that were the third or later in six turns. */
  repeats: number;
  /** How many memories were told for a probe, on average. */
  told: number;
  /** Share of what was told that matters to nobody in its story: made-up exchanges between the planted ones. */
  stray: number;
  /** Share of the lines told that later ones have taken the place of, over the probes that name some. */
  stale: number;
  by_kind: Record<string, { probes: number; recall: number; told: number }>;
}

export async function readProbes(): Promise<ProbeStory[]> {
  const folder = `${ROOT}/tests/fixtures/probes`;
  const names = ["english", "german", "japanese"];
  return await Promise.all(
    names.map(async (name) => JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`)) as ProbeStory),
  );
}

/** One row for each probe: which of its gold lines were told, and how many memories in all. */
export interface ProbeRow {
  probe: Probe;
  recall: number;
  /** Share of the lines told that others have taken the place of. */
  stale: number;
  told: string[];
  stray: number;
}

/** Who plays: as in a turn, the player's lines are remembered and read for facts as said by that one. */
export const PLAYED = "Corin";

/**
 * Runs all probes, each as the next line of its story. `arm` gives the options for a database; with an embedder all
 * units are embedded first.
 */
export async function runProbes(
  options: { arm(db: Database): Arm; embedder: Embedder | null },
): Promise<ProbeFigures & { rows: ProbeRow[] }> {
  const rows: ProbeRow[] = [];
  let tellings = 0;
  let repeats = 0;
  for (const story of await readProbes()) {
    const dir = await Deno.makeTempDir({ prefix: "flower-probes-" });
    const db = openDatabase(`${dir}/flower.db`);
    try {
      const told = tell(db, story);
      if (options.embedder !== null) {
        const indexer = openIndexer(db, options.embedder, { pause_ms: 0 });
        indexer.kick();
        await indexer.idle();
        await indexer.close();
      }
      const arm = options.arm(db);
      const known = emptyKnown();
      for (const probe of story.probes) {
        const question = questionOf(db, story, told, probe.line);
        const { hits } = printedMemories(search(db, question, known, await arm(question)).memories);
        const messages = new Set(hits.map((hit) => hit.message_id));
        const share = (names: string[]) =>
          mean(names.map((name) => messages.has(told.message(name)) ? 1 : 0));
        rows.push({
          probe,
          recall: probe.gold.length === 0 ? 1 : share(probe.gold),
          stale: share(probe.stale ?? []),
          told: hits.map((hit) => hit.text),
          stray: hits.filter((hit) => !told.planted.has(hit.message_id)).length,
        });
      }
      const seen = await playOn(db, story, told, arm);
      tellings += seen.tellings;
      repeats += seen.repeats;
    } finally {
      db.close();
      await Deno.remove(dir, { recursive: true });
    }
  }
  const of = (kind: ProbeKind) => rows.filter((row) => row.probe.kind === kind);
  const with_gold = rows.filter((row) => row.probe.gold.length > 0);
  const sum = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    probes: rows.length,
    recall: mean(with_gold.map((row) => row.recall)),
    false_recall: mean(of("nothing").map((row) => row.told.length > 0 ? 1 : 0)),
    repeats: repeats / Math.max(1, tellings),
    told: mean(rows.map((row) => row.told.length)),
    stray: sum(rows.map((row) => row.stray)) / Math.max(1, sum(rows.map((row) => row.told.length))),
    stale: mean(rows.filter((row) => row.probe.stale !== undefined).map((row) => row.stale)),
    by_kind: Object.fromEntries(KINDS.map((kind) => [kind, {
      probes: of(kind).length,
      recall: mean(of(kind).map((row) => row.recall)),
      told: mean(of(kind).map((row) => row.told.length)),
    }])),
    rows,
  };
}

interface Told {
  ids: number[];
  planted: Set<number>;
  message(name: string): number;
}

/** Tells the story into the database. */
export function tell(db: Database, story: ProbeStory): Told {
  const ids: number[] = [];
  const planted = new Map<string, number>();
  createSession(db, {
    id: story.name,
    player_id: PLAYER,
    world_id: "",
    character_id: "",
    model: "",
    title: story.name,
    leaf_id: null,
    created_ms: 0,
    last_used_ms: 0,
  });
  db.transaction(() => {
    for (let turn = 0; turn < story.turns; turn++) {
      const here = story.planted.find((exchange) => exchange.turn === turn);
      const pick = (list: string[], step: number) =>
        list[(turn * step + Math.floor(turn / list.length)) % list.length];
      const reply = [pick(story.openers, 3), pick(story.middles, 7), pick(story.closers, 5)].join(" ");
      ids.push(add(db, story, ids.at(-1) ?? null, "user", here?.line ?? pick(story.lines, 3)));
      if (here) planted.set(`${here.id}.line`, ids.at(-1)!);
      ids.push(add(db, story, ids.at(-1)!, "assistant", here?.reply ?? reply));
      if (here) planted.set(`${here.id}.reply`, ids.at(-1)!);
    }
  });
  return {
    ids,
    planted: new Set(planted.values()),
    message(name) {
      const id = planted.get(name);
      if (id === undefined) throw new Error(`Nothing is planted under ${name} in ${story.name}`);
      return id;
    },
  };
}

function add(
  db: Database,
  story: ProbeStory,
  parent_id: number | null,
  role: "user" | "assistant",
  content: string,
): number {
  const message = addMessage(db, PLAYER, story.name, {
    parent_id,
    role,
    content,
    status: "complete",
    model: "",
    tokens: 0,
    created_ms: 0,
  });
  rememberMessage(db, PLAYER, story.name, message, role === "user" ? { speaker: PLAYED } : {});
  noteFacts(db, PLAYER, story.name, message, PLAYED, 0);
  return message.id;
}

/** The last ten turns of the story are still in the history, and its last words are on the page. */
export function questionOf(
  db: Database,
  story: ProbeStory,
  told: { ids: number[] },
  line: string,
): RecallQuestion {
  const before = told.ids.slice(-2).toReversed().map((id) => getMessage(db, PLAYER, id)?.content ?? "");
  return {
    player_id: PLAYER,
    session_id: story.name,
    world_id: "",
    leaf_id: told.ids.at(-1)!,
    line,
    before,
    visible_ids: told.ids.slice(-20),
    max_lore: LIVE.max_lore,
    max_memories: LIVE.max_memories,
  };
}

// All lines one after the other, as the story goes on; what was told is kept as a turn keeps it.
async function playOn(
  db: Database,
  story: ProbeStory,
  told: Told,
  arm: Arm,
): Promise<{ tellings: number; repeats: number }> {
  const known = emptyKnown();
  const ids = [...told.ids];
  const last: number[][] = [];
  let [tellings, repeats] = [0, 0];
  for (const probe of story.probes) {
    const question = questionOf(db, story, { ids }, probe.line);
    const { hits } = printedMemories(search(db, question, known, await arm(question)).memories);
    const units = hits.map((hit) => hit.unit_id);
    tellings += units.length;
    repeats += units.filter((id) => last.slice(-5).filter((turn) => turn.includes(id)).length >= 2).length;
    last.push(units);
    ids.push(add(db, story, ids.at(-1)!, "user", probe.line));
    ids.push(add(db, story, ids.at(-1)!, "assistant", story.openers[ids.length % story.openers.length]));
    savePrompt(db, ids.at(-1)!, { memory_ids: units, lore_ids: [] });
  }
  return { tellings, repeats };
}
