// One turn through all processes: what is saved when, what is sent, what stays out, who sees it, and what survives.

import assert from "node:assert/strict";
import { until } from "../support/processes.ts";
import { chunk, DONE, frame, type Reply, STORY, storyFrames } from "../support/sse_replies.ts";
import { type Chat, configFor, openStage, type ProviderProcess, startProvider, texts } from "./stage.ts";

/** A reply of these frames, with a pause where a number of milliseconds stands. */
function replyOf(steps: (string | number)[]): Reply {
  return { steps: steps.map((step) => typeof step === "string" ? { send: step } : { wait_ms: step }) };
}

/** What every request must be, whatever the story has been through. */
function checkShape(chats: readonly Chat[]): void {
  for (const { body } of chats) {
    const roles = body.messages.map(({ role }) => role);
    const [first, ...rest] = roles;
    assert.equal(first, "system");
    assert.ok(rest.length > 0);
    for (const [index, role] of rest.entries()) assert.equal(role, index % 2 === 0 ? "user" : "assistant");
    assert.equal(rest.at(-1), "user");
    for (const { content } of body.messages) assert.ok(content.trim() !== "", "no message is empty");
    assert.equal(body.stream, true);
    assert.deepEqual(body.stream_options, { include_usage: true });
    assert.ok(typeof body.max_tokens === "number" && body.max_tokens > 0);
  }
}

Deno.test("the reply in the store is at most 250 ms behind what was told, also while the provider is silent", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  const [role, ...words] = storyFrames().slice(0, -3);
  await provider.script(
    replyOf([
      role,
      ...words.slice(0, 3),
      1200,
      ...words.slice(3).flatMap((word) => [word, 60]),
      chunk({}, "stop"),
      DONE,
    ]),
  );
  const from = face.events.length;
  /** When each piece was told, and how long the reply was then. */
  const told: { at_ms: number; text: string }[] = [];
  const look = () => {
    const pieces = face.events.slice(from).filter(({ event }) => event === "chat_chunk");
    const text = pieces.map(({ content }) => content).join("");
    if (text !== (told.at(-1)?.text ?? "")) told.push({ at_ms: performance.now(), text });
  };
  face.say("I open the door.");
  let samples = 0;
  let silent = "";
  await until(() => {
    look();
    const now = performance.now();
    // Behind the start message and the player's line.
    const saved = stage.rows()[2];
    if (saved === undefined) return false;
    if (saved.status === "complete") return true;
    // 100 ms for this test's own clock on a busy machine.
    const due = told.findLast(({ at_ms }) => at_ms < now - 350)?.text ?? "";
    assert.ok(saved.content.startsWith(due), `told 350 ms ago "${due}", saved "${saved.content}"`);
    if (told.length > 0 && now - told[told.length - 1].at_ms > 400) silent = saved.content;
    samples++;
    return false;
  }, "the whole reply");
  assert.ok(samples > 20, `${samples} samples`);
  assert.ok(silent.startsWith("The door"), "in the silence all that was told is saved");
  const end = await face.told(from);
  assert.equal(end.message.content, STORY);
  assert.ok(end.message.usage!.first_token_ms < 1000 && end.message.usage!.tokens_per_second > 0);
});

Deno.test("a cancel ends the turn at once in every phase, keeps the text, and hangs up on the provider", async (t) => {
  await using provider = await startProvider();
  await using stage = await openStage({
    config: configFor(provider, "narrator_word_ms: 35").replace("narrator_word_ms: 0\n", ""),
  });
  await using face = await stage.face();
  await face.begin();
  for (
    const [model, ready, kept] of [
      ["fault/slow:50", "chat_chunk", true],
      ["fault/stall-between:5", "chat_chunk", true],
      ["fault/stall-headers", "progress", false],
      ["fault/stall-before", "progress", false],
      ["fault/429:30", "trying again", false],
      ["demo/narrator", "chat_chunk", true],
    ] as const
  ) {
    await t.step(model, async () => {
      await face.command(`/model ${model}`);
      const asked = (await provider.chats()).length;
      const from = face.events.length;
      face.say("I begin.");
      await face.until(
        () =>
          face.events.slice(from).some((event) =>
            event.event === ready || event.event === "progress" && event.metadata.label.startsWith(ready)
          ),
        ready,
      );
      const remote = model !== "demo/narrator";
      if (remote) await until(async () => (await provider.chats()).length > asked, "the request");
      const started = performance.now();
      face.say("/cancel");
      const told = await face.told(from);
      const ms = performance.now() - started;
      // 100 ms are promised; a busy machine gets more.
      assert.ok(ms < 500, `${Math.round(ms)} ms`);
      assert.equal(told.message.status, "stopped");
      assert.equal(told.message.content !== "", kept);
      assert.equal(told.message.content, told.text);
      assert.deepEqual([told.errors, told.notices], [[], ["✗ Stream cancelled by user."]]);
      assert.deepEqual(
        [stage.rows().at(-1)?.content, stage.rows().at(-1)?.status],
        [told.message.content, "stopped"],
      );
      if (remote) {
        const record = await until(async () => {
          const last = (await provider.chats()).at(-1);
          return last?.closed ? last : null;
        }, "the end of the connection");
        if (model !== "fault/429:30") assert.equal(record.closed?.by, "client");
      }
    });
  }
  await t.step("and the next turn works", async () => {
    await face.command("/model story");
    assert.equal((await face.turn("I go on.")).message.content, STORY);
    checkShape(await provider.chats());
  });
});

