import assert from "node:assert/strict";
import { endpointsOf, isLocalHost } from "../../../brain/llm/vendors.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";

Deno.test("each vendor has its row, found by its host first and then by its name", () => {
  const entry = (name: string, base_url: string) => ({ name, base_url, quirks: {} });
  const rows: [string, string, string][] = [
    ["main", "https://openrouter.ai/api/v1/", "openrouter"],
    ["main", "https://api.openai.com/v1", "openai"],
    ["fast", "https://api.groq.com/openai/v1", "groq"],
    ["mistral", "https://proxy.example/v1", "mistral"],
    ["llama.cpp", "http://192.168.1.5:9999/v1", "llamacpp"],
    ["LM_Studio", "http://127.0.0.1:4321/v1", "lmstudio"],
    ["here", "http://localhost:5001/v1", "koboldcpp"],
    ["here", "http://far.example:5001/v1", ""],
    ["openai", "https://api.deepseek.com", "deepseek"],
    ["unknown", "https://llm.example/v1", ""],
  ];
  for (const [name, base_url, vendor] of rows) {
    const [endpoint] = endpointsOf(configWith({ providers: [entry(name, base_url)] }));
    assert.equal(endpoint.vendor, vendor, `${name} at ${base_url}`);
    assert.equal(endpoint.name, name);
    assert.ok(!endpoint.base_url.endsWith("/"));
  }
});

Deno.test("which endpoints offer plain ids, need a key and say where it goes", () => {
  const providers = [
    ...ENTRIES,
    { name: "mine", base_url: "https://llm.example/v1", quirks: {} },
    { name: "lan", base_url: "http://192.168.0.9:8000/v1", quirks: {} },
  ];
  const local_servers = [{ name: "ollama", base_url: "http://127.0.0.1:11434/v1" }];
  const made = endpointsOf(configWith({ providers, local_servers }));
  const seen = made.map(({ name, plain_ids, needs_key, local, probed, key_hint }) => ({
    name,
    plain_ids,
    needs_key,
    local,
    probed,
    key_hint,
  }));
  const inFile = "in config.yaml";
  assert.deepEqual(seen, [
    {
      name: "openrouter",
      plain_ids: true,
      needs_key: true,
      local: false,
      probed: false,
      key_hint: `set OPENROUTER_API_KEY or openai_api_key ${inFile}`,
    },
    {
      name: "deepseek",
      plain_ids: true,
      needs_key: true,
      local: false,
      probed: false,
      key_hint: `set DEEPSEEK_API_KEY or deepseek_api_key ${inFile}`,
    },
    {
      name: "groq",
      plain_ids: false,
      needs_key: true,
      local: false,
      probed: false,
      key_hint: `set GROQ_API_KEY or groq_api_key ${inFile}`,
    },
    {
      name: "gemini",
      plain_ids: false,
      needs_key: true,
      local: false,
      probed: false,
      key_hint: `set GEMINI_API_KEY or gemini_api_key ${inFile}`,
    },
    {
      name: "mine",
      plain_ids: false,
      needs_key: false,
      local: false,
      probed: false,
      key_hint: `set api_key in the entry mine under providers: ${inFile}`,
    },
    {
      name: "lan",
      plain_ids: false,
      needs_key: false,
      local: true,
      probed: false,
      key_hint: `set api_key in the entry lan under providers: ${inFile}`,
    },
    {
      name: "ollama",
      plain_ids: false,
      needs_key: false,
      local: true,
      probed: true,
      key_hint: `set api_key in the entry ollama under providers: ${inFile}`,
    },
  ]);
});

Deno.test("quirks of the config win over the row's, and the row's over the defaults", () => {
  const groq = { name: "groq", base_url: "https://api.groq.com/openai/v1" };
  const quirks = { temperature: 0.5, max_tokens_field: "max_tokens" as const, include_usage: false };
  const [own] = endpointsOf(configWith({ providers: [{ ...groq, quirks }] }));
  assert.deepEqual(own.quirks, { ...quirks, omit: [], top_p: 0.95 });
});

