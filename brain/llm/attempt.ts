/** One request for a reply: what it has seen, and how it ends when the vendor says that the reply is whole. Pure. */

import { type Chunk, ProviderError, type ProviderUsage } from "./provider.ts";
import type { Stall } from "./watchdog.ts";

export interface Attempt {
  /** Something of the reply has arrived, be it a thought. */
  begun: boolean;
  thought: boolean;
  /** Words have arrived, not white space alone. */
  wrote: boolean;
  refusal: string;
  finish: string | null;
  usage: ProviderUsage | null;
  stalled: Stall | null;
  /** The body ended in the middle of a frame. */
  ended_in_frame: boolean;
}

/** An attempt that has seen nothing. */
export function newAttempt(): Attempt {
  return {
    begun: false,
    thought: false,
    wrote: false,
    refusal: "",
    finish: null,
    usage: null,
    stalled: null,
    ended_in_frame: false,
  };
}

/**
 * The last chunks of a reply that has its finish reason. `who` is the vendor. Throws ProviderError when no word was
 * written.
 */
export function* conclude(attempt: Attempt, who: string): Generator<Chunk> {
  const filtered = attempt.finish === "content_filter" || attempt.finish === "safety";
  if (!attempt.wrote) throw nothingWritten(attempt, filtered, who);
  if (filtered) yield { kind: "notice", text: `${who} ended this reply with its content filter.` };
  yield { kind: "end", finish: attempt.finish === "length" ? "length" : "stop", usage: attempt.usage };
}

function nothingWritten(attempt: Attempt, filtered: boolean, who: string): ProviderError {
  if (filtered || attempt.refusal !== "") {
    return new ProviderError(
      "refused",
      `${who} did not want to write this: change the line, or pick another /model.`,
    );
  }
  if (attempt.finish === "length") {
    return new ProviderError(
      "empty",
      attempt.thought
        ? "The model used up its whole reply with thinking: raise reply_words in config.yaml, or pick another /model."
        : "The reply ended at its limit before a word was written: raise reply_words in config.yaml, or pick another /model.",
    );
  }
  return new ProviderError("empty", `${who} sent an empty reply. Your line is kept.`);
}
