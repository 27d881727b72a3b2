// Real processes from end to end: front door, sealed brain and faces in a terminal; started, attached, killed, restarted.

import assert from "node:assert/strict";
import { BRAIN_ENDS } from "../../shared/protocol.ts";
import { join } from "node:path/posix";
import {
  gone,
  isRunning,
  openSocket,
  type Piped,
  startPiped,
  tempHome,
  type TestSocket,
  until,
} from "../support/processes.ts";
import { FACE, FRONT_DOOR } from "../support/processes.ts";

const READY = /^\{"ready":true,"url":"ws:\/\/127\.0\.0\.1:\d+\/ws\/rpc","pid":\d+,"version":"0\.1\.0"\}\n$/;

function brain(
  home: string,
  args: readonly string[] = ["--port", "0"],
  env: Record<string, string> = {},
): Piped {
  return startPiped(FRONT_DOOR, ["brain", "--home", home, ...args], { env });
}

/** Begins a story with the built-in narrator and waits for the first words of a reply that takes long. */
async function beginStory(socket: TestSocket): Promise<void> {
  socket.send("/world select salt_marsh");
  await socket.frame("Active world set to salt_marsh");
  socket.send("/character select clerk");
  await socket.frame('"character_id":"clerk"');
  socket.send("/session new");
  await socket.frame('"event":"chat_history","payload":{"content":"","metadata":{"history":[{');
  socket.send("I look around.");
  await socket.frame('"event":"chat_chunk"');
}

/** The last message of the path that a new socket is shown. */
async function lastMessage(socket: TestSocket): Promise<{ role: string; status: string; content: string }> {
  const frame = JSON.parse(await socket.frame('"event":"chat_history"'));
  return frame.payload.metadata.history.at(-1);
}

/** Ends a brain and waits until its home is free. */
async function end(door: Piped): Promise<void> {
  door.signal("SIGTERM");
  await door.ended;
}

Deno.test("a ready brain prints exactly one JSON line on stdout, and logs elsewhere", async () => {
  await using home = await tempHome();
  await using door = brain(home.path);
  const { pid, url } = await door.ready();
  {
    await using socket = await openSocket(url);
    await socket.frame('"event":"commands"');
  }
  await end(door);
  assert.match(door.stdout(), READY);
  assert.match(door.stderr(), /info ready at ws:/);
  assert.ok(!isRunning(pid));
});

Deno.test("the end of its face's pipe ends a brain in mid-reply, not at the reply's end; the reply is kept, marked stopped", async () => {
  await using home = await tempHome("narrator_word_ms: 300\n");
  await using door = brain(home.path, ["--with-parent"]);
  const { pid, url } = await door.ready();
  const { token } = JSON.parse(await Deno.readTextFile(join(home.path, "brain.json")));
  let told = "";
  {
    await using socket = await openSocket(url, token);
    await beginStory(socket);
    await door.closeStdin();
    assert.equal(await door.ended, 0);
    assert.ok(!isRunning(pid));
    await socket.closed;
    // The reply has its end, and the face knows that nobody asked for it.
    const [stopped, ...more] = socket.frames('"status":"stopped"').map((frame) => JSON.parse(frame));
    assert.deepEqual([stopped.event, more.length], ["chat_end", 0]);
    told = stopped.payload.metadata.message.content;
    assert.equal(JSON.parse(socket.frames("✗")[0]).payload.content, BRAIN_ENDS);
  }
  await using next = brain(home.path);
  await using socket = await openSocket((await next.ready()).url);
  const last = await lastMessage(socket);
  assert.equal(last.role, "assistant");
  assert.equal(last.status, "stopped");
  assert.ok(last.content.length > 0);
  assert.equal(last.content, told);
  await end(next);
});

Deno.test("kill -9 in mid-reply: the next start shows the partial reply, marked stopped", async () => {
  await using home = await tempHome("narrator_word_ms: 100\n");
  await using door = brain(home.path);
  const { pid, url } = await door.ready();
  {
    await using socket = await openSocket(url);
    await beginStory(socket);
    // What was shown for longer than 250 ms is on the disk.
    await until(() => socket.frames('"event":"chat_chunk"').length > 5, "some words");
    Deno.kill(pid, "SIGKILL");
    assert.equal(await door.ended, 137);
  }
  await using next = brain(home.path);
  await using socket = await openSocket((await next.ready()).url);
  const last = await lastMessage(socket);
  assert.equal(last.role, "assistant");
  assert.equal(last.status, "stopped");
  assert.ok(last.content.length > 0);
  socket.send("I go on.");
  await socket.frame('"event":"chat_chunk"');
  await end(next);
});

Deno.test("a second brain on a home ends with code 3 and says what to do", async () => {
  await using home = await tempHome();
  await using door = brain(home.path);
  const { pid } = await door.ready();
  await using second = brain(home.path);
  assert.equal(await second.ended, 3);
  assert.equal(second.stdout(), "");
  assert.match(second.stderr(), /Another brain runs on this home.*--home/);
  assert.ok(isRunning(pid));
  await end(door);
});

Deno.test("a port in use ends with code 3 and names it", async () => {
  await using home = await tempHome();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await using door = brain(home.path, ["--port", String(port)]);
  assert.equal(await door.ended, 3);
  assert.equal(door.stdout(), "");
  assert.match(door.stderr(), new RegExp(`Port ${port} .*--port`));
  listener.close();
});

Deno.test("a home below a regular file ends with code 1 and a sentence", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "file"), "");
  await using door = brain(join(home.path, "file", "home"));
  assert.equal(await door.ended, 1);
  assert.equal(door.stdout(), "");
  assert.match(door.stderr(), /^The home .*\/file\/home cannot be used: Not a directory\./);
});

Deno.test("blanks, commas and a database elsewhere: the seal fits any path", async () => {
  await using temp = await tempHome();
  const home = join(temp.path, "my home, too");
  const config = join(temp.path, "c.yaml");
  await Deno.writeTextFile(config, "database_path: 'else, where/s.db'\n");
  await using door = brain(home, ["--port", "0", "--config", config]);
  await using socket = await openSocket((await door.ready()).url);
  await socket.frame('"event":"sync_state"');
  assert.ok((await Deno.stat(join(temp.path, "else, where", "s.db"))).size > 0);
  await end(door);
});

Deno.test("a broken config is told to whoever joins, and the story goes on without it", async () => {
  await using home = await tempHome();
  await Deno.writeTextFile(join(home.path, "config.yaml"), "default_modl: x\n");
  await using door = brain(home.path);
  await using socket = await openSocket((await door.ready()).url);
  await socket.frame("config.yaml:1:1: default_modl is no key that I know; did you mean default_model?");
  await end(door);
});

Deno.test("the whole command line passes the brain's role on, with its exit code and its signals", async () => {
  await using home = await tempHome();
  await using flower = startPiped(FACE, ["brain", "--port", "0", "--home", home.path]);
  const { pid } = await flower.ready();
  await using second = startPiped(FACE, ["--home", home.path, "brain", "--port", "0"]);
  assert.equal(await second.ended, 3);
  flower.signal("SIGTERM");
  assert.equal(await flower.ended, 0);
  await gone(pid);
  assert.match(flower.stdout(), READY);
});

Deno.test("a face without a terminal says so and ends with code 2", async () => {
  await using home = await tempHome();
  for (const role of ["dev", "face"]) {
    await using face = startPiped(FACE, [role, "--home", home.path]);
    assert.equal(await face.ended, 2);
    assert.equal(face.stdout(), "");
    assert.match(face.stderr(), /^A face needs a terminal for its keys and its screen; this is none\.\n$/);
  }
});
