/** The whole face against a terminal in memory: keys go in as bytes, an emulator reads the screen. */

import assert from "node:assert/strict";
import type { Request } from "../../shared/protocol.ts";
import { type FaceOptions, type Link, type LinkEvent, runFace } from "../../face/runtime.ts";
import type { Host } from "../../face/term/lifecycle.ts";
import { createFakeTerminal, type FakeTerminal, type Terminal } from "../../face/term/terminal.ts";
import { createEmulator, type Emulator } from "./emulator.ts";
import { events, message } from "./player.ts";
import { CHARACTERS, MODELS, PROSE, WORLDS } from "./salt_marsh.ts";

export interface FaceTestOptions {
  width?: number;
  height?: number;
  /** Kept afterwards; without it a temporary one is removed. */
  home?: string;
  env?: Record<string, string>;
  /** A real link; without it the test holds the link itself (`tell`, `hear`, `said`). */
  link?: (on: (event: LinkEvent) => void) => Link;
  /** Milliseconds since 1970. */
  now?: () => number;
  editOutside?: FaceOptions["editOutside"];
  whose?: string;
  /** Stands between the face and the terminal in memory. */
  line?: (terminal: FakeTerminal) => Terminal;
}

export interface Face {
  terminal: FakeTerminal;
  emulator: Emulator;
  said: Request[];
  tell(event: LinkEvent): void;
  hear(event: Parameters<typeof asEvent>[0]): void;
  /** Resolves when the screen shows it; fails after half a minute. */
  shows(pattern: RegExp): Promise<string>;
  type(text: string): void;
  result: Promise<{ code: number; farewell: string[] }>;
  home: string;
  connected: { value: boolean };
  signal(name: Deno.Signal): void;
}

const asEvent = (event: Extract<LinkEvent, { kind: "event" }>["event"]): LinkEvent => ({
  kind: "event",
  event,
});

/** Runs a face in a home of its own, plays `scenario`, and sees that the terminal is given back. */
export async function withFace(
  scenario: (face: Face) => Promise<void>,
  options: FaceTestOptions = {},
): Promise<void> {
  const { width = 80, height = 24 } = options;
  const home = options.home ?? await Deno.makeTempDir();
  const terminal = createFakeTerminal(width, height);
  const emulator = createEmulator(width, height);
  const said: Request[] = [];
  const listeners = new Map<string, () => void>();
  const host: Host = {
    onSignal(signal, listener) {
      listeners.set(signal, listener);
      return () => listeners.delete(signal);
    },
    onEnd: () => () => {},
    stop: () => {},
    exit: () => {},
    writeNow: () => {},
  };
  let tell: (event: LinkEvent) => void = () => {};
  const connected = { value: true };
  const opened = Promise.withResolvers<void>();
  const result = runFace({
    terminal: options.line?.(terminal) ?? terminal,
    link(on) {
      tell = on;
      opened.resolve();
      if (options.link !== undefined) return options.link(on);
      on({ kind: "starting" });
      return {
        say(request) {
          if (connected.value) said.push(request);
          return connected.value;
        },
        close: () => {},
      };
    },
    home,
    env: (name) =>
      ({ TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8", ...options.env })[name],
    whose: options.whose ?? "",
    continue_command: "deno task play",
    host,
    editOutside: options.editOutside,
    now: options.now,
  });
  await opened.promise;
  const face: Face = {
    terminal,
    emulator,
    said,
    tell: (event) => tell(event),
    hear: (event) => tell(asEvent(event)),
    async shows(pattern) {
      const until = performance.now() + 30_000;
      while (true) {
        await emulator.write(terminal.take());
        const text = emulator.text().replace(/ +$/gm, "");
        if (pattern.test(text)) return text;
        if (performance.now() > until) assert.fail(`${pattern} is not on the screen:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    type: (text) => terminal.type(text),
    result,
    home,
    connected,
    signal: (name) => listeners.get(name)?.(),
  };
  try {
    await scenario(face);
  } finally {
    terminal.hangUp();
    await result;
    await emulator.write(terminal.take());
    for (const mode of [1049, 2004, 1000, 1006, 1004]) {
      assert.equal(emulator.mode(mode), false, `mode ${mode} is left on`);
    }
    assert.equal(emulator.mode(25), true, "the cursor is visible");
    assert.equal(terminal.isRaw(), false);
    assert.equal(listeners.size, 0, "no listener is left");
    emulator.dispose();
    if (options.home === undefined) await Deno.remove(home, { recursive: true });
  }
}

/** What the brain of the tests offers. */
export const LISTS = {
  available_worlds: WORLDS,
  available_characters: CHARACTERS,
  available_models: MODELS,
};

/** The face is connected and in a story of one message. */
export function openSession(face: Face): void {
  face.tell({ kind: "connected" });
  face.hear(events.greeting());
  face.hear(events.sync({ ...LISTS, world_id: "salt_marsh", character_id: "farrier", session_id: "s" }));
  face.hear(events.history([message(1, "assistant", PROSE.shop)]));
}
