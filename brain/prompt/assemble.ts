/** The path of a story, what was recalled and the assets become the messages of one request, stable parts first. Pure. */

import type { Character, Rule, World } from "../../shared/story.ts";
import type { ChatMessage } from "../llm/provider.ts";
import type { FactHit } from "../memory/marks.ts";
import type { Recalled } from "../memory/recall.ts";
import { estimateTokens, isSpoken, MESSAGE_OVERHEAD, messageTokens, type PathMessage } from "./budget.ts";
import { choosePieces, type SentPiece, type UnsentPiece } from "./pieces.ts";
import {
  baseRulesSection,
  breakFrameTokens,
  characterSection,
  continueSection,
  fence,
  loreSection,
  memorySection,
  NO_LINE,
  OPENING_LINE,
  reminderSection,
  type ReplyWords,
  replyWords,
  rulesSection,
  sceneSection,
  storySection,
  worldSection,
} from "./sections.ts";

export interface PromptParts {
  base_rules: string;
  /** Active ones, in the order of their activation. */
  rules: Rule[];
  world: World;
  character: Character;
  /** Oldest first; ends with the player's line, or with the reply to go on with. */
  path: PathMessage[];
  /** Ids of the path that go out, from `planHistory`. */
  kept: number[];
  recalled: Recalled | null;
  /** Facts that the player pinned, which come before what was recalled. */
  facts?: FactHit[];
  /** The story so far, told in place of what the history left out; oldest first. */
  story?: string[];
  reply_words: ReplyWords;
  /** The path's last message is a reply that broke off: ask for the rest of it. */
  continue_reply?: boolean;
}

export interface Assembled {
  /**
   * One system message, then user and assistant in turn, none empty, the last one user's. With `continue_reply` the
   * reply stands last but one.
   */
  messages: ChatMessage[];
  /**
   * Tokens of each part that is there: base_rules, rules, world, character, story, history, scene, lore, memories,
   * reminder.
   */
  sections: { name: string; tokens: number }[];
  /** Estimate for the whole prompt, frames of messages included. */
  tokens: number;
  /** Ids of messages with text that stayed out. */
  dropped: number[];
  lore_ids: number[];
  memory_ids: number[];
  /** Lore, memories and facts that stand in the prompt, and those recalled that do not. */
  sent: SentPiece[];
  unsent: UnsentPiece[];
}

type Section = [name: string, text: string];

/**
 * Builds the prompt. `lore_tokens` and `memory_tokens` bound what is recalled, `recall_tokens` both together,
 * `history_tokens` a last line that is too long.
 */
export function assemble(
  parts: PromptParts,
  options: { lore_tokens: number; memory_tokens: number; recall_tokens?: number; history_tokens?: number },
): Assembled {
  const kept_ids = new Set(parts.kept);
  const spoken = parts.path.filter(isSpoken);
  const kept = spoken.filter((message) => kept_ids.has(message.id));

  const history = kept.reduce((sum, message) => sum + messageTokens(message), 0);
  const system = systemSections(parts).filter(([, text]) => text !== "");
  const chosen = choosePieces(parts.recalled, parts.facts ?? [], kept_ids, parts.character, options);
  const context = contextSections(parts, chosen.lore_lines, chosen.memory_lines)
    .filter(([, text]) => text !== "");

  const turns = alternating(kept);
  const too_long = history > (options.history_tokens ?? Infinity);
  if (too_long) shortenLast(turns, options.history_tokens ?? Infinity);
  const last = turns.at(-1);
  const block = context.map(([, text]) => text).join("\n\n");
  if (goesOn(parts) && last?.role === "assistant") turns.push({ role: "user", content: block });
  else if (last?.role === "user") last.content = `${block}\n\n${last.content}`;
  else turns.push({ role: "user", content: `${block}\n\n${NO_LINE}` });

  const counted = [...system, ...context].map(([name, text]) => ({ name, tokens: estimateTokens(text) }));
  const sections = [
    ...counted.slice(0, system.length),
    { name: "history", tokens: Math.min(history, options.history_tokens ?? history) },
    ...counted.slice(system.length),
  ];
  return {
    messages: [{ role: "system", content: system.map(([, text]) => text).join("\n\n") }, ...turns],
    sections,
    tokens: sections.reduce((sum, section) => sum + section.tokens, 0) + FRAME_TOKENS,
    dropped: spoken.filter((message) => !kept_ids.has(message.id)).map((message) => message.id),
    lore_ids: chosen.lore.map((hit) => hit.unit_id),
    memory_ids: chosen.memories.map((hit) => hit.unit_id),
    sent: chosen.sent,
    unsent: chosen.unsent,
  };
}

