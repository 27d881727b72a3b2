/** What is written in the line: letters, edits, and what was said before. */

import { MAX_PROMPT_BYTES } from "../../shared/protocol.ts";
import type { Action } from "../key_rows.ts";
import * as edit from "../widgets/editor.ts";
import { type Editor, setText, vertical } from "../widgets/editor.ts";
import { editorRows } from "../widgets/editor_rows.ts";
import { endTelling } from "../widgets/transcript.ts";
import { geometry } from "./geometry.ts";
import type { Effect } from "./messages.ts";
import { isOpening, type Model, NO_POPUP, type Result, withNotice } from "./model.ts";
import { searched } from "./search.ts";

/** Text comes into the editor; the first suggestion has then done its work. */
export function type(model: Model, text: string, now_ms: number): Result {
  if (text === "") return [model, []];
  const typing = model.search?.typing === true;
  const told = { ...model, transcript: endTelling(model.transcript) };
  const words = typing ? text.replaceAll("\n", " ") : text;
  const bytes = bytesOf(model.editor.text) + bytesOf(words);
  if (bytes > MAX_PROMPT_BYTES) {
    const size = Math.ceil(bytes / 1024).toLocaleString("en");
    const text = `A line holds ${MAX_PROMPT_BYTES / 1024} kB; this would be ${size}. Your line is as it was.`;
    return [withNotice(model, text, now_ms, true), []];
  }
  const after = searched(withEditor(told, edit.insert(model.editor, words)), now_ms);
  if (typing) return [after, []];
  const effects: Effect[] = [saveDraft(after)];
  if (!model.hint || isOpening(model)) return [after, effects];
  const settings = { ...model.settings, hint_seen: true };
  return [{ ...after, hint: false, settings }, [...effects, { kind: "save_settings", settings }]];
}

const encoder = new TextEncoder();
/** In UTF-8, as the brain counts. */
const bytesOf = (text: string): number => encoder.encode(text).length;

/** What is to be found in the editor after a crash: the player's line, not a list's text or an old message. */
function saveDraft(model: Model): Effect {
  const text = model.search?.typing === true
    ? model.search.stash.text
    : model.popup.stash ?? (model.editing === null ? model.editor.text : "");
  return { kind: "save_draft", text };
}

function withEditor(model: Model, editor: Editor): Model {
  if (editor === model.editor) return model;
  const popup = editor.text === model.editor.text ? model.popup : { ...NO_POPUP, stash: model.popup.stash };
  return { ...model, editor, popup };
}

const EDITS: Partial<Record<Action, (editor: Editor) => Editor>> = {
  newline: (editor) => edit.insert(editor, "\n"),
  left: edit.left,
  right: edit.right,
  word_left: edit.wordLeft,
  word_right: edit.wordRight,
  line_start: edit.lineStart,
  line_end: edit.lineEnd,
  backspace: edit.backspace,
  delete: edit.deleteForward,
  delete_or_nothing: edit.deleteForward,
  delete_word_left: edit.deleteWordLeft,
  delete_word_right: edit.deleteWordRight,
  kill_to_end: edit.killToEnd,
  kill_to_start: edit.killToStart,
  yank: edit.yank,
  yank_older: edit.yankOlder,
  undo: edit.undo,
  redo: edit.redo,
};

/** An action that changes the line or moves in it; null: it is another one. */
export function editLine(model: Model, action: Action, now_ms: number): Result | null {
  const change = EDITS[action];
  if (change === undefined) return null;
  const after = searched(withEditor(model, change(model.editor)), now_ms);
  return [after, after.editor.text === model.editor.text ? [] : [saveDraft(after)]];
}

/** Up and Down: rows of the editor, and beyond them what was said before. */
export function lookBack(model: Model, step: -1 | 1): Model {
  const rows = editorRows(model.editor.text, geometry(model).width);
  const moved = vertical(model.editor, rows, step);
  if (moved !== null) return { ...model, editor: moved };
  const before = model.said;
  // Said before and changed since, it is a draft of its own; one that waited is found among what was said.
  const changed = before.at > 0 && model.editor.text !== before.lines[before.lines.length - before.at];
  const lines = changed && before.draft !== "" ? [...before.lines, before.draft] : before.lines;
  const at = changed ? 0 : before.at;
  const to = at - step;
  if (to < 0 || to > lines.length) return model;
  const draft = at === 0 ? model.editor.text : before.draft;
  const text = to === 0 ? draft : lines[lines.length - to];
  const editor = setText(model.editor, text);
  const said = { lines, at: to, draft };
  return { ...model, editor, said, popup: { ...model.popup, closed_for: text } };
}
