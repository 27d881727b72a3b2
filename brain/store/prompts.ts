/** What was sent for a reply, what was dropped and what was recalled: kept beside the reply, for /why and for people. */
import type { RecalledOf } from "../../shared/protocol.ts";
import type { Database } from "./database.ts";
import { readJson } from "./stored_json.ts";

/** A request longer than this (characters of JSON) is not kept whole. */
const MAX_RECORD = 1024 * 1024;

/**
 * Keeps `record` (anything JSON can hold) for this reply, in place of an earlier one. Some of it stays only until the next
 * reply of the session: `messages`, the whole request, which kept for all would grow with the square of a story, the last
 * of them (`context`), and the ids of what the history left out (`dropped`: all up to `cuts.boundary`).
 */
export function savePrompt(db: Database, message_id: number, record: unknown): void {
  const whole = JSON.stringify(record);
  db.transaction(() => {
    db.run(
      `UPDATE prompts SET record = iif(json_valid(record), json_remove(record, '$.messages', '$.context', '$.dropped'), '{}') WHERE message_id = (
         SELECT p.message_id FROM prompts p CROSS JOIN messages m ON m.id = p.message_id
         WHERE p.message_id <> ?1 AND m.session_id = (SELECT session_id FROM messages WHERE id = ?1)
         ORDER BY p.message_id DESC LIMIT 1)`,
      message_id,
    );
    db.run(
      `INSERT INTO prompts (message_id, record) VALUES (?, ?)
       ON CONFLICT (message_id) DO UPDATE SET record = excluded.record`,
      message_id,
      whole.length <= MAX_RECORD ? whole : JSON.stringify({ ...(record as object), messages: undefined }),
    );
  });
}

/** Whether the request of another reply of the session was too long for its window (`over` > 0). */
export function wasTooLong(
  db: Database,
  player_id: string,
  session_id: string,
  message_id: number,
): boolean {
  return db.get(
    `SELECT 1 FROM sessions s CROSS JOIN messages m ON m.session_id = s.id CROSS JOIN prompts p ON p.message_id = m.id
     WHERE s.player_id = ? AND s.id = ? AND m.id <> ? AND iif(json_valid(p.record), p.record, '{}') ->> 'over' > 0 LIMIT 1`,
    player_id,
    session_id,
    message_id,
  ) !== undefined;
}

/** How many pieces stood in the requests of these replies, for those of the player's where some did. */
export function recalledCounts(
  db: Database,
  player_id: string,
  message_ids: readonly number[],
): RecalledOf[] {
  if (message_ids.length === 0) return [];
  return db.all<{ message_id: number; lore: number; memories: number }>(
    `SELECT p.message_id AS message_id, sum(piece.value ->> 'kind' = 'lore') AS lore,
       sum(piece.value ->> 'kind' <> 'lore') AS memories
     FROM prompts p JOIN messages m ON m.id = p.message_id
     JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
     CROSS JOIN json_each(iif(json_valid(p.record), p.record, '{}'), '$.why.recalled') piece
     WHERE p.message_id IN (SELECT value FROM json_each(?)) GROUP BY p.message_id ORDER BY p.message_id`,
    player_id,
    JSON.stringify(message_ids),
  );
}

/** The record kept for this reply, undefined when there is none or the reply is not the player's, empty when it is damaged. */
export function getPrompt(db: Database, player_id: string, message_id: number): unknown {
  const row = db.get<{ record: string }>(
    `SELECT p.record FROM prompts p JOIN messages m ON m.id = p.message_id
     JOIN sessions s ON s.id = m.session_id AND s.player_id = ? WHERE p.message_id = ?`,
    player_id,
    message_id,
  );
  return row && (row.record === "null" ? null : readJson(row.record) ?? {});
}
