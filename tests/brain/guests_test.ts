/** Players with a token at a brain in this process: what they may, what is counted of them, and a stop that lets replies end. */

import assert from "node:assert/strict";
import type { Limits } from "../../brain/config.ts";
import { attachedBytes, attachLore } from "../../brain/store/lore.ts";
import { getState, saveState } from "../../brain/store/players.ts";
import { addToken } from "../../brain/store/tokens.ts";
import { addSpent, dayOf, spentOn } from "../../brain/store/usage.ts";
import { type FakeBrain, fakeBrain, FakeFace, onStage, says, type Script } from "../support/brain_fakes.ts";

/** A guest who has joined, beside the face at the machine. */
function guest(fake: FakeBrain, id = "a1", name = "Ann"): FakeFace {
  addToken(fake.deps.db, { id, name, token_hash: `hash of ${id}` });
  const face = new FakeFace(id);
  fake.brain.join(face);
  return face;
}

/** A new story; the one before is left even while it is told, which no command does today. */
async function stageFor(fake: FakeBrain, face: FakeFace): Promise<void> {
  const { db } = fake.deps;
  saveState(db, face.player_id, { ...getState(db, face.player_id), session_id: "" });
  await fake.say("/world select marsh", face);
  await fake.say("/character select smith", face);
  await fake.say("/session new", face);
}

async function withBrain(
  config: { limits?: Partial<Limits>; complaints?: string[] },
  run: (fake: FakeBrain) => Promise<void>,
): Promise<void> {
  const fake = fakeBrain({ config });
  try {
    await run(fake);
  } finally {
    await fake.close();
  }
}

/** A reply whose end a test holds in its hands. */
function held(): { script: Script; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    script: async function* (_request, signal) {
      yield { kind: "text", text: "Slowly " };
      const aborted = new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      if (!signal.aborted) await Promise.race([promise, aborted]);
      if (signal.aborted) return;
      yield { kind: "text", text: "it ends." };
      yield { kind: "end", finish: "stop", usage: null };
    },
    release: resolve,
  };
}

Deno.test("a guest is greeted by name, is shown no file of the machine, and is offered nothing that touches one", () =>
  withBrain({ complaints: ["/home/owner/config.yaml:1:1: wrong"] }, async (fake) => {
    const ann = guest(fake);
    assert.equal(ann.of("system_update")[0].metadata.greeting?.player, "Ann");
    assert.equal(fake.face.of("system_update")[0].metadata.greeting?.player, "local");
    assert.deepEqual(fake.face.notices().slice(1), ["✗ /home/owner/config.yaml:1:1: wrong"]);
    assert.deepEqual(ann.notices().slice(1), []);
    fake.brain.tellAll("✗ /home/owner/worlds/a.yaml:1:1: wrong");
    assert.deepEqual(ann.notices().slice(1), []);
    assert.equal(fake.face.notices().at(-1), "✗ /home/owner/worlds/a.yaml:1:1: wrong");
    const offered = (face: FakeFace) => face.last("commands").metadata.commands.map(({ name }) => name);
    assert.ok(offered(fake.face).includes("/world sync_folder"));
    const missing = offered(fake.face).filter((name) => !offered(ann).includes(name));
    assert.ok(missing.includes("/world sync_folder") && missing.includes("/export"), missing.join());
    await stageFor(fake, ann);
    for (
      const [line, instead] of [
        ["/world sync_folder", "/world attach_lore takes a text."],
        ["/export", "/open of the face writes your story on your own."],
      ]
    ) {
      await fake.say(`${line} /etc`, ann);
      assert.equal(
        ann.notices().at(-1),
        `✗ ${line} reads or writes files of the brain's machine; only who plays there may. ${instead}`,
      );
    }
    await fake.say("/help sync_folder", ann);
    assert.ok(!(ann.notices().at(-1) ?? "").includes("Read a folder"));
    await fake.say("/world sync_foldr", ann);
    assert.ok(!(ann.notices().at(-1) ?? "").includes("sync_folder"), ann.notices().at(-1));
    await onStage(fake);
    await fake.say("/world sync_folder lore");
    assert.match(fake.face.notices().at(-1) ?? "", /^✓ 1 file, 1 piece/);
  }));

