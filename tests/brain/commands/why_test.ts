/** `/why`: every quote stood in the request, the figures add up, what was left out says why. */

import assert from "node:assert/strict";
import type { ChatRequest } from "../../../brain/llm/provider.ts";
import type { LoreHit, MemoryHit } from "../../../brain/memory/recall.ts";
import { getState } from "../../../brain/store/players.ts";
import { getSession } from "../../../brain/store/sessions.ts";
import { pathTo } from "../../../brain/store/messages.ts";
import type { Why } from "../../../shared/protocol.ts";
import { type FakeBrain, fakeBrain, FakeFace, onStage, says, withBrain } from "../../support/brain_fakes.ts";

function memory(unit_id: number, message_id: number, text: string, more: Partial<MemoryHit> = {}): MemoryHit {
  return {
    unit_id,
    message_id,
    role: "user",
    text,
    turns_ago: unit_id,
    score: unit_id,
    words: [],
    ...more,
  };
}

function lore(unit_id: number, text: string, more: Partial<LoreHit> = {}): LoreHit {
  return { unit_id, heading: "", text, known_to: "", score: unit_id, words: [], ...more };
}

async function ask(fake: FakeBrain, command = "/why"): Promise<Why> {
  await fake.say(command);
  const { content, metadata } = fake.face.last("system_update");
  assert.ok(metadata.why, content);
  return metadata.why;
}

function text(request: ChatRequest): string {
  return request.messages.map(({ content }) => content).join("\n");
}

function checkSums(page: Why, where = ""): void {
  const shares = [...page.recalled, ...page.parts].map(({ tokens }) => tokens);
  assert.equal(shares.reduce((sum, tokens) => sum + tokens, 0), page.tokens, where);
  assert.ok(shares.every((tokens) => Number.isInteger(tokens) && tokens >= 0), where);
}

const path = (fake: FakeBrain) => {
  const { session_id } = getState(fake.deps.db, "local");
  return pathTo(fake.deps.db, "local", getSession(fake.deps.db, "local", session_id)?.leaf_id ?? null);
};

Deno.test("/why tells who said it, how long ago, which words called it, and quotes what was sent", () =>
  withBrain(async (fake) => {
    fake.recalled.memories.push(
      memory(46, 9001, "the silver key is\ninside the <|clay|> duck", {
        words: ["duck"],
        split: { words: 2.5, neighbours: 0.25 },
        fact: "The key is in the duck",
      }),
      memory(9, 9002, "Everyone says so.", { role: "assistant", words: ["pier"], speaker: "Maren" }),
    );
    fake.recalled.lore.push(
      lore(7, "{{user}} owes the drowned bell.", { heading: "Debts", known_to: "Ida", words: ["Pier"] }),
    );
    await fake.turn("I take the Duck.");
    const page = await ask(fake);
    checkSums(page);
    assert.equal(page.turn, 1);
    assert.equal(page.model, "fake/one");
    assert.equal(page.window, 8192);
    assert.equal(page.late, false);
    assert.equal(page.reported, null);
    assert.equal(page.prompt, null);
    assert.equal(page.message_id, path(fake).at(-1)?.id);
    assert.deepEqual(
      page.recalled.map((
        { kind, id, message_id, role, speaker, turns_ago, words, page_words, fact },
      ) => [kind, id, message_id, role, speaker, turns_ago, words, page_words, fact]),
      [
        ["lore", "l7", null, null, "", 0, [], ["Pier"], ""],
        ["memory", "m46", 9001, "user", "", 46, ["duck"], [], "The key is in the duck"],
        ["memory", "m9", 9002, "assistant", "Maren", 9, [], ["pier"], ""],
      ],
    );
    assert.deepEqual(page.recalled[1].split, [{ name: "words", score: 2.5 }, {
      name: "neighbours",
      score: 0.25,
    }]);
    assert.equal(page.recalled[0].quote, "Ida owes the drowned bell.");
    assert.deepEqual(page.recalled.map(({ known_to }) => known_to), ["Ida", "", ""]);
    for (const { quote, tokens } of page.recalled) {
      assert.ok(text(fake.requests[0]).includes(quote), quote);
      assert.ok(tokens > 0);
    }
    assert.ok(text(fake.requests[0]).includes("- Maren, 9 turns ago: Everyone says so."));
    assert.deepEqual(page.parts.map(({ name }) => name), [
      "rules",
      "world",
      "you",
      "history",
      "scene",
      "reminder",
      "frame",
    ]);
    assert.equal(page.history_turns, 1);
    const { content } = fake.face.last("system_update");
    assert.match(content, /^Why this reply: turn 1, \d+ of 8,192 tokens, fake\/one\.\nRemembered: 3 of /);
    assert.match(
      content,
      /you, 46 turns ago: "the silver key.*" \(you named: duck; known: The key is in the duck\) \[m46\]/,
    );
    assert.match(content, /Maren, 9 turns ago: "Everyone says so\." \(the page names: pier\) \[m9\]/);
    assert.match(content, /Always there: rules \d+ · world \d+ · you \d+ · last 1 turn \d+ · scene/);
  }));

