/** `flower models pull|list|path`: the model that makes memory go by meaning, on this machine. */

import { join, resolve } from "node:path/posix";
import { EXIT } from "../../shared/roles.ts";
import { TextLineStream } from "../../shared/lines.ts";
import { childEnv } from "../child_env.ts";
import { type Config, loadConfig } from "../config.ts";
import { sumOf } from "../embedder/pull.ts";
import { MINILM, modelFolder, PACKAGES_BYTES } from "../embedder/weights.ts";
import { packagesInstalled } from "../embedder_process.ts";
import { pullFlags } from "../seal.ts";
import { readText } from "../whole_file.ts";

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

/** One line of a pull: what is done, or how it ended. */
export type PullLine =
  | { step: "packages" }
  /** Bytes of all files. */
  | { step: "weights"; done: number; total: number }
  | { pulled: string }
  | { error: string; kind: string };

const MB = 1_000_000;

/** What tells where packages come from, beside .npmrc. */
const REGISTRY = ["NPM_CONFIG_REGISTRY", "npm_config_registry"];

/** What a pull fetches from nothing, in bytes: what an offer has to name. */
export const PULL_BYTES = PACKAGES_BYTES + MINILM.files.reduce((sum, file) => sum + file.bytes, 0);

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

/**
 * Installs the embedder's packages, then fetches the weights into `folder` in a sealed process. Lines of progress go to
 * `say`; resolves to the last line. Never throws.
 */
export async function pullModel(
  root: string,
  folder: string,
  hub: string,
  say: (line: PullLine) => void,
): Promise<PullLine> {
  try {
    if (!packagesInstalled(root)) {
      say({ step: "packages" });
      const fault = await installPackages(root);
      if (fault) return fault;
    }
    return await pullWeights(root, folder, hub, say);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), kind: "other" };
  }
}

/** Deno's own installer: it runs no script of a package. Null when it went well. */
async function installPackages(root: string): Promise<PullLine | null> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen", `--config=${join(root, "brain", "embedder", "deno.json")}`],
    cwd: join(root, "brain", "embedder"),
    clearEnv: true,
    env: childEnv(REGISTRY),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success && packagesInstalled(root)) return null;
  const said = new TextDecoder().decode(stderr).trim();
  const kind = /no space left/i.test(said)
    ? "full"
    : /error sending request|dns error|client error|connection/i.test(said)
    ? "offline"
    : "other";
  const why = {
    full: "the disk is full",
    offline: "the package registry cannot be reached",
    other: said.split("\n")[0].slice(0, 200) || "deno install says nothing",
  };
  return { error: `The embedder's packages could not be installed: ${why[kind]}`, kind };
}

async function pullWeights(
  root: string,
  folder: string,
  hub: string,
  say: (line: PullLine) => void,
): Promise<PullLine> {
  Deno.mkdirSync(folder, { recursive: true });
  const target = Deno.realPathSync(folder);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...pullFlags(hub, target), join(root, "brain", "embedder", "pull.ts")],
    cwd: root,
    clearEnv: true,
    env: childEnv(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  // Open until it has ended: should we be killed, its end tells it so.
  await input.write(new TextEncoder().encode(`${JSON.stringify({ hub, folder: target })}\n`));
  const errors = new Response(child.stderr).text();
  let last: PullLine | null = null;
  for await (
    const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  ) {
    const said = JSON.parse(line) as PullLine;
    if ("step" in said) say(said);
    else last = said;
  }
  const { code } = await child.status;
  await input.close().catch(() => {});
  const complaint = (await errors).trim().split("\n")[0];
  return last ?? { error: `The pull ended with code ${code}: ${complaint.slice(0, 200)}`, kind: "other" };
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
