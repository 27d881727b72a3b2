import assert from "node:assert/strict";
import { createLifecycle, denoHost, type Host, type LifecycleOptions } from "../../../face/term/lifecycle.ts";
import { createFakeTerminal } from "../../../face/term/terminal.ts";
import { createWriter } from "../../../face/term/writer.ts";
import { createEmulator, type Emulator } from "../../support/emulator.ts";

const ENTERED = [1049, 2004, 1004, 1000, 1006];
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A process in memory: signals are sent by calling `signal`. */
function createFakeHost() {
  const listeners = new Map<string, () => void>();
  const calls: string[] = [];
  let failed: (error: unknown) => void = () => {}, unload = () => {};
  const exited = Promise.withResolvers<void>();
  const host: Host = {
    onSignal(signal, listener) {
      listeners.set(signal, listener);
      return () => listeners.delete(signal);
    },
    onEnd(on_failed, on_unload) {
      failed = on_failed;
      unload = on_unload;
      listeners.set("end", () => {});
      return () => listeners.delete("end");
    },
    stop: () => void calls.push("stop"),
    exit(code, message) {
      calls.push(`exit ${code} ${message}`.trim());
      exited.resolve();
    },
    writeNow: (bytes) => void calls.push(`now ${textOf(bytes).length > 0}`),
  };
  return {
    host,
    calls,
    exited: exited.promise,
    signal: (name: string) => listeners.get(name)?.(),
    fail: (error: unknown) => failed(error),
    unload: () => unload(),
    listening: () => [...listeners.keys()].sort(),
  };
}

function setUp(options: Partial<LifecycleOptions> = {}) {
  const terminal = createFakeTerminal(80, 24);
  const writer = createWriter(terminal, () => {});
  const fake = createFakeHost();
  let resumed = 0, now_ms = 1000;
  const lifecycle = createLifecycle(terminal, writer, fake.host, {
    mouse: true,
    onResume: () => resumed++,
    now: () => now_ms,
    ...options,
  });
  return {
    terminal,
    writer,
    fake,
    lifecycle,
    resumed: () => resumed,
    pass: (ms: number) => now_ms += ms,
  };
}

async function withScreen(check: (screen: Emulator) => Promise<void>): Promise<void> {
  const screen = createEmulator(80, 24);
  try {
    await screen.write("shell$ flower\r\n");
    await check(screen);
  } finally {
    screen.dispose();
  }
}

function assertRestored(screen: Emulator): void {
  assert.deepEqual(ENTERED.filter(screen.mode), []);
  assert.deepEqual([screen.mode(7), screen.mode(25), screen.mode(2026)], [true, true, false]);
  assert.equal(screen.row(0), "shell$ flower");
  assert.deepEqual(screen.cursor(), { x: 0, y: 1, visible: true });
}

