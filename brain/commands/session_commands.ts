/** `/session`: stories begun, left, found again, renamed and deleted. */

import { firstCharacters } from "../../shared/characters.ts";
import type { SessionItem } from "../../shared/protocol.ts";
import { nearest } from "../../shared/slips.ts";
import { noteFacts } from "../memory/facts.ts";
import { rememberMessage } from "../memory/remember.ts";
import { addMessage } from "../store/messages.ts";
import {
  createSession,
  deleteSession,
  getSession,
  listSessions,
  searchStories,
  type SessionSummary,
  summariesOf,
  updateSession,
} from "../store/sessions.ts";
import { estimateTokens } from "../prompt/budget.ts";
import { fill } from "../prompt/sections.ts";
import { type Command, type Context, type Outcome, quote, single, words } from "./command.ts";

const MAX_TITLE = 120;
/** Characters of a title in the original's label of a story. */
const LABEL_TITLE = 30;
const MAX_FOUND = 50;
/** More words find no other story, and SQLite takes no statement that long. */
const MAX_WORDS = 16;
/** Characters of a quote before the words, and in all. */
const BEFORE = 24;
const QUOTE = 100;

/** What stands in lists: the title, or what a story without a line yet is called. */
export function titleOf(summary: SessionSummary): string {
  return summary.session.title === "" ? "New session" : summary.session.title;
}

/** A story as the list of stories shows it. */
export function sessionItem(summary: SessionSummary): SessionItem {
  const { session, turns, last } = summary;
  const title = titleOf(summary);
  return {
    id: session.id,
    name: `[${session.world_id}] ${session.character_id}: ${firstCharacters(title, LABEL_TITLE)}`,
    title,
    world_id: session.world_id,
    character_id: session.character_id,
    turns,
    last_used_ms: session.last_used_ms,
    last,
  };
}

export const SESSION_COMMANDS: Command[] = [
  {
    name: "/session new",
    usage: "/session new",
    help: "Begin a story in the chosen world",
    arguments: [],
    while_telling: false,
    run(context) {
      const { deps, player_id, state } = context;
      const world = deps.library.worlds().find((world) => world.id === state.world_id);
      const character = deps.library.characters().find((character) => character.id === state.character_id);
      if (world === undefined || character === undefined) return { answer: "✗ Select world/char first." };
      const id = deps.newId();
      const now = deps.now();
      deps.db.transaction(() => {
        createSession(deps.db, {
          id,
          player_id,
          world_id: world.id,
          character_id: character.id,
          model: context.model,
          title: "",
          leaf_id: null,
          created_ms: now,
          last_used_ms: now,
        });
        if (world.start_message.trim() === "") return;
        const content = fill(world.start_message.trim(), character);
        const start = addMessage(deps.db, player_id, id, {
          parent_id: null,
          role: "assistant",
          content,
          status: "complete",
          model: "",
          tokens: estimateTokens(content),
          created_ms: now,
        });
        rememberMessage(deps.db, player_id, id, start);
        noteFacts(deps.db, player_id, id, start, character.name, now);
        updateSession(deps.db, player_id, id, { leaf_id: start.id });
      });
      return {
        answer: `✓ New session: ${id}`,
        changed: { session_id: id },
        state: { session_id: id },
        history: "after_sync",
      };
    },
  },
  {
    name: "/session continue",
    usage: "/session continue ID",
    help: "Go on with an earlier story",
    arguments: [{ name: "ID", kind: "session", required: true }],
    while_telling: false,
    run(context, args) {
      const found = pick(context, single(args));
      if (typeof found === "string") return { answer: found };
      const { session } = found;
      updateSession(context.deps.db, context.player_id, session.id, { last_used_ms: context.deps.now() });
      return {
        answer: null,
        state: {
          world_id: session.world_id,
          character_id: session.character_id,
          session_id: session.id,
          ...(session.model === "" ? {} : { model: session.model }),
        },
        history: "before_sync",
      };
    },
  },
  {
    name: "/session search",
    usage: "/session search WORDS",
    help: "Find the stories in which something was said",
    arguments: [{ name: "WORDS", kind: "text", required: true }],
    while_telling: true,
    async run(context, args) {
      const wanted = words(args).slice(0, MAX_WORDS);
      if (wanted.length === 0) return { answer: "✗ Which words? /session search WORDS" };
      const { deps, player_id } = context;
      const quotes = new Map<string, string>();
      for (const hits of searchStories(deps.db, player_id, wanted)) {
        for (const { session_id, content } of hits) quotes.set(session_id, around(content, wanted[0]));
        // Replies that run are told between two steps.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      const found = summariesOf(deps.db, player_id, [...quotes.keys()]).slice(0, MAX_FOUND).map((
        summary,
      ) => ({
        session_id: summary.session.id,
        quote: quotes.get(summary.session.id) ?? "",
        story: sessionItem(summary),
      }));
      const lines = found.map(({ session_id, quote: text, story }) =>
        `${session_id}  ${story.title}: ${text}`
      );
      const answer = lines.length === 0 ? `No story holds ${quote(args.trim())}.` : lines.join("\n");
      return { answer, changed: { found } };
    },
  },
  {
    name: "/session rename",
    usage: "/session rename TITLE",
    help: "Give this story a title",
    arguments: [{ name: "TITLE", kind: "text", required: true }],
    while_telling: true,
    run(context, args) {
      const title = single(args).replace(/\s+/g, " ");
      if (context.session === undefined) {
        return { answer: "✗ There is no story to rename. /session new begins one." };
      }
      if (title === "") return { answer: "✗ Which title? /session rename TITLE" };
      if (title.length > MAX_TITLE) {
        return { answer: `✗ A title has at most ${MAX_TITLE} characters; this has ${title.length}.` };
      }
      updateSession(context.deps.db, context.player_id, context.session.id, { title });
      return { answer: `✓ This story is now called ${quote(title)}.`, sync: true };
    },
  },
  {
    name: "/session delete",
    usage: "/session delete ID",
    help: "Delete a story and everything it is remembered by",
    arguments: [{ name: "ID", kind: "session", required: true }],
    while_telling: false,
    run(context, args): Outcome {
      const found = pick(context, single(args));
      if (typeof found === "string") return { answer: found };
      const { id } = found.session;
      context.deps.forgetStory?.(context.player_id, id);
      deleteSession(context.deps.db, context.player_id, id);
      const answer = `✓ Deleted session ${id}`;
      if (id !== context.state.session_id) return { answer, sync: true };
      return { answer, state: { session_id: "" }, history: "after_sync" };
    },
  },
  {
    name: "/session list",
    usage: "/session list",
    help: "List your stories, the last played first",
    arguments: [],
    while_telling: true,
    run(context) {
      const all = listSessions(context.deps.db, context.player_id, { limit: 200 });
      if (all.length === 0) return { answer: "There is no story yet. /session new begins one." };
      const lines = all.map((summary) => {
        const { session, turns } = summary;
        const mark = session.id === context.state.session_id ? "✓" : "·";
        const when = new Date(session.last_used_ms).toISOString().slice(0, 16).replace("T", " ");
        return `${mark} ${session.id}  ${
          titleOf(summary)
        } (${session.world_id}, ${turns} turns, ${when} UTC)`;
      });
      return { answer: lines.join("\n") };
    },
  },
];

