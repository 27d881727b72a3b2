/** Commands about stories: what begins, comes back, is found and is forgotten. */

import assert from "node:assert/strict";
import { getState } from "../../../brain/store/players.ts";
import { type FakeBrain, says, withBrain } from "../../support/brain_fakes.ts";

const shown = (fake: FakeBrain) => getState(fake.deps.db, "local").session_id;
const answer = async (fake: FakeBrain, command: string) => {
  await fake.say(command);
  return fake.face.last("system_update").content;
};

Deno.test("a start message is remembered, and is the narrator's", () =>
  withBrain(async (fake) => {
    await Promise.resolve();
    const units = fake.deps.db.all<{ text: string; role: string }>("SELECT text, role FROM memory_units");
    assert.deepEqual(units.map((unit) => ({ ...unit })), [{
      text: "Fog comes in, Ida. It is early.",
      role: "assistant",
    }]);
  }));

Deno.test("a story gone on with becomes the last played one", () =>
  withBrain(async (fake) => {
    const first = shown(fake);
    await fake.say("/session new");
    const second = shown(fake);
    const order = async () =>
      [...(await answer(fake, "/session list")).matchAll(/[0-9a-f]{12}/g)].map(([id]) => id);
    assert.deepEqual(await order(), [second, first]);
    await fake.say(`/session continue ${first}`);
    assert.deepEqual(await order(), [first, second]);
  }));

Deno.test("a story gone on with brings its narrator: the next new story is told by it too", () =>
  withBrain(async (fake) => {
    const first = shown(fake);
    await fake.say("/session new");
    await fake.say("/model odd/three");
    await fake.say(`/session continue ${first}`);
    assert.equal(getState(fake.deps.db, "local").model, "fake/one");
  }));

Deno.test("a search takes % and _ as they are written", () =>
  withBrain(async (fake) => {
    fake.scripts.push(says("The reeds bend."));
    await fake.turn("I pay 100 eels and take the 5x0 rope.");
    assert.match(await answer(fake, "/session search 100"), /100 eels/);
    for (const words of ["100%", "5_0", "p%eels"]) {
      assert.equal(await answer(fake, `/session search ${words}`), `No story holds "${words}".`);
    }
  }));

Deno.test("who watches over copies of a story hears that it was deleted, and whose it was", () =>
  withBrain(async (fake) => {
    const forgotten: string[][] = [];
    fake.deps.forgetStory = (...story) => void forgotten.push(story);
    const id = shown(fake);
    await fake.say("/session delete nothing");
    assert.deepEqual(forgotten, []);
    await fake.say(`/session delete ${id}`);
    assert.deepEqual(forgotten, [["local", id]]);
  }));

Deno.test("a story is found by the beginning of its title or id, never by what stands within", () =>
  withBrain(async (fake) => {
    await fake.say("/session rename The night of the eels");
    const { session_id } = fake.face.last("sync_state").metadata;
    await fake.say("/session new");
    for (const part of ["night", "eels", session_id.slice(-3)]) {
      await fake.say(`/session continue ${part}`);
      assert.match(fake.face.last("system_update").content, /^✗ There is no story "/, part);
    }
    await fake.say("/session continue the NIGHT");
    assert.equal(fake.face.last("sync_state").metadata.session_id, session_id);
  }));
