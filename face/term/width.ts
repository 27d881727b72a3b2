// How wide text is on a terminal, and which characters may never reach one. Everything that measures or
// places text goes through `walk`, so what is measured and what is drawn cannot disagree.

import { eastAsianWidth } from "get-east-asian-width";

/** One user-perceived character. The `text`s of a string joined give the string again; width 0 is never drawn. */
export interface Grapheme {
  text: string;
  index: number;
  width: 0 | 1 | 2;
}

const UNKNOWN = 0;
const DROP = 1; // must never reach the terminal
const NARROW = 2; // one cell, unless a COMPLEX neighbour joins it
const WIDE = 3; // two cells, unless a COMPLEX neighbour joins it
const COMPLEX = 4; // joins its neighbours: only the segmenter can tell how

// Not to be drawn: controls, C1, lone surrogates, line separators, format characters (bidi, BOM, soft hyphen),
// tags and everything default-ignorable, but for the joiners and variation selectors that shape a cluster.
const DROPPED = /^[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}\p{DI}\p{Noncharacter_Code_Point}]$/u;
const KEPT_IGNORABLE = /^[\u200c\u200d\ufe0e\ufe0f\u180b-\u180d\u180f]$/u;
// Marks and joiners, conjoining jamo, flag letters, skin tones, and the letters of class Prepend.
const JOINS =
  /^[\p{M}\u200c\u200d\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u0d4e\u{111c2}\u{111c3}\u{1193f}\u{11941}\u{11a3a}\u{11a84}-\u{11a89}\u{11d46}\u{11f02}]$/u;

function classify(code: number): number {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return DROP;
  if (code < 0x7f) return NARROW;
  if (code >= 0xe0000 && code < 0xe1000) return DROP; // tags and supplementary selectors: hidden text travels in them
  const char = String.fromCodePoint(code);
  if (DROPPED.test(char) && !KEPT_IGNORABLE.test(char)) return DROP;
  if (JOINS.test(char)) return COMPLEX;
  return eastAsianWidth(code) === 2 ? WIDE : NARROW;
}

const classes = new Uint8Array(0x20000);

function classOf(code: number): number {
  if (code >= classes.length) return classify(code);
  const known = classes[code];
  if (known !== undefined && known !== UNKNOWN) return known;
  return classes[code] = classify(code);
}

/** True for wide characters that terminals of different age measure differently. */
function isDisputed(code: number): boolean {
  if (code < 0x1160) return false;
  if (code < 0x2e80) return true;
  if (code < 0x10000) return code >= 0x4dc0 && code < 0x4e00;
  return code < 0x20000;
}

interface Segment {
  length: number;
  width: 0 | 1 | 2;
  disputed: boolean;
}

const EMOJI_BASE = /^\p{Emoji}/u;
const PLAIN_CLUSTER = /^.\p{Mn}+$/u; // a letter with marks above or below: everyone agrees on its width
const SELECTOR = /[\ufe0e\ufe0f]/;

function measure(cluster: string): Segment {
  const code = cluster.codePointAt(0) ?? 0;
  const length = cluster.length;
  const flag_letter = code >= 0x1f1e6 && code <= 0x1f1ff;
  if (flag_letter) return { length, width: length > 2 ? 2 : 1, disputed: true };
  if (/^[\p{M}\u200c\u200d]/u.test(cluster)) {
    return { length, width: 0, disputed: false }; // a mark without its letter
  }
  const single = length === (code > 0xffff ? 2 : 1);
  const emoji = cluster.includes("\ufe0f") && EMOJI_BASE.test(cluster);
  const width = emoji || eastAsianWidth(code) === 2 ? 2 : 1;
  const agreed = single || (PLAIN_CLUSTER.test(cluster) && !SELECTOR.test(cluster));
  return { length, width, disputed: !agreed || (width === 2 && isDisputed(code)) };
}

// Made on first need: the constructor costs 15 ms, and plain text never needs it.
let segmenter: Intl.Segmenter | undefined;
const runs = new Map<string, Segment[]>();

function segmentRun(run: string): Segment[] {
  const known = runs.get(run);
  if (known !== undefined) return known;
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  const segments: Segment[] = [];
  for (const { segment } of segmenter.segment(run)) segments.push(measure(segment));
  if (run.length <= 256) {
    if (runs.size >= 4096) runs.clear();
    runs.set(run, segments);
  }
  return segments;
}

/** Makes the segmenter before it is needed (call it when idle, after the first paint). */
export function warmSegmenter(): void {
  segmentRun("e\u0301");
}

/**
 * Calls `visit` for each grapheme of text.slice(start), in order, until it returns false.
 * `disputed` is true where terminals disagree about the width.
 */
export function walk(
  text: string,
  start: number,
  visit: (from: number, to: number, width: 0 | 1 | 2, disputed: boolean) => boolean,
): void {
  const end = text.length;
  let at = start;
  while (at < end) {
    const code = text.codePointAt(at) ?? 0;
    const next = at + (code > 0xffff ? 2 : 1);
    const kind = classOf(code);
    if (kind === DROP) {
      if (!visit(at, next, 0, false)) return;
      at = next;
      continue;
    }
    const follower = next < end ? text.charCodeAt(next) : 0;
    const joined = follower >= 0x300 && classOf(text.codePointAt(next) ?? 0) === COMPLEX;
    if (kind !== COMPLEX && !joined) {
      const wide = kind === WIDE;
      if (!visit(at, next, wide ? 2 : 1, wide && isDisputed(code))) return;
      at = next;
      continue;
    }
    const stop = runEnd(text, at);
    for (const segment of segmentRun(text.slice(at, stop))) {
      if (!visit(at, at + segment.length, segment.width, segment.disputed)) return;
      at += segment.length;
    }
  }
}

/** Where the run of characters that may join each other ends: between two that cannot, or before a dropped one. */
function runEnd(text: string, start: number): number {
  let at = start;
  let previous = DROP;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const kind = classOf(code);
    if (kind === DROP) return at;
    if (at > start && kind !== COMPLEX && previous !== COMPLEX) return at;
    previous = kind;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

/** The graphemes of a text, in order, without gaps: characters that are never drawn come with width 0. */
export function graphemes(text: string): Iterable<Grapheme> {
  const found: Grapheme[] = [];
  walk(text, 0, (from, to, width) => {
    found.push({ text: text.slice(from, to), index: from, width });
    return true;
  });
  return found;
}

/**
 * What of a text may stand in cells, as one line of at most `most` graphemes: for what is written past the grid (titles,
 * the farewell).
 */
export function lineOfCells(text: string, most: number): string {
  const line = text.slice(0, most * 8).replace(/\s+/g, " ");
  return Array.from(graphemes(line)).filter(({ width }) => width > 0).slice(0, most).map((piece) =>
    piece.text
  )
    .join("");
}

/** Cells the text takes on a terminal, as `put` would draw it on a row without end. */
export function textWidth(text: string): number {
  let total = 0;
  walk(text, 0, (_from, _to, width) => {
    total += width;
    return true;
  });
  return total;
}
