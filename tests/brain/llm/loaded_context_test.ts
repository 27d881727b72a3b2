import assert from "node:assert/strict";
import { loadedContext } from "../../../brain/llm/loaded_context.ts";
import { endpointsOf } from "../../../brain/llm/vendors.ts";
import { configWith } from "../../support/llm_config.ts";

/** Answers by path, as the servers' documents have them; whatever is not here is not answered. */
type Answers = Record<string, unknown>;

const SERVERS = {
  ollama: "http://127.0.0.1:11434/v1",
  lmstudio: "http://127.0.0.1:1234/v1",
  llamacpp: "http://127.0.0.1:8080/v1",
  koboldcpp: "http://127.0.0.1:5001/v1",
  unknown: "http://127.0.0.1:9999/v1",
};

const LM_STUDIO = {
  models: [
    { type: "llm", key: "other", loaded_instances: [{ id: "other", config: { context_length: 2048 } }] },
    {
      type: "llm",
      key: "m",
      max_context_length: 131_072,
      loaded_instances: [{ id: "m", config: { context_length: 12_000 } }],
    },
    {
      type: "llm",
      key: "twice",
      loaded_instances: [{ id: "one", config: { context_length: 1 } }, {
        id: "two",
        config: { context_length: 22 },
      }],
    },
    { type: "llm", key: "asleep", max_context_length: 131_072, loaded_instances: [] },
  ],
};

Deno.test("each server is asked for what it has loaded, and what a model could read is no answer", async () => {
  const rows: { server: keyof typeof SERVERS; model?: string; answers: Answers; tokens: number | null }[] = [
    {
      server: "ollama",
      answers: { "/api/ps": { models: [{ name: "m", context_length: 8192 }] } },
      tokens: 8192,
    },
    {
      server: "ollama",
      answers: { "/api/ps": { models: [{ model: "m:latest", context_length: 8192 }] } },
      tokens: 8192,
    },
    {
      server: "ollama",
      answers: {
        "/api/ps": {
          models: [{ name: "m2", context_length: 9999 }, { name: "m:7b", context_length: 9999 }, {
            name: "m:latest",
            context_length: 8192,
          }],
        },
      },
      tokens: 8192,
    },
    {
      server: "ollama",
      answers: {
        "/api/ps": { models: [{ name: "other", context_length: 9999 }] },
        "/api/show": { parameters: 'stop "<|eot|>"\nnum_ctx                        16384', model_info: {} },
      },
      tokens: 16_384,
    },
    {
      server: "ollama",
      answers: { "/api/show": { model_info: { "llama.context_length": 131_072 } } },
      tokens: 4096,
    },
    {
      server: "ollama",
      answers: { "/api/show": { model_info: { "llama.context_length": 2048 } } },
      tokens: 2048,
    },
    { server: "ollama", answers: {}, tokens: null },
    { server: "lmstudio", answers: { "/api/v1/models": LM_STUDIO }, tokens: 12_000 },
    { server: "lmstudio", model: "two", answers: { "/api/v1/models": LM_STUDIO }, tokens: 22 },
    { server: "lmstudio", model: "twice", answers: { "/api/v1/models": LM_STUDIO }, tokens: 1 },
    { server: "lmstudio", model: "asleep", answers: { "/api/v1/models": LM_STUDIO }, tokens: null },
    { server: "lmstudio", model: "none", answers: { "/api/v1/models": LM_STUDIO }, tokens: null },
    {
      server: "llamacpp",
      answers: { "/props": { default_generation_settings: { n_ctx: 6144 } } },
      tokens: 6144,
    },
    { server: "llamacpp", answers: { "/props": { default_generation_settings: {} } }, tokens: null },
    { server: "koboldcpp", answers: { "/api/extra/true_max_context_length": { value: 4097 } }, tokens: 4097 },
    {
      server: "koboldcpp",
      answers: { "/api/extra/true_max_context_length": { value: "many" } },
      tokens: null,
    },
    {
      server: "unknown",
      answers: { "/props": { default_generation_settings: { n_ctx: 6144 } } },
      tokens: 6144,
    },
    {
      server: "unknown",
      answers: { "/api/ps": { models: [{ name: "m", context_length: 8192 }] } },
      tokens: 8192,
    },
    { server: "unknown", answers: {}, tokens: null },
  ];
  for (const { server, model = "m", answers, tokens } of rows) {
    const providers = [{ name: server, base_url: SERVERS[server], quirks: {} }];
    const [endpoint] = endpointsOf(configWith({ providers }));
    const asked: string[] = [];
    const got = await loadedContext(endpoint, model, (url, body) => {
      const { origin, pathname } = new URL(url);
      assert.equal(origin, new URL(SERVERS[server]).origin);
      asked.push(pathname);
      assert.deepEqual(body, pathname === "/api/show" ? { model } : undefined);
      return Promise.resolve(answers[pathname] ?? null);
    });
    assert.equal(got, tokens, `${server}: ${JSON.stringify(answers)}`);
    if (tokens === 8192 && server === "ollama") assert.deepEqual(asked, ["/api/ps"]);
  }
});

Deno.test("a vendor far away is not asked", async () => {
  const [endpoint] = endpointsOf(
    configWith({ providers: [{ name: "x", base_url: "https://x.example/v1", quirks: {} }] }),
  );
  const got = await loadedContext(endpoint, "m", () => assert.fail("asked"));
  assert.equal(got, null);
});
