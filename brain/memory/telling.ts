/** What of a text is told: of a reply's prose one sentence, and who says it; of much lore its telling part. Pure. */
import { kindredOf } from "./kindred.ts";
import type { MemoryHit } from "./recall.ts";
import { sentencesOf } from "./units.ts";
import { speakerOf } from "./voices.ts";
import { wordsOf } from "./words.ts";

/** What a person says is kept as said; a reply without a speaker is the narrator's prose. */
export function isProse(hit: MemoryHit): boolean {
  return hit.role === "assistant" && !hit.speaker;
}

/** The sentence of `text` in which most of `words` stand; where no word tells which, the longest says most. */
export function tellingSentence(text: string, words: string[]): string {
  let [telling, most] = ["", 0];
  const sentences = sentencesOf(text);
  if (sentences.length === 1) return sentences[0];
  for (const sentence of sentences) {
    const found = wordsOf(sentence).filter(({ word, phrase }) => {
      const stem = phrase.length > 3 ? phrase.slice(0, -1) : null;
      return words.includes(word) ||
        words.some((other) =>
          (stem !== null && other.startsWith(stem)) || kindredOf(other, "english").includes(phrase)
        );
    }).length;
    if (found > most || (found === most && sentence.length > telling.length)) {
      [telling, most] = [sentence, found];
    }
  }
  return telling;
}

// A sentence shorter than this is told with the one after it, or before it at the end.
const SHORT_PART = 60;

/** The sentence in which most of `words` stand, with the next one when it is short; a part of `text`, word for word. */
export function tellingPart(text: string, words: string[]): string {
  const telling = tellingSentence(text, words);
  if (telling.length >= SHORT_PART) return telling;
  const sentences = sentencesOf(text);
  const at = sentences.indexOf(telling);
  const [first, last] = at + 1 < sentences.length
    ? [telling, sentences[at + 1]]
    : [sentences[at - 1], telling];
  if (first === undefined || last === undefined) return telling;
  const from = text.indexOf(first);
  return text.slice(from, text.indexOf(last, from + first.length) + last.length);
}

/**
 * The sentence in which most of `words` stand, with as many after it, and then before it, as `fits` allows; a part of `text`,
 * word for word. The sentence alone where not even that fits.
 */
export function tellingStretch(text: string, words: string[], fits: (part: string) => boolean): string {
  const sentences = sentencesOf(text);
  const starts: number[] = [];
  for (const [i, sentence] of sentences.entries()) {
    starts.push(text.indexOf(sentence, i === 0 ? 0 : starts[i - 1] + sentences[i - 1].length));
  }
  let first = sentences.indexOf(tellingSentence(text, words));
  if (first < 0) return text;
  let last = first;
  const part = (from: number, to: number) => text.slice(starts[from], starts[to] + sentences[to].length);
  while (last + 1 < sentences.length && fits(part(first, last + 1))) last += 1;
  while (first > 0 && fits(part(first - 1, last))) first -= 1;
  return part(first, last);
}

/**
 * The hit with one sentence of its text; one that is spoken, and does not name who speaks, comes as said by that one.
 * `isName` knows the names of the story.
 */
export function told<Hit extends MemoryHit>(hit: Hit, isName: (word: string) => boolean): Hit {
  if (!isProse(hit)) return hit;
  const text = tellingSentence(hit.text, hit.words);
  const speaker = speakerOf(hit.text, text, isName);
  return { ...hit, text, ...(speaker === null || text.includes(speaker) ? {} : { speaker }) };
}

/** Whether a word of capitals is a name: it has one amid a sentence of what was found, too. */
export function nameKnower(ranked: { text: string }[]): (name: string) => boolean {
  let names: Set<string> | null = null;
  return (name) => {
    names ??= new Set(
      ranked.flatMap(({ text }) => wordsOf(text).filter((word) => word.name).map(({ word }) => word)),
    );
    return name.toLowerCase().split(/[ -]/).every((part) => names!.has(part));
  };
}
