/** Text becomes rows: by hand for what people see, by chance for what must always hold. */

import assert from "node:assert/strict";
import { graphemes, textWidth } from "../../../face/term/width.ts";
import { createLayout, extendLayout, layText, NO_PLACEMENTS, type Row } from "../../../face/text/wrap.ts";
import { seeded } from "../../support/player.ts";

const textOf = (row: Row): string => " ".repeat(row.indent) + row.runs.map((run) => run.text).join("");
const lay = (text: string, width: number): string[] => layText(text, width).map(textOf);

const CASES: [string, string, number, string[]][] = [
  ["a text that fits is one row", "The lamp", 8, ["The lamp"]],
  ["the word that does not fit goes to the next row", "The lamp burns", 8, ["The lamp", "burns"]],
  ["blanks at a break are gone, blanks inside stay", "a  b   c", 5, ["a  b", "c"]],
  ["a word wider than a row is cut", "incomprehensible", 6, ["incomp", "rehens", "ible"]],
  ["a cut word begins in its own row", "an incomprehensible end", 6, [
    "an",
    "incomp",
    "rehens",
    "ible",
    "end",
  ]],
  ["a hyphen may end a row", "the half-hearted", 9, ["the half-", "hearted"]],
  ["a number with a hyphen is not parted", "the 1999-2001 war", 9, ["the", "1999-2001", "war"]],
  ["a long dash may end a row", "wait—never", 7, ["wait—", "never"]],
  ["wide characters break anywhere, not before a closing mark", "日本語の、話", 6, ["日本語", "の、話"]],
  ["a closing mark does not begin a row", "日本語、話", 6, ["日本", "語、話"]],
  ["an opening mark does not end a row", "日本（話す", 6, ["日本", "（話す"]],
  ["joined emoji stay whole", "aaa 👩‍👩‍👧 b", 5, ["aaa", "👩‍👩‍👧 b"]],
  ["combining marks stay with their letter", "cafe\u0301s ok", 5, ["cafe\u0301s", "ok"]],
  ["single line breaks are kept", "one\ntwo", 10, ["one", "two"]],
  ["blank lines are one blank row", "one\n\n\n\ntwo\n\n", 10, ["one", "", "two"]],
  ["blanks alone are nothing", " \n  \n", 10, []],
  ["a list hangs", "- one two three\n- four", 9, ["- one two", "  three", "- four"]],
  ["a numbered list hangs by its number", "12. one two three", 11, ["12. one two", "    three"]],
  ["a quotation is set in", "> one two", 7, ["   one", "   two"]],
  ["a quotation of a quotation is set in further", "> > one", 20, ["      one"]],
  ["a line is set in as far as twelve columns", `${" ".repeat(30)}one`, 40, [`${" ".repeat(12)}one`]],
  ["a wide blank is two columns", "日\u3000本 a", 20, ["日  本 a"]],
  ["a fence keeps its blanks", "```\n  a  b\n```", 20, ["    a  b"]],
  ["a break of scenes is a row of its own", "one\n\n***\n\ntwo", 10, ["one", "", "", "", "two"]],
  ["a mark of a list that fills a narrow row stands alone", '  - "in" it', 4, [
    "  - ",
    '  "i',
    '  n"',
    "  it",
  ]],
  ["wide letters on a page of one column stand one a row", "日本", 1, ["日", "本"]],
  ["a width of one still ends", "ab c", 1, ["a", "b", "c"]],
];

for (const [name, text, width, rows] of CASES) {
  Deno.test(`wrap: ${name}`, () => assert.deepEqual(lay(text, width), rows));
}

Deno.test("wrap: a break of scenes is marked as one", () => {
  for (const line of ["***", "---", "* * *", "___", "====", "- - -"]) {
    assert.deepEqual(layText(`a\n\n${line}\n\nb`, 20).map((row) => row.scene), [
      false,
      false,
      true,
      false,
      false,
    ], line);
  }
  assert.deepEqual(layText("a\n--\nb", 20).map((row) => row.scene), [false, false, false]);
});

const PIECES = [
  "the ",
  "lamp ",
  "incomprehensible",
  "—",
  "half-hearted ",
  "日本語",
  "、",
  "👩‍👩‍👧",
  "e\u0301",
  " ",
  "\n",
  "\n\n",
  "a",
  '"Yes." ',
  "1. ",
];

function randomText(seed: number): string {
  const chance = seeded(seed);
  let text = "";
  for (let i = 0; i < 30; i++) text += PIECES[Math.floor(chance() * PIECES.length)];
  return text;
}

