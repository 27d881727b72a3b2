/** What recall does ahead: the last lines of the story that was used last, asked before anybody asks. */
import type { Database } from "../store/database.ts";
import { pathTail } from "../store/messages.ts";
import { lastUsedSession } from "../store/sessions.ts";
import type { RecallQuestion } from "./recall.ts";

/** Enough of a story's end to hold its last lines. */
const TAIL_TOKENS = 4000;

/** At most `count` questions, the newest first; none where nothing was told. Throws StoreError. */
export function rehearsals(db: Database, count: number): RecallQuestion[] {
  const session = lastUsedSession(db);
  if (session === undefined) return [];
  const { player_id, id: session_id, world_id, leaf_id } = session;
  const { path } = pathTail(db, player_id, leaf_id, { tokens: TAIL_TOKENS });
  return path
    .flatMap((message, at) => message.role === "user" ? [at] : [])
    .slice(-count)
    .reverse()
    .map((at) => ({
      player_id,
      session_id,
      world_id,
      leaf_id,
      line: path[at].content,
      before: path.slice(Math.max(0, at - 2), at).reverse().map((message) => message.content),
      visible_ids: [],
      max_lore: 1,
      max_memories: 1,
    }));
}
