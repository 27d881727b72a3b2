import assert from "node:assert/strict";
import { type ChatOptions, createOpenAiChat, loadSdk } from "../../../brain/llm/openai_chat.ts";
import { type ChatRequest, type Chunk, ProviderError } from "../../../brain/llm/provider.ts";
import type { Endpoint } from "../../../brain/llm/vendors.ts";
import type { Clock } from "../../../brain/llm/watchdog.ts";
import { chunk, frame, STORY, storyFrames } from "../../support/sse_replies.ts";
import { until } from "../../support/processes.ts";
import { type SseServer, startSseServer } from "../../support/sse_server.ts";

const KEY = "sk-test-secret-key-123";

function endpointAt(base_url: string, part: Partial<Endpoint> = {}): Endpoint {
  return {
    name: "testhost",
    vendor: "",
    label: "Testhost",
    base_url,
    local: false,
    probed: false,
    plain_ids: true,
    needs_key: true,
    key_hint: "set TEST_API_KEY or test_api_key in config.yaml",
    context_probe: "none",
    headers: {},
    quirks: { max_tokens_field: "max_tokens", omit: [], temperature: 0.8, top_p: 0.95, include_usage: true },
    ...part,
  };
}

function request(model: string, part: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model,
    messages: [{ role: "system", content: "Tell." }, { role: "user", content: "I open the door." }],
    max_tokens: 400,
    temperature: 0.8,
    top_p: 0.95,
    seed: 7,
    story: { world_id: "", seed: "", telling: 0, path: [], lore: [] },
    ...part,
  };
}

/** A clock that stands: what waits on it is called by `ring`, with its number of milliseconds. */
function standingClock(): Clock & { set: number[]; waiting(): number[]; ring(ms: number): void } {
  const alarms = new Map<() => void, number>();
  const set: number[] = [];
  return {
    set,
    waiting: () => [...alarms.values()],
    now: () => 0,
    after(ms, fn) {
      const alarm = () => fn();
      alarms.set(alarm, ms);
      set.push(ms);
      return () => alarms.delete(alarm);
    },
    ring(ms) {
      const [alarm] = [...alarms].find(([, wait]) => wait === ms) ?? assert.fail(`nothing waits ${ms} ms`);
      alarms.delete(alarm);
      alarm();
    },
  };
}

/** Real time, but waits of 500 to 1,000 ms (the steps of a retry: no limit may be one of these) are noted and skipped. */
function hurriedClock(): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => Date.parse("2026-07-01T12:00:00Z"),
    after(ms, fn) {
      const retry = ms >= 500 && ms <= 1000;
      if (retry) waits.push(ms);
      const timer = setTimeout(fn, retry ? 0 : ms);
      return () => clearTimeout(timer);
    },
  };
}

const LIMITS = { connect_timeout_ms: 15_000, first_byte_timeout_ms: 120_000, idle_timeout_ms: 60_000 };

interface Outcome {
  text: string;
  waiting: string[];
  notices: string[];
  end: Extract<Chunk, { kind: "end" }> | null;
  error: ProviderError | null;
}

async function collect(
  server: { base_url: string },
  model: string,
  options: Partial<ChatOptions> & {
    endpoint?: Partial<Endpoint>;
    key?: string;
    request?: Partial<ChatRequest>;
    heard?: (text: string) => void;
  } = {},
): Promise<Outcome> {
  const provider = createOpenAiChat(endpointAt(server.base_url, options.endpoint), options.key ?? KEY, {
    ...LIMITS,
    chance: () => 0.5,
    clock: hurriedClock(),
    ...options,
  });
  const stream = provider.stream(request(model, options.request), new AbortController().signal);
  return await gather(stream, options.heard);
}

async function gather(chunks: AsyncIterable<Chunk>, heard = (_text: string) => {}): Promise<Outcome> {
  const outcome: Outcome = { text: "", waiting: [], notices: [], end: null, error: null };
  try {
    for await (const part of chunks) {
      assert.equal(outcome.end, null, "nothing comes after the end");
      if (part.kind === "text") {
        outcome.text += part.text;
        heard(part.text);
      } else if (part.kind === "waiting") outcome.waiting.push(part.label);
      else if (part.kind === "notice") outcome.notices.push(part.text);
      else outcome.end = part;
    }
  } catch (error) {
    assert.ok(error instanceof ProviderError, `not a ProviderError: ${error}`);
    outcome.error = error;
  }
  return outcome;
}

