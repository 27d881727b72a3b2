/** The embedder as a child of the front door: whether it is installed, and how it is started. */

import { join } from "node:path/posix";
import { TextLineStream } from "../shared/lines.ts";
import type { Embeddings } from "./config.ts";
import { missingFiles, modelFolder } from "./embedder/weights.ts";
import type { EmbedderProcess } from "./embedder_host.ts";
import { embedderFlags } from "./seal.ts";

/** Whether the embedder's packages are here. They come with `models pull`. */
export function packagesInstalled(root: string): boolean {
  return exists(
    join(root, "brain", "embedder", "node_modules", "@huggingface", "transformers", "package.json"),
  );
}

/** What a compiled program says of it. */
export const NO_EMBEDDER =
  "A compiled flower has no embedder of its own: memory goes by words, or by meaning through " +
  "an embeddings endpoint (embeddings: in config.yaml)";

/** What keeps the embedder from starting, a sentence for the player; empty when nothing does. */
export function missingForEmbedder(root: string, embeddings: Embeddings, compiled = false): string {
  if (compiled) return NO_EMBEDDER;
  const { path, model } = embeddings;
  const folder = modelFolder(path, model, exists);
  const files = missingFiles(folder, exists);
  if (files.length > 0) {
    return `The model ${model} is not in ${folder} (no ${files[0]}): flower models pull fetches it`;
  }
  return packagesInstalled(root)
    ? ""
    : "The embedder's packages are not installed: flower models pull installs them";
}

/** Starts the embedder for the configured model. `log` takes what it says on stderr. */
export function startEmbedder(
  root: string,
  embeddings: Embeddings,
  env: Record<string, string>,
  log: (line: string) => void,
): EmbedderProcess & { pid: number } {
  const folder = Deno.realPathSync(modelFolder(embeddings.path, embeddings.model, exists));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...embedderFlags(root, folder), join(root, "brain", "embedder", "main.ts")],
    cwd: root,
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // The terminal's Ctrl+C is not a crash.
    detached: true,
  }).spawn();
  const input = child.stdin.getWriter();
  const send = (line: string) => void input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  send(JSON.stringify({ path: folder, model: embeddings.model }));
  return {
    pid: child.pid,
    send,
    lines: linesOf(child, log),
    kill() {
      input.abort().catch(() => {});
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
    },
  };
}

async function* linesOf(child: Deno.ChildProcess, log: (line: string) => void): AsyncGenerator<string> {
  const text = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) =>
    stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const logged = (async () => {
    for await (const line of text(child.stderr)) log(line);
  })();
  yield* text(child.stdout);
  await logged;
  await child.status;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
