/** Facts that a model reads: only what stands on the words of its source is kept. */

import assert from "node:assert/strict";
import { ProviderError } from "../../../brain/llm/provider.ts";
import { factsPrompt, grounded, noteFacts, parseFacts, rebuildFacts } from "../../../brain/memory/facts.ts";
import { addFacts, editFact, factsOnPath } from "../../../brain/store/facts.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { getState } from "../../../brain/store/players.ts";
import { getSession } from "../../../brain/store/sessions.ts";
import { type FakeBrain, fakeBrain, onStage, says, type Script } from "../../support/brain_fakes.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

const MESSAGES = [
  {
    id: 12,
    role: "user" as const,
    content: "I give Maren the silver key and promise her two eels by Friday.",
  },
  { id: 13, role: "assistant" as const, content: "Maren nods. She lives above the old chandlery." },
];
const line = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    source: 12,
    subject: "Ida",
    relation: "gave Maren",
    object: "the silver key",
    fact: "Ida gave Maren the silver key",
    ...more,
  });

Deno.test("a line of JSON that stands on its source is a fact, others are none", () => {
  const rows: [string, string, string[]][] = [
    ["plain", line(), ["Ida gave Maren the silver key"]],
    ["the source as text", line({ source: "12" }), ["Ida gave Maren the silver key"]],
    ["without a fact", line({ fact: undefined }), ["Ida gave Maren the silver key"]],
    [
      "in a fence, in a list, with remarks",
      `Sure:\n\`\`\`json\n[${line()},\n${line({ object: "x" })}]\n\`\`\``,
      [
        "Ida gave Maren the silver key",
        "Ida gave Maren the silver key",
      ],
    ],
    ["white space", line({ fact: " Ida gave\n Maren  the silver key " }), ["Ida gave Maren the silver key"]],
    ["of another message", line({ source: 14 }), []],
    ["of the wrong message", line({ source: 13 }), []],
    ["made up", line({ fact: "Ida gave Maren a golden crown of thorns" }), []],
    ["no source", line({ source: undefined }), []],
    ["no subject", line({ subject: " " }), []],
    ["no relation", line({ relation: 5 }), []],
    ["no object", line({ object: "" }), []],
    ["an object too long", line({ object: "x".repeat(121) }), []],
    ["broken", line().slice(0, -2), []],
    ["nothing", "", []],
    ["prose", "There is nothing to note.", []],
    ["a nested one", '{"facts": {"a": 1}}', []],
  ];
  for (const [name, answer, facts] of rows) {
    assert.deepEqual(parseFacts(answer, MESSAGES, 5).map(({ text }) => text), facts, name);
  }
  const [fact] = parseFacts(line(), MESSAGES, 5);
  assert.deepEqual(fact, {
    message_id: 12,
    subject: "Ida",
    relation: "gave Maren",
    object: "the silver key",
    text: "Ida gave Maren the silver key",
    origin: "model",
    created_ms: 5,
  });
});

Deno.test("six lines are read at most", () => {
  const many = Array.from({ length: 9 }, (_, i) => line({ relation: `r${i}` })).join("\n");
  assert.deepEqual(parseFacts(many, MESSAGES, 5).map(({ relation }) => relation), [
    "r0",
    "r1",
    "r2",
    "r3",
    "r4",
    "r5",
  ]);
});

Deno.test("the share of content words in the source, endings aside", () => {
  const rows: [string, string, string[], number][] = [
    ["the silver key", "a silver key", [], 1],
    ["Ida gave the silver key", "I give the silver key", ["Ida"], 2 / 3],
    ["the silver crown", "a silver key", [], 0.5],
    ["promised eels", "I promise an eel", [], 1],
    ["the of and", "the of and", [], 0],
    ["", "anything", [], 0],
    ["Ida", "Ida", ["Ida"], 0],
    ["SILVER", "silver", [], 1],
  ];
  for (const [text, source, given, share] of rows) assert.equal(grounded(text, source, given), share, text);
  // Six of ten content words are enough, five are not.
  const source = "alpha bravo cargo delta eagle fjord";
  const fact = (text: string) => line({ source: 1, subject: "Ida", fact: text });
  const parse = (text: string) =>
    parseFacts(fact(text), [{ id: 1, role: "user", content: source }], 0).length;
  assert.equal(parse("alpha bravo cargo delta eagle fjord wolves xenon yachts zebra"), 1);
  assert.equal(parse("alpha bravo cargo delta eagle vixen wolves xenon yachts zebra"), 0);
});

Deno.test("the question names the messages, the player's character and the limit", () => {
  const [system, user] = factsPrompt(MESSAGES, "Ida");
  assert.equal(system.role, "system");
  assert.ok(user.content.startsWith("[12] Ida: I give Maren the silver key"));
  assert.ok(user.content.includes("\n[13] Narrator: Maren nods."));
  assert.ok(user.content.includes("at most 6 lines"));
});

