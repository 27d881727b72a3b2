/** Enter: whatever stands in the editor is said, or the face says why not. Nothing typed is lost on the way. */

import type { CommandItem } from "../../shared/protocol.ts";
import { nearest } from "../../shared/slips.ts";
import { FACE_COMMANDS } from "../face_commands.ts";
import { setText } from "../widgets/editor.ts";
import { allCommands, commandOf, needsArgument } from "./completion.ts";
import { beginEdit, sendEdit } from "./editing.ts";
import { runFaceCommand } from "./face_run.ts";
import { isOpening, type Model, NO_POPUP, type Result, withNotice } from "./model.ts";
import { fetchModel } from "./memory_offer.ts";
import { clearEditor, say } from "./say.ts";

const MAX_SAID = 500;

/** Bare names that are better answered by a list to choose from. */
const LISTS: Record<string, string> = {
  "/model": "/model ",
  "/world list": "/world select ",
  "/character list": "/character select ",
  "/rules list": "/rules add ",
  "/session list": "/session continue ",
};

/** Sends the editor's text. */
export function submit(model: Model, now_ms: number): Result {
  const text = model.editor.text.trim();
  if (text === "") return [model, []];
  if (model.editing !== null) return sendEdit(model, model.editing, text, now_ms);
  if (text.startsWith("/")) {
    const answered = answerHere(model, text, now_ms);
    if (answered !== null) return answered;
  } else if (isOpening(model)) {
    return [withNotice(model, "Choose a world and a character first. Your line stays here.", now_ms), []];
  } else if (model.turn !== null) {
    return [withNotice(model, "The narrator is still speaking. Your line stays here.", now_ms), []];
  }
  const [after, effects] = say(model, text, now_ms);
  if (effects.length === 0 && after.outbox === model.outbox) return [after, effects];
  const cleared = clearEditor(after);
  const lines = [...model.said.lines.filter((said) => said !== text), text].slice(-MAX_SAID);
  return [
    { ...cleared, confirm: null, said: { ...cleared.said, lines } },
    [...effects, { kind: "save_said", line: text, story: model.story.session_id }, {
      kind: "save_draft",
      text: cleared.editor.text,
    }],
  ];
}

/** A question was answered with yes. */
export function confirmed(model: Model, now_ms: number): Result {
  const { confirm } = model;
  if (confirm === null) return [model, []];
  const answered = { ...model, confirm: null };
  if (confirm.kind === "fetch") return fetchModel(model, now_ms);
  if (confirm.kind === "delete") return say(answered, confirm.prompt, now_ms);
  const [after, effects] = say(answered, confirm.prompt, now_ms);
  // The line came back to the editor with the question.
  if (effects.length === 0 || model.editor.text.trim() !== confirm.prompt.trim()) return [after, effects];
  const cleared = clearEditor(after);
  return [cleared, [...effects, { kind: "save_draft", text: cleared.editor.text }]];
}

/** A list opened by a key or a bare name: the draft is put aside until it is closed. */
export function openList(model: Model, text: string, touched: boolean, draft = model.editor.text): Model {
  const stash = model.popup.stash ?? draft;
  return {
    ...model,
    desk: null,
    sheet: null,
    confirm: null,
    editing: null,
    editor: setText(model.editor, text),
    popup: { ...NO_POPUP, touched, stash },
  };
}

/** What the face answers by itself; null: it is for the brain. */
function answerHere(model: Model, text: string, now_ms: number): Result | null {
  const own = text.includes("\n") ? null : commandOf(text, FACE_COMMANDS);
  if (own !== null) {
    const [after, effects] = runFaceCommand(clearEditor(model), own.command.name, own.rest, now_ms);
    return [after, [...effects, { kind: "save_draft", text: after.editor.text }]];
  }
  if (text === "/help") return [{ ...clearEditor(model), sheet: { kind: "help", top: 0 } }, []];
  const commands = allCommands(model);
  const list = LISTS[text];
  if (list !== undefined && commands.some((command) => list === `${command.name} `)) {
    return [openList(model, list, true, ""), []];
  }
  const found = commandOf(text, commands);
  // An original server sends no table: what it knows beyond ours is its own affair.
  if (found === null) {
    return model.commands.length === 0
      ? null
      : [withNotice(model, unknown(text, commands), now_ms, true), []];
  }
  if (found.command.name === "/session search" && found.rest !== "") {
    return [openList(model, `/session continue ${found.rest}`, false, ""), []];
  }
  if (text === "/edit") return editLast(model, now_ms);
  if (found.rest === "" && needsArgument(found.command)) {
    return [withNotice(model, `${found.command.usage}: ${found.command.help}`, now_ms), []];
  }
  return askBefore(model, found, text);
}

/** What cannot be taken back is asked for once more, by its name. */
function askBefore(model: Model, found: { command: CommandItem; rest: string }, text: string): Result | null {
  if (found.command.name !== "/session delete") return null;
  const session = model.story.sessions.find((item) => item.id === found.rest);
  if (session === undefined) {
    // The brain knows more of them than are listed here, and takes the beginning of a name.
    const question = `Delete the story "${found.rest}" for good?`;
    return [{ ...clearEditor(model), confirm: { prompt: text, question, kind: "delete" } }, []];
  }
  const turns = `${session.turns} turn${session.turns === 1 ? "" : "s"}`;
  const name = session.title === "" ? session.name : session.title;
  const question = `Delete "${name}", ${turns}, for good?`;
  // Its id is nothing to look at: the line goes, and a draft comes back.
  return [{ ...clearEditor(model), confirm: { prompt: text, question, kind: "delete" } }, []];
}

function editLast(model: Model, now_ms: number): Result {
  const last = model.transcript.messages.findLast((message) => message.role === "user");
  if (last === undefined) return [withNotice(model, "There is no line of yours to edit yet.", now_ms), []];
  return [beginEdit(model, last, model.popup.stash), []];
}

function unknown(text: string, commands: readonly CommandItem[]): string {
  const typed = text.split("\n")[0].split(" ")[0];
  const best = nearest(typed, commands.map(({ name }) => name.split(" ")[0]));
  return `There is no command ${typed}. ${best === "" ? "/ lists them all." : `Did you mean ${best}?`}`;
}
