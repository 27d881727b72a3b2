/** Units by likeness: the contract of an index of vectors, and the exact one that is always there. */

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
