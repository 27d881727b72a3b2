import assert from "node:assert/strict";
import { getState, saveState } from "../../../brain/store/players.ts";
import { getPrompt, savePrompt } from "../../../brain/store/prompts.ts";
import { addMessage, updateMessage } from "../../../brain/store/messages.ts";
import { createSession } from "../../../brain/store/sessions.ts";
import { usageTotals } from "../../../brain/store/usage.ts";
import { openDatabase } from "../../../brain/store/database.ts";
import { aSession, tell, withDatabase, withPath } from "../../support/stories.ts";

const STATE = { world_id: "marsh", character_id: "tam", session_id: "story", model: "m", rules: ["b", "a"] };

Deno.test("what a player has chosen is empty at first, then what was saved last, after a restart too", async () => {
  await withPath((path) => {
    const db = openDatabase(path);
    assert.deepEqual(getState(db, "ann"), {
      world_id: "",
      character_id: "",
      session_id: "",
      model: "",
      rules: [],
    });
    saveState(db, "ann", { world_id: "w", character_id: "c", session_id: "s", model: "o", rules: [] });
    saveState(db, "ann", STATE);
    db.close();
    const again = openDatabase(path);
    assert.deepEqual(getState(again, "ann"), STATE);
    again.close();
  });
});

Deno.test("the record of a prompt comes back as it was, the last one saved", async () => {
  await withDatabase((db) => {
    createSession(db, aSession());
    const { id } = tell(db, aSession(), null, "assistant", "a");
    assert.equal(getPrompt(db, "ann", id), undefined);
    savePrompt(db, id, { sent: ["x"], dropped: [1, 2] });
    assert.deepEqual(getPrompt(db, "ann", id), { sent: ["x"], dropped: [1, 2] });
    savePrompt(db, id, null);
    assert.equal(getPrompt(db, "ann", id), null);
    assert.throws(() => savePrompt(db, id + 1, {}));
  });
});

Deno.test("usage is summed over a session or over all, branches included, unknown prices counted apart", async () => {
  await withDatabase((db) => {
    const none = {
      turns: 0,
      prompt_tokens: 0,
      cached_tokens: 0,
      completion_tokens: 0,
      cost: 0,
      unknown_cost_turns: 0,
    };
    assert.deepEqual(usageTotals(db, "ann"), none);
    createSession(db, aSession());
    createSession(db, aSession({ id: "second" }));
    createSession(db, aSession({ id: "unused" }));
    const use = (session_id: string, n: number, cost: number | null) => {
      const { id } = addMessage(db, "ann", session_id, {
        parent_id: null,
        role: "assistant",
        content: "a",
        status: "complete",
        model: "m",
        tokens: 1,
        created_ms: 1,
      });
      const usage = { prompt_tokens: n, cached_tokens: n + 1, completion_tokens: n + 2 };
      updateMessage(db, "ann", id, { usage: { ...usage, cost, first_token_ms: 1, tokens_per_second: 0 } });
    };
    tell(db, aSession(), null, "user", "a line uses nothing");
    use("story", 100, 0.25);
    use("story", 200, null);
    use("second", 1000, 0.5);
    assert.deepEqual(usageTotals(db, "ann", "story"), {
      turns: 2,
      prompt_tokens: 300,
      cached_tokens: 302,
      completion_tokens: 304,
      cost: 0.25,
      unknown_cost_turns: 1,
    });
    assert.deepEqual(usageTotals(db, "ann"), {
      turns: 3,
      prompt_tokens: 1300,
      cached_tokens: 1303,
      completion_tokens: 1306,
      cost: 0.75,
      unknown_cost_turns: 1,
    });
    assert.deepEqual(usageTotals(db, "ann", "unused"), none);
  });
});
