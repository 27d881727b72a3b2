/** What the built-in narrator may retell of a lore text. */

import assert from "node:assert/strict";
import { loreAbout, loreOpenings, names } from "../../../brain/llm/demo_lore.ts";

const LORE = `## Mrs Oakes
Mrs Oakes sells kettles on Sundays. She wants a lid that fits. She hides a silver kettle under the stairs. If nobody comes, Mrs Oakes polishes it.

## The market
The market smells of tin. A kettle costs four sous. It closes at noon.

## The vault
The vault under the market holds every kettle of the old queen. The queen's lid is there. Known to: Mrs Oakes.`;

Deno.test("a sentence that names the noun is retold, from what is about it before what mentions it", () => {
  assert.deepEqual(loreAbout("kettle", [], LORE), [
    "Mrs Oakes sells kettles on Sundays.",
    "A kettle costs four sous.",
  ]);
});

Deno.test("a sentence that leans on its entry brings the entry's first sentence along", () => {
  assert.deepEqual(loreAbout("lid", [], LORE), [
    "Mrs Oakes sells kettles on Sundays. She wants a lid that fits.",
  ]);
  assert.deepEqual(loreAbout("noon", [], LORE), ["The market smells of tin. It closes at noon."]);
});

Deno.test("secrets and notes to the narrator are not retold, neither from the world nor as recalled text", () => {
  assert.deepEqual(loreAbout("queen", [], LORE), []);
  assert.deepEqual(
    loreAbout("queen", ["The vault under the market holds every kettle of the old queen."], LORE),
    [],
  );
  assert.deepEqual(loreAbout("queen", ["The queen's lid is there."], LORE), []);
  assert.deepEqual(loreAbout("queen", ["The queen is dead."], LORE), ["The queen is dead."]);
  assert.deepEqual(loreAbout("queen", ["The queen is dead. Known to: nobody."], ""), []);
  assert.deepEqual(loreAbout("stairs", [], LORE), []);
  assert.deepEqual(loreAbout("polish", [], LORE), []);
});

Deno.test("the steps of a clock are not retold: they would tell what is to come", () => {
  const steps = [
    "On Friday the axe is sold.",
    "By Friday's light the axe is gone.",
    "On the third the axe is oiled.",
    "Half past nine: Kobal takes the axe.",
    "Ten: the axe again.",
    "Saturday at six the axe falls.",
  ];
  for (const step of steps) {
    assert.deepEqual(loreAbout("axe", [], `## Evening\nThe evening is long. ${step}`), [], step);
    assert.deepEqual(loreOpenings([step], ""), [], step);
  }
  const told = ["On Fridays the axe is lent.", "On the third landing an axe hangs.", "The axe: a heavy one."];
  assert.deepEqual(loreAbout("axe", told.slice(0, 1), ""), told.slice(0, 1));
  assert.deepEqual(loreAbout("axe", told.slice(1, 2), ""), []);
  assert.deepEqual(
    loreAbout("axe", ["He said it to me twice over, and again to everybody there: the axe is mine."], ""),
    [
      "He said it to me twice over, and again to everybody there: the axe is mine.",
    ],
  );
});

Deno.test("what was recalled comes first, without its heading and only once", () => {
  assert.deepEqual(
    loreAbout(
      "kettle",
      ["## News\nKettles are dear this year.", "Mrs Oakes sells kettles on Sundays."],
      LORE,
    ),
    ["Kettles are dear this year.", "Mrs Oakes sells kettles on Sundays.", "A kettle costs four sous."],
  );
});

Deno.test("a sentence of 55 words is retold and one of 56 is not", () => {
  const words = (count: number) => `The kettle ${"is ".repeat(count - 3)}full.`;
  assert.equal(words(55).split(" ").length, 55);
  assert.deepEqual(loreAbout("kettle", [words(55)], ""), [words(55)]);
  assert.deepEqual(loreAbout("kettle", [words(56)], ""), []);
  assert.deepEqual(loreOpenings([words(55), words(56)], ""), [words(55)]);
});

Deno.test("openings are first sentences of what anybody may tell", () => {
  assert.deepEqual(loreOpenings(["Rain is free."], LORE), [
    "Rain is free.",
    "Mrs Oakes sells kettles on Sundays.",
    "The market smells of tin.",
  ]);
  assert.deepEqual(loreOpenings([], ""), []);
});

Deno.test("a text names a word in any of its forms, a phrase only as it stands", () => {
  const rows: [string, string[], boolean][] = [
    ["I polish the kettles.", ["kettle"], true],
    ["I look at the kettle", ["kettles"], true],
    ["Who ARE you, then?", ["who are you"], true],
    ["You are who?", ["who are you"], false],
    ["the kettledrum", ["kettle"], false],
    ["", ["kettle"], false],
    ["the tin", [], false],
  ];
  for (const [text, words, expected] of rows) assert.equal(names(text, words), expected, text);
});
