/** Databases and stories for tests of the store and of memory. */
import type { Message, Role, Session } from "../../shared/story.ts";
import { type Database, openDatabase } from "../../brain/store/database.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { createSession } from "../../brain/store/sessions.ts";

/** Runs `fn` with the path of a database that does not exist yet, in a directory that is removed afterwards. */
export async function withPath(fn: (path: string) => void | Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "flower-store-" });
  try {
    await fn(`${dir}/flower.db`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Runs `fn` with an open, empty database and closes it. */
export function withDatabase(fn: (db: Database, path: string) => void | Promise<void>): Promise<void> {
  return withPath(async (path) => {
    const db = openDatabase(path);
    try {
      await fn(db, path);
    } finally {
      db.close();
    }
  });
}

/** A session with every field set; `patch` replaces some. */
export function aSession(patch: Partial<Session> = {}): Session {
  return {
    id: "story",
    player_id: "ann",
    world_id: "marsh",
    character_id: "tam",
    model: "demo/narrator",
    title: "A title",
    leaf_id: null,
    created_ms: 1000,
    last_used_ms: 1000,
    ...patch,
  };
}

/** Adds a message with plain defaults to a session. */
export function tell(
  db: Database,
  session: { player_id: string; id: string },
  parent_id: number | null,
  role: Role,
  content: string,
  more: { tokens?: number; status?: Message["status"] } = {},
): Message {
  return addMessage(db, session.player_id, session.id, {
    parent_id,
    role,
    content,
    status: more.status ?? "complete",
    model: role === "assistant" ? "demo/narrator" : "",
    tokens: more.tokens ?? 10,
    created_ms: 5000,
  });
}

/** Creates a session and tells `lines` one below the other, player and narrator in turn; returns their ids. */
export function tellAll(db: Database, session: Session, lines: string[]): number[] {
  createSession(db, session);
  const ids: number[] = [];
  db.transaction(() => {
    lines.forEach((line, i) => {
      ids.push(tell(db, session, ids.at(-1) ?? null, i % 2 === 0 ? "user" : "assistant", line).id);
    });
  });
  return ids;
}
