import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { NoBrain } from "../../face/brain_link.ts";
import { createLauncher, isLocked, type Launcher, readBrainFile } from "../../face/launch.ts";
import {
  FIXTURE_DOOR,
  gone,
  isRunning,
  openSocket,
  startPiped,
  tempHome,
  until,
} from "../support/processes.ts";

const VERSION = "0.1.0";

/** A launcher over the fixture; `model` makes the fixture misbehave. Closed at the end of its `using`. */
function launch(
  home: string,
  options: { version?: string; model?: string; start?: boolean; waits?: [number, string][] } = {},
): Launcher & AsyncDisposable {
  const args = ["run", "-A", "--no-check", "--quiet", FIXTURE_DOOR, "brain", "--with-parent", "--home", home];
  if (options.model !== undefined) {
    const config = join(home, "test.yaml");
    Deno.writeTextFileSync(config, `default_model: ${options.model}\n`);
    args.push("--config", config);
  }
  const launcher = createLauncher({
    home,
    version: options.version ?? VERSION,
    front_door: options.start === false ? null : args,
    on_restart: (ms, reason) => options.waits?.push([ms, reason]),
  });
  return { ...launcher, [Symbol.asyncDispose]: () => launcher.close() };
}

function pidOf(home: string): number {
  return readBrainFile(home)?.pid ?? 0;
}

/** Ends the brain of a home as a crash would, and waits until the home is free. */
async function crash(home: string): Promise<void> {
  const pid = pidOf(home);
  Deno.kill(pid, "SIGKILL");
  await gone(pid);
  await until(() => !isLocked(home), "the lock is free");
}

Deno.test("a free home gets a brain, whose address and token open a socket; leaving ends it", async () => {
  await using home = await tempHome();
  assert.ok(!isLocked(home.path));
  const launcher = launch(home.path);
  const { url, token } = await launcher.locate();
  assert.match(token, /^[0-9a-f]{64}$/);
  {
    await using socket = await openSocket(url, token);
    await socket.frame("hello");
  }
  const pid = pidOf(home.path);
  assert.ok(isLocked(home.path));
  assert.deepEqual(await launcher.locate(), { url, token });
  assert.equal(pidOf(home.path), pid);
  await launcher.close();
  assert.ok(!isRunning(pid));
  assert.ok(!isLocked(home.path));
});

Deno.test("a second launcher attaches, does not end what is not its own, and starts one when the owner has left", async () => {
  await using home = await tempHome();
  await using owner = launch(home.path);
  const address = await owner.locate();
  const guest = launch(home.path);
  assert.deepEqual(await guest.locate(), address);
  await guest.close();
  assert.ok(isLocked(home.path));

  await using second = launch(home.path);
  assert.deepEqual(await second.locate(), address);
  await owner.close();
  const next = await second.locate();
  assert.notEqual(next.token, address.token);
  await using socket = await openSocket(next.url, next.token);
  await socket.frame("hello");
});

Deno.test("launchers that start at the same moment end up with one brain", async () => {
  await using home = await tempHome();
  await using one = launch(home.path);
  await using two = launch(home.path);
  await using three = launch(home.path);
  const [a, b, c] = await Promise.all([one.locate(), two.locate(), three.locate()]);
  assert.deepEqual([b, c], [a, a]);
});

Deno.test("a crashed brain is started again after 0.2, 1 and 5 s, and a fourth crash within a minute is the end", async () => {
  await using home = await tempHome();
  const waits: [number, string][] = [];
  await using launcher = launch(home.path, { waits });
  const tokens = new Set([(await launcher.locate()).token]);
  for (const delay of [200, 1000, 5000]) {
    const started = performance.now();
    await crash(home.path);
    await until(async () => {
      const { token } = await launcher.locate();
      return tokens.has(token) ? false : tokens.add(token);
    }, "another brain");
    assert.ok(performance.now() - started > delay - 60, `${delay}`);
    assert.deepEqual(waits.at(-1), [delay, "The brain crashed (code 137)"]);
  }
  await crash(home.path);
  await assert.rejects(
    () => until(async () => tokens.has((await launcher.locate()).token) ? false : true, "the end"),
    (error) =>
      error instanceof NoBrain && error.code === 1 && error.message.includes("fourth time within a minute"),
  );
  assert.equal(waits.length, 3);
});

