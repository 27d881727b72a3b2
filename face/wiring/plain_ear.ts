/** What plain mode hears, one thing after another: the connection, the player's lines, an interrupt, silence. */

import { type EventOf, PROTOCOL, type SyncState } from "../../shared/protocol.ts";
import { EXIT } from "../../shared/roles.ts";
import type { LinkEvent } from "../app/link.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { merged } from "./plain_lists.ts";

export type Heard =
  | LinkEvent
  | { kind: "line"; line: string }
  | { kind: "end" }
  | { kind: "interrupted" }
  | { kind: "quiet" };

/** A reason to leave, with its exit code. */
export class Leave extends Error {
  constructor(readonly code: number, message = "") {
    super(message);
  }
}

export interface EarOptions {
  /** The player's lines; their end leaves. */
  lines: AsyncIterator<string>;
  /** Tells the player what is no part of the story. */
  note(text: string): void;
  /** Tells what went wrong, a line with its end. */
  err(text: string): void;
}

export class Ear {
  /** Null until the brain has told it. */
  state: SyncState | null = null;
  history: EventOf<"chat_history">["metadata"]["history"] = [];
  /** The protocol of the greeting: null from an original server, undefined before it has come. */
  greeted: number | null | undefined;
  readonly #waiting: Heard[] = [];
  readonly #later: Heard[] = [];
  #wake = () => {};

  constructor(readonly options: EarOptions) {}

  /** Something has happened; it waits until it is asked for. */
  hear(heard: Heard): void {
    this.#waiting.push(heard);
    this.#wake();
  }

  /** Nothing waits to be asked for. */
  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Keeps what came too early for `take`. */
  putOff(heard: Heard): void {
    this.#later.push(heard);
  }

  /** What was put off, the oldest first; else the next thing that happens. */
  async take(): Promise<Heard> {
    return this.#later.shift() ?? await this.next();
  }

  /**
   * The next thing that happens, "quiet" when nothing does for `timeout_ms`. What every wait must know is taken in on the
   * way. Throws Leave when the brain is gone for good.
   */
  async next(timeout_ms = Infinity): Promise<Heard> {
    while (this.#waiting.length === 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = await Promise.race([
        new Promise<boolean>((resolve) => this.#wake = () => resolve(false)),
        ...(timeout_ms === Infinity
          ? []
          : [new Promise<boolean>((resolve) => timer = setTimeout(resolve, timeout_ms, true))]),
      ]);
      clearTimeout(timer);
      if (late) return { kind: "quiet" };
    }
    const heard = this.#waiting.shift()!;
    if (heard.kind === "gone") throw new Leave(EXIT.no_brain, sanitizeLine(heard.reason));
    if (heard.kind === "problem") this.options.note(sanitizeLine(heard.text));
    if (heard.kind === "event") {
      const { event } = heard;
      if (event.event === "sync_state") this.state = merged(this.state, event.metadata);
      if (event.event === "chat_history") this.history = event.metadata.history;
      if (event.event === "system_update" && event.metadata.greeting) {
        this.greeted = event.metadata.greeting.protocol;
      }
    }
    return heard;
  }

  /** Waits for a state that suits; an original server sends no history on connect. Throws Leave. */
  async until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      const heard = await this.next();
      if (heard.kind === "interrupted") throw new Leave(EXIT.interrupted);
      if (
        heard.kind === "event" && heard.event.event === "system_update" && heard.event.content.startsWith("✗")
      ) {
        const text = sanitizeLine(heard.event.content);
        // An original server refuses so; ours tells what could be better, and plays.
        if (this.greeted !== PROTOCOL) throw new Leave(EXIT.failed, text);
        this.options.err(`${text}\n`);
      }
    }
  }

  /** Asks for the player's next line; it comes as something heard, like everything else. */
  readLine(): void {
    this.options.lines.next().then(({ done, value }) =>
      this.hear(done ? { kind: "end" } : { kind: "line", line: value })
    );
  }

  /** The next line of somebody who sits there. Throws Leave. */
  async line(): Promise<string> {
    this.readLine();
    while (true) {
      const heard = await this.take();
      if (heard.kind === "interrupted") throw new Leave(EXIT.interrupted);
      if (heard.kind === "end") throw new Leave(EXIT.done);
      if (heard.kind === "line") return heard.line.trim();
    }
  }
}
