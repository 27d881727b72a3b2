/**
 * Text becomes rows of a width: greedy, by word and display column. A layout grows with its text and lays again
 * only its last row, so that a paragraph of any length costs a row per token and no earlier row ever changes.
 */

import { type Inline, NOTHING_OPEN } from "./emphasis.ts";
import { plainBlock, readBlock } from "./markdown.ts";
import { cutRuns, ITALIC, type Run, STRIKE } from "./runs.ts";
import { nextWord, type Word } from "./words.ts";

/** One row of a page. A row without runs is blank. */
export interface Row {
  runs: readonly Run[];
  /** Columns before the first run. */
  indent: number;
  /** Columns up to the end of the last run, `indent` included. */
  width: number;
  /** Place in the source, for copying and searching. */
  start: number;
  end: number;
  /** The paragraph goes on in the next row. */
  soft: boolean;
  /** A break between scenes, drawn in the middle. */
  scene: boolean;
}

/**
 * Where a word stands that was drawn before its end had come, by its place in the source:
 * `next` began a row of its own, `stay` is cut at the row's end should it outgrow it.
 */
export type Placements = ReadonlyMap<number, "next" | "stay">;
export const NO_PLACEMENTS: Placements = new Map();

/** The word that may still grow and is not drawn: its place, its columns so far, and how many its row still has. */
export interface OpenWord {
  start: number;
  width: number;
  room: number;
}

/** A growing layout; only `extendLayout` writes to it. */
export interface Layout {
  readonly width: number;
  /** No blocks: a line is a paragraph, whatever it begins with. The player's own lines stand as typed. */
  readonly plain: boolean;
  rows: Row[];
  open: OpenWord | null;
  resume: Resume;
}

/** Everything known at the start of the last row. */
interface Resume {
  rows: number;
  at: number;
  /** Null: at the start of a source line. */
  line: { from: number; state: Inline; marks: number; hang: number; first: boolean } | null;
  /** State that the next line of the same paragraph takes over. */
  carried: Inline;
  fence: string;
  blank: boolean;
}

/** An empty layout, `width` columns wide; `plain` as in Layout. */
export function createLayout(width: number, plain = false): Layout {
  return {
    width: Math.max(1, width),
    plain,
    rows: [],
    open: null,
    resume: { rows: 0, at: 0, line: null, carried: NOTHING_OPEN, fence: "", blank: false },
  };
}

const blankRow = (at: number): Row => (
  { runs: [], indent: 0, width: 0, start: at, end: at, soft: false, scene: false }
);

/**
 * Lays what `text` has more than at the last call; it must begin with the text of that call.
 * A last word whose end has not come is held back (`layout.open`) unless it is placed or `final` is true.
 */
export function extendLayout(
  layout: Layout,
  text: string,
  options: { final: boolean; placements: Placements },
): void {
  layout.open = null;
  layout.rows.length = layout.resume.rows;
  let { at, fence, blank, carried } = layout.resume;
  let line = layout.resume.line;
  while (true) {
    // The part of a line that is laid already has no end in it: it is not read again.
    let end = text.indexOf("\n", line?.from ?? at);
    const last = end < 0;
    if (last) end = text.length;
    const final = !last || options.final;
    if (line === null) {
      layout.resume = { rows: layout.rows.length, at, line: null, carried, fence, blank };
      if (last && at >= end) break;
      const block = layout.plain ? plainBlock(text, at, end) : readBlock(text, at, end, fence, final);
      if (block.kind === "undecided") break;
      if (block.kind === "blank" || block.kind === "fence") {
        // Blanks at the end of the text are no row yet, and several are one.
        if (block.kind === "fence") fence = block.fence;
        blank = layout.rows.length > 0;
        carried = NOTHING_OPEN;
      } else {
        if (blank) layout.rows.push(blankRow(at));
        blank = false;
        if (block.kind === "break") {
          layout.rows.push({ ...blankRow(at), end, scene: true });
          carried = NOTHING_OPEN;
        } else {
          const indent = Math.min(block.indent, layout.width >> 1);
          const hang = Math.min(block.hang, layout.width >> 1);
          const runs = block.marker === "" ? [] : [{ text: block.marker, marks: block.marks, start: at }];
          const width = indent + block.marker.length;
          layout.rows.push({ ...blankRow(at), runs, indent, width });
          const state = block.kind === "code"
            ? { ...NOTHING_OPEN, code: Infinity }
            : block.marks === 0 && block.marker === ""
            ? { ...carried, speech: "", code: 0, previous: "" }
            : NOTHING_OPEN;
          line = { from: block.from, state, marks: block.marks, hang, first: true };
          // Preserved blanks of code.
          if (block.kind === "code") line.hang = indent;
        }
      }
    } else {
      // Resumed in the middle of a line: its last row begins anew.
      layout.rows.push({ ...blankRow(line.from), indent: line.hang, width: line.hang });
    }
    if (line !== null) {
      const rest = { at, fence, blank, carried };
      const state = layWords(layout, text, end, line, final, options.placements, rest);
      carried = line.marks === 0 ? { ...state, code: 0 } : NOTHING_OPEN;
      line = null;
    }
    if (last) break;
    at = end + 1;
  }
  // A row whose first word is still held back is no row yet.
  while (layout.rows.length > layout.resume.rows) {
    const tail = layout.rows[layout.rows.length - 1];
    if (tail.runs.length > 0 || tail.scene) break;
    layout.rows.pop();
  }
}

