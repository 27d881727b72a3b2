/** Stories that were deleted, taken out of a copy of the database that was made before. */
import { openDatabase } from "./database.ts";
import { StoreError } from "./store_error.ts";
import { deleteSession, getSession } from "./sessions.ts";

/** A story by its owner and its id. */
export interface StoryKey {
  player_id: string;
  id: string;
}

/** Whether one of these stories stands in the database at `path`, which is only read. Throws StoreError. */
export function holdsStory(path: string, stories: readonly StoryKey[]): boolean {
  const db = openDatabase(path, { readonly: true });
  try {
    return stories.some(({ player_id, id }) => getSession(db, player_id, id) !== undefined);
  } finally {
    db.close();
  }
}

/**
 * Deletes these stories from the database at `path`, which is brought up to date and is one plain file afterwards, with none of
 * their words in it. Throws StoreError.
 */
export function forgetStories(path: string, stories: readonly StoryKey[]): void {
  const db = openDatabase(path);
  try {
    for (const { player_id, id } of stories) deleteSession(db, player_id, id);
    const [row] = db.all<{ journal_mode: string }>("PRAGMA journal_mode = DELETE");
    if (row?.journal_mode !== "delete") throw new StoreError("locked", `${path} is being read. Try again.`);
  } finally {
    db.close();
  }
}
