/** The shipped price table, as it was parsed from assets/prices.yaml. Pure. */

import type { Price } from "../config.ts";
import { fieldsOf } from "./model_lists.ts";

function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/**
 * `models:` of the parsed file, by `<vendor>/<id>`, US dollars per million tokens. Entries without both prices are left
 * out.
 */
export function readPrices(value: unknown): Record<string, Price> {
  const prices: Record<string, Price> = {};
  for (const [id, entry] of Object.entries(fieldsOf(fieldsOf(value).models))) {
    const { prompt, completion, cached } = fieldsOf(entry);
    const [read, written] = [amount(prompt), amount(completion)];
    if (read === null || written === null) continue;
    prices[id] = { prompt: read, completion: written, cached: amount(cached) };
  }
  return prices;
}
