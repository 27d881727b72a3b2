/**
 * The one connection to the story database: opens it, keeps its statements prepared and runs its transactions. The only
 * file that touches node:sqlite.
 */
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { MIGRATIONS } from "./migrations.ts";
import { explain, StoreError } from "./store_error.ts";

export type Value = SQLInputValue;

/**
 * An open database. Every method is synchronous and throws StoreError. Rows come as plain objects; the caller names
 * their type.
 */
export interface Database {
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  all<Row>(sql: string, ...values: Value[]): Row[];
  /** Rows one by one; leaving the loop early stops the query. Do not run the same SQL inside the loop. */
  iterate<Row>(sql: string, ...values: Value[]): Iterable<Row>;
  /** Returns the number of rows changed and the id of the last row inserted. */
  run(sql: string, ...values: Value[]): { changes: number; id: number };
  /**
   * Runs `fn` as one write: all of it or, when it throws, nothing. Inside another transaction it joins that one:
   * it is kept when the outer one is, and undone alone when only it fails.
   */
  transaction<T>(fn: () => T): T;
  /**
   * Runs `fn` as writes that outlive this process but perhaps not a power cut: nothing waits for the disk, and the next
   * write that does takes them along. Inside a transaction it is as safe as that one.
   */
  unhurried<T>(fn: () => T): T;
  close(): void;
}

interface Prepared {
  statement: StatementSync;
  names: string[];
}

// Deno 2.9 reads a text only up to its first NUL.
function whole(value: Value): Value {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}

function named<Row>(names: string[], values: unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i++) row[names[i]] = values[i];
  return row as Row;
}

/**
 * Opens the database at `path`, makes it when there is none, and brings it up to date.
 * `busy_timeout_ms` is how long a call waits for another process (2000), `max_page_count` the size limit in pages
 * that stands for a full disk in tests (0: none); `readonly` runs no migrations. Throws StoreError.
 */
export function openDatabase(
  path: string,
  options: { busy_timeout_ms?: number; max_page_count?: number; readonly?: boolean } = {},
): Database {
  const readonly = options.readonly ?? false;
  const guard = <T>(fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      throw explain(error, path);
    }
  };
  if (!readonly && path !== ":memory:") makePrivate(path);
  const raw = guard(() =>
    new DatabaseSync(path, { readOnly: readonly, timeout: options.busy_timeout_ms ?? 2000 })
  );
  const statements = new Map<string, Prepared>();
  let savepoints = 0;

  function prepare(sql: string): Prepared {
    let prepared = statements.get(sql);
    if (!prepared) {
      const statement = raw.prepare(sql);
      // Arrays made into objects here cost half of what node:sqlite's own objects cost to make and to read.
      (statement as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);
      prepared = { statement, names: statement.columns().map((column) => column.name) };
      statements.set(sql, prepared);
    }
    return prepared;
  }

  const db: Database = {
    get: <Row>(sql: string, ...values: Value[]) =>
      guard(() => {
        const { statement, names } = prepare(sql);
        const row = statement.get(...values.map(whole)) as unknown as unknown[] | undefined;
        return row && named<Row>(names, row);
      }),
    all: <Row>(sql: string, ...values: Value[]) =>
      guard(() => {
        const { statement, names } = prepare(sql);
        return (statement.all(...values.map(whole)) as unknown as unknown[][]).map((row) =>
          named<Row>(names, row)
        );
      }),
    *iterate<Row>(sql: string, ...values: Value[]) {
      try {
        const { statement, names } = prepare(sql);
        for (const row of statement.iterate(...values.map(whole)) as unknown as Iterable<unknown[]>) {
          yield named<Row>(names, row);
        }
      } catch (error) {
        throw explain(error, path);
      }
    },
    run(sql, ...values) {
      const done = guard(() => prepare(sql).statement.run(...values.map(whole)));
      return { changes: Number(done.changes), id: Number(done.lastInsertRowid) };
    },
    transaction<T>(fn: () => T): T {
      const inner = raw.isTransaction;
      const name = `inner_${savepoints}`;
      guard(() => raw.exec(inner ? `SAVEPOINT ${name}` : "BEGIN IMMEDIATE"));
      savepoints++;
      try {
        const result = fn();
        guard(() => raw.exec(inner ? `RELEASE ${name}` : "COMMIT"));
        return result;
      } catch (error) {
        // On a full disk SQLite may have rolled everything back by itself already.
        if (raw.isTransaction) {
          guard(() => raw.exec(inner ? `ROLLBACK TO ${name}; RELEASE ${name}` : "ROLLBACK"));
        }
        throw explain(error, path);
      } finally {
        savepoints--;
      }
    },
    unhurried<T>(fn: () => T): T {
      if (raw.isTransaction) return fn();
      guard(() => raw.exec("PRAGMA synchronous = NORMAL"));
      try {
        return fn();
      } finally {
        guard(() => raw.exec("PRAGMA synchronous = FULL"));
      }
    },
    close() {
      statements.clear();
      if (!raw.isOpen) return;
      // The last connection writes the log back, and a thread that was ended may have left its own open: the file alone has to
      // hold everything. Passive: a reader is not waited for.
      if (!readonly) settle(raw);
      raw.close();
    },
  };

  try {
    if (!readonly) prepareFile(raw, db, path);
    guard(() => raw.exec("PRAGMA foreign_keys = ON"));
    // 32 MB, taken as needed: a long story does not fit in SQLite's own 2 MB.
    guard(() => raw.exec("PRAGMA cache_size = -32000"));
    // After the migrations: the limit stands for a disk that fills up while one plays.
    if (options.max_page_count) {
      const limit = Math.floor(options.max_page_count);
      guard(() => raw.exec(`PRAGMA max_page_count = ${limit}`));
    }
  } catch (error) {
    raw.close();
    throw explain(error, path);
  }
  return db;
}

