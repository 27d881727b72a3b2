/** What the built-in narrator hears in a player's line: what is done, and what it is done to. English, small, pure. */

/** What a player does in a line, as far as word lists can tell. */
export type Kind = "look" | "speak" | "take" | "go" | "wait" | "ask" | "hard";

function list(words: string): string[] {
  return words.trim().split(/\s+/);
}

const VERBS: Record<Kind, string[]> = {
  hard: list(
    `attack kill murder stab slay fight hit punch kick strike beat throttle strangle shoot break broke broken
    smash shatter burst bash ram destroy wreck burn lift heave haul wrench bend force jump leap leapt vault dive swim swam
    fly flew teleport cast conjure summon curse charm hypnotise hypnotize outrun overpower wrestle tackle pry prise tear
    rob hack hotwire uproot topple conquer juggle balance attempt`,
  ),
  ask: list("ask question inquire enquire beg interrogate wonder demand request"),
  speak: list(
    `say said tell told talk speak spoke shout call cry whisper murmur mutter answer reply replied respond lie
    lied promise swear swore sing sang greet thank apologise apologize explain offer agree refuse argue bargain haggle
    joke flatter threaten warn introduce confess announce insist lecture recite toast complain persuade propose admit
    deny hail hum hello hi`,
  ),
  look: list(
    `look examine inspect study watch see saw observe search peer glance gaze stare read check scan spy listen
    hear heard smell sniff notice count survey consider find found explore investigate squint eye compare taste`,
  ),
  take: list(
    `take took grab pick hold held touch lift pull push open close shut turn put lay set give gave hand pass use
    steal stole buy bought pay paid sell sold eat ate drink drank drop throw threw tie untie cut light lit unlock lock
    press feel weigh shake shook pocket collect gather carry wear wore fill pour knock wipe draw drew write wrote fold
    unfold wrap unwrap ring rang mend fix repair trade stroke pet catch caught reach borrow show bring brought get got
    place bury dig dug feed fed milk pluck play deal shuffle bet place cook bake wash clean sweep help load unload move
    try make made build point return keep`,
  ),
  go: list(
    `go went walk run ran leave left enter climb descend follow cross head return step ride rode row sail travel
    flee fled escape sneak creep crept crawl march approach exit come came hurry rush wander stroll back advance board
    mount slip squeeze wade continue proceed retreat turn jump`,
  ),
  wait: list(
    `wait sit sat stand stood rest sleep slept stay remain pause linger nod shrug smile laugh sigh think thought
    ponder nap lean breathe yawn wink bow frown blush stretch hesitate doze dream hide hid lie pray kneel wave`,
  ),
};

/** Verbs of several kinds: the first kind of this order wins. */
const ORDER: Kind[] = ["ask", "hard", "speak", "look", "take", "go", "wait"];

const KIND_OF = new Map<string, Kind>();
for (const kind of ORDER) {
  for (const verb of VERBS[kind]) if (!KIND_OF.has(verb)) KIND_OF.set(verb, kind);
}
// Words that are two verbs in English; here the commoner one in a player's line.
KIND_OF.set("lift", "take");
KIND_OF.set("lie", "speak");
KIND_OF.set("return", "go");
KIND_OF.set("weigh", "look");

/** What makes a deed an impossible one whatever its verb is. */
const BEYOND_STRENGTH =
  /\b(?:try|tries|trying|tried) to\b|\bset (?:fire|light) to\b|\bon fire\b|\bwith (?:one|a single) (?:hand|blow|leap|stroke|finger)\b|\bbare hands\b|\bover my head\b|\bsingle-handed/i;

const DIRECTIONS = new Set(
  list("north south east west up upstairs down downstairs outside inside home onward back"),
);
const QUESTION_WORDS = new Set(
  list("who what where when why how which whose is are was were do does did can could"),
);
/** What may stand right before a verb that the player's character does. */
const BEFORE_VERB = new Set(
  list(`i we and then to or but not n't will would just now please let's lets 'll quickly
  slowly quietly carefully gently again also still never always me`),
);

