/** Makes vectors of what was told, off the reply's way. The queue is the record itself: every text without a vector. */
import type { Database } from "../store/database.ts";
import { dropOtherModels, saveVectors, unembedded, type UnitKind } from "../store/vectors.ts";
import type { Embedder } from "./embedder.ts";

export interface IndexerOptions {
  /** After each batch that was kept. */
  stored?(): void;
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

/** Opens the queue of all players' units over `db`; vectors of other models go when those of this one are complete. */
export function openIndexer(db: Database, embedder: Embedder, options: IndexerOptions = {}): Indexer {
  const { stored, failed, pause_ms = PAUSE_MS } = options;
  const after: Record<UnitKind, number> = { memory: 0, lore: 0 };
  let tidied = false;
  let kicked = false;
  let closed = false;
  let running: Promise<void> | null = null;

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
    }
  }

  async function embedAll(kind: UnitKind): Promise<void> {
    while (!closed) {
      const { texts, up_to, done } = unembedded(db, kind, embedder.model, after[kind]);
      for (let i = 0; i < texts.length && !closed; i += BATCH) {
        const batch = texts.slice(i, i + BATCH);
        const vectors = await embedder.embed(batch.map(({ text }) => text));
        if (closed) return;
        saveVectors(db, embedder.model, batch.map(({ hash }, at) => ({ hash, vector: vectors[at] })));
        stored?.();
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
