/** Facts, marks, summaries and what was paid beside replies: bound to their messages, kept apart between players. */
import assert from "node:assert/strict";
import type { Database } from "../../../brain/store/database.ts";
import { StoreError } from "../../../brain/store/store_error.ts";
import * as facts from "../../../brain/store/facts.ts";
import * as marks from "../../../brain/store/marks.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { saveMemory } from "../../../brain/store/memories.ts";
import * as pieces from "../../../brain/store/pieces.ts";
import { getPrompt, savePrompt, wasTooLong } from "../../../brain/store/prompts.ts";
import { createSession, deleteSession } from "../../../brain/store/sessions.ts";
import * as summaries from "../../../brain/store/summaries.ts";
import { addSideUsage, dayOf, sideTotals, spentOn } from "../../../brain/store/usage.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const fact = (message_id: number, object: string, more: Partial<facts.NewFact> = {}): facts.NewFact => ({
  message_id,
  subject: "Ida",
  relation: "owes Maren",
  object,
  text: `Ida owes Maren ${object}`,
  origin: "rule",
  created_ms: 5,
  ...more,
});
const summary = (first_id: number, last_id: number, text: string): summaries.NewSummary => ({
  first_id,
  last_id,
  after_id: null,
  layer: 1,
  text,
  origin: "model",
  created_ms: 5,
});
const texts = (rows: { text: string }[]) => rows.map(({ text }) => text);

Deno.test("of the same subject and relation the last on the path holds, the others say what took their place", async () => {
  await withDatabase((db) => {
    const [one, two, three] = tellAll(db, aSession(), ["a", "b", "c"]);
    const other = tell(db, { player_id: "ann", id: "story" }, one, "assistant", "another telling").id;
    const added = facts.addFacts(db, "ann", "story", [
      fact(one, "two eels"),
      fact(two, "nine eels", { subject: "IDA", relation: "Owes maren" }),
      fact(three, "a boat", { relation: "gave" }),
      fact(other, "a coin"),
    ]);
    assert.equal(added, 4);
    const shown = (leaf: number | null) =>
      facts.factsOnPath(db, "ann", leaf).map(({ object, superseded_by }) => [object, superseded_by]);
    assert.deepEqual(shown(three), [["two eels", 2], ["nine eels", null], ["a boat", null]]);
    assert.deepEqual(shown(two), [["two eels", 2], ["nine eels", null]]);
    assert.deepEqual(shown(one), [["two eels", null]]);
    assert.deepEqual(shown(other), [["two eels", 4], ["a coin", null]]);
    assert.deepEqual(shown(null), []);
  });
});

Deno.test("what a later message tells otherwise of the same is found, forgotten facts aside", async () => {
  await withDatabase((db) => {
    const [one, two, three] = tellAll(db, aSession(), ["a", "b", "c"]);
    facts.addFacts(db, "ann", "story", [
      fact(one, "two eels"),
      fact(two, "nine eels", { subject: "IDA", relation: "Owes maren" }),
      fact(three, "Nine eels"),
      fact(three, "a boat", { relation: "gave" }),
    ]);
    const restated = (...messages: number[]) =>
      facts.restatedFacts(db, "ann", "story", messages).map((row) => [
        row.message_id,
        row.object,
        row.later_id,
        row.later_object,
      ]);
    assert.deepEqual(restated(one, two, three), [[one, "two eels", two, "nine eels"], [
      one,
      "two eels",
      three,
      "Nine eels",
    ]]);
    assert.deepEqual(restated(two), []);
    assert.deepEqual(facts.restatedFacts(db, "ben", "story", [one]), []);
    assert.deepEqual(facts.restatedFacts(db, "ann", "another", [one]), []);
    marks.setMark(
      db,
      "ann",
      "story",
      { kind: "fact", message_id: two, text: facts.factRows(db, "ann", [2])[0].text },
      "forgotten",
    );
    assert.deepEqual(restated(one).map(([, , later]) => later), [three]);
  });
});

