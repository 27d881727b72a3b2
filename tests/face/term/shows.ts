// Compares a screen with the grid it should show.

import assert from "node:assert/strict";
import { glyphText, type Grid, WIDE_TAIL } from "../../../face/term/grid.ts";
import { type Color, type Style, styleOf } from "../../../face/term/style.ts";
import type { Emulator, SeenCell } from "../../support/emulator.ts";

function seenColor(color: Color): string | number | null {
  if (color === null) return null;
  return "rgb" in color ? `#${color.rgb.toString(16).padStart(6, "0")}` : color.index;
}

function wanted(text: string, width: number, look: Style): SeenCell {
  const { bold, italic, underline, strike, reverse } = look;
  return {
    text,
    width,
    bold,
    italic,
    underline,
    strike,
    reverse,
    fg: seenColor(look.fg),
    bg: seenColor(look.bg),
  };
}

/** Throws unless every cell of the screen has the text, width and style of the grid's cell (in true colour). */
export function assertShows(screen: Emulator, grid: Grid, where: string): void {
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const at = y * grid.width + x;
      const glyph = grid.glyphs[at] ?? 0;
      const seen = screen.cell(x, y);
      if (glyph === WIDE_TAIL) {
        assert.equal(seen.width, 0, `${where}: cell ${x},${y} is no right half`);
        continue;
      }
      const wide = x + 1 < grid.width && grid.glyphs[at + 1] === WIDE_TAIL;
      if (seen.text === "") seen.text = " "; // an erased cell
      if (seen.text === " " && seen.bg === null && !seen.underline && !seen.strike && !seen.reverse) {
        Object.assign(seen, { bold: false, italic: false, fg: null }); // not seen on a blank
      }
      const want = wanted(glyphText(glyph), wide ? 2 : 1, styleOf(grid.styles[at] ?? 0));
      if (seen.text !== want.text || JSON.stringify(seen) !== JSON.stringify(want)) {
        assert.deepEqual(seen, want, `${where}: cell ${x},${y}`);
      }
    }
  }
}
