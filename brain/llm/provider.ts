/** The contract between a turn and whoever writes the reply. */

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** What the built-in narrator needs; providers that call a model ignore it. */
export interface StoryFacts {
  world_id: string;
  /** Same seed, same words; "" of what is asked beside the story. */
  seed: string;
  /** 0 for the first telling of this turn, 1 for the first `/retry`, ... */
  telling: number;
  /** The whole path, oldest first, without the reply that is asked for. */
  path: { role: "user" | "assistant"; content: string }[];
  /** Recalled lore without headings, best first. */
  lore: string[];
}

export interface ChatRequest {
  /** The id as the vendor knows it, without our `<provider>/` prefix. */
  model: string;
  messages: ChatMessage[];
  max_tokens: number;
  temperature: number;
  top_p: number;
  seed: number;
  story: StoryFacts;
}

/** Token counts as the provider reports them. `cost` in US dollars when the vendor tells it. */
export interface ProviderUsage {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  cost: number | null;
}

export type Chunk =
  /** What the player waits for, in words: "llama3.2 is thinking", "trying again in 4 s (rate limit)". */
  | { kind: "waiting"; label: string }
  | { kind: "text"; text: string }
  /** A remark for the player that is no part of the story. */
  | { kind: "notice"; text: string }
  | { kind: "end"; finish: "stop" | "length"; usage: ProviderUsage | null };

/** Yields text, then exactly one "end". Throws ProviderError. Returns quietly once `signal` is aborted. */
export interface Provider {
  name: string;
  stream(request: ChatRequest, signal: AbortSignal): AsyncGenerator<Chunk>;
}

export type ProviderErrorKind =
  | "no_key"
  | "wrong_key"
  | "no_credit"
  | "rate_limit"
  | "model_gone"
  | "context_too_long"
  | "unreachable"
  | "stalled"
  | "cut"
  | "refused"
  | "server"
  | "protocol"
  | "empty";

/** `message` is one calm sentence of advice for the player, never a vendor's raw text beyond a short quote. */
export class ProviderError extends Error {
  override name = "ProviderError";
  constructor(readonly kind: ProviderErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
