import assert from "node:assert/strict";
import { join } from "node:path/posix";
import {
  FIXTURE_DOOR,
  gone,
  isRunning,
  openSocket,
  ROOT,
  startPiped,
  startScreen,
  tempHome,
  until,
} from "../support/processes.ts";

const READY = /^\{"ready":true,"url":"ws:\/\/127\.0\.0\.1:\d+\/ws\/rpc","pid":\d+,"version":"0\.1\.0"\}\n$/;

function about(home: string): { url: string; pid: number; token: string } {
  return JSON.parse(Deno.readTextFileSync(join(home, "brain.json")));
}

Deno.test("a ready brain is exactly one JSON line on stdout, with the sealed brain's own pid", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--with-parent", "--home", home.path]);
  const { pid } = await door.ready();
  assert.notEqual(pid, door.pid);
  assert.ok(isRunning(pid));
  await door.closeStdin();
  assert.equal(await door.ended, 0);
  assert.match(door.stdout(), READY);
  assert.equal(door.stderr(), "");
});

Deno.test("once the brain is ready no timer is left that would end it", async () => {
  await using home = await tempHome();
  await using door = startPiped(join(ROOT, "tests", "support", "timed_front_door.ts"), [
    "brain",
    "--with-parent",
    "--home",
    home.path,
  ]);
  await until(() => door.stderr().includes("held 30000."), "the patience with a brain that starts");
  await door.ready();
  await until(() => door.stderr().trimEnd().endsWith("\nheld ."), "the end of it");
  await door.closeStdin();
  assert.equal(await door.ended, 0);
});

Deno.test("with a parent, the end of stdin ends door and brain at once", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--with-parent", "--home", home.path]);
  const { pid } = await door.ready();
  const started = performance.now();
  await door.closeStdin();
  assert.equal(await door.ended, 0);
  assert.ok(performance.now() - started < 10_000);
  assert.ok(!isRunning(pid));
});

Deno.test("a door that is killed leaves no brain behind", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--with-parent", "--home", home.path]);
  const { pid } = await door.ready();
  door.signal("SIGKILL");
  assert.equal(await door.ended, 137);
  await gone(pid);
});

Deno.test("by hand, stdin is never read, and SIGTERM or SIGINT end the brain with code 0", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using home = await tempHome();
    await using door = startPiped(FIXTURE_DOOR, ["serve", "--port", "0", "--home", home.path]);
    await door.closeStdin();
    const { pid, url } = await door.ready();
    // No token on loopback; the answer proves that EOF did not end it.
    await using socket = await openSocket(url);
    socket.send("still here");
    await socket.frame("still here");
    door.signal(signal);
    assert.equal(await door.ended, 0);
    assert.ok(!isRunning(pid));
    assert.match(door.stdout(), READY);
  }
});

Deno.test("a terminal that is closed ends the brain that was started in it, and no other", async () => {
  await using home = await tempHome();
  {
    // As nohup and services start it.
    await using door = startPiped(FIXTURE_DOOR, ["serve", "--port", "0", "--home", home.path]);
    const { pid, url } = await door.ready();
    door.signal("SIGHUP");
    await using socket = await openSocket(url);
    socket.send("still here");
    await socket.frame("still here");
    door.signal("SIGTERM");
    assert.equal(await door.ended, 0);
    assert.ok(!isRunning(pid));
  }
  {
    await using screen = startScreen(FIXTURE_DOOR, ["serve", "--port", "0", "--home", home.path], {
      columns: 200,
    });
    await screen.shows('"ready":true');
    screen.kill("SIGHUP");
    assert.deepEqual(await screen.ended, { code: 0, signal: 0 });
  }
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--with-parent", "--home", home.path]);
  await door.ready();
  door.signal("SIGHUP");
  assert.equal(await door.ended, 0);
});

Deno.test("by hand, the brain is never restarted and its exit code is passed on", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await using socket = await openSocket((await door.ready()).url);
  socket.send("/die");
  assert.equal(await door.ended, 9);
  assert.match(door.stdout(), READY);
});

Deno.test("the log of the brain goes to HOME/logs/brain.log and, by hand, to stderr, without keys and tokens", async () => {
  for (const [args, echoed] of [[["--port", "0"], true], [["--with-parent"], false]] as const) {
    await using home = await tempHome();
    const env = { OPENAI_API_KEY: "sk-very-secret" };
    await using door = startPiped(FIXTURE_DOOR, ["brain", ...args, "--home", home.path], { env });
    await door.ready();
    door.signal("SIGTERM");
    await door.ended;
    const expected = `log of ${Deno.realPathSync(home.path)}, a key [key]\n`;
    assert.equal(Deno.readTextFileSync(join(home.path, "logs", "brain.log")), expected);
    assert.equal(door.stderr(), echoed ? expected : "");
  }
});