Deno.test("what the player wrote stands before what a model read, and that before what a rule found", async () => {
  await withDatabase((db) => {
    const [one] = tellAll(db, aSession(), ["a"]);
    const add = (object: string, origin: facts.FactOrigin) =>
      facts.addFacts(db, "ann", "story", [fact(one, object, { origin })]);
    assert.equal(add("two eels", "rule"), 1);
    assert.equal(add("two eels", "rule"), 0);
    assert.equal(add("three eels", "model"), 1);
    assert.equal(add("four eels", "rule"), 0);
    const [, read] = facts.factsOnPath(db, "ann", one);
    assert.equal(read.superseded_by, null);
    const edited = facts.editFact(db, "ann", read.id, "Ida owes Maren everything");
    assert.deepEqual([edited.origin, edited.text, edited.message_id], [
      "player",
      "Ida owes Maren everything",
      one,
    ]);
    assert.equal(add("five eels", "model"), 0);
    const now = facts.factsOnPath(db, "ann", one);
    assert.deepEqual(now.map(({ text, superseded_by }) => [text, superseded_by]), [
      ["Ida owes Maren two eels", edited.id],
      ["Ida owes Maren everything", null],
    ]);
    // A rebuild takes the rules' facts alone, and what the player wrote keeps theirs out.
    facts.replaceRuleFacts(db, "ann", "story", one, [
      fact(one, "six eels"),
      fact(one, "a coin", { relation: "gave" }),
    ]);
    assert.deepEqual(texts(facts.factsOnPath(db, "ann", one)), [
      "Ida owes Maren a coin",
      "Ida owes Maren everything",
    ]);
    facts.replaceRuleFacts(db, "ann", "story", one, []);
    assert.deepEqual(texts(facts.factsOnPath(db, "ann", one)), ["Ida owes Maren everything"]);
  });
});

Deno.test("facts are found by their words, but not those of other stories or forgotten ones", async () => {
  await withDatabase((db) => {
    const [one] = tellAll(db, aSession(), ["a"]);
    const [two] = tellAll(db, aSession({ id: "second" }), ["b"]);
    facts.addFacts(db, "ann", "story", [fact(one, "two eels"), fact(one, "鍵", { relation: "gave" })]);
    facts.addFacts(db, "ann", "second", [fact(two, "two eels")]);
    // A fact whose message stands in another session is none of this one.
    assert.equal(facts.addFacts(db, "ann", "second", [fact(one, "nothing")]), 0);
    assert.deepEqual(facts.findFacts(db, "ann", "story", "eel", 9), [{ id: 1, message_id: one, length: 23 }]);
    assert.deepEqual(facts.findFacts(db, "ann", "story", "鍵", 9).map(({ id }) => id), [2]);
    assert.deepEqual(facts.findFacts(db, "ann", "story", "ida", 1).map(({ id }) => id), [2]);
    assert.deepEqual(facts.findFacts(db, "ann", "story", 'ee"l', 9), []);
    marks.setMark(
      db,
      "ann",
      "story",
      { kind: "fact", message_id: one, text: "Ida owes Maren two eels" },
      "forgotten",
    );
    assert.deepEqual(facts.findFacts(db, "ann", "story", "eel", 9), []);
    assert.deepEqual(facts.factsOnPath(db, "ann", one).map(({ id }) => id), [2]);
    assert.equal(facts.findFacts(db, "ann", "second", "eel", 9).length, 1);
  });
});

Deno.test("a pinned fact in the player's own words stays pinned, and its old words are told no more", async () => {
  await withDatabase((db) => {
    const [one, two] = tellAll(db, aSession(), ["a", "b"]);
    facts.addFacts(db, "ann", "story", [fact(one, "two eels"), fact(two, "two eels")]);
    const old = "Ida owes Maren two eels";
    for (const message_id of [one, two]) {
      marks.setMark(db, "ann", "story", { kind: "fact", message_id, text: old }, "pinned");
    }
    marks.setMark(db, "ann", "story", { kind: "memory", message_id: one, text: old }, "forgotten");
    const edited = facts.editFact(db, "ann", 1, "Ida owes nobody");
    const kept = marks.listMarks(db, "ann", "story");
    assert.deepEqual(kept.map(({ kind, message_id, text }) => [kind, message_id, text]), [
      ["fact", one, "Ida owes nobody"],
      ["fact", two, old],
      ["memory", one, old],
    ]);
    const told = marks.markedMessages(db, "ann", "story", one, kept.slice(0, 1));
    assert.deepEqual(told.map(({ unit_id, text }) => [unit_id, text]), [[edited.id, "Ida owes nobody"]]);
  });
});

