/** Words of one line with their marks: the least that wrapping does not cut. */

import { textWidth } from "../term/width.ts";
import { type Inline, LETTER, WIDE } from "./emphasis.ts";
import { step } from "./inline.ts";
import type { Run } from "./runs.ts";

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
const NO_ROW_START = /[、。，．：；！？）」』】〕〉》”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ]/;
const NO_ROW_END = /[（「『【〔〈《“‘]/;

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
