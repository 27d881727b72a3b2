/** One question answered from the store: the path is read, words are looked up, units are ranked and fetched. */
import type { Database } from "../store/database.ts";
import {
  countLore,
  findLore,
  findMemory,
  loreRows,
  memoryOfMessages,
  memoryRows,
} from "../store/memories.ts";
import { pathIds, turnOf } from "../store/messages.ts";
import { asksOwnWords, type Found, lend, questionTerms, rank, type Scored, type Term } from "./rank.ts";
import type { LoreHit, MemoryHit, RecallQuestion } from "./recall.ts";

// A word found more often than this says little; the newest are enough to judge by.
const MATCH_LIMIT = 1000;
// So many of the best lend to their neighbours and are fetched.
const CANDIDATES = 24;
const OWN_WORDS_FACTOR = 1.2;

/** The path asked for last, oldest first: the next question mostly needs only what has grown since. */
export interface KnownPath {
  ids: number[];
  place: Map<number, number>;
}

/** Lore and memories for `question`, each best first. Reads only. Throws StoreError. */
export function search(
  db: Database,
  question: RecallQuestion,
  known: KnownPath,
): { lore: LoreHit[]; memories: MemoryHit[] } {
  const terms = questionTerms(question.line, question.before);
  return { lore: searchLore(db, question, terms), memories: searchMemory(db, question, terms, known) };
}

export function emptyPath(): KnownPath {
  return { ids: [], place: new Map() };
}

function searchLore(db: Database, question: RecallQuestion, terms: Term[]): LoreHit[] {
  const { player_id, world_id } = question;
  const found: Found[] = terms.map((term) => ({
    term,
    matches: findLore(db, player_id, world_id, term.phrase, MATCH_LIMIT),
  }));
  if (found.every(({ matches }) => matches.length === 0)) return [];
  const best = rank(found, countLore(db, player_id, world_id)).slice(0, question.max_lore);
  const rows = new Map(loreRows(db, player_id, best.map((unit) => unit.id)).map((row) => [row.id, row]));
  return best.flatMap(({ id, score, words }) => {
    const row = rows.get(id);
    return row
      ? [{ unit_id: id, heading: row.heading, text: row.text, known_to: row.known_to, score, words }]
      : [];
  });
}

function searchMemory(db: Database, question: RecallQuestion, terms: Term[], known: KnownPath): MemoryHit[] {
  const { player_id, session_id, leaf_id } = question;
  if (leaf_id === null) return [];
  followPath(db, player_id, leaf_id, known);
  const visible = new Set(question.visible_ids);
  const place = new Map<number, number>();
  const found: Found[] = terms.map((term) => ({
    term,
    matches: findMemory(db, player_id, session_id, term.phrase, MATCH_LIMIT).filter((match) => {
      const at = known.place.get(match.message_id);
      if (at === undefined || visible.has(match.message_id)) return false;
      place.set(match.id, at);
      return true;
    }),
  }));
  if (place.size === 0) return [];
  const called = rank(found, known.ids.length).slice(0, CANDIDATES);
  const beside = new Set<number>();
  for (const unit of called) {
    const at = place.get(unit.id)!;
    for (const id of [known.ids[at - 1], known.ids[at + 1]]) {
      if (id !== undefined && !visible.has(id)) beside.add(id);
    }
  }
  const neighbours = memoryOfMessages(db, player_id, [...beside]);
  for (const unit of neighbours) place.set(unit.id, known.place.get(unit.message_id)!);
  const lent = lend(called, place, neighbours.map((unit) => unit.id)).slice(0, CANDIDATES);
  return fetchMemories(db, question, lent);
}

function fetchMemories(db: Database, question: RecallQuestion, scored: Scored[]): MemoryHit[] {
  const rows = new Map(
    memoryRows(db, question.player_id, scored.map((unit) => unit.id)).map((row) => [row.id, row]),
  );
  const own = asksOwnWords(question.line);
  const now = turnOf(db, question.player_id, question.leaf_id);
  return scored.flatMap(({ id, score, words }): MemoryHit[] => {
    const row = rows.get(id);
    if (!row) return [];
    return [{
      unit_id: id,
      message_id: row.message_id,
      role: row.role,
      text: row.text,
      turns_ago: now - row.turn,
      score: own && row.role === "user" ? score * OWN_WORDS_FACTOR : score,
      words,
    }];
  }).sort((a, b) => b.score - a.score || b.unit_id - a.unit_id).slice(0, question.max_memories);
}

// Walks up from the leaf only until it meets what is known. Parents never change and ids are never used twice.
function followPath(db: Database, player_id: string, leaf_id: number, known: KnownPath): void {
  const fresh: number[] = [];
  let keep = 0;
  for (const id of pathIds(db, player_id, leaf_id)) {
    const at = known.place.get(id);
    if (at !== undefined) {
      keep = at + 1;
      break;
    }
    fresh.push(id);
  }
  for (const id of known.ids.splice(keep)) known.place.delete(id);
  for (const id of fresh.reverse()) {
    known.place.set(id, known.ids.length);
    known.ids.push(id);
  }
}
