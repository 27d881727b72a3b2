/**
 * The original's face as a client, written from `original.md` B alone: it sends nothing but `{"prompt": text}`,
 * drops every frame with a null or a wrong type in a field it knows, and ignores what it does not know.
 */

import assert from "node:assert/strict";

export interface Named {
  id: string;
  name: string;
}

export interface Entry {
  role: "user" | "assistant" | "system" | "error";
  content: string;
}

interface Metadata {
  model?: string;
  model_confirmed?: boolean;
  tokens_per_second?: number;
  world_id?: string;
  character_id?: string;
  session_id?: string;
  status?: string;
  total_tokens?: number;
  supported_models?: string[];
  available_worlds?: Named[];
  available_characters?: Named[];
  available_rules?: Named[];
  available_sessions?: Named[];
  available_models?: (Named & { prompt_price: number; completion_price: number })[];
  active_rules?: string[];
  history?: { role: string; content: string }[];
}

export interface Frame {
  event: string;
  content: string;
  metadata: Metadata;
}

/** What the original's screen holds. */
export interface Screen {
  transcript: Entry[];
  partial: string;
  typing: boolean;
  model: string;
  model_confirmed: boolean;
  world_id: string;
  character_id: string;
  session_id: string;
  worlds: Named[];
  characters: Named[];
  rules: Named[];
  models: Named[];
  sessions: Named[];
  active_rules: string[];
  total_tokens: number;
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isBoolean = (value: unknown) => typeof value === "boolean";
const isU32 = (value: unknown) =>
  isNumber(value) && Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
const isBag = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (check: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(check);
const has = (value: unknown, name: string, check: (value: unknown) => boolean) =>
  isBag(value) && check((value as Record<string, unknown>)[name]);
const named = (value: unknown) => has(value, "id", isText) && has(value, "name", isText);
const price = (value: unknown, name: string) =>
  !(name in (value as Record<string, unknown>)) || has(value, name, isNumber);

const TYPES: Record<string, (value: unknown) => boolean> = {
  model: isText,
  model_confirmed: isBoolean,
  tokens_per_second: isNumber,
  world_id: isText,
  character_id: isText,
  session_id: isText,
  status: isText,
  total_tokens: isU32,
  supported_models: listOf(isText),
  available_worlds: listOf(named),
  available_characters: listOf(named),
  available_rules: listOf(named),
  available_sessions: listOf(named),
  available_models: listOf((item) =>
    named(item) && price(item, "prompt_price") && price(item, "completion_price")
  ),
  active_rules: listOf(isText),
  history: listOf((item) => has(item, "role", isText) && has(item, "content", isText)),
};

/** The frame as the original reads it, or why it drops the whole of it. */
export function readFrame(text: string): Frame | string {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (!isBag(value) || !isText(value.event)) return "no event";
  const payload = value.payload as Record<string, unknown>;
  if (!isBag(payload)) return "no payload";
  if (!isText(payload.content)) return "content is no string";
  const metadata = "metadata" in payload ? payload.metadata : {};
  if (!isBag(metadata)) return "metadata is no object";
  for (const [name, field] of Object.entries(metadata as Record<string, unknown>)) {
    if (name in TYPES && !TYPES[name](field)) return `${value.event}.${name} has a wrong type`;
  }
  return { event: value.event as string, content: payload.content as string, metadata: metadata as Metadata };
}

/** A connected original client. Frames it would drop are kept in `dropped`. */
export class OriginalClient {
  readonly frames: Frame[] = [];
  readonly dropped: string[] = [];
  readonly screen: Screen = {
    transcript: [],
    partial: "",
    typing: false,
    model: "",
    model_confirmed: false,
    world_id: "",
    character_id: "",
    session_id: "",
    worlds: [],
    characters: [],
    rules: [],
    models: [],
    sessions: [],
    active_rules: [],
    total_tokens: 0,
  };
  readonly #socket: WebSocket;
  #wake: (() => void)[] = [];
  #closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const frame = readFrame(String(data));
      if (typeof frame === "string") this.dropped.push(`${frame}: ${String(data).slice(0, 200)}`);
      else this.#take(frame);
      for (const wake of this.#wake.splice(0)) wake();
    };
    socket.onclose = () => {
      this.#closed = true;
      for (const wake of this.#wake.splice(0)) wake();
    };
  }

  /** Opens a socket and sends nothing, as the original does. `token`: for a brain that wants one. */
  static async connect(url: string, token = ""): Promise<OriginalClient> {
    const socket = new WebSocket(url, token === "" ? {} : { headers: { authorization: `Bearer ${token}` } });
    const client = new OriginalClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) => reject(new Error(`no socket: ${(event as ErrorEvent).message}`));
    });
    socket.onerror = null;
    return client;
  }

  say(prompt: string): void {
    if (!prompt.startsWith("/")) {
      this.screen.transcript.push({ role: "user", content: prompt });
      this.screen.typing = true;
      this.screen.partial = "";
    }
    this.#socket.send(JSON.stringify({ prompt }));
  }

  /** Waits until `ready` is true of what has come so far. */
  async until(ready: (client: OriginalClient) => boolean, what: string, timeout_ms = 60_000): Promise<void> {
    const deadline = performance.now() + timeout_ms;
    while (!ready(this)) {
      const left = deadline - performance.now();
      if (left <= 0 || this.#closed) {
        const last = this.frames.slice(-6).map((frame) => `${frame.event} ${frame.content.slice(0, 80)}`);
        throw new Error(
          `${this.#closed ? "closed" : "timed out"} while waiting for ${what}; last: ${last.join(" | ")}`,
        );
      }
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#wake.push(resolve)),
        new Promise<void>((resolve) => timer = setTimeout(resolve, left)),
      ]);
      clearTimeout(timer);
    }
  }

  /** Says a line or a command and waits for the `count`th further frame of `event`. */
  async ask(prompt: string, event: string, count = 1): Promise<Frame> {
    const before = this.frames.length;
    this.say(prompt);
    const found = () => this.frames.slice(before).filter((frame) => frame.event === event);
    await this.until(() => found().length >= count, `${event} after ${prompt.slice(0, 60)}`);
    return found()[count - 1];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#socket.close();
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
      if (this.#closed) resolve();
    });
  }

  /** No frame was one that the original drops. */
  assertNothingDropped(): void {
    assert.deepEqual(this.dropped, []);
  }

  #take(frame: Frame): void {
    this.frames.push(frame);
    const { screen } = this;
    const { content, metadata } = frame;
    switch (frame.event) {
      case "system_update": {
        const failed = content.startsWith("✗") || /error/i.test(content);
        screen.transcript.push({ role: failed ? "error" : "system", content });
        if (metadata.model !== undefined) [screen.model, screen.model_confirmed] = [metadata.model, true];
        if (metadata.session_id !== undefined) screen.session_id = metadata.session_id;
        break;
      }
      case "sync_state":
        screen.model = metadata.model ?? screen.model;
        screen.model_confirmed = metadata.model_confirmed ?? screen.model_confirmed;
        screen.world_id = metadata.world_id ?? screen.world_id;
        screen.character_id = metadata.character_id ?? screen.character_id;
        screen.session_id = metadata.session_id ?? screen.session_id;
        screen.active_rules = metadata.active_rules ?? screen.active_rules;
        screen.worlds = metadata.available_worlds ?? screen.worlds;
        screen.characters = metadata.available_characters ?? screen.characters;
        screen.rules = metadata.available_rules ?? screen.rules;
        screen.models = metadata.available_models ?? screen.models;
        screen.sessions = metadata.available_sessions ?? screen.sessions;
        break;
      case "chat_history":
        screen.transcript = (metadata.history ?? []).map(({ role, content }) => ({
          role: role === "user" || role === "assistant" ? role : "system",
          content,
        }));
        break;
      case "chat_chunk":
        screen.partial += content;
        break;
      case "chat_end":
        if (screen.partial !== "") screen.transcript.push({ role: "assistant", content: screen.partial });
        screen.partial = "";
        screen.typing = false;
        screen.total_tokens += metadata.total_tokens ?? 0;
        break;
      case "error":
        screen.transcript.push({ role: "error", content: `✗ ${content}` });
        screen.typing = false;
        break;
    }
  }
}
