/** `flower export STORY`: a story as a book, or as a file that `flower import` reads; also beside a running brain. */

import { resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { writeBook } from "../export/book.ts";
import { writeStoryFile } from "../export/story_file.ts";
import { openLibrary } from "../library/assets.ts";
import { readArchive } from "../store/archive.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { pathTo } from "../store/messages.ts";
import { listSessions, type SessionSummary } from "../store/sessions.ts";
import { writeWhole } from "../whole_file.ts";
import type { Order } from "./orders.ts";
import {
  isSameFile,
  mustBeFile,
  mustBeFree,
  type Place,
  playerOf,
  reason,
  RoleError,
  sizeText,
} from "./place.ts";

type ExportOrder = Extract<Order, { role: "export" }>;

/** Resolves to the exit code. Throws RoleError and StoreError. */
export async function exportStory(place: Place, order: ExportOrder): Promise<number> {
  const { database_path } = place.config;
  const out = order.out === null ? null : resolve(place.cwd, order.out);
  await mustBeFile(database_path, "The database");
  if (out !== null) {
    if (isSameFile(out, database_path)) {
      throw new RoleError(`${out} is the database itself. Choose another name.`);
    }
    await mustBeFree(out, order.force);
  }
  const text = await read(place, order);
  const bytes = new TextEncoder().encode(text);
  if (out === null) {
    for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
    return EXIT.done;
  }
  try {
    await writeWhole(out, text);
  } catch (error) {
    throw new RoleError(`${out} cannot be written: ${reason(error)}`);
  }
  place.say(`✓ ${out}: ${sizeText(bytes.length)}`);
  return EXIT.done;
}

async function read(place: Place, order: ExportOrder): Promise<string> {
  const db = openDatabase(place.config.database_path, { readonly: true, busy_timeout_ms: 5000 });
  try {
    const player_id = playerOf(db, order.player);
    const { session } = findStory(db, player_id, order.story);
    if (order.format === "jsonl") return writeStoryFile(readArchive(db, player_id, session.id)!);
    const library = await openLibrary(place.assets, place.home);
    library.close();
    const named = (list: { id: string; name: string }[], id: string) =>
      list.find((item) => item.id === id)?.name ?? id;
    return writeBook({
      title: session.title,
      world: named(library.worlds(), session.world_id),
      character: named(library.characters(), session.character_id),
      path: pathTo(db, player_id, session.leaf_id),
    }, order.format);
  } finally {
    db.close();
  }
}

/** The story that `typed` names: its id, its title, or a beginning that only one has. Throws RoleError. */
function findStory(db: Database, player_id: string, typed: string): SessionSummary {
  const all = listSessions(db, player_id);
  const wanted = typed.trim().toLowerCase();
  const exact = all.find(({ session }) => session.id === wanted);
  if (exact !== undefined) return exact;
  const titled = all.filter(({ session }) => session.title.toLowerCase() === wanted && wanted !== "");
  const begun = titled.length > 0
    ? titled
    : all.filter(({ session }) =>
      wanted !== "" && (session.id.startsWith(wanted) || session.title.toLowerCase().startsWith(wanted))
    );
  if (begun.length === 1) return begun[0];
  const shown = (begun.length > 0 ? begun : all).slice(0, 10)
    .map(({ session, turns }) =>
      `  ${session.id}  ${session.title || "New session"} (${session.world_id}, ${turns} turns)`
    );
  if (shown.length === 0) throw new RoleError("There is no story yet.");
  throw new RoleError(
    `${begun.length > 0 ? `${begun.length} stories` : "No story"} of that name. ` +
      `${begun.length > 0 ? "Take the id" : "There are"}:\n${shown.join("\n")}`,
  );
}
