/** From a saved line to the request for its reply: budget, recall, prompt, and the record of what was sent. */

import { fnv1a } from "../shared/fnv.ts";
import type { Why } from "../shared/protocol.ts";
import { unlessAborted } from "../shared/signals.ts";
import type { Deps, Learned } from "./deps.ts";
import { type ChatMessage, type ChatRequest, type Chunk, ProviderError } from "./llm/provider.ts";
import { withMarks } from "./memory/marks.ts";
import type { RecallQuestion } from "./memory/recall.ts";
import { storySoFar, SUMMARY_WORDS } from "./memory/summary.ts";
import type { OpenTurn, StoryCuts } from "./open_turn.ts";
import { assemble, type Assembled, fixedTokens, type PromptParts } from "./prompt/assemble.ts";
import { type Budget, fitStory, makeBudget, nextCut, planHistory, summaryWords } from "./prompt/budget.ts";
import { recallTokens } from "./prompt/recall_share.ts";
import { replyWords } from "./prompt/sections.ts";
import { buildWhy } from "./prompt/why.ts";
import { pathTail, type StoredMessage, turnOf } from "./store/messages.ts";
import { countPieces } from "./store/pieces.ts";

/** Recall may take this long; after that the turn goes on with what is there. */
const RECALL_TIMEOUT_MS = 150;
/** More than a prompt holds: the budgets take the best of them, and `/why` tells of the rest. */
const MAX_LORE = 12;
const MAX_MEMORIES = 24;
/** So few tokens before the next cut the story so far is told ahead: about three turns. */
const NEAR_TOKENS = 900;
/** Each further telling is asked for a little hotter, up to a bound where small models lose the language. */
const TELLING_HEAT = 0.08;
const MAX_TEMPERATURE = 1.2;
const COOLING = 0.0037;

export interface PreparedRequest {
  assembled: Assembled;
  /** Estimated prompt tokens, scaled by what this model reported before. */
  prompt_tokens: number;
  /** Tokens that the model was said to read when this was built. */
  offered: number;
  reading: string;
  /** What was sent and why, kept with the reply for `/why`. */
  record: PromptRecord;
  stream(signal: AbortSignal): AsyncGenerator<Chunk>;
}

export interface PromptRecord {
  model: string;
  /** Tokens that a prompt may have, and what this one was reckoned to have. */
  window: number;
  tokens: number;
  sections: { name: string; tokens: number }[];
  /** Ids of messages left out because the history was full. */
  dropped: number[];
  lore_ids: number[];
  memory_ids: number[];
  /** The last message as sent: scene, lore, memories, reminder and the player's line. */
  context: string;
  /** By how many tokens the world and the rules are too long for the window; 0 as a rule. */
  over: number;
  cuts: StoryCuts;
  /** What `/why` shows, worked out when it is first asked for; `reported` is filled in when the provider has told. */
  readonly why: Why;
  /** The whole request; kept for the last reply of a session only. */
  messages?: ChatMessage[];
}

/**
 * From the saved line to the request: budget, recall, prompt. Throws ProviderError when the model is not to be had, and
 * at once when `signal` is aborted.
 */