Deno.test("how far a model has read for facts is known of each path", async () => {
  await withDatabase((db) => {
    const [one, two, three] = tellAll(db, aSession(), ["a", "b", "c"]);
    const other = tell(db, { player_id: "ann", id: "story" }, one, "assistant", "d").id;
    assert.equal(facts.lastFactRun(db, "ann", "story", three), null);
    facts.addFactRun(db, "ann", "story", one);
    facts.addFactRun(db, "ann", "story", two);
    assert.equal(facts.lastFactRun(db, "ann", "story", three), two);
    assert.equal(facts.lastFactRun(db, "ann", "story", other), one);
    assert.equal(facts.lastFactRun(db, "ann", "story", null), null);
  });
});

Deno.test("a mark replaces the one before it, and null takes it away", async () => {
  await withDatabase((db) => {
    const [one] = tellAll(db, aSession(), ["a"]);
    const piece = { kind: "memory" as const, message_id: one, text: "a" };
    marks.setMark(db, "ann", "story", piece, "pinned");
    marks.setMark(db, "ann", "story", { ...piece, message_id: null, kind: "lore" }, "pinned");
    marks.setMark(db, "ann", "story", piece, "forgotten");
    assert.deepEqual(marks.listMarks(db, "ann", "story").map(({ kind, mark }) => [kind, mark]), [
      ["lore", "pinned"],
      ["memory", "forgotten"],
    ]);
    marks.setMark(db, "ann", "story", piece, null);
    marks.setMark(db, "ann", "story", { ...piece, message_id: null, kind: "lore" }, null);
    assert.deepEqual(marks.listMarks(db, "ann", "story"), []);
  });
});

Deno.test("summaries know where they begin; the nearest of some messages is found on the way up", async () => {
  await withDatabase((db) => {
    const [one, two, three] = tellAll(db, aSession(), ["a", "b", "c"]);
    const other = tell(db, { player_id: "ann", id: "story" }, one, "assistant", "d").id;
    const first = summaries.addSummary(db, "ann", "story", summary(one, one, "first"));
    assert.deepEqual(first, { ...summary(one, one, "first"), id: 1, prev_id: null });
    const second = summaries.addSummary(db, "ann", "story", {
      ...summary(two, two, "second"),
      after_id: one,
    });
    assert.equal(second?.prev_id, one);
    assert.equal(second?.after_id, one);
    assert.equal(summaries.addSummary(db, "ann", "another", summary(one, one, "x")), null);
    assert.deepEqual(texts(summaries.listSummaries(db, "ann", "story")), ["first", "second"]);
    assert.deepEqual(summaries.listSummaries(db, "ann", "another"), []);
    const rows: [number, number[], number | null][] = [
      [three, [], null],
      [three, [three, one], three],
      [three, [one, two], two],
      [other, [two, three], null],
      [other, [two, one], one],
      [three, [other], null],
    ];
    for (const [from, ids, found] of rows) {
      assert.equal(summaries.nearestAbove(db, "ann", from, ids), found, `${from} ${ids}`);
    }
    const between = (after: number | null, last: number) =>
      summaries.pathBetween(db, "ann", after, last).map(({ id }) => id);
    assert.deepEqual(between(null, three), [one, two, three]);
    assert.deepEqual(between(one, three), [two, three]);
    assert.deepEqual(between(one, other), [other]);
    assert.deepEqual(between(three, three), []);
  });
});

