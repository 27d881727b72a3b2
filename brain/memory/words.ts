/** From a text to the words that it is asked for by. Pure. */
import { isUnspaced, scriptRuns } from "../store/spacing.ts";
import { kindredOf } from "./kindred.ts";
import {
  ENGLISH_SIGNS,
  GERMAN_SIGNS,
  GERMAN_STOP_WORDS,
  GERMAN_WEAK_WORDS,
  JAPANESE_WEAK_PAIRS,
  LONGEST_SIGN,
  STOP_WORDS,
  WEAK_WORDS,
} from "./word_lists.ts";

/** A word to look for. */
export interface Term {
  /** As it stood in the question, in lower case. */
  word: string;
  /** As it is searched: words of the index, in this order. */
  phrase: string;
  /** Whether the last word of the phrase is only the beginning of one: the index knows English endings alone. */
  prefix: boolean;
  weight: number;
  /** Whether a unit may come back for this word alone; the others only lend score to what has been called. */
  calls: boolean;
}

export interface Word {
  word: string;
  phrase: string;
  prefix: boolean;
  /** Written with a capital where no sentence begins. */
  name: boolean;
  /** Too common in stories to call anything by itself. */
  weak: boolean;
}

const MAX_LINE_TERMS = 16;
const MAX_BEFORE_TERMS = 6;
const MAX_KINDRED = 8;
// Beyond this, a line or a reply only repeats itself: a 64 KiB line must not cost more than an ordinary one.
const READ_LENGTH = 4000;

// Measured on LoCoMo (memory.md 1): earlier turns at full weight lose a third of the finds, at 0.1 they do no harm.
const BEFORE_WEIGHT = 0.1;
const NAME_BEFORE_WEIGHT = 0.5;
// On every second dialogue question: no change of .1 or more at .4; of our probes nine of nine implicit ones instead of six.
const KINDRED_WEIGHT = 0.4;

/**
 * The words of the player's line (weight 1) with their kindred (as the word that they stand for) and, fainter, those of the
 * texts before it; names there at 0.5. Stop words are left out, and the number is capped: names first, then the longer
 * words.
 */
export function questionTerms(line: string, before: string[]): Term[] {
  const terms = new Map<string, Term>();
  const question = asksSomething(line);
  for (const { word, phrase, prefix, weak } of cap(wordsOf(line), MAX_LINE_TERMS)) {
    terms.set(phrase, { word, phrase, prefix, weight: 1, calls: question || !weak });
  }
  const said = [...terms.values()].filter((term) => term.calls);
  const asks = said.length > 0;
  const language = isGerman(line.slice(0, READ_LENGTH)) ? "german" : "english";
  const kindred = said.flatMap(({ word, phrase, prefix }) =>
    kindredOf(phrase, language).filter((kin) => !terms.has(kin)).map((kin) => ({ word, phrase: kin, prefix }))
  );
  for (const kin of kindred.slice(0, MAX_KINDRED)) {
    terms.set(kin.phrase, { ...kin, weight: KINDRED_WEIGHT, calls: true });
  }
  const faint = cap(before.flatMap((text) => wordsOf(text)), MAX_BEFORE_TERMS);
  for (const { word, phrase, prefix, name } of faint) {
    if (terms.has(phrase)) continue;
    terms.set(phrase, {
      word,
      phrase,
      prefix,
      weight: name ? NAME_BEFORE_WEIGHT : BEFORE_WEIGHT,
      // A line that asks for nothing ("I nod.") must not bring back what the last reply was about.
      calls: name && asks,
    });
  }
  return [...terms.values()];
}

/** The content words of a text, in order, repeated ones too. At most the first 4,000 characters are read. */
export function wordsOf(text: string): Word[] {
  const read = text.slice(0, READ_LENGTH);
  const german = isGerman(read);
  const words: Word[] = [];
  let sentence_begins = true;
  for (let at = 0; at < read.length;) {
    const kind = kindAt(read, at);
    if ((kind & PART) === 0) {
      if (kind === SENTENCE) sentence_begins = true;
      at++;
      continue;
    }
    const begin = at;
    at = runEnd(read, at, PART);
    // Letters may follow an apostrophe, and another one.
    while (at < read.length && (read[at] === "'" || read[at] === "’")) {
      const end = runEnd(read, at + 1, LETTER);
      if (end === at + 1) break;
      at = end;
    }
    addToken(words, read.slice(begin, at), german, sentence_begins);
    sentence_begins = false;
  }
  return words;
}

function addToken(words: Word[], token: string, german: boolean, sentence_begins: boolean): void {
  const ascii = isAscii(token);
  if (!ascii && isUnspaced(token)) {
    words.push(...pairsOf(token));
    return;
  }
  // The index cuts at apostrophes: "Maren's" is found under "maren", "don't" is a stop word.
  const lower = token.toLowerCase();
  const word = ascii ? lower : lower.replaceAll("’", "'");
  const apostrophe = word.indexOf("'");
  const bare = apostrophe < 0 ? word : word.slice(0, apostrophe);
  const stop = STOP_WORDS.has(word) || (apostrophe >= 0 && STOP_WORDS.has(bare)) ||
    (german && GERMAN_STOP_WORDS.has(bare));
  if (stop || !isLongEnough(bare)) return;
  const stem = german ? germanStem(bare) : bare;
  // A capital tells names apart in English; in German every noun has one.
  const name = !sentence_begins && !german && /^\p{Lu}/u.test(token);
  const weak = german ? GERMAN_WEAK_WORDS.has(bare) : WEAK_WORDS.has(bare);
  words.push({ word: bare, phrase: stem, prefix: german && stem.length >= 4, name, weak });
}

