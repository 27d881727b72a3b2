/** Fetching the model that makes memory go by meaning: the embedder's packages, then its weights in a process of its own. */

import { join } from "node:path/posix";
import { TextLineStream } from "../../shared/lines.ts";
import { childEnv } from "../child_env.ts";
import { MINILM, PACKAGES_BYTES } from "../embedder/weights.ts";
import { packagesInstalled } from "../embedder_process.ts";
import { pullFlags } from "../seal.ts";

/** One line of a pull: what is done, or how it ended. */
export type PullLine =
  | { step: "packages" }
  /** Bytes of all files. */
  | { step: "weights"; done: number; total: number }
  | { pulled: string }
  | { error: string; kind: string };

/** What tells where packages come from, beside .npmrc. */
const REGISTRY = ["NPM_CONFIG_REGISTRY", "npm_config_registry"];

/** What a pull fetches from nothing, in bytes: what an offer has to name. */
export const PULL_BYTES = PACKAGES_BYTES + MINILM.files.reduce((sum, file) => sum + file.bytes, 0);

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
