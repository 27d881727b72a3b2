/** The opening: where to go, who to be. Drawn before the brain is ready; it says calmly what it waits for. */

import { NARRATOR_ID } from "../../shared/story.ts";
import { evenRows } from "../text/plain_rows.ts";
import { asSentence } from "../app/link.ts";
import { offered } from "../app/opening.ts";
import type { Model } from "../app/model.ts";
import { narratorName } from "../app/story.ts";
import { connectionText } from "../panels.ts";
import { type Grid, put } from "../term/grid.ts";
import type { Style } from "../term/style.ts";
import { textWidth } from "../term/width.ts";
import type { Clicks } from "./clicks.ts";
import { fit, putSpans, type Span, spansWidth } from "./draw.ts";

const BLOCK = 88;
/** The share of a row that names may have beside what they are. */
const MOST_FOR_NAMES = 0.4;

interface Choice {
  name: string;
  what: string;
  /** One sentence beneath the list while it is selected. */
  sentence: string;
}

/** Where a list as wide as the opening stands on a screen `width` columns wide. */
function frame(width: number): { x: number; width: number } {
  const block = Math.min(BLOCK, width - 2);
  return { x: width <= BLOCK + 4 ? 2 : (width - block) >> 1, width: Math.min(block, width - 4) };
}

/** Draws the opening in the rows above `bottom`. */
export function drawOpening(grid: Grid, model: Model, bottom: number, now_ms: number, clicks: Clicks): void {
  const { theme, opening } = model;
  const { marks } = theme;
  const { x, width } = frame(grid.width);
  const right = x + width;
  const text_x = x + 2;
  const text_width = right - text_x;
  const choices = choicesOf(model);
  const longest = Math.max(...choices.map((choice) => textWidth(choice.name)), 0);
  const room_x = text_x + 3;
  // One long name does not take the words of all others away.
  const wanted = Math.min(longest, Math.max(16, Math.floor((right - room_x) * MOST_FOR_NAMES)));
  const roomy = right - room_x - 2 - wanted >= 24;
  const names = roomy ? 2 + (grid.width < BLOCK ? wanted : Math.max(16, wanted)) : right - room_x + 2;
  const what_x = room_x + names;
  // The place depends on the screen alone: nothing jumps when the worlds come or the step changes.
  let y = grid.height < 30 ? (grid.height < 16 ? 0 : 1) : Math.min((grid.height - 14) >> 2, 12);
  const question = opening.step === "world"
    ? "Where do you want to go?"
    : opening.step === "character"
    ? "Who are you there?"
    : "The story begins.";
  // Rows go to what went wrong and to the list first, then to the sentence, the narrator; the keys have theirs.
  let room = bottom - y - (bottom < grid.height - 1 ? 4 : 6);
  const rowsOf = (text: string, most: number): readonly string[] =>
    firstRows(evenRows(text, text_width), most, text_width, marks.ellipsis);
  const sentence = rowsOf(sentenceOf(model, choices, now_ms), 3);
  const below = opening.trouble === ""
    ? rowsOf(narratorLine(model), 2)
    : rowsOf(opening.trouble, Math.max(1, room - 2));
  const wide = choices.map((choice) => roomy ? evenRows(choice.what, right - what_x) : [""]);
  const tall = wide.reduce((sum, rows) => sum + Math.max(1, rows.length), 0);
  const texts = tall + 2 + sentence.length <= room || tall === choices.length
    ? wide
    : choices.map((choice) => roomy ? [fit(choice.what, right - what_x, marks.ellipsis)] : [""]);
  const heights = texts.map((rows) => Math.max(1, rows.length));
  // What went wrong is read first: the list may become a window for it.
  const kept = opening.trouble === "" ? 0 : Math.min(below.length + 1, room - 1);
  const shown = choiceWindow(heights, opening.row, Math.max(1, room - kept));
  const hidden = choices.length - (shown.to - shown.from);
  room -= heights.slice(shown.from, shown.to).reduce((sum, rows) => sum + rows, 0);
  const fits = (rows: readonly string[]): boolean => {
    const taken = rows.length > 0 && rows.length + 1 <= room;
    if (taken) room -= rows.length + 1;
    return taken;
  };
  const [show_below, show_sentence] = opening.trouble === ""
    ? [fits(sentence), fits(below)].toReversed()
    : [fits(below), fits(sentence)];

  drawMarks(grid, model, x, right, y);
  y += 2;
  put(grid, text_x, y, question, theme.strong, right);
  if (hidden > 0) {
    const more = `${opening.row + 1} of ${choices.length}`;
    put(grid, right - textWidth(more), y, more, theme.dim, right);
  }
  y += 2;
  for (let at = shown.from; at < shown.to; at++) {
    const choice = choices[at];
    const selected = at === opening.row && opening.step !== "starting";
    const look = selected ? theme.accent : theme.text;
    if (selected) put(grid, x, y, marks.player, theme.accent);
    if (at < 9) put(grid, text_x, y, String(at + 1), selected ? theme.accent : theme.dim, right);
    put(grid, room_x, y, fit(choice.name, names - 2, marks.ellipsis), look, right);
    for (const row of texts[at].length === 0 ? [""] : texts[at]) {
      clicks.set(y, { from: x, to: right, click: () => ({ kind: "choice", at }) });
      put(grid, what_x, y++, row, theme.dim, right);
    }
  }
  const paragraph = (rows: readonly string[], look: Style): void => {
    if (choices.length > 0 || rows !== sentence) y++;
    for (const row of rows) put(grid, text_x, y++, row, look, right);
  };
  if (show_sentence) paragraph(sentence, theme.text);
  if (show_below) {
    if (opening.trouble !== "") put(grid, x, y + 1, marks.error, theme.error);
    paragraph(below, opening.trouble === "" ? theme.dim : theme.error);
  }
  if (bottom < grid.height - 1) return;
  const escape = opening.step === "character" ? ["Esc back"] : [];
  const go = choices.length > 0 && opening.step !== "starting" ? ["Enter go", `${marks.arrows} look`] : [];
  const keys = [...go, ...escape, "? keys", "Ctrl+C leave"].slice(0, 4);
  while (keys.length > 1 && textWidth(keys.join("   ")) > text_width) keys.pop();
  put(grid, text_x, Math.min(y + 1, bottom), keys.join("   "), theme.dim, right);
}

