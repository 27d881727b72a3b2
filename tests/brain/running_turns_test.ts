/** Turns that run beside requests: what waits for what, what an end leaves behind, what a fault inside the engine does. */

import assert from "node:assert/strict";
import { BRAIN_ENDS } from "../../shared/protocol.ts";
import { getMessage } from "../../brain/store/messages.ts";
import { getState } from "../../brain/store/players.ts";
import { createSession, getSession, updateSession } from "../../brain/store/sessions.ts";
import {
  type FakeBrain,
  fakeBrain,
  FakeFace,
  onStage,
  says,
  type Script,
  withBrain,
} from "../support/brain_fakes.ts";

/** A reply that says its beginning and waits for `release`, or to be stopped. */
function held(): { script: Script; release: () => void } {
  const gate = Promise.withResolvers<void>();
  return {
    release: () => gate.resolve(),
    script: async function* (_request, signal) {
      yield { kind: "text", text: "Slowly " };
      signal.addEventListener("abort", () => gate.resolve());
      if (!signal.aborted) await gate.promise;
      if (signal.aborted) return;
      yield { kind: "text", text: "it ends." };
      yield { kind: "end", finish: "stop", usage: null };
    },
  };
}

const names = (face: FakeFace) => face.heard.map(({ event }) => event);
const shownSession = (fake: FakeBrain) =>
  getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id);

Deno.test("a refused /retry or /continue ends the waiting of who asked, and of nobody else", () =>
  withBrain(async (fake) => {
    const other = new FakeFace();
    fake.brain.join(other);
    const rows: [string, string][] = [
      ["/retry", "✗ There is no line of yours to answer yet."],
      ["/retry please", "✗ There is no line of yours to answer yet."],
      ["/continue", "✗ There is no reply to go on with. /retry asks for one."],
    ];
    updateSession(fake.deps.db, "local", shownSession(fake)?.id ?? "", { leaf_id: null });
    for (const [prompt] of rows) {
      other.forget();
      fake.face.forget();
      await fake.say(prompt, fake.face, "r7");
      assert.deepEqual(
        fake.face.heard.map(({ event, content, ref }) => [event, content, ref]),
        [["system_update", "✗ This story has no line yet.", "r7"], ["chat_end", "", "r7"]],
      );
      assert.equal(fake.face.last("chat_end").metadata.message, null);
      // A command is no line: nothing goes back to the editor.
      assert.equal(fake.face.last("system_update").metadata.line, null);
      assert.deepEqual(other.heard, []);
    }
    await fake.turn("I wait.");
    await fake.say("/undo");
    for (const [prompt, answer] of rows) {
      fake.face.forget();
      await fake.say(prompt);
      assert.deepEqual(names(fake.face), ["system_update", "chat_end"]);
      if (prompt.startsWith("/retry")) continue;
      assert.equal(fake.face.notices()[0], "✗ This story has no line yet.");
      assert.notEqual(answer, "");
    }
  }));

Deno.test("a /retry or /continue that begins ends in one chat_end, and one refused because a reply runs in none", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    for (const prompt of ["/retry", "/continue"]) {
      const reply = held();
      fake.scripts.unshift(reply.script);
      fake.face.forget();
      await fake.say(prompt, fake.face, "a");
      await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
      await fake.say("/retry", fake.face, "b");
      const refusal = fake.face.last("system_update");
      assert.equal(refusal.content, "✗ The narrator is speaking. /cancel stops it, then /retry works.");
      assert.equal(refusal.ref, "b");
      assert.equal(fake.face.of("chat_end").length, 0);
      reply.release();
      await fake.face.until(() => fake.face.of("chat_end").length === 1);
      assert.equal(fake.face.last("chat_end").ref, "a");
      await fake.say("/usage");
      assert.equal(fake.face.of("chat_end").length, 1, prompt);
    }
  }));

