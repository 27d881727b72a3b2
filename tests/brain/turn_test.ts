/** The turn: saved before the call, saved as it grows, ended exactly once, whatever the provider does. */

import assert from "node:assert/strict";
import { type Chunk, ProviderError } from "../../brain/llm/provider.ts";
import { getMessage, pathTo, updateMessage } from "../../brain/store/messages.ts";
import { StoreError } from "../../brain/store/store_error.ts";
import { dayOf, spentOn } from "../../brain/store/usage.ts";
import { getPrompt } from "../../brain/store/prompts.ts";
import { getSession } from "../../brain/store/sessions.ts";
import { getState } from "../../brain/store/players.ts";
import { encodeEvent } from "../../shared/codec.ts";
import {
  BELL,
  type FakeBrain,
  fakeBrain,
  FakeFace,
  says,
  type Script,
  withBrain,
} from "../support/brain_fakes.ts";

function shownPath(fake: FakeBrain) {
  const { session_id } = getState(fake.deps.db, "local");
  const session = getSession(fake.deps.db, "local", session_id);
  return pathTo(fake.deps.db, "local", session?.leaf_id ?? null);
}

Deno.test("a line is saved before the provider is asked", () =>
  withBrain(async (fake) => {
    let saved = "";
    fake.scripts.push(async function* (_request, signal) {
      saved = shownPath(fake).filter(({ role }) => role === "user").map(({ content }) => content).join();
      yield* says("Yes.")(_request, signal);
    });
    await fake.turn("I knock twice.");
    assert.equal(saved, "I knock twice.");
  }));

Deno.test("a whole turn: message, chunks with offsets, one chat_end with the record and its usage", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "The reeds " };
      fake.clock.now += 500;
      yield { kind: "text", text: "bend." };
      yield {
        kind: "end",
        finish: "stop",
        usage: { prompt_tokens: 100, cached_tokens: 40, completion_tokens: 7, cost: null },
      };
    });
    const end = await fake.turn("I wait.");
    const order = fake.face.heard.map(({ event }) => event).filter((name) =>
      name !== "sync_state" && name !== "progress"
    );
    assert.deepEqual(order, ["message", "chat_chunk", "chat_chunk", "chat_end"]);
    const line = fake.face.last("message").metadata.message;
    assert.equal(line.content, "I wait.");
    const [first, second] = fake.face.of("chat_chunk");
    assert.deepEqual([first.metadata.offset, second.metadata.offset], [0, 9]);
    assert.equal(first.metadata.parent_id, line.id);
    assert.equal(first.metadata.tokens_per_second, 0);
    assert.ok(second.metadata.tokens_per_second > 0);
    assert.equal(end.metadata.total_tokens, 7);
    const reply = end.metadata.message;
    assert.ok(reply);
    assert.equal(reply.id, first.metadata.message_id);
    assert.equal(reply.content, "The reeds bend.");
    assert.equal(reply.status, "complete");
    assert.deepEqual([reply.usage?.prompt_tokens, reply.usage?.cached_tokens], [100, 40]);
    assert.equal(reply.usage?.cost, 0);
    assert.equal(getMessage(fake.deps.db, "local", reply.id)?.content, "The reeds bend.");
  }));

Deno.test("the reply in the store is never more than 250 ms behind, also while the provider is silent", () =>
  withBrain(async (fake) => {
    let go = () => {};
    const silence = new Promise<void>((resolve) => go = resolve);
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "The ferry comes. " };
      await silence;
      yield { kind: "text", text: "Early." };
      yield { kind: "end", finish: "stop", usage: null };
    });
    const turn = fake.turn("I look.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
    // Looks, not time, are counted: a machine that stands still for a while takes none of them away.
    for (let look = 0; look < 100 && shownPath(fake).at(-1)?.content === ""; look++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const growing = shownPath(fake).at(-1);
    assert.equal(growing?.content, "The ferry comes.");
    assert.equal(growing?.status, "writing");
    go();
    await turn;
    assert.equal(shownPath(fake).at(-1)?.content, "The ferry comes. Early.");
  }));

