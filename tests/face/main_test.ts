import assert from "node:assert/strict";
import { type Common, type Plain, plainPlay, runRole } from "../../face/main.ts";
import { parseUrl, readCommandLine } from "../../face/wiring/command_line.ts";
import { parseHost, parsePort, readCommandLine as readBrainCommandLine } from "../../brain/command_line.ts";
import { plainBrain, runBrainRole } from "../../brain/main.ts";
import type { FrontDoorOptions } from "../../brain/front_door.ts";

const COMMON: Common = { home: "/x/flower-engine", config: null, assets: null, home_named: false };

/** Runs a command line; what its role was asked, and the exit code. */
async function run(args: string[]): Promise<{ code: number; asked: unknown[] }> {
  const asked: unknown[] = [];
  const note = (code: number, ...what: unknown[]) => {
    asked.push(...what);
    return Promise.resolve(code);
  };
  const code = await runRole(
    args,
    {
      play: (common) => note(0, "play", common),
      dev: (common) => note(0, "dev", common),
      face: (common, url, token_file) => note(5, "face", common, url, token_file),
      brain: (rest) => note(3, "brain", rest),
    },
    (name) => name === "XDG_DATA_HOME" ? "/x" : undefined,
    "/work",
  );
  return { code, asked };
}

/** What the action prints on stdout and stderr while it runs. */
async function printed(action: () => Promise<unknown>): Promise<string> {
  let text = "";
  const { stdout, stderr } = (await import("node:process")).default;
  const writes = [stdout.write, stderr.write] as const;
  const keep = ((piece: string) => {
    text += piece;
    return true;
  }) as typeof stdout.write;
  stdout.write = keep;
  stderr.write = keep;
  try {
    await action();
  } finally {
    [stdout.write, stderr.write] = writes;
  }
  return text;
}

Deno.test("every role gets its options and gives its exit code", async () => {
  const rows: [string[], number, unknown[]][] = [
    [["play"], 0, ["play", COMMON]],
    [["dev"], 0, ["dev", COMMON]],
    [["face"], 5, ["face", COMMON, null, null]],
    [["face", "--url", "ws://h:1"], 5, ["face", COMMON, "ws://h:1/ws/rpc", null]],
    [
      ["face", "--url", "wss://story.example", "--token-file", "t"],
      5,
      ["face", COMMON, "wss://story.example/ws/rpc", "/work/t"],
    ],
    [["play", "--home", "h"], 0, ["play", { ...COMMON, home: "/work/h", home_named: true }]],
    [["--home", "/h/../i", "play"], 0, ["play", { ...COMMON, home: "/i", home_named: true }]],
    [
      ["play", "--config", "c.yaml", "--assets=a"],
      0,
      ["play", { ...COMMON, config: "c.yaml", assets: "a" }],
    ],
    [["brain"], 3, ["brain", ["brain"]]],
    [
      ["brain", "--port", "0", "--home", "h", "--help"],
      3,
      ["brain", ["brain", "--port", "0", "--home", "h", "--help"]],
    ],
    [["--home", "h", "brain", "--host", "::1"], 3, ["brain", ["--home", "h", "brain", "--host", "::1"]]],
  ];
  for (const [args, code, asked] of rows) assert.deepEqual(await run(args), { code, asked }, args.join(" "));
});

Deno.test("every role of the store is passed on as it was typed", async () => {
  const roles = ["models", "memory", "backup", "restore", "doctor", "export", "import", "token"];
  for (const role of roles) {
    const args = [role, "--json", "one"];
    assert.deepEqual(await run(args), { code: 3, asked: ["brain", args] }, role);
  }
});

