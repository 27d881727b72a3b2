/** The story so far: records that tell a stretch of messages in a few words, bound to the path they stand on. */
import type { Database } from "./database.ts";
import type { StoredMessage } from "./messages.ts";

export type SummaryOrigin = "extract" | "model" | "player";

export interface NewSummary {
  /** First and last message that it tells, both included. */
  first_id: number;
  last_id: number;
  /** It counts only where the last message that is left out of the history comes after this one; null: always. */
  after_id: number | null;
  /** 1: told from messages; 2 and 3: folded from records of the layer below. */
  layer: 1 | 2 | 3;
  text: string;
  origin: SummaryOrigin;
  created_ms: number;
}

export interface SummaryRow extends NewSummary {
  id: number;
  /** The message before the first one; null: it begins the story. */
  prev_id: number | null;
}

const COLUMNS = `id, first_id, last_id, after_id, layer, text, origin, created_ms,
  (SELECT f.parent_id FROM messages f WHERE f.id = first_id) AS prev_id`;

/** Adds a record. Nothing is added when its last message is not in that session of the player; then returns null. */
export function addSummary(
  db: Database,
  player_id: string,
  session_id: string,
  summary: NewSummary,
): SummaryRow | null {
  return db.transaction(() => {
    const { changes, id } = db.run(
      `INSERT INTO summaries (player_id, session_id, first_id, last_id, after_id, layer, text, origin, created_ms)
       SELECT s.player_id, s.id, ?, m.id, ?, ?, ?, ?, ? FROM messages m
       JOIN sessions s ON s.id = m.session_id WHERE m.id = ? AND s.id = ? AND s.player_id = ?`,
      summary.first_id,
      summary.after_id,
      summary.layer,
      summary.text,
      summary.origin,
      summary.created_ms,
      summary.last_id,
      session_id,
      player_id,
    );
    if (changes === 0) return null;
    return db.get<SummaryRow>(`SELECT ${COLUMNS} FROM summaries WHERE id = ?`, id) ?? null;
  });
}

/** All records of a session of the player, on whatever branch, in the order they were made. */
export function listSummaries(db: Database, player_id: string, session_id: string): SummaryRow[] {
  return db.all(
    `SELECT ${COLUMNS} FROM summaries WHERE session_id = ? AND player_id = ? ORDER BY id`,
    session_id,
    player_id,
  );
}

/**
 * The nearest of `ids` on the way from `last_id` (itself included) up to the root of the story; null: none of them.
 * Costs no more than the way there.
 */
export function nearestAbove(db: Database, player_id: string, last_id: number, ids: number[]): number | null {
  if (ids.length === 0) return null;
  const found = db.get<{ id: number }>(
    `WITH RECURSIVE wanted (id) AS (SELECT value FROM json_each(?)),
     up (id, parent_id) AS (
       SELECT m.id, m.parent_id FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
       WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id FROM up JOIN messages m ON m.id = up.parent_id AND m.id < up.id
       WHERE up.id NOT IN (SELECT id FROM wanted)
     )
     SELECT id FROM up WHERE id IN (SELECT id FROM wanted) LIMIT 1`,
    JSON.stringify(ids),
    player_id,
    last_id,
  );
  return found?.id ?? null;
}

/**
 * The messages of the path that ends in `last_id`, oldest first, from the one after `after_id` (null: from the root)
 * on, without the place among siblings. Empty when the last one is not the player's.
 */
export function pathBetween(
  db: Database,
  player_id: string,
  after_id: number | null,
  last_id: number,
): Pick<StoredMessage, "id" | "role" | "content" | "tokens" | "status">[] {
  return db.all(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT m.id, m.parent_id FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
       WHERE m.id = ? AND m.id > ?
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id WHERE m.id > ?
     )
     SELECT m.id, m.role, m.content, m.tokens, m.status FROM path CROSS JOIN messages m ON m.id = path.id
     ORDER BY m.id`,
    player_id,
    last_id,
    after_id ?? 0,
    after_id ?? 0,
  );
}