Deno.test("complaints about the config reach log and stderr, and the brain starts", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "config.yaml"), "log_levl: info\n");
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await door.ready();
  const told = `${home.path}/config.yaml:1:1: log_levl is no key that I know; did you mean log_level?\n`;
  await until(() => door.stderr().includes(told), "the complaint on stderr");
  const log = join(home.path, "logs", "brain.log");
  assert.ok(Deno.readTextFileSync(log).includes(told));
  door.signal("SIGTERM");
  assert.equal(await door.ended, 0);
  // A face draws on the terminal that our stderr is.
  await Deno.remove(log);
  await using own = startPiped(FIXTURE_DOOR, ["brain", "--with-parent", "--home", home.path]);
  await own.ready();
  await own.closeStdin();
  assert.deepEqual([await own.ended, own.stderr()], [0, ""]);
  assert.ok(Deno.readTextFileSync(log).includes(told));
});

Deno.test("keys travel on the channel only: neither in arguments nor in the brain's environment", async () => {
  await using home = await tempHome();
  const env = {
    GROQ_API_KEY: "gsk-secret",
    UNRELATED: "x",
    HTTPS_PROXY: "http://127.0.0.1:9",
    FLOWER_HOME: "/nowhere",
  };
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path], { env });
  const { pid } = await door.ready();
  assert.ok(!Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("secret"));
  const names = Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0").map((row) => row.split("=")[0]);
  for (const name of ["GROQ_API_KEY", "UNRELATED", "FLOWER_HOME"]) assert.ok(!names.includes(name), name);
  for (const name of ["PATH", "HOME", "NO_COLOR", "HTTPS_PROXY"]) assert.ok(names.includes(name), name);
});

Deno.test("the brain is sealed: no environment, no other files, no programs", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await using socket = await openSocket((await door.ready()).url);
  socket.send("/seal");
  const frame = JSON.parse(await socket.frame("read_home"));
  assert.deepEqual(JSON.parse(frame.payload.content), {
    env: "undefined",
    read_home: "true",
    read_other: "NotCapable",
    write_other: "NotCapable",
    run: "NotCapable",
  });
});

Deno.test("the brain has a process group of its own", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  const { pid } = await door.ready();
  // Fields after the name in parentheses: state, parent, process group.
  const group = (of: number) => Deno.readTextFileSync(`/proc/${of}/stat`).replace(/^.*\) /, "").split(" ")[2];
  assert.equal(group(pid), String(pid));
  assert.notEqual(group(door.pid), String(pid));
});

Deno.test("a face's brain has a random token that only brain.json (mode 600) holds", async () => {
  const tokens = new Set<string>();
  for (const args of [["--with-parent"], ["--with-parent"], ["--with-parent", "--host", "0.0.0.0"]]) {
    await using home = await tempHome();
    await using door = startPiped(FIXTURE_DOOR, ["brain", ...args, "--home", home.path]);
    await door.ready();
    const { token } = about(home.path);
    assert.match(token, /^[0-9a-f]{64}$/);
    tokens.add(token);
    assert.ok(!door.stdout().includes(token));
  }
  assert.equal(tokens.size, 3);
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await door.ready();
  assert.equal(about(home.path).token, "");
});

Deno.test("a brain that cannot start is a sentence and an exit code, on stdout only for a face", async () => {
  await using home = await tempHome();
  const file = join(home.path, "file");
  await Deno.writeTextFile(file, "");
  const below = (name: string) => join(home.path, name);
  const rows: { model?: string; args: string[]; code: number; says: RegExp }[] = [
    {
      args: ["--home", join(file, "home")],
      code: 1,
      says: /^The home .*\/file\/home cannot be used: Not a directory/,
    },
    {
      args: ["--home", below("a"), "--assets", below("none")],
      code: 1,
      says: /^The assets .*none cannot be read: No such/,
    },
    { model: "refuse", args: ["--home", below("b")], code: 1, says: /^No story today$/ },
    {
      model: "die",
      args: ["--home", below("c")],
      code: 1,
      says: /^The brain ended with code 7 before it was ready; see .*c\/logs\/brain.log$/,
    },
    {
      model: "garbage",
      args: ["--home", below("d")],
      code: 1,
      says: /^The brain began with something else than its ready line: hello$/,
    },
  ];
  for (const { model = "", args, code, says } of rows) {
    for (const with_parent of [false, true]) {
      const more = with_parent ? ["--with-parent"] : ["--port", "0"];
      await using door = startPiped(FIXTURE_DOOR, ["brain", ...args, ...more], {
        env: { MODEL_NAME: model },
      });
      assert.equal(await door.ended, code);
      if (with_parent) {
        const line = JSON.parse(door.stdout());
        assert.equal(line.ready, false);
        assert.equal(line.code, code);
        assert.match(line.error, says);
      } else {
        assert.equal(door.stdout(), "");
        assert.match(door.stderr().trim().split("\n").at(-1) ?? "", says);
      }
    }
  }
});

Deno.test("a second brain on a home, and a taken port, end with code 3", async () => {
  await using home = await tempHome();
  await using other = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  const { url, pid } = await door.ready();
  const rows = [["--home", home.path, "--port", "0"], ["--home", other.path, "--port", new URL(url).port]];
  for (const args of rows) {
    await using second = startPiped(FIXTURE_DOOR, ["brain", ...args]);
    assert.equal(await second.ended, 3);
    assert.equal(second.stdout(), "");
  }
  assert.ok(isRunning(pid));
});
