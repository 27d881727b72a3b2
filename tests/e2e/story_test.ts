// A story over many turns and two faces: what goes out, what both see, what survives a restart.

import assert from "node:assert/strict";
import { until } from "../support/processes.ts";
import { checkShape, configFor, lastSent, openStage, startProvider, texts } from "./stage.ts";

Deno.test("what goes out alternates after failures, stops, retries, edits and undo, and two faces see the same", async (t) => {
  await using provider = await startProvider();
  await using stage = await openStage({
    config: configFor(provider, "default_model: story-2").replace("default_model: story\n", ""),
  });
  await using face = await stage.face();
  await using other = await stage.face();
  const session = await face.begin();
  const sameHistory = async () => {
    await other.command("/cancel");
    await face.command("/cancel");
    assert.deepEqual(texts(other.history), texts(face.history));
    assert.deepEqual(other.state, face.state);
  };

  await t.step("a turn reaches both faces, the ref only its asker", async () => {
    const marks = [face.events.length, other.events.length];
    const ref = face.say("I take the rope.");
    const [mine, theirs] = [await face.told(marks[0]), await other.told(marks[1])];
    assert.deepEqual(
      theirs.chunks.map(({ content, metadata }) => [content, metadata.offset]),
      mine.chunks.map(({ content, metadata }) => [content, metadata.offset]),
    );
    assert.deepEqual([...new Set(mine.chunks.map((event) => event.ref))], [ref]);
    assert.deepEqual([...new Set(theirs.chunks.map((event) => event.ref))], [null]);
    assert.deepEqual(theirs.message, mine.message);
    assert.deepEqual([mine.end.ref, theirs.end.ref], [ref, null]);
    assert.equal(mine.message.model, "story-2");
    const line = other.events.slice(marks[1]).find(({ event }) => event === "message");
    assert.ok(line?.event === "message" && line.metadata.message.content === "I take the rope.");
    await sameHistory();
    const sent = await lastSent(provider);
    assert.equal(sent[0].startsWith("user: "), true, "a fixed line before the start message");
    assert.match(sent[1], /^assistant: Fog comes in/);
    assert.equal(sent.length, 3);
    // Scene until the first turn has been answered, then no more.
    assert.match(sent[2], /spring tide making[\s\S]*I take the rope\.$/);
    await face.turn("I look.");
    assert.ok(!(await lastSent(provider)).join("\n").includes("spring tide making"));
  });

  await t.step("the other face is refused while it runs, and may stop it", async () => {
    await face.command("/model fault/slow:50");
    const marks = [face.events.length, other.events.length];
    face.say("Slowly.");
    await other.next("chat_chunk", marks[1]);
    const refused = await other.command("Me too.");
    assert.match(refused.content, /^✗ The narrator is still speaking/);
    assert.equal(refused.metadata.line, "Me too.");
    assert.match((await other.command("/retry")).content, /^✗ The narrator is speaking/);
    other.say("/cancel");
    assert.equal((await face.told(marks[0])).message.status, "stopped");
    assert.equal(
      face.events.slice(marks[0]).some(({ content }) => content.includes("still speaking")),
      false,
    );
    await sameHistory();
  });

  await t.step("/model inside a session is the session's from now on", async () => {
    await other.command("/model story");
    await face.until(() => face.state?.model === "story", "the other face's choice");
    await face.turn("I ask.");
    assert.equal((await provider.chats()).at(-1)?.body.model, "story");
    // Another session, another model; the first keeps its own.
    await face.begin("long_stair", "midwife");
    await face.command("/model story-2");
    await face.turn("I climb.");
    assert.equal((await provider.chats()).at(-1)?.body.model, "story-2");
    const from = other.events.length;
    face.say(`/session continue ${session}`);
    await other.next("sync_state", from, ({ metadata }) => metadata.session_id === session);
    assert.deepEqual(
      [other.state?.world_id, other.state?.character_id, other.state?.model],
      ["salt_marsh", "farrier", "story"],
    );
    await sameHistory();
  });

  await t.step("failures, empty replies, retries, edits, undo and redo", async () => {
    const line = (content: string) => face.history.find((message) => message.content === content)!;
    await face.command("/model fault/401");
    await face.turn("Refused.");
    await face.turn("Again refused.");
    await face.command("/model fault/cut-body:5");
    await face.turn("Cut.");
    await face.command("/model story");
    await face.turn("Whole.");
    const sent = await lastSent(provider);
    assert.ok(
      sent.some((text) => /^user: [\s\S]*Refused\.\n\nAgain refused\.\n\nCut\.$/.test(text)),
      sent.join("\n---\n"),
    );
    await face.turn("/retry");
    await face.turn("/retry");
    await face.command("/swipe prev");
    await face.turn(`/edit ${line("Cut.").id} Cut, but otherwise.`);
    await sameHistory();
    const undone = await face.command("/undo");
    assert.equal(undone.metadata.line, "Cut, but otherwise.");
    assert.deepEqual(
      texts(face.history).slice(-1),
      ["user: Again refused."].filter(() => false).concat(texts(face.history).slice(-1)),
    );
    await face.turn("Something else.");
    await face.command("/undo");
    await face.command("/redo");
    await face.turn("/continue");
    await sameHistory();
    const chats = await provider.chats();
    assert.ok(chats.length > 10);
    checkShape(chats);
  });

  await t.step("a restart brings back selection, model, rules and history", async () => {
    await face.command("/rules add cosy");
    await face.command("/model story-2");
    await face.turn("Before the restart.");
    await sameHistory();
    const before = { ...face.state, available_models: null };
    const history = texts(face.history);
    await Promise.all([face.close(), other.close()]);
    await stage.start();
    await using back = await stage.face();
    assert.deepEqual({ ...back.state, available_models: null }, before);
    assert.deepEqual(texts(back.history), history);
    assert.deepEqual([back.state?.session_id, back.state?.model, back.state?.active_rules], [
      session,
      "story-2",
      ["cosy"],
    ]);
    const told = await back.turn("After the restart.");
    assert.deepEqual([told.message.status, told.message.model], ["complete", "story-2"]);
    assert.ok((await lastSent(provider)).join("\n").includes("Before the restart."));
  });
});

