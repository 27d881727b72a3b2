import assert from "node:assert/strict";
import { tellingPart, tellingSentence } from "../../../brain/memory/telling.ts";

const SHORT =
  "The bell hangs. It is green.\nNobody rings it but the tide, which takes its time about it in winter.";

Deno.test("the sentence that most of the words stand in tells; without any the longest", async (t) => {
  const rows: [string, string[], string][] = [
    ["One eel. Two eels and a pike.", ["eel"], "Two eels and a pike."],
    ["One eel. An eel and a pike.", ["eel", "pike"], "An eel and a pike."],
    ["The bells ring. Fog comes up from the river.", ["bells"], "The bells ring."],
    // As it was asked for, whatever its ending; or in another word for the same.
    ["The bell rings. Fog comes up from the river.", ["bells"], "The bell rings."],
    ["A coat hangs there. Fog comes up from the river.", ["jacket"], "A coat hangs there."],
    ["Fog. A river.", [], "A river."],
    ["", ["eel"], ""],
  ];
  for (const [text, words, sentence] of rows) {
    await t.step(text, () => assert.equal(tellingSentence(text, words), sentence));
  }
});

Deno.test("a short sentence is told with the next one, the last with the one before; word for word", () => {
  assert.equal(tellingPart(SHORT, ["bell"]), "The bell hangs. It is green.");
  assert.equal(
    tellingPart(SHORT, ["green"]),
    "It is green.\nNobody rings it but the tide, which takes its time about it in winter.",
  );
  assert.equal(
    tellingPart(SHORT, ["tide"]),
    "Nobody rings it but the tide, which takes its time about it in winter.",
  );
  assert.equal(tellingPart("It is green. The bell hangs.", ["bell"]), "It is green. The bell hangs.");
  assert.equal(tellingPart("The bell hangs.", ["bell"]), "The bell hangs.");
  const long = `The bell ${"x".repeat(50)}.`;
  assert.equal(long.length, 60);
  assert.equal(tellingPart(`${long} So.`, ["bell"]), long);
  assert.equal(tellingPart(`${long.slice(1)} So.`, ["bell"]), `${long.slice(1)} So.`);
});
