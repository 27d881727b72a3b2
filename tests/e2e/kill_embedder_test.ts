/** kill -9 of the embedder, while it makes vectors and beside a turn: the story goes on by words, and no vector is missing in the end. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { killAndWait, mustBeWhole, openGround, pause } from "../support/kill_ground.ts";
import { seeded } from "../support/player.ts";
import { isRunning, until } from "../support/processes.ts";
import { startSseServer } from "../support/sse_server.ts";
import { realModels } from "../support/weights.ts";
import { note } from "../support/witness.ts";

const ROUNDS = Math.max(1, Math.round(Number(Deno.env.get("FLOWER_KILL_ROUNDS") ?? "10") / 20));
const SEED = Number(Deno.env.get("FLOWER_KILL_SEED") ?? String(Date.now() % 1_000_000));
const models = realModels();

/** The other child of a front door than its brain. */
function embedderOf(door: number, brain: number): number | null {
  const children = Deno.readTextFileSync(`/proc/${door}/task/${door}/children`).trim().split(" ").map(Number);
  return children.find((pid) => pid !== brain && isRunning(pid)) ?? null;
}

/** Texts that are remembered, and how many of them have no vector. */
function vectorsMissing(path: string): { units: number; missing: number } {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const { units, missing } = db.prepare(
      `SELECT count(*) AS units, coalesce(sum(NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = u.hash)), 0) AS missing
       FROM (SELECT hash FROM memory_units UNION ALL SELECT hash FROM lore_units) u`,
    ).get() as { units: number; missing: number };
    return { units, missing };
  } finally {
    db.close();
  }
}

Deno.test(
  "kill -9 of the embedder: turns go on, memory is whole, and a later start makes the vectors that are missing",
  {
    ignore: models === null,
  },
  async (t) => {
    console.log(`FLOWER_KILL_SEED=${SEED}`);
    const provider = startSseServer();
    try {
      const chance = seeded(SEED);
      await using ground = await openGround(provider, chance, `embeddings: {path: ${models}}`);
      const { stage, witness } = ground;
      const database = join(stage.home, "engine.db");
      for (let round = 0; round < ROUNDS; round++) {
        await t.step(`round ${round + 1}`, async () => {
          if (!isRunning(stage.pid)) await stage.start();
          await using face = await stage.face();
          await face.begin();
          // Once it starts again; killed twice it stays off: a turn must not care.
          for (const which of ["first", "second"]) {
            await face.turn(`I look for eel ${round}, the ${which} time.`);
            const pid = await until(() => embedderOf(stage.door.pid, stage.pid), `the ${which} embedder`);
            await pause(chance() * 400);
            const from = face.events.length;
            face.say(`I count eel ${round} while it ends, the ${which} time.`);
            Deno.kill(pid, "SIGKILL");
            const { message, errors } = await face.told(from);
            assert.deepEqual([message.status, errors], ["complete", []]);
          }
          const { message } = await face.turn("I look around by words alone.");
          assert.equal(message.status, "complete");
          note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
          await killAndWait("brain", stage.door, stage.pid);
          await mustBeWhole(ground, `embedder, round ${round}`);
          // Its turn may have made them all: a start alone has to, too.
          const db = new DatabaseSync(database);
          db.exec("DELETE FROM vectors WHERE rowid % 2 = 0");
          db.close();
          assert.ok(vectorsMissing(database).missing > 10);
          await stage.start();
          await until(() => vectorsMissing(database).missing === 0, "every vector", 60_000);
          assert.ok(vectorsMissing(database).units > 20);
        });
      }
    } finally {
      await provider.close();
    }
  },
);
