/**
 * The newest units of memory, indexed a second time in this connection's own memory: FTS5 reads the whole list of a word
 * also for the last few that hold it, which for a common word of a long story is half a millisecond.
 */
import type { Database } from "./database.ts";
import { bodyHas, type IdSpan } from "./unit_index.ts";

/**
 * Indexes the units of this session with ids above `after_id`; those that are indexed already stay as they are. Works on
 * a connection that only reads.
 */
export function indexFresh(db: Database, player_id: string, session_id: string, after_id: number): void {
  // Words of a story in a file of its own would outlive the story.
  db.run("PRAGMA temp_store = MEMORY");
  db.run(
    `CREATE VIRTUAL TABLE IF NOT EXISTS temp.fresh_units USING fts5 (
       body, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
     )`,
  );
  db.run(
    `INSERT INTO temp.fresh_units (rowid, body) SELECT u.id, u.body FROM memory_units u
     WHERE u.session_id = ? AND u.player_id = ? AND u.id > ?
       AND NOT EXISTS (SELECT 1 FROM temp.fresh_units f WHERE f.rowid = u.id) ORDER BY u.id`,
    session_id,
    player_id,
    after_id,
  );
}

/**
 * Ids in `span` of the units indexed here that hold `phrase`, whoever's they are; `prefix`: its last word may go on.
 * Something must have been indexed before.
 */
export function findFresh(db: Database, phrase: string, prefix: boolean, span: IdSpan): number[] {
  const { ids } = db.get<{ ids: string }>(
    `SELECT json_group_array(rowid) AS ids FROM temp.fresh_units
     WHERE fresh_units MATCH ? AND rowid BETWEEN ? AND ?`,
    bodyHas(phrase, prefix),
    span.first,
    span.last,
  )!;
  return JSON.parse(ids);
}
