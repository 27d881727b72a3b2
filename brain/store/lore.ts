/** Units of lore: a world's own, and what players attached to it. */
import type { Database } from "./database.ts";
import { digestOf } from "./memories.ts";
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

/** The units of lore with these ids that the player can meet. */
export function loreRows(db: Database, player_id: string, ids: number[]): LoreRow[] {
  return db.all(
    `SELECT id, heading, text, known_to FROM lore_units
     WHERE id IN (SELECT value FROM json_each(?)) AND player_id IN ('', ?)`,
    JSON.stringify(ids),
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
