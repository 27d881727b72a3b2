// Taking the terminal over and giving it back: on every way out, and around Ctrl-Z.

import { cleanPaste } from "./paste.ts";
import type { Terminal } from "./terminal.ts";
import { lineOfCells } from "./width.ts";
import type { Writer } from "./writer.ts";

const ENTER = "\x1b[?1049h" + // alternate screen
  "\x1b[?7l" + // no wrapping: a glyph wider than we believe cannot push a row
  "\x1b[?2004h" + // bracketed paste
  "\x1b[?1004h" + // focus reports
  "\x1b[>5u" + // kitty keys: tell Esc, Ctrl and Alt apart (1), report the Latin key too (4)
  "\x1b[>4;1m\x1b[m"; // modifyOtherKeys, for the others; the reset is for those who read it as a colour
const MOUSE_ON = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1006l\x1b[?1000l";
const LEAVE = "\x1b[?2026l\x1b[r\x1b[m" + // no open update, whole screen scrolls, plain style
  "\x1b[>4m\x1b[<u\x1b[=0u" + // keys: popped, and zeroed for terminals that keep no stack
  MOUSE_OFF + "\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[m\x1b[?25h";

// Asks for the terminal's state. Its answer ends the read that is under way, so that the next key is not ours.
const WAKE = "\x1b[5n";
const WAKE_WAIT_MS = 150; // a terminal that does not answer: its first key goes to us
/** Rings, or flashes the window, as the terminal is set. */
export const BELL: Uint8Array = new Uint8Array([7]);
const PUSH_TITLE = "\x1b[22;2t";
const POP_TITLE = "\x1b[23;2t";
const MAX_TITLE = 120;

const RESTORE_WAIT_MS = 500; // a terminal that does not read must not keep the process
const INTERRUPT_REPEAT_MS = 300; // `deno task` forwards one Ctrl-C twice

/** Exit codes as shells count them: 128 + signal number. */
const FATAL_SIGNALS = { SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const;

/** The process around the terminal. */
export interface Host {
  /** Returns what removes the listener. Signals unknown to the platform are ignored. */
  onSignal(signal: Deno.Signal, listener: () => void): () => void;
  /** `failed` hears of errors nobody caught (the process then goes on); `unload` that the process ends now. */
  onEnd(failed: (error: unknown) => void, unload: () => void): () => void;
  /** Stops the whole process group (without --allow-run: this process); returns when it is continued. */
  stop(): void;
  /** Prints to the normal screen (standard error when `code` is not 0) and ends the process. */
  exit(code: number, message: string): void;
  /** Writes to the terminal before returning. Only for `unload`, where nothing else is possible. */
  writeNow(bytes: Uint8Array): void;
}

export interface Lifecycle {
  /** Takes the terminal: alternate screen, raw mode, paste, focus, keys and mouse. */
  enter(): Promise<void>;
  /** Gives it back as it was. Safe to call twice. */
  leave(): Promise<void>;
  /** Gives it back, stops the process group as Ctrl-Z does, and takes it again on SIGCONT. */
  suspend(): Promise<void>;
  /**
   * Lends the terminal to another program and takes it again when `run` is over, however it ends. `quiet` resolves
   * when the reader has read something and reads no more.
   */
  lend<Outcome>(quiet: Promise<void>, run: () => Promise<Outcome>): Promise<Outcome>;
  /** Another title for the window; null: the one it had. */
  title(text: string | null): void;
  /** Gives it back, prints the message on the normal screen and ends the process. */
  exit(code: number, message?: string): Promise<void>;
  /** Switches mouse reports, so that the terminal's own selection works. */
  mouse(on: boolean): void;
  /** Removes all listeners. */
  close(): void;
}

export interface LifecycleOptions {
  mouse: boolean;
  /** The terminal is ours again and shows nothing we know: paint everything. */
  onResume: () => void;
  /** SIGINT from outside (in raw mode Ctrl-C is a key), at most once per 300 ms. Default: exit with code 130. */
  onInterrupt?: () => void;
  /** The last moment before the process ends by a signal or an error: save what must not be lost. Must not wait. */
  beforeExit?: () => void;
  /** Milliseconds, any origin. */
  now: () => number;
}

/** Installs the listeners for signals and crashes; nothing is written before `enter`. */
export function createLifecycle(
  terminal: Terminal,
  writer: Writer,
  host: Host,
  options: LifecycleOptions,
): Lifecycle {
  const encoder = new TextEncoder();
  let entered = false, suspended = false, exiting = false, lent = false, titled = false;
  let mouse_on = options.mouse;
  let interrupted_ms = -Infinity;

  function raw(on: boolean): void {
    try {
      terminal.raw(on);
    } catch {
      // the terminal is gone; there is nothing to switch
    }
  }

  async function send(text: string): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waited = new Promise<void>((resolve) => timer = setTimeout(resolve, RESTORE_WAIT_MS));
    const written = terminal.write(encoder.encode(text)).catch(() => {});
    await Promise.race([written, waited]);
    clearTimeout(timer);
  }

  async function enter(): Promise<void> {
    if (entered) return;
    entered = true;
    raw(true);
    writer.resume();
    // No timer here: the first one of a process loads 3 ms of code, and nothing could be drawn without this anyway.
    await terminal.write(encoder.encode(ENTER + (mouse_on ? MOUSE_ON : ""))).catch(() => {});
  }

  async function leave(): Promise<void> {
    writer.pause();
    if (!entered) return;
    entered = false;
    await send((titled ? POP_TITLE : "") + LEAVE);
    titled = false;
    raw(false);
  }

  async function lend<Outcome>(quiet: Promise<void>, run: () => Promise<Outcome>): Promise<Outcome> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await send(WAKE);
    await Promise.race([quiet, new Promise<void>((resolve) => timer = setTimeout(resolve, WAKE_WAIT_MS))]);
    clearTimeout(timer);
    await leave();
    lent = true;
    try {
      return await run();
    } finally {
      lent = false;
      if (!exiting) {
        await enter();
        options.onResume();
      }
    }
  }

  async function suspend(): Promise<void> {
    // The borrower stops itself; whoever started us must stop with it, or its shell would never come back.
    if (lent) return host.stop();
    if (suspended || exiting || !entered) return;
    suspended = true;
    await leave();
    host.stop();
  }

  async function resume(): Promise<void> {
    if (exiting || !(suspended || entered)) return;
    // Continued after a stop nobody told us of (SIGSTOP): the shell has changed the terminal under us.
    if (!suspended) await leave();
    suspended = false;
    await enter();
    options.onResume();
  }

  async function exit(code: number, message = ""): Promise<void> {
    if (exiting) return;
    exiting = true;
    await leave();
    host.exit(code, cleanPaste(message));
  }

  function fail(code: number, message: string): void {
    if (exiting) return;
    try {
      options.beforeExit?.();
    } catch (error) {
      message += `${message === "" ? "" : "\n"}${describe(error)}`;
    }
    exit(code, message);
  }

  function interrupt(): void {
    if (lent) return;
    const at_ms = options.now();
    const repeated = at_ms - interrupted_ms < INTERRUPT_REPEAT_MS;
    interrupted_ms = at_ms;
    if (repeated) return;
    if (options.onInterrupt !== undefined) options.onInterrupt();
    else fail(130, "");
  }

  const removers = [
    host.onSignal("SIGINT", interrupt),
    host.onSignal("SIGTSTP", suspend),
    host.onSignal("SIGCONT", resume),
    ...Object.entries(FATAL_SIGNALS).map(([signal, code]) =>
      host.onSignal(signal as keyof typeof FATAL_SIGNALS, () => fail(code, ""))
    ),
    host.onEnd((error) => fail(1, describe(error)), () => {
      if (!entered) return;
      entered = false;
      host.writeNow(encoder.encode((titled ? POP_TITLE : "") + LEAVE));
      raw(false);
    }),
  ];

  return {
    enter,
    leave,
    suspend,
    lend,
    title(text) {
      if (!entered) return;
      const push = titled ? "" : PUSH_TITLE;
      if (text !== null) {
        writer.send(encoder.encode(`${push}\x1b]2;${lineOfCells(text, MAX_TITLE)}\x07`));
      } else if (titled) writer.send(encoder.encode(POP_TITLE));
      titled = text !== null;
    },
    exit,
    mouse(on) {
      mouse_on = on;
      if (entered) writer.send(encoder.encode(on ? MOUSE_ON : MOUSE_OFF));
    },
    close() {
      for (const remove of removers.splice(0)) remove();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** This process. Needs no permission; with --allow-run Ctrl-Z also stops what started it (see `stop`). */
export function denoHost(): Host {
  return {
    onSignal(signal, listener) {
      try {
        Deno.addSignalListener(signal, listener);
      } catch {
        return () => {}; // Windows knows only SIGINT, SIGBREAK and SIGHUP
      }
      return () => Deno.removeSignalListener(signal, listener);
    },
    onEnd(failed, unload) {
      const onError = (event: ErrorEvent) => {
        event.preventDefault();
        failed(event.error ?? event.message);
      };
      const onRejection = (event: PromiseRejectionEvent) => {
        event.preventDefault();
        failed(event.reason);
      };
      addEventListener("error", onError);
      addEventListener("unhandledrejection", onRejection);
      addEventListener("unload", unload);
      return () => {
        removeEventListener("error", onError);
        removeEventListener("unhandledrejection", onRejection);
        removeEventListener("unload", unload);
      };
    },
    stop() {
      try {
        // Stopping only this process would leave `deno task` in the foreground, and the shell would never return.
        Deno.kill(0, "SIGSTOP");
      } catch {
        Deno.kill(Deno.pid, "SIGSTOP"); // the group takes --allow-run; started directly, this is enough
      }
    },
    exit(code, message) {
      if (message !== "") (code === 0 ? console.log : console.error)(message);
      Deno.exit(code);
    },
    writeNow(bytes) {
      try {
        Deno.stdout.writeSync(bytes);
      } catch {
        // the terminal is gone
      }
    },
  };
}
