/** The whole screen for a model: a grid and the place of the cursor. Pure; time comes as an argument. */

import { geometry, LOWEST, NARROWEST } from "./app/geometry.ts";
import type { Click } from "./app/messages.ts";
import { isOpening, type Model } from "./app/model.ts";
import { drawHeader, drawNotice, drawPanel, drawRule } from "./panels.ts";
import { clearGrid, type Grid, put } from "./term/grid.ts";
import { plainRows } from "./text/plain_rows.ts";
import { caretPlace, editorRows, offsetIn } from "./widgets/editor_rows.ts";
import type { PageView } from "./widgets/page.ts";
import { isTelling } from "./widgets/transcript.ts";
import type { Clicks } from "./view/clicks.ts";
import { fit } from "./view/draw.ts";
import { drawOpening } from "./view/opening.ts";
import { drawPopup } from "./view/popup.ts";
import { drawSheet } from "./view/sheet.ts";
import { drawStatus } from "./view/status.ts";
import { drawStory } from "./view/story.ts";
import type { Geometry } from "./app/geometry.ts";

export interface Screen {
  /** Where typing goes, or null: hidden. */
  cursor: { x: number; y: number } | null;
  /** The part that scrolls, and its first row: two screens with different first rows may differ by a scroll only. */
  page: { top: number; bottom: number; view: PageView } | null;
  clicks: Clicks;
}

/** Draws the model into `grid`, which must have the model's size. */
export function view(grid: Grid, model: Model, now_ms: number): Screen {
  clearGrid(grid);
  const place = geometry(model);
  if (place.tiny) return drawTiny(grid, model);
  const clicks: Clicks = new Map();
  if (model.sheet !== null) {
    drawHeader(grid, model, place, now_ms);
    drawSheet(grid, model, place, model.sheet, clicks);
    drawStatus(grid, model, place, now_ms);
    return { cursor: null, page: null, clicks };
  }
  if (isOpening(model)) {
    const writing = model.editor.text !== "" || model.notice !== null || model.popup.stash !== null;
    drawOpening(grid, model, writing ? place.notice_y - 1 : grid.height - 1, now_ms, clicks);
    if (!writing) return { cursor: null, page: null, clicks };
    drawNotice(grid, model, place);
    drawRule(grid, model, place, null, now_ms);
    const cursor = drawEditor(grid, model, place, clicks);
    drawPopup(grid, model, place, now_ms, clicks);
    drawStatus(grid, model, place, now_ms);
    return { cursor, page: null, clicks };
  }
  drawHeader(grid, model, place, now_ms);
  const page = drawStory(grid, model, place, now_ms);
  for (const [at, row] of page.rows.entries()) {
    if (row.kind !== "prose") continue;
    const { id } = row;
    const click = (): Click => ({ kind: "message", id });
    clicks.set(place.page_y + at, { from: place.x - 2, to: place.x + place.width, click });
  }
  drawPanel(grid, model, place, now_ms);
  drawNotice(grid, model, place);
  drawRule(grid, model, place, page, now_ms);
  const cursor = drawEditor(grid, model, place, clicks);
  drawPopup(grid, model, place, now_ms, clicks);
  drawStatus(grid, model, place, now_ms);
  const hidden = model.leaving === "question" || model.confirm !== null;
  return {
    cursor: hidden ? null : cursor,
    page: { top: place.page_y, bottom: place.page_y + place.page_height, view: page },
    clicks,
  };
}

function drawTiny(grid: Grid, model: Model): Screen {
  const text = `Flower needs ${NARROWEST} columns and ${LOWEST} rows.`;
  const rows = plainRows(text, grid.width);
  const y = Math.max(0, (grid.height - rows.length) >> 1);
  for (const [at, row] of rows.entries()) put(grid, 0, y + at, row, model.theme.text);
  return { cursor: null, page: null, clicks: new Map() };
}

/** Draws the rows of the editor around the caret; returns the cursor's place. */
function drawEditor(grid: Grid, model: Model, place: Geometry, clicks: Clicks): { x: number; y: number } {
  const { theme, editor } = model;
  const { x, width, editor_y, editor_height } = place;
  put(grid, x - 2, editor_y, theme.marks.player, theme.player);
  const rows = editorRows(editor.text, width);
  const caret = caretPlace(rows, editor.caret);
  const top = Math.max(0, Math.min(caret.y - editor_height + 1, rows.length - editor_height));
  for (const [at, row] of rows.slice(top, top + editor_height).entries()) {
    put(grid, x, editor_y + at, row.text, theme.text, x + width);
    const click = (column: number): Click => ({ kind: "caret", at: offsetIn(rows, top + at, column - x) });
    clicks.set(editor_y + at, { from: x - 2, to: x + width, click });
  }
  if (editor.text === "" && model.search?.typing === true) {
    put(grid, x, editor_y, fit("Words to look for", width, theme.marks.ellipsis), theme.dim, x + width);
  } else if (editor.text === "" && hintIsDue(model)) {
    put(grid, x, editor_y, fit(hintText(model), width, theme.marks.ellipsis), theme.dim, x + width);
  }
  return { x: x + Math.min(caret.x, width), y: editor_y + caret.y - top };
}

/** Once the start message has been told. */
const hintIsDue = (model: Model): boolean =>
  model.hint && model.turn === null && !isTelling(model.transcript) && !isOpening(model);

function hintText(model: Model): string {
  const { worlds, world_id } = model.story;
  const line = worlds.find((world) => world.id === world_id)?.first_line ?? "";
  return line === "" ? "What do you do? Write it as you would say it." : line;
}
