/** What a key does, from the innermost thing that is open outwards. */

import type { Action, KeyContext } from "../key_rows.ts";
import { actionFor } from "../keymap.ts";
import type { TermEvent } from "../term/keys.ts";
import { graphemes } from "../term/width.ts";
import { sanitize } from "../text/sanitize.ts";
import { troubleOf } from "../widgets/blocks.ts";
import { moveTo } from "../widgets/editor.ts";
import { scrollToStart } from "../widgets/page.ts";
import { endTelling, isTelling } from "../widgets/transcript.ts";
import { completionOf } from "./completion.ts";
import { openDesk, updateDesk } from "./desk.ts";
import { leaveEdit } from "./editing.ts";
import { geometry, pageContext } from "./geometry.ts";
import { leave, stopAndLeave } from "./leaving.ts";
import { moveInList, openModels, take } from "./lists.ts";
import { declineModel } from "./memory_offer.ts";
import type { Click, Effect } from "./messages.ts";
import { isOpening, type Model, type Result, withNotice } from "./model.ts";
import { backInOpening, chooseInOpening, moveInOpening } from "./opening.ts";
import { clearEditor, retry, say } from "./say.ts";
import { askEarlier, scroll } from "./scrolling.ts";
import { endSearch, openSearch, updateSearch } from "./search.ts";
import { confirmed, openList, submit } from "./submit.ts";
import { editLine, lookBack, type } from "./typing.ts";
import { askWhy, updateWhy } from "./why.ts";

const WHEEL_ROWS = 3;

/** Where a key is looked up now, innermost first. */
export function contextsOf(model: Model, now_ms: number): KeyContext[] {
  if (model.leaving === "question") return ["question", "always"];
  if (model.confirm !== null) return ["confirm", "always"];
  if (model.sheet !== null) return [model.sheet.kind === "why" ? "why" : "sheet", "always"];
  if (model.search !== null) {
    return model.search.typing ? ["search", "editor", "always"] : ["found", "always"];
  }
  if (completionOf(model, now_ms) !== null) return ["popup", "editor", "always"];
  if (model.desk !== null) return ["desk", "always"];
  const empty = model.editor.text === "" && model.editing === null;
  if (isOpening(model)) return empty ? ["opening", "always"] : ["editor", "always"];
  return empty ? ["empty", "editor", "always"] : ["editor", "always"];
}

/** A key, a paste, the wheel. */
export function updateTerm(model: Model, event: TermEvent, now_ms: number): Result {
  switch (event.kind) {
    case "focus":
      return [
        { ...model, focused: event.focused },
        event.focused && model.settings.title ? [{ kind: "call", title: null, bell: false }] : [],
      ];
    case "reply":
      return [model, []];
    case "mouse":
      if (event.action === "wheel_up") return scroll(model, -WHEEL_ROWS, now_ms);
      if (event.action === "wheel_down") return scroll(model, WHEEL_ROWS, now_ms);
      return [model, []];
    case "paste":
      return type(calm({ ...endFound(model), sheet: null, desk: null }), sanitize(event.text), now_ms);
    case "text":
      return letters(model, event.text, now_ms);
    case "key":
      return key(model, event, now_ms);
  }
}

/** A click points; a click on what is pointed at takes it. */
export function updateClick(before: Model, on: Click, now_ms: number): Result {
  const model = calm(before);
  if (model.leaving === "question" || model.confirm !== null) return [model, []];
  switch (on.kind) {
    case "message":
      if (model.search !== null || model.editing !== null) return [model, []];
      return [{ ...model, desk: on.id, transcript: endTelling(model.transcript) }, []];
    case "row": {
      const completion = completionOf(model, now_ms);
      if (completion === null || on.at >= completion.rows.length) return [model, []];
      if (completion.chosen === on.at && model.popup.touched) return take(model, true, now_ms);
      return [{ ...model, popup: { ...model.popup, selected: on.at, touched: true } }, []];
    }
    case "choice":
      if (model.opening.row === on.at) return chooseInOpening(model, on.at, now_ms);
      return [moveInOpening(model, on.at - model.opening.row), []];
    case "piece":
      if (model.sheet?.kind !== "why") return [model, []];
      if (model.sheet.chosen === on.at) return updateWhy(model, model.sheet, "why_go", now_ms);
      return [{ ...model, sheet: { ...model.sheet, chosen: on.at } }, []];
    case "caret":
      return [{ ...endFound(model), desk: null, editor: moveTo(model.editor, on.at) }, []];
  }
}

