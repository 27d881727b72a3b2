/** Facts: one line each about who is, has, owes or promised what, with the message it was taken from. */
import type { Role } from "../../shared/story.ts";
import type { Database } from "./database.ts";
import { StoreError } from "./store_error.ts";
import { spaced } from "./spacing.ts";

/** `rule` is derived from the story and made anew at will; `model` (paid for) and `player` (edited) are records. */
export type FactOrigin = "rule" | "model" | "player";

export interface NewFact {
  /** Where it was said. */
  message_id: number;
  subject: string;
  /** What it tells of the subject; a later fact of the same subject and relation takes this one's place. */
  relation: string;
  object: string;
  /** The whole fact as one line. */
  text: string;
  origin: FactOrigin;
  created_ms: number;
}

export interface FactRow extends NewFact {
  id: number;
}

/** A fact on a path; `superseded_by` is the later one that took its place, null while it holds. */
export interface PathFact extends FactRow {
  superseded_by: number | null;
}

// What the player told the engine to forget calls nothing and is told nowhere.
const NOT_FORGOTTEN = `NOT EXISTS (SELECT 1 FROM marks k WHERE k.kind = 'fact' AND k.mark = 'forgotten'
  AND k.message_id = f.message_id AND k.text = f.text)`;

const COLUMNS = "f.id, f.message_id, f.subject, f.relation, f.object, f.text, f.origin, f.created_ms";

/** What the player wrote counts before what a model or a rule took from the same message. */
const STRENGTH: Record<FactOrigin, number> = { rule: 0, model: 1, player: 2 };

/**
 * Adds facts taken from messages of this session; a fact that is there already (same message, subject and relation,
 * of equal or greater strength) and one whose message is not in the session are left out. Returns how many were added.
 */
export function addFacts(db: Database, player_id: string, session_id: string, facts: NewFact[]): number {
  return db.transaction(() => {
    let added = 0;
    for (const fact of facts) {
      const beside = db.all<{ id: number; origin: FactOrigin; text: string }>(
        `SELECT id, origin, text FROM facts
         WHERE message_id = ? AND player_id = ? AND lower(subject) = lower(?) AND lower(relation) = lower(?)`,
        fact.message_id,
        player_id,
        fact.subject,
        fact.relation,
      );
      const stands = beside.some(({ origin, text }) =>
        STRENGTH[origin] > STRENGTH[fact.origin] || (origin === fact.origin && text === fact.text)
      );
      if (!stands) added += insert(db, player_id, session_id, fact);
    }
    return added;
  });
}

function insert(db: Database, player_id: string, session_id: string, fact: NewFact): number {
  return db.run(
    `INSERT INTO facts (player_id, session_id, message_id, subject, relation, object, text, origin, created_ms, spaced)
     SELECT s.player_id, s.id, m.id, ?, ?, ?, ?, ?, ?, ? FROM messages m
     JOIN sessions s ON s.id = m.session_id WHERE m.id = ? AND s.id = ? AND s.player_id = ?`,
    fact.subject,
    fact.relation,
    fact.object,
    fact.text,
    fact.origin,
    fact.created_ms,
    spaced(fact.text),
    fact.message_id,
    session_id,
    player_id,
  ).changes;
}

/** Replaces what rules found in one message; facts of models and players stay. */
export function replaceRuleFacts(
  db: Database,
  player_id: string,
  session_id: string,
  message_id: number,
  facts: NewFact[],
): void {
  db.transaction(() => {
    const before = db.all<{ text: string }>(
      "SELECT text FROM facts WHERE message_id = ? AND player_id = ? AND origin = 'rule' ORDER BY id",
      message_id,
      player_id,
    );
    if (before.length === facts.length && before.every((row, i) => row.text === facts[i].text)) return;
    db.run(
      "DELETE FROM facts WHERE message_id = ? AND player_id = ? AND origin = 'rule'",
      message_id,
      player_id,
    );
    addFacts(db, player_id, session_id, facts);
  });
}

/** The player's own wording of a fact: a record from now on. Throws StoreError when it is not the player's. */
export function editFact(db: Database, player_id: string, id: number, text: string): FactRow {
  return db.transaction(() => {
    const [fact] = factRows(db, player_id, [id]);
    const session = db.get<{ session_id: string }>("SELECT session_id FROM facts WHERE id = ?", id);
    if (!fact || !session) throw new StoreError("other", `There is no fact ${id} in your stories.`);
    db.run("DELETE FROM facts WHERE id = ?", id);
    insert(db, player_id, session.session_id, { ...fact, text, object: text, origin: "player" });
    // Marks name a fact by its words: a pinned one stays pinned, and its old words are told no more.
    db.run(
      `UPDATE marks SET text = ? WHERE player_id = ? AND kind = 'fact' AND message_id = ? AND text = ?`,
      text,
      player_id,
      fact.message_id,
      fact.text,
    );
    const made = db.get<{ id: number }>("SELECT max(id) AS id FROM facts WHERE player_id = ?", player_id)!;
    return factRows(db, player_id, [made.id])[0];
  });
}

