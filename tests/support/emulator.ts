// A terminal emulator in memory (xterm.js): feed it the bytes a program writes, ask what a person would see.

import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import xt from "@xterm/headless";

/** One cell. Colours: null is the default, "#rrggbb" or the palette index. */
export interface SeenCell {
  text: string;
  width: number;
  bold: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  reverse: boolean;
  fg: string | number | null;
  bg: string | number | null;
}

export interface Emulator {
  /** Resolves once the bytes have taken effect. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** The cell at column x of row y of the screen, both from 0. The right half of a wide glyph has width 0. */
  cell(x: number, y: number): SeenCell;
  /** Text of a row, blanks at its end trimmed. */
  row(y: number): string;
  /** All rows joined by line feeds. */
  text(): string;
  cursor(): { x: number; y: number; visible: boolean };
  /** True while the private mode (2004: bracketed paste, 1049: alternate screen ...) is set. */
  mode(number: number): boolean;
  /** The title the program set; "" for none. */
  title(): string;
  /** What the emulator answered to questions since the last call, to be fed to the program as input. */
  replies(): string;
  resize(width: number, height: number): void;
  dispose(): void;
}

function hasWriteSync(core: unknown): core is { writeSync(data: Uint8Array | string): void } {
  return typeof core === "object" && core !== null && "writeSync" in core;
}

/** `graphemes`: widths of whole clusters as modern terminals have them; else Unicode 6 widths per code point. */
export function createEmulator(
  width: number,
  height: number,
  options: { graphemes?: boolean } = {},
): Emulator {
  const term = new xt.Terminal({
    cols: width,
    rows: height,
    allowProposedApi: true,
    scrollback: 0,
    logLevel: "off",
  });
  if (options.graphemes === true) term.loadAddon(new UnicodeGraphemesAddon());
  const modes = new Set<number>([7, 25]);
  let title = "", answers = "";
  term.onTitleChange((text) => title = text);
  term.onData((text) => answers += text);
  const watch = (on: boolean) => (parameters: (number | number[])[]) => {
    for (const number of parameters.flat()) on ? modes.add(number) : modes.delete(number);
    return false; // and let the emulator do its part
  };
  term.parser.registerCsiHandler({ prefix: "?", final: "h" }, watch(true));
  term.parser.registerCsiHandler({ prefix: "?", final: "l" }, watch(false));
  const spare = term.buffer.active.getNullCell();

  function line(y: number) {
    return term.buffer.active.getLine(term.buffer.active.viewportY + y);
  }

  function row(y: number): string {
    return line(y)?.translateToString(true) ?? "";
  }

  return {
    write(bytes) {
      const core: unknown = Reflect.get(term, "_core");
      // The public write waits for a timer, about 2 ms each time: too slow for thousands of frames.
      if (hasWriteSync(core)) {
        core.writeSync(bytes);
        return Promise.resolve();
      }
      return new Promise((resolve) => term.write(bytes, resolve));
    },
    cell(x, y) {
      const cell = line(y)?.getCell(x, spare);
      if (cell === undefined) throw new RangeError(`No cell ${x},${y} in ${term.cols}x${term.rows}`);
      const color = (rgb: boolean, palette: boolean, value: number) =>
        rgb ? `#${value.toString(16).padStart(6, "0")}` : palette ? value : null;
      return {
        text: cell.getChars(),
        width: cell.getWidth(),
        bold: cell.isBold() !== 0,
        italic: cell.isItalic() !== 0,
        underline: cell.isUnderline() !== 0,
        strike: cell.isStrikethrough() !== 0,
        reverse: cell.isInverse() !== 0,
        fg: color(cell.isFgRGB(), cell.isFgPalette(), cell.getFgColor()),
        bg: color(cell.isBgRGB(), cell.isBgPalette(), cell.getBgColor()),
      };
    },
    row,
    text: () => Array.from({ length: term.rows }, (_, y) => row(y)).join("\n"),
    cursor: () => ({ x: term.buffer.active.cursorX, y: term.buffer.active.cursorY, visible: modes.has(25) }),
    mode: (number) => modes.has(number),
    title: () => title,
    replies() {
      const taken = answers;
      answers = "";
      return taken;
    },
    resize: (columns, rows) => term.resize(columns, rows),
    dispose: () => term.dispose(),
  };
}
