/**
 * Chat completions through the openai SDK: stream, stop, stall, retry, usage, errors.
 * What the SDK leaves open is done here: it has no timeout after the headers, takes a stream that ends
 * without a finish reason for a whole one, and cannot say that it waits for a retry.
 */

import type OpenAI from "openai";
import { type Attempt, conclude, newAttempt } from "./attempt.ts";
import { readChunk } from "./chunks.ts";
import { explainFailure, type Failure } from "./failures.ts";
import { type ChatRequest, type Chunk, type Provider, ProviderError } from "./provider.ts";
import type { Endpoint } from "./vendors.ts";
import { wait } from "./wait.ts";
import { watchedFetch } from "./watched_fetch.ts";
import { type Clock, createWatchdog, type Limits } from "./watchdog.ts";

export interface ChatOptions extends Limits {
  /** 0 <= chance() < 1: spreads the retries. */
  chance: () => number;
  fetch?: typeof fetch;
  clock?: Clock;
  /** Resolves when a connection stands, rejects when nobody answers. */
  connect?: (hostname: string, port: number, signal: AbortSignal) => Promise<void>;
}

const MAX_RETRIES = 2;
/** A longer wait is the player's decision. */
const MAX_WAIT_MS = 60_000;
/** So long an answer may take from its last event to its end. */
const REST_MS = 100;

/** Parameters that a vendor may refuse and that a reply can do without. */
const DROPPABLE = ["max_completion_tokens", "max_tokens", "temperature", "top_p", "seed", "stream_options"];

const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

async function openAndClose(hostname: string, port: number, signal: AbortSignal): Promise<void> {
  const connection = await Deno.connect({ hostname, port, signal });
  connection.close();
}

let sdk: Promise<typeof OpenAI> | null = null;

/** Loads the SDK, so that the first reply need not wait for it. Call it once the brain is ready. */
export function loadSdk(): Promise<typeof OpenAI> {
  sdk ??= import("openai").then((module) => module.default);
  return sdk;
}

/** The SDK tells every vendor the player's system and runtime in these. */
const SILENT_HEADERS = Object.fromEntries(
  ["Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Retry-Count", "Timeout"]
    .map((name) => [`X-Stainless-${name}`, null]),
);

