/** One arm over fed data: every question through recall's own search, scored. */
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import type { LoreHit, MemoryHit, RecallQuestion } from "../../../brain/memory/recall.ts";
import { rankMemories, search, type SearchOptions } from "../../../brain/memory/search.ts";
import { choosePieces } from "../../../brain/prompt/pieces.ts";
import { loreSection, memorySection } from "../../../brain/prompt/sections.ts";
import type { Database } from "../../../brain/store/database.ts";
import type { Book } from "./data.ts";
import { type FedDialogue, PLAYER } from "./feed.ts";
import {
  answerCoverage,
  countWords,
  mean,
  percentile,
  recallAt,
  reciprocalRank,
  shuffled,
} from "./metrics.ts";

/** What a turn asks for and what its budgets are in a fresh home. */
export const LIVE = { max_lore: 12, max_memories: 24, lore_tokens: 500, memory_tokens: 600 };
export const WORD_BUDGET = 300;
const READER = { id: "", name: "The reader", persona: "", secret: "" };

export interface DialogueFigures {
  questions: number;
  r3: number;
  r5: number;
  r10: number;
  mrr: number;
  r300: number;
  by_category: Record<string, { questions: number; r5: number; r10: number; mrr: number; r300: number }>;
}

export interface BookFigures {
  questions: number;
  coverage300: number;
}

/** What goes with a question from outside: the vectors near it, the weights of an arm. */
export type Arm = (question: RecallQuestion) => SearchOptions | Promise<SearchOptions>;

/** Times, and for each question the turns as they rank. */
export interface Seen {
  times: number[];
  rankings: Record<string, string[]>;
}

export async function runDialogues(
  db: Database,
  fed: FedDialogue[],
  arm: Arm,
  seen: Seen,
): Promise<DialogueFigures> {
  const known = emptyKnown();
  const rows: { category: string; r3: number; r5: number; r10: number; mrr: number; r300: number }[] = [];
  const asked = fed.flatMap((one) => one.dialogue.questions.map((question) => ({ one, question })));
  for (const { one, question } of shuffled(asked, 7)) {
    if (question.evidence.length === 0) continue;
    const ask = askOf({ session_id: one.session_id, leaf_id: one.leaf_id, line: question.text });
    const begun = performance.now();
    const options = await arm(ask);
    const { memories } = search(db, ask, known, options);
    seen.times.push(performance.now() - begun);
    const ranked = turnsOf(rankMemories(db, ask, known, options), one);
    seen.rankings[question.id] = ranked.slice(0, 10);
    rows.push({
      category: question.category,
      r3: recallAt(ranked, question.evidence, 3),
      r5: recallAt(ranked, question.evidence, 5),
      r10: recallAt(ranked, question.evidence, 10),
      mrr: reciprocalRank(ranked, question.evidence),
      r300: recallAt(turnsOf(printedMemories(memories).hits, one), question.evidence, Infinity),
    });
  }
  const by_category: DialogueFigures["by_category"] = {};
  for (const category of new Set(rows.map((row) => row.category))) {
    const of = rows.filter((row) => row.category === category);
    by_category[category] = {
      questions: of.length,
      r5: mean(of.map((row) => row.r5)),
      mrr: mean(of.map((row) => row.mrr)),
      r10: mean(of.map((row) => row.r10)),
      r300: mean(of.map((row) => row.r300)),
    };
  }
  const all = (key: "r3" | "r5" | "r10" | "mrr" | "r300") => mean(rows.map((row) => row[key]));
  return {
    questions: rows.length,
    r3: all("r3"),
    r5: all("r5"),
    r10: all("r10"),
    mrr: all("mrr"),
    r300: all("r300"),
    by_category,
  };
}

export async function runBooks(
  db: Database,
  fed: { book: Book; world_id: string }[],
  arm: Arm,
  seen: Seen,
): Promise<BookFigures> {
  const known = emptyKnown();
  const coverage: number[] = [];
  // One book after the other: a player does not change worlds between two lines.
  for (const { book, world_id } of fed) {
    for (const question of shuffled(book.questions.filter((question) => question.explicit), 7)) {
      const ask = askOf({ world_id, line: question.text });
      const begun = performance.now();
      const options = await arm(ask);
      const { lore } = search(db, ask, known, options);
      seen.times.push(performance.now() - begun);
      const covered = answerCoverage(printedLore(lore), question.answer, question.text);
      if (covered !== null) coverage.push(covered);
    }
  }
  return { questions: coverage.length, coverage300: mean(coverage) };
}

/** A figure of times: p50 and p95 in milliseconds. */
export function timesOf(seen: Seen): { p50_ms: number; p95_ms: number } {
  return { p50_ms: percentile(seen.times, 0.5), p95_ms: percentile(seen.times, 0.95) };
}

function askOf(part: Partial<RecallQuestion>): RecallQuestion {
  return {
    player_id: PLAYER,
    session_id: "",
    world_id: "",
    leaf_id: null,
    line: "",
    before: [],
    visible_ids: [],
    max_lore: LIVE.max_lore,
    max_memories: LIVE.max_memories,
    ...part,
  };
}

// Each unit puts its turn on the list; a turn of several units stands where its best one does.
function turnsOf(hits: { message_id: number }[], one: FedDialogue): string[] {
  return [...new Set(hits.map((hit) => one.turn_of.get(hit.message_id) ?? ""))];
}

/** The best memories whose block, printed as for a prompt, stays within the word budget. */
export function printedMemories(memories: MemoryHit[]): { hits: MemoryHit[]; block: string } {
  let fits: { hits: MemoryHit[]; block: string } = { hits: [], block: "" };
  for (let count = 1; count <= memories.length; count++) {
    const recalled = { lore: [], memories: memories.slice(0, count), took_ms: 0 };
    const chosen = choosePieces(recalled, [], new Set(), READER, LIVE);
    const block = memorySection(chosen.memory_lines);
    if (countWords(block) > WORD_BUDGET) break;
    fits = { hits: chosen.memories, block };
  }
  return fits;
}

function printedLore(lore: LoreHit[]): string {
  let fits = "";
  for (let count = 1; count <= lore.length; count++) {
    const recalled = { lore: lore.slice(0, count), memories: [], took_ms: 0 };
    const block = loreSection(choosePieces(recalled, [], new Set(), READER, LIVE).lore_lines);
    if (countWords(block) > WORD_BUDGET) break;
    fits = block;
  }
  return fits;
}
