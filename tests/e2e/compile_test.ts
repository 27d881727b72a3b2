// One file for all roles: what the compiler embeds, and every role run as the compiled program runs it (the same entry with
// the same rights, started from itself). The program itself needs a runtime part that has to be downloaded.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { loadConfig } from "../../brain/config.ts";
import { chromaRights, sealedBrainRights, type WorkerRights } from "../../brain/seal.ts";
import { compile, RIGHTS, TARGETS } from "../support/compile.ts";
import { cleanEnv, gone, type ReadyLine, ROOT, startScreen, tempHome, until } from "../support/processes.ts";
import { buildOriginal } from "../support/original_folder.ts";
import type { Attempt } from "../support/rights_probe.ts";

const ONE_FILE = join(ROOT, "tests", "support", "one_file.ts");
const UNCOMPILED = ["run", ...RIGHTS, "--no-check", "--quiet", ONE_FILE];
const QUICK = "narrator_word_ms: 0\n";

function start(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...UNCOMPILED, ...args],
    cwd: "/",
    clearEnv: true,
    env: cleanEnv({ OPENAI_API_KEY: "" }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(args: string[], input = ""): Promise<{ code: number; out: string; err: string }> {
  const child = start(args);
  const writer = child.stdin.getWriter();
  // Who ends before it has read is judged by its code.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && name !== "node_modules" && name !== "embedder") yield* sources(join(folder, name));
    else if (name.endsWith(".ts")) yield join(folder, name);
  }
}

Deno.test({
  name:
    "the compiler takes the whole graph: every role, every thread, the assets; nothing that only tests use",
  ignore: Deno.env.get("FLOWER_RELEASE") !== "1",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "flower-compile-test-" });
    try {
      const { good, said, path } = await compile(Deno.build.target, folder, Deno.execPath());
      assert.ok(good, said);
      const lines = said.split("\n");
      const embedded = (name: string) => lines.some((line) => line.includes(`── ${name} (`));
      for (const part of ["assets/*", "sealed.ts", "serve.ts", "front_door.ts", "play.ts", "deno.json"]) {
        assert.ok(embedded(part), `${part} in\n${said}`);
      }
      const threads: string[] = [];
      for (const top of ["brain", "face"]) {
        for (const file of sources(join(ROOT, top))) {
          const found = Deno.readTextFileSync(file).matchAll(
            /new URL\("\.\/([\w/]+\.ts)", import\.meta\.url\)/g,
          );
          threads.push(...[...found].map((match) => match[1]));
        }
      }
      assert.ok(threads.length >= 3);
      for (const thread of threads) assert.ok(embedded(thread), `${thread} in\n${said}`);
      assert.ok(!/node-pty|xterm|tests/.test(said), said);
      const bytes = Deno.readFileSync(path);
      const asset = new TextEncoder().encode("id: salt_marsh");
      assert.ok(new TextDecoder("latin1").decode(bytes).includes(new TextDecoder("latin1").decode(asset)));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("six targets, each once, this machine's among them", () => {
  assert.equal(new Set(TARGETS).size, 6);
  assert.ok(TARGETS.includes(Deno.build.target));
});

Deno.test("one file: plays a turn, remembers by words, and says why; every other role does its work or says why not", async (t) => {
  await using home = await tempHome(QUICK);
  const own = ["--home", home.path];

  await t.step("play", async () => {
    const { code, out, err } = await run(
      ["play", "--plain", "--world", "salt_marsh", "--character", "farrier", ...own],
      "I open the door\n",
    );
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.ok(out.trim().length > 100, out);
    const log = Deno.readTextFileSync(join(home.path, "logs", "brain.log"));
    assert.match(log, /A compiled flower has no embedder of its own/);
    assert.doesNotMatch(log, / error |NotCapable|Requires /);
  });

  const [copy, story] = ["copy.db", "story.jsonl"].map((name) => join(home.path, name));
  const original = join(home.path, "original");
  await Deno.mkdir(original);
  await buildOriginal(original);
  const rows: [string[], number, RegExp][] = [
    [["export", "I open the door", "--format", "txt"], 0, /I open the door/],
    [["backup", copy], 0, /copy\.db/],
    [["export", "I open the door", "--format", "jsonl", "--out", story], 0, /✓ .*story\.jsonl/],
    [["restore", copy], 0, /✓ Restored .*copy\.db\n {2}1 story/],
    [["import", story], 0, /✓ "I open the door" is (story|here)/],
    [["import", "flower-engine", original], 0, /✓ story "Dive": /],
    [["memory", "rebuild"], 0, /✓ Rebuilt in/],
    [["memory", "check"], 0, /✓ Everything is in step/],
    [["token", "add", "anna"], 0, /^[0-9a-f]{64}\n/],
    [["token", "revoke", "anna"], 0, /anna has no token any more/],
    [["doctor"], 0, /by words only\. A compiled flower has no embedder of its own/],
    [["models", "pull"], 2, /A compiled flower has no embedder of its own/],
    [["dev"], 2, /dev needs the sources/],
    [["token", "list"], 0, /^✗ anna: 0 stories; revoked\n/],
    [["--version"], 0, /^\d+\.\d+\.\d+\n$/],
  ];
  for (const [args, code, says] of rows) {
    await t.step(args.join(" ").replaceAll(home.path, "HOME"), async () => {
      const said = await run([...args, ...(args[0] === "--version" ? [] : own)]);
      assert.match(said.out + said.err, says);
      assert.equal(said.code, code, said.err);
    });
  }

  await t.step("face and screen", async () => {
    await using alone = startScreen(Deno.execPath(), [...UNCOMPILED, "face", ...own], {
      executable: true,
      columns: 200,
    });
    assert.equal((await alone.ended).code, 3);
    await alone.shows("No brain runs on");
    await using face = startScreen(Deno.execPath(), [...UNCOMPILED, "play", ...own], { executable: true });
    await face.shows(/Tab reread/);
    face.type("/quit\r");
    assert.deepEqual(await face.ended, { code: 0, signal: 0 });
  });

  await t.step("the sealed program that fills a Chroma server, where there is none", async () => {
    const vectors = 'local_servers: off\nvectors: {engine: chroma, url: "http://127.0.0.1:9"}\n';
    await Deno.writeTextFile(join(home.path, "config.yaml"), vectors);
    const { code, out } = await run(["memory", "check", ...own]);
    assert.match(out, /✗ chroma .*127\.0\.0\.1:9/);
    assert.equal(code, 1);
  });
});

Deno.test("one file: a brain on its own ends gently on SIGTERM, and with its front door when that is killed", async () => {
  for (const how of ["SIGTERM", "SIGKILL"] as const) {
    await using home = await tempHome(QUICK);
    const door = start(["brain", "--port", "0", "--home", home.path]);
    const rest = new Response(door.stderr).text();
    const reader = door.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const ready = JSON.parse((await reader.read()).value ?? "{}") as ReadyLine;
    assert.notEqual(ready.pid, door.pid);
    // Its own rights are in no argument, and no argument says more than its role.
    const args = Deno.readTextFileSync(`/proc/${ready.pid}/cmdline`).split("\0").filter(Boolean);
    assert.equal(args.at(-1), "sealed-brain");
    const response = await fetch(ready.url.replace("ws:", "http:").replace("/ws/rpc", "/healthz"));
    assert.equal(response.status, 200);
    await response.body?.cancel();
    door.kill(how);
    await gone(ready.pid);
    const { code } = await door.status;
    if (how === "SIGTERM") assert.equal(code, 0);
    await until(() => {
      try {
        return !Deno.statSync(join(home.path, "brain.json")).isFile;
      } catch {
        return true;
      }
    }, "brain.json is gone");
    await reader.cancel();
    await door.stdin.close().catch(() => {});
    await rest;
  }
});

async function tried(permissions: WorkerRights, attempts: Attempt[]): Promise<string[]> {
  const probe = new URL("../support/rights_probe.ts", import.meta.url);
  const worker = new Worker(probe, { type: "module", deno: { permissions } });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<string[]>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(attempts);
    });
  } finally {
    worker.terminate();
  }
}