Deno.test("wrap: nothing is lost, nothing is too wide, no grapheme is cut, and every row is as full as it can be", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const text = randomText(seed);
    const width = 8 + seed % 60;
    const rows = layText(text, width);
    const flat = (list: string) => list.replace(/[\s]/g, "");
    assert.equal(flat(rows.map(textOf).join("")), flat(text), `seed ${seed}`);
    const whole = new Set([...graphemes(text)].map((grapheme) => grapheme.text));
    for (const [at, row] of rows.entries()) {
      const drawn = textOf(row);
      assert.ok(
        textWidth(drawn) <= width && row.width === textWidth(drawn),
        `seed ${seed} row ${at}: ${drawn}`,
      );
      assert.equal(drawn.trimEnd(), drawn, `seed ${seed} row ${at} ends in blanks`);
      for (const grapheme of graphemes(row.runs.map((run) => run.text).join(""))) {
        assert.ok(whole.has(grapheme.text), `seed ${seed} row ${at}: ${grapheme.text} was cut`);
      }
      const next = rows[at + 1];
      if (!row.soft || next === undefined) continue;
      const first = /^[a-z]+(?= )/.exec(next.runs.map((run) => run.text).join(""))?.[0];
      if (first === undefined) continue;
      const blank = /\s/.test(text[next.start - 1]) ? 1 : 0;
      assert.ok(row.width + blank + first.length > width, `seed ${seed} row ${at} had room for ${first}`);
    }
  }
});

Deno.test("wrap: growing by pieces of any size ends in the same rows as at once", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const chance = seeded(seed + 5000);
    const text = randomText(seed);
    const width = 8 + seed % 60;
    const layout = createLayout(width);
    let at = 0;
    while (at < text.length) {
      at = Math.min(text.length, at + 1 + Math.floor(chance() * 9));
      extendLayout(layout, text.slice(0, at), { final: false, placements: NO_PLACEMENTS });
    }
    extendLayout(layout, text, { final: true, placements: NO_PLACEMENTS });
    assert.deepEqual(layout.rows, layText(text, width), `seed ${seed}`);
    assert.equal(layout.open, null);
  }
});

Deno.test("wrap: a word that was drawn early stays where it was placed, and is cut when it outgrows its row", () => {
  const layout = createLayout(10);
  extendLayout(layout, "the lamp in", { final: false, placements: NO_PLACEMENTS });
  assert.deepEqual(layout.open, { start: 9, width: 2, room: 1 });
  const next = new Map([[9, "next" as const]]);
  extendLayout(layout, "the lamp in", { final: false, placements: next });
  assert.deepEqual(layout.rows.map(textOf), ["the lamp", "in"]);
  const other = createLayout(12);
  const stay = new Map([[9, "stay" as const]]);
  extendLayout(other, "the lamp in", { final: false, placements: stay });
  assert.deepEqual(other.rows.map(textOf), ["the lamp in"]);
  extendLayout(other, "the lamp incredible", { final: false, placements: stay });
  assert.deepEqual(other.rows.map(textOf), ["the lamp inc", "redible"]);
});

Deno.test("wrap: a wide letter for which a row has one column left stands in the next", () => {
  const layout = createLayout(5);
  extendLayout(layout, "abc 👍👍", { final: false, placements: new Map([[4, "stay" as const]]) });
  assert.deepEqual(layout.rows.map((row) => [textOf(row), row.width]), [["abc", 3], ["👍👍", 4]]);
});

Deno.test("wrap: a first word that is held back has the whole row", () => {
  const layout = createLayout(10);
  extendLayout(layout, "lam", { final: false, placements: NO_PLACEMENTS });
  assert.deepEqual(layout.open, { start: 0, width: 3, room: 10 });
  extendLayout(layout, "lamp\nbur", { final: false, placements: NO_PLACEMENTS });
  assert.deepEqual(layout.open, { start: 5, width: 3, room: 10 });
});

Deno.test("wrap: of many short lines only the last is read again", () => {
  const layout = createLayout(40);
  let text = "";
  for (let line = 0; line < 500; line++) {
    text += `line ${line}${line % 3 === 0 ? "\n" : ""}\n`;
    extendLayout(layout, text, { final: false, placements: NO_PLACEMENTS });
    assert.ok(text.length - layout.resume.at <= 10, `line ${line}`);
  }
  assert.equal(layout.rows.filter((row) => row.runs.length > 0).length, 500);
});

Deno.test("wrap: a paragraph of 20,000 characters without a line break is read again by a row per piece, not by its length", () => {
  for (const word of ["something ", "日本", '*so* "it" ', "xxxxxxxx", "—and ", "half-"]) {
    const layout = createLayout(68);
    let text = "";
    let most = 0;
    while (text.length < 20_000) {
      text += word;
      const kept = [...layout.rows];
      extendLayout(layout, text, { final: false, placements: NO_PLACEMENTS });
      const { rows, line, at } = layout.resume;
      // What the next piece reads again: a row's beginning, or a word that has not ended.
      most = Math.max(most, text.length - (line?.from ?? at));
      const anew = kept.findIndex((row, index) => row !== layout.rows[index]);
      // A word without an end comes in pieces of four rows.
      const fresh = word === "xxxxxxxx" ? 4 : 1;
      assert.ok(anew < 0 || anew >= kept.length - fresh, `${word}: a row above the last was laid again`);
      assert.ok(rows >= layout.rows.length - fresh, word);
    }
    assert.ok(most <= 600, `${word}: ${most} characters are read again`);
  }
});
