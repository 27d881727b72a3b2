/** Which units hold a word, kept in mind: what is common in a story is asked for at nearly every line. */
import type { IdSpan } from "../store/unit_index.ts";

/** What is looked for: words of the index in this order; `prefix`: the last one may go on. */
export interface Phrase {
  phrase: string;
  prefix: boolean;
}

/** So many ids are kept in all, 2 MB; the words asked for last. */
const MAX_IDS = 500_000;

/** The finds of one story or world. Units come, but the words of one never change. */
export class Postings {
  readonly #kept = new Map<string, { ids: Int32Array; last: number }>();
  #count = 0;

  /** Ids that hold `phrase`: all of those in `span`, and maybe others. `read` looks up the ones that are not known yet. */
  find({ phrase, prefix }: Phrase, span: IdSpan, read: (span: IdSpan) => number[]): Int32Array {
    const key = `${prefix ? "*" : "="}${phrase}`;
    const before = this.#kept.get(key);
    const first = before === undefined ? span.first : before.last + 1;
    const fresh = first > span.last ? [] : read({ first, last: span.last });
    const ids = joined(before?.ids ?? EMPTY, fresh);
    this.#kept.delete(key);
    this.#kept.set(key, { ids, last: Math.max(span.last, before?.last ?? 0) });
    this.#count += fresh.length;
    for (const [oldest, { ids }] of this.#kept) {
      if (this.#count <= MAX_IDS || oldest === key) break;
      this.#kept.delete(oldest);
      this.#count -= ids.length;
    }
    return ids;
  }
}

const EMPTY = new Int32Array(0);

function joined(before: Int32Array, fresh: number[]): Int32Array {
  if (fresh.length === 0) return before;
  const ids = new Int32Array(before.length + fresh.length);
  ids.set(before);
  ids.set(fresh, before.length);
  return ids;
}