const endings: {
  name: string;
  script: Script;
  status: string;
  content: string;
  error: RegExp | null;
  notice: RegExp | null;
}[] = [
  {
    name: "fails before the first word",
    script: async function* () {
      yield* [];
      await Promise.resolve();
      throw new ProviderError("no_credit", "OpenRouter has no credit left.");
    },
    status: "failed",
    content: "",
    error: /no credit left/,
    notice: null,
  },
  {
    name: "fails in the middle",
    script: async function* () {
      yield { kind: "text", text: "The ferry" };
      await Promise.resolve();
      throw new ProviderError("cut", "The connection was cut.");
    },
    status: "failed",
    content: "The ferry",
    error: /was cut/,
    notice: null,
  },
  {
    name: "throws something unforeseen",
    script: async function* () {
      yield { kind: "text", text: "The" };
      await Promise.resolve();
      throw new TypeError("x is undefined");
    },
    status: "failed",
    content: "The",
    error: /Something went wrong in the engine: x is undefined/,
    notice: null,
  },
  {
    name: "says nothing",
    script: says(),
    status: "failed",
    content: "",
    error: /answered with nothing/,
    notice: null,
  },
  {
    name: "reaches its length limit",
    script: async function* () {
      yield { kind: "text", text: "And then" };
      yield { kind: "end", finish: "length", usage: null };
    },
    status: "stopped",
    content: "And then",
    error: null,
    notice: /\/continue/,
  },
  {
    name: "speaks for the player",
    script: says("She nods.\n", "Ida: I agree.", " And more."),
    status: "complete",
    content: "She nods.",
    error: null,
    notice: null,
  },
  {
    name: "thinks aloud",
    script: says("<thi", "nk>the player wants</think>", "She nods."),
    status: "complete",
    content: "She nods.",
    error: null,
    notice: null,
  },
];

for (const row of endings) {
  Deno.test(`a provider that ${row.name} leaves one chat_end, the text, its status, and a turn that works`, () =>
    withBrain(async (fake) => {
      fake.scripts.push(row.script, says("Better."));
      const end = await fake.turn("I wait.");
      assert.equal(fake.face.of("chat_end").length, 1);
      assert.equal(end.metadata.message?.status, row.status);
      assert.equal(end.metadata.message?.content.trimEnd(), row.content);
      const errors = fake.face.of("error").map(({ content }) => content);
      if (row.error === null) assert.deepEqual(errors, []);
      else assert.match(errors.join(), row.error);
      if (row.notice !== null) assert.match(fake.face.notices().join("\n"), row.notice);
      assert.equal(shownPath(fake).at(-1)?.status, row.status);
      const at_limit = row.name === "reaches its length limit" || undefined;
      assert.equal(end.metadata.message?.usage?.at_limit, at_limit);
      const work = fake.face.of("progress").map(({ metadata }) => metadata);
      assert.deepEqual(work.map(({ state }) => state), ["running", row.error === null ? "done" : "failed"]);
      assert.deepEqual(new Set(work.map(({ id }) => id)), new Set([`reply:${end.metadata.message?.id}`]));
      // Where it was is for the log; what a provider does is no fault of ours.
      const stack = /^error TypeError: x is undefined\n\s+at /.test(fake.logs.join("\n"));
      assert.equal(stack, row.name.includes("unforeseen"));
      const next = await fake.turn("I wait longer.");
      assert.equal(next.metadata.message?.content, "Better.");
      assert.equal(next.metadata.message?.status, "complete");
    }));
}

Deno.test("cancel keeps the text, marks it stopped, and says so before chat_end", () =>
  withBrain(async (fake) => {
    let closed = false;
    fake.scripts.push(async function* (_request, signal) {
      yield { kind: "text", text: "The ferry" };
      if (!signal.aborted) {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      }
      closed = true;
    });
    const turn = fake.turn("I wait.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
    const from = performance.now();
    await fake.say("/cancel");
    const end = await turn;
    assert.ok(performance.now() - from < 10_000);
    assert.equal(closed, true);
    assert.equal(end.metadata.message?.status, "stopped");
    assert.equal(end.metadata.message?.content, "The ferry");
    const names = fake.face.heard.map(({ event, content }) => `${event} ${content}`);
    const told = names.indexOf("system_update ✗ Stream cancelled by user.");
    assert.ok(told >= 0 && told < names.indexOf("chat_end "));
    assert.equal(fake.face.of("error").length, 0);
  }));

Deno.test("a face that vanishes stops nothing, and one that joins gets the reply so far", () =>
  withBrain(async (fake) => {
    let go = () => {};
    const pause = new Promise<void>((resolve) => go = resolve);
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "One " };
      yield { kind: "text", text: "two " };
      await pause;
      yield { kind: "text", text: "three." };
      yield { kind: "end", finish: "stop", usage: null };
    });
    await fake.say("I count.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 2);
    fake.brain.leave(fake.face);
    const second = new FakeFace();
    fake.brain.join(second);
    assert.deepEqual(second.heard.map(({ event }) => event), [
      "system_update",
      "sync_state",
      "commands",
      "chat_history",
      "chat_chunk",
    ]);
    const history = second.last("chat_history").metadata.history;
    assert.equal(history.at(-1)?.content, "I count.");
    assert.equal(second.last("chat_chunk").content, "One two");
    assert.equal(second.last("chat_chunk").metadata.offset, 0);
    assert.equal(second.last("chat_chunk").metadata.tokens_per_second, 0);
    go();
    await second.until(() => second.of("chat_end").length === 1);
    assert.equal(second.last("chat_end").metadata.message?.content, "One two three.");
    assert.equal(second.last("chat_chunk").metadata.offset, 7);
  }));

