/** The question about money: a reply expected to cost more than the set price asks once. */

import type { Price } from "../shared/protocol.ts";
import type { Deps } from "./deps.ts";
import { costOf } from "./llm/costs.ts";
import type { Scene } from "./open_turn.ts";
import type { PromptRecord } from "./request.ts";
import { getPrompt } from "./store/prompts.ts";

/** What a first prompt is taken to have when its price is reckoned before it is built. */
const FIRST_PROMPT_TOKENS = 1500;

/** Remembers for as long as the brain runs which player agreed to which model. */
export class PriceQuestions {
  /** `player model`: agreed to pay more than `ask_above_cost`. */
  readonly #agreed = new Set<string>();
  /** `player model`: the line, or what else was asked about and not yet agreed to. */
  readonly #asked = new Map<string, string>();

  constructor(readonly deps: Deps) {}

  /** The price to ask about before `what` is told, or null: go on. The same `what` once more agrees. */
  ask(player_id: string, scene: Scene, what: string): Price | null {
    const { config, catalogue, db } = this.deps;
    const { model, leaf_id } = scene.session;
    const key = `${player_id} ${model}`;
    const price = catalogue.price(model);
    if (price === null || price.prompt + price.completion === 0 || this.#agreed.has(key)) return null;
    // Not the usage of the last reply: one that was gone on with holds the sum of several prompts.
    const last = leaf_id === null ? null : getPrompt(db, player_id, leaf_id) as Partial<PromptRecord> | null;
    const cost = costOf({
      prompt_tokens: last?.tokens ?? FIRST_PROMPT_TOKENS,
      cached_tokens: 0,
      completion_tokens: config.reply_words.max * 3,
    }, price);
    if (cost === null || cost <= config.ask_above_cost) return null;
    // Only the same once more agrees: another line is asked for anew.
    if (this.#asked.get(key) === what) {
      this.#agreed.add(key);
      return null;
    }
    this.#asked.set(key, what);
    const name = catalogue.models().find(({ id }) => id === model)?.name ?? model;
    return { cost, limit: config.ask_above_cost, model: name };
  }
}
