/** The story so far: which records tell a path, what is to be done for it, what a model may say, what is picked. */

import assert from "node:assert/strict";
import { countWords, pickSentences } from "../../../brain/memory/pick.ts";
import {
  acceptSummary,
  chooseStory,
  recordsTo,
  storyJobs,
  type StoryPlace,
  storySoFar,
} from "../../../brain/memory/summary.ts";
import { addSummary, type SummaryRow } from "../../../brain/store/summaries.ts";
import type { Database } from "../../../brain/store/database.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

function record(
  id: number,
  prev_id: number | null,
  last_id: number,
  more: Partial<SummaryRow> = {},
): SummaryRow {
  return {
    id,
    prev_id,
    first_id: (prev_id ?? 0) + 1,
    last_id,
    after_id: null,
    layer: 1,
    text: `text ${id}`,
    origin: "model",
    created_ms: 0,
    ...more,
  };
}

Deno.test("from each place the longest record that the cut allows, of equal ones the newest", () => {
  const rows: [string, SummaryRow[], number, number[], number | null][] = [
    ["none", [], 10, [], null],
    ["one after the other", [record(1, null, 4), record(2, 4, 8)], 8, [1, 2], 8],
    ["up to the cut", [record(1, null, 4), record(2, 4, 8)], 7, [1], 4],
    ["none begins the story", [record(2, 4, 8)], 8, [], null],
    ["a hole", [record(1, null, 4), record(2, 5, 8)], 8, [1], 4],
    ["the longer one", [record(1, null, 4), record(2, 4, 8), record(3, null, 8)], 8, [3], 8],
    ["the newer one", [record(1, null, 4), record(2, null, 4)], 4, [2], 4],
    ["not before its time", [record(1, null, 4), record(2, null, 4, { after_id: 4 })], 4, [1], 4],
    ["in its time", [record(1, null, 4), record(2, null, 4, { after_id: 4 })], 5, [2], 4],
    [
      "a fold in its time",
      [
        record(1, null, 4),
        record(2, 4, 8),
        record(3, null, 8, { after_id: 8, layer: 2 }),
        record(4, 8, 12),
      ],
      12,
      [3, 4],
      12,
    ],
  ];
  for (const [name, records, boundary, ids, told_to] of rows) {
    const found = chooseStory(records, boundary);
    assert.deepEqual([found.chain.map(({ id }) => id), found.told_to], [ids, told_to], name);
  }
});

/** Ten messages of two sentences each, and where to tell them. */
function prepare(db: Database): { ids: number[]; place: StoryPlace } {
  const lines = Array.from({ length: 10 }, (_, i) => `Maren crossed bridge${i} with Kobal. The rain fell.`);
  const ids = tellAll(db, aSession(), lines);
  return {
    ids,
    place: { player_id: "ann", session_id: "story", player: "Ida", words: 20 },
  };
}

Deno.test("what no record tells is picked at once, kept, and the same the next time", async () => {
  await withDatabase((db) => {
    const { ids, place } = prepare(db);
    const first = storySoFar(db, place, ids[3], 7);
    assert.deepEqual(
      first.map((
        { first_id, last_id, prev_id, after_id, layer, origin, created_ms },
      ) => [first_id, last_id, prev_id, after_id, layer, origin, created_ms]),
      [[ids[0], ids[3], null, null, 1, "extract", 7]],
    );
    assert.ok(countWords(first[0].text) <= 20);
    assert.deepEqual(storySoFar(db, place, ids[3], 8), first);
    const second = storySoFar(db, place, ids[7], 9);
    assert.deepEqual(second.map(({ first_id, last_id }) => [first_id, last_id]), [
      [ids[0], ids[3]],
      [ids[4], ids[7]],
    ]);
    // A cut that moved back tells less, with a record of its own.
    const back = storySoFar(db, place, ids[5], 9);
    assert.deepEqual(back.map(({ first_id, last_id }) => [first_id, last_id]), [
      [ids[0], ids[3]],
      [ids[4], ids[5]],
    ]);
    assert.deepEqual(storySoFar(db, place, ids[7], 9), second);
    // Of another player nothing is told.
    assert.deepEqual(storySoFar(db, { ...place, player_id: "ben" }, ids[3], 9), []);
  });
});

