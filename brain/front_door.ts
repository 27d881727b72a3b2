/** Starts one sealed brain, relays its ready line and its log, and ends it when its owner leaves. */

import { join } from "node:path/posix";
import { TextLineStream } from "../shared/lines.ts";
import { EXIT } from "../shared/roles.ts";
import { fromSources, type Self } from "../shared/self.ts";
import type { Orders } from "./channel.ts";
import { childEnv } from "./child_env.ts";
import { EmbedderHost } from "./embedder_host.ts";
import { missingForEmbedder, startEmbedder } from "./embedder_process.ts";
import type { LogFile } from "./log_file.ts";
import { prepare, type Prepared, type PrepareOptions } from "./preparation.ts";
import { sealedBrainFlags } from "./seal.ts";
import { StartError } from "./start_error.ts";

export interface FrontDoorOptions extends PrepareOptions {
  /** Folder that holds brain/ and deno.json; real. */
  root: string;
  /** The sealed brain's program; real. */
  entry: string;
  /** How it starts its children; from `root` and `entry` unless it is given. */
  self?: Self;
}

const READY_TIMEOUT_MS = 30_000;
/** The brain has 3 s to settle its replies: mostly it takes some hundredths, on a busy machine more than one. */
const SETTLE_MS = 4500;

/** Runs until the brain ends or is told to; resolves to the exit code. Never throws. */
export async function runFrontDoor(options: FrontDoorOptions): Promise<number> {
  try {
    const prepared = await prepare(options);
    try {
      return await runBrain(options, prepared);
    } finally {
      prepared.log.close();
    }
  } catch (error) {
    const code = error instanceof StartError ? error.code : EXIT.failed;
    const text = error instanceof Error ? error.message : String(error);
    if (options.with_parent) await say(Deno.stdout, JSON.stringify({ ready: false, error: text, code }));
    else await say(Deno.stderr, text);
    return code;
  }
}

async function runBrain(options: FrontDoorOptions, prepared: Prepared): Promise<number> {
  const { config, keys, tls, log } = prepared;
  const self = options.self ?? fromSources(options.root, options.entry);
  const child = new Deno.Command(Deno.execPath(), {
    args: self.sealed("brain", sealedBrainFlags(config, options.root, tls !== null)),
    cwd: self.folder(config.home),
    clearEnv: true,
    // Its errors go to a log.
    env: childEnv(),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // A process group of its own: the terminal's Ctrl+C and Ctrl-Z are not for the brain.
    detached: true,
  }).spawn();
  const channel = child.stdin.getWriter();
  let asked_to_stop = false;
  let asked_gently = false;
  let force: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    if (asked_to_stop) return;
    asked_to_stop = true;
    channel.close().catch(() => {});
    clearTimeout(force);
    force = setTimeout(() => kill(child), SETTLE_MS);
  };
  /** Replies that run may end; asking again does not hurry them, Ctrl+C does. */
  const stop_gently = () => {
    if (config.grace_ms === 0) return stop();
    if (asked_gently || asked_to_stop) return;
    asked_gently = true;
    signal(child, "SIGTERM");
    force = setTimeout(() => kill(child), config.grace_ms + SETTLE_MS);
  };
  // Whoever started it without a terminal (nohup, a service) means it to stay when one is closed.
  const hang_up = options.with_parent || isAtTerminal() ? stop : () => {};
  const forget_signals = onSignals({ SIGINT: stop, SIGHUP: hang_up, SIGTERM: stop_gently });
  if (options.with_parent) untilEnd(Deno.stdin.readable).then(stop);
  const logged = relayLog(child.stderr, log, !options.with_parent);
  const tell = (value: unknown) =>
    void channel.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`)).catch(() => {});
  const orders: Orders = tls === null ? { config, keys } : { config, keys, tls };
  tell(orders);
  const embedder = new EmbedderHost({
    missing: () => missingForEmbedder(options.root, config.embeddings, self.compiled),
    start: () =>
      startEmbedder(
        options.root,
        config.embeddings,
        childEnv(),
        (line) => void log.write(`embedder: ${line}`),
      ),
    answer: (embedded) => tell({ embedded }),
    log: (text) => void log.write(text),
  });

  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  try {
    const late = setTimeout(() => kill(child), READY_TIMEOUT_MS);
    const first = await lines.read().catch(() => ({ value: undefined }));
    clearTimeout(late);
    if (first.value === undefined) {
      const { code } = await child.status;
      await logged;
      if (asked_to_stop) return code;
      const where = join(config.home, "logs", "brain.log");
      throw new StartError(
        `The brain ended with code ${code} before it was ready; see ${where}`,
        EXIT.failed,
      );
    }
    await say(Deno.stdout, readyLine(first.value));
    for (let next = await lines.read(); !next.done; next = await lines.read()) embedder.handle(next.value);
    const { code } = await child.status;
    await logged;
    return code;
  } catch (error) {
    stop();
    await child.status;
    throw error;
  } finally {
    clearTimeout(force);
    forget_signals();
    await embedder.close();
  }
}

/** The line for our own stdout, exactly as scripts rely on it. Throws StartError when the brain did not start. */
function readyLine(line: string): string {
  let said: Record<string, unknown> = {};
  try {
    said = JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Answered below.
  }
  if (said?.ready === true) {
    return JSON.stringify({ ready: true, url: said.url, pid: said.pid, version: said.version });
  }
  if (said?.ready === false) {
    throw new StartError(String(said.error), said.code === EXIT.no_brain ? EXIT.no_brain : EXIT.failed);
  }
  throw new StartError(
    `The brain began with something else than its ready line: ${line.slice(0, 200)}`,
    EXIT.failed,
  );
}

async function relayLog(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  log: LogFile,
  echo: boolean,
): Promise<void> {
  for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    const written = log.write(line);
    if (echo) await say(Deno.stderr, written);
  }
}

async function untilEnd(stream: ReadableStream<Uint8Array>): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // A broken pipe is an end too.
  }
}

function onSignals(acts: Record<"SIGINT" | "SIGHUP" | "SIGTERM", () => void>): () => void {
  const signals = Object.entries(acts) as [Deno.Signal, () => void][];
  for (const [signal, act] of signals) Deno.addSignalListener(signal, act);
  return () => signals.forEach(([signal, act]) => Deno.removeSignalListener(signal, act));
}

function isAtTerminal(): boolean {
  return Deno.stdin.isTerminal() || Deno.stdout.isTerminal() || Deno.stderr.isTerminal();
}

function kill(child: Deno.ChildProcess): void {
  signal(child, "SIGKILL");
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has ended already.
  }
}

async function say(stream: { write(bytes: Uint8Array): Promise<number> }, line: string): Promise<void> {
  try {
    const bytes = new TextEncoder().encode(`${line}\n`);
    for (let done = 0; done < bytes.length;) done += await stream.write(bytes.subarray(done));
  } catch {
    // Nobody listens any more.
  }
}
