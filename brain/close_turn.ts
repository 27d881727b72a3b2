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
  /** Null: it failed before there was one. */
  request: PreparedRequest | null;
  /** What the provider counted; null when it told nothing. */
  reported: ProviderUsage | null;
}

/** A turn that is saved, or could not be; `notice` is what the player should know of that. */
export interface Closed {
  message: Message;
  notice: string | null;
}

/** Saves the reply as it ended, lets memory and the learnt figures have it. Never throws: a full disk is told, not died of. */
export function closeTurn(deps: Deps, turn: OpenTurn, reply: GrowingReply, ending: Ending): Closed {
  const { scene, player_id } = turn;
  const { request, reported, status } = ending;
  const session_id = scene.session.id;
  const model = scene.session.model;
  const counts: ProviderUsage = reported ?? {
    prompt_tokens: request?.prompt_tokens ?? 0,
    cached_tokens: 0,
    completion_tokens: reply.tokens,
    cost: null,
  };
  const usage: Usage = {
    prompt_tokens: counts.prompt_tokens,
    cached_tokens: counts.cached_tokens,
    completion_tokens: counts.completion_tokens,
    cost: counts.cost ?? costOf(counts, deps.catalogue.price(model)),
    first_token_ms: reply.first_token_ms,
    tokens_per_second: reply.speed,
  };
  const remark = reported === null || request === null
    ? null
    : learn(deps, model, request.assembled.tokens, reported);
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
    return { message, notice: remark };
  } catch (error) {
    deps.log("error", `reply ${turn.reply.id} could not be saved: ${describe(error)}`);
    const message: Message = { ...turn.reply, content: reply.text, status: "failed", usage };
    return { message, notice: `✗ ${describe(error)}` };
  }
}

/** Compares our count with the provider's; returns what the player should know when the server cut the prompt. */
function learn(deps: Deps, model: string, estimated: number, reported: ProviderUsage): string | null {
  const before = deps.learned.get(model) ?? { scale: 1, window: null };
  const sent = Math.round(estimated * before.scale);
  const window = serverCut(sent, reported.prompt_tokens);
  if (window === null) {
    deps.learned.set(model, {
      ...before,
      scale: tokenScale(estimated, reported.prompt_tokens, before.scale),
    });
    return null;
  }
  deps.learned.set(model, { scale: before.scale, window });
  return `${model} read only ${reported.prompt_tokens} of about ${sent} tokens: the server cut the beginning. ` +
    "The next prompt is built for that size; raise the context length in the server's settings to give it more.";
}
