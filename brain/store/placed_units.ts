/** Units with their vectors and whose they are: what an index elsewhere is made of, and compared with. */
import type { Database } from "./database.ts";

export type UnitKind = "lore" | "memory";

export interface PlacedUnit {
  id: number;
  /** Empty: lore of the world itself. */
  player_id: string;
  world_id: string;
  /** Empty for lore. */
  session_id: string;
  hash: string;
  /** Float32, little end first. */
  vector: Uint8Array;
}

/** The name of this database among others, 16 hexadecimal digits; a copy has it too. */
export function storeName(db: Database): string {
  return db.get<{ name: string }>("SELECT name FROM store_name")!.name;
}

/** A string that changes when units have come or gone. */
export function unitState(db: Database): string {
  const { state } = db.get<{ state: string }>(
    `SELECT (SELECT count(*) || ' ' || coalesce(max(id), 0) FROM lore_units) || ' ' ||
       (SELECT count(*) || ' ' || coalesce(max(id), 0) FROM memory_units) AS state`,
  )!;
  return state;
}

/** The next `limit` units above `after_id`, by id, of all players; `ready`: their vector of this model is there. */
export function unitHashes(
  db: Database,
  kind: UnitKind,
  model: string,
  after_id: number,
  limit: number,
): { id: number; hash: string; ready: 0 | 1 }[] {
  return db.all(
    `SELECT u.id, u.hash, EXISTS (SELECT 1 FROM vectors v WHERE v.hash = u.hash AND v.model = ?) AS ready
     FROM ${TABLES[kind]} u WHERE u.id > ? ORDER BY u.id LIMIT ?`,
    model,
    after_id,
    limit,
  );
}

/** The units with these ids that have a vector of this model. */
export function placedUnits(db: Database, kind: UnitKind, model: string, ids: number[]): PlacedUnit[] {
  return db.all(PLACED[kind], model, JSON.stringify(ids));
}

const TABLES: Record<UnitKind, string> = { lore: "lore_units", memory: "memory_units" };

const PLACED: Record<UnitKind, string> = {
  lore: `SELECT u.id, u.player_id, u.world_id, '' AS session_id, u.hash, v.vector FROM lore_units u
     JOIN vectors v ON v.hash = u.hash AND v.model = ?
     WHERE u.id IN (SELECT value FROM json_each(?)) ORDER BY u.id`,
  memory: `SELECT u.id, u.player_id, s.world_id, u.session_id, u.hash, v.vector FROM memory_units u
     JOIN sessions s ON s.id = u.session_id
     JOIN vectors v ON v.hash = u.hash AND v.model = ?
     WHERE u.id IN (SELECT value FROM json_each(?)) ORDER BY u.id`,
};
