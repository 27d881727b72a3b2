/** Facts found by rule: who is called, lives, owes, gave, promised, hates or loves what, and who is whose kin. Pure. */

export interface RuleFact {
  subject: string;
  /** A later fact of the same subject and relation takes the place of this one. */
  relation: string;
  object: string;
  /** The fact as one line. */
  text: string;
}

/** Who speaks: "I" and "you" of a stretch of text; null: nobody knows. */
interface Voice {
  i: string | null;
  you: string | null;
}

const MAX_READ = 8000;
const MAX_FACTS = 12;

const PAST = "(?<![\\p{L}\\p{M}'’-])";
const END = "(?![\\p{L}\\p{M}])";
const NAME = "\\p{Lu}[\\p{L}\\p{M}]+(?:[- ]\\p{Lu}[\\p{L}\\p{M}]+){0,2}";
const SOMEBODY = `(?:${NAME}|[Tt]he (?:old |young )?[\\p{Ll}]+(?:-[\\p{Ll}]+)?)`;
const JEMAND = `(?:${NAME}|[Dd](?:er|ie|as|em|en) (?:alten? |jungen? )?${NAME})`;
const KIN = "brother|sister|mother|father|son|daughter|wife|husband|uncle|aunt|cousin|niece|nephew|twin|" +
  "grandmother|grandfather|grandson|granddaughter";
const VERWANDT =
  "Bruder|Schwester|Mutter|Vater|Sohn|Tochter|Frau|Mann|Onkel|Tante|Vetter|Base|Nichte|Neffe|" +
  "Großmutter|Großvater|Zwilling";
const COUNTED =
  "(?:the|an?|my|your|his|her|their|its|one|two|three|four|five|six|seven|eight|nine|ten|half|all|\\p{N}+)";
// What is given or owed: up to the end of the clause, a few words long.
const THING = "(?!that\\b|dass\\b)((?:[\\p{L}\\p{M}\\p{N}'’-]+ ?){1,7})";
const CLAUSE = '([^.!?;:"“”„«»\\n]{3,120})';

interface Rule {
  pattern: RegExp;
  /** The fact of a match, or null: somebody in it is unknown. `who` names a person or gives null. */
  fact(found: string[], who: (word: string | undefined) => string | null): RuleFact | null;
}

function rule(source: string, fact: Rule["fact"]): Rule {
  return { pattern: new RegExp(`${PAST}${source}`, "gu"), fact };
}

function made(
  subject: string | null,
  relation: string,
  object: string | null,
  text: string,
): RuleFact | null {
  if (subject === null || object === null || object === "" || subject === object) return null;
  return { subject, relation: relation.toLowerCase(), object, text };
}

const named = (whose: string | null, name: string, german = false) =>
  made(whose, "name", name, german ? `${whose} heißt ${name}` : `${whose}'s name is ${name}`);

