/** What lore and memories have in one prompt of a small window, so that most of it stays as it was in the one before. Pure. */

import {
  type Budget,
  estimateTokens,
  isSpoken,
  messageTokens,
  type PathMessage,
  planHistory,
  startOfLastLine,
} from "./budget.ts";

/** Of a prompt so much is to be as it was: then a local server reads only the rest anew. */
const UNCHANGED = 0.8;
/** The reminder, labels and frames, about: they stand in the block, which is new in every prompt. */
const BLOCK_TOKENS = 70;

/** What stands in a prompt beside lore and memories. */
export interface Beside {
  /** `fixedTokens` of the prompt. */
  fixed: number;
  /** The story so far, as it is told. */
  story: string[];
  path: PathMessage[];
  tokens_above: number;
  /** Ids that `planHistory` kept with `history_tokens`, and whether it had to drop any. */
  kept: number[];
  history_tokens: number;
  is_cut: boolean;
}

/**
 * Tokens that lore and memories have together: what the history leaves them, and while it is cut where it was cut for
 * the line before no more than a fifth of the prompt can hold beside what else is new; `budget.recall` in any case. Where
 * the cut has just moved all is read anew, so there they have what there is.
 */
export function recallTokens(budget: Budget, beside: Beside): number {
  const most = budget.lore + budget.memories;
  if (budget.recall >= most) return most;
  const { path, fixed, is_cut } = beside;
  const kept = new Set(beside.kept);
  const history = path.filter((message) => kept.has(message.id) && isSpoken(message));
  const story = beside.story.reduce((sum, text) => sum + estimateTokens(text) + 2, 0);
  const told = story + cost(history);
  const left = budget.history + budget.recall - told;
  const newest = startOfLastLine(history);
  // The line before stood under a block, so it is new once more.
  const before = startOfLastLine(history.slice(0, newest));
  const fresh = cost(history.slice(before)) + BLOCK_TOKENS;
  const same = fixed - BLOCK_TOKENS + told - cost(history.slice(before));
  const room = is_cut && isCutAsBefore(beside, history[newest])
    ? Math.floor(same * (1 / UNCHANGED - 1)) - fresh
    : most;
  return Math.max(budget.recall, Math.min(most, left, room));
}

/** Whether the prompt for the line before began with the same message of the story; `line` is the newest. */
function isCutAsBefore({ path, tokens_above, kept, history_tokens }: Beside, line: PathMessage): boolean {
  const until = path.indexOf(line);
  const asked = path.slice(0, until).findLastIndex((message) => message.role === "user" && isSpoken(message));
  return planHistory(path.slice(0, asked + 1), { history_tokens, tokens_above }).kept[0] === kept[0];
}

function cost(messages: PathMessage[]): number {
  return messages.reduce((sum, message) => sum + messageTokens(message), 0);
}
