/** The shipped worlds, asked as a player would: the thing that is named comes first, and a nod brings nothing. */

import assert from "node:assert/strict";
import { openLibrary } from "../../../brain/library/assets.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { search } from "../../../brain/memory/search.ts";
import { chunkLore, sentencesOf } from "../../../brain/memory/units.ts";
import { openDatabase } from "../../../brain/store/database.ts";
import { syncLore } from "../../../brain/store/lore.ts";
import { addMessage } from "../../../brain/store/messages.ts";
import { createSession } from "../../../brain/store/sessions.ts";
import { PLAYED, questionOf, readProbes, tell } from "../../eval/memory/probes.ts";
import { printedMemories } from "../../eval/memory/run.ts";
import { blandLines } from "../../support/bland.ts";
import { withDatabase } from "../../support/stories.ts";

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

Deno.test("of two hundred bland lines at most one in ten brings lore, in every shipped world", async (t) => {
  for (const world_id of ["salt_marsh", "long_stair", "quarter_to_nine", "honey_year"]) {
    await t.step(world_id, async () => {
      const found = await asked(world_id, blandLines());
      const brought = [...found].filter(([, headings]) => headings.length > 0).map(([line]) => line);
      assert.equal(found.size, 200);
      assert.ok(brought.length <= 20, brought.join(" "));
    });
  }
});

Deno.test("everything that is told says who and how long ago; of the narrator's prose it is one sentence", async () => {
  for (const story of await readProbes()) {
    await withDatabase((db) => {
      const played = tell(db, story);
      const known = emptyKnown();
      let lines = 0;
      for (const { line } of story.probes) {
        const { memories } = search(db, questionOf(db, story, played, line), known);
        const { hits, block } = printedMemories(memories);
        const printed = block.split("\n").slice(1);
        for (const row of printed) assert.match(row, /^- [^,:]+, [1-9]\d* turns? ago: \S/, row);
        for (const hit of hits) {
          assert.equal(hit.turns_ago > 10, true, "what the page shows is not told again");
          if (hit.role === "user") assert.equal(hit.speaker, PLAYED);
          else assert.equal(sentencesOf(hit.text).length, 1, hit.text);
        }
        lines += printed.length;
      }
      assert.ok(lines > 10, story.name);
    });
  }
});
