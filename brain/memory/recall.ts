/** The one door through which a turn asks its memory: a question in, ranked lore and memories out. */

export interface RecallQuestion {
  player_id: string;
  session_id: string;
  world_id: string;
  /** Only what stands on the path to this message may come back; null: an empty story. */
  leaf_id: number | null;
  /** The player's line. */
  line: string;
  /** The one or two turns before it, newest first: a faint part of the question. */
  before: string[];
  /** Messages that the prompt's history still holds: never recalled. */
  visible_ids: number[];
  max_lore: number;
  max_memories: number;
}

export interface LoreHit {
  unit_id: number;
  heading: string;
  text: string;
  /** Content of a `Known to: ...` line; empty when it is common knowledge. */
  known_to: string;
  score: number;
  /** Words of the question that called it. */
  words: string[];
}

export interface MemoryHit {
  unit_id: number;
  message_id: number;
  role: "user" | "assistant";
  text: string;
  /** Player turns between it and now. */
  turns_ago: number;
  score: number;
  words: string[];
}

export interface Recalled {
  lore: LoreHit[];
  memories: MemoryHit[];
  took_ms: number;
}

/** Answers a question within `timeout_ms`, or with nothing: recall never fails a turn and never makes it wait. */
export interface Recall {
  ask(question: RecallQuestion, timeout_ms: number): Promise<Recalled>;
  close(): Promise<void>;
}