Deno.test("a second line while the narrator speaks is refused with its ref and without chat_end", () =>
  withBrain(async (fake) => {
    let go = () => {};
    const pause = new Promise<void>((resolve) => go = resolve);
    fake.scripts.push(async function* (request, signal) {
      await pause;
      yield* says("Done.")(request, signal);
    });
    const turn = fake.turn("I wait.");
    await fake.say("I wait more.", fake.face, "r2");
    const refusal = fake.face.last("system_update");
    assert.match(refusal.content, /^✗ The narrator is still speaking/);
    assert.equal(refusal.ref, "r2");
    assert.equal(refusal.metadata.line, "I wait more.");
    assert.equal(fake.face.of("chat_end").length, 0);
    go();
    await turn;
    assert.deepEqual(shownPath(fake).map(({ content }) => content), [
      "Fog comes in, Ida. It is early.",
      "I wait.",
      "Done.",
    ]);
  }));

Deno.test("ref comes back in every answer to that frame, to the asker alone", () =>
  withBrain(async (fake) => {
    const other = new FakeFace();
    fake.brain.join(other);
    other.forget();
    await fake.say("I wait.", fake.face, "abc");
    await fake.face.until(() => fake.face.of("chat_end").length === 1);
    const turn = fake.face.heard.filter(({ event }) => event !== "sync_state");
    assert.deepEqual([...new Set(turn.map(({ ref }) => ref))], ["abc"]);
    assert.deepEqual([...new Set(other.heard.map(({ ref }) => ref))], [null]);
    assert.equal(other.of("chat_chunk").length, fake.face.of("chat_chunk").length);
    assert.equal(other.of("message").length, 1);
  }));

Deno.test("a refused prompt is told, ended, and its line comes back", () =>
  withBrain(async (fake) => {
    const rows: [string, RegExp][] = [
      ["", /empty line/],
      ["   \n", /empty line/],
      ["x".repeat(65_537), /65537 bytes; at most 65536/],
    ];
    for (const [prompt, pattern] of rows) {
      fake.face.forget();
      await fake.say(prompt, fake.face, "q");
      assert.match(fake.face.last("system_update").content, pattern);
      assert.equal(fake.face.last("chat_end").ref, "q");
      assert.equal(fake.face.last("chat_end").metadata.message, null);
    }
    assert.equal(fake.requests.length, 0);
    fake.face.forget();
    const end = await fake.turn("x".repeat(65_536));
    assert.equal(end.metadata.message?.status, "complete");
  }));

Deno.test("a line before the stage is ready is refused in the original's words, with chat_end", async () => {
  const fake = fakeBrain();
  const end = await fake.turn("I wait.");
  assert.equal(fake.face.notices().at(-1), "✗ Prepare the stage first (World, Char, Session).");
  assert.equal(fake.face.last("system_update").metadata.line, "I wait.");
  assert.equal(end.metadata.total_tokens, 0);
  await fake.close();
});

Deno.test("retry tells beside the last, never the identical request; an empty reply is told anew", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("First."), says("Second."), says(), says("Fourth."));
    await fake.turn("I wait.");
    await fake.turn("/retry");
    const [one, two] = fake.requests;
    assert.deepEqual(one.messages, two.messages);
    assert.notEqual(one.seed, two.seed);
    assert.ok(two.temperature > one.temperature);
    assert.deepEqual([one.story.telling, two.story.telling], [0, 1]);
    const second = fake.face.last("chat_end").metadata.message;
    assert.deepEqual([second?.content, second?.alternative, second?.alternatives], ["Second.", 2, 2]);
    const empty = await fake.turn("I wait again.");
    assert.equal(empty.metadata.message?.status, "failed");
    const again = await fake.turn("/retry");
    assert.equal(again.metadata.message?.id, empty.metadata.message?.id);
    assert.deepEqual([again.metadata.message?.alternatives, again.metadata.message?.content], [1, "Fourth."]);
  }));

Deno.test("continue goes on in the same message", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The ferry "), says("comes."));
    const first = await fake.turn("I wait.");
    fake.face.forget();
    const end = await fake.turn("/continue");
    assert.equal(end.metadata.message?.id, first.metadata.message?.id);
    assert.equal(fake.face.last("chat_chunk").metadata.offset, 10);
    assert.equal(end.metadata.message?.content, "The ferry comes.");
    assert.equal(end.metadata.message?.status, "complete");
  }));

