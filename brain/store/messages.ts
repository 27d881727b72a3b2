/** Messages: the tree of a session. A path is the line of ancestors from a root to one leaf. Ids order everything. */
import type { Message, MessageStatus, Role } from "../../shared/story.ts";
import type { Database, Value } from "./database.ts";
import { StoreError } from "./store_error.ts";
import { readUsage } from "./stored_json.ts";

export interface NewMessage {
  parent_id: number | null;
  role: Role;
  content: string;
  status: MessageStatus;
  model: string;
  tokens: number;
  created_ms: number;
}

export interface StoredMessage extends Message {
  session_id: string;
  tokens: number;
}

type Row = Omit<StoredMessage, "usage"> & { usage: string | null };

const COLUMNS = `m.id, m.parent_id, m.session_id, m.role, m.content, m.status, m.model, m.tokens, m.usage,
  m.created_ms`;

// What counts as another telling of m: same session, same parent, same role.
const SIBLINGS = "n.session_id = m.session_id AND n.parent_id IS m.parent_id AND n.role = m.role";

const PLACE = `
  (SELECT count(*) FROM messages n WHERE ${SIBLINGS} AND n.id <= m.id) AS alternative,
  (SELECT count(*) FROM messages n WHERE ${SIBLINGS}) AS alternatives`;

const OWNED = "messages m JOIN sessions s ON s.id = m.session_id AND s.player_id = ?";

/**
 * Adds a message below `parent_id`; the session's leaf stays where it is. Throws StoreError when the session is not
 * the player's or the parent is not in that session.
 */
