/** Going back and forth in the tree of a story: tellings, edits, undo and redo, older pages. */

import { noteFacts } from "../memory/facts.ts";
import { rememberMessage } from "../memory/remember.ts";
import { estimateTokens } from "../prompt/budget.ts";
import {
  addMessage,
  bare,
  getMessage,
  newestLeaf,
  pathPage,
  pathTo,
  siblings,
  type StoredMessage,
} from "../store/messages.ts";
import { recalledCounts } from "../store/prompts.ts";
import { updateSession } from "../store/sessions.ts";
import { type Command, type Context, NO_STORY, type Outcome, quote, single, words } from "./command.ts";

/** Messages in a page of the history, and stories in the state that faces are told. */
export const PAGE_SIZE = 50;

export const STORY_COMMANDS: Command[] = [
  {
    name: "/retry",
    usage: "/retry",
    help: "Another telling of the last reply",
    arguments: [],
    while_telling: false,
    asks_reply: true,
    run(context) {
      const leaf = leafOf(context);
      if (typeof leaf === "string") return { answer: leaf };
      const line = leaf.role === "user" ? leaf : parentOf(context, leaf);
      if (line === undefined || line.role !== "user") {
        return { answer: "✗ There is no line of yours to answer yet." };
      }
      const reuse = leaf.role === "assistant" && leaf.content === "" ? leaf.id : null;
      return { answer: null, telling: { kind: "retry", user_id: line.id, reuse_id: reuse } };
    },
  },
  {
    name: "/continue",
    usage: "/continue",
    help: "Go on in the last reply, in the same place",
    arguments: [],
    while_telling: false,
    asks_reply: true,
    run(context) {
      const leaf = leafOf(context);
      if (typeof leaf === "string") return { answer: leaf };
      if (leaf.role !== "assistant" || leaf.content === "") {
        return { answer: "✗ There is no reply to go on with. /retry asks for one." };
      }
      const { deps, player_id } = context;
      const { session_id, parent_id, role, content, status, model, tokens } = leaf;
      if (newestLeaf(deps.db, player_id, session_id, leaf.id) === leaf.id) {
        return { answer: null, telling: { kind: "continue", message_id: leaf.id } };
      }
      // Lines that were taken back answer it as it is: a copy beside it goes on.
      const copy = { parent_id, role, content, status, model, tokens, created_ms: deps.now() };
      return deps.db.transaction((): Outcome => {
        const { id } = addMessage(deps.db, player_id, session_id, copy);
        updateSession(deps.db, player_id, session_id, { leaf_id: id });
        return { answer: null, history: "before_sync", telling: { kind: "continue", message_id: id } };
      });
    },
  },
  {
    name: "/swipe next",
    usage: "/swipe next [MESSAGE]",
    help: "Show the next telling",
    arguments: [{ name: "MESSAGE", kind: "message", required: false }],
    while_telling: false,
    run: (context, args) => swipe(context, args, 1),
  },
  {
    name: "/swipe prev",
    usage: "/swipe prev [MESSAGE]",
    help: "Show the telling before",
    arguments: [{ name: "MESSAGE", kind: "message", required: false }],
    while_telling: false,
    run: (context, args) => swipe(context, args, -1),
  },
  {
    name: "/edit",
    usage: "/edit MESSAGE TEXT",
    help: "Another wording of a message; the old one stays beside it",
    arguments: [{ name: "MESSAGE", kind: "message", required: true }, {
      name: "TEXT",
      kind: "text",
      required: true,
    }],
    while_telling: false,
    run(context, args) {
      const { deps, player_id, session } = context;
      if (session === undefined) return { answer: NO_STORY };
      const match = /^\s*(\d+)(?:\s([\s\S]*))?$/.exec(args);
      if (match === null) {
        return { answer: "✗ Which message? /edit alone takes your last line; Tab and e any other." };
      }
      const message = ownMessage(context, match[1]);
      if (typeof message === "string") return { answer: message };
      const text = (match[2] ?? "").trim();
      if (text === "") return { answer: "✗ A message cannot become empty. /undo takes it back." };
      if (text === message.content) return { answer: "✗ That is what it says already." };
      // Saved before, and its answer refused (its price, a limit): asked for again, not saved again.
      const said = siblings(deps.db, player_id, message.id).find(({ content }) => content === text);
      if (said !== undefined) {
        const leaf_id = newestLeaf(deps.db, player_id, session.id, said.id) ?? said.id;
        updateSession(deps.db, player_id, session.id, { leaf_id });
        const unanswered = said.role === "user" && leaf_id === said.id;
        return {
          answer: "✓ That wording is there already.",
          history: "before_sync",
          ...(unanswered ? { telling: { kind: "retry", user_id: said.id, reuse_id: null } } : {}),
        };
      }
      return deps.db.transaction((): Outcome => {
        const edited = addMessage(deps.db, player_id, session.id, {
          parent_id: message.parent_id,
          role: message.role,
          content: text,
          status: "complete",
          model: message.model,
          tokens: estimateTokens(text),
          created_ms: deps.now(),
        });
        const name = deps.library.characters().find(({ id }) => id === session.character_id)?.name ?? "";
        const told = edited.role === "user" ? { speaker: name } : {};
        rememberMessage(deps.db, player_id, session.id, edited, told);
        noteFacts(deps.db, player_id, session.id, edited, name, deps.now());
        updateSession(deps.db, player_id, session.id, { leaf_id: edited.id });
        return {
          answer: "✓ Saved beside the old wording.",
          history: "before_sync",
          // A line said differently wants an answer; a reply said differently is one.
          ...(message.role === "user"
            ? { telling: { kind: "retry", user_id: edited.id, reuse_id: null } }
            : {}),
        };
      });
    },
  },
  {
    name: "/undo",
    usage: "/undo",
    help: "Take back the last line and its reply; the line returns to the editor",
    arguments: [],
    while_telling: false,
    run(context) {
      const { deps, player_id, session } = context;
      const leaf = leafOf(context);
      if (session === undefined || typeof leaf === "string") return { answer: NO_STORY };
      const path = pathTo(deps.db, player_id, leaf.id);
      const line = path.findLast((message) => message.role === "user");
      if (line === undefined) return { answer: "✗ There is nothing to take back." };
      updateSession(deps.db, player_id, session.id, { leaf_id: line.parent_id });
      return {
        answer: "✓ Taken back. /redo brings it again.",
        changed: { line: line.content },
        history: "before_sync",
      };
    },
  },
  {
    name: "/redo",
    usage: "/redo",
    help: "Bring back what was taken back",
    arguments: [],
    while_telling: false,
    run(context) {
      const { deps, player_id, session } = context;
      if (session === undefined) return { answer: NO_STORY };
      const line = newestLeafStep(context);
      if (line === null) return { answer: "✗ There is nothing to bring back." };
      updateSession(deps.db, player_id, session.id, { leaf_id: line });
      return { answer: "✓ Brought back.", history: "before_sync" };
    },
  },
  {
    name: "/history before",
    usage: "/history before MESSAGE",
    help: "An older page of this story",
    arguments: [{ name: "MESSAGE", kind: "message", required: true }],
    while_telling: true,
    run(context, args) {
      const { deps, player_id, session } = context;
      if (session === undefined) return { answer: NO_STORY };
      const message = ownMessage(context, single(args));
      if (typeof message === "string") return { answer: message };
      const page = pathPage(deps.db, player_id, session.leaf_id, { limit: PAGE_SIZE, before: message.id });
      const recalled = recalledCounts(deps.db, player_id, page.history.map(({ id }) => id));
      return {
        answer: null,
        page: { before: message.id, history: page.history.map(bare), more: page.more, recalled },
      };
    },
  },
];

