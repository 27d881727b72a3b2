/** Role-play Markdown as styled runs, whole and at every cut. */

import assert from "node:assert/strict";
import { BOLD, CODE, HEADING, ITALIC, QUOTE, SPEECH, STRIKE } from "../../../face/text/runs.ts";
import { createLayout, extendLayout, layText, NO_PLACEMENTS, type Row } from "../../../face/text/wrap.ts";

const NAMES: [number, string][] = [
  [BOLD, "b"],
  [ITALIC, "i"],
  [STRIKE, "s"],
  [CODE, "c"],
  [SPEECH, "q"],
  [HEADING, "h"],
  [QUOTE, "z"],
];

/** `the <i:lamp> burns`: runs of equal marks, rows joined by |. */
function styled(rows: readonly Row[]): string {
  return rows.map((row) => {
    let text = "";
    for (const run of row.runs) {
      const marks = NAMES.filter(([bit]) => (run.marks & bit) !== 0).map(([, name]) => name).join("");
      text += marks === ""
        ? run.text
        : `<${marks}:${run.text.trimEnd()}>${run.text.slice(run.text.trimEnd().length)}`;
    }
    return row.scene ? "~" : text;
  }).join("|");
}

const CASES: [string, string, string][] = [
  ["actions are italic", "*She nods.* Well.", "<i:She nods.> Well."],
  ["underscores too", "_She nods._ Well.", "<i:She nods.> Well."],
  ["two stars are bold, three both", "**a b** ***c***", "<b:a b> <bi:c>"],
  ["four stars are stars", "****a**** b", "****a**** b"],
  ["bold inside italic", "*a **b** c*", "<i:a> <bi:b> <i:c>"],
  ["struck out", "~~gone~~ here", "<s:gone> here"],
  ["one tilde is a tilde", "~5 men", "~5 men"],
  ["code", "press `x y` now", "press <c:x y> now"],
  ["dialogue is speech, its marks too", '"Yes," he says. "No."', '<q:"Yes,"> he says. <q:"No.">'],
  ["curly quotation marks", "“Yes,” he says.", "<q:“Yes,”> he says."],
  ["other quotation marks", "«Si» 「はい」 „Ja“ so", "<q:«Si» 「はい」 „Ja“> so"],
  [
    "German quotation marks close as they do, or as English ones",
    "„Ja” und “Nein” und „Gut“ so",
    "<q:„Ja”> und <q:“Nein”> und <q:„Gut“> so",
  ],
  ["speech with an action in it", '"Go," *he says,* "now."', '<q:"Go,"> <i:he says,> <q:"now.">'],
  ["an action in the middle of speech", '"I *never* said"', '<q:"I> <iq:never> <q:said">'],
  ["inches do not speak", 'a 6" nail and more', 'a 6" nail and more'],
  ["an unclosed quotation ends with its paragraph", '"One.\n\nTwo.', '<q:"One.>||Two.'],
  ["each line begins anew with speech", '"One.\n"Two."', '<q:"One.>|<q:"Two.">'],
  ["stars with blanks around them are stars", "2 * 3 * 4", "2 * 3 * 4"],
  ["underscores inside a word stay", "snake_case_name", "snake_case_name"],
  ["an escaped star is a star", "\\*not\\* so", "*not* so"],
  [
    "emphasis goes over a line break, not over a blank line",
    "*a\nb* c\n\n*d\n\ne",
    "<i:a>|<i:b> c||<i:d>||e",
  ],
  ["a link shows its words", "see [the map](https://x.example/y z) there", "see [the map] there"],
  ["brackets alone stay", "[OOC: wait](or not)", "[OOC: wait](or not)"],
  ["a heading", "## The Pier\ntext", "<bh:The Pier>|text"],
  ["a quotation", "> a letter", "<iz:a letter>"],
  ["a bullet of any kind", "* one\n+ two", "- one|- two"],
  ["an action at the start of a line is no bullet", "*one* two", "<i:one> two"],
  ["a fence", "```\n*no*\n```\nyes", "<c:*no*>||yes"],
  ["a break of scenes", "a\n\n* * *\n\nb", "a||~||b"],
  ["an action right before speech", '*She nods.*"Yes."', '<i:She nods.><q:"Yes.">'],
  [
    "an action that runs into the next word ends there",
    "*He nods.*Then he goes.",
    "<i:He nods.>Then he goes.",
  ],
  ["the same without blanks", "*微笑む。*彼女は", "<i:微笑む。>彼女は"],
  ["the same in bold", "**Note:**text goes on", "<b:Note:>text goes on"],
  ["a slant inside a word", "un*believ*able and in**cred**ible", "un<i:believ>able and in<b:cred>ible"],
  ["a slant among wide letters", "彼*微笑*む", "彼<i:微笑>む"],
  ["stars for letters nobody writes out", "what the f**k, you s*t", "what the f**k, you s*t"],
  ["a star between figures", "5*3 is 15, 2*3*4", "5*3 is 15, 2<i:3>4"],
  ["bold of one kind in a word that ends in another", "a*b**c d", "a*b**c d"],
  ["what is open at the end stays as it was drawn", "**bold to *the end", "<b:bold to> <bi:the end>"],
  ["a sign at the very end is text", "so it ends **", "so it ends **"],
  ["open code", "he types `ls -l", "he types <c:ls -l>"],
  ["an address with brackets", "[the map](https://x.example/a_(b)_c) there", "[the map] there"],
  ["an address that never ends is text", "[the map](https://x.example/", "[the map](https://x.example/"],
  ["a table is text", "| a | *b* |\n|---|---|\n| c | d |", "| a | <i:b> |||---|---||| c | d |"],
  ["HTML is text", "<b>so</b> <br> &amp;", "<b>so</b> <br> &amp;"],
  ["a tag of one word is no heading", "#tag and # no heading", "#tag and # no heading"],
  ["three levels of a list", "- a\n  - b\n    - c", "- a|- b|- c"],
  ["a quotation of a quotation", "> > deep", "<iz:deep>"],
  ["four stars are stars", "****", "~"],
  ["stars in a row of text are stars", "a **** b", "a **** b"],
  ["a slant among wide letters goes over a blank", "彼*微笑 して*む", "彼<i:微笑 して>む"],
  ["other ticks inside code are code", "press ``a ``` b`` now", "press <c:a ``` b> now"],
  ["seven number signs are no heading", "####### so", "####### so"],
  ["a fence of the other kind is inside", "```\n~~~\nno\n```\nyes", "<c:~~~>|<c:no>||yes"],
  ["two equal signs are no break", "a\n\n==\n\nb", "a||==||b"],
];