Deno.test("who is refused for a price gets a line back, and nothing where it was a command", () =>
  withBrain(async (fake) => {
    await fake.say("/model dear/two");
    const ended = await fake.turn("  I wait. ");
    assert.equal(ended.metadata.message, null);
    const { ask, line } = fake.face.last("system_update").metadata;
    assert.ok(ask !== null && ask.cost > 0.05);
    assert.equal(line, "  I wait. ");
    await fake.say("/model fake/one");
    await fake.turn("I wait.");
    await fake.say("/model dear/two");
    await fake.turn("/retry");
    const refused = fake.face.last("system_update").metadata;
    assert.ok(refused.ask !== null);
    assert.equal(refused.line, null);
  }));

Deno.test("every face sees the story's title while its first reply is still being told", () =>
  withBrain(async (fake) => {
    const { script, release } = held();
    fake.scripts.push(script);
    const other = new FakeFace();
    fake.brain.join(other);
    const turn = fake.turn("I wait for the tide.");
    await other.until(() => other.of("chat_chunk").length > 0);
    const titles = other.of("sync_state").flatMap(({ metadata }) =>
      metadata.available_sessions?.map(({ title }) => title) ?? []
    );
    assert.equal(titles.at(-1), "I wait for the tide.");
    release();
    await turn;
  }));

Deno.test("a command that the engine cannot carry out is told, logged and counted, and the next one works", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    const { worlds, characters } = fake.deps.library;
    fake.deps.library.worlds = () => {
      throw new TypeError("no shelf");
    };
    fake.face.forget();
    await fake.say("/world list");
    assert.equal(
      fake.face.notices()[0],
      "✗ Something went wrong in the engine: no shelf. Your line is kept.",
    );
    assert.deepEqual(names(fake.face), ["system_update"]);
    assert.match(fake.logs.at(-1) ?? "", /^error \/world list: .*no shelf/);
    // Not in the command itself but in what it leads to.
    fake.face.forget();
    await fake.say("/retry", fake.face, "q");
    assert.deepEqual(fake.face.heard.map(({ event, ref }) => [event, ref]), [
      ["system_update", "q"],
      ["chat_end", "q"],
    ]);
    fake.deps.library.worlds = worlds;
    fake.deps.library.characters = characters;
    assert.equal((await fake.turn("/retry")).metadata.message?.status, "complete");
  }));

Deno.test("a fault inside the engine in mid-turn is told to all faces, ends in one chat_end, and frees the story", () =>
  withBrain(async (fake) => {
    const other = new FakeFace();
    fake.brain.join(other);
    other.forget();
    const { price } = fake.deps.catalogue;
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "The ferry" };
      await Promise.resolve();
      fake.deps.catalogue.price = () => {
        throw new TypeError("no till");
      };
      yield { kind: "end", finish: "stop", usage: null };
    });
    let units = 0;
    fake.deps.unitsChanged = () => void units++;
    await fake.say("I wait.", fake.face, "r1");
    await fake.face.until(() => fake.face.of("chat_end").length === 1);
    await fake.face.until(() => fake.face.heard.at(-1)?.event === "sync_state");
    for (const [face, ref] of [[fake.face, "r1"], [other, null]] as const) {
      assert.deepEqual(face.of("error").map(({ content, ref }) => [content, ref]), [
        ["Something went wrong in the engine: no till. Your line is kept.", ref],
      ]);
      assert.deepEqual(face.of("chat_end").map(({ metadata, ref }) => [metadata.message, ref]), [
        [null, ref],
      ]);
      assert.equal(names(face).at(-1), "sync_state");
    }
    assert.match(fake.logs.join("\n"), /^error turn \d+: TypeError: no till/m);
    assert.equal(fake.brain.load().running_turns, 0);
    assert.equal(units, 1);
    fake.deps.catalogue.price = price;
    fake.scripts.push(says("Better."));
    fake.scripts.shift();
    assert.equal((await fake.turn("I wait on.")).metadata.message?.content, "Better.");
  }));

