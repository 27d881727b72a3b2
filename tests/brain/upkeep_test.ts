/** The story so far: told ahead of the cut, changed only at cuts, bound to the path, paid for, never in the way. */

import assert from "node:assert/strict";
import type { ChatRequest } from "../../brain/llm/provider.ts";
import { ProviderError } from "../../brain/llm/provider.ts";
import { countWords } from "../../brain/memory/pick.ts";
import { estimateTokens } from "../../brain/prompt/budget.ts";
import { pathTo } from "../../brain/store/messages.ts";
import { getState } from "../../brain/store/players.ts";
import { getSession } from "../../brain/store/sessions.ts";
import type { SummaryRow } from "../../brain/store/summaries.ts";
import { dayOf, spentOn } from "../../brain/store/usage.ts";
import { type FakeBrain, fakeBrain, FakeFace, onStage, says, type Script } from "../support/brain_fakes.ts";

const SYSTEM_OF_SUMMARY = "You keep the record of a story";
const isSummary = (request: ChatRequest) => request.messages[0].content.startsWith(SYSTEM_OF_SUMMARY);

/** A story in a window of 2,048 tokens, so that a handful of turns is cut. */
async function withBrain(
  run: (fake: FakeBrain) => Promise<void>,
  options: Parameters<typeof fakeBrain>[0] = {},
): Promise<void> {
  const fake = fakeBrain({ ...options, config: { max_context_tokens: 2048, ...options.config } });
  try {
    await onStage(fake);
    await run(fake);
  } finally {
    await fake.close();
  }
}

let told = 0;
/** Replies of about 60 words, each with a name of its own; summaries name the numbers of their source. */
function teller(summary?: Script): Script {
  return async function* (request, signal) {
    if (isSummary(request)) {
      const numbers = request.messages[1].content.match(/page\d+/g) ?? [];
      const text = `Ida walked the reeds with Maren ${[...new Set(numbers)].join(" ")}.`;
      yield* (summary ?? says(text))(request, signal);
      return;
    }
    told += 1;
    yield* says(
      `Maren walks page${told} of the reeds. ${"The tide turns over the mud and the eels. ".repeat(7)}`,
    )(
      request,
      signal,
    );
  };
}

/** Waits until nothing is done for the story any more. */
async function rest(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
}

async function play(fake: FakeBrain, turns: number, settle = true): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await fake.turn(`I walk on by the water, step ${turn}.`);
    if (settle) await rest();
  }
}

const stories = (fake: FakeBrain) => fake.requests.filter((request) => !isSummary(request));
const summaries = (fake: FakeBrain) => fake.requests.filter(isSummary);
const rows = (fake: FakeBrain) =>
  fake.deps.db.all<SummaryRow & { session_id: string }>("SELECT * FROM summaries ORDER BY id");
const leaf = (fake: FakeBrain, player = "local") => {
  const { session_id } = getState(fake.deps.db, player);
  return getSession(fake.deps.db, player, session_id)?.leaf_id ?? null;
};
const section = (request: ChatRequest) =>
  /The story so far:\n([\s\S]*)$/.exec(request.messages[0].content)?.[1] ?? "";
const firstTold = (request: ChatRequest) =>
  request.messages.find(({ role }) => role === "assistant")!.content;

Deno.test("what a cut drops is told ahead by the model and stands in the prompt from that cut on", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    await play(fake, 14);
    const requests = stories(fake);
    const first = requests.findIndex((request) => section(request) !== "");
    assert.ok(first > 3, `told at ${first}`);
    // Before the cut the whole story was in the prompt, and what the cut dropped was told before it came.
    assert.ok(firstTold(requests[first - 1]).startsWith("Fog comes in, Ida."));
    assert.match(section(requests[first]), /^Ida walked the reeds with Maren page\d+/);
    // The beginning of the prompt changes at cuts alone, and every cut changes it.
    for (let turn = 1; turn < requests.length; turn++) {
      const cut = firstTold(requests[turn]) !== firstTold(requests[turn - 1]);
      const changed = requests[turn].messages[0].content !== requests[turn - 1].messages[0].content;
      assert.equal(changed, cut, `turn ${turn}`);
    }
    // It tells what the history does not hold, page by page.
    const last = requests.at(-1)!;
    const held = new Set(last.messages.slice(1).flatMap(({ content }) => content.match(/page\d+/g) ?? []));
    const retold = section(last).match(/page\d+/g) ?? [];
    assert.ok(retold.length > 0);
    for (const page of retold) assert.ok(!held.has(page), page);
    const boundary = Math.max(
      ...rows(fake).filter(({ text }) => section(last).includes(text)).map((r) => r.last_id),
    );
    const path = pathTo(fake.deps.db, "local", leaf(fake));
    const dropped = path.filter(({ id }) => id <= boundary);
    for (const { content } of dropped) {
      const page = content.match(/page\d+/)?.[0];
      if (page) assert.ok(section(last).includes(page), page);
    }
    assert.ok(rows(fake).every(({ origin, text }) => origin === "model" && countWords(text) <= 120));
  }));