/** A session of this player by id, or by a beginning of id or title that only one has; else the sentence that says why not. */
function pick(context: Context, typed: string): SessionSummary | string {
  const all = listSessions(context.deps.db, context.player_id, { limit: 1000 });
  if (typed === "") {
    return all.length === 0 ? "✗ There is no story yet." : "✗ Which story? /session list shows them.";
  }
  const wanted = typed.toLowerCase();
  const exact = all.find(({ session }) => session.id === wanted);
  if (exact !== undefined) return exact;
  // Stories beyond the newest thousand are reached by their whole id.
  const old = getSession(context.deps.db, context.player_id, wanted);
  if (old !== undefined) return { session: old, turns: 0, last: "" };
  const begun = all.filter((summary) =>
    summary.session.id.startsWith(wanted) || titleOf(summary).toLowerCase().startsWith(wanted)
  );
  if (begun.length === 1) return begun[0];
  if (begun.length > 1) {
    return `✗ ${begun.length} stories begin with ${quote(typed)}. Take the id from /session list.`;
  }
  const near = nearest(typed, all.map(({ session }) => session.id));
  return `✗ There is no story ${quote(typed)}.${
    near === "" ? " /session list shows them." : ` Did you mean ${near}?`
  }`;
}

/** The words with what stands around them, in one row, cut between words. */
function around(content: string, word: string): string {
  const text = content.replace(/\s+/g, " ").trim();
  const at = Math.max(0, text.toLowerCase().indexOf(word.toLowerCase()));
  const from = at <= BEFORE ? 0 : text.indexOf(" ", at - BEFORE) + 1;
  const start = from > at ? at : from;
  const points = [...text.slice(start)];
  const piece = points.length <= QUOTE
    ? points.join("")
    : points.slice(0, QUOTE).join("").replace(/\s+\S*$/, "…");
  return (start > 0 ? "…" : "") + piece;
}
