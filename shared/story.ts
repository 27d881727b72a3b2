/** The nouns of a story, the same from database row to wire to screen. */

export type Role = "user" | "assistant";

/** `writing` while the reply grows; the other three are final. */
export type MessageStatus = "writing" | "complete" | "stopped" | "failed";

/** What a reply used. Token counts are the provider's where it reports them, else our estimate. */
export interface Usage {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  /** US dollars; null when no price is known. */
  cost: number | null;
  /** From the request to the first token, in milliseconds. */
  first_token_ms: number;
  /** Completion tokens from the first to the last token; finite, 0 when not measured. */
  tokens_per_second: number;
  /** Of the last request and its reply, where several turns told the message; absent: prompt_tokens + completion_tokens. */
  window_tokens?: number;
  /** The reply had all the tokens that it may have and was cut there; absent: it ended by itself, or by something else. */
  at_limit?: boolean;
}

/**
 * One node of a session's tree. Siblings (same parent, same role) are alternative tellings:
 * `alternative` is this one's place among them, counted from 1, and `alternatives` how many there are.
 */
export interface Message {
  id: number;
  parent_id: number | null;
  role: Role;
  content: string;
  status: MessageStatus;
  model: string;
  usage: Usage | null;
  created_ms: number;
  alternative: number;
  alternatives: number;
}

/** A story in progress; it points at the leaf that is shown. */
export interface Session {
  id: string;
  player_id: string;
  world_id: string;
  character_id: string;
  model: string;
  title: string;
  leaf_id: number | null;
  created_ms: number;
  last_used_ms: number;
}

/** What one player has chosen. Empty string: nothing chosen. */
export interface PlayerState {
  world_id: string;
  character_id: string;
  session_id: string;
  model: string;
  rules: string[];
}

/** Authored lines for the built-in narrator, by what the player does; `beats` are told in order. */
export interface NarratorLines {
  look: string[];
  speak: string[];
  take: string[];
  go: string[];
  wait: string[];
  ask: string[];
  hard: string[];
  beats: string[];
  /** Retellings of lore, chosen when the player's line names one of `about` (lower-case words). */
  answers: { about: string[]; line: string }[];
  /** Dim first-time hint in the editor: one line the player could write. */
  first_line: string;
}

export interface World {
  id: string;
  name: string;
  /** At most twelve words for the opening screen; empty when the file has none. */
  hook: string;
  lore: string;
  start_message: string;
  scene: string;
  system_prompt: string;
  /** Ids of suggested characters, best first. */
  characters: string[];
  narrator: NarratorLines | null;
}

/** The player's character. `secret` is known to the player's character alone. */
export interface Character {
  id: string;
  name: string;
  persona: string;
  secret: string;
}

export interface Rule {
  id: string;
  name: string;
  prompt: string;
}

/** A model on offer. Prices in US dollars per million tokens; null when unknown. */
/** The id of the built-in narrator, which needs no key and no server. */
export const NARRATOR_ID = "demo/narrator";

export interface Model {
  /** As the player types it: plain, or `<provider>/<id>`. */
  id: string;
  name: string;
  provider: string;
  local: boolean;
  /** Tokens the model (or the server that has it loaded) reads; null when unknown. */
  context: number | null;
  max_output: number | null;
  prompt_price: number | null;
  completion_price: number | null;
}