Deno.test("as many replies at once as are allowed, in different stories, and one more when one has ended", () =>
  withBrain({ limits: { running_turns: 2 } }, async (fake) => {
    const ann = guest(fake);
    const ben = guest(fake, "b1", "Ben");
    const replies = [held(), held(), held()];
    fake.scripts.push(...replies.map(({ script }) => script), says("Quick."));
    for (let i = 0; i < 2; i++) {
      await stageFor(fake, ann);
      await fake.say("I wait.", ann);
    }
    assert.equal(fake.brain.load().running_turns, 2);
    await stageFor(fake, ann);
    await fake.say("And I?", ann);
    assert.equal(
      ann.notices().at(-1),
      "✗ 2 replies are being told to you already, as many as you may have at once.",
    );
    assert.equal(ann.last("system_update").metadata.line, "And I?");
    assert.equal(ann.last("chat_end").metadata.message, null);
    // Another player has turns of their own.
    await stageFor(fake, ben);
    await fake.say("Me too.", ben);
    assert.equal(fake.brain.load().running_turns, 3);
    replies[0].release();
    await ann.until(() => fake.brain.load().running_turns === 2);
    await ann.until(() => ann.of("chat_end").some(({ metadata }) => metadata.message?.status === "complete"));
    assert.equal((await fake.turn("And I?", ann)).metadata.message?.content, "Quick.");
    replies[1].release();
    replies[2].release();
  }));

Deno.test("a prompt is as long as its player may write", () =>
  withBrain({ limits: { prompt_bytes: 10 } }, async (fake) => {
    const ann = guest(fake);
    await fake.say("12345678901", ann);
    assert.equal(ann.notices().at(-1), "✗ This line has 11 bytes; at most 10 are read. Nothing was sent.");
    await fake.say("ääääää", ann);
    assert.match(ann.notices().at(-1) ?? "", /^✗ This line has 12 bytes/);
    await fake.say("1234567890", ann);
    assert.equal(ann.notices().at(-1), "✗ Prepare the stage first (World, Char, Session).");
  }));

Deno.test("lore that a player attaches has a bound in each world, for players with a token and not for the owner", () =>
  withBrain({ limits: {} }, async (fake) => {
    const ann = guest(fake);
    const { db } = fake.deps;
    const attach = async (bytes: number, face: FakeFace) => {
      await fake.say(`/world attach_lore ${"é".repeat(bytes / 2)}`, face);
      return face.notices().at(-1) ?? "";
    };
    for (const player_id of ["a1", "local"]) {
      attachLore(
        db,
        player_id,
        "marsh",
        [{ heading: "", text: "x".repeat(262_044), known_to: "" }],
        "attached",
      );
    }
    await fake.say("/world select marsh", ann);
    assert.equal(
      await attach(102, ann),
      "✗ With this your lore of this world would have 262,146 bytes, and 262,144 are kept. " +
        "/lore list shows it, /lore detach takes a piece out. Nothing was attached.",
    );
    assert.equal(attachedBytes(db, "a1", "marsh"), 262_044);
    assert.match(await attach(100, ann), /^Lore attached/);
    assert.equal(attachedBytes(db, "a1", "marsh"), 262_144);
    // Another world, and the owner.
    await fake.say("/world select bare", ann);
    assert.match(await attach(102, ann), /^Lore attached/);
    await fake.say("/world select marsh");
    assert.match(await attach(102, fake.face), /^Lore attached/);
  }));

Deno.test("tokens of the day are counted when a turn ends, also of deleted stories, and refuse the next one until midnight", () =>
  withBrain({ limits: { tokens_per_day: 100 } }, async (fake) => {
    const ann = guest(fake);
    const day = dayOf(fake.clock.now);
    await stageFor(fake, ann);
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "Yes." };
      await Promise.resolve();
      const usage = { prompt_tokens: 90, cached_tokens: 80, completion_tokens: 9, cost: 0.5 };
      yield { kind: "end", finish: "stop", usage };
    });
    assert.equal((await fake.turn("One.", ann)).metadata.message?.status, "complete");
    assert.deepEqual(spentOn(fake.deps.db, "a1", day), { tokens: 99, cost: 0.5 });
    assert.equal((await fake.turn("Two.", ann)).metadata.message?.status, "complete");
    await fake.say(`/session delete ${ann.last("sync_state").metadata.session_id}`, ann);
    await stageFor(fake, ann);
    assert.equal((await fake.turn("Three.", ann)).metadata.message, null);
    assert.match(
      ann.notices().at(-1) ?? "",
      /^✗ Your tokens of today are used: 198 of 100\. There is more in /,
    );
    assert.equal(ann.last("system_update").metadata.line, "Three.");
    assert.equal(fake.requests.length, 2);
    assert.deepEqual(spentOn(fake.deps.db, "local", day), { tokens: 0, cost: 0 });
    fake.clock.now += 86_400_000;
    assert.equal((await fake.turn("Three.", ann)).metadata.message?.status, "complete");
  }));

