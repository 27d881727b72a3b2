/**
 * Real weights for tests: found in ${FLOWER_MODELS}, else in the models folder of the player's own home; never fetched
 * here. `.ci/run` fills the folder from packages (tests/support/fill_weights.ts).
 */

import { join } from "node:path/posix";
import { missingFiles } from "../../brain/embedder/weights.ts";
import { packagesInstalled } from "../../brain/embedder_process.ts";
import { defaultHome } from "../../shared/home.ts";
import { ROOT } from "./processes.ts";

export const MODEL = "Xenova/all-MiniLM-L6-v2";

/** The folder of models: where weights are looked for, whether they are there or not. */
export function modelsPath(env: (name: string) => string | undefined = (name) => Deno.env.get(name)): string {
  return env("FLOWER_MODELS") || join(defaultHome(env, Deno.build.os), "models");
}

/** The folder of models, when the weights and the embedder's packages are here; null otherwise: the test is skipped. */
export function realModels(): string | null {
  const path = modelsPath();
  const exists = (file: string) => {
    try {
      return Deno.statSync(file).isFile;
    } catch {
      return false;
    }
  };
  return missingFiles(join(path, MODEL), exists).length === 0 && packagesInstalled(ROOT) ? path : null;
}
