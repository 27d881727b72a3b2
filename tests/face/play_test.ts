/**
 * What the roles that draw hand on: to the brain they start, to the brain they find, to the shell. In this process, with a
 * terminal in memory; what they would start is written down, and a few words of a program stand in for it.
 */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import type { Common, Plain } from "../../face/main.ts";
import { createPlay } from "../../face/play.ts";
import { createFakeTerminal } from "../../face/term/terminal.ts";
import { createEmulator } from "../support/emulator.ts";
import { startFakeBrain } from "../support/fake_brain.ts";
import { startOriginalServer } from "../support/original_server.ts";
import { events, message } from "../support/player.ts";
import { tempHome, until } from "../support/processes.ts";
import { CHARACTERS, WORLDS } from "../support/salt_marsh.ts";

const VERSION = "0.1.0";
const COMMAND = "flower play";
const NO_PLAIN: Plain = { plain: false, world: null, character: null };
const PLAIN: Plain = { ...NO_PLAIN, plain: true };

/** A program for our own executable that says a line and stays until its stdin ends. */
const saying = (line: unknown): string[] => [
  "eval",
  "--no-config",
  `console.log(${JSON.stringify(JSON.stringify(line))}); for await (const _ of Deno.stdin.readable);`,
];

const ready = (url: string) => saying({ ready: true, url, pid: Deno.pid, version: VERSION });
const REFUSES = saying({ ready: false, error: "No story today", code: 1 });
const HELD = saying({ ready: false, error: "A brain runs already", code: 3 });
const MODEL_MISSING = saying({ missing_bytes: 7_000_000 });

/** The terminal and the console of this process, in memory; at the end of its `using` they are what they were. */
interface Seat extends AsyncDisposable {
  /** What was printed on the normal screen, and what a pipe got. */
  out(): string;
  err(): string;
  type(keys: string): void;
  /** Ends the input: the face leaves. */
  hangUp(): void;
  shows(pattern: RegExp): Promise<void>;
}