Deno.test("facts by rule are made anew for all stories; records stay", async () => {
  await withDatabase((db) => {
    const [one, two] = tellAll(db, aSession(), ["I owe Maren two eels.", "The clerk is called Tobias."]);
    tellAll(db, aSession({ id: "other", character_id: "gone" }), ["I owe Kobal a boat."]);
    for (const id of [one, two]) noteFacts(db, "ann", "story", getMessage(db, "ann", id)!, "Ida", 5);
    const told = () => factsOnPath(db, "ann", two).map(({ text, origin }) => `${origin}: ${text}`);
    const before = ["rule: Ida owes Maren two eels", "rule: the clerk's name is Tobias"];
    assert.deepEqual(told(), before);
    db.run("DELETE FROM facts");
    const nameOf = (id: string) => id === "tam" ? "Ida" : null;
    assert.equal(rebuildFacts(db, nameOf, 6), 2);
    assert.deepEqual(told(), before);
    assert.deepEqual(db.all("SELECT id FROM facts WHERE session_id = 'other'"), []);
    editFact(db, "ann", factsOnPath(db, "ann", two)[0].id, "Ida owes nobody");
    addFacts(
      db,
      "ann",
      "story",
      parseFacts(line({ source: one, fact: "Maren eels owe two" }), [
        { id: one, role: "user", content: "I owe Maren two eels." },
      ], 5),
    );
    rebuildFacts(db, nameOf, 7);
    assert.deepEqual(told(), [
      "model: Maren eels owe two",
      "player: Ida owes nobody",
      "rule: the clerk's name is Tobias",
    ]);
  });
});

async function withBrain(facts: Script, run: (fake: FakeBrain) => Promise<void>): Promise<void> {
  const fake = fakeBrain({ config: { facts_model: "dear/two" } });
  fake.scripts.push(async function* (request, signal) {
    yield* (request.messages.at(-1)!.content.includes("One JSON object a line")
      ? facts
      : says("Maren nods."))(
        request,
        signal,
      );
  });
  try {
    await onStage(fake);
    await run(fake);
  } finally {
    await fake.close();
  }
}

const readings = (fake: FakeBrain) =>
  fake.requests.filter(({ messages }) => messages.at(-1)!.content.includes("One JSON object a line"));
async function play(fake: FakeBrain, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    await fake.turn("I show Maren the silver key.");
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
const leaf = (fake: FakeBrain) =>
  getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id)?.leaf_id ?? null;

Deno.test("a model reads for facts after every eight turns, cold and short, and it is paid for", () => {
  const answer: Script = async function* (request, signal) {
    const id = Number(/\[(\d+)\] Ida/.exec(request.messages[1].content)![1]);
    const told = says(line({ source: id, relation: "has", fact: "Ida has the silver key" }));
    for await (const part of told(request, signal)) {
      yield part.kind === "end"
        ? { ...part, usage: { prompt_tokens: 500, cached_tokens: 0, completion_tokens: 50, cost: null } }
        : part;
    }
  };
  return withBrain(answer, async (fake) => {
    await play(fake, 7);
    assert.equal(readings(fake).length, 0);
    await play(fake, 1);
    assert.equal(readings(fake).length, 1);
    const [request] = readings(fake);
    assert.deepEqual([request.model, request.temperature, request.max_tokens], ["two", 0, 800]);
    assert.equal(request.messages[1].content.match(/^\[\d+\] /gm)?.length, 16);
    assert.deepEqual(
      factsOnPath(fake.deps.db, "local", leaf(fake)).map(({ text, origin }) => [text, origin]),
      [["Ida has the silver key", "model"]],
    );
    await fake.say("/usage");
    // 500 tokens at $500 and 50 at $2000 a million.
    assert.match(
      fake.face.last("system_update").content,
      /Beside them 1 reading for facts, 500 tokens read \(0 cached\), 50 written, \$0\.3500\./,
    );
    await play(fake, 7);
    assert.equal(readings(fake).length, 1);
    await play(fake, 1);
    assert.equal(readings(fake).length, 2);
    const ids = (index: number) =>
      [...readings(fake)[index].messages[1].content.matchAll(/^\[(\d+)\]/gm)].map(([, id]) => Number(id));
    assert.ok(Math.min(...ids(1)) > Math.max(...ids(0)));
    // Taken back far enough, the same turns told anew are read anew.
    for (let i = 0; i < 3; i++) await fake.say("/undo");
    await play(fake, 3);
    assert.equal(readings(fake).length, 3);
  });
});

Deno.test("a model that fails is asked again after the next turn, and told to the log without the story", () => {
  const answer: Script = async function* () {
    yield* [];
    await Promise.resolve();
    throw new ProviderError("server", "The server is ill.");
  };
  return withBrain(answer, async (fake) => {
    await play(fake, 9);
    assert.equal(readings(fake).length, 2);
    assert.match(fake.logs.join("\n"), /^warn upkeep of session \w+: The server is ill\.$/m);
    assert.ok(!fake.logs.join("\n").includes("silver"));
    assert.deepEqual(fake.deps.db.all("SELECT * FROM side_usage"), []);
  });
});
