import assert from "node:assert/strict";
import type { UnitCorpus } from "../../../brain/memory/corpus.ts";
import type { Hits } from "../../../brain/memory/rank.ts";
import { callersOf, sharesAmong, weigher } from "../../../brain/memory/weigh.ts";
import { type Weights, WORDS_ONLY } from "../../../brain/memory/weights.ts";
import type { MemoryRow } from "../../../brain/store/memories.ts";

/** Five units at places 0 to 4, with ids 10 to 14. */
const CORPUS = {
  size: 5,
  place: Int32Array.from([0, 1, 2, 3, 4]),
  places: 5,
  slotOf: (id: number) => id >= 10 && id < 15 ? id - 10 : -1,
} as UnitCorpus;

function hit(word: string, slots: number[], phrase = word, weight = 1): Hits {
  return { term: { word, phrase, prefix: false, weight, calls: true }, slots };
}

const HITS = [hit("eel", [0, 1, 2]), hit("pier", [2]), hit("pier", [2, 4], "quay", 0.5), hit("ghost", [])];

Deno.test("the words that called a unit: the rarer first, kindred of one word once; beside it, those of its neighbours", () => {
  const callers = callersOf(CORPUS, HITS);
  assert.deepEqual([0, 2, 3, 4].map((slot) => callers.of(slot)), [["eel"], ["pier", "eel"], [], ["pier"]]);
  assert.deepEqual(callers.beside(3), ["eel", "pier"]);
  assert.deepEqual(callers.beside(0), ["eel"]);
});

Deno.test("a unit's share is of the worth of all words that are anywhere, by how rare they are", () => {
  const { share } = callersOf(CORPUS, HITS);
  assert.equal(share(2), 1);
  assert.equal(share(3), 0);
  // ln(1 + 2.5 / 3.5), ln(1 + 4.5 / 1.5), half of ln(1 + 3.5 / 2.5).
  const [eel, pier, quay] = [Math.log(12 / 7), Math.log(4), Math.log(2.4) / 2];
  assert.ok(Math.abs(share(0) - eel / (eel + pier + quay)) < 1e-9);
  assert.equal(callersOf(CORPUS, [hit("ghost", [])]).share(0), 0);
});

Deno.test("each reason to weigh a unit more or less is a factor of its own", async (t) => {
  const factor = (line: string, patch: Partial<MemoryRow>, weights: Partial<Weights>, slot = 3) => {
    const row = { text: "x", speaker: "Maren", role: "assistant", ...patch } as MemoryRow;
    const other = { text: "y", speaker: "Noah", role: "user" } as MemoryRow;
    const near = [{ unit_id: 12, similarity: 0.5 }, { unit_id: 13, similarity: 0.9 }, {
      unit_id: 99,
      similarity: 1,
    }];
    const weigh = weigher({
      line,
      rows: [row, other],
      corpus: CORPUS,
      callers: callersOf(CORPUS, HITS),
      near,
      weights: { ...WORDS_ONLY, ...weights },
    });
    return weigh(row, slot);
  };
  const rows: [string, number, number][] = [
    ["nothing speaks for it", factor("Where?", {}, {}), 1],
    ["the player's own words", factor("What did I promise?", { role: "user" }, { own_words: 2 }), 2],
    ["not the player's", factor("What did I promise?", {}, { own_words: 2 }), 1],
    ["the speaker is named", factor("What does Maren say?", {}, { speaker: 2 }), 2],
    ["another one is", factor("What does Noah say?", {}, { speaker: 2 }), 1],
    ["both are", factor("Maren and Noah?", {}, { speaker: 2 }), 1],
    ["a time is asked for and told", factor("When?", { text: "It was yesterday." }, { time: 2 }), 2],
    ["a time is told", factor("Who?", { text: "It was yesterday." }, { time: 2 }), 1],
    ["it asks itself", factor("Who?", { text: "Who?" }, { short_question: 0.5 }), 0.5],
    ["it asks at length", factor("Who?", { text: `${"x".repeat(199)}?` }, { short_question: 0.5 }), 1],
    ["nearly so", factor("Who?", { text: `${"x".repeat(198)}?` }, { short_question: 0.5 }), 0.5],
    ["all words", factor("", {}, { share: 1 }, 2), Math.E],
    ["its length", factor("", { text: "x".repeat(200) }, { longer: 1 }), Math.E],
    ["its great length", factor("", { text: "x".repeat(900) }, { longer: 0.5 }), Math.E],
    ["what was said before it is like the line", factor("", {}, { answers: 2 }), Math.E],
    ["what was said before that is not", factor("", {}, { answers: 2 }, 1), 1],
  ];
  for (const [name, found, expected] of rows) {
    await t.step(name, () => assert.ok(Math.abs(found - expected) < 1e-9, `${found} for ${expected}`));
  }
});

Deno.test("of texts that compete each has a share of the line's words: by first letters, the rarer ones worth more", () => {
  const rows: [line: string, texts: string[], order: number[]][] = [
    // Both words; the rare one; the one that all but one have; none.
    ["Who feeds the swans?", ["Feeding the swan.", "A swan.", "They feed geese.", "Feed.", "Fog."], [
      0,
      1,
      2,
      3,
      4,
    ]],
    // A short word is itself alone: "king" is not in "kingdom", nor "eel" in "feel".
    ["The king and the eel", ["the kingdom feels", "the eel"], [1, 0]],
    ["Wer füttert die Schwäne?", ["Nebel.", "Sie fütterte einen Schwan.", "Die Schwäne schlafen."], [
      1,
      2,
      0,
    ]],
    ["橋は落ちた", ["霧。", "橋は直った。", "橋は落ちたままだ。"], [2, 1, 0]],
  ];
  for (const [line, texts, order] of rows) {
    const shares = sharesAmong(line, texts);
    const ranked = texts.map((_, i) => i).sort((a, b) => shares[b] - shares[a]);
    assert.deepEqual(ranked, order, `${line} ${shares}`);
    assert.ok(shares.every((share) => share >= 0 && share <= 1 + 1e-9), `${shares}`);
  }
  assert.equal(sharesAmong("swan", ["The swan."])[0], 1);
  assert.deepEqual(sharesAmong("?!", ["Fog."]), [0]);
  assert.deepEqual(sharesAmong("swan", []), []);
});

Deno.test("a character beyond ASCII in a text changes no share", () => {
  const texts = [
    "The seal sleeps.",
    "At sea they seek a3seal.",
    "A seafarer, unsealed: SEAL-skin and lantern2.",
    "Lanterns; the sea3 and the seas.",
    "'Sea' he says, and swears.",
    "Nothing.",
    "",
  ];
  for (
    const line of ["The seal, the lantern and the sea.", "sea", "swear by lanterns", "a sealskin or sea"]
  ) {
    const plain = sharesAmong(line, texts);
    assert.ok(plain.some((share) => share > 0));
    assert.deepEqual(sharesAmong(line, texts.map((text) => `${text} –`)), plain, line);
  }
});
