/** Commands that choose: what a hint names, what is forgotten with a choice, how long a list is waited for. */

import assert from "node:assert/strict";
import { type FakeBrain, fakeBrain, onStage, withBrain } from "../../support/brain_fakes.ts";

const answer = async (fake: FakeBrain, command: string) => {
  await fake.say(command);
  return fake.face.last("system_update").content;
};

Deno.test("choosing a model again forgets that its server once cut a prompt, and keeps how it counts", () =>
  withBrain(async (fake) => {
    fake.deps.learned.set("fake/one", { scale: 1.25, cut: { read: 2048, offered: 8192 } });
    await fake.say("/model odd/three");
    assert.deepEqual(fake.deps.learned.get("fake/one")?.cut, { read: 2048, offered: 8192 });
    await fake.say("/model fake/one");
    assert.deepEqual(fake.deps.learned.get("fake/one"), { scale: 1.25, cut: null });
  }));

Deno.test("a folder read again replaces what it said before, and leaves other lore alone", () =>
  withBrain(async (fake) => {
    await fake.say("/world attach_lore The bell has a crack.");
    await fake.say("/world sync_folder lore");
    fake.deps.readLoreFolder = () =>
      Promise.resolve({
        files: [{ name: "a.md", text: "## Eel\nEel is sold by the barrel." }],
        left_out: [],
      });
    await fake.say("/world sync_folder lore");
    const list = await answer(fake, "/lore list");
    for (const text of ["barrel", "crack"]) assert.ok(list.includes(text), `${text} in ${list}`);
    assert.ok(!list.includes("braid"), list);
  }));

Deno.test("the hint of /nsfw is a file that works: its folder, its name and the keys of a rule pack", () =>
  withBrain(async (fake) => {
    assert.equal(
      await answer(fake, "/nsfw"),
      "✗ NSFW rule file not found. Write one: /nowhere/rules/nsfw.yaml with the keys id: nsfw, name, prompt.",
    );
  }));

Deno.test("a model list that never comes is waited for three seconds", () =>
  withBrain(async (fake) => {
    fake.deps.catalogue.ready = new Promise(() => {});
    const begun = performance.now();
    await fake.say("/model new/model");
    const took_ms = performance.now() - begun;
    assert.ok(took_ms > 2900 && took_ms < 15_000, `${took_ms} ms`);
  }));

Deno.test("a rule pack is switched off by its own name, never by the beginning of another's", () =>
  withBrain(async (fake) => {
    const packs = ["terse", "terse_night", "night_terse"].map((id) => ({ id, name: id, prompt: "Short." }));
    fake.deps.library.rules = () => packs;
    for (const { id } of packs) await fake.say(`/rules add ${id}`);
    assert.equal(await answer(fake, "/rules remove terse"), "✓ Rule 'terse' removed");
    assert.deepEqual(fake.face.last("sync_state").metadata.active_rules, ["terse_night", "night_terse"]);
  }));

Deno.test("/model refresh answers when the lists are there, with how many models they hold", () =>
  withBrain(async (fake) => {
    const models = fake.deps.catalogue.models();
    let fetched = false;
    fake.deps.catalogue.models = () => fetched ? models : models.slice(0, 1);
    fake.deps.catalogue.refresh = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      fetched = true;
    };
    assert.equal(await answer(fake, "/model refresh"), "✓ 3 models on offer.");
  }));

Deno.test("attached lore is measured in bytes, with what is attached already", async () => {
  const fake = fakeBrain({ config: { limits: { lore_bytes: 100 } } });
  try {
    await onStage(fake);
    const refused = (bytes: number) =>
      new RegExp(`^✗ With this your lore of this world would have ${bytes} bytes, and 100 are kept\\.`);
    assert.match(await answer(fake, `/world attach_lore ${"ö".repeat(51)}`), refused(102));
    assert.match(await answer(fake, `/world attach_lore ${"ö".repeat(50)}`), /^Lore attached/);
    assert.match(await answer(fake, "/world attach_lore x"), refused(101));
  } finally {
    await fake.close();
  }
});
