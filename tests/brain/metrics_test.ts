import assert from "node:assert/strict";
import { metered, Metrics } from "../../brain/metrics.ts";
import { type ChatRequest, type Chunk, ProviderError } from "../../brain/llm/provider.ts";
import type { Registry } from "../../brain/llm/registry.ts";
import { StoreError } from "../../brain/store/store_error.ts";

const GAUGES = {
  sockets: 3,
  running_turns: 2,
  queued_requests: 1,
  resident_bytes: 1000,
  heap_bytes: 500,
  uptime_s: 7,
  version: "0.1.0",
};

/** Value of each line that is no comment. */
function values(metrics: Metrics): Map<string, number> {
  const lines = metrics.text(GAUGES).trimEnd().split("\n").filter((line) => !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name, value] = /^(\S+) (\S+)$/.exec(line) ?? assert.fail(line);
    return [name, Number(value)];
  }));
}

function registryOf(stream: (request: ChatRequest) => AsyncGenerator<Chunk>): Registry {
  const entry = { name: "x", label: "x", local: true, quirks: { temperature: 1, top_p: 1 } };
  return { resolve: () => ({ provider: { name: "x", stream }, model: "m", entry }), close: () => {} };
}

const request = { story: { seed: "s1" } } as ChatRequest;
const usage = {
  prompt_tokens: 100,
  cached_tokens: 40,
  completion_tokens: 7,
  cost: null,
  first_token_ms: 0,
  tokens_per_second: 0,
};

Deno.test("every family has its help and its type, and every line is one of the format", () => {
  const metrics = new Metrics(() => 0);
  metrics.failed(new StoreError("full", "no room"));
  const text = metrics.text(GAUGES);
  assert.ok(text.endsWith("\n"));
  const families = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map((match) => match[1]);
  assert.equal(new Set(families).size, families.length);
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("# ")) continue;
    const name = /^([a-z_]+)(?:\{[a-z]+="[^"\\]*"\})? -?[0-9.e+-]+$/.exec(line)?.[1] ?? assert.fail(line);
    const family = name.replace(/_(bucket|sum|count)$/, "");
    assert.ok(families.includes(name) || families.includes(family), line);
    assert.ok(text.includes(`# HELP ${families.includes(name) ? name : family} `), line);
  }
});

Deno.test("turns, tokens, errors and refusals are counted; gauges are what they are now", () => {
  const metrics = new Metrics(() => 0);
  metrics.turnEnded("s", "complete", usage);
  metrics.turnEnded("s", "complete", usage);
  metrics.turnEnded("s", "failed", null);
  metrics.failed(new ProviderError("stalled", "text of a story"));
  metrics.failed(new StoreError("locked", "text"));
  metrics.failed(new Error("text"));
  metrics.refused("token");
  const found = values(metrics);
  for (
    const [name, value] of [
      ['flower_turns_total{status="complete"}', 2],
      ['flower_turns_total{status="stopped"}', 0],
      ['flower_turns_total{status="failed"}', 1],
      ['flower_tokens_total{kind="prompt"}', 200],
      ['flower_tokens_total{kind="cached"}', 80],
      ['flower_tokens_total{kind="completion"}', 14],
      ['flower_errors_total{kind="provider_stalled"}', 1],
      ['flower_errors_total{kind="store_locked"}', 1],
      ['flower_errors_total{kind="other"}', 1],
      ['flower_refused_total{reason="token"}', 1],
      ["flower_sockets", 3],
      ["flower_running_turns", 2],
      ["flower_queued_requests", 1],
      ["flower_resident_bytes", 1000],
      ["flower_heap_bytes", 500],
      ["flower_uptime_seconds", 7],
      ['flower_info{version="0.1.0"}', 1],
    ] as const
  ) assert.equal(found.get(name), value, name);
  assert.ok(!metrics.text(GAUGES).includes("text"));
});

Deno.test("a turn that has ended leaves nothing behind: no piece is timed for it any more", () => {
  const clock = { now: 1000 };
  const metrics = new Metrics(() => clock.now);
  metrics.chunkCame("s", 900);
  metrics.chunkTold("s");
  metrics.turnEnded("s", "complete", usage);
  metrics.chunkTold("s");
  assert.equal(values(metrics).get("flower_chunk_seconds_count"), 1);
});

Deno.test("a metered provider passes everything on, times the first piece and each piece's way, and counts its failure", async () => {
  const clock = { now: 1000 };
  const metrics = new Metrics(() => clock.now);
  const failure = new ProviderError("cut", "cut");
  const registry = metered(
    registryOf(async function* () {
      clock.now += 400;
      yield { kind: "waiting", label: "…" };
      clock.now += 300;
      yield { kind: "text", text: "one" };
      yield { kind: "text", text: "two" };
      await Promise.resolve();
      throw failure;
    }),
    metrics,
  );
  const got: Chunk[] = [];
  await assert.rejects(async () => {
    for await (const chunk of registry.resolve("m")!.provider.stream(request, new AbortController().signal)) {
      got.push(chunk);
      if (chunk.kind !== "text") continue;
      clock.now += 15;
      metrics.chunkTold("s1");
    }
  }, failure);
  assert.deepEqual(got.map((chunk) => chunk.kind), ["waiting", "text", "text"]);
  const found = values(metrics);
  assert.equal(found.get("flower_first_token_seconds_count"), 1);
  assert.equal(found.get("flower_first_token_seconds_sum"), 0.7);
  // Nobody waits for what is asked beside the story.
  const beside = { ...request, story: { ...request.story, seed: "" } };
  await assert.rejects(
    Array.fromAsync(registry.resolve("m")!.provider.stream(beside, new AbortController().signal)),
  );
  assert.equal(values(metrics).get("flower_first_token_seconds_count"), 1);
  assert.equal(found.get('flower_first_token_seconds_bucket{le="0.5"}'), 0);
  assert.equal(found.get('flower_first_token_seconds_bucket{le="1"}'), 1);
  assert.equal(found.get('flower_first_token_seconds_bucket{le="+Inf"}'), 1);
  assert.equal(found.get("flower_chunk_seconds_count"), 2);
  assert.equal(found.get("flower_chunk_seconds_sum"), 0.03);
  assert.equal(found.get('flower_chunk_seconds_bucket{le="0.01"}'), 0);
  assert.equal(found.get('flower_chunk_seconds_bucket{le="0.02"}'), 2);
  assert.equal(found.get('flower_errors_total{kind="provider_cut"}'), 1);
});
