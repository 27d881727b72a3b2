// A screen as two arrays of numbers, and `put`, the only door through which text gets onto it. What `put` does
// not place cannot reach the terminal: escape sequences in a text are nothing here but characters to drop.

import { blankStyleId, type Style, styleId, styleOf } from "./style.ts";
import { walk } from "./width.ts";

// A glyph is a code point or (POOLED) an index into the pool of clusters, with flags above it. 0 is the right
// half of a wide glyph. Both halves carry the same style, and never stand alone.
export const WIDE_TAIL = 0;
export const BLANK = 0x20;
export const POOLED = 0x80000000;
export const WIDE_FLAG = 0x40000000;
export const DISPUTED = 0x20000000;
const GLYPH_MASK = 0x1fffff;

const MAX_CLUSTER = 10; // code points; the longest emoji in use has 10
const MAX_POOL = 0xffff;

/** A screen of cells, row by row: `glyphs` as above, `styles` as ids of style.ts. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Uint32Array;
  readonly styles: Uint16Array;
}

const pool: string[] = [];
const pool_ids = new Map<string, number>();

/** A blank grid; sizes are cells and at least 1. */
export function createGrid(width: number, height: number): Grid {
  const columns = Math.max(1, Math.floor(width)), rows = Math.max(1, Math.floor(height));
  const glyphs = new Uint32Array(columns * rows).fill(BLANK);
  return { width: columns, height: rows, glyphs, styles: new Uint16Array(columns * rows) };
}

/** Makes every cell a blank in the terminal's default look. */
export function clearGrid(grid: Grid): void {
  grid.glyphs.fill(BLANK);
  grid.styles.fill(0);
}

/** The characters a glyph stands for; "" for the right half of a wide one. */
export function glyphText(glyph: number): string {
  if (glyph === WIDE_TAIL) return "";
  if (glyph >= POOLED) return pool[glyph & GLYPH_MASK] ?? "\ufffd";
  return String.fromCodePoint(glyph & GLYPH_MASK);
}

function clusterGlyph(text: string, from: number, to: number): number {
  const code = text.codePointAt(from) ?? BLANK;
  if (to - from === (code > 0xffff ? 2 : 1)) return code;
  let end = from;
  for (let count = 0; end < to && count < MAX_CLUSTER; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  const cluster = text.slice(from, end);
  const known = pool_ids.get(cluster);
  if (known !== undefined) return POOLED + known;
  if (pool.length > MAX_POOL) return code; // a flood of clusters costs its marks, not our memory
  pool_ids.set(cluster, pool.length);
  pool.push(cluster);
  return POOLED + pool.length - 1;
}

/** Blanks the halves that would be left alone when the cells from..to-1 (indexes within one row) are overwritten. */
function splitWide(grid: Grid, from: number, to: number, row_end: number): void {
  const { glyphs, styles } = grid;
  if (glyphs[from] === WIDE_TAIL) {
    glyphs[from - 1] = BLANK;
    styles[from - 1] = blankStyleId(styles[from - 1] ?? 0);
  }
  if (to < row_end && glyphs[to] === WIDE_TAIL) {
    glyphs[to] = BLANK;
    styles[to] = blankStyleId(styles[to] ?? 0);
  }
}

/**
 * Draws one line of text with its first cell at x (may be negative), clipped to the row and to columns < max_x.
 * Controls and other undrawable characters vanish (a tab too: expand it before); a wide glyph that would be cut
 * is not drawn. Returns the column after the text, or where the clipping stopped it.
 */
export function put(
  grid: Grid,
  x: number,
  y: number,
  text: string,
  look: Style,
  max_x: number = grid.width,
): number {
  const { width, glyphs, styles } = grid;
  if (y < 0 || y >= grid.height) return x;
  const limit = Math.min(max_x, width);
  const row = y * width, row_end = row + width;
  const id = styleId(look), blank_id = blankStyleId(id);
  let column = x;
  walk(text, 0, (from, to, cells, disputed) => {
    if (cells === 0) return true;
    if (column + cells > limit) return false;
    if (column < 0) {
      if (column + cells > 0) {
        splitWide(grid, row, row + 1, row_end); // the right half of a glyph cut by the left edge
        glyphs[row] = BLANK;
        styles[row] = blank_id;
      }
      column += cells;
      return true;
    }
    const at = row + column;
    splitWide(grid, at, at + cells, row_end);
    const glyph = clusterGlyph(text, from, to);
    if (glyph === BLANK) {
      glyphs[at] = BLANK;
      styles[at] = blank_id;
    } else {
      glyphs[at] = glyph + (cells === 2 ? WIDE_FLAG : 0) + (disputed ? DISPUTED : 0);
      styles[at] = id;
      if (cells === 2) {
        glyphs[at + 1] = WIDE_TAIL;
        styles[at + 1] = id;
      }
    }
    column += cells;
    return true;
  });
  return column;
}

/** Fills a rectangle (clipped to the grid) with one character of width 1; anything else counts as a blank. */
export function fill(
  grid: Grid,
  x: number,
  y: number,
  width: number,
  height: number,
  char: string,
  look: Style,
): void {
  let glyph = BLANK;
  let disputed_flag = 0;
  walk(char, 0, (from, to, cells, disputed) => {
    if (cells === 1 && to === char.length) {
      glyph = clusterGlyph(char, from, to);
      disputed_flag = disputed ? DISPUTED : 0;
    }
    return false;
  });
  const id = glyph === BLANK ? blankStyleId(styleId(look)) : styleId(look);
  const left = Math.max(0, x), right = Math.min(grid.width, x + width);
  if (left >= right) return;
  for (let line = Math.max(0, y); line < Math.min(grid.height, y + height); line++) {
    const row = line * grid.width;
    splitWide(grid, row + left, row + right, row + grid.width);
    grid.glyphs.fill(glyph + disputed_flag, row + left, row + right);
    grid.styles.fill(id, row + left, row + right);
  }
}

/** The text of a row, blanks at its end trimmed; "" outside the grid. */
export function rowText(grid: Grid, y: number): string {
  if (y < 0 || y >= grid.height) return "";
  let text = "";
  for (let at = y * grid.width; at < (y + 1) * grid.width; at++) text += glyphText(grid.glyphs[at] ?? BLANK);
  return text.replace(/ +$/, "");
}

/** All rows joined by line feeds, blank rows at the end kept. */
export function gridText(grid: Grid): string {
  const rows: string[] = [];
  for (let y = 0; y < grid.height; y++) rows.push(rowText(grid, y));
  return rows.join("\n");
}

/** The look of a cell. A blank on which the style would not be seen reads as PLAIN; so does a cell outside. */
export function styleAt(grid: Grid, x: number, y: number): Style {
  if (x < 0 || x >= grid.width || y < 0 || y >= grid.height) return styleOf(0);
  return styleOf(grid.styles[y * grid.width + x] ?? 0);
}