Deno.test("a reply ends at max_reply_bytes, whole characters only, with a notice", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("ééé", "ééé", "ééé"));
    const end = await fake.turn("I wait.");
    assert.equal(end.metadata.message?.content, "ééé" + "éé");
    assert.equal(end.metadata.message?.status, "stopped");
    assert.match(fake.face.notices().join(), /stopped at 11 bytes \(max_reply_bytes\)/);
  }, { config: { max_reply_bytes: 11 } }));

Deno.test("a dear reply asks once", () =>
  withBrain(async (fake) => {
    await fake.say("/model dear/two");
    fake.face.forget();
    const refused = await fake.turn("I wait.");
    assert.equal(refused.metadata.message, null);
    assert.match(
      fake.face.notices().join(),
      /^✗ This reply may cost about \$\d+\.\d\d with dear\/two; from \$0\.05 on you are asked\. Send it again to agree, or choose another narrator with \/model\.$/m,
    );
    const ask = fake.face.last("system_update").metadata.ask;
    assert.equal(ask?.limit, 0.05);
    assert.ok((ask?.cost ?? 0) > 0.05);
    assert.equal(fake.face.last("system_update").metadata.line, "I wait.");
    assert.equal(fake.requests.length, 0);
    const other = await fake.turn("Another line.");
    assert.equal(other.metadata.message, null, "what was not asked about was not agreed to");
    const end = await fake.turn("Another line.");
    assert.equal(end.metadata.message?.status, "complete");
    assert.ok((end.metadata.message?.usage?.cost ?? 0) > 0);
    await fake.turn("I wait on.");
    assert.equal(fake.requests.length, 2);
  }));

Deno.test("the cost of a model without a price is null, never zero", () =>
  withBrain(async (fake) => {
    await fake.say("/model odd/three");
    const end = await fake.turn("I wait.");
    assert.equal(end.metadata.message?.usage?.cost, null);
  }));

Deno.test("when the server read less than was sent, the next prompt is built for what was read and the player is told", () =>
  withBrain(async (fake) => {
    for (let i = 0; i < 30; i++) await fake.turn(`I tell you about day ${i}: ${"rain and mud ".repeat(30)}`);
    const whole = fake.requests.at(-1)?.messages.length ?? 0;
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "Yes." };
      yield {
        kind: "end",
        finish: "stop",
        usage: { prompt_tokens: 1500, cached_tokens: 0, completion_tokens: 1, cost: null },
      };
    }, says("Yes."));
    await fake.turn("And now?");
    assert.match(fake.face.notices().join("\n"), /read only 1500 of about [\d,]+ tokens/);
    await fake.turn("And then?");
    assert.ok((fake.requests.at(-1)?.messages.length ?? 0) < whole);
  }));

Deno.test("what was sent is kept with the reply: sections, what was dropped, what was recalled", () =>
  withBrain(async (fake) => {
    fake.recalled.lore.push(BELL);
    const end = await fake.turn("I ring the bell.");
    assert.deepEqual(end.metadata.recalled, { lore: 1, memories: 0 });
    const record = getPrompt(fake.deps.db, "local", end.metadata.message?.id ?? 0) as {
      lore_ids: number[];
      context: string;
      sections: { name: string; tokens: number }[];
    };
    assert.deepEqual(record.lore_ids, [5]);
    assert.ok(record.context.includes("The bell rings when someone lies."));
    assert.equal(record.context, fake.requests[0].messages.at(-1)?.content);
    assert.ok(record.sections.length > 3);
    assert.equal(fake.questions[0].line, "I ring the bell.");
    assert.equal(fake.questions[0].world_id, "marsh");
  }));

Deno.test("a clock that goes back harms nothing", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "One " };
      fake.clock.now -= 3_600_000;
      yield { kind: "text", text: "two." };
      yield { kind: "end", finish: "stop", usage: null };
    });
    const end = await fake.turn("I wait.");
    assert.equal(end.metadata.message?.content, "One two.");
    assert.equal(end.metadata.message?.usage?.tokens_per_second, 0);
    for (const chunk of fake.face.of("chat_chunk")) {
      assert.ok(Number.isFinite(chunk.metadata.tokens_per_second));
    }
    const next = await fake.turn("I wait on.");
    assert.ok((next.metadata.message?.id ?? 0) > (end.metadata.message?.id ?? 0));
    assert.deepEqual(shownPath(fake).map(({ role }) => role), [
      "assistant",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
  }));

