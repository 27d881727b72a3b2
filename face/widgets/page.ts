/**
 * The page: which rows of the story are in view. Everything is counted from a place in the story outwards, so that
 * the cost is that of the rows in view, however long the story is.
 */

import type { Message } from "../../shared/story.ts";
import { block, blockCount, messageAt, type PageContext, type PageRow, rowOf, tailOf } from "./blocks.ts";

/** Where the view stands: at the end, at the end but never past the last reply's first row, or at a row of a message. */
export type Scroll = { kind: "end" } | { kind: "head" } | { kind: "at"; id: number; row: number };

interface Place {
  index: number;
  row: number;
}

/** The first row in view when the end is at the bottom. */
function endPlace(context: PageContext, height: number): Place {
  let rest = height;
  for (let index = blockCount(context) - 1; index >= 0; index--) {
    const part = block(context, index);
    if (part.height >= rest) return { index, row: part.height - rest };
    rest -= part.height;
  }
  return { index: 0, row: 0 };
}

function isBefore(left: Place, right: Place): boolean {
  return left.index < right.index || (left.index === right.index && left.row < right.row);
}

function topPlace(context: PageContext, scroll: Scroll, height: number): Place {
  const end = endPlace(context, height);
  if (scroll.kind === "end") return end;
  let place: Place | null = null;
  if (scroll.kind === "head") {
    for (let index = blockCount(context) - 1; index >= 0 && index >= end.index - 1; index--) {
      const message = messageAt(context, index);
      if (message !== null && message.role === "assistant") {
        place = { index, row: block(context, index).before.length };
        break;
      }
      // The reply may have gone and only the end of the page be left.
      if (message !== null) break;
    }
  } else {
    const index = indexOf(context, scroll.id);
    if (index >= 0) {
      place = { index, row: Math.min(scroll.row, Math.max(0, block(context, index).height - 1)) };
    }
  }
  return place !== null && isBefore(place, end) ? place : end;
}

/** Where a message of a list was found last: it is asked for with each frame. A memory aid, it never changes an answer. */
const found_at = new WeakMap<readonly Message[], number>();

/** The place of a message among those that are loaded, -1: it is not. Asked with each frame, it costs no search. */
export function indexOfMessage(messages: readonly Message[], id: number): number {
  const known = found_at.get(messages) ?? -1;
  if (messages[known]?.id === id) return known;
  const index = messages.findLastIndex((message) => message.id === id);
  if (index >= 0) found_at.set(messages, index);
  return index;
}

function indexOf(context: PageContext, id: number): number {
  const { messages } = context.transcript;
  const index = indexOfMessage(messages, id);
  if (index >= 0) return index;
  return tailOf(context).findIndex((_, at) => block(context, messages.length + at).id === id) +
    messages.length;
}

/** The view moved by rows (up when negative). Reaching the end, it follows it. */
export function scrollBy(context: PageContext, scroll: Scroll, height: number, rows: number): Scroll {
  const end = endPlace(context, height);
  let { index, row } = topPlace(context, scroll, height);
  let rest = rows;
  while (rest < 0) {
    if (row + rest >= 0) {
      row += rest;
      break;
    }
    if (index === 0) {
      row = 0;
      break;
    }
    rest += row;
    index--;
    row = block(context, index).height;
  }
  const count = blockCount(context);
  while (rest > 0 && index < count) {
    const part = block(context, index);
    if (row + rest < part.height) {
      row += rest;
      break;
    }
    rest -= part.height - row;
    index++;
    row = 0;
  }
  if (index >= count || !isBefore({ index, row }, end)) return { kind: "end" };
  return { kind: "at", id: block(context, index).id, row };
}

/** The view at the beginning of what is loaded. */
export function scrollToStart(context: PageContext): Scroll {
  return blockCount(context) === 0 ? { kind: "end" } : { kind: "at", id: block(context, 0).id, row: 0 };
}

/** The view that follows the end until the last rows a message has now are at the top. */
export function scrollFromEndOf(context: PageContext, id: number): Scroll {
  const { before, prose } = block(context, indexOf(context, id));
  return { kind: "at", id, row: before.length + Math.max(0, (prose?.rows.length ?? 0) - 3) };
}

/** The view with the message `id` in it, moved no more than needed. */
export function scrollToMessage(context: PageContext, scroll: Scroll, height: number, id: number): Scroll {
  const index = indexOf(context, id);
  const part = block(context, index);
  const top = topPlace(context, scroll, height);
  const head = { index, row: part.before.length };
  if (isBefore(head, top)) return { kind: "at", id, row: Math.max(0, part.before.length - 1) };
  let distance = -top.row;
  for (let at = top.index; at < index; at++) distance += block(context, at).height;
  const overlap = distance + part.height - height;
  if (overlap <= 0) return scroll;
  return scrollBy(context, scroll, height, Math.min(overlap, distance + part.before.length));
}

/** The view with the row at `start` of a message's source in it: where it is if it is in view, else a third down. */
export function scrollToRow(
  context: PageContext,
  scroll: Scroll,
  height: number,
  id: number,
  start: number,
): Scroll {
  const index = indexOf(context, id);
  const part = block(context, index);
  const rows = part.prose?.rows ?? [];
  const at = Math.max(0, rows.findLastIndex((row) => row.start <= start && row.runs.length > 0));
  const visible = viewPage(context, scroll, height).rows;
  if (visible.some((row) => row.kind === "prose" && row.row === rows[at])) return scroll;
  const there: Scroll = { kind: "at", id, row: part.before.length + at };
  return scrollBy(context, there, height, -Math.floor(height / 3));
}

export interface PageView {
  /** At most `height` rows. */
  rows: PageRow[];
  /** Nothing earlier is loaded than the first row in view. */
  at_start: boolean;
  /** Rows below the view, counted up to 999. */
  below: number;
  /** The first row: message and row of it, for telling how far the view moved. */
  top: { id: number; row: number } | null;
}

/** The rows in view. */
export function viewPage(context: PageContext, scroll: Scroll, height: number): PageView {
  const count = blockCount(context);
  const rows: PageRow[] = [];
  if (count === 0 || height <= 0) return { rows, at_start: true, below: 0, top: null };
  const place = topPlace(context, scroll, height);
  const top = { id: block(context, place.index).id, row: place.row };
  let { index, row } = place;
  let part = block(context, index);
  while (rows.length < height) {
    if (row >= part.height) {
      index++;
      if (index >= count) break;
      part = block(context, index);
      row = 0;
      continue;
    }
    rows.push(rowOf(part, row++));
  }
  let below = index < count ? part.height - row : 0;
  for (index++; index < count && below < 999; index++) below += block(context, index).height;
  return { rows, at_start: place.index === 0 && place.row === 0, below: Math.min(below, 999), top };
}