async function withServer(run: (server: SseServer) => Promise<void>): Promise<void> {
  const server = startSseServer();
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

Deno.test("a story comes whole, in order, with its usage", () =>
  withServer(async (server) => {
    const told = await collect(server, "story");
    assert.equal(told.text, STORY);
    assert.equal(told.error, null);
    assert.deepEqual(told.end, {
      kind: "end",
      finish: "stop",
      usage: { prompt_tokens: 120, cached_tokens: 80, completion_tokens: 24, cost: null },
    });
    assert.deepEqual(told.waiting, []);
  }));

Deno.test("the request says what was asked for and nothing about the player's machine", () =>
  withServer(async (server) => {
    await collect(server, "story", { endpoint: { headers: { "X-Title": "Flower Engine" } } });
    const [sent] = server.chats();
    assert.equal(sent.path, "/v1/chat/completions");
    assert.deepEqual(sent.body, {
      model: "story",
      messages: [{ role: "system", content: "Tell." }, { role: "user", content: "I open the door." }],
      stream: true,
      max_tokens: 400,
      temperature: 0.8,
      top_p: 0.95,
      seed: 7,
      stream_options: { include_usage: true },
    });
    assert.equal(sent.headers.authorization, `Bearer ${KEY}`);
    assert.equal(sent.headers["x-title"], "Flower Engine");
    const telling = Object.keys(sent.headers).filter((name) =>
      /stainless|openai|organization|project/.test(name)
    );
    assert.deepEqual(telling, []);
    assert.equal(sent.headers["user-agent"], "flower-engine");
  }));

Deno.test("without a key no authorization is sent, and a vendor that needs one is not called", () =>
  withServer(async (server) => {
    const open = await collect(server, "story", { key: "", endpoint: { needs_key: false } });
    assert.equal(open.text, STORY);
    assert.equal(server.chats()[0].headers.authorization, undefined);
    const closed = await collect(server, "story", { key: "" });
    assert.equal(closed.error?.kind, "no_key");
    assert.match(closed.error?.message ?? "", /set TEST_API_KEY or test_api_key in config\.yaml/);
    assert.equal(server.chats().length, 1);
  }));

Deno.test("quirks decide the name of the token limit and what is left out", () =>
  withServer(async (server) => {
    const quirks = { temperature: 1, top_p: 1, include_usage: false, omit: ["seed", "top_p"] };
    for (const local of [false, true]) {
      await collect(server, "story", {
        endpoint: { local, quirks: { ...quirks, max_tokens_field: "max_completion_tokens" } },
      });
      const { messages: _, ...body } = server.chats().at(-1)!.body as Record<string, unknown>;
      assert.deepEqual(body, { model: "story", stream: true, max_completion_tokens: 400, temperature: 0.8 });
    }
  }));

interface Fault {
  model: string;
  kind: string;
  message: RegExp;
  /** Text that is kept. */
  text?: string;
  /** Requests that were made. */
  asked?: number;
}

const BEGINNING = "The door opens.";

const FAULTS: Fault[] = [
  { model: "fault/401", kind: "wrong_key", message: /^Testhost does not accept the key: set TEST_API_KEY/ },
  { model: "fault/402", kind: "no_credit", message: /no credit/ },
  {
    model: "fault/403",
    kind: "refused",
    message: /\(403\) \("Country, region, or territory not supported"\)/,
  },
  { model: "fault/404", kind: "model_gone", message: /no model fault\/404 .*\/model/ },
  { model: "fault/gone", kind: "model_gone", message: /no model fault\/gone/ },
  { model: "fault/quota", kind: "no_credit", message: /no credit/ },
  {
    model: "fault/429",
    kind: "rate_limit",
    message: / Try again in a while; your line is kept\.$/,
    asked: 3,
  },
  {
    model: "fault/429:30",
    kind: "rate_limit",
    message: / Try again in 30 s; your line is kept\.$/,
    asked: 3,
  },
  { model: "fault/429:120", kind: "rate_limit", message: / Try again in 120 s; your line is kept\.$/ },
  { model: "fault/429:121", kind: "rate_limit", message: / Try again in 3 min; your line is kept\.$/ },
  { model: "fault/429:7200", kind: "rate_limit", message: / Try again in 120 min; your line is kept\.$/ },
  { model: "fault/429:86400", kind: "rate_limit", message: / Try again in 24 h; your line is kept\.$/ },
  { model: "fault/429:61", kind: "rate_limit", message: / Try again in 61 s; your line is kept\.$/ },
  { model: "fault/429-html", kind: "rate_limit", message: / Try again in 60 min; your line is kept\.$/ },
  { model: "fault/500", kind: "server", message: /\(500\)/, asked: 3 },
  { model: "fault/503-html", kind: "server", message: /\(503\)/, asked: 3 },
  { model: "fault/400", kind: "refused", message: /\(400\) \("Something else is wrong"\)/ },
  {
    model: "fault/context",
    kind: "context_too_long",
    message: /too long for fault\/context.*max_context_tokens/,
  },
  // Twice three: Deno's fetch itself asks once more when a connection closes before the answer.
  { model: "fault/reset", kind: "cut", message: /broke off\. Your line is kept\.$/, asked: 6 },
  { model: "fault/malformed", kind: "protocol", message: /not a reply/, text: BEGINNING },
  {
    model: "fault/fin-in-frame",
    kind: "cut",
    message: /broke off\. What was told is kept\.$/,
    text: BEGINNING,
  },
  { model: "fault/cut", kind: "cut", message: /broke off\. What was told is kept\.$/, text: BEGINNING },
  { model: "fault/cut-body", kind: "cut", message: /broke off\. What was told is kept\.$/, text: BEGINNING },
  { model: "fault/no-finish", kind: "cut", message: /broke off/, text: STORY },
  { model: "fault/mid-error", kind: "server", message: /\(502\)/, text: BEGINNING },
  { model: "fault/mid-error-finish", kind: "server", message: /Testhost/, text: BEGINNING },
  { model: "fault/empty", kind: "empty", message: /empty reply/ },
  { model: "fault/blank", kind: "empty", message: /empty reply/, text: " \n " },
  { model: "fault/only-thinking", kind: "empty", message: /thinking/ },
  { model: "fault/filter-empty", kind: "refused", message: /did not want/ },
  { model: "fault/refusal", kind: "refused", message: /did not want/ },
  { model: "fault/web-page", kind: "protocol", message: /web page.*\/v1/ },
  { model: "fault/long-line", kind: "protocol", message: /a line without an end/ },
];

Deno.test("every fault ends in one calm sentence, and the next turn works", () =>
  withServer(async (server) => {
    for (const { model, kind, message, text = "", asked = 1 } of FAULTS) {
      server.requests.length = 0;
      const failed = await collect(server, model);
      assert.equal(failed.error?.kind, kind, `${model}: ${failed.error?.message}`);
      assert.match(failed.error?.message ?? "", message);
      assert.equal(failed.text, text, model);
      assert.equal(failed.end, null, model);
      assert.equal(server.chats().length, asked, `${model}: requests`);
      const said = failed.error?.message ?? "";
      assert.ok(said.length < 330, `${model}: ${said.length} characters`);
      assert.ok(!said.includes(KEY) && !/[<>\n]/.test(said), `${model}: ${said}`);
      assert.equal((await collect(server, "story")).text, STORY, `after ${model}`);
    }
  }));

Deno.test("a host that refuses, does not exist or may not be called is named", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const denied: typeof fetch = () =>
    Promise.reject(new Deno.errors.NotCapable(`Requires net access to "far.example:443"`));
  const rows: { base_url: string; message: RegExp; options?: Partial<ChatOptions> }[] = [
    { base_url: `http://127.0.0.1:${port}/v1`, message: new RegExp(`Nobody answers at 127.0.0.1:${port}`) },
    { base_url: "http://nonexistent.invalid/v1", message: /Cannot find nonexistent\.invalid/ },
    {
      base_url: "https://far.example/v1",
      message: /far\.example is not in the list of allowed hosts.*providers:/,
      options: { fetch: denied },
    },
    { base_url: "http://127.0.0.1:9/v1", message: /127\.0\.0\.1:9 cannot be called/ },
  ];
  for (const { base_url, message, options } of rows) {
    const failed = await collect({ base_url }, "story", options);
    assert.equal(failed.error?.kind, "unreachable", `${base_url}: ${failed.error?.message}`);
    assert.match(failed.error?.message ?? "", message);
  }
});

