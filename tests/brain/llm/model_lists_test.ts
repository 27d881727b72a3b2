import assert from "node:assert/strict";
import { type CachedList, readCache, readModels, writeCache } from "../../../brain/llm/model_lists.ts";
import { type Endpoint, endpointsOf } from "../../../brain/llm/vendors.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";

const endpoints = endpointsOf(configWith({
  providers: [...ENTRIES, { name: "lan", base_url: "http://192.168.0.2:8000/v1", quirks: {} }],
  local_servers: [{ name: "ollama", base_url: "http://127.0.0.1:11434/v1" }],
}));
const [openrouter, , groq, gemini, lan, ollama] = endpoints;

async function fixture(name: string): Promise<unknown> {
  const path = new URL(`../../fixtures/llm/${name}`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(path)).answer;
}

function idsOf(answer: unknown, endpoint: Endpoint): string[] | undefined {
  return readModels(answer, endpoint)?.map(({ vendor_id }) => vendor_id);
}

Deno.test("OpenRouter's list: prices per token become prices per million, bad ones cost only themselves", async () => {
  const models = readModels(await fixture("models_openrouter.json"), openrouter) ?? [];
  assert.deepEqual(
    models.map((model) => [model.id, model.prompt_price, model.completion_price, model.cached_price]),
    [
      ["openai/gpt-4o-mini", 0.15, 0.6, 0.0375],
      ["deepseek/deepseek-chat", 0.14, 0.28, null],
      ["meta-llama/llama-3.3-70b-instruct:free", 0, 0, null],
      ["openrouter/auto", null, null, null],
      ["odd/price", null, 1, null],
    ],
  );
  assert.deepEqual(models[0], {
    id: "openai/gpt-4o-mini",
    vendor_id: "openai/gpt-4o-mini",
    name: "OpenAI: GPT-4o-mini",
    provider: "openrouter",
    local: false,
    context: 128_000,
    max_output: 16_384,
    prompt_price: 0.15,
    completion_price: 0.6,
    cached_price: 0.0375,
  });
  assert.equal(models[1].context, 64_000, "what the top provider offers, not the most there is");
});

Deno.test("Groq's, Gemini's and Ollama's lists", async () => {
  const fast = readModels(await fixture("models_groq.json"), groq) ?? [];
  assert.deepEqual(fast.map(({ id, context, max_output }) => [id, context, max_output]), [
    ["llama-3.3-70b-versatile", 131_072, 32_768],
    ["openai/gpt-oss-20b", 131_072, 65_536],
  ]);
  assert.deepEqual(idsOf(await fixture("models_gemini.json"), gemini), [
    "gemini-2.5-flash",
    "gemini-2.5-pro",
  ]);
  assert.deepEqual(idsOf(await fixture("models_ollama.json"), ollama), ["llama3.2:latest", "qwen3:8b"]);
});

Deno.test("only chat models are offered", () => {
  const others = [
    "text-embedding-3-small",
    "nomic-embed-text:latest",
    "mxbai-embed-large",
    "gemini-embedding-001",
    "bge-m3",
    "whisper-large-v3",
    "whisper-1",
    "tts-1-hd",
    "playai-tts",
    "gpt-4o-mini-tts",
    "gpt-4o-transcribe",
    "gpt-4o-audio-preview",
    "gpt-realtime",
    "dall-e-3",
    "gpt-image-1",
    "imagen-4.0-generate-001",
    "gemini-2.5-flash-image",
    "veo-3.0",
    "sora-2",
    "black-forest-labs/flux-1",
    "stable-diffusion-xl",
    "omni-moderation-latest",
    "meta-llama/llama-guard-4-12b",
    "llama-prompt-guard-2-86m",
    "openai/gpt-oss-safeguard-20b",
    "jina-reranker-v2",
    "rerank-english-v3.0",
    "davinci-002",
    "babbage-002",
    "gpt-3.5-turbo-instruct",
    "mistral-ocr-latest",
    "aqa",
  ];
  const chat = [
    "gpt-4o",
    "gpt-4.1-mini",
    "o3",
    "chatgpt-4o-latest",
    "deepseek-chat",
    "llama-3.3-70b-versatile",
    "llama3.2:latest",
    "meta-llama/llama-4-scout-17b-16e-instruct",
    "google/gemma-3-27b-it",
    "google/gemini-2.5-pro",
    "mistral-large-latest",
    "qwen/qwen3-32b",
    "moonshotai/kimi-k2",
    "influx-7b",
    "claude-sonnet-4",
    "story-teller",
    "nous-hermes-2-vision",
  ];
  const answer = { data: [...others, ...chat].map((id) => ({ id })) };
  assert.deepEqual(idsOf(answer, openrouter), chat);
});

