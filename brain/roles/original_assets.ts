/** Worlds, characters and rules of the original: read as ours, and copied into the home when their ids are new. */

import { join } from "node:path/posix";
import { type Library, openLibrary } from "../library/assets.ts";
import { MAX_ASSET_BYTES } from "../library/shelf.ts";
import { readBaseRules, readCharacter, readRule, readWorld } from "../library/schema.ts";
import type { OriginalRows } from "../store/original.ts";
import { writeWhole } from "../whole_file.ts";
import { type Place, reason, statOrNull } from "./place.ts";

const KINDS = [
  { folder: "worlds", noun: "world", read: readWorld },
  { folder: "characters", noun: "character", read: readCharacter },
  { folder: "rules", noun: "rule", read: readRule },
] as const;

/** What one step took over and what it could not, a line each. */
export interface Report {
  took(text: string): void;
  left(text: string): void;
}

/** Copies what can be used of DIR/assets. Never throws: what fails is reported. */
export async function takeAssets(place: Place, source: string, report: Report): Promise<void> {
  const library = await libraryOf(place);
  for (const { folder, noun, read } of KINDS) {
    const ids = new Set(idsOf(library, folder));
    for (const path of await yamlFiles(join(source, folder))) {
      await attempt(path, report, async () => {
        const text = await readAsset(path);
        const { asset, problems } = read(text, path);
        if (asset === null) {
          const { line, col, reason } = problems[0];
          report.left(`${path}:${line}:${col}: ${reason}`);
          return;
        }
        const target = join(place.home, folder, `${asset.id}.yaml`);
        if (ids.has(asset.id)) {
          if (await readOrNull(target) !== text) {
            report.left(
              `${noun} ${asset.id} (${path}): there is one of this id already, which is left as it is`,
            );
          }
          return;
        }
        ids.add(asset.id);
        await writeAsset(target, text);
        report.took(`${noun} ${asset.id}`);
      });
    }
  }
  await takeBaseRules(place, join(source, "system_rules.yaml"), library, report);
}

async function takeBaseRules(place: Place, path: string, library: Library, report: Report): Promise<void> {
  if (await statOrNull(path) === null) return;
  await attempt(path, report, async () => {
    const text = await readAsset(path);
    const { asset, problems } = readBaseRules(text, path);
    const target = join(place.home, "system_rules.yaml");
    const there = await readOrNull(target);
    if (asset === null) report.left(`${path}: ${problems[0].reason}`);
    else if (there !== null && there !== text) report.left(`${path}: ${target} is there already and is kept`);
    else if (there === null && asset !== library.baseRules()) {
      await writeAsset(target, text);
      report.took(`the base rules, which hold instead of the shipped ones while ${target} is there`);
    }
  });
}

/**
 * Worlds and characters that stories need and whose files are gone: the original's database still has them. Never
 * throws.
 */
export async function takeFromRows(
  place: Place,
  rows: OriginalRows,
  needed: { worlds: Set<string>; characters: Set<string> },
  report: Report,
): Promise<void> {
  const library = await libraryOf(place);
  for (const { folder, noun, read } of KINDS) {
    if (folder === "rules") continue;
    const known = idsOf(library, folder);
    for (const row of rows[folder]) {
      if (known.includes(row.id) || !needed[folder].has(row.id)) continue;
      const fields = Object.entries(row).filter(([, value]) => value !== "");
      // A JSON string is a YAML string.
      const text = fields.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join("");
      const { asset, problems } = read(text, `${noun} ${row.id}`);
      if (asset === null) {
        report.left(`${noun} ${JSON.stringify(row.id)} of the database: ${problems[0].reason}`);
      } else {
        await attempt(`${noun} ${row.id}`, report, async () => {
          await writeAsset(join(place.home, folder, `${asset.id}.yaml`), text);
          report.took(`${noun} ${row.id}, from the database: its file is gone`);
        });
      }
    }
  }
}

/** The library as it is now. */
export async function libraryOf(place: Place): Promise<Library> {
  const library = await openLibrary(place.assets, place.home);
  library.close();
  return library;
}

/** What the characters are called, by their ids; null: there is no such character. */
export async function namesOf(place: Place): Promise<(character_id: string) => string | null> {
  const names = new Map((await libraryOf(place)).characters().map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? null;
}

function idsOf(library: Library, folder: (typeof KINDS)[number]["folder"]): string[] {
  return library[folder]().map(({ id }) => id);
}

async function yamlFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/\.ya?ml$/i.test(name) && !name.startsWith(".")) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort().map((name) => join(folder, name));
}

async function readAsset(path: string): Promise<string> {
  const { size, isFile } = await Deno.stat(path);
  if (!isFile) throw new Error("it is no file");
  if (size > MAX_ASSET_BYTES) throw new Error(`it has ${size} bytes; at most ${MAX_ASSET_BYTES} are read`);
  return await Deno.readTextFile(path);
}

async function readOrNull(path: string): Promise<string | null> {
  return await statOrNull(path) === null ? null : await Deno.readTextFile(path);
}

async function writeAsset(path: string, text: string): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await writeWhole(path, text);
}

async function attempt(what: string, report: Report, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    report.left(`${what}: ${reason(error)}`);
  }
}