Deno.test("lists of pieces: the path's memory newest first, the world's lore before the player's", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["a", "b", "c"]);
    for (const id of ids) {
      saveMemory(db, "ann", { session_id: "story", id, role: "user" }, [`${id} one`, `${id} two`]);
    }
    const list = (leaf: number, messages: number) => {
      const { pieces: found, above } = pieces.listMemory(db, "ann", leaf, messages);
      return [texts(found), found.map(({ turn }) => turn), above];
    };
    assert.deepEqual(list(ids[2], 2), [["3 two", "3 one", "2 two", "2 one"], [2, 2, 1, 1], ids[0]]);
    assert.deepEqual(list(ids[1], 9), [["2 two", "2 one", "1 two", "1 one"], [1, 1, 1, 1], null]);
    assert.deepEqual(list(ids[0], 1), [["1 two", "1 one"], [1, 1], null]);
    assert.deepEqual(list(99, 1), [[], [], null]);
    assert.equal(pieces.memoryPiece(db, "ann", "story", 1)?.text, "1 one");
    attachLore(db, "ann", "marsh", [{ heading: "", text: "Ann's", known_to: "" }], "attached");
    syncLore(db, "marsh", [{ heading: "H", text: "World's", known_to: "" }]);
    assert.deepEqual(pieces.listLore(db, "ann", "marsh").map(({ text, source }) => [text, source]), [
      ["World's", "world"],
      ["Ann's", "attached"],
    ]);
    assert.equal(pieces.countPieces(db, "ann", "story", "marsh"), 8);
    const [world, own] = pieces.listLore(db, "ann", "marsh");
    assert.equal(pieces.detachLore(db, "ann", "marsh", world.id), false);
    assert.equal(pieces.detachLore(db, "ann", "stair", own.id), false);
    assert.equal(pieces.detachLore(db, "ann", "marsh", own.id), true);
    assert.equal(pieces.countPieces(db, "ann", "story", "marsh"), 7);
  });
});

Deno.test("the whole request stays with the last reply of each story only", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["a", "b", "c", "d", "e", "f"]);
    const [second] = tellAll(db, aSession({ id: "second" }), ["e"]);
    const record = (over = 0) => ({
      over,
      messages: [{ role: "user", content: "x" }],
      context: "x",
      dropped: [1],
    });
    const kept = (id: number) => Object.keys(getPrompt(db, "ann", id) as object);
    savePrompt(db, ids[1], record());
    savePrompt(db, second, record());
    assert.deepEqual(kept(ids[1]), ["over", "messages", "context", "dropped"]);
    savePrompt(db, ids[3], record(7));
    const whole = ["over", "messages", "context", "dropped"];
    assert.deepEqual([kept(ids[1]), kept(ids[3]), kept(second)], [["over"], whole, whole]);
    assert.equal(wasTooLong(db, "ann", "story", ids[1]), true);
    assert.equal(wasTooLong(db, "ann", "story", ids[3]), false);
    assert.equal(wasTooLong(db, "ann", "second", 0), false);
    savePrompt(db, ids[5], record());
    assert.deepEqual(ids.filter((_, i) => i % 2 === 1).map(kept), [["over"], ["over"], whole]);
    savePrompt(db, ids[5], { messages: ["x".repeat(1024 * 1024)] });
    assert.deepEqual(kept(ids[5]), []);
  });
});

Deno.test("what was paid beside replies is summed by kind, and counts for the day", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    const usage = {
      model: "m",
      prompt_tokens: 10,
      cached_tokens: 4,
      completion_tokens: 3,
      created_ms: 86_400_000,
    };
    addSideUsage(db, "ann", "story", { ...usage, kind: "summary", cost: 0.5 });
    addSideUsage(db, "ann", "story", { ...usage, kind: "summary", cost: null });
    addSideUsage(db, "ann", "story", { ...usage, kind: "facts", cost: 0.25 });
    assert.deepEqual(sideTotals(db, "ann", "summary"), {
      turns: 2,
      prompt_tokens: 20,
      cached_tokens: 8,
      completion_tokens: 6,
      cost: 0.5,
      unknown_cost_turns: 1,
    });
    assert.equal(sideTotals(db, "ann", "facts", "story").cost, 0.25);
    assert.equal(sideTotals(db, "ann", "facts", "other").turns, 0);
    assert.deepEqual(spentOn(db, "ann", dayOf(86_400_000)), { tokens: 39, cost: 0.75 });
    deleteSession(db, "ann", "story");
    assert.deepEqual(new Set(Object.values(sideTotals(db, "ann", "summary"))), new Set([0]));
  });
});

