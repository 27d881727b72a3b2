/** How many tokens a text takes, what each part of a prompt may have, and which messages of a story still fit. Pure. */

import type { MessageStatus, Role } from "../../shared/story.ts";

/** What assembling reads of a message; `tokens` as stored with it, 0: not counted yet. */
export interface PathMessage {
  id: number;
  role: Role;
  content: string;
  tokens: number;
  status: MessageStatus;
}

/** Tokens that a chat template spends on a message beside its text. */
export const MESSAGE_OVERHEAD = 4;
/** A smaller window is not believed: it would leave no story. */
const MIN_CONTEXT = 1024;

/**
 * From this window on a fifth of any prompt holds all of lore and memories beside a reply, so they have their room whatever
 * the history is; in a smaller one little is theirs alone.
 */
const ROOMY_CONTEXT = 10_240;
/** Below this a prompt cannot begin like the one before it often, whatever gives way: there they have their room too. */
const TINY_CONTEXT = 3000;
/** Two pieces and three, a sentence each. */
const LEAST_RECALL = 144;

/** Five records of 120 words. */
export const STORY_TOKENS = 810;

type CountTokens = (text: string) => number;
let countTokens: CountTokens | null = null;

/** Loads the tokenizer (about 0.1 s); until then `estimateTokens` reckons with four characters a token. */
export async function loadTokenizer(): Promise<void> {
  const { countTokens: count } = await import("gpt-tokenizer/encoding/o200k_base");
  // Text such as <|endoftext|> is text to us; by default it would throw.
  countTokens = (text) => count(text, { disallowedSpecial: new Set() });
}

const PIECE_LENGTH = 512;
/** What was counted lately: the rules, the world and the history are nearly the same at every turn. */
const counted = new Map<string, number>();
const MAX_COUNTED = 500;
const MAX_COUNTED_LENGTH = 8192;

/** Tokens of a text by o200k_base, an estimate for any other model. Any text is fine, a megabyte takes well under a second. */
export function estimateTokens(text: string): number {
  if (text === "") return 0;
  if (countTokens === null) return Math.ceil(text.length / 4);
  const known = counted.get(text);
  if (known !== undefined) return known;
  // Byte pair encoding costs the square of a run without blanks, so no run is longer than a piece.
  let tokens = 0;
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + PIECE_LENGTH);
    if (end < text.length) {
      const blank = text.lastIndexOf(" ", end);
      if (blank > start + PIECE_LENGTH / 2) end = blank;
      else if (/[\uD800-\uDBFF]/.test(text[end - 1])) end -= 1;
    }
    tokens += countTokens(text.slice(start, end));
    start = end;
  }
  if (text.length <= MAX_COUNTED_LENGTH) counted.set(text, tokens);
  if (counted.size > MAX_COUNTED) counted.delete(counted.keys().next().value!);
  return tokens;
}

/**
 * Tokens that a line has at the least, for a hundredth of what counting them costs: no token reaches over a blank into
 * another word.
 */
export function leastTokens(line: string): number {
  return countTokens === null ? estimateTokens(line) : line.match(/\S+/g)?.length ?? 0;
}

/** All in tokens. `over` is by how much the fixed parts are too long for the window; 0 as a rule. */
export interface Budget {
  context: number;
  /** Limit of the reply. */
  reply: number;
  /** The most that each of them gets. */
  lore: number;
  memories: number;
  /** What both have together in any case; the rest of their room the history may take, if it is long enough. */
  recall: number;
  /** For the messages of the story, the player's last line among them; once it drops some, `story` goes off it. */
  history: number;
  /** For the story so far, which tells what the history drops. */
  story: number;
  over: number;
}

export interface BudgetOptions {
  /** Cap from the config; 0: none. */
  max_context_tokens: number;
  reply_words: { min: number; max: number };
  lore_tokens: number;
  memory_tokens: number;
  /** `fixedTokens` of the prompt. */
  fixed: number;
}

