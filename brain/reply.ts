/** A reply while it grows: what is shown, what is saved and how fast it comes. */

import { MAX_FRAME_BYTES } from "../shared/protocol.ts";
import type { Message, MessageStatus, Usage } from "../shared/story.ts";
import type { Deps } from "./deps.ts";
import { estimateTokens } from "./prompt/budget.ts";
import { StoreError } from "./store/store_error.ts";
import { updateMessage } from "./store/messages.ts";

/** The store is never further behind the screen than this. */
const SAVE_EVERY_MS = 200;

const encoder = new TextEncoder();

/** Takes the pieces of one reply, and writes them to the store as it grows. Time is `deps.now`, in milliseconds. */
export class GrowingReply {
  /** The whole text so far, with what stood there before a `/continue`. */
  text: string;
  /** Estimated tokens of this turn's text. */
  tokens = 0;
  first_token_ms = 0;
  #bytes: number;
  #full = false;
  #saved: string;
  #saved_at: number;
  #started_at: number;
  #first_at: number | null = null;
  #last_at = 0;

  constructor(readonly deps: Deps, readonly player_id: string, readonly message: Message) {
    this.text = message.content;
    this.#saved = message.content;
    this.#bytes = encoder.encode(message.content).length;
    this.#started_at = deps.now();
    this.#saved_at = this.#started_at;
  }

  get unsaved(): boolean {
    return this.text !== this.#saved;
  }

  /** Milliseconds until what is unsaved has waited long enough. */
  get save_in_ms(): number {
    const waited = this.deps.now() - this.#saved_at;
    return waited < 0 ? SAVE_EVERY_MS : Math.max(0, SAVE_EVERY_MS - waited);
  }

  /** A piece did not fit into `max_reply_bytes`. */
  get full(): boolean {
    return this.#full;
  }

  /** Tokens per second from the first token to the last, finite; 0 until there are two moments to compare. */
  get speed(): number {
    const seconds = this.#first_at === null ? 0 : (this.#last_at - this.#first_at) / 1000;
    return seconds > 0 ? Math.round((this.tokens / seconds) * 100) / 100 : 0;
  }

  /** Takes a piece; returns what of it fits into `max_reply_bytes`. */
  grow(piece: string): string {
    const now = this.deps.now();
    if (this.#first_at === null) {
      this.#first_at = now;
      this.first_token_ms = Math.max(0, now - this.#started_at);
    }
    this.#last_at = now;
    const room = Math.min(this.deps.config.max_reply_bytes, MAX_FRAME_BYTES / 2) - this.#bytes;
    const fitting = cutToBytes(piece, room);
    this.#full ||= fitting.length < piece.length;
    this.text += fitting;
    this.#bytes += encoder.encode(fitting).length;
    this.tokens += estimateTokens(fitting);
    if (now - this.#saved_at >= SAVE_EVERY_MS || now < this.#saved_at) this.save();
    return fitting;
  }

  /** Forgets what this turn told: it turned out to be reasoning. */
  restart(): void {
    this.text = this.message.content;
    this.#bytes = encoder.encode(this.text).length;
    this.tokens = 0;
    this.#first_at = null;
  }

  /** Throws StoreError, but not when another program holds the database: then the next time is soon enough. */
  save(): void {
    this.#saved_at = this.deps.now();
    if (!this.unsaved) return;
    try {
      // Five times a second for each reply that runs: a hundred of them would do nothing but wait for the disk.
      const { db } = this.deps;
      db.unhurried(() => updateMessage(db, this.player_id, this.message.id, { content: this.text }));
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== "locked") throw error;
      this.deps.log("warn", `reply ${this.message.id} could not be saved yet: ${error.message}`);
      return;
    }
    this.#saved = this.text;
  }

  /** Saves the reply as it ended. Throws StoreError. */
  finish(status: MessageStatus, usage: Usage | null): Message {
    return updateMessage(this.deps.db, this.player_id, this.message.id, {
      content: this.text,
      status,
      usage,
      tokens: estimateTokens(this.text),
    });
  }
}

/** The longest beginning of `text` within `room` bytes of UTF-8, no character cut in two. */
export function cutToBytes(text: string, room: number): string {
  if (room <= 0) return "";
  // A UTF-16 unit takes three bytes at most: as a rule nothing need be measured.
  if (text.length * 3 <= room) return text;
  const target = new Uint8Array(room);
  const { read } = encoder.encodeInto(text, target);
  return read >= text.length ? text : text.slice(0, read);
}
