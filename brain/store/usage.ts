/** What the replies have used, summed: tokens and US dollars. */
import type { Database } from "./database.ts";

export interface UsageTotals {
  /** Replies that a model was asked for. */
  turns: number;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** US dollars, of the turns whose price is known. */
  cost: number;
  unknown_cost_turns: number;
}

/** The totals of one session of the player, or of all that still exist. Branches not shown count: they were paid for. */
export function usageTotals(db: Database, player_id: string, session_id?: string): UsageTotals {
  const row = db.get<UsageTotals>(
    `SELECT count(*) AS turns,
       coalesce(sum(m.usage ->> 'prompt_tokens'), 0) AS prompt_tokens,
       coalesce(sum(m.usage ->> 'cached_tokens'), 0) AS cached_tokens,
       coalesce(sum(m.usage ->> 'completion_tokens'), 0) AS completion_tokens,
       coalesce(sum(m.usage ->> 'cost'), 0.0) AS cost,
       coalesce(sum(m.usage ->> 'cost' IS NULL), 0) AS unknown_cost_turns
     FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?1
     WHERE m.usage IS NOT NULL AND (?2 IS NULL OR s.id = ?2)`,
    player_id,
    session_id ?? null,
  );
  return { ...row! };
}
