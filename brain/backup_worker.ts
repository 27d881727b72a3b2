/** The daily backup's own thread: copying a database blocks whoever does it. */

import { copyDatabase } from "./store/database.ts";
import { inspectDatabase } from "./store/inspect.ts";
import type { BackupAnswer, BackupOrder } from "./daily_backup.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<BackupOrder>) => void) | null;
  postMessage(answer: BackupAnswer): void;
};

scope.onmessage = async ({ data }) => {
  const begun = performance.now();
  const part = `${data.to}.part`;
  try {
    await Deno.remove(part).catch(() => {});
    await copyDatabase(data.from, part);
    const { damage } = inspectDatabase(part);
    // A copy of a damaged database must not push out the good ones.
    if (damage.length > 0) throw new Error(`the database is damaged (${damage[0]})`);
    await Deno.chmod(part, 0o600).catch(() => {});
    const { size } = await Deno.stat(part);
    await Deno.rename(part, data.to);
    scope.postMessage({ bytes: size, took_ms: performance.now() - begun });
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
