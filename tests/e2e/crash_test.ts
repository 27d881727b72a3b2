// A brain that is killed or told to end in mid-reply, and a database that is full, locked or read by somebody else.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import type { FaceClient } from "../support/face_client.ts";
import { gone, until } from "../support/processes.ts";
import { chunk, STORY } from "../support/sse_replies.ts";
import { configFor, openStage, type Stage, startProvider } from "./stage.ts";

const FAST = "narrator_word_ms: 0\nlocal_servers: off\n";

async function plays(face: FaceClient): Promise<void> {
  const { message, errors } = await face.turn("I look around.");
  assert.deepEqual([message.status, errors], ["complete", []]);
  assert.ok(message.content.length > 20);
}

/** Says a line to a provider that falls silent in mid-reply, and waits until what was told is in the database. */
async function midReply(face: FaceClient, stage: Stage): Promise<string> {
  await face.begin();
  await face.command("/model fault/stall-between:12");
  const from = face.events.length;
  face.say("I open the door.");
  const told = () => face.events.slice(from).filter(({ event }) => event === "chat_chunk").length;
  await face.until(() => told() > 8, "nine pieces");
  return await until(() => {
    const saved = stage.rows()[2]?.content ?? "";
    return saved.length > 3 && saved;
  }, "a saved part");
}

Deno.test("a brain that is killed in mid-reply shows the partial reply, marked stopped, after the restart", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  {
    await using face = await stage.face();
    const saved = await midReply(face, stage);
    assert.ok(saved.length > 3 && STORY.startsWith(saved), saved);
    Deno.kill(stage.pid, "SIGKILL");
    assert.equal(await stage.door.ended, 137);
    await face.until(() => face.closed !== null, "the close").catch(() => {});
    assert.equal(stage.rows().at(-1)?.status, "writing");
  }
  await stage.start();
  await using face = await stage.face();
  const kept = face.history.at(-1);
  assert.equal(kept?.status, "stopped");
  assert.ok(STORY.startsWith(kept.content) && kept.content.length > 3 && kept.content.length < STORY.length);
  assert.deepEqual(face.history.map(({ role }) => role), ["assistant", "user", "assistant"]);
  assert.match(stage.log(), / 1 reply was cut off when the brain stopped; what was told is kept/);
  assert.equal(face.state?.model, "fault/stall-between:12");
  await face.command("/model story");
  await plays(face);
});

Deno.test("Ctrl+C in mid-reply keeps all that was told, marked stopped, and ends with code 0 at once, not when the provider's time is up", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  let shown = "";
  {
    await using face = await stage.face();
    await midReply(face, stage);
    // The provider is silent for ever, and has a minute for it.
    const started = performance.now();
    stage.door.signal("SIGINT");
    assert.equal(await stage.door.ended, 0);
    assert.ok(performance.now() - started < 40_000);
    await gone(stage.pid);
    await face.until(() => face.closed !== null, "the close").catch(() => {});
    shown = face.events.filter(({ event }) => event === "chat_chunk").map(({ content }) => content).join("");
  }
  assert.deepEqual([...Deno.readDirSync(stage.home)].filter(({ name }) => name === "brain.json"), []);
  const { content, status } = stage.rows().at(-1)!;
  assert.equal(status, "stopped");
  assert.ok(content.startsWith(shown) && STORY.startsWith(content), `${shown} | ${content}`);
  await stage.start();
  await using face = await stage.face();
  assert.deepEqual([face.history.at(-1)?.content, face.history.at(-1)?.status], [content, "stopped"]);
  await face.command("/model story");
  await plays(face);
});

Deno.test("SIGTERM in mid-reply lets the reply end, begins no other, and ends with code 0", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  // Some six seconds: the signal comes long before the end.
  await face.command("/model fault/slow:200");
  const from = face.events.length;
  face.say("I open the door.");
  await face.next("chat_chunk", from);
  stage.door.signal("SIGTERM");
  await face.until(
    () => face.events.some(({ content }) => content.startsWith("The brain restarts.")),
    "the word of it",
  );
  // Asked again it waits as before.
  stage.door.signal("SIGTERM");
  const told = await face.told(from);
  assert.deepEqual([told.message.status, told.text], ["complete", STORY]);
  // The brain may have hung up already.
  if (face.closed === null) {
    try {
      face.say("And another.");
    } catch (error) {
      assert.ok(error instanceof DOMException, String(error));
    }
  }
  assert.equal(await stage.door.ended, 0);
  await gone(stage.pid);
  assert.deepEqual(stage.rows().map(({ status }) => status), ["complete", "complete", "complete"]);
});

