/** What a face is told of the lists: which prices are known. */

import assert from "node:assert/strict";
import { snapshot } from "../../brain/sync.ts";
import { MODELS } from "../support/brain_fakes.ts";

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
