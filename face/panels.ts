/** What stands around the page: header, side panel, rule, notice. One draw function each. */

import { asksOnRule, type Geometry, questionOf } from "./app/geometry.ts";
import { eveningOf } from "./app/evening.ts";
import { byWordsOnly } from "./app/memory_offer.ts";
import { type Connection, type Model, storyName } from "./app/model.ts";
import { narratorName, worldName } from "./app/story.ts";
import { pieceWords } from "./app/remembered.ts";
import { searchState } from "./app/search.ts";
import { fill, type Grid, put } from "./term/grid.ts";
import { textWidth } from "./term/width.ts";
import { evenRows, plainRows } from "./text/plain_rows.ts";
import { fit, putSpans, type Span, spansWidth } from "./view/draw.ts";
import { SILENT_MS, spinner } from "./view/story.ts";
import { editorRows } from "./widgets/editor_rows.ts";
import type { PageView } from "./widgets/page.ts";
import { isTelling, lastReply } from "./widgets/transcript.ts";

/** `connected` needs no word: the narrator's name stands there. */
export function connectionText(connection: Connection, now_ms: number): string {
  switch (connection.kind) {
    case "connected":
      return "";
    case "starting":
      return "starting";
    case "lost": {
      const seconds = Math.ceil((connection.retry_at_ms - now_ms) / 1000);
      return seconds > 0 ? `connection lost, again in ${seconds} s` : "connection lost, trying again";
    }
    case "gone":
      return "no connection";
  }
}

/** The story's name on the left; on the right who tells it, or that nobody can be heard. */
export function drawHeader(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  const { theme } = model;
  const { marks } = theme;
  const lost = connectionText(model.connection, now_ms);
  const whose = model.whose === "" ? "" : ` at ${hostOf(model.whose)}`;
  const right = lost === "" ? narratorName(model.story) + whose : lost;
  const shown = fit(right, Math.max(0, place.right - place.x - 12), marks.ellipsis);
  const right_x = place.right - textWidth(shown);
  put(
    grid,
    right_x,
    0,
    shown,
    lost === "" || model.connection.kind === "starting" ? theme.dim : theme.error,
    place.right,
  );
  put(grid, place.x - 2, 0, marks.bloom, theme.accent);
  const name = storyName(model) || model.settings.last_story || "Flower";
  put(
    grid,
    place.x,
    0,
    fit(name, Math.max(0, right_x - place.x - 2), marks.ellipsis),
    theme.strong,
    right_x - 1,
  );
}

function hostOf(url: string): string {
  return /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? url;
}

/** World, you, rules, what was remembered, tonight. Nothing stands only here. */
export function drawPanel(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  if (place.panel_x === null) return;
  const { theme, story } = model;
  const x = place.panel_x;
  const width = place.right - x;
  const bottom = place.rule_y;
  let y = place.page_y;
  const section = (heading: string, rows: readonly string[]): void => {
    if (rows.length === 0 || y + rows.length + 1 > bottom) return;
    put(grid, x, y++, fit(heading.toUpperCase(), width, theme.marks.ellipsis), theme.dim);
    for (const text of rows) put(grid, x, y++, text, theme.dim, place.right);
    y += 1;
  };
  const world = story.worlds.find((item) => item.id === story.world_id);
  section(worldName(story), world === undefined ? [] : evenRows(world.hook, width));
  const character = story.characters.find((item) => item.id === story.character_id);
  if (character !== undefined) {
    const about = evenRows(character.about, width);
    section("You", [fit(character.name, width, theme.marks.ellipsis), ...about.slice(0, 4)]);
  }
  const rules = story.active_rules.map((id) => story.rules.find((rule) => rule.id === id)?.name ?? id);
  const named = rules.length === 0 ? [] : plainRows(rules.join(` ${theme.marks.separator} `), width);
  section("Rules", y + named.length + 1 <= bottom ? named : [`${rules.length} of them`]);
  section("Remembered just now", rememberedRows(model, width, bottom - y));
  section("Tonight", tonight(model, now_ms));
}

const MAX_PIECES = 4;
/** Rows that tonight takes below, with its gap. */
const TONIGHT_ROWS = 4;