Deno.test("a server that recovers is asked again, and the wait is shown second by second", () =>
  withServer(async (server) => {
    const rows = [
      {
        model: "fault/429-once:3",
        waiting: [3, 2, 1].map((left) => `trying again in ${left} s (rate limit)`),
      },
      { model: "fault/500-once", waiting: ["trying again in 1 s (server error)"] },
      { model: "fault/reset-once", waiting: ["trying again in 1 s (connection cut)"] },
    ];
    for (const { model, waiting } of rows) {
      server.requests.length = 0;
      const told = await collect(server, model);
      assert.equal(told.text, STORY, model);
      assert.equal(told.error, null, model);
      assert.deepEqual(told.waiting, waiting, model);
      assert.equal(server.chats().length, model === "fault/reset-once" ? 3 : 2, model);
    }
  }));

Deno.test("the backoff doubles and chance spreads it by a quarter either way", () =>
  withServer(async (server) => {
    const rows = [{ chance: 0, waits: [750, 500, 1000] }, { chance: 0.5, waits: [1000, 1000, 1000] }];
    for (const { chance, waits } of rows) {
      const clock = hurriedClock();
      await collect(server, "fault/500", { clock, chance: () => chance });
      assert.deepEqual(clock.waits, waits);
    }
  }));

Deno.test("nothing is asked twice once a token has come", () =>
  withServer(async (server) => {
    server.script({ steps: [{ send: chunk({ reasoning: "Hm" }) }, { cut: true }] });
    const failed = await collect(server, "story");
    assert.equal(failed.error?.kind, "cut");
    assert.equal(server.chats().length, 1);
    assert.deepEqual(failed.waiting, ["thinking"]);
  }));

