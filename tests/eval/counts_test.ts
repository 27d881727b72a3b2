import assert from "node:assert/strict";
import { countReplies, type Kind, languageOf, totals } from "./counts.ts";

const OPTIONS = {
  player_name: "Ada",
  words: { min: 3, max: 30 },
  restricted: [{
    heading: "The bell",
    text: "The sexton Marin sank the silver bell under the ferry chain.",
    known_to: "Marin",
  }],
  known: "The bell rings. The ferry has a chain.",
  impossible: "I jump onto the roof.",
};

function kinds(line: string, reply: string): Kind[] {
  return [...new Set(countReplies([{ line, reply }], OPTIONS).map((finding) => finding.kind))];
}

Deno.test("each failing of a reply is found, and a good reply has none", () => {
  const rows: [line: string, reply: string, Kind[]][] = [
    ["I look.", "A gull lands on the rail. Kobal lifts his lamp and waits.", []],
    ["I look.", '"What do you want?" Kobal asks, and holds the door.', []],
    ["I look.", 'Kobal turns. "Who goes there?"', []],
    ["I look.", "You decide to leave the gate behind.", ["player_moved"]],
    ["I look.", "The rain stops. Ada smiles at the guard.", ["player_moved"]],
    ["I look.", "The gate is open. What do you do?", ["player_moved", "question"]],
    ["I look.", "The gate is open. Is it a trap?", ["question"]],
    ["I look.", "You hear the rope creak above the water.", []],
    ["I look.", "Gate open.", ["length"]],
    ["I look.", Array(31).fill("rope").join(" ") + ".", ["length"]],
    ["I look.", "The gate is open and then the", ["broken_end"]],
    ["I look.", "# The gate\nIt is open now.", ["markup"]],
    ["I look.", "It is open now.\n- go in\n- stay out.", ["markup"]],
    ["I look.", "(The gate is open now.)", ["markup"]],
    ["I look.", "As an AI I love gates.", ["markup"]],
    ["I open the heavy iron gate.", "You open the heavy iron gate and step in.", ["retold"]],
    ["I open the gate slowly.", "You open the gate slowly.", ["retold"]],
    ["I open the gate.", "You open the gate." + " A dog waits.", []],
    ["I open the heavy iron gate.", "Cold air comes out, and a dog behind it.", []],
    ["I look.", "They say Marin the sexton sold the silver.", ["secret"]],
    ["¿Dónde puedo dormir y con quién se habla en la casa?", "The old man nods to the bed in the loft.", [
      "language",
    ]],
    ["I jump onto the roof.", "You land on the roof, and a gull looks you over.", ["granted"]],
    ["I jump onto the roof.", "You are on top. The ridge is yours, you stand on the tiles.", ["granted"]],
    ["I jump onto the roof.", "The roof stays where it is, and you never reach the gutter.", []],
    ["I jump onto the roof.", "You don't reach the roof. A gull laughs at that.", []],
    ["I jump onto the shed.", "You land on the roof, and a gull looks you over.", []],
    ["I look.", " ", ["empty"]],
  ];
  for (const [line, reply, expected] of rows) assert.deepEqual(kinds(line, reply), expected, reply);
});

Deno.test("repetition is counted against the five replies before", () => {
  const told = [
    "The lamp swings over the black water again.",
    "A dog barks twice.",
    "A bell answers far away.",
    "Kobal spits into the wind.",
    "Something heavy falls behind the door.",
    "Now the lamp swings over the black water, and stays.",
    "Now the lamp swings over the black rope once more.",
  ].map((reply) => ({ line: "I wait.", reply }));
  const findings = countReplies(told, OPTIONS);
  assert.deepEqual(
    findings.filter((finding) => finding.kind === "repeated").map(({ reply, quote }) => [reply, quote]),
    [
      [5, "1: the lamp swings over the"],
      [6, "1: now the lamp swings over"],
    ],
  );
  assert.deepEqual(
    findings.filter((finding) => finding.kind === "same_start").map((finding) => finding.reply),
    [6],
  );
  assert.equal(totals(findings).repeated, 2);
});

Deno.test("a secret is told with three of its own words of five letters, no less", () => {
  const restricted = [{
    heading: "Oath",
    text: "Odo owes Iva nine eels, a large gilded kettle.",
    known_to: "Odo",
  }];
  const found = (reply: string) =>
    countReplies([{ line: "I look.", reply }], { ...OPTIONS, restricted, known: "" }).map(({ quote }) =>
      quote
    );
  assert.deepEqual(found("Odo owes Iva nine eels."), []);
  assert.deepEqual(found("Iva has a large kettle."), []);
  assert.deepEqual(found("A large gilded kettle, no less."), ["Oath (known to Odo): large, gilded, kettle"]);
});

Deno.test("two remarks of one kind about a reply count once", () => {
  const findings = countReplies([{ line: "I look.", reply: "# The gate\nAs an AI I love gates." }], OPTIONS);
  assert.equal(findings.filter(({ kind }) => kind === "markup").length, 2);
  assert.equal(totals(findings).markup, 1);
});

Deno.test("a language is named only when it is clear", () => {
  const rows: [string, string | null][] = [
    ["The lamp of the guard is in the well.", "English"],
    ["El hombre de la puerta no habla con los viajeros.", "Spanish"],
    ["Der Mann ist nicht auf der Brücke.", "German"],
    ["the and of, el que", "English"],
    ["the and of, el que los", null],
    ["I nod.", null],
    ["", null],
  ];
  for (const [text, language] of rows) assert.equal(languageOf(text), language, text);
});
