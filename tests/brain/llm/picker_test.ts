import assert from "node:assert/strict";
import { defaultModel, pickerOrder } from "../../../brain/llm/picker.ts";
import type { Model } from "../../../shared/story.ts";

function model(id: string, price: [number, number] | null, provider = id.split("/")[0]): Model {
  return {
    id,
    name: id,
    provider,
    local: ["ollama", "lmstudio", "demo"].includes(provider),
    context: null,
    max_output: null,
    prompt_price: price?.[0] ?? null,
    completion_price: price?.[1] ?? null,
  };
}

const NARRATOR = model("demo/narrator", [0, 0]);
const MODELS = [
  NARRATOR,
  model("groq/unknown-b", null),
  model("groq/unknown-a", null),
  model("groq/dear", [3, 15]),
  model("groq/talker", [1, 1]),
  model("groq/reader", [0.5, 5]),
  model("ollama/second", [0, 0]),
  model("ollama/first", [0, 0]),
];

Deno.test("local models come first as their server lists them, then the last used, then by price, unknown last", () => {
  assert.deepEqual(pickerOrder(MODELS, ["groq/unknown-b", "groq/dear", "gone/x"]).map(({ id }) => id), [
    "ollama/second",
    "ollama/first",
    "groq/unknown-b",
    "groq/dear",
    "demo/narrator",
    // A prompt counts ten times: 10 * 0.5 + 5 is less than 10 * 1 + 1.
    "groq/reader",
    "groq/talker",
    "groq/unknown-a",
  ]);
});

Deno.test("a price that is half known is unknown, and equal prices stand by id, whatever the lists say", () => {
  const half = [{ ...model("b/in", [1, 1]), completion_price: null }, {
    ...model("a/out", [1, 1]),
    prompt_price: null,
  }];
  const models = [...half, model("d/same", [2, 2]), model("c/same", [2, 2]), model("e/dear", [3, 3])];
  const sorted = ["c/same", "d/same", "e/dear", "a/out", "b/in"];
  assert.deepEqual(pickerOrder(models, []).map(({ id }) => id), sorted);
  assert.deepEqual(pickerOrder(models.toReversed(), []).map(({ id }) => id), sorted);
});

Deno.test("the default is the configured model, the last used, a local one, the narrator; never a paid one", () => {
  const paid = MODELS.filter((model) => !model.id.startsWith("ollama/"));
  const rows: { config?: string; supported?: string[]; models: Model[]; last?: string; expected: string }[] =
    [
      { config: "x/y", models: MODELS, last: "groq/dear", expected: "x/y" },
      { models: MODELS, last: "groq/dear", expected: "groq/dear" },
      { models: MODELS, last: "in/no-list", expected: "in/no-list" },
      { models: MODELS, expected: "ollama/second" },
      { models: paid, expected: "demo/narrator" },
      { models: [], expected: "demo/narrator" },
      {
        supported: ["groq/dear"],
        models: [model("groq/dear", [3, 15])],
        last: "groq/talker",
        expected: "demo/narrator",
      },
      {
        supported: ["groq/dear"],
        models: [model("groq/dear", [3, 15])],
        last: "groq/dear",
        expected: "groq/dear",
      },
    ];
  for (const { config = "", supported = [], models, last = "", expected } of rows) {
    const got = defaultModel({ default_model: config, supported_models: supported }, models, last);
    assert.equal(got, expected);
  }
});