Deno.test("what is to be done: the next stretch, what was only picked, then a fold", async () => {
  await withDatabase((db) => {
    const { ids, place } = prepare(db);
    const jobs = (boundary: number | null, next: number | null, by_model = true) =>
      storyJobs(db, place, { boundary, next }, by_model).map((
        { kind, record },
      ) => [kind, record.first_id, record.last_id, record.after_id, record.layer]);
    const add = (first: number, last: number, more: Partial<SummaryRow> = {}) =>
      addSummary(db, "ann", "story", { ...record(0, null, ids[last]), ...more, first_id: ids[first] });
    assert.deepEqual(jobs(null, null), []);
    assert.deepEqual(jobs(null, ids[1]), [["tell", ids[0], ids[1], null, 1]]);
    assert.deepEqual(jobs(null, ids[1], false), []);
    add(0, 1, { origin: "extract" });
    assert.deepEqual(jobs(ids[1], ids[3]), [
      ["tell", ids[2], ids[3], null, 1],
      ["tell", ids[0], ids[1], ids[1], 1],
    ]);
    add(0, 1, { after_id: ids[1] });
    assert.deepEqual(jobs(ids[1], ids[3]), [["tell", ids[2], ids[3], null, 1]]);
    add(2, 3);
    assert.deepEqual(jobs(ids[1], ids[3]), []);
    // Two of the first layer become one of the second, from the next cut on.
    assert.deepEqual(jobs(ids[3], null), [["fold", ids[0], ids[3], ids[3], 2]]);
    assert.deepEqual(jobs(ids[3], null, false), [["fold", ids[0], ids[3], ids[3], 2]]);
    add(0, 3, { after_id: ids[3], layer: 2 });
    assert.deepEqual(jobs(ids[3], null), []);
    const shown = () =>
      chooseStory(recordsTo(db, "ann", "story", ids[3]), ids[3]).chain.map(({ layer }) => layer);
    assert.deepEqual(shown(), [1, 1]);
    add(4, 5);
    add(6, 7);
    assert.deepEqual(jobs(ids[7], null), [["fold", ids[4], ids[7], ids[7], 2]]);
    add(4, 7, { after_id: ids[7], layer: 2 });
    assert.deepEqual(jobs(ids[7], null), [["fold", ids[0], ids[7], ids[7], 3]]);
    add(0, 7, { after_id: ids[7], layer: 3 });
    assert.deepEqual(jobs(ids[7], null), []);
    // A third layer takes what comes later; there is no fourth.
    add(8, 8, { layer: 2 });
    add(9, 9, { layer: 2 });
    assert.deepEqual(jobs(ids[9], null), [["fold", ids[0], ids[9], ids[9], 3]]);
  });
});

Deno.test("records of another branch are none of this path", async () => {
  await withDatabase((db) => {
    const { ids, place } = prepare(db);
    storySoFar(db, place, ids[3], 7);
    storySoFar(db, place, ids[7], 7);
    const told = (boundary: number) =>
      recordsTo(db, "ann", "story", boundary).map(({ first_id, last_id }) => [first_id, last_id]);
    assert.deepEqual(told(ids[9]), [[ids[0], ids[3]], [ids[4], ids[7]]]);
    assert.deepEqual(told(ids[6]), [[ids[0], ids[3]]]);
    assert.deepEqual(told(ids[2]), []);
    const branch = { player_id: "ann", id: "story" };
    const line = tell(db, branch, ids[3], "user", "I take the boat to Kobal.").id;
    const reply = tell(db, branch, line, "assistant", "Kobal nods at the boat.").id;
    assert.deepEqual(told(reply), [[ids[0], ids[3]]]);
    assert.deepEqual(storySoFar(db, place, reply, 8).map(({ first_id, last_id }) => [first_id, last_id]), [
      [ids[0], ids[3]],
      [line, reply],
    ]);
    assert.deepEqual(told(ids[9]), [[ids[0], ids[3]], [ids[4], ids[7]]]);
    assert.deepEqual(recordsTo(db, "ben", "story", ids[9]), []);
  });
});