Deno.test("what was left out says why, best first", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    const [start] = path(fake);
    const long = "The ferryman counts the eels again and again. ".repeat(40);
    fake.recalled.memories.push(
      memory(5, start.id, "Fog comes in", { role: "assistant", score: 9 }),
      memory(6, 9001, "short and good"),
      memory(7, 9002, "short and better"),
      memory(8, 9003, "the best of all"),
      memory(4, 9004, long, { score: 4 }),
    );
    fake.recalled.left_out = [
      {
        ...memory(90, 9009, "The bell rang."),
        kind: "memory",
        heading: "",
        score: 3,
        reason: "other_branch",
      },
      {
        ...memory(91, 9010, "Rain.", { words: ["rain"] }),
        kind: "memory",
        heading: "",
        score: 2,
        reason: "below_floor",
      },
      {
        ...lore(92, "Eel."),
        kind: "lore",
        message_id: null,
        role: null,
        turns_ago: 0,
        score: 1,
        reason: "superseded",
      },
      {
        ...memory(94, 9012, "And now.", { words: ["now"] }),
        kind: "memory",
        heading: "",
        score: 0.7,
        reason: "below_floor",
      },
      { ...memory(93, 9011, "Again."), kind: "memory", heading: "", score: 0.5, reason: "repeated" },
      // What stands in the prompt is not left out, whoever says so.
      { ...memory(6, 9001, "short and good"), kind: "memory", heading: "", score: 99, reason: "repeated" },
    ];
    await fake.turn("And now?");
    const page = await ask(fake);
    checkSums(page);
    assert.deepEqual(page.recalled.map(({ id }) => id), ["m8", "m7", "m6"]);
    assert.deepEqual(page.left_out.map(({ id, reason }) => [id, reason.replace(/\d+/, "N")]), [
      ["m5", "still on the page the narrator reads"],
      ["m4", "no room left: N tokens over"],
      ["m90", "told on another branch of the story"],
      ["m91", "too faint: no rare word of yours is in it"],
      ["l92", "something told later took its place"],
      ["m94", "too faint beside the others"],
      ["m93", "the same was said just now"],
    ]);
    assert.ok(page.left_out.every(({ tokens }) => tokens === 0));
    assert.match(
      fake.face.last("system_update").content,
      /Left out:\n {2}the narrator, 5 turns ago: "Fog comes in" \(still/,
    );
  }, { config: { memory_tokens: 120 } }));

Deno.test("the figures add up for every scale, and the provider's own count stands beside them", () =>
  withBrain(async (fake) => {
    for (const prompt_tokens of [900, 433, 171, 1200]) {
      fake.scripts.length = 0;
      fake.scripts.push(async function* (request, signal) {
        for await (const part of says("The reeds bend.")(request, signal)) {
          yield part.kind === "end"
            ? {
              ...part,
              usage: { prompt_tokens, cached_tokens: 0, completion_tokens: 4, cost: null },
            }
            : part;
        }
      });
      await fake.turn("I wait by the reeds.");
      const page = await ask(fake);
      checkSums(page, String(prompt_tokens));
      assert.equal(page.reported, prompt_tokens);
    }
  }));

