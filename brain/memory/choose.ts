/** What of a ranking is told to the narrator: only what was called, nothing twice, nothing too often, prose in short. */
import type { Database } from "../store/database.ts";
import { recentReplies, type RecentReply } from "../store/memories.ts";
import type { Restated } from "../store/facts.ts";
import { askedAgain } from "./asked_again.ts";
import { Choice, contentOf } from "./choice.ts";
import { laterStatements } from "./fact_keys.ts";
import type { LeftOut, LoreHit, MemoryHit, RecallQuestion } from "./recall.ts";
import { saidOnPage } from "./on_page.ts";
import type { Ranked } from "./search.ts";
import { isProse, nameKnower, tellingPart, told } from "./telling.ts";
import { asksSomething, isEnglish } from "./words.ts";

export interface Chosen<Hit> {
  hits: Hit[];
  left_out: LeftOut[];
}

/** The replies before this one, newest first: what they were told, and what they said. */
export interface Recent {
  replies: RecentReply[];
  /** The words of each, in lower case between blanks. */
  said: string[];
}

/** In the last five replies: with the one to come a unit is in at most two of six. */
const REPEAT_REPLIES = 5;
const REPEAT_LIMIT = 2;
const RUN_REPLIES = 10;
/**
 * So many of the best pieces of lore are told whole. Answer coverage at 300 words, a third of the questions: all whole 79.7,
 * two 79.5, three 80.5, four 80.3; better on either half of the books.
 */
const WHOLE_LORE = 3;
const RUN_WORDS = 12;
/** Of a question's best find, what another must be worth to come with it. */
const ASKED_SHARE = 0.5;
/** The same for a deed, where all else only gets in the narrator's way. */
const DEED_SHARE = 0.45;
/**
 * A cosine from here on calls like a rare word does: MiniLM gives the answer of an English question .34 and more, what a
 * deed bears on .48 (our probes). In other languages its cosines tell nothing apart (.86 for the wrong sentence).
 */
const LIKENESS_ANSWERS = 0.34;
const LIKENESS_CALLS = 0.48;

/** Reads what the last ten replies said and were told. Throws StoreError. */
export function recentlyTold(db: Database, question: RecallQuestion): Recent {
  const replies = recentReplies(db, question.player_id, question.leaf_id, RUN_REPLIES);
  return { replies, said: replies.map((reply) => ` ${spokenWords(reply.content).join(" ")} `) };
}

/** Of lore: what was called, each thing once, and not in every reply; beyond the best three only what tells. */
export function chooseLore(
  question: RecallQuestion,
  ranked: Ranked<LoreHit>[],
  recent: Recent,
): Chosen<LoreHit> {
  const told = countTold(recent, (reply) => reply.lore_ids);
  const chosen = new Choice<Ranked<LoreHit>>(question, (hit, reason) => ({
    kind: "lore",
    unit_id: hit.unit_id,
    message_id: null,
    role: null,
    heading: hit.heading,
    known_to: hit.known_to,
    text: hit.text,
    turns_ago: 0,
    score: hit.score,
    words: hit.words,
    split: hit.split,
    reason,
  }));
  const floor = floorOf(question, ranked);
  for (const hit of ranked) {
    // Of what is told nothing changes any more, and beyond twice as much nobody asks why it was left out.
    if (chosen.full(question.max_lore) || chosen.count >= 2 * question.max_lore) break;
    const content = isBelow(hit, floor) ? null : contentOf(hit.text);
    if (content === null) chosen.leave(hit, "below_floor");
    else if ((told.get(hit.unit_id) ?? 0) >= REPEAT_LIMIT && !chosen.names(hit)) {
      chosen.leave(hit, "repeated");
    } else if (chosen.alike(hit, content) !== undefined) chosen.leave(hit, "superseded");
    else chosen.take(hit, content);
  }
  const hits = chosen.hits(question.max_lore).map((hit, i) =>
    i < WHOLE_LORE ? bare<LoreHit>(hit) : { ...bare<LoreHit>(hit), text: tellingPart(hit.text, hit.words) }
  );
  return { hits, left_out: chosen.left_out() };
}

/** What else there is to know of what was found. */
export interface Beside {
  /** What finds state, and later messages state otherwise. */
  restated?: Restated[];
  /** What bears on the line and still stands on the page: it is told by that, and takes the place of what it changes. */
  on_page?: Ranked<MemoryHit>[];
}

/**
 * Of memories: what was called, the later of two that say the same or state the same otherwise (restated, or asked
 * again), not in every reply, and of the narrator's prose one sentence, unless it still stands in the last replies.
 */
