import assert from "node:assert/strict";
import { costOf } from "../../../brain/llm/costs.ts";
import { readPrices } from "../../../brain/llm/prices.ts";
import { parseYaml } from "../../../brain/yaml.ts";

Deno.test("a reply costs its prompt, its cached prompt and its completion, per million tokens", () => {
  const counts = { prompt_tokens: 3000, cached_tokens: 1000, completion_tokens: 500 };
  const rows: [Parameters<typeof costOf>[0], Parameters<typeof costOf>[1], number | null][] = [
    [counts, { prompt: 2, completion: 10, cached: 0.5 }, 0.0095],
    [counts, { prompt: 2, completion: 10, cached: null }, 0.011],
    [counts, { prompt: 2, completion: 10, cached: 0 }, 0.009],
    [counts, { prompt: 0, completion: 0, cached: null }, 0],
    [counts, null, null],
    [{ ...counts, cached_tokens: 9000 }, { prompt: 2, completion: 0, cached: 1 }, 0.003],
    [
      { prompt_tokens: 0, cached_tokens: 0, completion_tokens: 0 },
      { prompt: 2, completion: 1, cached: 1 },
      0,
    ],
  ];
  for (const [counted, price, expected] of rows) {
    const cost = costOf(counted, price);
    if (expected === null) assert.equal(cost, null);
    else assert.ok(cost !== null && Math.abs(cost - expected) < 1e-12, `${cost} is not ${expected}`);
  }
});

Deno.test("the price table leaves out what has not both prices", () => {
  const prices = readPrices({
    as_of: "2025-12-01",
    models: {
      "a/1": { prompt: 1, completion: 2, cached: 0.5 },
      "a/2": { prompt: 0, completion: 0 },
      "a/3": { prompt: 1 },
      "a/4": { prompt: -1, completion: 2 },
      "a/5": { prompt: "1", completion: 2 },
      "a/6": null,
    },
  });
  assert.deepEqual(prices, {
    "a/1": { prompt: 1, completion: 2, cached: 0.5 },
    "a/2": { prompt: 0, completion: 0, cached: null },
  });
  for (const nothing of [null, {}, { models: [] }, "x"]) assert.deepEqual(readPrices(nothing), {});
});

Deno.test("the shipped price table is dated, and every line of it counts", async () => {
  const text = await Deno.readTextFile(new URL("../../../assets/prices.yaml", import.meta.url));
  const { value } = parseYaml(text, "prices.yaml");
  const { as_of, models } = value as { as_of: unknown; models: Record<string, unknown> };
  assert.match(String(as_of), /^\d{4}-\d{2}-\d{2}/);
  const prices = readPrices(value);
  assert.deepEqual(Object.keys(prices), Object.keys(models));
  assert.ok(Object.keys(prices).length >= 24);
  for (const [id, { prompt, completion, cached }] of Object.entries(prices)) {
    assert.match(id, /^(deepseek|groq|gemini|openai)\/\S+$/);
    assert.ok(prompt > 0 && completion >= prompt && completion < 100, id);
    assert.ok(cached === null || cached > 0 && cached <= prompt, id);
  }
});
