/** One player turn, from the line to the saved reply: an async generator of Events, read top to bottom. */

import type { Event, RecalledCount } from "../shared/protocol.ts";
import type { Message, Usage } from "../shared/story.ts";
import type { Deps } from "./deps.ts";
import { eitherSignal } from "./either_signal.ts";
import { costOf } from "./llm/costs.ts";
import { type Chunk, ProviderError, type ProviderUsage } from "./llm/provider.ts";
import { createStoryFilter } from "./llm/story_filter.ts";
import { noteFacts } from "./memory/facts.ts";
import { rememberMessage } from "./memory/remember.ts";
import { estimateTokens, serverCut, tokenScale } from "./prompt/budget.ts";
import { GrowingReply } from "./reply.ts";
import {
  type OpenTurn,
  prepare,
  type PreparedRequest,
  type PromptRecord,
  type Scene,
  type TurnStart,
} from "./request.ts";
import { StoreError } from "./store/database.ts";
import { addMessage, getMessage, siblings, updateMessage } from "./store/messages.ts";
import { savePrompt, wasTooLong } from "./store/prompts.ts";
import { getSession, updateSession } from "./store/sessions.ts";

const TITLE_LENGTH = 60;

/** Saves the player's line and an empty reply, and points the session at it. Throws StoreError: nothing has happened then. */
export function openTurn(deps: Deps, scene: Scene, start: TurnStart): OpenTurn {
  const { db } = deps;
  const { id: session_id, player_id, model } = scene.session;
  return db.transaction(() => {
    const now = deps.now();
    const answer = (parent_id: number | null) =>
      addMessage(db, player_id, session_id, {
        parent_id,
        role: "assistant",
        content: "",
        status: "writing",
        model,
        tokens: 0,
        created_ms: now,
      });
    let line: Message | null = null;
    let reply: Message;
    let telling = 0;
    switch (start.kind) {
      case "line": {
        line = addMessage(db, player_id, session_id, {
          parent_id: getSession(db, player_id, session_id)?.leaf_id ?? null,
          role: "user",
          content: start.line,
          status: "complete",
          model: "",
          tokens: estimateTokens(start.line),
          created_ms: now,
        });
        rememberMessage(db, player_id, session_id, line, { speaker: scene.character.name });
        noteFacts(db, player_id, session_id, line, scene.character.name, now);
        reply = answer(line.id);
        break;
      }
      case "retry":
        reply = start.reuse_id === null
          ? answer(start.user_id)
          : updateMessage(db, player_id, start.reuse_id, {
            status: "writing",
            content: "",
            model,
            usage: null,
          });
        telling = reply.alternatives - 1;
        break;
      case "continue":
        reply = updateMessage(db, player_id, start.message_id, { status: "writing" });
        telling = siblings(db, player_id, reply.id).length;
        break;
    }
    updateSession(db, player_id, session_id, {
      leaf_id: reply.id,
      last_used_ms: now,
      ...(line !== null && scene.session.title === "" ? { title: titleOf(line.content) } : {}),
    });
    return { player_id, scene, start, line, reply, telling, cuts: null };
  });
}

function titleOf(line: string): string {
  const words = line.replace(/\s+/g, " ").trim();
  return words.length > TITLE_LENGTH ? `${words.slice(0, TITLE_LENGTH).trimEnd()}…` : words;
}

/**
 * Tells the reply of an open turn. Yields what faces must hear and ends with exactly one `chat_end`, whatever happens.
 * `signal` stops it: the text so far is kept and marked stopped.
 */
export async function* tell(deps: Deps, turn: OpenTurn, signal: AbortSignal): AsyncGenerator<Event> {
  const reply = new GrowingReply(deps, turn.player_id, turn.reply);
  const waiting = `reply:${turn.reply.id}`;
  let recalled: RecalledCount = { lore: 0, memories: 0 };
  let request: PreparedRequest | null = null;
  let usage: ProviderUsage | null = null;
  let outcome: "complete" | "stopped" | "failed" = "complete";
  const ender = new AbortController();
  const filter = createStoryFilter([turn.scene.character.name], turn.reply.content);
  const piece = function* (text: string): Generator<Event> {
    const offset = reply.text.length;
    const first = reply.tokens === 0;
    const shown = reply.grow(text);
    if (shown !== "") yield chunk(turn, shown, offset, first ? 0 : reply.speed);
  };
  /** What the filter held back because it might have become a mark; it is story, however the stream ended. */
  const held = function* (): Generator<Event> {
    const rest = ender.signal.aborted ? "" : filter.flush();
    if (rest !== "") yield* piece(rest);
  };

  try {
    request = await prepare(deps, turn, signal);
    recalled = {
      lore: request.assembled.lore_ids.length,
      memories: request.assembled.sent.length - request.assembled.lore_ids.length,
    };
    const over = tooLong(deps, turn, request.record);
    if (over !== null) yield notice(over);
    yield progress(waiting, request.reading, "running");

    const stop = eitherSignal(signal, ender.signal);
    let finish: "stop" | "length" | null = null;
    for await (const part of saved(request.stream(stop), reply)) {
      switch (part.kind) {
        case "waiting":
          yield progress(waiting, part.label, "running");
          break;
        case "notice":
          yield notice(part.text);
          break;
        case "text": {
          const passed = filter.push(part.text);
          if (passed.restart) reply.restart();
          if (passed.text !== "") yield* piece(passed.text);
          if (passed.ended) {
            finish = "stop";
            ender.abort();
          } else if (reply.full) {
            outcome = "stopped";
            yield notice(`The reply was stopped at ${deps.config.max_reply_bytes} bytes (max_reply_bytes).`);
            ender.abort();
          }
          break;
        }
        case "end":
          finish = part.finish;
          usage = part.usage;
          break;
      }
    }
    yield* held();
    if (signal.aborted) {
      outcome = "stopped";
    } else if (outcome === "complete" && reply.text === turn.reply.content) {
      throw new ProviderError(
        "empty",
        "The model answered with nothing. Your line is kept.",
      );
    } else if (finish === "length") {
      outcome = "stopped";
      yield notice("The reply came to its length limit. /continue goes on in the same place.");
    }
  } catch (error) {
    try {
      yield* held();
    } catch {
      // A store that fails here fails at the end too, and is told there.
    }
    if (signal.aborted) {
      outcome = "stopped";
    } else {
      outcome = "failed";
      yield failure(deps, error);
    }
  } finally {
    ender.abort();
  }
  yield progress(waiting, "", outcome === "failed" ? "failed" : "done");
  if (signal.aborted) yield notice("✗ Stream cancelled by user.");
  const final = close(deps, turn, reply, outcome, request, usage);
  if (final.notice !== null) yield notice(final.notice);
  yield {
    event: "chat_end",
    content: "",
    ref: null,
    metadata: { total_tokens: final.message.usage?.completion_tokens ?? 0, message: final.message, recalled },
  };
}

