/**
 * JSON V1, the only thing brain and face say to each other: one envelope, closed unions inside.
 * Contract: the original's wire (V1) plus additions that an old client ignores. Fields that an
 * original server does not send are `null` here after decoding; the brain always fills them.
 */

import type { Message, Role, Usage } from "./story.ts";

export const PROTOCOL = 1;
export const WS_PATH = "/ws/rpc";
export const DEFAULT_PORT = 8000;
/** Frames up to here are read and answered; larger ones close the socket with 1009. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** Told before the end of a reply that was stopped because the brain ends: nobody asked for it. */
export const BRAIN_ENDS = "✗ The brain ends in the middle of the reply. What was told is kept.";
/** A longer prompt is refused with both sizes. */
export const MAX_PROMPT_BYTES = 64 * 1024;

/** What a face asks: a line of story, or a command when it starts with `/`. `ref` comes back in every answer. */
export interface Request {
  prompt: string;
  ref: string | null;
}

export interface Named {
  id: string;
  name: string;
}
export interface WorldItem extends Named {
  hook: string;
  /** First sentence of the start message, for the opening screen. */
  opening: string;
  characters: string[];
  /** What the empty editor suggests, once. */
  first_line: string;
}
export interface CharacterItem extends Named {
  /** First sentence of the persona. */
  about: string;
}
export interface RuleItem extends Named {
  /** First sentence of the pack. */
  about: string;
}
export interface ModelItem extends Named {
  /** US dollars per million tokens; 0 when unknown, and then `price_known` is false. */
  prompt_price: number;
  completion_price: number;
  price_known: boolean;
  local: boolean;
  /** Tokens; 0 when unknown. */
  context: number;
}
export interface SessionItem extends Named {
  /** `name` is the original's label `[world] character: title`; these are its parts. */
  title: string;
  world_id: string;
  character_id: string;
  turns: number;
  last_used_ms: number;
  /** Last sentence of the story. */
  last: string;
}

export type ArgumentKind =
  | "world"
  | "character"
  | "model"
  | "rule"
  | "active_rule"
  | "session"
  | "message"
  | "text";
export interface CommandItem {
  /** With its slash and verb: `/world select`. */
  name: string;
  /** `/world select ID` */
  usage: string;
  help: string;
  arguments: { name: string; kind: ArgumentKind; required: boolean }[];
}

/** The state of one player. A list is null when it was omitted: keep the one you have. */
export interface SyncState {
  model: string;
  model_confirmed: boolean;
  world_id: string;
  character_id: string;
  session_id: string;
  active_rules: string[];
  available_worlds: WorldItem[] | null;
  available_characters: CharacterItem[] | null;
  available_models: ModelItem[] | null;
  available_rules: RuleItem[] | null;
  available_sessions: SessionItem[] | null;
}

export interface SystemUpdate {
  /** Only in the greeting; `protocol` null means an original server. */
  greeting: { protocol: number | null; version: string; player: string } | null;
  /** What the answered command changed; null where it changed nothing. */
  model: string | null;
  world_id: string | null;
  character_id: string | null;
  session_id: string | null;
  active_rules: string[] | null;
  /** `/undo`: the player's line that goes back to the editor. */
  line: string | null;
  /** `/why`: the page to draw; `content` tells the same in words, for clients that do not know this field. */
  why: Why | null;
  /** A reply was not begun because of its price: the same line (or command) once more agrees. */
  ask: Price | null;
  /** `/session search`: the stories that hold the words. */
  found: FoundStory[] | null;
}

/** What a reply is expected to cost. */
export interface Price {
  /** US dollars. */
  cost: number;
  /** From where on it is asked for. */
  limit: number;
  /** The narrator, as people call it. */
  model: string;
}

/** A story whose text holds the words that were looked for. */
export interface FoundStory {
  session_id: string;
  /** The words with what stands around them, in one row. */
  quote: string;
  /** As in the list of stories, which holds the newest only; null from a brain that does not send it. */
  story: SessionItem | null;
}

export interface Progress {
  id: string;
  label: string;
  done: number;
  total: number | null;
  unit: "bytes" | "items";
  state: "running" | "done" | "failed";
}

/** How many pieces of lore and memory stood in the prompt of a reply. */
export interface RecalledCount {
  lore: number;
  memories: number;
}
export interface RecalledOf extends RecalledCount {
  message_id: number;
}