/** Frames of the system message and of an opening line or a message for the block alone, and blank lines between sections. */
const FRAME_TOKENS = 3 * MESSAGE_OVERHEAD + 12;
/** Labels of lore and memories, which their budgets do not hold. */
const LABEL_TOKENS = 20;

/**
 * Tokens of everything that is neither history nor lore nor memories nor the story so far: what `makeBudget` wants as
 * `fixed`.
 */
export function fixedTokens(parts: PromptParts): number {
  const texts = [...systemSections({ ...parts, story: [] }), ...contextSections(parts, [], [])];
  return texts.reduce((sum, [, text]) => sum + estimateTokens(text), 0) + FRAME_TOKENS + LABEL_TOKENS;
}

function systemSections(parts: PromptParts): Section[] {
  const { character, rules, world } = parts;
  const words = replyWords(rules, parts.reply_words);
  return [
    ["base_rules", baseRulesSection(parts.base_rules, character, words)],
    ["rules", rulesSection(rules, character)],
    ["world", worldSection(world, character)],
    ["character", characterSection(character)],
    ["story", storySection(parts.story ?? [])],
  ];
}

function contextSections(parts: PromptParts, lore: string[], memories: string[]): Section[] {
  const { character, world } = parts;
  const words = replyWords(parts.rules, parts.reply_words);
  return [
    ["scene", answered(parts) ? "" : sceneSection(world, character)],
    ["lore", loreSection(lore)],
    ["memories", memorySection(memories)],
    ["reminder", goesOn(parts) ? continueSection(character, words) : reminderSection(character, words)],
  ];
}

function goesOn(parts: PromptParts): boolean {
  const last = parts.path.at(-1);
  return parts.continue_reply === true && last?.role === "assistant" && isSpoken(last);
}

/** Whether a player's line has an answer in full, beside the one to be gone on with. */
function answered(parts: PromptParts): boolean {
  const path = goesOn(parts) ? parts.path.slice(0, -1) : parts.path;
  const line = path.findIndex((message) => message.role === "user");
  return line >= 0 &&
    path.some((message, i) => i > line && message.role === "assistant" && isSpoken(message));
}

/** Neighbours of one role are joined; the first is user's. */
function alternating(messages: PathMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const { role, content } of messages) {
    const text = role === "user" ? fence(content) : breakFrameTokens(content.trim());
    const before = turns.at(-1);
    if (before?.role === role) before.content += `\n\n${text}`;
    else turns.push({ role, content: text });
  }
  if (turns[0]?.role === "assistant") turns.unshift({ role: "user", content: OPENING_LINE });
  return turns;
}

/**
 * The newest exchange is kept even where it alone is longer than the history may be: then a reply to go on with loses
 * its beginning and the player's line its middle.
 */
function shortenLast(turns: ChatMessage[], tokens: number): void {
  let left = tokens;
  const last = turns.at(-1);
  if (last?.role === "assistant") {
    last.content = shortened(last.content, Math.floor(left / 2), 0);
    left -= estimateTokens(last.content);
  }
  const line = turns.findLast((turn) => turn.role === "user");
  if (line) line.content = shortened(line.content, left, 1 / 3);
}

/** A text of about `tokens` tokens, of which the beginning has the share `head`; unchanged when it is short enough. */
function shortened(text: string, tokens: number, head: number): string {
  const counted = estimateTokens(text);
  if (counted <= tokens) return text;
  const length = Math.max(16, Math.floor(text.length * (tokens - 8) / counted));
  const front = Math.floor(length * head);
  return `${text.slice(0, front)} [...] ${text.slice(text.length - (length - front))}`.trim().toWellFormed();
}