Deno.test("the first line becomes the title, at most 60 characters and an ellipsis", () =>
  withBrain(async (fake) => {
    await fake.turn(`I   say ${"ha ".repeat(40)}`);
    const title = fake.face.last("sync_state").metadata;
    const sessions = fake.face.of("sync_state").findLast(({ metadata }) =>
      metadata.available_sessions !== null
    );
    const shown = sessions?.metadata.available_sessions?.[0].title ?? "";
    assert.equal(title.session_id !== "", true);
    assert.equal(shown, `I say ${"ha ".repeat(18)}…`.replace(" …", "…"));
    await fake.turn("I say something else.");
    const after = getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id);
    assert.equal(after?.title, shown);
  }));

/** Ends well with these counts of the provider's. */
const reports = (text: string, counts: [number, number, number], cost: number | null = null): Script =>
  async function* () {
    await Promise.resolve();
    if (text !== "") yield { kind: "text", text };
    const [prompt_tokens, cached_tokens, completion_tokens] = counts;
    yield { kind: "end", finish: "stop", usage: { prompt_tokens, cached_tokens, completion_tokens, cost } };
  };
/** Fails after this text. */
const fails = (text = ""): Script =>
  async function* () {
    await Promise.resolve();
    if (text !== "") yield { kind: "text", text };
    throw new ProviderError("unreachable", "The server cannot be reached.");
  };

Deno.test("a turn that nobody answered costs nothing; one that broke off costs what was sent and told", () =>
  withBrain(async (fake) => {
    await fake.say("/model dear/two");
    const day = dayOf(fake.clock.now);
    fake.scripts.push(fails(), reports("", [900, 100, 40]), fails("The ferry comes in."));
    const unanswered = await fake.turn("I wait.");
    assert.equal(unanswered.metadata.message?.status, "failed");
    assert.deepEqual(unanswered.metadata.message?.usage, {
      prompt_tokens: 0,
      cached_tokens: 0,
      completion_tokens: 0,
      cost: 0,
      first_token_ms: 0,
      tokens_per_second: 0,
    });
    assert.equal(unanswered.metadata.total_tokens, 0);
    assert.deepEqual(spentOn(fake.deps.db, "local", day), { tokens: 0, cost: 0 });
    // It thought, and was paid for it, and said nothing.
    const empty = await fake.turn("I wait on.");
    assert.deepEqual([empty.metadata.message?.status, empty.metadata.message?.usage?.prompt_tokens], [
      "failed",
      900,
    ]);
    assert.deepEqual(spentOn(fake.deps.db, "local", day).tokens, 940);
    const broken = await fake.turn("I wait for long.");
    const usage = broken.metadata.message?.usage;
    assert.ok(usage && usage.prompt_tokens > 50 && usage.completion_tokens > 2, JSON.stringify(usage));
    assert.ok((usage.cost ?? 0) > 0);
  }, { config: { ask_above_cost: 1000 } }));

Deno.test("a reply cut at its limit is known for it, also from the store, until it is gone on with to its end", () =>
  withBrain(async (fake) => {
    const upTo = (text: string, finish: "stop" | "length") =>
      async function* (): AsyncGenerator<Chunk> {
        await Promise.resolve();
        if (text !== "") yield { kind: "text", text };
        yield { kind: "end", finish, usage: null };
      };
    const rows: [
      prompt: string,
      text: string,
      finish: "stop" | "length",
      status: string,
      at_limit?: boolean,
    ][] = [
      ["I wait.", "The ferry", "length", "stopped", true],
      ["/continue", " comes", "length", "stopped", true],
      // Nothing was added: it stays what it was.
      ["/continue", "", "stop", "stopped", true],
      ["/continue", " at last.", "stop", "complete"],
    ];
    fake.scripts.push(...rows.map(([, text, finish]) => upTo(text, finish)));
    for (const [prompt, text, , status, at_limit] of rows) {
      const { message } = (await fake.turn(prompt)).metadata;
      assert.deepEqual([message?.status, message?.usage?.at_limit], [status, at_limit], `${prompt} ${text}`);
      const stored = shownPath(fake).at(-1);
      assert.deepEqual([stored?.status, stored?.usage?.at_limit], [status, at_limit]);
    }
  }));

Deno.test("a reply that is gone on with has used what both turns used; the day counts each once", () =>
  withBrain(async (fake) => {
    const day = dayOf(fake.clock.now);
    fake.scripts.push(
      reports("The ferry ", [100, 10, 20], 0.5),
      reports("comes.", [130, 90, 7], 0.25),
      fails(),
      reports(" It leaves.", [150, 0, 3]),
    );
    await fake.turn("I wait.");
    const first = await fake.turn("/continue");
    assert.equal(first.metadata.total_tokens, 7);
    const counts = (end: typeof first) => {
      const { usage } = end.metadata.message ?? {};
      return usage && [usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, usage.cost];
    };
    assert.deepEqual(counts(first), [230, 100, 27, 0.75]);
    assert.equal(first.metadata.message?.usage?.window_tokens, 137);
    assert.deepEqual(spentOn(fake.deps.db, "local", day), { tokens: 257, cost: 0.75 });
    // Nothing was added: the reply stays what it was.
    fake.face.forget();
    const failed = await fake.turn("/continue");
    assert.deepEqual(fake.face.of("error").map(({ content }) => content), ["The server cannot be reached."]);
    assert.deepEqual(counts(failed), [230, 100, 27, 0.75]);
    assert.equal(failed.metadata.message?.status, "complete");
    assert.equal(shownPath(fake).at(-1)?.status, "complete");
    await fake.say("/model odd/three");
    const unknown = await fake.turn("/continue");
    assert.deepEqual(counts(unknown), [380, 100, 30, null]);
    assert.equal(unknown.metadata.message?.content, "The ferry comes. It leaves.");
  }));

