// A damaged part of a story is left out; the story around it is read, and comes to an end.

import assert from "node:assert/strict";
import { getMessage, newestLeaf, pathIds, pathPage, pathTo } from "../../../brain/store/messages.ts";
import { getState, saveState } from "../../../brain/store/players.ts";
import { getPrompt, recalledCounts, savePrompt, wasTooLong } from "../../../brain/store/prompts.ts";
import { readNumbers, readTexts, readUsage } from "../../../brain/store/stored_json.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const USAGE = {
  prompt_tokens: 1,
  cached_tokens: 0,
  completion_tokens: 2,
  cost: null,
  first_token_ms: 3,
  tokens_per_second: 4.5,
};

Deno.test("usage is read when it can be counted with, and is none otherwise", () => {
  const rows: [string | null, unknown][] = [
    [null, null],
    [JSON.stringify(USAGE), USAGE],
    [JSON.stringify({ ...USAGE, cost: 0.5 }), { ...USAGE, cost: 0.5 }],
    [JSON.stringify({ ...USAGE, prompt_tokens: "1" }), null],
    [JSON.stringify({ ...USAGE, tokens_per_second: null }), null],
    [JSON.stringify({ ...USAGE, cost: "much" }), null],
    ["{}", null],
    ["null", null],
    ["5", null],
    ['{"prompt_tokens":1', null],
  ];
  for (const [text, usage] of rows) assert.deepEqual(readUsage(text), usage, String(text));
});

Deno.test("lists keep what belongs in them", () => {
  assert.deepEqual(readTexts('["a",5,null,"b"]'), ["a", "b"]);
  assert.deepEqual([readTexts("{"), readTexts("{}"), readTexts('"a"')], [[], [], []]);
  assert.deepEqual(readNumbers('[1,"2",3]'), [1, 3]);
  assert.deepEqual([readNumbers("x"), readNumbers("5")], [[], []]);
});

Deno.test("a story is told on around a damaged usage, a damaged request and damaged choices", () =>
  withDatabase((db) => {
    const [line, reply] = tellAll(db, aSession(), ["I count.", "Seven."]);
    saveState(db, "ann", { world_id: "w", character_id: "c", session_id: "story", model: "m", rules: ["a"] });
    savePrompt(db, reply, { over: 5, messages: [] });
    db.run("UPDATE messages SET usage = '{' WHERE id = ?", reply);
    db.run("UPDATE prompts SET record = '{\"over\":5'");
    db.run("UPDATE player_state SET rules = '[\"a\"'");
    assert.equal(getMessage(db, "ann", reply)?.usage, null);
    assert.deepEqual(pathTo(db, "ann", reply).map(({ id }) => id), [line, reply]);
    assert.deepEqual(getState(db, "ann").rules, []);
    assert.deepEqual(getPrompt(db, "ann", reply), {});
    assert.equal(wasTooLong(db, "ann", "story", line), false);
    assert.deepEqual(recalledCounts(db, "ann", [reply]), []);
    const next = tell(db, aSession(), reply, "assistant", "More.").id;
    savePrompt(db, next, { over: 0 });
    assert.deepEqual(getPrompt(db, "ann", next), { over: 0 });
  }));

Deno.test("messages that point at each other in a circle are read to an end", () =>
  withDatabase((db) => {
    const [first, second, third] = tellAll(db, aSession(), ["a", "b", "c"]);
    db.run("UPDATE messages SET parent_id = ? WHERE id = ?", third, first);
    assert.deepEqual(pathTo(db, "ann", third).map(({ id }) => id), [first, second, third]);
    assert.deepEqual([...pathIds(db, "ann", third)], [third, second, first]);
    assert.deepEqual(pathPage(db, "ann", third, { limit: 9 }).history.map(({ id }) => id), [
      first,
      second,
      third,
    ]);
    assert.equal(newestLeaf(db, "ann", "story", first), third);
  }));