/**
 * Shares out a window of `context_tokens` (at least MIN_CONTEXT). The reply gets three times its words but at most a
 * quarter, lore and memories what the options say but at most a tenth each, 4 % is left for other tokenizers, the
 * rest is history: never less than an eighth, for which lore and memories give way first. In a window between
 * TINY_CONTEXT and ROOMY_CONTEXT the history has part of their room too (recall_share.ts tells what it leaves of it).
 */
export function makeBudget(context_tokens: number, options: BudgetOptions): Budget {
  const capped = options.max_context_tokens > 0
    ? Math.min(context_tokens, options.max_context_tokens)
    : context_tokens;
  const context = Math.max(MIN_CONTEXT, Math.floor(capped));
  const reply = Math.min(options.reply_words.max * 3, Math.floor(context / 4));
  const least = Math.floor(context / 8);
  const room = context - reply - Math.ceil(context * 0.04) - options.fixed;

  const tenth = Math.floor(context / 10);
  const lore_wish = Math.min(options.lore_tokens, tenth);
  const memory_wish = Math.min(options.memory_tokens, tenth);
  const wish = lore_wish + memory_wish;
  const given = Math.max(0, Math.min(wish, room - least));
  const lore = wish === 0 ? 0 : Math.floor(given * lore_wish / wish);
  const memories = given - lore;
  const gives_way = context >= TINY_CONTEXT && context < ROOMY_CONTEXT;
  const recall = gives_way ? Math.min(given, LEAST_RECALL) : given;
  const history = Math.max(least, room - recall);
  const story = Math.min(STORY_TOKENS, Math.floor(context / 10), Math.floor(history / 3));
  return { context, reply, lore, memories, recall, history, story, over: Math.max(0, least - room) };
}

/**
 * Chooses the messages that go into the prompt: newest first, as many as `history_tokens` hold, whole turns. The story
 * is cut only at places that stand a step (about a quarter of the window) apart, counted from its first message, so
 * that prompts of consecutive turns begin alike. Messages from the last player's line on are always kept; empty ones
 * are neither kept nor dropped. `path` may be the tail of a longer one: then `tokens_above` is the sum of the rest.
 */
export function planHistory(
  path: PathMessage[],
  options: { history_tokens: number; tokens_above?: number },
): { kept: number[]; dropped: number[] } {
  const { spoken, newest, before, cost } = measured(path, options.tokens_above ?? 0);
  const above = options.tokens_above ?? 0;
  const fits = cost.findIndex((tokens) => tokens <= options.history_tokens);
  let first = 0;
  if (fits > 0 || above > 0) {
    const step = stepOf(options.history_tokens);
    const place = Math.max(above, before[fits - 1] ?? 0);
    for (let cut = Math.floor(place / step) * step;; cut += step) {
      first = before.findIndex((position, i) => position >= cut && startsTurn(spoken, i));
      if (first < 0 || first > newest) first = newest;
      if (first >= fits || first === newest) break;
    }
  }
  return {
    kept: spoken.slice(first).map((message) => message.id),
    dropped: spoken.slice(0, first).map((message) => message.id),
  };
}

/**
 * What the next cut will do to a path of which the messages from `first_id` on are kept: the message that will then
 * come first, and how many tokens the history may grow until it happens. Null while that message is not told yet.
 */
export function nextCut(
  path: PathMessage[],
  first_id: number,
  options: { history_tokens: number; tokens_above?: number },
): { first_id: number; room: number } | null {
  const { spoken, newest, before, cost } = measured(path, options.tokens_above ?? 0);
  const first = spoken.findIndex(({ id }) => id === first_id);
  if (first < 0) return null;
  const step = stepOf(options.history_tokens);
  for (
    let cut = (Math.floor(before[first] / step) + 1) * step;
    cut <= before[before.length - 1];
    cut += step
  ) {
    const next = before.findIndex((position, i) => position >= cut && startsTurn(spoken, i));
    if (next < 0 || next >= newest) return null;
    if (next > first) return { first_id: spoken[next].id, room: options.history_tokens - cost[first] };
  }
  return null;
}

