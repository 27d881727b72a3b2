/** Words of the program's own as rows: no Markdown, kept for the next frame, which asks for the same. */

import { textWidth } from "../term/width.ts";
import { layText } from "./wrap.ts";

type Rows = readonly string[];

/** Rows that were asked for lately, by width and text: notices, panels and sheets ask again with each frame. */
class Memo {
  readonly #widths = new Map<number, Map<string, Rows>>();

  rows(text: string, width: number, lay: (text: string, width: number) => Rows): Rows {
    let known = this.#widths.get(width);
    if (known === undefined) {
      if (this.#widths.size >= MAX_WIDTHS) this.#widths.clear();
      this.#widths.set(width, known = new Map());
    }
    let rows = known.get(text);
    if (rows === undefined) {
      if (known.size >= MAX_TEXTS) known.clear();
      known.set(text, rows = lay(text, width));
    }
    return rows;
  }
}
const MAX_TEXTS = 1000;
const MAX_WIDTHS = 16;

const plain = new Memo();
const even = new Memo();

/** Plain words, no Markdown, as rows of at most `width` columns. */
export function plainRows(text: string, width: number): Rows {
  return plain.rows(text, width, layPlain);
}

/** As many rows as `plainRows`, but a short paragraph does not end in one lonely word: its last row is a third full. */
export function evenRows(text: string, width: number): Rows {
  return even.rows(text, width, layEven);
}

function layPlain(text: string, width: number): Rows {
  const literal = text.replace(/[!-\/:-@[-`{-~]/g, "\\$&");
  return layText(literal, width).map((row) => row.runs.map((run) => run.text).join(""));
}

const LONGEST_EVEN = 3;

function layEven(text: string, width: number): Rows {
  const rows = layPlain(text, width);
  const takes = (row: string, share: number): boolean => textWidth(row) >= width * share;
  const lonely = (list: Rows): boolean => !takes(list.at(-1) ?? "", 1 / 3);
  if (rows.length < 2 || rows.length > LONGEST_EVEN || !lonely(rows)) return rows;
  if (rows.length === 2) {
    // Between two sentences, if there they divide well.
    const ends = [...text.matchAll(/[.!?]\s+/g)].map(({ index }) => index + 1);
    const halves = ends.map((at) => [text.slice(0, at), text.slice(at).trim()]);
    const good = halves.findLast((pair) => pair.every((row) => takes(row, 1 / 4) && textWidth(row) <= width));
    if (good !== undefined) return good;
  }
  const longest = Math.max(...text.split(/\s+/).map(textWidth));
  let even = rows;
  for (let columns = width; columns >= longest && even.length === rows.length; columns--) {
    even = layPlain(text, columns);
    if (even.length === rows.length && !lonely(even)) return even;
  }
  return rows;
}
