/** What may wait until the ready line is out: tokenizer, lore, SDK, and the memories that a crash or an import left out. */

import type { World } from "../shared/story.ts";
import type { Deps } from "./deps.ts";
import type { Library } from "./library/assets.ts";
import { loadSdk } from "./llm/openai_chat.ts";
import { factsByRule } from "./memory/fact_rules.ts";
import { remembering } from "./memory/remember.ts";
import { chunkLore } from "./memory/units.ts";
import { loadTokenizer } from "./prompt/budget.ts";
import type { Database } from "./store/database.ts";
import { pruneLore, syncLore } from "./store/lore.ts";
import type { Works } from "./works.ts";

/** Resolves when all is done, or soon after `leaving` is aborted. Never rejects: what fails is logged. */
export async function warmUp(
  db: Database,
  library: Library,
  works: Works,
  log: Deps["log"],
  leaving: AbortSignal,
): Promise<void> {
  try {
    await loadTokenizer();
    indexLore(db, library.worlds(), log);
    // Its patterns take 0.1 s to be made ready, which the first turn should not wait for.
    factsByRule("user", "I wait.", "");
    await loadSdk();
    await remember(db, library, works, leaving);
  } catch (error) {
    log("error", `warming up: ${error instanceof Error ? error.message : error}`);
  }
}

/** In steps: ten thousand messages take seconds, in which stories are told. */
async function remember(db: Database, library: Library, works: Works, leaving: AbortSignal): Promise<void> {
  const names = new Map(library.characters().map(({ id, name }) => [id, name]));
  const work = { id: "memories", label: "Remembering what was told before", unit: "items" as const };
  try {
    for (const { done, total } of remembering(db, (id) => names.get(id) ?? null, Date.now())) {
      const over = done === total;
      works.take({ ...work, label: over ? "" : work.label, done, total, state: over ? "done" : "running" });
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (leaving.aborted) return;
    }
  } catch (error) {
    works.take({ ...work, done: 0, total: null, state: "failed" });
    throw error;
  }
}

/** Brings the index in step with the worlds' lore; a failure is logged. */
export function indexLore(db: Database, worlds: readonly World[], log: Deps["log"]): void {
  try {
    for (const world of worlds) syncLore(db, world.id, chunkLore(world.lore));
    pruneLore(db, worlds.map((world) => world.id));
  } catch (error) {
    log("error", `lore could not be indexed: ${error instanceof Error ? error.message : error}`);
  }
}
