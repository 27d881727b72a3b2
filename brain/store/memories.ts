/** What recall searches: units of lore (a world's own and what players attached) and units of what was told. */
import { createHash } from "node:crypto";
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import { spaced } from "./spacing.ts";

export interface NewLoreUnit {
  heading: string;
  text: string;
  known_to: string;
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
  /** The player's lines from the root of the story to this one. */
  turn: number;
}

/** A unit that has what was looked for, and the length of its text in bytes. */
export interface Match {
  id: number;
  length: number;
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

/** Replaces the memory of one message by these texts; nothing is written when they are the same. */
export function saveMemory(
  db: Database,
  player_id: string,
  message: { session_id: string; id: number; role: Role },
  texts: string[],
): void {
  db.transaction(() => {
    const before = db.all<{ text: string }>(
      "SELECT text FROM memory_units WHERE message_id = ? AND player_id = ? ORDER BY id",
      message.id,
      player_id,
    );
    if (before.length === texts.length && before.every((row, i) => row.text === texts[i])) return;
    db.run("DELETE FROM memory_units WHERE message_id = ? AND player_id = ?", message.id, player_id);
    for (const text of texts) {
      db.run(
        `INSERT INTO memory_units (player_id, session_id, message_id, role, text, spaced)
         SELECT s.player_id, s.id, m.id, ?, ?, ? FROM messages m
         JOIN sessions s ON s.id = m.session_id WHERE m.id = ? AND s.id = ? AND s.player_id = ?`,
        message.role,
        text,
        spaced(text),
        message.id,
        message.session_id,
        player_id,
      );
    }
  });
}

/** Finished messages with text that no memory was made of, oldest first: a crash came between the two. */
export function unremembered(
  db: Database,
): { id: number; session_id: string; player_id: string; role: Role; content: string }[] {
  return db.all(
    `SELECT m.id, m.session_id, s.player_id, m.role, m.content FROM messages m
     JOIN sessions s ON s.id = m.session_id
     WHERE m.status <> 'writing' AND trim(m.content, ' ' || char(9, 10, 13)) <> ''
       AND NOT EXISTS (SELECT 1 FROM memory_units u WHERE u.message_id = m.id)
     ORDER BY m.id`,
  );
}

/** How many units of lore the player can meet in this world. */
export function countLore(db: Database, player_id: string, world_id: string): number {
  return db.get<{ count: number }>(
    "SELECT count(*) AS count FROM lore_units WHERE world_id = ? AND player_id IN ('', ?)",
    world_id,
    player_id,
  )!.count;
}

/** Units of lore that hold `phrase` (words, in this order), at most `limit`, the newest. */
export function findLore(
  db: Database,
  player_id: string,
  world_id: string,
  phrase: string,
  limit: number,
): Match[] {
  return db.all<Match>(
    `SELECT u.id, octet_length(u.text) AS length FROM lore_fts CROSS JOIN lore_units u ON u.id = lore_fts.rowid
     WHERE lore_fts MATCH ? AND u.world_id = ? AND u.player_id IN ('', ?)
     ORDER BY lore_fts.rowid DESC LIMIT ?`,
    quoted(phrase),
    world_id,
    player_id,
    limit,
  );
}

/** Units of memory of this session that hold `phrase`, at most `limit`, the newest. */
export function findMemory(
  db: Database,
  player_id: string,
  session_id: string,
  phrase: string,
  limit: number,
): (Match & { message_id: number })[] {
  return db.all(
    `SELECT u.id, u.message_id, octet_length(u.text) AS length
     FROM memory_fts CROSS JOIN memory_units u ON u.id = memory_fts.rowid
     WHERE memory_fts MATCH ? AND u.session_id = ? AND u.player_id = ?
     ORDER BY memory_fts.rowid DESC LIMIT ?`,
    quoted(phrase),
    session_id,
    player_id,
    limit,
  );
}

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
    `SELECT u.id, u.message_id, u.role, u.text, m.turn FROM memory_units u JOIN messages m ON m.id = u.message_id
     WHERE u.id IN (SELECT value FROM json_each(?)) AND u.player_id = ?`,
    JSON.stringify(ids),
    player_id,
  );
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

function addLore(
  db: Database,
  world_id: string,
  player_id: string,
  source: string,
  units: NewLoreUnit[],
): number {
  let added = 0;
  for (const unit of units) {
    added += db.run(
      `INSERT OR IGNORE INTO lore_units (world_id, player_id, source, hash, heading, text, known_to, spaced)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      world_id,
      player_id,
      source,
      hash(unit),
      unit.heading,
      unit.text,
      unit.known_to,
      spaced(`${unit.heading}\n${unit.text}`),
    ).changes;
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

// A quote inside quotes is doubled; nothing else has a meaning there, whatever a player types.
function quoted(phrase: string): string {
  return `"${phrase.replaceAll('"', '""')}"`;
}
