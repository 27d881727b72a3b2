/** Facts found by rule: who is called, lives, owes, gave, promised, hates or loves what, and who is whose kin. Pure. */
import { END, NAME, person, PRONOUNS, voices } from "./voices.ts";

export interface RuleFact {
  subject: string;
  /** A later fact of the same subject and relation takes the place of this one. */
  relation: string;
  object: string;
  /** The fact as one line. */
  text: string;
}

const MAX_READ = 8000;
const MAX_FACTS = 12;

const PAST = "(?<![\\p{L}\\p{M}'’-])";
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
    `(I|[Yy]ou|${SOMEBODY}) (?:borrows?|borrowed) (${COUNTED} (?:[\\p{L}\\p{N}'’-]+ ){1,4})(?:from|of|off) (me|you|${SOMEBODY})`,
    ([subject, thing, from], who) => lent(who(subject), who(from), thing.trim()),
  ),
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
    `([Ii]ch|[Dd]u|${JEMAND}) (?:leihe|leihst|leiht|lieh) (?:mir|dir|sich) ([\\p{L}\\p{N} ]{2,40}?) (?:von|bei|vom|beim) (mir|dir|${JEMAND}|${NAME})`,
    ([subject, thing, from], who) => lent(who(subject), who(from), thing.trim(), true),
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

// What was borrowed is owed.
function lent(to: string | null, from: string | null, what: string, german = false): RuleFact | null {
  if (from === null) return null;
  return made(to, `owes ${from}`, what, `${to} ${german ? "schuldet" : "owes"} ${from} ${what}`);
}

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
