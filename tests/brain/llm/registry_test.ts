import assert from "node:assert/strict";
import type { Provider } from "../../../brain/llm/provider.ts";
import { createRegistry } from "../../../brain/llm/registry.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";
import { STORY } from "../../support/sse_replies.ts";
import { startSseServer } from "../../support/sse_server.ts";

const demo: Provider = {
  name: "demo",
  async *stream() {
    yield await Promise.resolve({ kind: "end" as const, finish: "stop" as const, usage: null });
  },
};
const LOCAL = { name: "ollama", base_url: "http://127.0.0.1:11434/v1" };

Deno.test("an id becomes a provider, the vendor's id and the vendor's sampling defaults", () => {
  const config = configWith({
    providers: [...ENTRIES.slice(0, 3), { ...ENTRIES[3], quirks: { temperature: 1 } }],
    local_servers: [LOCAL],
  });
  const registry = createRegistry(config, {}, { listed: () => [] }, demo, { chance: () => 0 });
  const rows: [string, string, string, boolean, number][] = [
    ["groq/llama", "groq", "llama", false, 0.8],
    ["gemini/flash", "gemini", "flash", false, 1],
    ["some/model", "openrouter", "some/model", false, 0.8],
    ["ollama/m", "ollama", "m", true, 0.8],
    ["demo/narrator", "demo", "narrator", true, 0.8],
  ];
  for (const [id, name, model, local, temperature] of rows) {
    const found = registry.resolve(id);
    assert.equal(found?.provider.name, name, id);
    assert.equal(found?.model, model, id);
    assert.equal(found?.entry.name, name, id);
    assert.equal(found?.entry.local, local, id);
    assert.equal(found?.entry.quirks.temperature, temperature, id);
  }
  assert.equal(registry.resolve("demo/narrator")?.provider, demo);
  assert.deepEqual(registry.resolve("demo/narrator")?.entry.quirks, { temperature: 0.8, top_p: 0.95 });
  const bounded = { name: "anthropic", base_url: "https://api.anthropic.com/v1", quirks: { top_p: 0.9 } };
  const claude = createRegistry(
    configWith({ providers: [bounded] }),
    {},
    { listed: () => [] },
    demo,
    { chance: () => 0 },
  ).resolve("anthropic/m");
  assert.deepEqual([claude?.entry.max_temperature, claude?.entry.quirks.top_p], [1, 0.9]);
  assert.equal(
    registry.resolve("groq/a")?.provider,
    registry.resolve("groq/b")?.provider,
    "one per endpoint",
  );
  assert.equal(registry.resolve(""), undefined);
  assert.equal(
    createRegistry(configWith({}), {}, { listed: () => [] }, demo, { chance: () => 0 }).resolve("x"),
    undefined,
  );
});

Deno.test("each endpoint gets its own key and the config's limits", async () => {
  const server = startSseServer();
  try {
    const entry = (name: string) => ({ name, base_url: server.base_url, quirks: {} });
    const config = configWith({
      providers: [entry("one"), entry("two")],
      main_provider: "one",
    });
    const registry = createRegistry(config, { two: "key-of-two" }, { listed: () => [] }, demo, {
      chance: () => 0,
    });
    const tell = async (id: string, asked = registry) => {
      const { provider, model } = asked.resolve(id) ?? assert.fail();
      let text = "";
      const story = { world_id: "", seed: "", telling: 0, path: [], lore: [] };
      const sampling = { max_tokens: 9, temperature: 0.8, top_p: 0.95, seed: 1 };
      const messages = [{ role: "user" as const, content: "x" }];
      const signal = new AbortController().signal;
      for await (const part of provider.stream({ model, messages, ...sampling, story }, signal)) {
        if (part.kind === "text") text += part.text;
      }
      return text;
    };
    assert.equal(await tell("story"), STORY);
    assert.equal(await tell("two/story"), STORY);
    assert.deepEqual(server.chats().map(({ headers }) => headers.authorization), [
      undefined,
      "Bearer key-of-two",
    ]);
    const other = createRegistry(config, { one: "key-of-one" }, { listed: () => [] }, demo, {
      chance: () => 0,
    });
    await tell("two/story", other);
    assert.equal(
      server.chats().at(-1)?.headers.authorization,
      undefined,
      "the main provider's key stays its own",
    );
    const hasty = createRegistry({ ...config, idle_timeout_ms: 60 }, {}, { listed: () => [] }, demo, {
      chance: () => 0,
    });
    await assert.rejects(tell("two/fault/stall-between", hasty), {
      kind: "stalled",
      message: /silent for 0\.1 s/,
    });
  } finally {
    await server.close();
  }
});