Deno.test("a connection cut after any chunk keeps what came and is told as cut until the finish reason is in", () =>
  withServer(async (server) => {
    const frames = storyFrames();
    for (let count = 0; count <= frames.length; count++) {
      for (const cut of [[], [{ cut: true as const }]]) {
        server.reset();
        const reply = { steps: [...frames.slice(0, count).map((send) => ({ send })), ...cut] };
        server.script(reply, reply, reply);
        const told = await collect(server, "story");
        const whole = count >= frames.length - 2;
        const words = STORY.match(/\s*\S+/g) ?? [];
        assert.equal(told.text, words.slice(0, Math.max(0, count - 1)).join(""), `after ${count}`);
        assert.equal(told.error?.kind, whole ? undefined : "cut", `after ${count}`);
        assert.equal(told.end?.finish, whole ? "stop" : undefined, `after ${count}`);
        assert.equal(
          told.end?.usage?.prompt_tokens,
          count >= frames.length - 1 ? 120 : undefined,
          `after ${count}`,
        );
        assert.equal(server.chats().length, count <= 1 ? 3 : 1, `after ${count}: requests`);
      }
    }
  }));

Deno.test("odd pieces, cut characters, CRLF, comments, empty objects and parts make the same story", () =>
  withServer(async (server) => {
    for (
      const model of ["fault/split", "fault/crlf", "fault/keep-alive:1", "fault/no-choices", "fault/parts"]
    ) {
      const told = await collect(server, model);
      assert.equal(told.error, null, `${model}: ${told.error?.message}`);
      assert.equal(told.text, STORY, model);
      assert.equal(told.end?.usage?.completion_tokens, 24, model);
    }
  }));

Deno.test("thoughts are announced once and never told", () =>
  withServer(async (server) => {
    for (const field of ["reasoning_content", "reasoning", "reasoning_text", "reasoning_details"]) {
      const told = await collect(server, `fault/reasoning:${field}`);
      assert.equal(told.text, STORY, field);
      assert.deepEqual(told.waiting, ["thinking"], field);
    }
    // Who has begun to tell is not said to think.
    const late = [{ content: "The door opens." }, { reasoning: "And now?" }].map((delta) => ({
      send: chunk(delta),
    }));
    server.script({ steps: [...late, ...storyFrames(" It rains.").map((send) => ({ send }))] });
    const told = await collect(server, "x");
    assert.deepEqual([told.text, told.waiting], ["The door opens. It rains.", []]);
  }));

