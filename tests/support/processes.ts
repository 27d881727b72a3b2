// Real processes for tests: a temporary home, the front door with its ready line, faces in a pseudo terminal. All of them
// end with their `using`; a test that leaves one behind fails in the sanitizers or in `gone`.

import { join } from "node:path/posix";
import { createEmulator, type Emulator } from "./emulator.ts";
import { openPty } from "./pty.ts";

export const ROOT = Deno.realPathSync(join(import.meta.dirname ?? "", "..", ".."));
/** The front door with the fixture brain in place of the sealed one. */
export const FIXTURE_DOOR = join(ROOT, "tests", "support", "fixture_front_door.ts");
export const FRONT_DOOR = join(ROOT, "brain", "main.ts");
export const FACE = join(ROOT, "face", "main.ts");

/** The command that starts a face for the brain at `url`, with a home folder of its own. */
export function faceCommand(url: string, home: string): string[] {
  return [Deno.execPath(), "run", "-A", "--no-check", "--quiet", FACE, "face", "--url", url, "--home", home];
}

/** For anything that must come: a busy machine may take its time, a mistake need not be found soon. */
const PATIENCE_MS = 60_000;

export interface TempHome extends AsyncDisposable {
  path: string;
}

/**
 * A new folder with a config.yaml that keeps models on this machine out of the test, and holds `config` besides.
 * Removed at the end of its `using`.
 */
export async function tempHome(config = ""): Promise<TempHome> {
  const path = await Deno.makeTempDir({ prefix: "flower-test-" });
  await Deno.writeTextFile(join(path, "config.yaml"), `local_servers: off\n${config}`);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Variables that a program under test may see: none of the player's own keys. */
export function cleanEnv(more: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...more };
}

/** Asks until the answer is neither false nor null nor undefined. Throws, naming `what`, when that takes too long. */
export async function until<T>(
  ask: () => T | Promise<T>,
  what: string,
  timeout_ms = PATIENCE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const end = Date.now() + timeout_ms;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (Date.now() > end) throw new Error(`After ${timeout_ms} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process runs. One that ended and was not yet reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return !/^State:\s+[ZX]/m.test(status);
  } catch {
    return false;
  }
}

/** Waits for a process to be gone. Throws when it stays. */
export async function gone(pid: number, timeout_ms = PATIENCE_MS): Promise<void> {
  await until(() => !isRunning(pid), `process ${pid} is gone`, timeout_ms);
}

export interface ReadyLine {
  ready: true;
  url: string;
  pid: number;
  version: string;
}

/** A program that talks on pipes. */
export interface Piped extends AsyncDisposable {
  pid: number;
  /** First line of stdout, parsed; throws when the program ends without one. */
  ready(): Promise<ReadyLine>;
  /** What came so far; all of it after `ended`. */
  stdout(): string;
  stderr(): string;
  closeStdin(): Promise<void>;
  signal(signal: Deno.Signal): void;
  /** Exit code, once both outputs are read to their end. */
  ended: Promise<number>;
}

/** Starts `deno run -A PROGRAM ARGS`. Stdin stays open until `closeStdin`. Killed with its brain at the end of `using`. */
export function startPiped(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Piped {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", program, ...args],
    cwd: options.cwd ?? ROOT,
    clearEnv: true,
    env: cleanEnv(options.env),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let out = "";
  let err = "";
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, add: (text: string) => void) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) add(text);
  };
  const outputs = Promise.all([
    collect(child.stdout, (text) => out += text),
    collect(child.stderr, (text) => err += text),
  ]);
  let has_ended = false;
  const ended = Promise.all([child.status, outputs]).then(([status]) => {
    has_ended = true;
    return status.code;
  });
  return {
    pid: child.pid,
    async ready() {
      const line = await until(
        () => out.includes("\n") ? out.slice(0, out.indexOf("\n")) : has_ended && "",
        "ready line",
      );
      if (line === "") throw new Error(`${program} ended without a line: ${err}`);
      return JSON.parse(line) as ReadyLine;
    },
    stdout: () => out,
    stderr: () => err,
    closeStdin: () => child.stdin.close().catch(() => {}),
    signal: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {});
      const end = (signal: Deno.Signal) => {
        try {
          child.kill(signal);
        } catch {
          // It has ended; perhaps its brain still holds its pipes.
        }
      };
      end("SIGTERM");
      const late = setTimeout(() => end("SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A program in a pseudo terminal, with the screen that a person would see. */
export interface Screen extends AsyncDisposable {
  pid: number;
  emulator: Emulator;
  /** Sends keys as the terminal would. */
  type(keys: string): void;
  /** Waits until the screen holds a text; throws with the screen when it does not come. */
  shows(text: string | RegExp, timeout_ms?: number): Promise<void>;
  kill(signal: string): void;
  ended: Promise<{ code: number; signal: number }>;
}

/**
 * Starts `deno run -A PROGRAM ARGS` in a terminal of `columns` x `rows`; with `executable` the program itself. Killed at the
 * end of its `using`.
 */
export function startScreen(
  program: string,
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    cwd?: string;
    columns?: number;
    rows?: number;
    executable?: boolean;
  } = {},
): Screen {
  const { columns = 80, rows = 24, executable = false } = options;
  const emulator = createEmulator(columns, rows);
  const command = executable
    ? [program, ...args]
    : [Deno.execPath(), "run", "-A", "--no-check", "--quiet", program, ...args];
  const decoder = new TextDecoder();
  const child = openPty(command, options, (bytes) => {
    emulator.write(decoder.decode(bytes, { stream: true }));
    const replies = emulator.replies();
    if (replies !== "") child.write(replies);
  });
  return {
    pid: child.pid,
    emulator,
    type: child.write,
    async shows(text, timeout_ms = PATIENCE_MS) {
      const found = () =>
        typeof text === "string" ? emulator.text().includes(text) : text.test(emulator.text());
      try {
        await until(found, `the screen shows ${text}`, timeout_ms);
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}; it shows:\n${emulator.text()}`);
      }
    },
    kill: child.kill,
    ended: child.ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      await child.ended;
      clearTimeout(late);
      emulator.dispose();
    },
  };
}

/** A socket to a brain that collects the frames it gets. */
export interface TestSocket extends AsyncDisposable {
  send(prompt: string): void;
  /** Waits for a frame whose text contains `text`, among all that came. */
  frame(text: string): Promise<string>;
  /** All frames so far that contain `text`. */
  frames(text: string): string[];
  closed: Promise<void>;
}

export async function openSocket(url: string, token = ""): Promise<TestSocket> {
  const socket = new WebSocket(url, {
    headers: token === "" ? undefined : { authorization: `Bearer ${token}` },
  });
  const frames: string[] = [];
  socket.onmessage = (message) => void frames.push(String(message.data));
  const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
  const opened = new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) =>
      reject(new Error(event instanceof ErrorEvent ? event.message : "socket error"));
  });
  await opened;
  return {
    send: (prompt) => socket.send(JSON.stringify({ prompt })),
    frame: (text) => until(() => frames.find((frame) => frame.includes(text)), `a frame with ${text}`),
    frames: (text) => frames.filter((frame) => frame.includes(text)),
    closed,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}
