/** What can be counted in a narrator's replies without reading them: the list at the end of the design's story.md. Pure. */

export interface ReplyWords {
  min: number;
  max: number;
}

/** One answered line. */
export interface Told {
  line: string;
  reply: string;
}

/** Lore that not everybody knows. */
export interface Restricted {
  heading: string;
  text: string;
  known_to: string;
}

/** One remark about one reply, counted from 0. */
export interface Finding {
  reply: number;
  kind: Kind;
  quote: string;
}

export const KINDS = {
  player_moved: "words, feelings or choices put into the player's mouth",
  question: "ends with a question to the player",
  repeated: "has five-word runs of the last five replies",
  length: "outside the length",
  same_start: "begins with the same words as the last reply",
  broken_end: "breaks off",
  markup: "headings, lists, remarks",
  retold: "begins by retelling the player's line",
  secret: "may give away lore with a `Known to` (read it)",
  language: "not in the language of the line",
  granted: "may grant the impossible deed (read it)",
  empty: "nothing at all",
} as const;
export type Kind = keyof typeof KINDS;

/** Goes through the replies of one story in order. */
export function countReplies(
  told: Told[],
  options: {
    player_name: string;
    words: ReplyWords;
    restricted: Restricted[];
    known: string;
    impossible: string;
  },
): Finding[] {
  const findings: Finding[] = [];
  const secrets = options.restricted.map((entry) => ({ entry, words: rareWords(entry.text, options.known) }));
  told.forEach(({ line, reply }, index) => {
    const note = (kind: Kind, quote: string | null | undefined) => {
      if (quote) findings.push({ reply: index, kind, quote: quote.trim().slice(0, 160) });
    };
    const words = wordsOf(reply);
    if (words.length === 0) return note("empty", "(empty)");
    const earlier = told.slice(Math.max(0, index - 5), index).map((before) => before.reply);

    note("player_moved", playerMoved(reply, options.player_name));
    if (/\?[*_\s]*$/.test(reply)) note("question", reply.slice(-120));
    const runs = repeatedRuns(words, earlier);
    note("repeated", runs.length > 0 ? `${runs.length}: ${runs[0]}` : null);
    const { min, max } = options.words;
    note("length", words.length < min || words.length > max ? `${words.length} words` : null);
    const start = words.slice(0, 2).join(" ");
    note(
      "same_start",
      index > 0 && start === wordsOf(earlier.at(-1) ?? "").slice(0, 2).join(" ") ? start : null,
    );
    if (!/[.!?…"”’'»)*_—]\s*$/u.test(reply)) note("broken_end", reply.slice(-60));
    note(
      "markup",
      /^(?:#{1,6} |[-*•] |\d+[.)] |[([]|-{3,}|\*{3,}|(?:note|ooc|scene|lore|earlier|narrator|options?)\b.*:).*/im
        .exec(reply)?.[0],
    );
    note(
      "markup",
      /\b(?:as an ai|language model|i cannot (?:help|continue)|the player|the story)\b/i.exec(reply)?.[0],
    );
    note("retold", retold(line, reply));
    for (const { entry, words: rare } of secrets) {
      const found = rare.filter((word) => words.includes(word));
      note(
        "secret",
        found.length >= 3 ? `${entry.heading} (known to ${entry.known_to}): ${found.join(", ")}` : null,
      );
    }
    note("granted", line === options.impossible ? granted(reply) : null);
    const [asked, answered] = [languageOf(line), languageOf(reply)];
    note("language", asked && answered && asked !== answered ? `${asked} was answered in ${answered}` : null);
  });
  return findings;
}

/** Lower-case words, apostrophes kept. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().replaceAll("’", "'").match(/[\p{L}\p{N}]+(?:'[\p{L}]+)*/gu) ?? [];
}

const DEEDS =
  "say|ask|reply|answer|tell|whisper|shout|call out|mutter|murmur|decide|choose|resolve|agree|think|" +
  "wonder|realise|realize|remember|believe|want|hope|fear|nod|smile|sigh|shrug|laugh|feel (?:a|an|your|the)? ?" +
  "(?:surge|pang|sense|relief|afraid|uneasy|calm|sad|angry|heart|fear|hope|joy|anger|guilt|dread)";

/** The place where a reply says what the player says, decides or feels; speech of others is not looked at. */
function playerMoved(reply: string, player_name: string): string | null {
  const plain = reply.replace(/"[^"]*"|“[^”]*”|«[^»]*»/g, '""');
  const name = player_name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const you = new RegExp(`\\b(?:you|you'?ve|${name}) (?:\\w+ly )?(?:${DEEDS})s?\\b[^.!?]*`, "i").exec(plain);
  const choices = /\b(?:do|will|would|should) you\b[^.!?]*\?|\byou (?:can|could) (?:either|choose)\b[^.!?]*/i
    .exec(plain);
  return you?.[0] ?? choices?.[0] ?? null;
}

/** Runs of five words that stood in one of the earlier replies; overlapping ones count once. */
function repeatedRuns(words: string[], earlier: string[]): string[] {
  const known = new Set(earlier.flatMap((reply) => runsOf(wordsOf(reply))));
  const runs: string[] = [];
  let free = 0;
  runsOf(words).forEach((run, at) => {
    if (at < free || !known.has(run)) return;
    runs.push(run);
    free = at + 5;
  });
  return runs;
}

function runsOf(words: string[]): string[] {
  return words.slice(4).map((_, at) => words.slice(at, at + 5).join(" "));
}

/** The first sentence when it holds most of the content words of the line. */
function retold(line: string, reply: string): string | null {
  const asked = new Set(wordsOf(line).filter((word) => word.length > 3));
  if (asked.size < 3) return null;
  const sentence = reply.split(/(?<=[.!?…])\s/, 1)[0];
  const said = new Set(wordsOf(sentence).flatMap((word) => [word, word.replace(/s$/, "")]));
  const shared = [...asked].filter((word) => said.has(word)).length;
  return shared >= 0.6 * asked.size ? sentence : null;
}

/** The sentence in which the player is up on the roof, unless it says no. */
function granted(reply: string): string | null {
  const up =
    /\byou(?:'re|’re)?\b[^.!?]*\b(?:land|stand|leap|soar|fly|reach|jump|climb|sit|are|on top)\w*\b[^.!?]*\b(?:roof|top|ridge|tiles)/i;
  const refused = /\b(?:not|never|no|cannot|short|fall|falls|below|far|above|nowhere|only)\b|n['’]t\b/i;
  return reply.split(/(?<=[.!?…])\s/).find((sentence) => up.test(sentence) && !refused.test(sentence)) ??
    null;
}

/** Longer words of a text that stand nowhere in `known`. */
function rareWords(text: string, known: string): string[] {
  const common = new Set(wordsOf(known));
  return [...new Set(wordsOf(text).filter((word) => word.length > 4 && !common.has(word)))];
}

const LANGUAGES: Record<string, Set<string>> = {
  English: new Set("the and of to you with his her its that in is are was from".split(" ")),
  Spanish: new Set("el la los las de que y en un una por con se es no para está".split(" ")),
  German: new Set("der die das und ist nicht du ein eine mit auf den von zu".split(" ")),
  French: new Set("le la les des et est une dans que vous tu pas sur avec".split(" ")),
};

/** The language with the most small words; null when that is nobody's clear win. */
export function languageOf(text: string): string | null {
  const words = wordsOf(text);
  const scores = Object.entries(LANGUAGES)
    .map(([name, small]) => ({ name, hits: words.filter((word) => small.has(word)).length }))
    .sort((a, b) => b.hits - a.hits);
  return scores[0].hits >= 2 && scores[0].hits >= 1.5 * scores[1].hits ? scores[0].name : null;
}

/** Replies with at least one finding of each kind. */
export function totals(findings: Finding[]): Record<Kind, number> {
  const counts = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0])) as Record<Kind, number>;
  const seen = new Set<string>();
  for (const { reply, kind } of findings) {
    if (seen.has(`${reply} ${kind}`)) continue;
    seen.add(`${reply} ${kind}`);
    counts[kind] += 1;
  }
  return counts;
}