Deno.test("what may be spent in a day is a limit too, and a model of unknown price is none to spend on", () =>
  withBrain({ limits: { spend_per_day: 1 } }, async (fake) => {
    const ann = guest(fake);
    await stageFor(fake, ann);
    await fake.say("/model odd/three", ann);
    await fake.turn("One.", ann);
    assert.match(ann.notices().at(-1) ?? "", /^✗ Nobody knows what this model costs/);
    await fake.say("/model fake/one", ann);
    addSpent(fake.deps.db, "a1", dayOf(fake.clock.now), {
      prompt_tokens: 1,
      completion_tokens: 1,
      cost: 0.99,
    });
    assert.equal((await fake.turn("One.", ann)).metadata.message?.status, "complete");
    addSpent(fake.deps.db, "a1", dayOf(fake.clock.now), {
      prompt_tokens: 1,
      completion_tokens: 1,
      cost: 0.01,
    });
    await fake.turn("Two.", ann);
    assert.match(ann.notices().at(-1) ?? "", /^✗ What you may spend today is spent: \$1\.00 of \$1\./);
  }));

Deno.test("a stop with grace begins nothing, says so, and lets the reply that runs end by itself", () =>
  withBrain({}, async (fake) => {
    await onStage(fake);
    const reply = held();
    fake.scripts.push(reply.script);
    await fake.say("I wait.");
    const ann = guest(fake);
    const stopped = fake.brain.stop(60_000);
    assert.match(fake.face.notices().at(-1) ?? "", /^The brain restarts\./);
    assert.match(ann.notices().at(-1) ?? "", /^The brain restarts\./);
    assert.equal(fake.brain.trouble(), "stopping");
    await fake.say("Me too.", ann);
    assert.equal(ann.notices().at(-1), "✗ The brain restarts; say it again in a moment.");
    assert.equal(ann.last("system_update").metadata.line, "Me too.");
    reply.release();
    await stopped;
    const end = fake.face.last("chat_end").metadata.message;
    assert.deepEqual([end?.content, end?.status], ["Slowly it ends.", "complete"]);
  }));

Deno.test("when the grace is over, or is ended, the text so far is kept and marked stopped", async () => {
  for (const hurry of [false, true]) {
    await withBrain({}, async (fake) => {
      await onStage(fake);
      fake.scripts.push(held().script);
      await fake.say("I wait.");
      await fake.face.until(() => fake.face.of("chat_chunk").length > 0);
      const stopped = fake.brain.stop(hurry ? 60_000 : 20);
      if (hurry) await fake.brain.stop();
      await stopped;
      const end = fake.face.last("chat_end").metadata.message;
      assert.deepEqual([end?.content, end?.status], ["Slowly ", "stopped"]);
    });
  }
});

Deno.test("a revoked player's replies are stopped, nobody else's", () =>
  withBrain({}, async (fake) => {
    const ann = guest(fake);
    const reply = held();
    fake.scripts.push(held().script, reply.script);
    for (const face of [ann, fake.face]) {
      await stageFor(fake, face);
      await fake.say("I wait.", face);
      await face.until(() => face.of("chat_chunk").length > 0);
    }
    fake.brain.stopTurns("a1");
    await ann.until(() => ann.of("chat_end").length > 0);
    assert.equal(ann.last("chat_end").metadata.message?.status, "stopped");
    assert.equal(fake.brain.load().running_turns, 1);
    reply.release();
  }));

Deno.test("what is told of the brain's own affairs is for who plays at its machine", () =>
  withBrain({}, async (fake) => {
    await Promise.resolve();
    const ann = guest(fake);
    ann.forget();
    fake.brain.tellAll("Chroma at 10.0.0.7:8100 cannot be reached.");
    assert.equal(fake.face.last("system_update").content, "Chroma at 10.0.0.7:8100 cannot be reached.");
    assert.deepEqual(ann.heard, []);
  }));

Deno.test("a stop with grace is over when the last reply has ended, however long it may take", () =>
  withBrain({}, async (fake) => {
    await onStage(fake);
    const asked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    fake.scripts.push(async function* (request, signal) {
      asked.resolve();
      await go.promise;
      yield* says("The reeds bend.")(request, signal);
    });
    const turn = fake.turn("I wait.");
    await asked.promise;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => timer = setTimeout(() => resolve("late"), 30_000));
    const stopped = fake.brain.stop(60_000).then(() => "stopped");
    go.resolve();
    assert.equal(await Promise.race([stopped, late]), "stopped");
    clearTimeout(timer);
    assert.equal((await turn).metadata.message?.status, "complete");
  }));
