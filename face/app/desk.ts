/** The reading desk: a bar beside a message, and what one key does to it. */

import type { Message } from "../../shared/story.ts";
import type { Action } from "../key_rows.ts";
import { scrollToMessage } from "../widgets/page.ts";
import { endTelling } from "../widgets/transcript.ts";
import { beginEdit } from "./editing.ts";
import { geometry, pageContext } from "./geometry.ts";
import { type Model, type Result, withNotice } from "./model.ts";
import { retry, say } from "./say.ts";
import { askWhy } from "./why.ts";

/** Puts the bar on the last message; without messages nothing happens. */
export function openDesk(model: Model, now_ms: number): Model {
  const told = { ...model, transcript: endTelling(model.transcript) };
  const last = told.transcript.messages.at(-1);
  return last === undefined ? model : onMessage(told, last.id, now_ms);
}

function onMessage(model: Model, id: number, now_ms: number): Model {
  const after = { ...model, desk: id };
  const scroll = scrollToMessage(pageContext(after, now_ms), after.scroll, geometry(after).page_height, id);
  return { ...after, scroll };
}

/** What a key of the desk does. */
export function updateDesk(model: Model, action: Action, now_ms: number): Result {
  const { messages } = model.transcript;
  const at = messages.findIndex((message) => message.id === model.desk);
  const message = messages[at];
  if (message === undefined) return [{ ...model, desk: null }, []];
  const last = at === messages.length - 1;
  switch (action) {
    case "previous":
    case "next": {
      const other = messages[at + (action === "next" ? 1 : -1)];
      if (other === undefined) return action === "next" ? [{ ...model, desk: null }, []] : [model, []];
      return [onMessage(model, other.id, now_ms), []];
    }
    case "desk_copy":
      return [model, [{
        kind: "copy",
        text: message.content,
        what: message.role === "user" ? "Your line" : "The reply",
      }]];
    case "desk_edit": {
      // A draft in the editor comes back when the edit is over.
      const draft = model.popup.stash ?? (model.editor.text === "" ? null : model.editor.text);
      return [beginEdit(model, message, draft), []];
    }
    case "desk_retry":
      return last || (message.role === "user" && at === messages.length - 2) ? retry(model, now_ms) : [
        withNotice(model, "Another telling is for the last reply. u takes the story back to here.", now_ms),
        [],
      ];
    case "desk_continue":
      return last && message.role === "assistant"
        ? say({ ...model, desk: null }, "/continue", now_ms)
        : [withNotice(model, "The narrator goes on only where the story ends.", now_ms), []];
    case "desk_previous_telling":
    case "desk_next_telling":
      return swipe(model, message, action === "desk_next_telling" ? "next" : "prev", now_ms);
    case "desk_why": {
      const reply = message.role === "assistant" ? message : messages[at + 1];
      return reply === undefined ? [model, []] : askWhy(model, reply.id, now_ms);
    }
    case "desk_undo":
      return undo(model, at, now_ms);
    default:
      return [model, []];
  }
}

function swipe(model: Model, message: Message, to: "next" | "prev", now_ms: number): Result {
  if (message.alternatives <= 1) {
    const hint = message.role === "assistant"
      ? "There is only this telling. r asks for another."
      : "There is only this line.";
    return [withNotice(model, hint, now_ms), []];
  }
  return say(model, `/swipe ${to} ${message.id}`, now_ms);
}

/** Takes back every exchange from the message on: one `/undo` for each line of the player's. */
function undo(model: Model, at: number, now_ms: number): Result {
  const { messages } = model.transcript;
  const from = messages[at].role === "user" ? at : at - 1;
  const lines = messages.slice(Math.max(0, from)).filter((message) => message.role === "user").length;
  if (from < 0 || lines === 0) return [withNotice(model, "The story begins here.", now_ms), []];
  let after: Model = { ...model, desk: null };
  const effects: Result[1] = [];
  for (let count = 0; count < lines; count++) {
    const [said, more] = say(after, "/undo", now_ms);
    after = said;
    effects.push(...more);
  }
  return [after, effects];
}