Deno.test("what each vendor's row asks for", () => {
  const rows: [string, string, "max_tokens" | "max_completion_tokens", string[]][] = [
    ["openrouter", "https://openrouter.ai/api/v1", "max_tokens", []],
    ["openai", "https://api.openai.com/v1", "max_completion_tokens", []],
    ["deepseek", "https://api.deepseek.com", "max_tokens", ["seed"]],
    ["groq", "https://api.groq.com/openai/v1", "max_completion_tokens", []],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "max_tokens", ["seed"]],
    ["cerebras", "https://api.cerebras.ai/v1", "max_completion_tokens", []],
    ["mistral", "https://api.mistral.ai/v1", "max_tokens", ["seed"]],
    ["anthropic", "https://api.anthropic.com/v1", "max_tokens", ["seed", "top_p"]],
    ["xai", "https://api.x.ai/v1", "max_tokens", []],
    ["ollama", "http://127.0.0.1:11434/v1", "max_tokens", []],
    ["elsewhere", "https://llm.example/v1", "max_tokens", []],
  ];
  for (const [name, base_url, max_tokens_field, omit] of rows) {
    const [endpoint] = endpointsOf(configWith({ providers: [{ name, base_url, quirks: {} }] }));
    const rest = { temperature: 0.8, top_p: 0.95, include_usage: true };
    assert.deepEqual(endpoint.quirks, { max_tokens_field, omit, ...rest }, name);
  }
});

Deno.test("a vendor's name on this machine is a stand-in and needs no key", () => {
  const providers = [{ name: "openai", base_url: "http://127.0.0.1:4000/v1", quirks: {} }];
  const [endpoint] = endpointsOf(configWith({ providers }));
  assert.equal(endpoint.vendor, "openai");
  assert.equal(endpoint.needs_key, false);
});

Deno.test("an endpoint that nobody named is called by its host", () => {
  const at = (name: string) => ({ name, base_url: "https://llm.example:8443/v1", quirks: {} });
  const made = endpointsOf(configWith({ providers: [at("main"), at("mine")], main_provider: "main" }));
  assert.deepEqual(made.map(({ label }) => label), ["llm.example:8443", "mine"]);
});

Deno.test("a base URL that is none, or a name that is taken, makes no endpoint", () => {
  const providers = [{ name: "a", base_url: "nonsense", quirks: {} }, {
    name: "b",
    base_url: "http://b.example",
    quirks: {},
  }];
  const local_servers = [{ name: "b", base_url: "http://127.0.0.1:1234/v1" }];
  const made = endpointsOf(configWith({ providers, local_servers }));
  assert.deepEqual(made.map(({ base_url }) => base_url), ["http://b.example"]);
});

Deno.test("this machine and private networks are local, all else is not", () => {
  const local = [
    "localhost",
    "127.0.0.1",
    "127.9.9.9",
    "[::1]",
    "10.1.2.3",
    "192.168.0.1",
    "172.16.0.1",
    "172.31.9.9",
    "nas.local",
  ];
  const far = [
    "api.openai.com",
    "172.15.0.1",
    "172.32.0.1",
    "11.0.0.1",
    "localhost.example",
    "193.168.0.1",
    "my.local.example",
  ];
  assert.deepEqual(local.filter((host) => !isLocalHost(host)), []);
  assert.deepEqual(far.filter(isLocalHost), []);
});

Deno.test("a vendor that takes no hotter request is known, others are not restricted", () => {
  const at = (name: string, base_url: string) =>
    endpointsOf(configWith({ providers: [{ name, base_url, quirks: {} }] }))[0].max_temperature;
  assert.equal(at("anthropic", "https://api.anthropic.com/v1"), 1);
  assert.equal(at("deepseek", "https://api.deepseek.com"), undefined);
});
