/** What a reply costs. Pure. */

import type { Price } from "../config.ts";

export interface Counts {
  prompt_tokens: number;
  /** Part of `prompt_tokens` that the vendor had kept from an earlier request. */
  cached_tokens: number;
  completion_tokens: number;
}

/** US dollars for these tokens; null when no price is known. Without a price of their own cached tokens cost the full one. */
export function costOf(counts: Counts, price: Price | null): number | null {
  if (price === null) return null;
  const cached = Math.min(counts.cached_tokens, counts.prompt_tokens);
  const millionths = (counts.prompt_tokens - cached) * price.prompt +
    cached * (price.cached ?? price.prompt) +
    counts.completion_tokens * price.completion;
  return millionths / 1e6;
}
