/** What the brain says, taken into the model. */

import { BRAIN_ENDS, type Event, type EventOf, unreachable } from "../../shared/protocol.ts";
import { sanitize, sanitizeLine } from "../text/sanitize.ts";
import {
  addChunk,
  addEarlier,
  EMPTY_TRANSCRIPT,
  endReply,
  setMessage,
  withRecalled,
} from "../widgets/transcript.ts";
import { giveBack, putBack, takeBack } from "./line_back.ts";
import { asSentence, type LinkEvent } from "./link.ts";
import type { Effect } from "./messages.ts";
import {
  type Connection,
  isOpening,
  type Model,
  type Result,
  storyName,
  type Turn,
  withNotice,
} from "./model.ts";
import { withSync, worldName } from "./story.ts";
import { editAnswered } from "./editing.ts";
import { money } from "./narrators.ts";
import { inWords } from "./answers.ts";
import { updateHistory, withoutEcho } from "./history.ts";
import { gather } from "./face_run.ts";
import { afterSync, startFailed } from "./opening.ts";
import { newTurn, waiting } from "./say.ts";
import { searchFurther } from "./search.ts";
import { lookForModel } from "./memory_offer.ts";
import { updateWork, withoutBrain } from "./progress.ts";
import { piecesCame } from "./remembered.ts";
import { storiesFound } from "./story_search.ts";
import { goToMessage } from "./seek.ts";
import { whyAnswered } from "./why.ts";
import { whySheet } from "./why_sheet.ts";

/** An original server is deaf for a while after a reply. */
const ORIGINAL_DEAF_MS = 150;

/** The connection changed, or an event came. */
export function updateLink(model: Model, link: LinkEvent, now_ms: number): Result {
  switch (link.kind) {
    case "starting":
      return [{ ...model, connection: { kind: "starting" } }, []];
    case "connected":
      return [{ ...model, connection: { kind: "connected" } }, []];
    case "lost": {
      const reason = sanitizeLine(link.reason);
      const connection = { kind: "lost", retry_at_ms: now_ms + link.retry_in_ms, reason } as const;
      const [lost, effects] = disconnected(model, connection);
      // Once, not with each second and each attempt; the opening has it in its own sentence.
      if (model.connection.kind === "lost" || isOpening(model)) return [lost, effects];
      return [withNotice(lost, asSentence(reason), now_ms), effects];
    }
    case "gone": {
      const reason = sanitizeLine(link.reason);
      const trouble = { text: `${reason} Ctrl+C leaves.`, retry: false, go_on: false };
      const [gone, effects] = disconnected(model, { kind: "gone", reason });
      const log = [...gone.log, { at_ms: now_ms, text: `✗ ${reason}` }];
      return [{ ...gone, log, transcript: { ...gone.transcript, trouble } }, effects];
    }
    case "problem":
      return [withNotice(model, sanitizeLine(link.text), now_ms, true), []];
    case "event":
      return updateEvent(editAnswered(model, link.event), link.event, now_ms);
    default:
      return unreachable(link);
  }
}

/** Nothing more comes over this connection: what waited for it waits no longer. */
function disconnected(model: Model, connection: Connection): Result {
  // A line that the brain has not confirmed goes back to the editor: nothing of it can have been cut.
  const cut = model.cut || (model.turn !== null && model.transcript.pending === null);
  const left: Model = {
    ...model,
    remembered: null,
    work: withoutBrain(model.work),
    connection,
    cut,
    protocol: undefined,
    turn: null,
    asked_before: null,
    // What waited for an original server comes back with the line, or is to be chosen again.
    outbox: { ...model.outbox, prompts: [] },
    beginning: false,
    opening: model.opening.step === "starting" ? { ...model.opening, step: "character" } : model.opening,
  };
  // The rest of the reply is the brain's: who wanted to leave after it need not wait for a connection.
  return [giveBack(left), model.leaving === "after_reply" ? [{ kind: "quit" }] : []];
}