/** At most so many rows; the last of them says when there are more. */
function firstRows(
  rows: readonly string[],
  most: number,
  width: number,
  ellipsis: string,
): readonly string[] {
  if (rows.length <= most) return rows;
  return [...rows.slice(0, most - 1), fit(`${rows[most - 1]} ${ellipsis}`, width, ellipsis)];
}

/** As many rows as there is room for, the selected one among them. */
function choiceWindow(heights: number[], selected: number, room: number): { from: number; to: number } {
  let from = 0;
  let used = 0;
  let to = 0;
  while (to < heights.length) {
    used += heights[to];
    to++;
    while (used > room && from < Math.min(selected, to - 1)) used -= heights[from++];
    if (used > room) {
      to--;
      break;
    }
  }
  return { from, to: Math.max(to, from) };
}

/** The four marks are the checklist. */
function drawMarks(grid: Grid, model: Model, x: number, right: number, y: number): void {
  const { theme, opening, story } = model;
  const { marks } = theme;
  put(grid, x, y, marks.bloom, theme.accent);
  const title_end = put(grid, x + 2, y, "Flower", theme.strong);
  const steps: [string, boolean][] = [
    ["World", opening.step !== "world" || story.world_id !== ""],
    ["Character", opening.step === "starting" || (opening.step === "world" && story.character_id !== "")],
    ["Narrator", story.model !== ""],
    ["Story", false],
  ];
  const spans = steps.flatMap(([name, done], at): Span[] => [
    { text: at === 0 ? "" : "  ", style: theme.dim },
    { text: done ? marks.done : marks.open, style: done ? theme.good : theme.dim },
    { text: ` ${name}`, style: theme.dim },
  ]);
  const at = right - spansWidth(spans);
  if (at > title_end + 1) putSpans(grid, at, y, spans, right);
}

function choicesOf(model: Model): Choice[] {
  const { opening, story } = model;
  if (opening.step === "world") {
    return story.worlds.map(({ name, hook, opening: sentence }) => ({ name, what: hook, sentence }));
  }
  return offered(story, opening.world_id).map(({ name, about }) => ({ name, what: about, sentence: "" }));
}

function sentenceOf(model: Model, choices: Choice[], now_ms: number): string {
  const { opening, story, connection } = model;
  if (connection.kind !== "connected") {
    const state = connectionText(connection, now_ms);
    if (connection.kind === "starting") {
      return model.whose === ""
        ? "The worlds come in a moment."
        : `Looking for the worlds at ${model.whose}.`;
    }
    if (connection.kind === "gone") return `${connection.reason} Ctrl+C leaves.`;
    return [state, connection.reason].map(asSentence).join(" ").trimEnd();
  }
  if (!story.synced) return "The worlds come in a moment.";
  if (opening.step === "starting") return "The first page is being turned.";
  if (choices.length === 0) {
    return opening.step === "world"
      ? "There is no world yet. A file in the folder worlds of your home becomes one."
      : "There is no character yet. A file in the folder characters of your home becomes one.";
  }
  if (opening.step === "character") {
    return story.worlds.find((world) => world.id === opening.world_id)?.opening ?? "";
  }
  return choices[opening.row]?.sentence ?? "";
}

function narratorLine(model: Model): string {
  const { story } = model;
  if (!story.synced) return "";
  if (story.model === "") return "Nobody is there to tell it yet. Ctrl+O connects a model.";
  if (story.model === NARRATOR_ID) {
    return "The built-in narrator tells this one. It is no AI. Ctrl+O connects a model.";
  }
  const name = narratorName(story);
  return `${name}${name.includes(", ") ? "," : ""} tells this one. Ctrl+O changes the narrator.`;
}
