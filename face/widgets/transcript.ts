/**
 * The story as this face knows it: settled messages, the reply that grows, the line that was just said. A record
 * replaces by id, a piece appends at its offset, the last record wins.
 */

import type { EventOf, RecalledCount, RecalledOf } from "../../shared/protocol.ts";
import { NO_USAGE } from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";
import { sanitize, sanitizePiece } from "../text/sanitize.ts";
import { NO_PLACEMENTS, type Placements } from "../text/wrap.ts";

/** A reply that is being told. Its text so far is `message.content`, sanitised. */
export interface Live {
  readonly message: Message;
  /** As received: offsets count in it. */
  readonly raw: string;
  /** The same object as long as text is only added. */
  readonly growth: object;
  readonly carry: string;
  /** A piece is missing: nothing is added until the record comes. */
  readonly broken: boolean;
  /** Part of the text that may be drawn yet: from `from` to the end within `for_ms` from `since_ms`. */
  readonly reveal: { from: number; since_ms: number; for_ms: number };
  /** The last word, whose end has not come: where it begins and when its first letter came. */
  readonly open: { start: number; since_ms: number } | null;
}

/** The place under the story where something went wrong. */
export interface Trouble {
  text: string;
  /** `/retry` may help. */
  retry: boolean;
  /** Part of a reply is there: `/continue` goes on from it. */
  go_on: boolean;
}

export interface Transcript {
  readonly messages: readonly Message[];
  readonly more: boolean;
  readonly live: Live | null;
  /** A line that was sent and is not confirmed yet. */
  readonly pending: { ref: string | null; text: string } | null;
  readonly trouble: Trouble | null;
  /** What stood in the prompt of a reply, by message id. */
  readonly recalled: ReadonlyMap<number, RecalledCount>;
  /** Words drawn before their end, by message id; they hold for one width. */
  readonly placements: ReadonlyMap<number, Placements>;
  /** Ids for messages of an original server, which has none. */
  readonly next_local: number;
}

export const EMPTY_TRANSCRIPT: Transcript = {
  messages: [],
  more: false,
  live: null,
  pending: null,
  trouble: null,
  recalled: new Map(),
  placements: new Map(),
  next_local: -1_000_000,
};

/** A burst is spread over this time; with the wait for a word's end it never makes more than WORD_WAIT_MS. */
export const SPREAD_MS = 100;
/** A word that grows longer than this is drawn as it is. */
export const WORD_WAIT_MS = 150;
const BURST = 16;
/** Telling a text that is there already: units per millisecond. */
const TELLING_SPEED = 0.28;

function clean(message: Message): Message {
  const content = sanitize(message.content).trimEnd();
  return content === message.content ? message : { ...message, content };
}

/** Replaces everything by what the brain sends: another story, another leaf, or the same after a reconnect. */
export function setHistory(transcript: Transcript, messages: readonly Message[], more: boolean): Transcript {
  return { ...transcript, messages: messages.map(clean), more, live: null, pending: null, trouble: null };
}

/** Earlier messages, put before those that are there. */
export function addEarlier(transcript: Transcript, page: EventOf<"history_page">["metadata"]): Transcript {
  const first = transcript.messages[0];
  if (first === undefined || first.id !== page.before) return transcript;
  const known = new Set(transcript.messages.map((message) => message.id));
  const earlier = page.history.filter((message) => !known.has(message.id)).map(clean);
  return {
    ...transcript,
    messages: [...earlier, ...transcript.messages],
    more: page.more && earlier.length > 0,
  };
}

/** What stood in the prompts of replies that came with a page of history. */
export function withRecalled(transcript: Transcript, list: readonly RecalledOf[]): Transcript {
  if (list.length === 0) return transcript;
  const recalled = new Map(transcript.recalled);
  for (const { message_id, lore, memories } of list) recalled.set(message_id, { lore, memories });
  return { ...transcript, recalled };
}

/** A saved line or a changed record. */
export function setMessage(transcript: Transcript, message: Message, now_ms: number): Transcript {
  if (message.role === "assistant" && message.status === "writing") {
    const messages = transcript.messages.filter((other) => other.id !== message.id);
    return { ...transcript, messages, live: liveFrom(message, now_ms), trouble: null };
  }
  const at = transcript.messages.findIndex((other) => other.id === message.id);
  const settled = clean(message);
  const messages = at < 0
    ? [...transcript.messages, settled]
    : transcript.messages.map((other, index) => index === at ? settled : other);
  const pending = message.role === "user" ? null : transcript.pending;
  const live = transcript.live?.message.id === message.id ? null : transcript.live;
  return { ...transcript, messages, pending, live };
}

function liveFrom(message: Message, now_ms: number): Live {
  const { text, carry } = sanitizePiece("", message.content);
  const reveal = { from: text.length, since_ms: now_ms, for_ms: 0 };
  return {
    message: { ...message, content: text },
    raw: message.content,
    growth: {},
    carry,
    broken: false,
    reveal,
    open: null,
  };
}

/** A player's line that was just sent. */
export function sayLine(transcript: Transcript, text: string, ref: string | null): Transcript {
  return { ...transcript, pending: { ref, text: sanitize(text) }, trouble: null };
}

/** An original server confirms nothing: its lines become messages when the reply begins. */
function settlePending(transcript: Transcript, now_ms: number): Transcript {
  const { pending, next_local } = transcript;
  if (pending === null) return transcript;
  const message: Message = {
    id: next_local,
    parent_id: null,
    role: "user",
    content: pending.text,
    status: "complete",
    model: "",
    usage: null,
    created_ms: now_ms,
    alternative: 1,
    alternatives: 1,
  };
  return {
    ...transcript,
    messages: [...transcript.messages, message],
    pending: null,
    next_local: next_local - 1,
  };
}

