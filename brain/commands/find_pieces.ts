/** A look through the memory of a whole story, while others are served. */

import type { Session } from "../../shared/story.ts";
import type { Database } from "../store/database.ts";
import { listMemory, type MemoryPiece } from "../store/pieces.ts";

/** Of a story so many messages are read in one go, which takes a few milliseconds. */
const STEP_MESSAGES = 500;

/**
 * The newest `most` pieces of the story that are `wanted`, and with `counts` how many more there are. A long story is read
 * step by step, so that others are served in between.
 */
export async function findPieces(
  db: Database,
  session: Pick<Session, "player_id" | "leaf_id">,
  most: number,
  wanted: (piece: MemoryPiece) => boolean,
  counts = false,
): Promise<{ found: MemoryPiece[]; more: number }> {
  const found: MemoryPiece[] = [];
  let more = 0;
  for (let at = session.leaf_id; at !== null && (counts || found.length < most);) {
    const { pieces, above } = listMemory(db, session.player_id, at, STEP_MESSAGES);
    for (const piece of pieces) {
      if (!wanted(piece)) continue;
      if (found.length < most) found.push(piece);
      else if (!counts) return { found, more };
      else more++;
    }
    at = above;
    if (at !== null) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { found, more };
}