Deno.test("the length limit and the content filter keep the text and say so", () =>
  withServer(async (server) => {
    const long = await collect(server, "fault/length");
    assert.equal(long.text, "The door opens and");
    assert.equal(long.end?.finish, "length");
    const filtered = await collect(server, "fault/filter");
    assert.equal(filtered.text, "The door");
    assert.equal(filtered.end?.finish, "stop");
    assert.deepEqual(filtered.notices, ["Testhost ended this reply with its content filter."]);
    server.script({ steps: storyFrames("The door", "safety").map((send) => ({ send })) });
    const safe = await collect(server, "x");
    assert.deepEqual([safe.text, safe.notices], ["The door", filtered.notices]);
  }));

Deno.test("a server that does not stream is understood: its whole answer, its error with status 200, messages for deltas", () =>
  withServer(async (server) => {
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
    const whole = {
      choices: [{ message: { role: "assistant", content: STORY }, finish_reason: "stop" }],
      usage,
    };
    const headers = { "content-type": "application/json" };
    for (const body of [JSON.stringify(whole), `\r\n ${JSON.stringify(whole, null, 2)}\n`]) {
      server.script({ headers, body });
      const told = await collect(server, "x");
      assert.equal(told.error, null);
      assert.equal(told.text, STORY);
      assert.deepEqual([told.end?.finish, told.end?.usage?.prompt_tokens], ["stop", 9]);
    }
    // In pieces, characters cut in two, and said to be a stream.
    server.script({ steps: [{ send: JSON.stringify(whole, null, 2) }] });
    assert.equal((await collect(server, "x")).text, STORY);
    // A stream that is said to be JSON is still told as it comes.
    server.script({ headers, steps: [{ send: storyFrames().join("") }] });
    assert.equal((await collect(server, "x")).text, STORY);
    const message = { choices: [{ message: { content: "The door." }, finish_reason: "stop" }] };
    server.script({ steps: [{ send: frame(message) + "data: [DONE]\n\n" }] });
    assert.equal((await collect(server, "x")).text, "The door.");
    const busy = { headers, body: JSON.stringify({ error: { message: "Model is overloaded" } }) };
    server.script(busy, busy, busy);
    const failed = await collect(server, "x");
    assert.match(
      failed.error?.message ?? "",
      /^Testhost broke off with an error \("Model is overloaded"\)\./,
    );
    // Cut: asked again.
    server.script({ headers, body: JSON.stringify(whole).slice(0, 40) });
    const again = await collect(server, "x");
    assert.deepEqual([again.text, again.waiting], [STORY, ["trying again in 1 s (connection cut)"]]);
    server.script({ headers, body: `{"a": "${"x".repeat(4 * 1024 * 1024)}"}` });
    assert.equal((await collect(server, "x")).error?.kind, "protocol");
  }));

Deno.test("a status without a body is told, once", () =>
  withServer(async (server) => {
    server.script({ status: 204, body: "" });
    const told = await collect(server, "x");
    assert.equal(
      told.error?.message,
      "Testhost answered with nothing at all (status 204). Your line is kept.",
    );
    assert.equal(server.chats().length, 1);
  }));

Deno.test("usage that is absent or made up counts as none", () =>
  withServer(async (server) => {
    for (const model of ["fault/no-usage", "fault/kobold"]) {
      const told = await collect(server, model);
      assert.equal(told.text, STORY, model);
      assert.deepEqual(told.end, { kind: "end", finish: "stop", usage: null }, model);
    }
  }));

Deno.test("ten megabytes come through", () =>
  withServer(async (server) => {
    const told = await collect(server, "fault/long");
    assert.equal(told.error, null);
    assert.equal(told.text.length, 10_486_688);
  }));

Deno.test("a refused parameter is left out, and for that model only it stays out", () =>
  withServer(async (server) => {
    const provider = createOpenAiChat(endpointAt(server.base_url), KEY, {
      ...LIMITS,
      chance: () => 0.5,
      clock: hurriedClock(),
    });
    const ask = (model: string) => gather(provider.stream(request(model), new AbortController().signal));
    for (const name of ["temperature", "top_p", "seed", "stream_options"]) {
      server.requests.length = 0;
      const model = `fault/without:${name}`;
      assert.equal((await ask(model)).text, STORY, name);
      assert.equal((await ask(model)).text, STORY, name);
      const sent = server.chats().map(({ body }) => name in (body as Record<string, unknown>));
      assert.deepEqual(sent, [true, false, false], name);
    }
    server.requests.length = 0;
    assert.equal((await ask("fault/without:max_tokens")).text, STORY);
    assert.equal((await ask("story")).text, STORY);
    const limits = server.chats().map(({ body }) =>
      Object.entries(body as Record<string, unknown>).filter(([name]) => name.startsWith("max_"))
    );
    assert.deepEqual(limits, [[["max_tokens", 400]], [["max_completion_tokens", 400]], [[
      "max_tokens",
      400,
    ]]]);
  }));

