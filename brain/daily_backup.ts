/** Once a day the brain copies its database into HOME/backups, off its own thread, and keeps the newest seven copies. */

/** What the thread is asked, and its one answer. */
export interface BackupOrder {
  from: string;
  to: string;
}
export type BackupAnswer = { bytes: number; took_ms: number } | { error: string };

export const BACKUPS_KEPT = 7;
const NAME = /^engine-\d{4}-\d{2}-\d{2}\.db$/;
/** How often is looked whether a new day (in UTC) has begun. */
const LOOK_MS = 10 * 60 * 1000;

export interface DailyBackup {
  /** Makes today's copy unless there is one, or there is nothing to copy. Resolves once that is done; never rejects. */
  look(): Promise<void>;
  /** Gives up a copy that is being made. */
  close(): void;
}

export interface DailyBackupOptions {
  database_path: string;
  /** Created when the first copy is made. */
  folder: string;
  /** Whether there is anything worth a copy. */
  worth(): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  log(level: "info" | "warn", text: string): void;
  /** The thread's program, for tests of faults. */
  worker?: URL;
}

/** Looks again every ten minutes until it is closed; the first `look` is the caller's. */
export function openDailyBackup(options: DailyBackupOptions): DailyBackup {
  let copying: Promise<void> | null = null;
  let giveUp = () => {};
  let closed = false;
  // One complaint a day is enough.
  let failed_on = "";

  async function look(): Promise<void> {
    if (closed) return;
    copying ??= today().finally(() => copying = null);
    await copying;
  }

  async function today(): Promise<void> {
    const day = new Date(options.now()).toISOString().slice(0, 10);
    try {
      const to = `${options.folder}/engine-${day}.db`;
      if (failed_on === day || await exists(to) || !options.worth()) return;
      await Deno.mkdir(options.folder, { recursive: true, mode: 0o700 });
      // Closed meanwhile: nobody would give up a copy that begins now.
      if (closed) return;
      const answer = await copy({ from: options.database_path, to });
      if (answer === null) return;
      if ("error" in answer) throw new Error(answer.error);
      options.log("info", `backup of ${day}: ${answer.bytes} bytes in ${Math.round(answer.took_ms)} ms`);
      for (const name of await outdated(options.folder)) await Deno.remove(`${options.folder}/${name}`);
    } catch (error) {
      failed_on = day;
      options.log("warn", `no backup of ${day}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Null: it was given up. */
  function copy(order: BackupOrder): Promise<BackupAnswer | null> {
    const program = options.worker ?? new URL("./backup_worker.ts", import.meta.url);
    const worker = new Worker(program, { type: "module", name: "backup" });
    return new Promise<BackupAnswer | null>((resolve) => {
      giveUp = () => resolve(null);
      worker.onmessage = (event: MessageEvent<BackupAnswer>) => resolve(event.data);
      worker.onerror = (event) => {
        // Unhandled, it would end the whole brain.
        event.preventDefault();
        resolve({ error: event.message });
      };
      worker.postMessage(order);
    }).finally(() => worker.terminate());
  }

  const timer = setInterval(look, LOOK_MS);
  return {
    look,
    close() {
      closed = true;
      clearInterval(timer);
      giveUp();
    },
  };
}

/** Names of the daily copies in this folder beyond the newest BACKUPS_KEPT, and of copies that were never finished. */
export async function outdated(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  const copies = names.filter((name) => NAME.test(name)).sort().reverse();
  // With the journal of a copy whose process was killed.
  const unfinished = names.filter((name) => /\.part(-\w+)?$/.test(name) && NAME.test(name.split(".part")[0]));
  return [...copies.slice(BACKUPS_KEPT), ...unfinished];
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