/** ann has one of everything; ben has an empty story. */
function prepare(db: Database): number {
  const [one] = tellAll(db, aSession(), ["I count the eels"]);
  facts.addFacts(db, "ann", "story", [fact(one, "eels")]);
  facts.addFactRun(db, "ann", "story", one);
  marks.setMark(db, "ann", "story", { kind: "memory", message_id: one, text: "I count the eels" }, "pinned");
  summaries.addSummary(db, "ann", "story", summary(one, one, "counted"));
  saveMemory(db, "ann", { session_id: "story", id: one, role: "user" }, ["I count the eels"]);
  attachLore(db, "ann", "marsh", [{ heading: "", text: "Ann's eels", known_to: "" }], "attached");
  addSideUsage(db, "ann", "story", {
    kind: "facts",
    model: "m",
    prompt_tokens: 1,
    cached_tokens: 0,
    completion_tokens: 1,
    cost: 1,
    created_ms: 0,
  });
  createSession(db, aSession({ id: "bens", player_id: "ben" }));
  return one;
}

const PIN = [{ kind: "memory" as const, message_id: 1, text: "I count the eels", mark: "pinned" as const }];
const LORE_PIN = [{ kind: "lore" as const, message_id: null, text: "Ann's eels", mark: "pinned" as const }];
const FOREIGN: [string, (db: Database, one: number) => unknown, unknown][] = [
  ["addFacts", (db, one) => facts.addFacts(db, "ben", "story", [fact(one, "x")]), 0],
  ["replaceRuleFacts", (db, one) => facts.replaceRuleFacts(db, "ben", "story", one, []), undefined],
  ["editFact", (db) => facts.editFact(db, "ben", 1, "x"), "refused"],
  ["findFacts", (db) => facts.findFacts(db, "ben", "story", "eels", 9), []],
  ["factRows", (db) => facts.factRows(db, "ben", [1]), []],
  ["factsOnPath", (db, one) => facts.factsOnPath(db, "ben", one), []],
  ["restatedFacts", (db, one) => facts.restatedFacts(db, "ben", "story", [one]), []],
  ["addFactRun", (db, one) => facts.addFactRun(db, "ben", "story", one), undefined],
  ["lastFactRun", (db, one) => facts.lastFactRun(db, "ben", "story", one), null],
  ["setMark", (db, one) => {
    return marks.setMark(
      db,
      "ben",
      "story",
      { kind: "memory", message_id: one, text: "I count the eels" },
      null,
    );
  }, undefined],
  ["setMark new", (db) => {
    return marks.setMark(db, "ben", "story", { kind: "lore", message_id: null, text: "x" }, "pinned");
  }, undefined],
  ["listMarks", (db) => marks.listMarks(db, "ben", "story"), []],
  ["markedMessages", (db, one) => marks.markedMessages(db, "ben", "story", one, PIN), []],
  ["markedLore", (db) => marks.markedLore(db, "ben", "marsh", LORE_PIN), []],
  ["addSummary", (db, one) => summaries.addSummary(db, "ben", "story", summary(one, one, "x")), null],
  ["listSummaries", (db) => summaries.listSummaries(db, "ben", "story"), []],
  ["nearestAbove", (db, one) => summaries.nearestAbove(db, "ben", one, [one]), null],
  ["pathBetween", (db, one) => summaries.pathBetween(db, "ben", null, one), []],
  ["countPieces", (db) => pieces.countPieces(db, "ben", "story", "marsh"), 0],
  ["listMemory", (db, one) => pieces.listMemory(db, "ben", one, 9).pieces, []],
  ["memoryPiece", (db) => pieces.memoryPiece(db, "ben", "story", 1), undefined],
  ["listLore", (db) => pieces.listLore(db, "ben", "marsh"), []],
  ["detachLore", (db) => pieces.detachLore(db, "ben", "marsh", 1), false],
  ["sideTotals", (db) => sideTotals(db, "ben", "facts").turns, 0],
];

for (const [name, ask, expected] of FOREIGN) {
  Deno.test(`${name} keeps one player's records from another`, async () => {
    await withDatabase((db) => {
      const one = prepare(db);
      const everything = () =>
        ["facts", "fact_runs", "marks", "summaries", "side_usage", "memory_units", "lore_units"].map((
          table,
        ) => db.all(`SELECT * FROM ${table} ORDER BY rowid`));
      const before = everything();
      let got: unknown;
      try {
        got = ask(db, one);
      } catch (error) {
        assert.ok(error instanceof StoreError, String(error));
        got = "refused";
      }
      assert.deepEqual(got, expected);
      assert.deepEqual(everything(), before);
    });
  });
}
