/** `flower restore FILE`: puts a backup in the place of the database, which is kept beside it. */

import { dirname, resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { copyDatabase, openDatabase, settleDatabase } from "../store/database.ts";
import { StoreError } from "../store/store_error.ts";
import { inspectDatabase, type Inspection } from "../store/inspect.ts";
import { contentsText } from "./backup.ts";
import type { Order } from "./orders.ts";
import { isSameFile, mustBeFile, type Place, RoleError, statOrNull, withHomeLock } from "./place.ts";

/** Resolves to the exit code. Throws RoleError and StoreError; the database is as it was then. */
export async function restore(place: Place, order: Extract<Order, { role: "restore" }>): Promise<number> {
  const from = resolve(place.cwd, order.file);
  const to = place.config.database_path;
  await mustBeFile(from, "The backup");
  return await withHomeLock(place, "restored", async () => {
    if (isSameFile(from, to)) {
      throw new RoleError(`${from} is the database itself: there is nothing to restore.`);
    }
    await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const part = `${to}.part`;
    try {
      await Deno.remove(part).catch(() => {});
      await copyBackup(from, part);
      // Brought up to date here and not at the next start: if that fails, nothing has happened yet.
      openDatabase(part).close();
      await Deno.chmod(part, 0o600).catch(() => {});
      const holds = inspectDatabase(part);
      const kept = await moveAside(to);
      await Deno.rename(part, to);
      place.say(`✓ Restored ${from}`);
      place.say(`  ${contentsText(holds)}`);
      if (kept !== null) place.say(`  The database that was there is kept as ${kept}`);
      return EXIT.done;
    } finally {
      for (const end of ["", "-wal", "-shm"]) await Deno.remove(`${part}${end}`).catch(() => {});
    }
  });
}

/** Throws RoleError unless `from` is a whole database of ours, and none of a newer version. */
async function copyBackup(from: string, part: string): Promise<void> {
  let holds: Inspection;
  try {
    await copyDatabase(from, part);
    holds = inspectDatabase(part);
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== "damaged") throw error;
    throw new RoleError(`${from} is damaged, or no backup at all. Nothing was changed; take another one.`);
  }
  if (holds.damage.length > 0) {
    throw new RoleError(`${from} is damaged (${holds.damage[0]}). Nothing was changed; take another backup.`);
  }
  if (holds.schema === "newer") {
    throw new RoleError(
      `${from} was written by a newer Flower Engine (it has "${holds.version}"). Update this one first; ` +
        "nothing was changed.",
    );
  }
  if (holds.schema === "foreign" || holds.schema === "empty") {
    const what = holds.schema === "empty" ? "is an empty file" : "holds another program's tables";
    throw new RoleError(`${from} ${what}: it is no backup of Flower Engine. Nothing was changed.`);
  }
}

/**
 * Gives the database another name, from which it can be restored in its turn; null when there is none. Its log must
 * not stay: SQLite would write it into the database that comes.
 */
async function moveAside(path: string): Promise<string | null> {
  if (await statOrNull(path) === null) {
    await Deno.remove(`${path}-wal`).catch(() => {});
    return null;
  }
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  let kept = `${path}.before-restore-${stamp}`;
  for (let n = 2; await statOrNull(kept) !== null; n++) kept = `${path}.before-restore-${stamp}-${n}`;
  try {
    settleDatabase(path);
  } catch (error) {
    // A damaged one is moved as it is.
    if (!(error instanceof StoreError)) throw error;
  }
  for (const end of ["-wal", "-shm"]) {
    if (await statOrNull(`${path}${end}`) !== null) await Deno.rename(`${path}${end}`, `${kept}${end}`);
  }
  try {
    // Two names for a moment: the new one then takes the place in one step, and there is always a database.
    await Deno.link(path, kept);
  } catch {
    await Deno.rename(path, kept);
  }
  return kept;
}
