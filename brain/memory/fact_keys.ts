/** Facts as keys to the units they were taken from: extra, never instead of the text. */
import type { Database } from "../store/database.ts";
import { factRows, findFacts, type Restated, restatedFacts } from "../store/facts.ts";
import type { UnitCorpus } from "./corpus.ts";
import { grounded } from "./facts.ts";
import { callOf, ENOUGH, type Lent, rarity } from "./rank.ts";
import type { MemoryHit, RecallQuestion } from "./recall.ts";
import { questionTerms } from "./words.ts";

/** A fact that more than so many say is no key. */
const FACT_LIMIT = 2000;
/** Of so many of the best finds it is asked what later facts say; more are hardly ever told. */
const RESTATED_OF = 60;
/** So much of what a fact is about must stand in a unit that states it. */
const SAME_OBJECT = 0.6;

export interface FactKeys {
  lent: Lent[];
  /** Slots that a fact calls by itself. */
  called: number[];
  /** By slot, the fact that speaks most for it. */
  lines: Record<number, string>;
}

export const NO_KEYS: FactKeys = { lent: [], called: [], lines: [] };

/**
 * Facts that have words of the question: each lends its worth to the units of the message it was taken from, the best
 * `most` of them their line too. Throws StoreError.
 */
export function factKeys(db: Database, question: RecallQuestion, corpus: UnitCorpus, most: number): FactKeys {
  const { player_id, session_id } = question;
  const worth = new Map<number, { message_id: number; value: number; call: number }>();
  const all = corpus.places;
  for (const term of questionTerms(question.line, question.before)) {
    const found = findFacts(db, player_id, session_id, term.phrase, FACT_LIMIT);
    for (const { id, message_id, length } of found) {
      const fact = worth.get(id) ?? { message_id, value: 0, call: 0 };
      fact.value += term.weight * rarity(found.length, all) / (1 + length / 200);
      fact.call += term.calls ? callOf(found.length, all) : 0;
      worth.set(id, fact);
    }
  }
  const lent: Lent[] = [];
  const called: number[] = [];
  const source = new Map<number, { id: number; value: number }>();
  for (const [id, fact] of worth) {
    for (const slot of corpus.slotsOfMessage(fact.message_id)) {
      lent.push({ slot, value: fact.value });
      if (fact.call >= ENOUGH) called.push(slot);
      if ((source.get(slot)?.value ?? 0) < fact.value) source.set(slot, { id, value: fact.value });
    }
  }
  const best_sources = [...source].sort((a, b) => b[1].value - a[1].value).slice(0, most);
  const texts = new Map(
    factRows(db, player_id, best_sources.map(([, { id }]) => id)).map((row) => [row.id, row.text]),
  );
  const lines: Record<number, string> = {};
  for (const [slot, { id }] of best_sources) {
    const text = texts.get(id);
    if (text !== undefined) lines[slot] = text;
  }
  return { lent, called, lines };
}

/** What the best of these finds state, and later messages of the story state otherwise. Throws StoreError. */
export function restatedBy(db: Database, question: RecallQuestion, found: MemoryHit[]): Restated[] {
  const messages = [...new Set(found.slice(0, RESTATED_OF).map((hit) => hit.message_id))];
  return restatedFacts(db, question.player_id, question.session_id, messages);
}

/**
 * For a unit that states what a later message states otherwise: that later unit among `all`, or "visible" when it is not
 * there but on the page; null when nothing took its place that the narrator could be told instead.
 */
export function laterStatements<Hit extends MemoryHit>(
  question: RecallQuestion,
  all: Hit[],
  restated: Restated[],
): (hit: Hit) => Hit | "visible" | null {
  const visible = new Set(question.visible_ids);
  const states = (hit: MemoryHit, object: string) => grounded(object, hit.text) >= SAME_OBJECT;
  return (hit) => {
    const mine = restated.filter((one) => one.message_id === hit.message_id && states(hit, one.object));
    const on_page = mine.some(({ later_id }) => visible.has(later_id));
    // The newest first; the page tells nothing older than what it shows.
    for (const { later_id, later_object } of mine.toReversed()) {
      if (on_page && !visible.has(later_id)) continue;
      const newer = all.find((other) => other.message_id === later_id && states(other, later_object));
      if (newer !== undefined) return newer;
    }
    return on_page ? "visible" : null;
  };
}
