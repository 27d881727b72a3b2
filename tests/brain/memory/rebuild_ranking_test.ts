import assert from "node:assert/strict";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { rebuildFacts } from "../../../brain/memory/facts.ts";
import { rebuildMemory } from "../../../brain/memory/rebuild.ts";
import { rankLore, rankMemories, search } from "../../../brain/memory/search.ts";
import { chunkLore } from "../../../brain/memory/units.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { PLAYER } from "../../eval/memory/feed.ts";
import { questionOf, readProbes, tell } from "../../eval/memory/probes.ts";
import { withDatabase } from "../../support/stories.ts";

const LORE = "## The weir\nThe weir holds the mill road's water. Odile fears it.\n\n" +
  "## Walnuts\nWalnut bread is the miller's pride.\n\n## The forge\nThe forge is cold on feast days.";

Deno.test("rankings before and after a rebuild are the same, whatever of the derived was lost", async (t) => {
  const stories = await readProbes();
  const damages: [string, string[]][] = [
    ["nothing", []],
    ["the full text", ["INSERT INTO memory_fts (memory_fts) VALUES ('delete-all')"]],
    ["the lore's full text", ["INSERT INTO lore_fts (lore_fts) VALUES ('delete-all')"]],
    ["the last units", ["DELETE FROM memory_units WHERE id > 150"]],
    ["the world's lore", ["DELETE FROM lore_units WHERE player_id = ''"]],
  ];
  for (const [name, statements] of damages) {
    await t.step(name, () =>
      withDatabase((db) => {
        const told = stories.map((story) => tell(db, story));
        syncLore(db, "mill", chunkLore(LORE));
        attachLore(db, PLAYER, "mill", chunkLore("## Thistle\nThistle is a mare's name."), "attached");
        const sources = { worlds: [{ id: "mill", lore: LORE }], nameOf: () => "Tam" };
        // Facts by rule, as turns would have noted them.
        rebuildFacts(db, sources.nameOf, 1000);
        const rankings = () =>
          stories.flatMap((story, i) =>
            story.probes.map(({ line }) => {
              const question = { ...questionOf(db, story, told[i], line), world_id: "mill" };
              const memories = rankMemories(db, question, emptyKnown());
              const lore = rankLore(db, question, emptyKnown());
              return {
                memories: memories.map(({ message_id, text, score }) => [message_id, text, score]),
                lore: lore.map(({ text, score }) => [text, score]),
                told: search(db, question, emptyKnown()).memories.map((hit) => hit.text),
              };
            })
          );
        const before = rankings();
        assert.ok(before.some((ranking) => ranking.lore.length > 0));
        for (const statement of statements) db.run(statement);
        if (statements.length > 0) assert.notDeepEqual(rankings(), before);
        rebuildMemory(db, sources, 1000);
        assert.deepEqual(rankings(), before);
      }));
  }
});
