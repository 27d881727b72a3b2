/** Porter's stemmer (Porter 1980, "An algorithm for suffix stripping") and content stems, for counting answers. Pure. */
import { wordsOf } from "../../../brain/memory/words.ts";

/** The stems of a text's content words, each once. */
export function contentStems(text: string): Set<string> {
  return new Set(wordsOf(text).map(({ phrase }) => stem(phrase)));
}

/** Stems of all words, stop words too, each once: what stands in a printed block. */
export function allStems(text: string): Set<string> {
  return new Set((text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem));
}

export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  let w = word;
  if (/(?:ss|i)es$/.test(w)) w = w.slice(0, -2);
  else if (/[^s]s$/.test(w)) w = w.slice(0, -1);
  if (w.endsWith("eed")) {
    if (measure(w.slice(0, -3)) > 0) w = w.slice(0, -1);
  } else {
    const ending = /(?:ed|ing)$/.exec(w)?.[0];
    const rest = ending ? w.slice(0, -ending.length) : "";
    if (ending && hasVowel(rest)) {
      w = rest;
      if (/(?:at|bl|iz)$/.test(w)) w += "e";
      else if (/([^aeioulsz])\1$/.test(w)) w = w.slice(0, -1);
      else if (measure(w) === 1 && endsShort(w)) w += "e";
    }
  }
  if (w.endsWith("y") && hasVowel(w.slice(0, -1))) w = `${w.slice(0, -1)}i`;
  w = replaced(w, STEP_2, 0);
  w = replaced(w, STEP_3, 0);
  const long = STEP_4.exec(w)?.[0];
  if (long) {
    const rest = w.slice(0, -long.length);
    if (measure(rest) > 1 && (long !== "ion" || /[st]$/.test(rest))) w = rest;
  }
  if (w.endsWith("e")) {
    const rest = w.slice(0, -1);
    if (measure(rest) > 1 || (measure(rest) === 1 && !endsShort(rest))) w = rest;
  }
  if (w.endsWith("ll") && measure(w) > 1) w = w.slice(0, -1);
  return w;
}

const STEP_2: [string, string][] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["abli", "able"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
];
const STEP_3: [string, string][] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];
const STEP_4 = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic|ou)$/;

function replaced(word: string, rules: [string, string][], least: number): string {
  for (const [from, to] of rules) {
    if (!word.endsWith(from)) continue;
    const rest = word.slice(0, -from.length);
    return measure(rest) > least ? rest + to : word;
  }
  return word;
}

// Sequences of a vowel and a consonant; y is a vowel after a consonant.
function measure(word: string): number {
  return (shape(word).match(/v+c+/g) ?? []).length;
}

function hasVowel(word: string): boolean {
  return shape(word).includes("v");
}

function endsShort(word: string): boolean {
  return /cvc$/.test(shape(word)) && !/[wxy]$/.test(word);
}

function shape(word: string): string {
  let out = "";
  for (const letter of word) {
    out += /[aeiou]/.test(letter) || (letter === "y" && out.endsWith("c")) ? "v" : "c";
  }
  return out;
}
