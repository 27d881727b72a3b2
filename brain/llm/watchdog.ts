/** Watches a request by its bytes, not by its chunks: a keep-alive comment never becomes a chunk. */

/** Time from outside. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds unless the returned function is called first. */
  after(ms: number, fn: () => void): () => void;
}

/** All in milliseconds; 0 switches a limit off. */
export interface Limits {
  connect_timeout_ms: number;
  first_byte_timeout_ms: number;
  idle_timeout_ms: number;
}

export interface Stall {
  phase: "connect" | "first_byte" | "between";
  timeout_ms: number;
}

export interface Watchdog {
  /** Headers or bytes have arrived. */
  touch(): void;
  /** The first token has arrived: from now on the silence between bytes counts. */
  begun(): void;
  /** The reply is whole; what follows (usage, the end) must not keep the player waiting. */
  finished(): void;
  stop(): void;
}

/** After the finish reason, how long to wait for the usage and the end of the stream. */
const AFTER_FINISH_MS = 3000;

/**
 * Calls `bite` once, with the phase that took too long. `fetch` does not tell when a connection stands, so
 * halfway to the connect timeout `connect` tries one of its own; only when that hangs as well did nobody answer.
 * Before the first token every byte renews the first-byte timeout (a queue may send comments, then think);
 * after it every byte renews the idle timeout.
 */
export function createWatchdog(
  limits: Limits,
  clock: Clock,
  connect: () => Promise<void>,
  bite: (stall: Stall) => void,
): Watchdog {
  let phase: "first_byte" | "between" | "finished" = "first_byte";
  let cancelSilence = () => {};
  let cancelConnect = () => {};

  function watchSilence(): void {
    cancelSilence();
    const timeout_ms = phase === "first_byte"
      ? limits.first_byte_timeout_ms
      : phase === "between"
      ? limits.idle_timeout_ms
      : AFTER_FINISH_MS;
    if (timeout_ms === 0) return;
    const stall: Stall = { phase: phase === "first_byte" ? "first_byte" : "between", timeout_ms };
    cancelSilence = clock.after(timeout_ms, () => {
      cancelConnect();
      bite(stall);
    });
  }

  function watchConnect(): void {
    const timeout_ms = limits.connect_timeout_ms;
    if (timeout_ms === 0) return;
    cancelConnect = clock.after(timeout_ms / 2, () => {
      let hangs = true;
      connect().catch(() => {}).finally(() => hangs = false);
      cancelConnect = clock.after(timeout_ms / 2, () => {
        if (!hangs) return;
        cancelSilence();
        bite({ phase: "connect", timeout_ms });
      });
    });
  }

  watchSilence();
  watchConnect();
  return {
    touch() {
      cancelConnect();
      watchSilence();
    },
    begun() {
      if (phase !== "first_byte") return;
      phase = "between";
      watchSilence();
    },
    finished() {
      phase = "finished";
      watchSilence();
    },
    stop() {
      cancelConnect();
      cancelSilence();
    },
  };
}
