/** Folders of lore: only allowed ones, no way out of them through links, a refusal that says what to add. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LoreFolderError, readLoreFolder } from "../../../brain/library/lore_folder.ts";

async function withFolders(run: (folders: { root: string; lore: string; other: string }) => Promise<void>) {
  const root = await Deno.makeTempDir();
  const lore = join(root, "lore");
  const other = join(root, "other");
  await Deno.mkdir(join(lore, "deep"), { recursive: true });
  await Deno.mkdir(other);
  await Deno.writeTextFile(join(lore, "b.md"), "## Bell\nThe bell rings.\n");
  await Deno.writeTextFile(join(lore, "a.TXT"), "  The ferry is early.  ");
  await Deno.writeTextFile(join(lore, "deep", "c.md"), "Deep.");
  await Deno.writeTextFile(join(lore, "empty.md"), " \n");
  await Deno.writeTextFile(join(lore, "picture.png"), "no text");
  await Deno.writeTextFile(join(other, "secret.md"), "Secret.");
  try {
    await run({ root, lore, other });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("text files of a folder and below are read, trimmed and sorted", () =>
  withFolders(async ({ lore }) => {
    assert.deepEqual(await readLoreFolder(lore, [lore]), {
      files: [
        { name: "a.TXT", text: "The ferry is early." },
        { name: "b.md", text: "## Bell\nThe bell rings." },
        { name: "c.md", text: "Deep." },
      ],
      left_out: [],
    });
    const deep = await readLoreFolder(join(lore, "deep"), [lore]);
    assert.deepEqual(deep.files, [{ name: "c.md", text: "Deep." }]);
  }));

Deno.test("any other path is answered with the line to add, whether it exists or not", () =>
  withFolders(async ({ root, lore, other }) => {
    for (const path of [other, root, `${lore}2`, join(root, "nothing"), join(lore, "..", "other"), "/etc"]) {
      await assert.rejects(readLoreFolder(path, [lore]), (error: unknown) => {
        assert.ok(error instanceof LoreFolderError);
        assert.ok(error.message.includes(`lore_folders: ["${path}"]`), error.message);
        return true;
      });
    }
  }));

Deno.test("a folder whose name only begins like an allowed one is not allowed", () =>
  withFolders(async ({ lore }) => {
    await Deno.mkdir(`${lore}-private`);
    await Deno.writeTextFile(`${lore}-private/x.md`, "Private.");
    await assert.rejects(readLoreFolder(`${lore}-private`, [lore]), LoreFolderError);
  }));

Deno.test("links that leave the folder are not followed, and a link to a folder above ends", () =>
  withFolders(async ({ lore, other }) => {
    await Deno.symlink(join(other, "secret.md"), join(lore, "linked.md"));
    await Deno.symlink(other, join(lore, "linked"));
    await Deno.symlink(lore, join(lore, "deep", "up"));
    const names = (await readLoreFolder(lore, [lore])).files.map(({ name }) => name);
    assert.deepEqual(names, ["a.TXT", "b.md", "c.md"]);
    await assert.rejects(readLoreFolder(join(lore, "linked"), [lore]), LoreFolderError);
  }));

Deno.test("a link to an allowed folder is the folder it leads to", () =>
  withFolders(async ({ root, lore }) => {
    await Deno.symlink(lore, join(root, "short"));
    assert.equal((await readLoreFolder(join(root, "short"), [lore])).files.length, 3);
    assert.equal((await readLoreFolder(lore, [join(root, "short")])).files.length, 3);
  }));

Deno.test("a folder without text says so", () =>
  withFolders(async ({ lore }) => {
    await Deno.mkdir(join(lore, "void"));
    await assert.rejects(readLoreFolder(join(lore, "void"), [lore]), /No \.md or \.txt file with text/);
    await assert.rejects(readLoreFolder(join(lore, "b.md"), [lore]), /b\.md is a file: name the folder/);
  }));

Deno.test("what is too large, too much or no text is left out, and named with the reason", () =>
  withFolders(async ({ lore }) => {
    await Deno.writeTextFile(join(lore, "huge.md"), "x".repeat(1024 * 1024 + 1));
    await Deno.writeFile(join(lore, "latin.txt"), new Uint8Array([0x63, 0x61, 0x66, 0xe9]));
    for (const name of "mnopq") await Deno.writeTextFile(join(lore, `${name}.md`), name.repeat(1024 * 1024));
    const { files, left_out } = await readLoreFolder(lore, [lore]);
    assert.deepEqual(files.map(({ name }) => name), ["a.TXT", "b.md", "c.md", "m.md", "n.md", "o.md"]);
    assert.deepEqual(left_out, [
      "huge.md (over 1 MB)",
      "latin.txt (not UTF-8 text)",
      "p.md (over 4 MB with the others)",
      "q.md (over 4 MB with the others)",
    ]);
  }));

Deno.test("five hundred files are read, and what comes after them is named", () =>
  withFolders(async ({ lore }) => {
    const many = join(lore, "many");
    await Deno.mkdir(many);
    for (let i = 0; i < 501; i++) Deno.writeTextFileSync(join(many, `${1000 + i}.md`), "Eels.");
    const { files, left_out } = await readLoreFolder(many, [lore]);
    assert.deepEqual([files.length, files.at(-1)?.name], [500, "1499.md"]);
    assert.deepEqual(left_out, ["1500.md (after the 500th file)"]);
  }));

Deno.test("a folder of which nothing can be read says why; a pipe is not waited for", () =>
  withFolders(async ({ lore }) => {
    await Deno.mkdir(join(lore, "odd"));
    await new Deno.Command("mkfifo", { args: [join(lore, "odd", "pipe.md")] }).output();
    await Deno.writeFile(join(lore, "odd", "latin.md"), new Uint8Array([0xe9]));
    await assert.rejects(
      readLoreFolder(join(lore, "odd"), [lore]),
      /No \.md or \.txt file with text in .*odd can be read: latin\.md \(not UTF-8 text\)\./,
    );
  }));

Deno.test("who allows the root allows all below it", () =>
  withFolders(async ({ lore }) => {
    assert.equal((await readLoreFolder(lore, ["/"])).files.length, 3);
  }));
