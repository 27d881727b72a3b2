/**
 * Signals that follow others. Not AbortSignal.any and AbortSignal.timeout: Deno 2.9 keeps the signals it was given, a few
 * kilobytes each time, for as long as the longest of them lives.
 */

/** A signal that is aborted as soon as one of two is, and hangs on both until then: they live no longer than what they stop. */
export function eitherSignal(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  const abort = () => both.abort();
  for (const signal of [first, second]) {
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  return both.signal;
}

/** A signal for one piece of work; `late` says whether its time was over. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  readonly late: boolean;
}

/**
 * A signal that is aborted when `leaving` is or after `ms` milliseconds. To be held with `using`: the end of the work
 * lets go of `leaving`, which may live as long as the program, and of the timer.
 */
export function deadline(leaving: AbortSignal, ms: number): Deadline {
  const work = new AbortController();
  const abort = () => work.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    abort();
  }, ms);
  if (leaving.aborted) abort();
  else leaving.addEventListener("abort", abort, { once: true });
  return {
    signal: work.signal,
    get late() {
      return late;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      leaving.removeEventListener("abort", abort);
    },
  };
}

/** What `work` resolves to; rejects with the signal's reason as soon as it is aborted, and what `work` does is then ignored. */
export async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
