/** Vectors of units' texts: part of the record, because they cost more to make again than all else that is derived. */
import type { Database } from "./database.ts";
import { memoryText, textHash } from "./memories.ts";

export type UnitKind = "lore" | "memory";

/** A text that no vector of the model in use was made of. */
export interface Unembedded {
  hash: string;
  text: string;
}

/** So many ids are looked at in one go: the look must not be felt, however long the stories are. */
const LOOK = 2000;

/**
 * Texts without a vector of `model` among the units with ids above `after_id`, and the id up to which was looked;
 * `done`: there are no more units.
 */
export function unembedded(
  db: Database,
  kind: UnitKind,
  model: string,
  after_id: number,
): { texts: Unembedded[]; up_to: number; done: boolean } {
  const table = kind === "lore" ? "lore_units" : "memory_units";
  const columns = kind === "lore" ? "u.heading AS speaker, u.text" : "u.speaker, u.text";
  const { up_to, last } = db.get<{ up_to: number; last: number }>(
    `SELECT coalesce(max(id), 0) AS last, coalesce(min(?1 + ${LOOK}, max(id)), 0) AS up_to FROM ${table}`,
    after_id,
  )!;
  const rows = db.all<{ hash: string; speaker: string; text: string }>(
    `SELECT u.hash, ${columns} FROM ${table} u
     WHERE u.id > ? AND u.id <= ? AND u.hash <> ''
       AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = u.hash AND v.model = ?)
     ORDER BY u.id`,
    after_id,
    up_to,
    model,
  );
  const texts = new Map(rows.map((row) => [row.hash, memoryText(row)]));
  return { texts: [...texts].map(([hash, text]) => ({ hash, text })), up_to, done: up_to >= last };
}

/** Keeps the vectors of these texts; of a text whose last unit went meanwhile, none. */
export function saveVectors(
  db: Database,
  model: string,
  made: { hash: string; vector: Float32Array }[],
): void {
  db.transaction(() => {
    for (const { hash, vector } of made) {
      db.run(
        `INSERT OR REPLACE INTO vectors (hash, model, dimension, vector)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM memory_units WHERE hash = ?1)
           OR EXISTS (SELECT 1 FROM lore_units WHERE hash = ?1)`,
        hash,
        model,
        vector.length,
        new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
      );
    }
  });
}

/** Removes the vectors of all models but this one. Returns how many went. */
export function dropOtherModels(db: Database, model: string): number {
  return db.run("DELETE FROM vectors WHERE model <> ?", model).changes;
}

/** A unit and its vector; null: not made yet. */
export interface VectorRow {
  id: number;
  vector: Uint8Array | null;
}

/** How many numbers a vector of this model has; null: none was made. */
export function dimensionOf(db: Database, model: string): number | null {
  return db.get<{ dimension: number }>("SELECT dimension FROM vectors WHERE model = ? LIMIT 1", model)
    ?.dimension ?? null;
}

/** The next `limit` units of this session with ids above `after_id`, by id. */
export function memoryVectors(
  db: Database,
  player_id: string,
  session_id: string,
  model: string,
  after_id: number,
  limit: number,
): VectorRow[] {
  return db.all(
    `SELECT u.id, v.vector FROM memory_units u LEFT JOIN vectors v ON v.hash = u.hash AND v.model = ?
     WHERE u.session_id = ? AND u.player_id = ? AND u.id > ? ORDER BY u.id LIMIT ?`,
    model,
    session_id,
    player_id,
    after_id,
    limit,
  );
}

/** The next `limit` units of lore of this world that the player can meet, with ids above `after_id`, by id. */
export function loreVectors(
  db: Database,
  player_id: string,
  world_id: string,
  model: string,
  after_id: number,
  limit: number,
): VectorRow[] {
  return db.all(
    `SELECT u.id, v.vector FROM lore_units u LEFT JOIN vectors v ON v.hash = u.hash AND v.model = ?
     WHERE u.world_id = ? AND u.player_id IN ('', ?) AND u.id > ? ORDER BY u.id LIMIT ?`,
    model,
    world_id,
    player_id,
    after_id,
    limit,
  );
}

/** Those of these units of the player that have a vector by now. */
export function vectorsOf(
  db: Database,
  player_id: string,
  kind: UnitKind,
  model: string,
  unit_ids: number[],
): { id: number; vector: Uint8Array }[] {
  const table = kind === "lore" ? "lore_units" : "memory_units";
  return db.all(
    `SELECT u.id, v.vector FROM ${table} u JOIN vectors v ON v.hash = u.hash AND v.model = ?
     WHERE u.id IN (SELECT value FROM json_each(?)) AND u.player_id IN ('', ?)`,
    model,
    JSON.stringify(unit_ids),
    player_id,
  );
}

/** Names the texts of units from before there were vectors, at most `limit`; returns how many there were. */
export function nameTexts(db: Database, limit: number): number {
  return db.transaction(() => {
    const rows = db.all<{ id: number; speaker: string; text: string }>(
      "SELECT id, speaker, text FROM memory_units WHERE hash = '' LIMIT ?",
      limit,
    );
    for (const row of rows) {
      db.run("UPDATE memory_units SET hash = ? WHERE id = ?", textHash(memoryText(row)), row.id);
    }
    return rows.length;
  });
}