const RULES: Rule[] = [
  rule(`[Mm]y name is (${NAME})`, ([name], who) => named(who("I"), name)),
  rule(`I(?: a|['’])m called (${NAME})`, ([name], who) => named(who("I"), name)),
  rule(
    `(?:[Tt]hey |[Pp]eople |[Yy]ou (?:can |may )?)?[Cc]all me (${NAME})`,
    ([name], who) => named(who("I"), name),
  ),
  rule(
    `(${SOMEBODY})(?: is called|['’]s name is) (${NAME})`,
    ([whose, name], who) => named(who(whose), name),
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (?:lives?|dwells?) ((?:in|at|on|by|under|above|near|behind|over|beside|with) ${THING})`,
    ([subject, place], who) => {
      const at = clipped(place, 7);
      return made(who(subject), "lives", at, `${who(subject)} lives ${at}`);
    },
  ),
  rule(`(I|[Yy]ou|${SOMEBODY}) (?:owes?|owed) (me|you|${SOMEBODY}) ${THING}`, ([subject, to, thing], who) => {
    const what = clipped(thing, 6);
    const whom = who(to);
    return whom === null
      ? null
      : made(who(subject), `owes ${whom}`, what, `${who(subject)} owes ${whom} ${what}`);
  }),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (?:gives?|gave|hands?|handed) (me|you|${SOMEBODY}) (${COUNTED} ${THING})`,
    ([subject, to, thing], who) => given(who(subject), who(to), clipped(thing, 5)),
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (?:gives?|gave|hands?|handed) (${COUNTED} (?:[\\p{L}\\p{N}'’-]+ ){1,4})to (me|you|${SOMEBODY})`,
    ([subject, thing, to], who) => given(who(subject), who(to), thing.trim()),
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (?:promise[sd]?|swears?|swore|vow(?:s|ed)?) (?:(me|you|${SOMEBODY}) )?(?:that )?((?:to |(?:I|you|he|she|they)(?:['’]ll| will| would| shall) )${CLAUSE})`,
    ([subject, to, what], who) => {
      const whom = to === undefined ? "" : who(to);
      if (whom === null) return null;
      const clause = clipped(what.replace(/^(?:I|you|he|she|they)(?:['’]ll| \p{L}+) /u, "to "), 18);
      const text = `${who(subject)} promised${whom === "" ? "" : ` ${whom}`} ${clause}`;
      return made(who(subject), `promised ${clause}`, clause, text);
    },
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (?:promise[sd]?) (me|you|${SOMEBODY}) (${COUNTED} ${THING})`,
    ([subject, to, thing], who) => {
      const whom = who(to);
      const what = clipped(thing.replace(/^(?:my|your) /, "the "), 6);
      return whom === null
        ? null
        : made(who(subject), `promised ${whom} ${what}`, what, `${who(subject)} promised ${whom} ${what}`);
    },
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY}) (hate|love|fear|despise|trust)s? (me|you|${SOMEBODY}|(?:the |an? |my |his |her )?[\\p{Ll}]+)${END}`,
    ([subject, verb, what], who) => {
      const object = /^(?:me|you)$/.test(what) || /^\p{Lu}|^[Tt]he /u.test(what) ? who(what) : what;
      if (object === null || PRONOUNS.has(object) || /^(?:to|that|it|when|how|what|for)$/.test(object)) {
        return null;
      }
      return made(who(subject), `feels about ${object}`, object, `${who(subject)} ${verb}s ${object}`);
    },
  ),
  rule(
    `(I|[Yy]ou|${SOMEBODY})(?: is| am| are|['’]m|['’]re|['’]s|,) (my|your|(?:${NAME})['’]s?|the [\\p{Ll}]+['’]s) (?:own |only |late |dead |(?:old|young)er |little |twin |half-)?(${KIN})${END}`,
    ([subject, whose, kin], who) => related(who(subject), who(ownerOf(whose)), kin),
  ),
  rule(
    `([Mm]y|[Yy]our) (?:own |only |late |dead |(?:old|young)er |little |twin )?(${KIN})(?:,| is(?: called)?)? (${NAME})`,
    ([whose, kin, name], who) => related(name, who(ownerOf(whose)), kin),
  ),

  rule(`[Mm]ein Name ist (${NAME})`, ([name], who) => named(who("ich"), name, true)),
  rule(`[Ii]ch heiße (${NAME})`, ([name], who) => named(who("ich"), name, true)),
  rule(`(${JEMAND}) heißt (${NAME})`, ([whose, name], who) => named(who(whose), name, true)),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (?:wohne|wohnst|wohnt|lebe|lebst|lebt) ((?:in|im|am|an|bei|beim|auf|unter|über|hinter|neben) ${THING})`,
    ([subject, place], who) => {
      const at = clipped(place, 7);
      return made(who(subject), "lives", at, `${who(subject)} wohnt ${at}`);
    },
  ),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (?:schulde|schuldest|schuldet|schuldete) (mir|dir|${JEMAND}) ${THING}`,
    ([subject, to, thing], who) => {
      const whom = who(to);
      const what = clipped(thing, 6);
      return whom === null
        ? null
        : made(who(subject), `owes ${whom}`, what, `${who(subject)} schuldet ${whom} ${what}`);
    },
  ),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (?:gebe|gibst|gibt|gab|reiche|reichst|reicht|reichte) (mir|dir|${JEMAND}) ((?:den|die|das|einen?|eine|meinen?|meine|deinen?|deine|seinen?|seine|ihren?|ihre|zwei|drei) ${THING})`,
    ([subject, to, thing], who) => given(who(subject), who(to), clipped(thing, 5), true),
  ),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (?:verspreche|versprichst|verspricht|versprach|schwöre|schwörst|schwört|schwor)(?: (mir|dir|${JEMAND}))?,? ((?:dass |zu )?${CLAUSE})`,
    ([subject, to, what], who) => {
      const whom = to === undefined ? "" : who(to);
      if (whom === null) return null;
      const clause = clipped(what, 18);
      const text = `${who(subject)} versprach${whom === "" ? "" : ` ${whom}`}: ${clause}`;
      return made(who(subject), `promised ${clause}`, clause, text);
    },
  ),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (hass|lieb|fürcht)(?:e|st|t|et|est) (mich|dich|${JEMAND})${END}`,
    ([subject, verb, what], who) => {
      const object = who(what);
      const verbs: Record<string, string> = { hass: "hasst", lieb: "liebt", fürcht: "fürchtet" };
      return object === null
        ? null
        : made(who(subject), `feels about ${object}`, object, `${who(subject)} ${verbs[verb]} ${object}`);
    },
  ),
  rule(
    `([Ii]ch|[Dd]u|${JEMAND}) (?:ist|bin|bist) (meine?|deine?|(?:${NAME})s) (${VERWANDT})${END}`,
    ([subject, whose, kin], who) => related(who(subject), who(ownerOf(whose)), kin, true),
  ),
];

function given(from: string | null, to: string | null, given: string, german = false): RuleFact | null {
  if (to === null || from === to) return null;
  const thing = given.replace(/^(?:my|your) /i, "the ").replace(/^[md](ein(?:en|e)?) /i, "$1 ");
  const text = german ? `${from} gab ${to} ${thing}` : `${from} gave ${to} ${thing}`;
  return made(from, `gave ${thing}`, `${to}: ${thing}`, text);
}

function related(who: string | null, whose: string | null, kin: string, german = false): RuleFact | null {
  if (who === null || whose === null || who === whose) return null;
  const text = german ? `${who} ist ${kin} von ${whose}` : `${who} is ${whose}'s ${kin}`;
  return made(who, `kin of ${whose}`, kin, text);
}

/** The person that "my", "Maren's" or "Marens" belongs to. */
function ownerOf(word: string): string {
  if (/^my$/i.test(word)) return "me";
  if (/^your$/i.test(word)) return "you";
  if (/^mein/i.test(word)) return "mich";
  if (/^dein/i.test(word)) return "dich";
  return /['’]s?$/.test(word) ? word.replace(/['’]s?$/, "") : word.replace(/s$/, "");
}

const PRONOUNS = new Set(
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
// After these nothing is known: it is asked, wished or denied.
const UNSURE =
  /\?\s*$|(?<![\p{L}])(?:if|unless|would|could|might|whether|wish|pretend|wenn|falls|würde|könnte|ob)(?![\p{L}])/iu;

/** The first words of a clause, without what hangs after them. */
function clipped(text: string, words: number): string {
  const clause =
    text.split(/\s(?:and|but|because|when|while|before|until|if|so|und|aber|weil|bevor|bis)\s/u)[0];
  return clause.trim().split(/\s+/).slice(0, words).join(" ").replace(/[,'’-]+$/, "").trim();
}

/**
 * What a message tells for sure. `player` is the name of the player's character: "I" of their lines and "you" of the
 * narrator. What is asked, wished or conditional is no fact, nor what is said by nobody known.
 */
export function factsByRule(role: "user" | "assistant", text: string, player: string): RuleFact[] {
  const facts = new Map<string, RuleFact>();
  for (const { part, voice } of voices(role, text.slice(0, MAX_READ), player)) {
    for (const sentence of part.split(/(?<=[.!?…])\s+|\n+/u)) {
      if (UNSURE.test(sentence)) continue;
      for (const { pattern, fact } of RULES) {
        for (const match of sentence.matchAll(pattern)) {
          const found = fact(match.slice(1), (word) => person(word, voice));
          if (found === null || /not|never|nicht|nie/.test(match[0].split(" ")[1] ?? "")) continue;
          facts.set(`${found.subject}\n${found.relation}`.toLowerCase(), found);
        }
      }
    }
  }
  return [...facts.values()].slice(0, MAX_FACTS);
}

function person(word: string | undefined, voice: Voice): string | null {
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

/** The text in stretches of one voice: narration, and what is said between quotation marks. */
function voices(
  role: "user" | "assistant",
  text: string,
  name: string,
): { part: string; voice: Voice }[] {
  const player = name === "" ? null : name;
  const narration: Voice = role === "user" ? { i: player, you: null } : { i: null, you: player };
  const parts: { part: string; voice: Voice }[] = [];
  let at = 0;
  let last: string | null = null;
  for (const match of text.matchAll(/["“„«]([^"“”„«»\n]{1,600})["”“»]/gu)) {
    const before = text.slice(at, match.index);
    parts.push({ part: before, voice: narration });
    at = match.index + match[0].length;
    const after = SPEAKER_AFTER.exec(text.slice(at, at + 80));
    const ahead = SPEAKER_BEFORE.exec(before.slice(-120));
    // "...," says Maren. "..." goes on in her voice.
    const goes_on: string | null = last !== null && before.length < 60 && SPEAKER_AFTER.test(before)
      ? last
      : null;
    const speaker: string | null = after?.[1] ?? after?.[2] ?? ahead?.[1] ?? goes_on;
    last = speaker;
    const someone = speaker === null ? null : person(speaker, { i: null, you: null });
    parts.push({
      part: match[1],
      voice: role === "user"
        ? { i: player, you: null }
        : { i: someone, you: someone === null ? null : player },
    });
  }
  parts.push({ part: text.slice(at), voice: narration });
  return parts;
}