Deno.test("a model that refuses several parameters is asked without all of them, whatever status it refuses with", () =>
  withServer(async (server) => {
    const provider = createOpenAiChat(endpointAt(server.base_url), KEY, {
      ...LIMITS,
      chance: () => 0.5,
      clock: hurriedClock(),
    });
    const refuse = (status: number, name: string) =>
      server.script({
        status,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ error: { message: `${name} is not supported`, param: name } }),
      });
    refuse(400, "temperature");
    refuse(422, "top_p");
    refuse(422, "seed");
    for (let turn = 0; turn < 2; turn++) {
      const told = await gather(provider.stream(request("story"), new AbortController().signal));
      assert.equal(told.text, STORY);
    }
    const names = ["temperature", "top_p", "seed"];
    const sent = server.chats().map(({ body }) => names.filter((name) => name in (body as object)));
    assert.deepEqual(sent, [names, names.slice(1), names.slice(2), [], []]);
  }));

Deno.test("an error that merely names a parameter takes none away", () =>
  withServer(async (server) => {
    const body = JSON.stringify({ error: { message: "temperature sensor failed" } });
    server.script({ status: 403, headers: { "content-type": "application/json" }, body });
    const told = await collect(server, "x");
    assert.equal(told.error?.kind, "refused");
    assert.equal(server.chats().length, 1);
  }));

Deno.test("silence is ended by the watchdog, in every phase", () =>
  withServer(async (server) => {
    const limits = { first_byte_timeout_ms: 150, idle_timeout_ms: 90 };
    const rows: { model: string; text: string; rings: number; seconds: string }[] = [
      { model: "fault/stall-headers", text: "", rings: 150, seconds: "0.2" },
      { model: "fault/stall-before", text: "", rings: 150, seconds: "0.2" },
      { model: "fault/stall-between", text: BEGINNING, rings: 90, seconds: "0.1" },
    ];
    for (const { model, text, rings, seconds } of rows) {
      const asked = server.requests.length;
      const clock = standingClock();
      let heard = "";
      const told = collect(server, model, { ...limits, clock, heard: (piece) => heard += piece });
      await until(() => server.requests.length > asked && heard === text, `${model}: the silence`);
      // The headers count as a sign of life: the wait begins anew.
      await until(() => model === "fault/stall-headers" || clock.set.length > 2, `${model}: the headers`);
      clock.ring(rings);
      const failed = await told;
      assert.equal(failed.error?.kind, "stalled", model);
      assert.ok(
        failed.error?.message.includes(`silent for ${seconds} s`),
        `${model}: ${failed.error?.message}`,
      );
      assert.equal(failed.text, text, model);
      const ended = await server.ended(server.requests.length - 1);
      assert.equal(ended.closed?.by, "client", model);
    }
  }));

Deno.test("a stall is not asked again", () =>
  withServer(async (server) => {
    const clock = standingClock();
    const told = collect(server, "fault/stall-before", { first_byte_timeout_ms: 50, clock });
    await until(() => server.chats().length === 1, "the request");
    clock.ring(50);
    assert.equal((await told).error?.kind, "stalled");
    assert.equal(server.chats().length, 1);
  }));

Deno.test("comments keep a queue alive, with the longer limit until the first token; after it the shorter one holds", async () => {
  const body = Promise.withResolvers<ReadableStreamDefaultController<string>>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.body?.pipeTo(new WritableStream());
      const frames = new ReadableStream<string>({ start: (controller) => body.resolve(controller) });
      const headers = { "content-type": "text/event-stream" };
      return new Response(frames.pipeThrough(new TextEncoderStream()), { headers });
    },
  );
  try {
    const clock = standingClock();
    const limits = { first_byte_timeout_ms: 200, idle_timeout_ms: 40, clock };
    const told = collect({ base_url: `http://127.0.0.1:${server.addr.port}/v1` }, "story", limits);
    const frames = await body.promise;
    /** What the silence after a frame may last. */
    const after = async (frame: string) => {
      const before = clock.set.length;
      frames.enqueue(frame);
      await until(() => clock.set.length > before, `the arrival of ${frame}`);
      return clock.waiting();
    };
    await until(() => clock.set.filter((ms) => ms === 200).length === 2, "the headers");
    for (let i = 0; i < 3; i++) assert.deepEqual(await after(": KEEP-ALIVE\n\n"), [200]);
    assert.deepEqual(await after(chunk({ role: "assistant", content: "" })), [200]);
    frames.enqueue(chunk({ content: "The door" }));
    await until(() => clock.waiting().join() === "40", "the shorter limit");
    frames.enqueue(chunk({ content: " opens." }));
    frames.enqueue(chunk({}, "stop"));
    frames.close();
    const { text, error } = await told;
    assert.deepEqual([text, error], ["The door opens.", null]);
  } finally {
    await server.shutdown();
  }
});