/** Says once in a story that what is always there does not fit the window; null: it does, or it was said. */
function tooLong(deps: Deps, turn: OpenTurn, record: PromptRecord): string | null {
  if (record.over === 0 || wasTooLong(deps.db, turn.scene.session.id, turn.reply.id)) return null;
  const tokens = (value: number) => value.toLocaleString("en");
  return `The world and the rules are too long for ${record.model} by ${
    tokens(record.over)
  } tokens: a request ` +
    `may have ${
      tokens(record.window)
    }. Part of it may be cut off. Switch a rule pack off, or choose another with /model.`;
}

/** Passes chunks on and saves the reply in time, also while the provider is silent. */
async function* saved(chunks: AsyncGenerator<Chunk>, reply: GrowingReply): AsyncGenerator<Chunk> {
  try {
    while (true) {
      const next = chunks.next();
      let timer: ReturnType<typeof setTimeout> | undefined;
      if (reply.unsaved) {
        const late = new Promise<"late">((resolve) => {
          // Counted from the last save: pieces that come just before it is due must not put it off.
          timer = setTimeout(() => resolve("late"), reply.save_in_ms);
        });
        try {
          if (await Promise.race([next, late]) === "late") reply.save();
        } finally {
          clearTimeout(timer);
        }
      }
      const result = await next;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    // Not awaited: while the provider is silent this would wait with it. The caller aborts its signal.
    chunks.return(undefined).catch(() => {});
  }
}

/** Saves the reply as it ended, lets memory and the learnt figures have it. Never throws: a full disk is told, not died of. */
function close(
  deps: Deps,
  turn: OpenTurn,
  reply: GrowingReply,
  outcome: "complete" | "stopped" | "failed",
  request: PreparedRequest | null,
  reported: ProviderUsage | null,
): { message: Message; notice: string | null } {
  const { scene, player_id } = turn;
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
      const message = reply.finish(outcome, usage);
      rememberMessage(deps.db, player_id, scene.session.id, message);
      noteFacts(deps.db, player_id, scene.session.id, message, scene.character.name, deps.now());
      // Not before the request went out: a commit costs more than all else that a turn adds.
      if (request !== null) {
        request.record.why.reported = reported?.prompt_tokens ?? null;
        savePrompt(deps.db, message.id, request.record);
      }
      updateSession(deps.db, player_id, scene.session.id, { last_used_ms: deps.now() });
      return message;
    });
    return { message, notice: remark };
  } catch (error) {
    deps.log("error", `reply ${turn.reply.id} could not be saved: ${describe(error)}`);
    const message = getMessageOr(deps, turn, { ...turn.reply, content: reply.text, status: "failed", usage });
    return { message, notice: `✗ ${describe(error)}` };
  }
}

function getMessageOr(deps: Deps, turn: OpenTurn, fallback: Message): Message {
  try {
    const kept = getMessage(deps.db, turn.player_id, turn.reply.id);
    return kept === undefined ? fallback : { ...fallback, content: fallback.content };
  } catch {
    return fallback;
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

function chunk(turn: OpenTurn, content: string, offset: number, tokens_per_second: number): Event {
  return {
    event: "chat_chunk",
    content,
    ref: null,
    metadata: {
      model: turn.scene.session.model,
      tokens_per_second,
      world_id: turn.scene.world.id,
      message_id: turn.reply.id,
      parent_id: turn.reply.parent_id,
      offset,
    },
  };
}

function progress(id: string, label: string, state: "running" | "done" | "failed"): Event {
  return {
    event: "progress",
    content: "",
    ref: null,
    metadata: { id, label, done: 0, total: null, unit: "items", state },
  };
}

/** A line for the player that is no part of the story. */
export function notice(content: string): Event {
  return {
    event: "system_update",
    content,
    ref: null,
    metadata: {
      greeting: null,
      model: null,
      world_id: null,
      character_id: null,
      session_id: null,
      active_rules: null,
      line: null,
      why: null,
      ask: null,
      found: null,
    },
  };
}

function failure(deps: Deps, error: unknown): Event {
  if (!(error instanceof ProviderError) && !(error instanceof StoreError)) {
    deps.log("error", error instanceof Error ? error.stack ?? error.message : String(error));
  }
  return { event: "error", content: describe(error), ref: null, metadata: {} };
}

/** One calm sentence for an error, whatever it is. */
export function describe(error: unknown): string {
  if (error instanceof ProviderError || error instanceof StoreError) return error.message;
  return `Something went wrong in the engine: ${error instanceof Error ? error.message : String(error)}. ` +
    "Your line is kept.";
}
