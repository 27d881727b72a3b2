/** One question answered from the store: the path is read, words are looked up, units are ranked, chosen and fetched. */
import type { Database } from "../store/database.ts";
import { loreRows } from "../store/lore.ts";
import { memoryRows } from "../store/memories.ts";
import { turnOf } from "../store/messages.ts";
import { chooseLore, chooseMemories, recentlyTold } from "./choose.ts";
import { type KnownUnits, loreCorpus, storyCorpus, type UnitCorpus } from "./corpus.ts";
import { type FactKeys, factKeys, NO_KEYS, restatedBy } from "./fact_keys.ts";
import { onThePage } from "./on_page.ts";
import { best, type Hits, type Lent, PARTS, rarity, type Scores, scoreUnits, scoreWords } from "./rank.ts";
import type { LeftOut, LoreHit, MemoryHit, RecallQuestion, Split } from "./recall.ts";
import type { Near } from "./vectors.ts";
import { LORE_WEIGHTS, MEMORY_WEIGHTS, type Weights } from "./weights.ts";
import { type Callers, callersOf, sharesAmong, weigher } from "./weigh.ts";
import { questionTerms, type Term, wordsOf } from "./words.ts";

/** So many of the best are fetched, weighed by what they say, and chosen from. */
const CANDIDATES = 120;
/** A heading over more pieces than this is the title of a book, which names none of them. */
const NAMED_PIECES = 3;

export interface SearchOptions {
  /** Units near the question in meaning; none: words alone. */
  near?: { lore: Near[]; memory: Near[] };
  /** The lore as `rankLore` ranks it without `near`, when that was done before. */
  ranked?: Ranked<LoreHit>[];
  lore?: Weights;
  memory?: Weights;
}

/** Lore and memories for `question`, each best first, and the runners-up. Reads only. Throws StoreError. */
export function search(
  db: Database,
  question: RecallQuestion,
  known: KnownUnits,
  options: SearchOptions = {},
): { lore: LoreHit[]; memories: MemoryHit[]; left_out: LeftOut[] } {
  const recent = recentlyTold(db, question);
  const lore = chooseLore(question, options.ranked ?? rankLore(db, question, known, options), recent);
  const found = rankMemories(db, question, known, options);
  const restated = (options.memory ?? MEMORY_WEIGHTS).facts > 0 ? restatedBy(db, question, found) : [];
  const on_page = found.length === 0 ? [] : onThePage(db, question, restated);
  const memories = chooseMemories(question, found, recent, { restated, on_page });
  return {
    lore: lore.hits,
    memories: memories.hits,
    left_out: [...memories.left_out, ...lore.left_out],
  };
}

/** A unit with its score before anything is chosen. */
export type Ranked<Hit> = Hit & {
  /** Whether a rare word of the question stands in it, in its neighbour or in a fact about it. */
  called: boolean;
  /** The score before its heading counted: what the floor is a share of. */
  plain: number;
  /** Cosine to the question; 0 when unknown. */
  similarity: number;
};

/** Units of lore by score, best first, the floor not yet applied. */
export function rankLore(
  db: Database,
  question: Pick<RecallQuestion, "player_id" | "world_id" | "line" | "before">,
  known: KnownUnits,
  options: SearchOptions = {},
): Ranked<LoreHit>[] {
  const { player_id, world_id } = question;
  const corpus = loreCorpus(db, player_id, world_id, known);
  if (corpus.size === 0) return [];
  const weights = options.lore ?? LORE_WEIGHTS;
  const text = (ids: number[]) => loreRows(db, player_id, ids).map((row) => `${row.heading}\n${row.text}`);
  const near = options.near?.lore ?? [];
  const { ranked, scores, callers } = rankUnits(corpus, question, { text, near, facts: [], weights });
  const rows = new Map(
    loreRows(db, player_id, ranked.map((slot) => corpus.ids[slot])).map((row) => [row.id, row]),
  );
  const cosines = new Map(near.map(({ unit_id, similarity }) => [unit_id, similarity]));
  const shared = sharesAmong(question.line, [...rows.values()].map((row) => row.text));
  const shares = new Map([...rows.keys()].map((id, i) => [id, shared[i]]));
  const named = new Set(wordsOf(question.line).map((word) => word.phrase));
  const heads = ranked.flatMap((slot): Ranked<LoreHit>[] => {
    const row = rows.get(corpus.ids[slot]);
    if (!row) return [];
    const headed = corpus.underHeading(slot) <= NAMED_PIECES &&
      wordsOf(row.heading).some((word) => named.has(word.phrase));
    const factor = Math.exp(weights.share * (shares.get(row.id) ?? 0));
    return [{
      unit_id: row.id,
      heading: row.heading,
      text: row.text,
      known_to: row.known_to,
      score: scores.total[slot] * factor * (headed ? weights.heading : 1),
      words: callers.of(slot),
      split: splitOf(slot, scores, factor),
      called: headed || scores.called[slot] === 1,
      plain: scores.total[slot] * factor,
      similarity: cosines.get(row.id) ?? 0,
    }];
  });
  return heads.sort((a, b) => b.score - a.score);
}