/** Whatever is written goes into the line, not between the places found. */
const endFound = (model: Model): Model => model.search?.typing === false ? endSearch(model, false) : model;

/** The next key: the notice has been read, and a question to leave is answered by going on. */
function calm(model: Model): Model {
  const asked = model.leaving === "asked" ? "no" : model.leaving;
  return model.notice === null && asked === model.leaving
    ? model
    : { ...model, notice: null, leaving: asked };
}

/** Where each letter is a key of its own, however many a slow line brings at once. */
const BY_LETTER: readonly KeyContext[] = ["desk", "sheet", "why", "found", "opening", "question", "confirm"];

function letters(model: Model, text: string, now_ms: number): Result {
  let after = model;
  const effects: Effect[] = [];
  let rest = text;
  for (const { text: letter } of graphemes(text)) {
    if (rest === letter || !BY_LETTER.includes(contextsOf(after, now_ms)[0])) break;
    const [pressed, more] = key(after, { kind: "text", text: letter }, now_ms);
    after = pressed;
    effects.push(...more);
    rest = rest.slice(letter.length);
  }
  const [last, more] = key(after, { kind: "text", text: rest }, now_ms);
  return [last, [...effects, ...more]];
}

function key(before: Model, event: TermEvent, now_ms: number): Result {
  const contexts = contextsOf(before, now_ms);
  const action = actionFor(contexts, event, before.keys);
  if (action === "leave") return leave(before, now_ms);
  const model = calm(before);
  // An offer waits for nobody: whoever goes on writing (a y too) is asked another evening. Enter is no answer.
  if (model.confirm?.kind === "fetch" && action !== "back") {
    const answers = event.kind === "key" && (action === "confirm" || event.key === "enter");
    if (!answers) return key({ ...model, confirm: null }, event, now_ms);
  }
  const trouble = action === "retry" || action === "go_on" ? troubleOf(pageContext(model, now_ms)) : null;
  if ((action === "retry" && trouble?.retry !== true) || (action === "go_on" && trouble?.go_on !== true)) {
    return typed(model, event, now_ms);
  }
  const blank = event.kind === "text" && event.text === " ";
  if (blank && contexts[0] === "popup" && completionOf(model, now_ms)?.many === true) {
    return take(model, true, now_ms);
  }
  if (action !== null) return act(model, contexts[0], action, event, now_ms);
  if (["question", "confirm"].includes(contexts[0])) return [model, []];
  if (contexts[0] === "found") return typed(endSearch(model, false), event, now_ms);
  if (model.sheet !== null && (event.kind !== "text" || blank)) return [model, []];
  // A letter that the desk or a page of words does not know is the beginning of a line.
  return typed({ ...model, desk: null, sheet: null }, event, now_ms);
}

function typed(model: Model, event: TermEvent, now_ms: number): Result {
  return event.kind === "text" ? type(model, event.text, now_ms) : [model, []];
}

const WHY: readonly Action[] = [
  "previous",
  "next",
  "why_go",
  "why_pin",
  "why_forget",
  "why_numbers",
  "why_whole",
];

/** What needs the editor for itself. */
const ELSEWHERE: readonly Action[] = ["models", "stories", "palette", "search"];

