// A shell in a pseudo terminal, with the screen that a person would see: for programs that must give the terminal back.

import * as pty from "@lydell/node-pty";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createEmulator, type Emulator } from "./emulator.ts";
import { cleanEnv, ROOT } from "./processes.ts";

export interface ShellOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
}

export interface Shell extends AsyncDisposable {
  pid: number;
  emulator: Emulator;
  /** Everything written to the terminal so far, byte for byte as Latin-1. */
  output(): string;
  type(keys: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** Resolves with the match once the screen shows it; throws with the screen when it does not come. */
  shows(pattern: RegExp, timeout_ms?: number): Promise<RegExpExecArray>;
  /** Resolves once `ready` and nothing was written for `ms`. */
  quiet(ready: () => boolean, ms: number): Promise<void>;
  /** Until it is called with null: `listener` gets what is written and hands it on, so that it can look in between. */
  onOutput(listener: ((text: string, write: (text: string) => void) => void) | null): void;
  kill(signal: string): void;
  /** Closes the terminal's window. */
  hangUp(): void;
  ended: Promise<void>;
}

/** Runs `command` (a program and its arguments) in a terminal of its own. Killed at the end of its `using`. */
export function startShell(command: readonly string[], options: ShellOptions = {}): Shell {
  const { columns = 80, rows = 24 } = options;
  const emulator = createEmulator(columns, rows);
  const child = pty.spawn(command[0], command.slice(1), {
    cols: columns,
    rows,
    cwd: ROOT,
    env: cleanEnv({ TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env }),
    // Bytes: what is broken must be seen broken.
    encoding: null,
  });
  const output: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let has_ended = false;
  let heard = () => {};
  let heard_ms = 0;
  let listener: ((text: string, write: (text: string) => void) => void) | null = null;
  child.onData((data) => {
    const bytes = data as unknown as Uint8Array;
    output.push(bytes);
    heard_ms = performance.now();
    // As text: xterm.js loses some characters that are cut between two writes. It takes it at once.
    const text = decoder.decode(bytes, { stream: true });
    if (listener === null) emulator.write(text);
    else listener(text, (part) => void emulator.write(part));
    const replies = emulator.replies();
    if (replies !== "" && !has_ended) child.write(replies);
    heard();
  });
  const ended = new Promise<void>((resolve) =>
    child.onExit(() => {
      has_ended = true;
      resolve();
    })
  );
  return {
    pid: child.pid,
    emulator,
    output: () => Buffer.concat(output).toString("latin1"),
    type: (keys) => child.write(typeof keys === "string" ? keys : Buffer.from(keys) as unknown as string),
    resize(width, height) {
      emulator.resize(width, height);
      child.resize(width, height);
    },
    async shows(pattern, timeout_ms = 20_000) {
      const deadline = performance.now() + timeout_ms;
      while (true) {
        const match = pattern.exec(emulator.text());
        if (match !== null) return match;
        const left_ms = deadline - performance.now();
        if (left_ms <= 0) {
          throw new Error(`Waited for ${pattern}, the screen shows:\n${emulator.text().trim()}`);
        }
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          heard = resolve;
          timer = setTimeout(resolve, left_ms);
        });
        clearTimeout(timer);
      }
    },
    async quiet(ready, ms) {
      const deadline = performance.now() + 20_000;
      while (!ready() || performance.now() - heard_ms < ms) {
        if (performance.now() > deadline) throw new Error(`It is never quiet:\n${emulator.text().trim()}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    onOutput: (next) => void (listener = next),
    kill: (signal) => child.kill(signal),
    hangUp() {
      has_ended = true;
      (child as unknown as { destroy(): void }).destroy();
    },
    ended,
    async [Symbol.asyncDispose]() {
      if (!has_ended) child.kill("SIGKILL");
      await ended;
      emulator.dispose();
    },
  };
}

/** Modes that a face switches on; the bracketed paste of an interactive bash is its own. */
const MODES = [1049, 2004, 1004, 1000, 1006];

/** Sees that a face has the terminal. */
export function assertTaken({ emulator }: Shell): void {
  assert.deepEqual(MODES.filter(emulator.mode), MODES);
  assert.equal(emulator.mode(7), false);
}

/** Sees that no face has it any more: screen, modes, keys, cursor, style, title. `own`: modes the shell itself uses. */
export function assertGivenBack({ emulator, output }: Shell, own: readonly number[] = []): void {
  const found = [...MODES, 2026].filter(emulator.mode).filter((mode) => !own.includes(mode));
  assert.deepEqual(found, [], "modes that are left on");
  assert.equal(emulator.mode(7), true, "wrapping");
  assert.equal(emulator.mode(25), true, "the cursor is visible");
  const text = output();
  const count = (sequence: string) => text.split(sequence).length - 1;
  // xterm.js keeps no stack of titles: one that was put back is known by its sequences.
  assert.equal(count("\x1b[22;2t"), count("\x1b[23;2t"), "the title is as it was");
  if (count("\x1b[22;2t") === 0) assert.equal(emulator.title(), "");
  assert.equal(count("\x1b[>5u"), count("\x1b[<u"), "keys are as they were");
  assert.ok(text.lastIndexOf("\x1b[>4m") > text.lastIndexOf("\x1b[>4;1m"), "other keys are as they were");
  const { x, y } = emulator.cursor();
  // What is written next is plain, and the last row written is, too.
  for (const cell of [emulator.cell(x, y), emulator.cell(0, Math.max(0, y - 1))]) {
    const { fg, bg, bold, italic, underline, reverse } = cell;
    assert.deepEqual([fg, bg, bold, italic, underline, reverse], [null, null, false, false, false, false]);
  }
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