Deno.test("the request for a record is cold, short and without the player's scene", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    await play(fake, 8);
    const [request] = summaries(fake);
    assert.equal(request.temperature, 0);
    assert.equal(request.story.seed, "");
    const words = Number(/in at most (\d+) words/.exec(request.messages[1].content)?.[1]);
    assert.ok(words >= 30 && words <= 120, String(words));
    assert.equal(request.max_tokens, words * 3);
    assert.equal(request.messages.length, 2);
    assert.match(
      request.messages[1].content,
      /^Narrator: Fog comes in, Ida\..*\n\nIda: I walk on by the water, step 0\./,
    );
  }));

for (
  const [name, options, script] of [
    ["with summaries: off", { config: { summaries: false } }, undefined],
    ["when the model fails", {}, async function* () {
      yield* [];
      await Promise.resolve();
      throw new ProviderError("server", "The server is ill.");
    }],
    ["when the model tells another story", {}, says("I cannot assist with that request whatsoever.")],
    ["when the model says nothing", {}, says("  ")],
  ] as [string, { config?: { summaries: boolean } }, Script | undefined][]
) {
  Deno.test(`${name} sentences are picked, and the turn goes on`, () =>
    withBrain(async (fake) => {
      fake.scripts.push(teller(script));
      await play(fake, 14);
      const last = stories(fake).at(-1)!;
      assert.match(section(last), /Maren walks page\d+ of the reeds\./);
      assert.ok(rows(fake).length > 0 && rows(fake).every(({ origin }) => origin === "extract"));
      assert.equal(summaries(fake).length > 0, script !== undefined);
      assert.equal(fake.face.last("chat_end").metadata.message?.status, "complete");
      // The text of the story stays out of the log.
      assert.ok(fake.logs.every((line) => !/reeds|page\d/.test(line)), fake.logs.join("\n"));
      const warned = fake.logs.filter((line) => line.startsWith("warn upkeep of session "));
      assert.equal(warned.length > 0, script !== undefined && name !== "when the model says nothing");
    }, options));
}

Deno.test("what a model thinks before it tells the story so far is none of it, though its thoughts were never opened", () =>
  withBrain(async (fake) => {
    const thinks: Script = async function* (request, signal) {
      const pages = request.messages[1].content.match(/page\d+/g)?.join(" ") ?? "";
      yield* says(`The user wants Maren ${pages}. `, "</think>", `Ida walked the reeds with Maren ${pages}.`)(
        request,
        signal,
      );
    };
    fake.scripts.push(teller(thinks));
    await play(fake, 14);
    const kept = rows(fake).filter(({ origin }) => origin === "model");
    assert.ok(kept.length > 0);
    for (const { text } of kept) assert.match(text, /^Ida walked the reeds with Maren page\d+/);
  }));

Deno.test("the built-in narrator is asked for no summary", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    const { resolve } = fake.deps.registry;
    fake.deps.registry.resolve = (id) => {
      const target = resolve(id);
      return target && { ...target, provider: { ...target.provider, name: "demo" } };
    };
    await play(fake, 14);
    assert.equal(summaries(fake).length, 0);
    assert.match(section(stories(fake).at(-1)!), /Maren walks page\d+/);
  }));

Deno.test("a turn stops the work on its story, and nothing of it is kept", () =>
  withBrain(async (fake) => {
    let stopped = 0;
    fake.scripts.push(teller(async function* (_request, signal) {
      yield { kind: "text", text: "Ida walked the reeds with Maren" };
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve());
        if (signal.aborted) resolve();
      });
      stopped += 1;
    }));
    await play(fake, 6);
    assert.equal(summaries(fake).length, 1, "no second one while the first runs");
    assert.equal(stopped, 0);
    await fake.turn("I walk on.");
    await rest();
    assert.equal(stopped, 1);
    assert.equal(rows(fake).filter(({ origin }) => origin === "model").length, 0);
    // What was begun was paid for.
    await fake.say("/usage");
    assert.match(
      fake.face.last("system_update").content,
      /Beside them 1 summary of the story so far, \d+ tokens read/,
    );
  }));

