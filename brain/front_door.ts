/** Starts one sealed brain, relays its ready line and its log, and ends it when its owner leaves. */

import { dirname, join, resolve } from "node:path/posix";
import { TextLineStream } from "../shared/lines.ts";
import { EXIT } from "../shared/roles.ts";
import { fromSources, type Self } from "../shared/self.ts";
import { type Config, type Keys, loadConfig } from "./config.ts";
import { EmbedderHost } from "./embedder_host.ts";
import { missingForEmbedder, startEmbedder } from "./embedder_process.ts";
import { LogFile } from "./log_file.ts";
import { ownToken, readTls } from "./outside.ts";
import { sealedBrainFlags } from "./seal.ts";
import { StartError } from "./start_error.ts";

export interface FrontDoorOptions {
  home: string;
  /** As given; null: look in the working directory, then in home. */
  config_path: string | null;
  assets: string;
  host: string;
  port: number;
  /** EOF on stdin ends it all; errors go to stdout as a line for the face, which draws on our stderr's terminal. */
  with_parent: boolean;
  /** As given: a file with the token of who plays at this machine; null: a random one, or none. */
  token_file: string | null;
  /** As given: PEM files; null: no TLS. */
  tls_cert: string | null;
  tls_key: string | null;
  /** A proxy in front says in X-Forwarded-* what it was asked. */
  trust_proxy: boolean;
  /** Folder that holds brain/ and deno.json; real. */
  root: string;
  /** The sealed brain's program; real. */
  entry: string;
  /** How it starts its children; from `root` and `entry` unless it is given. */
  self?: Self;
}

const READY_TIMEOUT_MS = 30_000;
/** The brain has 1 s to settle its replies. */
const SETTLE_MS = 1500;
/** What replies that run get when a brain on its own is told to end by SIGTERM. */
const GRACE_MS = 10_000;
const LOG_BYTES = 1024 * 1024;
const LOG_FILES_KEPT = 4;
const PASSED_ON = [
  "PATH",
  "HOME",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Runs until the brain ends or is told to; resolves to the exit code. Never throws. */
export async function runFrontDoor(options: FrontDoorOptions): Promise<number> {
  try {
    const { config, keys, tls, log } = prepare(options);
    try {
      return await runBrain(options, { config, keys, tls }, log);
    } finally {
      log.close();
    }
  } catch (error) {
    const code = error instanceof StartError ? error.code : EXIT.failed;
    const text = error instanceof Error ? error.message : String(error);
    if (options.with_parent) await say(Deno.stdout, JSON.stringify({ ready: false, error: text, code }));
    else await say(Deno.stderr, text);
    return code;
  }
}

/** What the sealed brain is told first, without the null of a brain without TLS. */
interface Orders {
  config: Config;
  keys: Keys;
  tls: { cert: string; key: string } | null;
}

/** Makes the home, reads the config and what lets others in, opens the log. Throws StartError. */
function prepare(options: FrontDoorOptions): Orders & { log: LogFile } {
  const cwd = Deno.cwd();
  const wanted = resolve(cwd, options.home);
  const home = attempt(`The home ${wanted} cannot be used`, "Name another one with --home", () => {
    Deno.mkdirSync(join(wanted, "logs"), { recursive: true, mode: 0o700 });
    return Deno.realPathSync(wanted);
  });
  const assets = attempt(
    `The assets ${options.assets} cannot be read`,
    "Name others with --assets",
    () => Deno.realPathSync(resolve(cwd, options.assets)),
  );
  const tls = readTls(options);
  const { config, keys, complaints } = loadConfig({
    home,
    assets,
    config_path: options.config_path === null ? null : realPathOr(resolve(cwd, options.config_path)),
    cwd,
    env: (name) => Deno.env.get(name),
    read: readText,
    host: options.host,
    port: options.port,
    trust_proxy: options.trust_proxy,
    grace_ms: options.with_parent ? 0 : GRACE_MS,
  });
  const folder = attempt(
    `The folder of ${config.database_path} cannot be used`,
    "See database_path in the config",
    () => {
      Deno.mkdirSync(dirname(config.database_path), { recursive: true, mode: 0o700 });
      return Deno.realPathSync(dirname(config.database_path));
    },
  );
  config.database_path = join(folder, config.database_path.slice(dirname(config.database_path).length));
  config.token = ownToken(options, config);
  config.lore_folders = config.lore_folders.map((path) =>
    realPathOr(path, () => complaints.push(`lore_folders: ${path} does not exist`))
  );
  const log = attempt(`The log in ${home} cannot be written`, "Name another home with --home", () => {
    const secrets = [...Object.values(keys), config.token];
    return new LogFile(join(home, "logs", "brain.log"), {
      max_bytes: LOG_BYTES,
      keep: LOG_FILES_KEPT,
      secrets,
    });
  });
  for (const complaint of complaints) {
    log.write(complaint);
    if (!options.with_parent) console.error(complaint);
  }
  return { config, keys, tls, log };
}

async function runBrain(options: FrontDoorOptions, orders: Orders, log: LogFile): Promise<number> {
  const { config, keys, tls } = orders;
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
  const forget_signals = onSignals(stop, stop_gently);
  if (options.with_parent) untilEnd(Deno.stdin.readable).then(stop);
  const logged = relayLog(child.stderr, log, !options.with_parent);
  const tell = (value: unknown) =>
    void channel.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`)).catch(() => {});
  tell(tls === null ? { config, keys } : { config, keys, tls });
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
export function readyLine(line: string): string {
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

function onSignals(stop: () => void, stop_gently: () => void): () => void {
  const signals: [Deno.Signal, () => void][] = [["SIGINT", stop], ["SIGHUP", stop], ["SIGTERM", stop_gently]];
  for (const [signal, act] of signals) Deno.addSignalListener(signal, act);
  return () => signals.forEach(([signal, act]) => Deno.removeSignalListener(signal, act));
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

function attempt<T>(what: string, hint: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
    throw new StartError(
      `${what}: ${why}. ${hint}.`,
      EXIT.failed,
    );
  }
}

export function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

function realPathOr(path: string, missing: () => void = () => {}): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    missing();
    return path;
  }
}

/** What the children of the front door see of the environment. */
export function childEnv(): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of PASSED_ON) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return env;
}