Deno.test("the whole request is kept for the last reply only, word for word", () =>
  withBrain(async (fake) => {
    await fake.turn("One.");
    const first = path(fake).at(-1)!.id;
    assert.deepEqual((await ask(fake, "/why whole")).prompt, fake.requests[0].messages);
    await fake.turn("Two.");
    assert.deepEqual((await ask(fake, "/why whole")).prompt, fake.requests[1].messages);
    assert.match(fake.face.last("system_update").content, /\[system\]\nYou narrate/);
    assert.equal((await ask(fake)).prompt, null);
    await fake.say(`/why ${first} whole`);
    assert.equal(
      fake.face.last("system_update").content,
      "✗ The whole request is kept for the last reply of a story only.",
    );
    assert.equal((await ask(fake, `/why ${first}`)).turn, 1);
  }));

Deno.test("a late memory is told, and that nothing was called", () =>
  withBrain(async (fake) => {
    fake.recalled.late = true;
    await fake.turn("I wait.");
    assert.equal((await ask(fake)).late, true);
    assert.match(fake.face.last("system_update").content, /\nRemembered: memory was not ready in time/);
    fake.recalled.late = false;
    await fake.turn("I wait.");
    assert.equal((await ask(fake)).late, false);
    assert.match(
      fake.face.last("system_update").content,
      /\nRemembered: nothing of \d+; your words called nothing\./,
    );
  }));

Deno.test("/why has an answer in every case", async () => {
  const fake = fakeBrain();
  try {
    const answers = async (command: string) => {
      await fake.say(command);
      return fake.face.last("system_update").content;
    };
    assert.equal(await answers("/why"), "✗ There is no story yet. /session new begins one.");
    await onStage(fake);
    assert.equal(await answers("/why"), "✗ No reply has been told yet in this story.");
    const [start] = path(fake);
    assert.match(await answers(`/why ${start.id}`), /^✗ The first page stands in the world's file/);
    await fake.turn("I wait.");
    const [, line, reply] = path(fake);
    assert.equal(await answers(`/why ${line.id}`), "✗ That line is your own. /why asks about a reply.");
    assert.match(await answers(`/why ${reply.id}`), /^Why this reply: turn 1,/);
    assert.match(await answers("/why 99999"), /^✗ There is no message 99999 in this story/);
    assert.match(await answers("/why duck"), /^✗ Which message\? "duck" is no number/);
    assert.match(await answers("/why 1 2"), /^✗ Which message\?/);
    fake.deps.db.run("UPDATE prompts SET record = '{}'");
    assert.match(await answers("/why"), /^✗ That reply was told before/);
    fake.deps.db.run("DELETE FROM prompts");
    assert.equal(await answers(`/why ${reply.id}`), "✗ Nothing was sent for that reply.");
    // Another player's reply is no message of this story.
    const ben = new FakeFace("ben");
    fake.brain.join(ben);
    for (const command of ["/world select marsh", "/character select smith", "/session new"]) {
      await fake.say(command, ben);
    }
    await fake.say(`/why ${reply.id}`, ben);
    assert.match(ben.last("system_update").content, /^✗ There is no message \d+ in this story/);
  } finally {
    await fake.close();
  }
});

Deno.test("/why of another telling is that telling's", () =>
  withBrain(async (fake) => {
    fake.recalled.memories.push(memory(3, 9001, "the first telling"));
    await fake.turn("I wait.");
    const first = path(fake).at(-1)!.id;
    fake.recalled.memories[0] = memory(4, 9002, "the second telling");
    const before = fake.face.of("chat_end").length;
    await fake.say("/retry");
    await fake.face.until(() => fake.face.of("chat_end").length > before);
    assert.deepEqual((await ask(fake)).recalled.map(({ quote }) => quote), ["the second telling"]);
    assert.deepEqual((await ask(fake, `/why ${first}`)).recalled.map(({ quote }) => quote), [
      "the first telling",
    ]);
    await fake.say("/swipe prev");
    assert.deepEqual((await ask(fake)).recalled.map(({ quote }) => quote), ["the first telling"]);
  }));
