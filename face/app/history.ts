/** The history that a brain sends, taken into the story that stands on the page. */

import type { EventOf } from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";
import { setText } from "../widgets/editor.ts";
import { setHistory, tellAgain, type Transcript, withRecalled } from "../widgets/transcript.ts";
import { following, type Model, type Result } from "./model.ts";

/** The story as the brain has it: another one, another leaf, or the same again after the connection was lost. */
export function updateHistory(
  model: Model,
  metadata: EventOf<"chat_history">["metadata"],
  now_ms: number,
): Result {
  const { history, more } = metadata;
  const earlier = earlierThan(model.transcript, history);
  const all = earlier.length === 0 ? history : [...earlier, ...history];
  const unread = earlier.length === 0 ? more : model.transcript.more;
  let transcript = withRecalled(setHistory(model.transcript, all, unread), metadata.recalled);
  const end = history.at(-1);
  if (model.cut && end?.role === "assistant" && end.status !== "complete") {
    const go_on = end.content !== "";
    const text = "The story was cut off and is back.";
    transcript = { ...transcript, trouble: { text, retry: true, go_on } };
  }
  const begun = model.beginning && history.length === 1 && history[0].role === "assistant";
  if (begun && model.settings.motion) transcript = tellAgain(transcript, now_ms);
  // The bar goes over to the telling that took the place of its message.
  const kept = model.desk === null || all.some((message) => message.id === model.desk)
    ? model.desk
    : end?.id ?? null;
  const reader = model.scroll.kind === "at" && all.some((message) => message.id === idOf(model));
  const scroll = reader
    ? model.scroll
    : begun || model.turn !== null || model.desk !== kept
    ? following(model.settings)
    : { kind: "end" as const };
  // Our own line waits for its reply: its record is in the history.
  const last = history.at(-1);
  const editor = last === undefined ? model.editor : withoutEcho(model, last.content, last.role);
  return [{
    ...model,
    transcript,
    scroll,
    editor,
    beginning: false,
    cut: false,
    desk: kept,
    asked_before: null,
  }, []];
}

const idOf = (model: Model): number | null => model.scroll.kind === "at" ? model.scroll.id : null;

/** What was loaded before the first of these messages, if they are the same story's: whoever reads there stays there. */
function earlierThan({ messages }: Transcript, history: readonly Message[]): readonly Message[] {
  const at = messages.findIndex((message) => message.id === history[0]?.id);
  return at > 0 && messages[at - 1].id === history[0].parent_id ? messages.slice(0, at) : [];
}

/** A line that came back to the editor for want of a connection had arrived after all. */
export function withoutEcho(model: Model, content: string, role: string): Model["editor"] {
  const same = role === "user" && model.editor.text.trim() === content.trim() &&
    model.transcript.pending === null;
  return same && model.turn === null && model.editing === null ? setText(model.editor, "") : model.editor;
}
