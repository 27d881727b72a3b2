/** From a question's words to a ranking: which words are asked for, and what each unit that has them is worth. Pure. */
import { isUnspaced, scriptRuns } from "../store/spacing.ts";

/** A word to look for. */
export interface Term {
  /** As it stood in the question, in lower case. */
  word: string;
  /** As it is searched: words of the index, in this order. */
  phrase: string;
  weight: number;
  /** Whether a unit may come back for this word alone; the others only lend score to what has been called. */
  calls: boolean;
}

/** What one term found: units and their lengths, all in the same measure. */
export interface Found {
  term: Term;
  matches: { id: number; length: number }[];
}

export interface Scored {
  id: number;
  score: number;
  /** The words that called it, best first. */
  words: string[];
}

const MAX_LINE_TERMS = 12;
const MAX_BEFORE_TERMS = 6;
// Beyond this, a line or a reply only repeats itself: a 64 KiB line must not cost more than an ordinary one.
const READ_LENGTH = 4000;

// Measured on LoCoMo (memory.md 1): earlier turns at full weight lose a third of the finds, at 0.1 they do no harm.
const BEFORE_WEIGHT = 0.1;
const NAME_BEFORE_WEIGHT = 0.5;
const PREVIOUS_LENDS = 0.5;
const NEXT_LENDS = 0.3;

/**
 * The words of the player's line (weight 1) and, fainter, of the texts before it; names there at 0.5. Stop words are
 * left out, and the number is capped: names first, then the longer words.
 */
export function questionTerms(line: string, before: string[]): Term[] {
  const terms = new Map<string, Term>();
  for (const { word, phrase, weak } of cap(wordsOf(line), MAX_LINE_TERMS)) {
    terms.set(phrase, { word, phrase, weight: 1, calls: !weak });
  }
  const faint = cap(before.flatMap((text) => wordsOf(text)), MAX_BEFORE_TERMS);
  for (const { word, phrase, name } of faint) {
    if (terms.has(phrase)) continue;
    terms.set(phrase, { word, phrase, weight: name ? NAME_BEFORE_WEIGHT : BEFORE_WEIGHT, calls: name });
  }
  return [...terms.values()];
}

/**
 * Units by score, best first; ties go to the newer unit. `total` is about the number of units searched (for
 * memories the messages on the path). Nothing comes back that no rare word of the question called: one that calls and
 * is found at most 3 times, or in at most a quarter of `total`.
 *
 * The score is BM25 (Robertson and Zaragoza 2009; k1 1.2, b 0.75) over units so short that a word counts once. It is
 * worked out here and not by FTS5's bm25(), which judges rarity among all players' units, and takes ten times as long.
 */
export function rank(found: Found[], total: number): Scored[] {
  const lengths = found.flatMap(({ matches }) => matches.map((match) => match.length));
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  const units = new Map<
    number,
    { score: number; called: boolean; words: { word: string; worth: number }[] }
  >();
  for (const { term, matches } of found) {
    const rarity = Math.log(1 + (Math.max(0, total - matches.length) + 0.5) / (matches.length + 0.5));
    const calls = term.calls && matches.length <= Math.max(3, total / 4);
    for (const match of matches) {
      const worth = term.weight * rarity * 2.2 / (1 + 1.2 * (0.25 + 0.75 * match.length / average));
      const unit = units.get(match.id) ?? { score: 0, called: false, words: [] };
      unit.score += worth;
      unit.called ||= calls;
      unit.words.push({ word: term.word, worth });
      units.set(match.id, unit);
    }
  }
  return [...units].filter(([, unit]) => unit.called)
    .map(([id, unit]) => ({
      id,
      score: unit.score,
      words: unit.words.sort((a, b) => b.worth - a.worth).map(({ word }) => word),
    }))
    .sort(byScore);
}

/**
 * Lends score between neighbours: a unit gets half of the best score of the message before its own and 0.3 of the
 * one after, so that the answer comes with the question. `place` is a unit's message counted along the path;
 * `neighbours` are units without a score of their own that may get one.
 */
export function lend(scored: Scored[], place: Map<number, number>, neighbours: number[]): Scored[] {
  const best = new Map<number, Scored>();
  for (const unit of scored) {
    const at = place.get(unit.id);
    if (at !== undefined && !best.has(at)) best.set(at, unit);
  }
  const known = new Set(scored.map((unit) => unit.id));
  const all = [
    ...scored,
    ...neighbours.filter((id) => !known.has(id)).map((id) => ({ id, score: 0, words: [] as string[] })),
  ];
  return all.map((unit) => {
    const at = place.get(unit.id);
    const previous = at === undefined ? undefined : best.get(at - 1);
    const next = at === undefined ? undefined : best.get(at + 1);
    return {
      id: unit.id,
      score: unit.score + PREVIOUS_LENDS * (previous?.score ?? 0) + NEXT_LENDS * (next?.score ?? 0),
      words: unit.words.length > 0 ? unit.words : previous?.words ?? next?.words ?? [],
    };
  }).filter((unit) => unit.score > 0).sort(byScore);
}