Deno.test("a wanted restart is no crash: no wait, another brain", async () => {
  await using home = await tempHome();
  const waits: [number, string][] = [];
  await using launcher = launch(home.path, { waits });
  const before = await launcher.locate();
  for (let n = 0; n < 2; n++) await launcher.restart();
  assert.notEqual((await launcher.locate()).token, before.token);
  assert.deepEqual(waits, []);
});

Deno.test("reasons for no brain are told with their exit code", async () => {
  const rows: { model: string; code: number; says: RegExp }[] = [
    { model: "refuse", code: 1, says: /^No story today$/ },
    { model: "die", code: 1, says: /^The brain ended with code 7 before it was ready/ },
  ];
  for (const { model, code, says } of rows) {
    await using home = await tempHome();
    await using launcher = launch(home.path, { model });
    for (let n = 0; n < 2; n++) {
      await assert.rejects(
        () => launcher.locate(),
        (error) => error instanceof NoBrain && error.code === code && says.test(error.message),
      );
    }
  }
});

Deno.test("a front door that cannot even run is told with what it said", async () => {
  await using home = await tempHome();
  const launcher = createLauncher({
    home: home.path,
    version: VERSION,
    front_door: ["run", "--quiet", "/nowhere.ts"],
  });
  await assert.rejects(
    () => launcher.locate(),
    (error) => error instanceof NoBrain && /nowhere\.ts/.test(error.message),
  );
  await launcher.close();
});

Deno.test("a launcher that may only attach says how to start a brain", async () => {
  await using home = await tempHome();
  await using launcher = launch(home.path, { start: false });
  await assert.rejects(
    () => launcher.locate(),
    (error) => error instanceof NoBrain && error.code === 3 && error.message.includes("deno task play"),
  );
});

Deno.test("a running brain of another version is refused with code 3 and both versions", async () => {
  await using home = await tempHome();
  await using owner = launch(home.path);
  await owner.locate();
  await using other = launch(home.path, { version: "9.9.9" });
  await assert.rejects(
    () => other.locate(),
    (error) =>
      error instanceof NoBrain && error.code === 3 &&
      /version 0\.1\.0, this face is 9\.9\.9/.test(error.message),
  );
});

Deno.test("a brain that holds the lock and has not yet written its file is waited for", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  const { url } = await door.ready();
  const path = join(home.path, "brain.json");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.slice(0, 20));
  await using launcher = launch(home.path);
  const located = launcher.locate();
  const early = await Promise.race([located, new Promise((resolve) => setTimeout(resolve, 200, "waits"))]);
  assert.equal(early, "waits");
  await Deno.writeTextFile(path, text);
  assert.deepEqual(await located, { url, token: "" });
});

Deno.test("what a dead brain left in brain.json does not count", async () => {
  await using home = await tempHome();
  const dead = { url: "ws://127.0.0.1:1/ws/rpc", pid: 1, version: "0.0.1", protocol: 1, token: "old" };
  await Deno.writeTextFile(join(home.path, "brain.json"), JSON.stringify(dead));
  await Deno.writeTextFile(join(home.path, "brain.lock"), "");
  await using launcher = launch(home.path);
  assert.notEqual((await launcher.locate()).token, "old");
});

Deno.test("leaving while the brain starts ends it too", async () => {
  await using home = await tempHome();
  const launcher = launch(home.path);
  const located = launcher.locate().catch(() => null);
  await until(() => isLocked(home.path), "the lock");
  await launcher.close();
  await located;
  assert.ok(!isLocked(home.path));
});
