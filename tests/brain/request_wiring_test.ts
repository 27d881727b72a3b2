/** Where a request takes what from: recall's question, the vendor's row, the budget, and the record that `/why` is made of. */

import assert from "node:assert/strict";
import { estimateTokens } from "../../brain/prompt/budget.ts";
import type { PromptRecord } from "../../brain/request.ts";
import { pathTo } from "../../brain/store/messages.ts";
import { countPieces } from "../../brain/store/pieces.ts";
import { getState } from "../../brain/store/players.ts";
import { getPrompt } from "../../brain/store/prompts.ts";
import { getSession } from "../../brain/store/sessions.ts";
import { type FakeBrain, says, withBrain } from "../support/brain_fakes.ts";

const session = (fake: FakeBrain) =>
  getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id)!;
const path = (fake: FakeBrain) => pathTo(fake.deps.db, "local", session(fake).leaf_id);
const tokensOf = (messages: { content: string }[]) =>
  messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
const record = (fake: FakeBrain) =>
  getPrompt(fake.deps.db, "local", session(fake).leaf_id!) as unknown as PromptRecord;

/** Tells a page of about 120 words, each with a number of its own. */
async function play(fake: FakeBrain, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    fake.scripts.splice(
      0,
      1,
      says(`Page ${turn} of it. `, "The tide turns over the mud and the eels. ".repeat(13)),
    );
    await fake.turn(`I walk on by the water, step ${turn}.`);
  }
}

Deno.test("recall is asked for the line, with the two texts before it, the newest first, and told what is on the page", () =>
  withBrain(async (fake) => {
    await fake.turn("I ring the bell.");
    await fake.turn("I wait for Maren.");
    const ids = path(fake).map(({ id }) => id);
    assert.deepEqual(fake.questions.at(-1), {
      player_id: "local",
      session_id: session(fake).id,
      world_id: "marsh",
      leaf_id: ids[3],
      line: "I wait for Maren.",
      before: ["The reeds bend.", "I ring the bell."],
      visible_ids: ids.slice(0, 4),
      max_lore: 12,
      max_memories: 24,
    });
    // What is gone on with answers the same line, by other dice.
    const before = fake.face.of("chat_end").length;
    await fake.say("/continue");
    await fake.face.until(() => fake.face.of("chat_end").length > before);
    assert.equal(fake.questions.at(-1)?.line, "I wait for Maren.");
    assert.notEqual(fake.requests.at(-1)?.seed, fake.requests.at(-2)?.seed);
    // Whose words they are is kept with them, whatever the character is called later.
    const speakers = fake.deps.db.all<{ role: string; speaker: string }>(
      "SELECT DISTINCT role, speaker FROM memory_units ORDER BY role",
    );
    assert.deepEqual(speakers.map(({ role, speaker }) => [role, speaker]), [["assistant", ""], [
      "user",
      "Ida",
    ]]);
  }));

Deno.test("recall hears of a line before it is saved, with what it follows; of another telling it hears nothing ahead", () =>
  withBrain(async (fake) => {
    const heard: unknown[] = [];
    fake.deps.recall.expect = (line) => heard.push([line, session(fake).leaf_id]);
    await fake.turn("I ring the bell.");
    const reply = session(fake).leaf_id;
    await fake.turn("I wait for Maren.");
    const expected = (leaf_id: number | null, line: string) => ({
      player_id: "local",
      world_id: "marsh",
      leaf_id,
      line,
    });
    assert.deepEqual(heard.slice(1), [[expected(reply, "I wait for Maren."), reply]]);
    assert.equal(heard.length, 2);
    const before = fake.face.of("chat_end").length;
    await fake.say("/retry");
    await fake.face.until(() => fake.face.of("chat_end").length > before);
    assert.equal(heard.length, 2);
  }));

