/** What stands in a database file: is it whole, is it ours, of which version, and how much of everything. */
import { type Database, openDatabase } from "./database.ts";
import { StoreError } from "./store_error.ts";
import { MIGRATIONS } from "./migrations.ts";

/** `foreign`: another program's tables; `empty`: no tables at all. */
export type SchemaState = "current" | "older" | "newer" | "foreign" | "empty";

export interface Inspection {
  /** What SQLite found wrong, a line each, at most ten; empty: it is whole. */
  damage: string[];
  schema: SchemaState;
  /** The last step that was applied, e.g. "0002_lore_and_memory_by_words"; empty when none is known. */
  version: string;
  players: number;
  stories: number;
  messages: number;
  memories: number;
  /** Messages with text that no memory was made of yet. */
  unremembered: number;
  /** Milliseconds since 1970 of the oldest and the newest message; null without any. */
  first_ms: number | null;
  last_ms: number | null;
}

const NOTHING = {
  players: 0,
  stories: 0,
  messages: 0,
  memories: 0,
  unremembered: 0,
  first_ms: null,
  last_ms: null,
};

/**
 * Looks into the database at `path` without changing it; a brain may run on it. Reads every page of it. Throws
 * StoreError when it cannot be opened; what is damaged inside is told in `damage`.
 */
export function inspectDatabase(path: string): Inspection {
  const db = openDatabase(path, { readonly: true, busy_timeout_ms: 5000 });
  try {
    const damage = damageOf(db);
    try {
      return { damage, ...contents(db) };
    } catch (error) {
      if (!(error instanceof StoreError) || (damage.length === 0 && error.kind !== "damaged")) throw error;
      const told = damage.length > 0 ? damage : [error.message];
      return { damage: told, schema: "foreign", version: "", ...NOTHING };
    }
  } finally {
    db.close();
  }
}

/** Of the SQLite that is built into this Deno. */
export function sqliteVersion(): string {
  const db = openDatabase(":memory:", { readonly: true });
  try {
    return db.get<{ version: string }>("SELECT sqlite_version() AS version")!.version;
  } finally {
    db.close();
  }
}

/** Whether anybody has a story here. */
export function holdsMessages(db: Database): boolean {
  return db.get("SELECT 1 FROM messages LIMIT 1") !== undefined;
}

function damageOf(db: Database): string[] {
  try {
    const found = db.all<{ integrity_check: string }>("PRAGMA integrity_check(10)");
    return found.map((row) => row.integrity_check).filter((line) => line !== "ok");
  } catch (error) {
    if (error instanceof StoreError && error.kind === "damaged") return [error.message];
    throw error;
  }
}

function contents(db: Database): Omit<Inspection, "damage"> {
  const tables = new Set(
    db.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => row.name),
  );
  if (!tables.has("migrations")) {
    return { schema: tables.size === 0 ? "empty" : "foreign", version: "", ...NOTHING };
  }
  const applied = db.all<{ name: string }>("SELECT name FROM migrations ORDER BY name").map((row) =>
    row.name
  );
  const known = MIGRATIONS.map((migration) => migration.name);
  const schema = applied.some((name) => !known.includes(name))
    ? "newer"
    : known.every((name) => applied.includes(name))
    ? "current"
    : "older";
  const count = (table: string) =>
    tables.has(table) ? db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!.n : 0;
  const unremembered = tables.has("messages") && tables.has("memory_units")
    ? db.get<{ n: number }>(
      `SELECT count(*) AS n FROM messages m
       WHERE m.status <> 'writing' AND trim(m.content, ' ' || char(9, 10, 13)) <> ''
         AND NOT EXISTS (SELECT 1 FROM memory_units u WHERE u.message_id = m.id)`,
    )!.n
    : 0;
  const times = tables.has("messages")
    ? db.get<{ first_ms: number | null; last_ms: number | null }>(
      "SELECT min(created_ms) AS first_ms, max(created_ms) AS last_ms FROM messages",
    )!
    : { first_ms: null, last_ms: null };
  return {
    schema,
    version: applied.at(-1) ?? "",
    players: count("players"),
    stories: count("sessions"),
    messages: count("messages"),
    memories: count("memory_units"),
    unremembered,
    ...times,
  };
}
