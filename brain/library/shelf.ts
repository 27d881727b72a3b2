/** One reading of the folders of worlds, characters and rules: the shipped ones, then the same in the player's home. */

import type { Character, Rule, World } from "../../shared/story.ts";
import {
  type AssetProblem,
  type ReadAsset,
  readBaseRules,
  readCharacter,
  readRule,
  readWorld,
} from "./schema.ts";

/** Below `assets` and below home. */
export const FOLDERS = ["worlds", "characters", "rules"] as const;
export const BASE_RULES = "system_rules.yaml";

/** Larger files are refused unread, in bytes. */
export const MAX_ASSET_BYTES = 256 * 1024;
const MAX_FILES_PER_FOLDER = 1_000;
const MAX_PROBLEMS = 50;

/** What stood in the files. Lists are sorted by file name, shipped ones first. */
export interface Shelf {
  worlds: World[];
  characters: Character[];
  rules: Rule[];
  /** Plain text for the system prompt; `{{user}}` is still in it. */
  base_rules: string;
  /** Of files that were left out, and of what could be better in others. */
  problems: AssetProblem[];
}

/** Reads both folders; what is broken is left out and told. Never throws: without any readable file the shelf is empty. */
export async function readShelf(assets: string, home: string): Promise<Shelf> {
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

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").slice(0, 160);
}

/** A path of a folder and a name in it, by "/" alone. */
export function join(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, "")}/${name}`;
}
