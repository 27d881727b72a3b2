/** Commands about the screen alone. They never leave the face; a name stands either here or in the brain's table. */

import type { CommandItem } from "../shared/protocol.ts";

export type FaceCommandName =
  | "/quit"
  | "/theme"
  | "/mouse"
  | "/copy"
  | "/open"
  | "/keys"
  | "/log"
  | "/find"
  | "/set"
  | "/fetch";

export interface FaceCommand extends CommandItem {
  name: FaceCommandName;
  /** What the one argument may be; empty: none. */
  choices: readonly string[];
}

const command = (
  name: FaceCommandName,
  usage: string,
  help: string,
  choices: readonly string[] = [],
): FaceCommand => ({
  name,
  usage,
  help,
  choices,
  arguments: choices.length === 0 ? [] : [{ name: "CHOICE", kind: "text", required: false }],
});

export const FACE_COMMANDS: readonly FaceCommand[] = [
  command("/keys", "/keys", "Shows all keys."),
  command("/copy", "/copy [reply|line|story]", "Copies the last reply, your last line or the whole story.", [
    "reply",
    "line",
    "story",
  ]),
  command("/open", "/open", "Writes the story to a text file and says where."),
  command("/find", "/find [WORDS]", "Searches the story."),
  command("/fetch", "/fetch", "Fetches the model that makes memory go by meaning."),
  command("/set", "/set [NAME VALUE]", "Changes how the page behaves: follow, motion, bell, title, panel.", [
    "follow head",
    "follow end",
    "motion on",
    "motion off",
    "bell on",
    "bell off",
    "title on",
    "title off",
    "panel on",
    "panel off",
  ]),
  command("/theme", "/theme [auto|dark|light|contrast|mono|YOURS]", "Changes the colours.", [
    "auto",
    "dark",
    "light",
    "contrast",
    "mono",
  ]),
  command("/mouse", "/mouse [wheel|native]", "Wheel scrolls the page, or the terminal selects text.", [
    "wheel",
    "native",
  ]),
  command("/log", "/log", "Shows the notices of this evening."),
  command("/quit", "/quit", "Leaves. The story is kept."),
];

/** What a choice of a command does, in a few words. */
export const CHOICE_WORDS: Readonly<Record<string, string>> = {
  "/copy reply": "the last reply",
  "/copy line": "your last line",
  "/copy story": "all of it",
  "/set follow head": "a long reply is held at its first row",
  "/set follow end": "the newest row stays in view",
  "/set motion on": "a spinner, and words shown as they are told",
  "/set motion off": "nothing moves by itself",
  "/set bell on": "a bell when a reply is there and nobody looks",
  "/set bell off": "no bell",
  "/set title on": "the window's title says when a reply is there",
  "/set title off": "the title stays as it is",
  "/set panel on": "beside the page, from 110 columns",
  "/set panel off": "the page alone",
  "/theme auto": "by the terminal's background",
  "/theme dark": "for a dark background",
  "/theme light": "for a light background",
  "/theme contrast": "bolder, and 7 to 1",
  "/theme mono": "without colours",
  "/mouse wheel": "the wheel scrolls, a click points",
  "/mouse native": "the terminal selects text",
};

const item = (
  name: string,
  usage: string,
  help: string,
  kind: CommandItem["arguments"][number]["kind"] | null = null,
): CommandItem => ({
  name,
  usage,
  help,
  arguments: kind === null ? [] : [{ name: kind === "text" ? "TEXT" : "ID", kind, required: true }],
});

/** What an original server knows; it sends no table of its own. */
export const ORIGINAL_COMMANDS: readonly CommandItem[] = [
  item("/model", "/model ID", "Chooses the narrator.", "model"),
  item("/world select", "/world select ID", "Chooses the world.", "world"),
  item("/world attach_lore", "/world attach_lore TEXT", "Adds a piece of lore to the world.", "text"),
  item("/character select", "/character select ID", "Chooses your character.", "character"),
  item("/rules add", "/rules add ID", "Turns a rule on.", "rule"),
  item("/rules clear", "/rules clear", "Turns all rules off."),
  item("/nsfw", "/nsfw", "Turns the rule pack nsfw on or off."),
  item("/session new", "/session new", "Begins a story."),
  item("/session continue", "/session continue ID", "Goes on with a story.", "session"),
  item("/session delete", "/session delete ID", "Deletes a story.", "session"),
  item("/cancel", "/cancel", "Stops the narrator."),
];
