/** Sessions and messages of the original Flower Engine become stories of ours. Pure. */

import { createHash } from "node:crypto";
import type { Archive, ArchivedMessage } from "../store/archive.ts";
import type { OriginalMessage, OriginalRows, OriginalSession } from "../store/original.ts";

export interface OriginalStory {
  /** The id it gets here: the same whenever it is taken over. */
  id: string;
  /** Its session there; empty for messages of the time before there were sessions. */
  session_id: string;
  archive: Archive;
  /** Player lines that never got a reply: kept as other tellings of the line that came after them. */
  unanswered: number;
  /** Messages without text, or of a role that has no place in a story. */
  skipped: number;
}

export interface OriginalStories {
  /** The last used one last. */
  stories: OriginalStory[];
  /** Sessions in which nothing was said. */
  empty: number;
}

const TITLE_LENGTH = 60;
/** The original keeps no time of a message: they get a second each, so that their order can be seen. */
const STEP_MS = 1000;

/**
 * `world_id` is where messages without a session are said to have been told. `tokens` counts a text's tokens,
 * `otherwise_ms` stands for a time that cannot be
 * read where no session has an earlier one.
 */
export function originalStories(
  rows: OriginalRows,
  options: { player_id: string; world_id: string; otherwise_ms: number; tokens: (text: string) => number },
): OriginalStories {
  const groups = new Map<string, { session: OriginalSession; messages: OriginalMessage[] }>();
  for (const session of rows.sessions) groups.set(`session ${session.id}`, { session, messages: [] });
  for (const message of rows.messages) {
    const { session_id, character_id } = message;
    const key = session_id === "" ? `character ${character_id}` : `session ${session_id}`;
    // Messages of a session that has no row any more, or of none at all.
    const session = {
      id: session_id,
      character_id,
      world_id: worldOf(rows, character_id) ?? options.world_id,
      model: "",
      title: "",
      created_at: "",
      last_used_at: "",
    };
    const group = groups.get(key) ?? { session, messages: [] };
    group.messages.push(message);
    groups.set(key, group);
  }
  // What has no time of its own was told before the sessions that have one.
  const times = rows.sessions.flatMap(({ created_at }) => timeOf(created_at) ?? []);
  const otherwise_ms = Math.min(options.otherwise_ms, ...times);
  const stories: OriginalStory[] = [];
  let empty = 0;
  for (const { session, messages } of groups.values()) {
    const story = storyOf(session, messages, { ...options, otherwise_ms });
    if (story === null) empty++;
    else stories.push(story);
  }
  stories.sort((a, b) => a.archive.last_used_ms - b.archive.last_used_ms);
  return { stories, empty };
}

/** The world in which this character was played last. */
function worldOf(rows: OriginalRows, character_id: string): string | undefined {
  return rows.sessions.findLast((session) => session.character_id === character_id)?.world_id;
}

function storyOf(
  session: OriginalSession,
  said: OriginalMessage[],
  options: Parameters<typeof originalStories>[1],
): OriginalStory | null {
  const kept = said.filter(({ role, content }) =>
    ["user", "assistant"].includes(role) && content.trim() !== ""
  );
  if (kept.length === 0) return null;
  const used_ms = timeOf(session.last_used_at);
  const created_ms = timeOf(session.created_at) ?? used_ms ?? options.otherwise_ms;
  const messages: ArchivedMessage[] = [];
  let unanswered = 0;
  // The number of the last message on the path, and of what stands above it when that is an unanswered line.
  let leaf: number | null = null;
  for (const { role, content } of kept) {
    const last: ArchivedMessage | undefined = leaf === null ? undefined : messages[leaf - 1];
    const again = role === "user" && last?.role === "user";
    if (again) unanswered++;
    const n = messages.length + 1;
    messages.push({
      n,
      parent: again ? last.parent : leaf,
      role: role as "user" | "assistant",
      content,
      status: "complete",
      model: role === "assistant" ? session.model : "",
      tokens: options.tokens(content),
      usage: null,
      created_ms: created_ms + n * STEP_MS,
    });
    leaf = n;
  }
  const first = kept[0];
  const key = [
    "flower-engine",
    options.player_id,
    session.id,
    session.character_id,
    first.role,
    first.content,
  ];
  return {
    id: createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 12),
    session_id: session.id,
    archive: {
      title: oneLine(session.title) || titleFrom(kept),
      world_id: session.world_id,
      character_id: session.character_id,
      model: session.model,
      leaf,
      created_ms,
      last_used_ms: Math.max(used_ms ?? 0, messages[messages.length - 1].created_ms),
      messages,
      memory: [],
      rows: [],
    },
    unanswered,
    skipped: said.length - kept.length,
  };
}

/** As the original would have called it: the first line of the player. */
function titleFrom(messages: OriginalMessage[]): string {
  const line = oneLine(messages.find(({ role }) => role === "user")?.content ?? "");
  const points = [...line];
  return points.length > TITLE_LENGTH ? `${points.slice(0, TITLE_LENGTH).join("").trimEnd()}…` : line;
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim().slice(0, 1000);
}

/** `YYYY-MM-DD HH:MM`, with or without seconds, UTC; null when it is nothing like it. */
function timeOf(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2})?)/.exec(text);
  const ms = match === null ? NaN : Date.parse(`${match[1]}T${match[2]}Z`);
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}
