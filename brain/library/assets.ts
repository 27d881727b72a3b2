/** The worlds, characters and rules on disk: the shipped folder, then the same folders in the player's home; watched. */

import type { Character, Rule, World } from "../../shared/story.ts";
import {
  type AssetProblem,
  type ReadAsset,
  readBaseRules,
  readCharacter,
  readRule,
  readWorld,
} from "./schema.ts";

export type { AssetProblem } from "./schema.ts";

/** What can be played, as of the last reading. Lists are sorted by file name, shipped ones first. */
export interface Library {
  worlds(): World[];
  characters(): Character[];
  rules(): Rule[];
  /** Plain text for the system prompt; `{{user}}` is still in it. */
  baseRules(): string;
  problems(): AssetProblem[];
  /** Called after a watched change has been read and something is different. */
  onChange(listener: () => void): void;
  close(): void;
}

/** Larger files are refused unread, in bytes. */
export const MAX_ASSET_BYTES = 256 * 1024;
const FOLDERS = ["worlds", "characters", "rules"] as const;
const BASE_RULES = "system_rules.yaml";
const MAX_FILES_PER_FOLDER = 1_000;
const MAX_PROBLEMS = 50;
/** A save is several events: read when they have stopped this long, but under a steady stream after the second. */
const SETTLE_MS = 150;
const SETTLE_AT_MOST_MS = 600;
/** How soon a lost watch (a folder was moved, the system ran out of watches) is tried again. */
const REWATCH_MS = 1_000;
/** How often home is looked at. */
const LOOK_MS = 400;

interface Shelf {
  worlds: World[];
  characters: Character[];
  rules: Rule[];
  base_rules: string;
  problems: AssetProblem[];
}

/**
 * Reads both folders; what is broken is left out and stands in `problems()`. Creates the folders in home where it
 * can. Never throws: without any readable file the library is empty. `watch` "home": what ships cannot change.
 */
export async function openLibrary(
  assets: string,
  home: string,
  options: { watch?: boolean | "home" } = {},
): Promise<Library> {
  for (const folder of FOLDERS) {
    // A home that cannot be written is the store's complaint, not ours.
    await Deno.mkdir(join(home, folder), { recursive: true }).catch(() => {});
  }
  let shelf: Shelf = { worlds: [], characters: [], rules: [], base_rules: "", problems: [] };
  const listeners: (() => void)[] = [];
  // Watched before it is read: nothing saved in between is missed.
  const watch = options.watch ? watchFolders(options.watch === "home" ? null : assets, home, reload) : null;
  shelf = await readShelf(assets, home);

  async function reload(): Promise<void> {
    const next = await readShelf(assets, home);
    if (watch?.closed() || JSON.stringify(next) === JSON.stringify(shelf)) return;
    shelf = next;
    for (const listener of listeners) listener();
  }

  return {
    worlds: () => shelf.worlds,
    characters: () => shelf.characters,
    rules: () => shelf.rules,
    baseRules: () => shelf.base_rules,
    problems: () => shelf.problems,
    onChange(listener) {
      listeners.push(listener);
    },
    close() {
      watch?.close();
    },
  };
}

