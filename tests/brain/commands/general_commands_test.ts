/** /usage: one story and all of them, replies and what was asked beside them. */

import assert from "node:assert/strict";
import { getState } from "../../../brain/store/players.ts";
import { addSideUsage, type SideUsage } from "../../../brain/store/usage.ts";
import { type FakeBrain, fakeBrain, onStage, type Script } from "../../support/brain_fakes.ts";

const costs = (cost: number): Script =>
  async function* () {
    await Promise.resolve();
    yield { kind: "text", text: "The reeds bend." };
    const usage = { prompt_tokens: 1000, cached_tokens: 200, completion_tokens: 30, cost };
    yield { kind: "end", finish: "stop", usage };
  };

async function beside(fake: FakeBrain, kind: SideUsage["kind"], cost: number | null): Promise<void> {
  const { session_id } = getState(fake.deps.db, "local");
  const counts = { prompt_tokens: 500, cached_tokens: 0, completion_tokens: 40 };
  addSideUsage(fake.deps.db, "local", session_id, {
    kind,
    model: "fake/one",
    ...counts,
    cost,
    created_ms: 1,
  });
  await Promise.resolve();
}

Deno.test("/usage tells this story apart from all, and what was paid beside the replies by its kind", async () => {
  const fake = fakeBrain();
  try {
    await onStage(fake);
    fake.scripts.push(costs(0.25), costs(0.5));
    await fake.turn("I wait.");
    await beside(fake, "summary", 0.125);
    await fake.say("/session new");
    await fake.turn("I wait.");
    await beside(fake, "facts", null);
    await fake.say("/usage");
    assert.deepEqual(fake.face.last("system_update").content.split("\n"), [
      "This story: 1 reply, 1,000 tokens read (200 cached), 30 written, $0.5000.",
      "  Beside them 1 reading for facts, 500 tokens read (0 cached), 40 written, $0, and 1 at an unknown price.",
      "All stories: 2 replies, 2,000 tokens read (400 cached), 60 written, $0.7500.",
      "  Beside them 1 summary of the story so far, 500 tokens read (0 cached), 40 written, $0.1250.",
      "  Beside them 1 reading for facts, 500 tokens read (0 cached), 40 written, $0, and 1 at an unknown price.",
    ]);
  } finally {
    await fake.close();
  }
});
