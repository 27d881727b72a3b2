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

/** Some of a path: its pieces of memory, the newest first, and the message above it, null at the root. */
export interface PathPieces {
  pieces: MemoryPiece[];
  above: number | null;
}

/**
 * The pieces of memory of the last `messages` messages of the path to `leaf_id`; from `above` on there may be more. A long
 * story is read step by step: 20,000 messages in one go would hold up everybody for 130 ms.
 */
export function listMemory(
  db: Database,
  player_id: string,
  leaf_id: number | null,
  messages: number,
): PathPieces {
  const path = db.all<{ id: number; parent_id: number | null; turn: number }>(
    `WITH RECURSIVE path (id, parent_id, turn, count) AS (
       SELECT m.id, m.parent_id, m.turn, 1 FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
       WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id, m.turn, path.count + 1 FROM path JOIN messages m
         ON m.id = path.parent_id AND m.id < path.id WHERE path.count < ?
     )
     SELECT id, parent_id, turn FROM path ORDER BY id DESC`,
    player_id,
    leaf_id,
    messages,
  );
  const last = path.at(-1);
  if (last === undefined) return { pieces: [], above: null };
  const turns = new Map(path.map(({ id, turn }) => [id, turn]));
  const pieces = db.all<Omit<MemoryPiece, "turn">>(
    `SELECT id, message_id, role, text FROM memory_units
     WHERE message_id IN (SELECT value FROM json_each(?)) AND player_id = ? ORDER BY message_id DESC, id DESC`,
    JSON.stringify(path.map(({ id }) => id)),
    player_id,
  ).map((piece) => ({ ...piece, turn: turns.get(piece.message_id)! }));
  return { pieces, above: path.length < messages ? null : last.parent_id };
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
