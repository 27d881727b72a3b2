/** The face's own commands: each does its work here and never reaches the brain. */

import { firstCharacters } from "../../shared/characters.ts";
import type { FaceCommandName } from "../face_commands.ts";
import { lastReply } from "../widgets/transcript.ts";
import { say } from "./say.ts";
import { themeNames } from "./completion.ts";
import type { Effect } from "./messages.ts";
import { following, type Model, type Result, storyName, themeOf, withNotice } from "./model.ts";
import { fetchModel } from "./memory_offer.ts";
import { openSearch } from "./search.ts";
import { scrollSheet } from "./sheet.ts";

/** Of a story, in the name of its file. */
const MAX_NAME = 40;

/** Runs a command about the screen alone. */
export function runFaceCommand(model: Model, name: string, argument: string, now_ms: number): Result {
  const command = name as FaceCommandName;
  switch (command) {
    case "/quit":
      if (model.turn === null || model.connection.kind !== "connected") return [model, [{ kind: "quit" }]];
      return [{ ...model, leaving: "question" }, []];
    case "/keys":
      return [{ ...model, sheet: { kind: "keys", top: 0 } }, []];
    case "/log":
      return [{ ...model, sheet: scrollSheet(model, { kind: "log", top: 0 }, 1e6) }, []];
    case "/find":
      return [openSearch(model, argument, now_ms), []];
    case "/theme":
      return changeTheme(model, argument, now_ms);
    case "/fetch":
      return fetchModel(model, now_ms);
    case "/set":
      return changeSetting(model, argument, now_ms);
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
    case "/open":
      return gather(model, "open", now_ms);
    default:
      command satisfies never;
      return [model, []];
  }
}

/** Another theme. Before a name is unknown, the player's files are read anew; `read`: that was done. */
export function changeTheme(model: Model, argument: string, now_ms: number, read = false): Result {
  const names = themeNames(model);
  const wanted = argument === "" ? names[(names.indexOf(model.settings.theme) + 1) % names.length] : argument;
  const theme = names.find((name) => name === wanted);
  if (theme === undefined && !read) return [model, [{ kind: "read_themes", wanted: argument }]];
  if (theme === undefined) {
    return [
      withNotice(model, `There is no theme "${argument}". There are ${names.join(", ")}.`, now_ms, true),
      [],
    ];
  }
  const settings = { ...model.settings, theme };
  const after = { ...model, settings, theme: themeOf(settings, model.caps, model.themes) };
  const effects: Effect[] = [{ kind: "save_settings", settings }];
  // A file that was changed since shows with the next choice of it.
  if (!read && model.themes.some((own) => own.name === theme)) {
    effects.push({ kind: "read_themes", wanted: "" });
  }
  return [withNotice(after, `Theme: ${theme}.`, now_ms), effects];
}

const ON_OFF = ["on", "off"];
/** What `/set` changes, and to what. */
const SETTINGS = {
  follow: ["head", "end"],
  motion: ON_OFF,
  bell: ON_OFF,
  title: ON_OFF,
  panel: ON_OFF,
} as const;

function changeSetting(model: Model, argument: string, now_ms: number): Result {
  const [name, value = "", ...more] = argument.split(/\s+/);
  if (name === "") {
    const { settings } = model;
    const words = Object.keys(SETTINGS).map((key) => {
      const now = settings[key as keyof typeof SETTINGS];
      return `${key} ${now === true ? "on" : now === false ? "off" : now}`;
    });
    return [withNotice(model, `${words.join(", ")}. /set NAME VALUE changes one.`, now_ms), []];
  }
  const values: readonly string[] = Object.entries(SETTINGS).find(([key]) => key === name)?.[1] ?? [];
  if (values.length === 0) {
    const known = Object.keys(SETTINGS).join(", ");
    return [withNotice(model, `There is no setting "${name}". There are ${known}.`, now_ms, true), []];
  }
  if (!values.includes(value) || more.length > 0) {
    return [withNotice(model, `${name} is ${values.join(" or ")}.`, now_ms, true), []];
  }
  const settings = { ...model.settings, [name]: name === "follow" ? value : value === "on" };
  const scroll = model.scroll.kind !== "at" && model.turn !== null ? following(settings) : model.scroll;
  return [
    withNotice({ ...model, settings, scroll }, `${name[0].toUpperCase()}${name.slice(1)}: ${value}.`, now_ms),
    [
      { kind: "save_settings", settings },
    ],
  ];
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
    return gather(model, "copy", now_ms);
  } else return [withNotice(model, "/copy reply, /copy line or /copy story", now_ms, true), []];
  if (text === "") return [withNotice(model, "There is nothing to copy yet.", now_ms), []];
  return [model, [{ kind: "copy", text, what }]];
}

/** Loads what the page has not asked for yet, then hands the whole story out. */
export function gather(model: Model, what: "open" | "copy", now_ms: number): Result {
  const first = model.transcript.messages[0];
  if (
    model.transcript.more && first !== undefined && model.connection.kind === "connected" &&
    model.protocol !== null
  ) {
    return say({ ...model, gathering: what, asked_before: first.id }, `/history before ${first.id}`, now_ms);
  }
  const after = { ...model, gathering: null };
  const text = storyText(after);
  if (text === "") return [withNotice(after, "There is no story yet.", now_ms), []];
  // With its id: two stories of one world and character are two files.
  const name = `${firstCharacters(storyName(after), MAX_NAME)} ${model.story.session_id}`;
  const effect: Effect = what === "open"
    ? { kind: "write_story", name, text }
    : { kind: "copy", text, what: "The story" };
  return [after, [effect]];
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
