// One turn through all processes: what is saved when, what is sent, what stays out, who sees it, and what survives.

import assert from "node:assert/strict";
import { until } from "../support/processes.ts";
import { chunk, DONE, frame, type Reply, STORY, storyFrames } from "../support/sse_replies.ts";
import { checkShape, configFor, lastSent, openStage, startProvider } from "./stage.ts";

/** A reply of these frames, with a pause where a number of milliseconds stands. */
function replyOf(steps: (string | number)[]): Reply {
  return { steps: steps.map((step) => typeof step === "string" ? { send: step } : { wait_ms: step }) };
}

Deno.test("the reply in the store is at most 250 ms behind what was told, also while the provider is silent", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await using face = await stage.face();
  await face.begin();
  const [role, ...words] = storyFrames().slice(0, -3);
  /** One reply, watched; what was kept too late in it, "" for nothing. */
  const watch = async (at: number): Promise<string> => {
    await provider.script(
      replyOf([
        role,
        ...words.slice(0, 3),
        1200,
        // A piece just after a save, and one just before the next is due: the first must not wait for the third.
        ...words.slice(3, 15).flatMap((word, index) => [word, [10, 180, 190][index % 3]]),
        ...words.slice(15),
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
    let late = 0;
    let complaint = "";
    let silent = "";
    await until(() => {
      look();
      const now = performance.now();
      const saved = stage.rows()[at];
      if (saved === undefined) return false;
      if (saved.status === "complete") return true;
      const due = (ms: number) => told.findLast(({ at_ms }) => at_ms < now - ms)?.text ?? "";
      if (!saved.content.startsWith(due(700))) {
        complaint = `told 700 ms ago "${due(700)}", saved "${saved.content}"`;
      }
      if (!saved.content.startsWith(due(300))) late++;
      if (told.length > 0 && now - told[told.length - 1].at_ms > 400) silent = saved.content;
      samples++;
      return false;
    }, "the whole reply");
    const end = await face.told(from);
    assert.equal(end.message.content, STORY);
    assert.ok(end.message.usage!.tokens_per_second > 0);
    if (complaint !== "") return complaint;
    if (samples <= 20 || late >= samples / 20) return `${late} of ${samples} samples were late`;
    return silent.startsWith("The door") ? "" : `in the silence "${silent}" was saved`;
  };
  // 250 ms are promised. A machine that pauses a process is late now and then; a brain that saves too seldom always is.
  const complaints: string[] = [];
  for (let round = 0; round < 6; round++) {
    // Behind the start message and the player's lines.
    const complaint = await watch(2 + 2 * round);
    if (complaint === "") return;
    complaints.push(complaint);
  }
  assert.fail(complaints.join("\n"));
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
      // 100 ms are promised; what it must not wait for is half a minute away and more.
      assert.ok(performance.now() - started < 20_000);
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
    // A server on this machine has 300 ms to answer: a busy one is asked again.
    await until(async () => {
      await face.command("/model refresh");
      return offered().includes(`${name}/tale`);
    }, "the local model");
    assert.ok(!offered().includes(`${name}/text-embedding-tiny`), "nobody narrates with an embedder");
    const model = face.state?.available_models?.find(({ id }) => id === `${name}/tale`);
    assert.deepEqual([model?.local, model?.prompt_price, model?.price_known], [true, 0, true]);
    const offered_by = (id: string) => face.state?.available_models?.find((other) => other.id === id);
    assert.equal(
      offered_by(face.state?.model ?? "")?.local,
      true,
      "a local one, of this server or the machine's own",
    );
    await face.command(`/model ${name}/tale`);
    await face.begin();
    const told = await face.turn("I take the rope.");
    assert.deepEqual([told.message.content, told.message.model], [STORY, `${name}/tale`]);
    const { body, headers } = (await provider.chats())[0];
    assert.equal(body.model, "tale");
    assert.equal(headers.authorization, undefined);
    assert.equal(told.message.usage?.cost, 0);
  },
});