Deno.test("heat and top_p are those of the vendor's row, and no telling is hotter than it takes", () =>
  withBrain(async (fake) => {
    const resolve = fake.deps.registry.resolve;
    fake.deps.registry.resolve = (id) => {
      const found = resolve(id)!;
      const entry = { ...found.entry, quirks: { temperature: 0.9, top_p: 0.5 }, max_temperature: 1 };
      return { ...found, entry };
    };
    await fake.turn("I ring the bell.");
    for (let telling = 1; telling <= 3; telling++) {
      const before = fake.face.of("chat_end").length;
      await fake.say("/retry");
      await fake.face.until(() => fake.face.of("chat_end").length > before);
    }
    const asked = fake.requests.map(({ temperature, top_p }) => [temperature.toFixed(4), top_p]);
    assert.deepEqual(asked, [["0.9000", 0.5], ["0.9800", 0.5], ["0.9963", 0.5], ["0.9926", 0.5]]);
    assert.equal(new Set(fake.requests.map(({ seed }) => seed)).size, 4);
  }));

Deno.test("the history is read from the store as far as its window goes", () =>
  withBrain(async (fake) => {
    await play(fake, 60);
    const sizes = fake.requests.map(({ messages }) => tokensOf(messages.slice(1)));
    const all = path(fake).reduce((sum, { content }) => sum + estimateTokens(content), 0);
    assert.ok(all > 8192, `${all}`);
    // Of 8,192 tokens the reply, a little for lore and memories, and 4 % are kept free: some 7,000 are left.
    const most = Math.max(...sizes);
    assert.ok(most > 6400 && most < 7200, `${most}`);
  }, { config: { summaries: false } }));

Deno.test("neither the player's story so far nor a line longer than the window makes the request longer than that", () =>
  withBrain(async (fake) => {
    await play(fake, 14);
    const own = "Ida owes Maren two eels and has hidden the key. ".repeat(80).trim();
    await fake.say(`/story edit ${own}`);
    await play(fake, 1);
    const [system] = fake.requests.at(-1)!.messages;
    const told = /The story so far:\n([\s\S]*)$/.exec(system.content)![1];
    assert.ok(told.length > 200 && own.startsWith(told.split("\n")[0]), told);
    // A tenth of the window.
    assert.ok(estimateTokens(told) <= 204, `${estimateTokens(told)}`);
    await fake.turn(`I count: ${"one eel and another, ".repeat(900)}and that is all.`);
    const { messages } = fake.requests.at(-1)!;
    assert.ok(tokensOf(messages) < 2048 - 480, `${tokensOf(messages)}`);
    assert.match(messages.at(-1)!.content, /I count: one eel[\s\S]* \[\.\.\.\] [\s\S]*and that is all\.$/);
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("what is kept beside a reply is what was sent: what was left out, where that ends, and how much was searched", () =>
  withBrain(async (fake) => {
    await play(fake, 14);
    const { deps: { db }, requests } = fake;
    const { messages } = requests.at(-1)!;
    const before = path(fake).slice(0, -1);
    const is_sent = ({ content }: { content: string }) =>
      messages.slice(1).some((message) => message.content.includes(content.trim()));
    const left_out = before.filter((message) => !is_sent(message)).map(({ id }) => id);
    assert.ok(left_out.length > 4);
    assert.deepEqual(record(fake).dropped, left_out);
    assert.equal(record(fake).cuts.boundary, left_out.at(-1));
    await fake.say("/why");
    const why = fake.face.last("system_update").metadata.why!;
    assert.equal(why.turn, 14);
    const reply = db.get<{ units: number }>(
      "SELECT count(*) AS units FROM memory_units WHERE message_id = ?",
      why.message_id,
    )!;
    assert.equal(why.searched, countPieces(db, "local", session(fake).id, "marsh") - reply.units);
    assert.ok(why.searched > 40);
    assert.equal(why.history_turns, messages.filter(({ role }) => role === "user").length);
    // The records of the story so far end at places that the player can count back to.
    const turn = (id: number) =>
      before.filter((message) => message.role === "user" && message.id <= id).length;
    assert.ok(why.story.length > 0);
    assert.deepEqual(
      why.story.map(({ turns_ago }) => turns_ago),
      why.story.map(({ message_id }) => 14 - turn(message_id!)),
    );
    const works = fake.face.of("progress").map(({ metadata }) => metadata.label);
    assert.ok(works.includes(`one is reading ${why.tokens.toLocaleString("en")} tokens`), works.at(-2));
  }, { config: { max_context_tokens: 2048, summaries: false } }));
