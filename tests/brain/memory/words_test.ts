import assert from "node:assert/strict";
import { asksOwnWords, asksWhen, hasTime, questionTerms } from "../../../brain/memory/words.ts";

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
      () => {
        const found = new Set(questionTerms(line, []).map((term) => term.word));
        assert.deepEqual([...found].sort(), [...words].sort());
      },
    );
  }
});

Deno.test("the line counts whole, what was before faintly, names before by half; only some words call", () => {
  const terms = questionTerms("I look for the bell", [
    "The lantern sways. You see Maren beside the bell.",
    "Nothing stirs",
  ]);
  assert.deepEqual(terms, [
    { word: "bell", phrase: "bell", prefix: false, weight: 1, calls: true },
    { word: "look", phrase: "look", prefix: false, weight: 1, calls: false },
    { word: "maren", phrase: "maren", prefix: false, weight: 0.5, calls: true },
    { word: "lantern", phrase: "lantern", prefix: false, weight: 0.1, calls: false },
    { word: "sways", phrase: "sways", prefix: false, weight: 0.1, calls: false },
    { word: "stirs", phrase: "stirs", prefix: false, weight: 0.1, calls: false },
    { word: "nothing", phrase: "nothing", prefix: false, weight: 0.1, calls: false },
  ]);
});

Deno.test("kindred words are looked for as the word that they stand for, eight at most, and only of words that call", () => {
  const terms = (line: string) =>
    questionTerms(line, ["A boat."]).map(({ word, phrase, weight, calls }) => [word, phrase, weight, calls]);
  assert.deepEqual(terms("I mend my sack."), [
    ["mend", "mend", 1, true],
    ["sack", "sack", 1, true],
    ["sack", "bag", 0.4, true],
    ["sack", "satchel", 0.4, true],
    ["sack", "saddlebag", 0.4, true],
    ["sack", "knapsack", 0.4, true],
    ["sack", "pouch", 0.4, true],
    ["boat", "boat", 0.1, false],
  ]);
  const many = terms("My cloak, my sabre and my hound.").filter(([, , weight]) => weight === 0.4);
  assert.equal(many.length, 8);
  // What stands in the line itself is no one's kindred; "fire" in a deed calls nothing, so nothing like it does.
  assert.deepEqual(terms("The wolf and the hound!").map(([, phrase]) => phrase), ["hound", "wolf", "boat"]);
  assert.deepEqual(
    questionTerms("I wear a Mantel und Schwert, ich habe sie noch.", []).filter((term) => term.weight === 0.4)
      .map(({ phrase, prefix }) => [phrase, prefix])[0],
    ["kling", true],
  );
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
  assert.equal(questionTerms(line, [line]).length, 16);
  assert.equal(questionTerms("x", [line, line]).length, 6);
  const names = questionTerms(`so ${line.slice(0, 500)} Maren`, []).map((term) => term.word);
  assert.equal(names.length, 16);
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
  assert.ok(performance.now() - begun < 10_000);
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

Deno.test("German words are asked for by what their endings leave", () => {
  const asked = (line: string) =>
    questionTerms(line, []).map(({ phrase, prefix, calls }) => [phrase, prefix, calls]);
  assert.deepEqual(asked("Wo sind die Glocken?"), [["glock", true, true]]);
  assert.deepEqual(asked("Ich frage den Fährmann nach der Glocke."), [["fährman", true, true], [
    "glock",
    true,
    true,
  ], [
    "frag",
    true,
    false,
  ]]);
  assert.deepEqual(asked("The bell in the fog"), [["bell", false, true], ["fog", false, true]]);
});

Deno.test("questions for a time, and texts that tell one", async (t) => {
  const rows: [string, boolean, boolean][] = [
    ["When did Maren leave?", true, false],
    ["How long ago was it?", true, true],
    ["Maren left yesterday.", false, true],
    ["Whenever you like", false, false],
    ["It was two weeks ago, on a Monday.", false, true],
    ["Wann kam sie?", true, false],
    ["いつ来た？", true, false],
    ["昨日来た。", false, true],
  ];
  for (const [text, asks, tells] of rows) {
    await t.step(text, () => assert.deepEqual([asksWhen(text), hasTime(text)], [asks, tells]));
  }
});