async function readShelf(assets: string, home: string): Promise<Shelf> {
  const problems: AssetProblem[] = [];
  const mentions: ReadAsset<never>["mentions"] = [];
  if (!(await exists(assets))) {
    problems.push(problem(assets, "the folder of the shipped worlds is not there"));
  }

  async function readAll<Asset extends { id: string }>(
    folder: string,
    read: (text: string, file: string) => ReadAsset<Asset>,
  ): Promise<Asset[]> {
    const found = new Map<string, { asset: Asset; file: string }>();
    for (const root of [assets, home]) {
      for (const file of await yamlFiles(join(root, folder), problems)) {
        const text = await readText(file, problems);
        if (text === null) continue;
        const result = read(text, file);
        problems.push(...result.problems);
        if (!result.asset) continue;
        const first = found.get(result.asset.id);
        if (first) {
          problems.push(problem(file, `the id "${result.asset.id}" is already taken by ${first.file}`));
          continue;
        }
        found.set(result.asset.id, { asset: result.asset, file });
        mentions.push(...result.mentions);
      }
    }
    return [...found.values()].map((entry) => entry.asset);
  }

  const worlds = await readAll("worlds", readWorld);
  const characters = await readAll("characters", readCharacter);
  const rules = await readAll("rules", readRule);
  for (const { id, ...place } of mentions) {
    if (characters.some((character) => character.id === id)) continue;
    problems.push({ ...place, reason: `there is no character "${id}"` });
  }
  const base_rules = await readBase(assets, home, problems);
  return { worlds, characters, rules, base_rules, problems: bounded(problems) };
}

/** The player's own file if it can be used, else the shipped one. */
async function readBase(assets: string, home: string, problems: AssetProblem[]): Promise<string> {
  for (const file of [join(home, BASE_RULES), join(assets, BASE_RULES)]) {
    if (!(await exists(file))) continue;
    const text = await readText(file, problems);
    if (text === null) continue;
    const result = readBaseRules(text, file);
    problems.push(...result.problems);
    if (result.asset !== null) return result.asset;
  }
  return "";
}

/** Paths of the YAML files in a folder, sorted by name; none when there is no such folder. */
async function yamlFiles(folder: string, problems: AssetProblem[]): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(".") || entry.isDirectory) continue;
      if (entry.name.endsWith(".yaml")) names.push(entry.name);
      else if (/\.ya?ml$/i.test(entry.name)) {
        problems.push(problem(join(folder, entry.name), 'not read: the name must end in ".yaml"'));
      }
    }
  } catch (error) {
    if (!isAbsent(error)) problems.push(problem(folder, `the folder cannot be read: ${reasonOf(error)}`));
  }
  names.sort();
  if (names.length > MAX_FILES_PER_FOLDER) {
    problems.push(problem(folder, `${names.length} files; only the first ${MAX_FILES_PER_FOLDER} are read`));
  }
  return names.slice(0, MAX_FILES_PER_FOLDER).map((name) => join(folder, name));
}

/** Null when it cannot be used; a file that has gone since the folder was listed is no problem. */
async function readText(file: string, problems: AssetProblem[]): Promise<string | null> {
  try {
    const { isFile, size } = await Deno.stat(file);
    // A pipe would be waited for without end.
    if (!isFile) return refuse("not a regular file");
    if (size > MAX_ASSET_BYTES) {
      return refuse(`${size} bytes; at most ${MAX_ASSET_BYTES} are read`);
    }
    const bytes = await Deno.readFile(file);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      const before = new TextDecoder().decode(bytes).split("\uFFFD")[0].split("\n");
      return refuse("not UTF-8 text", before.length, before[before.length - 1].length + 1);
    }
  } catch (error) {
    return isAbsent(error) ? null : refuse(`cannot be read: ${reasonOf(error)}`);
  }

  function refuse(reason: string, line = 1, col = 1): null {
    problems.push({ file, line, col, reason });
    return null;
  }
}

interface Watch {
  closed(): boolean;
  close(): void;
}

/** Calls `reload`, never twice at once, when one of our files has changed, or a folder of ours came or went. */
function watchFolders(assets: string | null, home: string, reload: () => Promise<void>): Watch {
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

function problem(file: string, reason: string): AssetProblem {
  return { file, line: 1, col: 1, reason };
}

function bounded(problems: AssetProblem[]): AssetProblem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const kept = problems.slice(0, MAX_PROBLEMS - 1);
  const next = problems[MAX_PROBLEMS - 1];
  return [...kept, problem(next.file, `and ${problems.length - kept.length} more problems like these`)];
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => !isAbsent(error));
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

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").slice(0, 160);
}

function join(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, "")}/${name}`;
}
