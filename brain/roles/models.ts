/** `flower models pull|list|path`: the model that makes memory go by meaning, on this machine. */

import { join, resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { type Config, loadConfig } from "../config.ts";
import { sumOf } from "../embedder/pull.ts";
import { MINILM, modelFolder, PACKAGES_BYTES } from "../embedder/weights.ts";
import { packagesInstalled } from "../embedder_process.ts";
import { readText } from "../whole_file.ts";
import { PULL_BYTES, type PullLine, pullModel } from "./pull.ts";

export interface ModelsOptions {
  action: "pull" | "list" | "path";
  home: string;
  /** As given; null: look in the working directory, then in home. */
  config_path: string | null;
  assets: string;
  /** Folder that holds brain/ and deno.json; real. */
  root: string;
  /** Where to pull from: the hub, or a mirror with the same paths. */
  from: string;
  /** Progress and results as JSON lines. */
  json: boolean;
}

const MB = 1_000_000;

/** Runs one action; resolves to the exit code. Never throws. */
export async function runModels(options: ModelsOptions): Promise<number> {
  const { embeddings } = settings(options);
  const folder = modelFolder(embeddings.path, embeddings.model, isFile);
  switch (options.action) {
    case "path":
      console.log(options.json ? JSON.stringify({ path: folder }) : folder);
      return EXIT.done;
    case "list":
      return await list(options, embeddings, folder);
    case "pull": {
      if (embeddings.engine === "local" && embeddings.model !== MINILM.model) {
        return end(options, {
          error: `Only ${MINILM.model} can be pulled; put ${embeddings.model} into ${folder} yourself`,
          kind: "other",
        });
      }
      const target = embeddings.engine === "local" ? folder : join(embeddings.path, MINILM.model);
      if (!options.json) {
        const size = Math.round(PULL_BYTES / MB);
        console.log(`${MINILM.model}: about ${size} MB to fetch at most, 330 MB on the disk, into ${target}`);
      }
      return end(
        options,
        await pullModel(options.root, target, options.from, (line) => progress(options, line)),
      );
    }
  }
}

async function list(
  options: ModelsOptions,
  embeddings: Config["embeddings"],
  folder: string,
): Promise<number> {
  const known = embeddings.model === MINILM.model;
  const files = await Promise.all(MINILM.files.map(async (file) => {
    const sum = await sumOf(join(folder, file.path));
    const state = sum === null ? "missing" : !known || sum === file.sha256 ? "ready" : "another build";
    return { path: file.path, state, sha256: sum };
  }));
  const packages = packagesInstalled(options.root);
  const { engine, model } = embeddings;
  if (options.json) {
    const missing = MINILM.files.filter((_, at) => files[at].state === "missing");
    const missing_bytes = engine !== "local" || !known
      ? null
      : missing.reduce((sum, file) => sum + file.bytes, packages ? 0 : PACKAGES_BYTES);
    console.log(JSON.stringify({ engine, model, folder, packages, files, missing_bytes }));
    return EXIT.done;
  }
  console.log(`engine    ${engine}${engine === "endpoint" ? ` at ${embeddings.url}` : ""}`);
  console.log(`model     ${model}`);
  if (engine !== "local") return EXIT.done;
  console.log(`folder    ${folder}`);
  console.log(`packages  ${packages ? "installed" : "missing"}`);
  for (const { path, state } of files) console.log(`${state.padEnd(15)}${path}`);
  if (!packages || files.some((file) => file.state === "missing")) {
    console.log("flower models pull fetches what is missing.");
  }
  return EXIT.done;
}

/** The config as the brain would read it; complaints are the brain's to tell. */
function settings(options: ModelsOptions): Config {
  const cwd = Deno.cwd();
  return loadConfig({
    home: resolve(cwd, options.home),
    assets: resolve(cwd, options.assets),
    config_path: options.config_path,
    cwd,
    env: (name) => Deno.env.get(name),
    read: readText,
  }).config;
}

let shown = "";

function progress(options: ModelsOptions, line: PullLine): void {
  if (options.json) return console.log(JSON.stringify(line));
  if (!("step" in line)) return;
  const text = line.step === "packages"
    ? "Installing the embedder's packages..."
    : `${(line.done / MB).toFixed(0)} of ${(line.total / MB).toFixed(0)} MB`;
  if (text !== shown) console.log(text);
  shown = text;
}

function end(options: ModelsOptions, line: PullLine): number {
  const failed = "error" in line;
  if (options.json) console.log(JSON.stringify(line));
  else if (failed) console.error(`${line.error}.`);
  else console.log("Ready. A running brain takes it with its next question.");
  return failed ? EXIT.failed : EXIT.done;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
