/** What is done for a story while nobody waits: the story so far is told, facts are read. Stopped when a turn begins. */

import { eitherSignal } from "../shared/signals.ts";
import type { Deps } from "./deps.ts";
import { costOf } from "./llm/costs.ts";
import { type ChatMessage, ProviderError, type ProviderUsage } from "./llm/provider.ts";
import { createStoryFilter } from "./llm/story_filter.ts";
import { FACT_TOKENS, FACT_TURNS, factsPrompt, parseFacts } from "./memory/facts.ts";
import {
  acceptSummary,
  keepStory,
  pickFor,
  sourceOf,
  type StoryJob,
  storyJobs,
  type StoryPlace,
  storyPrompt,
} from "./memory/summary.ts";
import { estimateTokens } from "./prompt/budget.ts";
import type { OpenTurn } from "./open_turn.ts";
import { StoreError } from "./store/store_error.ts";
import { addFactRun, addFacts, lastFactRun } from "./store/facts.ts";
import { turnOf } from "./store/messages.ts";
import { pathBetween } from "./store/summaries.ts";
import { addSideUsage, type SideUsage } from "./store/usage.ts";

/** One stretch told, one told better, one fold: what a cut of the history leads to. */
const MAX_JOBS = 3;
/** Tokens that a record may take for each of its words. */
const TOKENS_PER_WORD = 3;
/** A longer answer is none of what was asked for. */
const MAX_ANSWER = 16 * 1024;
/** At most this share of a window is story to be told; a longer stretch stays with its picked sentences. */
const SOURCE_SHARE = 0.6;

/**
 * Tends the story of a turn that has ended. Returns quietly once `signal` is aborted. Never throws: what fails is
 * logged, and what was there before goes on serving.
 */
export async function tendStory(deps: Deps, turn: OpenTurn, signal: AbortSignal): Promise<void> {
  for (const work of [tellStory, readFacts]) {
    try {
      if (!signal.aborted) await work(deps, turn, signal);
    } catch (error) {
      if (signal.aborted) return;
      const known = error instanceof ProviderError || error instanceof StoreError;
      const reason = error instanceof Error ? known ? error.message : error.stack : String(error);
      deps.log("warn", `upkeep of session ${turn.scene.session.id}: ${reason}`);
    }
  }
}

async function tellStory(deps: Deps, turn: OpenTurn, signal: AbortSignal): Promise<void> {
  const { scene, player_id, cuts } = turn;
  if (cuts === null) return;
  const place: StoryPlace = {
    player_id,
    session_id: scene.session.id,
    player: scene.character.name,
    words: cuts.words,
  };
  const model = deps.config.summaries && isModel(deps, scene.session.model) ? scene.session.model : null;
  const failed = new Set<string>();
  const name = ({ kind, record }: StoryJob) => `${kind} ${record.first_id} ${record.last_id}`;
  const open = () => storyJobs(deps.db, place, cuts, model !== null).filter((job) => !failed.has(name(job)));
  for (let done = 0; done < MAX_JOBS && !signal.aborted; done++) {
    const [job] = open();
    if (job === undefined) return;
    let text: string | null = null;
    const source = sourceOf(job, place);
    if (model !== null && estimateTokens(source) <= cuts.window * SOURCE_SHARE) {
      const answer = await askBeside(deps, turn, "summary", model, storyPrompt(job, place), {
        max_tokens: place.words * TOKENS_PER_WORD,
        signal,
      });
      if (signal.aborted) return;
      text = answer === null ? null : acceptSummary(answer, source, place.words);
      if (answer !== null && text === null) {
        deps.log(
          "warn",
          `upkeep of session ${place.session_id}: the model told another story; it is not kept`,
        );
      }
    }
    // The player may have told it meanwhile.
    if (!open().some((other) => name(other) === name(job))) continue;
    if (text !== null) keepStory(deps.db, place, job, text, "model", deps.now());
    else {
      failed.add(name(job));
      // Told by picked sentences already, or when the cut comes; only the fold has nobody else to make it.
      if (job.kind === "fold") keepStory(deps.db, place, job, pickFor(job, place), "extract", deps.now());
    }
  }
}

