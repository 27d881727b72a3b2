/** `flower backup FILE`: a copy of the database as it stands at one moment, also beside a running brain. */

import { resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { copyDatabase } from "../store/database.ts";
import { inspectDatabase, type Inspection } from "../store/inspect.ts";
import type { Order } from "./orders.ts";
import { counted, isSameFile, mustBeFile, mustBeFree, type Place, RoleError, sizeText } from "./place.ts";

/** Resolves to the exit code. Throws RoleError and StoreError, and leaves no half of a file then. */
export async function backup(place: Place, order: Extract<Order, { role: "backup" }>): Promise<number> {
  const from = place.config.database_path;
  const to = resolve(place.cwd, order.file);
  await mustBeFile(from, "The database");
  for (const own of ["", "-wal", "-shm"]) {
    if (isSameFile(to, `${from}${own}`)) {
      throw new RoleError(`${to} is the database itself. Choose another name.`);
    }
  }
  await mustBeFree(to, order.force);
  const { bytes, holds } = await copyChecked(from, to);
  place.say(`✓ ${to}: ${sizeText(bytes)}`);
  place.say(`  ${contentsText(holds)}`);
  return EXIT.done;
}

/**
 * Copies the database at `from` to `to`, over what is there, once the copy is known to be whole. Throws RoleError when
 * it is damaged, StoreError when it cannot be read or written; `to` is as it was then.
 */
async function copyChecked(from: string, to: string): Promise<{ bytes: number; holds: Inspection }> {
  const part = `${to}.part`;
  try {
    await Deno.remove(part).catch(() => {});
    await copyDatabase(from, part);
    const holds = inspectDatabase(part);
    if (holds.damage.length > 0) {
      throw new RoleError(
        `${from} is damaged: ${
          holds.damage[0]
        }. \`flower doctor\` says more; \`flower restore\` puts an earlier ` +
          "copy back.",
      );
    }
    // All that somebody ever told stands in it.
    await Deno.chmod(part, 0o600).catch(() => {});
    const { size } = await Deno.stat(part);
    await Deno.rename(part, to);
    return { bytes: size, holds };
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/** What a database holds, in one line. */
export function contentsText(holds: Inspection): string {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const days = holds.first_ms === null || holds.last_ms === null
    ? ""
    : `, told from ${day(holds.first_ms)} to ${day(holds.last_ms)}`;
  const players = holds.players > 1 ? ` of ${counted(holds.players, "player")}` : "";
  return `${counted(holds.stories, "story", "stories")}${players}, ${
    counted(holds.messages, "message")
  }${days}; ` +
    `schema ${holds.version}`;
}
