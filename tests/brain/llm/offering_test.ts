import assert from "node:assert/strict";
import { createOffering, type Offering } from "../../../brain/llm/offering.ts";
import type { Listed } from "../../../brain/llm/model_lists.ts";
import { endpointsOf } from "../../../brain/llm/vendors.ts";
import type { Config, Price } from "../../../brain/config.ts";
import { configWith } from "../../support/llm_config.ts";

const NARRATOR = {
  id: "demo/narrator",
  name: "The narrator",
  provider: "demo",
  local: true,
  context: null,
  max_output: null,
  prompt_price: 0,
  completion_price: 0,
};
const at = (name: string, base_url: string) => ({ name, base_url, quirks: {} });
const CONFIG = configWith({
  main_provider: "openrouter",
  providers: [
    at("openrouter", "https://openrouter.ai/api/v1"),
    at("groq", "https://api.groq.com/openai/v1"),
    at("mine", "http://127.0.0.1:7777/v1"),
  ],
});

function listed(provider: string, vendor_id: string, part: Partial<Listed> = {}): Listed {
  return {
    id: vendor_id,
    name: vendor_id,
    provider,
    local: provider === "mine",
    context: 1000,
    max_output: null,
    prompt_price: null,
    completion_price: null,
    vendor_id,
    cached_price: null,
    ...part,
  };
}

const LISTS = {
  openrouter: [
    listed("openrouter", "a/eel"),
    listed("openrouter", "a/heron", { prompt_price: 1, completion_price: 2 }),
  ],
  groq: [listed("groq", "eel"), listed("groq", "heron", { prompt_price: 7 }), listed("groq", "crane")],
  mine: [listed("mine", "heron"), listed("mine", "eel")],
};

function offering(
  part: Partial<Config> = {},
  shipped: Record<string, Price> = {},
  contexts: [string, number][] = [],
): Offering {
  const config = { ...CONFIG, ...part };
  const made = createOffering(config, endpointsOf(config), NARRATOR, shipped);
  const lists = Object.entries(LISTS).map(([name, models]) =>
    [name, { name, base_url: "", fetched_ms: 0, models }] as const
  );
  made.compose(new Map(lists), new Map(contexts));
  return made;
}

const ids = (made: Offering) => made.models().map(({ id }) => id);

Deno.test("all that the lists hold is on offer behind the narrator; of what was found loaded the window is told", () => {
  const before = createOffering(CONFIG, endpointsOf(CONFIG), NARRATOR, {});
  assert.deepEqual(ids(before), ["demo/narrator"]);
  const made = offering({}, {}, [["mine/eel", 2048]]);
  const all = ["a/eel", "a/heron", "groq/eel", "groq/heron", "groq/crane", "mine/heron", "mine/eel"];
  assert.deepEqual(ids(made), ["demo/narrator", ...all]);
  assert.deepEqual(made.listed().map(({ id }) => id), all);
  assert.deepEqual(made.models().map(({ context }) => context), [
    null,
    1000,
    1000,
    1000,
    1000,
    1000,
    1000,
    2048,
  ]);
});

Deno.test("supported_models: the default first, in their order, once, each its own row and no neighbour's", () => {
  const supported = ["groq/heron", "mine/eel", "demo/narrator", "groq/heron", "crane", "nobody/new"];
  const made = offering({ default_model: "mine/heron", supported_models: supported });
  assert.deepEqual(
    made.models().map(({ id, provider, local }) => [id, provider, local]),
    [
      ["mine/heron", "mine", true],
      ["groq/heron", "groq", false],
      ["mine/eel", "mine", true],
      ["demo/narrator", "demo", true],
      ["groq/crane", "groq", false],
      // In no list: the main provider is asked for it.
      ["nobody/new", "openrouter", false],
    ],
  );
  assert.equal(ids(offering({ supported_models: ["eel"] }))[0], "eel", "two offer it: no guess");
});

Deno.test("a price is the list's, else the config's, else nothing on the own machine, else the shipped one, else unknown", () => {
  const one: Price = { prompt: 1, completion: 1, cached: null };
  const shipped = { "groq/eel": one, "groq/heron": one, "openrouter/a/heron": one, "mine/eel": one };
  const price = (id: string, prices: Record<string, number> = {}) => {
    const configured = Object.entries(prices).map(([key, prompt]) =>
      [key, { prompt, completion: 0, cached: null }] as const
    );
    const made = offering({ prices: Object.fromEntries(configured) }, shipped);
    const told = made.price(id)?.prompt ?? null;
    const row = made.models().find((model) => model.id === id);
    if (row !== undefined) assert.equal(row.prompt_price, told, id);
    return told;
  };
  assert.equal(price("a/heron", { "a/heron": 9 }), 1);
  assert.equal(price("groq/eel"), 1);
  // Half a price in the list is none.
  assert.equal(price("groq/heron"), 1);
  assert.equal(price("groq/heron", { "groq/heron": 5, heron: 6 }), 5);
  assert.equal(price("groq/heron", { heron: 6 }), 6);
  const free = { prompt: 0, completion: 0, cached: null };
  assert.deepEqual([offering().price("mine/eel"), offering().price("demo/narrator")], [free, free]);
  assert.equal(price("mine/eel"), 0);
  assert.equal(price("mine/eel", { eel: 3 }), 3);
  assert.equal(price("a/eel"), null);
  assert.equal(price("groq/crane"), null);
  assert.equal(price("demo/narrator", { "demo/narrator": 3 }), 0);
  assert.equal(price("groq/unheard"), null);
  assert.equal(price("groq/unheard", { unheard: 4 }), 4);
  const unknown = offering({ supported_models: ["nobody/new"] }).models()[0];
  assert.deepEqual([unknown.prompt_price, unknown.completion_price], [null, null]);
  const row = offering({ supported_models: ["groq/unheard"], prices: { unheard: one } }).models()[0];
  assert.deepEqual([row.prompt_price, row.completion_price, row.context], [1, 1, null]);
  // Whatever the player calls the entry: prices are the vendor's.
  const own = configWith({
    main_provider: "fast",
    providers: [at("fast", "https://api.groq.com/openai/v1")],
  });
  const named = createOffering(own, endpointsOf(own), NARRATOR, { "groq/eel": one, "fast/eel": free });
  assert.deepEqual(named.price("eel"), one);
});

Deno.test("a place is found in the lists by its provider and the vendor's id, both", () => {
  const made = offering();
  const place = made.locate("mine/eel");
  assert.deepEqual([place?.endpoint.name, place?.model], ["mine", "eel"]);
  assert.deepEqual(place && [made.entryOf(place)?.provider, made.entryOf(place)?.vendor_id], ["mine", "eel"]);
  assert.equal(place && made.entryOf({ ...place, model: "crane" }), undefined);
  assert.equal(made.locate(""), undefined);
});
