/** A dear reply asks once: whom, by which size, and what an agreement covers. */

import assert from "node:assert/strict";
import { PriceQuestions } from "../../brain/price_questions.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { savePrompt } from "../../brain/store/prompts.ts";
import { createSession } from "../../brain/store/sessions.ts";
import type { Scene } from "../../brain/open_turn.ts";
import { CLERK, type FakeBrain, fakeBrain, WORLD } from "../support/brain_fakes.ts";

/** A story of `player_id` whose last request had `tokens`; 0: nothing was asked yet. */
function sceneOf(fake: FakeBrain, player_id: string, model: string, tokens = 0): Scene {
  const { db } = fake.deps;
  const id = fake.deps.newId();
  const session = {
    id,
    player_id,
    world_id: "marsh",
    character_id: "clerk",
    model,
    title: "",
    leaf_id: null,
  };
  createSession(db, { ...session, created_ms: 1, last_used_ms: 1 });
  let leaf_id: number | null = null;
  if (tokens > 0) {
    const plain = {
      parent_id: null,
      role: "assistant" as const,
      content: "Yes.",
      status: "complete" as const,
    };
    leaf_id = addMessage(db, player_id, id, { ...plain, model, tokens: 2, created_ms: 1 }).id;
    savePrompt(db, leaf_id, { tokens });
  }
  const story = { ...session, leaf_id, created_ms: 1, last_used_ms: 1 };
  return { session: story, world: WORLD, character: CLERK, rules: [], base_rules: "" };
}

async function withQuestions(run: (fake: FakeBrain, questions: PriceQuestions) => void): Promise<void> {
  // A prompt of a thousand tokens costs $0.50 with dear/two, a reply of 480 $0.96.
  const fake = fakeBrain({ config: { ask_above_cost: 2 } });
  try {
    run(fake, new PriceQuestions(fake.deps));
  } finally {
    await fake.close();
  }
}

Deno.test("a reply is as dear as this story's own request, and a first one as a request of 1,500 tokens", () =>
  withQuestions((fake, questions) => {
    const rows: [number, number | null][] = [[0, null], [2000, null], [2100, 2.01], [8000, 4.96]];
    for (const [tokens, cost] of rows) {
      const ask = questions.ask("local", sceneOf(fake, "local", "dear/two", tokens), `line of ${tokens}`);
      assert.equal(ask?.cost ?? null, cost, `${tokens} tokens`);
    }
    assert.equal(questions.ask("local", sceneOf(fake, "local", "fake/one", 8000), "x"), null, "a free one");
    assert.equal(
      questions.ask("local", sceneOf(fake, "local", "odd/three", 8000), "x"),
      null,
      "nobody knows",
    );
  }));

Deno.test("who agreed has agreed for this model and for nobody else", () =>
  withQuestions((fake, questions) => {
    const scene = sceneOf(fake, "local", "dear/two", 8000);
    assert.ok(questions.ask("local", scene, "I wait.") !== null);
    const anns = sceneOf(fake, "ann", "dear/two", 8000);
    assert.ok(questions.ask("ann", anns, "I wait.") !== null, "the same line of another player");
    assert.ok(questions.ask("local", scene, "I go.") !== null, "another line");
    assert.equal(questions.ask("local", scene, "I go."), null);
    assert.equal(questions.ask("local", scene, "And anything."), null);
    assert.ok(questions.ask("ann", anns, "I go.") !== null, "who has not agreed");
  }));
