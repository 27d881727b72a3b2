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