Deno.test("the work on a story is stopped when its next turn begins, and when the brain leaves, which waits for its end", async (t) => {
  for (const by of ["a turn", "leaving"]) {
    await t.step(by, () =>
      withBrain(async (fake) => {
        let stopped = 0;
        const go = Promise.withResolvers<void>();
        const held = teller(async function* (_request, signal) {
          yield { kind: "text", text: "Ida walked the reeds with Maren" };
          await new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve());
            if (signal.aborted) resolve();
          });
          await new Promise((resolve) => setTimeout(resolve, 0));
          stopped += 1;
        });
        fake.scripts.push(held);
        await play(fake, 6);
        assert.deepEqual([summaries(fake).length, stopped], [1, 0]);
        if (by === "leaving") {
          await fake.brain.stop();
          assert.equal(stopped, 1);
          return;
        }
        fake.scripts[0] = async function* (request, signal) {
          if (!isSummary(request)) await go.promise;
          yield* held(request, signal);
        };
        const turn = fake.turn("I walk on.");
        await rest();
        assert.equal(stopped, 1, "while the reply is awaited");
        go.resolve();
        await turn;
      }));
  }
});

Deno.test("what was told stays with its branch: undo takes it back, another branch has its own", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    await play(fake, 14);
    const before = section(stories(fake).at(-1)!);
    assert.notEqual(before, "");
    for (let i = 0; i < 12; i++) await fake.say("/undo");
    await fake.turn("I turn back to the gate.");
    await rest();
    assert.equal(section(stories(fake).at(-1)!), "");
    const kept = rows(fake).length;
    assert.ok(kept > 0);
    await play(fake, 14);
    const other = section(stories(fake).at(-1)!);
    assert.notEqual(other, "");
    // Of the pages told on the first branch only those of the common beginning stand in it.
    const path = pathTo(fake.deps.db, "local", leaf(fake));
    const pages = new Set(path.flatMap(({ content }) => content.match(/page\d+/g) ?? []));
    for (const page of other.match(/page\d+/g) ?? []) assert.ok(pages.has(page), page);
    assert.ok((before.match(/page\d+/g) ?? []).some((page) => !pages.has(page)));
  }));

Deno.test("records are folded, so that a long story keeps its beginning in few words", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    await play(fake, 60);
    const layers = new Set(rows(fake).map(({ layer }) => layer));
    assert.deepEqual([...layers].sort(), [1, 2, 3]);
    const last = stories(fake).at(-1)!;
    const shown = section(last).split("\n\n");
    assert.ok(shown.length <= 5, `${shown.length} records`);
    assert.ok(estimateTokens(section(last)) <= 210, `${estimateTokens(section(last))} tokens`);
    const folds = summaries(fake).filter(({ messages }) =>
      messages[1].content.includes("These notes tell one story")
    );
    assert.ok(folds.length > 2);
    // No record has holes: each begins where the one before it ends.
    await fake.say("/story");
    const spans = [...fake.face.last("system_update").content.matchAll(/^Turns? (\d+)(?: to (\d+))? \(/gm)]
      .map(([, from, to]) => [Number(from), Number(to ?? from)]);
    assert.equal(spans[0][0], 1);
    for (let i = 1; i < spans.length; i++) {
      assert.ok(spans[i][0] <= spans[i - 1][1] + 1, JSON.stringify(spans));
    }
  }));

Deno.test("/story shows it, /story edit changes it for the next reply, for this player alone", () =>
  withBrain(async (fake) => {
    const answer = async (command: string, face = fake.face) => {
      await fake.say(command, face);
      return face.last("system_update").content;
    };
    fake.scripts.push(teller());
    assert.match(await answer("/story"), /^The narrator still reads the whole story/);
    assert.match(await answer("/story edit Anything."), /^✗ There is nothing to change yet/);
    await play(fake, 14);
    assert.match(await answer("/story"), /^Turns 1 to \d+ \(told by the model\)\nIda walked the reeds/);
    assert.match(await answer("/story what"), /^✗ \/story shows the story so far/);
    assert.match(await answer("/story edit  "), /^✗ What should it say\?/);
    assert.match(
      await answer(`/story edit ${"x".repeat(4001)}`),
      /^✗ .* at most 4000 characters; this has 4001/,
    );
    assert.match(await answer(`/story edit ${"x".repeat(4000)}`), /^✓/);
    assert.match(
      await answer("/story edit Ida sold the boat to Kobal.\nMaren knows."),
      /^✓ The narrator reads it so/,
    );
    assert.match(await answer("/story"), /\(yours\)\nIda sold the boat to Kobal\.\nMaren knows\.$/);
    const before = stories(fake).at(-1)!;
    await play(fake, 1);
    const next = stories(fake).at(-1)!;
    if (firstTold(before) === firstTold(next)) {
      assert.equal(section(next), "Ida sold the boat to Kobal.\nMaren knows.");
    } else assert.ok(section(next).startsWith("Ida sold the boat to Kobal.\nMaren knows."));
    const ben = new FakeFace("ben");
    fake.brain.join(ben);
    assert.match(await answer("/story", ben), /^✗ There is no story yet/);
    assert.match(await answer("/story edit Mine.", ben), /^✗ There is no story yet/);
  }));

