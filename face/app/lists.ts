/** The list over the page: moving in it, and taking a row. */

import { setText } from "../widgets/editor.ts";
import { completionOf } from "./completion.ts";
import { type Model, NO_POPUP, type Result, withNotice } from "./model.ts";
import { isAlone } from "./narrators.ts";
import { say, send } from "./say.ts";
import { openList, submit } from "./submit.ts";

/** Another row is chosen; beyond the ends it goes on at the other one. */
export function moveInList(model: Model, step: number, now_ms: number): Model {
  const completion = completionOf(model, now_ms);
  if (completion === null || completion.rows.length === 0) return model;
  const count = completion.rows.length;
  const from = completion.chosen >= 0 ? completion.chosen : step > 0 ? -1 : 0;
  const selected = (from + step + count) % count;
  return { ...model, popup: { ...model.popup, selected, touched: true } };
}

/** The narrators. While the built-in one is alone, a server that was started since is looked for once more. */
export function openModels(model: Model, now_ms: number): Result {
  const open = openList(model, "/model ", true);
  const asks = isAlone(model) && model.connection.kind === "connected" && model.protocol !== null;
  return asks ? send(open, "/model refresh", now_ms) : [open, []];
}

/** Enter or Tab in a list. Tab only writes the row into the line; Enter sends what is complete. */
export function take(model: Model, enter: boolean, now_ms: number): Result {
  const completion = completionOf(model, now_ms);
  if (completion === null || completion.rows.length === 0) return [model, []];
  const { chosen, careful, ambiguous } = completion;
  if (enter && chosen < 0) {
    if (!careful) return submit(model, now_ms);
    // A group of commands, or what cannot be taken back: Enter opens the list, and never takes what nobody chose.
    const text = model.editor.text.includes(" ") ? model.editor.text : `${model.editor.text} `;
    const popup = { ...model.popup, touched: true, selected: 0 };
    return [{ ...model, editor: setText(model.editor, text), popup }, []];
  }
  const row = completion.rows[Math.max(0, chosen)];
  if (completion.many) return enter ? switchRule(model, row.text, Math.max(0, chosen), now_ms) : [model, []];
  const popup = {
    ...NO_POPUP,
    // A list of rules stays open; there is no draft below it.
    stash: model.popup.stash ?? (row.text === "/rules add " ? "" : null),
    touched: enter && row.text.endsWith(" ") && row.text !== "/session delete ",
  };
  const taken = { ...model, editor: setText(model.editor, row.text), popup };
  if (enter && row.complete && !ambiguous) return submit(taken, now_ms);
  return [row.hint === "" ? taken : withNotice(taken, row.hint, now_ms), []];
}

/** A rule pack goes on or off, and the list stays for the next. */
function switchRule(model: Model, line: string, selected: number, now_ms: number): Result {
  const id = line.slice("/rules add ".length);
  const on = model.story.active_rules.includes(id);
  const kept = { ...model, popup: { ...model.popup, selected, touched: true } };
  return say(kept, on ? `/rules remove ${id}` : line, now_ms);
}
