import assert from "node:assert/strict";
import { asksOwnWords, type Found, lend, questionTerms, rank } from "../../../brain/memory/rank.ts";

Deno.test("a question becomes its content words", async (t) => {
  const rows: [string, string[]][] = [
    ["", []],
    ["Where is the bell?", ["bell"]],
    ["What did I promise Maren about the eels?", ["promise", "maren", "eels"]],
    ["Isn't it Maren's?", ["maren"]],
    ["I don’t know", ["know"]],
    ["eel, EEL, Eel", ["eel"]],
    ["a x 7 é", ["7"]],
    ["café Grüße naïve", ["naïve", "grüße", "café"]],
    ['"quotes" OR NEAR(x) * ^col: -minus {a}', ["quotes", "minus", "near", "col"]],
    ["😀 ... !!!", []],
    ["鐘の音", ["鐘の", "の音"]],
    ["鐘", ["鐘"]],
    ["Go to 東京 now", ["go", "東京"]],
    ["Tokyo東京", ["tokyo", "東京"]],
  ];
  for (const [line, words] of rows) {
    await t.step(
      line,
      () => assert.deepEqual(questionTerms(line, []).map((term) => term.word).sort(), [...words].sort()),
    );
  }
});

Deno.test("the line counts whole, what was before faintly, names before by half; only some words call", () => {
  const terms = questionTerms("I look for the bell", [
    "The lantern sways. You see Maren beside the bell.",
    "Nothing stirs",
  ]);
  assert.deepEqual(terms, [
    { word: "bell", phrase: "bell", weight: 1, calls: true },
    { word: "look", phrase: "look", weight: 1, calls: false },
    { word: "maren", phrase: "maren", weight: 0.5, calls: true },
    { word: "lantern", phrase: "lantern", weight: 0.1, calls: false },
    { word: "nothing", phrase: "nothing", weight: 0.1, calls: false },
    { word: "beside", phrase: "beside", weight: 0.1, calls: false },
    { word: "sways", phrase: "sways", weight: 0.1, calls: false },
    { word: "stirs", phrase: "stirs", weight: 0.1, calls: false },
  ]);
});

Deno.test("characters are searched in pairs; grammar alone calls nothing", () => {
  assert.deepEqual(questionTerms("鐘をする", []).map(({ phrase, calls }) => [phrase, calls]), [
    ["鐘 を", true],
    ["を す", false],
    ["す る", false],
  ]);
});

Deno.test("a very long line asks no more than an ordinary one, names first", () => {
  const line = Array.from({ length: 9000 }, (_, i) => `word${i}`).join(" ");
  assert.equal(questionTerms(line, [line]).length, 12);
  assert.equal(questionTerms("x", [line, line]).length, 6);
  const names = questionTerms(`so ${line.slice(0, 500)} Maren`, []).map((term) => term.word);
  assert.equal(names.length, 12);
  assert.equal(names[0], "maren");
  const begun = performance.now();
  for (
    const text of [
      "x".repeat(65536),
      "'".repeat(65536),
      "a'b".repeat(20000),
      "鐘".repeat(65536),
      " ".repeat(65536),
    ]
  ) {
    questionTerms(text, [text]);
  }
  assert.ok(performance.now() - begun < 1000);
});

const found = (
  word: string,
  ids: number[],
  more: { weight?: number; calls?: boolean; length?: number } = {},
): Found => ({
  term: { word, phrase: word, weight: more.weight ?? 1, calls: more.calls ?? true },
  matches: ids.map((id) => ({ id, length: more.length ?? 100 })),
});
const ids = (scored: { id: number }[]) => scored.map((unit) => unit.id);

Deno.test("nothing was found, nothing comes back", () => {
  assert.deepEqual(rank([], 100), []);
  assert.deepEqual(rank([found("eel", [])], 100), []);
});

