// A program in a pseudo terminal: nothing that it wrote is lost, however late this process comes to read it.

import * as pty from "@lydell/node-pty";
import { cleanEnv, ROOT } from "./processes.ts";

/**
 * node-pty gives up reading 200 ms after the program's end. Here it does after so many looks, 10 ms apart, of which none
 * found a byte: a pause of this process at that moment must not cost the last words.
 */
const LAST_LOOKS = 20;

export interface Pty {
  pid: number;
  write(keys: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  /** Closes the terminal's window. */
  hangUp(): void;
  /** Resolves once the program has ended and all that it wrote has been handed on. */
  ended: Promise<{ code: number; signal: number }>;
}

export interface PtyOptions {
  columns?: number;
  rows?: number;
  cwd?: string;
  env?: Record<string, string>;
}

/** What of node-pty's insides is needed: its way of giving up is no option. */
interface Insides {
  _socket: { destroy(): void };
  destroy(): void;
}

/** Runs `command` (a program and its arguments); `on_bytes` gets what it writes. */
export function openPty(
  command: readonly string[],
  options: PtyOptions,
  on_bytes: (bytes: Uint8Array) => void,
): Pty {
  const { columns = 80, rows = 24 } = options;
  const child = pty.spawn(command[0], command.slice(1), {
    cols: columns,
    rows,
    cwd: options.cwd ?? ROOT,
    env: cleanEnv({ TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env }),
    // Bytes: what is broken must be seen broken.
    encoding: null,
  });
  const insides = child as unknown as Insides;
  const socket = insides._socket;
  const give_up = socket.destroy.bind(socket);
  let looks = 0;
  // Asked to give up twice, by the stream's end and by node-pty's timer, it still looks once.
  let look: ReturnType<typeof setInterval> | undefined;
  socket.destroy = () => {
    look ??= setInterval(() => {
      if (++looks < LAST_LOOKS) return;
      clearInterval(look);
      give_up();
    }, 10);
  };
  let has_ended = false;
  child.onData((data) => {
    looks = 0;
    on_bytes(data as unknown as Uint8Array);
  });
  const ended = new Promise<{ code: number; signal: number }>((resolve) => {
    child.onExit(({ exitCode, signal }: { exitCode: number; signal?: number }) => {
      has_ended = true;
      clearInterval(look);
      resolve({ code: exitCode, signal: signal ?? 0 });
    });
  });
  return {
    pid: child.pid,
    write(keys) {
      if (!has_ended) child.write(keys as string);
    },
    resize: (width, height) => child.resize(width, height),
    kill(signal) {
      if (!has_ended) child.kill(signal);
    },
    hangUp() {
      has_ended = true;
      clearInterval(look);
      socket.destroy = give_up;
      insides.destroy();
    },
    ended,
  };
}

/** The processes that `pid` started and that still run. */
export function childrenOf(pid: number): number[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/).filter((word) =>
      word !== ""
    ).map(Number);
  } catch {
    return [];
  }
}

/**
 * Whether no thread of `pid` and of what it started has anything to do now: each waits for something. Who was sent a byte or
 * is paused is not asleep. Elsewhere than on Linux nobody knows: true.
 */
export function isAsleep(pid: number): boolean {
  if (Deno.build.os !== "linux") return true;
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      // Behind the name in brackets: the state.
      const [, state] = /^.*\) (\w)/s.exec(Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`)) ?? [];
      if (state !== "S" && state !== "Z") return false;
    }
  } catch {
    // A thread or the process has just ended.
    return !exists(`/proc/${pid}`);
  }
  return childrenOf(pid).every(isAsleep);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