Deno.test("SIGTERM waits for the reply, Ctrl+C after it does not: what was told is kept and the brain ends by itself", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  await provider.script({ steps: [{ send: chunk({ content: "It begins " }) }, { stall: true }] });
  face.say("I wait.");
  await face.next("chat_chunk", 0);
  stage.door.signal("SIGTERM");
  await face.until(
    () => face.events.some(({ content }) => content.startsWith("The brain restarts.")),
    "the word of it",
  );
  stage.door.signal("SIGINT");
  assert.equal(await stage.door.ended, 0);
  await gone(stage.pid);
  const { content, status } = stage.rows().at(-1)!;
  assert.deepEqual([content, status], ["It begins ", "stopped"]);
  assert.throws(() => Deno.statSync(join(stage.home, "brain.json")), Deno.errors.NotFound);
});

Deno.test("a full disk is told, nothing that was told is lost, and there is a next turn once there is room", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider, "max_page_count: 500") });
  await using face = await stage.face();
  const session = await face.begin();
  await plays(face);
  await face.command("/model fault/long:150000");
  let full = "";
  for (let turns = 0; full === "" && turns < 40; turns++) {
    const from = face.events.length;
    face.say("More.");
    const end = await face.next("chat_end", from, () => true, "the end");
    const said = face.events.slice(from, face.events.indexOf(end));
    full = said.find(({ content }) => /The disk that holds/.test(content))?.content ?? "";
  }
  assert.match(
    full,
    /^(✗ )?The disk that holds .*engine\.db is full\. Free some space and try again; nothing is lost\.$/,
  );
  // Whatever stood there before is there still.
  assert.equal(stage.rows()[2].content, STORY);

  // A line that finds no room at all goes back to the editor.
  await face.command("/model story");
  const line = "x".repeat(60_000);
  let refusal = "";
  for (let turns = 0; refusal === "" && turns < 10; turns++) {
    const from = face.events.length;
    face.say(line);
    await face.next("chat_end", from);
    for (const event of face.events.slice(from)) {
      if (event.event === "system_update" && event.metadata.line === line) refusal = event.content;
    }
  }
  assert.match(refusal, /^✗ The disk that holds /);
  await using second = await stage.face();
  assert.ok(second.history.every(({ status }) => status !== "writing"), "nothing is being written");

  await face.command(`/session delete ${session}`);
  await face.begin();
  await plays(face);
});

Deno.test("a locked database refuses the turn, gives the line back, and the next turn works", async () => {
  await using stage = await openStage({ config: FAST });
  await using face = await stage.face();
  await face.begin();
  await plays(face);
  const before = stage.rows();
  // This test is the second process.
  const other = new DatabaseSync(join(stage.home, "engine.db"), { timeout: 30_000 });
  try {
    other.exec("BEGIN IMMEDIATE");
    const from = face.events.length;
    const ref = face.say("I wait for the lock.");
    await face.next("chat_end", from, (event) => event.ref === ref);
    const refusal = await face.next("system_update", from, (event) => event.ref === ref);
    assert.match(
      refusal.content,
      /^✗ Another program is writing to .*engine\.db\. Wait a moment and try again\.$/,
    );
    assert.equal(refusal.metadata.line, "I wait for the lock.");
    // A command that saves says so too, and one that reads works.
    assert.match((await face.command("/rules add cosy")).content, /^✗ Another program is writing to /);
    assert.match((await face.command("/usage")).content, /^This story: 1 repl/);
    other.exec("ROLLBACK");
  } finally {
    other.close();
  }
  assert.deepEqual(stage.rows(), before);
  await plays(face);
  assert.equal(stage.rows().length, before.length + 2);
});

/** Locks that a process holds on a file, as the kernel lists them. */
function locksOf(pid: number, path: string): number {
  const { ino } = Deno.statSync(path);
  return Deno.readTextFileSync("/proc/locks").split("\n")
    .filter((line) => line.includes(` ${pid} `) && line.includes(`:${ino} `)).length;
}

Deno.test("another program may read the database while the brain tells: the brain keeps its locks and lives", async () => {
  await using stage = await openStage({ config: FAST });
  await using face = await stage.face();
  await face.begin();
  for (let turn = 0; turn < 4; turn++) {
    stage.rows();
    await plays(face);
    // Saved in the home and in a folder of it: whoever watches these must not open the database.
    await Deno.writeTextFile(join(stage.home, "notes.txt"), `${turn}`);
    await Deno.writeTextFile(
      join(stage.home, "worlds", "new.yaml"),
      `id: new_${turn}\nname: New\n`,
    );
    await face.until(
      () => face.state?.available_worlds?.some(({ id }) => id === `new_${turn}`) ?? false,
      "the new world",
    );
    for (const file of ["engine.db", "engine.db-shm"]) {
      assert.ok(locksOf(stage.pid, join(stage.home, file)) > 0, `no lock on ${file} after turn ${turn}`);
    }
  }
  assert.equal(stage.rows().length, 1 + 2 * 4);
});
