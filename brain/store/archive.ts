/**
 * A whole story as plain records, out of one database and into another: its tree of messages, its memory and what
 * people and models added to it. Messages are numbered from 1 in their order, so the records hold no id of a database.
 */
import type { MessageStatus, Role, Usage } from "../../shared/story.ts";
import type { Database, Value } from "./database.ts";
import { StoreError } from "./store_error.ts";
import { saveMemory } from "./memories.ts";
import { addMessage, updateMessage } from "./messages.ts";
import { createSession, updateSession } from "./sessions.ts";
import { spaced } from "./spacing.ts";
import { readUsage } from "./stored_json.ts";

export interface ArchivedMessage {
  /** 1, 2, 3, ... */
  n: number;
  /** The `n` of an earlier message, null for a root. */
  parent: number | null;
  role: Role;
  content: string;
  status: Exclude<MessageStatus, "writing">;
  model: string;
  tokens: number;
  usage: Usage | null;
  created_ms: number;
}

/** The units that one message was cut into, with who said it, where and when in the story. */
export interface ArchivedMemory {
  n: number;
  texts: string[];
  speaker: string;
  scene: string;
  time: string;
}

/** A row of one of CARRIED_TABLES; its columns that point at messages hold their `n`. */
export interface ArchivedRow {
  table: string;
  values: Record<string, string | number | null>;
}

export interface Archive {
  title: string;
  world_id: string;
  character_id: string;
  model: string;
  /** The `n` of the message that is shown last. */
  leaf: number | null;
  created_ms: number;
  last_used_ms: number;
  messages: ArchivedMessage[];
  memory: ArchivedMemory[];
  rows: ArchivedRow[];
}

/** Tables whose rows go with a story, and their columns that point at messages. All other columns go as they are. */
export const CARRIED_TABLES: readonly { table: string; messages: readonly string[] }[] = [
  { table: "facts", messages: ["message_id"] },
  { table: "fact_runs", messages: ["last_id"] },
  { table: "marks", messages: ["message_id"] },
  { table: "summaries", messages: ["first_id", "last_id", "after_id"] },
  { table: "side_usage", messages: [] },
];
/** Set anew where the row lands. */
const OWN_COLUMNS = ["id", "player_id", "session_id", "spaced"];

/**
 * Reads the story of this player, at one moment even while a brain writes; undefined when it is not the player's. A
 * reply that is still being written goes as stopped: nobody will finish the copy.
 */
export function readArchive(db: Database, player_id: string, session_id: string): Archive | undefined {
  db.run("BEGIN");
  try {
    return read(db, player_id, session_id);
  } finally {
    db.run("COMMIT");
  }
}

function read(db: Database, player_id: string, session_id: string): Archive | undefined {
  const session = db.get<Omit<Archive, "leaf" | "messages" | "memory" | "rows"> & { leaf_id: number | null }>(
    `SELECT title, world_id, character_id, model, leaf_id, created_ms, last_used_ms
     FROM sessions WHERE id = ? AND player_id = ?`,
    session_id,
    player_id,
  );
  if (!session) return undefined;
  const numbers = new Map<number, number>();
  const numberOf = (id: number | null) => id === null ? null : numbers.get(id) ?? null;
  const messages = db.all<
    & Omit<ArchivedMessage, "n" | "parent" | "usage" | "status">
    & { id: number; parent_id: number | null; usage: string | null; status: MessageStatus }
  >(
    `SELECT id, parent_id, role, content, status, model, tokens, usage, created_ms
     FROM messages WHERE session_id = ? ORDER BY id`,
    session_id,
  ).map(({ id, parent_id, usage, status, role, content, model, tokens, created_ms }, index) => {
    numbers.set(id, index + 1);
    return {
      n: index + 1,
      parent: numberOf(parent_id),
      role,
      content,
      status: status === "writing" ? "stopped" : status,
      model,
      tokens,
      usage: readUsage(usage),
      created_ms,
    };
  });
  const { leaf_id, ...rest } = session;
  return {
    ...rest,
    leaf: numberOf(leaf_id),
    messages,
    memory: readMemory(db, player_id, session_id, numbers),
    rows: CARRIED_TABLES.flatMap((carried) => readRows(db, player_id, session_id, numbers, carried)),
  };
}