/** The message a session shows last, or the sentence that says there is none. */
function leafOf(context: Context): StoredMessage | string {
  const { deps, player_id, session } = context;
  if (session === undefined) return NO_STORY;
  const leaf = session.leaf_id === null ? undefined : getMessage(deps.db, player_id, session.leaf_id);
  return leaf ?? "✗ This story has no line yet.";
}

function parentOf(context: Context, message: StoredMessage): StoredMessage | undefined {
  return message.parent_id === null
    ? undefined
    : getMessage(context.deps.db, context.player_id, message.parent_id);
}

/** A message of the session that is shown, or the sentence that says why not. */
function ownMessage(context: Context, typed: string): StoredMessage | string {
  const id = /^\d{1,15}$/.test(typed) ? Number(typed) : NaN;
  const message = Number.isNaN(id) ? undefined : getMessage(context.deps.db, context.player_id, id);
  if (message === undefined || message.session_id !== context.session?.id) {
    return `✗ There is no message ${quote(typed)} in this story.`;
  }
  return message;
}

/** Shows another sibling of a message, and what followed it when it was last played. */
function swipe(context: Context, args: string, step: 1 | -1): Outcome {
  const { deps, player_id, session } = context;
  const named = words(args)[0];
  let message = named === undefined ? leafOf(context) : ownMessage(context, named);
  // Without a message: the last reply.
  if (typeof message !== "string" && named === undefined && message.role === "user") {
    message = parentOf(context, message) ?? message;
  }
  if (typeof message === "string" || session === undefined) {
    return { answer: typeof message === "string" ? message : NO_STORY };
  }
  const tellings = siblings(deps.db, player_id, message.id);
  const place = tellings.findIndex(({ id }) => id === message.id) + step;
  if (tellings.length === 1) return { answer: "✗ There is only one telling. /retry asks for another." };
  if (place < 0) return { answer: "✗ This is the first telling." };
  if (place >= tellings.length) return { answer: "✗ This is the last telling. /retry asks for another." };
  const shown = tellings[place];
  const leaf_id = newestLeaf(deps.db, player_id, session.id, shown.id) ?? shown.id;
  updateSession(deps.db, player_id, session.id, { leaf_id });
  return { answer: `✓ Telling ${place + 1} of ${tellings.length}.`, history: "before_sync" };
}

/** One undone exchange forward: the newest child line of the leaf, and its newest reply. Null: nothing was undone. */
function newestLeafStep(context: Context): number | null {
  const { deps, player_id, session } = context;
  if (session === undefined) return null;
  const end = newestLeaf(deps.db, player_id, session.id, session.leaf_id);
  if (end === null || end === session.leaf_id) return null;
  const path = pathTo(deps.db, player_id, end);
  const ahead = path.slice(path.findIndex(({ id }) => id === session.leaf_id) + 1);
  const line = ahead.findIndex((message) => message.role === "user");
  const next = ahead.slice(line + 1).findIndex((message) => message.role === "user");
  const last = next === -1 ? ahead.at(-1) : ahead[line + next];
  return last?.id ?? null;
}
