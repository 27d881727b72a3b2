/** Reads a copy of the database of the original Flower Engine (github.com/ritz541/flower-engine), as it is: all texts. */
import { type Database, openDatabase } from "./database.ts";

export interface OriginalSession {
  id: string;
  character_id: string;
  world_id: string;
  model: string;
  title: string;
  /** UTC, `YYYY-MM-DD HH:MM`. */
  created_at: string;
  last_used_at: string;
}

/** In the order they were said. */
export interface OriginalMessage {
  role: string;
  content: string;
  character_id: string;
  /** Empty: of the time before there were sessions. */
  session_id: string;
}

export interface OriginalWorld {
  id: string;
  name: string;
  lore: string;
  start_message: string;
  scene: string;
  system_prompt: string;
}

export interface OriginalCharacter {
  id: string;
  name: string;
  persona: string;
}

export interface OriginalRows {
  sessions: OriginalSession[];
  messages: OriginalMessage[];
  worlds: OriginalWorld[];
  characters: OriginalCharacter[];
}

/** All its rows; what a version had no table or column for is empty. Throws StoreError. */
export function readOriginal(path: string): OriginalRows {
  const db = openDatabase(path, { readonly: true });
  try {
    return {
      sessions: rows(db, "sessions", [
        "id",
        "character_id",
        "world_id",
        "model",
        "title",
        "created_at",
        "last_used_at",
      ], "last_used_at, rowid"),
      messages: rows(db, "messages", ["role", "content", "character_id", "session_id"], "id"),
      worlds: rows(db, "worlds", ["id", "name", "lore", "start_message", "scene", "system_prompt"], "id"),
      characters: rows(db, "characters", ["id", "name", "persona"], "id"),
    };
  } finally {
    db.close();
  }
}

function rows<Row extends Record<Name, string>, Name extends string>(
  db: Database,
  table: string,
  names: readonly Name[],
  order: string,
): Row[] {
  const there = db.all<{ name: string }>(`PRAGMA table_info(${table})`).map((column) => column.name);
  if (there.length === 0) return [];
  const columns = names.map((name) =>
    there.includes(name) ? `coalesce(CAST(${name} AS TEXT), '') AS ${name}` : `'' AS ${name}`
  );
  return db.all(`SELECT ${columns.join(", ")} FROM ${table} ORDER BY ${order}`);
}
