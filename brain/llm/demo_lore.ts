/** What the built-in narrator may retell of a world's lore: whole sentences that stand alone and are common knowledge. */

import { formsOf, wordsOf } from "./demo_words.ts";

const MAX_WORDS = 55;
/** A later sentence with one of these leans on the entry's first. */
const LEANS =
  /\b(?:he|she|it|they|him|her|them|his|hers|its|their|this|that|these|those|there|here|so|such|both)\b/i;

/** Notes to whoever tells the story, which a player must not be read: "He hides ...", "Left alone, she ...". */
const STAGE_NOTE = /\b(?:hides|left alone|if nobody|if no one)\b/i;

/** A step of a clock, which would tell what is to come: "On Friday ...", "Half past nine: ...". */
const DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const STEP = new RegExp(
  `^(?:${DAY}\\b|(?:On|By) (?:the )?(?:${DAY}|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)\\b|[A-Z][\\w ]{2,28}: )`,
);

interface Entry {
  text: string;
  sentences: string[];
  secret: boolean;
}

/** Whether a text holds one of the words in any of its forms; a phrase of several words must stand as it is. */
export function names(text: string, words: string[]): boolean {
  const found = wordsOf(text);
  const forms = new Set(found.flatMap(formsOf));
  const plain = ` ${found.join(" ")} `;
  return words.some((word) =>
    word.includes(" ") ? plain.includes(` ${word} `) : formsOf(word).some((form) => forms.has(form))
  );
}

/** Entries of a lore text, headings left out. `Known to:` marks one that is no common knowledge. */
function entriesOf(lore: string): Entry[] {
  return lore
    .split(/\n\s*\n|^#.*$/m)
    .map((entry) => entry.replace(/\s+/g, " ").trim())
    .filter((entry) => entry !== "")
    .map((entry) => ({
      text: entry,
      sentences: entry.split(/(?<=[.!?]["”']?)\s+(?=["“'A-Z])/),
      secret: /\bKnown to:/i.test(entry),
    }));
}

/**
 * Entries that anybody may tell: recalled ones first, then the rest of the world's. Recalled text arrives without its
 * `Known to:`, so it is compared with the world's own secrets.
 */
function publicEntries(recalled: string[], world_lore: string): Entry[] {
  const own = entriesOf(world_lore);
  const secrets = own.filter((entry) => entry.secret);
  const open = (entry: Entry) => !entry.secret && !secrets.some((secret) => secret.text.includes(entry.text));
  return [...recalled.flatMap(entriesOf), ...own].filter(open);
}

function mayBeTold(sentence: string): boolean {
  return !STAGE_NOTE.test(sentence) && !STEP.test(sentence);
}

/** The sentence of an entry that names the noun, with the entry's first before it where it leans on that. */
function sentenceAbout(entry: Entry, noun: string): { text: string; first: boolean } | undefined {
  const index = entry.sentences.findIndex((each) => names(each, [noun]) && mayBeTold(each));
  if (index < 0) return undefined;
  const sentence = entry.sentences[index];
  const text = index > 0 && LEANS.test(sentence) ? `${entry.sentences[0]} ${sentence}` : sentence;
  return text.split(" ").length <= MAX_WORDS ? { text, first: index === 0 } : undefined;
}

/** Lore that names the noun, a sentence or two from each entry; entries that are about it before those that mention it. */
export function loreAbout(noun: string, recalled: string[], world_lore: string): string[] {
  const found = publicEntries(recalled, world_lore)
    .map((entry) => sentenceAbout(entry, noun))
    .filter((sentence) => sentence !== undefined);
  const ordered = [...found.filter((each) => each.first), ...found.filter((each) => !each.first)];
  return [...new Set(ordered.map((each) => each.text))];
}

/** The first sentence of every entry that anybody may tell. */
export function loreOpenings(recalled: string[], world_lore: string): string[] {
  const openings = publicEntries(recalled, world_lore).map((entry) => entry.sentences[0]);
  return [...new Set(openings)]
    .filter((sentence) => sentence.split(" ").length <= MAX_WORDS && mayBeTold(sentence));
}