/** A linear congruential generator: the same seed, the same evening. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

Deno.test("two faces that say anything at any time see what a face sees that comes later", async () => {
  const seed = Number(Deno.env.get("FLOWER_SEED") ?? 20261);
  const chance = chances(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(chance() * items.length)];
  await using provider = await startProvider();
  const config = configFor(provider, "first_byte_timeout_ms: 200\nidle_timeout_ms: 150");
  await using stage = await openStage({ config });
  await using first = await stage.face();
  await using second = await stage.face();
  await first.begin();
  const models = ["story", "fault/401", "fault/cut-body:5", "fault/empty", "fault/malformed", "fault/think"];
  const slow = [
    "fault/slow:10",
    "fault/slow:20",
    "fault/stall-between:5",
    "fault/stall-before",
    "demo/narrator",
  ];
  const message = () => pick(first.history)?.id ?? 1;
  const session = () => pick(first.state?.available_sessions ?? [])?.id ?? "";
  const lines: (() => string)[] = [
    () => `I say ${Math.floor(chance() * 1000)}.`,
    () => `A long line. ${"And on. ".repeat(Math.floor(chance() * 1000))}`,
    ...["", "/cancel", "/cancel", "/retry", "/continue", "/undo", "/redo", "/swipe next", "/swipe prev"].map(
      (line) => () => line,
    ),
    ...["/rules add cosy", "/rules clear", "/usage", "/session new", "/model story"].map((line) => () =>
      line
    ),
    () => `/edit ${message()} Said otherwise ${Math.floor(chance() * 100)}.`,
    () => `/swipe next ${message()}`,
    () => `/history before ${message()}`,
    () => `/session continue ${session()}`,
    () => `/model ${pick(models)}`,
    () => `/model ${pick(slow)}`,
  ];
  const said: string[] = [];
  for (let count = 0; count < 150; count++) {
    const line = pick(lines)();
    said.push(line.slice(0, 60));
    pick([first, second]).say(line);
    await new Promise((resolve) => setTimeout(resolve, chance() * (chance() < 0.7 ? 20 : 120)));
  }
  const about = `seed ${seed}; the last lines: ${said.slice(-8).join(" | ")}`;
  // Everything is answered, then stopped, and then told: both are where a new face is.
  await Promise.all([first.command("/usage"), second.command("/usage")]);
  first.say("/cancel");
  await until(() => stage.rows().every(({ status }) => status !== "writing"), "the end of the last turn");
  await Promise.all([first.command("/usage"), second.command("/usage")]);
  await using late = await stage.face();
  await late.command("/usage");
  for (const face of [first, second]) {
    assert.deepEqual(face.history, late.history, about);
    assert.deepEqual(face.state, late.state, about);
    const ends = face.events.flatMap((event) =>
      event.event === "chat_end" ? event.metadata.message ?? [] : []
    );
    assert.ok(ends.length > 5, `${ends.length} turns; ${about}`);
  }
  checkShape(await provider.chats());
  assert.ok(!/ error /.test(stage.log()), stage.log());
});
