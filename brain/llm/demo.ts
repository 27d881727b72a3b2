/**
 * The built-in narrator: a storyteller without a model, for a first look with no key and no server, and for tests.
 * It plays authored lines: one for what the player's line does, one for what the line names, and the story's next beat.
 */

import { type Model, NARRATOR_ID, type NarratorLines, type World } from "../../shared/story.ts";
import { GENERIC_LINES, LORE_FRAMES, NAME_LINES, NOUN_LINES } from "./demo_lines.ts";
import { loreAbout, loreOpenings, names } from "./demo_lore.ts";
import { addressed, freshFirst, knownPart, type Told, toldIn } from "./demo_told.ts";
import { KIN, type Kind, kindOf, namesIn, nounsOf, withoutDeeds } from "./demo_words.ts";
import type { ChatRequest, Chunk, Provider, StoryFacts } from "./provider.ts";

/** The row of the model list. No price, no window: nothing is sent anywhere. */
export const NARRATOR_MODEL: Model = {
  id: NARRATOR_ID,
  name: "The built-in narrator",
  provider: "demo",
  local: true,
  context: null,
  max_output: null,
  prompt_price: 0,
  completion_price: 0,
};

/** What the player is told, outside the story, when the beats are used up. */
export const LAST_BEAT_NOTICE =
  "This is as far as the built-in narrator goes without a model. Your story is kept; Ctrl+O connects one that goes on from here.";

/** It is said on the first turn without a beat and then on every sixth: a reader has read it. */
const NOTICE_EVERY = 6;
/** When every line of a kind has been told, these kinds lend theirs before anything is told twice. */
const LENDERS: Record<Kind, Kind[]> = {
  look: ["wait", "go", "take"],
  speak: ["ask", "wait", "look"],
  take: ["wait", "look", "go"],
  go: ["look", "wait", "take"],
  wait: ["look", "go", "take"],
  ask: ["speak", "wait", "look"],
  hard: ["wait", "take", "look"],
};
/** In these kinds what is asked about comes before what happens around it. */
const NOUN_FIRST: Kind[] = ["look", "ask", "speak"];

function linesOf(world: World | undefined): NarratorLines {
  const own = world?.narrator;
  if (!own) return GENERIC_LINES;
  const filled = (lines: string[], fallback: string[]) => lines.length > 0 ? lines : fallback;
  return {
    look: filled(own.look, GENERIC_LINES.look),
    speak: filled(own.speak, GENERIC_LINES.speak),
    take: filled(own.take, GENERIC_LINES.take),
    go: filled(own.go, GENERIC_LINES.go),
    wait: filled(own.wait, GENERIC_LINES.wait),
    ask: filled(own.ask, GENERIC_LINES.ask),
    hard: filled(own.hard, GENERIC_LINES.hard),
    beats: filled(own.beats, GENERIC_LINES.beats),
    answers: own.answers,
    first_line: own.first_line,
  };
}

/** One turn as the narrator sees it. */
interface Turn {
  line: string;
  kind: Kind;
  telling: number;
  lines: NarratorLines;
  told: Told;
  /** Differs from story to story and from turn to turn. */
  salt: string;
}

/**
 * One line of the turn's kind: unused ones first, then what other kinds lend, the common stock, and at last the line
 * used longest ago. `telling` steps through them.
 */
function kindLine(turn: Turn): string {
  const { kind, lines, told, salt } = turn;
  const own = freshFirst(lines[kind], told, salt);
  const lent = LENDERS[kind].flatMap((lender) => freshFirst(lines[lender], told, salt).fresh);
  const stock = lines === GENERIC_LINES ? [] : freshFirst(GENERIC_LINES[kind], told, salt).fresh;
  const order = [...own.fresh, ...lent, ...stock, ...own.used];
  return order[turn.telling % order.length];
}

/** What the narrator says to the thing the line names: an authored answer, lore retold, or a line that takes up the noun. */
function nounLine(turn: Turn, recalled: string[], world: World | undefined): string {
  const { line, lines, told, salt, telling } = turn;
  // "I ask the boy about the lamp": of several nouns the last is meant when something is asked, else the first.
  const nouns = turn.kind === "ask" ? nounsOf(line).reverse() : nounsOf(line);
  // A phrase is looked for in the whole line, deeds and all ("what can i do"), and goes before a bare word of its own.
  const phrased = (about: string[]) => about.filter((each) => each.includes(" ") && names(line, [each]));
  const rank = (about: string[]) => {
    const phrases = phrased(about);
    const within = nouns.findIndex((noun) => phrases.some((phrase) => names(phrase, [noun])));
    if (phrases.length > 0) return (within >= 0 ? within : nouns.length) - 0.5;
    const at = nouns.findIndex((noun) => names(noun, about));
    return at < 0 ? nouns.length : at;
  };
  const things = withoutDeeds(line);
  const answers = lines.answers
    .filter(({ about, line }) => (names(things, about) || phrased(about).length > 0) && !told.has(line))
    .sort((a, b) => rank(a.about) - rank(b.about))
    .map((answer) => answer.line);
  const lore = world?.lore ?? "";
  const retellable = nouns.flatMap((noun) => loreAbout(noun, recalled, lore));
  // A world without lines of its own is known by its lore alone, so some of it is told whatever the player says.
  if (!world?.narrator && retellable.length === 0) retellable.push(...loreOpenings(recalled, lore));
  const frames = freshFirst(LORE_FRAMES, told, salt);
  const frame_order = [...frames.fresh, ...frames.used];
  const retold = retellable
    .filter((sentence) => !told.has(sentence))
    .map((sentence, index) => frame_order[index % frame_order.length].replace("{lore}", () => sentence));
  const best = [...answers, ...retold];
  if (best.length > 0) return best[telling % best.length];
  const strangers = namesIn(line).filter((name) => !isKnown(world, name));
  const stranger = strangers.find((name) => nouns.length === 0 || name.toLowerCase() === nouns[0]);
  const noun = stranger ?? nouns.find((each) => !KIN.has(each));
  if (noun === undefined) return "";
  const asides = freshFirst(stranger === undefined ? NOUN_LINES : NAME_LINES, told, salt).fresh;
  return (asides[telling % asides.length] ?? "").replaceAll("{noun}", () => noun);
}