function act(model: Model, context: KeyContext, action: Action, event: TermEvent, now_ms: number): Result {
  if (context === "desk" && (action.startsWith("desk_") || action === "previous" || action === "next")) {
    return updateDesk(model, action, now_ms);
  }
  const { sheet } = model;
  if (context === "why" && sheet?.kind === "why" && WHY.includes(action)) {
    return updateWhy(model, sheet, action, now_ms);
  }
  const edited = editLine(model, action, now_ms);
  if (edited !== null) return edited;
  if (model.editing !== null && ELSEWHERE.includes(action)) {
    return [withNotice(model, "First the wording: Enter saves it, Esc leaves it as it was.", now_ms), []];
  }
  switch (action) {
    case "suspend":
      return [model, [{ kind: "suspend" }]];
    case "redraw":
      return [model, [{ kind: "redraw" }]];
    case "keys":
      return [{ ...model, sheet: model.sheet?.kind === "keys" ? null : { kind: "keys", top: 0 } }, []];
    case "panel": {
      const settings = { ...model.settings, panel: !model.settings.panel };
      return [{ ...model, settings }, [{ kind: "save_settings", settings }]];
    }
    case "models":
      return openModels(model, now_ms);
    case "stories":
      return [openList(model, "/session continue ", true), []];
    case "palette":
      return [openList(model, "/", false), []];
    case "back":
      return back(model, context, now_ms);
    case "page_up":
    case "page_down": {
      if (isTelling(model.transcript) && action === "page_down" && context === "empty") {
        return [{ ...model, transcript: endTelling(model.transcript) }, []];
      }
      const height = Math.max(1, geometry(model).page_height - 1);
      return scroll(model, action === "page_up" ? -height : height, now_ms);
    }
    case "scroll_start":
      if (model.sheet !== null) return [{ ...model, sheet: { ...model.sheet, top: 0 } }, []];
      return askEarlier({ ...model, scroll: scrollToStart(pageContext(model, now_ms)) }, now_ms);
    case "scroll_end":
      if (model.sheet !== null) {
        return scroll(model, model.sheet.top + 1e6, now_ms);
      }
      return [{ ...model, scroll: { kind: "end" } }, []];
    case "send":
      return submit(model, now_ms);
    case "up":
    case "down":
      return [lookBack(model, action === "up" ? -1 : 1), []];
    case "desk":
      return [openDesk(model, now_ms), []];
    case "search":
      if (isOpening(model) || model.sheet !== null) return [model, []];
      return [openSearch(clearList(model), "", now_ms), []];
    case "search_keep":
    case "search_older":
    case "search_newer":
      return updateSearch(model, action, now_ms);
    case "edit_outside":
      if (model.search !== null || context === "popup") return [model, []];
      return [model, [{ kind: "edit_outside", text: model.editor.text }]];
    case "why":
      if (isOpening(model) || model.sheet !== null || model.search !== null) return [model, []];
      return askWhy(model, null, now_ms);
    case "retry":
      return retry(model, now_ms);
    case "go_on":
      return say(model, "/continue", now_ms);
    case "confirm":
      return confirmed(model, now_ms);
    case "previous":
    case "next":
      return choose(model, context, action === "next" ? 1 : -1, now_ms);
    case "complete":
    case "accept":
      if (context === "opening") return chooseInOpening(model, model.opening.row, now_ms);
      return take(model, action === "accept", now_ms);
    case "choose":
      return chooseInOpening(model, event.kind === "text" ? Number(event.text) - 1 : -1, now_ms);
    case "question_wait":
      return [
        withNotice({ ...model, leaving: "after_reply" }, "Leaving when the reply has ended.", now_ms),
        [],
      ];
    case "question_stop":
      return stopAndLeave(model, now_ms);
    default:
      return [model, []];
  }
}

/** A list that was opened by a key gives the draft back. */
const clearList = (model: Model): Model => model.popup.stash === null ? model : clearEditor(model);

function choose(model: Model, context: KeyContext, step: number, now_ms: number): Result {
  if (context === "opening") return [moveInOpening(model, step), []];
  if (context === "sheet") return scroll(model, step, now_ms);
  return [moveInList(model, step, now_ms), []];
}

/** Esc: ends the innermost thing, and never more than one. */
function back(model: Model, context: KeyContext, now_ms: number): Result {
  if (context === "question") return [{ ...model, leaving: "no" }, []];
  if (model.confirm?.kind === "fetch") return declineModel(model, now_ms);
  if (model.confirm !== null) return [{ ...model, confirm: null }, []];
  if (model.sheet?.kind === "why" && model.sheet.whole) {
    return [{ ...model, sheet: { ...model.sheet, whole: false, top: 0 } }, []];
  }
  if (model.sheet !== null) return [{ ...model, sheet: null }, []];
  if (model.search !== null) return [endSearch(model), []];
  if (context === "popup") {
    const { stash } = model.popup;
    if (stash !== null) return [clearEditor(model), []];
    return [{ ...model, popup: { ...model.popup, closed_for: model.editor.text, touched: false } }, []];
  }
  if (model.desk !== null) return [{ ...model, desk: null }, []];
  if (model.editing !== null) return leaveEdit(model);
  if (model.popup.stash !== null) return [clearEditor(model), []];
  if (model.leaving === "after_reply") return [{ ...model, leaving: "no" }, []];
  if (isOpening(model)) {
    if (model.editor.text !== "") return [clearEditor(model), [{ kind: "save_draft", text: "" }]];
    return [backInOpening(model) ?? model, []];
  }
  if (isTelling(model.transcript)) return [{ ...model, transcript: endTelling(model.transcript) }, []];
  if (model.turn !== null) return say(model, "/cancel", now_ms);
  if (model.scroll.kind === "at") return [{ ...model, scroll: { kind: "end" } }, []];
  return [model, []];
}
