import assert from "node:assert/strict";
import { chunkLore, cutTurn, UNIT_LENGTH } from "../../../brain/memory/units.ts";

Deno.test("lore becomes one unit per paragraph, under its headings, with who knows of it", async (t) => {
  const rows: [string, string, [string, string, string][]][] = [
    ["nothing", "", []],
    ["blanks", " \n\n \t\n", []],
    ["a line without a heading", "Eels are money.", [["", "Eels are money.", ""]]],
    ["a heading", "## Maren\nMaren sells eels.", [["Maren", "Maren sells eels.", ""]]],
    ["a heading, a blank line, a paragraph", "# Maren\n\nMaren sells eels.", [[
      "Maren",
      "Maren sells eels.",
      "",
    ]]],
    ["two paragraphs", "## M\nOne.\n\nTwo.", [["M", "One.", ""], ["M", "Two.", ""]]],
    ["two entries", "## A\nOne.\n\n## B\nTwo.", [["A", "One.", ""], ["B", "Two.", ""]]],
    ["no blank line between", "## A\nOne.\n## B\nTwo.", [["A", "One.", ""], ["B", "Two.", ""]]],
    ["headings below headings", "# T\n## A\nOne.\n### X\nTwo.\n## B\nThree.\n# U\nFour.", [
      ["T / A", "One.", ""],
      ["T / A / X", "Two.", ""],
      ["T / B", "Three.", ""],
      ["U", "Four.", ""],
    ]],
    ["a level left out", "# T\n### X\nOne.\n## A\nTwo.", [["T / X", "One.", ""], ["T / A", "Two.", ""]]],
    ["a heading without text", "## A\n\n## B\nTwo.", [["B", "Two.", ""]]],
    ["no heading: no blank after the mark", "#tag\n####### seven", [["", "#tag\n####### seven", ""]]],
    ["lines stay lines", "## A\none\n  two  \r\nthree", [["A", "one\ntwo\nthree", ""]]],
    ["known to", "## A\nThe well is dry. Known to: Maren, Tom.", [["A", "The well is dry.", "Maren, Tom"]]],
    ["known to on its own line", "The well is dry.\nknown to: Maren", [["", "The well is dry.", "Maren"]]],
    ["known to in brackets", "The well is dry. (Known to: Maren.)", [["", "The well is dry.", "Maren"]]],
    ["known to ends one paragraph only", "Dry. Known to: M.\n\nWet.", [["", "Dry.", "M"], ["", "Wet.", ""]]],
    ["the last known to counts", "Known to: all. Dry. Known to: M.", [["", "Known to: all. Dry.", "M"]]],
    ["unknown to is a word", "This was unknown to: them", [["", "This was unknown to: them", ""]]],
    ["known to nobody", "Dry. Known to:", [["", "Dry. Known to:", ""]]],
    ["many know", `Dry. Known to: ${"Maren, ".repeat(42)}Tom.`, [["", "Dry.", `${"Maren, ".repeat(42)}Tom`]]],
    ["a sentence is no list", `Known to: ${"x".repeat(301)}`, [["", `Known to: ${"x".repeat(301)}`, ""]]],
    ["nothing but known to", "Known to: Maren.", []],
  ];
  for (const [name, text, expected] of rows) {
    await t.step(
      name,
      () =>
        assert.deepEqual(
          chunkLore(text),
          expected.map(([heading, text, known_to]) => ({ heading, text, known_to })),
        ),
    );
  }
});

const SENTENCE = "Maren counts the eels twice before she names a price to anyone.";

Deno.test("a long paragraph of lore is cut between lines, a long line at sentence ends", () => {
  const line = (n: number) => `${n} ${"x".repeat(148)}`;
  assert.deepEqual(
    chunkLore([line(1), line(2), line(3), line(4), line(5)].join("\n")).map((unit) => unit.text),
    [`${line(1)}\n${line(2)}`, `${line(3)}\n${line(4)}`, line(5)],
  );
  const sentences = Array.from({ length: 10 }, () => SENTENCE);
  assert.deepEqual(
    chunkLore(sentences.join(" ")).map((unit) => unit.text),
    [sentences.slice(0, 6).join(" "), sentences.slice(6).join(" ")],
  );
});

Deno.test("a short rest stays with the piece before it, below the cap of 800", () => {
  const long = "x".repeat(UNIT_LENGTH - 1) + ".";
  assert.deepEqual(chunkLore(`${long} ${"y".repeat(119)}`).map((unit) => unit.text.length), [400 + 1 + 119]);
  assert.deepEqual(chunkLore(`${long} ${"y".repeat(120)}`).map((unit) => unit.text.length), [400, 120]);
  assert.deepEqual(chunkLore(long).map((unit) => unit.text.length), [400]);
});

