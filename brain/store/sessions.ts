/** Sessions: the stories of a player, each pointing at the leaf of its tree of messages that is shown. */
import type { Session } from "../../shared/story.ts";
import type { Database, Value } from "./database.ts";
import { addPlayer } from "./players.ts";

const COLUMNS = "id, player_id, world_id, character_id, model, title, leaf_id, created_ms, last_used_ms";

/** One line of the list of stories. */
export interface SessionSummary {
  session: Session;
  /** The player's lines on the shown path. */
  turns: number;
  /** The last sentence of the shown path, at most 200 characters; empty while nothing was told. */
  last: string;
}

/** Adds a session. Throws StoreError when its id is taken. */
export function createSession(db: Database, session: Session): void {
  db.transaction(() => {
    addPlayer(db, session.player_id);
    db.run(
      `INSERT INTO sessions (${COLUMNS}, used_order) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ${nextUse("?")})`,
      session.id,
      session.player_id,
      session.world_id,
      session.character_id,
      session.model,
      session.title,
      session.leaf_id,
      session.created_ms,
      session.last_used_ms,
      session.player_id,
    );
  });
}

/** The session with this id if it is the player's. */
export function getSession(db: Database, player_id: string, id: string): Session | undefined {
  const row = db.get<Session>(
    `SELECT ${COLUMNS} FROM sessions WHERE id = ? AND player_id = ?`,
    id,
    player_id,
  );
  return row && { ...row };
}

/** The session that was used last, whoever's it is; undefined when there is none. */
export function lastUsedSession(db: Database): Session | undefined {
  return db.get(`SELECT ${COLUMNS} FROM sessions ORDER BY last_used_ms DESC, used_order DESC LIMIT 1`);
}

/** The player's sessions, the last used first, whatever the clock said. */
export function listSessions(
  db: Database,
  player_id: string,
  options: { limit?: number } = {},
): SessionSummary[] {
  const sessions = db.all<Session>(
    `SELECT ${COLUMNS} FROM sessions WHERE player_id = ? ORDER BY used_order DESC LIMIT ?`,
    player_id,
    options.limit ?? -1,
  );
  return sessions.map((session) => ({ session: { ...session }, ...shown(db, session.leaf_id) }));
}

/** So many of the newest stories are asked who told them. */
const LATELY = 8;

/** The model of the player's newest story that it has told a reply of; "" without one. A model that only failed is none. */
export function lastNarrator(db: Database, player_id: string): string {
  return db.get<{ model: string }>(
    `SELECT s.model FROM
       (SELECT id, model, used_order FROM sessions WHERE player_id = ? ORDER BY used_order DESC LIMIT ${LATELY}) s
     WHERE s.model <> '' AND EXISTS (
       SELECT 1 FROM messages m WHERE m.session_id = s.id AND m.role = 'assistant' AND m.model = s.model
         AND m.status IN ('complete', 'stopped') AND m.content <> '')
     ORDER BY s.used_order DESC LIMIT 1`,
    player_id,
  )?.model ?? "";
}

/** These of the player's sessions, the last used first. */
export function summariesOf(db: Database, player_id: string, ids: readonly string[]): SessionSummary[] {
  const sessions = db.all<Session>(
    `SELECT ${COLUMNS} FROM sessions WHERE player_id = ? AND id IN (SELECT value FROM json_each(?))
     ORDER BY used_order DESC`,
    player_id,
    JSON.stringify(ids),
  );
  return sessions.map((session) => ({ session: { ...session }, ...shown(db, session.leaf_id) }));
}

/** Changes what `patch` names. A patch with `last_used_ms` makes it the story used last. Ignores foreign ids. */
export function updateSession(
  db: Database,
  player_id: string,
  id: string,
  patch: Partial<Pick<Session, "title" | "model" | "leaf_id" | "last_used_ms">>,
): void {
  const sets: string[] = [];
  const values: Value[] = [];
  for (const column of ["title", "model", "leaf_id", "last_used_ms"] as const) {
    const value = patch[column];
    if (value === undefined) continue;
    sets.push(`${column} = ?`);
    values.push(value);
  }
  if (patch.last_used_ms !== undefined) {
    sets.push(`used_order = ${nextUse("?")}`);
    values.push(player_id);
  }
  if (sets.length === 0) return;
  db.transaction(() =>
    db.run(`UPDATE sessions SET ${sets.join(", ")} WHERE id = ? AND player_id = ?`, ...values, id, player_id)
  );
}

/**
 * Deletes a session with all its messages, prompts, memories, facts, marks and summaries, leaving none of its words in the files.
 * Returns whether there was such a session of this player.
 */
