/** Text cut between its characters: half of one, sent as JSON, is a frame that the original's face drops. */

/** The first `count` characters (code points) of a text. Halves that stand alone become U+FFFD. */
export function firstCharacters(text: string, count: number): string {
  return [...text.slice(0, 2 * count)].slice(0, count).join("").toWellFormed();
}

/** A text of at most `count` characters, with an ellipsis in place of what was cut off. */
export function shortened(text: string, count: number): string {
  const first = firstCharacters(text, count);
  return first.length < text.length ? `${first.trimEnd()}…` : first;
}
