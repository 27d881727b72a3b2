/** Facts by rule: who is called, lives, owes, gave, promised, hates or loves what; what is asked or wished is none. */

import assert from "node:assert/strict";
import { factsByRule } from "../../../brain/memory/fact_rules.ts";

const LINES: [string, string[]][] = [
  ["My name is Ida Brill and I live under the old pier.", [
    "Ida's name is Ida Brill <name>",
    "Ida lives under the old pier <lives>",
  ]],
  ["I'm called Brack.", ["Ida's name is Brack <name>"]],
  ["I owe Maren two eels and a coin.", ["Ida owes Maren two eels <owes maren>"]],
  ["I borrow nine silver marks from the tanner.", [
    "Ida owes the tanner nine silver marks <owes the tanner>",
  ]],
  ["I borrow a boat from nobody.", []],
  ["Ich leihe mir zwölf Taler vom Müller Okke.", [
    "Ida schuldet Müller Okke zwölf Taler <owes müller okke>",
  ]],
  ["I give the clay duck to Maren.", ["Ida gave Maren the clay duck <gave the clay duck>"]],
  ["I give Maren my silver key.", ["Ida gave Maren the silver key <gave the silver key>"]],
  ["I promise Maren to bring her the ledger before the tide.", [
    "Ida promised Maren to bring her the ledger <promised to bring her the ledger>",
  ]],
  ["I promise Maren two eels for the boat.", [
    "Ida promised Maren two eels for the boat <promised maren two eels for the boat>",
  ]],
  ["I hand 12 coins to Kobal.", ["Ida gave Kobal 12 coins <gave 12 coins>"]],
  ["I swear I will never sell the boat.", [
    "Ida promised to never sell the boat <promised to never sell the boat>",
  ]],
  ["I hate the ferryman. I love Tobias. I fear water.", [
    "Ida hates the ferryman <feels about the ferryman>",
    "Ida loves Tobias <feels about tobias>",
    "Ida fears water <feels about water>",
  ]],
  ["I am Maren's sister.", ["Ida is Maren's sister <kin of maren>"]],
  ["My brother Tom waits.", ["Tom is Ida's brother <kin of ida>"]],
  // "You" of a player's line is nobody known; what is asked, wished or denied is no fact.
  ['"I owe you two eels," I say.', []],
  ["If I give Maren the key, I owe the ferryman nothing.", []],
  ["Do I owe Tom money?", []],
  ["I would give Maren the key.", []],
  ["I do not owe Maren anything. Nobody lives here.", []],
  ["Ich heiße Ida und ich wohne in der Mühle am Fluss.", ["Ida wohnt in der Mühle am Fluss <lives>"]],
  ["Ich heiße Brack.", ["Ida heißt Brack <name>"]],
  ["Ich schulde Maren zwei Aale. Ich gebe dem Fährmann den Schlüssel.", [
    "Ida schuldet Maren zwei Aale <owes maren>",
    "Ida gab dem Fährmann den Schlüssel <gave den schlüssel>",
  ]],
  ["Ich verspreche Maren, morgen zurückzukommen.", [
    "Ida versprach Maren: morgen zurückzukommen <promised morgen zurückzukommen>",
  ]],
  ["Wenn ich Maren den Schlüssel gebe, schulde ich Tom nichts.", []],
];

const REPLIES: [string, string[]][] = [
  ['"You owe me three coins," says Maren. The ferryman lives in a hut behind the dunes, and he waits.', [
    "Ida owes Maren three coins <owes maren>",
    "the ferryman lives in a hut behind the dunes <lives>",
  ]],
  ['Maren says: "I am the keeper\'s daughter. My brother Tom lives by the lock."', [
    "Maren is the keeper's daughter <kin of the keeper>",
    "Tom lives by the lock <lives>",
    "Tom is Maren's brother <kin of maren>",
  ]],
  ["The smith hands you a rusty key. Old Kobal is Maren's uncle. The clerk is called Tobias.", [
    "the smith gave Ida a rusty key <gave a rusty key>",
    "Old Kobal is Maren's uncle <kin of maren>",
    "the clerk's name is Tobias <name>",
  ]],
  // The second quotation goes on in the voice of the first.
  ['"Call me Brack," the ferryman says. "I hate you."', [
    "the ferryman's name is Brack <name>",
    "the ferryman hates Ida <feels about ida>",
  ]],
  ['"I owe you nothing," somebody whispers.', []],
  ["He gave her the book. The bell rings when someone lies in bed. Everyone loves the bell.", []],
  ["„Tom ist mein Bruder“, sagt Maren. „Du schuldest mir drei Münzen.“ Kobal hasst Maren.", [
    "Tom ist Bruder von Maren <kin of maren>",
    "Ida schuldet Maren drei Münzen <owes maren>",
    "Kobal hasst Maren <feels about maren>",
  ]],
];

Deno.test("facts of the player's lines and of replies, row by row", () => {
  for (const [role, rows] of [["user", LINES], ["assistant", REPLIES]] as const) {
    for (const [text, facts] of rows) {
      const found = factsByRule(role, text, "Ida").map((fact) => `${fact.text} <${fact.relation}>`);
      assert.deepEqual(found.toSorted(), facts.toSorted(), text);
    }
  }
});

Deno.test("of one message only the last of a subject and relation is kept, and twelve facts at most", () => {
  assert.deepEqual(
    factsByRule("user", "I owe Maren two eels. I owe Maren nine eels.", "Ida").map(({ object }) => object),
    ["nine eels"],
  );
  const many = Array.from({ length: 20 }, (_, i) => `I owe ${"ABCDEFGHIJKLMNOPQRST"[i]}nna a coin.`).join(
    " ",
  );
  assert.equal(factsByRule("user", many, "Ida").length, 12);
  assert.deepEqual(factsByRule("user", "I owe Maren two eels.", ""), []);
});

Deno.test("hostile text is read in reasonable time", () => {
  const begun = performance.now();
  for (const text of ["Maren gives the the ", '"', "Aa ", "a", "I promise to ", "the the-", "„“"]) {
    factsByRule("assistant", text.repeat(64 * 1024 / text.length), "Ida");
  }
  const took = performance.now() - begun;
  assert.ok(took < 10_000, `${took} ms`);
});