Deno.test("a /continue that is stopped before its first word leaves the reply as it was, after it marks it stopped", () =>
  withBrain(async (fake) => {
    const rows: [string, string, string][] = [["", "complete", "One."], [" Two", "stopped", "One. Two"]];
    for (const [text, status, content] of rows) {
      fake.scripts.splice(0, fake.scripts.length, says("One."), async function* (_request, signal) {
        if (text !== "") yield { kind: "text", text };
        const gone = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        asked.resolve();
        await gone;
      });
      const asked = Promise.withResolvers<void>();
      await fake.turn("I wait.");
      fake.face.forget();
      const end = fake.turn("/continue");
      await asked.promise;
      await fake.say("/cancel");
      const { message } = (await end).metadata;
      assert.deepEqual([message?.status, message?.content], [status, content]);
    }
  }));

Deno.test("what a server was seen to cut counts until its window is another one, or the model is chosen anew", () =>
  withBrain(async (fake) => {
    let offered = 8192;
    fake.deps.catalogue.contextOf = () => Promise.resolve(offered);
    const windows: number[] = [];
    const told = async (script: Script) => {
      fake.scripts.splice(0, fake.scripts.length, script);
      const end = await fake.turn(`I tell of the day: ${"rain and mud ".repeat(60)}`);
      const record = getPrompt(fake.deps.db, "local", end.metadata.message?.id ?? 0) as { window: number };
      windows.push(record.window);
    };
    for (let i = 0; i < 8; i++) await told(says("Yes."));
    await told(reports("Yes.", [1100, 0, 1]));
    await told(reports("Yes.", [1080, 0, 1]));
    offered = 16_384;
    await told(says("Yes."));
    offered = 8192;
    await told(says("Yes."));
    await fake.say("/model fake/one");
    await told(says("Yes."));
    assert.deepEqual(windows.slice(8), [8192, 1100, 16_384, 1100, 8192]);
    assert.match(
      fake.face.notices().join("\n"),
      /the server cut the beginning\. .* say \/model fake\/one\.$/m,
    );
  }));

Deno.test("a cancel ends the turn at once also while the window is asked for and while memory is searched", () =>
  withBrain(async (fake) => {
    const { contextOf } = fake.deps.catalogue;
    for (const where of ["window", "memory"]) {
      const asked = Promise.withResolvers<void>();
      const never = <Result>() => {
        asked.resolve();
        return new Promise<Result>(() => {});
      };
      if (where === "window") fake.deps.catalogue.contextOf = never;
      else {
        fake.deps.catalogue.contextOf = contextOf;
        fake.deps.recall.ask = never;
      }
      fake.face.forget();
      const end = fake.turn("I wait.");
      await asked.promise;
      const from = performance.now();
      await fake.say("/cancel");
      assert.equal((await end).metadata.message?.status, "stopped", where);
      assert.ok(performance.now() - from < 10_000);
      assert.deepEqual(fake.face.notices(), ["✗ Stream cancelled by user."]);
    }
    assert.equal(fake.requests.length, 0);
  }));

Deno.test("a disk that fills up while the provider is silent is told, and a provider that fails later ends nothing else", () =>
  withBrain(async (fake) => {
    const saved = Promise.withResolvers<void>();
    const { unhurried } = fake.deps.db;
    fake.deps.db.unhurried = () => {
      saved.resolve();
      throw new StoreError("full", "The disk is full.");
    };
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "The ferry comes." };
      await saved.promise;
      await Promise.resolve();
      throw new ProviderError("cut", "The connection was cut.");
    });
    const end = await fake.turn("I look.");
    assert.equal(end.metadata.message?.status, "failed");
    assert.equal(end.metadata.message?.content, "The ferry comes.");
    assert.deepEqual(fake.face.of("error").map(({ content }) => content), ["The disk is full."]);
    fake.deps.db.unhurried = unhurried;
    fake.scripts.push(says("Yes."));
    fake.scripts.shift();
    assert.equal((await fake.turn("I wait.")).metadata.message?.content, "Yes.");
  }));