/** Facts of this session that hold `phrase` (words, in this order), at most `limit`, the newest. */
export function findFacts(
  db: Database,
  player_id: string,
  session_id: string,
  phrase: string,
  limit: number,
): { id: number; message_id: number; length: number }[] {
  return db.all(
    `SELECT f.id, f.message_id, octet_length(f.text) AS length
     FROM facts_fts CROSS JOIN facts f ON f.id = facts_fts.rowid
     WHERE facts_fts MATCH ? AND f.session_id = ? AND f.player_id = ? AND ${NOT_FORGOTTEN}
     ORDER BY facts_fts.rowid DESC LIMIT ?`,
    `"${phrase.replaceAll('"', '""')}"`,
    session_id,
    player_id,
    limit,
  );
}

/** The player's facts with these ids. */
export function factRows(db: Database, player_id: string, ids: number[]): FactRow[] {
  return db.all(
    `SELECT ${COLUMNS} FROM facts f WHERE f.id IN (SELECT value FROM json_each(?)) AND f.player_id = ? ORDER BY f.id`,
    JSON.stringify(ids),
    player_id,
  );
}

/**
 * The facts of the path to `leaf_id` in the order of the story, each with the one that took its place: of the same
 * subject and relation (in any case) the last one holds. Empty when the leaf is null or not the player's.
 */
export function factsOnPath(db: Database, player_id: string, leaf_id: number | null): PathFact[] {
  const rows = db.all<PathFact>(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT m.id, m.parent_id FROM messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?
       WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
     )
     SELECT ${COLUMNS}, NULL AS superseded_by FROM path CROSS JOIN facts f ON f.message_id = path.id
     WHERE f.player_id = ? AND ${NOT_FORGOTTEN}`,
    player_id,
    leaf_id,
    player_id,
  ).sort((a, b) => a.message_id - b.message_id || STRENGTH[a.origin] - STRENGTH[b.origin] || a.id - b.id);
  const holds = new Map<string, number>();
  for (const row of rows.toReversed()) {
    const key = `${row.subject.toLowerCase()}\n${row.relation.toLowerCase()}`;
    const later = holds.get(key);
    if (later === undefined) holds.set(key, row.id);
    else row.superseded_by = later;
  }
  return rows;
}

/** What a message states and a later one states otherwise. */
export interface Restated {
  message_id: number;
  object: string;
  later_id: number;
  later_object: string;
}

/** The facts of these messages whose subject and relation another, later message of the session tells otherwise. */
export function restatedFacts(
  db: Database,
  player_id: string,
  session_id: string,
  message_ids: number[],
): Restated[] {
  // The plus keeps SQLite from looking through all facts of the session for each message.
  return db.all(
    `SELECT o.message_id, o.object, f.message_id AS later_id, f.object AS later_object
     FROM json_each(?) w CROSS JOIN facts o ON o.message_id = w.value
     JOIN facts f ON f.session_id = o.session_id AND f.player_id = o.player_id
       AND lower(f.subject) = lower(o.subject) AND lower(f.relation) = lower(o.relation)
       AND f.message_id > o.message_id AND lower(f.object) <> lower(o.object)
     WHERE +o.session_id = ? AND o.player_id = ? AND ${NOT_FORGOTTEN}
     ORDER BY o.message_id, f.message_id`,
    JSON.stringify(message_ids),
    session_id,
    player_id,
  );
}

/** All finished messages with the character that their story is played with, oldest first. */
export function storiesForFacts(
  db: Database,
): {
  id: number;
  role: Role;
  content: string;
  session_id: string;
  player_id: string;
  character_id: string;
}[] {
  return db.all(
    `SELECT m.id, m.role, m.content, m.session_id, s.player_id, s.character_id FROM messages m
     JOIN sessions s ON s.id = m.session_id WHERE m.status <> 'writing' ORDER BY m.id`,
  );
}

/** Notes that a model has read the story for facts up to this message. Ignores foreign ones. */
export function addFactRun(db: Database, player_id: string, session_id: string, last_id: number): void {
  db.run(
    `INSERT INTO fact_runs (player_id, session_id, last_id)
     SELECT s.player_id, s.id, m.id FROM messages m JOIN sessions s ON s.id = m.session_id
     WHERE m.id = ? AND s.id = ? AND s.player_id = ?`,
    last_id,
    session_id,
    player_id,
  );
}

/** The newest message of the path to `leaf_id` up to which a model has read for facts; null: none of it. */
export function lastFactRun(
  db: Database,
  player_id: string,
  session_id: string,
  leaf_id: number | null,
): number | null {
  return db.get<{ id: number | null }>(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT id, parent_id FROM messages WHERE id = ? AND session_id = ?
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
     )
     SELECT max(last_id) AS id FROM fact_runs
     WHERE session_id = ? AND player_id = ? AND last_id IN (SELECT id FROM path)`,
    leaf_id,
    session_id,
    session_id,
    player_id,
  )?.id ?? null;
}
