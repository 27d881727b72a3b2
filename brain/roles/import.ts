/** `flower import FILE.jsonl`: brings an exported story back, with its tellings, branches and memory. */

import { resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { importedId, readStoryFile } from "../export/story_file.ts";
import { rememberMissing } from "../memory/remember.ts";
import { writeArchive } from "../store/archive.ts";
import { getSession } from "../store/sessions.ts";
import type { Order } from "./orders.ts";
import { namesOf } from "./original_assets.ts";
import {
  counted,
  mustBeFile,
  openStore,
  type Place,
  playerOf,
  reason,
  RoleError,
  sizeText,
  withHomeLock,
} from "./place.ts";

const MAX_BYTES = 256 * 1024 * 1024;

/** Resolves to the exit code. Throws RoleError, StoreError and StoryFileError; nothing was taken over then. */
export async function importStory(place: Place, order: Extract<Order, { role: "import" }>): Promise<number> {
  const path = resolve(place.cwd, order.file);
  await mustBeFile(path, "The file");
  return await withHomeLock(place, "imported", async () => {
    const archive = readStoryFile(await readFile(path));
    const db = await openStore(place);
    try {
      const player_id = playerOf(db, order.player);
      const id = importedId(player_id, archive);
      const title = archive.title || "New session";
      if (getSession(db, player_id, id) !== undefined) {
        place.say(`✓ "${title}" is here already: story ${id}`);
        return EXIT.done;
      }
      writeArchive(db, player_id, id, archive);
      // A story that was exported before its last words were remembered.
      rememberMissing(db, await namesOf(place), Date.now());
      place.say(`✓ "${title}" is story ${id} now: ${counted(archive.messages.length, "message")}`);
      return EXIT.done;
    } finally {
      db.close();
    }
  });
}

async function readFile(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  if (size > MAX_BYTES) {
    throw new RoleError(`${path} has ${sizeText(size)}; a story has at most ${sizeText(MAX_BYTES)}.`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new RoleError(
      `${path} cannot be read: ${error instanceof TypeError ? "it is no text" : reason(error)}`,
    );
  }
}