Deno.test("only story reaches the story: no reasoning, in no form, is told, kept or sent back", async (t) => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  await face.command("/model story");
  const thinking = (text: string) => storyFrames(text);
  const rows: [string, Reply | string, string][] = [
    ["reasoning_content", "fault/reasoning:reasoning_content", STORY],
    ["reasoning", "fault/reasoning:reasoning", STORY],
    ["reasoning_text", "fault/reasoning:reasoning_text", STORY],
    ["reasoning_details", "fault/reasoning:reasoning_details", STORY],
    ["parts", "fault/parts", STORY],
    ["<think>", "fault/think", STORY],
    ["<think> whose opening tag is missing", "fault/think-unopened", STORY],
    [
      "a tag split over chunks",
      replyOf([
        ...["<th", "ink>Let me", " plan.</thi", "nk>\n\n", STORY].map((content) => chunk({ content })),
        chunk({}, "stop"),
        DONE,
      ]),
      STORY,
    ],
    ["a line for the player", "fault/for-player", "The door opens."],
    ["a leading Narrator:", replyOf(thinking("Narrator: The door opens.")), "The door opens."],
    [
      "the player's own name",
      replyOf(thinking("The door opens.\n\nThe farrier: I go in. Let me plan.")),
      "The door opens.",
    ],
    [
      "a template token",
      replyOf(thinking("The door opens.<|im_end|>\n<|im_start|>user\nLet me plan.")),
      "The door opens.",
    ],
    ["cut in a thought", replyOf([chunk({ content: "<think>Let me plan" })]), ""],
  ];
  for (const [name, reply, expected] of rows) {
    await t.step(name, async () => {
      if (typeof reply === "string") await face.command(`/model ${reply}`);
      else {
        await face.command("/model story");
        // A reply without a word is asked for again.
        await provider.script(...Array.from({ length: expected === "" ? 3 : 1 }, () => reply));
      }
      const told = await face.turn("I listen.");
      assert.equal(told.text, expected);
      assert.equal(told.message.content, expected);
      assert.equal(stage.rows().at(-1)?.content, expected);
    });
  }
  await t.step("nowhere in the store or in a request", async () => {
    await face.command("/model story");
    await face.turn("And now?");
    const chats = await provider.chats();
    assert.ok(chats.length >= rows.length);
    for (const place of [JSON.stringify(chats), JSON.stringify(stage.rows()), JSON.stringify(face.events)]) {
      for (const thought of ["Let me", "Hm."]) assert.ok(!place.includes(thought), thought);
    }
    checkShape(chats);
  });
});

/** The last request's messages after the system's. */
async function lastSent(provider: ProviderProcess): Promise<string[]> {
  return (await provider.chats()).at(-1)!.body.messages.slice(1).map(({ role, content }) =>
    `${role}: ${content}`
  );
}

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

Deno.test("a server that read less than was sent is told of, and the next prompt is built for what it reads", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  const usage = { prompt_tokens: 500, completion_tokens: 5, total_tokens: 505 };
  for (let turn = 0; turn < 6; turn++) await face.turn(`${"A long line of the player. ".repeat(20)}${turn}`);
  const whole = (await lastSent(provider)).join("").length;
  await provider.script(
    replyOf([chunk({ content: "Yes." }), chunk({}, "stop"), frame({ choices: [], usage }), DONE]),
  );
  const { notices } = await face.turn("And?");
  assert.ok(
    notices.some((text) =>
      /^story read only 500 of about \d+ tokens: the server cut the beginning/.test(text)
    ),
    `${notices}`,
  );
  await face.turn("And now?");
  const cut = (await lastSent(provider)).join("").length;
  assert.ok(cut < whole / 2, `${cut} of ${whole} characters`);
  assert.match((await lastSent(provider)).at(-1)!, /And now\?$/);
});

/** One of the loopback ports that are looked at and that nobody uses here. */
function freeLocalPort(): { name: string; port: number } | undefined {
  const servers = [["llamacpp", 8080], ["koboldcpp", 5001], ["lmstudio", 1234], ["ollama", 11434]] as const;
  for (const [name, port] of servers) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return { name, port };
    } catch {
      // Somebody's own server; the next one may be free.
    }
  }
  return undefined;
}

const local = freeLocalPort();

Deno.test({
  name:
    "a server on this machine is found, believed only in the right shape, and narrates unless something else was chosen",
  ignore: local === undefined,
  async fn() {
    const { name, port } = local!;
    await using stage = await openStage({ config: "narrator_word_ms: 0\n" });
    await using face = await stage.face();
    const offered = () => face.state?.available_models?.map((model) => model.id) ?? [];
    assert.ok(!offered().some((id) => id.startsWith(`${name}/`)));
    await using provider = await startProvider(port);
    await provider.route("/v1/models", { hello: "world" });
    await face.command("/model refresh");
    assert.ok(!offered().some((id) => id.startsWith(`${name}/`)), "another program");
    const data = ["text-embedding-tiny", "tale"].map((id) => ({ id, object: "model" }));
    await provider.route("/v1/models", { object: "list", data });
    await face.command("/model refresh");
    await face.until(() => offered().includes(`${name}/tale`), "the local model");
    assert.ok(!offered().includes(`${name}/text-embedding-tiny`), "nobody narrates with an embedder");
    const model = face.state?.available_models?.find(({ id }) => id === `${name}/tale`);
    assert.deepEqual([model?.local, model?.prompt_price, model?.price_known], [true, 0, true]);
    assert.equal(face.state?.model, `${name}/tale`);
    await face.begin();
    const told = await face.turn("I take the rope.");
    assert.deepEqual([told.message.content, told.message.model], [STORY, `${name}/tale`]);
    const { body, headers } = (await provider.chats())[0];
    assert.equal(body.model, "tale");
    assert.equal(headers.authorization, undefined);
    assert.equal(told.message.usage?.cost, 0);
  },
});
