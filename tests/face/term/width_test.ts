import assert from "node:assert/strict";
import { graphemes, lineOfCells, textWidth, walk, warmSegmenter } from "../../../face/term/width.ts";

const WIDTHS: [string, string, number][] = [
  ["nothing", "", 0],
  ["ASCII", "Hello, world!", 13],
  ["Latin with marks in one code point", "éüß", 3],
  ["a letter with a combining mark", "e\u0301x", 2],
  ["several marks on one letter", "x\u0300\u0323\u0308", 1],
  ["a mark without a letter", "\u0301", 0],
  ["Chinese, Japanese, Korean", "日本語한글", 10],
  ["Hangul from its parts", "\u1112\u1161\u11ab", 2],
  ["full-width letters", "ＡＢ", 4],
  ["half-width kana", "ｱｲ", 2],
  ["ideographs of plane 2", "𠀀𠀁", 4],
  ["Thai, with SARA AM in a cell of its own", "กำ", 2],
  ["Thai with marks", "สวัสดี", 4],
  ["a Hindi cluster", "क्षि", 1],
  ["Arabic", "سلام", 4],
  ["ambiguous signs are narrow", "…—“”▰✿─·", 8],
  ["an emoji", "🌸", 2],
  ["an emoji from its parts", "👩🏻‍❤️‍💋‍👨🏻", 2],
  ["skin tone", "👍🏽!", 3],
  ["text heart and emoji heart", "❤❤️", 3],
  ["key cap", "1️⃣", 2],
  ["the first and the last flag letter", "🇦🇹🇿🇦", 4],
  ["a skin tone alone", "🏻", 2],
  ["a CJK radical", "⺀", 2],
  ["two flags and half a flag", "🇩🇪🇫🇷🇺", 5],
  ["controls", "a\x00\x07\x1b[31m\x7fb", 6],
  ["C1", "a\x9b\x85b", 2],
  ["tab and line ends", "a\tb\r\nc", 3],
  ["bidi controls and BOM", "a\u202e\u2066\u200f\ufeffb", 2],
  ["tags", "a\u{e0001}\u{e0041}\u{e007f}b", 2],
  ["supplementary variation selectors", "a\u{e0100}b", 2],
  ["soft hyphen, word joiner, zero-width space", "a\u00ad\u2060\u200bb", 2],
  ["line and paragraph separator", "a\u2028\u2029b", 2],
  ["lone surrogates", "a\ud800b\udc00", 2],
  ["noncharacters", "a\uffff\ufdd0\u{1ffff}b", 2],
  ["Hangul filler", "a\u3164b", 2],
  ["private use", "\ue0b0", 1],
  ["a flood of marks", "a" + "\u0301".repeat(5000), 1],
];

for (const [name, text, width] of WIDTHS) {
  Deno.test(`width: ${name} takes ${width} cells`, () => {
    assert.equal(textWidth(text), width);
    assert.equal([...graphemes(text)].reduce((total, grapheme) => total + grapheme.width, 0), width);
  });
}

Deno.test("width: the graphemes of a text, joined, are the text, and tell where they are", () => {
  for (const [, text] of WIDTHS) {
    let at = 0;
    for (const grapheme of graphemes(text)) {
      assert.equal(grapheme.index, at);
      assert.equal(text.slice(at, at + grapheme.text.length), grapheme.text);
      at += grapheme.text.length;
    }
    assert.equal(at, text.length);
  }
});

Deno.test("width: clusters stay whole, their neighbours stay apart", () => {
  const split = (text: string) =>
    [...graphemes(text)].map((grapheme) => `${grapheme.text}:${grapheme.width}`);
  assert.deepEqual(split("ae\u0301日👍🏽🇩🇪z"), ["a:1", "e\u0301:1", "日:2", "👍🏽:2", "🇩🇪:2", "z:1"]);
  assert.deepEqual(split("a\u202e\u0301"), ["a:1", "\u202e:0", "\u0301:0"]);
});

Deno.test("width: agrees with the platform's segmenter on mixed text", () => {
  const text = "The 🌸 said “ça va” — नमस्ते, สวัสดี! 日本 e\u0301 👩🏻‍❤️‍💋‍👨🏻 🇩🇪🇫🇷 한글 \u1112\u1161\u11ab 1️⃣ end";
  const platform = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].map((s) =>
    s.segment
  );
  assert.deepEqual([...graphemes(text)].map((grapheme) => grapheme.text), platform);
});

Deno.test("width: walk starts where it is told and stops when it is told", () => {
  const seen: string[] = [];
  walk("abécd", 1, (from, to) => {
    seen.push("abécd".slice(from, to));
    return seen.length < 3;
  });
  assert.deepEqual(seen, ["b", "é", "c"]);
});

Deno.test("width: what terminals disagree about is marked", () => {
  const disputed = (text: string) => {
    let marked = false;
    walk(text, 0, (_from, _to, _width, unsure) => {
      marked ||= unsure;
      return true;
    });
    return marked;
  };
  for (const text of ["🌸", "👍🏽", "🇩🇪", "❤️", "⭐", "क्षि", "☰", "䷀", "👩‍🚀", "e\u0301🌸"]) {
    assert.equal(disputed(text), true, text);
  }
  for (
    const text of [
      "a",
      "é",
      "e\u0301",
      "日",
      "⺀",
      "e\u0301日",
      "e\u0301𠀀",
      "e\u0301ж",
      "한",
      "ｱ",
      "✿",
      "─",
      "𠀀",
      "ก",
    ]
  ) {
    assert.equal(disputed(text), false, text);
  }
});

Deno.test("width: a long text of joining characters is measured in linear time", () => {
  warmSegmenter();
  const started = performance.now();
  assert.equal(textWidth("ก\u0e31".repeat(100_000)), 100_000);
  const took_ms = performance.now() - started;
  // A tenth of a second; the square takes minutes.
  assert.ok(took_ms < 10_000, `${took_ms} ms`);
});

Deno.test("width: a line for a title or the farewell holds only what may stand in cells, and so much of it", () => {
  for (
    const [text, most, line] of [
      ["The Salt\n  Marsh", 20, "The Salt Marsh"],
      ["a\u200b\u2060b\u202ec\u001b]0;x\u0007", 20, "abc]0;x"],
      ["\u200b".repeat(10_000), 20, ""],
      ["abcdef", 3, "abc"],
      [
        "魚 \u{1f468}\u200d\u{1f469}\u200d\u{1f467} e\u0301",
        5,
        "魚 \u{1f468}\u200d\u{1f469}\u200d\u{1f467} e\u0301",
      ],
    ] as const
  ) assert.equal(lineOfCells(text, most), line, JSON.stringify(text.slice(0, 20)));
});
