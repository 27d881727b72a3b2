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
  /** There will be no brain any more. */
  | { kind: "gone"; reason: string }
  | { kind: "problem"; text: string };
