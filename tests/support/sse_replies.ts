/** What the fault-injecting server answers: a table of replies by model id, and the frames they are made of. */

export type Step =
  /** Text of the stream, sent in pieces. */
  | { send: string }
  | { wait_ms: number }
  /** Nothing more, until the client goes away. */
  | { stall: true }
  /** The connection ends here, without the end of the chunked body. */
  | { cut: true };

export interface Reply {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  /** A whole answer. Without it `steps` are streamed. */
  body?: string;
  steps?: Step[];
  /** The connection ends without an answer. */
  reset?: boolean;
  /** Not even headers are sent. */
  silent?: boolean;
  /** Sizes of the pieces in bytes, in turn. Default: odd ones, so that characters are cut in two. */
  pieces?: number[];
  /** Milliseconds between pieces. */
  piece_ms?: number;
}

/** The default story. Its characters have one to four bytes. */
export const STORY =
  "The door opens. Café lights — 光 — fall on the wet stones, and somebody laughs 👩‍🚀 behind it.\n\n“Come in,” she says.";

export function frame(value: unknown, newline = "\n"): string {
  return `data: ${JSON.stringify(value)}${newline}${newline}`;
}

/** One chunk as OpenAI's documents have it. */
export function chunk(
  delta: Record<string, unknown>,
  finish: string | null = null,
  more: Record<string, unknown> = {},
): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return frame({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices,
    ...more,
  });
}

/** Tokens: words with the white space before them. */
export function wordsOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

export const USAGE = {
  prompt_tokens: 120,
  completion_tokens: 24,
  total_tokens: 144,
  prompt_tokens_details: { cached_tokens: 80 },
};

export const DONE = "data: [DONE]\n\n";

/** The frames of a whole reply, one per entry. */
export function storyFrames(text = STORY, finish: string | null = "stop"): string[] {
  return [
    chunk({ role: "assistant", content: "" }),
    ...wordsOf(text).map((content) => chunk({ content })),
    ...(finish === null ? [] : [chunk({}, finish)]),
    frame({ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [], usage: USAGE }),
    DONE,
  ];
}

function streamed(frames: string[], more: Partial<Reply> = {}): Reply {
  return { steps: frames.map((send) => ({ send })), ...more };
}

function failed(status: number, error: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ error }),
  };
}

function withoutParameter(name: string, asked: Record<string, unknown>): Reply {
  if (!(name in asked)) return streamed(storyFrames());
  return failed(400, {
    message: `Unsupported parameter: '${name}' is not supported with this model.`,
    type: "invalid_request_error",
    param: name,
    code: "unsupported_parameter",
  });
}

/**
 * Replies by what stands after `fault/` in the model's id. `argument` is what follows a colon (`cut:3`),
 * `times` how often this id was asked for before, `asked` the body of the request.
 */
