/** A face without a screen: it speaks our own protocol, checks every frame with the codec, and keeps what it was told. */

import assert from "node:assert/strict";
import { parseEvent } from "../../shared/codec.ts";
import type { Event, EventName, EventOf, SyncState } from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";

/** For anything that must come: a busy machine may take its time, a mistake need not be found soon. */
const PATIENCE_MS = 60_000;

/** What one turn told this face. */
export interface Told {
  /** The pieces put together by their offsets. */
  text: string;
  chunks: EventOf<"chat_chunk">[];
  notices: string[];
  errors: string[];
  end: EventOf<"chat_end">;
  /** The record in `chat_end`. */
  message: Message;
}

export class FaceClient implements AsyncDisposable {
  readonly events: Event[] = [];
  /** When each of `events` came, on `performance.now()`. */
  readonly arrived_ms: number[] = [];
  /** Frames that the codec refused; a test ends with none. */
  readonly faults: string[] = [];
  state: SyncState | null = null;
  /** The shown path, records replaced by id. */
  history: Message[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly #socket: WebSocket;
  readonly #wakes = new Set<() => void>();
  #refs = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#take(String(data));
      for (const wake of [...this.#wakes]) wake();
    };
    socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason };
      for (const wake of [...this.#wakes]) wake();
    };
  }

  /** Connects and waits until the brain has shown everything that a new face gets. */
  static async connect(url: string, token = ""): Promise<FaceClient> {
    const socket = new WebSocket(url, token === "" ? {} : { headers: { authorization: `Bearer ${token}` } });
    const face = new FaceClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) =>
        reject(new Error(event instanceof ErrorEvent ? event.message : "no socket"));
    });
    socket.onerror = null;
    await face.until(() => face.events.some((event) => event.event === "chat_history"), "the history");
    return face;
  }

  /** Sends a line; returns the `ref` that its answers carry. */
  say(prompt: string): string {
    const ref = `r${++this.#refs}`;
    this.#socket.send(JSON.stringify({ prompt, ref }));
    return ref;
  }

  /** Sends a frame as it is. */
  raw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** Waits until `ready` is true of what has come so far. Throws, with the last events, after `timeout_ms`. */
  async until(ready: () => boolean, what: string, timeout_ms = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + timeout_ms;
    while (!ready()) {
      const left = deadline - performance.now();
      if (left <= 0 || this.closed) {
        const last = this.events.slice(-6).map(({ event, content }) => `${event} ${content.slice(0, 120)}`);
        const why = this.closed ? `closed with ${this.closed.code}` : "timed out";
        throw new Error(`${why} while waiting for ${what}; last: ${last.join(" | ")}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#wakes.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#wakes.add(wake);
      });
    }
  }

  /** Says a command and waits for the `system_update` that answers it. */
  async command(prompt: string): Promise<EventOf<"system_update">> {
    const ref = this.say(prompt);
    return await this.next("system_update", 0, (event) => event.ref === ref, `the answer to ${prompt}`);
  }

  /** The first event of this name since index `from` that `fits`. */
  async next<Name extends EventName>(
    name: Name,
    from: number,
    fits: (event: EventOf<Name>) => boolean = () => true,
    what: string = name,
    timeout_ms = PATIENCE_MS,
  ): Promise<EventOf<Name>> {
    const found = () =>
      this.events.slice(from).find((event) => event.event === name && fits(event as EventOf<Name>));
    await this.until(() => found() !== undefined, what, timeout_ms);
    return found() as EventOf<Name>;
  }

  /** Says a line (or `/retry`, `/continue`) and waits for the end of its turn. */
  async turn(prompt: string, timeout_ms = PATIENCE_MS): Promise<Told> {
    const from = this.events.length;
    this.say(prompt);
    return await this.told(from, timeout_ms);
  }

  /** Waits for the end of the turn that began after event index `from`, and returns what it told. */
  async told(from: number, timeout_ms = PATIENCE_MS): Promise<Told> {
    const end = await this.next("chat_end", from, () => true, "the end of the turn", timeout_ms);
    const events = this.events.slice(from, this.events.indexOf(end));
    const chunks = events.filter((event) => event.event === "chat_chunk");
    const first = chunks[0]?.metadata.offset ?? 0;
    let text = "";
    for (const { content, metadata } of chunks) {
      text = text.slice(0, (metadata.offset ?? 0) - first) + content;
    }
    assert.ok(end.metadata.message, `a turn's chat_end has its message; ${events.map((e) => e.content)}`);
    return {
      text,
      chunks,
      notices: events.flatMap((event) => event.event === "system_update" ? [event.content] : []),
      errors: events.flatMap((event) => event.event === "error" ? [event.content] : []),
      end,
      message: end.metadata.message,
    };
  }

  /** Chooses world and character and begins a session; returns its id. */
  async begin(world = "salt_marsh", character = "farrier"): Promise<string> {
    await this.command(`/world select ${world}`);
    await this.command(`/character select ${character}`);
    const from = this.events.length;
    const { metadata } = await this.command("/session new");
    assert.ok(metadata.session_id, "a new session has an id");
    await this.next("chat_history", from);
    return metadata.session_id;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#socket.close();
    while (!this.closed) await new Promise<void>((resolve) => this.#wakes.add(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    assert.deepEqual(this.faults, []);
  }

  #take(frame: string): void {
    let event: Event | null;
    try {
      event = parseEvent(frame);
    } catch (error) {
      this.faults.push(`${error instanceof Error ? error.message : error}: ${frame.slice(0, 200)}`);
      return;
    }
    if (event === null) {
      this.faults.push(`unknown event: ${frame.slice(0, 200)}`);
      return;
    }
    this.events.push(event);
    this.arrived_ms.push(performance.now());
    switch (event.event) {
      case "sync_state":
        this.state = { ...event.metadata, ...keptLists(this.state, event.metadata) };
        break;
      case "chat_history":
        this.history = event.metadata.history;
        break;
      case "message":
        this.#replace(event.metadata.message);
        break;
      case "chat_end":
        if (event.metadata.message) this.#replace(event.metadata.message);
        break;
    }
  }

  #replace(message: Message): void {
    const at = this.history.findIndex(({ id }) => id === message.id);
    if (at < 0) this.history.push(message);
    else this.history[at] = message;
  }
}

/** A list that was left out is the one this face has. */
function keptLists(before: SyncState | null, now: SyncState): Partial<SyncState> {
  return {
    available_worlds: now.available_worlds ?? before?.available_worlds ?? null,
    available_characters: now.available_characters ?? before?.available_characters ?? null,
    available_models: now.available_models ?? before?.available_models ?? null,
    available_rules: now.available_rules ?? before?.available_rules ?? null,
    available_sessions: now.available_sessions ?? before?.available_sessions ?? null,
  };
}
