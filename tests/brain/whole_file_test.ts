/** A file is there as a whole or not at all, and for its owner alone. */

import assert from "node:assert/strict";
import { readText, writeWhole } from "../../brain/whole_file.ts";

Deno.test("a file is written whole over what is there, for its owner alone, and nothing is left of one that fails", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flower-whole-" });
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  try {
    const path = `${folder}/story.md`;
    assert.equal(readText(path), null);
    assert.equal(readText(`${folder}/none/story.md`), null);
    Deno.writeTextFileSync(path, "a longer text of before", { mode: 0o644 });
    await writeWhole(path, "It is told.");
    assert.equal(readText(path), "It is told.");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    Deno.mkdirSync(`${folder}/book.md`);
    await assert.rejects(writeWhole(`${folder}/book.md`, "x"));
    assert.deepEqual(names(), ["book.md", "story.md"]);
    assert.throws(() => readText(`${folder}/book.md`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
