import { spawn } from "@lydell/node-pty";
import assert from "node:assert/strict";
import { createFakeTerminal } from "../../../face/term/terminal.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("fake terminal: what was typed is read in order, and the input ends when it hangs up", async () => {
  const terminal = createFakeTerminal(80, 24);
  terminal.type("a");
  const read: string[] = [];
  const reading = (async () => {
    for await (const piece of terminal.read()) {
      read.push(textOf(piece));
      if (read.length === 1) terminal.type(new Uint8Array([0x62]));
      else if (read.length === 2) terminal.hangUp();
    }
  })();
  await reading;
  assert.deepEqual(read, ["a", "b"]);
});

Deno.test("fake terminal: a reader that already waits is woken by typing and by hanging up", async () => {
  const terminal = createFakeTerminal(80, 24);
  const reader = terminal.read()[Symbol.asyncIterator]();
  const first = reader.next();
  await Promise.resolve();
  terminal.type("é");
  assert.equal(textOf((await first).value), "é");
  const second = reader.next();
  await Promise.resolve();
  terminal.hangUp();
  assert.equal((await second).done, true);
});

Deno.test("terminal: where output is no terminal it counts as 80x24, raw mode does nothing, input ends", async () => {
  const module = new URL("../../../face/term/terminal.ts", import.meta.url).href;
  const code = `const { denoTerminal } = await import("${module}");
    const terminal = denoTerminal();
    terminal.raw(true);
    let typed = "";
    for await (const piece of terminal.read()) typed += new TextDecoder().decode(piece);
    const { width, height } = terminal.size();
    const first = terminal.write(new TextEncoder().encode(width + "x" + height + " "));
    await terminal.write(new TextEncoder().encode(typed));
    await first;`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", code],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode("typed"));
  await input.close();
  const { code: exit_code, stdout } = await child.output();
  assert.deepEqual([exit_code, textOf(stdout)], [0, "80x24 typed"]);
});

Deno.test("terminal: one that reports no size at all counts as 80x24", async () => {
  const module = new URL("../../../face/term/terminal.ts", import.meta.url).href;
  const code = `const { width, height } = (await import("${module}")).denoTerminal().size();
    console.log("a size of " + width + "x" + height);`;
  const script = `stty cols 0 rows 0; exec "$0" eval --no-check '${code}'`;
  const pty = spawn("sh", ["-c", script, Deno.execPath()], { cols: 90, rows: 30, name: "xterm-256color" });
  let said = "";
  pty.onData((data) => said += data);
  await new Promise<void>((resolve) => pty.onExit(() => resolve()));
  assert.match(said, /a size of 80x24/);
});

Deno.test("fake terminal: a resize is told to those who still listen", () => {
  const terminal = createFakeTerminal(80, 24);
  const seen: { width: number; height: number }[] = [];
  const stop = terminal.onResize(() => seen.push(terminal.size()));
  terminal.resize(100, 30);
  stop();
  terminal.resize(1, 1);
  assert.deepEqual(seen, [{ width: 100, height: 30 }]);
  assert.deepEqual(terminal.size(), { width: 1, height: 1 });
});

Deno.test("fake terminal: writes are kept in order, copied, and wait while it stalls", async () => {
  const terminal = createFakeTerminal(80, 24);
  const bytes = new TextEncoder().encode("ab");
  terminal.stall(false);
  terminal.stall(true);
  terminal.stall(true);
  const first = terminal.write(bytes), second = terminal.write(new Uint8Array([0x63]));
  bytes.fill(0x7a);
  await Promise.resolve();
  assert.equal(terminal.take().length, 0);
  terminal.stall(false);
  await Promise.all([first, second]);
  assert.equal(textOf(terminal.take()), "abc");
  assert.equal(terminal.take().length, 0);
});

Deno.test("fake terminal: remembers raw mode", () => {
  const terminal = createFakeTerminal(80, 24);
  assert.equal(terminal.isRaw(), false);
  terminal.raw(true);
  assert.equal(terminal.isRaw(), true);
});
