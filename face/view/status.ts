/** The row at the bottom: the keys that work now, and what is worth a glance. */

import { pageContext } from "../app/geometry.ts";
import type { Geometry } from "../app/geometry.ts";
import { contextsOf } from "../app/keys.ts";
import { completionOf } from "../app/completion.ts";
import { eveningOf } from "../app/evening.ts";
import type { Confirm, Model } from "../app/model.ts";
import { short } from "../app/narrators.ts";
import { whyEntries } from "../app/why.ts";
import type { Action, KeyContext } from "../key_rows.ts";
import { keyFor } from "../keymap.ts";
import { type Grid, put } from "../term/grid.ts";
import { textWidth } from "../term/width.ts";
import { troubleOf } from "../widgets/blocks.ts";
import { indexOfMessage } from "../widgets/page.ts";
import { cutAtLimit, lastReply } from "../widgets/transcript.ts";
import { putSpans, type Span, spansWidth } from "./draw.ts";
import { SILENT_MS } from "./story.ts";

/** A speed is told when it was measured for so long. */
const MEASURED_MS = 2000;

/** What can be pressed now, at most four. */
function statusKeys(model: Model, now_ms: number): string[] {
  const [context] = contextsOf(model, now_ms);
  const { arrows } = model.theme.marks;
  const key = (action: Action, words: string, ...places: KeyContext[]): string[] =>
    hint(model, action, words, ...(places.length === 0 ? [context] : places));
  const back = "Esc back";
  switch (context) {
    case "question":
      return ["w wait for it", "s stop and leave", "Esc stay"];
    case "why":
      if (model.sheet?.kind !== "why") return [back];
      if (model.sheet.whole) return [`${arrows} scroll`, back];
      return [
        ...(whyEntries(model.sheet).length === 0 ? [] : [
          ...key("why_go", "go there"),
          ...key("why_pin", "pin"),
          ...key("why_forget", "forget"),
        ]),
        ...key("why_numbers", "numbers"),
        ...key("why_whole", "prompt"),
        back,
      ];
    case "search":
      return [...key("search_keep", "keep"), `${arrows} other places`, back];
    case "found":
      return [
        ...key("search_older", "before"),
        ...key("search_newer", "after"),
        ...key("search", "other words", "always"),
        back,
      ];
    case "sheet":
      return [back, `${arrows} scroll`];
    case "popup":
      if (completionOf(model, now_ms)?.rows.length === 0) return ["Esc close"];
      if (completionOf(model, now_ms)?.many === true) {
        return ["Enter on or off", `${arrows} choose`, "Esc done"];
      }
      return ["Enter take", "Tab complete", `${arrows} choose`, "Esc close"];
    case "confirm":
      return confirmKeys(model.confirm?.kind ?? "price", key("models", "narrators", "always"));
    case "opening":
      return [];
    case "desk":
      return deskKeys(model);
    default:
  }
  if (model.editing !== null) return [...key("send", "save", "editor"), "Esc leave it"];
  const writing = model.editor.text !== "";
  const page = key("keys", "keys", ...(writing ? [] : ["empty" as const]), "always");
  if (model.turn !== null) return writing ? ["Esc stop", ...page] : ["Esc stop", ...page, "/ commands"];
  if (writing) {
    return [...key("send", "say", "editor"), ...key("newline", "new row", "editor"), ...page];
  }
  const narrators = key("models", "narrators", "always");
  const trouble = troubleOf(pageContext(model, now_ms));
  if (trouble?.go_on === true) {
    return [...key("go_on", "go on", "empty"), ...key("retry", "tell again", "empty"), ...narrators, ...page];
  }
  if (trouble?.retry === true) {
    return [...key("retry", "try again", "empty"), ...narrators, ...page, "/ commands"];
  }
  return model.story.synced
    ? [...key("desk", "reread", "empty"), ...page, "/ commands"]
    : [...page, "Ctrl+C leave"];
}

