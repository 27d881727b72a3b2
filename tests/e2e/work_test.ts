/** Work beside the stories: a brain that has thousands of messages to remember answers meanwhile, tells of it, and is told to stop. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { addMessage } from "../../brain/store/messages.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { createSession } from "../../brain/store/sessions.ts";
import { configFor, openStage, type Stage, startProvider } from "./stage.ts";

const MESSAGES = 12_000;

/** A story that no memory was made of, as an import or a crash leaves it. */
function tellMuch(stage: Stage): void {
  const db = openDatabase(join(stage.home, "engine.db"));
  db.transaction(() => {
    const id = "0123456789ab";
    createSession(db, {
      id,
      player_id: "local",
      world_id: "salt_marsh",
      character_id: "ida_ferrier",
      model: "story",
      title: "Much",
      leaf_id: null,
      created_ms: 1,
      last_used_ms: 1,
    });
    let parent_id: number | null = null;
    for (let i = 0; i < MESSAGES; i++) {
      parent_id = addMessage(db, "local", id, {
        parent_id,
        role: i % 2 === 0 ? "user" : "assistant",
        content: `Page ${i}: the tide turns over the mud, and Maren owes Noah ${i} eels for the boat. `
          .repeat(4),
        status: "complete",
        model: "",
        tokens: 20,
        created_ms: i,
      }).id;
    }
  });
  db.close();
}

function remembered(stage: Stage): number {
  const db = openDatabase(join(stage.home, "engine.db"), { readonly: true });
  try {
    return db.get<{ n: number }>("SELECT count(DISTINCT message_id) AS n FROM memory_units")?.n ?? 0;
  } finally {
    db.close();
  }
}

Deno.test("a brain with much to remember says so, answers meanwhile, stops in the middle of it, and goes on at the next start", async () => {
  await using provider = await startProvider();
  await using stage = await openStage({ config: configFor(provider) });
  await stage.door[Symbol.asyncDispose]();
  tellMuch(stage);
  await stage.start();
  {
    await using face = await stage.face();
    const work = () =>
      face.events.flatMap((event) =>
        event.event === "progress" && event.metadata.id === "memories" ? [event.metadata] : []
      );
    await face.until(() => work().length > 0, "the first word of it");
    for (let i = 0; i < 5; i++) await face.command("/usage");
    const { label, total, unit, done } = work().at(-1)!;
    assert.deepEqual([label, total, unit], ["Remembering what was told before", MESSAGES, "items"]);
    assert.ok(done < MESSAGES, `${done}: it was over before it could be watched`);
  }
  await stage.door[Symbol.asyncDispose]();
  const before = remembered(stage);
  assert.ok(before > 0 && before < MESSAGES, `${before}`);
  await stage.start();
  await using face = await stage.face();
  // What was left may be too little to be worth a word: the record tells.
  const patience = performance.now() + 60_000;
  while (remembered(stage) < MESSAGES && performance.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(remembered(stage), MESSAGES);
  assert.deepEqual(face.faults, []);
});
