/** Units by likeness: the contract of an index of vectors, and the exact one that is always there. */
import type { Database } from "../store/database.ts";
import { best } from "./rank.ts";
import { loreVectors, memoryVectors, type VectorRow, vectorsOf } from "../store/vectors.ts";

/** Whose units are looked at: the lore that a player can meet in a world, or the memories of a session. */
export type VectorScope =
  | { kind: "lore"; player_id: string; world_id: string }
  | { kind: "memory"; player_id: string; session_id: string };

/** A unit and the cosine of its vector to the one asked with. */
export interface Near {
  unit_id: number;
  similarity: number;
}

export type UnitKind = VectorScope["kind"];

/** A unit's vector (length 1) and whose it is. Its text is nowhere in an index. */
export interface PlacedVector {
  unit_id: number;
  /** Empty: lore of the world itself, which every player meets. */
  player_id: string;
  world_id: string;
  /** Empty for lore. */
  session_id: string;
  /** Names the text that the vector was made of. */
  hash: string;
  vector: Float32Array;
}

/** An index of vectors elsewhere; derived from the record. All but `close` reject when it does not answer as it should. */
export interface VectorIndex {
  /** At most `limit` units of the scope, nearest first. Never looks beyond the scope. */
  near(scope: VectorScope, vector: Float32Array, limit: number): Promise<Near[]>;
  /** Every unit of this kind that it has, with the hash of its text. */
  list(kind: UnitKind): Promise<Map<number, string>>;
  /** Takes units in, over earlier ones with the same ids. */
  put(kind: UnitKind, units: PlacedVector[]): Promise<void>;
  remove(kind: UnitKind, unit_ids: number[]): Promise<void>;
  close(): void;
}

/** So many of the units that had no vector yet are looked for again at each question. */
const PENDING_LOOK = 4000;

/** The vectors of one scope in memory, in rows of `dimension` numbers. */
interface Matrix {
  key: string;
  ids: number[];
  numbers: Float32Array;
  /** Units that had no vector when they were read. */
  pending: Set<number>;
  last_id: number;
}

/**
 * The embedded index: every vector of the scope is compared (2 ms for 10,000). Read from the record at the first
 * question, after that only what is new. One story and one world at a time are kept.
 */
export class ExactIndex {
  readonly #kept: Record<UnitKind, Matrix> = { lore: emptyMatrix(""), memory: emptyMatrix("") };

  /** At most `limit` units of the scope, nearest first. Throws StoreError. */
  near(db: Database, scope: VectorScope, model: string, vector: Float32Array, limit: number): Near[] {
    const matrix = this.#read(db, scope, model, vector.length);
    const { ids, numbers } = matrix;
    // Above 0, so that the worst unit too is among the best.
    const above = 2;
    const likeness = new Float64Array(ids.length);
    for (let row = 0, at = 0; row < ids.length; row++) {
      let similarity = above;
      for (let i = 0; i < vector.length; i++, at++) similarity += numbers[at] * vector[i];
      likeness[row] = similarity;
    }
    return best(likeness, limit).map((row) => ({ unit_id: ids[row], similarity: likeness[row] - above }));
  }

  #read(db: Database, scope: VectorScope, model: string, dimension: number): Matrix {
    const key = JSON.stringify([scope, model, dimension]);
    if (this.#kept[scope.kind].key !== key) this.#kept[scope.kind] = emptyMatrix(key);
    const matrix = this.#kept[scope.kind];
    const rows = scope.kind === "lore"
      ? loreVectors(db, scope.player_id, scope.world_id, model, matrix.last_id)
      : memoryVectors(db, scope.player_id, scope.session_id, model, matrix.last_id);
    matrix.last_id = rows.at(-1)?.id ?? matrix.last_id;
    for (const { id, vector } of rows) if (vector === null) matrix.pending.add(id);
    add(matrix, rows, dimension);
    if (matrix.pending.size > 0) {
      const late = [...matrix.pending].slice(0, PENDING_LOOK);
      add(matrix, vectorsOf(db, scope.player_id, scope.kind, model, late), dimension);
    }
    return matrix;
  }
}

function emptyMatrix(key: string): Matrix {
  return { key, ids: [], numbers: new Float32Array(0), pending: new Set(), last_id: 0 };
}

function add(matrix: Matrix, rows: VectorRow[], dimension: number): void {
  const made = rows.filter(({ vector }) => vector !== null && vector.byteLength === 4 * dimension);
  const needed = (matrix.ids.length + made.length) * dimension;
  if (needed > matrix.numbers.length) {
    const room = new Float32Array(Math.max(needed, Math.ceil(matrix.numbers.length * 1.5)));
    room.set(matrix.numbers);
    matrix.numbers = room;
  }
  const bytes = new Uint8Array(matrix.numbers.buffer);
  for (const { id, vector } of made) {
    bytes.set(vector!, 4 * matrix.ids.length * dimension);
    matrix.ids.push(id);
    matrix.pending.delete(id);
  }
}
