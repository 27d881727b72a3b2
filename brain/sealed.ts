/**
 * The sealed programs in a compiled file, which knows no permission flags: a Worker has the few rights, this thread reads
 * its channel and its signals for it, runs no package, and gives up what it does not need for that.
 */

import { TextLineStream } from "../shared/lines.ts";
import { EXIT } from "../shared/roles.ts";
import type { SealedProgram } from "../shared/self.ts";
import type { ChromaOrder } from "./chroma_main.ts";
import type { Config } from "./config.ts";
import { chromaRights, sealedBrainRights, type WorkerRights } from "./seal.ts";

/** To the Worker. The program first, then each line of stdin, null at its end. */
export type SealedRequest = { program: SealedProgram } | { line: string | null } | { signal: "SIGTERM" };
/** From the Worker, once. */
export interface SealedAnswer {
  code: number;
}

/** What the Worker has no use for, and neither has this thread once it runs. */
const GIVEN_UP = ["run", "env", "sys", "ffi"] as const;

/** Runs a sealed program on this process's stdin and stdout; resolves to its exit code. `root` holds brain/. */
export async function runSealed(program: SealedProgram, root: string): Promise<number> {
  let worker: Worker | null = null;
  let told = false;
  const tell = (request: SealedRequest) => worker?.postMessage(request);
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => {
    told = true;
    tell({ signal: "SIGTERM" });
  });
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  const first = await lines.read();
  if (first.done) return EXIT.failed;
  const started = start(rightsFor(program, first.value, root));
  worker = started;
  for (const name of GIVEN_UP) Deno.permissions.revokeSync({ name });
  const ended = new Promise<number>((resolve) => {
    started.onmessage = ({ data }: MessageEvent<SealedAnswer>) => resolve(data.code);
    started.onerror = (event) => {
      event.preventDefault();
      console.error(event.message);
      resolve(EXIT.failed);
    };
  });
  tell({ program });
  tell({ line: first.value });
  if (told) tell({ signal: "SIGTERM" });
  (async () => {
    for (let next = await lines.read(); !next.done; next = await lines.read()) tell({ line: next.value });
    tell({ line: null });
  })().catch(() => tell({ line: null }));
  return await ended;
}

function rightsFor(program: SealedProgram, line: string, root: string): WorkerRights {
  switch (program) {
    case "brain": {
      const { config, tls } = JSON.parse(line) as { config: Config; tls?: unknown };
      return sealedBrainRights(config, root, tls !== undefined);
    }
    case "chroma": {
      const { database_path, place } = JSON.parse(line) as ChromaOrder;
      return chromaRights(place.url, database_path, root);
    }
  }
}

function start(permissions: WorkerRights): Worker {
  const program = new URL("./sealed_worker.ts", import.meta.url);
  return new Worker(program, { type: "module", name: "sealed", deno: { permissions } });
}