Deno.test("what one face asks is done in order, another face need not wait, and /cancel overtakes", () =>
  withBrain(async (fake) => {
    const other = new FakeFace();
    fake.brain.join(other);
    const listed = Promise.withResolvers<void>();
    fake.deps.catalogue.ready = listed.promise;
    const reply = held();
    fake.scripts.push(reply.script);
    await fake.say("I wait.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
    fake.face.forget();
    other.forget();
    assert.equal(fake.brain.load().queued_requests, 0);
    const slow = fake.say("/model late/one");
    const after = fake.say("/rules add gritty");
    assert.equal(fake.brain.load().queued_requests, 1);
    await fake.say("/rules add terse", other);
    assert.equal(other.notices().at(-1), "✓ Rule 'terse' activated");
    assert.deepEqual(fake.face.notices(), []);
    await fake.say("/cancel");
    await fake.face.until(() => fake.face.of("chat_end").length === 1);
    assert.equal(fake.face.last("chat_end").metadata.message?.status, "stopped");
    assert.equal(fake.brain.load().queued_requests, 1, "a cancel that is done ends no other request");
    listed.resolve();
    await Promise.all([slow, after]);
    assert.deepEqual(fake.face.notices().slice(-2).map((text) => text.split(".")[0]), [
      "Hot-swapped model to late/one",
      "✓ Rule 'gritty' activated",
    ]);
    assert.deepEqual(getState(fake.deps.db, "local").rules, ["terse", "gritty"]);
    assert.equal(fake.brain.load().queued_requests, 0);
  }));

Deno.test("a face that leaves takes its place in the queue with it", () =>
  withBrain(async (fake) => {
    const listed = Promise.withResolvers<void>();
    fake.deps.catalogue.ready = listed.promise;
    const slow = fake.say("/model late/one");
    assert.equal(fake.brain.load().queued_requests, 1);
    fake.brain.leave(fake.face);
    assert.equal(fake.brain.load().queued_requests, 0);
    listed.resolve();
    await slow;
  }));

Deno.test("a brain that stops without grace says nothing of a restart, keeps the text and begins nothing more", () =>
  withBrain(async (fake) => {
    fake.scripts.push(held().script);
    await fake.say("I wait.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
    fake.face.forget();
    assert.equal(fake.brain.trouble(), null);
    await fake.brain.stop();
    assert.equal(fake.brain.trouble(), "stopping");
    // Nobody asked for it: a face must not take it for the player's own stop.
    assert.deepEqual(fake.face.notices(), [BRAIN_ENDS]);
    const told = fake.face.last("chat_end").metadata.message;
    assert.deepEqual([told?.content, told?.status], ["Slowly ", "stopped"]);
    const begun = fake.requests.length;
    for (const [prompt, line] of [["/retry", null], ["  And now? ", "  And now? "]] as const) {
      fake.face.forget();
      await fake.say(prompt, fake.face, "z");
      assert.deepEqual(names(fake.face), ["system_update", "chat_end"]);
      assert.equal(fake.face.notices()[0], "✗ The brain restarts; say it again in a moment.");
      assert.equal(fake.face.last("system_update").metadata.line, line);
    }
    assert.equal(fake.requests.length, begun);
  }));

Deno.test("a turn asked for before the stop and reached after it is not begun", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    fake.face.forget();
    const asked = fake.say("/retry");
    const stopped = fake.brain.stop();
    await Promise.all([asked, stopped]);
    assert.equal(fake.requests.length, 1);
    assert.equal(fake.face.notices().at(-1), "✗ The brain restarts; say it again in a moment.");
    assert.equal(fake.face.of("chat_end").length, 1);
    assert.equal(fake.brain.load().running_turns, 0);
  }));

Deno.test("a stop with grace where nothing runs says nothing and waits for nothing", () =>
  withBrain(async (fake) => {
    const from = performance.now();
    await fake.brain.stop(60_000);
    assert.ok(performance.now() - from < 10_000);
    assert.deepEqual(fake.face.heard, []);
  }));

Deno.test("/cancel stops the reply also while the brain waits for it to end", () =>
  withBrain(async (fake) => {
    fake.scripts.push(held().script);
    await fake.say("I wait.");
    await fake.face.until(() => fake.face.of("chat_chunk").length === 1);
    const stopped = fake.brain.stop(60_000);
    await fake.say("/cancel");
    await stopped;
    assert.equal(fake.face.last("chat_end").metadata.message?.status, "stopped");
  }));