/** Whether a world speaks of this name anywhere a player can hear of it. */
function isKnown(world: World | undefined, name: string): boolean {
  if (world === undefined) return false;
  const { answers = [], beats = [] } = world.narrator ?? {};
  const word = new RegExp(`(?<!\\p{L})${name}(?!\\p{L})`, "u");
  return [world.lore, world.start_message, ...beats, ...answers.map(({ line }) => line)]
    .some((text) => word.test(text));
}

/** Answered turns so far: player lines in a row, as a failed or empty reply leaves them, are one. */
function turnsBefore(path: StoryFacts["path"]): number {
  let turns = 0;
  path.forEach((message, index) => {
    if (
      message.role === "user" && path[index + 1]?.role === "assistant" &&
      path[index + 1].content.trim() !== ""
    ) turns++;
  });
  return turns;
}

/**
 * Where the story stands: after the last beat it holds, or, when it holds none, at the player's turn. So a turn that was
 * stopped before its beat, another narrator's turns, and a path whose beginning is out of sight skip and repeat nothing.
 */
function beatAt(beats: string[], told: Told, turns: number): number {
  const last = beats.findLastIndex((beat) => told.has(beat));
  return last < 0 ? turns : last + 1;
}

/** Replies told since the one that held the last beat; when none did, turns since it was due. */
function turnsAfter(beats: string[], path: StoryFacts["path"], turns: number): number {
  const replies = path.filter(({ role, content }) => role === "assistant" && content.trim() !== "");
  const ended = replies.findLastIndex(({ content }) => content.includes(knownPart(beats[beats.length - 1])));
  return ended < 0 ? turns - beats.length : replies.length - 1 - ended;
}

interface Reply {
  text: string;
  /** The beats are used up, and it is time to say so. */
  notice: boolean;
}

/** The whole reply to the last player line of the path; the same facts always give the same words. */
function replyTo(facts: StoryFacts, world: World | undefined): Reply {
  const line = facts.path.at(-1)?.content ?? "";
  const kind = kindOf(line);
  const before = turnsBefore(facts.path);
  const lines = linesOf(world);
  const turn: Turn = {
    line,
    kind,
    telling: facts.telling,
    lines,
    told: toldIn(facts.path),
    salt: `${facts.seed}|${before}`,
  };
  const happens = kindLine(turn);
  const named = nounLine(turn, facts.lore, world);
  const paragraphs = NOUN_FIRST.includes(kind) ? [named, happens] : [happens, named];
  const beat = lines.beats[beatAt(lines.beats, turn.told, before)];
  if (beat !== undefined) paragraphs.push(beat);
  const text = addressed(paragraphs.filter((paragraph) => paragraph !== "").join("\n\n"));
  const notice = beat === undefined && turnsAfter(lines.beats, facts.path, before) % NOTICE_EVERY === 0;
  return { text, notice };
}

/** The rest of a reply that was stopped, or one more quiet line after one that was whole. */
function continuation(facts: StoryFacts, world: World | undefined): Reply {
  const written = facts.path.at(-1)?.content ?? "";
  const before = facts.path.slice(0, -1);
  for (let telling = 0; telling <= facts.telling; telling++) {
    const whole = replyTo({ ...facts, path: before, telling }, world);
    if (whole.text.length > written.length && whole.text.startsWith(written)) {
      return { text: whole.text.slice(written.length), notice: whole.notice };
    }
  }
  const quiet = kindLine({
    line: "",
    kind: "wait",
    telling: facts.telling,
    lines: linesOf(world),
    told: toldIn(facts.path),
    salt: facts.seed,
  });
  return { text: written === "" || /\s$/.test(written) ? quiet : `\n\n${quiet}`, notice: false };
}

/** Resolves after `delay_ms` or at once when `signal` is aborted; leaves no timer behind. */
function pause(delay_ms: number, signal: AbortSignal): Promise<void> {
  if (delay_ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delay_ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/**
 * Makes the provider "demo". `worlds` finds a world by id; `delay_ms` lies between two words (35 is reading speed,
 * 0 is as fast as it goes). It needs nothing of the request but `story`, and never throws.
 */
export function createNarrator(
  worlds: (id: string) => World | undefined,
  options: { delay_ms: number },
): Provider {
  return {
    name: "demo",
    async *stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<Chunk> {
      const facts = request.story;
      const world = worlds(facts.world_id);
      const goes_on = facts.path.at(-1)?.role === "assistant";
      const reply = goes_on ? continuation(facts, world) : replyTo(facts, world);
      for (const word of reply.text.match(/\s*\S+/g) ?? []) {
        await pause(options.delay_ms, signal);
        if (signal.aborted) return;
        yield { kind: "text", text: word };
      }
      if (reply.notice) yield { kind: "notice", text: LAST_BEAT_NOTICE };
      yield { kind: "end", finish: "stop", usage: null };
    },
  };
}
