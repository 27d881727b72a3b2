/** What a player pinned or told the engine to forget. A mark knows its piece by the text: units are made anew at a rebuild. */
import type { Database } from "./database.ts";

export type MarkKind = "memory" | "lore" | "fact";
export type MarkWord = "pinned" | "forgotten";

export interface Mark {
  kind: MarkKind;
  /** Where it was told; null for lore. */
  message_id: number | null;
  text: string;
  mark: MarkWord;
}

/** Sets the mark of a piece of this session, in place of an earlier one; null takes it away. Ignores foreign sessions. */
export function setMark(
  db: Database,
  player_id: string,
  session_id: string,
  piece: Omit<Mark, "mark">,
  mark: MarkWord | null,
): void {
  db.transaction(() => {
    db.run(
      "DELETE FROM marks WHERE session_id = ? AND player_id = ? AND kind = ? AND message_id IS ? AND text = ?",
      session_id,
      player_id,
      piece.kind,
      piece.message_id,
      piece.text,
    );
    if (mark === null) return;
    db.run(
      `INSERT INTO marks (player_id, session_id, kind, message_id, text, mark)
       SELECT player_id, id, ?, ?, ?, ? FROM sessions WHERE id = ? AND player_id = ?`,
      piece.kind,
      piece.message_id,
      piece.text,
      mark,
      session_id,
      player_id,
    );
  });
}

/** All marks of a session of the player, the oldest first. */
export function listMarks(db: Database, player_id: string, session_id: string): Mark[] {
  return db.all(
    "SELECT kind, message_id, text, mark FROM marks WHERE session_id = ? AND player_id = ? ORDER BY id",
    session_id,
    player_id,
  );
}
