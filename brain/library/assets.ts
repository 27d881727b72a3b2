/** What can be played: the worlds, characters and rules on disk, read again when a watched file changes. */

import type { Character, Rule, World } from "../../shared/story.ts";
import type { AssetProblem } from "./schema.ts";
import { FOLDERS, join, readShelf, type Shelf } from "./shelf.ts";
import { watchFolders } from "./watch.ts";

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
