import assert from "node:assert/strict";
import { askedAgain } from "../../../brain/memory/asked_again.ts";
import { chooseMemories } from "../../../brain/memory/choose.ts";
import type { RecallQuestion } from "../../../brain/memory/recall.ts";
import type { Ranked } from "../../../brain/memory/search.ts";
import type { MemoryHit } from "../../../brain/memory/recall.ts";

const QUESTION: RecallQuestion = {
  player_id: "ann",
  session_id: "story",
  world_id: "marsh",
  leaf_id: 1,
  line: "Is the bridge closed?",
  before: [],
  visible_ids: [],
  max_lore: 3,
  max_memories: 6,
};

/** The two units of an exchange: the line has an odd id, the reply the next one. */
function exchange(unit_id: number, turns_ago: number, line: string, reply: string): Ranked<MemoryHit>[] {
  const hit = { score: 10, plain: 10, words: ["bridge"], called: true, similarity: 0, turns_ago };
  return [
    { ...hit, unit_id, message_id: unit_id, role: "user", text: line },
    { ...hit, unit_id: unit_id + 1, message_id: unit_id + 1, role: "assistant", text: reply },
  ];
}

const CLOSED = '"The bridge is closed," says the toll keeper.';
const FREE = '"Since dawn the bridge is free," says the toll keeper.';
const FIRST = exchange(1, 40, "I ask about the bridge.", CLOSED);
const AGAIN = exchange(3, 20, "I ask again about the bridge.", FREE);

const ROWS: [what: string, first: [string, string], second: [string, string], one_counts: boolean][] = [
  ["the same question", ["I ask about the bridge.", CLOSED], ["I ask about the bridge.", FREE], true],
  [
    "said to be asked again",
    ["I ask about the bridge.", CLOSED],
    ["Again I ask about the bridge.", FREE],
    true,
  ],
  [
    "German",
    [
      "Ich frage nach der Brücke.",
      "»Die Brücke ist gesperrt«, sagt der Zöllner.",
    ],
    ["Ich frage noch einmal nach der Brücke.", "»Die Brücke ist wieder frei«, sagt der Zöllner."],
    true,
  ],
  [
    "Japanese",
    [
      "番人に北の橋のことを聞く。",
      "「北の橋は落ちた」と番人は言った。",
    ],
    ["もう一度、番人に北の橋のことを聞く。", "「北の橋は今朝直った」と番人は言った。"],
    true,
  ],
  [
    "a long line of which three words in four are the same",
    [
      "I ask the keeper about the fare and the bridge.",
      CLOSED,
    ],
    ["I ask the old keeper about the fare and the bridge.", FREE],
    true,
  ],
  [
    "a long line of which half the words are others",
    [
      "I ask the keeper about the fare and the bridge.",
      CLOSED,
    ],
    ["I ask the keeper about the fair, the geese and the bridge.", FREE],
    false,
  ],
  ["a short line with one word more", ["I ask about the bridge.", CLOSED], [
    "I ask about the northern bridge.",
    FREE,
  ], false],
  ["a line that names nothing", ["I nod.", CLOSED], ["I nod.", FREE], false],
  ["an answer about other things", ["I ask about the bridge.", CLOSED], [
    "I ask about the bridge.",
    "Maren shrugs and feeds the geese.",
  ], false],
  ["answers that share the name of the thing alone", ["I ask about the bridge.", CLOSED], [
    "I ask about the bridge.",
    "Monks built the bridge.",
  ], false],
  ["answers that share everything but what was asked about", ["I ask about the bridge.", CLOSED], [
    "I ask about the bridge.",
    '"The mill is closed," says the toll keeper.',
  ], false],
];

for (const [what, first, second, one_counts] of ROWS) {
  Deno.test(`asked again: ${what}: ${one_counts ? "the later one counts" : "both count"}`, () => {
    const [earlier, later] = [exchange(1, 40, ...first), exchange(3, 20, ...second)];
    const replacing = askedAgain([...earlier, ...later]);
    const ids = [...earlier, ...later].map((hit) => replacing(hit)?.unit_id ?? null);
    assert.deepEqual(ids, one_counts ? [3, 4, null, null] : [null, null, null, null]);
  });
}

Deno.test("of three times the newest counts, and of lines without answers both", () => {
  const third = exchange(5, 12, "I ask about the bridge.", FREE);
  const replacing = askedAgain([...FIRST, ...AGAIN, ...third]);
  assert.deepEqual([...FIRST, ...AGAIN].map((hit) => replacing(hit)?.unit_id), [5, 6, 5, 6]);
  const lines = askedAgain([FIRST[0], AGAIN[0]]);
  assert.equal(lines(FIRST[0]), null);
  // A line of several pieces is no question that was asked once more.
  const piece = { ...FIRST[0], unit_id: 9, text: "I lean on the rail." };
  assert.equal(askedAgain([...FIRST, piece, ...AGAIN])(FIRST[1]), null);
});

Deno.test("the later answer is told, and the earlier one is left out as superseded, in whatever order they are found", () => {
  for (
    const found of [[...FIRST, ...AGAIN], [...AGAIN, ...FIRST], [FIRST[1], AGAIN[1], FIRST[0], AGAIN[0]]]
  ) {
    const { hits, left_out } = chooseMemories(QUESTION, found, { replies: [], said: [] });
    const order = (a: number, b: number) => a - b;
    assert.deepEqual(hits.map((hit) => hit.unit_id).sort(order), [3, 4]);
    assert.deepEqual(hits.find((hit) => hit.unit_id === 4)?.text, FREE);
    const reasons = left_out.map((left) => `${left.unit_id} ${left.reason}`);
    assert.deepEqual(reasons.sort(), ["1 superseded", "2 superseded"]);
  }
});

Deno.test("the later answer is told for the earlier one's sake, though the line calls only the earlier", () => {
  const [line, reply] = AGAIN.map((hit) => ({ ...hit, called: false, score: 1, plain: 1 }));
  const { hits } = chooseMemories(QUESTION, [...FIRST, line, reply], { replies: [], said: [] });
  assert.deepEqual(hits.map((hit) => hit.unit_id), [3, 4]);
});