export function deleteSession(db: Database, player_id: string, id: string): boolean {
  const deleted = db.transaction(() => {
    if (!getSession(db, player_id, id)) return false;
    const { changes } = db.run("DELETE FROM memory_units WHERE session_id = ?", id);
    const facts = db.run("DELETE FROM facts WHERE session_id = ?", id).changes;
    for (const table of ["marks", "summaries", "side_usage", "fact_runs", "messages"]) {
      db.run(`DELETE FROM ${table} WHERE session_id = ?`, id);
    }
    db.run("DELETE FROM sessions WHERE id = ?", id);
    // The full-text index only marks rows as deleted; merged into one piece it holds their words no longer. Its own
    // option secure-delete does the same row by row, in nine seconds for a story of 10,000 messages.
    if (changes > 0) db.run("INSERT INTO memory_fts (memory_fts) VALUES ('optimize')");
    if (facts > 0) db.run("INSERT INTO facts_fts (facts_fts) VALUES ('optimize')");
    db.run("UPDATE player_state SET session_id = '' WHERE player_id = ? AND session_id = ?", player_id, id);
    return true;
  });
  if (deleted) {
    db.all("PRAGMA incremental_vacuum");
    // The log still holds the old pages until it is written back and cut.
    db.all("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  return deleted;
}

/** A story that holds words, with the newest message that does. */
export interface StoryHit {
  session_id: string;
  content: string;
}

/** So many messages are looked through in one go, in about 5 ms: replies that run are told in between. */
const LOOK = 1000;

/**
 * Stories of the player in whose text (all of its branches) one message holds all the words, with the newest such message
 * of each. A long search in short steps, from the newest message on: yields what each step found that none before it had.
 */
export function* searchStories(
  db: Database,
  player_id: string,
  words: readonly string[],
): Generator<StoryHit[]> {
  if (words.length === 0) return;
  // LIKE knows the case of ASCII alone: other words are looked for as typed, small and with a capital.
  const patterns = words.map((word) => {
    const small = word.toLowerCase();
    const forms = new Set([word, small, small.charAt(0).toUpperCase() + small.slice(1)]);
    return [...forms].map((form) => `%${form.replace(/[%_\\]/g, "\\$&")}%`);
  });
  const where = patterns.map((forms) => `(${forms.map(() => "m.content LIKE ? ESCAPE '\\'").join(" OR ")})`);
  const seen = new Set<string>();
  let newest = db.get<{ id: number | null }>("SELECT max(id) AS id FROM messages")?.id ?? 0;
  for (; newest > 0; newest -= LOOK) {
    const rows = db.all<StoryHit & { id: number }>(
      `SELECT m.session_id AS session_id, m.content AS content, m.id AS id
       FROM sessions s JOIN messages m ON m.session_id = s.id
       WHERE s.player_id = ? AND m.id IN (
         SELECT max(m.id) FROM messages m
         WHERE m.id > ? AND m.id <= ? AND ${where.join(" AND ")} GROUP BY m.session_id)`,
      player_id,
      newest - LOOK,
      newest,
      ...patterns.flat(),
    );
    const hits = rows.filter(({ session_id }) => !seen.has(session_id));
    for (const { session_id } of hits) seen.add(session_id);
    yield hits.map(({ session_id, content }) => ({ session_id, content }));
  }
}

function nextUse(player: string): string {
  return `(SELECT coalesce(max(used_order), 0) + 1 FROM sessions WHERE player_id = ${player})`;
}

function shown(db: Database, leaf_id: number | null): { turns: number; last: string } {
  if (leaf_id === null) return { turns: 0, last: "" };
  // A reply that has not begun is empty: then the line before it is the last that was told.
  const rows = db.all<{ content: string; turn: number }>(
    `WITH RECURSIVE path (id, parent_id, content, turn) AS (
       SELECT id, parent_id, substr(content, -1000), turn FROM messages WHERE id = ?
       UNION ALL
       SELECT m.id, m.parent_id, substr(m.content, -1000), m.turn FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
       WHERE trim(path.content, ' ' || char(9, 10, 13)) = ''
     )
     SELECT content, turn FROM path`,
    leaf_id,
  );
  return { turns: rows[0]?.turn ?? 0, last: lastSentence(rows.at(-1)?.content ?? "") };
}

function lastSentence(text: string): string {
  const sentences = text.trim().split(
    /(?<=[.!?…]["'”’»)\]*_]{0,4})\s+|(?<=[。！？][」』”]{0,4})(?![」』”])|\n+/u,
  );
  const last = sentences.findLast((sentence) => sentence.trim() !== "")?.trim() ?? "";
  const points = [...last];
  return points.length <= 200 ? last : "…" + points.slice(-199).join("");
}
