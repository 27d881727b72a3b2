/**
 * A real Chroma server for tests: the program `chroma` of the Python package, named by ${FLOWER_CHROMA} or found on PATH;
 * never fetched here. `.ci/run` installs it in a folder of its own.
 */

import { join } from "node:path/posix";
import { TextLineStream } from "../../shared/lines.ts";

const START_MS = 120_000;

/**
 * The program's path; null when there is none: the test is skipped. npm's `chroma` (npx and deno put `node_modules/.bin`
 * on PATH, and the client has a command of that name) needs Node and is not the server meant here.
 */
export function chromaProgram(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string | null {
  const named = env("FLOWER_CHROMA");
  const folders = (env("PATH") ?? "").split(":").filter((folder) => !folder.endsWith("node_modules/.bin"));
  const places = named ? [named] : folders.map((folder) => join(folder, "chroma"));
  return places.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

export interface ChromaServer {
  /** Like http://127.0.0.1:41234. */
  url: string;
  port: number;
  /** What it keeps stays in its folder. */
  stop(): Promise<void>;
}

/** Starts a server over `folder`; resolves when it listens. `port` 0: any. */
export async function startChroma(folder: string, port = 0): Promise<ChromaServer> {
  const program = chromaProgram();
  if (program === null) throw new Error("no chroma: set FLOWER_CHROMA");
  const chosen = port || freePort();
  const child = new Deno.Command(program, {
    args: ["run", "--path", folder, "--host", "127.0.0.1", "--port", String(chosen)],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const listening = Promise.withResolvers<void>();
  const timer = setTimeout(() => listening.reject(new Error("chroma does not listen")), START_MS);
  const reading = (async () => {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of lines) if (line.includes("server listening")) listening.resolve();
    listening.reject(new Error("chroma ended"));
  })();
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It is gone.
    }
    await Promise.all([child.status, reading]);
  };
  try {
    await listening.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { url: `http://127.0.0.1:${chosen}`, port: chosen, stop };
}

/**
 * A port that nobody has now, for a program that cannot choose one by itself or has to come back to it. By chance, from
 * those that no system gives to an outgoing connection: of these, one that is free now may be taken in between.
 */
export function freePort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
