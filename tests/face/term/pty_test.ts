// The real thing in a pseudo-terminal: however the program ends, the shell gets its terminal back.

import { spawn } from "@lydell/node-pty";
import assert from "node:assert/strict";
import { createEmulator, type Emulator } from "../../support/emulator.ts";

const APP = new URL("./pty_app.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;
const WAIT_MS = 20_000;

interface Session {
  screen: Emulator;
  type(keys: string): void;
  resize(width: number, height: number): void;
  /** Resolves once the screen's text matches and the frame is whole: its last word is the visible cursor. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  /** The process group of the shell. */
  group: number;
}

/** A shell that runs the app with these rights and redirections, then prints its exit code and the terminal's line mode. */
async function withApp(
  check: (session: Session) => Promise<void>,
  options: { rights?: string; redirect?: string } = {},
): Promise<void> {
  const screen = createEmulator(90, 24);
  const run = `deno run ${options.rights ?? ""} --no-check --no-prompt --config ${CONFIG} ${APP} ${
    options.redirect ?? ""
  }`;
  const script =
    `echo shell; ${run}; echo "code $?."; stty -a | grep -o -e "-*icanon" -e "-*echo "; echo done`;
  const pty = spawn("sh", ["-c", script], { cols: 90, rows: 24, name: "xterm-256color" });
  let ended = false;
  const exited = new Promise<void>((resolve) =>
    pty.onExit(() => {
      ended = true;
      resolve();
    })
  );
  let heard = () => {};
  pty.onData((data) => {
    screen.write(data);
    heard();
  });
  const session: Session = {
    screen,
    group: pty.pid,
    type: (keys) => pty.write(keys),
    resize(width, height) {
      screen.resize(width, height);
      pty.resize(width, height);
    },
    async sees(pattern) {
      const deadline = performance.now() + WAIT_MS;
      while (true) {
        const match = pattern.exec(screen.text());
        if (match !== null && screen.cursor().visible) return match;
        const left_ms = deadline - performance.now();
        if (left_ms <= 0) {
          throw new Error(`Waited for ${pattern}, the screen shows:\n${screen.text().trim()}`);
        }
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          heard = resolve;
          timer = setTimeout(resolve, left_ms);
        });
        clearTimeout(timer);
      }
    },
  };
  try {
    await check(session);
    await exited;
  } finally {
    if (!ended) {
      pty.kill("SIGKILL");
      await exited;
    }
    screen.dispose();
  }
}

function assertTaken(screen: Emulator): void {
  const modes = [1049, 2004, 1004, 1000, 1006];
  assert.deepEqual(modes.filter(screen.mode), modes);
  assert.equal(screen.mode(7), false);
  assert.deepEqual(screen.cursor(), { x: 0, y: 1, visible: true });
}

function assertRestored(screen: Emulator): void {
  assert.deepEqual([1049, 2004, 1004, 1000, 1006, 2026].filter(screen.mode), []);
  assert.deepEqual([screen.mode(7), screen.cursor().visible], [true, true]);
  assert.equal(screen.row(0), "shell", "the normal screen is as it was");
  assert.match(screen.text(), /^icanon$/m, "the line mode is as it was");
  assert.match(screen.text(), /^echo $/m, "echo is as it was");
}

const ENDS: [string, string | Deno.Signal, number, RegExp][] = [
  ["a normal exit", "q", 0, /^farewell$/m],
  ["a thrown error", "e", 1, /^Error: thrown$/m],
  ["a rejected promise", "r", 1, /^Error: rejected$/m],
  ["Deno.exit", "x", 7, /^/],
  ["SIGTERM", "SIGTERM", 143, /^/],
  ["SIGHUP", "SIGHUP", 129, /^/],
  ["SIGINT", "SIGINT", 130, /^/],
  ["SIGQUIT", "SIGQUIT", 131, /^/],
];

for (const [name, how, code, shows] of ENDS) {
  Deno.test({
    name: `pty: ${name} restores the terminal`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      withApp(async ({ screen, type, sees }) => {
        const pid = Number((await sees(/ready (\d+) resumes 0/))[1]);
        assertTaken(screen);
        if (how.startsWith("SIG")) Deno.kill(pid, how as Deno.Signal);
        else type(how);
        const [, seen_code] = await sees(/code (\d+)\.[^]*done/);
        assert.equal(Number(seen_code), code);
        assertRestored(screen);
        assert.match(screen.text(), shows);
      }),
  });
}

for (const [name, how, shown] of [["farewell", "q", true], ["error", "e", false]] as const) {
  Deno.test({
    name: `pty: the ${name} goes to standard ${shown ? "output" : "error"}`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      withApp(async ({ screen, type, sees }) => {
        await sees(/ready (\d+) resumes 0/);
        type(how);
        await sees(/code \d\.[^]*done/);
        assert.equal(/farewell|Error: thrown/.test(screen.text()), shown);
      }, { redirect: "2>/dev/null" }),
  });
}

Deno.test({
  name: "pty: Ctrl-Z gives the terminal back, and SIGCONT takes and repaints it; a resize repaints",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withApp(async ({ screen, type, sees, resize, group }) => {
      const pid = Number((await sees(/ready (\d+) resumes 0/))[1]);
      type("\x1a");
      await stopped(pid);
      await sees(/^shell/);
      assert.equal(screen.mode(1049), false);
      Deno.kill(-group, "SIGCONT");
      await sees(/ready \d+ resumes 1 /);
      assertTaken(screen);
      resize(70, 20);
      await sees(/size 70x20\./);
      Deno.kill(pid, "SIGTSTP");
      await stopped(pid);
      Deno.kill(-group, "SIGCONT");
      await sees(/resumes 2 /);
      type("q");
      await sees(/code 0\.[^]*done/);
      assertRestored(screen);
    }, { rights: "--allow-run" }),
});

Deno.test({
  name: "pty: Ctrl-Z works without any rights too, then it stops the program only",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withApp(async ({ type, sees }) => {
      const pid = Number((await sees(/ready (\d+) resumes 0/))[1]);
      type("\x1a");
      await stopped(pid);
      Deno.kill(pid, "SIGCONT");
      await sees(/resumes 1 /);
      type("q");
      await sees(/code 0\.[^]*done/);
    }),
});

/** Resolves once the process is stopped. There is no event for that. */
async function stopped(pid: number): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!/^\d+ \(.*\) T /.test(await Deno.readTextFile(`/proc/${pid}/stat`))) {
    if (performance.now() > deadline) throw new Error(`Process ${pid} did not stop`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
