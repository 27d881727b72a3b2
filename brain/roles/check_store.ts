/** Checks of what stands in the home: the database, its backups, a running brain, room on the disk. */

import { statfsSync } from "node:fs";
import { join } from "node:path/posix";
import manifest from "../../deno.json" with { type: "json" };
import { BRAIN_FILE, LOCK_FILE, parseBrainFile } from "../../shared/home.ts";
import { lockHome } from "../home_lock.ts";
import { inspectDatabase } from "../store/inspect.ts";
import { contentsText } from "./backup.ts";
import { bad, type Finding, note, ok } from "./findings.ts";
import { counted, type Place, reason, sizeText, statOrNull } from "./place.ts";

const DAY_MS = 24 * 3600 * 1000;
const LITTLE_ROOM = 500e6;
const NO_ROOM = 20e6;
/** A log that grew beyond this is not written back: something keeps an old state open. */
const LONG_LOG = 100e6;

/** Whether the database can be read, is whole, and is of this version. */
export async function checkDatabase(place: Place): Promise<Finding[]> {
  const path = place.config.database_path;
  try {
    const info = await statOrNull(path);
    if (info === null) return [ok("database", `none yet: ${path} is made when you play`)];
    const holds = inspectDatabase(path);
    const log = await statOrNull(`${path}-wal`);
    const size = `${path}, ${sizeText(info.size)}${
      log && log.size > 0 ? ` and a log of ${sizeText(log.size)}` : ""
    }`;
    if (holds.damage.length > 0) {
      return [bad("database", `${size}: damaged: ${holds.damage.join("; ")}`, restoreAdvice(place))];
    }
    switch (holds.schema) {
      case "newer":
        return [
          bad(
            "database",
            `${size}: written by a newer Flower Engine ("${holds.version}")`,
            "update this one",
          ),
        ];
      case "foreign":
        return [
          bad(
            "database",
            `${size}: another program's tables`,
            "set database_path in config.yaml to another file",
          ),
        ];
      case "empty":
        return [ok("database", `${size}: empty`)];
    }
    const found = [
      ok(
        "database",
        `${size}: whole; ${contentsText(holds)}, ${counted(holds.memories, "memory", "memories")}`,
      ),
    ];
    if (holds.schema === "older") {
      found.push(
        note("database", `its schema is of an earlier version`, "it is brought up to date at the next start"),
      );
    }
    if (holds.unremembered > 0) {
      found.push(
        note(
          "database",
          `${counted(holds.unremembered, "message")} not yet remembered`,
          "the next start makes up for it",
        ),
      );
    }
    if (log && log.size > LONG_LOG) {
      found.push(
        note(
          "database",
          `its log has ${sizeText(log.size)}`,
          "start the brain again: it writes the log back",
        ),
      );
    }
    return found;
  } catch (error) {
    return [bad("database", reason(error), restoreAdvice(place))];
  }
}

function restoreAdvice(place: Place): string {
  return `flower restore puts a backup back; daily ones are in ${join(place.home, "backups")}`;
}

/** How old the newest daily copy is. */
export async function checkBackups(place: Place): Promise<Finding[]> {
  const folder = join(place.home, "backups");
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^engine-\d{4}-\d{2}-\d{2}\.db$/.test(name)) names.push(name);
    }
  } catch {
    // None were made yet.
  }
  if (names.length === 0) return [ok("backups", "none yet: the brain makes one a day once there is a story")];
  const newest = names.sort()[names.length - 1];
  const age_ms = Date.now() - Date.parse(newest.slice(7, 17));
  const played = await statOrNull(place.config.database_path).catch(() => null);
  const text = `${counted(names.length, "daily copy", "daily copies")} in ${folder}, the newest of ${
    newest.slice(7, 17)
  }`;
  // Old is fine when nothing was played since.
  const behind = age_ms > 2 * DAY_MS &&
    (played?.mtime?.getTime() ?? 0) > Date.parse(newest.slice(7, 17)) + 2 * DAY_MS;
  return [
    behind
      ? note("backups", text, `logs/brain.log says why none was made since; flower backup makes one now`)
      : ok("backups", text),
  ];
}

/** Whether a brain runs on this home, and whether its two files tell the truth. */
export async function checkBrain(place: Place): Promise<Finding[]> {
  const beacon_path = join(place.home, BRAIN_FILE);
  const beacon_text = await Deno.readTextFile(beacon_path).catch(() => null);
  const lock_there = await statOrNull(join(place.home, LOCK_FILE)).catch(() => null) !== null;
  const lock = lock_there ? await lockHome(place.home).catch(() => undefined) : undefined;
  lock?.close();
  if (lock !== null) {
    if (beacon_text === null) return [ok("brain", "none runs on this home")];
    return [
      note(
        "brain",
        `none runs, and ${beacon_path} is left of one that crashed`,
        "nothing: the next start takes it away",
      ),
    ];
  }
  const beacon = beacon_text === null ? null : parseBrainFile(beacon_text);
  if (beacon === null) {
    return [
      note(
        "brain",
        `the home is locked, and ${beacon_path} says nothing`,
        "a brain is starting, or a restore or import runs: look again in a moment",
      ),
    ];
  }
  const named = `version ${beacon.version} runs at ${beacon.url}, process ${beacon.pid}`;
  if (!await answers(beacon.url)) {
    return [
      bad(
        "brain",
        `${named}, and does not answer`,
        `end process ${beacon.pid} and play again; nothing that was told is lost`,
      ),
    ];
  }
  if (beacon.version !== manifest.version) {
    return [
      note("brain", named, `this is version ${manifest.version}: end that brain, so that yours can start`),
    ];
  }
  return [ok("brain", named)];
}

async function answers(url: string): Promise<boolean> {
  try {
    const page = new URL("/healthz", url.replace(/^ws/, "http"));
    const response = await fetch(page, { signal: AbortSignal.timeout(10_000), redirect: "manual" });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** Room on the disk where the home is, or will be. */
export async function checkDisk(place: Place): Promise<Finding[]> {
  let folder = place.home;
  while (await statOrNull(folder).catch(() => null) === null && folder !== "/") folder = join(folder, "..");
  try {
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    const text = `${sizeText(free)} free where the home is`;
    if (free < NO_ROOM) return [bad("disk", text, "free some space: stories can no longer be saved")];
    return [
      free < LITTLE_ROOM
        ? note("disk", text, "free some space; daily backups take some, too")
        : ok("disk", text),
    ];
  } catch (error) {
    return [note("disk", `how much is free cannot be told: ${reason(error)}`, "look with df")];
  }
}
