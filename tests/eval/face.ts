/** A face without a screen for the evaluation: says a line to a running brain and waits for what it brings. */

import { encodeRequest, parseEvent } from "../../shared/codec.ts";
import type { Event } from "../../shared/protocol.ts";

/** A small model on a busy machine reads its whole prompt anew for each line. */
const REPLY_TIMEOUT_MS = 15 * 60_000;

export class Client {
  #socket: WebSocket;
  #waiting: { done: (event: Event) => boolean; resolve: () => void } | null = null;
  #events: Event[] = [];
  #refs = 0;

  constructor(url: string, token: string) {
    this.#socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    this.#socket.onmessage = (message) => {
      const event = parseEvent(String(message.data));
      if (!event) return;
      this.#events.push(event);
      if (this.#waiting?.done(event)) this.#waiting.resolve();
    };
  }

  /** Everything that came from the line to the event after which `done` holds. Throws when that takes too long. */
  async ask(prompt: string, done: (event: Event, ref: string) => boolean): Promise<Event[]> {
    await this.#opened();
    const ref = `eval-${++this.#refs}`;
    this.#events = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no end of the answer to ${prompt}`)), REPLY_TIMEOUT_MS);
      this.#waiting = { done: (event) => done(event, ref), resolve };
      this.#socket.onclose = () => reject(new Error("the brain closed the socket"));
      this.#socket.send(encodeRequest({ prompt, ref }));
    });
    clearTimeout(timer);
    this.#waiting = null;
    return this.#events;
  }

  /** Throws when the answer is ✗. */
  async command(prompt: string): Promise<void> {
    const answered = (event: Event, ref: string) =>
      (event.event === "system_update" || event.event === "error") && event.ref === ref;
    const answer = (await this.ask(prompt, answered)).at(-1);
    if (answer?.event === "error" || answer?.content.startsWith("✗")) {
      throw new Error(`${prompt}: ${answer.content}`);
    }
  }

  async #opened(): Promise<void> {
    if (this.#socket.readyState === WebSocket.OPEN) return;
    await new Promise<void>((resolve, reject) => {
      this.#socket.onopen = () => resolve();
      this.#socket.onerror = () => reject(new Error("no socket to the brain"));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.onclose = () => resolve());
    this.#socket.close();
    await closed;
  }
}

/** The text of the reply and the notices of one line. */
export function toldBy(events: Event[]): { reply: string; notices: string[] } {
  let reply = "";
  const notices: string[] = [];
  for (const event of events) {
    if (event.event === "chat_end") reply = event.metadata.message?.content ?? "";
    if (event.event === "error" || (event.event === "system_update" && event.content)) {
      notices.push(event.content);
    }
  }
  return { reply, notices };
}