Deno.test("what the player writes while the story is told stays: what was on its way takes no place of it", () =>
  withBrain(async (fake) => {
    let mine = 0;
    const written = "Ida sold the boat to Kobal.";
    fake.scripts.push(teller(async function* (request, signal) {
      const numbers = request.messages[1].content.match(/page\d+/g) ?? [];
      const fold = request.messages[1].content.includes("These notes tell one story");
      if (fold && mine++ === 0) await fake.say(`/story edit ${written}`);
      yield* says(`Ida walked the reeds with Maren ${[...new Set(numbers)].join(" ")}.`)(request, signal);
    }));
    for (let turn = 0; turn < 60 && mine === 0; turn++) await play(fake, 1);
    assert.ok(mine > 0);
    await rest();
    const wrote = rows(fake).find(({ origin }) => origin === "player")!;
    assert.deepEqual(rows(fake).filter(({ id, layer }) => id > wrote.id && layer > 1), []);
    await play(fake, 8);
    assert.ok(section(stories(fake).at(-1)!).startsWith(written), section(stories(fake).at(-1)!));
  }));

Deno.test("/why shows the story so far as a part with its tokens, and its records with where they end", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    await play(fake, 14);
    await fake.say("/why whole");
    const page = fake.face.last("system_update").metadata.why!;
    const part = page.parts.find(({ name }) => name === "story");
    assert.ok(part && part.tokens > 0);
    assert.equal(page.story.reduce((sum, { tokens }) => sum + tokens, 0), part.tokens);
    assert.equal(
      [...page.recalled, ...page.parts].reduce((sum, { tokens }) => sum + tokens, 0),
      page.tokens,
    );
    const path = pathTo(fake.deps.db, "local", leaf(fake));
    for (const piece of page.story) {
      assert.equal(piece.kind, "summary");
      assert.ok(page.prompt![0].content.includes(piece.quote), piece.quote);
      assert.ok(path.some(({ id }) => id === piece.message_id));
      assert.ok(piece.turns_ago > 0 && piece.turns_ago < 14);
    }
  }));

Deno.test("a story deleted while it is tended leaves nothing behind", () =>
  withBrain(async (fake) => {
    let go = () => {};
    fake.scripts.push(teller(async function* (_request, signal) {
      await new Promise<void>((resolve) => {
        go = resolve;
        signal.addEventListener("abort", () => resolve());
      });
      yield* says("Ida walked the reeds with Maren page1.")(_request, signal);
    }));
    await play(fake, 6);
    assert.equal(summaries(fake).length, 1);
    const { session_id } = getState(fake.deps.db, "local");
    await fake.say(`/session delete ${session_id}`);
    go();
    await rest();
    for (const table of ["summaries", "side_usage", "messages", "facts"]) {
      assert.deepEqual(fake.deps.db.all(`SELECT * FROM ${table}`), [], table);
    }
  }));

Deno.test("another player's commands leave the work on a story alone", () =>
  withBrain(async (fake) => {
    let go = () => {};
    fake.scripts.push(teller(async function* (request, signal) {
      await new Promise<void>((resolve) => go = resolve);
      yield* says("Ida walked the reeds with Maren page1.")(request, signal);
    }));
    await play(fake, 6);
    const ben = new FakeFace("ben");
    fake.brain.join(ben);
    await fake.say("/world select marsh", ben);
    go();
    await rest();
    assert.deepEqual(rows(fake).map(({ origin }) => origin), ["model"]);
  }));

Deno.test("whose day is over pays for no story so far", () =>
  withBrain(async (fake) => {
    fake.scripts.push(teller());
    for (let turn = 0; turn < 6; turn++) {
      const { tokens } = spentOn(fake.deps.db, "local", dayOf(fake.clock.now));
      fake.deps.config.limits = { tokens_per_day: tokens + 1 };
      await play(fake, 1);
    }
    assert.equal(stories(fake).length, 6);
    assert.equal(summaries(fake).length, 0);
    fake.deps.config.limits = {};
    await play(fake, 1);
    assert.equal(summaries(fake).length, 1);
  }));

Deno.test("a story so far has at most 120 words, also where the window would hold more", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* (request, signal) {
      const long = "Maren walks the reeds. The tide turns over the mud and the eels. ".repeat(60);
      yield* says(isSummary(request) ? "Ida walked the reeds with Maren." : long)(request, signal);
    });
    await play(fake, 12);
    const asked = summaries(fake).map(({ messages }) =>
      /in at most (\d+) words/.exec(messages[1].content)?.[1]
    );
    assert.ok(asked.length > 0);
    assert.deepEqual([...new Set(asked)], ["120"]);
  }, { config: { max_context_tokens: 0 } }));