Deno.test("lines go over one connection, also when an answer ends a while after its last event", async () => {
  const ports = new Set<number>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request, { remoteAddr }) => {
      ports.add(remoteAddr.port);
      await request.body?.pipeTo(new WritableStream());
      const frames = ReadableStream.from(async function* () {
        yield storyFrames().join("");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }());
      const headers = { "content-type": "text/event-stream" };
      return new Response(frames.pipeThrough(new TextEncoderStream()), { headers });
    },
  );
  const clock: Clock = { now: () => 0, after: () => () => {} };
  try {
    for (let i = 0; i < 6; i++) {
      const told = await collect({ base_url: `http://127.0.0.1:${server.addr.port}/v1` }, "story", { clock });
      assert.equal(told.text, STORY);
    }
    // A thread that stands still may give a connection back too late for the next line; not time after time.
    assert.ok(ports.size <= 3, `${ports.size} connections for 6 lines`);
  } finally {
    await server.shutdown();
  }
});

Deno.test("an answer that goes on for ever after its last event is whole all the same", () =>
  withServer(async (server) => {
    server.script({ steps: [...storyFrames().map((send) => ({ send })), { stall: true }] });
    const told = await collect(server, "story");
    assert.deepEqual([told.text, told.end?.finish, told.error], [STORY, "stop", null]);
    assert.equal((await server.ended(0)).closed?.by, "client");
  }));

Deno.test("a connection that never stands is told after the connect timeout", async () => {
  const hangs: typeof fetch = (_, init) =>
    new Promise((_, reject) =>
      init?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")))
    );
  const failed = await collect({ base_url: "https://far.example/v1" }, "story", {
    connect_timeout_ms: 100,
    fetch: hangs,
    connect: () => new Promise(() => {}),
  });
  assert.equal(failed.error?.kind, "unreachable");
  assert.match(failed.error?.message ?? "", /No connection to far\.example within 0\.1 s/);
});

Deno.test("whether a server stands is tried where its address says", async () => {
  for (
    const [base_url, port] of [["https://far.example/v1", 443], ["http://far.example/v1", 80], [
      "http://far.example:8443/v1",
      8443,
    ]] as const
  ) {
    const tried: [string, number][] = [];
    await collect({ base_url }, "story", {
      connect_timeout_ms: 20,
      fetch: (_, init) =>
        new Promise((_, reject) =>
          init?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")))
        ),
      connect: (hostname, port) => {
        tried.push([hostname, port]);
        return new Promise(() => {});
      },
    });
    assert.deepEqual(tried[0], ["far.example", port], base_url);
  }
});

Deno.test("a slow server that can be reached is given its time", () =>
  withServer(async (server) => {
    server.script({ silent: true });
    const clock = standingClock();
    const told = collect(server, "story", { connect_timeout_ms: 50, first_byte_timeout_ms: 200, clock });
    await until(() => server.requests.length === 1, "the request");
    clock.ring(25);
    // The server is there: a connection of our own stands after some turns of the loop, and the second half is over.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
    clock.ring(25);
    assert.deepEqual(clock.waiting(), [200]);
    clock.ring(200);
    assert.equal((await told).error?.kind, "stalled");
  }));

Deno.test("after the finish reason nobody waits long for a server that does not hang up", () =>
  withServer(async (server) => {
    const clock: Clock = {
      now: () => 0,
      after(ms, fn) {
        const timer = setTimeout(fn, ms === 3000 ? 20 : ms);
        return () => clearTimeout(timer);
      },
    };
    const told = await collect(server, "fault/stall-after-finish", { clock });
    assert.equal(told.text, STORY);
    assert.deepEqual(told.end, { kind: "end", finish: "stop", usage: null });
  }));

