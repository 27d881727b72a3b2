import assert from "node:assert/strict";
import { readChunk, usageOf } from "../../../brain/llm/chunks.ts";
import { createOpenAiChat } from "../../../brain/llm/openai_chat.ts";
import type { Chunk, ProviderUsage } from "../../../brain/llm/provider.ts";
import { endpointsOf } from "../../../brain/llm/vendors.ts";
import { configWith } from "../../support/llm_config.ts";
import { startSseServer } from "../../support/sse_server.ts";

const FIXTURES = new URL("../../fixtures/llm/", import.meta.url);

function used(cached_tokens: number, cost: number | null = null): ProviderUsage {
  return { prompt_tokens: 1200, cached_tokens, completion_tokens: 40, cost };
}

const VENDORS: { vendor: string; thinks: boolean; usage: ProviderUsage | null }[] = [
  { vendor: "openrouter", thinks: true, usage: used(1000, 0.00042) },
  { vendor: "openai", thinks: false, usage: used(1024) },
  { vendor: "deepseek", thinks: true, usage: used(1152) },
  { vendor: "groq", thinks: false, usage: used(0) },
  { vendor: "gemini", thinks: false, usage: used(0) },
  { vendor: "mistral", thinks: true, usage: used(0) },
  { vendor: "ollama", thinks: true, usage: used(0) },
  { vendor: "lmstudio", thinks: true, usage: used(0) },
  { vendor: "llamacpp", thinks: false, usage: used(1100) },
  { vendor: "koboldcpp", thinks: false, usage: null },
];

Deno.test("every vendor's stream becomes the same story", async () => {
  const server = startSseServer();
  try {
    const [endpoint] = endpointsOf(
      configWith({ providers: [{ name: "x", base_url: server.base_url, quirks: {} }] }),
    );
    const limits = { connect_timeout_ms: 60_000, first_byte_timeout_ms: 60_000, idle_timeout_ms: 60_000 };
    const provider = createOpenAiChat(endpoint, "", { ...limits, chance: () => 0 });
    for (const { vendor, thinks, usage } of VENDORS) {
      const stream = await Deno.readTextFile(new URL(`stream_${vendor}.sse`, FIXTURES));
      assert.match(stream, /^: (Written|Recorded) /, `${vendor} says where it is from`);
      server.script({ steps: [{ send: stream }] });
      const request = { model: "m", messages: [], max_tokens: 9, temperature: 1, top_p: 1, seed: 1 };
      const story = { world_id: "", seed: "", telling: 0, path: [], lore: [] };
      const parts: Chunk[] = [];
      for await (const part of provider.stream({ ...request, story }, new AbortController().signal)) {
        parts.push(part);
      }
      assert.deepEqual(parts, [
        ...(thinks ? [{ kind: "waiting", label: "thinking" }] : []),
        { kind: "text", text: "The fog" },
        { kind: "text", text: " lifts." },
        { kind: "end", finish: "stop", usage },
      ], vendor);
    }
  } finally {
    await server.close();
  }
});

Deno.test("usage counts only where it can be true", () => {
  const counts = (prompt: unknown, completion: unknown) => ({
    prompt_tokens: prompt,
    completion_tokens: completion,
  });
  const rows: [unknown, Partial<ProviderUsage> | null][] = [
    [counts(10, 5), { prompt_tokens: 10, completion_tokens: 5, cached_tokens: 0, cost: null }],
    [counts(0, 0), { prompt_tokens: 0 }],
    [{ ...counts(100, 100), total_tokens: 200 }, null],
    [{ ...counts(100, 100), total_tokens: 201 }, { prompt_tokens: 100 }],
    [{ ...counts(10, 5), prompt_tokens_details: { cached_tokens: 99 } }, { cached_tokens: 10 }],
    [{ ...counts(10, 5), prompt_tokens_details: null, prompt_cache_hit_tokens: 4 }, { cached_tokens: 4 }],
    [{ ...counts(10, 5), cost: -1 }, { cost: null }],
    [{ ...counts(10, 5), cost: 0 }, { cost: 0 }],
    [counts(-1, 5), null],
    [counts(10, null), null],
    [counts("10", 5), null],
    [counts(NaN, 5), null],
    [null, null],
    ["usage", null],
    [[], null],
  ];
  for (const [value, expected] of rows) {
    const usage = usageOf(value);
    if (expected === null) assert.equal(usage, null, JSON.stringify(value));
    else assert.deepEqual({ ...usage, ...expected }, usage, JSON.stringify(value));
  }
});

Deno.test("of a content in parts the texts are the reply, thoughts are noticed, the rest is nothing", () => {
  const rows: [content: unknown, text: string, reasoning: boolean][] = [
    ["The door", "The door", false],
    [[{ type: "text", text: "The " }, { text: "door" }], "The door", false],
    [[{ type: "thinking", text: "hm" }, { type: "text", text: "The door" }], "The door", true],
    [[{ type: "reference", text: "[1]" }, null, 7, "x"], "", false],
    [{ text: "The door" }, "", false],
    [null, "", false],
  ];
  for (const [content, text, reasoning] of rows) {
    const facts = readChunk({ choices: [{ delta: { content }, finish_reason: "" }] });
    const what = JSON.stringify(content);
    assert.deepEqual([facts.text, facts.reasoning, facts.finish], [text, reasoning, null], what);
  }
  for (const delta of [{ reasoning: "hm" }, { reasoning_details: [{}] }, { thinking: {} }]) {
    assert.equal(readChunk({ choices: [{ delta }] }).reasoning, true, JSON.stringify(delta));
  }
  for (const delta of [{ reasoning: "" }, { reasoning_details: [] }, { thinking: null }, { reasoning: 7 }]) {
    assert.equal(readChunk({ choices: [{ delta }] }).reasoning, false, JSON.stringify(delta));
  }
});
