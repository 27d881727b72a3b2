/** The one door through which a turn asks its memory: a question in, ranked lore and memories out. */
import type { Embedder } from "./embedder.ts";
import type { Near, VectorIndex } from "./vectors.ts";
import { asksForContent } from "./words.ts";

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

/** A line that has just come, before it is saved: what recall can look for meanwhile. */
export interface ExpectedLine {
  player_id: string;
  world_id: string;
  /** The message that it will follow; null: it begins the story. */
  leaf_id: number | null;
  line: string;
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
  /** Of lore: who alone knows it; "" when anybody may. */
  known_to?: string;
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
  /** Ranks the lore for a line while its turn is opened: the question that follows finds it done. Answers nothing. */
  expect?(line: ExpectedLine): void;
  /** Reads ahead what the next question of the story used last will need; answers nothing, and fails quietly. */
  warm?(): void;
  /** What is wrong with it, for the player; "" when nothing is. */
  condition?(): string;
  close(): Promise<void>;
}

/** What a line means: its vector, or the units near it when an index elsewhere has found them. */
export type Meaning =
  | { model: string; vector: Float32Array; near?: undefined }
  | { near: { lore: Near[]; memory: Near[] } };

/** What recall and its worker say to each other. */
export interface Ask {
  kind: "ask";
  ask: number;
  question: RecallQuestion;
  /** Missing: by words alone. */
  meaning?: Meaning;
}
export type WorkerRequest =
  | { kind: "open"; path: string }
  /** `model`: whose vectors will be asked for; null: none. */
  | { kind: "warm"; model: string | null }
  | { kind: "expect"; line: ExpectedLine }
  | Ask;
export interface WorkerAnswer {
  ask: number;
  /** Whether meaning went into it. */
  mixed: boolean;
  recalled: Recalled;
}

export interface RecallOptions {
  /** The thread's program, for tests of faults. */
  worker?: URL;
  /** Makes a vector of the player's line; without one recall goes by words. Not closed here. */
  embedder?: Embedder | null;
  /** An index of vectors elsewhere; the embedded one serves whenever it rejects. */
  elsewhere?: Pick<VectorIndex, "near"> | null;
  /** Told once, when recall's thread has crashed too often and stays off. */
  log?: (level: "error", text: string) => void;
  /** Nothing is read ahead before so long nobody has asked anything. */
  quiet_ms?: number;
}

/** Who writes the next line at once must not wait for what is read ahead. */
const QUIET_MS = 300;
const CRASHED = "Memory is off: its thread crashed twice. Nothing is lost; restart Flower to have it back.";
/** So many units of each kind are asked for elsewhere. */
const NEAREST = 200;

interface Waiting {
  /** The answer by words, as soon as it is there. */
  words: Recalled | null;
  /** Whether the answer with the line's meaning is still to come. */
  awaits_meaning: boolean;
  settle(recalled: Recalled): void;
}

/**
 * Recall over the database at `database_path`, in a thread of its own with a read-only connection. The file is opened
 * at the first question; when it is not there, or cannot be read, answers are empty. With an embedder each question is
 * answered twice, first by words; the answer that meaning went into takes its place when it is in time. A worker that
 * crashes is started once more; after the second crash every answer is empty, and `condition` and the log say so.
 */
export function openRecall(database_path: string, options: RecallOptions = {}): Recall {
  const program = options.worker ?? new URL("./worker.ts", import.meta.url);
  const { embedder = null, elsewhere = null, quiet_ms = QUIET_MS } = options;
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let ahead: ReturnType<typeof setTimeout> | undefined;
  let restarts_left = 1;
  let condition = "";
  let worker: Worker | null = start();

  function start(): Worker {
    const started = new Worker(program, { type: "module", name: "recall" });
    started.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      const question = waiting.get(data.ask);
      if (question === undefined) return;
      question.words = data.recalled;
      if (data.mixed || !question.awaits_meaning) question.settle(data.recalled);
    };
    started.onerror = (event) => {
      // Unhandled, it would end the whole brain.
      event.preventDefault();
      if (worker !== started) return;
      started.terminate();
      worker = restarts_left-- > 0 ? start() : null;
      if (worker === null) {
        condition = CRASHED;
        options.log?.("error", `${condition} The last crash: ${event.message}`);
      }
      answerAll();
    };
    started.postMessage({ kind: "open", path: database_path } satisfies WorkerRequest);
    return started;
  }

  function answerAll(): void {
    for (const question of [...waiting.values()]) question.settle(question.words ?? nothing(0));
  }

  /** Sends the line's meaning after the question; on any failure the answer by words is the answer. */
  async function sendMeaning(ask: number, question: RecallQuestion, embedder: Embedder): Promise<void> {
    const meaning = await meaningOf(question, embedder, elsewhere).catch(() => null);
    const pending = waiting.get(ask);
    if (pending === undefined) return;
    if (meaning === null || worker === null) {
      pending.awaits_meaning = false;
      if (pending.words !== null) pending.settle(pending.words);
      return;
    }
    worker.postMessage({ kind: "ask", ask, question, meaning } satisfies WorkerRequest);
  }

  return {
    ask(question, timeout_ms) {
      clearTimeout(ahead);
      if (!worker) return Promise.resolve(nothing(0));
      const ask = ++asked;
      const awaits_meaning = embedder !== null && asksForContent(question.line);
      const answered = new Promise<Recalled>((resolve) => {
        const timer = setTimeout(() => {
          const question = waiting.get(ask);
          question?.settle({ ...question.words ?? nothing(timeout_ms), late: true });
        }, timeout_ms);
        waiting.set(ask, {
          words: null,
          awaits_meaning,
          settle(recalled) {
            clearTimeout(timer);
            waiting.delete(ask);
            resolve(recalled);
          },
        });
      });
      worker.postMessage({ kind: "ask", ask, question } satisfies WorkerRequest);
      if (awaits_meaning) void sendMeaning(ask, question, embedder!);
      return answered;
    },
    expect(line) {
      clearTimeout(ahead);
      worker?.postMessage({ kind: "expect", line } satisfies WorkerRequest);
    },
    warm() {
      const model = elsewhere === null && embedder !== null ? embedder.model : null;
      const read = () => worker?.postMessage({ kind: "warm", model } satisfies WorkerRequest);
      clearTimeout(ahead);
      // A message to the thread costs 1 ms: not beside every command.
      if (quiet_ms === 0) read();
      else if (worker) ahead = setTimeout(read, quiet_ms);
    },
    condition: () => condition,
    close() {
      clearTimeout(ahead);
      worker?.terminate();
      worker = null;
      answerAll();
      return Promise.resolve();
    },
  };
}

async function meaningOf(
  question: RecallQuestion,
  embedder: Embedder,
  elsewhere: Pick<VectorIndex, "near"> | null,
): Promise<Meaning> {
  const { player_id, session_id, world_id } = question;
  const [vector] = await embedder.embed([question.line]);
  if (elsewhere !== null) {
    try {
      const [lore, memory] = await Promise.all([
        elsewhere.near({ kind: "lore", player_id, world_id }, vector, NEAREST),
        elsewhere.near({ kind: "memory", player_id, session_id }, vector, NEAREST),
      ]);
      return { near: { lore, memory } };
    } catch {
      // Down, late or not yet filled: the embedded index has the same vectors.
    }
  }
  return { model: embedder.model, vector };
}

function nothing(took_ms: number): Recalled {
  return { lore: [], memories: [], took_ms };
}
