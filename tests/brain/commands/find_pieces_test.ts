import assert from "node:assert/strict";
import { findPieces } from "../../../brain/commands/find_pieces.ts";
import { saveMemory } from "../../../brain/store/memories.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

const MESSAGES = 1_203;

Deno.test("a long story is looked through in steps, the newest first, and others are served between them", async () => {
  await withDatabase(async (db) => {
    const ids = tellAll(db, aSession(), Array.from({ length: MESSAGES }, (_, i) => `${i}`));
    db.transaction(() => {
      for (const id of ids) {
        saveMemory(db, "ann", { session_id: "story", id, role: "user" }, [`${id} eel`, `${id} gull`]);
      }
    });
    const story = { player_id: "ann", leaf_id: ids.at(-1)! };
    const eels = ({ text }: { text: string }) => text.endsWith("eel");
    let served = 0;
    const others = setInterval(() => served++, 0);
    try {
      const { found, more } = await findPieces(db, story, 2, eels, true);
      assert.deepEqual(found.map(({ text }) => text), [`${ids.at(-1)} eel`, `${ids.at(-2)} eel`]);
      assert.equal(more, MESSAGES - 2);
      assert.ok(served > 0);
    } finally {
      clearInterval(others);
    }
    assert.equal((await findPieces(db, story, 3, eels)).more, 0);
    const [oldest] = (await findPieces(db, story, 9, ({ message_id }) => message_id === ids[0])).found;
    assert.equal(oldest.text, `${ids[0]} gull`);
    assert.deepEqual(await findPieces(db, { player_id: "ann", leaf_id: null }, 9, eels), {
      found: [],
      more: 0,
    });
    assert.deepEqual(await findPieces(db, { ...story, player_id: "ben" }, 9, eels), { found: [], more: 0 });
  });
});
