/**
 * The story as blocks of rows: each message with the gap, the date and the foot around it, then what comes after
 * the last message. A block is laid when it is asked for and kept for the next time.
 */

import type { Message, Role } from "../../shared/story.ts";
import { dateLine } from "../text/dates.ts";
import {
  createLayout,
  extendLayout,
  type Layout,
  NO_PLACEMENTS,
  type OpenWord,
  type Placements,
  type Row,
} from "../text/wrap.ts";
import { placementsOf, shownLength, type Transcript, type Trouble } from "./transcript.ts";

/** What stands in one row of the page. */
export type PageRow =
  | { kind: "blank" }
  | { kind: "prose"; id: number; role: Role; row: Row; first: boolean }
  | { kind: "date"; text: string }
  | { kind: "foot"; message: Message }
  | { kind: "waiting" }
  | { kind: "trouble"; text: string; first: boolean }
  | { kind: "earlier" };

interface Laid {
  content: string;
  growth: object | null;
  final: boolean;
  placements: Placements;
  layout: Layout;
}

/** Laid messages by id. A memory aid: it never changes what is seen. */
export type PageMemo = Map<number, Laid>;
const MAX_LAID = 400;

/** Everything the page depends on. */
export interface PageContext {
  transcript: Transcript;
  memo: PageMemo;
  /** Columns of prose. */
  width: number;
  now_ms: number;
  /** A reply is awaited, and none of it is there. */
  waiting: boolean;
  /** No reply is on its way. */
  idle: boolean;
  /** The message under the bar. */
  cursor_id: number | null;
}

const PENDING_ID = Number.MIN_SAFE_INTEGER;
const WAITING_ID = PENDING_ID + 1;
const TROUBLE_ID = PENDING_ID + 2;
const LONG_PAUSE_MS = 6 * 3600 * 1000;

interface LayOptions {
  width: number;
  final: boolean;
  placements: Placements;
  plain?: boolean;
  /** The growing text that this is a part of: the same one only ever grows, so what is laid is not compared again. */
  growth?: object;
}

/** The layout of a text at a width, as far as it is known, extended by what is new. */
export function layMessage(memo: PageMemo, id: number, content: string, options: LayOptions): Layout {
  const { width, final, placements, plain = false, growth = null } = options;
  let laid = memo.get(id);
  if (laid !== undefined && laid.layout.width === width && goesOn(laid, content, growth)) {
    const same = laid.content.length === content.length && laid.final === final &&
      laid.placements === placements;
    if (same) return laid.layout;
    if (!laid.final) {
      extendLayout(laid.layout, content, { final, placements });
      Object.assign(laid, { content, final, placements, growth });
      return laid.layout;
    }
  }
  const layout = createLayout(width, plain);
  extendLayout(layout, content, { final, placements });
  laid = { content, final, placements, layout, growth };
  memo.delete(id);
  memo.set(id, laid);
  if (memo.size > MAX_LAID) {
    for (const oldest of memo.keys()) {
      memo.delete(oldest);
      break;
    }
  }
  return layout;
}

const goesOn = (laid: Laid, content: string, growth: object | null): boolean =>
  growth !== null && growth === laid.growth
    ? content.length >= laid.content.length
    : content.startsWith(laid.content);

function layoutOf(context: PageContext, message: Message, final: boolean): Layout {
  const { memo, width, transcript, now_ms } = context;
  const placements = transcript.placements.size === 0 ? NO_PLACEMENTS : placementsOf(transcript, message.id);
  const live = transcript.live;
  const growing = live !== null && live.message === message;
  const content = growing ? message.content.slice(0, shownLength(live, now_ms)) : message.content;
  const plain = message.role === "user";
  const growth = growing ? live.growth : undefined;
  return layMessage(memo, message.id, content, {
    width,
    final: final && !growing,
    placements,
    plain,
    growth,
  });
}

/** The last word of the growing reply that is held back, or null. */
export function openWord(context: PageContext): OpenWord | null {
  const { live } = context.transcript;
  return live === null ? null : layoutOf(context, live.message, false).open;
}

export interface Block {
  id: number;
  before: readonly PageRow[];
  prose: { message: Message; rows: readonly Row[] } | null;
  after: readonly PageRow[];
  height: number;
}

const BLANK: PageRow = { kind: "blank" };

/** What went wrong and is not mended: told by the brain, or seen from the story itself after a restart. */
export function troubleOf(context: PageContext): Trouble | null {
  const { transcript, idle } = context;
  if (transcript.trouble !== null) return transcript.trouble;
  const last = transcript.messages.at(-1);
  if (!idle || transcript.live !== null || transcript.pending !== null || last === undefined || last.id < 0) {
    return null;
  }
  if (last.role === "user") {
    return { text: "This line has no answer yet.", retry: true, go_on: false };
  }
  if (last.status !== "failed") return null;
  return last.content === ""
    ? { text: "The narrator did not answer.", retry: true, go_on: false }
    : { text: "The reply broke off here.", retry: true, go_on: true };
}

