/** In which order models are shown, and which one tells when nobody has chosen. Pure. */

import { type Model, NARRATOR_ID } from "../../shared/story.ts";
import type { Config } from "../config.ts";

/** For comparing prices: a prompt ten times as long as the reply, as stories have it. */
function priceOf(model: Model): number {
  if (model.prompt_price === null || model.completion_price === null) return Infinity;
  return model.prompt_price * 10 + model.completion_price;
}

function isServed(model: Model): boolean {
  return model.local && model.provider !== "demo";
}

/** Local ones first, then those in `last_used` (latest first), then by price, unknown prices last. */
export function pickerOrder(models: Model[], last_used: string[]): Model[] {
  const rank = (model: Model) => {
    if (isServed(model)) return -1;
    const at = last_used.indexOf(model.id);
    return at < 0 ? last_used.length : at;
  };
  return models.toSorted((a, b) => {
    const by_rank = rank(a) - rank(b);
    if (by_rank !== 0 || isServed(a)) return by_rank;
    const [price_a, price_b] = [priceOf(a), priceOf(b)];
    if (price_a !== price_b) return price_a < price_b ? -1 : 1;
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  });
}

/**
 * The model of a player who has chosen none now: the configured one, the one used last (where `supported_models`
 * still allows it), a local server's first, the built-in narrator. Never a paid one that nobody chose.
 */
export function defaultModel(
  config: Pick<Config, "default_model" | "supported_models">,
  models: Model[],
  last_used: string,
): string {
  if (config.default_model !== "") return config.default_model;
  const allowed = config.supported_models.length === 0 || models.some((model) => model.id === last_used);
  if (last_used !== "" && allowed) return last_used;
  return models.find(isServed)?.id ?? NARRATOR_ID;
}
