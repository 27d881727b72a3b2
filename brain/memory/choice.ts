/** What has been taken of a ranking so far, and what was left and why. Pure. */
import type { LeftOut, LeftOutReason, RecallQuestion } from "./recall.ts";
import { questionTerms, wordsOf } from "./words.ts";

/** Two texts that share so much of their content words say the same. */
const SAME_SHARE = 0.5;
/** Fewer words than this are alike by chance. */
export const SAME_WORDS = 3;
/** Of the words of what was said earlier so many may be missing in what says it again. */
const MAY_MISS = 0.25;
/** So many are told of as left out, and so many of what something later took the place of. */
const LEFT_OUT = 8;

/** Fills up with hits, best first. */
export class Choice<Hit extends { unit_id: number; text: string; words: string[]; score: number }> {
  readonly #taken: { hit: Hit; content: Set<string> }[] = [];
  readonly #left: LeftOut[] = [];
  readonly #superseded: LeftOut[] = [];
  readonly #asked: Set<string>;
  readonly #describe: (hit: Hit, reason: LeftOutReason) => LeftOut;

  constructor(question: RecallQuestion, describe: (hit: Hit, reason: LeftOutReason) => LeftOut) {
    this.#asked = new Set(
      questionTerms(question.line, []).filter((term) => term.calls).map((term) => term.word),
    );
    this.#describe = describe;
  }

  /** Whether the player's line means this very unit: two of its telling words stand in it, or all that there are. */
  names(hit: Hit): boolean {
    const named = hit.words.filter((word) => this.#asked.has(word)).length;
    return named > 0 && named >= Math.min(2, this.#asked.size);
  }

  /**
   * A taken unit that says nearly the same; where `isLater` knows which of the two came later, that one must have nearly
   * all words of the earlier.
   */
  alike(hit: Hit, content: Set<string>, isLater?: (one: Hit, other: Hit) => boolean): Hit | undefined {
    return this.#taken.find((other) => {
      if (other.hit.text === hit.text) return true;
      if (isLater === undefined) return saysTheSame(content, other.content);
      return isLater(hit, other.hit) ? saysAgain(other.content, content) : saysAgain(content, other.content);
    })?.hit;
  }

  take(hit: Hit, content: Set<string>): void {
    this.#taken.push({ hit, content });
  }

  /** The new one stands where the old one stood. */
  replace(old: Hit, hit: Hit, content: Set<string>): void {
    const at = this.#taken.findIndex((other) => other.hit === old);
    this.#taken[at] = { hit, content };
    this.leave(old, "superseded");
  }

  /** Whether what is left out now is still told of, unless it is superseded. */
  shows(): boolean {
    return this.#left.length < LEFT_OUT;
  }

  /** What something later took the place of is told of however many others are, and so is what took it. */
  leave(hit: Hit, reason: LeftOutReason): void {
    const list = reason === "superseded" || reason === "visible" ? this.#superseded : this.#left;
    if (list.length >= LEFT_OUT || list.some(({ unit_id }) => unit_id === hit.unit_id)) return;
    list.push(this.#describe(hit, reason));
  }

  get count(): number {
    return this.#taken.length;
  }

  /** Whether nothing more would be told, nor shown as left out. */
  full(most: number): boolean {
    return this.#taken.length >= most && (most === 0 || !this.shows());
  }

  hits(most: number): Hit[] {
    return this.#taken.slice(0, most).map(({ hit }) => hit);
  }

  left_out(): LeftOut[] {
    return [...this.#superseded, ...this.#left].sort((a, b) => b.score - a.score);
  }
}

/** The content words of a text; null when it says nothing that is not said in every story. */
export function contentOf(text: string): Set<string> | null {
  const words = wordsOf(text);
  return words.some((word) => !word.weak) ? new Set(words.map(({ phrase }) => phrase)) : null;
}

/** Whether two texts, by their content words, say nearly the same. */
export function saysTheSame(a: Set<string>, b: Set<string>): boolean {
  const [less, more] = a.size < b.size ? [a, b] : [b, a];
  if (less.size < SAME_WORDS) return false;
  // So many of the smaller one's words may be missing in the other: mostly that is known after a few.
  let may_miss = less.size - SAME_SHARE / (1 + SAME_SHARE) * (a.size + b.size);
  for (const word of less) if (!more.has(word) && --may_miss < 0) return false;
  return may_miss >= 0;
}

/**
 * Whether what was said later, by its content words, says nearly the same as `content`, with nearly all of its words. Who
 * goes back to look for what was hidden says much of it again, but not where it is.
 */
export function saysAgain(content: Set<string>, later: Set<string>): boolean {
  let may_miss = Math.floor(MAY_MISS * content.size);
  for (const word of content) if (!later.has(word) && --may_miss < 0) return false;
  return saysTheSame(content, later);
}