export function addMessage(
  db: Database,
  player_id: string,
  session_id: string,
  message: NewMessage,
): Message {
  return db.transaction(() => {
    const owned = db.get("SELECT 1 FROM sessions WHERE id = ? AND player_id = ?", session_id, player_id);
    if (!owned) throw new StoreError("other", `There is no session "${session_id}" any more.`);
    let turn = message.role === "user" ? 1 : 0;
    let tokens_above = 0;
    if (message.parent_id !== null) {
      const parent = db.get<{ turn: number; tokens: number }>(
        "SELECT turn, tokens_above + tokens AS tokens FROM messages WHERE id = ? AND session_id = ?",
        message.parent_id,
        session_id,
      );
      if (!parent) throw new StoreError("other", `Message ${message.parent_id} is not part of this story.`);
      turn += parent.turn;
      tokens_above = parent.tokens;
    }
    const { id } = db.run(
      `INSERT INTO messages (parent_id, session_id, role, content, status, model, tokens, created_ms, turn,
         tokens_above)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      message.parent_id,
      session_id,
      message.role,
      message.content,
      message.status,
      message.model,
      message.tokens,
      message.created_ms,
      turn,
      tokens_above,
    );
    return bare(mustGet(db, player_id, id));
  });
}

/** Changes what `patch` names and returns the whole record. Throws StoreError when it is not the player's. */
export function updateMessage(
  db: Database,
  player_id: string,
  id: number,
  patch: Partial<Pick<Message, "content" | "status" | "model" | "usage">> & { tokens?: number },
): Message {
  const sets: string[] = [];
  const values: Value[] = [];
  const set = (column: string, value: Value) => {
    sets.push(`${column} = ?`);
    values.push(value);
  };
  if (patch.content !== undefined) set("content", patch.content);
  if (patch.status !== undefined) set("status", patch.status);
  if (patch.model !== undefined) set("model", patch.model);
  if (patch.usage !== undefined) set("usage", patch.usage && JSON.stringify(patch.usage));
  if (patch.tokens !== undefined) set("tokens", patch.tokens);
  return db.transaction(() => {
    if (sets.length > 0) {
      db.run(
        `UPDATE messages SET ${sets.join(", ")}
         WHERE id = ? AND session_id IN (SELECT id FROM sessions WHERE player_id = ?)`,
        ...values,
        id,
        player_id,
      );
    }
    return bare(mustGet(db, player_id, id));
  });
}

/** The message with this id if it is the player's. */
export function getMessage(db: Database, player_id: string, id: number): StoredMessage | undefined {
  const row = db.get<Row>(`SELECT ${COLUMNS}, ${PLACE} FROM ${OWNED} WHERE m.id = ?`, player_id, id);
  return row && fromRow(row);
}

/** The whole path, root first, to `leaf_id`; empty when the leaf is null or not the player's. */
export function pathTo(db: Database, player_id: string, leaf_id: number | null): StoredMessage[] {
  return pathTail(db, player_id, leaf_id, { tokens: Number.MAX_SAFE_INTEGER }).path;
}

/**
 * The newest part of the path to `leaf_id`, oldest first: as many messages as it takes to hold `tokens` tokens, the
 * oldest of them whole. `tokens_above` is the sum of those left out. A long story costs no more than a short one.
 */
export function pathTail(
  db: Database,
  player_id: string,
  leaf_id: number | null,
  options: { tokens: number },
): { path: StoredMessage[]; tokens_above: number } {
  const leaf = db.get<{ session_id: string; total: number }>(
    `SELECT m.session_id, m.tokens_above + m.tokens AS total FROM ${OWNED} WHERE m.id = ?`,
    player_id,
    leaf_id,
  );
  if (!leaf) return { path: [], tokens_above: 0 };
  const rows = db.all<Row>(
    `WITH RECURSIVE path (id, parent_id, tokens_above) AS (
       SELECT id, parent_id, tokens_above FROM messages WHERE id = ?
       UNION ALL
       SELECT m.id, m.parent_id, m.tokens_above FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
       WHERE path.tokens_above > ?
     )
     SELECT ${COLUMNS}, 1 AS alternative, 1 AS alternatives
     FROM path CROSS JOIN messages m ON m.id = path.id`,
    leaf_id,
    leaf.total - options.tokens,
  );
  const oldest = rows.at(-1)!;
  // Most messages are alone; asking for the few that are not is far cheaper than counting beside each.
  const others = new Map<string, number[]>();
  // From the root on they are all of the session's: an OR of the two would read them all each time.
  const [below, first] = oldest.parent_id === null ? ["", []] : ["AND parent_id >= ?", [oldest.parent_id]];
  for (
    const row of db.iterate<{ parent_id: number | null; role: Role; ids: string }>(
      `SELECT parent_id, role, group_concat(id) AS ids FROM messages
       WHERE session_id = ? ${below} GROUP BY parent_id, role HAVING count(*) > 1`,
      leaf.session_id,
      ...first,
    )
  ) {
    others.set(`${row.parent_id} ${row.role}`, row.ids.split(",").map(Number).sort((a, b) => a - b));
  }
  const path = rows.reverse().map((row) => {
    const ids = others.get(`${row.parent_id} ${row.role}`);
    if (ids) {
      row.alternative = ids.indexOf(row.id) + 1;
      row.alternatives = ids.length;
    }
    return fromRow(row);
  });
  const left = db.get<{ tokens_above: number }>("SELECT tokens_above FROM messages WHERE id = ?", oldest.id);
  return { path, tokens_above: left?.tokens_above ?? 0 };
}

/** The player's lines on the path to `id`, itself included; 0 when the id is null or not the player's. */
export function turnOf(db: Database, player_id: string, id: number | null): number {
  return db.get<{ turn: number }>(`SELECT m.turn FROM ${OWNED} WHERE m.id = ?`, player_id, id)?.turn ?? 0;
}

/** The ids of the path to `leaf_id`, newest first, one by one; none when the leaf is null or not the player's. */
export function* pathIds(db: Database, player_id: string, leaf_id: number | null): Iterable<number> {
  const rows = db.iterate<{ id: number }>(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT m.id, m.parent_id FROM ${OWNED} WHERE m.id = ?
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
     )
     SELECT id FROM path`,
    player_id,
    leaf_id,
  );
  for (const { id } of rows) yield id;
}

/**
 * The newest `limit` messages of the path to `leaf_id`, oldest first; with `before`, only those with a smaller id.
 * `more` says whether older ones exist.
 */
export function pathPage(
  db: Database,
  player_id: string,
  leaf_id: number | null,
  options: { limit: number; before?: number },
): { history: StoredMessage[]; more: boolean } {
  if (sessionOf(db, player_id, leaf_id) === undefined) return { history: [], more: false };
  const limit = Math.max(0, Math.floor(options.limit));
  const rows = db.all<Row>(
    `WITH RECURSIVE path (id, parent_id) AS (
       SELECT id, parent_id FROM messages WHERE id = ?
       UNION ALL
       SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id AND m.id < path.id
     ), page (id) AS (SELECT id FROM path WHERE id < ? LIMIT ?)
     SELECT ${COLUMNS}, ${PLACE} FROM page CROSS JOIN messages m ON m.id = page.id ORDER BY m.id DESC`,
    leaf_id,
    options.before ?? Number.MAX_SAFE_INTEGER,
    limit + 1,
  );
  const more = rows.length > limit;
  return { history: rows.slice(0, limit).reverse().map(fromRow), more };
}

/** All tellings beside `id`, itself included, oldest first; empty when it is not the player's. */
export function siblings(db: Database, player_id: string, id: number): StoredMessage[] {
  const message = getMessage(db, player_id, id);
  if (!message) return [];
  return db.all<Row>(
    `SELECT ${COLUMNS}, ${PLACE} FROM ${OWNED}
     WHERE m.session_id = ? AND m.parent_id IS ? AND m.role = ? ORDER BY m.id`,
    player_id,
    message.session_id,
    message.parent_id,
    message.role,
  ).map(fromRow);
}

/**
 * Where one arrives by always taking the newest child, from `from` on (null: from the newest root). Returns `from`
 * itself when nothing is below it, null when the session is empty or either is not the player's.
 */
export function newestLeaf(
  db: Database,
  player_id: string,
  session_id: string,
  from: number | null,
): number | null {
  const row = db.get<{ id: number | null }>(
    `WITH RECURSIVE down (id) AS (
       SELECT max(m.id) FROM ${OWNED} WHERE m.session_id = ? AND iif(? IS NULL, m.parent_id IS NULL, m.id = ?)
       UNION ALL
       SELECT (SELECT max(c.id) FROM messages c WHERE c.parent_id = down.id AND c.id > down.id) FROM down WHERE down.id IS NOT NULL
     )
     SELECT max(id) AS id FROM down`,
    player_id,
    session_id,
    from,
    from,
  );
  return row?.id ?? null;
}

/** Marks every reply that is still being written as stopped, its text kept, and returns how many there were. */
export function settleUnfinished(db: Database): number {
  return db.transaction(() =>
    db.run("UPDATE messages SET status = 'stopped' WHERE status = 'writing'").changes
  );
}

function sessionOf(db: Database, player_id: string, id: number | null): string | undefined {
  return db.get<{ session_id: string }>(`SELECT m.session_id FROM ${OWNED} WHERE m.id = ?`, player_id, id)
    ?.session_id;
}

function mustGet(db: Database, player_id: string, id: number): StoredMessage {
  const message = getMessage(db, player_id, id);
  if (!message) throw new StoreError("other", `There is no message ${id} in your stories.`);
  return message;
}

function fromRow(row: Row): StoredMessage {
  return Object.assign(row, { usage: readUsage(row.usage) });
}

/** The message as the wire knows it. */
export function bare(message: StoredMessage): Message {
  const { session_id: _session, tokens: _tokens, ...rest } = message;
  return rest;
}
