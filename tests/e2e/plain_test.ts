/** Plain mode with real processes: a pipe in, a story out, an exit code that scripts can rely on. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { startOriginalServer } from "../support/original_server.ts";
import { openLink } from "../../face/brain_link.ts";
import { linesOf, runPlain } from "../../face/plain.ts";
import { sanitize } from "../../face/text/sanitize.ts";
import { cleanEnv, FACE, ROOT, tempHome } from "../support/processes.ts";

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs `flower --home HOME play ARGS` with `input` on its stdin. */
async function play(home: string, args: string[], input: string): Promise<Ran> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", FACE, "--home", home, "play", ...args],
    cwd: ROOT,
    env: cleanEnv(),
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

const CONFIG = "local_servers: off\nnarrator_word_ms: 0\n";

async function withHome(run: (home: string) => Promise<void>, config = CONFIG): Promise<void> {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "config.yaml"), config);
  await run(home.path);
}

Deno.test("a line through a pipe prints the reply and nothing else, and ends with 0", () =>
  withHome(async (home) => {
    const first = await play(
      home,
      ["--plain", "--world", "salt_marsh", "--character", "farrier"],
      "I open the door\n",
    );
    assert.deepEqual([first.code, first.err], [0, ""]);
    assert.ok(first.out.length > 200);
    assert.ok(!first.out.includes("Fog comes in"), "the start message is not the reply");
    assert.equal(sanitize(first.out), first.out);
    // The story goes on where it stopped, without being named again, and without the flag.
    const second = await play(home, [], "I wait.\n/usage\n");
    assert.equal(second.code, 0);
    assert.notEqual(second.out, first.out);
    assert.match(second.err, /This story: 2 replies/);
  }));

Deno.test("a second Ctrl+C leaves a brain that does not answer any more", () =>
  withHome(async (home) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--quiet",
        FACE,
        "--home",
        home,
        "play",
        "--plain",
        "--world",
        "salt_marsh",
      ],
      cwd: ROOT,
      env: cleanEnv(),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    const reader = child.stdout.getReader();
    await writer.write(new TextEncoder().encode("I wait.\n"));
    await reader.read();
    const { pid } = JSON.parse(await Deno.readTextFile(join(home, "brain.json")));
    // In mid-reply.
    Deno.kill(pid, "SIGSTOP");
    // As `deno task` sends it, then once more in earnest; and again, for signals that meet a busy process become one.
    child.kill("SIGINT");
    let has_ended = false;
    const ended = child.status.then((status) => (has_ended = true, status));
    for (const wait_ms of [50, ...Array<number>(100).fill(400)]) {
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
      if (has_ended) break;
      child.kill("SIGINT");
    }
    if (!has_ended) child.kill("SIGKILL");
    const { code } = await ended;
    assert.equal(code, 130);
    // Its front door ends a brain that does not settle; it must not wait for ever.
    Deno.kill(pid, "SIGCONT");
    await reader.cancel();
    await writer.close().catch(() => {});
  }, "local_servers: off\nnarrator_word_ms: 100\n"));

Deno.test("what is not there is named, with what is, and ends with 2", () =>
  withHome(async (home) => {
    const rows: [string[], RegExp][] = [
      [[], /Which world\? Name one with --world: .*salt_marsh/],
      [["--world", "nowhere"], /There is no world "nowhere"\. There are: .*salt_marsh/],
      [["--world", "salt_marsh", "--character", "x"], /There is no character "x"\. There are: .*farrier/],
    ];
    for (const [args, pattern] of rows) {
      const ran = await play(home, args, "I wait.\n");
      assert.equal(ran.code, 2, ran.err);
      assert.match(ran.err, pattern);
      assert.equal(ran.out, "");
    }
  }));

Deno.test("a turn that fails ends with 4 and says why", () =>
  withHome(async (home) => {
    const ran = await play(home, ["--world", "salt_marsh"], "I wait.\n");
    assert.equal(ran.code, 4);
    assert.match(ran.err, /^✗ .+/m);
    assert.equal(ran.out, "");
  }, `${CONFIG}providers: [{name: dead, base_url: "http://127.0.0.1:1/v1"}]\ndefault_model: dead/x\n`));

Deno.test("a home that cannot be used ends with 1", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "file"), "");
  const ran = await play(join(home.path, "file", "home"), [], "I wait.\n");
  assert.equal(ran.code, 1);
  assert.match(ran.err, /cannot be used/);
});

async function* typed(...lines: string[]): AsyncGenerator<string> {
  yield* lines;
}

Deno.test("an original server is played line by line too", async () => {
  const server = startOriginalServer({ reply: ["The reeds ", "\x1b]0;owned\x07bend."], pace_ms: 1 });
  let [out, err] = ["", ""];
  let gone: Promise<void> | undefined;
  const code = await runPlain({
    link(on) {
      const link = openLink({ locate: () => Promise.resolve({ url: server.url, token: "" }) }, on);
      gone = link.closed;
      return link;
    },
    lines: typed("I wait."),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    world: "saltmarsh",
    character: "clerk",
    interactive: false,
    signal: new AbortController().signal,
  });
  await gone;
  await server.close();
  assert.deepEqual([code, out, err], [0, "The reeds bend.\n\n", ""]);
  assert.deepEqual(server.received, [
    "/world select saltmarsh",
    "/character select clerk",
    "/session new",
    "I wait.",
  ]);
});

Deno.test("lines come whole, however their bytes are cut, with or without an end", async () => {
  const bytes = new TextEncoder().encode("é one\r\ntwo\n\nthree");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(bytes.slice(0, cut));
        controller.enqueue(bytes.slice(cut));
        controller.close();
      },
    });
    assert.deepEqual(await Array.fromAsync(linesOf(stream)), ["é one", "two", "", "three"]);
  }
});

Deno.test("what is wrong with the player's own files, or a server that is not there, is told and keeps nobody from playing", () =>
  withHome(async (home) => {
    Deno.mkdirSync(join(home, "worlds"), { recursive: true });
    Deno.writeTextFileSync(join(home, "worlds", "mine.yaml"), "id: mine\nname: [\n");
    const ran = await play(
      home,
      ["--plain", "--world", "salt_marsh", "--character", "farrier"],
      "I open the door\n",
    );
    assert.equal(ran.code, 0, ran.err);
    assert.ok(ran.out.trim().length > 100, ran.out);
    assert.match(ran.err, /^✗ .*mine\.yaml:3:1: /m);
    assert.match(ran.err, /^✗ Chroma: 127\.0\.0\.1:9 cannot be reached/m);
  }, `${CONFIG}vectors: {engine: chroma, url: "http://127.0.0.1:9"}\n`));
