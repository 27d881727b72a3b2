/** What is derived from the stories: read beside its source, counted, and its indexes made anew. For the owner's roles. */
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";

/** A finished message and what its memory holds. */
export interface Remembered {
  id: number;
  session_id: string;
  player_id: string;
  character_id: string;
  role: Role;
  content: string;
  /** Of its units, in their order. */
  texts: string[];
  /** Of its first unit; null without one. */
  told: { speaker: string; scene: string; time: string } | null;
}

/** The next `limit` finished messages above `after_id`, by id, of all players. */
export function rememberedMessages(db: Database, after_id: number, limit: number): Remembered[] {
  const rows = db.all<Omit<Remembered, "texts" | "told"> & { texts: string; told: string | null }>(
    `SELECT m.id, m.session_id, s.player_id, s.character_id, m.role, m.content,
       (SELECT json_group_array(text) FROM (SELECT text FROM memory_units WHERE message_id = m.id ORDER BY id)) AS texts,
       (SELECT json_object('speaker', speaker, 'scene', scene, 'time', told_at) FROM memory_units
        WHERE message_id = m.id ORDER BY id LIMIT 1) AS told
     FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.status <> 'writing' AND m.id > ? ORDER BY m.id LIMIT ?`,
    after_id,
    limit,
  );
  return rows.map((row) => ({
    ...row,
    texts: JSON.parse(row.texts),
    told: row.told === null ? null : JSON.parse(row.told),
  }));
}

/** Gives the units of a message new ids, in the same order. */
export function renewUnits(db: Database, message_id: number): void {
  db.transaction(() => {
    const { last } = db.get<{ last: number }>(
      "SELECT coalesce(max(id), 0) AS last FROM memory_units WHERE message_id = ?",
      message_id,
    )!;
    const columns = "player_id, session_id, message_id, role, text, spaced, speaker, scene, told_at, hash";
    db.run(
      `INSERT INTO memory_units (${columns}) SELECT ${columns} FROM memory_units WHERE message_id = ? ORDER BY id`,
      message_id,
    );
    // After the new ones: a vector goes with the last unit that has its text.
    db.run("DELETE FROM memory_units WHERE message_id = ? AND id <= ?", message_id, last);
  });
}

/** The own lore of a world as it is indexed, by id. */
export function ownLore(
  db: Database,
  world_id: string,
): { heading: string; text: string; known_to: string }[] {
  return db.all(
    "SELECT heading, text, known_to FROM lore_units WHERE world_id = ? AND player_id = '' ORDER BY place, id",
    world_id,
  );
}

/** Worlds that have lore of their own here. */
export function worldsWithLore(db: Database): string[] {
  const rows = db.all<{ world_id: string }>("SELECT DISTINCT world_id FROM lore_units WHERE player_id = ''");
  return rows.map(({ world_id }) => world_id);
}

/** Makes the next `syncLore` of every world look at its units. */
export function doubtLore(db: Database): void {
  db.run("UPDATE lore_digests SET digest = ''");
}

/** Makes every full-text index anew from its units. */
export function rebuildFullText(db: Database): void {
  db.transaction(() => {
    db.run("INSERT INTO memory_fts (memory_fts) VALUES ('rebuild')");
    db.run("INSERT INTO lore_fts (lore_fts) VALUES ('rebuild')");
    db.run("INSERT INTO facts_fts (facts_fts) VALUES ('rebuild')");
  });
}

export interface IndexCount {
  units: number;
  /** Entries of the full-text index that stand for no unit, and units that have none. */
  astray: number;
  /** Units without a vector of the model. */
  without_vector: number;
}

/** How many units there are of this kind, and how their indexes differ. */
export function countIndexes(db: Database, kind: "lore" | "memory", model: string): IndexCount {
  const table = kind === "lore" ? "lore_units" : "memory_units";
  const index = kind === "lore" ? "lore_fts_docsize" : "memory_fts_docsize";
  return db.get<IndexCount>(
    `SELECT (SELECT count(*) FROM ${table}) AS units,
       (SELECT count(*) FROM ${table} u WHERE NOT EXISTS (SELECT 1 FROM ${index} d WHERE d.id = u.id)) +
       (SELECT count(*) FROM ${index} d WHERE NOT EXISTS (SELECT 1 FROM ${table} u WHERE u.id = d.id)) AS astray,
       (SELECT count(*) FROM ${table} u
        WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = u.hash AND v.model = ?)) AS without_vector`,
    model,
  )!;
}
