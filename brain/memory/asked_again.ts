/** The same question asked again: the later exchange tells how things stand, and the earlier one counts no more. Pure. */
import type { MemoryHit } from "./recall.ts";
import { wordsOf } from "./words.ts";

/** Two lines that share so much of their content words ask the same; shorter ones must share all. */
const SAME_LINE = 0.75;
const SHORT_LINE = 3;
/** Two replies that share fewer words do not speak of the same, though the same was asked. */
const SHARED_WORDS = 2;
/** What only says that it is not the first time, as phrases; "again" and "noch" are stop words. */
const AGAIN = new Set(["another", "anew", "einmal", "nochmal", "erneut", "abermal", "う 一", "一 度"]);

interface Exchange<Hit> {
  turns_ago: number;
  lines: Hit[];
  replies: Hit[];
}

/**
 * For a unit of an exchange whose line was said again later, and answered with words about the same: the unit of the
 * newest such exchange that is told in its place; null when there is none among `ranked`.
 */
export function askedAgain<Hit extends MemoryHit>(ranked: Hit[]): (hit: Hit) => Hit | null {
  let exchanges: Exchange<Hit>[] | null = null;
  const contents = new Map<Hit, Set<string>>();
  const contentOf = (hit: Hit) => {
    const known = contents.get(hit);
    if (known !== undefined) return known;
    const content = new Set(
      wordsOf(hit.text).filter(({ weak, phrase }) => !weak && !AGAIN.has(phrase)).map(({ phrase }) => phrase),
    );
    contents.set(hit, content);
    return content;
  };
  const speakOfTheSame = (asked: Set<string>, a: Hit, b: Hit) => {
    const other = contentOf(b);
    const shared = [...contentOf(a)].filter((word) => other.has(word));
    return shared.length >= SHARED_WORDS && shared.some((word) => asked.has(word));
  };
  return (hit) => {
    exchanges ??= exchangesOf(ranked);
    const mine = exchanges.find(({ turns_ago }) => turns_ago === hit.turns_ago);
    // A long line, in several pieces, is told again by nobody.
    if (mine?.lines.length !== 1) return null;
    const asked = contentOf(mine.lines[0]);
    for (const later of exchanges) {
      if (later.turns_ago >= hit.turns_ago) break;
      if (later.lines.length !== 1 || !asksTheSame(asked, contentOf(later.lines[0]))) continue;
      const answers = (reply: Hit) => later.replies.find((other) => speakOfTheSame(asked, reply, other));
      if (hit.role === "assistant") {
        const answer = answers(hit);
        if (answer !== undefined) return answer;
      } else if (mine.replies.some((reply) => answers(reply) !== undefined)) return later.lines[0];
    }
    return null;
  };
}

// The newest first; what is ranked stands on one path, where a turn has one line.
function exchangesOf<Hit extends MemoryHit>(ranked: Hit[]): Exchange<Hit>[] {
  const by_turn = new Map<number, Exchange<Hit>>();
  for (const hit of ranked) {
    const { turns_ago } = hit;
    const exchange = by_turn.get(turns_ago) ?? { turns_ago, lines: [], replies: [] };
    (hit.role === "user" ? exchange.lines : exchange.replies).push(hit);
    by_turn.set(turns_ago, exchange);
  }
  return [...by_turn.values()].sort((a, b) => a.turns_ago - b.turns_ago);
}

function asksTheSame(a: Set<string>, b: Set<string>): boolean {
  // Every line is compared with every later one: most differ in their lengths alone.
  if (a.size === 0 || Math.min(a.size, b.size) < SAME_LINE * Math.max(a.size, b.size)) return false;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  const all = a.size + b.size - shared;
  return shared === all || (Math.min(a.size, b.size) >= SHORT_LINE && shared >= SAME_LINE * all);
}
