/** Commands about the page: another telling, another wording, and what stays as it was. */

import assert from "node:assert/strict";
import { ProviderError } from "../../../brain/llm/provider.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { type FakeBrain, fakeBrain, FakeFace, onStage, says } from "../../support/brain_fakes.ts";

async function withBrain(run: (fake: FakeBrain) => Promise<void>): Promise<void> {
  const fake = fakeBrain();
  try {
    await onStage(fake);
    fake.face.forget();
    await run(fake);
  } finally {
    await fake.close();
  }
}

async function told(fake: FakeBrain, command: string) {
  const before = fake.face.of("chat_end").length;
  await fake.say(command);
  await fake.face.until(() => fake.face.of("chat_end").length > before);
  return fake.face.last("chat_end").metadata.message!;
}

Deno.test("a reply that broke off stays beside its retry; one that failed without a word is told in its place", async (t) => {
  const rows: [string, string, number][] = [["with text", "The ferry", 2], ["without a word", "", 1]];
  for (const [name, text, tellings] of rows) {
    await t.step(name, () =>
      withBrain(async (fake) => {
        fake.scripts.push(async function* () {
          if (text !== "") yield { kind: "text", text };
          await Promise.resolve();
          throw new ProviderError("cut", "The connection broke off.");
        }, says("The reeds bend."));
        const broken = (await fake.turn("I wait.")).metadata.message!;
        const reply = await told(fake, "/retry");
        assert.equal(reply.alternatives, tellings);
        const kept = getMessage(fake.deps.db, "local", broken.id)?.content;
        assert.equal(kept, text === "" ? "The reeds bend." : text);
      }));
  }
});

Deno.test("a stopped reply without a word is told in its place by /retry", () =>
  withBrain(async (fake) => {
    const asked = Promise.withResolvers<void>();
    fake.scripts.push(async function* (_request, signal) {
      yield* [];
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
        asked.resolve();
      });
    }, says("The reeds bend."));
    const turn = fake.turn("I wait.");
    await asked.promise;
    await fake.say("/cancel");
    const stopped = (await turn).metadata.message!;
    assert.equal(stopped.status, "stopped");
    const reply = await told(fake, "/retry");
    assert.deepEqual([reply.id, reply.alternatives], [stopped.id, 1]);
  }));

Deno.test("facts of an edited line are noted in its new wording", () =>
  withBrain(async (fake) => {
    await fake.turn("I owe Maren two eels.");
    const line = fake.face.of("message")[0].metadata.message;
    await told(fake, `/edit ${line.id} I owe Tobias nine silver rings.`);
    await fake.say("/memory facts");
    const facts = fake.face.last("system_update").content;
    assert.match(facts, /Tobias nine silver rings/);
    assert.doesNotMatch(facts, /Maren/);
  }));

Deno.test("a message of another story is none of this one, for every command that names one", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    const { id } = fake.face.of("message")[0].metadata.message;
    await fake.say("/session new");
    for (const line of [`/edit ${id} I go.`, `/swipe next ${id}`, `/history before ${id}`]) {
      await fake.say(line);
      assert.equal(
        fake.face.last("system_update").content,
        `✗ There is no message "${id}" in this story.`,
        line,
      );
    }
    assert.deepEqual(fake.face.of("history_page"), []);
    const reply = fake.deps.db.get<{ id: number }>(
      "SELECT max(id) AS id FROM messages WHERE content = 'The reeds bend.'",
    );
    fake.face.forget();
    await fake.say(`/why ${reply?.id}`);
    assert.equal(
      fake.face.last("system_update").content,
      `✗ There is no message ${reply?.id} in this story.`,
    );
    assert.equal(fake.face.last("system_update").metadata.why, null);
  }));

Deno.test("a face that joins while a reply is gone on with hears the whole of it so far", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The reeds bend"));
    await fake.turn("I wait.");
    const [asked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    fake.scripts[0] = async function* (request, signal) {
      asked.resolve();
      await go.promise;
      yield* says(", and stay.")(request, signal);
    };
    const ended = told(fake, "/continue");
    await asked.promise;
    const face = new FakeFace();
    fake.brain.join(face);
    const { content, metadata } = face.last("chat_chunk");
    assert.deepEqual([content, metadata.offset], ["The reeds bend", 0]);
    go.resolve();
    assert.equal((await ended).content, "The reeds bend, and stay.");
  }));
