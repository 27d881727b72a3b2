/** Who says what in a text: narration, and speech between quotation marks. Pure. */

/** Who speaks: "I" and "you" of a stretch of text; null: nobody knows. */
export interface Voice {
  i: string | null;
  you: string | null;
}

const NOBODY: Voice = { i: null, you: null };

/** A name of up to three words, and the end of a word, for patterns. */
export const NAME = "\\p{Lu}[\\p{L}\\p{M}]+(?:[- ]\\p{Lu}[\\p{L}\\p{M}]+){0,2}";
export const END = "(?![\\p{L}\\p{M}])";

export const PRONOUNS = new Set(
  "he she they it we who what that this there here him her them us his its er sie es wir ihr wer was das dies"
    .split(" "),
);
// Capitalised only because a sentence begins; no names.
const NO_NAMES = new Set(
  ("A An And As At But By For From He Her Here His How If In It Its My No Not Nobody Now Of On One Or Our She So Some " +
    "Somebody Someone That The Their Then There They This To Two We What When Where Who Why With You Your Yes Everyone " +
    "Everybody Anyone Nothing Something Everything After Before While Der Die Das Ein Eine Er Sie Es Und Aber Wer Was " +
    "Wenn Dann Da Hier Mein Dein Sein Ihr Wir Niemand Jemand Alle").split(" "),
);

/** The person that a word means in this voice, a name or "the smith"; null: nobody knows. */
export function person(word: string | undefined, voice: Voice): string | null {
  if (word === undefined) return null;
  const plain = word.toLowerCase();
  if (["i", "me", "ich", "mir", "mich"].includes(plain)) return voice.i;
  if (["you", "du", "dir", "dich"].includes(plain)) return voice.you;
  const [first] = word.split(/[ -]/);
  if (NO_NAMES.has(word) || PRONOUNS.has(plain)) return null;
  const article = /^(?:the|der|die|das|dem|den)$/i.test(first);
  if (article && PRONOUNS.has(plain.split(" ")[1] ?? "")) return null;
  if (!article && NO_NAMES.has(first)) return null;
  return article ? `${first.toLowerCase()}${word.slice(first.length)}` : word;
}

const SAYS =
  "(?:says?|said|asks?|asked|answers?|answered|replies|replied|whispers?|whispered|mutters?|muttered|adds?|added|" +
  "calls?|called|sagt|sagte|fragt|fragte|antwortet|antwortete|flüstert|flüsterte|murmelt|ruft|rief)";
const SPEAKER_AFTER = new RegExp(
  `^[,.]?\\s*(?:${SAYS} (${NAME}|(?:the|der|die|das) [\\p{L}]+)|(${NAME}|(?:[Tt]he|[Dd]er|[Dd]ie|[Dd]as) [\\p{L}]+) ${SAYS}${END})`,
  "u",
);
const SPEAKER_BEFORE = new RegExp(
  `(${NAME}|(?:[Tt]he|[Dd]er|[Dd]ie|[Dd]as) [\\p{L}]+) ${SAYS}[^.!?"“”„«»]{0,40}[,:]?\\s*$`,
  "u",
);

/** A stretch between quotation marks (`start` to `end` with them), and who is named as the one who says it. */
interface Speech {
  start: number;
  end: number;
  said: string;
  speaker: string | null;
}

// «so», »so«, "so", “so”, „so“: what opened it decides nothing, the next mark closes it.
const SPEECH = /["“„«»]([^"“”„«»\n]{1,600})["”“«»]/gu;

function* speeches(text: string): Generator<Speech> {
  let at = 0;
  let last: string | null = null;
  for (const match of text.matchAll(SPEECH)) {
    const before = text.slice(at, match.index);
    at = match.index + match[0].length;
    const after = SPEAKER_AFTER.exec(text.slice(at, at + 80));
    const ahead = SPEAKER_BEFORE.exec(before.slice(-120));
    // "...," says Maren. "..." goes on in her voice.
    const goes_on: string | null = last !== null && before.length < 60 && SPEAKER_AFTER.test(before)
      ? last
      : null;
    last = after?.[1] ?? after?.[2] ?? ahead?.[1] ?? goes_on;
    const speaker = last === null ? null : person(last, NOBODY);
    yield { start: match.index, end: at, said: match[1], speaker };
  }
}

/** A text in stretches of one voice, whole and in order: narration, and what is said between quotation marks. */
export function voices(
  role: "user" | "assistant",
  text: string,
  name: string,
): { part: string; voice: Voice }[] {
  const player = name === "" ? null : name;
  const narration: Voice = role === "user" ? { i: player, you: null } : { i: null, you: player };
  const parts: { part: string; voice: Voice }[] = [];
  let at = 0;
  for (const { start, end, said, speaker } of speeches(text)) {
    parts.push({ part: text.slice(at, start), voice: narration });
    at = end;
    parts.push({
      part: said,
      voice: role === "user"
        ? { i: player, you: null }
        : { i: speaker, you: speaker === null ? null : player },
    });
  }
  parts.push({ part: text.slice(at), voice: narration });
  return parts;
}

// "..., he says": the one that the sentence before began with.
const PRONOUN_SAYS = new RegExp(`^[,.]?\\s*(?:[Hh]e|[Ss]he) ${SAYS}${END}`, "u");
const BEGINS_WITH = new RegExp(`(?:^\\s*|[.!?…]\\s+)(${NAME}) \\p{Ll}[^.!?…\\n]*[.!?…]?\\s*$`, "u");

/**
 * Who says `sentence`, a part of `text`, when a third of it or more is speech; null: nobody, or nobody knows. Behind "he" and "she"
 * stands whom the narration before began with, if `isName` knows that one: every first word has a capital.
 */
export function speakerOf(text: string, sentence: string, isName: (word: string) => boolean): string | null {
  const from = text.indexOf(sentence);
  let at = 0;
  for (const { start, end, speaker } of speeches(text)) {
    const shared = Math.min(from + sentence.length, end) - Math.max(from, start);
    if (from >= 0 && shared >= sentence.length / 3) {
      if (speaker !== null) return speaker;
      const first = BEGINS_WITH.exec(text.slice(at, start))?.[1];
      const meant = PRONOUN_SAYS.test(text.slice(end, end + 80)) && first !== undefined && isName(first);
      return meant ? person(first, NOBODY) : null;
    }
    at = end;
  }
  return null;
}
