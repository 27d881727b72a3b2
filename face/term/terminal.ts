// The terminal as bytes in, bytes out and a size. The real one, and a twin in memory for tests and demos.

/** What the face needs of a terminal. Sizes are cells. */
export interface Terminal {
  size(): { width: number; height: number };
  /** Yields what was typed, in pieces of any length; ends when the input ends. */
  read(): AsyncIterable<Uint8Array>;
  /** Resolves once the terminal took the bytes; writes keep their order. Rejects when the terminal is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Calls `listener` after each change of size; returns what stops that. */
  onResize(listener: () => void): () => void;
  /** Raw mode: keys come one by one and Ctrl-C is a byte. Does nothing where input is not a terminal. */
  raw(on: boolean): void;
}

const FALLBACK = { width: 80, height: 24 };

/** Standard input and output of this process. Needs no permission. */
export function denoTerminal(): Terminal {
  let last: Promise<void> = Promise.resolve();

  async function writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
  }

  return {
    size() {
      try {
        const { columns, rows } = Deno.consoleSize();
        if (columns > 0 && rows > 0) return { width: columns, height: rows };
      } catch {
        // not a terminal
      }
      return FALLBACK; // script(1) and some CI runners report 0x0
    },
    async *read() {
      const buffer = new Uint8Array(16 * 1024);
      while (true) {
        const count = await Deno.stdin.read(buffer);
        if (count === null) return;
        yield buffer.slice(0, count);
      }
    },
    write(bytes) {
      const done = last.then(() => writeAll(bytes));
      last = done.catch(() => {});
      return done;
    },
    onResize(listener) {
      if (Deno.build.os === "windows") return () => {};
      Deno.addSignalListener("SIGWINCH", listener);
      return () => Deno.removeSignalListener("SIGWINCH", listener);
    },
    raw(on) {
      if (Deno.stdin.isTerminal()) Deno.stdin.setRaw(on);
    },
  };
}

export interface FakeTerminal extends Terminal {
  /** Types these bytes (a string is UTF-8). */
  type(input: Uint8Array | string): void;
  /** Ends the input, as a closed terminal does. */
  hangUp(): void;
  resize(width: number, height: number): void;
  /** Everything written since the last call. */
  take(): Uint8Array;
  /** While true, writes wait: a terminal on a slow line. */
  stall(on: boolean): void;
  isRaw(): boolean;
}

/** A terminal in memory. */
export function createFakeTerminal(width: number, height: number): FakeTerminal {
  const size = { width, height };
  const listeners = new Set<() => void>();
  const input: Uint8Array[] = [];
  let written: Uint8Array[] = [];
  let ended = false, is_raw = false;
  let wakeReader = () => {};
  let stalled: { released: Promise<void>; release: () => void } | null = null;
  let last: Promise<void> = Promise.resolve();

  return {
    size: () => ({ ...size }),
    async *read() {
      while (true) {
        const piece = input.shift();
        if (piece !== undefined) yield piece;
        else if (ended) return;
        else await new Promise<void>((resolve) => wakeReader = resolve);
      }
    },
    write(bytes) {
      const copy = bytes.slice();
      last = last.then(async () => {
        if (stalled !== null) await stalled.released;
        written.push(copy);
      });
      return last;
    },
    onResize(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    raw: (on) => void (is_raw = on),
    type(bytes) {
      input.push(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes.slice());
      wakeReader();
    },
    hangUp() {
      ended = true;
      wakeReader();
    },
    resize(columns, rows) {
      size.width = columns;
      size.height = rows;
      for (const listener of [...listeners]) listener();
    },
    take() {
      const all = new Uint8Array(written.reduce((total, piece) => total + piece.length, 0));
      let at = 0;
      for (const piece of written) {
        all.set(piece, at);
        at += piece.length;
      }
      written = [];
      return all;
    },
    stall(on) {
      if (on && stalled === null) {
        const { promise, resolve } = Promise.withResolvers<void>();
        stalled = { released: promise, release: resolve };
      } else if (!on && stalled !== null) {
        stalled.release();
        stalled = null;
      }
    },
    isRaw: () => is_raw,
  };
}
