// `/export`: what is written under which name, and what the asker is told.

import assert from "node:assert/strict";
import { readStoryFile } from "../../brain/export/story_file.ts";
import { fakeBrain, says } from "../support/brain_fakes.ts";

/** A brain with a story of one turn; its title has what a path must not have. */
async function story() {
  const fake = fakeBrain();
  await fake.say("/export");
  assert.equal(fake.face.notices().at(-1), "✗ There is no story to export. /session new begins one.");
  await fake.say("/world select marsh");
  await fake.say("/character select smith");
  await fake.say("/session new");
  fake.scripts.push(says("The bell rings."));
  await fake.turn("I listen.");
  await fake.say("/session rename ../../The Bell!");
  return fake;
}

Deno.test("/export writes a book by default, or what is asked for, and says where", async () => {
  const fake = await story();
  try {
    const { session_id } = fake.face.last("sync_state").metadata;
    const name = `the-bell-${session_id}`;
    for (
      const [line, file] of [["/export", `${name}.md`], ["/export TXT", `${name}.txt`], [
        "/export jsonl",
        `${name}.jsonl`,
      ]]
    ) {
      await fake.say(line);
      assert.equal(fake.face.notices().at(-1), `✓ Exported to /nowhere/exports/${file}`);
    }
    assert.deepEqual([...fake.exports.keys()], [`${name}.md`, `${name}.txt`, `${name}.jsonl`]);
    assert.equal(
      fake.exports.get(`${name}.md`),
      "# ../../The Bell!\n\n*World: The Marsh · Character: Ida*\n\nFog comes in, Ida. It is early.\n\n> I listen.\n\nThe bell rings.\n",
    );
    const archive = readStoryFile(fake.exports.get(`${name}.jsonl`)!);
    assert.deepEqual(archive.messages.map(({ content }) => content), [
      "Fog comes in, Ida. It is early.",
      "I listen.",
      "The bell rings.",
    ]);
    assert.equal(archive.leaf, 3);
  } finally {
    await fake.close();
  }
});

Deno.test("/export says what it cannot do", async () => {
  const fake = await story();
  try {
    await fake.say("/export pdf");
    assert.equal(fake.face.notices().at(-1), '✗ There is no format "pdf": md, txt, jsonl.');
    assert.equal(fake.exports.size, 0);
    fake.deps.writeExport = () => Promise.reject(new Error("No space left on device"));
    await fake.say("/export txt");
    assert.equal(fake.face.notices().at(-1), "✗ The story could not be written: No space left on device");
  } finally {
    await fake.close();
  }
});