function readMemory(
  db: Database,
  player_id: string,
  session_id: string,
  numbers: Map<number, number>,
): ArchivedMemory[] {
  const columns = columnsOf(db, "memory_units");
  if (columns.length === 0) return [];
  // A database of an earlier version, read beside its brain, knows no speakers.
  const told = ["speaker", "scene", "told_at"].map((name) => columns.includes(name) ? name : `'' AS ${name}`);
  const units = db.all<
    { message_id: number; text: string; speaker: string; scene: string; told_at: string }
  >(
    `SELECT message_id, text, ${told.join(", ")} FROM memory_units
     WHERE session_id = ? AND player_id = ? ORDER BY message_id, id`,
    session_id,
    player_id,
  );
  const memory: ArchivedMemory[] = [];
  for (const { message_id, text, speaker, scene, told_at } of units) {
    const n = numbers.get(message_id);
    if (n === undefined) continue;
    const last = memory.at(-1);
    if (last?.n === n) last.texts.push(text);
    else memory.push({ n, texts: [text], speaker, scene, time: told_at });
  }
  return memory;
}

function readRows(
  db: Database,
  player_id: string,
  session_id: string,
  numbers: Map<number, number>,
  { table, messages }: (typeof CARRIED_TABLES)[number],
): ArchivedRow[] {
  const columns = columnsOf(db, table).filter((name) => !OWN_COLUMNS.includes(name));
  if (columns.length === 0) return [];
  return db.all<ArchivedRow["values"]>(
    `SELECT ${columns.join(", ")} FROM ${table} WHERE session_id = ? AND player_id = ? ORDER BY id`,
    session_id,
    player_id,
  ).flatMap((values) => {
    for (const name of messages) {
      const id = values[name];
      if (id === null) continue;
      const n = numbers.get(Number(id));
      // It points at a message that is gone: nothing that could be brought back.
      if (n === undefined) return [];
      values[name] = n;
    }
    return [{ table, values }];
  });
}

/** The stored columns of a table, in order; none when there is no such table. */
function columnsOf(db: Database, table: string): string[] {
  return db.all<{ name: string; hidden: number }>(`PRAGMA table_xinfo(${table})`)
    .filter((column) => column.hidden === 0).map((column) => column.name);
}

/**
 * Writes a story under the id `session_id` of this player, all of it or nothing. What the records say beyond what
 * this database has columns for is left out. Throws StoreError when the id is taken or a record does not fit.
 */
export function writeArchive(db: Database, player_id: string, session_id: string, archive: Archive): void {
  db.transaction(() => {
    createSession(db, {
      id: session_id,
      player_id,
      world_id: archive.world_id,
      character_id: archive.character_id,
      model: archive.model,
      title: archive.title,
      leaf_id: null,
      created_ms: archive.created_ms,
      last_used_ms: archive.last_used_ms,
    });
    const ids = new Map<number, number>();
    const idOf = (n: number | null) => {
      if (n === null) return null;
      const id = ids.get(n);
      if (id === undefined) throw new StoreError("other", `The story has no message number ${n}.`);
      return id;
    };
    const roles = new Map<number, Role>();
    for (const { n, parent, usage, ...message } of archive.messages) {
      const { id } = addMessage(db, player_id, session_id, { ...message, parent_id: idOf(parent) });
      if (usage !== null) updateMessage(db, player_id, id, { usage });
      ids.set(n, id);
      roles.set(n, message.role);
    }
    for (const { n, texts, ...told } of archive.memory) {
      const message = { session_id, id: idOf(n)!, role: roles.get(n)! };
      saveMemory(db, player_id, message, texts, told);
    }
    for (const row of archive.rows) writeRow(db, player_id, session_id, row, idOf);
    updateSession(db, player_id, session_id, { leaf_id: idOf(archive.leaf) });
  });
}

function writeRow(
  db: Database,
  player_id: string,
  session_id: string,
  { table, values }: ArchivedRow,
  idOf: (n: number | null) => number | null,
): void {
  // The names below come from these lists, never from the record.
  const carried = CARRIED_TABLES.find((carried) => carried.table === table);
  const all = columnsOf(db, table);
  if (!carried || all.length === 0) return;
  const columns = all.filter((name) => !OWN_COLUMNS.includes(name) && values[name] !== undefined);
  const bound: Value[] = columns.map((name) =>
    carried.messages.includes(name) ? idOf(values[name] as number | null) : values[name]
  );
  if (all.includes("spaced")) {
    columns.push("spaced");
    bound.push(spaced(String(values.text ?? "")));
  }
  db.run(
    `INSERT INTO ${table} (player_id, session_id${columns.map((name) => `, ${name}`).join("")})
     VALUES (?, ?${", ?".repeat(columns.length)})`,
    player_id,
    session_id,
    ...bound,
  );
}
