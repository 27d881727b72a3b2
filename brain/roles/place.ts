/** Where a role works: the home, its config and its database; and how a role fails and talks. */

import { dirname, join, resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import type { Self } from "../../shared/self.ts";
import { type Config, type Keys, loadConfig } from "../config.ts";
import { lockHome } from "../home_lock.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { findPlayer } from "../store/players.ts";
import { readText } from "../whole_file.ts";

/** The options that all roles share, as typed. */
export interface RoleOptions {
  home: string;
  /** Null: look in the working directory, then in home. */
  config_path: string | null;
  assets: string;
  /** Folder that holds brain/ and deno.json; real. */
  root: string;
  /** Absolute. */
  cwd: string;
  env: (name: string) => string | undefined;
  /** How it starts its children; from the sources in `root` unless it is given. */
  self?: Self;
}

/** Where a role's words go. */
export interface Talk {
  /** Prints a line on stdout. */
  say(line: string): void;
  /** Prints a line on stderr. */
  complain(line: string): void;
}

export interface Place extends RoleOptions, Talk {
  /** Absolute, as is everything in `config`. */
  home: string;
  assets: string;
  config: Config;
  keys: Keys;
  /** The config.yaml that was read; null: there is none. */
  config_file: string | null;
}

/** A role could not do its work. `message` is for the player. */
export class RoleError extends Error {
  override name = "RoleError";

  constructor(message: string, readonly code: number = EXIT.failed) {
    super(message);
  }
}

/** Reads the config of this home without writing anything. Never throws: complaints are in the config. */
export function openPlace(options: RoleOptions, talk: Talk): Place {
  const home = realOr(resolve(options.cwd, options.home));
  const assets = realOr(resolve(options.cwd, options.assets));
  let config_file: string | null = null;
  const { config, keys } = loadConfig({
    home,
    assets,
    config_path: options.config_path,
    cwd: options.cwd,
    env: options.env,
    read(path) {
      const text = readText(path);
      if (text !== null) config_file = path;
      return text;
    },
  });
  return { ...options, ...talk, home, assets, config, keys, config_file };
}

/** Runs `work` while no brain can run on this home. Throws RoleError when one does, or when home cannot be written. */
export async function withHomeLock<T>(place: Place, what: string, work: () => Promise<T>): Promise<T> {
  let lock: Deno.FsFile | null;
  try {
    await Deno.mkdir(place.home, { recursive: true, mode: 0o700 });
    lock = await lockHome(place.home);
  } catch (error) {
    throw new RoleError(
      `The home ${place.home} cannot be written: ${reason(error)}. Name another with --home.`,
    );
  }
  if (lock === null) {
    throw new RoleError(
      `A brain runs on ${place.home}, so nothing can be ${what} now; nothing was changed. ` +
        "Leave the game or stop that brain, and try again.",
      EXIT.no_brain,
    );
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

/** The database of this home, made when there is none. Throws RoleError and StoreError. */
export async function openStore(place: Place): Promise<Database> {
  const { database_path, max_page_count } = place.config;
  try {
    await Deno.mkdir(dirname(database_path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new RoleError(`The folder of ${database_path} cannot be made: ${reason(error)}`);
  }
  return openDatabase(database_path, { max_page_count: max_page_count || undefined });
}

/** The id of the player that `typed` names: by the name of their token, or by id. Throws RoleError. */
export function playerOf(db: Database, typed: string): string {
  const player = findPlayer(db, typed);
  if (player === undefined) throw new RoleError(`There is no player "${typed}" here.`);
  return player.id;
}

/** Throws RoleError unless `path` is an existing file. */
export async function mustBeFile(path: string, what: string): Promise<void> {
  const info = await statOrNull(path);
  if (info === null) throw new RoleError(`${what} ${path} is not there.`);
  if (!info.isFile) throw new RoleError(`${path} is no file.`);
}

/** Throws RoleError when nothing may be written at `path`: a folder, no folder around it, or a file without `force`. */
export async function mustBeFree(path: string, force: boolean): Promise<void> {
  const info = await statOrNull(path);
  if (info?.isDirectory) throw new RoleError(`${path} is a folder. Name a file in it.`);
  if (info !== null && !force) {
    throw new RoleError(`${path} is there already. Choose another name, or add --force.`);
  }
  const folder = resolve(path, "..");
  if ((await statOrNull(folder))?.isDirectory !== true) throw new RoleError(`There is no folder ${folder}.`);
}

/** Null when there is nothing of this name. Throws RoleError when it cannot be looked at. */
export async function statOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw new RoleError(`${path} cannot be read: ${reason(error)}`);
  }
}

/** Whether both names lead to one file; false when one of them leads nowhere. */
export function isSameFile(one: string, other: string): boolean {
  return realOr(one) === realOr(other);
}

/** The real path; where there is nothing yet, that of its folder with the name. */
function realOr(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    const folder = resolve(path, "..");
    return folder === path ? path : join(realOr(folder), path.slice(folder.length));
  }
}

/** Why something failed, without Deno's "(os error 2)" and what follows it. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
}

/** 1.2 MB, 340 kB, 12 bytes. */
export function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1000 ? `${Math.round(bytes / 1000)} kB` : `${bytes} bytes`;
}

/** "1 story", "3 stories". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
