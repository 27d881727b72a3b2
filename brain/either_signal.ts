/**
 * A signal that is aborted as soon as one of two is, and hangs on both until then: for signals that live no longer than what
 * they stop. Not AbortSignal.any: Deno 2.9 keeps the signals it was given, a few kilobytes a turn, for as long as it runs.
 */
export function eitherSignal(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  const abort = () => both.abort();
  for (const signal of [first, second]) {
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  }
  return both.signal;
}