function updateEvent(model: Model, event: Event, now_ms: number): Result {
  switch (event.event) {
    case "system_update":
      return updateSystem(model, event, now_ms);
    case "sync_state": {
      const before = model.story;
      const story = withSync(before, event.metadata);
      // The page that was kept is of another story: nothing may be asked about its messages.
      const strange = !before.synced && before.session_id !== story.session_id;
      const transcript = strange ? EMPTY_TRANSCRIPT : model.transcript;
      const synced = afterSync({ ...model, story, transcript }, before);
      const last_story = story.session_id === "" ? "" : storyName(synced);
      if (last_story === model.settings.last_story) return [synced, []];
      const settings = { ...model.settings, last_story };
      return [{ ...synced, settings }, [{ kind: "save_settings", settings }]];
    }
    case "commands":
      return [{ ...model, commands: event.metadata.commands }, []];
    case "chat_history":
      return updateHistory(model, event.metadata, now_ms);
    case "history_page": {
      const earlier = addEarlier(model.transcript, event.metadata);
      const transcript = withRecalled(earlier, event.metadata.recalled);
      const after = { ...model, transcript, asked_before: null };
      if (model.gathering !== null) return gather(after, model.gathering, now_ms);
      if (model.search !== null) return searchFurther(after, now_ms);
      return model.seeking === null ? [after, []] : goToMessage(after, model.seeking, now_ms);
    }
    case "message": {
      const { message } = event.metadata;
      const transcript = setMessage(model.transcript, message, now_ms);
      const after = { ...model, transcript, editor: withoutEcho(model, message.content, message.role) };
      const starts = message.role === "user" && model.turn === null && message.id > 0 &&
        isNewest(model, message.id);
      return [starts || message.status === "writing" ? awaitReply(after, event.ref, now_ms) : after, []];
    }
    case "chat_chunk": {
      const transcript = addChunk(
        model.transcript,
        event.content,
        event.metadata,
        now_ms,
        model.settings.motion,
      );
      const begun = model.turn ?? newTurn(event.ref, now_ms);
      const speed = event.metadata.tokens_per_second;
      const told: Turn = {
        ...begun,
        phase: "narrating",
        first_ms: begun.first_ms ?? now_ms,
        heard_ms: now_ms,
        tokens_per_second: speed > 0 ? speed : begun.tokens_per_second,
      };
      return [{ ...model, transcript, turn: told, desk: null }, []];
    }
    case "chat_end":
      return updateEnd(model, event, now_ms);
    case "progress":
      return updateProgress(model, event.metadata, now_ms);
    case "error": {
      const text = sanitizeLine(event.content);
      const retry = model.protocol !== null;
      const transcript = { ...model.transcript, trouble: { text, retry, go_on: false } };
      return [{ ...model, transcript, log: [...model.log, { at_ms: now_ms, text: `✗ ${text}` }] }, []];
    }
    default:
      return unreachable(event);
  }
}

const isNewest = (model: Model, id: number): boolean =>
  model.transcript.messages.every((message) => message.id < id);

function awaitReply(model: Model, ref: string | null, now_ms: number): Model {
  return model.turn !== null ? model : waiting(model, ref, now_ms);
}