/** Rows that this connection has changed so far: the same number as before, and nothing was. */
export function changesOf(db: Database): number {
  return db.get<{ changes: number }>("SELECT total_changes() AS changes")!.changes;
}

/**
 * Copies the database at `from`, as it stands at one moment, into the new file `to`: one plain file, without a log
 * beside it. Others may read and write meanwhile. Blocks this thread although it is async: 2 to 3 ms a megabyte.
 * Throws StoreError.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  let raw: DatabaseSync | undefined;
  try {
    raw = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
    makePrivate(to);
    // All pages in one step: between steps a writer would make it begin again.
    await backup(raw, to, { rate: -1 });
    raw.close();
    raw = new DatabaseSync(to, { timeout: 5000 });
    raw.exec("PRAGMA journal_mode = DELETE");
  } catch (error) {
    const told = explain(error, from);
    // What is damaged in the copy is damaged in the original; what has no room is the copy.
    throw told instanceof StoreError && told.kind === "full" ? explain(error, to) : told;
  } finally {
    if (raw?.isOpen) raw.close();
  }
}

/**
 * Writes the log of the database at `path` back into its file, so that the file alone holds everything; changes
 * nothing else. Throws StoreError.
 */
export function settleDatabase(path: string): void {
  let raw: DatabaseSync | undefined;
  try {
    raw = new DatabaseSync(path);
    raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    throw explain(error, path);
  } finally {
    if (raw?.isOpen) raw.close();
  }
}

/** A new database is made for its owner alone; SQLite would give it, and the logs beside it, whatever the umask leaves. */
function makePrivate(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch {
    // It is there, or cannot be made: SQLite says why.
  }
}

function settle(raw: DatabaseSync): void {
  try {
    raw.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // The log stays, and is read at the next start.
  }
}

function prepareFile(raw: DatabaseSync, db: Database, path: string): void {
  // auto_vacuum takes effect only before the first table; with less than full rights VACUUM is not to be had.
  // On a database that has tables it would only wait for the write lock, and a locked one must open for reading.
  if (db.get<{ page_count: number }>("PRAGMA page_count")?.page_count === 0) {
    raw.exec("PRAGMA auto_vacuum = INCREMENTAL");
  }
  raw.exec("PRAGMA journal_mode = WAL");
  raw.exec("PRAGMA synchronous = FULL");
  // What is deleted is overwritten, not just unlinked.
  raw.exec("PRAGMA secure_delete = ON");
  const applied = () =>
    new Set(db.all<{ name: string }>("SELECT name FROM migrations").map((row) => row.name));
  const tables = new Set(
    db.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => row.name),
  );
  if (!tables.has("migrations") && tables.size > 0) {
    throw new StoreError(
      "other",
      `${path} holds another program's tables. Set database_path to a file of its own; nothing was changed.`,
    );
  }
  const known = new Set(MIGRATIONS.map((migration) => migration.name));
  const before = tables.has("migrations") ? applied() : new Set<string>();
  const unknown = [...before].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new StoreError(
      "newer",
      `${path} was written by a newer Flower Engine (it has "${unknown}"). Update this one, or set ` +
        "database_path to another file; nothing was changed.",
    );
  }
  if (MIGRATIONS.every((migration) => before.has(migration.name))) return;
  db.transaction(() => {
    raw.exec("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT");
    // Read again: another process may have been faster while this one waited for the lock.
    const done = applied();
    for (const migration of MIGRATIONS) {
      if (done.has(migration.name)) continue;
      raw.exec(migration.sql);
      db.run("INSERT INTO migrations (name) VALUES (?)", migration.name);
    }
  });
}
