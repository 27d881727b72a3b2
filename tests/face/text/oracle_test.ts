/**
 * Our reading of Markdown beside `marked`'s: letter by letter the same weight, slant, stroke and code, the same list marks
 * and breaks. Left out on both sides is what a story has no use for (face.md 4.3): HTML, links by reference, headings
 * underlined, tables, code by indentation; and what we do otherwise on purpose: emphasis acts when it opens.
 */

import { marked, type Token, type Tokens } from "marked";
import assert from "node:assert/strict";
import { BOLD, CODE, ITALIC, STRIKE } from "../../../face/text/runs.ts";
import { createLayout, extendLayout, layText, NO_PLACEMENTS } from "../../../face/text/wrap.ts";
import { seeded } from "../../support/player.ts";
import { PROSE } from "../../support/salt_marsh.ts";

/** Each visible character with its marks; scene breaks as `~~~`. */
function ours(text: string, width: number): string[] {
  return layText(text, width).flatMap((row) =>
    row.scene
      ? ["~~~"]
      : row.runs.flatMap(({ text, marks }) => lettersOf(text, marks & (BOLD | ITALIC | STRIKE | CODE)))
  );
}

const lettersOf = (text: string, marks: number): string[] =>
  [...text].filter((char) => !/\s/.test(char)).map((char) => `${char}${marks}`);

function theirs(text: string): string[] {
  return marked.lexer(text, { gfm: true, breaks: true }).flatMap((token) => letters(token, 0));
}

function letters(token: Token, marks: number): string[] {
  const inside = (tokens: Token[] | undefined, more = 0): string[] =>
    (tokens ?? []).flatMap((part) => letters(part, marks | more));
  switch (token.type) {
    case "space":
    case "br":
      return [];
    case "hr":
      return ["~~~"];
    case "heading":
      return inside(token.tokens, BOLD);
    case "blockquote":
      return inside(token.tokens, ITALIC);
    case "list":
      return (token as Tokens.List).items.flatMap((item) => {
        const mark = /^\s*(\d+[.)])/.exec(item.raw)?.[1] ?? "-";
        return [...lettersOf(mark, marks), ...inside(item.tokens)];
      });
    case "code":
    case "codespan":
      return lettersOf((token as Tokens.Code).text, marks | CODE);
    case "strong":
      return inside(token.tokens, BOLD);
    case "em":
      return inside(token.tokens, ITALIC);
    case "del":
      return inside(token.tokens, STRIKE);
    case "html":
      return lettersOf(token.raw, marks);
    case "link":
      // Its words in brackets, without the address: a player sees that there was one.
      return [...lettersOf("[", marks), ...inside(token.tokens), ...lettersOf("]", marks)];
    case "paragraph":
      return inside(token.tokens);
    case "text":
    case "escape":
      return "tokens" in token && token.tokens !== undefined
        ? inside(token.tokens)
        : lettersOf((token as Tokens.Text).text, marks);
    default:
      throw new Error(`marked reads ${token.type} here: ${token.raw}`);
  }
}

function assertSame(text: string, what: string): void {
  const want = theirs(text);
  for (const width of [18, 68]) {
    assert.deepEqual(ours(text, width), want, `${what} at ${width}: ${JSON.stringify(text)}`);
  }
}

const CORPUS = [
  ...Object.values(PROSE),
  "*She nods.* Well, **no**, and ***never***.",
  "_She nods._ __No__, ___never___, snake_case_words stay, and so do 3 * 4 * 5.",
  "**bold *and slanted* inside** and *slanted **and bold** inside*",
  "*a **b** c* **a *b* c** ~~gone *and slanted* gone~~",
  "**Bold.** *Slanted.* ~~Gone.~~ `code *is* code` and ``two ` ticks``.",
  "a*b*c in**tra**word, but in_tra_word is none.",
  '*"Who is there?"* she asks. **"Nobody,"** he says.',
  "\\*no action\\* and \\_none\\_ and \\`none\\` and \\\\.",
  "First row\nsecond row\n\nAnother paragraph.",
  "# A heading with *slant*\n\ntext\n\n### Another",
  "- one\n- *two*\n- three **bold** `code`\n\nafter",
  "1. one\n2. two\n10. ten\n\nafter",
  "- one\n  - inner *one*\n  - inner two\n- two",
  "* star\n* star two\n\n+ plus\n+ plus two",
  "> a letter that *nobody* sent\n> in **two** rows\n\nafter",
  "before\n\n---\n\nafter\n\n***\n\nend\n\n* * *\n\nreally",
  "```\ncode *is* code\n  and - blanks\n```\n\nafter",
  "~~~text\n- code\n# code\n~~~\n\nafter",
  "[the sign](https://example.com/a_b_c) and [*slanted*](http://example.com).",
  "Half-heartedly \u2014 \u201cno\u201d \u2014 *\u201cnever\u201d*, \u65e5\u672c *\u8a9e* \u3067\u3059, caf\u00e9 **na\u00efve**, \u{1f3ad} *\u{1f3ad}*.",
];

Deno.test("oracle: a corpus of role-play reads as marked reads it", () => {
  for (const text of CORPUS) assertSame(text, "corpus");
});

Deno.test("oracle: a thousand texts made by chance read as marked reads them", () => {
  for (let seed = 1; seed <= 1000; seed++) assertSame(randomText(seeded(seed)), `seed ${seed}`);
});