/** Beside one of these "can" is no thing. */
const BESIDE_CAN = new Set(
  list(
    `i you he she it we they somebody someone anybody anyone nobody everybody everyone who what where when why
  how there please`,
  ),
);

const DETERMINERS = new Set(
  list(`the a an my his her its our your their this that these those some any another every
  each both one two three four five six no which what whose`),
);
const NOUN_STOP = new Set(
  list(`of to in on at by for from with without into onto over under up down off out about
  around above below beyond beneath within among upon during since alongside behind beside between before after through across along against near past toward towards inside outside until
  till than as and or but so if when while because that which who whom whose where why how is are was were be been has
  have had do does did will would can could should may might must i you he she it we they me him us them myself
  away back here there now then again again too very not once only just today tonight tomorrow yesterday lights says
  said looks stands`),
);
/** Too vague or too near to the player's own body to be taken up. */
const VAGUE = new Set(
  list(`thing things something anything nothing everything way time times moment minute minutes hour
  hours second while bit lot place side front rest end other others same first last next one ones morning evening
  night day days week afternoon dawn noon midnight head hand hands eye eyes face foot feet arm arms shoulder shoulders
  mouth ear ears hair finger fingers knee knees leg legs chest breath voice word words question answer mind heart turn
  look step steps left right middle top bottom part kind sort fact course truth lie name nearest most least world life
  self idea story please thanks yes ok okay living
  man men woman women person people somebody someone anybody anyone nobody everybody everyone`),
);

/** Past forms that end a noun phrase: "my sister sent me" speaks of a sister. */
const PASTS = new Set(
  list(
    `sent went came took gave told got kept held brought stood sat made gone done seen heard lost died left`,
  ),
);
/** The player's own people: a narrator that does not know them says nothing of "the sister". */
export const KIN = new Set(
  list(
    `sister brother mother father wife husband son daughter uncle aunt cousin grandmother grandfather parents family`,
  ),
);
/** Written with a capital and nobody's name. */
const NO_NAMES = new Set(
  list(
    `monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
  september october november december christmas easter god english spanish german french latin mr mrs sir lord lady
  madam`,
  ),
);
/** A line with one of these is English enough to tell names by their capitals. */
const ENGLISH = /\b(?:i|the|my|to|is|we|you|with|about|for|of|and)\b/i;

/** Lower-case words of a text, apostrophes kept inside them ("don't"), letters of any script. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().replaceAll("’", "'").match(/[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*/gu) ?? [];
}

