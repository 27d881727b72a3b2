/** What a face is told of the lists: which prices are known, and no placeholder of a file. */

import assert from "node:assert/strict";
import { snapshot } from "../../brain/sync.ts";
import { MODELS, SMITH, WORLD } from "../support/brain_fakes.ts";

Deno.test("a price is known when both of its halves are; an unknown half is 0 on the wire", () => {
  const rows: [number | null, number | null, boolean][] = [
    [1, 2, true],
    [0, 0, true],
    [1, null, false],
    [null, 2, false],
    [null, null, false],
  ];
  const models = rows.map(([prompt_price, completion_price], i) => ({
    ...MODELS[0],
    id: `m${i}`,
    prompt_price,
    completion_price,
  }));
  const state = { world_id: "", character_id: "", session_id: "", model: "", rules: [] };
  const shown = snapshot({ state, model: "", worlds: [], characters: [], rules: [], models, sessions: [] });
  assert.deepEqual(
    shown.available_models?.map((model) => [model.prompt_price, model.completion_price, model.price_known]),
    rows.map(([prompt, completion, known]) => [prompt ?? 0, completion ?? 0, known]),
  );
  assert.equal(shown.model_confirmed, false);
});

Deno.test("a list shows names and you where a file has placeholders", () => {
  const state = { world_id: "", character_id: "", session_id: "", model: "", rules: [] };
  const shown = snapshot({
    state,
    model: "",
    worlds: [{
      ...WORLD,
      hook: "A bell rings for {{user}}.",
      start_message: "",
      scene: "Rain falls on {{ User }}. Then hail.",
    }],
    characters: [{ ...SMITH, name: "Ida", persona: "{{user}} is stubborn. {{char}} knows." }],
    rules: [{ id: "slow", name: "Slow", prompt: "{{char}} hurries nobody. Ever." }],
    models: [],
    sessions: [],
  });
  const [world] = shown.available_worlds ?? [];
  assert.deepEqual([world.hook, world.opening], ["A bell rings for you.", "Rain falls on you."]);
  assert.equal(shown.available_characters?.[0].about, "Ida is stubborn.");
  assert.equal(shown.available_rules?.[0].about, "the narrator hurries nobody.");
});