function updateSystem(model: Model, event: EventOf<"system_update">, now_ms: number): Result {
  const { greeting, line, session_id } = event.metadata;
  const text = sanitizeLine(event.content);
  if (greeting !== null) {
    // An original server sends no history: what it told last stays on the page.
    return [{ ...model, protocol: greeting.protocol, connection: { kind: "connected" } }, []];
  }
  let after = model;
  if (event.metadata.model !== null) {
    after = { ...after, story: { ...after.story, model: event.metadata.model } };
  }
  const listed = storiesFound(after, event.ref, event.metadata.found);
  if (listed !== null) return [listed, []];
  const quiet = piecesCame(after, event.ref, event.metadata.why);
  if (quiet !== null) return [quiet, []];
  if (session_id !== null) after = { ...after, story: { ...after.story, session_id } };
  const failed = text.startsWith("✗") || /^error\b/i.test(text);
  const isPage = event.ref !== null && event.content.trim().split("\n").length > 2;
  const words = text.replace(/^[✓✗]\s*/u, "");
  if (!failed) {
    if (line !== null) after = takeBack(after, line);
    // What the opening does by itself needs no word, and ids are for the log.
    if (model.beginning) return [{ ...after, log: [...after.log, { at_ms: now_ms, text: words }] }, []];
    const { why } = event.metadata;
    if (why !== null) {
      return [{ ...after, notice: null, sheet: whySheet(after, why) }, []];
    }
    if (after.sheet?.kind === "why") after = { ...after, sheet: whyAnswered(after.sheet, event.ref) };
    if (isPage) return [{ ...after, sheet: { kind: "text", text: sanitize(event.content), top: 0 } }, []];
    const told = inWords(after.story, words);
    const noticed = withNotice(after, told, now_ms);
    return [
      told === words ? noticed : { ...noticed, log: [...after.log, { at_ms: now_ms, text: words }] },
      [],
    ];
  }
  const ends = event.content === BRAIN_ENDS;
  const stopped = ends || /^stream cancelled/i.test(words);
  after = { ...after, beginning: false, gathering: null, cut: after.cut || ends };
  const turn = model.turn;
  const ours = turn !== null && turn.phase === "waiting" &&
    (model.protocol === null || (event.ref !== null && event.ref === turn.ref));
  const opening = startFailed(model, words);
  if (opening !== null) return [opening, []];
  if (ours && !stopped) {
    const pending = after.transcript.pending;
    const back = line ?? pending?.text ?? null;
    after = { ...after, turn: null, transcript: { ...after.transcript, pending: null } };
    if (back !== null) after = putBack(after, back);
    const { ask } = event.metadata;
    if (ask !== null) {
      const question = `About $${money(ask.cost)} for this reply from ${sanitizeLine(ask.model)}. Go on?`;
      return [{ ...after, confirm: { prompt: turn.prompt, question, kind: "price" } }, []];
    }
    return [withNotice(after, words, now_ms, true), []];
  }
  if (line !== null) after = putBack(after, line);
  return stopped ? [after, []] : [withNotice(after, words, now_ms, true), []];
}

function updateEnd(model: Model, event: EventOf<"chat_end">, now_ms: number): Result {
  const { message, recalled } = event.metadata;
  const own = event.ref === null || model.turn === null || model.turn.ref === null ||
    event.ref === model.turn.ref;
  if (message === null && !own) return [model, []];
  const refused = message === null && model.transcript.live === null;
  let after = model;
  if (
    refused && model.turn?.phase === "waiting" && model.transcript.pending !== null && model.protocol !== null
  ) {
    after = giveBack(model);
  }
  let transcript = endReply(after.transcript, message, recalled, now_ms);
  const { trouble } = transcript;
  if (trouble !== null && trouble.retry && message !== null && message.content !== "") {
    transcript = { ...transcript, trouble: { ...trouble, go_on: true } };
  }
  after = {
    ...after,
    transcript,
    turn: null,
    outbox: { ...after.outbox, not_before_ms: now_ms + ORIGINAL_DEAF_MS },
  };
  const effects: Effect[] = after.leaving === "after_reply" ? [{ kind: "quit" }] : [];
  const { bell, title } = after.settings;
  if (model.turn !== null && !after.focused && (bell || title)) {
    const words = `${after.theme.marks.bloom} ${worldName(after.story)}: the reply is there`;
    effects.push({ kind: "call", title: title ? words : null, bell });
  }
  if (message?.status !== "complete" || after.leaving === "after_reply") return [after, effects];
  const [looked, more] = lookForModel(after);
  return [looked, [...effects, ...more]];
}

function updateProgress(model: Model, progress: EventOf<"progress">["metadata"], now_ms: number): Result {
  const label = sanitizeLine(progress.label);
  if (progress.id.startsWith("reply")) {
    if (label === "") return [model, []];
    // A face that joined after the line was said hears of the reply here first.
    const turn = model.turn ?? newTurn(null, now_ms);
    return [{ ...model, turn: { ...turn, label } }, []];
  }
  return updateWork(model, progress, now_ms);
}