/** A piece that stood in the request of a reply, or that was found for it and left out. */
export interface WhyPiece {
  kind: "lore" | "memory" | "fact" | "summary";
  /** What `/memory pin ID` and `/memory forget ID` take: m12, l7, f3; "" for a summary, which `/story edit` changes. */
  id: string;
  /** Where it was told, to go there (of a summary: the last message it tells); null for lore. */
  message_id: number | null;
  /** Whose message it is from; null for lore and summaries. */
  role: Role | null;
  /** Who said it in the story, where that is known; else "". */
  speaker: string;
  /** Of lore; "" without one. */
  heading: string;
  /** Of lore that only some in the world know: who; "" when anybody may. It is no news for the player. */
  known_to: string;
  /** The player's turns between it and the reply; 0 for lore. */
  turns_ago: number;
  /** Word for word as it stood in the request; of what was left out: as it is remembered. */
  quote: string;
  /** The words of the player's line that called it. */
  words: string[];
  /** The words of the page before that line that called it. */
  page_words: string[];
  /** The fact that called it, in a line; "" when none did. */
  fact: string;
  pinned: boolean;
  /** What it took of the request; 0 when it was left out. */
  tokens: number;
  score: number;
  /** The score by its parts; their names are the ranking's own. */
  split: { name: string; score: number }[];
  /** Why it was left out, in words ("no room left: 41 tokens over"); "" for what stood in the request. */
  reason: string;
}

/** Why a reply is what it is: what was sent for it, part by part. The tokens of `recalled` and `parts` add up to `tokens`. */
export interface Why {
  message_id: number;
  /** The player's lines from the beginning of the story to the one that was answered. */
  turn: number;
  model: string;
  /** What the request was reckoned to have, and what it may have (the model's window, or the config's cap). */
  tokens: number;
  window: number;
  /** The provider's own count of the request; null when it told none. */
  reported: number | null;
  /** How many pieces of lore and memory there were to choose from. */
  searched: number;
  /** Memory was not ready in time: the reply was told without it. */
  late: boolean;
  /** In the order of the request. */
  recalled: WhyPiece[];
  /** The best of the others, best first. */
  left_out: WhyPiece[];
  /** The story so far, oldest first; its tokens are those of the part `story`. */
  story: WhyPiece[];
  /** What is always there, in the order of the request; `frame` is labels and the marks between messages. */
  parts: {
    name: "rules" | "world" | "you" | "story" | "history" | "scene" | "reminder" | "frame";
    tokens: number;
  }[];
  /** The player's lines that the part `history` holds. */
  history_turns: number;
  /** The request itself, on `/why MESSAGE whole`, of the last reply of a story; else null. */
  prompt: { role: "system" | "user" | "assistant"; content: string }[] | null;
}

/** `ref` is the asking frame's, null when nobody asked or the server is an original one. */
interface Of<Name extends string, Metadata> {
  event: Name;
  content: string;
  ref: string | null;
  metadata: Metadata;
}

export type Event =
  | Of<"system_update", SystemUpdate>
  | Of<"sync_state", SyncState>
  | Of<"commands", { commands: CommandItem[] }>
  | Of<"chat_history", { history: Message[]; more: boolean; recalled: RecalledOf[] }>
  | Of<"history_page", { before: number; history: Message[]; more: boolean; recalled: RecalledOf[] }>
  | Of<"message", { message: Message }>
  | Of<
    "chat_chunk",
    {
      model: string;
      tokens_per_second: number;
      world_id: string;
      /** Null from an original server: append to the one running reply. */
      message_id: number | null;
      parent_id: number | null;
      /** UTF-16 units of the reply before this piece. */
      offset: number | null;
    }
  >
  | Of<"chat_end", { total_tokens: number; message: Message | null; recalled: RecalledCount | null }>
  | Of<"progress", Progress>
  | Of<"error", Record<string, never>>;

export type EventName = Event["event"];
export type EventOf<Name extends EventName> = Extract<Event, { event: Name }>;

/** Marks a switch as exhaustive: a forgotten variant does not compile. */
export function unreachable(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`);
}

/** Usage of a reply about which nothing is known yet. */
export const NO_USAGE: Usage = {
  prompt_tokens: 0,
  cached_tokens: 0,
  completion_tokens: 0,
  cost: null,
  first_token_ms: 0,
  tokens_per_second: 0,
};
