/** The daily backup's own thread: copying a database, or deleting from a copy, blocks whoever does it. */

import { copyDatabase } from "./store/database.ts";
import { forgetStories, holdsStory } from "./store/forget.ts";
import { inspectDatabase } from "./store/inspect.ts";
import type { BackupAnswer, BackupOrder } from "./daily_backup.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<BackupOrder>) => void) | null;
  postMessage(answer: BackupAnswer): void;
};

scope.onmessage = async ({ data: { from, to, without } }) => {
  const begun = performance.now();
  const part = `${to}.part`;
  try {
    if (from === to && !holdsStory(from, without)) return scope.postMessage({ bytes: 0, took_ms: 0 });
    await remove(part);
    await copyDatabase(from, part);
    if (without.length > 0) forgetStories(part, without);
    const { damage } = inspectDatabase(part);
    // A copy of a damaged database must not push out the good ones.
    if (damage.length > 0) throw new Error(`the database is damaged (${damage[0]})`);
    await Deno.chmod(part, 0o600).catch(() => {});
    const { size } = await Deno.stat(part);
    await Deno.rename(part, to);
    scope.postMessage({ bytes: size, took_ms: performance.now() - begun });
  } catch (error) {
    await remove(part);
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

/** With its logs: one that a killed process left behind would be taken for the next copy's. */
async function remove(path: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", "-journal"]) await Deno.remove(`${path}${end}`).catch(() => {});
}
