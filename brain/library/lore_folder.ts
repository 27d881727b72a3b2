/** A folder of lore that the player asked for: only where the config allows, and no link leads out of it. */

import { basename, join, sep } from "node:path";

export interface LoreFile {
  name: string;
  text: string;
}

/** What a folder holds, and its texts that were passed over, each with the reason. */
export interface LoreFolder {
  files: LoreFile[];
  left_out: string[];
}

/** Why a folder is not read; the message holds what to do. */
export class LoreFolderError extends Error {
  override name = "LoreFolderError";
}

const MAX_FILES = 500;
const MAX_FILE_BYTES = 1024 * 1024;
/** A megabyte takes the brain most of a second to index, in which it tells nothing. */
const MAX_ALL_BYTES = 4 * 1024 * 1024;

/**
 * Reads `*.md` and `*.txt` of `path` and its sub-folders, sorted by name.
 * `roots` are the allowed folders (`HOME/lore` and the config's `lore_folders`); the comparison is after
 * realPath, and files whose real path leaves the folder are left out. Throws LoreFolderError.
 */
export async function readLoreFolder(path: string, roots: string[]): Promise<LoreFolder> {
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
  const found: Found = { files: [], left_out: [], bytes: 0 };
  await collect(real, real, found);
  const { files, left_out } = found;
  if (files.length === 0) {
    const why = left_out.length === 0 ? "" : ` can be read: ${left_out.slice(0, 5).join(", ")}`;
    throw new LoreFolderError(`No .md or .txt file with text in ${path}${why}.`);
  }
  return { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)), left_out };
}

interface Found extends LoreFolder {
  bytes: number;
}

async function collect(folder: string, root: string, found: Found): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  // What is left out of too many is the same each time.
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = await realOrNull(join(folder, entry.name));
    if (path === null || !isInside(path, root)) continue;
    const { isDirectory, isFile, size } = await Deno.stat(path);
    if (isDirectory) {
      // A link to a folder above would go round for ever.
      if (!entry.isSymlink) await collect(path, root, found);
    } else if (isFile && /\.(md|txt)$/i.test(entry.name)) await take(path, size, found);
  }
}

async function take(path: string, size: number, found: Found): Promise<void> {
  const name = basename(path);
  const pass = (reason: string) => void found.left_out.push(`${name} (${reason})`);
  if (size > MAX_FILE_BYTES) return pass("over 1 MB");
  if (found.files.length >= MAX_FILES) return pass(`after the ${MAX_FILES}th file`);
  if (found.bytes + size > MAX_ALL_BYTES) return pass("over 4 MB with the others");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path)).trim();
    if (text === "") return;
    found.files.push({ name, text });
    found.bytes += size;
  } catch (error) {
    pass(error instanceof TypeError ? "not UTF-8 text" : "cannot be read");
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
