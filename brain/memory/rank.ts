/** From finds to scores: what each unit of a story or of a world is worth for a question, part by part. Pure. */
import type { Weights } from "./weights.ts";
import type { Term } from "./words.ts";

/** The units among which a question is answered, by slot: 0, 1, ... in the order of the story or of the lore. */
export interface Corpus {
  size: number;
  /**
   * Where a slot stands: the message's number on the path, or the place in the lore; slots of one message share it.
   * -1: not to be found at all (another branch, or still visible).
   */
  place: Int32Array;
  /** One above the highest place. */
  places: number;
  /** Bytes of the text. */
  length: Float64Array;
  average_length: number;
}

/** The slots that hold a term. */
export interface Hits {
  term: Term;
  slots: number[];
}

/** Slots with a value above 0 that something else than words gives them: facts, similarity. */
export interface Lent {
  slot: number;
  value: number;
}

export const PARTS = ["words", "feedback", "neighbours", "passage", "facts", "vectors"] as const;
export type Part = typeof PARTS[number];

export interface Scores {
  total: Float64Array;
  parts: Record<Part, Float64Array>;
  /** 1: a rare word of the question stands in it, or two that are not common. */
  called: Uint8Array;
}

// A word of a unit this short counts once. k1 1.2 and b 0.75 are Robertson and Zaragoza's (2009).
const K1 = 1.2;
const B = 0.75;

/** What the question's own words make of all slots; the same however often the rest is worked out. */
export interface WordScores {
  worth: Float64Array;
  called: Uint8Array;
  /** For each place the worth of the words in the passage around it; null: weighs nothing. */
  prior: Float64Array | null;
}

/**
 * BM25 over units so short that a word counts once; it is worked out here and not by FTS5's bm25(), which judges rarity
 * among all players' units.
 */
export function scoreWords(corpus: Corpus, hits: Hits[], weights: Weights): WordScores {
  const { size, places } = corpus;
  const worth = new Float64Array(size);
  const called = new Uint8Array(size);
  for (const { term, slots } of hits) {
    addWorth(worth, corpus, slots, term.weight);
    const found = term.calls ? callOf(slots.length, places) : 0;
    // The page names the place where all of it happens: two such words must not add up to a call.
    const call = term.weight < 1 && found < ENOUGH ? 0 : found;
    if (call > 0) { for (const slot of slots) called[slot] = Math.min(ENOUGH, called[slot] + call); }
  }
  for (let slot = 0; slot < size; slot++) called[slot] = called[slot] === ENOUGH ? 1 : 0;
  return { worth, called, prior: weights.window > 0 ? passages(corpus, hits, weights.window_size) : null };
}

/**
 * Scores all slots. `feedback` counts like words; `neighbours` and `passage` come from what stands around a unit;
 * `facts` and `similar` are brought along, each scaled so that the best is worth its weight times the best of all
 * before.
 */
export function scoreUnits(
  corpus: Corpus,
  words: WordScores,
  feedback: Hits[],
  extra: { facts: Lent[]; similar: Lent[] },
  weights: Weights,
): Scores {
  const { size, place, places } = corpus;
  const parts = Object.fromEntries(PARTS.map((part) => [part, new Float64Array(size)])) as Scores["parts"];
  parts.words = words.worth;
  for (const { term, slots } of feedback) addWorth(parts.feedback, corpus, slots, term.weight);

  const total = parts.words.slice();
  if (feedback.length > 0) addTo(total, parts.feedback);
  if (weights.previous > 0 || weights.next > 0) {
    const best = new Float64Array(places + 2);
    for (let slot = 0; slot < size; slot++) {
      const at = place[slot] + 1;
      if (at > 0 && total[slot] > best[at]) best[at] = total[slot];
    }
    for (let slot = 0; slot < size; slot++) {
      const at = place[slot] + 1;
      if (at > 0) parts.neighbours[slot] = weights.previous * best[at - 1] + weights.next * best[at + 1];
    }
    addTo(total, parts.neighbours);
  }
  const top = highest(total);
  if (words.prior !== null) {
    spread(parts.passage, place, words.prior, weights.window * top);
    addTo(total, parts.passage);
  }
  lend(total, parts.facts, extra.facts, weights.facts * (top || 1));
  lend(total, parts.vectors, extra.similar, weights.vectors * (top || 1));
  return { total, parts, called: words.called.slice() };
}