/** A question wants a key that nobody presses by going on: Enter is none. */
function confirmKeys(kind: Confirm["kind"], narrators: readonly string[]): string[] {
  switch (kind) {
    case "price":
      return ["y go on", "Esc not now", ...narrators];
    case "delete":
      return ["y delete", "Esc keep"];
    case "fetch":
      return ["Ctrl+Y fetch", "Esc no"];
  }
}

/** The key of an action in the first of some places that has one, with what it does; none when it has no key. */
function hint(model: Model, action: Action, words: string, ...places: KeyContext[]): string[] {
  for (const place of places) {
    const key = keyFor(model.keys, place, action);
    if (key !== "") return [`${key} ${words}`];
  }
  return [];
}

function deskKeys(model: Model): string[] {
  const { messages } = model.transcript;
  const message = model.desk === null ? undefined : messages[indexOfMessage(messages, model.desk)];
  const key = (action: Action, words: string): string[] => hint(model, action, words, "desk");
  if (message?.role !== "assistant" || message !== messages.at(-1)) {
    return [
      ...key("desk_edit", "edit"),
      ...key("desk_copy", "copy"),
      ...key("desk_undo", "back to here"),
      "Esc write",
    ];
  }
  const tellings = message.alternatives > 1 && !cutAtLimit(message)
    ? [`${model.theme.marks.sideways} tellings`]
    : key("desk_continue", "go on");
  return [...key("desk_retry", "another telling"), ...tellings, ...key("desk_why", "why"), "Esc write"];
}

/** Keys on the left; on the right speed, how full the narrator's memory is, and cost. */
export function drawStatus(grid: Grid, model: Model, place: Geometry, now_ms: number): void {
  const { theme } = model;
  const y = place.status_y;
  const keys = statusKeys(model, now_ms);
  const glance = glanceParts(model, now_ms);
  const space = place.right - place.x;
  const width = (parts: Span[][]) => parts.reduce((sum, part) => sum + spansWidth(part) + 3, -3);
  let left = keys.join("   ");
  while (glance.length > 0 && textWidth(left) + 3 + width(glance) > space) glance.shift();
  while (keys.length > 1 && textWidth(left) > space) {
    // The way out is the last to go.
    keys.splice(keys.length > 2 && keys.at(-1)?.startsWith("Esc") ? -2 : -1, 1);
    left = keys.join("   ");
  }
  put(grid, place.x, y, left, theme.dim, place.right);
  let x = place.right - width(glance);
  for (const part of glance) x = putSpans(grid, x, y, part, place.right) + 3;
}

function glanceParts(model: Model, now_ms: number): Span[][] {
  const { theme, turn } = model;
  const parts: Span[][] = [];
  const told_ms = turn?.first_ms === null || turn === null ? 0 : now_ms - turn.first_ms;
  // The first moments are a burst, and a silence has no speed.
  const measured = turn !== null && told_ms >= MEASURED_MS && now_ms - turn.heard_ms < SILENT_MS;
  const speed = measured ? Math.round(turn.tokens_per_second * 0.75) : 0;
  if (speed > 0) parts.push([{ text: `${speed} words/s`, style: theme.dim }]);
  const usage = lastReply(model.transcript)?.usage;
  const context = model.story.models.find((item) => item.id === model.story.model)?.context ?? 0;
  // Zero: the last of several turns sent nothing, and what the others used is no measure of the window.
  const used = usage?.window_tokens ?? (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0);
  if (usage !== null && usage !== undefined && usage.prompt_tokens > 0 && used > 0 && context > 0) {
    const cells = Math.max(0, Math.min(8, Math.round(used / context * 8)));
    parts.push([
      { text: `${short(used)} of ${short(context)} `, style: theme.dim },
      { text: theme.marks.full.repeat(cells), style: theme.dim },
      { text: theme.marks.empty.repeat(8 - cells), style: theme.rule },
    ]);
  }
  const { cost } = eveningOf(model.transcript.messages);
  if (cost > 0) parts.push([{ text: cost < 0.01 ? "under $0.01" : `$${cost.toFixed(2)}`, style: theme.dim }]);
  return parts;
}
