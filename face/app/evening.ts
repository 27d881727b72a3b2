/** Sums over the whole story, made once per list of messages: a frame must not cost by the length of the story. */

import type { Message } from "../../shared/story.ts";

export interface Evening {
  /** US dollars of all messages that are loaded. */
  cost: number;
  /** Lines of the player's since the last long pause, and when that ended. */
  turns: number;
  first_ms: number;
}

const PAUSE_MS = 6 * 3600 * 1000;
const known = new WeakMap<readonly Message[], Evening>();

/** The sums of a list; the list must not be changed afterwards. */
export function eveningOf(messages: readonly Message[]): Evening {
  let evening = known.get(messages);
  if (evening === undefined) {
    evening = sum(messages);
    known.set(messages, evening);
  }
  return evening;
}

function sum(messages: readonly Message[]): Evening {
  const cost = messages.reduce((total, message) => total + (message.usage?.cost ?? 0), 0);
  let from = messages.length - 1;
  while (from > 0 && messages[from].created_ms - messages[from - 1].created_ms < PAUSE_MS) from--;
  const since = messages.slice(Math.max(0, from));
  const first_ms = since[0]?.created_ms ?? 0;
  const turns = since.filter((message) => message.role === "user").length;
  return { cost, turns, first_ms };
}
