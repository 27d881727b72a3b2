/** Events as the brain tells them: what does not apply is null. */

import type { EventOf, Progress, SystemUpdate } from "../shared/protocol.ts";
import { ProviderError } from "./llm/provider.ts";
import { StoreError } from "./store/store_error.ts";

/** A line for the player that is no part of the story; `changed` is what it carries beside its words. */
export function notice(content: string, changed: Partial<SystemUpdate> = {}): EventOf<"system_update"> {
  return {
    event: "system_update",
    content,
    ref: null,
    metadata: {
      greeting: null,
      model: null,
      world_id: null,
      character_id: null,
      session_id: null,
      active_rules: null,
      line: null,
      why: null,
      ask: null,
      found: null,
      ...changed,
    },
  };
}

/** The end for whoever waited for a reply that was never begun. */
export function endOfNothing(): EventOf<"chat_end"> {
  return {
    event: "chat_end",
    content: "",
    ref: null,
    metadata: { total_tokens: 0, message: null, recalled: null },
  };
}

/** How far a piece of work is. Its last event says done or failed. */
export function progress(work: Progress): EventOf<"progress"> {
  return { event: "progress", content: "", ref: null, metadata: work };
}

/** A reply failed. */
export function failure(error: unknown): EventOf<"error"> {
  return { event: "error", content: describe(error), ref: null, metadata: {} };
}

/** One calm sentence for an error, whatever it is. */
export function describe(error: unknown): string {
  if (error instanceof ProviderError || error instanceof StoreError) return error.message;
  return `Something went wrong in the engine: ${error instanceof Error ? error.message : String(error)}. ` +
    "Your line is kept.";
}
