/**
 * What else may befall a home: SIGTERM at every moment of a turn, a disk that fills up under a reply, a clock that was set back,
 * two brains at once. What was told is kept by the face (tests/support/witness.ts). FLOWER_KILL_ROUNDS sets how many.
 */

import { openDatabase } from "../../brain/store/database.ts";
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import {
  type Ground,
  killAndWait,
  MOMENTS,
  mustBeWhole,
  openGround,
  stop,
  words,
} from "../support/kill_ground.ts";
import { seeded } from "../support/player.ts";
import { FRONT_DOOR, gone, isRunning, type Piped, type ReadyLine, startPiped } from "../support/processes.ts";
import { startSseServer } from "../support/sse_server.ts";
import { note, PROMISED_AFTER_MS } from "../support/witness.ts";
import { configFor } from "./stage.ts";

const KILLS = Number(Deno.env.get("FLOWER_KILL_ROUNDS") ?? "10");
const ROUNDS = Math.max(1, Math.round(KILLS / 10));
const SEED = Number(Deno.env.get("FLOWER_KILL_SEED") ?? String(Date.now() % 1_000_000));

async function onGround(config: string, fn: (ground: Ground) => Promise<void>): Promise<void> {
  console.log(`FLOWER_KILL_SEED=${SEED}`);
  const provider = startSseServer();
  try {
    await using ground = await openGround(provider, seeded(SEED), config);
    await fn(ground);
  } finally {
    await provider.close();
  }
}

/** Without those in which the provider never goes on: a reply would be given ten seconds. */
const FLOWING = MOMENTS.filter(({ name }) => !name.includes("headers"));

Deno.test("SIGTERM at every moment of a turn: the reply ends whole or stopped, nothing that was shown is lost", async (t) => {
  await onGround("", async (ground) => {
    const { stage, provider, witness, chance } = ground;
    for (let round = 0; round < Math.max(FLOWING.length, KILLS / 5); round++) {
      const moment = FLOWING[round % FLOWING.length];
      await t.step(`${round + 1}: ${moment.name}`, async () => {
        if (!isRunning(stage.pid)) await stage.start();
        const whole = words(round).join("").trim();
        await using face = await stage.face();
        await face.begin();
        provider.script(moment.reply(whole, chance));
        const from = face.events.length;
        const come = moment.come(face, from, ground, whole);
        face.say(`I count eel ${round}.`);
        await come;
        stage.door.signal("SIGTERM");
        assert.equal(await stage.door.ended, 0);
        await gone(stage.pid);
        await face.until(() => face.closed !== null, "the close").catch(() => {});
        note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole });
        // A line that was taken has its answer: there were ten seconds for it.
        for (const { role, content, status } of stage.rows()) {
          assert.equal(status, "complete", `${role}: ${content.slice(0, 40)}`);
        }
        await mustBeWhole(ground, moment.name);
      });
    }
  });
});

Deno.test("kill -9 on a disk that is full: what was told as saved is there, and with room again there is a next turn", async (t) => {
  await onGround("max_page_count: 400", async (ground) => {
    const { stage, provider, witness } = ground;
    const config = join(stage.home, "config.yaml");
    for (let round = 0; round < ROUNDS; round++) {
      await t.step(`round ${round + 1}`, async () => {
        await stop(stage);
        // What a killed brain had not merged into the database yet stands in its log: closing it merges.
        openDatabase(join(stage.home, "engine.db")).close();
        const pages = Math.ceil(Deno.statSync(join(stage.home, "engine.db")).size / 4096) + 60;
        await Deno.writeTextFile(config, configFor(provider, `max_page_count: ${pages}`));
        await stage.start();
        await using face = await stage.face();
        await face.begin();
        let whole = "";
        let full = false;
        for (let turn = 0; !full; turn++) {
          assert.ok(turn < 60, "the disk never was full");
          whole = `Reply ${round}.${turn}: ${"the river goes on and on, ".repeat(800)}end.`;
          provider.script({
            steps: [...whole.matchAll(/.{1,500}/gs)].map(([content]) => ({
              send: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
            })).concat({
              send: 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
            }),
            pieces: [65_536],
          });
          const from = face.events.length;
          face.say(`Tell me more, ${turn}.`);
          await face.next("chat_end", from);
          full = face.events.slice(from).some(({ content }) =>
            /^✗ ?The disk that holds|^The disk that holds/.test(content)
          );
        }
        await killAndWait("brain", stage.door, stage.pid);
        await face.until(() => face.closed !== null, "the close").catch(() => {});
        note(witness, face, { killed_ms: performance.now(), promised_ms: PROMISED_AFTER_MS, whole });
        await Deno.writeTextFile(config, configFor(provider));
        await mustBeWhole(ground, `full disk, round ${round}`);
      });
    }
  });
});

