/** What follows when something happens: the one door to the model. Pure; time comes as an argument. */

import { sanitize, sanitizeLine } from "./text/sanitize.ts";
import { unreachable } from "../shared/protocol.ts";
import { geometry, pageContext } from "./app/geometry.ts";
import { editReturned } from "./app/editing.ts";
import { changeTheme } from "./app/face_run.ts";
import { updateLink } from "./app/events.ts";
import { updateClick, updateTerm } from "./app/keys.ts";
import { leave } from "./app/leaving.ts";
import type { Msg } from "./app/messages.ts";
import { type Model, NO_POPUP, type Result, themeOf, withNotice } from "./app/model.ts";
import { flushOutbox } from "./app/say.ts";
import { fetched, fetching, modelMissing, offerModel } from "./app/memory_offer.ts";
import { askForPieces } from "./app/remembered.ts";
import { askForStories, followTyping } from "./app/story_search.ts";
import { setText } from "./widgets/editor.ts";
import { openWord } from "./widgets/blocks.ts";
import { endTelling, isTelling, place, shownLength, WORD_WAIT_MS } from "./widgets/transcript.ts";

/** Steps of the spinner, and of a text that is revealed. */
export const SPINNER_MS = 120;
const REVEAL_MS = 33;
/** A word drawn before its end gets this much room, or begins a row of its own. */
const ROOM_FOR_A_WORD = 14;

/** The model after something happened at `now_ms`, and what is to be done. */
export function update(model: Model, msg: Msg, now_ms: number): Result {
  const [after, effects] = step(model, msg, now_ms);
  const [asked, more] = askForPieces(offerModel(followTyping(after, now_ms)), now_ms);
  return [placeWords(asked, now_ms), more.length === 0 ? effects : [...effects, ...more]];
}

function step(model: Model, msg: Msg, now_ms: number): Result {
  switch (msg.kind) {
    case "term":
      return updateTerm(model, msg.event, now_ms);
    case "link":
      return updateLink(model, msg.event, now_ms);
    case "resize": {
      const resized = { ...model, size: { width: msg.width, height: msg.height } };
      if (geometry(resized).width === geometry(model).width) return [resized, []];
      // Words that were drawn early stood in rows that are no more.
      return [{ ...resized, transcript: { ...model.transcript, placements: new Map() } }, []];
    }
    case "caps":
      return [{ ...model, caps: msg.caps, theme: themeOf(model.settings, msg.caps, model.themes) }, []];
    case "click":
      return updateClick(model, msg.on, now_ms);
    case "tick":
      return tick(model, now_ms);
    case "interrupt":
      return leave(model, now_ms);
    case "unsent": {
      const { pending } = model.transcript;
      const transcript = pending?.ref === msg.ref ? { ...model.transcript, pending: null } : model.transcript;
      const turn = model.turn?.ref === msg.ref ? null : model.turn;
      const back = pending?.ref === msg.ref && model.editor.text === ""
        ? setText(model.editor, msg.prompt)
        : model.editor;
      const text = "There is no connection now. Your line stays here.";
      const kept = { ...model, transcript, turn, editor: back };
      const returned = model.edit_sent?.ref === msg.ref ? editReturned(kept) : kept;
      return [withNotice(returned, text, now_ms), []];
    }
    case "done":
      return [withNotice(model, sanitizeLine(msg.text), now_ms, msg.error), []];
    case "themes": {
      const theme = themeOf(model.settings, model.caps, msg.themes);
      const read = { ...model, themes: msg.themes, theme };
      return msg.wanted === "" ? [read, []] : changeTheme(read, msg.wanted, now_ms, true);
    }
    case "model_missing":
      return modelMissing(model, msg.bytes);
    case "model_step":
      return fetching(model, msg.done, msg.total, now_ms);
    case "model_fetched":
      return fetched(model, msg.problem, now_ms);
    case "edited": {
      const noticed = withNotice(model, sanitizeLine(msg.problem), now_ms, true);
      if (msg.text === null) return [noticed, []];
      const text = sanitize(msg.text).replace(/\n+$/, "");
      const after = { ...noticed, editor: setText(model.editor, text), popup: NO_POPUP };
      return [after, model.editing === null ? [{ kind: "save_draft", text }] : []];
    }
    default:
      return unreachable(msg);
  }
}

function tick(model: Model, now_ms: number): Result {
  let after = model;
  if (after.notice !== null && now_ms >= after.notice.until_ms) after = { ...after, notice: null };
  if (after.leaving === "asked" && now_ms >= after.leave_until_ms) after = { ...after, leaving: "no" };
  const { live } = after.transcript;
  if (
    live !== null && isTelling(after.transcript) && shownLength(live, now_ms) >= live.message.content.length
  ) {
    after = { ...after, transcript: endTelling(after.transcript) };
  }
  const [asked, effects] = askForStories(after, now_ms);
  const [flushed, more] = flushOutbox(asked, now_ms);
  return [flushed, [...effects, ...more]];
}

/** Notes when the last word began to grow, and decides where it stands once it has grown for too long. */
function placeWords(model: Model, now_ms: number): Model {
  const { live } = model.transcript;
  if (live === null) return model;
  const word = openWord(pageContext(model, now_ms));
  if (word === null || word.width === 0) {
    return live.open === null
      ? model
      : { ...model, transcript: { ...model.transcript, live: { ...live, open: null } } };
  }
  const known = live.open !== null && live.open.start === word.start;
  // What a burst brought has been here since it came, not since it was shown.
  const since_ms = known && live.open !== null ? live.open.since_ms : Math.min(now_ms, live.reveal.since_ms);
  const whole = shownLength(live, now_ms) >= live.message.content.length;
  if (whole && now_ms - since_ms >= WORD_WAIT_MS) {
    const width = geometry(model).width;
    const fits = word.room >= Math.max(word.width + 4, Math.min(ROOM_FOR_A_WORD, width >> 1));
    return {
      ...model,
      transcript: place(model.transcript, live.message.id, word.start, fits ? "stay" : "next"),
    };
  }
  if (known) return model;
  const open = { start: word.start, since_ms };
  return { ...model, transcript: { ...model.transcript, live: { ...live, open } } };
}

/** When the next tick is due, or null: nothing changes until something happens. */
export function nextWake(model: Model, now_ms: number): number | null {
  const due: number[] = [];
  const { live } = model.transcript;
  if (live !== null) {
    const shown = shownLength(live, now_ms);
    const whole = live.message.content.length;
    if (shown < whole || isTelling(model.transcript)) due.push(now_ms + REVEAL_MS);
    else if (live.open !== null) due.push(live.open.since_ms + WORD_WAIT_MS);
  }
  if (model.turn !== null) {
    const step_ms = model.settings.motion ? SPINNER_MS : 1000;
    due.push(model.turn.since_ms + (Math.floor((now_ms - model.turn.since_ms) / step_ms) + 1) * step_ms);
  }
  // What went wrong stays until a key: no timer can be set for that.
  if (model.notice !== null && model.notice.until_ms < Infinity) due.push(model.notice.until_ms);
  if (model.story_search.due_ms !== null) due.push(model.story_search.due_ms);
  if (model.leaving === "asked") due.push(model.leave_until_ms);
  if (model.connection.kind === "lost" && model.connection.retry_at_ms > now_ms) {
    due.push(
      model.connection.retry_at_ms - (Math.ceil((model.connection.retry_at_ms - now_ms) / 1000) - 1) * 1000,
    );
  }
  if (model.outbox.prompts.length > 0 && model.turn === null) due.push(model.outbox.not_before_ms);
  return due.length === 0 ? null : Math.min(...due);
}
