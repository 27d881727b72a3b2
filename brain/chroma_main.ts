/**
 * Fills a Chroma server from the database, or compares the two, for `flower memory`: a sealed process that reaches that
 * server alone. In: one JSON line, `ChromaOrder`; out: one JSON line, `ChromaAnswer`.
 */

import { TextLineStream } from "../shared/lines.ts";
import { chromaIndex, type ChromaPlace } from "./memory/chroma.ts";
import { compare, level } from "./memory/vector_level.ts";
import { openDatabase } from "./store/database.ts";
import { storeName } from "./store/placed_units.ts";

export interface ChromaOrder {
  fill: boolean;
  database_path: string;
  place: Omit<ChromaPlace, "store">;
}

/** Units, when it was done. */
export type ChromaAnswer =
  | { same: number; missing: number; gone: number }
  /** Why it could not be done, for the player. */
  | { error: string };

async function work({ fill, database_path, place }: ChromaOrder): Promise<ChromaAnswer> {
  const db = openDatabase(database_path, { readonly: true, busy_timeout_ms: 5000 });
  const index = chromaIndex({ ...place, store: storeName(db) });
  try {
    const total = { same: 0, missing: 0, gone: 0 };
    for (const kind of ["lore", "memory"] as const) {
      const there = await index.list(kind);
      if (fill) await level(db, index, kind, there, place.model);
      const { same, missing, gone } = await compare(
        db,
        kind,
        fill ? await index.list(kind) : there,
        place.model,
      );
      total.same += same.length;
      total.missing += missing.length;
      total.gone += gone.length;
    }
    return total;
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    index.close();
    db.close();
  }
}

/** Answers the order in the first of `lines`; resolves to the exit code. */
export async function serveChroma(lines: AsyncIterable<string>): Promise<number> {
  for await (const line of lines) {
    console.log(JSON.stringify(await work(JSON.parse(line) as ChromaOrder)));
    break;
  }
  return 0;
}

if (import.meta.main) {
  await serveChroma(
    Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()),
  );
}
