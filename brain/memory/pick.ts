/** A long text in few words without a model: its most telling sentences are picked. Pure. */
import { factsByRule } from "./fact_rules.ts";
import type { ToldMessage } from "./facts.ts";
import { sentencesOf } from "./units.ts";
import { wordsOf } from "./words.ts";

/** Of a longer stretch the newest messages are read: a long story put on a small model must not stop the turn. */
const MAX_PICKED_FROM = 400;

/** Words as readers count them; in scripts without blanks two characters are reckoned as one. */
export function countWords(text: string): number {
  const unspaced = text.match(UNSPACED)?.length ?? 0;
  const spaced = text.replace(UNSPACED, " ").match(/\S+/g)?.length ?? 0;
  return spaced + Math.ceil(unspaced / 2);
}
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/** Whole sentences of `text` as far as `words` words go; a first sentence that is longer is cut. */
export function clip(text: string, words: number): string {
  if (countWords(text) <= words) return text;
  let kept = "";
  for (const sentence of sentencesOf(text)) {
    const longer = kept === "" ? sentence : `${kept} ${sentence}`;
    if (countWords(longer) > words) break;
    kept = longer;
  }
  if (kept !== "") return kept;
  const first = text.split(/\s+/).slice(0, words).join(" ");
  return countWords(first) <= words ? `${first}...` : `${[...text].slice(0, words * 2).join("")}...`;
}

interface Sentence {
  message: number;
  role: ToldMessage["role"];
  text: string;
  words: number;
  /** For facts and names, whatever else is told. */
  worth: number;
  phrases: string[];
}

/**
 * The most telling sentences of the messages in their order, at most `words` words: those that state a fact, name
 * names, and tell with words that come back what no other one has told. A player's sentence says whose it is.
 */
export function pickSentences(messages: ToldMessage[], player: string, words: number): string {
  const all: Sentence[] = [];
  const common = new Map<string, number>();
  const seen = new Set<string>();
  for (const [message, { role, content }] of messages.slice(-MAX_PICKED_FROM).entries()) {
    for (const text of sentencesOf(content.replace(/\s+/g, " ").trim())) {
      const found = wordsOf(text);
      const phrases = [...new Set(found.filter(({ weak }) => !weak).map(({ phrase }) => phrase))];
      for (const phrase of phrases) common.set(phrase, (common.get(phrase) ?? 0) + 1);
      if (phrases.length === 0 || seen.has(text) || /\?["”»]?$/.test(text)) continue;
      seen.add(text);
      const facts = factsByRule(role, text, player).length;
      const names = found.filter(({ name }) => name).length;
      const whose = role === "user" ? countWords(player) : 0;
      all.push({ message, role, text, words: countWords(text) + whose, worth: facts * 4 + names, phrases });
    }
  }
  const picked = new Set<Sentence>();
  const told = new Set<string>();
  // Long sentences are not better ones.
  const worth = ({ worth, phrases }: Sentence) =>
    phrases.reduce(
        (sum, phrase) => sum + (told.has(phrase) ? 0 : Math.log2(1 + (common.get(phrase) ?? 0))),
        0,
      ) /
      (4 + phrases.length) + worth;
  for (let left = words;;) {
    let best: Sentence | null = null;
    let best_worth = 0;
    for (const sentence of all) {
      if (picked.has(sentence) || sentence.words > left) continue;
      const value = worth(sentence);
      if (value > best_worth) [best, best_worth] = [sentence, value];
    }
    if (best === null) break;
    picked.add(best);
    left -= best.words;
    for (const phrase of best.phrases) told.add(phrase);
  }
  const lines: string[] = [];
  let last: Sentence | null = null;
  for (const sentence of all.filter((each) => picked.has(each))) {
    const goes_on = last !== null && last.message === sentence.message;
    const who = sentence.role === "user" && !goes_on ? `${player}: ` : "";
    lines.push(`${who}${sentence.text}`);
    last = sentence;
  }
  return lines.join(" ");
}