/** Sits down at a terminal; with `input` at a pipe that holds it. */
function sit(input?: string): Seat {
  const terminal = createFakeTerminal(120, 30);
  const emulator = createEmulator(120, 30);
  const keys = terminal.read()[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  const printed = { out: "", err: "" };
  const isTerminal = () => input === undefined;
  const pipe = (name: "out" | "err") => ({
    isTerminal,
    writeSync(bytes: Uint8Array) {
      printed[name] += decoder.decode(bytes);
      return bytes.length;
    },
  });
  const { stdin, stdout, stderr, consoleSize } = Deno;
  const { log, error } = console;
  const Socket = WebSocket;
  const closed: Promise<void>[] = [];
  // A face that leaves does not wait for its socket to be closed; the test does.
  globalThis.WebSocket = class extends Socket {
    constructor(...args: ConstructorParameters<typeof Socket>) {
      super(...args);
      closed.push(new Promise((resolve) => this.addEventListener("close", () => resolve())));
    }
  };
  Object.assign(Deno, {
    stdin: {
      isTerminal,
      setRaw: terminal.raw,
      async read(buffer: Uint8Array) {
        const { done, value } = await keys.next();
        if (done) return null;
        buffer.set(value);
        return value.length;
      },
      readable: new ReadableStream({
        start(lines) {
          lines.enqueue(new TextEncoder().encode(input));
          lines.close();
        },
      }),
    },
    stdout: {
      ...pipe("out"),
      async write(bytes: Uint8Array) {
        await terminal.write(bytes);
        return bytes.length;
      },
    },
    stderr: pipe("err"),
    consoleSize: () => ({ columns: 120, rows: 30 }),
  });
  Object.assign(console, {
    log: (text: string) => void (printed.out += `${text}\n`),
    error: (text: string) => void (printed.err += `${text}\n`),
  });
  return {
    out: () => printed.out,
    err: () => printed.err,
    type: terminal.type,
    hangUp: terminal.hangUp,
    async shows(pattern) {
      await until(async () => {
        await emulator.write(terminal.take());
        return pattern.test(emulator.text());
      }, `the screen shows ${pattern}`);
    },
    async [Symbol.asyncDispose]() {
      Object.assign(Deno, { stdin, stdout, stderr, consoleSize });
      Object.assign(console, { log, error });
      globalThis.WebSocket = Socket;
      emulator.dispose();
      await Promise.all(closed);
    },
  };
}

/** The roles over a front door; `asked` is every role of the brain that they started. */
function playOver(door: string[], more: { compiled?: boolean; root?: string } = {}) {
  const asked: (readonly string[])[] = [];
  const roles = createPlay({
    root: more.root ?? "/nowhere",
    version: VERSION,
    env: (name) => ({ TERM: "xterm-256color", LANG: "C.UTF-8" })[name],
    command: COMMAND,
    self: {
      compiled: more.compiled ?? false,
      role(args) {
        asked.push(args);
        return args[0] === "models" ? MODEL_MISSING : door;
      },
      sealed: () => assert.fail("a face starts no sealed program"),
      folder: () => assert.fail("nor needs it a folder"),
    },
  });
  return { ...roles, asked };
}

const commonOf = (home: string, more: Partial<Common> = {}): Common => ({
  home,
  config: null,
  assets: null,
  home_named: true,
  ...more,
});

/** Every way to name what a brain is to read, with what must come to it. */
const NAMED: [Partial<Common>, string[]][] = [
  [{}, []],
  [{ config: "c d.yaml" }, ["--config", "c d.yaml"]],
  [{ assets: "/a" }, ["--assets", "/a"]],
  [{ config: "c.yaml", assets: "a" }, ["--config", "c.yaml", "--assets", "a"]],
];

/** Takes the home's lock and says where its brain listens, as a running one does. */
function brainOn(home: string, about: { url: string; token: string; version?: string }): Disposable {
  const lock = Deno.openSync(join(home, "brain.lock"), { create: true, write: true });
  lock.lockSync(true);
  const file = { pid: Deno.pid, version: VERSION, protocol: 1, ...about };
  Deno.writeTextFileSync(join(home, "brain.json"), JSON.stringify(file));
  return { [Symbol.dispose]: () => lock.close() };
}

/** A server that is not ready for anybody, and remembers who asked for what. */
function closedDoor(): AsyncDisposable & { address: string; asked: [path: string, token: string | null][] } {
  const asked: [string, string | null][] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push([new URL(request.url).pathname, request.headers.get("authorization")]);
    return new Response("later", { status: 503 });
  });
  return {
    address: `ws://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A brain with a story on the page, whose last reply ends as a face comes. */
const tellingBrain = () =>
  startFakeBrain((brain) =>
    brain.send(
      events.greeting(),
      events.sync({
        available_worlds: WORLDS,
        available_characters: CHARACTERS,
        world_id: "salt_marsh",
        character_id: "farrier",
        session_id: "s",
      }),
      events.history([message(1, "assistant", "Fog comes in."), message(2, "user", "I wait.")]),
      events.end(message(3, "assistant", "Something answers.")),
    )
  );

Deno.test("the brain that plain mode starts gets home, config and assets as they were named", async () => {
  await using home = await tempHome();
  // At a terminal it is plain because --plain says so, at a pipe anyhow.
  for (const [input, plain] of [["I wait.\n", NO_PLAIN], [undefined, PLAIN]] as const) {
    for (const [named, args] of NAMED) {
      await using seat = sit(input);
      seat.hangUp();
      const { play, asked } = playOver(REFUSES);
      assert.equal(await play(commonOf(home.path, named), plain), 1);
      assert.deepEqual(asked, [["brain", "--with-parent", "--home", home.path, ...args]]);
      assert.equal(seat.err(), "No story today\n");
    }
  }
});

Deno.test("so does the brain that the screen starts, in play and in dev", async () => {
  await using home = await tempHome();
  // Watched by dev.
  for (const folder of ["brain", "shared"]) await Deno.mkdir(join(home.path, folder));
  for (const role of ["play", "dev"] as const) {
    for (const [named, args] of NAMED) {
      await using seat = sit();
      const roles = playOver(REFUSES, { root: home.path });
      const ended = roles[role](commonOf(home.path, named), NO_PLAIN);
      await seat.shows(/No story today/);
      seat.hangUp();
      await ended;
      assert.deepEqual(roles.asked, [["brain", "--with-parent", "--home", home.path, ...args]], role);
    }
  }
});

Deno.test("after the first reply the model of memory is asked for with the same home, config and assets; one file never asks", async () => {
  for (const compiled of [false, true]) {
    for (const [named, args] of NAMED) {
      await using home = await tempHome();
      await using brain = tellingBrain();
      await using seat = sit();
      const { play, asked } = playOver(ready(brain.url), { compiled });
      const ended = play(commonOf(home.path, named), NO_PLAIN);
      await seat.shows(compiled ? /Something answers\./ : /Fetch 7 MB, once/);
      seat.hangUp();
      assert.equal(await ended, 0);
      const models = [["models", "list", "--json", "--home", home.path, ...args]];
      assert.deepEqual(asked.slice(1), compiled ? [] : models);
    }
  }
});

Deno.test("for a brain elsewhere no model is asked for on this machine, and the farewell leads back to it", async () => {
  await using home = await tempHome();
  await using brain = tellingBrain();
  const token_file = join(home.path, "token");
  Deno.writeTextFileSync(token_file, "token-of-ann-0123456789abcdef\n", { mode: 0o600 });
  for (const path of [null, token_file]) {
    await using seat = sit();
    const { face, asked } = playOver(REFUSES);
    const ended = face(commonOf(home.path, { home_named: path !== null }), brain.url, path);
    await seat.shows(/Something answers\./);
    seat.hangUp();
    assert.equal(await ended, 0);
    assert.deepEqual(asked, []);
    const more = path === null ? "" : ` --token-file ${path} --home ${home.path}`;
    const command = `${COMMAND.replace("play", "face")} --url ${brain.url}${more}`;
    assert.equal(seat.out().split("\n")[1], `  ${command} goes on where it stopped.`);
  }
});

Deno.test("why there is no brain is told, and its code is the program's, in plain mode and on the screen", async () => {
  const rows: { door: string[]; code: number; says: RegExp }[] = [
    { door: REFUSES, code: 1, says: /^No story today\n$/ },
    { door: HELD, code: 3, says: /^Another brain comes and goes on \S+\.\n$/ },
  ];
  for (const { door, code, says } of rows) {
    for (const input of ["I wait.\n", undefined]) {
      await using home = await tempHome();
      await using seat = sit(input);
      const { play } = playOver(door);
      const ended = play(commonOf(home.path), NO_PLAIN);
      if (input === undefined) {
        await seat.shows(/No story today|comes and goes/);
        seat.hangUp();
      }
      const where = input === undefined ? "screen" : "plain";
      assert.equal(await ended, code, where);
      assert.match(seat.err(), says, where);
      assert.equal(seat.out(), "", where);
    }
  }
});

Deno.test("a running brain of another version is refused with 3 by every role, and nothing is started or drawn", async () => {
  await using home = await tempHome();
  using _brain = brainOn(home.path, { url: "ws://127.0.0.1:1/ws/rpc", token: "", version: "9.9.9" });
  const common = commonOf(home.path);
  const roles: [string | undefined, (play: ReturnType<typeof playOver>) => Promise<number>][] = [
    ["I wait.\n", ({ play }) => play(common, PLAIN)],
    [undefined, ({ play }) => play(common, NO_PLAIN)],
    [undefined, ({ dev }) => dev(common)],
    [undefined, ({ face }) => face(common, null, null)],
  ];
  for (const [input, run] of roles) {
    await using seat = sit(input);
    seat.hangUp();
    const play = playOver(REFUSES);
    assert.equal(await run(play), 3);
    assert.match(seat.err(), /is version 9\.9\.9, this face is 0\.1\.0/);
    assert.deepEqual([play.asked, seat.out()], [[], ""]);
  }
});

Deno.test("the farewell names the command that comes back here: with the home, when one was named", async () => {
  const rows: [folder: string, home_named: boolean, options: (home: string) => string][] = [
    ["h", false, () => ""],
    ["h", true, (home) => ` --home ${home}`],
    ["Ann's tales", true, (home) => ` --home '${home.replace("'", "'\\''")}'`],
  ];
  for (const [folder, home_named, options] of rows) {
    await using root = await tempHome();
    const home = join(root.path, folder);
    await using brain = tellingBrain();
    await using seat = sit();
    // One file: it does not go on to ask for the model of memory.
    const { play } = playOver(ready(brain.url), { compiled: true });
    const ended = play(commonOf(home, { home_named }), NO_PLAIN);
    await seat.shows(/Something answers\./);
    seat.hangUp();
    assert.equal(await ended, 0);
    assert.deepEqual(seat.out().split("\n"), [
      "✿ The Salt Marsh · The farrier, 1 turn",
      `  ${COMMAND}${options(home)} goes on where it stopped.`,
      "",
    ]);
  }
});

Deno.test("plain mode begins where --world and --character say; a screen asks for them itself", async () => {
  const server = startOriginalServer();
  await using home = await tempHome();
  const named = { world: "stair", character: "clerk" };
  {
    await using seat = sit("I wait.\n");
    assert.equal(await playOver(ready(server.url)).play(commonOf(home.path), { ...PLAIN, ...named }), 0);
    assert.match(seat.out(), /something answers\./);
  }
  await server.close();
  const said = ["/world select stair", "/character select clerk", "/session new", "I wait."];
  assert.deepEqual(server.received, said);
  for (const [option, id] of Object.entries(named)) {
    await using seat = sit();
    seat.hangUp();
    const { play, asked } = playOver(REFUSES);
    assert.equal(await play(commonOf(home.path), { ...NO_PLAIN, [option]: id }), 2);
    assert.match(seat.err(), /^--world and --character go with --plain/);
    assert.deepEqual(asked, []);
  }
});

Deno.test("a brain elsewhere is asked at its url with the token that its file holds now, and none is started", async () => {
  await using home = await tempHome();
  const token_file = join(home.path, "token");
  const [first, second] = ["token-of-ann-0123456789abcdef", "token-of-bea-0123456789abcdef"];
  const put = (token: string) => Deno.writeTextFileSync(token_file, `${token}\n`, { mode: 0o600 });
  put(first);
  await using door = closedDoor();
  for (const path of [token_file, null]) {
    await using seat = sit();
    const { face, asked } = playOver(REFUSES);
    const before = door.asked.length;
    const ended = face(commonOf(home.path), `${door.address}/story`, path);
    await until(() => door.asked.length > before, "the first attempt");
    const bearer = (token: string) => path === null ? null : `Bearer ${token}`;
    assert.deepEqual(door.asked[before], ["/story", bearer(first)]);
    if (path !== null) {
      put(second);
      await until(() => door.asked.at(-1)?.[1] === bearer(second), "an attempt with the new token");
    }
    seat.hangUp();
    assert.equal(await ended, 0);
    assert.deepEqual(asked, []);
  }
});

Deno.test("a face without a url asks the brain of its home, with the token that it wrote; without a brain it says how to start one", async () => {
  await using home = await tempHome();
  {
    await using door = closedDoor();
    using _brain = brainOn(home.path, { url: `${door.address}/ws/rpc`, token: "t0" });
    await using seat = sit();
    const { face, asked } = playOver(REFUSES);
    const ended = face(commonOf(home.path), null, null);
    await until(() => door.asked.length > 0, "it asks");
    seat.hangUp();
    assert.equal(await ended, 0);
    assert.deepEqual(door.asked[0], ["/ws/rpc", "Bearer t0"]);
    assert.deepEqual(asked, []);
  }
  await using seat = sit();
  seat.hangUp();
  const { face, asked } = playOver(REFUSES);
  assert.equal(await face(commonOf(home.path), null, null), 3);
  assert.equal(seat.err(), `No brain runs on ${home.path}. "${COMMAND}" starts one.\n`);
  assert.deepEqual([asked, seat.out()], [[], ""]);
});

Deno.test("what cannot be drawn is a sentence and a code, before anything is started", async () => {
  await using home = await tempHome();
  const here = commonOf(home.path);
  const below = commonOf(join(home.path, "config.yaml", "h"));
  const rows: [string | undefined, (play: ReturnType<typeof playOver>) => Promise<number>, number, RegExp][] =
    [
      ["", ({ dev }) => dev(here), 2, /^A face needs a terminal/],
      ["", ({ face }) => face(here, "ws://127.0.0.1:1", null), 2, /^A face needs a terminal/],
      [undefined, ({ face }) => face(here, null, "/t"), 2, /^--token-file goes with --url/],
      [
        undefined,
        ({ face }) => face(here, "ws://127.0.0.1:1", "/nowhere"),
        2,
        /^The token file \/nowhere cannot/,
      ],
      ["", ({ play }) => play(below, PLAIN), 1, /^The home \S+ cannot be used: Not a directory\./],
      [undefined, ({ play }) => play(below, NO_PLAIN), 1, /^The home \S+ cannot be used/],
      [undefined, ({ dev }) => dev(below), 1, /^The home \S+ cannot be used/],
      [undefined, ({ face }) => face(below, null, null), 1, /^The home \S+ cannot be used/],
    ];
  for (const [input, run, code, says] of rows) {
    await using seat = sit(input);
    seat.hangUp();
    const play = playOver(REFUSES);
    assert.equal(await run(play), code);
    assert.match(seat.err(), says);
    assert.deepEqual([play.asked, seat.out()], [[], ""]);
  }
});