Deno.test("after the clock was set back a year, stories and lines stand in the order in which they were told", async () => {
  await onGround("", async (ground) => {
    const { stage, witness } = ground;
    const year_ms = 365 * 24 * 3600 * 1000;
    let earlier = "";
    {
      await using face = await stage.face();
      earlier = await face.begin();
      await face.turn("I look around.");
      note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
    }
    await stop(stage);
    // To the brain the same as a clock set back: what stands there comes from the future.
    const db = new DatabaseSync(join(stage.home, "engine.db"));
    db.exec(`UPDATE messages SET created_ms = created_ms + ${year_ms};
      UPDATE sessions SET created_ms = created_ms + ${year_ms}, last_used_ms = last_used_ms + ${year_ms}`);
    db.close();
    await stage.start();
    {
      await using face = await stage.face();
      assert.equal(face.history.length, 3);
      const listed = () => face.state?.available_sessions?.map(({ id }) => id);
      // The other was used last in a year that is still to come.
      const later = await face.begin();
      await face.until(() => listed()?.length === 2, "two stories");
      assert.deepEqual(listed(), [later, earlier]);
      await face.turn("I begin again.");
      face.say(`/session continue ${earlier}`);
      await face.until(() => face.history.length === 3, "the earlier story");
      const { message } = await face.turn("I go on in the past.");
      assert.ok(message.created_ms < Date.now() + 1000);
      assert.deepEqual(face.history.map(({ role }) => role), [
        "assistant",
        "user",
        "assistant",
        "user",
        "assistant",
      ]);
      assert.deepEqual(
        face.history.map(({ id }) => id),
        face.history.map(({ id }) => id).toSorted((a, b) => a - b),
      );
      assert.equal(face.history.at(-2)?.content, "I go on in the past.");
      await face.until(() => listed()?.[0] === earlier, "the earlier story on top");
      note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
      await killAndWait("brain", stage.door, stage.pid);
    }
    await mustBeWhole(ground, "the clock");
  });
});

Deno.test("of two brains started on one home at once one plays and the other leaves with code 3, also after a kill", async (t) => {
  await onGround("", async (ground) => {
    const { stage, witness } = ground;
    for (let round = 0; round < ROUNDS; round++) {
      await t.step(`round ${round + 1}`, async () => {
        if (isRunning(stage.pid)) {
          await killAndWait(round % 2 === 0 ? "brain" : "front door", stage.door, stage.pid);
        }
        const start = () =>
          startPiped(FRONT_DOOR, ["serve", "--port", "0", "--home", stage.home], { cwd: stage.home });
        await using one = start();
        await using other = start();
        const outcome = async (
          door: Piped,
        ): Promise<{ ready: ReadyLine } | { code: number; said: string }> => {
          try {
            return { ready: await door.ready() };
          } catch {
            return { code: await door.ended, said: door.stderr() };
          }
        };
        const outcomes = await Promise.all([outcome(one), outcome(other)]);
        const ready = outcomes.flatMap((outcome) => "ready" in outcome ? [outcome.ready] : []);
        const refused = outcomes.flatMap((outcome) => "code" in outcome ? [outcome] : []);
        assert.deepEqual([ready.length, refused.length], [1, 1], JSON.stringify(outcomes));
        assert.equal(refused[0].code, 3);
        assert.match(refused[0].said, /Another brain runs on this home\./);
        assert.equal(JSON.parse(Deno.readTextFileSync(join(stage.home, "brain.json"))).pid, ready[0].pid);
        stage.url = ready[0].url;
        await using face = await stage.face();
        await face.begin();
        assert.equal((await face.turn("I look around.")).message.status, "complete");
        note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole: "" });
        await killAndWait("brain", "ready" in outcomes[0] ? one : other, ready[0].pid);
        await mustBeWhole(ground, `two brains, round ${round}`);
      });
    }
  });
});
