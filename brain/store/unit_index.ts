/** What recall reads of units before it knows which it wants: all of them column by column, and those that hold a word. */
import type { Database } from "./database.ts";

/** What recall keeps in mind of many units, column by column, in the order of the story or of the lore. */
export interface UnitColumns {
  ids: number[];
  /** Message of a memory; 0 for lore. */
  message_ids: number[];
  /** Bytes of the text. */
  lengths: number[];
  /** Neighbours that belong together have the same number here: a message's place is elsewhere, lore's heading is this. */
  groups: number[];
}

/** A string that changes when the lore that the player can meet in this world has changed. */
export function loreState(db: Database, player_id: string, world_id: string): string {
  const { state } = db.get<{ state: string }>(
    `SELECT count(*) || ' ' || coalesce(max(id), 0) || ' ' ||
       coalesce((SELECT digest FROM lore_digests WHERE world_id = ?1), '') AS state
     FROM lore_units WHERE world_id = ?1 AND player_id IN ('', ?2)`,
    world_id,
    player_id,
  )!;
  return state;
}

/** All units of lore that the player can meet in this world, each source in its own order. */
export function loreColumns(db: Database, player_id: string, world_id: string): UnitColumns {
  const columns = db.get<Record<keyof UnitColumns, string>>(
    `SELECT json_group_array(id) AS ids, '[]' AS message_ids, json_group_array(length) AS lengths,
       json_group_array(heading_group) AS groups
     FROM (
       SELECT id, octet_length(text) AS length,
         dense_rank() OVER (ORDER BY player_id, source, heading) AS heading_group
       FROM lore_units WHERE world_id = ? AND player_id IN ('', ?) ORDER BY player_id, source, place, id
     )`,
    world_id,
    player_id,
  )!;
  return parsed(columns);
}

/** The units of memory of this session with ids above `after_id`, oldest first. */
export function memoryColumns(
  db: Database,
  player_id: string,
  session_id: string,
  after_id: number,
): UnitColumns {
  const columns = db.get<Record<keyof UnitColumns, string>>(
    `SELECT json_group_array(id) AS ids, json_group_array(message_id) AS message_ids,
       json_group_array(length) AS lengths, '[]' AS groups
     FROM (
       SELECT id, message_id, octet_length(text) AS length FROM memory_units
       WHERE session_id = ? AND player_id = ? AND id > ? ORDER BY id
     )`,
    session_id,
    player_id,
    after_id,
  )!;
  return parsed(columns);
}

/** Ids, both included. */
export interface IdSpan {
  first: number;
  last: number;
}

const ALL_IDS: IdSpan = { first: 0, last: Number.MAX_SAFE_INTEGER };

/** Ids in `span` of the units of lore of this world that hold `phrase`; `prefix`: its last word may go on. */
export function findLore(
  db: Database,
  player_id: string,
  world_id: string,
  phrase: string,
  prefix = false,
  span = ALL_IDS,
): number[] {
  const { ids } = db.get<{ ids: string }>(
    `SELECT json_group_array(lore_fts.rowid) AS ids FROM lore_fts
     CROSS JOIN lore_units u ON u.id = lore_fts.rowid
     WHERE lore_fts MATCH ? AND lore_fts.rowid BETWEEN ? AND ? AND u.world_id = ? AND u.player_id IN ('', ?)`,
    `world_id : ${quoted(world_id)} AND ${bodyHas(phrase, prefix)}`,
    span.first,
    span.last,
    world_id,
    player_id,
  )!;
  return JSON.parse(ids);
}

/** Ids in `span` of the units of memory of this session that hold `phrase`; `prefix`: its last word may go on. */
export function findMemory(
  db: Database,
  player_id: string,
  session_id: string,
  phrase: string,
  prefix = false,
  span = ALL_IDS,
): number[] {
  // The join would cost more than all else: ids of a session that has the same words in its id are unknown to recall.
  const { ids } = db.get<{ ids: string }>(
    `SELECT json_group_array(rowid) AS ids FROM memory_fts
     WHERE memory_fts MATCH ? AND rowid BETWEEN ? AND ?
       AND EXISTS (SELECT 1 FROM sessions WHERE id = ? AND player_id = ?)`,
    `session_id : ${quoted(session_id)} AND ${bodyHas(phrase, prefix)}`,
    span.first,
    span.last,
    session_id,
    player_id,
  )!;
  return JSON.parse(ids);
}

/**
 * Ids of all units in `span` that hold `phrase`, whoever's they are: several times as fast as asking for those of one
 * story or world, when there are few others between them. Recall knows none of the others.
 */
export function findWithin(
  db: Database,
  kind: "lore" | "memory",
  phrase: string,
  prefix: boolean,
  span: IdSpan,
): number[] {
  const { ids } = db.get<{ ids: string }>(WITHIN[kind], bodyHas(phrase, prefix), span.first, span.last)!;
  return JSON.parse(ids);
}

const WITHIN = {
  lore: `SELECT json_group_array(rowid) AS ids FROM lore_fts
     WHERE lore_fts MATCH ? AND rowid BETWEEN ? AND ?`,
  memory: `SELECT json_group_array(rowid) AS ids FROM memory_fts
     WHERE memory_fts MATCH ? AND rowid BETWEEN ? AND ?`,
};

function parsed(columns: Record<keyof UnitColumns, string>): UnitColumns {
  return {
    ids: JSON.parse(columns.ids),
    message_ids: JSON.parse(columns.message_ids),
    lengths: JSON.parse(columns.lengths),
    groups: JSON.parse(columns.groups),
  };
}

/** What FTS5 is asked for `phrase` in the column `body`; `prefix`: its last word may go on. */
export function bodyHas(phrase: string, prefix: boolean): string {
  return `body : ${quoted(phrase)}${prefix ? " *" : ""}`;
}

// A quote inside quotes is doubled; nothing else has a meaning there, whatever a player types.
function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`;
}
