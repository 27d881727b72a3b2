/** One function per part of a prompt, and the fence that keeps foreign text from posing as a part. Pure. */

import type { Character, Rule, World } from "../../shared/story.ts";
import type { FactHit } from "../memory/marks.ts";
import type { LoreHit, MemoryHit } from "../memory/recall.ts";

export interface ReplyWords {
  min: number;
  max: number;
}

const SCENE = "Scene:";
const LORE = "Lore (true, use if it fits):";
const EARLIER = "Earlier, not now:";
const RULES = "Rules of this story:";
const WORLD = "The world:";
const CHARACTER = "The player's character:";
const STORY = "The story so far:";

/** Stands before a story that begins with a reply, because many templates want the user first. */
export const OPENING_LINE = "Begin the story.";
/** Stands where no player's line is left to answer. */
export const NO_LINE = "Go on.";
const NARRATOR = "the narrator";

/** An asset's text with `{{user}}` and `{{char}}` replaced, in any case and spacing. */
export function fill(text: string, character: Character): string {
  return text.replace(/\{\{\s*(user|char)\s*\}\}/gi, (_all, word: string, at: number) => {
    const name = word.toLowerCase() === "user" ? character.name : NARRATOR;
    return /[\p{L}\p{N},;]\s+$/u.test(text.slice(Math.max(0, at - 8), at)) ? amid(name) : name;
  });
}

/** "The clerk" as it stands in the middle of a sentence. */
function amid(name: string): string {
  return name.replace(/^(?:The|An?)(?= )/, (article) => article.toLowerCase());
}

// Letters only, so that "**Scene:**", "# lore", "S\u200bcene :" and "ＳＣＥＮＥ：" are found too.
const HEADS = [
  "scene",
  "lore",
  "earlier",
  "earlier not now",
  "rules of this story",
  "the world",
  "the story so far",
  "the players character",
  "known to",
  "go on from the players line",
  "system",
  "user",
  "player",
  "assistant",
  "narrator",
];