Deno.test("the score is BM25 with each word once", () => {
  const [only] = rank([found("eel", [7])], 100);
  assert.equal(only.id, 7);
  assert.deepEqual(only.words, ["eel"]);
  // ln(1 + (100 - 1 + 0.5) / (1 + 0.5)) * 2.2 / (1 + 1.2)
  assert.ok(Math.abs(only.score - 4.2096) < 0.001, `${only.score}`);
  const [half] = rank([found("eel", [7], { weight: 0.5 })], 100);
  assert.ok(Math.abs(half.score - only.score / 2) < 1e-9);
});

Deno.test("rare words, more words and shorter texts come first, then the newer unit", () => {
  assert.deepEqual(ids(rank([found("rare", [1]), found("usual", [2, 3, 4])], 100)), [1, 4, 3, 2]);
  assert.deepEqual(ids(rank([found("eel", [1, 2]), found("bell", [1, 3])], 100)), [1, 3, 2]);
  const lengths = rank(
    [{ ...found("eel", []), matches: [{ id: 1, length: 50 }, { id: 2, length: 400 }] }],
    100,
  );
  assert.deepEqual(ids(lengths), [1, 2]);
  // Average length 225: 2.2 / (1 + 1.2 * (0.25 + 0.75 * 50 / 225)) against the same with 400.
  assert.ok(
    Math.abs(lengths[0].score / lengths[1].score - 1.9333) < 0.001,
    `${lengths[0].score / lengths[1].score}`,
  );
  const [both] = rank([found("usual", [1, 2, 3]), found("rare", [1])], 100);
  assert.deepEqual(both.words, ["rare", "usual"]);
});

Deno.test("the floor: a unit needs a word that calls and is rare", () => {
  const common = Array.from({ length: 26 }, (_, i) => i);
  assert.deepEqual(rank([found("look", [1], { calls: false })], 100), []);
  assert.deepEqual(rank([found("marsh", common)], 100), []);
  assert.equal(rank([found("marsh", common.slice(1))], 100).length, 25);
  assert.deepEqual(ids(rank([found("marsh", common), found("bell", [3])], 100)), [3]);
  assert.deepEqual(ids(rank([found("bell", [3]), found("marsh", common)], 100)), [3]);
  // A small story: three finds are few even when they are a large part of it.
  assert.equal(rank([found("eel", [1, 2, 3])], 4).length, 3);
  assert.deepEqual(rank([found("eel", [1, 2, 3, 4])], 4), []);
});

Deno.test("more finds than units is no reason for a number that is none", () => {
  for (const unit of rank([found("eel", [1, 2, 3])], 1)) {
    assert.ok(unit.score > 0 && Number.isFinite(unit.score));
  }
});

Deno.test("neighbours lend: half of the message before, three tenths of the one after", () => {
  const scored = [
    { id: 10, score: 8, words: ["eel"] },
    { id: 11, score: 6, words: ["bell"] },
    { id: 40, score: 4, words: ["mud"] },
  ];
  const place = new Map([[10, 5], [11, 5], [40, 6], [20, 4], [50, 7], [60, 9]]);
  const got = lend(scored, place, [20, 50, 60, 40]);
  assert.deepEqual(got.map(({ id, score, words }) => [id, Math.round(score * 10) / 10, words]), [
    [10, 9.2, ["eel"]],
    [40, 8, ["mud"]],
    [11, 7.2, ["bell"]],
    [20, 2.4, ["eel"]],
    [50, 2, ["mud"]],
  ]);
});

Deno.test("a question for the player's own words is recognised", async (t) => {
  const rows: [string, boolean][] = [
    ["What did I promise Maren?", true],
    ["Who heard me swear?", true],
    ["I said so", true],
    ["What did Maren promise?", false],
    ["I walk on", false],
    ["Did my brother, back then on the long and muddy road, ever say so?", false],
  ];
  for (const [line, expected] of rows) await t.step(line, () => assert.equal(asksOwnWords(line), expected));
});