Deno.test("a turn is cut verbatim at sentence ends", async (t) => {
  const rows: [string, string, string[]][] = [
    ["nothing", " \n", []],
    ["a short line", "  I wait.  ", ["I wait."]],
    ["several short sentences stay together", "I wait. I listen!\n\nA bell?", [
      "I wait. I listen!\n\nA bell?",
    ]],
    ["seven sentences", Array(7).fill(SENTENCE).join(" "), [Array(6).fill(SENTENCE).join(" "), SENTENCE]],
    [
      "a quote closes its sentence",
      `"${"a".repeat(380)}." Then she left at once.`,
      [`"${"a".repeat(380)}."`, "Then she left at once."],
    ],
    ["one long sentence", `${"word ".repeat(100)}end`, [
      "word ".repeat(80).trim(),
      "word ".repeat(20) + "end",
    ]],
    ["a long sentence is cut at a blank", `${"letters ".repeat(60)}end`, [
      "letters ".repeat(50).trim(),
      "letters ".repeat(10) + "end",
    ]],
    ["a blank far back is no place to cut", `${"a".repeat(150)} ${"b".repeat(300)}`, [
      `${"a".repeat(150)} ${"b".repeat(249)}`,
      "b".repeat(51),
    ]],
    ["a blank not so far back is", `${"a".repeat(250)} ${"b".repeat(300)}`, [
      "a".repeat(250),
      "b".repeat(300),
    ]],
    ["400 fit", `${"a".repeat(198)}. ${"b".repeat(199)}.`, [`${"a".repeat(198)}. ${"b".repeat(199)}.`]],
    ["401 do not", `${"a".repeat(199)}. ${"b".repeat(199)}.`, [`${"a".repeat(199)}.`, `${"b".repeat(199)}.`]],
    ["one long word", "x".repeat(900), ["x".repeat(400), "x".repeat(400), "x".repeat(100)]],
    ["Japanese", "彼女は「鐘が鳴る。」と言った。".repeat(40), []],
  ];
  for (const [name, text, expected] of rows) {
    await t.step(name, () => {
      const pieces = cutTurn(text);
      if (expected.length > 0 || text.trim() === "") assert.deepEqual(pieces, expected);
      for (const piece of pieces) {
        assert.ok(piece.length <= UNIT_LENGTH, `${piece.length}`);
        assert.ok(text.includes(piece));
      }
      assert.equal(pieces.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
    });
  }
});

Deno.test("a sentence end is a mark with a blank after it, in Japanese the mark alone", () => {
  const cut = (text: string) => cutTurn(`${"x".repeat(390)}. ${text}`).slice(1);
  assert.deepEqual(cut("It costs 3.50 in all."), ["It costs 3.50 in all."]);
  assert.deepEqual(cutTurn(`${"鐘".repeat(300)}。${"海".repeat(200)}。`), [
    `${"鐘".repeat(300)}。`,
    `${"海".repeat(200)}。`,
  ]);
  assert.deepEqual(cutTurn(`${"鐘".repeat(300)}。」${"海".repeat(200)}`), [
    `${"鐘".repeat(300)}。」`,
    "海".repeat(200),
  ]);
});

Deno.test("no character is cut in two", () => {
  for (const pad of ["", "x"]) {
    for (const piece of cutTurn(pad + "😀".repeat(900))) {
      assert.ok(piece.isWellFormed());
      assert.ok(piece.length <= UNIT_LENGTH);
    }
  }
});

Deno.test("whatever the text, no unit of lore passes 800, nothing is lost, and it takes no time", async (t) => {
  const rows = [
    '"',
    ".",
    "a.",
    " ",
    "\n",
    "\n ",
    '."',
    "known to: ",
    "#",
    "# ",
    "。",
    "😀",
    "x",
    "word ",
    "A sentence ends. ",
    "line\n",
  ];
  for (const row of rows) {
    await t.step(JSON.stringify(row), () => {
      for (const text of [row.repeat(60_000), `x${row.repeat(60_000)}x`]) {
        const begun = performance.now();
        const units = chunkLore(text);
        const pieces = cutTurn(text);
        const took = performance.now() - begun;
        assert.ok(took < 10_000, `${took} ms`);
        assert.equal(Math.max(0, ...units.map((unit) => unit.text.length)) <= 800, true);
        assert.equal(pieces.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
      }
    });
  }
});
