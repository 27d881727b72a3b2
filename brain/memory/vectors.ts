/** Units by likeness: the contract of an index of vectors, and the exact one that is always there. */
import type { Database } from "../store/database.ts";
import { best } from "./rank.ts";
import { dimensionOf, loreVectors, memoryVectors, type VectorRow, vectorsOf } from "../store/vectors.ts";

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

/** So many rows are read from the record in one go. */
const READ = 4000;
/**
 * Bytes of vectors kept of other scopes than the one asked about: stories of 20,000 units have 31 MB each. The scope asked
 * about last is kept however large it is: a question asks about a world and a story in turn.
 */
const KEPT_BYTES = 100_000_000;

/** The vectors of one scope in memory, in rows of `dimension` numbers. */
interface Matrix {
  ids: number[];
  numbers: Float32Array;
  /** Units that had no vector when they were read. */
  pending: Set<number>;
  last_id: number;
}

/**
 * The embedded index: every vector of the scope is compared (2 ms for 10,000). Read from the record at the first
 * question, after that only what is new. The stories and worlds asked about last are kept.
 */
export class ExactIndex {
  /** By scope and model, the one asked about last at the end. */
  readonly #kept = new Map<string, Matrix>();

  constructor(readonly kept_bytes = KEPT_BYTES) {}

  /** At most `limit` units of the scope, nearest first. Throws StoreError. */
  near(db: Database, scope: VectorScope, model: string, vector: Float32Array, limit: number): Near[] {
    const matrix = this.#matrix(scope, model, vector.length);
    while (readSome(db, scope, model, matrix, vector.length));
    readLate(db, scope, model, matrix, vector.length);
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

  /**
   * Reads some of what a question of this story and world will need; true: there is more. Nothing is read of a model
   * that made no vectors yet. Throws StoreError.
   */
  readAhead(
    db: Database,
    { player_id, session_id, world_id }: { player_id: string; session_id: string; world_id: string },
    model: string,
  ): boolean {
    const dimension = dimensionOf(db, model);
    if (dimension === null) return false;
    const scopes: VectorScope[] = [{ kind: "memory", player_id, session_id }, {
      kind: "lore",
      player_id,
      world_id,
    }];
    return scopes.some((scope) =>
      readSome(db, scope, model, this.#matrix(scope, model, dimension), dimension)
    );
  }

  #matrix(scope: VectorScope, model: string, dimension: number): Matrix {
    const key = JSON.stringify([scope, model, dimension]);
    const matrix = this.#kept.get(key) ?? emptyMatrix();
    this.#kept.delete(key);
    let bytes = [...this.#kept.values()].reduce((sum, { numbers }) => sum + numbers.byteLength, 0);
    for (const [oldest, { numbers }] of this.#kept) {
      if (bytes <= this.kept_bytes || this.#kept.size === 1) break;
      this.#kept.delete(oldest);
      bytes -= numbers.byteLength;
    }
    this.#kept.set(key, matrix);
    return matrix;
  }
}

// Reads units that are not known yet; returns whether there are more.
function readSome(
  db: Database,
  scope: VectorScope,
  model: string,
  matrix: Matrix,
  dimension: number,
): boolean {
  const rows = scope.kind === "lore"
    ? loreVectors(db, scope.player_id, scope.world_id, model, matrix.last_id, READ)
    : memoryVectors(db, scope.player_id, scope.session_id, model, matrix.last_id, READ);
  matrix.last_id = rows.at(-1)?.id ?? matrix.last_id;
  for (const { id, vector } of rows) if (vector === null) matrix.pending.add(id);
  add(matrix, rows, dimension);
  return rows.length === READ;
}

// Looks again for vectors of units that had none.
function readLate(
  db: Database,
  scope: VectorScope,
  model: string,
  matrix: Matrix,
  dimension: number,
): void {
  if (matrix.pending.size === 0) return;
  const late = [...matrix.pending].slice(0, PENDING_LOOK);
  add(matrix, vectorsOf(db, scope.player_id, scope.kind, model, late), dimension);
}

function emptyMatrix(): Matrix {
  return { ids: [], numbers: new Float32Array(0), pending: new Set(), last_id: 0 };
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
