/** A folder of lore that the player asked for: only where the config allows, and no link leads out of it. */

import { basename, join, sep } from "node:path";

export interface LoreFile {
  name: string;
  text: string;
}

/** Why a folder is not read; the message holds what to do. */
export class LoreFolderError extends Error {
  override name = "LoreFolderError";
}

const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads `*.md` and `*.txt` of `path` and its sub-folders, sorted by name.
 * `roots` are the allowed folders (`HOME/lore` and the config's `lore_folders`); the comparison is after
 * realPath, and files whose real path leaves the folder are left out. Throws LoreFolderError.
 */
export async function readLoreFolder(path: string, roots: string[]): Promise<LoreFile[]> {
  const real = await realOrNull(path);
  const allowed = await Promise.all(roots.map(realOrNull));
  // The sealed brain may not even look at other paths, so "missing" and "not allowed" read alike on purpose.
  if (real === null || !allowed.some((root) => root !== null && isInside(real, root))) {
    throw new LoreFolderError(
      `Cannot read ${path}: it is missing, or no folder for lore. Add this line to config.yaml and start again: ` +
        `lore_folders: ["${path}"]  (or put the files below ${roots[0] ?? "HOME/lore"})`,
    );
  }
  if (!(await Deno.stat(real)).isDirectory) {
    throw new LoreFolderError(`${path} is a file: name the folder that it is in.`);
  }
  const files: LoreFile[] = [];
  await collect(real, real, files);
  if (files.length === 0) throw new LoreFolderError(`No .md or .txt file with text in ${path}.`);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function collect(folder: string, root: string, files: LoreFile[]): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    if (files.length >= MAX_FILES) return;
    const path = await realOrNull(join(folder, entry.name));
    if (path === null || !isInside(path, root)) continue;
    const info = await Deno.stat(path);
    if (info.isDirectory) {
      // A link to a folder above would go round for ever.
      if (!entry.isSymlink) await collect(path, root, files);
    } else if (/\.(md|txt)$/i.test(entry.name) && info.size <= MAX_FILE_BYTES) {
      const text = (await Deno.readTextFile(path)).trim();
      if (text !== "") files.push({ name: basename(path), text });
    }
  }
}

function isInside(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

async function realOrNull(path: string): Promise<string | null> {
  try {
    return await Deno.realPath(path);
  } catch {
    return null;
  }
}
