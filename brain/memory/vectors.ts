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
