import assert from "node:assert/strict";
import { rehearsals } from "../../../brain/memory/rehearsal.ts";
import { createSession, updateSession } from "../../../brain/store/sessions.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

Deno.test("the last lines of the story used last are asked ahead, each with what stood before it", async () => {
  await withDatabase((db) => {
    assert.deepEqual(rehearsals(db, 3), []);
    const ids = tellAll(db, aSession(), ["One.", "Two.", "Three.", "Four.", "Five."]);
    createSession(db, aSession({ id: "later", player_id: "ben", last_used_ms: 2000 }));
    // The later one has nothing to ask with.
    assert.deepEqual(rehearsals(db, 3), []);
    updateSession(db, "ann", "story", { leaf_id: ids[4], last_used_ms: 3000 });
    const question = (line: string, before: string[]) => ({
      player_id: "ann",
      session_id: "story",
      world_id: "marsh",
      leaf_id: ids[4],
      line,
      before,
      visible_ids: [],
      max_lore: 1,
      max_memories: 1,
    });
    const all = [
      question("Five.", ["Four.", "Three."]),
      question("Three.", ["Two.", "One."]),
      question("One.", []),
    ];
    assert.deepEqual(rehearsals(db, 9), all);
    assert.deepEqual(rehearsals(db, 2), all.slice(0, 2));
    updateSession(db, "ann", "story", { leaf_id: ids[3] });
    assert.deepEqual(rehearsals(db, 9).map(({ line }) => line), ["Three.", "One."]);
  });
});