/** A word and what it may be a form of: plural, past or -ing form without its ending. */
export function formsOf(word: string): string[] {
  const forms = [word];
  const bare = word.replace(/'s$/, "");
  if (bare !== word) forms.push(bare);
  if (bare.endsWith("ies") && bare.length > 4) forms.push(bare.slice(0, -3) + "y");
  if (/(?:[sxz]|[cs]h)es$/.test(bare)) forms.push(bare.slice(0, -2));
  if (/[^s]s$/.test(bare) && bare.length > 3) forms.push(bare.slice(0, -1));
  for (const ending of ["ed", "ing"]) {
    if (!bare.endsWith(ending) || bare.length < ending.length + 2) continue;
    const stem = bare.slice(0, -ending.length);
    forms.push(stem, stem + "e");
    if (stem.at(-1) === stem.at(-2)) forms.push(stem.slice(0, -1));
  }
  return forms;
}

function verbKind(word: string): Kind | undefined {
  for (const form of formsOf(word)) {
    const kind = KIND_OF.get(form);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** Whether an English verb would stand here: first in a line, or after "I", "and", "to", an adverb. */
function verbPlace(before: string | undefined): boolean {
  return before === undefined || BEFORE_VERB.has(before) || before.endsWith("ly");
}

/** Whether "can" is the verb here, as in "who can I trust", and no oil can. */
function isAuxiliary(words: string[], index: number): boolean {
  if (words[index] !== "can") return false;
  const [before, after] = [words[index - 1], words[index + 1]];
  if (before === undefined || BESIDE_CAN.has(before) || BESIDE_CAN.has(after)) return true;
  return !DETERMINERS.has(before) && after !== undefined && verbKind(after) !== undefined;
}

/** The words of a line without its deeds: "I light the lamp" speaks of a lamp and of no light. */
export function withoutDeeds(line: string): string {
  const words = wordsOf(line);
  if (words.length === 1) return words[0];
  return words
    .filter((word, index) =>
      !isAuxiliary(words, index) && (verbKind(word) === undefined || !verbPlace(words[index - 1]))
    )
    .join(" ");
}

/**
 * What the player's line does. Spoken words count as speaking or asking whatever else happens; then a verb where
 * an English verb stands, then any verb anywhere; a line without one (or in another language) is "wait":
 * then something else moves.
 */
export function kindOf(line: string): Kind {
  const text = line.replace(/[“”„«»]/g, '"').trim();
  if (/\?["'\s)]*$/.test(text) || /\?\s*"/.test(text)) return "ask";
  if (/"[^"]+"?/.test(text)) return "speak";
  const words = wordsOf(text);
  if (QUESTION_WORDS.has(words[0] ?? "") || /^help(?: me)?[.!]*$/i.test(text)) return "ask";
  const placed: Kind[] = [];
  const anywhere: Kind[] = [];
  words.forEach((word, index) => {
    const kind = verbKind(word);
    if (kind === undefined) return;
    anywhere.push(kind);
    if (verbPlace(words[index - 1])) placed.push(kind);
  });
  if (BEYOND_STRENGTH.test(text)) placed.unshift("hard");
  for (const kinds of [placed, anywhere]) {
    if (kinds.includes("hard")) return "hard";
    if (kinds.includes("ask")) return "ask";
    if (kinds.length > 0) return kinds[0];
  }
  return words.some((word) => DIRECTIONS.has(word)) ? "go" : "wait";
}

/** Whether a word after a noun is what that noun did: "the boy followed me", but "the painted sign". */
function isPast(word: string, next: string | undefined): boolean {
  if (PASTS.has(word)) return true;
  const regular = word.endsWith("ed") && !KIND_OF.has(word) && verbKind(word) !== undefined;
  return regular && (next === undefined || NOUN_STOP.has(next) || DETERMINERS.has(next));
}

/** Names in a line as they are written there: a capital where no sentence and no speech begins. */
export function namesIn(line: string): string[] {
  if (!ENGLISH.test(line)) return [];
  const names = [...line.matchAll(/(?<=[\p{L}\p{N},;’')-] )\p{Lu}\p{Ll}+(?:-\p{L}+)?(?![\p{L}])/gu)]
    .map(([name]) => name);
  return [...new Set(names)].filter((name) => !NO_NAMES.has(name.toLowerCase()));
}

/** The nouns of a line in reading order, lower case, without doubles: what follows a determiner, as far as lists can tell. */
export function nounsOf(line: string): string[] {
  const nouns: string[] = [];
  // A comma or full stop ends a noun phrase, so each piece is read alone.
  for (const piece of line.split(/[,.;:!?()"“”«»\n—–]+/)) {
    const words = wordsOf(piece);
    for (let index = 0; index < words.length; index++) {
      if (!DETERMINERS.has(words[index])) continue;
      let noun = "";
      let at = index + 1;
      for (; at < words.length && at <= index + 4; at++) {
        const word = words[at];
        if (NOUN_STOP.has(word) || DETERMINERS.has(word)) break;
        if (noun !== "" && (word.endsWith("ly") || isPast(word, words[at + 1]))) break;
        noun = word.replace(/'s$/, "");
        // "the boy's rope": the owner is passed over for the thing.
      }
      if (noun.length > 2 && !VAGUE.has(noun) && !/^\d/.test(noun) && !nouns.includes(noun)) nouns.push(noun);
      index = at - 1;
    }
  }
  return nouns;
}
