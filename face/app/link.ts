/** The brain as the face sees it: what can be said to it, and what comes back. */

import type { Event, Request } from "../../shared/protocol.ts";

export interface Link {
  /** False: not connected, nothing was sent. */
  say(request: Request): boolean;
  close(): void;
}

export type LinkEvent =
  | { kind: "starting" }
  | { kind: "connected" }
  | { kind: "lost"; retry_in_ms: number; reason: string }
  | { kind: "event"; event: Event }
  /** There will be no brain as long as nobody changes something. */
  | { kind: "gone"; reason: string }
  | { kind: "problem"; text: string };

/** A reason as a sentence of its own: "the brain is gone" as "The brain is gone." */
export function asSentence(text: string): string {
  if (text === "") return "";
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.?]$/.test(text) ? "" : "."}`;
}