/** A piece of the reply. `smooth`: what comes in a burst is shown over a moment. */
export function addChunk(
  before: Transcript,
  content: string,
  metadata: EventOf<"chat_chunk">["metadata"],
  now_ms: number,
  smooth = true,
): Transcript {
  let transcript = before;
  let live = transcript.live;
  const { message_id, offset } = metadata;
  if (live === null || (message_id !== null && live.message.id !== message_id)) {
    if (message_id === null) transcript = settlePending(transcript, now_ms);
    const known = transcript.messages.find((message) => message.id === message_id);
    const message: Message = known !== undefined ? { ...known, status: "writing" } : {
      id: message_id ?? transcript.next_local,
      parent_id: metadata.parent_id,
      role: "assistant",
      content: "",
      status: "writing",
      model: metadata.model,
      usage: NO_USAGE,
      created_ms: now_ms,
      alternative: 1,
      alternatives: 1,
    };
    live = liveFrom(message, now_ms);
    transcript = {
      ...transcript,
      messages: known === undefined
        ? transcript.messages
        : transcript.messages.filter((other) => other !== known),
      next_local: transcript.next_local - (message_id === null ? 1 : 0),
      trouble: null,
    };
  }
  const at = offset ?? live.raw.length;
  if (live.broken && at !== 0) return { ...transcript, live };
  if (at > live.raw.length) return { ...transcript, live: { ...live, broken: true } };
  if (at < live.raw.length) {
    // The narrator took words back, or a face that joined late is given the whole.
    const raw = live.raw.slice(0, at) + content;
    const again = liveFrom({ ...live.message, content: raw }, now_ms);
    return { ...transcript, live: again };
  }
  const piece = sanitizePiece(live.carry, content);
  const shown = shownLength(live, now_ms);
  const text = live.message.content + piece.text;
  const burst = text.length - shown > BURST;
  const spreading = shown < live.message.content.length;
  const reveal = smooth && (burst || spreading)
    ? { from: shown, since_ms: now_ms, for_ms: SPREAD_MS }
    : { from: text.length, since_ms: now_ms, for_ms: 0 };
  return {
    ...transcript,
    live: {
      ...live,
      message: { ...live.message, content: text },
      raw: live.raw + content,
      carry: piece.carry,
      broken: false,
      reveal,
    },
  };
}

/** The turn is over. `message` is the record; null from an original server, whose pieces are then the record. */
export function endReply(
  transcript: Transcript,
  message: Message | null,
  recalled: RecalledCount | null,
  now_ms: number,
): Transcript {
  const { live } = transcript;
  let after = message === null && live !== null ? settlePending(transcript, now_ms) : transcript;
  if (message !== null) after = setMessage(after, message, now_ms);
  else if (live !== null) {
    after = setMessage(after, { ...live.message, status: "complete", usage: null }, now_ms);
  }
  if (message !== null && recalled !== null) {
    const counts = new Map(after.recalled);
    counts.set(message.id, recalled);
    after = { ...after, recalled: counts };
  }
  return { ...after, live: null };
}

/** Tells a text that is there already as if it were being written: the start message of a story. */
export function tellAgain(transcript: Transcript, now_ms: number): Transcript {
  const message = transcript.messages.at(-1);
  if (message === undefined || message.role !== "assistant") return transcript;
  const live = liveFrom({ ...message, status: "complete" }, now_ms);
  const reveal = { from: 0, since_ms: now_ms, for_ms: message.content.length / TELLING_SPEED };
  return { ...transcript, messages: transcript.messages.slice(0, -1), live: { ...live, reveal } };
}

/** True while a text that is complete is being told. */
export function isTelling(transcript: Transcript): boolean {
  return transcript.live !== null && transcript.live.message.status === "complete";
}

/** Ends such a telling at once. */
export function endTelling(transcript: Transcript): Transcript {
  const { live } = transcript;
  if (live === null || live.message.status !== "complete") return transcript;
  return { ...transcript, live: null, messages: [...transcript.messages, live.message] };
}

/** How much of a growing reply may be drawn now, in UTF-16 units. */
export function shownLength(live: Live, now_ms: number): number {
  const whole = live.message.content.length;
  const { from, since_ms, for_ms } = live.reveal;
  if (for_ms <= 0 || now_ms >= since_ms + for_ms) return whole;
  const share = Math.max(0, (now_ms - since_ms) / for_ms);
  return Math.min(whole, from + Math.ceil((whole - from) * share));
}

/** The last reply with its place, settled or growing. */
export function lastReply(transcript: Transcript): Message | null {
  if (transcript.live !== null) return transcript.live.message;
  return transcript.messages.findLast((message) => message.role === "assistant") ?? null;
}

/** True for a reply that the model's limit cut: it ends anywhere, and `/continue` goes on in the same place. */
export function cutAtLimit({ status, usage }: Message): boolean {
  return status === "stopped" && usage?.at_limit === true;
}

/** What may be drawn early in one message. */
export function placementsOf(transcript: Transcript, id: number): Placements {
  return transcript.placements.get(id) ?? NO_PLACEMENTS;
}

/** Remembers how a word that was drawn early stands. */
export function place(transcript: Transcript, id: number, start: number, how: "next" | "stay"): Transcript {
  const placements = new Map(transcript.placements);
  placements.set(id, new Map(placementsOf(transcript, id)).set(start, how));
  return { ...transcript, placements };
}
