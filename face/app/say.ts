/** What the player says: a line of story, or a command of the brain's. */

import { setText } from "../widgets/editor.ts";
import { scrollFromEndOf } from "../widgets/page.ts";
import { endTelling, lastReply, sayLine } from "../widgets/transcript.ts";
import { pageContext } from "./geometry.ts";
import type { Effect } from "./messages.ts";
import { following, type Model, NO_POPUP, type Result, type Turn, withNotice } from "./model.ts";

/** Commands that a reply follows. */
const TELLING = ["/retry", "/continue"];

/** The model with an empty editor; a draft that was put aside, for a list or for a line said before, comes back. */
export function clearEditor(model: Model): Model {
  const { said, editing, popup: { stash } } = model;
  const text = stash ?? (said.at > 0 && editing === null ? said.draft : "");
  return {
    ...model,
    editor: setText(model.editor, text),
    popup: NO_POPUP,
    editing: null,
    // Below a list the looking back goes on where it was.
    said: stash !== null && editing === null ? said : { ...said, at: 0, draft: "" },
  };
}

/** Sends one prompt, or keeps it for an original server that is not listening. */
export function send(model: Model, prompt: string, now_ms: number): Result {
  const ref = String(model.next_ref);
  const original = model.protocol === null;
  const busy = model.turn !== null || model.outbox.prompts.length > 0 || now_ms < model.outbox.not_before_ms;
  if (original && busy && prompt !== "/cancel") {
    return [{ ...model, outbox: { ...model.outbox, prompts: [...model.outbox.prompts, prompt] } }, []];
  }
  return [{ ...model, next_ref: model.next_ref + 1 }, [{ kind: "say", prompt, ref }]];
}

/** Sends what waited for an original server, when it listens again. One prompt at a time: each is answered first. */
export function flushOutbox(model: Model, now_ms: number): Result {
  const [prompt, ...rest] = model.outbox.prompts;
  if (prompt === undefined || model.turn !== null || now_ms < model.outbox.not_before_ms) return [model, []];
  const outbox = { prompts: rest, not_before_ms: now_ms + 60 };
  const ref = String(model.next_ref);
  const after = { ...model, outbox, next_ref: model.next_ref + 1 };
  const effects: Effect[] = [{ kind: "say", prompt, ref }];
  return [prompt.startsWith("/") ? after : waiting(after, ref, now_ms), effects];
}

/** A reply that nothing is known of yet. */
export function newTurn(ref: string | null, now_ms: number, prompt = ""): Turn {
  return {
    ref,
    prompt,
    phase: "waiting",
    since_ms: now_ms,
    first_ms: null,
    heard_ms: now_ms,
    label: "",
    tokens_per_second: 0,
  };
}

/** From here on a reply is awaited. */
export function waiting(model: Model, ref: string | null, now_ms: number, prompt = ""): Model {
  return {
    ...model,
    turn: newTurn(ref, now_ms, prompt),
    scroll: following(model.settings),
    desk: null,
  };
}

/** Says a line or a command. Without a connection nothing is sent and a notice says so. */
export function say(model: Model, text: string, now_ms: number): Result {
  if (model.connection.kind !== "connected") {
    const hint = model.connection.kind === "starting"
      ? "Not connected yet. Your line stays here."
      : "There is no connection now. Your line stays here.";
    return [withNotice(model, hint, now_ms), []];
  }
  const told = { ...model, transcript: endTelling(model.transcript) };
  const [sent, effects] = send(told, text, now_ms);
  const effect = effects[0];
  const ref = effect?.kind === "say" ? effect.ref : null;
  if (!text.startsWith("/")) {
    const said = {
      ...sent,
      transcript: sayLine(sent.transcript, text, ref),
      scroll: following(model.settings),
    };
    const after = effect === undefined ? said : waiting(said, ref, now_ms, text);
    if (!model.hint) return [after, effects];
    // Typed in the opening already, where the first suggestion was not in view.
    const settings = { ...model.settings, hint_seen: true };
    return [{ ...after, hint: false, settings }, [...effects, { kind: "save_settings", settings }]];
  }
  if (text === "/cancel" || effect === undefined) return [sent, effects];
  if (/^\/session +new\b/.test(text)) return [{ ...sent, beginning: true }, effects];
  const reply = lastReply(model.transcript);
  if (TELLING.includes(text) && model.turn === null && reply !== null) {
    const clean = { ...sent, transcript: { ...sent.transcript, trouble: null } };
    const awaited = waiting(clean, ref, now_ms, text);
    if (text === "/retry" || model.settings.follow === "end") return [awaited, effects];
    // What is added to a reply is read from its old end: at its first row nothing new might be in view.
    return [{ ...awaited, scroll: scrollFromEndOf(pageContext(awaited, now_ms), reply.id) }, effects];
  }
  return [sent, effects];
}

/** `r`: the last line is answered again. */
export function retry(model: Model, now_ms: number): Result {
  if (model.turn !== null) {
    return [withNotice(model, "The narrator is still speaking. Esc stops it.", now_ms), []];
  }
  if (model.protocol === null) {
    return [withNotice(model, "This server knows no retry. ↑ brings your line back.", now_ms), []];
  }
  const [after, effects] = say(model, "/retry", now_ms);
  return [{ ...after, desk: null }, effects];
}