for (const [name, source, expected] of CASES) {
  Deno.test(`markdown: ${name}`, () => assert.equal(styled(layText(source, 80)), expected));
}

Deno.test("markdown: at every cut, what is drawn is how it will stay", () => {
  for (const [name, source] of CASES) {
    const text = `${source}\n\nThe end of it.`;
    const whole = cells(layText(text, 22));
    const layout = createLayout(22);
    for (let at = 1; at <= text.length; at++) {
      extendLayout(layout, text.slice(0, at), { final: false, placements: NO_PLACEMENTS });
      const now = cells(layout.rows);
      for (const [place, cell] of now) {
        assert.equal(whole.get(place), cell, `${name}, cut at ${at}, place ${place}: ${text.slice(0, at)}`);
      }
    }
    extendLayout(layout, text, { final: true, placements: NO_PLACEMENTS });
    assert.deepEqual(cells(layout.rows), whole, name);
  }
});

/** Every drawn character with its marks, by row and column. */
function cells(rows: readonly Row[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [y, row] of rows.entries()) {
    let x = row.indent;
    if (row.scene) found.set(`${y},scene`, "~");
    for (const run of row.runs) {
      for (const char of run.text) {
        // A blank looks alike in every style but struck out.
        if (char !== " ") found.set(`${y},${x}`, `${char} ${run.marks}`);
        x++;
      }
    }
  }
  return found;
}

Deno.test("markdown: the blank after struck or slanted words is neither", () => {
  const [row] = layText("~~no~~ *so* it *is*", 40);
  assert.deepEqual(row.runs, [
    { text: "no", marks: STRIKE, start: 2 },
    { text: " ", marks: 0, start: 6 },
    { text: "so", marks: ITALIC, start: 8 },
    { text: " ", marks: 0, start: 11 },
    { text: "it ", marks: 0, start: 12 },
    { text: "is", marks: ITALIC, start: 16 },
  ]);
});
