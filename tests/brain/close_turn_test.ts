/** The end of a turn: what is kept with the reply, what it cost, what is learnt, and what is said of it. */

import assert from "node:assert/strict";
import { ProviderError } from "../../brain/llm/provider.ts";
import { estimateTokens } from "../../brain/prompt/budget.ts";
import { getMessage } from "../../brain/store/messages.ts";
import { getState } from "../../brain/store/players.ts";
import { getSession } from "../../brain/store/sessions.ts";
import { type FakeBrain, fakeBrain, says, type Script, withBrain } from "../support/brain_fakes.ts";

/** Ends at its length limit with these counts. */
function breaksOff(text: string, cost: number | null = null): Script {
  return async function* () {
    await Promise.resolve();
    yield { kind: "text", text };
    const usage = { prompt_tokens: 300, cached_tokens: 0, completion_tokens: 20, cost };
    yield { kind: "end", finish: "length", usage };
  };
}

/** Says the command and waits for the end of the turn that it begins. */
async function told(fake: FakeBrain, command: string) {
  const before = fake.face.of("chat_end").length;
  await fake.say(command);
  await fake.face.until(() => fake.face.of("chat_end").length > before);
  return fake.face.last("chat_end").metadata.message!;
}

Deno.test("a reply gone on with has an unknown cost when either part has, and the sum of both when both are known", async (t) => {
  // odd/three has no price: what the provider does not say, nobody knows.
  const rows: [number | null, number | null, number | null][] = [
    [0.25, 0.5, 0.75],
    [null, 0.5, null],
    [0.25, null, null],
  ];
  for (const [first, second, all] of rows) {
    await t.step(`${first} and ${second}`, () =>
      withBrain(async (fake) => {
        await fake.say("/model odd/three");
        fake.scripts.push(breaksOff("The ferry comes", first), breaksOff(" late.", second));
        await fake.turn("I wait.");
        assert.equal((await told(fake, "/continue")).usage?.cost, all);
      }));
  }
});

Deno.test("the tokens stored with a reply gone on with are those of its whole text", () =>
  withBrain(async (fake) => {
    fake.scripts.push(
      breaksOff("The ferry comes over the black water with nobody at the pole"),
      says(", and stops."),
    );
    await fake.turn("I wait.");
    const { id, content } = await told(fake, "/continue");
    assert.equal(getMessage(fake.deps.db, "local", id)?.tokens, estimateTokens(content));
  }));

Deno.test("a story was last played when its reply ended, not when its line was said", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* (request, signal) {
      fake.clock.now += 90_000;
      yield* says("The reeds bend.")(request, signal);
    });
    await fake.turn("I wait.");
    const { session_id } = getState(fake.deps.db, "local");
    assert.equal(getSession(fake.deps.db, "local", session_id)?.last_used_ms, fake.clock.now);
  }));

Deno.test("facts are noted from the narrator's replies as well as from the player's lines", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("Maren owes Tobias two silver eels."));
    await fake.turn("I wait.");
    await fake.say("/memory facts");
    assert.match(fake.face.last("system_update").content, /Maren owes Tobias two silver eels/);
  }));

Deno.test("a reply that failed before its first word is asked anew from the model chosen since, and says so", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* () {
      yield* [];
      await Promise.resolve();
      throw new ProviderError("no_credit", "No credit.");
    }, says("The reeds bend."));
    const failed = (await fake.turn("I wait.")).metadata.message!;
    await fake.say("/model odd/three");
    const reply = await told(fake, "/retry");
    assert.deepEqual([reply.id, reply.model], [failed.id, "odd/three"]);
  }));

Deno.test("text told before thinking closed without an opening tag is taken back from the reply", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The player wants the bell. ", "So be it.</think>", "The bell rings."));
    const { message } = (await fake.turn("I pull the rope.")).metadata;
    assert.equal(message?.content, "The bell rings.");
    const [last] = fake.face.of("chat_chunk").filter(({ content }) => content.includes("bell rings"));
    assert.equal(last.metadata.offset, 0);
  }));

Deno.test("what was held back when the connection broke is kept with the rest", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* () {
      // A line that begins like "User:" is held until it is known to be none.
      yield { kind: "text", text: "The ferry comes.\n\nUse" };
      await Promise.resolve();
      throw new ProviderError("cut", "The connection broke off.");
    });
    const { message } = (await fake.turn("I look.")).metadata;
    assert.deepEqual([message?.content, message?.status], ["The ferry comes.\n\nUse", "failed"]);
  }));

Deno.test("only a reply that the player stopped is called cancelled", async (t) => {
  const rows: [string, Script, Parameters<typeof fakeBrain>[0]][] = [
    ["its length limit", breaksOff("The ferry comes"), {}],
    ["max_reply_bytes", says("The ferry comes over the water."), { config: { max_reply_bytes: 10 } }],
  ];
  for (const [name, script, options] of rows) {
    await t.step(name, () =>
      withBrain(async (fake) => {
        fake.scripts.push(script);
        assert.equal((await fake.turn("I wait.")).metadata.message?.status, "stopped");
        assert.deepEqual(fake.face.notices().filter((text) => text.includes("cancelled")), []);
      }, options));
  }
});