const LETTER = 1;
const DIGIT = 2;
const MARK = 4;
/** What words are made of. */
const PART = LETTER | DIGIT | MARK;
/** What a sentence begins after. */
const SENTENCE = 8;
const UNKNOWN = 255;
// Asking a regular expression about each character would take most of the time of a recall.
const KINDS = new Uint8Array(0x10000).fill(UNKNOWN);

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  const kind = KINDS[code];
  if (kind !== UNKNOWN) return kind;
  // Halves of a pair are asked about together each time: they are rare.
  if (code >= 0xd800 && code < 0xe000) return kindOf(String.fromCodePoint(text.codePointAt(at)!));
  return KINDS[code] = kindOf(text[at]);
}

function kindOf(character: string): number {
  if (/\p{L}/u.test(character)) return LETTER;
  if (/\p{N}/u.test(character)) return DIGIT;
  if (/\p{M}/u.test(character)) return MARK;
  return /[.!?…:"“”„\n]/.test(character) ? SENTENCE : 0;
}

// Where the characters of these kinds that stand from `at` on end.
function runEnd(text: string, at: number, kinds: number): number {
  while (at < text.length && (kindAt(text, at) & kinds) !== 0) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** Whether a text has plain characters alone. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Whether a line says anything that recall could go by; a nod does not. */
export function asksForContent(line: string): boolean {
  return questionTerms(line, []).some((term) => term.calls);
}

/** Whether a line is neither German nor in a script without blanks: what is not known to be other counts as English. */
export function isEnglish(line: string): boolean {
  return !isGerman(line.slice(0, READ_LENGTH)) && !isUnspaced(line);
}

/** Whether the line asks something: then ordinary words call too, which in a deed ("I open the door") must not. */
export function asksSomething(line: string): boolean {
  return /[?？]/.test(line);
}

/** Whether the player asks for what the player said ("What did I promise?"): then that side counts more. */
export function asksOwnWords(line: string): boolean {
  return /\b(?:I|me|my)\b.{0,40}\b(?:say|said|tell|told|promise|promised|ask|asked|swear|swore|offer|offered)\b/i
    .test(line.slice(0, READ_LENGTH));
}

/** Whether the question asks for a time. */
export function asksWhen(line: string): boolean {
  return /\b(?:when|how long|how many (?:days|weeks|months|years)|what (?:day|date|year|month|time)|which (?:day|year|month)|wann|wie lange)\b|いつ/iu
    .test(line.slice(0, READ_LENGTH));
}

/** Whether a text says when something is, was or will be. */
export function hasTime(text: string): boolean {
  return TIME_WORDS.test(text);
}

const TIME_WORDS =
  /\b(?:yesterday|today|tonight|tomorrow|ago|last (?:week|month|year|night|time|summer|winter|spring|autumn|fall|\w+day)|next (?:week|month|year|summer|winter|spring|\w+day)|this (?:week|month|year|morning|evening|summer|winter|weekend)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|october|november|december|weekend|recently|(?:days?|weeks?|months?|years?) (?:later|before|after)|since|1[0-9]{3}|20[0-9]{2}|midnight|noon|dawn|dusk|gestern|heute|morgen|vorgestern)\b|昨日|今日|明日|去年/iu;

// The index drops accents: a single accented letter would be found in every "a".
function isLongEnough(word: string): boolean {
  if (isAscii(word)) return word.length > 1 || (word >= "0" && word <= "9");
  return word.normalize("NFD").replace(/\p{M}/gu, "").length > 1 || /\p{N}/u.test(word);
}

// Two neighbouring characters stand for a word; a run of one stands for itself. Pairs of hiragana alone are mostly
// grammar, they call nothing.
function pairsOf(token: string): Word[] {
  const words: Word[] = [];
  for (const run of scriptRuns(token)) {
    if (!isUnspaced(run)) {
      const word = run.toLowerCase();
      words.push({ word, phrase: word, prefix: false, name: false, weak: false });
      continue;
    }
    const characters = [...run];
    for (let i = 0; i < Math.max(1, characters.length - 1); i++) {
      const pair = characters.slice(i, i + 2);
      const weak = pair.length < 2 || /^\p{Script=Hiragana}+$/u.test(pair.join("")) ||
        JAPANESE_WEAK_PAIRS.has(pair.join(""));
      words.push({ word: pair.join(""), phrase: pair.join(" "), prefix: false, name: false, weak });
    }
    // Between two weak pairs there is only where one word ends and the next begins.
    const pairs = words.slice(words.length - Math.max(1, characters.length - 1));
    pairs.slice(1, -1).forEach((pair, i) => pair.weak ||= pairs[i].weak && pairs[i + 2].weak);
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

function isGerman(text: string): boolean {
  const lower = text.toLowerCase();
  const umlauts = /[äöüß]/.test(lower);
  let telling = 0;
  let english = 0;
  for (let at = 0; at < lower.length; at++) {
    const end = runEnd(lower, at, LETTER);
    if (end === at) continue;
    if (end - at <= LONGEST_SIGN || umlauts) {
      const word = lower.slice(at, end);
      if (GERMAN_SIGNS.has(word) || (umlauts && /[äöüß]/.test(word))) telling++;
      if (ENGLISH_SIGNS.has(word)) english++;
    }
    at = end;
  }
  return telling > 0 && telling > english;
}

// Endings of number and case; what is left is searched as a beginning. "Glocken" and "Glocke" both find "glock...".
function germanStem(word: string): string {
  return word.length > 5 ? word.replace(/(?:ern|em|en|er|es|e|n|s)$/, "") : word.replace(/e$/, "");
}
