import assert from "node:assert/strict";
import { createGrid, fill, type Grid, put } from "../../../face/term/grid.ts";
import { paint, type PaintOptions } from "../../../face/term/paint.ts";
import { PLAIN, type Style, style } from "../../../face/term/style.ts";
import { createEmulator } from "../../support/emulator.ts";
import { assertShows } from "./shows.ts";

const BOLD = style({ bold: true });
const BAR = style({ bg: { index: 4 } });
const OPTIONS: PaintOptions = { depth: "truecolor", sync: true };

type Draw = [x: number, y: number, text: string, look?: Style][];

function gridOf(draws: Draw, width = 20, height = 4): Grid {
  const grid = createGrid(width, height);
  for (const [x, y, text, look] of draws) put(grid, x, y, text, look ?? PLAIN);
  return grid;
}

/** The bytes of the change alone: without the frame's beginning and end. */
function change(before: Draw, after: Draw, options: Partial<PaintOptions> = {}): string {
  const bytes = paint(gridOf(before), gridOf(after), null, { ...OPTIONS, ...options });
  const text = new TextDecoder().decode(bytes);
  // deno-lint-ignore no-control-regex -- escape sequences are what is tested
  const match = /^\x1b\[\?2026h(.*)\x1b\[\?25l\x1b\[\?2026l$/s.exec(text);
  return match?.[1] ?? text;
}

const CHANGES: [string, Draw, Draw, string][] = [
  ["one letter at home", [], [[0, 0, "a"]], "\x1b[Ha"],
  ["one letter in column 0", [], [[0, 2, "a"]], "\x1b[3Ha"],
  ["one letter inside", [[2, 1, "cat"]], [[2, 1, "cut"]], "\x1b[2;4Hu"],
  [
    "only what differs between equal ends",
    [[0, 0, "the old lamp"]],
    [[0, 0, "the new lamp"]],
    "\x1b[1;5Hnew",
  ],
  ["a short equal gap is written again", [[0, 0, "a...b"]], [[0, 0, "x...y"]], "\x1b[Hx...y"],
  ["a long equal gap is jumped", [[0, 0, "a.....b"]], [[0, 0, "x.....y"]], "\x1b[Hx\x1b[7Gy"],
  ["one letter of two bytes is written again", [[0, 0, "aéb"]], [[0, 0, "xéy"]], "\x1b[Hxéy"],
  ["two letters of two bytes are jumped", [[0, 0, "aééb"]], [[0, 0, "xééy"]], "\x1b[Hx\x1b[4Gy"],
  ["one of three bytes is jumped", [[0, 0, "a─b"]], [[0, 0, "x─y"]], "\x1b[Hx\x1b[Cy"],
  ["a gap of another style is jumped", [[0, 0, "a"], [1, 0, "b", BOLD], [2, 0, "c"]], [
    [0, 0, "x"],
    [1, 0, "b", BOLD],
    [2, 0, "y"],
  ], "\x1b[Hx\x1b[Cy"],
  ["the next row begins with a line feed", [], [[0, 0, "a"], [0, 1, "b"]], "\x1b[Ha\r\nb"],
  ["the next row, some columns in", [], [[0, 0, "a"], [3, 1, "b"]], "\x1b[Ha\x1b[2;4Hb"],
  ["a row further down", [], [[0, 0, "a"], [0, 2, "b"]], "\x1b[Ha\x1b[3Hb"],
  ["a blank tail is erased", [[0, 0, "along line"]], [[0, 0, "a"]], "\x1b[1;2H\x1b[K"],
  ["three blanks at the end are written", [[0, 0, "abcd"]], [[0, 0, "a"]], "\x1b[1;2H   "],
  ["four blanks at the end are erased", [[0, 0, "abcde"]], [[0, 0, "a"]], "\x1b[1;2H\x1b[K"],
  ["a whole row of text is erased", [[0, 1, "abcdefgh"]], [], "\x1b[2H\x1b[K"],
  ["eight blanks inside a row are erased in place", [[0, 0, "abcdefgh|"]], [[8, 0, "|"]], "\x1b[H\x1b[8X"],
  ["seven blanks inside a row are written", [[0, 0, "abcdefg|"]], [[7, 0, "|"]], "\x1b[H       "],
  ["bold on and off", [], [[0, 0, "a"], [1, 0, "b", BOLD], [2, 0, "c"]], "\x1b[Ha\x1b[1mb\x1b[mc"],
  ["bold stays on over a blank", [], [[0, 0, "a b", BOLD]], "\x1b[H\x1b[1ma b\x1b[m"],
  [
    "a background does not stay on over a plain blank",
    [],
    [[0, 0, "a", BAR], [2, 0, "b", BAR]],
    "\x1b[H\x1b[44ma\x1b[Cb\x1b[m",
  ],
  ["a tail with a background is written", [], [[0, 0, "          ", BAR]], "\x1b[H\x1b[44m          \x1b[m"],
  ["only the style differs", [[0, 0, "ab"]], [[0, 0, "a"], [1, 0, "b", BOLD]], "\x1b[1;2H\x1b[1mb\x1b[m"],
  ["a wide glyph", [], [[1, 0, "日"]], "\x1b[1;2H日"],
  ["a wide glyph replaced by a narrow one", [[1, 0, "日"]], [[1, 0, "a"]], "\x1b[1;2Ha "],
  ["a disputed glyph is cleared for, and placed after", [], [[1, 0, "🌸b"]], "\x1b[1;2H\x1b[2X🌸\x1b[4Gb"],
  [
    "the cell after a disputed glyph is written again",
    [[1, 0, "xyb"]],
    [[1, 0, "🌸b"]],
    "\x1b[1;2H\x1b[2X🌸\x1b[4Gb",
  ],
  ["the cell after a vanished disputed glyph too", [[1, 0, "a\u200db"]], [[1, 0, "xb"]], "\x1b[1;2Hxb"],
  ["a disputed glyph in the last columns", [], [[18, 0, "🌸"], [0, 1, "a"]], "\x1b[1;19H\x1b[2X🌸\r\na"],
  ["the last column, then the next row", [], [[19, 0, "a"], [0, 1, "b"]], "\x1b[1;20Ha\r\nb"],
  ["the last column, then right below it", [], [[19, 0, "a"], [19, 1, "b"]], "\x1b[1;20Ha\x1b[2;20Hb"],
];

for (const [name, before, after, want] of CHANGES) {
  Deno.test(`paint: ${name}`, async () => {
    assert.equal(change(before, after), want);
    const screen = createEmulator(20, 4, { graphemes: true });
    try {
      await screen.write(paint(null, gridOf(before), null, OPTIONS));
      assertShows(screen, gridOf(before), "before");
      await screen.write(paint(gridOf(before), gridOf(after), null, OPTIONS));
      assertShows(screen, gridOf(after), "after");
    } finally {
      screen.dispose();
    }
  });
}

const FRAMES: [string, Draw, { x: number; y: number } | null, boolean, string][] = [
  [
    "synchronised, with a cursor",
    [[0, 0, "a"]],
    { x: 4, y: 1 },
    true,
    "\x1b[?2026h\x1b[Ha\x1b[2;5H\x1b[?25h\x1b[?2026l",
  ],
  ["synchronised, without a cursor", [[0, 0, "a"]], null, true, "\x1b[?2026h\x1b[Ha\x1b[?25l\x1b[?2026l"],
  [
    "not synchronised: the cursor hides while painting",
    [[0, 0, "a"]],
    { x: 0, y: 2 },
    false,
    "\x1b[?25l\x1b[Ha\x1b[3H\x1b[?25h",
  ],
  ["not synchronised, without a cursor", [[0, 0, "a"]], null, false, "\x1b[?25l\x1b[Ha\x1b[?25l"],
  ["nothing but the cursor", [], { x: 0, y: 0 }, true, "\x1b[H\x1b[?25h"],
  ["a cursor beyond the screen is held at its edge", [], { x: 20, y: -1 }, true, "\x1b[1;20H\x1b[?25h"],
  ["a cursor below the screen is held at its edge", [], { x: -3, y: 4 }, true, "\x1b[4H\x1b[?25h"],
];

for (const [name, draws, cursor, sync, want] of FRAMES) {
  Deno.test(`paint: a frame ${name}`, () => {
    const bytes = paint(gridOf([]), gridOf(draws), cursor, { depth: "truecolor", sync });
    assert.equal(new TextDecoder().decode(bytes), want);
  });
}

Deno.test("paint: an unknown screen is drawn row by row, never cleared", () => {
  const text = new TextDecoder().decode(paint(null, gridOf([[0, 1, "hello"]], 10, 3), null, OPTIONS));
  assert.equal(text, "\x1b[?2026h\x1b[H\x1b[K\r\nhello\x1b[K\r\n\x1b[K\x1b[?25l\x1b[?2026l");
});

Deno.test("paint: a screen of another size counts as unknown", () => {
  const next = gridOf([[0, 0, "a"]], 10, 3);
  const unknown = paint(null, next, null, OPTIONS);
  assert.deepEqual(paint(gridOf([[0, 0, "a"]], 11, 3), next, null, OPTIONS), unknown);
  assert.deepEqual(paint(gridOf([[0, 0, "a"]], 10, 2), next, null, OPTIONS), unknown);
});

Deno.test("paint: depth none keeps attributes and says no colour", () => {
  const look = style({ bold: true, reverse: true, fg: { rgb: 1 }, bg: { index: 3 } });
  assert.equal(change([], [[0, 0, "a", look]], { depth: "none" }), "\x1b[H\x1b[1;7ma\x1b[m");
});

const TEXT = ["first row here", "second row here", "third row here", "fourth row here"];

Deno.test("paint: rows that moved up are scrolled, and only the new one is written", () => {
  const before = TEXT.map((text, y): Draw[number] => [0, y, text]);
  const after = [...TEXT.slice(1), "new"].map((text, y): Draw[number] => [0, y, text]);
  const scroll = { top: 0, bottom: 4, rows: 1 };
  assert.equal(change(before, after, { scroll }), "\x1b[1;4r\x1b[S\x1b[r\x1b[4Hnew");
  assert.notEqual(change(before, after), change(before, after, { scroll }));
});

Deno.test("paint: rows that moved down inside a region are scrolled down", () => {
  const before = TEXT.map((text, y): Draw[number] => [0, y, text]);
  const after: Draw = [[0, 0, TEXT[0] ?? ""], [0, 1, "new"], [0, 2, TEXT[1] ?? ""], [0, 3, TEXT[3] ?? ""]];
  assert.equal(
    change(before, after, { scroll: { top: 1, bottom: 3, rows: -1 } }),
    "\x1b[2;3r\x1b[T\x1b[r\r\nnew",
  );
});

Deno.test("paint: two rows at once", () => {
  const before = TEXT.map((text, y): Draw[number] => [0, y, text]);
  const after = TEXT.slice(2).map((text, y): Draw[number] => [0, y, text]);
  assert.equal(change(before, after, { scroll: { top: 0, bottom: 4, rows: 2 } }), "\x1b[1;4r\x1b[2S\x1b[r");
});

Deno.test("paint: a scrolled-in row is plain, whatever was there before", () => {
  const bar = " ".repeat(20);
  const before: Draw = [...TEXT.slice(0, 3).map((text, y): Draw[number] => [0, y, text]), [0, 3, bar, BAR]];
  const after: Draw = [...TEXT.slice(1, 3).map((text, y): Draw[number] => [0, y, text]), [0, 2, bar, BAR], [
    0,
    3,
    bar,
    BAR,
  ]];
  const scroll = { top: 0, bottom: 4, rows: 1 };
  assert.equal(change(before, after, { scroll }), `\x1b[1;4r\x1b[S\x1b[r\x1b[4H\x1b[44m${bar}\x1b[m`);
});

const BAD_HINTS: [string, { top: number; bottom: number; rows: number }][] = [
  ["that does not help", { top: 2, bottom: 4, rows: -1 }],
  ["of no rows", { top: 0, bottom: 4, rows: 0 }],
  ["of one row only", { top: 1, bottom: 2, rows: 1 }],
  ["above the screen", { top: -1, bottom: 4, rows: 1 }],
  ["below the screen", { top: 0, bottom: 5, rows: 1 }],
  ["as large as its region", { top: 0, bottom: 4, rows: 4 }],
  ["turned round", { top: 3, bottom: 1, rows: 1 }],
  ["by a fraction", { top: 0, bottom: 4, rows: 1.5 }],
  ["from a fraction", { top: 0.5, bottom: 4, rows: 1 }],
  ["to a fraction", { top: 0, bottom: 3.5, rows: 1 }],
];

for (const [name, scroll] of BAD_HINTS) {
  Deno.test(`paint: a hint ${name} is not taken`, () => {
    const before = TEXT.map((text, y): Draw[number] => [0, y, text]);
    const after = [...TEXT.slice(1), "new"].map((text, y): Draw[number] => [0, y, text]);
    assert.equal(change(before, after, { scroll }), change(before, after));
  });
}

Deno.test("paint: the grids are not changed", () => {
  const before = gridOf(TEXT.map((text, y) => [0, y, text]));
  const after = gridOf(TEXT.slice(1).map((text, y) => [0, y, text]));
  const copies = [before, after].map((grid) => [grid.glyphs.slice(), grid.styles.slice()]);
  paint(before, after, null, { ...OPTIONS, scroll: { top: 0, bottom: 4, rows: 1 } });
  assert.deepEqual([before, after].map((grid) => [grid.glyphs, grid.styles]), copies);
});

Deno.test("paint: one streamed token at 200x60 takes less than 200 bytes", () => {
  const before = createGrid(200, 60), after = createGrid(200, 60);
  for (const grid of [before, after]) {
    for (let y = 0; y < 57; y++) put(grid, 0, y, `row ${y} `.repeat(18), PLAIN);
    fill(grid, 164, 0, 1, 57, "│", style({ fg: { rgb: 0x5d5667 } }));
  }
  put(before, 0, 58, "412 tokens", style({ fg: { rgb: 0xaea6b8 } }));
  put(after, 0, 58, "413 tokens", style({ fg: { rgb: 0xaea6b8 } }));
  put(after, 20, 57, "marsh ", style({ fg: { rgb: 0xf2cf9b } }));
  const bytes = paint(before, after, { x: 2, y: 59 }, OPTIONS);
  assert.ok(bytes.length < 110, `${bytes.length} bytes`);
});

Deno.test("paint: a column stays straight beside emoji, whatever widths the terminal believes in", async () => {
  const rows = ["🌸 a", "👩🏻‍❤️‍💋‍👨🏻 kiss", "🇩🇪🇫🇷", "❤️ x", "1️⃣", "क्षि", "日本", "👍🏽👍🏽👍🏽", "☰ ䷀", "e\u0301", "🫩"];
  for (const graphemes of [false, true]) {
    const screen = createEmulator(20, rows.length, { graphemes });
    try {
      const grids = [0, 1, 2].map((shift) => {
        const grid = createGrid(20, rows.length);
        rows.forEach((_, y) => put(grid, 0, y, rows[(y + shift) % rows.length] ?? "", PLAIN, 18));
        fill(grid, 18, 0, 1, rows.length, "│", PLAIN);
        return grid;
      });
      let shown: Grid | null = null;
      for (const grid of [...grids, createGrid(20, rows.length), ...grids]) {
        await screen.write(paint(shown, grid, null, OPTIONS));
        shown = grid;
        const border = grid.glyphs[18] === 0x20 ? "" : "│";
        for (let y = 0; y < rows.length; y++) {
          assert.equal(screen.cell(18, y).text, border, `row ${y}, graphemes ${graphemes}`);
        }
        if (border === "") assert.equal(screen.text().trim(), "", `left behind, graphemes ${graphemes}`);
      }
    } finally {
      screen.dispose();
    }
  }
});
