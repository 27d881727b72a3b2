/**
 * The embedder's owner in the front door: starts it at the first request, relays, ends it when it has rested for long,
 * starts it once more after a crash.
 */

/** A running embedder; `lines` end when it has ended. */
export interface EmbedderProcess {
  send(line: string): void;
  lines: AsyncIterable<string>;
  kill(): void;
}

export interface EmbedderHostOptions {
  /** Why it cannot be started now, a sentence for the player; empty: it can. Asked again at each request until then. */
  missing(): string;
  start(): EmbedderProcess;
  /** Takes what stands in `{"embedded": ...}`. */
  answer(embedded: Embedded): void;
  log(text: string): void;
  /** A process that is silent for so long while it is asked is killed, which counts as a crash. */
  silence_ms?: number;
  /** A process that nobody has asked anything for so long is ended; the next request starts another. */
  rest_ms?: number;
}

export type Embedded =
  | { id: number; vectors: unknown }
  | { id: number; error: string; kind: "missing" | "failed" };

/** The first use loads the model, on a slow disk. */
const SILENCE_MS = 60_000;
/** It holds 290 MB and loads within two seconds: in a pause of play it gives them back, between two lines it stays. */
const REST_MS = 5 * 60_000;
const OFF = "The embedder has failed and stays off until the brain is started again; memory works by words";

/** Answers every request exactly once, unless it is closed. */
export class EmbedderHost {
  #options: EmbedderHostOptions;
  #process: EmbedderProcess | null = null;
  #reading: Promise<void> = Promise.resolve();
  #crashes = 0;
  #closed = false;
  /** Asked and not yet answered. */
  #waiting = new Map<number, string[]>();
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(options: EmbedderHostOptions) {
    this.#options = options;
  }

  /** Handles a line of the sealed brain; false: it is no request for us. */
  handle(line: string): boolean {
    let asked: { id?: unknown; texts?: unknown } | undefined;
    try {
      asked = JSON.parse(line)?.embed;
    } catch {
      return false;
    }
    if (typeof asked?.id !== "number" || !Array.isArray(asked.texts)) return false;
    this.#ask(asked.id, asked.texts as string[]);
    return true;
  }

  #ask(id: number, texts: string[]): void {
    if (this.#closed) return;
    if (this.#crashes > 1) return this.#options.answer({ id, error: OFF, kind: "failed" });
    if (!this.#process) {
      const error = this.#options.missing();
      if (error !== "") return this.#options.answer({ id, error, kind: "missing" });
    }
    this.#waiting.set(id, texts);
    if (this.#process) this.#send(id, texts);
    else this.#start();
  }

  /** Starts a process and asks it everything that waits. */
  #start(): void {
    let started: EmbedderProcess;
    try {
      started = this.#options.start();
    } catch (error) {
      this.#options.log(`the embedder cannot be started: ${error instanceof Error ? error.message : error}`);
      this.#crashes = 2;
      return this.#giveUp();
    }
    this.#process = started;
    this.#reading = this.#read(started);
    for (const [id, texts] of this.#waiting) this.#send(id, texts);
  }

  #send(id: number, texts: string[]): void {
    clearTimeout(this.#rest);
    this.#process?.send(JSON.stringify({ id, texts }));
    if (this.#watchdog === undefined) this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
    if (this.#closed) return;
    if (this.#waiting.size === 0) return this.#letRest();
    this.#watchdog = setTimeout(() => {
      this.#options.log("the embedder does not answer and is ended");
      this.#process?.kill();
    }, this.#options.silence_ms ?? SILENCE_MS);
  }

  /** Ends the process after a while, unless it is asked again. */
  #letRest(): void {
    clearTimeout(this.#rest);
    const { log, rest_ms = REST_MS } = this.#options;
    const process = this.#process;
    if (process === null) return;
    this.#rest = setTimeout(() => {
      log("the embedder rests; the next line starts it again");
      // No longer ours: its end is no crash, and a request that comes before it starts another.
      this.#process = null;
      process.kill();
    }, rest_ms);
  }

  async #read(process: EmbedderProcess): Promise<void> {
    try {
      for await (const line of process.lines) this.#receive(line);
    } catch {
      // A broken pipe is an end too.
    }
    // Its pipe may have ended before itself.
    process.kill();
    if (this.#process !== process) return;
    this.#process = null;
    if (this.#closed) return;
    this.#crashes++;
    this.#options.log(`the embedder has crashed${this.#crashes > 1 ? " again and stays off" : ""}`);
    if (this.#crashes > 1) this.#giveUp();
    else if (this.#waiting.size > 0) this.#start();
    this.#watch();
  }

  #giveUp(): void {
    for (const id of this.#waiting.keys()) this.#options.answer({ id, error: OFF, kind: "failed" });
    this.#waiting.clear();
  }

  #receive(line: string): void {
    let said: { id?: unknown; vectors?: unknown; error?: unknown };
    try {
      said = JSON.parse(line) ?? {};
    } catch {
      this.#options.log(`the embedder says ${line.slice(0, 200)}`);
      return;
    }
    const { id } = said;
    if (typeof id !== "number" || !this.#waiting.delete(id)) return;
    this.#watch();
    if (said.error === undefined) this.#options.answer({ id, vectors: said.vectors });
    else this.#options.answer({ id, error: `Embeddings: ${said.error}`, kind: "failed" });
  }

  /** Ends the process. Nothing is answered any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    this.#watch();
    clearTimeout(this.#rest);
    this.#process?.kill();
    await this.#reading;
  }
}
