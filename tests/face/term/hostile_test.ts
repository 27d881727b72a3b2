// Text that wants to drive the terminal: put on the grid and painted, it must be only text.

import assert from "node:assert/strict";
import { createGrid, put } from "../../../face/term/grid.ts";
import { paint } from "../../../face/term/paint.ts";
import { createKeyParser } from "../../../face/term/keys.ts";
import { PLAIN, style } from "../../../face/term/style.ts";
import { createEmulator } from "../../support/emulator.ts";

const broken = (...bytes: number[]) => new TextDecoder().decode(new Uint8Array(bytes));

const PAYLOADS: [string, string, string][] = [
  ["clipboard, OSC 52", "\x1b]52;c;ZXZpbA==\x07", "]52;c;ZXZpbA=="],
  ["clipboard with a C1 OSC", "\x9d52;c;ZXZpbA==\x9c", "52;c;ZXZpbA=="],
  ["title", "\x1b]0;owned\x1b\\", "]0;owned\\"],
  ["link, OSC 8", "\x1b]8;;http://evil\x07text", "]8;;http://eviltext"],
  ["alternate screen off", "\x1b[?1049l", "[?1049l"],
  ["reset", "\x1bc", "c"],
  ["mouse off, paste off, cursor off", "\x1b[?1000l\x1b[?2004l\x1b[?25l", "[?1000l[?2004l[?25l"],
  ["erase and home", "\x1b[2J\x1b[H", "[2J[H"],
  ["C1 CSI", "\x9b2J\x9b?1049l", "2J?1049l"],
  ["DCS", "\x1bP$qm\x1b\\\x90$qm\x9c", "P$qm\\$qm"],
  ["APC and PM", "\x1b_Gi=1;AAAA\x1b\\\x1b^x\x1b\\", "_Gi=1;AAAA\\^x\\"],
  ["answer back", "\x05\x1b[c\x1b[5n", "[c[5n"],
  ["bell, backspace, carriage return, line feed, tab, delete", "a\x07\x08\r\n\t\x7fb", "ab"],
  ["shift out and in", "\x0elqk\x0f", "lqk"],
  ["bidi override and isolates", "user\u202eresu\u202c\u2066x\u2069\u200f", "userresux"],
  ["tags", "hi\u{e0001}\u{e0068}\u{e0069}\u{e007f}", "hi"],
  ["supplementary selectors", "hi\u{e0100}\u{e01ef}", "hi"],
  ["byte order mark, zero-width space, word joiner", "a\ufeff\u200b\u2060\u180eb", "ab"],
  ["line and paragraph separators", "a\u2028b\u2029c", "abc"],
  ["interlinear annotation", "a\ufff9b\ufffac\ufffb", "abc"],
  ["lone surrogates", "a\ud800b\udfffc", "abc"],
  [
    "broken UTF-8",
    broken(0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0xed, 0xa0, 0x80, 0x62),
    "a\ufffd\ufffd(\ufffd\ufffd\ufffd\ufffdb",
  ],
  ["a flood of marks", `a${"\u0300".repeat(50_000)}b`, `a${"\u0300".repeat(9)}b`],
  ["a flood of joiners", `a${"\u200d".repeat(50_000)}b`, `a${"\u200d".repeat(9)}b`],
  ["a flood of selectors", `a${"\ufe0f".repeat(50_000)}b`, `a${"\ufe0f".repeat(9)}b`],
  ["marks without a letter", "\u202e\u0301\u0302\u200d", ""],
];

/** What paint itself may emit: moves, erasing, SGR, scroll region, and the modes 25 and 2026. */
// deno-lint-ignore no-control-regex -- escape sequences are what is tested
const OURS = /\x1b\[(?:[\d;]*[HGCKXm]|\?25[hl]|\?2026[hl])|\r\n/g;

for (const [name, payload, want] of PAYLOADS) {
  Deno.test(`hostile text: ${name}`, async () => {
    const screen = createEmulator(60, 4, { graphemes: true });
    try {
      await screen.write("\x1b[?1049h\x1b[?1000h\x1b[?2004h");
      const blank = createGrid(60, 4), grid = createGrid(60, 4);
      put(grid, 0, 0, "before", PLAIN);
      put(grid, 0, 1, payload, style({ bold: true }));
      put(grid, 0, 2, `<${payload}>`, PLAIN);
      const bytes = paint(blank, grid, { x: 0, y: 3 }, { depth: "truecolor", sync: true });
      const rest = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll(OURS, "");
      assert.doesNotMatch(
        rest,
        /[\p{Cc}\p{Cs}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u,
      );
      assert.doesNotMatch(rest, /[\u{e0000}-\u{e0fff}]/u);
      assert.ok(bytes.length < 400, `${bytes.length} bytes`);
      assert.equal(rest, `before${want}<${want}>`);
      await screen.write(bytes);
      assert.equal(screen.row(0), "before");
      assert.equal(screen.row(3), "");
      assert.deepEqual([1049, 1000, 2004, 2026].map(screen.mode), [true, true, true, false]);
      assert.deepEqual(screen.cursor(), { x: 0, y: 3, visible: true });
      assert.equal(screen.title(), "");
      assert.equal(screen.replies(), "");
    } finally {
      screen.dispose();
    }
  });
}

Deno.test("hostile text: pasted, the same payloads leave no control but tab and line feed", () => {
  for (const [name, payload] of PAYLOADS) {
    const events = createKeyParser().push(new TextEncoder().encode(`\x1b[200~${payload}\x1b[201~`));
    assert.equal(events.length, 1, name);
    const event = events[0];
    assert.ok(event?.kind === "paste");
    assert.doesNotMatch(
      event.text,
      /(?![\t\n])[\p{Cc}\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e0fff}]/u,
      name,
    );
  }
});

Deno.test("hostile text: a hundred thousand different clusters do not fill the memory with glyphs", () => {
  const grid = createGrid(200, 50);
  for (let index = 0; index < 70_000; index++) {
    const marks = String.fromCodePoint(0x300 + index % 64, 0x300 + Math.floor(index / 64) % 64);
    put(grid, index % 199, 0, String.fromCodePoint(0x4e00 + Math.floor(index / 4096)) + marks, PLAIN);
  }
  const bytes = paint(null, grid, null, { depth: "none", sync: false });
  assert.ok(bytes.length > 0);
});
