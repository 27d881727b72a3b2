/** Going to a message that may not be loaded yet: earlier pages are asked for until it is there. */

import { scrollToMessage } from "../widgets/page.ts";
import { endTelling } from "../widgets/transcript.ts";
import { geometry, pageContext } from "./geometry.ts";
import { type Model, type Result, withNotice } from "./model.ts";
import { say } from "./say.ts";

/** Asks the brain for the page before what is loaded, unless that is on its way. Null: there is nothing earlier. */
export function askBefore(model: Model, now_ms: number): Result | null {
  const first = model.transcript.messages[0];
  if (!model.transcript.more || first === undefined) return null;
  if (model.connection.kind !== "connected" || model.protocol === null) return null;
  if (model.asked_before === first.id) return [model, []];
  return say({ ...model, asked_before: first.id }, `/history before ${first.id}`, now_ms);
}

/** Puts the bar on a message of the story, wherever it is. */
export function goToMessage(model: Model, id: number, now_ms: number): Result {
  const told = { ...model, transcript: endTelling(model.transcript) };
  if (told.transcript.messages.some((message) => message.id === id)) {
    const there = { ...told, desk: id, seeking: null };
    const height = geometry(there).page_height;
    // From the end: the place is the same whatever was in view before.
    const scroll = scrollToMessage(pageContext(there, now_ms), { kind: "end" }, height, id);
    return [{ ...there, scroll }, []];
  }
  const asked = askBefore({ ...told, seeking: id }, now_ms);
  if (asked !== null) return asked;
  return [
    withNotice({ ...told, seeking: null }, "That page is not part of the story as it stands.", now_ms),
    [],
  ];
}
