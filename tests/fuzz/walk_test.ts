/**
 * Anything a player may say at any moment, from two faces at once, to a narrator that fails, is silent or slow: the story stays
 * one, both faces show the same as one that joins now, and nothing goes on in secret.
 */

import assert from "node:assert/strict";
import type { Listener } from "../../brain/audience.ts";
import { ProviderError } from "../../brain/llm/provider.ts";
import { encodeEvent, parseEvent } from "../../shared/codec.ts";
import { type FakeBrain, fakeBrain, onStage, says, type Script } from "../support/brain_fakes.ts";
import { createPlayer, type Player } from "../support/player.ts";
import { type Chance, fuzz, pick } from "./mutate.ts";

const STEPS = 60;

class Face implements Listener {
  readonly player_id = "local";
  readonly player: Player = createPlayer();

  send(event: Parameters<Listener["send"]>[0]): void {
    const heard = parseEvent(encodeEvent(event));
    if (heard !== null) this.player.hear(heard);
  }

  /** What stands on the page, as far as a face that joins is told it. */
  page() {
    const { transcript, turn } = this.player.model();
    const { messages, live } = transcript;
    return { messages: messages.slice(-50), live, telling: turn !== null };
  }
}

/** What the narrator does next. */
const SCRIPTS: readonly ((wait: () => Promise<void>) => Script)[] = [
  () => says("The reeds bend.", " A heron lifts."),
  () => says("  "),
  () =>
    async function* () {
      yield { kind: "text", text: "The tide " };
      await Promise.resolve();
      throw new ProviderError("cut", "The connection broke off.");
    },
  () =>
    async function* () {
      yield* [];
      await Promise.resolve();
      throw new ProviderError("server", "The server is ill.");
    },
  (wait) =>
    async function* (_request, signal) {
      yield { kind: "text", text: "Slowly" };
      await Promise.race([wait(), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      if (signal.aborted) return;
      yield { kind: "text", text: " the fog lifts." };
      yield { kind: "end", finish: "length", usage: null };
    },
];

function promptOf(chance: Chance, fake: FakeBrain): string {
  const { db } = fake.deps;
  const anyOf = (rows: { id: string | number }[]) => rows.length === 0 ? "0" : String(pick(chance, rows).id);
  const message = () => anyOf(db.all("SELECT id FROM messages"));
  const session = () => anyOf(db.all("SELECT id FROM sessions"));
  if (session() === "0") return "/session new";
  return pick(chance, [
    () => `I walk on, step ${chance(1000)}.`,
    () => "I wait.",
    () => "/retry",
    () => "/continue",
    () => "/undo",
    () => "/redo",
    () => "/cancel",
    () => `/swipe ${pick(chance, ["next", "prev"])}`,
    () => `/swipe ${pick(chance, ["next", "prev"])} ${message()}`,
    () => `/edit ${message()} Another wording ${chance(9)}.`,
    () => chance(4) === 0 ? "/session new" : "I look about.",
    () => `/session continue ${session()}`,
    () => chance(6) === 0 ? `/session delete ${session()}` : "I say nothing.",
  ])();
}

Deno.test("whatever two faces say at whatever moment, both show the one story, and nothing runs on", async () => {
  await fuzz("walk", { percent: 0.03, past_percent: 100 }, async (chance) => {
    const fake = fakeBrain();
    const waiting = new Set<() => void>();
    const wait = () => new Promise<void>((resolve) => waiting.add(resolve));
    const release = () => waiting.forEach((go) => go());
    try {
      const faces = [new Face(), new Face()];
      for (const face of faces) fake.brain.join(face);
      await onStage(fake);
      const asked: Promise<void>[] = [];
      for (let step = 0; step < STEPS; step++) {
        fake.clock.now += chance(60_000) - 5_000;
        fake.scripts.splice(0, Infinity, pick(chance, SCRIPTS)(wait));
        const ask = fake.brain.handle(pick(chance, faces), {
          prompt: promptOf(chance, fake),
          ref: `${step}`,
        });
        asked.push(ask);
        if (chance(3) > 0) await ask;
        if (chance(3) > 0) await settled();
        if (chance(2) === 0) release();
      }
      await Promise.all(asked);
      for (let left = 20; left > 0 && fake.brain.load().running_turns > 0; left--) {
        release();
        await settled();
      }
      assert.deepEqual(fake.brain.load(), { running_turns: 0, queued_requests: 0 });
      const late = new Face();
      fake.brain.join(late);
      for (const face of faces) assert.deepEqual(face.page(), late.page());
      const { db } = fake.deps;
      assert.deepEqual(db.all("SELECT id FROM messages WHERE status = 'writing'"), []);
      for (const { messages } of fake.requests) {
        const [first, ...rest] = messages.map(({ role }) => role);
        assert.equal(first, "system");
        assert.equal(rest.at(-1), "user");
        rest.forEach((role, at) => assert.notEqual(role, rest[at - 1]));
        assert.ok(messages.every(({ content }) => content.trim() !== ""));
      }
      return true;
    } finally {
      release();
      await fake.close();
    }
  });
});

async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