async function readFacts(deps: Deps, turn: OpenTurn, signal: AbortSignal): Promise<void> {
  const { scene, player_id } = turn;
  const model = deps.config.facts_model;
  if (model === "" || !isModel(deps, model)) return;
  const session_id = scene.session.id;
  const last = lastFactRun(deps.db, player_id, session_id, turn.reply.id);
  const read_turns = last === null ? 0 : turnOf(deps.db, player_id, last);
  if (turnOf(deps.db, player_id, turn.reply.id) - read_turns < FACT_TURNS) return;
  // After a pause (a model switched on late) only the newest turns are read.
  const messages = pathBetween(deps.db, player_id, last, turn.reply.id)
    .filter(({ content }) => content.trim() !== "").slice(-2 * FACT_TURNS);
  const answer = await askBeside(deps, turn, "facts", model, factsPrompt(messages, scene.character.name), {
    max_tokens: FACT_TOKENS,
    signal,
  });
  if (signal.aborted || answer === null) return;
  deps.db.transaction(() => {
    addFacts(deps.db, player_id, session_id, parseFacts(answer, messages, deps.now()));
    addFactRun(deps.db, player_id, session_id, turn.reply.id);
  });
}

/** Whether this id leads to a model; the built-in narrator only plays. */
function isModel(deps: Deps, model: string): boolean {
  const target = deps.registry.resolve(model);
  return target !== undefined && target.provider.name !== "demo";
}

/**
 * A question beside the story, at temperature 0; its cost is kept whatever comes of it. Null once `signal` is aborted,
 * or when the answer is empty or too long. Throws ProviderError.
 */
async function askBeside(
  deps: Deps,
  turn: OpenTurn,
  kind: SideUsage["kind"],
  model: string,
  messages: ChatMessage[],
  options: { max_tokens: number; signal: AbortSignal },
): Promise<string | null> {
  const target = deps.registry.resolve(model);
  if (target === undefined) return null;
  const session_id = turn.scene.session.id;
  const ender = new AbortController();
  const stop = eitherSignal(options.signal, ender.signal);
  const filter = createStoryFilter([]);
  let answer = "";
  let told = "";
  let usage: ProviderUsage | null = null;
  let answered = false;
  try {
    const chunks = target.provider.stream({
      model: target.model,
      messages,
      max_tokens: options.max_tokens,
      temperature: 0,
      top_p: 1,
      seed: 0,
      story: { world_id: turn.scene.world.id, seed: "", telling: 0, path: [], lore: [] },
    }, stop);
    for await (const chunk of chunks) {
      if (chunk.kind === "end") {
        answered = true;
        usage = chunk.usage;
      } else if (chunk.kind === "text") {
        answered = true;
        told += chunk.text;
        const passed = filter.push(chunk.text);
        answer = passed.restart ? passed.text : answer + passed.text;
        if (passed.ended || told.length > MAX_ANSWER) ender.abort();
      }
    }
    answer += filter.flush();
  } finally {
    ender.abort();
    if (answered) {
      const prompt_tokens = messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0);
      const counts = usage ??
        { prompt_tokens, cached_tokens: 0, completion_tokens: estimateTokens(told), cost: null };
      addSideUsage(deps.db, turn.player_id, session_id, {
        kind,
        model,
        prompt_tokens: counts.prompt_tokens,
        cached_tokens: counts.cached_tokens,
        completion_tokens: counts.completion_tokens,
        cost: counts.cost ?? costOf(counts, deps.catalogue.price(model)),
        created_ms: deps.now(),
      });
    }
  }
  const text = answer.trim();
  return options.signal.aborted || text === "" || told.length > MAX_ANSWER ? null : text;
}
