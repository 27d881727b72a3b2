/** How much one player may ask of a brain that others share. Pure: the clock comes as an argument. */

import type { Config, Limits } from "./config.ts";
import { MAX_PROMPT_BYTES } from "../shared/protocol.ts";
import { LOCAL_PLAYER } from "./store/players.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a player with a token may where the config says nothing; who sits at the machine may all. */
const GUEST: Limits = {
  running_turns: 2,
  frames_per_second: 20,
  prompt_bytes: MAX_PROMPT_BYTES,
  lore_bytes: 256 * 1024,
  tokens_per_day: 0,
  spend_per_day: 0,
};
const OWNER: Limits = { ...GUEST, running_turns: 0, frames_per_second: 0, lore_bytes: 0 };

/** The limits of this player; 0: none. */
export function limitsOf(config: Config, player_id: string): Limits {
  return { ...(player_id === LOCAL_PLAYER ? OWNER : GUEST), ...config.limits };
}

/**
 * Why there is no further turn today, or null. `spent` is what was used since midnight UTC; `price_known` false: the model
 * costs nobody knows what.
 */
export function dayIsOver(
  limits: Limits,
  spent: { tokens: number; cost: number },
  price_known: boolean,
  now_ms: number,
): string | null {
  const again = () => `There is more in ${hoursAndMinutes(DAY_MS - now_ms % DAY_MS)}.`;
  const { tokens_per_day, spend_per_day } = limits;
  if (tokens_per_day > 0 && spent.tokens >= tokens_per_day) {
    const [used, all] = [spent.tokens, tokens_per_day].map((count) => count.toLocaleString("en"));
    return `✗ Your tokens of today are used: ${used} of ${all}. ${again()}`;
  }
  if (spend_per_day > 0 && spent.cost >= spend_per_day) {
    return `✗ What you may spend today is spent: $${spent.cost.toFixed(2)} of $${spend_per_day}. ${again()}`;
  }
  if (spend_per_day > 0 && !price_known) {
    return "✗ Nobody knows what this model costs, and what you may spend is limited. /model picks another.";
  }
  return null;
}

function hoursAndMinutes(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}

/** Counts frames by player: as many as a second may have at once, then one after another at that pace. */
export class FramePace {
  readonly #left = new Map<string, { frames: number; at_ms: number }>();

  /** Whether one more frame fits. `now_ms` never goes back. */
  take(player_id: string, per_second: number, now_ms: number): boolean {
    if (per_second <= 0) return true;
    const before = this.#left.get(player_id) ?? { frames: per_second, at_ms: now_ms };
    const grown = before.frames + (now_ms - before.at_ms) * per_second / 1000;
    const frames = Math.min(per_second, grown);
    const fits = frames >= 1;
    this.#left.set(player_id, { frames: fits ? frames - 1 : frames, at_ms: now_ms });
    return fits;
  }
}
