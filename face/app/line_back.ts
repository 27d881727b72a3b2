/** A line of the player's that comes back: to the editor, or to what was said when a draft stands there. */

import { setText } from "../widgets/editor.ts";
import { editReturned } from "./editing.ts";
import type { Model } from "./model.ts";

/** A line that nobody confirmed goes back to the editor, or to what was said when a draft stands there. */
export function giveBack(before: Model): Model {
  const model = editReturned(before);
  const { pending } = model.transcript;
  const transcript = { ...model.transcript, pending: null };
  return pending === null ? model : putBack({ ...model, transcript }, pending.text);
}

/** The line in the empty editor, else the last of what was said. */
export function putBack(model: Model, line: string): Model {
  const free = model.editor.text.trim() === "" && model.search === null;
  if (free) return { ...model, editor: setText(model.editor, line) };
  return { ...model, said: { ...model.said, lines: [...model.said.lines, line] } };
}

/** An undone line: of several the earliest, where the story stands now, takes the place of the later ones. */
export function takeBack(model: Model, line: string): Model {
  const later = model.taken_back;
  const untouched = later !== null && model.editor.text === later && model.editing === null;
  const free = untouched
    ? putBack({ ...model, editor: setText(model.editor, "") }, line)
    : putBack(model, line);
  const lines = untouched && !free.said.lines.includes(later) ? [...free.said.lines, later] : free.said.lines;
  return { ...free, said: { ...free.said, lines }, taken_back: line };
}
