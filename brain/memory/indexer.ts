/** Makes vectors of what was told, off the reply's way. The queue is the record itself: every text without a vector. */
import type { Database } from "../store/database.ts";
import {
  dropOtherModels,
  saveVectors,
  type Unembedded,
  unembedded,
  type UnitKind,
} from "../store/vectors.ts";
import { type Embedder, EmbedError } from "./embedder.ts";

export interface IndexerOptions {
  /** After each batch that was kept. */
  stored?(): void;
  /** How far a backlog is that takes its time, in texts; the last call of it has both the same. */
  progress?(done: number, total: number): void;
  /** Why it stopped until the next kick. */
  failed?(error: unknown): void;
  /** Between two batches, in milliseconds: a reply that is being told comes first. */
  pause_ms?: number;
}

/** Embeds in the background, oldest first. A failure ends the run; the next kick begins where it stopped. */
export interface Indexer {
  /** There may be new texts. Returns at once. */
  kick(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

const BATCH = 16;
const PAUSE_MS = 20;
/** Fewer texts than this are a turn's, made in a second or two. */
const BACKLOG = 64;
/** An endpoint may refuse a text that is too long for it; one that refuses so many in a row wants none of them. */
const REFUSALS = 3;

/** Opens the queue of all players' units over `db`; vectors of other models go when those of this one are complete. */
export function openIndexer(db: Database, embedder: Embedder, options: IndexerOptions = {}): Indexer {
  const { stored, progress, failed, pause_ms = PAUSE_MS } = options;
  const after: Record<UnitKind, number> = { memory: 0, lore: 0 };
  let tidied = false;
  let kicked = false;
  let closed = false;
  let running: Promise<void> | null = null;
  /** Texts of the backlog, made and in all; both 0 without one. */
  let made = 0;
  let total = 0;
  /** Texts in a row that were refused each by itself. */
  let refusals = 0;

  async function run(): Promise<void> {
    while (kicked && !closed) {
      kicked = false;
      try {
        await embedAll("memory");
        await embedAll("lore");
        if (!closed && !tidied) dropOtherModels(db, embedder.model);
        tidied ||= !closed;
      } catch (error) {
        if (!closed) failed?.(error);
      }
      if (total > 0) progress?.(total, total);
      made = total = 0;
    }
  }

  /** After some of a backlog are made. What is left is counted only then: without an embedder nothing is counted at all. */
  async function tell(more: number): Promise<void> {
    made += more;
    if (progress === undefined || made < BACKLOG) return;
    if (total === 0) total = made + await left();
    if (made < total) progress(made, total);
  }

  /** How many texts lack a vector, counted in steps. */
  async function left(): Promise<number> {
    let texts = 0;
    for (const kind of ["memory", "lore"] as const) {
      for (let from = after[kind], done = false; !done && !closed;) {
        const page = unembedded(db, kind, embedder.model, from);
        texts += page.texts.length;
        ({ up_to: from, done } = page);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return texts;
  }

  /** Without what is refused by itself: it must not keep what comes after it from being made. */
  async function embedded(batch: Unembedded[]): Promise<{ hash: string; vector: Float32Array }[]> {
    try {
      const vectors = await embedder.embed(batch.map(({ text }) => text));
      refusals = 0;
      return batch.map(({ hash }, at) => ({ hash, vector: vectors[at] }));
    } catch (error) {
      if (!(error instanceof EmbedError) || error.kind !== "refused") throw error;
      if (batch.length === 1 && ++refusals >= REFUSALS) throw error;
    }
    const made = [];
    if (batch.length > 1) { for (const one of batch) made.push(...await embedded([one])); }
    return made;
  }

  async function embedAll(kind: UnitKind): Promise<void> {
    while (!closed) {
      const { texts, up_to, done } = unembedded(db, kind, embedder.model, after[kind]);
      for (let i = 0; i < texts.length && !closed; i += BATCH) {
        const batch = texts.slice(i, i + BATCH);
        const vectors = await embedded(batch);
        if (closed) return;
        saveVectors(db, embedder.model, vectors);
        stored?.();
        await tell(batch.length);
        await new Promise((resolve) => setTimeout(resolve, pause_ms));
      }
      if (closed) return;
      after[kind] = up_to;
      if (done) return;
    }
  }

  return {
    kick() {
      kicked = true;
      if (running === null && !closed) running = run().finally(() => running = null);
    },
    idle: () => running ?? Promise.resolve(),
    async close() {
      closed = true;
      await running;
    },
  };
}
