/** Pieces of visible text and how they are marked. */

import { graphemes } from "../term/width.ts";

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