/** What stood in the request of the last reply: each piece with where it is from, or their number. */
function rememberedRows(model: Model, width: number, room: number): string[] {
  const { bloom, ellipsis } = model.theme.marks;
  const reply = lastReply(model.transcript);
  const recalled = reply === null ? undefined : model.transcript.recalled.get(reply.id);
  if (reply === null || recalled === undefined) return [];
  const known = model.remembered?.message_id === reply.id ? model.remembered.pieces : [];
  const most = Math.min(MAX_PIECES, Math.max(1, (room - 1 - TONIGHT_ROWS) >> 1));
  if (known.length > 0) {
    return known.slice(0, most).flatMap((piece) => {
      const { words, from } = pieceWords(piece);
      return [`${bloom} ${fit(words, width - 2, ellipsis)}`, `  ${from}`];
    });
  }
  const rows: string[] = [];
  if (recalled.memories > 0) rows.push(`${bloom} ${recalled.memories} from earlier pages`);
  if (recalled.lore > 0) rows.push(`${bloom} ${recalled.lore} from this world's lore`);
  return rows;
}

/** Turns and time since the last long pause. */
function tonight(model: Model, now_ms: number): string[] {
  const { turns, first_ms } = eveningOf(model.transcript.messages);
  if (turns === 0) return [];
  const session = model.story.sessions.find((item) => item.id === model.story.session_id);
  const all = session !== undefined && session.turns > turns ? ` of ${session.turns}` : "";
  const minutes = Math.round((now_ms - first_ms) / 60_000);
  const time = minutes < 1 ? "" : minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} hours`;
  const words = byWordsOnly(model) ? ["memory by words only"] : [];
  const parts = [`${turns} turn${turns === 1 ? "" : "s"}${all}`, time].filter((part) => part !== "");
  return [parts.join(` ${model.theme.marks.separator} `), ...words];
}

/** The one line drawn, with what the narrator does on its left and what waits below on its right. */
export function drawRule(
  grid: Grid,
  model: Model,
  place: Geometry,
  view: PageView | null,
  now_ms: number,
): void {
  const { theme, turn } = model;
  const { marks } = theme;
  const { x, width, rule_y: y } = place;
  fill(grid, x, y, width, 1, marks.rule, theme.rule);
  const left: Span[] = [];
  if (asksOnRule(model, width)) left.push({ text: `${questionOf(model)} `, style: theme.accent });
  else if (model.search !== null) {
    const state = searchState(model);
    left.push({ text: "search ", style: theme.accent });
    if (state !== "") left.push({ text: `${state} `, style: theme.dim });
  } else if (model.editing !== null) left.push({ text: "editing ", style: theme.accent });
  else if (model.transcript.live !== null && (turn !== null || isTelling(model.transcript))) {
    const silent_ms = turn === null ? 0 : now_ms - turn.heard_ms;
    const what = silent_ms < SILENT_MS
      ? "narrating"
      : `waiting ${marks.separator} ${Math.floor(silent_ms / 1000)} s`;
    left.push({ text: `${spinner(model, now_ms)} `, style: theme.accent }, {
      text: `${what} `,
      style: theme.dim,
    });
  }
  putSpans(grid, x, y, left, x + width);
  const texts: string[] = [];
  if (view !== null && view.below > 0) {
    const many = view.below >= 999 ? "many lines" : `${view.below} line${view.below === 1 ? "" : "s"}`;
    texts.push(`${marks.below} ${many} below`);
  }
  const hidden = model.editor.text === ""
    ? 0
    : editorRows(model.editor.text, width).length - place.editor_height;
  if (hidden > 0) texts.push(`${hidden} more row${hidden === 1 ? "" : "s"} of yours`);
  if (texts.length === 0) return;
  const text = ` ${texts.join("   ")} `;
  const at = x + width - textWidth(text) - 2;
  if (at > x + spansWidth(left)) put(grid, at, y, text, theme.dim, x + width);
}

/** The dim line above the rule. A longer one lifts the page instead of covering it. */
export function drawNotice(grid: Grid, model: Model, place: Geometry): void {
  const { notice, theme } = model;
  const { x, width, notice_rows } = place;
  if (notice_rows.length === 0) return;
  const asks = questionOf(model) !== "" && !asksOnRule(model, width);
  const failed = !asks && notice?.error === true;
  const look = failed ? theme.error : asks ? theme.accent : theme.dim;
  const first = place.notice_y - notice_rows.length + 1;
  put(grid, x - 2, first, failed ? theme.marks.error : theme.marks.notice, look);
  for (const [at, row] of notice_rows.entries()) put(grid, x, first + at, row, look, x + width);
}
