// The way out for bytes: one write under way at a time. While it is, only the wish to draw is kept, so a slow
// line drops stale frames instead of queueing them, and keys never wait behind output.

import type { Terminal } from "./terminal.ts";

export interface WriterCounters {
  frames: number;
  bytes: number;
  /** Frames wished for that were never drawn, as a newer wish replaced them. */
  dropped: number;
}

export interface Writer {
  /**
   * Wishes for a frame. `draw` is called when the line is free (at once, if it is) and gives the frame's bytes for
   * the newest state; an earlier wish still waiting is forgotten. Not called while the writer is paused. What `draw` throws becomes
   * an unhandled rejection.
   */
  frame(draw: () => Uint8Array): void;
  /** Sends bytes that are no frame (a clipboard or mode sequence), in order, never dropped. */
  send(bytes: Uint8Array): void;
  /** Resolves when nothing is under way and nothing waits. */
  idle(): Promise<void>;
  /** Forgets the waiting frame and draws none until `resume`. What is already being written is written. */
  pause(): void;
  resume(): void;
  counters(): WriterCounters;
}

/** `onError` hears, once, that the terminal takes no more bytes; after that everything is dropped. */
export function createWriter(terminal: Terminal, onError: (error: unknown) => void): Writer {
  const counts: WriterCounters = { frames: 0, bytes: 0, dropped: 0 };
  const queue: Uint8Array[] = [];
  let waiting: (() => Uint8Array) | null = null;
  let busy = false, paused = false, broken = false;
  let idlers: (() => void)[] = [];

  function nextBytes(): Uint8Array | null {
    const raw = queue.shift();
    if (raw !== undefined) return raw;
    if (waiting === null || paused) return null;
    const draw = waiting;
    waiting = null;
    counts.frames++;
    return draw();
  }

  function lost(error: unknown): void {
    broken = true;
    queue.length = 0;
    waiting = null;
    onError(error);
  }

  async function pump(): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      while (!broken) {
        const bytes = nextBytes(); // an error of `draw` is a bug: it is not caught here
        if (bytes === null) break;
        if (bytes.length === 0) continue;
        counts.bytes += bytes.length;
        await terminal.write(bytes).catch(lost);
      }
    } finally {
      busy = false;
      const done = idlers;
      idlers = [];
      for (const resolve of done) resolve();
    }
  }

  return {
    frame(draw) {
      if (paused || broken) return;
      if (waiting !== null) counts.dropped++;
      waiting = draw;
      pump();
    },
    send(bytes) {
      if (broken) return;
      queue.push(bytes);
      pump();
    },
    idle() {
      return busy ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve();
    },
    pause() {
      paused = true;
      waiting = null;
    },
    resume() {
      paused = false;
    },
    counters: () => ({ ...counts }),
  };
}
