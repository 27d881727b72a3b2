/** The shipped worlds, asked as a player would: the thing that is named comes first, and a nod brings nothing. */

import assert from "node:assert/strict";
import { openLibrary } from "../../../brain/library/assets.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { search } from "../../../brain/memory/search.ts";
import { chunkLore } from "../../../brain/memory/units.ts";
import { openDatabase } from "../../../brain/store/database.ts";
import { syncLore } from "../../../brain/store/memories.ts";
import { addMessage } from "../../../brain/store/messages.ts";
import { createSession } from "../../../brain/store/sessions.ts";

const ASSETS = new URL("../../../assets", import.meta.url).pathname;

/** Headings of the lore that a line brings after a world's start message, best first. */
async function asked(world_id: string, lines: string[]): Promise<Map<string, string[]>> {
  const home = await Deno.makeTempDir();
  const library = await openLibrary(ASSETS, home);
  const db = openDatabase(":memory:");
  try {
    const world = library.worlds().find((world) => world.id === world_id);
    assert.ok(world);
    syncLore(db, world_id, chunkLore(world.lore));
    createSession(db, {
      id: "0123456789ab",
      player_id: "local",
      world_id,
      character_id: "farrier",
      model: "",
      title: "",
      leaf_id: null,
      created_ms: 1,
      last_used_ms: 1,
    });
    const start = addMessage(db, "local", "0123456789ab", {
      parent_id: null,
      role: "assistant",
      content: world.start_message,
      status: "complete",
      model: "",
      tokens: 150,
      created_ms: 1,
    });
    return new Map(lines.map((line) => {
      const question = {
        player_id: "local",
        session_id: "0123456789ab",
        world_id,
        leaf_id: start.id,
        line,
        before: [world.start_message],
        visible_ids: [start.id],
        max_lore: 8,
        max_memories: 8,
      };
      return [line, search(db, question, emptyKnown()).lore.map(({ heading }) => heading)];
    }));
  } finally {
    db.close();
    library.close();
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("lore whose heading is named comes first, also when the page repeats the name of the place", async () => {
  const rows: [string, string][] = [
    ["I ask the boy what the bell means.", "The drowned bell"],
    ["Who is the ferrywoman?", "Wendreda Stittle"],
    ["I buy an eel from Noah Crabbe.", "Noah Crabbe"],
    ["I go to the church.", "The drowned bell"],
    ["How much is a night at the ferry house?", "The ferry house"],
    ["I walk to the tally shed and read the names.", "The tally shed"],
  ];
  const found = await asked("salt_marsh", rows.map(([line]) => line));
  for (const [line, heading] of rows) assert.equal(found.get(line)?.[0], heading, line);
});

Deno.test("a line that asks for nothing brings no lore, whatever stands on the page", async () => {
  const bland = [
    "I nod.",
    "Yes.",
    "I wait.",
    "I look around.",
    "I smile at her.",
    "I go on.",
    "I say nothing.",
  ];
  for (const world_id of ["salt_marsh", "long_stair", "quarter_to_nine", "honey_year"]) {
    const found = await asked(world_id, bland);
    for (const line of bland) assert.deepEqual(found.get(line), [], `${world_id}: ${line}`);
  }
});
