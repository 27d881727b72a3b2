/** Draws the page of the story: prose with its marks, feet, dates, the wait and what went wrong. */

import type { Message } from "../../shared/story.ts";
import { SPINNER_MS } from "../app.ts";
import { type Geometry, pageContext } from "../app/geometry.ts";
import type { Model } from "../app/model.ts";
import { narratorName } from "../app/story.ts";
import { keyFor } from "../keymap.ts";
import type { Grid } from "../term/grid.ts";
import { put } from "../term/grid.ts";
import { textWidth } from "../term/width.ts";
import { markedStyle } from "../theme.ts";
import type { PageRow } from "../widgets/blocks.ts";
import { cutByHits } from "../widgets/found.ts";
import { cutAtLimit } from "../widgets/transcript.ts";
import { type PageView, viewPage } from "../widgets/page.ts";
import { fit } from "./draw.ts";

/** Without a word for this long, the rule says so. */
export const SILENT_MS = 3000;
/** After this long, a wait says what for. */
const SAY_WHY_MS = 3000;

/** Draws the story, or what is waited for before there is one; returns what of it stands where. */
export function drawStory(grid: Grid, model: Model, place: Geometry, now_ms: number): PageView {
  if (!model.story.synced && model.transcript.messages.length === 0 && model.connection.kind !== "gone") {
    const text = model.connection.kind === "starting"
      ? "Your story opens in a moment."
      : "Your story opens as soon as there is a connection.";
    put(grid, place.x, place.page_y, fit(text, place.width, model.theme.marks.ellipsis), model.theme.dim);
  }
  const view = viewPage(pageContext(model, now_ms), model.scroll, place.page_height);
  for (const [at, row] of view.rows.entries()) drawRow(grid, model, place, place.page_y + at, row, now_ms);
  return view;
}

function drawRow(grid: Grid, model: Model, place: Geometry, y: number, row: PageRow, now_ms: number): void {
  const { theme } = model;
  const { marks } = theme;
  const { x, width } = place;
  const end = x + width;
  switch (row.kind) {
    case "blank":
      return;
    case "prose": {
      const player = row.role === "user";
      const base = player ? theme.player : theme.text;
      if (row.id === model.desk) put(grid, x - 2, y, marks.bar, theme.accent);
      else if (row.first && player) put(grid, x - 2, y, marks.player, theme.player);
      else if (row.first && usedMemory(model, row.id)) put(grid, x - 2, y, marks.bloom, theme.accent);
      if (row.row.scene) {
        centre(grid, place, y, [marks.separator, marks.separator, marks.separator].join(" "), model);
        return;
      }
      let column = x + row.row.indent;
      for (const run of row.row.runs) {
        const look = markedStyle(theme, base, run.marks);
        const hits = model.search?.by_id.get(row.id);
        if (hits === undefined) {
          column = put(grid, column, y, run.text, look, end);
          continue;
        }
        const current = model.search?.hits[model.search.at];
        for (const piece of cutByHits(run.text, run.start, hits)) {
          const found = piece.hit === current ? theme.found_here : theme.found;
          column = put(grid, column, y, piece.text, piece.hit === null ? look : found, end);
        }
      }
      return;
    }
    case "date":
      centre(grid, place, y, row.text, model);
      return;
    case "earlier":
      centre(grid, place, y, "earlier pages", model);
      return;
    case "foot":
      put(grid, x, y, fit(footText(model, row.message), width, marks.ellipsis), theme.dim, end);
      return;
    case "waiting":
      put(grid, x, y, spinner(model, now_ms), theme.accent, end);
      put(grid, x + 2, y, fit(waitText(model, now_ms), width - 2, marks.ellipsis), theme.dim, end);
      return;
    case "trouble":
      if (row.first) put(grid, x - 2, y, marks.error, theme.error);
      put(grid, x, y, row.text, theme.error, end);
      return;
    default:
      row satisfies never;
  }
}

function centre(grid: Grid, place: Geometry, y: number, text: string, model: Model): void {
  const x = place.x + Math.max(0, (place.width - textWidth(text)) >> 1);
  put(grid, x, y, text, model.theme.dim, place.x + place.width);
}

function usedMemory(model: Model, id: number): boolean {
  const recalled = model.transcript.recalled.get(id);
  return recalled !== undefined && recalled.lore + recalled.memories > 0;
}

/** `✿ 2 remembered   ‹ 2 of 3 ›   stopped`; where the limit of a reply cut the last one, also the keys that go on. */
function footText(model: Model, message: Message): string {
  const { marks } = model.theme;
  const parts: string[] = [];
  const recalled = model.transcript.recalled.get(message.id);
  const count = recalled === undefined ? 0 : recalled.lore + recalled.memories;
  if (count > 0) parts.push(`${marks.bloom} ${count} remembered`);
  if (message.alternatives > 1) {
    parts.push(`${marks.previous} ${message.alternative} of ${message.alternatives} ${marks.next}`);
  }
  if (cutAtLimit(message)) parts.push("cut at its limit", ...goOnKeys(model, message));
  else if (message.status === "stopped") parts.push("stopped");
  return parts.join("   ");
}

function goOnKeys({ keys, desk, transcript }: Model, message: Message): string[] {
  const go_on = keyFor(keys, "desk", "desk_continue");
  const way = desk === message.id ? [go_on] : [keyFor(keys, "empty", "desk"), go_on];
  return message === transcript.messages.at(-1) && !way.includes("") ? [`${way.join(" ")} go on`] : [];
}

/** One step of the spinner; motion off: a mark that stands still. */
export function spinner(model: Model, now_ms: number): string {
  const { marks } = model.theme;
  const since_ms = model.turn?.since_ms ?? model.transcript.live?.reveal.since_ms;
  if (!model.settings.motion || since_ms === undefined) return marks.notice;
  const step = Math.floor((now_ms - since_ms) / SPINNER_MS);
  return marks.spinner[step % marks.spinner.length];
}

/** Empty for the first seconds, then what is waited for and how long already. */
function waitText(model: Model, now_ms: number): string {
  const { turn } = model;
  if (turn === null) return "";
  const waited_ms = now_ms - turn.since_ms;
  if (waited_ms < SAY_WHY_MS) return "";
  const label = turn.label === "" ? `${narratorName(model.story)} is reading` : turn.label;
  return `${label} ${model.theme.marks.separator} ${Math.floor(waited_ms / 1000)} s`;
}
