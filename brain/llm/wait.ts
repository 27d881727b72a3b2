/** Waiting before a request is made again, where the player can see it and stop it. */

import type { Chunk, ProviderErrorKind } from "./provider.ts";
import type { Clock } from "./watchdog.ts";

/** Why a request is made again; whatever else is never asked twice. */
const CAUSES: Partial<Record<ProviderErrorKind, string>> = {
  rate_limit: "rate limit",
  server: "server error",
  cut: "connection cut",
};

/** Waits `wait_ms` and says, second by second, when it goes on and why. Returns at once when `signal` is aborted. */
export async function* wait(
  wait_ms: number,
  kind: ProviderErrorKind,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const cause = CAUSES[kind] === undefined ? "" : ` (${CAUSES[kind]})`;
  for (let left_ms = wait_ms; left_ms > 0 && !signal.aborted;) {
    const seconds = Math.ceil(left_ms / 1000);
    yield { kind: "waiting", label: `trying again in ${seconds} s${cause}` };
    const step_ms = left_ms - (seconds - 1) * 1000;
    await pause(step_ms, clock, signal);
    left_ms -= step_ms;
  }
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done);
  });
}
