/** What somebody probably meant who typed a name that is not there. */

/** Longer than any name or id: no slip, and comparing takes the product of both lengths. */
const MAX_TYPED = 64;

/**
 * The one of `names` nearest to what was typed, in any case; "" when none is near enough to be a slip: `least` edits, or
 * one for every three letters of a longer word.
 */
export function nearest(typed: string, names: readonly string[], least = 2): string {
  if (typed.length > MAX_TYPED) return "";
  const wanted = typed.toLowerCase();
  let best = "";
  let best_distance = Math.max(least, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < best_distance) [best, best_distance] = [name, distance];
  }
  return best;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other (optimal string
 * alignment: https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance).
 */
export function editDistance(from: string, to: string): number {
  let older: number[] = [];
  let before = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    for (let at = 1; at <= to.length; at++) {
      const same = from[row - 1] === to[at - 1];
      now[at] = Math.min(before[at] + 1, now[at - 1] + 1, before[at - 1] + (same ? 0 : 1));
      if (row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1]) {
        now[at] = Math.min(now[at], older[at - 2] + 1);
      }
    }
    [older, before] = [before, now];
  }
  return before[to.length];
}