Deno.test("lifecycle: enter takes the terminal, leave gives it back as it was", () =>
  withScreen(async (screen) => {
    const { terminal, lifecycle } = setUp();
    await lifecycle.enter();
    assert.equal(terminal.isRaw(), true);
    const entering = terminal.take();
    assert.match(textOf(entering), /\[>5u.*\[>4;1m/s);
    await screen.write(entering);
    assert.deepEqual(ENTERED.filter(screen.mode), ENTERED);
    assert.equal(screen.mode(7), false);
    await screen.write("\x1b[?2026h\x1b[?25l\x1b[3;5r\x1b[1;31mhalf a frame");
    await lifecycle.leave();
    assert.equal(terminal.isRaw(), false);
    const leaving = terminal.take();
    assert.match(textOf(leaving), /\[>4m.\[<u.\[=0u/s);
    await screen.write(leaving);
    assertRestored(screen);
    await screen.write("x");
    assert.deepEqual([screen.cell(0, 1).bold, screen.cell(0, 1).fg], [false, null]);
  }));

Deno.test("lifecycle: entering or leaving twice writes once", async () => {
  const { terminal, lifecycle } = setUp();
  await lifecycle.leave();
  assert.equal(terminal.take().length, 0);
  await lifecycle.enter();
  terminal.take();
  await lifecycle.enter();
  assert.equal(terminal.take().length, 0);
  await lifecycle.leave();
  terminal.take();
  await lifecycle.leave();
  assert.equal(terminal.take().length, 0);
});

Deno.test("lifecycle: without the mouse no mouse reports are asked for, and they can be switched", async () => {
  const { terminal, lifecycle, writer } = setUp({ mouse: false });
  await lifecycle.enter();
  assert.doesNotMatch(textOf(terminal.take()), /1000h/);
  lifecycle.mouse(true);
  await writer.idle();
  assert.equal(textOf(terminal.take()), "\x1b[?1000h\x1b[?1006h");
  lifecycle.mouse(false);
  await writer.idle();
  assert.equal(textOf(terminal.take()), "\x1b[?1006l\x1b[?1000l");
  lifecycle.mouse(true);
  await lifecycle.leave();
  lifecycle.mouse(false);
  lifecycle.mouse(true);
  terminal.take();
  await lifecycle.enter();
  assert.match(textOf(terminal.take()), /\?1000h/, "what was switched holds for the next time");
});

Deno.test("lifecycle: nothing is painted after leaving", async () => {
  const { terminal, lifecycle, writer } = setUp();
  await lifecycle.enter();
  await lifecycle.leave();
  terminal.take();
  let drawn = false;
  writer.frame(() => {
    drawn = true;
    return new Uint8Array();
  });
  await writer.idle();
  assert.equal(drawn, false);
});

Deno.test("lifecycle: suspend restores, stops the group, and SIGCONT takes the terminal again", async () => {
  const { terminal, lifecycle, writer, fake, resumed } = setUp();
  await lifecycle.enter();
  await lifecycle.suspend();
  assert.deepEqual(fake.calls, ["stop"]);
  assert.equal(terminal.isRaw(), false);
  assert.match(textOf(terminal.take()), /\?1049l/);
  assert.equal(resumed(), 0);
  await fake.signal("SIGCONT");
  assert.equal(terminal.isRaw(), true);
  assert.match(textOf(terminal.take()), /^.\[\?1049h/s);
  assert.equal(resumed(), 1);
  writer.frame(() => new TextEncoder().encode("repaint"));
  await writer.idle();
  assert.equal(textOf(terminal.take()), "repaint");
});

Deno.test("lifecycle: SIGTSTP from outside suspends too, and a stop nobody told of is repaired", async () => {
  const { terminal, lifecycle, fake, resumed } = setUp();
  await lifecycle.enter();
  await fake.signal("SIGTSTP");
  assert.deepEqual(fake.calls, ["stop"]);
  await fake.signal("SIGCONT");
  assert.equal(resumed(), 1);
  terminal.take();
  await fake.signal("SIGCONT"); // after a SIGSTOP, which cannot be heard
  assert.match(textOf(terminal.take()), /\?1049l.*\?1049h/s);
  assert.equal(resumed(), 2);
});

Deno.test("lifecycle: before entering, neither suspend nor SIGCONT does anything", async () => {
  const { terminal, lifecycle, fake, resumed } = setUp();
  await lifecycle.suspend();
  await fake.signal("SIGCONT");
  assert.deepEqual([fake.calls, resumed(), terminal.take().length], [[], 0, 0]);
});

for (
  const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGQUIT", 131], ["SIGINT", 130]] as const
) {
  Deno.test(`lifecycle: ${signal} saves, restores and exits with ${code}`, async () => {
    let saved = 0;
    const { terminal, lifecycle, fake } = setUp({ beforeExit: () => saved++ });
    await lifecycle.enter();
    terminal.take();
    fake.signal(signal);
    fake.signal(signal);
    await fake.exited;
    assert.deepEqual([fake.calls, saved], [[`exit ${code}`], 1]);
    assert.match(textOf(terminal.take()), /\?1049l/);
    assert.equal(terminal.isRaw(), false);
  });
}

Deno.test("lifecycle: an interrupt repeated within 300 ms counts once", async () => {
  let interrupts = 0;
  const { lifecycle, fake, pass } = setUp({ onInterrupt: () => interrupts++ });
  await lifecycle.enter();
  fake.signal("SIGINT");
  pass(299);
  fake.signal("SIGINT");
  assert.equal(interrupts, 1);
  pass(300);
  fake.signal("SIGINT");
  assert.equal(interrupts, 2);
  assert.deepEqual(fake.calls, []);
});

Deno.test("lifecycle: an error nobody caught is shown on the normal screen, without its control characters", async () => {
  const { terminal, lifecycle, fake } = setUp();
  await lifecycle.enter();
  terminal.take();
  const error = new Error("a bug \x1b]0;t\x07\x9b31m");
  error.stack = `Error: ${error.message}\n    at here`;
  fake.fail(error);
  await fake.exited;
  assert.deepEqual(fake.calls, ["exit 1 Error: a bug 31m\n    at here"]);
  assert.match(textOf(terminal.take()), /\?1049l/);
});

Deno.test("lifecycle: a failing save does not keep the terminal", async () => {
  const { terminal, lifecycle, fake } = setUp({
    beforeExit: () => {
      throw "disk full";
    },
  });
  await lifecycle.enter();
  terminal.take();
  fake.fail("first");
  await fake.exited;
  assert.deepEqual(fake.calls, ["exit 1 first\ndisk full"]);
  assert.match(textOf(terminal.take()), /\?1049l/);
});

Deno.test("lifecycle: exit restores, then prints and ends, once", async () => {
  const { terminal, lifecycle, fake } = setUp();
  await lifecycle.enter();
  await Promise.all([lifecycle.exit(0, "Goodbye"), lifecycle.exit(3)]);
  assert.deepEqual(fake.calls, ["exit 0 Goodbye"]);
  assert.match(textOf(terminal.take()), /\?1049l/);
  fake.unload();
  assert.deepEqual(fake.calls, ["exit 0 Goodbye"], "nothing is left for unload to do");
});

Deno.test("lifecycle: a process that ends without a word restores at the last moment", async () => {
  const { terminal, lifecycle, fake } = setUp();
  fake.unload();
  assert.deepEqual(fake.calls, []);
  await lifecycle.enter();
  fake.unload();
  fake.unload();
  assert.deepEqual(fake.calls, ["now true"]);
  assert.equal(terminal.isRaw(), false);
});

Deno.test("lifecycle: a terminal that does not read keeps the process for half a second only", async () => {
  const { terminal, lifecycle, fake } = setUp();
  await lifecycle.enter();
  terminal.stall(true);
  const start = performance.now();
  await lifecycle.exit(0);
  const waited_ms = performance.now() - start;
  terminal.stall(false);
  assert.deepEqual(fake.calls, ["exit 0"]);
  assert.equal(terminal.isRaw(), false);
  assert.ok(waited_ms >= 490 && waited_ms < 10_000, `${waited_ms} ms`);
});

Deno.test("lifecycle: the real host hears errors and the end of the process until it is told not to", () => {
  const heard: unknown[] = [];
  const stop = denoHost().onEnd((error) => heard.push(error), () => heard.push("unload"));
  const dispatch = () => {
    const error = new ErrorEvent("error", { error: "thrown", cancelable: true });
    const rejected = Promise.reject("rejected");
    rejected.catch(() => {});
    const rejection = new PromiseRejectionEvent("unhandledrejection", {
      promise: rejected,
      reason: "rejected",
      cancelable: true,
    });
    return [dispatchEvent(error), dispatchEvent(rejection)];
  };
  assert.deepEqual(dispatch(), [false, false], "the process goes on, to restore");
  assert.deepEqual(heard, ["thrown", "rejected"]);
  stop();
  heard.length = 0;
  assert.deepEqual(dispatch(), [true, true]);
  assert.deepEqual(heard, []);
});

Deno.test("lifecycle: close removes every listener", () => {
  const { lifecycle, fake } = setUp();
  assert.deepEqual(
    fake.listening(),
    ["SIGCONT", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTSTP", "end"],
  );
  lifecycle.close();
  assert.deepEqual(fake.listening(), []);
});

Deno.test("lifecycle: a title is one line of what may stand in cells, at most 120 of them", async () => {
  const { terminal, writer, lifecycle } = setUp();
  await lifecycle.enter();
  const rows: [string, string][] = [
    ["✿ The Salt Marsh", "✿ The Salt Marsh"],
    ["a\u200bb\x07c\x1b]0;d\u202ee\u{e0041}f", "abc]0;def"],
    ["one\n\ttwo  three", "one two three"],
    ["日".repeat(300), "日".repeat(120)],
    [`a${"\u200b".repeat(20_000)}b`, "a"],
  ];
  for (const [text, shown] of rows) {
    terminal.take();
    lifecycle.title(text);
    await writer.idle();
    assert.equal(textOf(terminal.take()).split("\x1b]2;")[1], `${shown}\x07`);
  }
  await lifecycle.leave();
  lifecycle.close();
});

Deno.test("lifecycle: the window has its own title back on every way out, and none is taken back that was not set", async () => {
  const BACK = "\x1b[23;2t";
  for (const titled of [true, false]) {
    for (const way of ["leave", "exit", "unload", "suspend", "lend"] as const) {
      const { terminal, writer, lifecycle, fake } = setUp();
      let now = "";
      fake.host.writeNow = (bytes) => void (now += textOf(bytes));
      await lifecycle.enter();
      if (titled) lifecycle.title("✿ the reply is there");
      await writer.idle();
      terminal.take();
      if (way === "unload") fake.unload();
      else if (way === "lend") await lifecycle.lend(Promise.resolve(), () => Promise.resolve());
      else if (way === "exit") await lifecycle.exit(0);
      else await lifecycle[way]();
      const said = textOf(terminal.take()) + now;
      assert.equal(said.split(BACK).length - 1, titled ? 1 : 0, `${way}, ${titled}`);
      lifecycle.close();
    }
  }
});

Deno.test("lifecycle: Ctrl-Z in a borrower stops whoever started us with it", async () => {
  const { lifecycle, fake } = setUp();
  await lifecycle.enter();
  await lifecycle.lend(Promise.resolve(), () => {
    fake.signal("SIGTSTP");
    return Promise.resolve();
  });
  assert.deepEqual(fake.calls, ["stop"]);
  lifecycle.close();
});
