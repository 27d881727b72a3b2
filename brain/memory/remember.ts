/** After a turn: what was told is cut into units and stored, off the reply's way. */
import type { Message } from "../../shared/story.ts";
import type { Database } from "../store/database.ts";
import { saveMemory, type Told, unremembered } from "../store/memories.ts";
import { nameTexts } from "../store/vectors.ts";
import { noteFacts } from "./facts.ts";
import { cutTurn } from "./units.ts";

/**
 * Makes the memory of one message, in place of an earlier one of it; a reply still being written has none. Does
 * nothing when the message is not in that session of the player. `told`: who said it, where and when. Throws StoreError.
 */
export function rememberMessage(
  db: Database,
  player_id: string,
  session_id: string,
  message: Pick<Message, "id" | "role" | "content" | "status">,
  told: Told = {},
): void {
  const texts = message.status === "writing" ? [] : cutTurn(message.content);
  saveMemory(db, player_id, { session_id, id: message.id, role: message.role }, texts, told);
}

/** So many messages in one go, in about 20 ms: replies that run are told in between. */
const STEP = 20;

/**
 * Makes the memories, and the facts by rule, that a crash or an import left out, for all players. A long work in short
 * steps: yields after each how many messages are remembered, and of how many. `nameOf` gives the name of a character, null
 * when there is none any more. For the start. Throws StoreError.
 */
export function* remembering(
  db: Database,
  nameOf: (character_id: string) => string | null,
  now_ms: number,
): Generator<{ done: number; total: number }> {
  const missing = unremembered(db);
  const total = missing.length;
  for (let done = 0; done < total;) {
    const step = missing.slice(done, done + STEP);
    db.transaction(() => {
      // As they are now: a story that goes on may have lost or changed them.
      for (const message of unremembered(db, step[0].id, step.at(-1)!.id)) {
        const { player_id, session_id } = message;
        const player = nameOf(message.character_id) ?? "";
        const told = message.role === "user" ? { speaker: player } : {};
        rememberMessage(db, player_id, session_id, { ...message, status: "complete" }, told);
        noteFacts(db, player_id, session_id, message, player, now_ms);
      }
    });
    done += step.length;
    yield { done, total };
  }
  while (nameTexts(db, 200) > 0) yield { done: total, total };
}

/** The same in one go, for programs that tell nothing meanwhile; returns of how many messages. */
export function rememberMissing(...work: Parameters<typeof remembering>): number {
  return [...remembering(...work)].at(-1)?.total ?? 0;
}
