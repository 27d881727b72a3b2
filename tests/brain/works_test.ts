/** What takes its time is told: not what is over at once; to faces that join too; its end to who saw its course. */

import assert from "node:assert/strict";
import { Works } from "../../brain/works.ts";
import type { Event, Progress } from "../../shared/protocol.ts";
import { fakeBrain, FakeFace } from "../support/brain_fakes.ts";

const at = (done: number, state: Progress["state"] = "running", id = "models"): Progress => ({
  id,
  label: "Fetching",
  done,
  total: 3,
  unit: "items",
  state,
});
const words = (event: Event) =>
  event.event === "progress"
    ? `${event.metadata.id} ${event.metadata.done} ${event.metadata.state}`
    : event.event;

/** What is told, and its next event. */
function listening(): { heard: string[]; tell: (event: Event) => void; next: () => Promise<void> } {
  const heard: string[] = [];
  let wake = () => {};
  return {
    heard,
    tell(event) {
      heard.push(words(event));
      wake();
    },
    next: () => new Promise((resolve) => wake = resolve),
  };
}

const QUICK = { patience_ms: 5, pace_ms: 5 };

Deno.test("a work is told once it has taken its time, then how it goes, and its end", async () => {
  const { heard, tell, next } = listening();
  const works = new Works(tell, QUICK);
  works.take(at(0));
  works.take(at(1));
  assert.deepEqual(heard, []);
  assert.deepEqual(works.shown(), []);
  await next();
  assert.deepEqual(heard, ["models 1 running"]);
  assert.deepEqual(works.shown().map(words), ["models 1 running"]);
  works.take(at(2));
  await next();
  works.take(at(3, "done"));
  assert.deepEqual(heard.slice(1), ["models 2 running", "models 3 done"]);
  assert.deepEqual(works.shown(), []);
  // It may begin again.
  works.take(at(0));
  await next();
  works.take(at(0, "failed"));
  assert.deepEqual(heard.slice(3), ["models 0 running", "models 0 failed"]);
  works.close();
});

Deno.test("of many steps in a moment the last is told; what rests is told at once again", async () => {
  const { heard, tell, next } = listening();
  const works = new Works(tell, { patience_ms: 5, pace_ms: 60 });
  works.take(at(0));
  await next();
  for (let done = 1; done <= 50; done++) works.take(at(done));
  assert.deepEqual(heard, ["models 0 running"]);
  // A face that joins hears what the others have heard.
  assert.deepEqual(works.shown().map(words), ["models 0 running"]);
  await next();
  assert.deepEqual(heard, ["models 0 running", "models 50 running"]);
  await new Promise((resolve) => setTimeout(resolve, 120));
  works.take(at(51));
  assert.deepEqual(heard.slice(2), ["models 51 running"]);
  works.close();
});

Deno.test("what is over at once is never told, and what is not over does not keep the program", async () => {
  const { heard, tell, next } = listening();
  const works = new Works(tell, QUICK);
  works.take(at(0));
  works.take(at(3, "done"));
  works.take(at(3, "done"));
  works.take(at(0, "running", "vectors"));
  await next();
  assert.deepEqual(heard, ["vectors 0 running"]);
  works.take(at(0));
  works.close();
  assert.deepEqual(works.shown(), []);
  // The timer of the last one is gone with it: the sanitizer would tell.
});

Deno.test("all faces of all players hear of it, also one that joins meanwhile", async () => {
  const fake = fakeBrain();
  const guest = new FakeFace("a1");
  fake.brain.join(guest);
  fake.brain.works.take(at(1));
  await fake.face.until(() => fake.face.of("progress").length === 1);
  assert.equal(guest.of("progress").length, 1);
  const late = new FakeFace();
  fake.brain.join(late);
  assert.deepEqual(late.heard.slice(-1).map(words), ["models 1 running"]);
  fake.brain.works.take(at(3, "done"));
  assert.deepEqual(late.heard.slice(-1).map(words), ["models 3 done"]);
  await fake.close();
});
