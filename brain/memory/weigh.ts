/** A second look at the best finds: what speaks for a unit beside its score, as a factor. Pure. */
import type { MemoryRow } from "../store/memories.ts";
import type { UnitCorpus } from "./corpus.ts";
import { type Hits, rarity } from "./rank.ts";
import type { Near } from "./vectors.ts";
import type { Weights } from "./weights.ts";
import { asksOwnWords, asksWhen, hasTime, isAscii, wordsOf } from "./words.ts";

/** Shorter than this, a question of the other side rather asks for what is looked for than tells it. */
const SHORT_QUESTION = 200;
/** So many characters more are worth `longer`, up to twice as many. */
const LENGTH = 200;

/** The words of the question that stand in a unit, the most telling first, and those in the units beside it. */
export interface Callers {
  of(slot: number): string[];
  beside(slot: number): string[];
  /** Of all that the question's words could call, the share that stands in the unit: 0 to 1. */
  share(slot: number): number;
}

/** Who stands where, by a bit for each word of the question: there are at most 30 (words.ts). */
export function callersOf(corpus: UnitCorpus, hits: Hits[]): Callers {
  const { place } = corpus;
  const in_slot = new Uint32Array(corpus.size);
  const in_place = new Uint32Array(corpus.places + 2);
  hits.forEach(({ slots }, bit) => {
    for (const slot of slots) {
      in_slot[slot] |= 1 << bit;
      in_place[place[slot] + 1] |= 1 << bit;
    }
  });
  const worth = hits.map(({ term, slots }) => term.weight * rarity(slots.length, corpus.size));
  const all = worth.reduce((sum, one, bit) => sum + (hits[bit].slots.length > 0 ? one : 0), 0);
  // Kindred of one word are that word.
  const said = (bits: number[]) => [...new Set(bits.map((bit) => hits[bit].term.word))];
  const words = (bits: number) => hits.map((_, bit) => bit).filter((bit) => bits & (1 << bit));
  return {
    of: (slot) => said(words(in_slot[slot]).sort((a, b) => worth[b] - worth[a])),
    beside(slot) {
      const at = place[slot] + 1;
      return said(words(in_place[at - 1] | in_place[at + 1]));
    },
    share: (slot) => all > 0 ? words(in_slot[slot]).reduce((sum, bit) => sum + worth[bit], 0) / all : 0,
  };
}

/** Words that begin alike are one word here. */
const BEGINNING = 5;

/**
 * For texts that compete for one line: of the worth of its words the share that stands in each, 0 to 1. A word is worth the
 * more, the fewer of these texts have it: what all of them speak of tells none from the others.
 */
export function sharesAmong(line: string, texts: string[]): number[] {
  const phrases = wordsOf(line).map(({ phrase }) => phrase);
  const begun = new Set(
    phrases.filter((phrase) => !phrase.includes(" ")).map((word) => word.slice(0, BEGINNING)),
  );
  // Words of scripts without blanks are pairs of characters.
  const pairs = [...new Set(phrases.filter((phrase) => phrase.includes(" ")))].map((pair) =>
    pair.replace(" ", "")
  );
  const wordsIn = beginningsFinder([...begun]);
  const found = texts.map((text) =>
    new Set([...wordsIn(text), ...pairs.filter((pair) => text.includes(pair))])
  );
  const worth = [...begun, ...pairs].map((word) => ({
    word,
    value: Math.log(1 + texts.length / (1 + found.filter((said) => said.has(word)).length)),
  }));
  const all = worth.reduce((sum, { value }) => sum + value, 0) || 1;
  return found.map((said) =>
    worth.reduce((sum, { word, value }) => sum + (said.has(word) ? value : 0), 0) / all
  );
}

/** Finds which of these beginnings begin a word of a text; those shorter than BEGINNING are whole words. */
function beginningsFinder(beginnings: string[]): (text: string) => string[] {
  if (beginnings.length === 0) return () => [];
  // The pattern asks two tables of Unicode about each character, and takes longer to be made than to be used.
  const plain = beginnings.every((word) => /^[a-z]+$/.test(word));
  let pattern: RegExp | undefined;
  return (text) => {
    if (plain && isAscii(text)) {
      const lower = text.toLowerCase();
      return beginnings.filter((word) => beginsWord(lower, word));
    }
    return (text.match(pattern ??= beginningsPattern(beginnings)) ?? []).map((word) => word.toLowerCase());
  };
}

function beginningsPattern(beginnings: string[]): RegExp {
  const whole = beginnings.map((word) => word.length < BEGINNING ? `${word}(?!\\p{L})` : word);
  // Longer ones first: "sea" must not hide "seal".
  return new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${whole.sort((a, b) => b.length - a.length).join("|")})`,
    "giu",
  );
}

/** Whether a word of `text`, ASCII in lower case, begins with `word`, or is it when that is short. */
function beginsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text.charCodeAt(at - 1);
    const after = text.charCodeAt(at + word.length);
    if (!isLetter(before) && !isDigit(before) && (word.length >= BEGINNING || !isLetter(after))) return true;
  }
  return false;
}

// Of NaN, beyond the text, neither is true.
const isLetter = (code: number) => code >= 97 && code <= 122;
const isDigit = (code: number) => code >= 48 && code <= 57;

interface Weighing {
  /** The player's line. */
  line: string;
  /** All candidates. */
  rows: MemoryRow[];
  corpus: UnitCorpus;
  callers: Callers;
  near: Near[];
  weights: Weights;
}

/** The factor of each candidate's score: of what it says, of how much it answers to, of what it answered. */
export function weigher(weighing: Weighing): (row: MemoryRow, slot: number) => number {
  const { line, rows, corpus, callers, weights } = weighing;
  const own = asksOwnWords(line);
  const when = asksWhen(line);
  const names = namedSpeakers(line, rows.map((row) => row.speaker));
  const likeness = likenessByPlace(corpus, weighing.near);
  return (row, slot) => {
    let factor = 1;
    if (own && row.role === "user") factor *= weights.own_words;
    if (names.length === 1 && names[0] === row.speaker) factor *= weights.speaker;
    if (when && hasTime(row.text)) factor *= weights.time;
    if (row.text.length < SHORT_QUESTION && row.text.endsWith("?")) factor *= weights.short_question;
    // Worked out as exponents of the score's own factors: a logistic model over the finds gave these three (weights.ts).
    const more = weights.share * callers.share(slot) +
      weights.longer * Math.min(2, row.text.length / LENGTH) +
      weights.answers * (likeness.get(corpus.place[slot] - 1) ?? 0);
    return factor * Math.exp(more);
  };
}

// The best cosine to the question at each place; below 0 there is none.
function likenessByPlace(corpus: UnitCorpus, near: Near[]): Map<number, number> {
  const best = new Map<number, number>();
  for (const { unit_id, similarity } of near) {
    const slot = corpus.slotOf(unit_id);
    if (slot < 0) continue;
    const place = corpus.place[slot];
    best.set(place, Math.max(best.get(place) ?? 0, similarity));
  }
  return best;
}

// The speakers whose name stands in the line, by any of its words.
function namedSpeakers(line: string, speakers: string[]): string[] {
  const said = new Set(line.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  return [...new Set(speakers)].filter((speaker) =>
    speaker !== "" && (speaker.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).some((word) => said.has(word))
  );
}