/** What calls of words must add up to. */
export const ENOUGH = 2;

/** What a word found in so many of `all` messages or pieces says: a rare one calls by itself, two less rare ones together. */
export function callOf(found: number, all: number): number {
  return found <= Math.max(3, all / 20) ? ENOUGH : found <= all / 4 ? 1 : 0;
}

/** BM25's measure of how much it says that a word is there. */
export function rarity(found: number, all: number): number {
  return Math.log(1 + (Math.max(0, all - found) + 0.5) / (found + 0.5));
}

/** The slots with the highest totals above 0, best first; ties go to the later slot. */
export function best(total: Float64Array, count: number): number[] {
  if (count <= 0) return [];
  // A heap with the least of the best in front: most slots cost one comparison.
  const heap: number[] = [];
  const less = (a: number, b: number) => total[a] < total[b] || (total[a] === total[b] && a < b);
  for (let slot = 0; slot < total.length; slot++) {
    if (total[slot] <= 0) continue;
    if (heap.length < count) {
      let at = heap.push(slot) - 1;
      for (let above = (at - 1) >> 1; at > 0 && less(slot, heap[above]); above = (at - 1) >> 1) {
        heap[at] = heap[above];
        at = above;
      }
      heap[at] = slot;
    } else if (total[slot] >= total[heap[0]]) {
      let at = 0;
      for (let below = 1; below < count; below = 2 * at + 1) {
        if (below + 1 < count && less(heap[below + 1], heap[below])) below++;
        if (less(slot, heap[below])) break;
        heap[at] = heap[below];
        at = below;
      }
      heap[at] = slot;
    }
  }
  return heap.sort((a, b) => total[b] - total[a] || b - a);
}

function addWorth(into: Float64Array, corpus: Corpus, slots: number[], weight: number): void {
  const worth = weight * rarity(slots.length, corpus.size) * (K1 + 1);
  for (const slot of slots) {
    into[slot] += worth / (1 + K1 * (1 - B + B * corpus.length[slot] / corpus.average_length));
  }
}

// For each place the worth of the words in the passage around it; a word's second and third place count less and less.
function passages(corpus: Corpus, hits: Hits[], window: number): Float64Array {
  const { place, places } = corpus;
  const prior = new Float64Array(places);
  const before = Math.floor(window / 2);
  const counts = new Int32Array(places);
  const reached = new Int32Array(places);
  for (const { term, slots } of hits) {
    // Only the places that a find reaches are looked at: most words are rare.
    let count = 0;
    for (const slot of slots) {
      if (place[slot] < 0) continue;
      const first = Math.max(0, place[slot] - (window - before) + 1);
      const last = Math.min(places - 1, place[slot] + before);
      for (let at = first; at <= last; at++) if (counts[at]++ === 0) reached[count++] = at;
    }
    const worth = term.weight * rarity(slots.length, corpus.size);
    for (let i = 0; i < count; i++) {
      const found = counts[reached[i]];
      prior[reached[i]] += worth * found * (K1 + 1) / (found + K1);
      counts[reached[i]] = 0;
    }
  }
  return prior;
}

function highest(values: Float64Array): number {
  let top = 0;
  // By index: an iterator over a typed array costs four times as much.
  for (let i = 0; i < values.length; i++) if (values[i] > top) top = values[i];
  return top;
}

// What each place is worth goes to its slots, the best of them gets `scale`.
function spread(into: Float64Array, place: Int32Array, prior: Float64Array, scale: number): void {
  for (let slot = 0; slot < into.length; slot++) into[slot] = place[slot] < 0 ? 0 : prior[place[slot]];
  const top = highest(into);
  if (top > 0) { for (let slot = 0; slot < into.length; slot++) into[slot] *= scale / top; }
}

function lend(total: Float64Array, into: Float64Array, lent: Lent[], scale: number): void {
  if (lent.length === 0) return;
  const top = lent.reduce((top, { value }) => Math.max(top, value), 0);
  for (const { slot, value } of lent) into[slot] = Math.max(into[slot], value / top * scale);
  addTo(total, into);
}

function addTo(total: Float64Array, part: Float64Array): void {
  for (let slot = 0; slot < total.length; slot++) total[slot] += part[slot];
}
