/** The end of a turn: the reply as it ended, what it cost, what memory and the next prompt learn from it. */

import type { Message, Usage } from "../shared/story.ts";
import type { Deps } from "./deps.ts";
import { describe } from "./events.ts";
import { costOf } from "./llm/costs.ts";
import type { ProviderUsage } from "./llm/provider.ts";
import { noteFacts } from "./memory/facts.ts";
import { rememberMessage } from "./memory/remember.ts";
import type { OpenTurn } from "./open_turn.ts";
import { serverCut, tokenScale } from "./prompt/budget.ts";
import type { GrowingReply } from "./reply.ts";
import type { PreparedRequest } from "./request.ts";
import { savePrompt } from "./store/prompts.ts";
import { updateSession } from "./store/sessions.ts";

/** How a turn ended, as far as its stream came. */
export interface Ending {
  status: "complete" | "stopped" | "failed";
  /** The model had used all the tokens of a reply. */
  at_limit: boolean;
  /** Null: it failed before there was one. */
  request: PreparedRequest | null;
  /** What the provider counted; null when it told nothing. */
  reported: ProviderUsage | null;
}

/** A turn that is saved, or could not be; `notice` is what the player should know of that. */
export interface Closed {
  message: Message;
  /** What this turn alone used. */
  spent: Usage;
  notice: string | null;
}

/** Saves the reply as it ended, lets memory and the learnt figures have it. Never throws: a full disk is told, not died of. */
export function closeTurn(deps: Deps, turn: OpenTurn, reply: GrowingReply, ending: Ending): Closed {
  const { scene, player_id } = turn;
  const { request, reported } = ending;
  const session_id = scene.session.id;
  const model = scene.session.model;
  const spent = spentOn(deps, reply, ending, model);
  const added = reply.text !== turn.reply.content;
  const at_limit = added
    ? ending.status === "stopped" && ending.at_limit
    : turn.reply.usage?.at_limit === true;
  const usage = {
    ...(turn.reply.usage === null ? spent : sum(turn.reply.usage, spent)),
    ...(at_limit ? { at_limit } : {}),
  };
  const status = added || ending.status === "complete" ? ending.status : turn.before ?? ending.status;
  const remark = reported === null || request === null ? null : learn(deps, model, request, reported);
  try {
    const message = deps.db.transaction(() => {
      const message = reply.finish(status, usage);
      rememberMessage(deps.db, player_id, session_id, message);
      noteFacts(deps.db, player_id, session_id, message, scene.character.name, deps.now());
      // Not before the request went out: a commit costs more than all else that a turn adds.
      if (request !== null) {
        request.record.why.reported = reported?.prompt_tokens ?? null;
        savePrompt(deps.db, message.id, request.record);
      }
      updateSession(deps.db, player_id, session_id, { last_used_ms: deps.now() });
      return message;
    });
    return { message, spent, notice: remark };
  } catch (error) {
    deps.log("error", `reply ${turn.reply.id} could not be saved: ${describe(error)}`);
    const message: Message = { ...turn.reply, content: reply.text, status: "failed", usage };
    return { message, spent, notice: `✗ ${describe(error)}` };
  }
}

/** What a turn used: the provider's count, else our estimate of what was sent and told. */
function spentOn(
  deps: Deps,
  reply: GrowingReply,
  { status, request, reported }: Ending,
  model: string,
): Usage {
  // Whoever did not answer has not been asked, as far as anybody pays for it.
  const unanswered = status === "failed" && reply.tokens === 0;
  const counts: ProviderUsage = reported ?? {
    prompt_tokens: unanswered ? 0 : request?.prompt_tokens ?? 0,
    cached_tokens: 0,
    completion_tokens: reply.tokens,
    cost: unanswered ? 0 : null,
  };
  return {
    prompt_tokens: counts.prompt_tokens,
    cached_tokens: counts.cached_tokens,
    completion_tokens: counts.completion_tokens,
    cost: counts.cost ?? costOf(counts, deps.catalogue.price(model)),
    first_token_ms: reply.first_token_ms,
    tokens_per_second: reply.speed,
  };
}

/**
 * A reply that was gone on with, or told anew in place of an empty one, used what both turns did; its speed is the last
 * one's.
 */
function sum(before: Usage, spent: Usage): Usage {
  return {
    ...spent,
    prompt_tokens: before.prompt_tokens + spent.prompt_tokens,
    cached_tokens: before.cached_tokens + spent.cached_tokens,
    completion_tokens: before.completion_tokens + spent.completion_tokens,
    cost: before.cost === null || spent.cost === null ? null : before.cost + spent.cost,
    window_tokens: spent.prompt_tokens + spent.completion_tokens,
  };
}

/** Compares our count with the provider's; returns what the player should know when the server cut the prompt. */
function learn(
  deps: Deps,
  model: string,
  { assembled, offered }: PreparedRequest,
  reported: ProviderUsage,
): string | null {
  const { scale, cut } = deps.learned.get(model) ?? { scale: 1, cut: null };
  const sent = Math.round(assembled.tokens * scale);
  const read = serverCut(sent, reported.prompt_tokens);
  if (read === null) {
    deps.learned.set(model, { scale: tokenScale(assembled.tokens, reported.prompt_tokens, scale), cut });
    return null;
  }
  deps.learned.set(model, { scale, cut: { read, offered } });
  return `${model} read only ${read} of about ${sent} tokens: the server cut the beginning. The next prompt is ` +
    `built for that size; to give it more, raise the context length in the server's settings and say /model ${model}.`;
}
