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

/** A score by its parts (words, neighbours, facts, vectors, ...); their sum is the score. */
export type Split = Record<string, number>;

export interface LoreHit {
  unit_id: number;
  heading: string;
  text: string;
  /** Content of a `Known to: ...` line; empty when it is common knowledge. */
  known_to: string;
  score: number;
  /** Words of the question that called it. */
  words: string[];
  split?: Split;
  /** The fact that called it. */
  fact?: string;
  /** The player pinned it: it comes before all others. */
  pinned?: boolean;
}

export interface MemoryHit {
  unit_id: number;
  message_id: number;
  role: "user" | "assistant";
  text: string;
  /** Who said it; empty or missing: the player's character or the narrator, by role. */
  speaker?: string;
  scene?: string;
  /** Time in the story, as it was given. */
  told_at?: string;
  /** Player turns between it and now. */
  turns_ago: number;
  score: number;
  words: string[];
  split?: Split;
  fact?: string;
  pinned?: boolean;
}

/** Why a piece that was found did not come back. What has no room in the prompt is decided there. */
export type LeftOutReason = "visible" | "below_floor" | "other_branch" | "superseded" | "repeated";

/** A runner-up, for `/why`. */
export interface LeftOut {
  kind: "lore" | "memory";
  unit_id: number;
  /** Null for lore, as is `role`; `heading` is empty for memories. */
  message_id: number | null;
  role: "user" | "assistant" | null;
  heading: string;
  text: string;
  turns_ago: number;
  score: number;
  words: string[];
  split?: Split;
  reason: LeftOutReason;
}

export interface Recalled {
  lore: LoreHit[];
  memories: MemoryHit[];
  took_ms: number;
  /** The best that did not come back, best first. */
  left_out?: LeftOut[];
  /** The answer was not there in time, or not with the likeness that was to go into it. */
  late?: boolean;
}

/** Answers a question within `timeout_ms`, or with nothing: recall never fails a turn and never makes it wait. */
export interface Recall {
  ask(question: RecallQuestion, timeout_ms: number): Promise<Recalled>;
  close(): Promise<void>;
}

/** What recall and its worker say to each other. */
export type WorkerRequest = { kind: "open"; path: string } | {
  kind: "ask";
  ask: number;
  question: RecallQuestion;
};
export interface WorkerAnswer {
  ask: number;
  recalled: Recalled;
}

/**
 * Recall over the database at `database_path`, in a thread of its own with a read-only connection. The file is opened
 * at the first question; when it is not there, or cannot be read, answers are empty. A worker that crashes is started
 * once more; after the second crash every answer is empty. `worker` is the thread's program, for tests of faults.
 */
export function openRecall(database_path: string, options: { worker?: URL } = {}): Recall {
  const program = options.worker ?? new URL("./worker.ts", import.meta.url);
  const waiting = new Map<number, (recalled: Recalled) => void>();
  let asked = 0;
  let restarts_left = 1;
  let worker: Worker | null = start();

  function start(): Worker {
    const started = new Worker(program, { type: "module", name: "recall" });
    started.onmessage = (event: MessageEvent<WorkerAnswer>) => {
      waiting.get(event.data.ask)?.(event.data.recalled);
    };
    started.onerror = (event) => {
      // Unhandled, it would end the whole brain.
      event.preventDefault();
      if (worker !== started) return;
      started.terminate();
      worker = restarts_left-- > 0 ? start() : null;
      answerAll();
    };
    started.postMessage({ kind: "open", path: database_path } satisfies WorkerRequest);
    return started;
  }

  function answerAll(): void {
    for (const answer of [...waiting.values()]) answer(nothing(0));
  }

  return {
    ask(question, timeout_ms) {
      if (!worker) return Promise.resolve(nothing(0));
      const ask = ++asked;
      const answered = new Promise<Recalled>((resolve) => {
        const timer = setTimeout(
          () => waiting.get(ask)?.({ ...nothing(timeout_ms), late: true }),
          timeout_ms,
        );
        waiting.set(ask, (recalled) => {
          clearTimeout(timer);
          waiting.delete(ask);
          resolve(recalled);
        });
      });
      worker.postMessage({ kind: "ask", ask, question } satisfies WorkerRequest);
      return answered;
    },
    close() {
      worker?.terminate();
      worker = null;
      answerAll();
      return Promise.resolve();
    },
  };
}

function nothing(took_ms: number): Recalled {
  return { lore: [], memories: [], took_ms };
}
