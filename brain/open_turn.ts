/** A turn that has begun: its line and an empty reply are saved, and the session points at them. */

import type { Character, Message, MessageStatus, Rule, Session, Usage, World } from "../shared/story.ts";
import { shortened } from "../shared/characters.ts";
import type { Deps } from "./deps.ts";
import { noteFacts } from "./memory/facts.ts";
import { rememberMessage } from "./memory/remember.ts";
import { estimateTokens } from "./prompt/budget.ts";
import { addMessage, getMessage, siblings, updateMessage } from "./store/messages.ts";
import { getSession, updateSession } from "./store/sessions.ts";

const TITLE_LENGTH = 60;

/** Where a turn plays: the session's world and character, the player's rules. */
export interface Scene {
  session: Session;
  world: World;
  character: Character;
  rules: Rule[];
  base_rules: string;
}

export type TurnStart =
  | { kind: "line"; line: string }
  /** Another telling of the reply to the player line `user_id`; `reuse_id`: an empty reply that is told anew. */
  | { kind: "retry"; user_id: number; reuse_id: number | null }
  /** Goes on in the same message. */
  | { kind: "continue"; message_id: number };

/** A turn whose player line and empty reply are saved: from here on it ends in exactly one `chat_end`. */
export interface OpenTurn {
  player_id: string;
  scene: Scene;
  start: TurnStart;
  /** The saved line; null when an older line is answered again. */
  line: Message | null;
  reply: Message;
  /** 0 for the first telling. */
  telling: number;
  /** How a reply that is gone on with stood before; it stays so when nothing is added. */
  before: MessageStatus | null;
  /** Where the history was cut for this reply; null until its request is made. */
  cuts: StoryCuts | null;
  /** What this turn alone used; null until it has ended. */
  spent: Usage | null;
}

/** Where the history is cut, for whoever tells what it drops. */
export interface StoryCuts {
  /** The last message that it leaves out; null: it holds the whole story. */
  boundary: number | null;
  /** The last one that it will leave out after the next cut, when that is near; null: not yet. */
  next: number | null;
  /** Words that a record of the story so far may have. */
  words: number;
  /** Tokens that a prompt may have. */
  window: number;
}

/** Saves the player's line and an empty reply, and points the session at it. Throws StoreError: nothing has happened then. */
export function openTurn(deps: Deps, scene: Scene, start: TurnStart): OpenTurn {
  const { db } = deps;
  const { id: session_id, player_id, model } = scene.session;
  return db.transaction(() => {
    const now = deps.now();
    const answer = (parent_id: number | null) =>
      addMessage(db, player_id, session_id, {
        parent_id,
        role: "assistant",
        content: "",
        status: "writing",
        model,
        tokens: 0,
        created_ms: now,
      });
    let line: Message | null = null;
    let reply: Message;
    let telling = 0;
    let before: MessageStatus | null = null;
    switch (start.kind) {
      case "line": {
        line = addMessage(db, player_id, session_id, {
          parent_id: getSession(db, player_id, session_id)?.leaf_id ?? null,
          role: "user",
          content: start.line,
          status: "complete",
          model: "",
          tokens: estimateTokens(start.line),
          created_ms: now,
        });
        rememberMessage(db, player_id, session_id, line, { speaker: scene.character.name });
        noteFacts(db, player_id, session_id, line, scene.character.name, now);
        reply = answer(line.id);
        break;
      }
      case "retry":
        reply = start.reuse_id === null
          ? answer(start.user_id)
          : updateMessage(db, player_id, start.reuse_id, { status: "writing", content: "", model });
        telling = reply.alternatives - 1;
        break;
      case "continue":
        before = getMessage(db, player_id, start.message_id)?.status ?? null;
        // Its end could not be saved, on a full disk: nobody writes it any more.
        if (before === "writing") before = "stopped";
        reply = updateMessage(db, player_id, start.message_id, { status: "writing" });
        telling = siblings(db, player_id, reply.id).length;
        break;
    }
    updateSession(db, player_id, session_id, {
      leaf_id: reply.id,
      last_used_ms: now,
      ...(line !== null && scene.session.title === "" ? { title: titleOf(line.content) } : {}),
    });
    return { player_id, scene, start, line, reply, telling, before, cuts: null, spent: null };
  });
}

function titleOf(line: string): string {
  return shortened(line.replace(/\s+/g, " ").trim(), TITLE_LENGTH);
}
