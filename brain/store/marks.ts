/** What a player pinned or told the engine to forget. A mark knows its piece by the text: units are made anew at a rebuild. */
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import type { LoreRow } from "./lore.ts";

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

/** A marked unit of memory or fact that stands on a path. */
export interface MarkedRow {
  kind: "memory" | "fact";
  /** Of the unit, or of the fact; 0 for text that is cut otherwise now. */
  unit_id: number;
  message_id: number;
  role: Role;
  text: string;
  /** The player's lines from the root to where it was told. */
  turn: number;
}

/** Those of `marks` that were told on the path to `leaf_id`, with the units and facts they are now. */
export function markedMessages(
  db: Database,
  player_id: string,
  session_id: string,
  leaf_id: number | null,
  marks: Mark[],
): MarkedRow[] {
  const told = marks.filter((mark) => mark.kind !== "lore");
  if (told.length === 0) return [];
  return db.all(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT m.id, m.parent_id FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?1
       WHERE m.id = ?2 AND s.id = ?3
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id WHERE m.id >= ?5
     ), wanted (kind, message_id, text) AS (
       SELECT value ->> 'kind', value ->> 'message_id', value ->> 'text' FROM json_each(?4)
     )
     SELECT w.kind, w.text, m.id AS message_id, m.role, m.turn, coalesce(
       iif(w.kind = 'fact',
         (SELECT max(f.id) FROM facts f WHERE f.message_id = m.id AND f.text = w.text),
         (SELECT min(u.id) FROM memory_units u
          WHERE u.message_id = m.id AND (u.text = w.text OR instr(u.text, w.text) OR instr(w.text, u.text)))), 0
     ) AS unit_id
     FROM wanted w JOIN messages m ON m.id = w.message_id WHERE m.id IN (SELECT id FROM path)`,
    player_id,
    leaf_id,
    session_id,
    JSON.stringify(told),
    // Ids grow along a path: above the oldest mark nothing is looked for.
    Math.min(...told.map(({ message_id }) => message_id ?? 0)),
  );
}

/** The units of lore of this world that `marks` are about. */
export function markedLore(db: Database, player_id: string, world_id: string, marks: Mark[]): LoreRow[] {
  const lore = marks.filter((mark) => mark.kind === "lore");
  if (lore.length === 0) return [];
  return db.all(
    `SELECT min(id) AS id, heading, text, known_to FROM lore_units
     WHERE world_id = ? AND player_id IN ('', ?) AND text IN (SELECT value FROM json_each(?)) GROUP BY text`,
    world_id,
    player_id,
    JSON.stringify(lore.map((mark) => mark.text)),
  );
}