Deno.test("one file: the thread of the brain can do what its config needs and nothing else", async () => {
  await using home = await tempHome();
  await using outside = await tempHome();
  const { config } = loadConfig({
    home: home.path,
    assets: join(ROOT, "assets"),
    config_path: null,
    cwd: home.path,
    env: () => undefined,
    read: () => "local_servers: off\n",
  });
  const other = join(outside.path, "config.yaml");
  const rights = sealedBrainRights(config, ROOT, false);
  const refused = "NotCapable";
  await Deno.mkdir(join(home.path, "exports"));
  const cases: [Attempt, string][] = [
    [{ read: join(home.path, "exports") }, "done"],
    [{ read: join(ROOT, "assets") }, "done"],
    [{ write: join(home.path, "exports", "a") }, "done"],
    [{ read: home.path }, refused],
    [{ write: join(home.path, "a") }, refused],
    [{ write: join(home.path, "config.yaml") }, refused],
    [{ env: "LOG_TOKENS" }, "done"],
    [{ read: outside.path }, refused],
    [{ read: "/" }, refused],
    [{ write: other }, refused],
    [{ write: join(ROOT, "a") }, refused],
    [{ env: "HOME" }, refused],
    [{ listen: config.port + 1 }, refused],
    [{ run: "true" }, refused],
  ];
  assert.deepEqual(await tried(rights, cases.map(([attempt]) => attempt)), cases.map(([, answer]) => answer));

  const database = ["", "-wal", "-shm", "-journal"].map((end) => join(home.path, `engine.db${end}`));
  const chroma = chromaRights("http://127.0.0.1:9", join(home.path, "engine.db"), ROOT);
  assert.deepEqual(chroma, {
    net: ["127.0.0.1:9"],
    read: [ROOT, ...database],
    write: database,
    env: ["LOG_STREAM", "LOG_TOKENS", "OPENAI_CUSTOM_HEADERS"],
    run: false,
    ffi: false,
    sys: false,
    import: false,
  });
});

Deno.test("one file: the thread that started the sealed one gives up run, env, sys and ffi", async () => {
  await using home = await tempHome();
  const { config, keys } = loadConfig({
    home: join(home.path, "not", "there"),
    assets: join(ROOT, "assets"),
    config_path: null,
    cwd: home.path,
    env: () => undefined,
    read: () => "local_servers: off\n",
  });
  const program = `
    import { runSealed } from ${JSON.stringify(join(ROOT, "brain", "sealed.ts"))};
    const code = await runSealed("brain", ${JSON.stringify(ROOT)});
    const state = (name) => Deno.permissions.querySync({ name }).state;
    console.log(JSON.stringify([code, ...["run", "env", "sys", "ffi", "net"].map(state)]));
    Deno.exit(0);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", `--config=${join(ROOT, "deno.json")}`, program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify({ config, keys })}\n`));
  const { stdout, stderr } = await child.output();
  await writer.close().catch(() => {});
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert.match(lines[0], /"ready":false.*"code":1/, new TextDecoder().decode(stderr));
  // No one is asked (--no-prompt in the program): what is not granted is refused.
  assert.deepEqual(JSON.parse(lines[1]), [1, "prompt", "prompt", "prompt", "prompt", "granted"]);
});