Deno.test("what plain mode is to begin with comes to it, each under its name", async () => {
  const rows: [string[], Plain][] = [
    [["--plain"], { plain: true, world: null, character: null }],
    [["--world", "w", "--character", "c"], { plain: false, world: "w", character: "c" }],
    [["--plain", "--character", "c"], { plain: true, world: null, character: "c" }],
  ];
  const none = () => assert.fail("another role");
  for (const [args, wanted] of rows) {
    let asked: Plain | null = null;
    const play = (_common: Common, plain: Plain) => {
      asked = plain;
      return Promise.resolve(4);
    };
    const actions = { play, dev: none, face: none, brain: none };
    assert.equal(await runRole(["play", ...args], actions, () => undefined, "/work"), 4);
    assert.deepEqual(asked, wanted, args.join(" "));
  }
});

Deno.test("what is read without the parser is read as the parser reads it", async () => {
  const env = (name: string) => name === "XDG_DATA_HOME" ? "/x" : undefined;
  const none = () => assert.fail("another role");
  const quick = [["play"], ["play", "--home", "/h"], ["play", "--home", "/h/with space/x.y"]];
  for (const args of quick) {
    let asked: unknown;
    const play = (...what: unknown[]) => {
      asked = what;
      return Promise.resolve(0);
    };
    await readCommandLine(args, { play, dev: none, face: none, brain: none }, env, "/work");
    assert.deepEqual(
      asked,
      [plainPlay(args, env), { plain: false, world: null, character: null }],
      args.join(" "),
    );
  }
  const parsers = [
    [],
    ["dev"],
    ["play", "--plain"],
    ["play", "--home"],
    ["play", "--home", "h"],
    ["play", "--home", "/h/../i"],
    ["play", "--home", "/h/"],
    ["play", "--home", "/h/."],
    ["play", "--home", "--plain"],
    ["play", "--config", "/c"],
    ["play", "--home", "/h", "--plain"],
    ["--home", "/h", "play"],
  ];
  for (const args of parsers) assert.equal(plainPlay(args, env), null, args.join(" "));
  assert.equal(plainPlay(["play"], (name) => name === "FLOWER_HOME" ? "stories" : undefined), null);
});

Deno.test("what a face asks of the front door is read without the parser as the parser reads it", async () => {
  const env = () => undefined;
  const none = () => assert.fail("another role");
  const door = ["brain", "--with-parent", "--home", "/h/with space"];
  const quick = [
    door,
    [...door, "--config", "c.yaml"],
    [...door, "--config", "c.yaml", "--assets", "/a"],
    [...door, "--assets", "/a"],
  ];
  for (const args of quick) {
    const asked: FrontDoorOptions[] = [];
    const brain = (options: FrontDoorOptions) => {
      asked.push(options);
      return Promise.resolve(7);
    };
    await readBrainCommandLine(args, { brain, models: none, order: none }, env, "/engine");
    assert.equal(await runBrainRole(args, { brain, models: none, order: none }, env, "/engine"), 7);
    assert.deepEqual(asked, [plainBrain(args, "/engine"), plainBrain(args, "/engine")], args.join(" "));
    assert.notEqual(asked[0], null);
  }
  const parsers = [
    [],
    ["serve", ...door.slice(1)],
    ["brain", "--home", "/h"],
    ["brain", "--with-parent"],
    ["brain", "--with-parent", "--home"],
    ["brain", "--with-parent", "--home", ""],
    ["brain", "--with-parent", "--home", "--help"],
    [...door, "--port", "0"],
    [...door, "--config"],
    [...door, "--config", "--help"],
    [...door, "--config", "a", "--config", "b"],
    [...door, "extra"],
    [...door, "__proto__", "x"],
  ];
  for (const args of parsers) assert.equal(plainBrain(args, "/engine"), null, args.join(" "));
});

