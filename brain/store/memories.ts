/** What recall searches: units of lore (a world's own and what players attached) and units of what was told. */
import { createHash } from "node:crypto";
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import { readNumbers } from "./stored_json.ts";
import { spaced } from "./spacing.ts";

export interface NewLoreUnit {
  heading: string;
  text: string;
  known_to: string;
}

/** Who said something, where and when in the story, as far as it is known. */
export interface Told {
  speaker?: string;
  scene?: string;
  time?: string;
}

export interface LoreRow {
  id: number;
  heading: string;
  text: string;
  known_to: string;
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

/**
 * Makes the world's own lore exactly `units`. What is unchanged keeps its id and is not indexed again; unchanged
 * as a whole, nothing but a digest is read.
 */
export function syncLore(
  db: Database,
  world_id: string,
  units: NewLoreUnit[],
): { added: number; removed: number } {
  const digest = digestOf(units.map(hash));
  return db.transaction(() => {
    const last = db.get<{ digest: string }>("SELECT digest FROM lore_digests WHERE world_id = ?", world_id);
    if (last?.digest === digest) return { added: 0, removed: 0 };
    const removed = removeOthers(db, world_id, "", "world", units);
    const added = addLore(db, world_id, "", "world", units);
    db.run(
      `INSERT INTO lore_digests (world_id, digest) VALUES (?, ?)
       ON CONFLICT (world_id) DO UPDATE SET digest = excluded.digest`,
      world_id,
      digest,
    );
    return { added, removed };
  });
}

/** Removes the own lore of every world but these. What players attached stays: it is theirs, and worlds come back. */
export function pruneLore(db: Database, world_ids: string[]): void {
  db.transaction(() => {
    const gone = db.all<{ world_id: string }>(
      "SELECT world_id FROM lore_digests WHERE world_id NOT IN (SELECT value FROM json_each(?))",
      JSON.stringify(world_ids),
    );
    for (const { world_id } of gone) {
      db.run("DELETE FROM lore_units WHERE world_id = ? AND player_id = ''", world_id);
      db.run("DELETE FROM lore_digests WHERE world_id = ?", world_id);
    }
  });
}

/**
 * Adds lore of one player to a world. `source` is "attached", which only grows, or the path of a folder, whose
 * earlier units give way to these. Returns how many different units the call brought, new or already there.
 */
export function attachLore(
  db: Database,
  player_id: string,
  world_id: string,
  units: NewLoreUnit[],
  source: string,
): number {
  return db.transaction(() => {
    if (source !== "attached") removeOthers(db, world_id, player_id, source, units);
    addLore(db, world_id, player_id, source, units);
    return new Set(units.map(hash)).size;
  });
}

/** Bytes of all lore that the player has attached to a world. */
export function attachedBytes(db: Database, player_id: string, world_id: string): number {
  return db.get<{ bytes: number }>(
    `SELECT coalesce(sum(octet_length(heading) + octet_length(text)), 0) AS bytes FROM lore_units
     WHERE player_id = ? AND world_id = ?`,
    player_id,
    world_id,
  )?.bytes ?? 0;
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

/** The units of lore with these ids that the player can meet. */
export function loreRows(db: Database, player_id: string, ids: number[]): LoreRow[] {
  return db.all(
    `SELECT id, heading, text, known_to FROM lore_units
     WHERE id IN (SELECT value FROM json_each(?)) AND player_id IN ('', ?)`,
    JSON.stringify(ids),
    player_id,
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

function addLore(
  db: Database,
  world_id: string,
  player_id: string,
  source: string,
  units: NewLoreUnit[],
): number {
  let added = 0;
  let place = source === "attached"
    ? db.get<{ next: number }>(
      `SELECT coalesce(max(place), -1) + 1 AS next FROM lore_units
       WHERE world_id = ? AND player_id = ? AND source = ?`,
      world_id,
      player_id,
      source,
    )!.next
    : 0;
  for (const unit of units) {
    const new_unit = db.run(
      `INSERT OR IGNORE INTO lore_units (world_id, player_id, source, hash, heading, text, known_to, spaced, place)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      world_id,
      player_id,
      source,
      hash(unit),
      unit.heading,
      unit.text,
      unit.known_to,
      spaced(`${unit.heading}\n${unit.text}`),
      place,
    ).changes;
    if (new_unit === 0 && source !== "attached") {
      db.run(
        `UPDATE lore_units SET place = ?1
         WHERE world_id = ?2 AND player_id = ?3 AND source = ?4 AND hash = ?5 AND place <> ?1`,
        place,
        world_id,
        player_id,
        source,
        hash(unit),
      );
    }
    added += new_unit;
    place++;
  }
  return added;
}

function removeOthers(
  db: Database,
  world_id: string,
  player_id: string,
  source: string,
  units: NewLoreUnit[],
): number {
  return db.run(
    `DELETE FROM lore_units WHERE world_id = ? AND player_id = ? AND source = ?
     AND hash NOT IN (SELECT value FROM json_each(?))`,
    world_id,
    player_id,
    source,
    JSON.stringify(units.map(hash)),
  ).changes;
}

function hash(unit: NewLoreUnit): string {
  return digestOf([unit.heading, unit.text, unit.known_to]);
}

function digestOf(parts: string[]): string {
  // Half of it tells pieces of lore apart just as well, and keeps the index small.
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

function parsed(columns: Record<keyof UnitColumns, string>): UnitColumns {
  return {
    ids: JSON.parse(columns.ids),
    message_ids: JSON.parse(columns.message_ids),
    lengths: JSON.parse(columns.lengths),
    groups: JSON.parse(columns.groups),
  };
}

function bodyHas(phrase: string, prefix: boolean): string {
  return `body : ${quoted(phrase)}${prefix ? " *" : ""}`;
}

// A quote inside quotes is doubled; nothing else has a meaning there, whatever a player types.
function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`;
}