export function chooseMemories(
  question: RecallQuestion,
  ranked: Ranked<MemoryHit>[],
  recent: Recent,
  { restated = [], on_page = [] }: Beside = {},
): Chosen<MemoryHit> {
  const counts = countTold(recent, (reply) => reply.memory_ids);
  const wasSaid = saidBefore(recent);
  const all = [...ranked, ...on_page];
  const stated_later = laterStatements(question, all, restated);
  const asked_later = askedAgain(all);
  const said_later = saidOnPage(on_page);
  const seen = new Set(on_page);
  const weighed = new Set<number>();
  const isName = nameKnower(ranked);
  const chosen = new Choice<Ranked<MemoryHit>>(question, (hit, reason) => ({
    kind: "memory",
    unit_id: hit.unit_id,
    message_id: hit.message_id,
    role: hit.role,
    heading: "",
    text: hit.text,
    turns_ago: hit.turns_ago,
    score: hit.score,
    words: hit.words,
    split: hit.split,
    reason,
  }));
  const floor = floorOf(question, ranked);
  for (const found of ranked) {
    if (question.max_memories === 0) break;
    if (weighed.has(found.unit_id)) continue;
    const faint = isBelow(found, floor);
    if (faint || chosen.full(question.max_memories)) {
      const newest = stated_later(found) ?? asked_later(found);
      const is_told = newest !== null && newest !== "visible" && weighed.has(newest.unit_id);
      if (is_told) chosen.leave(told(found, isName), "superseded");
      else if (faint && chosen.shows()) chosen.leave(told(found, isName), "below_floor");
      continue;
    }
    const first = told(found, isName);
    const first_content = contentOf(first.text);
    if (first_content === null) {
      chosen.leave(first, "below_floor");
      continue;
    }
    const newest = stated_later(found) ?? asked_later(found) ?? said_later(first_content);
    if (newest !== null) chosen.leave(first, "superseded");
    if (newest === "visible") continue;
    if (newest !== null && seen.has(newest)) {
      chosen.leave({ ...told(newest, isName), score: found.score }, "visible");
      continue;
    }
    if (newest !== null && weighed.has(newest.unit_id)) continue;
    const whole = newest ?? found;
    const hit = newest === null ? first : told(newest, isName);
    weighed.add(whole.unit_id);
    if ((counts.get(hit.unit_id) ?? 0) >= REPEAT_LIMIT && !chosen.names(hit)) {
      chosen.leave(hit, "repeated");
    } else if (isProse(whole) && wasSaid(hit.text)) {
      chosen.leave(hit, "repeated");
    } else {
      const content = newest === null ? first_content : contentOf(hit.text) ?? new Set();
      const same = chosen.alike(hit, content, (one, other) => one.message_id > other.message_id);
      if (same === undefined) chosen.take(hit, content);
      else if (same.message_id >= hit.message_id) chosen.leave(hit, "superseded");
      else chosen.replace(same, hit, content);
    }
  }
  return { hits: chosen.hits(question.max_memories).map(bare), left_out: chosen.left_out() };
}

interface Floor {
  /** The cosine that calls. */
  likeness: number;
  /** A called unit needs this score, one that was not called the other. */
  called: number;
  other: number;
}

// Who asks something wants all that may answer it; a deed gets only what it calls, and of that the best.
function floorOf(
  question: RecallQuestion,
  ranked: { called: boolean; similarity: number; plain: number }[],
): Floor {
  const asks = asksSomething(question.line);
  const likeness = !isEnglish(question.line) ? Infinity : asks ? LIKENESS_ANSWERS : LIKENESS_CALLS;
  const best = ranked.find((hit) => isCalled(hit, likeness))?.plain ?? Infinity;
  return asks
    ? { likeness, called: 0, other: best * ASKED_SHARE }
    : { likeness, called: best * DEED_SHARE, other: Infinity };
}

function isBelow(hit: { called: boolean; similarity: number; score: number }, floor: Floor): boolean {
  return hit.score < (isCalled(hit, floor.likeness) ? floor.called : floor.other);
}

function isCalled(hit: { called: boolean; similarity: number }, likeness: number): boolean {
  return hit.called || hit.similarity >= likeness;
}

function countTold(recent: Recent, ids: (reply: RecentReply) => number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const reply of recent.replies.slice(0, REPEAT_REPLIES)) {
    for (const id of new Set(ids(reply))) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

// Tells whether twelve words in a row of a text stand in the last replies.
function saidBefore({ said }: Recent): (text: string) => boolean {
  const all = new Set(said.flatMap((reply) => reply.split(" ")));
  return (text) => {
    const words = spokenWords(text);
    let known = 0;
    return words.some((word, end) => {
      known = all.has(word) ? known + 1 : 0;
      if (known < RUN_WORDS) return false;
      const run = ` ${words.slice(end + 1 - RUN_WORDS, end + 1).join(" ")} `;
      return said.some((reply) => reply.includes(run));
    });
  };
}

function spokenWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’]\p{L}+)*/gu) ?? [];
}

function bare<Hit>(hit: Ranked<Hit>): Hit {
  const { called: _called, plain: _plain, similarity: _similarity, ...rest } = hit;
  return rest as Hit;
}
