/**
 * Once a day the brain copies its database into HOME/backups, off its own thread, and keeps seven copies. A story that is deleted
 * leaves them, too: which ones stand in a list beside the copies until that is done, so that a crash forgets nothing.
 */

import type { StoryKey } from "./store/forget.ts";

/**
 * What the thread is asked, and its one answer. `from` may be `to`; 0 bytes: it held none of these stories and was left
 * alone.
 */
export interface BackupOrder {
  from: string;
  to: string;
  without: StoryKey[];
}
export type BackupAnswer = { bytes: number; took_ms: number } | { error: string };

export const BACKUPS_KEPT = 7;
const NAME = /^engine-\d{4}-\d{2}-\d{2}\.db$/;
/** In the folder of the copies: a line for each story that has to leave them. */
const DELETED = "deleted.jsonl";
/** How often is looked whether a new day (in UTC) has begun. */
const LOOK_MS = 10 * 60 * 1000;

export interface DailyBackup {
  /**
   * Makes today's copy unless there is one, or there is nothing to copy, and takes deleted stories out of all of them. Resolves
   * once that is done; never rejects.
   */
  look(): Promise<void>;
  /** A story is about to be deleted from the database: it leaves the copies as well, soon. Never throws. */
  forget(story: StoryKey): void;
  /** Gives up a copy that is being made. */
  close(): void;
}

export interface DailyBackupOptions {
  database_path: string;
  /** Created when the first copy is made. */
  folder: string;
  /** Whether there is anything worth a copy. */
  worth(): boolean;
  /** Whether the database holds this story no longer. */
  gone(story: StoryKey): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  log(level: "info" | "warn", text: string): void;
  /** The thread's program, for tests of faults. */
  worker?: URL;
}

/** Looks again every ten minutes until it is closed; the first `look` is the caller's. */
export function openDailyBackup(options: DailyBackupOptions): DailyBackup {
  const { folder } = options;
  const list = `${folder}/${DELETED}`;
  let working: Promise<void> = Promise.resolve();
  let giveUp = () => {};
  let closed = false;
  // One complaint of each kind a day is enough.
  const failed_on = { copy: "", forget: "" };

  function look(): Promise<void> {
    working = working.then(today).then(purge);
    return working;
  }

  const dayNow = () => new Date(options.now()).toISOString().slice(0, 10);

  async function today(): Promise<void> {
    if (closed) return;
    const day = dayNow();
    try {
      const to = `${folder}/engine-${day}.db`;
      if (failed_on.copy === day || await exists(to) || !options.worth()) return;
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      const answer = await ask({ from: options.database_path, to, without: [] });
      if (answer === null) return;
      if ("error" in answer) throw new Error(answer.error);
      options.log("info", `backup of ${day}: ${answer.bytes} bytes in ${Math.round(answer.took_ms)} ms`);
      for (const name of await outdated(folder, day)) await Deno.remove(`${folder}/${name}`);
    } catch (error) {
      failed_on.copy = day;
      options.log("warn", `no backup of ${day}: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Takes what is on the list out of every copy, and off the list once no copy holds it. */
  async function purge(): Promise<void> {
    if (closed) return;
    try {
      const listed = readList(list);
      if (listed.length === 0) return;
      // The deletion itself may have failed.
      const stories = listed.filter(options.gone);
      let changed = 0;
      const failures: string[] = [];
      for (const name of stories.length === 0 ? [] : await copiesIn(folder)) {
        const path = `${folder}/${name}`;
        const answer = await ask({ from: path, to: path, without: stories });
        if (answer === null) return;
        if ("error" in answer) failures.push(`${name}: ${answer.error}`);
        else if (answer.bytes > 0) changed++;
      }
      if (changed > 0) options.log("info", `deleted stories were taken out of ${changed} daily backups`);
      if (failures.length > 0) throw new Error(failures.join("; "));
      const done = new Set(listed.map(({ id }) => id));
      writeList(list, readList(list).filter(({ id }) => !done.has(id)));
    } catch (error) {
      if (failed_on.forget === dayNow()) return;
      failed_on.forget = dayNow();
      const why = error instanceof Error ? error.message : error;
      options.log("warn", `a deleted story still stands in daily backups, ${why}`);
    }
  }

  /** Null: it was given up. */
  function ask(order: BackupOrder): Promise<BackupAnswer | null> {
    // Closed meanwhile: nobody would give up what begins now.
    if (closed) return Promise.resolve(null);
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
    forget(story) {
      try {
        // The line before may have been cut off by a crash.
        Deno.writeTextFileSync(list, `\n${JSON.stringify(story)}\n`, { append: true, mode: 0o600 });
      } catch (error) {
        // Without the folder there is no copy yet.
        if (error instanceof Deno.errors.NotFound) return;
        return options.log("warn", `a deleted story stays in daily backups: ${error}`);
      }
      working = working.then(purge);
    },
    close() {
      closed = true;
      clearInterval(timer);
      giveUp();
    },
  };
}

/**
 * Names of the daily copies in this folder beyond the newest BACKUPS_KEPT on `day` (as 2026-11-22), and of copies that were never
 * finished. Copies of days to come, which a clock that was wrong has left, are the first to go.
 */
export async function outdated(folder: string, day: string): Promise<string[]> {
  const copies = await copiesIn(folder);
  const is_past = (name: string) => name <= `engine-${day}.db`;
  const ordered = [...copies.filter(is_past).reverse(), ...copies.filter((name) => !is_past(name)).reverse()];
  // With the journal of a copy whose process was killed.
  const unfinished = (await namesIn(folder)).filter((name) =>
    /\.part(-\w+)?$/.test(name) && NAME.test(name.split(".part")[0])
  );
  return [...ordered.slice(BACKUPS_KEPT), ...unfinished];
}

/** Names of the daily copies in this folder, the oldest first. Throws Deno's errors. */
export async function copiesIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => NAME.test(name)).sort();
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}

/** Empty where there is no list; a line that a crash cut off is none. */
function readList(path: string): StoryKey[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    try {
      const { player_id, id } = JSON.parse(line) as Partial<StoryKey>;
      return typeof player_id === "string" && typeof id === "string" ? [{ player_id, id }] : [];
    } catch {
      return [];
    }
  });
}

function writeList(path: string, stories: readonly StoryKey[]): void {
  if (stories.length === 0) return Deno.removeSync(path);
  const text = stories.map((story) => `${JSON.stringify(story)}\n`).join("");
  Deno.writeTextFileSync(`${path}.new`, text, { mode: 0o600 });
  Deno.renameSync(`${path}.new`, path);
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
