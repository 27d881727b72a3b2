/** What the player says: a line of story, a command of the brain's, or one of the face's own. */

import { FACE_COMMANDS, type FaceCommandName } from "../face_commands.ts";
import { THEME_NAMES, type ThemeName } from "../theme.ts";
import { setText } from "../widgets/editor.ts";
import { endTelling, lastReply, sayLine } from "../widgets/transcript.ts";
import { scrollSheet } from "./sheet.ts";
import { commandOf } from "./completion.ts";
import {
  type Effect,
  isOpening,
  type Model,
  NO_POPUP,
  type Result,
  storyName,
  themeOf,
  withNotice,
} from "./model.ts";

/** Commands that a reply follows. */
const TELLING = ["/retry", "/continue"];
const MAX_SAID = 500;

/** The model with an empty editor; a draft that was put aside comes back. */
export function clearEditor(model: Model): Model {
  const text = model.popup.stash ?? "";
  return {
    ...model,
    editor: setText(model.editor, text),
    popup: NO_POPUP,
    editing: null,
    said: { ...model.said, at: 0, draft: "" },
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

/** From here on a reply is awaited. */
export function waiting(model: Model, ref: string | null, now_ms: number): Model {
  return {
    ...model,
    turn: { ref, phase: "waiting", since_ms: now_ms, label: "", tokens_per_second: 0 },
    scroll: { kind: "head" },
    desk: null,
  };
}

/** Enter: whatever stands in the editor. */
export function submit(model: Model, now_ms: number): Result {
  const text = model.editor.text.trim();
  if (text === "") return [model, []];
  if (model.editing !== null) {
    const id = model.editing;
    const [after, effects] = say(clearEditor(model), `/edit ${id} ${text}`, now_ms);
    return effects.length > 0 ? [after, effects] : [{ ...model, notice: after.notice }, []];
  }
  if (text.startsWith("/")) {
    const found = commandOf(text, FACE_COMMANDS);
    if (found !== null) {
      const [after, effects] = runFaceCommand(clearEditor(model), found.command.name, found.rest, now_ms);
      return [after, [...effects, { kind: "save_draft", text: after.editor.text }]];
    }
  }
  const line = !text.startsWith("/");
  if (line && isOpening(model)) {
    return [withNotice(model, "Choose a world and a character first. Your line stays here.", now_ms), []];
  }
  if (line && model.turn !== null) {
    const hint = "The narrator is still speaking. Your line stays here.";
    return [withNotice(model, hint, now_ms), []];
  }
  const [after, effects] = say(model, text, now_ms);
  if (effects.length === 0 && after.outbox === model.outbox) return [after, effects];
  const cleared = clearEditor(after);
  const lines = [...model.said.lines.filter((said) => said !== text), text].slice(-MAX_SAID);
  return [
    { ...cleared, said: { lines, at: 0, draft: "" } },
    [...effects, { kind: "save_said", line: text }, { kind: "save_draft", text: cleared.editor.text }],
  ];
}

/** Says a line or a command. Without a connection nothing is sent and a notice says so. */
export function say(model: Model, text: string, now_ms: number): Result {
  if (model.connection.kind !== "connected") {
    const hint = model.connection.kind === "starting"
      ? "The brain is still starting. Your line stays here."
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
      scroll: { kind: "head" } as const,
    };
    return [effect === undefined ? said : waiting(said, ref, now_ms), effects];
  }
  if (text === "/cancel" || effect === undefined) return [sent, effects];
  if (/^\/session +new\b/.test(text)) return [{ ...sent, beginning: true }, effects];
  if (TELLING.includes(text) && model.turn === null && lastReply(model.transcript) !== null) {
    return [waiting({ ...sent, transcript: { ...sent.transcript, trouble: null } }, ref, now_ms), effects];
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

function runFaceCommand(model: Model, name: string, argument: string, now_ms: number): Result {
  const command = name as FaceCommandName;
  switch (command) {
    case "/quit":
      return [model, [{ kind: "quit" }]];
    case "/keys":
      return [{ ...model, sheet: { kind: "keys", top: 0 } }, []];
    case "/log":
      return [{ ...model, sheet: scrollSheet(model, { kind: "log", top: 0 }, 1e6) }, []];
    case "/theme":
      return changeTheme(model, argument, now_ms);
    case "/mouse": {
      const mouse = argument === "native" || (argument === "" && model.settings.mouse === "wheel")
        ? "native"
        : "wheel";
      if (argument !== "" && argument !== mouse) {
        return [withNotice(model, "/mouse wheel or /mouse native", now_ms, true), []];
      }
      const settings = { ...model.settings, mouse } as const;
      const text = mouse === "native"
        ? "The terminal selects text now; PgUp and PgDn scroll."
        : "The wheel scrolls now; Shift and drag selects.";
      const effects: Effect[] = [{ kind: "mouse", on: mouse === "wheel" }, {
        kind: "save_settings",
        settings,
      }];
      return [withNotice({ ...model, settings }, text, now_ms), effects];
    }
    case "/copy":
      return copy(model, argument, now_ms);
    case "/open": {
      const text = storyText(model);
      if (text === "") return [withNotice(model, "There is no story to write down yet.", now_ms), []];
      return [model, [{ kind: "write_story", name: storyName(model), text }]];
    }
    default:
      command satisfies never;
      return [model, []];
  }
}

function changeTheme(model: Model, argument: string, now_ms: number): Result {
  const names: readonly (ThemeName | "auto")[] = ["auto", ...THEME_NAMES];
  const wanted = argument === "" ? names[(names.indexOf(model.settings.theme) + 1) % names.length] : argument;
  const theme = names.find((name) => name === wanted);
  if (theme === undefined) {
    return [
      withNotice(model, `There is no theme "${argument}". There are ${names.join(", ")}.`, now_ms, true),
      [],
    ];
  }
  const settings = { ...model.settings, theme };
  const after = { ...model, settings, theme: themeOf(settings, model.caps) };
  return [withNotice(after, `Theme: ${theme}.`, now_ms), [{ kind: "save_settings", settings }]];
}

function copy(model: Model, argument: string, now_ms: number): Result {
  const { transcript } = model;
  let text = "";
  let what = "";
  if (argument === "" || argument === "reply") {
    text = lastReply(transcript)?.content ?? "";
    what = "The last reply";
  } else if (argument === "line") {
    text = transcript.messages.findLast((message) => message.role === "user")?.content ?? "";
    what = "Your last line";
  } else if (argument === "story") {
    text = storyText(model);
    what = "The story";
  } else return [withNotice(model, "/copy reply, /copy line or /copy story", now_ms, true), []];
  if (text === "") return [withNotice(model, "There is nothing to copy yet.", now_ms), []];
  return [model, [{ kind: "copy", text, what }]];
}

/** The story as far as it is loaded: the player's lines marked, a blank line between paragraphs. */
function storyText(model: Model): string {
  const { messages, live } = model.transcript;
  return [...messages, ...(live === null ? [] : [live.message])]
    .filter((message) => message.content !== "")
    .map((message) =>
      message.role === "user" ? `> ${message.content.replaceAll("\n", "\n> ")}` : message.content
    )
    .join("\n\n");
}
