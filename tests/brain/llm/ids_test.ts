import assert from "node:assert/strict";
import { findEndpoint, offer } from "../../../brain/llm/ids.ts";
import type { Listed } from "../../../brain/llm/model_lists.ts";
import { type Endpoint, endpointsOf } from "../../../brain/llm/vendors.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";

const OLLAMA = { name: "ollama", base_url: "http://127.0.0.1:11434/v1" };
const endpoints = endpointsOf(configWith({ providers: ENTRIES, local_servers: [OLLAMA] }));

function models(endpoint: Endpoint, ...ids: string[]): { endpoint: Endpoint; models: Listed[] } {
  const entries = ids.map((vendor_id): Listed => ({
    id: vendor_id,
    vendor_id,
    name: vendor_id,
    provider: endpoint.name,
    local: endpoint.local,
    context: null,
    max_output: null,
    prompt_price: null,
    completion_price: null,
    cached_price: null,
  }));
  return { endpoint, models: entries };
}

const [openrouter, deepseek, groq, gemini, ollama] = endpoints;

const LISTED = offer([
  models(
    openrouter,
    "openrouter/auto",
    "deepseek/deepseek-chat",
    "meta-llama/llama-3",
    "mistralai/m-7b",
    "shared-1",
  ),
  models(deepseek, "deepseek-chat", "deepseek-reasoner"),
  models(groq, "llama-3.3-70b", "openai/gpt-oss-20b", "groq/compound", "twice-1"),
  models(gemini, "gemini-flash", "twice-1"),
  models(ollama, "llama3.2:latest", "qwen3"),
], "openrouter");

Deno.test("models are offered plain by the main endpoint and DeepSeek, under their provider's name by all others", () => {
  assert.deepEqual(LISTED.map(({ id }) => id), [
    "openrouter/auto",
    "deepseek/deepseek-chat",
    "meta-llama/llama-3",
    "mistralai/m-7b",
    "shared-1",
    "deepseek-chat",
    "deepseek-reasoner",
    "groq/llama-3.3-70b",
    "groq/openai/gpt-oss-20b",
    "groq/groq/compound",
    "groq/twice-1",
    "gemini/gemini-flash",
    "gemini/twice-1",
    "ollama/llama3.2:latest",
    "ollama/qwen3",
  ]);
});

Deno.test("no id is offered twice: where two would have it, the main endpoint's is the long one", () => {
  const both = offer([
    models(openrouter, "groq/llama-3.3-70b", "deepseek-chat", "deepseek-chat", "deepseek-chat"),
    models(deepseek, "deepseek-chat"),
    models(groq, "llama-3.3-70b"),
  ], "openrouter");
  assert.deepEqual(both.map(({ provider, id }) => `${provider}: ${id}`), [
    "openrouter: openrouter/groq/llama-3.3-70b",
    "openrouter: deepseek-chat",
    "openrouter: openrouter/deepseek-chat",
    "deepseek: deepseek/deepseek-chat",
    "groq: groq/llama-3.3-70b",
  ]);
});

Deno.test("an id finds its provider, never by a part of its name", () => {
  const rows: [string, string][] = [
    // As offered.
    ["meta-llama/llama-3", "openrouter: meta-llama/llama-3"],
    ["openrouter/auto", "openrouter: openrouter/auto"],
    ["deepseek-chat", "deepseek: deepseek-chat"],
    ["deepseek/deepseek-chat", "openrouter: deepseek/deepseek-chat"],
    ["groq/llama-3.3-70b", "groq: llama-3.3-70b"],
    ["groq/openai/gpt-oss-20b", "groq: openai/gpt-oss-20b"],
    ["gemini/gemini-flash", "gemini: gemini-flash"],
    ["ollama/llama3.2:latest", "ollama: llama3.2:latest"],
    // The long form is always accepted.
    ["openrouter/meta-llama/llama-3", "openrouter: meta-llama/llama-3"],
    ["deepseek/deepseek-reasoner", "deepseek: deepseek-reasoner"],
    // A bare id that exactly one provider offers.
    ["llama-3.3-70b", "groq: llama-3.3-70b"],
    ["openai/gpt-oss-20b", "groq: openai/gpt-oss-20b"],
    ["groq/compound", "groq: groq/compound"],
    ["gemini-flash", "gemini: gemini-flash"],
    ["qwen3", "ollama: qwen3"],
    // Neither its beginning nor its end is it.
    ["llama-3.3", "openrouter: llama-3.3"],
    ["3.3-70b", "openrouter: 3.3-70b"],
    ["gpt-oss-20b", "openrouter: gpt-oss-20b"],
    ["emini-flash", "openrouter: emini-flash"],
    // Two offer it: nobody is guessed.
    ["twice-1", "openrouter: twice-1"],
    // In no list: the provider its first segment names, else the main one.
    ["groq/new-model", "groq: new-model"],
    ["gemini/gemini-9", "gemini: gemini-9"],
    ["ollama/a/b", "ollama: a/b"],
    ["openrouter/x/y", "openrouter: x/y"],
    ["deepseek/new", "deepseek: new"],
    ["deepseek-v9", "openrouter: deepseek-v9"],
    ["llama-9-8b", "openrouter: llama-9-8b"],
    ["mixtral-gemma-llama-", "openrouter: mixtral-gemma-llama-"],
    ["google/gemini/x", "openrouter: google/gemini/x"],
    ["groqqy/x", "openrouter: groqqy/x"],
    ["groq", "openrouter: groq"],
    ["groq/", "openrouter: groq/"],
    ["/x", "openrouter: /x"],
    ["", "nobody"],
  ];
  for (const [id, expected] of rows) {
    const found = findEndpoint(id, endpoints, "openrouter", LISTED);
    assert.equal(found ? `${found.endpoint.name}: ${found.model}` : "nobody", expected, id);
  }
});

Deno.test("what the first segment names is believed only where that provider has the rest in its own list", () => {
  const listed = [
    { id: "openrouter/deepseek/chat-x", provider: "openrouter", vendor_id: "deepseek/chat-x" },
    { id: "groq/chat-x", provider: "groq", vendor_id: "chat-x" },
  ];
  const found = findEndpoint("deepseek/chat-x", endpoints, "gemini", listed)!;
  assert.equal(`${found.endpoint.name}: ${found.model}`, "openrouter: deepseek/chat-x");
});

Deno.test("a local server that is the main endpoint answers to its own name too", () => {
  const main = { name: "main", base_url: "http://localhost:11434/v1", quirks: {} };
  const own = endpointsOf(configWith({ providers: [main], main_provider: "main" }));
  for (const id of ["ollama/qwen3", "main/qwen3", "qwen3"]) {
    const found = findEndpoint(id, own, "main", []);
    assert.equal(`${found?.endpoint.name}: ${found?.model}`, "main: qwen3", id);
  }
});