export async function prepare(deps: Deps, turn: OpenTurn, signal: AbortSignal): Promise<PreparedRequest> {
  const { scene, reply, player_id, start } = turn;
  const { config, db } = deps;
  const model_id = scene.session.model;
  const target = deps.registry.resolve(model_id);
  if (target === undefined) {
    throw new ProviderError("model_gone", `No provider is set up for ${model_id}. /model picks another.`);
  }
  const learned: Learned = deps.learned.get(model_id) ?? { scale: 1, cut: null };
  const offered = await unlessAborted(deps.catalogue.contextOf(model_id), signal);
  const window = learned.cut?.offered === offered ? learned.cut.read : offered;
  const { path, tokens_above } = pathTail(
    db,
    player_id,
    start.kind === "continue" ? reply.id : reply.parent_id,
    {
      tokens: Math.ceil(window / learned.scale),
    },
  );
  const parts: PromptParts = {
    base_rules: scene.base_rules,
    rules: scene.rules,
    world: scene.world,
    character: scene.character,
    path,
    kept: [],
    recalled: null,
    reply_words: config.reply_words,
    continue_reply: start.kind === "continue",
  };
  const fixed = fixedTokens(parts);
  const budget = makeBudget(Math.floor(window / learned.scale), {
    max_context_tokens: config.max_context_tokens,
    reply_words: replyWords(scene.rules, config.reply_words),
    lore_tokens: config.lore_tokens,
    memory_tokens: config.memory_tokens,
    fixed,
  });
  const history = cutHistory(path, tokens_above, budget);
  // What a prompt may have here: the model's window, or less where the config says so.
  const reads = config.max_context_tokens > 0 ? Math.min(window, config.max_context_tokens) : window;
  const cuts: StoryCuts = { ...history.cuts, window: reads };
  turn.cuts = cuts;
  const lines = path.filter((message) => message.role === "user").map((message) => message.content);
  const question: RecallQuestion = {
    player_id,
    session_id: scene.session.id,
    world_id: scene.world.id,
    leaf_id: reply.parent_id,
    line: lines.at(-1) ?? "",
    before: path.slice(-3, -1).reverse().map((message) => message.content),
    visible_ids: history.kept,
    max_lore: MAX_LORE,
    max_memories: MAX_MEMORIES,
  };
  const asked = deps.recall.ask(question, RECALL_TIMEOUT_MS);
  // While recall's thread searches: what needs nothing of what it finds.
  const searched = countPieces(db, player_id, scene.session.id, scene.world.id);
  const turn_number = turnOf(db, player_id, reply.id);
  const records = cuts.boundary === null ? [] : storySoFar(
    db,
    {
      player_id,
      session_id: scene.session.id,
      player: scene.character.name,
      words: cuts.words,
    },
    cuts.boundary,
    deps.now(),
  );
  const told = fitStory(records.map(({ text }) => text), budget.story);
  const story = records.map(({ last_id }, index) => ({
    text: told[index],
    last_id,
    turns_ago: turn_number - turnOf(db, player_id, last_id),
  }));
  const found = await unlessAborted(asked, signal);
  const { recalled, facts } = withMarks(db, question, found);
  const assembled = assemble({ ...parts, kept: history.kept, recalled, facts, story: told }, {
    lore_tokens: budget.lore,
    memory_tokens: budget.memories,
    recall_tokens: recallTokens(budget, { ...history, fixed, story: told, path, tokens_above }),
    history_tokens: history.history_tokens,
  });
  const prompt_tokens = Math.round(assembled.tokens * learned.scale);
  const request: ChatRequest = {
    model: target.model,
    messages: assembled.messages,
    max_tokens: budget.reply,
    temperature: temperatureOf(
      target.entry.quirks.temperature,
      turn.telling,
      target.entry.max_temperature ?? MAX_TEMPERATURE,
    ),
    top_p: target.entry.quirks.top_p,
    seed: seedOf(`${scene.session.id}:${reply.parent_id}`) + turn.telling,
    story: {
      world_id: scene.world.id,
      seed: scene.session.id,
      telling: turn.telling,
      path: path.map(({ role, content }) => ({ role, content })),
      lore: recalled.lore.filter((hit) => hit.known_to === "").map((hit) => hit.text),
    },
  };
  const kept = new Set(history.kept);
  // For whoever asks later: the request does not wait for it.
  let worked_out: Why | undefined;
  const why = () =>
    buildWhy({
      message_id: reply.id,
      turn: turn_number,
      model: model_id,
      tokens: prompt_tokens,
      window: reads,
      searched,
      assembled,
      recalled,
      facts,
      story,
      line: question.line,
      history_turns: path.filter(({ id, role }) => role === "user" && kept.has(id)).length,
    });
  const short = model_id.slice(model_id.lastIndexOf("/") + 1);
  return {
    assembled,
    prompt_tokens,
    offered,
    record: {
      model: model_id,
      window: reads,
      tokens: prompt_tokens,
      sections: assembled.sections,
      dropped: history.dropped,
      over: budget.over,
      cuts,
      lore_ids: assembled.lore_ids,
      memory_ids: assembled.memory_ids,
      context: assembled.messages.at(-1)?.content ?? "",
      get why() {
        return worked_out ??= why();
      },
      messages: assembled.messages,
    },
    reading: `${short} is reading ${prompt_tokens.toLocaleString("en")} tokens`,
    stream: (stop) => target.provider.stream(request, stop),
  };
}

/**
 * Another telling is never the identical request, also where a vendor takes no seed: each is a little hotter, and from
 * `most` on each a little cooler than the one before, in steps that hit none of those on the way up.
 */
export function temperatureOf(base: number, telling: number, most: number): number {
  const top = Math.max(base, Math.min(most, MAX_TEMPERATURE));
  const up = Math.floor((top - base) / TELLING_HEAT + 1e-9);
  return telling <= up ? base + TELLING_HEAT * telling : Math.max(0, top - COOLING * (telling - up));
}

/** Which messages go out, in how many tokens, and where that cuts the story. */
function cutHistory(path: StoredMessage[], tokens_above: number, budget: Budget) {
  let tokens = budget.history;
  let plan = planHistory(path, { history_tokens: tokens, tokens_above });
  const cut = tokens_above > 0 || plan.dropped.length > 0;
  const least = budget.history - budget.story;
  if (cut) {
    // What is told of the rest takes its room from the history.
    tokens = least;
    plan = planHistory(path, { history_tokens: tokens, tokens_above });
  }
  const before = (id: number | undefined) => path.find((message) => message.id === id)?.parent_id ?? null;
  const ahead = nextCut(path, plan.kept[0], { history_tokens: least, tokens_above });
  const near = ahead !== null && ahead.room < Math.max(NEAR_TOKENS, least / 4);
  const cuts = {
    boundary: cut ? before(plan.kept[0]) : null,
    next: near ? before(ahead.first_id) : null,
    words: summaryWords(budget.story, SUMMARY_WORDS),
  };
  return { ...plan, history_tokens: tokens, is_cut: cut, cuts };
}

/** 31 bits: a seed that only the place in the story decides. */
function seedOf(text: string): number {
  return fnv1a(text) >>> 1;
}
