/** From a text to the words that it is asked for by. Pure. */
import { isUnspaced, scriptRuns } from "../store/spacing.ts";

/** A word to look for. */
export interface Term {
  /** As it stood in the question, in lower case. */
  word: string;
  /** As it is searched: words of the index, in this order. */
  phrase: string;
  /** Whether the last word of the phrase is only the beginning of one: the index knows English endings alone. */
  prefix: boolean;
  weight: number;
  /** Whether a unit may come back for this word alone; the others only lend score to what has been called. */
  calls: boolean;
}

export interface Word {
  word: string;
  phrase: string;
  prefix: boolean;
  /** Written with a capital where no sentence begins. */
  name: boolean;
  /** Too common in stories to call anything by itself. */
  weak: boolean;
}

const MAX_LINE_TERMS = 16;
const MAX_BEFORE_TERMS = 6;
// Beyond this, a line or a reply only repeats itself: a 64 KiB line must not cost more than an ordinary one.
const READ_LENGTH = 4000;

// Measured on LoCoMo (memory.md 1): earlier turns at full weight lose a third of the finds, at 0.1 they do no harm.
const BEFORE_WEIGHT = 0.1;
const NAME_BEFORE_WEIGHT = 0.5;

/**
 * The words of the player's line (weight 1) and, fainter, of the texts before it; names there at 0.5. Stop words are
 * left out, and the number is capped: names first, then the longer words.
 */
export function questionTerms(line: string, before: string[]): Term[] {
  const terms = new Map<string, Term>();
  const question = asksSomething(line);
  for (const { word, phrase, prefix, weak } of cap(wordsOf(line), MAX_LINE_TERMS)) {
    terms.set(phrase, { word, phrase, prefix, weight: 1, calls: question || !weak });
  }
  const asks = [...terms.values()].some((term) => term.calls);
  const faint = cap(before.flatMap((text) => wordsOf(text)), MAX_BEFORE_TERMS);
  for (const { word, phrase, prefix, name } of faint) {
    if (terms.has(phrase)) continue;
    terms.set(phrase, {
      word,
      phrase,
      prefix,
      weight: name ? NAME_BEFORE_WEIGHT : BEFORE_WEIGHT,
      // A line that asks for nothing ("I nod.") must not bring back what the last reply was about.
      calls: name && asks,
    });
  }
  return [...terms.values()];
}

