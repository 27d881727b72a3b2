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

/** What a player has used in a day, deleted stories included. */
export interface Spent {
  /** Prompt and completion. */
  tokens: number;
  /** US dollars, of what has a known price. */
  cost: number;
}

/** The day that a time (milliseconds since 1970) is in, counted from 1970 in UTC. */
export function dayOf(time_ms: number): number {
  return Math.floor(time_ms / (24 * 60 * 60 * 1000));
}

/** Adds what a reply or a call beside has used to the player's day (days since 1970, UTC). */
export function addSpent(
  db: Database,
  player_id: string,
  day: number,
  usage: { prompt_tokens: number; completion_tokens: number; cost: number | null },
): void {
  db.run(
    `INSERT INTO daily_usage (player_id, day, tokens, cost) VALUES (?, ?, ?, ?)
     ON CONFLICT (player_id, day) DO UPDATE SET tokens = tokens + excluded.tokens, cost = cost + excluded.cost`,
    player_id,
    day,
    usage.prompt_tokens + usage.completion_tokens,
    usage.cost ?? 0,
  );
}

/** What the player has used in this day. */
export function spentOn(db: Database, player_id: string, day: number): Spent {
  return db.get<Spent>(
    "SELECT tokens, cost FROM daily_usage WHERE player_id = ? AND day = ?",
    player_id,
    day,
  ) ?? { tokens: 0, cost: 0 };
}

/** What was asked of a model beside replies: the story so far, facts. */
export interface SideUsage {
  kind: "summary" | "facts";
  model: string;
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** US dollars; null when no price is known. */
  cost: number | null;
  created_ms: number;
}

/** Keeps what a call beside the replies cost. Ignores foreign sessions and deleted ones. */
export function addSideUsage(db: Database, player_id: string, session_id: string, usage: SideUsage): void {
  db.transaction(() => {
    db.run(
      `INSERT INTO side_usage (player_id, session_id, kind, model, prompt_tokens, cached_tokens, completion_tokens,
         cost, created_ms)
       SELECT player_id, id, ?, ?, ?, ?, ?, ?, ? FROM sessions WHERE id = ? AND player_id = ?`,
      usage.kind,
      usage.model,
      usage.prompt_tokens,
      usage.cached_tokens,
      usage.completion_tokens,
      usage.cost,
      usage.created_ms,
      session_id,
      player_id,
    );
    // Whatever became of the story: it was paid for.
    addSpent(db, player_id, dayOf(usage.created_ms), usage);
  });
}

/** The calls beside the replies, summed like `usageTotals`; `turns` counts the calls. */
export function sideTotals(
  db: Database,
  player_id: string,
  kind: SideUsage["kind"],
  session_id?: string,
): UsageTotals {
  const row = db.get<UsageTotals>(
    `SELECT count(*) AS turns, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
       coalesce(sum(cached_tokens), 0) AS cached_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
       coalesce(sum(cost), 0.0) AS cost, coalesce(sum(cost IS NULL), 0) AS unknown_cost_turns
     FROM side_usage WHERE player_id = ? AND kind = ? AND (?3 IS NULL OR session_id = ?3)`,
    player_id,
    kind,
    session_id ?? null,
  );
  return { ...row! };
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
