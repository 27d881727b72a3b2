/** What a command is; how a line becomes a command's name and arguments; what to suggest for a typo. */

import { shortened } from "../../shared/characters.ts";
import type { CommandItem, Event } from "../../shared/protocol.ts";
import { nearest } from "../../shared/slips.ts";
import type { PlayerState, Session } from "../../shared/story.ts";
import type { Deps } from "../deps.ts";

/** Who asks, and where they stand. */
export interface Context {
  deps: Deps;
  player_id: string;
  state: PlayerState;
  /** The session that is shown; undefined before the first. */
  session: Session | undefined;
  /** The model a new session would get. */
  model: string;
  /** All commands, for `/help`. */
  commands: readonly Command[];
  /** How much lore the player may attach to a world, in bytes; 0: as much as they like. */
  lore_bytes: number;
}

/** What the session's next reply should be; `brain.ts` starts it. */
export type Telling =
  | { kind: "retry"; user_id: number; reuse_id: number | null }
  | { kind: "continue"; message_id: number };

/** What a command leads to. `brain.ts` acts on it: answers the asker, tells the other faces, starts a turn. */
export interface Outcome {
  /** One `system_update` to the asker; none when null. Begins with ✗ when nothing was done. */
  answer: string | null;
  /** Changed fields that the answer carries for original faces. */
  changed?: Partial<Extract<Event, { event: "system_update" }>["metadata"]>;
  /** What changes in the player's choices, saved and told to all faces. */
  state?: Partial<PlayerState>;
  /** Something else in the state changed (a title, a list): tell all faces. */
  sync?: boolean;
  /** Another leaf or session is shown: send the history to all faces, before or after the state. */
  history?: "before_sync" | "after_sync";
  page?: Extract<Event, { event: "history_page" }>["metadata"];
  telling?: Telling;
  /** Stop the reply that runs. */
  cancel?: true;
}

export interface Command extends CommandItem {
  /** False: refused while the narrator speaks, because it would change the story under the reply. */
  while_telling: boolean;
  /** Who calls it waits for a reply: refused, it ends in a `chat_end` as a refused line does. */
  asks_reply?: true;
  /** Acts before what the same face asked earlier has been answered. */
  at_once?: true;
  /** Reads or writes files of the brain's machine: not for players with a token, who are told this instead. */
  owner_only?: string;
  run(context: Context, args: string): Outcome | Promise<Outcome>;
}

/** The answer to a command that needs a session. */
export const NO_STORY = "✗ There is no story yet. /session new begins one.";

/** The words of a line; quotes keep spaces together and are removed. */
export function words(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]);
}

/** The one argument of a command that takes an id or a name: trimmed, quotes around the whole of it removed. */
export function single(args: string): string {
  const text = args.trim();
  const quoted = /^"([^"]*)"$/.exec(text);
  return quoted ? quoted[1].trim() : text;
}

/**
 * The command that a line names, and the rest of the line with its spaces. The longest name wins;
 * one or more spaces may stand between its words.
 */
export function find(
  line: string,
  commands: readonly Command[],
): { command: Command; args: string } | undefined {
  const sorted = [...commands].sort((a, b) => b.name.length - a.name.length);
  for (const command of sorted) {
    const pattern = new RegExp(`^${command.name.split(" ").join("\\s+")}(?:\\s|$)`);
    const match = pattern.exec(line);
    if (match) return { command, args: line.slice(match[0].length) };
  }
  return undefined;
}

/** The answer to a line that starts with `/` and names no command. */
export function unknownCommand(line: string, commands: readonly Command[]): string {
  const typed = words(line).slice(0, 2);
  const names = commands.map((command) => command.name);
  const group = names.filter((name) => name.startsWith(`${typed[0]} `));
  if (group.length > 0 && (typed.length === 1 || nearest(typed.join(" "), group) === "")) {
    return `✗ ${typed[0]} needs one of: ${group.map((name) => name.slice(typed[0].length + 1)).join(", ")}.`;
  }
  const near = nearest(typed.join(" "), names) || nearest(typed[0], names);
  return `✗ There is no command ${shortened(typed[0], 40)}. ${
    near === "" ? "/help lists them." : `Did you mean ${near}?`
  }`;
}

/**
 * One of `items` by id, by name in any case, or by a beginning that only one has.
 * Returns the item, or the sentence that says why there is none.
 */
export function choose<Item extends { id: string; name: string }>(
  typed: string,
  items: readonly Item[],
  noun: string,
): Item | string {
  const wanted = typed.toLowerCase();
  const exact = items.find((item) => item.id === typed) ??
    items.find((item) => item.id.toLowerCase() === wanted || item.name.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const begun = wanted === ""
    ? []
    : items.filter((item) =>
      item.id.toLowerCase().startsWith(wanted) || item.name.toLowerCase().startsWith(wanted)
    );
  if (begun.length === 1) return begun[0];
  const ids = items.map((item) => item.id);
  if (typed === "") {
    return `✗ Which ${noun}? ${ids.length === 0 ? `There is none yet.` : `There are: ${ids.join(", ")}.`}`;
  }
  const near = nearest(typed, ids);
  return `✗ There is no ${noun} ${quote(typed)}.${near === "" ? "" : ` Did you mean ${near}?`}`;
}

/** What somebody typed, short enough for one line. */
export function quote(text: string): string {
  return `"${shortened(text.replace(/\s+/g, " ").trim(), 40)}"`;
}

/** A whole text as somebody's words; with quotation marks of its own inside others. */
export function quoted(text: string): string {
  return text.includes('"') ? `“${text}”` : `"${text}"`;
}
