/**
 * What `*` and `_` begin and end: CommonMark's rule of flanking, read in one direction only, so that what is drawn never
 * changes when more text comes. An opening acts at once; one that nothing closes holds to the end of its paragraph.
 */

/** Longer runs of one delimiter are text, taken in pieces. */
const MAX_DELIMITER = 32;
/** Further than this no end is looked for inside a word. */
const MAX_INSIDE = 80;
const PUNCTUATION = /[\p{P}\p{S}]/u;
export const LETTER = /[\p{L}\p{N}]/u;
export const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6]/;

/** What is open between two words. The empty string: nothing. */
export interface Inline {
  emphasis: "" | "*" | "_";
  strong: "" | "*" | "_";
  strike: boolean;
  /** Number of backticks that opened it. */
  code: number;
  /** The character that will close the speech. */
  speech: string;
  /** The source character before, for the rules of delimiters. */
  previous: string;
}
export const NOTHING_OPEN: Inline = {
  emphasis: "",
  strong: "",
  strike: false,
  code: 0,
  speech: "",
  previous: "",
};

/** How many of the character at `at` stand there in a row, before `end`. */
export function runLength(text: string, at: number, end: number): number {
  const char = text[at];
  let length = 1;
  while (length < MAX_DELIMITER && at + length < end && text[at + length] === char) length++;
  return length;
}

/** CommonMark's flanking: may a delimiter run open, may it close. */
export function flanking(char: string, previous: string, next: string): { opens: boolean; closes: boolean } {
  const space_after = next === "" || /\s/u.test(next);
  const space_before = previous === "" || /\s/u.test(previous);
  const punctuation_after = PUNCTUATION.test(next);
  const punctuation_before = PUNCTUATION.test(previous);
  const left = !space_after && (!punctuation_after || space_before || punctuation_before);
  const right = !space_before && (!punctuation_before || space_after || punctuation_after);
  if (char !== "_") return { opens: left, closes: right };
  return { opens: left && (!right || punctuation_before), closes: right && (!left || punctuation_after) };
}

/** The state after a run of `*` or `_`; null: it is text. */
export function emphasize(state: Inline, char: "*" | "_", count: number, next: string): Inline | null {
  const { opens, closes: right } = flanking(char, state.previous, next);
  // Narrators end what is slanted right before the next word ("*He nods.*Then"). It was drawn slanted already.
  const closes = right || (char === "*" && PUNCTUATION.test(state.previous));
  const after = { ...state };
  if (count === 1) {
    if (closes && state.emphasis === char) after.emphasis = "";
    else if (opens && state.emphasis === "") after.emphasis = char;
    else return null;
    return after;
  }
  if (count === 2) {
    if (closes && state.strong === char) after.strong = "";
    else if (opens && state.strong === "") after.strong = char;
    else return null;
    return after;
  }
  if (count !== 3) return null;
  if (closes && (state.strong === char || state.emphasis === char)) {
    if (state.strong === char) after.strong = "";
    if (state.emphasis === char) after.emphasis = "";
  } else if (opens && state.strong === "" && state.emphasis === "") {
    after.strong = char;
    after.emphasis = char;
  } else return null;
  return after;
}

/**
 * Whether a run of `count` stars at `at` may mean anything: inside a word it opens only what ends in the same word, as in
 * `un*believ*able`, but not in `f**k` and `5*3`. Null: the word has not ended yet.
 */
export function intraword(
  text: string,
  at: number,
  end: number,
  count: number,
  state: Inline,
  final: boolean,
): boolean | null {
  const next = at + count < end ? text[at + count] : "";
  const inside = LETTER.test(state.previous) && LETTER.test(next) && !WIDE.test(state.previous + next);
  const closes = (count !== 2 && state.emphasis === "*") || (count !== 1 && state.strong === "*");
  if (!inside || closes) return true;
  const limit = Math.min(end, at + count + MAX_INSIDE);
  for (let place = at + count; place < limit; place++) {
    if (/\s/u.test(text[place])) return false;
    if (text[place] !== "*") continue;
    const length = runLength(text, place, end);
    if (place + length >= end && !final) return null;
    if (length === count) return true;
    place += length - 1;
  }
  return limit < end || final ? false : null;
}
