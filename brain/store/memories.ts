/** Units of memory: what was told, cut into the pieces that recall searches. */
import { createHash } from "node:crypto";
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import { readNumbers } from "./stored_json.ts";
import { spaced } from "./spacing.ts";

/** Who said something, where and when in the story, as far as it is known. */
export interface Told {
  speaker?: string;
  scene?: string;
  time?: string;
}

export interface MemoryRow {
  id: number;
  message_id: number;
  role: Role;
  text: string;
  /** Who said it; empty for the player's character and for the narrator. */
  speaker: string;
  /** The scene and the time in the story, as they were given; empty when unknown. */
  scene: string;
  told_at: string;
  /** The player's lines from the root of the story to this one. */
  turn: number;
}

/** Replaces the memory of one message by these texts; what is the same keeps its unit, and so its place in the index. */
export function saveMemory(
  db: Database,
  player_id: string,
  message: { session_id: string; id: number; role: Role },
  texts: string[],
  told: Told = {},
): void {
  const { speaker = "", scene = "", time = "" } = told;
  db.transaction(() => {
    const before = db.all<{ id: number; text: string; speaker: string; scene: string; told_at: string }>(
      `SELECT id, text, speaker, scene, told_at FROM memory_units
       WHERE message_id = ? AND player_id = ? ORDER BY id`,
      message.id,
      player_id,
    );
    const same = before.length === texts.length &&
      before.every((row, i) =>
        row.text === texts[i] && row.speaker === speaker && row.scene === scene && row.told_at === time
      );
    if (same) return;
    for (const text of texts) {
      const prefix = [speaker, scene, time].join(" ");
      db.run(
        `INSERT INTO memory_units (player_id, session_id, message_id, role, text, spaced, speaker, scene, told_at, hash)
         SELECT s.player_id, s.id, m.id, ?, ?, ?, ?, ?, ?, ? FROM messages m
         JOIN sessions s ON s.id = m.session_id WHERE m.id = ? AND s.id = ? AND s.player_id = ?`,
        message.role,
        text,
        spaced(`${prefix}\n${text}`),
        speaker,
        scene,
        time,
        textHash(memoryText({ speaker, text })),
        message.id,
        message.session_id,
        player_id,
      );
    }
    // After the new ones: a vector goes with the last unit that has its text.
    for (const { id } of before) db.run("DELETE FROM memory_units WHERE id = ?", id);
  });
}

/** Finished messages with text that no memory was made of, of these ids, oldest first: a crash came between the two. */
export function unremembered(
  db: Database,
  from_id = 0,
  to_id: number = Number.MAX_SAFE_INTEGER,
): {
  id: number;
  session_id: string;
  player_id: string;
  character_id: string;
  role: Role;
  content: string;
}[] {
  return db.all(
    `SELECT m.id, m.session_id, s.player_id, s.character_id, m.role, m.content FROM messages m
     JOIN sessions s ON s.id = m.session_id
     WHERE m.status <> 'writing' AND trim(m.content, ' ' || char(9, 10, 13)) <> ''
       AND NOT EXISTS (SELECT 1 FROM memory_units u WHERE u.message_id = m.id)
       AND m.id BETWEEN ? AND ?
     ORDER BY m.id`,
    from_id,
    to_id,
  );
}

/** The player's units of memory with these ids. */
export function memoryRows(db: Database, player_id: string, ids: number[]): MemoryRow[] {
  return db.all(
    `SELECT u.id, u.message_id, u.role, u.text, u.speaker, u.scene, u.told_at, m.turn FROM memory_units u JOIN messages m ON m.id = u.message_id
     WHERE u.id IN (SELECT value FROM json_each(?)) AND u.player_id = ?`,
    JSON.stringify(ids),
    player_id,
  );
}

/** A reply as recall looks back on it: its text, and the units that were told to the narrator for it. */
export interface RecentReply {
  content: string;
  lore_ids: number[];
  memory_ids: number[];
}

/** The last `limit` replies on the path to `leaf_id`, newest first. */
export function recentReplies(
  db: Database,
  player_id: string,
  leaf_id: number | null,
  limit: number,
): RecentReply[] {
  const rows = db.all<{ content: string; lore_ids: string; memory_ids: string }>(
    `WITH RECURSIVE path (id, parent_id, role, content, depth) AS (
       SELECT m.id, m.parent_id, m.role, m.content, 0 FROM messages m
       JOIN sessions s ON s.id = m.session_id AND s.player_id = ?1 WHERE m.id = ?2
       UNION ALL
       SELECT m.id, m.parent_id, m.role, m.content, path.depth + 1 FROM path
       JOIN messages m ON m.id = path.parent_id AND m.id < path.id WHERE path.depth < 2 * ?3
     )
     SELECT path.content, coalesce(iif(json_valid(p.record), p.record, '{}') ->> '$.lore_ids', '[]') AS lore_ids,
       coalesce(iif(json_valid(p.record), p.record, '{}') ->> '$.memory_ids', '[]') AS memory_ids
     FROM path LEFT JOIN prompts p ON p.message_id = path.id
     WHERE path.role = 'assistant' ORDER BY path.depth LIMIT ?3`,
    player_id,
    leaf_id,
    limit,
  );
  return rows.map(({ content, lore_ids, memory_ids }) => ({
    content,
    lore_ids: readNumbers(lore_ids),
    memory_ids: readNumbers(memory_ids),
  }));
}

/** The ids of the units made of these messages, in the order of the story. */
export function memoryOfMessages(
  db: Database,
  player_id: string,
  message_ids: number[],
): { id: number; message_id: number }[] {
  return db.all(
    `SELECT id, message_id FROM memory_units
     WHERE message_id IN (SELECT value FROM json_each(?)) AND player_id = ? ORDER BY message_id, id`,
    JSON.stringify(message_ids),
    player_id,
  );
}

/** The text of a unit of memory as it is embedded. */
export function memoryText(unit: { speaker: string; text: string }): string {
  return unit.speaker === "" ? unit.text : `${unit.speaker}: ${unit.text}`;
}

/** Names a text that is embedded: the same text has the same name, whoever's it is. */
export function textHash(text: string): string {
  return digestOf([text]);
}

/** Names some texts by what they say. */
export function digestOf(parts: string[]): string {
  // Half of it tells pieces of lore apart just as well, and keeps the index small.
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