const FAULTS: Record<string, (argument: string, times: number, asked: Record<string, unknown>) => Reply> = {
  "401": () =>
    failed(401, { message: "Incorrect API key provided: sk-test-secret-key-123.", code: "invalid_api_key" }),
  "402": () => failed(402, { message: "Insufficient credits", code: 402 }),
  "403": () => failed(403, { message: "Country, region, or territory not supported" }),
  "404": () => failed(404, { message: "The model does not exist", code: "model_not_found" }),
  "429": (seconds) =>
    failed(429, { message: "Rate limit reached" }, seconds === "" ? {} : { "retry-after": seconds }),
  "429-once": (seconds, times) =>
    times === 0
      ? failed(429, { message: "Rate limit reached" }, { "retry-after": seconds || "1" })
      : streamed(storyFrames()),
  "429-html": () => ({
    status: 429,
    headers: { "content-type": "text/html", "retry-after": "3600" },
    body: `<!DOCTYPE html><html><head><title>Slow</title></head><body>${
      "<p>Slow down</p>".repeat(500)
    }</body></html>`,
  }),
  "quota": () => failed(429, { message: "You exceeded your current quota", code: "insufficient_quota" }),
  "500": () => failed(500, { message: "Internal error" }),
  "500-once": (_, times) =>
    times === 0 ? failed(500, { message: "Internal error" }) : streamed(storyFrames()),
  "503-html": () => ({
    status: 503,
    headers: { "content-type": "text/html" },
    body: "<html>Bad gateway</html>",
  }),
  "400": () => failed(400, { message: "Something else is wrong", code: "bad_request" }),
  "context": () =>
    failed(400, {
      message:
        "This model's maximum context length is 8192 tokens, your max_tokens and messages ask for 9000.",
      code: "context_length_exceeded",
    }),
  "gone": () => failed(400, { message: "fault/gone is not a valid model ID", code: 400 }),
  "without": (name, _times, asked) => withoutParameter(name, asked),
  "reset": () => ({ reset: true }),
  // Deno's fetch itself asks once more when a connection closes before the answer.
  "reset-once": (_, times) => times < 2 ? { reset: true } : streamed(storyFrames()),
  "stall-headers": () => ({ silent: true }),
  "stall-before": () => ({ steps: [{ stall: true }] }),
  "stall-between": (count) => ({
    steps: [...storyFrames().slice(0, Number(count || 4)).map((send) => ({ send })), { stall: true }],
  }),
  "stall-after-finish": () => ({
    steps: [...storyFrames().slice(0, -2).map((send) => ({ send })), { stall: true }],
  }),
  "malformed": () =>
    streamed([...storyFrames().slice(0, 4), "data: {not json\n\n", ...storyFrames().slice(4)]),
  "cut": (count) => streamed(storyFrames().slice(0, Number(count || 4))),
  "cut-body": (count) => ({
    steps: [...storyFrames().slice(0, Number(count || 4)).map((send) => ({ send })), { cut: true }],
  }),
  "fin-in-frame": () => streamed([...storyFrames().slice(0, 4), 'data: {"choices":[{"del']),
  "empty": () => streamed(storyFrames("")),
  "blank": () => streamed(storyFrames(" \n ")),
  "no-finish": () => streamed(storyFrames(STORY, null)),
  "length": () => streamed(storyFrames("The door opens and", "length")),
  "only-thinking": () => streamed([chunk({ reasoning_content: "Hm." }), chunk({}, "length"), DONE]),
  "filter": () => streamed(storyFrames("The door", "content_filter")),
  "filter-empty": () => streamed(storyFrames("", "content_filter")),
  "refusal": () => streamed([chunk({ refusal: "I cannot." }), chunk({}, "stop"), DONE]),
  "mid-error": () =>
    streamed([
      ...storyFrames().slice(0, 4),
      frame({ error: { code: 502, message: "Upstream <b>died</b>" } }),
    ]),
  "mid-error-finish": () => streamed([...storyFrames().slice(0, 4), chunk({ content: "" }, "error"), DONE]),
  "keep-alive": (ms) => ({
    steps: [
      ...Array.from({ length: 8 }, () => [{ send: ": KEEP-ALIVE\n\n" }, { wait_ms: Number(ms || 50) }])
        .flat(),
      ...storyFrames().map((send) => ({ send })),
    ],
  }),
  "crlf": () => streamed(storyFrames().map((text) => text.replaceAll("\n\n", "\r\n\r\n"))),
  "split": () => streamed(storyFrames(), { pieces: [1] }),
  "slow": (ms) => ({ steps: storyFrames().flatMap((send) => [{ send }, { wait_ms: Number(ms || 40) }]) }),
  "long": (bytes) => streamed(longFrames(Number(bytes || 10 * 1024 * 1024)), { pieces: [65_536] }),
  "long-line": () => ({
    steps: [{ send: "data: " }, { send: "x".repeat(9 * 1024 * 1024) }],
    pieces: [65_536],
  }),
  "no-choices": () =>
    streamed([frame({}), "event: ping\ndata: {}\n\n", frame({ choices: null }), ...storyFrames()]),
  "parts": () =>
    streamed([
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm." }] }] }),
      chunk({ content: [{ type: "text", text: STORY }] }),
      chunk({}, "stop", { usage: USAGE }),
      DONE,
    ]),
  // One of reasoning_content, reasoning, reasoning_text, reasoning_details.
  "reasoning": (field) =>
    streamed([
      ...["Let me", " plan."].map((text) =>
        chunk({
          content: "",
          [field]: field === "reasoning_details" ? [{ type: "reasoning.text", text }] : text,
        })
      ),
      ...storyFrames(),
    ]),
  "think": () => streamed(storyFrames(`<think>\nLet me plan.\n</think>\n\n${STORY}`)),
  "think-unopened": () => streamed(storyFrames(`Let me plan.\n</think>\n\n${STORY}`)),
  "for-player": () => streamed(storyFrames("The door opens.\nUser: I go in.\nThe door shuts.")),
  "no-usage": () => streamed(storyFrames().toSpliced(-2, 1)),
  // KoboldCpp, as its source of October 2024 has it: constant usage, [DONE] without a blank line.
  "kobold": () =>
    streamed([
      ...storyFrames().slice(0, -2),
      frame({ choices: [], usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 } }),
      "data: [DONE]",
    ]),
  "web-page": () => ({
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "<html>Welcome</html>",
  }),
  "echo": (_argument, _times, asked) => {
    const last = (asked.messages as { content: string }[] | undefined)?.at(-1)?.content ?? "";
    return streamed(storyFrames(`You wrote: ${last}`));
  },
};

function longFrames(bytes: number): string[] {
  const paragraph = `${"The river goes on and on. ".repeat(40)}\n\n`;
  const count = Math.ceil(bytes / paragraph.length);
  return [...Array.from({ length: count }, () => chunk({ content: paragraph })), chunk({}, "stop"), DONE];
}

/** The reply to a chat request for `model` that was asked for `times` times before. */
export function replyFor(model: string, times: number, asked: Record<string, unknown>): Reply {
  if (!model.startsWith("fault/")) return streamed(storyFrames());
  const [name, argument = ""] = model.slice("fault/".length).split(/:(.*)/s);
  const fault = FAULTS[name];
  return fault
    ? fault(argument, times, asked)
    : failed(404, { message: `no fault ${name}`, code: "model_not_found" });
}

export const FAULT_NAMES = Object.keys(FAULTS);