Deno.test("what a vendor says about a model decides before its name does", () => {
  const rows: [Record<string, unknown>, boolean][] = [
    [{ architecture: { output_modalities: ["text"] } }, true],
    [{ architecture: { output_modalities: ["text", "image"] } }, true],
    [{ architecture: { output_modalities: ["image"] } }, false],
    [{ capabilities: { completion_chat: true } }, true],
    [{ capabilities: { completion_chat: false } }, false],
    [{ active: false }, false],
    [{ type: "chat" }, true],
    [{ type: "vlm" }, true],
    [{ type: "embeddings" }, false],
    [{ type: "image" }, false],
    [{ supportedGenerationMethods: ["generateContent"] }, true],
    [{ supportedGenerationMethods: ["embedContent"] }, false],
  ];
  for (const [fields, offered] of rows) {
    assert.equal(
      idsOf({ data: [{ id: "m", ...fields }] }, openrouter)?.length,
      offered ? 1 : 0,
      JSON.stringify(fields),
    );
  }
});

Deno.test("malformed entries are skipped one by one, doubles once", () => {
  const data = [
    null,
    7,
    "text",
    [],
    {},
    { id: 5 },
    { id: "" },
    { id: "two words" },
    { id: "bell\u0007" },
    { id: "x".repeat(201) },
    { id: "good", name: 7, context_length: "many", pricing: "cheap", top_provider: null },
    { id: "good", name: "again" },
    {
      id: "named",
      name: " A\n name\u001b ",
      context_length: 1000.7,
      pricing: { prompt: -1, completion: "abc" },
    },
    { id: "x".repeat(200) },
  ];
  const models = readModels({ data }, openrouter) ?? [];
  assert.deepEqual(models.map(({ id, name, context }) => [id, name, context]), [
    ["good", "good", null],
    ["named", "A name", 1000],
    ["x".repeat(200), "x".repeat(200), null],
  ]);
});

Deno.test("an answer of another shape is no list, and a probed port is believed least", () => {
  const shapes: [unknown, number | null, number | null][] = [
    [{ object: "list", data: [{ id: "m" }] }, 1, 1],
    [{ data: [] }, 0, 0],
    [{ object: "list", data: null }, 0, 0],
    [{ data: [{ id: "m" }, { name: "none" }] }, 1, null],
    [[{ id: "m" }], 1, null],
    [{ data: null }, null, null],
    [{ data: {} }, null, null],
    [{ models: [] }, null, null],
    [{}, null, null],
    [null, null, null],
    ["<html>", null, null],
  ];
  for (const [answer, configured, probed] of shapes) {
    assert.equal(
      readModels(answer, openrouter)?.length ?? null,
      configured,
      `configured: ${JSON.stringify(answer)}`,
    );
    assert.equal(readModels(answer, ollama)?.length ?? null, probed, `probed: ${JSON.stringify(answer)}`);
  }
});

Deno.test("of a local server only what it has loaded counts as context", () => {
  const answer = { data: [{ id: "a", context_length: 131_072 }, { id: "b", max_model_len: 8192 }] };
  assert.deepEqual(readModels(answer, lan)?.map(({ context, local }) => [context, local]), [[null, true], [
    8192,
    true,
  ]]);
  assert.deepEqual(readModels(answer, groq)?.map(({ context, local }) => [context, local]), [
    [131_072, false],
    [8192, false],
  ]);
});

Deno.test("the cache file comes back as it was, and damage costs what it damages", () => {
  const models =
    readModels({ data: [{ id: "m", pricing: { prompt: "0.000001", completion: "0.000002" } }] }, groq) ?? [];
  const list: CachedList = {
    name: "groq",
    base_url: "https://api.groq.com/openai/v1",
    fetched_ms: 5,
    models,
  };
  const text = writeCache([list]);
  assert.deepEqual(readCache(text), [list]);
  const damage: [string, number][] = [
    ["", 0],
    [text.slice(0, -10), 0],
    ["null", 0],
    ["[]", 0],
    ['{"version":1}', 0],
    [text.replace('"version":1', '"version":2'), 0],
    [text.replace('"fetched_ms":5', '"fetched_ms":"5"'), 0],
    [text.replace('"vendor_id":"m"', '"vendor_id":""'), 0],
    [text.replace('"context":null', '"context":-1'), 0],
    [writeCache([list, { ...list, name: "other" }]).replace('"name":"groq"', '"name":7'), 1],
  ];
  for (const [broken, left] of damage) assert.equal(readCache(broken).length, left, broken.slice(0, 60));
});