Deno.test("a reply whose next line was taken back is gone on with in a copy; the line still answers the shorter one", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The ferry comes."), says("Rain."), says(" It leaves."));
    const first = await fake.turn("I wait.");
    await fake.turn("I look up.");
    await fake.say("/undo");
    const end = await fake.turn("/continue");
    const { message } = end.metadata;
    assert.deepEqual([message?.content, message?.alternative, message?.alternatives], [
      "The ferry comes. It leaves.",
      2,
      2,
    ]);
    assert.equal(
      getMessage(fake.deps.db, "local", first.metadata.message?.id ?? 0)?.content,
      "The ferry comes.",
    );
    // The face is shown the copy before it grows.
    const shown = fake.face.of("chat_history").at(-1)?.metadata.history.at(-1);
    assert.deepEqual([shown?.id, shown?.content], [message?.id, "The ferry comes."]);
    await fake.say("/swipe prev");
    assert.deepEqual(
      fake.face.last("chat_history").metadata.history.map(({ content }) => content).slice(-2),
      [
        "I look up.",
        "Rain.",
      ],
    );
    // Nothing hangs below the copy: it is gone on with in place.
    await fake.say(`/swipe next ${first.metadata.message?.id}`);
    fake.scripts.push(says(" Fog."));
    fake.scripts.shift();
    assert.equal((await fake.turn("/continue")).metadata.message?.id, message?.id);
  }));

Deno.test("an edit whose answer was refused for its price is saved once, however often it is sent", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    const line = fake.face.last("message").metadata.message;
    await fake.say("/model dear/two");
    const edit = `/edit ${line.id} I wait longer.`;
    assert.equal((await fake.turn(edit)).metadata.message, null);
    assert.match(fake.face.notices().at(-1) ?? "", /^✗ This reply may cost/);
    const end = await fake.turn(edit);
    assert.equal(end.metadata.message?.status, "complete");
    const path = shownPath(fake);
    assert.deepEqual(path.slice(-2).map(({ content, alternatives }) => [content, alternatives]), [
      ["I wait longer.", 2],
      ["The reeds bend.", 1],
    ]);
    // Answered already: it is shown.
    await fake.say("/swipe prev " + path.at(-2)?.id);
    fake.face.forget();
    const requests = fake.requests.length;
    await fake.say(edit);
    assert.equal(fake.face.notices()[0], "✓ That wording is there already.");
    assert.equal(shownPath(fake).at(-1)?.id, path.at(-1)?.id);
    assert.equal(fake.requests.length, requests);
  }));

Deno.test("names and titles are cut between characters, and half a character never goes out", () =>
  withBrain(async (fake) => {
    const boats = "⛵🌊".repeat(40);
    fake.worlds[0] = { ...fake.worlds[0], hook: "\ud83d", start_message: `${boats}${boats}${boats}` };
    await fake.turn(`I say ${boats}`);
    const frames = fake.face.heard.map((event) => encodeEvent(event)).join();
    assert.ok(!/\\ud[89a-f]/i.test(frames), "no lone half of a character");
    const [item] = fake.face.of("sync_state").findLast(({ metadata }) => metadata.available_sessions !== null)
      ?.metadata.available_sessions ?? [];
    assert.equal(item.title, `I say ${"⛵🌊".repeat(27)}…`);
    assert.equal(item.name, `[marsh] smith: I say ${"⛵🌊".repeat(12)}`);
  }));

Deno.test("the next estimate is in the model's own tokens, once it has counted", () =>
  withBrain(async (fake) => {
    const plain = (await fake.turn("I wait.")).metadata.message?.usage?.prompt_tokens ?? 0;
    fake.scripts.push(reports("Yes.", [Math.round(plain * 1.5), 0, 1]), says("Yes."));
    await fake.turn("/retry");
    const scaled = (await fake.turn("/retry")).metadata.message?.usage?.prompt_tokens ?? 0;
    assert.ok(Math.abs(scaled / plain - 1.5) < 0.02, `${plain} ${scaled}`);
    assert.equal(fake.deps.learned.get("fake/one")?.cut, null);
  }));

Deno.test("the price is reckoned with the size of the last prompt, not with what a reply gone on with used in all", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("One."), says(" Two."), says(" Three."));
    await fake.turn("I wait.");
    await fake.turn("/continue");
    await fake.turn("/continue");
    const { id = 0, usage } = shownPath(fake).at(-1) ?? {};
    const { tokens } = getPrompt(fake.deps.db, "local", id) as { tokens: number };
    assert.ok((usage?.prompt_tokens ?? 0) > 2.5 * tokens);
    await fake.say("/model dear/two");
    await fake.turn("And now?");
    const { cost } = fake.face.last("system_update").metadata.ask ?? { cost: 0 };
    // 500 and 2,000 dollars a million; a reply is taken to have three tokens for each of 160 words.
    assert.equal(cost.toFixed(6), ((tokens * 500 + 480 * 2000) / 1e6).toFixed(6));
  }));