/** Lays the words of one source line from `line.from`; returns the state at its end. */
function layWords(
  layout: Layout,
  text: string,
  end: number,
  line: NonNullable<Resume["line"]>,
  final: boolean,
  placements: Placements,
  rest: Omit<Resume, "rows" | "line">,
): Inline {
  const rows = layout.rows;
  let row = rows[rows.length - 1];
  let state = line.state;
  let from = line.from;
  let empty = row.runs.length === 0 || line.first;
  const next = (word: Word | null): void => {
    row.soft = true;
    row = { ...blankRow(word?.start ?? row.end), indent: line.hang, width: line.hang };
    empty = true;
    if (word !== null) {
      const begun = {
        from: word.start,
        state: word.before,
        marks: line.marks,
        hang: line.hang,
        first: false,
      };
      layout.resume = { ...rest, rows: rows.length, line: begun };
    }
    rows.push(row);
  };
  while (true) {
    const word = nextWord(text, from, end, state, { base: line.marks, final });
    if (word === null) break;
    const placed = placements.get(word.start);
    if (empty && line.first && row.runs.length === 0) row.indent = row.width += indentOfCode(word, state);
    const space = empty ? 0 : word.space;
    if (word.open && placed === undefined) {
      layout.open = { start: word.start, width: word.width, room: layout.width - row.width - space };
      break;
    }
    if (word.runs.length > 0) {
      const fits = row.width + space + word.width <= layout.width;
      if (!empty && (placed === "next" || (!fits && placed !== "stay"))) next(word);
      append(word, empty ? 0 : space);
    }
    state = word.after;
    from = word.end;
  }
  row.end = Math.max(row.end, Math.min(from, end));
  return state;

  function append(word: Word, space: number): void {
    let runs: readonly Run[] = word.runs;
    let width = word.width;
    let gap = space;
    while (row.width + gap + width > layout.width && width > 0) {
      const room = layout.width - row.width - gap;
      // A list's mark may fill a narrow row by itself.
      if (room > 0 || row.runs.length === 0) {
        const cut = cutRuns(runs, Math.max(1, room));
        if (cut.width > room && !empty) {
          next(null);
          gap = 0;
          continue;
        }
        put(cut.head, gap, cut.width);
        runs = cut.tail;
        width -= cut.width;
        if (runs.length === 0) break;
      }
      next(null);
      gap = 0;
    }
    if (runs.length > 0) put(runs, gap, width);
    row.end = word.end;
  }

  function put(runs: readonly Run[], gap: number, width: number): void {
    const list = row.runs as Run[];
    for (const [index, run] of runs.entries()) {
      const tail = list.at(-1);
      const blanks = index === 0 ? " ".repeat(gap) : "";
      const tail_only = tail === undefined ? 0 : tail.marks & ~run.marks;
      if (tail !== undefined && tail.marks === run.marks) tail.text += blanks + run.text;
      else {
        // A blank that would be seen struck or underlined belongs to neither.
        if (blanks !== "" && (tail_only & (STRIKE | ITALIC)) !== 0) {
          list.push({ text: blanks, marks: 0, start: row.end });
        } else if (tail !== undefined) tail.text += blanks;
        list.push({ ...run });
      }
    }
    row.width += gap + width;
    empty = false;
  }
}

/** Leading blanks inside a fence are kept. */
function indentOfCode(word: Word, state: Inline): number {
  return state.code === Infinity ? Math.min(word.space, 24) : 0;
}

/** The rows of a whole text at a width. */
export function layText(text: string, width: number, placements: Placements = NO_PLACEMENTS): Row[] {
  const layout = createLayout(width);
  extendLayout(layout, text, { final: true, placements });
  return layout.rows;
}