/** Items after the messages: the line just said, the growing reply, the wait, what went wrong. */
export function tailOf(context: PageContext): ("pending" | "live" | "waiting" | "trouble")[] {
  const { transcript, waiting } = context;
  const tail: ("pending" | "live" | "waiting" | "trouble")[] = [];
  if (transcript.pending !== null) tail.push("pending");
  if (transcript.live !== null) tail.push("live");
  if (waiting) tail.push("waiting");
  if (troubleOf(context) !== null) tail.push("trouble");
  return tail;
}

/** How many blocks the page has: the messages that are loaded, and what stands after them. */
export function blockCount(context: PageContext): number {
  return context.transcript.messages.length + tailOf(context).length;
}

/** The message of a block; null for one that is no message. */
export function messageAt(context: PageContext, index: number): Message | null {
  const { transcript } = context;
  if (index < transcript.messages.length) return transcript.messages[index] ?? null;
  return tailOf(context)[index - transcript.messages.length] === "live"
    ? transcript.live?.message ?? null
    : null;
}

/** A block with its rows: what stands before it, its prose, what stands after it. */
export function block(context: PageContext, index: number): Block {
  const { transcript } = context;
  const message = messageAt(context, index);
  const gap: PageRow[] = index > 0 ? [BLANK] : transcript.more ? [{ kind: "earlier" }, BLANK] : [];
  if (message !== null) {
    const before = index > 0 ? messageAt(context, index - 1) : null;
    const growing = transcript.live?.message === message;
    const rows = layoutOf(context, message, true).rows;
    if (before !== null && message.created_ms - before.created_ms > LONG_PAUSE_MS && before.created_ms > 0) {
      gap.push({ kind: "date", text: dateLine(before.created_ms, message.created_ms) }, BLANK);
    }
    const last = index === blockCount(context) - 1 || messageAt(context, index + 1) === null;
    const foot = message.role === "assistant" && !growing && (last || context.cursor_id === message.id) &&
      hasFoot(transcript, message);
    const after: PageRow[] = foot ? [{ kind: "foot", message }] : [];
    // A reply of which nothing is drawn yet takes no room.
    const shown_before = rows.length === 0 && after.length === 0 ? [] : gap;
    const height = shown_before.length + rows.length + after.length;
    return { id: message.id, before: shown_before, prose: { message, rows }, after, height };
  }
  const kind = tailOf(context)[index - transcript.messages.length];
  if (kind === "pending" && transcript.pending !== null) {
    const content = transcript.pending.text;
    const final = { width: context.width, final: true, placements: NO_PLACEMENTS, plain: true };
    const { rows } = layMessage(context.memo, PENDING_ID, content, final);
    const said: Message = { ...NO_MESSAGE, content };
    return {
      id: PENDING_ID,
      before: gap,
      prose: { message: said, rows },
      after: [],
      height: gap.length + rows.length,
    };
  }
  if (kind === "waiting") {
    return {
      id: WAITING_ID,
      before: [...gap, { kind: "waiting" }],
      prose: null,
      after: [],
      height: gap.length + 1,
    };
  }
  const final = { width: context.width, final: true, placements: NO_PLACEMENTS };
  const { rows } = layMessage(context.memo, TROUBLE_ID, troubleOf(context)?.text ?? "", final);
  const texts = rows.map((row, at): PageRow => ({
    kind: "trouble",
    text: row.runs.map((run) => run.text).join(""),
    first: at === 0,
  }));
  return {
    id: TROUBLE_ID,
    before: [...gap, ...texts],
    prose: null,
    after: [],
    height: gap.length + texts.length,
  };
}

const NO_MESSAGE: Message = {
  id: PENDING_ID,
  parent_id: null,
  role: "user",
  content: "",
  status: "complete",
  model: "",
  usage: null,
  created_ms: 0,
  alternative: 1,
  alternatives: 1,
};

/** True when something is to be said under a reply. */
function hasFoot(transcript: Transcript, message: Message): boolean {
  const recalled = message.content === "" ? undefined : transcript.recalled.get(message.id);
  return (recalled !== undefined && recalled.lore + recalled.memories > 0) || message.alternatives > 1 ||
    message.status === "stopped";
}

/** A row of a block, from 0. */
export function rowOf(part: Block, row: number): PageRow {
  if (row < part.before.length) return part.before[row];
  const at = row - part.before.length;
  if (part.prose !== null && at < part.prose.rows.length) {
    const { message, rows } = part.prose;
    return { kind: "prose", id: message.id, role: message.role, row: rows[at], first: at === 0 };
  }
  return part.after[at - (part.prose?.rows.length ?? 0)] ?? BLANK;
}
