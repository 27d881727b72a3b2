// Two grids -> the bytes that turn the first into the second on a terminal. Never clears the screen, so there is
// nothing to flash; begins and ends with the terminal in its default style, scroll region and visible cursor.

import { BLANK, createGrid, DISPUTED, glyphText, type Grid, POOLED, WIDE_FLAG, WIDE_TAIL } from "./grid.ts";
import { blankStyleId, type ColorDepth, sgr } from "./style.ts";

/** Rows top..bottom-1 moved up by `rows` (down when negative): the new grid may be cheaper from there. */
export interface ScrollHint {
  top: number;
  bottom: number;
  rows: number;
}

export interface PaintOptions {
  depth: ColorDepth;
  /** The terminal confirmed synchronised updates (DEC mode 2026). */
  sync: boolean;
  /** A guess: a wrong one is not taken, or costs bytes, and never gives a wrong screen. */
  scroll?: ScrollHint;
}

const UNSEEN = 0xffffffff; // a glyph no grid holds: stands for "what the terminal shows is unknown"
const MIN_ERASE = 8; // blanks in a row from which erasing is shorter than writing them
const SCROLL_COST = 12; // bytes, against cells that need not be written
const encoder = new TextEncoder();

/**
 * The bytes of one frame. `previous` is what the terminal shows now (null, or another size: unknown, everything is
 * drawn). The cursor ends visible at `cursor`, or hidden when that is null. The grids are not changed.
 */
export function paint(
  previous: Grid | null,
  next: Grid,
  cursor: { x: number; y: number } | null,
  options: PaintOptions,
): Uint8Array {
  let shown = previous !== null && previous.width === next.width && previous.height === next.height
    ? previous
    : null;
  let body = "";
  if (shown === null) {
    shown = createGrid(next.width, next.height);
    shown.glyphs.fill(UNSEEN);
  } else if (options.scroll !== undefined) {
    const shifted = shift(shown, options.scroll);
    if (shifted !== null && countChanges(shifted, next) + SCROLL_COST < countChanges(shown, next)) {
      shown = shifted;
      body = scrollBytes(options.scroll);
    }
  }
  body += createPainter(shown, next, options.depth, body !== "").run();
  const place = cursor === null
    ? "\x1b[?25l"
    : moveTo(clamp(cursor.x, next.width), clamp(cursor.y, next.height)) + "\x1b[?25h";
  if (body === "") return encoder.encode(place);
  if (options.sync) return encoder.encode(`\x1b[?2026h${body}${place}\x1b[?2026l`);
  return encoder.encode(`\x1b[?25l${body}${place}`);
}

function clamp(value: number, size: number): number {
  return Math.max(0, Math.min(size - 1, value));
}

function moveTo(x: number, y: number): string {
  return x === 0 ? (y === 0 ? "\x1b[H" : `\x1b[${y + 1}H`) : `\x1b[${y + 1};${x + 1}H`;
}

/** The grid as it looks once the region has scrolled; null when the hint makes no sense. */
function shift(grid: Grid, hint: ScrollHint): Grid | null {
  const { top, bottom, rows } = hint;
  const distance = Math.abs(rows);
  if (rows === 0 || top < 0 || bottom > grid.height || distance >= bottom - top) {
    return null;
  }
  if (!Number.isInteger(top) || !Number.isInteger(bottom) || !Number.isInteger(rows)) return null;
  const { width } = grid;
  const glyphs = grid.glyphs.slice(), styles = grid.styles.slice();
  const from = (rows > 0 ? top + distance : top) * width;
  const to = (rows > 0 ? bottom : bottom - distance) * width;
  const target = (rows > 0 ? top : top + distance) * width;
  glyphs.copyWithin(target, from, to);
  styles.copyWithin(target, from, to);
  const blank = (rows > 0 ? bottom - distance : top) * width;
  glyphs.fill(BLANK, blank, blank + distance * width);
  styles.fill(0, blank, blank + distance * width);
  return { width, height: grid.height, glyphs, styles };
}

function countChanges(a: Grid, b: Grid): number {
  let changes = 0;
  for (let at = 0; at < a.glyphs.length; at++) {
    if (a.glyphs[at] !== b.glyphs[at] || a.styles[at] !== b.styles[at]) changes++;
  }
  return changes;
}

function scrollBytes({ top, bottom, rows }: ScrollHint): string {
  const distance = Math.abs(rows);
  return `\x1b[${top + 1};${bottom}r\x1b[${distance === 1 ? "" : distance}${rows > 0 ? "S" : "T"}\x1b[r`;
}

