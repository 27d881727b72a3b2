/** What is removed from foreign text, whole and in pieces. */

import assert from "node:assert/strict";
import { sanitize, sanitizeLine, sanitizePiece } from "../../../face/text/sanitize.ts";
import { seeded } from "../../support/player.ts";

const ESC = "\u001b";
const CASES: [string, string, string][] = [
  ["plain text stays", "The lamp is dark.\n\nAh.", "The lamp is dark.\n\nAh."],
  ["accents, dashes, wide and joined characters stay", "é — “so” 日本 👩‍👩‍👧 🏴", "é — “so” 日本 👩‍👩‍👧 🏴"],
  ["a colour goes whole", `a${ESC}[31;1mred${ESC}[0m b`, "ared b"],
  ["a cursor movement goes whole", `a${ESC}[2J${ESC}[1;1Hb`, "ab"],
  ["a title goes with its text", `a${ESC}]0;owned\u0007b`, "ab"],
  ["a clipboard write goes with its text", `a${ESC}]52;c;ZXZpbA==${ESC}\\b`, "ab"],
  ["a link keeps its words", `a${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\b`, "alinkb"],
  ["a device string goes whole", `a${ESC}Pq#0;2;0${ESC}\\b`, "ab"],
  ["an unclosed string ends with its line", `a${ESC}]0;never closed\nb`, "a\nb"],
  ["an unclosed string at the end goes", `a${ESC}]0;never`, "a"],
  ["8-bit controls count as their 7-bit forms", "a\u009b31mb\u009d0;t\u0007c\u0090q\u009cd", "abcd"],
  ["character sets and resets", `a${ESC}(0b${ESC}cc${ESC}7d${ESC}>e`, "abcde"],
  ["function keys", `a${ESC}OPb`, "ab"],
  ["a lone escape", `a${ESC}`, "a"],
  ["an escape before a line break", `a${ESC}\nb`, "a\nb"],
  ["bell, backspace, null, delete", "a\u0007\u0008\u0000\u007fb", "ab"],
  ["bidi overrides and marks", "a\u202eb\u2066c\u2069\u200fd\u061ce", "abcde"],
  ["byte order mark and tag characters", "\ufeffa\u{e0041}\u{e007f}b", "ab"],
  ["all line ends are one", "a\r\nb\rc\u2028d\u0085e\u000bf", "a\nb\nc\nd\ne\nf"],
  ["a tab becomes two blanks", "a\tb", "a  b"],
  ["half a surrogate pair becomes a mark", "a\ud800b", "a\ufffdb"],
];

for (const [name, dirty, clean] of CASES) {
  Deno.test(`sanitize: ${name}`, () => {
    assert.equal(sanitize(dirty), clean);
    assert.equal(sanitize(clean), clean);
  });
}

Deno.test("sanitize: no character that steers a terminal or hides text is left, each by itself", () => {
  const ranges: [number, number][] = [
    [0x00, 0x09],
    [0x0b, 0x1f],
    [0x7f, 0x9f],
    [0x061c, 0x061c],
    [0x200e, 0x200f],
    [0x2028, 0x202e],
    [0x2066, 0x2069],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
    [0xfffe, 0xffff],
    [0xe0000, 0xe007f],
  ];
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code++) {
      const char = String.fromCodePoint(code);
      for (const text of [`a${char}b`, `a${char}`, `${char}b`]) {
        assert.equal(sanitize(text).includes(char), false, `U+${code.toString(16)}`);
        assert.equal(sanitizePiece("", text).text.includes(char), false, `U+${code.toString(16)}`);
      }
    }
  }
});

Deno.test("sanitize: every 8-bit control string goes with its text", () => {
  for (const begin of ["\u0090", "\u0098", "\u009d", "\u009e", "\u009f"]) {
    assert.equal(sanitize(`a${begin}hidden\u009cb`), "ab");
  }
});

Deno.test("sanitize: a lone carriage return at the end is a line's end, an unfinished sequence is nothing", () => {
  assert.equal(sanitize("a\r"), "a\n");
  assert.equal(sanitize(`a${ESC}[3`), "a");
});

Deno.test("sanitize: in pieces cut anywhere the text is the same as whole", () => {
  for (const [name, dirty] of CASES) {
    const whole = dirty + "end";
    const expected = sanitize(whole);
    for (let first = 0; first <= whole.length; first++) {
      for (let second = first; second <= whole.length; second += 3) {
        let carry = "";
        let text = "";
        for (const piece of [whole.slice(0, first), whole.slice(first, second), whole.slice(second)]) {
          const step = sanitizePiece(carry, piece);
          text += step.text;
          carry = step.carry;
        }
        assert.equal(text, expected, `${name}, cut at ${first} and ${second}`);
      }
    }
  }
});

Deno.test("sanitize: no control is left in any random text", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = seeded(seed);
    const alphabet = [
      ESC,
      "[",
      "]",
      "P",
      "\\",
      "\u0007",
      "\u009b",
      "\u009c",
      "0",
      ";",
      "m",
      "a",
      " ",
      "\n",
      "\r",
      "\u202e",
      "é",
    ];
    let text = "";
    for (let i = 0; i < 40; i++) text += alphabet[Math.floor(chance() * alphabet.length)];
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(sanitize(text), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/, `seed ${seed}`);
  }
});

Deno.test("sanitize: a sequence that never ends is given up, not kept for ever", () => {
  let carry = `${ESC}]0;`;
  let text = "";
  for (let i = 0; i < 100; i++) {
    const step = sanitizePiece(carry, "x".repeat(100));
    carry = step.carry;
    text += step.text;
    assert.ok(carry.length <= 4096, String(carry.length));
  }
  assert.notEqual(text, "");
});

Deno.test("sanitize: a line has no breaks and no blanks around it", () => {
  assert.equal(sanitizeLine("  a \n\n b\tc  "), "a b  c");
});

Deno.test("sanitize: an unclosed string before the beginning of another sequence goes, whole and in pieces", () => {
  for (const dirty of ["a\u009d0;b\u001b", "a\u009d0;b\u001b]", "a\u0090b\u001bO", "a\u009d0;b"]) {
    assert.equal(sanitize(dirty), "a", JSON.stringify(dirty));
    assert.equal(sanitizePiece("", dirty).text, "a", JSON.stringify(dirty));
  }
});

Deno.test("sanitize: a flood of beginnings costs by its length, not by its square", () => {
  const floods = [
    "\u0090",
    "\u009b0",
    `${ESC}]`,
    `${ESC}[0`,
    " ",
    "\n",
    "\r",
    "\ud800",
    "\u202e",
    ESC,
  ];
  for (const flood of floods) {
    for (const end of ["", "\u0007x", "\nx\u0001", "\u00e9\u0301"]) {
      const text = flood.repeat(150_000) + end;
      const started = performance.now();
      sanitize(text);
      sanitizeLine(text);
      sanitizePiece("", text);
      const took_ms = performance.now() - started;
      // The square takes half a minute.
      assert.ok(took_ms < 10_000, `${JSON.stringify(flood)} and ${JSON.stringify(end)}: ${took_ms} ms`);
    }
  }
});
