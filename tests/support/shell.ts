// A shell in a pseudo terminal, with the screen that a person would see: for programs that must give the terminal back.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createEmulator, type Emulator } from "./emulator.ts";
import { isAsleep, openPty } from "./pty.ts";

/** For anything that must come: a busy machine may take its time, a mistake need not be found soon. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5;

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
  /**
   * Resolves once `ready`, nothing was written for `ms` and the program and all that it started are asleep: what was typed
   * and sent before has been seen to.
   */
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
  const output: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let has_ended = false;
  let heard = () => {};
  let listener: ((text: string, write: (text: string) => void) => void) | null = null;
  const child = openPty(command, options, (bytes) => {
    output.push(bytes);
    // As text: xterm.js loses some characters that are cut between two writes. It takes it at once.
    const text = decoder.decode(bytes, { stream: true });
    if (listener === null) emulator.write(text);
    else listener(text, (part) => void emulator.write(part));
    const replies = emulator.replies();
    if (replies !== "") child.write(replies);
    heard();
  });
  const ended = child.ended.then(() => {
    has_ended = true;
    heard();
  });
  return {
    pid: child.pid,
    emulator,
    output: () => Buffer.concat(output).toString("latin1"),
    type: (keys) => child.write(typeof keys === "string" ? keys : Buffer.from(keys)),
    resize(width, height) {
      emulator.resize(width, height);
      child.resize(width, height);
    },
    async shows(pattern, timeout_ms = PATIENCE_MS) {
      const deadline = performance.now() + timeout_ms;
      while (true) {
        const match = pattern.exec(emulator.text());
        if (match !== null) return match;
        const left_ms = deadline - performance.now();
        if (left_ms <= 0 || has_ended) {
          const why = has_ended ? "the program has ended" : `waited ${timeout_ms} ms`;
          throw new Error(`${why}, ${pattern} is not on the screen:\n${emulator.text().trim()}`);
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
      const deadline = performance.now() + PATIENCE_MS + ms;
      // Counted in looks, not in time: a pause of this process is no silence of the other.
      for (let left = ms, seen = output.length; left > 0; left -= LOOK_MS) {
        if (performance.now() > deadline) {
          throw new Error(`For ${PATIENCE_MS + ms} ms it was never quiet:\n${emulator.text().trim()}`);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        if (output.length === seen && ready() && (has_ended || isAsleep(child.pid))) continue;
        seen = output.length;
        left = ms + LOOK_MS;
      }
    },
    onOutput: (next) => void (listener = next),
    kill: child.kill,
    hangUp: child.hangUp,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      emulator.dispose();
    },
  };
}

/** The end of the farewell, which a terminal wraps where it likes: before it stands a path. */
export const FAREWELL = new RegExp([..."goesonwhereitstopped."].join("\\s*").replace(".", "\\."));

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
