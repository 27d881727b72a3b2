import assert from "node:assert/strict";
import {
  blankStyleId,
  type Color,
  type ColorDepth,
  degrade,
  PLAIN,
  sgr,
  type Style,
  style,
  styleId,
  styleOf,
} from "../../../face/term/style.ts";

Deno.test("style: equal looks share an id, different ones do not", () => {
  const parts: Partial<Style>[] = [
    {},
    { bold: true },
    { italic: true },
    { underline: true },
    { strike: true },
    { reverse: true },
    { fg: { rgb: 5 } },
    { fg: { index: 5 } },
    { bg: { rgb: 5 } },
    { bg: { index: 5 } },
    { fg: { rgb: 0 } },
    { fg: { index: 0 } },
  ];
  const ids = parts.map((part) => styleId(style(part)));
  assert.equal(new Set(ids).size, parts.length);
  assert.deepEqual(parts.map((part) => styleId({ ...PLAIN, ...part })), ids);
  assert.equal(styleId(PLAIN), 0);
  assert.deepEqual(ids.map(styleOf), parts.map(style));
});

Deno.test("style: on a blank only background, underline, strike and reverse are seen", () => {
  const seen = (part: Partial<Style>) => blankStyleId(styleId(style(part))) !== 0;
  assert.deepEqual(
    [{ bold: true }, { italic: true }, { fg: { index: 1 } }, {}].map(seen),
    [false, false, false, false],
  );
  assert.deepEqual(
    [{ bg: { index: 0 } }, { underline: true }, { strike: true }, { reverse: true }].map(seen),
    [true, true, true, true],
  );
});

const COLORS: [Color, ColorDepth, Color][] = [
  [null, "truecolor", null],
  [{ rgb: 0xf2cf9b }, "truecolor", { rgb: 0xf2cf9b }],
  [{ rgb: 0xf2cf9b }, "256", { index: 222 }],
  [{ rgb: 0xff0000 }, "256", { index: 196 }],
  [{ rgb: 0x808080 }, "256", { index: 244 }],
  [{ rgb: 0x000000 }, "256", { index: 16 }],
  [{ rgb: 0xffffff }, "256", { index: 231 }],
  [{ rgb: 0x080808 }, "256", { index: 232 }],
  [{ rgb: 0xeeeeee }, "256", { index: 255 }],
  [{ rgb: 0x9ed6c6 }, "256", { index: 152 }],
  [{ rgb: 0xf29bbd }, "256", { index: 211 }],
  [{ rgb: 0xa61e58 }, "256", { index: 125 }],
  [{ rgb: 0x0b5f58 }, "256", { index: 23 }],
  [{ rgb: 0x0000d0 }, "16", { index: 4 }],
  [{ rgb: 0x9ed6c6 }, "16", { index: 7 }],
  [{ rgb: 0xff0000 }, "16", { index: 9 }],
  [{ rgb: 0xcd0000 }, "16", { index: 1 }],
  [{ rgb: 0xffffff }, "16", { index: 15 }],
  [{ rgb: 0xf2f200 }, "16", { index: 11 }],
  [{ index: 200 }, "256", { index: 200 }],
  [{ index: 196 }, "16", { index: 9 }],
  [{ index: 16 }, "16", { index: 0 }],
  [{ index: 15 }, "16", { index: 15 }],
  [{ index: 8 }, "16", { index: 8 }],
  [{ rgb: 0xff0000 }, "none", null],
  [{ index: 3 }, "none", null],
];

for (const [color, depth, want] of COLORS) {
  Deno.test(`style: ${JSON.stringify(color)} at depth ${depth} is ${JSON.stringify(want)}`, () => {
    assert.deepEqual(degrade(color, depth), want);
  });
}