Deno.test("memory hears of every command and of every turn's end", () =>
  withBrain(async (fake) => {
    let units = 0;
    fake.deps.unitsChanged = () => void units++;
    await fake.say("/world attach_lore Eels are sold by the braid.");
    assert.equal(units, 1);
    await fake.turn("I wait.");
    await fake.face.until(() => fake.face.heard.at(-1)?.event === "sync_state");
    assert.equal(units, 2);
    await fake.say("");
    assert.equal(units, 2);
  }));

Deno.test("a database that does not answer is told to who asks, and takes nothing else with it", async () => {
  const fake = fakeBrain();
  await onStage(fake);
  assert.equal(fake.brain.trouble(), null);
  fake.deps.db.close();
  assert.equal(fake.brain.trouble(), "the database does not answer");
  for (const prompt of ["I wait.", "/cancel", "/retry", ""]) {
    fake.face.forget();
    await fake.say(prompt, fake.face, "d");
    const [told, end] = fake.face.heard;
    assert.equal(told.event, "system_update");
    assert.match(told.content, /^✗ /);
    assert.deepEqual([end?.event, end?.ref], ["chat_end", "d"], prompt);
  }
  fake.face.forget();
  fake.brain.reject(fake.face, "f", "no text");
  assert.deepEqual(fake.face.notices(), ["✗ no text"]);
});

Deno.test("a story is continued by its whole id also behind a thousand younger ones", () =>
  withBrain(async (fake) => {
    const first = shownSession(fake);
    assert.ok(first);
    fake.deps.db.transaction(() => {
      for (let i = 0; i < 1001; i++) {
        const id = `f${i.toString(16).padStart(11, "0")}`;
        createSession(fake.deps.db, { ...first, id, title: `Story ${i}`, leaf_id: null });
      }
    });
    await fake.say(`/session continue ${first.id.slice(0, 8)}`);
    assert.match(fake.face.notices().at(-1) ?? "", /^✗ There is no story "00000000"\./);
    await fake.say("/world select marsh");
    assert.equal(getState(fake.deps.db, "local").session_id, "");
    await fake.say(`/session continue ${first.id.toUpperCase()}`);
    assert.equal(getState(fake.deps.db, "local").session_id, first.id);
    // The thousandth is still found by its beginning; the next one is not.
    await fake.say("/session continue Story 2");
    assert.match(fake.face.notices().at(-1) ?? "", /^✗ 111 stories begin with "Story 2"/);
  }));

Deno.test("an open reply is where its text is kept, and a face that joins before its first word hears that it is on its way", () =>
  withBrain(async (fake) => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    fake.scripts.push(async function* (request, signal) {
      begun.resolve();
      await go.promise;
      yield* says("Now.")(request, signal);
    });
    const turn = fake.turn("I wait.");
    await begun.promise;
    const face = new FakeFace();
    fake.brain.join(face);
    assert.deepEqual(names(face), ["system_update", "sync_state", "commands", "chat_history", "progress"]);
    assert.equal(face.last("chat_history").metadata.history.at(-1)?.content, "I wait.");
    const { id, label, state } = face.last("progress").metadata;
    assert.match(`${id} ${label} ${state}`, /^reply:\d+ one is reading \d+ tokens running$/);
    go.resolve();
    const end = await turn;
    assert.equal(getMessage(fake.deps.db, "local", end.metadata.message?.id ?? 0)?.content, "Now.");
  }));

Deno.test("who watches hears when each piece was told and how each turn ended; a day's sum that cannot be kept harms nothing", () =>
  withBrain(async (fake) => {
    const heard: string[] = [];
    const { metrics } = fake.brain;
    metrics.chunkTold = () => void heard.push("piece");
    metrics.turnEnded = (_session, status, usage) =>
      void heard.push(`${status} ${usage?.completion_tokens ?? "-"}`);
    metrics.failed = (error) => void heard.push(`failed ${error instanceof Error ? error.message : error}`);
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "One " };
      yield { kind: "text", text: "two." };
      await Promise.resolve();
      const usage = { prompt_tokens: 9, cached_tokens: 0, completion_tokens: 5, cost: null };
      yield { kind: "end", finish: "stop", usage };
    });
    await fake.turn("I wait.");
    assert.deepEqual(heard.splice(0), ["piece", "piece", "complete 5"]);
    const { run } = fake.deps.db;
    fake.deps.db.run = (sql, ...values) => {
      if (sql.includes("daily_usage")) throw new Error("no ledger");
      return run.call(fake.deps.db, sql, ...values);
    };
    assert.equal((await fake.turn("I wait on.")).metadata.message?.status, "complete");
    assert.deepEqual(heard.splice(0), ["piece", "piece", "complete 5", "failed no ledger"]);
    assert.match(fake.logs.join("\n"), /^warn what a turn has used could not be kept: .*no ledger/m);
    fake.deps.db.run = run;
  }));