/** Provider for one endpoint. `key` may be empty; it appears in no message. */
export function createOpenAiChat(endpoint: Endpoint, key: string, options: ChatOptions): Provider {
  const clock = options.clock ?? wallClock;
  const url = new URL(endpoint.base_url);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  /** By model: the parameters it refused in this process's life. */
  const refused = new Map<string, Set<string>>();

  function body(request: ChatRequest): Record<string, unknown> {
    const without = new Set([...endpoint.quirks.omit, ...refused.get(request.model) ?? []]);
    let limit: string = endpoint.quirks.max_tokens_field;
    if (without.has(limit)) limit = limit === "max_tokens" ? "max_completion_tokens" : "max_tokens";
    const parameters: Record<string, unknown> = {
      model: request.model,
      messages: request.messages,
      stream: true,
      [limit]: request.max_tokens,
      temperature: request.temperature,
      top_p: request.top_p,
      seed: request.seed,
    };
    if (endpoint.quirks.include_usage) parameters.stream_options = { include_usage: true };
    for (const name of without) delete parameters[name];
    return parameters;
  }

  /** Drops what the server has just refused. False when it named nothing that we sent and can do without. */
  function dropRefused(error: unknown, sent: Record<string, unknown>): boolean {
    const { status, param, message } = (error ?? {}) as {
      status?: unknown;
      param?: unknown;
      message?: unknown;
    };
    if (status !== 400 && status !== 422 || typeof message !== "string") return false;
    const named = (name: string) => param === name || new RegExp(`\\b${name}\\b`, "i").test(message);
    const name = DROPPABLE.find((name) => name in sent && param === name) ??
      DROPPABLE.find((name) => name in sent && named(name));
    if (name === undefined) return false;
    const known = refused.get(sent.model as string) ?? new Set();
    refused.set(sent.model as string, known.add(name));
    return true;
  }

  /** One request. Fills `attempt`; ends when the stream ends, however it does. */
  async function* ask(
    parameters: Record<string, unknown>,
    attempt: Attempt,
    signal: AbortSignal,
  ): AsyncGenerator<Chunk> {
    const inner = new AbortController();
    const abort = () => inner.abort();
    let readRest = () => Promise.resolve();
    signal.addEventListener("abort", abort, { once: true });
    const connect = () => (options.connect ?? openAndClose)(url.hostname, port, inner.signal);
    const watchdog = createWatchdog(options, clock, connect, (stall) => {
      attempt.stalled = stall;
      inner.abort();
    });
    try {
      const Client = await loadSdk();
      if (signal.aborted) return;
      const client = new Client({
        apiKey: key || "none",
        adminAPIKey: null,
        organization: null,
        project: null,
        webhookSecret: null,
        baseURL: endpoint.base_url,
        maxRetries: 0,
        timeout: 2 ** 31 - 1,
        logLevel: "off",
        defaultHeaders: {
          ...SILENT_HEADERS,
          "User-Agent": "flower-engine",
          ...endpoint.headers,
          ...(key === "" ? { Authorization: null } : {}),
        },
        fetch: watchedFetch(options.fetch ?? fetch, endpoint, watchdog.touch, attempt, {
          signal: inner.signal,
          rest: (read) => readRest = read,
        }),
      });
      const chunks = await client.chat.completions.create(
        parameters as unknown as OpenAI.ChatCompletionCreateParamsStreaming,
        { signal: inner.signal },
      );
      for await (const value of chunks) {
        if (signal.aborted) return;
        const facts = readChunk(value);
        attempt.usage = facts.usage ?? attempt.usage;
        attempt.refusal += facts.refusal;
        if (facts.text !== "" || facts.reasoning) {
          attempt.begun = true;
          watchdog.begun();
        }
        if (facts.reasoning && !attempt.thought && !attempt.wrote) {
          yield { kind: "waiting", label: "thinking" };
        }
        attempt.thought ||= facts.reasoning;
        if (facts.text !== "") {
          attempt.wrote ||= facts.text.trim() !== "";
          yield { kind: "text", text: facts.text };
        }
        if (facts.finish !== null && attempt.finish === null) {
          attempt.finish = facts.finish;
          watchdog.finished();
        }
      }
      // Only a connection whose answer was read to its end serves the next line too.
      const late = clock.after(REST_MS, abort);
      await readRest().catch(() => {}).finally(late);
    } finally {
      watchdog.stop();
      signal.removeEventListener("abort", abort);
      inner.abort();
    }
  }

  async function* stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<Chunk> {
    if (signal.aborted) return;
    if (endpoint.needs_key && key === "") {
      throw new ProviderError(
        "no_key",
        `No key for ${endpoint.label}, where ${request.model} is: ${endpoint.key_hint}, or pick another /model.`,
      );
    }
    for (let retries = 0;;) {
      const attempt = newAttempt();
      const parameters = body(request);
      let thrown: unknown = null;
      try {
        yield* ask(parameters, attempt, signal);
      } catch (error) {
        thrown = error;
      }
      if (signal.aborted) return;
      if (attempt.finish === "error") thrown ??= new Error("finish_reason error");
      // A connection that breaks after the finish reason took nothing from the reply.
      else if (attempt.finish !== null) return yield* conclude(attempt, endpoint.label);
      const failure = explain(thrown, attempt, request);
      if (failure.error.kind !== "context_too_long" && dropRefused(thrown, parameters)) continue;
      const wait_ms = failure.retry_after_ms ?? 1000 * 2 ** retries * (0.75 + options.chance() / 2);
      if (!failure.retry || attempt.begun || retries === MAX_RETRIES || wait_ms > MAX_WAIT_MS) {
        throw failure.error;
      }
      retries++;
      yield* wait(wait_ms, failure.error.kind, clock, signal);
      if (signal.aborted) return;
    }
  }

  function explain(thrown: unknown, attempt: Attempt, request: ChatRequest): Failure {
    const { stalled, ended_in_frame, wrote: begun } = attempt;
    return explainFailure(
      // A stream that just ends, without error and without a finish reason, was cut.
      thrown ?? new TypeError("the stream ended without a finish reason"),
      { endpoint, key, model: request.model, stalled, ended_in_frame, begun, now_ms: clock.now() },
    );
  }

  return { name: endpoint.name, stream };
}