Deno.test("a reply is gone on with under its own text, and told anew without it", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The ferry"), says(" comes."));
    await fake.turn("I wait.");
    await fake.turn("/continue");
    await fake.turn("/retry");
    const [, more, anew] = fake.requests.map(({ messages }) => messages.slice(-3));
    assert.deepEqual(more.map(({ role }) => role), ["user", "assistant", "user"]);
    assert.equal(more[1].content, "The ferry");
    assert.ok(anew.at(-1)?.content.endsWith("I wait."));
    assert.ok(!anew.some(({ content }) => content.includes("The ferry")));
    // Recall is asked about the player's line; before the first there is none.
    assert.deepEqual(fake.questions.map(({ line }) => line), ["I wait.", "I wait.", "I wait."]);
    await fake.say("/session new");
    await fake.turn("/continue");
    assert.equal(fake.questions.at(-1)?.line, "");
  }));

Deno.test("the built-in narrator hears common knowledge alone", () =>
  withBrain(async (fake) => {
    const hit = { heading: "", score: 1, words: [] };
    fake.recalled.lore.push(
      { ...hit, unit_id: 1, text: "The bell rings.", known_to: "" },
      { ...hit, unit_id: 2, text: "Eel stole it.", known_to: "Eel" },
    );
    await fake.turn("I ring the bell.");
    assert.deepEqual(fake.requests[0].story.lore, ["The bell rings."]);
  }));

Deno.test("a reply whose end could not be saved is shown as stopped, and stays so when nothing is added", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The ferry."), says());
    const end = await fake.turn("I wait.");
    const id = end.metadata.message?.id ?? 0;
    updateMessage(fake.deps.db, "local", id, { status: "writing" });
    const face = new FakeFace();
    fake.brain.join(face);
    assert.deepEqual(face.last("chat_history").metadata.history.map(({ status }) => status), [
      "complete",
      "complete",
      "stopped",
    ]);
    assert.equal((await fake.turn("/continue")).metadata.message?.status, "stopped");
    assert.equal(getMessage(fake.deps.db, "local", id)?.status, "stopped");
  }));

Deno.test("/why tells the provider's own count, or that there was none", () =>
  withBrain(async (fake) => {
    for (const [script, reported] of [[reports("Yes.", [321, 0, 1]), 321], [says("Yes."), null]] as const) {
      fake.scripts.splice(0, fake.scripts.length, script);
      await fake.turn("I wait.");
      await fake.say("/why");
      assert.equal(fake.face.last("system_update").metadata.why?.reported, reported);
    }
  }));

Deno.test("what is asked beside the story stops when its next turn begins", () =>
  withBrain(async (fake) => {
    const aside = Promise.withResolvers<AbortSignal>();
    let turns = 0;
    fake.scripts.push(async function* (request, signal) {
      if (request.temperature === 0) {
        aside.resolve(signal);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        return;
      }
      turns += 1;
      yield* says(`Page ${turns}.`)(request, signal);
    });
    for (let i = 0; i < 8; i++) await fake.turn(`I walk on, ${i}.`);
    const signal = await aside.promise;
    assert.equal(signal.aborted, false);
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
    const go = Promise.withResolvers<void>();
    fake.scripts.splice(0, 1, async function* (request, stop) {
      await go.promise;
      yield* says("Now.")(request, stop);
    });
    const end = fake.turn("I stand still.");
    await stopped;
    assert.equal(fake.brain.load().running_turns, 1, "before the turn has ended");
    go.resolve();
    await end;
  }, { config: { facts_model: "facts/model" } }));

Deno.test("a provider that goes on behind the end of the reply, or past its size, is hung up on", async () => {
  for (
    const [text, max_reply_bytes] of [["She nods.\nIda: I agree.", 1000], ["She nods, and again", 9]] as const
  ) {
    await withBrain(async (fake) => {
      let hung_up = false;
      fake.scripts.push(async function* (_request, signal) {
        yield { kind: "text", text };
        hung_up = signal.aborted;
        yield { kind: "text", text: " And more." };
        yield { kind: "end", finish: "length", usage: null };
      });
      const end = await fake.turn("I wait.");
      assert.equal(hung_up, true);
      assert.match(end.metadata.message?.content ?? "", /^She nods[.,]$/);
      // Its own limit is nothing to be told of any more.
      assert.doesNotMatch(fake.face.notices().join(), /length limit/);
    }, { config: { max_reply_bytes } });
  }
});