Deno.test("style: no 24 bit colour ever falls on bright black with 16 colours", () => {
  for (let rgb = 0; rgb <= 0xffffff; rgb += 0x10101 * 3 + 7) {
    assert.notDeepEqual(degrade({ rgb }, "16"), { index: 8 });
  }
  assert.notDeepEqual(degrade({ rgb: 0x7f7f7f }, "16"), { index: 8 });
});

const TRANSITIONS: [string, Partial<Style>, Partial<Style>, ColorDepth, string][] = [
  ["nothing to nothing", {}, {}, "truecolor", ""],
  ["plain to bold", {}, { bold: true }, "truecolor", "\x1b[1m"],
  ["bold to plain", { bold: true }, {}, "truecolor", "\x1b[m"],
  [
    "everything on",
    {},
    { bold: true, italic: true, underline: true, reverse: true, strike: true },
    "truecolor",
    "\x1b[1;3;4;7;9m",
  ],
  ["italic off under bold", { bold: true, italic: true }, { bold: true }, "truecolor", "\x1b[23m"],
  [
    "italic and underline off under bold",
    { bold: true, italic: true, underline: true },
    { bold: true },
    "truecolor",
    "\x1b[;1m",
  ],
  [
    "italic off under a colour",
    { italic: true, fg: { rgb: 0x010203 } },
    { fg: { rgb: 0x010203 } },
    "truecolor",
    "\x1b[23m",
  ],
  [
    "bold off under a colour",
    { bold: true, fg: { rgb: 0x010203 } },
    { fg: { rgb: 0x010203 } },
    "truecolor",
    "\x1b[22m",
  ],
  [
    "underline off under a colour",
    { underline: true, fg: { rgb: 1 } },
    { fg: { rgb: 1 } },
    "truecolor",
    "\x1b[24m",
  ],
  [
    "reverse off under a colour",
    { reverse: true, fg: { rgb: 1 } },
    { fg: { rgb: 1 } },
    "truecolor",
    "\x1b[27m",
  ],
  [
    "strike off under a colour",
    { strike: true, fg: { rgb: 1 } },
    { fg: { rgb: 1 } },
    "truecolor",
    "\x1b[29m",
  ],
  ["24 bit colour", {}, { fg: { rgb: 0xf2cf9b } }, "truecolor", "\x1b[38;2;242;207;155m"],
  ["24 bit background", {}, { bg: { rgb: 0x000aff } }, "truecolor", "\x1b[48;2;0;10;255m"],
  [
    "colour to default under a background",
    { fg: { index: 1 }, bg: { rgb: 7 } },
    { bg: { rgb: 7 } },
    "truecolor",
    "\x1b[39m",
  ],
  [
    "background to default under a colour",
    { bg: { index: 1 }, fg: { rgb: 7 } },
    { fg: { rgb: 7 } },
    "truecolor",
    "\x1b[49m",
  ],
  ["named colours", {}, { fg: { index: 1 }, bg: { index: 7 } }, "16", "\x1b[31;47m"],
  ["bright colours", {}, { fg: { index: 8 }, bg: { index: 15 } }, "16", "\x1b[90;107m"],
  ["palette colours", {}, { fg: { index: 16 }, bg: { index: 255 } }, "256", "\x1b[38;5;16;48;5;255m"],
  ["no colours at all", {}, { fg: { rgb: 1 }, bg: { index: 1 }, bold: true }, "none", "\x1b[1m"],
  ["only colours, shown without", {}, { fg: { rgb: 1 }, bg: { index: 1 } }, "none", ""],
  ["two colours that are one here", { fg: { rgb: 0xff0000 } }, { fg: { rgb: 0xfe0101 } }, "256", ""],
];

for (const [name, from, to, depth, want] of TRANSITIONS) {
  Deno.test(`style: ${name} is ${JSON.stringify(want)}`, () => {
    const ids = [styleId(style(from)), styleId(style(to))] as const;
    assert.equal(sgr(...ids, depth), want);
    assert.equal(sgr(...ids, depth), want, "from the cache");
  });
}
