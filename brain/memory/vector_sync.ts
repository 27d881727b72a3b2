/**
 * Keeps an index elsewhere in step with the record, and stands before it: while the index is down, slow or not yet
 * filled, searches are refused at once and the embedded index serves. Nothing is noted about what was sent: an index is
 * asked what it has whenever it comes (back), so that what was deleted meanwhile goes, whatever befell either side.
 */
import type { Database } from "../store/database.ts";
import { placedUnits, unitHashes, unitState } from "../store/placed_units.ts";
import { level, placed } from "./vector_level.ts";
import type { UnitKind, VectorIndex } from "./vectors.ts";

export interface SyncOptions {
  /** Whose vectors. */
  model: string;
  /** Tells the player a sentence. */
  tell(text: string): void;
  log(level: "info" | "warn", text: string): void;
  /** Milliseconds. */
  now(): number;
  /** The first look waits for this. */
  after?: Promise<unknown>;
  /** Between looks at the record, in milliseconds. */
  look_ms?: number;
  /** Between attempts to reach an index that is down, in milliseconds; the last one again and again. */
  retry_ms?: readonly number[];
}

/** Searches through `near`; it rejects at once when the index cannot be trusted to answer well and in time. */
export interface VectorSync extends Pick<VectorIndex, "near"> {
  /** Vectors came, or units went: looks at once. */
  poke(): void;
  /** What is wrong, as a sentence; empty when nothing is. */
  condition(): string;
  /** Resolves when the index is in step with the record, or has failed to be. */
  settled(): Promise<void>;
  /** Ends it all, the index too. */
  close(): Promise<void>;
}

const KINDS: readonly UnitKind[] = ["lore", "memory"];
const LOOK_MS = 30_000;
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000] as const;
/** Late answers in a row that make an index slow. */
const LATE = 3;
/** An index that comes and goes is told of once in this time. */
const TELL_AGAIN_MS = 10 * 60_000;

/** Opens the sync over `index`, which it owns from now on. Nothing waits for it. */
export function openVectorSync(db: Database, index: VectorIndex, options: SyncOptions): VectorSync {
  const { model, look_ms = LOOK_MS, retry_ms = RETRY_MS } = options;
  let up = false;
  /** Why it is not up; null: it was not tried yet, or it is. */
  let outage: unknown = null;
  let late = 0;
  let told_ms = -Infinity;
  let back_is_news = false;
  let closed = false;
  let pokes = 0;
  let pokes_done = 0;
  let wake = () => {};
  const waiting: (() => void)[] = [];

  async function run(): Promise<void> {
    await options.after;
    let failures = 0;
    while (!closed) {
      try {
        const there = new Map<UnitKind, Map<number, string>>();
        for (const kind of KINDS) there.set(kind, await index.list(kind));
        await follow(there, () => failures = 0);
      } catch (error) {
        goDown(error);
        settle();
        await pause(retry_ms[Math.min(failures++, retry_ms.length - 1)]);
      }
    }
    settle();
  }

  /** Until it is closed; rejects when the index fails or is found too slow. */
  async function follow(there: Map<UnitKind, Map<number, string>>, reached: () => void): Promise<void> {
    const complete_to: Record<UnitKind, number> = { lore: 0, memory: 0 };
    let seen = "";
    let changed = 0;
    while (!closed) {
      const state = unitState(db);
      if (state !== seen || pokes !== pokes_done) {
        pokes_done = pokes;
        for (const kind of KINDS) {
          // A poke alone tells of new vectors.
          const after_id = state === seen ? complete_to[kind] : 0;
          const done = await level(db, index, kind, there.get(kind)!, model, after_id);
          complete_to[kind] = done.complete_to;
          changed += done.changed;
        }
        seen = state;
        // Once more: what went while other units were sent must not stay behind.
        continue;
      }
      if (!up) {
        await probe();
        reached();
        goUp(changed);
      }
      if (pokes === pokes_done) settle();
      await pause(look_ms);
      if (!up) throw outage;
    }
  }

  /** A search like those to come: it loads what the server has on its disk, and shows whether it is fast enough. */
  async function probe(): Promise<void> {
    const sample = KINDS.flatMap((kind) => {
      const first = unitHashes(db, kind, model, 0, 1).map(({ id }) => id);
      return placedUnits(db, kind, model, first);
    }).at(-1);
    if (sample === undefined) return;
    const { player_id, session_id, vector } = placed(sample);
    const scope = { kind: "memory", player_id: player_id || "-", session_id: session_id || "-" } as const;
    for (let tries = 1;; tries++) {
      try {
        return void await index.near(scope, vector, 1);
      } catch (error) {
        if (tries === LATE) throw error;
      }
    }
  }

  function goDown(error: unknown): void {
    const is_news = up || outage === null || reason(outage) !== reason(error);
    up = false;
    late = 0;
    outage = error;
    if (closed) return;
    if (is_news) options.log("warn", `vectors: ${reason(error)}`);
    if (options.now() - told_ms < TELL_AGAIN_MS) return;
    told_ms = options.now();
    back_is_news = true;
    options.tell(`✗ ${sentence(error)}`);
  }

  function goUp(changed: number): void {
    up = true;
    outage = null;
    options.log("info", `vectors: in step; units brought up to date: ${changed}`);
    if (back_is_news) options.tell("✓ Chroma answers again and is up to date.");
    back_is_news = false;
  }

  function settle(): void {
    for (const done of waiting.splice(0)) done();
  }

  function pause(ms: number): Promise<void> {
    if (closed || (up && pokes !== pokes_done)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const running = run();

  return {
    async near(scope, vector, limit) {
      if (!up) throw outage ?? new Error("The index is being filled");
      try {
        const found = await index.near(scope, vector, limit);
        late = 0;
        return found;
      } catch (error) {
        // A question that may not be asked says nothing about the index.
        if (error instanceof TypeError) throw error;
        late++;
        if (up && (late >= LATE || !isLate(error))) {
          goDown(error);
          wake();
        }
        throw error;
      }
    },
    poke() {
      pokes++;
      wake();
    },
    condition: () => outage === null ? "" : sentence(outage),
    settled() {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
        pokes++;
        wake();
      });
    },
    async close() {
      closed = true;
      wake();
      index.close();
      await running;
    },
  };
}

function isLate(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "late";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sentence(error: unknown): string {
  return `Chroma: ${reason(error)}. Memory goes on with the vectors in the database.`;
}