Deno.test("the source of a job is the path's, not another branch's", async () => {
  await withDatabase((db) => {
    const { ids, place } = prepare(db);
    const other = tell(db, { player_id: "ann", id: "story" }, ids[1], "user", "I take the boat.").id;
    const [job] = storyJobs(db, place, { boundary: null, next: other }, true);
    assert.ok(job.kind === "tell");
    assert.deepEqual(job.messages.map(({ id }) => id), [ids[0], ids[1], other]);
  });
});

Deno.test("a model's text becomes one paragraph of whole sentences, or is refused", () => {
  const source = "Maren gave Ida the key. Kobal sold the boat. The rain fell on the reeds.";
  const rows: [string, string, number, string | null][] = [
    ["as it is", "Maren gave Ida the key.", 20, "Maren gave Ida the key."],
    ["a heading off", "**Summary:** Maren gave Ida the key.", 20, "Maren gave Ida the key."],
    [
      "one paragraph",
      "Maren gave Ida the key.\n\nKobal sold the boat.",
      20,
      "Maren gave Ida the key. Kobal sold the boat.",
    ],
    [
      "to the last word",
      "Maren gave Ida the key. Kobal sold the boat.",
      9,
      "Maren gave Ida the key. Kobal sold the boat.",
    ],
    ["a sentence less", "Maren gave Ida the key. Kobal sold the boat.", 8, "Maren gave Ida the key."],
    ["half a sentence", "Maren gave Ida the key and Kobal sold the boat.", 5, "Maren gave Ida the key..."],
    ["nothing", " \n ", 20, null],
    ["another story", "I cannot help with violent requests of any kind.", 20, null],
  ];
  for (const [name, answer, words, text] of rows) {
    assert.equal(acceptSummary(answer, source, words), text, name);
  }
});

Deno.test("words are counted as readers do, two characters for one where no blanks are", () => {
  const rows: [string, number][] = [["", 0], ["one", 1], [" two  words\n", 2], ["鍵を隠す", 2], [
    "鍵 key を",
    2,
  ]];
  for (const [text, count] of rows) assert.equal(countWords(text), count, text);
});

Deno.test("sentences with facts and names are picked, in their order, each once, within the words", () => {
  const messages = [
    {
      id: 1,
      role: "assistant" as const,
      content: "The rain fell. The rain fell. Then Kobal handed you the ledger.",
    },
    { id: 2, role: "user" as const, content: "I owe Maren two eels. Who is there? I nod." },
    { id: 3, role: "assistant" as const, content: "The rain fell." },
  ];
  assert.equal(
    pickSentences(messages, "Ida", 13),
    "Then Kobal handed you the ledger. Ida: I owe Maren two eels.",
  );
  assert.equal(pickSentences(messages, "Ida", 6), "Ida: I owe Maren two eels.");
  assert.equal(pickSentences(messages, "Ida", 5), "The rain fell.");
  // A refrain is told once, however often it comes back.
  const refrain = {
    role: "assistant" as const,
    content: "Maren owes Tobias two eels. The bell of Sarn rings.",
  };
  const told = pickSentences([1, 2, 3].map((id) => ({ id, ...refrain })), "Ida", 60);
  assert.equal(told, "Maren owes Tobias two eels. The bell of Sarn rings.");
  assert.equal(pickSentences(messages, "Ida", 2), "");
  const all = pickSentences(messages, "Ida", 99);
  assert.equal(all.match(/The rain fell/g)?.length, 1);
  assert.ok(!all.includes("Who is there"));
  assert.equal(pickSentences([], "Ida", 99), "");
});

Deno.test("picking from a long stretch does not take long", () => {
  const messages = Array.from({ length: 5000 }, (_, i) => ({
    id: i,
    role: "assistant" as const,
    content: `Maren${i} walks over bridge ${i}. The tide turns in the harbour. Kobal counts coin ${i}. `
      .repeat(3),
  }));
  const begun = performance.now();
  const text = pickSentences(messages, "Ida", 120);
  assert.ok(performance.now() - begun < 10_000, `${performance.now() - begun} ms`);
  assert.ok(countWords(text) > 100 && countWords(text) <= 120);
});
