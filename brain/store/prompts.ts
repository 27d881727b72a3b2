/** What was sent for a reply, what was dropped and what was recalled: kept beside the reply, for /why and for people. */
import type { Database } from "./database.ts";

/** Keeps `record` (anything JSON can hold) for this reply, in place of an earlier one. */
export function savePrompt(db: Database, message_id: number, record: unknown): void {
  db.run(
    `INSERT INTO prompts (message_id, record) VALUES (?, ?)
     ON CONFLICT (message_id) DO UPDATE SET record = excluded.record`,
    message_id,
    JSON.stringify(record),
  );
}

/** The record kept for this reply, undefined when there is none or the reply is not the player's. */
export function getPrompt(db: Database, player_id: string, message_id: number): unknown {
  const row = db.get<{ record: string }>(
    `SELECT p.record FROM prompts p JOIN messages m ON m.id = p.message_id
     JOIN sessions s ON s.id = m.session_id AND s.player_id = ? WHERE p.message_id = ?`,
    player_id,
    message_id,
  );
  return row && JSON.parse(row.record) as unknown;
}
