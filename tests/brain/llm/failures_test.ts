import assert from "node:assert/strict";
import {
  type Circumstances,
  explainFailure,
  quote,
  retryAfterMs,
  scrub,
} from "../../../brain/llm/failures.ts";
import { ProviderError } from "../../../brain/llm/provider.ts";
import { endpointsOf } from "../../../brain/llm/vendors.ts";
import { configWith, ENTRIES } from "../../support/llm_config.ts";

const [openrouter, , groq, gemini] = endpointsOf(configWith({ providers: ENTRIES }));
const [nameless, ollama] = endpointsOf(configWith({
  main_provider: "main",
  providers: [
    { ...ENTRIES[0], name: "main", base_url: "http://127.0.0.1:18702/v1" },
    { ...ENTRIES[0], name: "ollama", base_url: "http://127.0.0.1:11434/v1" },
  ],
}));

function about(part: Partial<Circumstances> = {}): Circumstances {
  return {
    endpoint: groq,
    key: "gsk_secret_1234567890",
    model: "m",
    stalled: null,
    ended_in_frame: false,
    begun: false,
    now_ms: 0,
    ...part,
  };
}

/** An error as the SDK throws it. */
function apiError(status: number | undefined, error: unknown, headers: Record<string, string> = {}): Error {
  const body = error as { message?: string; code?: unknown; type?: unknown; param?: unknown };
  return Object.assign(new Error(`${status} ${body.message}`), {
    status,
    error,
    code: body.code,
    type: body.type,
    param: body.param,
    headers: new Headers(headers),
  });
}

function broken(...messages: string[]): Error {
  return messages.reduceRight<Error | undefined>(
    (cause, message) => new TypeError(message, { cause }),
    undefined,
  ) as Error;
}

Deno.test("vendors' errors, as their documents have them, become the right advice", () => {
  const rows: {
    error: unknown;
    kind: string;
    part?: Partial<Circumstances>;
    says?: string;
    retry?: boolean;
  }[] = [
    { error: apiError(401, { message: "Invalid API Key" }), kind: "wrong_key", says: "GROQ_API_KEY" },
    { error: apiError(401, { message: "No auth" }), kind: "no_key", part: { key: "" }, says: "wants a key" },
    {
      error: apiError(400, {
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
      }),
      kind: "wrong_key",
      part: { endpoint: gemini },
      says: "GEMINI_API_KEY",
    },
    { error: apiError(403, { message: "Invalid API key" }), kind: "wrong_key" },
    {
      error: apiError(403, { message: "Not in your country" }),
      kind: "refused",
      says: "Not in your country",
    },
    { error: apiError(402, { message: "More credits needed", code: 402 }), kind: "no_credit" },
    { error: apiError(429, { message: "quota", code: "insufficient_quota" }), kind: "no_credit" },
    { error: apiError(403, { message: "Your credit balance is too low" }), kind: "no_credit" },
    { error: apiError(429, { message: "slow" }), kind: "rate_limit", says: "in a while", retry: true },
    {
      error: apiError(429, {
        message: "You exceeded your current quota, please check your plan and billing",
        code: 429,
      }),
      kind: "rate_limit",
      retry: true,
    },
    { error: apiError(404, { message: "?" }), kind: "model_gone" },
    { error: apiError(400, { message: "x is not a valid model ID" }), kind: "model_gone" },
    {
      error: apiError(400, {
        message: "The model `x` has been decommissioned",
        code: "model_decommissioned",
      }),
      kind: "model_gone",
    },
    { error: apiError(400, { message: "?", code: "context_length_exceeded" }), kind: "context_too_long" },
    {
      error: apiError(400, { message: "the request exceeds the available context size" }),
      kind: "context_too_long",
    },
    { error: apiError(413, { message: "Request too large for model" }), kind: "context_too_long" },
    { error: apiError(500, { message: "?" }), kind: "server", retry: true },
    { error: apiError(503, { message: "Loading model" }), kind: "server", retry: true },
    { error: apiError(529, { message: "Overloaded" }), kind: "server", retry: true },
    { error: apiError(408, { message: "Timeout" }), kind: "server", retry: true },
    { error: apiError(418, { message: "teapot" }), kind: "refused", says: '(418) ("teapot")' },
    // In the middle of a stream there is no status of HTTP, but OpenRouter's code.
    {
      error: apiError(undefined, {
        code: 502,
        message: "Provider returned error",
        metadata: { raw: "boom" },
      }),
      kind: "server",
      retry: true,
    },
    // The upstream's own words stand behind OpenRouter's.
    {
      error: apiError(400, {
        message: "Provider returned error",
        metadata: { raw: "prompt is too long: 9 > 8" },
      }),
      kind: "context_too_long",
    },
    {
      error: apiError(418, { message: "Provider returned error", metadata: { raw: "teapot" } }),
      kind: "refused",
      says: '("Provider returned error teapot")',
    },
    { error: apiError(undefined, { code: 429, message: "slow" }), kind: "rate_limit", retry: true },
    { error: apiError(undefined, { message: "odd" }), kind: "server", says: '("odd")', retry: true },
    {
      error: broken("Connection error.", "error sending request", "dns error: failed to lookup"),
      kind: "unreachable",
      says: "Cannot find",
    },
    {
      error: broken("Connection error.", "tcp connect error: Connection refused (os error 111)"),
      kind: "unreachable",
      says: "Nobody answers at api.groq.com: check the network, or pick another /model.",
    },
    {
      error: broken("Connection error.", "tcp connect error: Connection refused (os error 111)"),
      kind: "unreachable",
      part: { endpoint: nameless },
      says: "Nobody answers at 127.0.0.1:18702: start the server there, or pick another /model.",
    },
    {
      error: broken("Connection error.", "tcp connect error: Connection refused (os error 111)"),
      kind: "unreachable",
      part: { endpoint: ollama },
      says: "Nobody answers at 127.0.0.1:11434: start Ollama, or pick another /model.",
    },
    {
      error: broken("Connection error.", "invalid peer certificate: Expired"),
      kind: "unreachable",
      says: "certificate",
    },
    { error: broken("Connection error.", "Network is unreachable"), kind: "unreachable", says: "No way to" },
    {
      error: broken("x", 'Requires net access to "api.groq.com:443"'),
      kind: "unreachable",
      says: "not in the list of allowed hosts",
    },
    { error: broken("error reading a body from connection"), kind: "cut", retry: true },
    { error: broken("x", "Connection reset by peer"), kind: "cut", retry: true },
    { error: new SyntaxError("malformed"), kind: "protocol" },
    { error: new SyntaxError("malformed"), kind: "cut", part: { ended_in_frame: true }, retry: true },
    { error: "a string", kind: "server", says: "a string", retry: true },
    {
      error: null,
      kind: "stalled",
      part: { stalled: { phase: "first_byte", timeout_ms: 120_000 } },
      says: "120 s",
    },
    {
      error: null,
      kind: "stalled",
      part: { stalled: { phase: "between", timeout_ms: 60_000 } },
      says: "60 s",
    },
    {
      error: null,
      kind: "unreachable",
      part: { stalled: { phase: "connect", timeout_ms: 15_000 } },
      says: "15 s",
    },
  ];
  for (const { error, kind, part, says = "", retry = false } of rows) {
    const failure = explainFailure(error, about(part));
    const what = `${error} ${JSON.stringify(part?.stalled ?? "")}: ${failure.error.message}`;
    assert.equal(failure.error.kind, kind, what);
    assert.ok(failure.error.message.includes(says), what);
    assert.equal(failure.retry, retry, what);
    assert.match(failure.error.message, /\.$/, what);
  }
});

