/** What a brain takes hold of in its home before anything else: the lock, and the record. */

import { EXIT } from "../shared/roles.ts";
import type { Config } from "./config.ts";
import { copiesIn } from "./daily_backup.ts";
import { lockHome } from "./home_lock.ts";
import { StartError } from "./start_error.ts";
import { type Database, openDatabase } from "./store/database.ts";
import { StoreError } from "./store/store_error.ts";

/** One brain per home. Held until the file is closed. Throws StartError. */
export async function takeLock(home: string): Promise<Deno.FsFile> {
  let lock: Deno.FsFile | null;
  try {
    lock = await lockHome(home);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new StartError(
      `The home folder cannot be written: ${reason}. Choose another with --home.`,
      EXIT.failed,
    );
  }
  if (lock !== null) return lock;
  throw new StartError(
    "Another brain runs on this home. Attach with `deno task play`, or choose another with --home.",
    EXIT.no_brain,
  );
}

/** Throws StoreError; a damaged database is told with the copy that may take its place, as StartError. */
export async function openStore({ database_path, max_page_count, home }: Config): Promise<Database> {
  try {
    return openDatabase(database_path, { max_page_count: max_page_count || undefined });
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== "damaged") throw error;
    const copy = (await copiesIn(`${home}/backups`).catch(() => [])).at(-1);
    if (copy === undefined) throw error;
    throw new StartError(
      `${database_path} is damaged or no database. The newest daily copy takes its place with: ` +
        `flower restore ${home}/backups/${copy} (what is damaged is kept beside it).`,
      EXIT.failed,
    );
  }
}
