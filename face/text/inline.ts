/**
 * Role-play Markdown inside one line, word by word. What is drawn never changes when more text comes: a delimiter
 * acts when it is read (an unclosed `*` is italic at once), and one that could still grow is held back.
 */

import { graphemes, textWidth } from "../term/width.ts";

export const BOLD = 1;
export const ITALIC = 2;
export const STRIKE = 4;
export const CODE = 8;
export const SPEECH = 16;
export const HEADING = 32;
export const QUOTE = 64;

/** A piece of visible text with its marks (the bits above) and the place in the source where it begins. */
export interface Run {
  text: string;
  marks: number;
  start: number;
}

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

/** The least that wrapping does not cut. */
export interface Word {
  runs: Run[];
  /** Columns of the text, and of the blanks before it. */
  width: number;
  space: number;
  start: number;
  end: number;
  /** The text ended inside it: it may still grow. */
  open: boolean;
  /** State at its first character and after it. */
  before: Inline;
  after: Inline;
}

/** Longer words are handed out in pieces, so that no text costs more than its rows. */
const MAX_WORD = 256;
/** Longer runs of one delimiter are text, taken in pieces. */
const MAX_DELIMITER = 32;
/** A longer address is no link. */
const MAX_ADDRESS = 2000;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const LETTER = /[\p{L}\p{N}]/u;
const OPENS_SPEECH_AFTER = /[\s([{*_~\-–—'‘“…]/u;
const SPEECH_ENDS: Record<string, string> = { "“": "”", "„": "“", "«": "»", "「": "」", "『": "』" };
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6]/;
const NO_ROW_START = /[、。，．：；！？）」』】〕〉》”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ]/;
const NO_ROW_END = /[（「『【〔〈《“‘]/;

function marksOf(state: Inline, base: number): number {
  return base | (state.emphasis ? ITALIC : 0) | (state.strong ? BOLD : 0) | (state.strike ? STRIKE : 0) |
    (state.code > 0 ? CODE : 0) | (state.speech ? SPEECH : 0);
}

function runLength(text: string, at: number, end: number): number {
  const char = text[at];
  let length = 1;
  while (length < MAX_DELIMITER && at + length < end && text[at + length] === char) length++;
  return length;
}

/** CommonMark's flanking: may a delimiter run open, may it close. */
function flanking(char: string, previous: string, next: string): { opens: boolean; closes: boolean } {
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
function emphasize(state: Inline, char: "*" | "_", count: number, next: string): Inline | null {
  const { opens, closes } = flanking(char, state.previous, next);
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

interface Step {
  /** Visible text; empty for a delimiter. */
  text: string;
  length: number;
  state: Inline;
  /** Marks it is drawn with; a closing quotation mark still belongs to the speech. */
  marks: number;
}

/** Reads what stands at `at`; null: it cannot be decided before more text comes. */
function step(
  text: string,
  at: number,
  end: number,
  state: Inline,
  base: number,
  final: boolean,
): Step | null {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const plain = (shown: string, length: number, after: Inline = state): Step => ({
    text: shown,
    length,
    state: { ...after, previous: shown === "" ? char : shown },
    marks: marksOf(after, base),
  });
  if (state.code > 0) {
    if (char !== "`") return plain(char, char.length);
    const count = runLength(text, at, end);
    if (at + count >= end && !final) return null;
    return count === state.code ? plain("", count, { ...state, code: 0 }) : plain("`".repeat(count), count);
  }
  switch (char) {
    case "*":
    case "_":
    case "~":
    case "`": {
      const count = runLength(text, at, end);
      if (at + count >= end && !final) return null;
      const next = at + count < end ? String.fromCodePoint(text.codePointAt(at + count) ?? 0) : "";
      let after: Inline | null = null;
      if (char === "*" || char === "_") after = emphasize(state, char, count, next);
      else {
        const { opens, closes } = flanking(char, state.previous, next);
        if (char === "~" && count === 2) {
          if (state.strike && closes) after = { ...state, strike: false };
          else if (!state.strike && opens) after = { ...state, strike: true };
        } else if (char === "`" && !LETTER.test(state.previous) && next !== "" && !/\s/u.test(next)) {
          after = { ...state, code: count };
        }
      }
      return after === null ? plain(char.repeat(count), count) : plain("", count, after);
    }
    case "\\": {
      if (at + 1 >= end) return final ? plain("\\", 1) : null;
      const next = text[at + 1];
      return /[!-/:-@[-`{-~]/.test(next) ? plain(next, 2) : plain("\\", 1);
    }
    case "]": {
      // `[label](https://...)`: the address is not shown.
      const rest = text.slice(at + 1, Math.min(end, at + 10));
      if (!final && "(https://".startsWith(rest) && at + 1 + rest.length >= end) return null;
      if (!/^\(https?:\/\//.test(rest)) return plain("]", 1);
      const address = text.slice(at, Math.min(end, at + MAX_ADDRESS));
      const close = address.indexOf(")");
      if (close < 0) return final || address.length === MAX_ADDRESS ? plain("]", 1) : null;
      return plain("]", close + 1);
    }
    case '"': {
      if (state.speech === '"') {
        return {
          text: char,
          length: 1,
          state: { ...state, speech: "", previous: char },
          marks: marksOf(state, base),
        };
      }
      const opens = state.speech === "" && (state.previous === "" || OPENS_SPEECH_AFTER.test(state.previous));
      return plain(char, 1, opens ? { ...state, speech: '"' } : state);
    }
    default: {
      if (state.speech !== "" && (char === state.speech || (state.speech === "“" && char === "”"))) {
        const length = char.length;
        return {
          text: char,
          length,
          state: { ...state, speech: "", previous: char },
          marks: marksOf(state, base),
        };
      }
      const closer = state.speech === "" ? SPEECH_ENDS[char] : undefined;
      return plain(char, char.length, closer === undefined ? state : { ...state, speech: closer });
    }
  }
}

/** True when a row may end between these two characters of a word. */
function breaksBetween(before: string, after: string, earlier: string): boolean {
  if (before === "" || NO_ROW_START.test(after)) return false;
  if (WIDE.test(after) || (WIDE.test(before) && LETTER.test(after))) return !NO_ROW_END.test(before);
  if (before === "—" || before === "–") return LETTER.test(after) || after === '"' || after === "“";
  return before === "-" && LETTER.test(earlier) && /\p{L}/u.test(after);
}

/**
 * The next word of `text` from `from` up to `end` (the end of its line), or null when only blanks are left.
 * `final`: no more text will come. A word whose beginning cannot be decided yet has no runs and is open.
 */
export function nextWord(
  text: string,
  from: number,
  end: number,
  state: Inline,
  options: { base: number; final: boolean },
): Word | null {
  const { base, final } = options;
  let at = from;
  let space = 0;
  let open_state = state;
  while (at < end && (text[at] === " " || text[at] === "\u3000")) {
    space += text[at] === " " ? 1 : 2;
    at++;
  }
  if (at >= end) return null;
  if (space > 0) open_state = { ...state, previous: " " };
  const before = open_state;
  const start = at;
  const runs: Run[] = [];
  let last = "";
  let earlier = "";
  let open = false;
  while (true) {
    if (at >= end) {
      open = !final;
      break;
    }
    const char = text[at];
    if (char === " " || char === "\u3000" || at - start >= MAX_WORD) break;
    const read = step(text, at, end, open_state, base, final);
    if (read === null) {
      open = true;
      break;
    }
    if (read.text !== "") {
      if (breaksBetween(last, read.text, earlier)) break;
      const tail = runs.at(-1);
      if (tail !== undefined && tail.marks === read.marks) tail.text += read.text;
      else runs.push({ text: read.text, marks: read.marks, start: at });
      earlier = last;
      last = read.text;
    }
    at += read.length;
    open_state = read.state;
  }
  let width = 0;
  for (const run of runs) width += textWidth(run.text);
  return { runs, width, space, start, end: at, open, before, after: open_state };
}

/** Cuts runs at a number of columns, between graphemes: what fits (at least one grapheme), and the rest. */
export function cutRuns(runs: readonly Run[], columns: number): { head: Run[]; tail: Run[]; width: number } {
  const head: Run[] = [];
  const tail: Run[] = [];
  let used = 0;
  for (const run of runs) {
    if (tail.length > 0) {
      tail.push(run);
      continue;
    }
    let cut = run.text.length;
    for (const grapheme of graphemes(run.text)) {
      if (used + grapheme.width > columns && (used > 0 || head.length > 0 || grapheme.index > 0)) {
        cut = grapheme.index;
        break;
      }
      used += grapheme.width;
    }
    if (cut > 0) head.push({ ...run, text: run.text.slice(0, cut) });
    if (cut < run.text.length) tail.push({ ...run, text: run.text.slice(cut), start: run.start + cut });
  }
  return { head, tail, width: used };
}