/** Whether a line could be taken for one of our labels or for a role. */
function posesAsLabel(line: string): boolean {
  const plain = line.normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase().slice(0, 400);
  const [head] = plain.split(/[:(]/, 1);
  const ends = head.length === plain.length;
  const words = head.replace(/['’]/g, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  // Without a colon only a line of its own, such as a heading, looks like a label.
  if (!ends && words.startsWith("known to")) return true;
  return HEADS.includes(words) && (!ends || words === plain.replace(/^[\s#*_>=~-]+|[\s#*_=~-]+$/g, ""));
}

/** Text that local servers would read as the frame of a message. */
const FRAME_TOKENS =
  /<(?=\|)|(?<=\|)>|<(?=\/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|thinking|tool_call)>)|\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS)\])|<(?=<\/?SYS>>)/gi;

/** Breaks up template tokens with a blank; nothing else is touched. */
export function breakFrameTokens(text: string): string {
  return text.replace(FRAME_TOKENS, (mark) => mark === ">" ? " >" : `${mark} `);
}

/** Foreign text of several lines: a line that poses as a label becomes a quotation, template tokens are broken up. */
export function fence(text: string): string {
  return breakFrameTokens(text)
    .split(/\r\n|[\n\r\u2028\u2029\v\f\x85]/)
    .map((line) => posesAsLabel(line) ? `> ${line.trimStart()}` : line)
    .join("\n")
    .trim();
}

/** Foreign text as one line: whatever it holds, it cannot begin a line, so it cannot be a label. */
export function fenceLine(text: string): string {
  return breakFrameTokens(text).replace(/[\s\v\f\x85\u2028\u2029]+/g, " ").trim();
}

/** "80 to 160" in a text of words. */
const WORD_RANGE = /\b(\d{1,4})( to | ?- ?| ?– ?)(\d{1,4})(?= words\b)/;

/** The length of a reply: the last active rule pack that names one ("40 to 80 words"), else the setting. */
export function replyWords(rules: Rule[], setting: ReplyWords): ReplyWords {
  for (const rule of rules.toReversed()) {
    const range = WORD_RANGE.exec(rule.prompt);
    if (range && Number(range[1]) > 0 && Number(range[1]) <= Number(range[3])) {
      return { min: Number(range[1]), max: Number(range[3]) };
    }
  }
  return setting;
}

/** The narrator's rules with the length of a reply as set. */
export function baseRulesSection(base_rules: string, character: Character, words: ReplyWords): string {
  return fence(fill(base_rules, character)).replace(WORD_RANGE, `${words.min} to ${words.max}`);
}

/** The rule packs that are switched on; empty without any. */
export function rulesSection(rules: Rule[], character: Character): string {
  const texts = rules.map((rule) => fence(fill(rule.prompt, character))).filter((text) => text !== "");
  return labelled(RULES, texts.join("\n\n"));
}

/** The world's own prompt. */
export function worldSection(world: World, character: Character): string {
  return labelled(WORLD, fence(fill(world.system_prompt, character)));
}

/** Always there: the narrator must know whose deeds are not its own. */
export function characterSection(character: Character): string {
  const name = fenceLine(character.name);
  const persona = fence(fill(character.persona, character));
  const secret = fenceLine(fill(character.secret, character));
  const lines = [`${CHARACTER} ${name}.`];
  if (persona) lines.push(persona);
  if (secret) lines.push(`Known to ${amid(name)} alone, nobody else has heard of it: ${secret}`);
  return lines.join("\n");
}

/** The scene on one line; empty without one. */
export function sceneSection(world: World, character: Character): string {
  const scene = fenceLine(fill(world.scene, character));
  return scene && `${SCENE} ${scene}`;
}

/** What the history holds no longer, told in short; the oldest first. Stands before the history. */
export function storySection(texts: string[]): string {
  return labelled(STORY, texts.map((text) => fence(text)).filter((text) => text !== "").join("\n\n"));
}

/** Lines made by `loreLine`, under their label. */
export function loreSection(lines: string[]): string {
  return list(LORE, lines);
}

/** A piece of lore on one line, with its heading unless its text names it, and who alone knows it. */
export function loreLine(hit: LoreHit, character: Character): string {
  const text = fenceLine(fill(hit.text, character));
  const heading = fenceLine(fill(hit.heading, character));
  const named = heading === "" || text.slice(0, 200).toLowerCase().includes(heading.toLowerCase());
  const known_to = fenceLine(fill(hit.known_to, character));
  return `- ${named ? "" : `${heading}: `}${text}${known_to ? ` (Known to: ${known_to}; nobody else.)` : ""}`;
}

/** Lines made by `memoryLine`, under their label. */
export function memorySection(lines: string[]): string {
  return list(EARLIER, lines);
}

/** A memory is what was said: nothing is filled in. */
export function memoryLine(hit: MemoryHit, character: Character): string {
  const speaker = fenceLine(hit.speaker ?? "");
  const who = speaker !== "" ? speaker : hit.role === "user" ? fenceLine(character.name) : "narrator";
  return `- ${who}, ${ago(hit.turns_ago)}: ${fenceLine(hit.text)}`;
}

/** A fact that the player pinned, and since when it stands. */
export function factLine(hit: FactHit): string {
  return `- noted ${ago(hit.turns_ago)}: ${fenceLine(hit.text)}`;
}

function ago(turns_ago: number): string {
  const turns = Math.max(1, turns_ago);
  return `${turns} ${turns === 1 ? "turn" : "turns"} ago`;
}

/** The last words before the player's line: what a small model obeys best. */
export function reminderSection(character: Character, words: ReplyWords): string {
  return `Go on from the player's line: ${words.min} to ${words.max} words, second person, present tense. ` +
    `${fenceLine(character.name)} belongs to the player. End on something to answer.`;
}

/** Stands in for the reminder and the line when the last reply is to be gone on with. */
export function continueSection(character: Character, words: ReplyWords): string {
  return `Your last text broke off. Write only what follows its last word: go on in the middle of the sentence ` +
    `if it stops there, repeat nothing, begin nothing anew. At most ${words.max} words, second person, ` +
    `present tense. ${fenceLine(character.name)} belongs to the player. End on something to answer.`;
}

function labelled(label: string, text: string): string {
  return text && `${label}\n${text}`;
}

function list(label: string, lines: string[]): string {
  return lines.length === 0 ? "" : [label, ...lines].join("\n");
}
