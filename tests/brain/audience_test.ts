/** Who hears what: all faces of one player, and a ref only where it was asked. */

import assert from "node:assert/strict";
import { Audience } from "../../brain/audience.ts";
import { notice } from "../../brain/events.ts";
import { fakeBrain, FakeFace } from "../support/brain_fakes.ts";

Deno.test("all faces of a player hear an event, the one that asked with its ref, other players nothing", async () => {
  const fake = fakeBrain();
  try {
    const audience = new Audience(fake.deps);
    const [asker, other, ann] = [new FakeFace(), new FakeFace(), new FakeFace("ann")];
    for (const face of [asker, other, ann]) audience.join(face);
    audience.tell("local", notice("Told."), asker, "r1");
    audience.sync("local", asker, "r2");
    assert.deepEqual(asker.heard.map(({ ref }) => ref), ["r1", "r2"]);
    assert.deepEqual(other.heard.map(({ ref }) => ref), [null, null]);
    assert.deepEqual(ann.heard, []);
    audience.leave(other);
    audience.tell("local", notice("Again."));
    assert.deepEqual([asker.heard.length, other.heard.length], [3, 2]);
  } finally {
    await fake.close();
  }
});
