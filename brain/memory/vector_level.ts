/** How an index elsewhere differs from the record, and how it is made the same. */
import type { Database } from "../store/database.ts";
import { type PlacedUnit, placedUnits, unitHashes } from "../store/placed_units.ts";
import type { PlacedVector, UnitKind, VectorIndex } from "./vectors.ts";

/** Ids of units. */
export interface Difference {
  /** In both, made of the same text. */
  same: number[];
  missing: number[];
  /** In the index alone. */
  gone: number[];
  /** Without a vector of this model: they can be in no index. */
  waiting: number[];
  /** Up to this id no unit waits. */
  complete_to: number;
}

/** Units looked at in one go, between which the brain does other things. */
const PAGE = 2000;
/** Units sent in one go. */
const BATCH = 250;

/**
 * Compares the record with `there`, which an index says it has. With `after_id` only units above it are looked at, as
 * far as there are new vectors (they are made oldest first), and nothing is found to be gone.
 */
export async function compare(
  db: Database,
  kind: UnitKind,
  there: ReadonlyMap<number, string>,
  model: string,
  after_id = 0,
): Promise<Difference> {
  const difference: Difference = { same: [], missing: [], gone: [], waiting: [], complete_to: after_id };
  const recorded = new Set<number>();
  for (let after = after_id;;) {
    const units = unitHashes(db, kind, model, after, PAGE);
    for (const { id, hash, ready } of units) {
      recorded.add(id);
      const is_same = there.get(id) === hash;
      if (is_same) difference.same.push(id);
      else (ready === 1 ? difference.missing : difference.waiting).push(id);
      // Of another text, and no vector yet to put in its place.
      if (!is_same && ready === 0 && there.has(id)) difference.gone.push(id);
      if (difference.waiting.length === 0) difference.complete_to = id;
    }
    if (units.length < PAGE) break;
    if (after_id > 0 && units.every(({ ready }) => ready === 0)) break;
    after = units[units.length - 1].id;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (after_id === 0) { for (const id of there.keys()) if (!recorded.has(id)) difference.gone.push(id); }
  return difference;
}

/**
 * Makes `index` hold of this kind what the record holds; `after_id` as in `compare`. `there` is what it has, and kept up
 * to date. `changed`: units put or removed. Rejects as the index does, with what was done until then done.
 */
export async function level(
  db: Database,
  index: VectorIndex,
  kind: UnitKind,
  there: Map<number, string>,
  model: string,
  after_id = 0,
): Promise<{ changed: number; complete_to: number }> {
  const { missing, gone, complete_to } = await compare(db, kind, there, model, after_id);
  // First of all: somebody wanted these gone.
  if (gone.length > 0) await index.remove(kind, gone);
  for (const id of gone) there.delete(id);
  for (let at = 0; at < missing.length; at += BATCH) {
    const units = placedUnits(db, kind, model, missing.slice(at, at + BATCH)).map(placed);
    // Noted before: what the answer to is lost may be there.
    for (const { unit_id, hash } of units) there.set(unit_id, hash);
    await index.put(kind, units);
  }
  return { changed: missing.length + gone.length, complete_to };
}

/** A row of the store as an index takes it: bytes become 32-bit floats, little-endian as they were written. */
export function placed(unit: PlacedUnit): PlacedVector {
  const { id, player_id, world_id, session_id, hash } = unit;
  return { unit_id: id, player_id, world_id, session_id, hash, vector: vectorOf(unit.vector) };
}

function vectorOf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, at) => view.getFloat32(4 * at, true));
}