Deno.test("usage errors end with code 2 and, where one is near, a hint", async () => {
  const rows: [string[], RegExp][] = [
    [["plya"], /unknown command 'plya'\n\(Did you mean play\?\)/],
    [["bran"], /Did you mean brain\?/],
    [["play", "--hme", "x"], /unknown option '--hme'\n\(Did you mean --home\?\)/],
    [["play", "extra"], /too many arguments/],
    [["play", "--home"], /argument missing/],
    [["face", "--url", "nonsense"], /must be like ws:/],
    [["face", "--url", "http://a"], /must begin with ws:/],
    [[], /Usage: flower/],
  ];
  for (const [args, says] of rows) {
    let answer: { code: number; asked: unknown[] } | null = null;
    assert.match(await printed(async () => answer = await run(args)), says);
    assert.deepEqual(answer, { code: 2, asked: [] }, args.join(" "));
  }
});

Deno.test("help and version are answered with code 0", async () => {
  const rows: [string[], RegExp][] = [
    [["--help"], /play .*\n.*face .*\n.*brain .*\n[^]*dev /],
    [["play", "--help"], /--home <dir>/],
    [["help", "face"], /--url <url>/],
    [["--version"], /^0\.1\.0\n$/],
  ];
  for (const [args, says] of rows) {
    let answer: { code: number; asked: unknown[] } | null = null;
    assert.match(await printed(async () => answer = await run(args)), says);
    assert.deepEqual(answer, { code: 0, asked: [] }, args.join(" "));
  }
});

Deno.test("a URL gets the usual path when it has none", () => {
  const rows = [
    ["ws://a:1", "ws://a:1/ws/rpc"],
    ["wss://a/", "wss://a/ws/rpc"],
    ["ws://a:1/other", "ws://a:1/other"],
  ];
  for (const [given, url] of rows) assert.equal(parseUrl(given), url);
});

Deno.test("a port is a whole number from 0 to 65535", () => {
  for (const text of ["0", "8000", "65535"]) assert.equal(parsePort(text), Number(text));
  for (const text of ["65536", "-1", "1.5", "1e3", "", " 1", "0x10", "http"]) {
    assert.throws(() => parsePort(text), text);
  }
});

Deno.test("a host is a name or an address without a port", () => {
  const rows = [
    ["localhost", "localhost"],
    ["0.0.0.0", "0.0.0.0"],
    ["::1", "::1"],
    ["[fe80::1]", "fe80::1"],
    ["a-b.c", "a-b.c"],
  ];
  for (const [given, host] of rows) assert.equal(parseHost(given), host);
  for (const text of ["", "a b", "a:80", "http://a", "[a]:1", "-a", "a,b"]) {
    assert.throws(() => parseHost(text), text);
  }
});

Deno.test("the front door's options have their defaults", async () => {
  const ask = async (args: string[]) => {
    const asked: FrontDoorOptions[] = [];
    const brain = (options: FrontDoorOptions) => {
      asked.push(options);
      return Promise.resolve(0);
    };
    const code = await runBrainRole(
      args,
      { brain, models: () => Promise.resolve(9), order: () => Promise.resolve(8) },
      (name) => name === "FLOWER_HOME" ? "/f" : undefined,
      "/engine",
    );
    assert.equal(code, 0);
    return asked[0];
  };
  const defaults: FrontDoorOptions = {
    home: "/f",
    config_path: null,
    assets: "/engine/assets",
    host: "127.0.0.1",
    port: 8000,
    with_parent: false,
    token_file: null,
    tls_cert: null,
    tls_key: null,
    trust_proxy: false,
    root: "/engine",
    entry: "/engine/brain/serve.ts",
  };
  assert.deepEqual(await ask(["brain"]), defaults);
  assert.deepEqual(await ask(["serve", "--with-parent"]), { ...defaults, port: 0, with_parent: true });
  assert.deepEqual(
    await ask(["brain", "--home", "h", "--config", "c", "--assets", "a", "--host", "::1", "--port", "7"]),
    { ...defaults, home: "h", config_path: "c", assets: "a", host: "::1", port: 7 },
  );
  assert.deepEqual(
    await ask(["brain", "--token-file", "t", "--tls-cert", "c", "--tls-key", "k", "--trust-proxy"]),
    { ...defaults, token_file: "t", tls_cert: "c", tls_key: "k", trust_proxy: true },
  );
});