/** The messages with text; of each the sum of what stands before it, and what it and all after it cost. */
function measured(path: PathMessage[], above: number) {
  const spoken = path.filter(isSpoken);
  const before: number[] = [];
  let sum = above;
  for (const message of path) {
    if (isSpoken(message)) before.push(sum);
    sum += message.tokens;
  }
  const cost: number[] = Array(spoken.length + 1).fill(0);
  for (let i = spoken.length - 1; i >= 0; i--) cost[i] = cost[i + 1] + messageTokens(spoken[i]);
  return { spoken, newest: startOfLastLine(spoken), before, cost };
}

/** How many words a record of the story so far may have, where all of them have `story_tokens`. */
export function summaryWords(story_tokens: number, most: number): number {
  return Math.max(30, Math.min(most, Math.floor(story_tokens * most / STORY_TOKENS)));
}

/**
 * Texts that fit in `tokens` together, the oldest first: the longest lose their ends, in the same way every time.
 */
export function fitStory(texts: string[], tokens: number): string[] {
  const fitted = [...texts];
  for (;;) {
    const costs = fitted.map((text) => estimateTokens(text) + 2);
    const over = costs.reduce((sum, cost) => sum + cost, 0) - tokens;
    const longest = costs.indexOf(Math.max(...costs));
    if (over <= 0 || longest < 0 || fitted[longest].length < 40) return fitted;
    const text = fitted[longest];
    const length = Math.floor(text.length * Math.max(0.5, 1 - (over + 4) / costs[longest]));
    const cut = text.slice(0, length);
    const end = cut.search(/[.!?。！？][^.!?。！？]*$/u);
    fitted[longest] = cut.slice(0, end > length / 2 ? end + 1 : Math.max(cut.lastIndexOf(" "), length / 2))
      .trim()
      .toWellFormed();
  }
}

/** Whether a message has anything to read: failed replies and stray blanks have not. */
export function isSpoken(message: { content: string }): boolean {
  return /[^\s\p{Cc}\p{Cf}]/u.test(message.content);
}

/** Tokens of a message in a prompt, its frame included. */
export function messageTokens(message: PathMessage): number {
  return (message.tokens > 0 ? message.tokens : estimateTokens(message.content)) + MESSAGE_OVERHEAD;
}

/** Eight turns of the usual length, so that seven of eight prompts begin like the one before; where that leaves three. */
const LEAST_STEP = 1280;
const LEAST_HISTORY = 500;

/**
 * The distance between cuts. Rounded down to few values, because the history's budget moves a little with every
 * reported usage and the cuts must not move with it.
 */
function stepOf(history_tokens: number): number {
  // A quarter of the window, of which about 2,000 tokens are no history.
  const share = Math.min(history_tokens / 2, (history_tokens + 2048) / 4);
  const wish = Math.max(64, share, Math.min(LEAST_STEP, history_tokens - LEAST_HISTORY));
  const quarter = 2 ** Math.floor(Math.log2(wish)) / 4;
  return Math.floor(wish / quarter) * quarter;
}

function startsTurn(messages: PathMessage[], index: number): boolean {
  return messages[index].role === "user" && messages[index - 1]?.role !== "user";
}

/** Index of the first of the newest consecutive player's lines; 0 when there is none. */
export function startOfLastLine(messages: PathMessage[]): number {
  for (let i = messages.length - 1; i > 0; i--) if (startsTurn(messages, i)) return i;
  return 0;
}

/**
 * How many of a model's tokens one of ours is, from what was estimated and what the provider counted, between 0.5 and
 * 2. Stays `before` while that is within 5 %: every move of the scale moves the prompt's beginning.
 */
export function tokenScale(estimated: number, reported: number, before = 1): number {
  if (!(estimated > 0) || !(reported > 0)) return before;
  const scale = Math.min(2, Math.max(0.5, reported / estimated));
  return Math.abs(scale / before - 1) < 0.05 ? before : scale;
}

/**
 * The tokens that the server read, when it counted more than 15 % less than we sent: it has cut the prompt. Null when
 * it has not, or when the count is none (0, or less than any server's window).
 */
export function serverCut(estimated: number, reported: number): number | null {
  return reported >= MIN_REPORTED && reported < estimated * 0.85 ? reported : null;
}
const MIN_REPORTED = 256;