/** Units of the story by score, best first, the floor not yet applied. */
export function rankMemories(
  db: Database,
  question: RecallQuestion,
  known: KnownUnits,
  options: SearchOptions = {},
): Ranked<MemoryHit>[] {
  const { player_id, leaf_id } = question;
  const corpus = storyCorpus(db, question, known);
  if (corpus === null || corpus.size === 0) return [];
  const weights = options.memory ?? MEMORY_WEIGHTS;
  const text = (ids: number[]) => memoryRows(db, player_id, ids).map((row) => row.text);
  const near = options.near?.memory ?? [];
  const facts: FactKeys = weights.facts > 0 ? factKeys(db, question, corpus, CANDIDATES) : NO_KEYS;
  const { ranked, scores, callers } = rankUnits(corpus, question, {
    text,
    near,
    facts: facts.lent,
    weights,
  });
  for (const slot of facts.called) scores.called[slot] = 1;
  const called = calledPlaces(corpus, scores);
  const rows = new Map(
    memoryRows(db, player_id, ranked.map((slot) => corpus.ids[slot])).map((row) => [row.id, row]),
  );
  const cosines = new Map(near.map(({ unit_id, similarity }) => [unit_id, similarity]));
  const now = turnOf(db, player_id, leaf_id);
  const weigh = weigher({ line: question.line, rows: [...rows.values()], corpus, callers, near, weights });
  return ranked.flatMap((slot): Ranked<MemoryHit>[] => {
    const row = rows.get(corpus.ids[slot]);
    if (!row) return [];
    const factor = weigh(row, slot);
    // A line comes with its reply, and a reply with its line.
    const at = corpus.place[slot] + 1;
    const exchanged = row.role === "assistant" ? at - 1 : at + 1;
    const words = callers.of(slot);
    return [{
      unit_id: row.id,
      message_id: row.message_id,
      role: row.role,
      text: row.text,
      speaker: row.speaker,
      scene: row.scene,
      told_at: row.told_at,
      turns_ago: now - row.turn,
      score: scores.total[slot] * factor,
      words: words.length > 0 ? words : callers.beside(slot),
      split: splitOf(slot, scores, factor),
      ...(facts.lines[slot] === undefined ? {} : { fact: facts.lines[slot] }),
      called: called[at] === 1 || called[exchanged] === 1,
      plain: scores.total[slot] * factor,
      similarity: cosines.get(row.id) ?? 0,
    }];
  }).sort((a, b) => b.score - a.score || b.unit_id - a.unit_id);
}

interface Looking {
  text(ids: number[]): string[];
  near: Near[];
  facts: Lent[];
  weights: Weights;
}

// Twice: the best finds of the first time lend their words to the second.
function rankUnits(
  corpus: UnitCorpus,
  question: Pick<RecallQuestion, "line" | "before">,
  looking: Looking,
): { ranked: number[]; scores: Scores; callers: Callers } {
  const { weights } = looking;
  const hits = questionTerms(question.line, question.before).map((term) => ({
    term,
    slots: corpus.slotsWith(term),
  }));
  const similar = looking.near.flatMap(({ unit_id, similarity }): Lent[] => {
    const slot = corpus.slotOf(unit_id);
    return slot < 0 || similarity <= weights.similar_from
      ? []
      : [{ slot, value: similarity - weights.similar_from }];
  });
  const extra = { facts: looking.facts, similar };
  const words = scoreWords(corpus, hits, weights);
  let scores = scoreUnits(corpus, words, [], extra, weights);
  if (weights.feedback > 0) {
    const top = best(scores.total, weights.feedback_units);
    const feedback = feedbackTerms(corpus, hits, looking.text(top.map((slot) => corpus.ids[slot])), looking);
    if (feedback.length > 0) scores = scoreUnits(corpus, words, feedback, extra, weights);
  }
  return { ranked: best(scores.total, CANDIDATES), scores, callers: callersOf(corpus, hits) };
}

// Pseudo-relevance feedback: words of the best finds, by how many of these have them and how rare they are.
function feedbackTerms(corpus: UnitCorpus, hits: Hits[], texts: string[], looking: Looking): Hits[] {
  const { weights } = looking;
  const asked = new Set(hits.map(({ term }) => term.phrase));
  const counted = new Map<string, { term: Term; texts: number }>();
  for (const text of texts) {
    const phrases = new Set<string>();
    for (const { word, phrase, prefix } of wordsOf(text)) {
      if (asked.has(phrase) || phrases.has(phrase)) continue;
      phrases.add(phrase);
      const known = counted.get(phrase);
      if (known) known.texts++;
      else counted.set(phrase, { term: { word, phrase, prefix, weight: 1, calls: false }, texts: 1 });
    }
  }
  return [...counted.values()]
    .sort((a, b) => b.texts - a.texts || b.term.phrase.length - a.term.phrase.length)
    .slice(0, 3 * weights.feedback_terms)
    .map(({ term, texts }) => {
      const slots = corpus.slotsWith(term);
      return { term, slots, worth: texts * rarity(slots.length, corpus.size) };
    })
    .filter(({ slots }) => slots.length > 1)
    .sort((a, b) => b.worth - a.worth)
    .slice(0, weights.feedback_terms)
    .map(({ term, slots }) => ({ term: { ...term, weight: weights.feedback }, slots }));
}

// 1 for each place that has a called unit; the first place stands at 1.
function calledPlaces(corpus: UnitCorpus, scores: Scores): Uint8Array {
  const called = new Uint8Array(corpus.places + 2);
  for (let slot = 0; slot < corpus.size; slot++) {
    if (scores.called[slot] === 1) called[corpus.place[slot] + 1] = 1;
  }
  return called;
}

function splitOf(slot: number, scores: Scores, factor = 1): Split {
  const split: Split = {};
  for (const part of PARTS) {
    if (scores.parts[part][slot] > 0) split[part] = scores.parts[part][slot] * factor;
  }
  return split;
}