/** The content words of a text, in order, repeated ones too. At most the first 4,000 characters are read. */
export function wordsOf(text: string): Word[] {
  const read = text.slice(0, READ_LENGTH);
  const german = isGerman(read);
  const words: Word[] = [];
  let sentence_begins = true;
  for (const [token] of read.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’][\p{L}]+)*|[.!?…:"“”„\n]/gu)) {
    if (/^[.!?…:"“”„\n]/.test(token)) {
      sentence_begins = true;
      continue;
    }
    if (isUnspaced(token)) words.push(...pairsOf(token));
    else {
      // The index cuts at apostrophes: "Maren's" is found under "maren", "don't" is a stop word.
      const word = token.toLowerCase().replaceAll("’", "'");
      const bare = word.replace(/'.*$/, "");
      const stop = STOP_WORDS.has(word) || STOP_WORDS.has(bare) || (german && GERMAN_STOP_WORDS.has(bare));
      if (!stop && isLongEnough(bare)) {
        const stem = german ? germanStem(bare) : bare;
        // A capital tells names apart in English; in German every noun has one.
        const name = !sentence_begins && !german && /^\p{Lu}/u.test(token);
        const weak = german ? GERMAN_WEAK_WORDS.has(bare) : WEAK_WORDS.has(bare);
        words.push({ word: bare, phrase: stem, prefix: german && stem.length >= 4, name, weak });
      }
    }
    sentence_begins = false;
  }
  return words;
}

/** Whether a line says anything that recall could go by; a nod does not. */
export function asksForContent(line: string): boolean {
  return questionTerms(line, []).some((term) => term.calls);
}

/** Whether a line is neither German nor in a script without blanks: what is not known to be other counts as English. */
export function isEnglish(line: string): boolean {
  return !isGerman(line.slice(0, READ_LENGTH)) && !isUnspaced(line);
}

/** Whether a text holds anything that is not said in every story ("I wait a while."). */
export function saysSomething(text: string): boolean {
  return wordsOf(text).some((word) => !word.weak);
}

/** Whether the line asks something: then ordinary words call too, which in a deed ("I open the door") must not. */
export function asksSomething(line: string): boolean {
  return /[?？]/.test(line);
}

/** Whether the player asks for what the player said ("What did I promise?"): then that side counts more. */
export function asksOwnWords(line: string): boolean {
  return /\b(?:I|me|my)\b.{0,40}\b(?:say|said|tell|told|promise|promised|ask|asked|swear|swore|offer|offered)\b/i
    .test(line.slice(0, READ_LENGTH));
}

/** Whether the question asks for a time. */
export function asksWhen(line: string): boolean {
  return /\b(?:when|how long|how many (?:days|weeks|months|years)|what (?:day|date|year|month|time)|which (?:day|year|month)|wann|wie lange)\b|いつ/iu
    .test(line.slice(0, READ_LENGTH));
}

/** Whether a text says when something is, was or will be. */
export function hasTime(text: string): boolean {
  return TIME_WORDS.test(text);
}

const TIME_WORDS =
  /\b(?:yesterday|today|tonight|tomorrow|ago|last (?:week|month|year|night|time|summer|winter|spring|autumn|fall|\w+day)|next (?:week|month|year|summer|winter|spring|\w+day)|this (?:week|month|year|morning|evening|summer|winter|weekend)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|october|november|december|weekend|recently|(?:days?|weeks?|months?|years?) (?:later|before|after)|since|1[0-9]{3}|20[0-9]{2}|midnight|noon|dawn|dusk|gestern|heute|morgen|vorgestern)\b|昨日|今日|明日|去年/iu;

// The index drops accents: a single accented letter would be found in every "a".
function isLongEnough(word: string): boolean {
  return word.normalize("NFD").replace(/\p{M}/gu, "").length > 1 || /\p{N}/u.test(word);
}

// Two neighbouring characters stand for a word; a run of one stands for itself. Pairs of hiragana alone are mostly
// grammar, they call nothing.
function pairsOf(token: string): Word[] {
  const words: Word[] = [];
  for (const run of scriptRuns(token)) {
    if (!isUnspaced(run)) {
      const word = run.toLowerCase();
      words.push({ word, phrase: word, prefix: false, name: false, weak: false });
      continue;
    }
    const characters = [...run];
    for (let i = 0; i < Math.max(1, characters.length - 1); i++) {
      const pair = characters.slice(i, i + 2);
      const weak = pair.length < 2 || /^\p{Script=Hiragana}+$/u.test(pair.join("")) ||
        JAPANESE_WEAK_PAIRS.has(pair.join(""));
      words.push({ word: pair.join(""), phrase: pair.join(" "), prefix: false, name: false, weak });
    }
    // Between two weak pairs there is only where one word ends and the next begins.
    const pairs = words.slice(words.length - Math.max(1, characters.length - 1));
    pairs.slice(1, -1).forEach((pair, i) => pair.weak ||= pairs[i].weak && pairs[i + 2].weak);
  }
  return words;
}

// Each phrase once; what would be cut is the least telling.
function cap(words: Word[], limit: number): Word[] {
  const once = new Map<string, Word>();
  for (const word of words) {
    const known = once.get(word.phrase);
    if (!known) once.set(word.phrase, word);
    else if (word.name) known.name = true;
  }
  const telling = (word: Word) => (word.weak ? -100 : 0) + (word.name ? 100 : 0) + word.phrase.length;
  return [...once.values()].sort((a, b) => telling(b) - telling(a)).slice(0, limit);
}

function isGerman(text: string): boolean {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const telling = words.filter((word) => GERMAN_SIGNS.has(word) || /[äöüß]/.test(word)).length;
  const english = words.filter((word) => ENGLISH_SIGNS.has(word)).length;
  return telling > 0 && telling > english;
}

// Endings of number and case; what is left is searched as a beginning. "Glocken" and "Glocke" both find "glock...".
function germanStem(word: string): string {
  return word.length > 5 ? word.replace(/(?:ern|em|en|er|es|e|n|s)$/, "") : word.replace(/e$/, "");
}

const GERMAN_SIGNS = new Set(
  `ich der die das und ist nicht ein eine einen dem den mit auf zu wir ihr sie mich mir dir dich was wer wo wie von für
  nach im am hat habe hast bist bin sind sein war noch auch aber oder wenn dann ihm ihn sich`.split(/\s+/),
);
const ENGLISH_SIGNS = new Set(
  "the and of to is i you my your what who where a an in with was for on at he she it did do".split(" "),
);
const GERMAN_STOP_WORDS = new Set(
  `aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine
  deinem deinen deiner dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein
  eine einem einen einer eines er es etwas euch euer für gegen hab habe haben hast hat hatte hatten hier hin hinter ich
  ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jetzt kann kein keine keinem keinen
  mal man mein meine meinem meinen meiner mich mir mit nach nein nicht nichts noch nun nur ob oder ohne schon sehr sein
  seine seinem seinen seiner seit sich sie sind so soll über um und uns unser unter vom von vor wann war waren warum was
  weil welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo woher wohin würde zu zum
  zur zwischen`.split(/\s+/),
);
const GERMAN_WEAK_WORDS = new Set(
  `atme auge augen boden danke einverstanden folge fuß gerade gern gesicht kopf lache lächle langsam leise moment
  mund raum ruhe ruhig schulter schultern schweige schweigend seufze still stimme umschaue weitergehe zimmer zucke zögere
  antworte bleibe blicke bringe finde frage gebe gehe gehen gut halte hand hände höre komme lange lasse laufe lege
  mache machen mann nehme nicke noch öffne sage sagen schaue sehe sehen setze sitze stehe stelle suche trete tür warte
  weg weiß weiter zeit ziehe`.split(/\s+/),
);

const JAPANESE_WEAK_PAIRS = new Set(
  `少し 待つ 待っ 見る 見回 回す 周り 辺り 頷く 頷い 笑う 笑っ 黙っ 黙る 座る 座っ 立つ 立っ 歩く 歩い 進む 進ん 行く 行っ 聞く
  聞い 言う 言っ 頭を 目を 首を 肩を 息を 静か 何も 答え 返事 続け 続く 道を 前に 後ろ 手を 顔を 微笑 深く 今日 思う 思っ 考え
  止ま 来る 来た 出る 入る 彼は 彼女 女は 私は 人に 人が 所へ`.split(/\s+/),
);

const STOP_WORDS = new Set(
  `a about above after again against all also am an and any are aren't as at be because been before being below
  between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
  else ever every few for from further get gets getting got had hadn't has hasn't have haven't having he he'd he'll
  he's her here here's hers herself hey him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its
  itself just let let's like may maybe me might more most must my myself neither no nor not now of off oh ok okay on
  once one only onto or other ought our ours ourselves out over own perhaps please quite rather really same shall she
  she'd she'll she's should shouldn't so some somehow someone something still such than that that's the their theirs
  them themselves then there there's these they they'd they'll they're they've this those though through thus to too
  toward towards under until up upon us very was wasn't we we'd we'll we're we've well were weren't what what's
  whatever when when's where where's whether which while who who's whom whose why why's will with within without won't
  would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
);

const WEAK_WORDS = new Set(
  `accept across act add agree agreed alone along alright already although anyone anything anyway anywhere approach arm
  arms arrive aside await awake back backward bad bag bed begin begins behind believe beside better big bit body bow
  breath breathe bring brings calm calmly care careful carefully carry case cautiously certain chair chance change check
  chest chin clear clearly close closed closer cold come comes coming continue corner corners course crouch cry dark
  day deal deep deeply direction distance door doors drop each ear ears easy edge else empty end enough enter entire eye
  eyebrow eyes face fact fall far fast feel feels feet felt figure fine finger fingers first floor follow follows foot
  forth forward friend front full fully gaze gentle gently gesture gestures girl give gives glad glance glances go goes
  going gone good grab great greet grin ground group guess half hand hands happen happened happens happy hard head hear
  heard heart heavy hello help hesitate hi hold holds home hope house huh hum idea inside keep keeps kind knee kneel
  knees knock know knows known large last late later laugh laughs lead lean leans leave leaves left leg legs lift light
  likely line lips listen listens little long longer look looked looking looks lot loud low make makes making man many
  matter mean means mind minute minutes mm moment moments morning mouth move moved moves much mutter name near nearby
  nearly neck need needs new nice night nod nods nobody none nose note nothing notice object observe odd often old open
  opened opens outside pace part pass past path pause pauses people person pick place places plan point pull push put
  puts question questions quick quickly quiet quietly raise reach ready real realise reason relax remain remember reply
  rest return right rise road room rub run runs sad safe said sat saw say saying says scene search seat second see seem
  seems seen sees shake shakes short shoulder shoulders shrug shrugs side sigh sighs sight sign silence silent silently
  simple simply sit sits sitting situation slight slightly slow slowly small smile smiles smiling soft softly soon sorry
  sort sound sounds space speak stand standing stands stare stares start starts stay stays steady step steps still stop
  stops story straight strange study sudden suddenly sure surely surroundings table take taken takes talk talking talks
  tell telling tells thank thanks thing things think thinking thinks thought thoughts three throat tightly tilt time
  times tired together told took touch toward town tried true trust try trying turn turned turns two understand
  upon use view voice wait waiting waits wake walk walking walks wall want wants watch watches watching water way weary
  week went wide window wish woman wonder word words work world worry yawn year yeah yep young answer answers around ask
  asked asking asks away bring day find give hand yet nope aye indeed maybe hmm oh ah`.split(/\s+/),
);