Deno.test("what is safe depends on whether something has arrived", () => {
  const cut = (begun: boolean) => explainFailure(broken("reset"), about({ begun })).error.message;
  assert.equal(cut(false), "The connection to Groq broke off. Your line is kept.");
  assert.equal(
    cut(true),
    "The connection to Groq broke off. What was told is kept.",
  );
});

Deno.test("an error of ours passes as it is, also when the SDK has wrapped it", () => {
  const own = new ProviderError("protocol", "As it is.");
  assert.equal(explainFailure(own, about()).error, own);
  assert.equal(explainFailure(new Error("Connection error.", { cause: own }), about()).error, own);
});

Deno.test("the wait is read from seconds, milliseconds or a date", () => {
  const now = Date.parse("2026-07-01T12:00:00Z");
  const rows: [Record<string, string>, number | null][] = [
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Wed, 01 Jul 2026 12:00:30 GMT" }, 30_000],
    [{ "retry-after": "Wed, 01 Jul 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, null],
    [{ "retry-after-ms": "1500", "retry-after": "9" }, 1500],
    [{}, null],
  ];
  for (const [headers, expected] of rows) {
    const got = retryAfterMs((name) => new Headers(headers).get(name), now);
    assert.equal(got, expected, JSON.stringify(headers));
  }
});

Deno.test("no key reaches a message", () => {
  const key = "sk-or-v1-abcdef0123456789";
  const rows = [
    `Incorrect API key provided: ${key}.`,
    "Incorrect API key provided: sk-proj-********************1234.",
    "header was Authorization: Bearer abc.def.ghi",
    "key AIzaSyA1234567890abcdefghijk is bad",
    "gsk_12345678901234567890",
  ];
  for (const text of rows) {
    const clean = scrub(text, key);
    assert.ok(clean.includes("***"), clean);
    assert.doesNotMatch(clean, /abcdef0123|1234|abc\.def|AIzaSy/, clean);
    const failure = explainFailure(apiError(418, { message: text }), about({ endpoint: openrouter, key }));
    assert.doesNotMatch(failure.error.message, /abcdef0123|1234|abc\.def|AIzaSy/);
  }
});

Deno.test("a quote is short and plain", () => {
  const rows: [string, string][] = [
    ["<html><head><title>502</title></head><body><h1>Bad\n gateway</h1></body></html>", "Bad gateway"],
    ["a\u001b[31mb\u0007c\u202ed", "a [31mb c d"],
    ["x".repeat(120), "x".repeat(120)],
    ["x".repeat(121), `${"x".repeat(119)}…`],
    ["👩".repeat(121), `${"👩".repeat(119)}…`],
    ["", ""],
  ];
  for (const [text, expected] of rows) assert.equal(quote(text, "k"), expected);
});
