/** What a story stands on: its own narrator, its world and character, and what a face that joins is told of the brain. */

import assert from "node:assert/strict";
import { complaintsOf, sceneOf } from "../../brain/stage.ts";
import { fakeBrain, FakeFace } from "../support/brain_fakes.ts";

const SESSION = {
  id: "s",
  player_id: "local",
  world_id: "marsh",
  character_id: "clerk",
  model: "odd/three",
  title: "",
  leaf_id: null,
  created_ms: 1,
  last_used_ms: 1,
};
const STATE = {
  world_id: "bare",
  character_id: "smith",
  session_id: "s",
  model: "dear/two",
  rules: ["terse", "gone"],
};

Deno.test("a turn takes world, character and narrator of its story, and the rules of its player", async () => {
  const fake = fakeBrain();
  try {
    const scene = sceneOf(fake.deps, SESSION, STATE);
    assert.ok(typeof scene !== "string");
    const { session, world, character, rules } = scene;
    assert.deepEqual([session.model, world.id, character.id], ["odd/three", "marsh", "clerk"]);
    assert.deepEqual(rules.map(({ id }) => id), ["terse"]);
    const old = sceneOf(fake.deps, { ...SESSION, model: "" }, STATE);
    assert.ok(typeof old !== "string");
    assert.equal(old.session.model, "dear/two", "a story of before models were kept");
    for (
      const [patch, noun] of [[{ world_id: "x" }, /^✗ The world x /], [
        { character_id: "x" },
        /^✗ The character x /,
      ]] as const
    ) {
      assert.match(String(sceneOf(fake.deps, { ...SESSION, ...patch }, STATE)), noun);
    }
  } finally {
    await fake.close();
  }
});

Deno.test("a face that joins hears what is wrong with the config, what lasts, and which file is broken", async () => {
  const fake = fakeBrain({ config: { complaints: ["config.yaml:1:1: homee is no key that I know"] } });
  try {
    fake.deps.conditions = () => ["Chroma: 127.0.0.1:8100 cannot be reached."];
    fake.deps.library.problems = () => [{ file: "/a/w.yaml", line: 3, col: 2, reason: "needs a name" }];
    const wanted = [
      "✗ config.yaml:1:1: homee is no key that I know",
      "✗ Chroma: 127.0.0.1:8100 cannot be reached.",
      "✗ /a/w.yaml:3:2: needs a name",
    ];
    assert.deepEqual(complaintsOf(fake.deps), wanted);
    fake.deps.library.problems = () =>
      [1, 2].map((line) => ({ file: "/a/w.yaml", line, col: 1, reason: "needs a name" }));
    assert.deepEqual(complaintsOf(fake.deps).slice(3), [
      "✗ /a/w.yaml:2:1: needs a name",
      "✗ 4 things are wrong with your files and settings: /log names each.",
    ]);
    fake.deps.library.problems = () => [{ file: "/a/w.yaml", line: 3, col: 2, reason: "needs a name" }];
    const face = new FakeFace();
    fake.brain.join(face);
    assert.deepEqual(face.notices().slice(1), wanted);
  } finally {
    await fake.close();
  }
});
