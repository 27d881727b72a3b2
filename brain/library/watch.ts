/** Watches the folders of assets: the shipped ones by events, those of home by looking. */

import { BASE_RULES, FOLDERS, join } from "./shelf.ts";

/** A save is several events: read when they have stopped this long, but under a steady stream after the second. */
const SETTLE_MS = 150;
const SETTLE_AT_MOST_MS = 600;
/** How soon a lost watch (a folder was moved, the system ran out of watches) is tried again. */
const REWATCH_MS = 1_000;
/** How often home is looked at. */
const LOOK_MS = 400;

export interface Watch {
  closed(): boolean;
  close(): void;
}

/**
 * Calls `reload`, never twice at once, when one of our files has changed, or a folder of ours came or went. `assets` null:
 * what ships cannot change.
 */
export function watchFolders(assets: string | null, home: string, reload: () => Promise<void>): Watch {
  let watcher: Deno.FsWatcher | null = null;
  let listening = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let first_event_ms = 0;
  let watch_anew = false;
  let reading = false;
  let asked_again = false;
  let stopped = false;

  // Not home itself: it holds the database, and Deno opens and closes each file that an event is about, which takes
  // this process's locks off the database. Another program would then cut its shared memory, and end us (SIGBUS).
  const home_folders = FOLDERS.map((folder) => join(home, folder));
  const shipped = assets === null ? [] : [assets, ...FOLDERS.map((folder) => join(assets, folder))];
  const roots = [...shipped, ...home_folders];
  let seen = placesOf([...home_folders, join(home, BASE_RULES)]);
  const looking = setInterval(look, LOOK_MS);
  const isFolder = (path: string) => FOLDERS.some((folder) => path.endsWith(`/${folder}`));

  async function start(): Promise<void> {
    watcher?.close();
    watcher = null;
    // Deno 2.9: a folder watched anew before the old watch has ended stays unwatched.
    await listening;
    if (stopped) return;
    const there = roots.filter((path) => isDirectory(path));
    try {
      watcher = there.length > 0 ? Deno.watchFs(there, { recursive: false }) : null;
    } catch {
      // No watches left on this system: nothing to do but to try later.
    }
    if (watcher) listening = listen(watcher);
    else rewatch();
  }

  /** What is watched nowhere: folders that come and go in home, and the player's own base rules. */
  function look(): void {
    const now = placesOf([...home_folders, join(home, BASE_RULES)]);
    if (now.join() === seen.join()) return;
    if (home_folders.some((_, index) => now[index] !== seen[index])) watch_anew = true;
    seen = now;
    settle();
  }

  async function listen(current: Deno.FsWatcher): Promise<void> {
    try {
      for await (const event of current) {
        if (event.kind === "access") continue;
        const paths = event.paths.map((path) => path.replaceAll("\\", "/"));
        // A folder that came is not watched yet; one that went and came again is another one.
        if (paths.some(isFolder)) watch_anew = true;
        if (watch_anew || paths.some((path) => /\.ya?ml$/i.test(path))) settle();
      }
    } catch {
      if (current === watcher) rewatch();
    }
  }

  function rewatch(): void {
    watch_anew = true;
    schedule(REWATCH_MS);
  }

  function settle(): void {
    const now = performance.now();
    first_event_ms ||= now;
    schedule(Math.max(0, Math.min(SETTLE_MS, first_event_ms + SETTLE_AT_MOST_MS - now)));
  }

  function schedule(wait_ms: number): void {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(read, wait_ms);
  }

  async function read(): Promise<void> {
    first_event_ms = 0;
    if (reading) {
      asked_again = true;
      return;
    }
    reading = true;
    if (watch_anew) {
      watch_anew = false;
      await start();
    }
    try {
      await reload();
    } finally {
      reading = false;
    }
    if (asked_again) {
      asked_again = false;
      settle();
    }
  }

  start();
  return {
    closed: () => stopped,
    close() {
      stopped = true;
      clearInterval(looking);
      clearTimeout(timer);
      watcher?.close();
      watcher = null;
    },
  };
}

/** What tells whether there is another folder or file at each path, or another text in it. */
function placesOf(paths: string[]): string[] {
  return paths.map((path) => {
    try {
      const { ino, birthtime, mtime, size, isDirectory } = Deno.statSync(path);
      // A folder's own time changes with its files, which are watched.
      return isDirectory ? `${ino} ${Number(birthtime)}` : `${ino} ${size} ${Number(mtime)}`;
    } catch {
      return "";
    }
  });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
