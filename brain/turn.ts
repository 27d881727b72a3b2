/** One player turn, from the saved line to the saved reply: an async generator of Events, read top to bottom. */

import { BRAIN_ENDS, type Event, type Progress, type RecalledCount } from "../shared/protocol.ts";
import { eitherSignal } from "../shared/signals.ts";
import { closeTurn, type Ending } from "./close_turn.ts";
import type { Deps } from "./deps.ts";
import { failure, notice, progress } from "./events.ts";
import { type Chunk, ProviderError } from "./llm/provider.ts";
import { createStoryFilter } from "./llm/story_filter.ts";
import type { OpenTurn } from "./open_turn.ts";
import { GrowingReply } from "./reply.ts";
import { prepare, type PromptRecord } from "./request.ts";
import { StoreError } from "./store/store_error.ts";
import { wasTooLong } from "./store/prompts.ts";

/**
 * Tells the reply of an open turn. Yields what faces must hear and ends with exactly one `chat_end`, whatever happens.
 * `signal` stops it: the text so far is kept and marked stopped.
 */
export async function* tell(deps: Deps, turn: OpenTurn, signal: AbortSignal): AsyncGenerator<Event> {
  const reply = new GrowingReply(deps, turn.player_id, turn.reply);
  const work = (label: string, state: Progress["state"]) =>
    progress({ id: `reply:${turn.reply.id}`, label, done: 0, total: null, unit: "items", state });
  let recalled: RecalledCount = { lore: 0, memories: 0 };
  const ending: Ending = { status: "complete", at_limit: false, request: null, reported: null };
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
    const request = ending.request = await prepare(deps, turn, signal);
    recalled = {
      lore: request.assembled.lore_ids.length,
      memories: request.assembled.sent.length - request.assembled.lore_ids.length,
    };
    const over = tooLong(deps, turn, request.record);
    if (over !== null) yield notice(over);
    yield work(request.reading, "running");

    const stop = eitherSignal(signal, ender.signal);
    for await (const part of saved(request.stream(stop), reply)) {
      switch (part.kind) {
        case "waiting":
          yield work(part.label, "running");
          break;
        case "notice":
          yield notice(part.text);
          break;
        case "text": {
          const passed = filter.push(part.text);
          if (passed.restart) reply.restart();
          if (passed.text !== "") yield* piece(passed.text);
          if (passed.ended) {
            ender.abort();
          } else if (reply.full) {
            ending.status = "stopped";
            yield notice(`The reply was stopped at ${deps.config.max_reply_bytes} bytes (max_reply_bytes).`);
            ender.abort();
          }
          break;
        }
        case "end":
          ending.at_limit = part.finish === "length" && !ender.signal.aborted;
          ending.reported = part.usage;
          break;
      }
    }
    yield* held();
    if (signal.aborted) {
      ending.status = "stopped";
    } else if (ending.status === "complete" && reply.text === turn.reply.content) {
      throw new ProviderError("empty", "The model answered with nothing. Your line is kept.");
    } else if (ending.at_limit) {
      ending.status = "stopped";
      yield notice("The reply came to its length limit. /continue goes on in the same place.");
    }
  } catch (error) {
    try {
      yield* held();
    } catch {
      // A store that fails here fails at the end too, and is told there.
    }
    if (signal.aborted) {
      ending.status = "stopped";
    } else {
      ending.status = "failed";
      if (!(error instanceof ProviderError) && !(error instanceof StoreError)) {
        deps.log("error", error instanceof Error ? error.stack ?? error.message : String(error));
      }
      yield failure(error);
    }
  } finally {
    ender.abort();
  }
  yield work("", ending.status === "failed" ? "failed" : "done");
  if (signal.aborted) yield notice(signal.reason === BRAIN_ENDS ? BRAIN_ENDS : "✗ Stream cancelled by user.");
  const { message, spent, notice: remark } = closeTurn(deps, turn, reply, ending);
  turn.spent = spent;
  if (remark !== null) yield notice(remark);
  yield {
    event: "chat_end",
    content: "",
    ref: null,
    metadata: { total_tokens: spent.completion_tokens, message, recalled },
  };
}

/** Says once in a story that what is always there does not fit the window; null: it does, or it was said. */
function tooLong(deps: Deps, turn: OpenTurn, record: PromptRecord): string | null {
  if (record.over === 0 || wasTooLong(deps.db, turn.player_id, turn.scene.session.id, turn.reply.id)) {
    return null;
  }
  const [over, window] = [record.over, record.window].map((tokens) => tokens.toLocaleString("en"));
  return `The world and the rules are too long for ${record.model} by ${over} tokens: a request may have ` +
    `${window}. Part of it may be cut off. Switch a rule pack off, or choose another with /model.`;
}

/** Passes chunks on and saves the reply in time, also while the provider is silent. */
async function* saved(chunks: AsyncGenerator<Chunk>, reply: GrowingReply): AsyncGenerator<Chunk> {
  try {
    while (true) {
      const next = chunks.next();
      // When a save throws nobody awaits it any more, and what it rejects with must not end the process.
      next.catch(() => {});
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
