/** Commands about the page: another telling, another wording, and what stays as it was. */

import assert from "node:assert/strict";
import { ProviderError } from "../../../brain/llm/provider.ts";
import { estimateTokens } from "../../../brain/prompt/budget.ts";
import { addMessage, getMessage, pathTo } from "../../../brain/store/messages.ts";
import { getState } from "../../../brain/store/players.ts";
import { getSession, updateSession } from "../../../brain/store/sessions.ts";
import { BELL, type FakeBrain, FakeFace, says, withBrain } from "../../support/brain_fakes.ts";

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

const session = (fake: FakeBrain) =>
  getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id)!;
const answer = async (fake: FakeBrain, command: string) => {
  await fake.say(command);
  return fake.face.last("system_update").content;
};

Deno.test("an edited reply is the narrator's, by the same model and of its own length, and so it goes out again", () =>
  withBrain(async (fake) => {
    const { id } = (await fake.turn("I wait.")).metadata.message!;
    const text = "The reeds bend, and somebody behind them laughs at you.";
    assert.equal(await answer(fake, `/edit ${id} The reeds bend.`), "✗ That is what it says already.");
    assert.equal(await answer(fake, `/edit ${id} ${text}`), "✓ Saved beside the old wording.");
    const edited = getMessage(fake.deps.db, "local", session(fake).leaf_id!)!;
    const { role, content, status, model, tokens } = edited;
    assert.deepEqual(
      { role, content, status, model, tokens },
      {
        role: "assistant",
        content: text,
        status: "complete",
        model: "fake/one",
        tokens: estimateTokens(text),
      },
    );
    await fake.turn("Who laughs?");
    const { messages } = fake.requests.at(-1)!;
    assert.deepEqual(messages.at(-2), { role: "assistant", content: text });
    const memory = await answer(fake, "/memory search laughs behind");
    assert.match(memory, /the narrator, 1 turn ago: "The reeds bend, and somebody/);
  }));

Deno.test("/swipe without a message is about the last reply, also while a line behind it waits for its answer", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The reeds bend."), says("The reeds stand still."));
    await fake.turn("I wait.");
    const reply = await told(fake, "/retry");
    const line = addMessage(fake.deps.db, "local", session(fake).id, {
      parent_id: reply.id,
      role: "user",
      content: "I wait longer.",
      status: "complete",
      model: "",
      tokens: 0,
      created_ms: 0,
    });
    updateSession(fake.deps.db, "local", session(fake).id, { leaf_id: line.id });
    assert.equal(await answer(fake, "/swipe next"), "✗ This is the last telling. /retry asks for another.");
    assert.equal(await answer(fake, "/swipe prev"), "✓ Telling 1 of 2.");
    const path = pathTo(fake.deps.db, "local", session(fake).leaf_id);
    assert.equal(path.at(-1)?.content, "The reeds bend.");
    // What followed the other telling comes back with it.
    assert.equal(await answer(fake, "/swipe next"), "✓ Telling 2 of 2.");
    assert.equal(session(fake).leaf_id, line.id);
  }));

Deno.test("an older page says how much was recalled for its replies, as the first one does", () =>
  withBrain(async (fake) => {
    fake.recalled.lore.push(BELL);
    const { id } = (await fake.turn("I ring the bell.")).metadata.message!;
    fake.recalled.lore.length = 0;
    await fake.turn("I wait.");
    const before = fake.face.of("message").at(-1)!.metadata.message.id;
    await fake.say(`/history before ${before}`);
    const page = fake.face.last("history_page").metadata;
    assert.ok(page.history.some((message) => message.id === id));
    assert.deepEqual(page.recalled, [{ message_id: id, lore: 1, memories: 0 }]);
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