Deno.test("nothing is done for a story whose next line comes with the end of the last", () =>
  withBrain(async (fake) => {
    let ends = 0;
    class Quick extends FakeFace {
      override send(event: Parameters<FakeFace["send"]>[0]): void {
        super.send(event);
        if (event.event === "chat_end" && ++ends === 1) fake.say("And I wait on.", this);
      }
    }
    const quick = new Quick();
    fake.brain.join(quick);
    const reply = held();
    fake.scripts.push(says("Yes."), reply.script);
    let asked = 0;
    const { resolve } = fake.deps.registry;
    // Reading for facts asks for its model first of all.
    fake.deps.registry.resolve = (id) => {
      if (id === "facts/model") asked += 1;
      return resolve(id);
    };
    await fake.say("I wait.", quick);
    await quick.until(() => quick.of("chat_chunk").length === 2);
    assert.equal(fake.brain.load().running_turns, 1);
    assert.equal(asked, 0);
    reply.release();
    await quick.until(() => ends === 2);
    await quick.until(() => quick.heard.at(-1)?.event === "sync_state");
    assert.equal(asked, 1);
  }, { config: { facts_model: "facts/model" } }));

Deno.test("nothing is done for a story whose reply failed", () =>
  withBrain(async (fake) => {
    let asked = 0;
    const { resolve } = fake.deps.registry;
    fake.deps.registry.resolve = (id) => {
      if (id === "facts/model") asked += 1;
      return resolve(id);
    };
    fake.scripts.push(says(), says("Yes."));
    assert.equal((await fake.turn("I wait.")).metadata.message?.status, "failed");
    await fake.face.until(() => fake.face.heard.at(-1)?.event === "sync_state");
    assert.equal(asked, 0);
    await fake.turn("I wait on.");
    await fake.face.until(() => fake.face.heard.at(-1)?.event === "sync_state");
    assert.equal(asked, 1);
  }, { config: { facts_model: "facts/model" } }));

Deno.test("whose day is over is asked for nothing beside the story either", () =>
  withBrain(async (fake) => {
    let asked = 0;
    const { resolve } = fake.deps.registry;
    fake.deps.registry.resolve = (id) => {
      if (id === "facts/model") asked += 1;
      return resolve(id);
    };
    await fake.turn("I wait.");
    await fake.face.until(() => fake.face.heard.at(-1)?.event === "sync_state");
    assert.equal(asked, 0);
    const refused = await fake.turn("I wait on.");
    assert.equal(refused.metadata.message, null);
    assert.match(fake.face.notices().at(-1) ?? "", /^✗ Your tokens of today are used/);
  }, { config: { facts_model: "facts/model", limits: { tokens_per_day: 10 } } }));

Deno.test("what is asked beside a story stops when the story is deleted, not when another one is", () =>
  withBrain(async (fake) => {
    const aside = Promise.withResolvers<AbortSignal>();
    fake.scripts.push(async function* (request, signal) {
      if (request.temperature !== 0) return yield* says("Yes.")(request, signal);
      aside.resolve(signal);
      const gone = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      if (!signal.aborted) await gone;
    });
    const id = fake.deps.db.get<{ id: string }>("SELECT id FROM sessions")?.id;
    for (let i = 0; i < 8; i++) await fake.turn(`I walk on, ${i}.`);
    const signal = await aside.promise;
    await fake.say("/session new");
    const other = getState(fake.deps.db, "local").session_id;
    await fake.say(`/session delete ${other}`);
    assert.equal(signal.aborted, false);
    await fake.say(`/session delete ${id}`);
    assert.equal(signal.aborted, true);
  }, { config: { facts_model: "facts/model" } }));
