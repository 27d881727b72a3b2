/** Another wording for a message: it stands in the editor until the brain has taken it, and a draft waits meanwhile. */

import type { Event } from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";
import { setText } from "../widgets/editor.ts";
import type { Effect } from "./messages.ts";
import { type Model, NO_POPUP, type Result, withNotice } from "./model.ts";
import { clearEditor, say } from "./say.ts";

/** A wording that was sent and is not confirmed yet. */
export interface SentEdit {
  ref: string;
  message_id: number;
  text: string;
}

/** The message's text comes into the editor; `draft` comes back when the edit is over, null: there is none. */
export function beginEdit(model: Model, message: Message, draft: string | null): Model {
  const editor = setText(model.editor, message.content);
  return { ...model, desk: null, editing: message.id, editor, popup: { ...NO_POPUP, stash: draft } };
}

/** Enter: the wording is sent. Refused here, or by the brain, it stays in the editor. */
export function sendEdit(model: Model, message_id: number, text: string, now_ms: number): Result {
  if (model.turn !== null) {
    return [withNotice(model, "The narrator is still speaking. Your wording stays here.", now_ms), []];
  }
  const [after, effects] = say(clearEditor(model), `/edit ${message_id} ${text}`, now_ms);
  const [effect] = effects;
  if (effect?.kind !== "say") return [{ ...model, notice: after.notice }, []];
  return [{ ...after, edit_sent: { ref: effect.ref, message_id, text } }, effects];
}

/** Esc: the message stays as it was. */
export function leaveEdit(model: Model): Result {
  const cleared = clearEditor(model);
  const effect: Effect = { kind: "save_draft", text: cleared.editor.text };
  return [cleared, [effect]];
}

/** An answer to what was sent: a refusal brings the wording back, anything else has taken it. */
export function editAnswered(model: Model, event: Event): Model {
  if (model.edit_sent === null || event.ref !== model.edit_sent.ref) return model;
  const refused = event.event === "error" ||
    (event.event === "system_update" && /^(✗|error\b)/i.test(event.content.trim()));
  return refused ? editReturned(model) : { ...model, edit_sent: null };
}

/** Nobody will answer, or with no: the wording comes back to the editor, or to what was said when that is in use. */
export function editReturned(model: Model): Model {
  const { edit_sent } = model;
  if (edit_sent === null) return model;
  const { message_id, text } = edit_sent;
  const returned = { ...model, edit_sent: null };
  const free = model.editor.text === "" && model.search === null && model.popup.stash === null;
  if (free) return { ...returned, editing: message_id, editor: setText(model.editor, text) };
  return { ...returned, said: { ...model.said, lines: [...model.said.lines, text] } };
}