function createPainter(shown: Grid, next: Grid, depth: ColorDepth, at_home: boolean): { run(): string } {
  const { width, height, glyphs, styles } = next;
  let out = "";
  let pen = 0;
  // Where the terminal's cursor is; x is -1 when only the row is known, y when nothing is.
  let pen_x = at_home ? 0 : -1; // resetting the scroll region sends the cursor home
  let pen_y = at_home ? 0 : -1;

  /** True when the pen may stay as it is for this cell: colour and weight are not seen on a blank. */
  function penFits(at: number): boolean {
    const style = styles[at] ?? 0;
    return style === pen || (style === 0 && glyphs[at] === BLANK && blankStyleId(pen) === 0);
  }

  function usePen(style: number): void {
    out += sgr(pen, style, depth);
    pen = style;
  }

  function differs(at: number): boolean {
    return glyphs[at] !== shown.glyphs[at] || styles[at] !== shown.styles[at];
  }

  function isBlank(at: number): boolean {
    return glyphs[at] === BLANK && styles[at] === 0;
  }

  /** The cells pen_x..x-1 written again, when that is possible without a change of style; else null. */
  function rewritten(x: number, row: number): string | null {
    if (x - pen_x > 4) return null;
    let text = "";
    for (let at = row + pen_x; at < row + x; at++) {
      const glyph = glyphs[at] ?? BLANK;
      if (!penFits(at) || glyph >= DISPUTED || glyph === WIDE_TAIL) return null;
      text += glyphText(glyph);
    }
    return text;
  }

  function move(x: number, y: number): void {
    if (pen_x === x && pen_y === y) return;
    let best = moveTo(x, y);
    const offer = (bytes: string) => {
      if (byteLength(bytes) < byteLength(best)) best = bytes;
    };
    if (pen_y === y) {
      if (x === 0) offer("\r");
      offer(`\x1b[${x + 1}G`);
      if (pen_x >= 0 && pen_x < x) {
        offer(x - pen_x === 1 ? "\x1b[C" : `\x1b[${x - pen_x}C`);
        const again = rewritten(x, y * width);
        if (again !== null) offer(again);
      }
    } else if (pen_y >= 0 && y === pen_y + 1) {
      offer(x === 0 ? "\r\n" : x === 1 ? "\r\n\x1b[C" : `\r\n\x1b[${x}C`);
    }
    out += best;
    pen_x = x;
    pen_y = y;
  }

  function advance(cells: number): void {
    pen_x += cells;
    if (pen_x >= width) pen_x = -1; // terminals differ in where the cursor is after the last column
  }

  /** Draws the glyph at x and gives the column after it. */
  function draw(x: number, y: number): number {
    const at = y * width + x;
    const glyph = glyphs[at] ?? BLANK;
    const cells = glyph !== WIDE_TAIL && glyph % POOLED >= WIDE_FLAG ? 2 : 1;
    move(x, y);
    if (!penFits(at)) usePen(styles[at] ?? 0);
    if (glyph % WIDE_FLAG < DISPUTED) {
      out += glyph === WIDE_TAIL ? " " : glyphText(glyph);
      advance(cells);
      return x + cells;
    }
    // Clear what we believe it covers, print, go where we believe it ends: a wrong belief damages one glyph only.
    out += `\x1b[${cells === 1 ? "" : cells}X${glyphText(glyph)}`;
    pen_x = -1;
    if (x + cells < width) {
      out += `\x1b[${x + cells + 1}G`;
      pen_x = x + cells;
    }
    return x + cells;
  }

  function paintRow(y: number): void {
    const row = y * width;
    let first = 0;
    while (first < width && !differs(row + first)) first++;
    if (first === width) return;
    let last = width - 1;
    while (!differs(row + last)) last--;
    // Blanks up to the end of the row are erased in one go, when that is shorter than writing the changed ones.
    let blank_from = width;
    while (blank_from > 0 && isBlank(row + blank_from - 1)) blank_from--;
    const erase = last >= blank_from && last - Math.max(first, blank_from) >= 3;
    const end = erase ? blank_from : last + 1;
    let forced = -1; // a cell to draw although it seems unchanged: its left neighbour may have spilled into it
    let x = first;
    while (x < end) {
      if (!differs(row + x) && x !== forced) {
        x++;
        continue;
      }
      const blanks = blankRun(row + x, row + end);
      if (blanks >= MIN_ERASE) {
        move(x, y);
        usePen(0);
        out += `\x1b[${blanks}X`;
        x += blanks;
        if (isDisputedGlyph(shown.glyphs[row + x - 1] ?? BLANK)) forced = x;
        continue;
      }
      const before = shown.glyphs[row + x] ?? BLANK;
      const unsure = isDisputedGlyph(glyphs[row + x] ?? BLANK) || isDisputedGlyph(before);
      x = draw(x, y);
      if (unsure) forced = x;
    }
    if (!erase) {
      if (forced === end && end < width) draw(end, y);
      return;
    }
    move(Math.max(first, blank_from), y);
    usePen(0);
    out += "\x1b[K";
  }

  /** How many cells from `at` on are blanks of which most have to be written. */
  function blankRun(at: number, end: number): number {
    let stop = at, changed = at;
    while (stop < end && isBlank(stop)) {
      if (differs(stop)) changed = stop + 1;
      stop++;
    }
    return changed - at;
  }

  return {
    run() {
      for (let y = 0; y < height; y++) paintRow(y);
      usePen(0);
      return out;
    },
  };
}

function isDisputedGlyph(glyph: number): boolean {
  return glyph !== UNSEEN && glyph % WIDE_FLAG >= DISPUTED;
}

function byteLength(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
  }
  return bytes;
}