/** A text of blocks and emphasis, every opening with its end. */
function randomText(chance: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)];
  const some = (least: number, most: number) => least + Math.floor(chance() * (most - least + 1));
  const words = (): string =>
    Array.from(
      { length: some(1, 4) },
      () =>
        pick([
          "the",
          "lamp",
          "burns",
          "low,",
          "\u65e5\u672c",
          "caf\u00e9",
          "no.",
          "half-lit",
          "3",
          "it's",
          "\u2014",
        ]),
    ).join(" ");
  const piece = (used: string): string => {
    const kinds = [
      "plain",
      "plain",
      "*",
      "_",
      "**",
      "__",
      "***",
      "~~",
      "`",
      "speech",
      "link",
      "inside",
    ].filter((
      kind,
    ) =>
      // One kind inside itself has no meaning, and both kinds of one slant are told apart by no reader.
      ["plain", "speech"].includes(kind) ||
      (kind.length > 3 ? used === "" : ![...kind].some((char) => used.includes(char)))
    );
    const kind = pick(kinds);
    if (kind === "plain") return words();
    if (kind === "speech") return `"${words()}"`;
    if (kind === "link") {
      return `[${piece(`${used}[`)}](https://example.com/${pick(["a", "a_b_c", "a*b", "a(b)"])})`;
    }
    // Inside a word: what ends in it is marked, what does not is a letter as any other.
    if (kind === "inside") return `un${pick(["*", "**", "~~"])}lit`.replace(/([*~]+)(.*)/, "$1$2$1able");
    if (kind === "`") return `\`${words()}\``;
    const slanted = used + kind + (/[*_]/.test(kind) ? "*_" : "");
    const inner = chance() < 0.3 ? `${words()} ${piece(slanted)} ${words()}` : words();
    return `${kind}${inner}${kind}`;
  };
  // Signs that mean nothing here; a slant beside them could end in them, for other readers.
  const odd = (): string =>
    `${words()} ${
      pick(["f**k", "s*t", "5*3", "2 * 3", "snake_case_name", "<br>", "a|b", "#tag", "\\*no\\*"])
    } ${words()}`;
  const line = (): string => Array.from({ length: some(1, 4) }, () => piece("")).join(" ");
  const block = (): string =>
    pick([
      () => `The ${line()}`,
      () => `The ${line()}\nand ${line()}`,
      () => `${"#".repeat(some(1, 4))} The ${line()}`,
      () => Array.from({ length: some(1, 3) }, () => `- the ${line()}`).join("\n"),
      () => Array.from({ length: some(1, 3) }, (_, at) => `${at + 1}. the ${line()}`).join("\n"),
      () => Array.from({ length: some(1, 3) }, () => `> the ${line()}`).join("\n"),
      () => `- the ${line()}\n  - the ${line()}\n    - the ${line()}\n- the ${line()}`,
      () => `1. the ${line()}\n   - the ${line()}\n2. the ${line()}`,
      () => `> > the ${line()}`,
      () => `The ${odd()}`,
      () => `\`\`\`\n${line()}\n${line()}\n\`\`\``,
      () => "---",
    ])();
  // A paragraph between two blocks: lists and quotes that touch are one.
  return Array.from({ length: some(1, 4) }, () => `${block()}\n\nThe ${words()}`).join("\n\n");
}

const SIGNS = [
  "*",
  "**",
  "***",
  "_",
  "__",
  "~~",
  "`",
  "``",
  "```",
  '"',
  "“",
  "”",
  "[",
  "](",
  ")",
  "https://x.y/z",
  "# ",
  "> ",
  "- ",
  "1. ",
  "|",
  "|---|",
  "<b>",
  "</b>",
  "&amp;",
  "\\",
  "---",
  "\n",
  "\n\n",
  "    ",
  " ",
  " ",
  " ",
  "lamp",
  "burns",
  "low",
  "日本",
  "語。",
  "café",
  "—",
  "3",
  "it's",
  "!",
  ".",
];

/** Any signs in any order: much is opened that nothing closes. */
function anySigns(seed: number): string {
  const chance = seeded(seed);
  return Array.from({ length: 60 }, () => SIGNS[Math.floor(chance() * SIGNS.length)]).join("");
}

const lettersAndFigures = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, "");

Deno.test("whatever a narrator opens and does not close, no letter of it is lost", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const text = anySigns(seed);
    const shown = layText(text, 40).flatMap(({ runs }) => runs.map((run) => run.text)).join("");
    // Addresses of links and what stands beside the marks of a fence are not shown.
    const source = lettersAndFigures(
      text.replace(/^ *(```+|~~~+).*$/gm, "").replace(/\]\(https?:[^)]*\)/g, ""),
    );
    assert.ok(
      isInside(source, lettersAndFigures(shown)),
      `seed ${seed}: ${JSON.stringify(text)} became ${JSON.stringify(shown)}`,
    );
  }
});

/** All letters of the one stand in the other in their order, and the other has none beside them but links that ended late. */
function isInside(wanted: string, shown: string): boolean {
  let at = 0;
  for (const char of shown) if (char === wanted[at]) at++;
  return at === wanted.length;
}

Deno.test("of any signs, in pieces of any size, nothing changes that was drawn, neither letters nor marks", () => {
  for (let seed = 1; seed <= 600; seed++) {
    const text = anySigns(seed);
    const chance = seeded(seed + 7000);
    const layout = createLayout(30);
    const marked = (): string[] =>
      layout.rows.flatMap((row, y) =>
        row.runs.flatMap((run) =>
          [...run.text].filter((char) => char !== " ").map((char) => `${y}${char}${run.marks}`)
        )
      );
    let before: string[] = [];
    for (let at = 0; at < text.length;) {
      at = Math.min(text.length, at + 1 + Math.floor(chance() * 6));
      extendLayout(layout, text.slice(0, at), { final: at === text.length, placements: NO_PLACEMENTS });
      const now = marked();
      const where = `seed ${seed} at ${at}: ${JSON.stringify(text.slice(0, at))}`;
      assert.deepEqual(now.slice(0, before.length), before, where);
      before = now;
    }
  }
});
