/** Where things stand on a screen of a given size: pure arithmetic that update and view share. */

import { textWidth } from "../term/width.ts";
import { evenRows } from "../text/plain_rows.ts";
import { editorRows } from "../widgets/editor_rows.ts";
import type { PageContext } from "../widgets/blocks.ts";
import type { Model } from "./model.ts";
import { workWords } from "./progress.ts";

export const PAGE_WIDTH = 68;
const PANEL_WIDTH = 28;
const PANEL_GAP = 4;
const PANEL_FROM = 110;
const MAX_EDITOR_ROWS = 10;
const MAX_NOTICE_ROWS = 4;
export const NARROWEST = 40;
export const LOWEST = 10;

export interface Geometry {
  /** Too small for anything but one line that says so. */
  tiny: boolean;
  /** First column and width of the prose; marks stand two columns left of it. */
  x: number;
  width: number;
  /** First column of the panel; null when there is none. */
  panel_x: number | null;
  /** Right edge of the block, exclusive: the header and the status row end here. */
  right: number;
  page_y: number;
  page_height: number;
  /** The last row of the notice, and how many it takes: what is more than one is taken from the page. */
  notice_y: number;
  notice_rows: readonly string[];
  rule_y: number;
  editor_y: number;
  editor_height: number;
  status_y: number;
}

/** What is asked now, to be answered with a key; empty: nothing. */
export function questionOf(model: Model): string {
  return model.leaving === "question" ? "Leave while the narrator speaks?" : model.confirm?.question ?? "";
}

/** A question stands on the rule where it has room, else above it, whole. */
export function asksOnRule(model: Model, columns: number): boolean {
  const question = questionOf(model);
  return question !== "" && textWidth(question) <= columns - 2;
}

/** What stands above the rule: a question too long for it, what was just said, else what goes on beside the story. */
function noticeText(model: Model, columns: number): string {
  const question = asksOnRule(model, columns) ? "" : questionOf(model);
  return question !== "" ? question : model.notice?.text ?? workWords(model);
}

/** The layout for the model's size and the height of its editor. */
export function geometry(model: Model): Geometry {
  const { width, height } = model.size;
  const page = Math.max(1, width < 74 ? width - 6 : PAGE_WIDTH);
  const panel = width >= PANEL_FROM && model.settings.panel;
  const block = panel ? page + PANEL_GAP + PANEL_WIDTH : page;
  const x = Math.max(2, (width - block) >> 1);
  const rows = model.editor.text === "" ? 1 : editorRows(model.editor.text, page).length;
  const editor_height = Math.max(1, Math.min(MAX_EDITOR_ROWS, rows, height - 8));
  const status_y = height - 1;
  const editor_y = status_y - 1 - editor_height;
  const rule_y = editor_y - 1;
  const notice_y = rule_y - 1;
  const said = noticeText(model, page);
  const notice_rows = said === "" ? [] : evenRows(said, page).slice(0, MAX_NOTICE_ROWS);
  // Several rows keep their distance from the prose, where there is room; one stands in the blank row.
  const taken = notice_rows.length < 2 || height < 20 ? notice_rows.length : notice_rows.length + 1;
  return {
    tiny: width < NARROWEST || height < LOWEST,
    x,
    width: page,
    panel_x: panel ? x + page + PANEL_GAP : null,
    right: x + block,
    page_y: 2,
    page_height: Math.max(0, notice_y - 1 - Math.max(1, taken)),
    notice_y,
    notice_rows,
    rule_y,
    editor_y,
    editor_height,
    status_y,
  };
}

/** The page as it depends on the model now. */
export function pageContext(model: Model, now_ms: number): PageContext {
  return {
    transcript: model.transcript,
    memo: model.memo,
    width: geometry(model).width,
    now_ms,
    waiting: model.turn?.phase === "waiting" && model.transcript.live === null,
    idle: model.turn === null && model.protocol === 1 && model.connection.kind === "connected",
    cursor_id: model.desk,
  };
}
