/** Pieces of memory and lore as a player lists them: what stands where, and what can be taken away. */
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";

export interface MemoryPiece {
  id: number;
  message_id: number;
  role: Role;
  text: string;
  /** The player's lines from the root of the story to where it was told. */
  turn: number;
}

export interface LorePiece {
  id: number;
  heading: string;
  text: string;
  known_to: string;
  /** "world", "attached", or the folder it was read from. */
  source: string;
}

/** How many pieces a reply of this session can draw on: its own memory, and the lore that the player meets there. */
export function countPieces(db: Database, player_id: string, session_id: string, world_id: string): number {
  return db.get<{ count: number }>(
    `SELECT (SELECT count(*) FROM memory_units WHERE session_id = ? AND player_id = ?) +
       (SELECT count(*) FROM lore_units WHERE world_id = ? AND player_id IN ('', ?)) AS count`,
    session_id,
    player_id,
    world_id,
    player_id,
  )!.count;
}

/** The newest `limit` pieces of memory of the path to `leaf_id`, the newest first; with `before`, older units than it. */
export function listMemory(
  db: Database,
  player_id: string,
  leaf_id: number | null,
  options: { limit: number; before?: number },
): MemoryPiece[] {
  return db.all(
    `WITH RECURSIVE path (id, parent_id, turn) AS (
       SELECT m.id, m.parent_id, m.turn FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
       WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id, m.turn FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
     )
     SELECT u.id, u.message_id, u.role, u.text, path.turn FROM path CROSS JOIN memory_units u
       ON u.message_id = path.id
     WHERE u.player_id = ? AND u.id < ? ORDER BY u.message_id DESC, u.id DESC LIMIT ?`,
    player_id,
    leaf_id,
    player_id,
    options.before ?? Number.MAX_SAFE_INTEGER,
    options.limit,
  );
}

/** One piece of memory of this session. */
export function memoryPiece(
  db: Database,
  player_id: string,
  session_id: string,
  id: number,
): MemoryPiece | undefined {
  return db.get(
    `SELECT u.id, u.message_id, u.role, u.text, m.turn FROM memory_units u JOIN messages m ON m.id = u.message_id
     WHERE u.id = ? AND u.session_id = ? AND u.player_id = ?`,
    id,
    session_id,
    player_id,
  );
}

/** The lore that the player meets in this world: the world's own, then what was attached, in the order it came. */
export function listLore(db: Database, player_id: string, world_id: string): LorePiece[] {
  return db.all(
    `SELECT id, heading, text, known_to, source FROM lore_units
     WHERE world_id = ? AND player_id IN ('', ?) ORDER BY source <> 'world', id`,
    world_id,
    player_id,
  );
}

/** Takes away a piece of lore that the player attached. Returns whether there was one: a world's own lore stays. */
export function detachLore(db: Database, player_id: string, world_id: string, id: number): boolean {
  return db.transaction(() => {
    const { changes } = db.run(
      "DELETE FROM lore_units WHERE id = ? AND world_id = ? AND player_id = ? AND player_id <> ''",
      id,
      world_id,
      player_id,
    );
    // The full-text index only marks rows as deleted; merged into one piece it holds their words no longer.
    if (changes > 0) db.run("INSERT INTO lore_fts (lore_fts) VALUES ('optimize')");
    return changes > 0;
  });
}
