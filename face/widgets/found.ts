/** Words looked for in the story: where they stand in the source of each message. */

import type { Message } from "../../shared/story.ts";

/** A place in a message: UTF-16 units of its source. */
export interface Hit {
  id: number;
  start: number;
  end: number;
}

export type Hits = readonly Hit[];

const lowered = new WeakMap<Message, string>();

function lowerOf(message: Message): string {
  let text = lowered.get(message);
  if (text === undefined) {
    text = lower(message.content);
    lowered.set(message, text);
  }
  return text;
}

/** Lower case of the same length: a few letters have two where the capital has one. */
function lower(text: string): string {
  const small = text.toLowerCase();
  return small.length === text.length
    ? small
    : text.replace(/./gsu, (char) => char.toLowerCase().length === char.length ? char.toLowerCase() : char);
}

/** All places of the words, whatever their case, from the beginning of the story; none for no words. */
export function findHits(messages: readonly Message[], words: string): Hits {
  const wanted = lower(words.trim());
  const hits: Hit[] = [];
  if (wanted === "") return hits;
  for (const message of messages) {
    const text = lowerOf(message);
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      hits.push({ id: message.id, start: at, end: at + wanted.length });
    }
  }
  return hits;
}

/** A piece of a run, found or not. */
export interface Piece {
  text: string;
  hit: Hit | null;
}

/** A run that begins at `start` of its message's source, cut where places begin and end. */
export function cutByHits(text: string, start: number, hits: Hits): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const hit of hits) {
    const from = Math.max(at, hit.start - start);
    const to = Math.min(text.length, hit.end - start);
    if (from >= to) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), hit: null });
    pieces.push({ text: text.slice(from, to), hit });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: null });
  return pieces;
}