/** Whether the player asks for what the player said ("What did I promise?"): then that side counts more. */
export function asksOwnWords(line: string): boolean {
  return /\b(?:I|me|my)\b.{0,40}\b(?:say|said|tell|told|promise|promised|ask|asked|swear|swore|offer|offered)\b/i
    .test(line.slice(0, READ_LENGTH));
}

function byScore(a: Scored, b: Scored): number {
  return b.score - a.score || b.id - a.id;
}

interface Word {
  word: string;
  phrase: string;
  /** Written with a capital where no sentence begins. */
  name: boolean;
  /** Too common in stories to call anything by itself. */
  weak: boolean;
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let sentence_begins = true;
  for (
    const [token] of text.slice(0, READ_LENGTH).matchAll(/[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)*|[.!?…:"“”\n]/gu)
  ) {
    if (/^[.!?…:"“”\n]/.test(token)) {
      sentence_begins = true;
      continue;
    }
    if (isUnspaced(token)) words.push(...pairsOf(token));
    else {
      // The index cuts at apostrophes: "Maren's" is found under "maren", "don't" is a stop word.
      const word = token.toLowerCase().replaceAll("’", "'");
      const phrase = word.replace(/'.*$/, "");
      if (!STOP_WORDS.has(word) && !STOP_WORDS.has(phrase) && isLongEnough(phrase)) {
        const name = !sentence_begins && /^\p{Lu}/u.test(token);
        words.push({ word: phrase, phrase, name, weak: WEAK_WORDS.has(phrase) });
      }
    }
    sentence_begins = false;
  }
  return words;
}

// The index drops accents: a single accented letter would be found in every "a".
function isLongEnough(word: string): boolean {
  return word.normalize("NFD").replace(/\p{M}/gu, "").length > 1 || /\p{N}/u.test(word);
}

// Two neighbouring characters stand for a word; a run of one stands for itself. Pairs of hiragana alone are mostly
// grammar, they call nothing.
function pairsOf(token: string): Word[] {
  const words: Word[] = [];
  for (const run of scriptRuns(token)) {
    if (!isUnspaced(run)) {
      words.push({ word: run.toLowerCase(), phrase: run.toLowerCase(), name: false, weak: false });
      continue;
    }
    const characters = [...run];
    for (let i = 0; i < Math.max(1, characters.length - 1); i++) {
      const pair = characters.slice(i, i + 2);
      const weak = pair.length < 2 || /^\p{Script=Hiragana}+$/u.test(pair.join(""));
      words.push({ word: pair.join(""), phrase: pair.join(" "), name: false, weak });
    }
  }
  return words;
}

// Each phrase once; what would be cut is the least telling.
function cap(words: Word[], limit: number): Word[] {
  const once = new Map<string, Word>();
  for (const word of words) {
    const known = once.get(word.phrase);
    if (!known) once.set(word.phrase, word);
    else if (word.name) known.name = true;
  }
  const telling = (word: Word) => (word.weak ? -100 : 0) + (word.name ? 100 : 0) + word.phrase.length;
  return [...once.values()].sort((a, b) => telling(b) - telling(a)).slice(0, limit);
}

const STOP_WORDS = new Set(
  `a about above after again against all also am an and any are aren't as at be because been before being below
  between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
  else ever every few for from further get gets getting got had hadn't has hasn't have haven't having he he'd he'll
  he's her here here's hers herself hey him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its
  itself just let let's like may maybe me might more most must my myself neither no nor not now of off oh ok okay on
  once one only onto or other ought our ours ourselves out over own perhaps please quite rather really same shall she
  she'd she'll she's should shouldn't so some somehow someone something still such than that that's the their theirs
  them themselves then there there's these they they'd they'll they're they've this those though through thus to too
  toward towards under until up upon us very was wasn't we we'd we'll we're we've well were weren't what what's
  whatever when when's where where's whether which while who who's whom whose why why's will with within without won't
  would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
);

const WEAK_WORDS = new Set(
  `answer answers around ask asked asking asks away back bring come comes coming day find first give gives go goes
  going gone good hand hands hear know knows last leave left listen little long look looked looking looks make makes
  man mean much need new next nod nods old open opens people place point put remember right said saw say saying says
  see sees shake sit smile speak stand start stay step stop take takes talk tell tells thank thanks thing things think
  time told took tried try turn turns two use wait waits walk walks want wants way went woman word words work`
    .split(/\s+/),
);
