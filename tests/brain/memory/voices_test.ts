import assert from "node:assert/strict";
import { person, speakerOf, voices } from "../../../brain/memory/voices.ts";

const NAMES = new Set(["Odile", "Wenzel", "Karin Roth"]);
const isName = (word: string) => NAMES.has(word);

Deno.test("who says a sentence is found beside it, or in the sentence before", async (t) => {
  // Text, a sentence of it, who says it.
  const rows: [string, string, string | null][] = [
    ['"Nine. By the fair," says Wenzel.', '"Nine.', "Wenzel"],
    ['Old Tom spits. "Nine," the smith said, "or none."', '"or none."', "the smith"],
    ['The maid whispers: "He never was there."', '"He never was there."', "the maid"],
    ["»Bis Martini«, sagt Okke und zählt.", "»Bis Martini«, sagt Okke", "Okke"],
    ["«Jamais», answered Lucien. «Never.»", "«Never.»", "Lucien"],
    ["„Nein“, sagte der Küster. „Nie.“", "„Nie.“", "der Küster"],
    ['Odile lays a key on the table. "Two nights," she says.', '"Two nights," she says.', "Odile"],
    ['"No." Odile waits. Wenzel bites a coin. "Nine," he says.', '"Nine," he says.', "Wenzel"],
    ['Karin Roth laughs. "Nine," he said.', '"Nine," he said.', "Karin Roth"],
    // A capital alone makes no name; without "he" nobody knows who goes on.
    ['Rain drips. "Nine," he says.', '"Nine," he says.', null],
    ['Odile waits. "Nine."', '"Nine."', null],
    ['You look at Odile. "Nine," she says.', '"Nine," she says.', null],
    // Narration is the narrator's, whatever is said beside it.
    ['Wenzel bites a coin. "Nine," says Odile.', "Wenzel bites a coin.", null],
    ['"Nine," says Wenzel.', "Eight.", null],
    ['The board says "Inn" above the door. "Ho," says Tom.', 'The board says "Inn" above the door.', null],
  ];
  for (const [text, sentence, who] of rows) {
    await t.step(sentence, () => assert.equal(speakerOf(text, sentence, isName), who));
  }
});

Deno.test("a text is cut into stretches of one voice, nothing is lost but the marks", () => {
  const reply = 'She nods. "I owe you," says Maren. "Twice." You go.';
  const maren = { i: "Maren", you: "Ida" };
  const told = { i: null, you: "Ida" };
  assert.deepEqual(voices("assistant", reply, "Ida"), [
    { part: "She nods. ", voice: told },
    { part: "I owe you,", voice: maren },
    { part: " says Maren. ", voice: told },
    { part: "Twice.", voice: maren },
    { part: " You go.", voice: told },
  ]);
  assert.deepEqual(voices("user", 'I say: "Mine."', "Ida").map(({ voice }) => voice), [
    { i: "Ida", you: null },
    { i: "Ida", you: null },
    { i: "Ida", you: null },
  ]);
  // Who speaks is unknown: "you" may be anybody.
  assert.deepEqual(voices("assistant", '"You owe me."', "Ida")[1].voice, { i: null, you: null });
  assert.deepEqual(voices("assistant", "»Ich«, sagt er.", "").map(({ part }) => part), [
    "",
    "Ich",
    ", sagt er.",
  ]);
});

Deno.test("a word means a person, or nobody who is known", () => {
  const voice = { i: "Maren", you: "Ida" };
  const rows: [string | undefined, string | null][] = [
    ["I", "Maren"],
    ["dich", "Ida"],
    ["Tom", "Tom"],
    ["The old smith", "the old smith"],
    ["The", null],
    ["the who", null],
    ["She", null],
    ["Nobody Else", null],
    [undefined, null],
  ];
  for (const [word, who] of rows) assert.equal(person(word, voice), who, word);
});
