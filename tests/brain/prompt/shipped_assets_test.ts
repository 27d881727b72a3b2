import assert from "node:assert/strict";
import { assemble, type PromptParts } from "../../../brain/prompt/assemble.ts";
import { estimateTokens, loadTokenizer } from "../../../brain/prompt/budget.ts";
import { type Library, openLibrary } from "../../../brain/library/assets.ts";

const ASSETS = new URL("../../../assets", import.meta.url).pathname;

async function shipped(): Promise<Library> {
  const home = await Deno.makeTempDir({ prefix: "flower-home-" });
  const library = await openLibrary(ASSETS, home);
  library.close();
  await Deno.remove(home, { recursive: true });
  return library;
}

Deno.test("every shipped pairing with any two rule packs keeps the fixed prompt within 900 tokens", async () => {
  await loadTokenizer();
  const library = await shipped();
  assert.deepEqual(library.problems(), []);
  assert.notEqual(library.baseRules(), "");

  const longest = library.rules().toSorted((a, b) => estimateTokens(b.prompt) - estimateTokens(a.prompt))
    .slice(0, 2);
  for (const world of library.worlds()) {
    for (const character of library.characters()) {
      const parts: PromptParts = {
        base_rules: library.baseRules(),
        rules: longest,
        world,
        character,
        path: [{ id: 1, role: "user", content: "I look.", tokens: 3, status: "complete" }],
        kept: [1],
        recalled: null,
        reply_words: { min: 80, max: 160 },
      };
      const { messages } = assemble(parts, { lore_tokens: 0, memory_tokens: 0 });
      const tokens = estimateTokens(messages[0].content);
      assert.ok(tokens <= 900, `${world.id} with ${character.id}: ${tokens} tokens`);
      const text = messages.map((message) => message.content).join("\n");
      assert.doesNotMatch(text, /\{\{|\}\}/, `${world.id} with ${character.id}`);
      // Shipped text needs no fence: a quotation mark in it would be a label by mistake.
      assert.doesNotMatch(text, /^> /m, `${world.id} with ${character.id}`);
    }
  }
});

Deno.test("the length of a reply stands in the shipped base rules where the setting replaces it", async () => {
  const library = await shipped();
  assert.equal(library.baseRules().match(/80 to 160 words/g)?.length, 1);
});