Deno.test("a cancel in any phase ends quietly and closes the connection at once", () =>
  withServer(async (server) => {
    await loadSdk();
    const phases: { model: string; isTime: (part: Chunk | null) => boolean; connected: boolean }[] = [
      { model: "fault/stall-headers", isTime: (part) => part === null, connected: true },
      { model: "fault/stall-before", isTime: (part) => part === null, connected: true },
      {
        model: "fault/stall-between",
        isTime: (part) => part?.kind === "text" && part.text === " opens.",
        connected: true,
      },
      { model: "fault/slow", isTime: (part) => part?.kind === "text", connected: true },
      { model: "fault/429:30", isTime: (part) => part?.kind === "waiting", connected: false },
    ];
    for (const { model, isTime, connected } of phases) {
      server.reset();
      const stop = new AbortController();
      const provider = createOpenAiChat(endpointAt(server.base_url), KEY, { ...LIMITS, chance: () => 0.5 });
      let asked_to_stop_ms = 0;
      const cancel = () => {
        asked_to_stop_ms = Date.now();
        stop.abort();
      };
      const parts = provider.stream(request(model), stop.signal);
      let next = parts.next();
      if (isTime(null)) until(() => server.requests.length === 1, "the request").then(cancel);
      const kinds: string[] = [];
      for (let result = await next; !result.done; result = await next) {
        kinds.push(result.value.kind);
        next = parts.next();
        if (asked_to_stop_ms === 0 && isTime(result.value)) setTimeout(cancel, 5);
      }
      const quiet_ms = Date.now() - asked_to_stop_ms;
      assert.ok(asked_to_stop_ms > 0, `${model}: was cancelled`);
      assert.ok(!kinds.includes("end"), `${model}: ${kinds}`);
      assert.ok(quiet_ms < 10_000, `${model}: ended after ${quiet_ms} ms`);
      if (!connected) continue;
      const { closed } = await server.ended(0);
      assert.equal(closed?.by, "client", model);
      const closed_ms = (closed?.at_ms ?? 0) - asked_to_stop_ms;
      assert.ok(closed_ms < 10_000, `${model}: closed after ${closed_ms} ms`);
    }
  }));

Deno.test("a signal that is aborted already asks nobody", () =>
  withServer(async (server) => {
    const provider = createOpenAiChat(endpointAt(server.base_url), KEY, { ...LIMITS, chance: () => 0 });
    const told = await gather(provider.stream(request("story"), AbortSignal.abort()));
    assert.deepEqual(told, { text: "", waiting: [], notices: [], end: null, error: null });
    assert.equal(server.requests.length, 0);
  }));

Deno.test("a reader that walks away closes the connection", () =>
  withServer(async (server) => {
    const provider = createOpenAiChat(endpointAt(server.base_url), KEY, { ...LIMITS, chance: () => 0 });
    for await (const part of provider.stream(request("fault/slow"), new AbortController().signal)) {
      if (part.kind === "text") break;
    }
    assert.equal((await server.ended(0)).closed?.by, "client");
  }));

Deno.test("the first finish reason and the last usage count, whatever follows them", () =>
  withServer(async (server) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    const early = { ...usage, completion_tokens: 1 };
    const frames = [
      chunk({ content: "Hi." }, null, { usage: early }),
      chunk({}, "length", { usage }),
      chunk({}, "stop", { usage: null }),
      frame({}),
    ];
    server.script({ steps: frames.map((send) => ({ send })) });
    const told = await collect(server, "story");
    assert.equal(told.end?.finish, "length");
    assert.deepEqual(told.end?.usage, {
      prompt_tokens: 10,
      cached_tokens: 0,
      completion_tokens: 5,
      cost: null,
    });
  }));

Deno.test("a vendor's own cost is passed on", () =>
  withServer(async (server) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.00125 };
    server.script({
      steps: [chunk({ content: "Hi." }), chunk({}, "stop"), frame({ choices: [], usage })].map((send) => ({
        send,
      })),
    });
    const told = await collect(server, "story");
    assert.deepEqual(told.end?.usage, {
      prompt_tokens: 10,
      cached_tokens: 0,
      completion_tokens: 5,
      cost: 0.00125,
    });
  }));
