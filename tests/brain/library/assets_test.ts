import assert from "node:assert/strict";
import { type Library, openLibrary } from "../../../brain/library/assets.ts";
import { MAX_ASSET_BYTES } from "../../../brain/library/shelf.ts";

interface Folders {
  root: string;
  assets: string;
  home: string;
  write(path: string, text: string | Uint8Array): Promise<void>;
}

async function withFolders(play: (folders: Folders) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "flower-assets-" });
  try {
    for (const folder of ["assets/worlds", "assets/characters", "assets/rules", "home"]) {
      await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    }
    await play({
      root,
      assets: `${root}/assets`,
      home: `${root}/home`,
      write: (path, text) =>
        Deno.writeFile(`${root}/${path}`, typeof text === "string" ? new TextEncoder().encode(text) : text),
    });
  } finally {
    // A library that was closed while it read reads on to the end; turns of the loop are counted, not a time.
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    await Deno.remove(root, { recursive: true });
  }
}

function complaints(library: Library, root: string): string[] {
  return library.problems().map((p) => `${p.file.replace(root + "/", "")}:${p.line}:${p.col}: ${p.reason}`);
}

const named = (id: string) => `id: ${id}\nname: The ${id}\n`;

/** Resolves once `done` holds after a change or already; fails after half a minute. */
async function changed(library: Library, done: () => boolean): Promise<void> {
  if (done()) return;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no change came")), 30_000);
    library.onChange(() => {
      if (!done()) return;
      clearTimeout(late);
      resolve();
    });
  });
}

Deno.test("shipped assets come first, each folder sorted by file name", async () => {
  await withFolders(async ({ assets, home, write }) => {
    await Deno.mkdir(`${home}/worlds`);
    await write("assets/worlds/b.yaml", named("b"));
    await write("assets/worlds/a.yaml", named("zeta"));
    await write("home/worlds/0.yaml", named("own"));
    await write("assets/characters/c.yaml", named("clerk"));
    await write("assets/rules/file_name.yaml", "id: slow_burn\nprompt: Wait.\n");
    await write("assets/system_rules.yaml", "rules: You narrate for {{user}}.\n");
    const library = await openLibrary(assets, home);
    assert.deepEqual(library.worlds().map((world) => world.id), ["zeta", "b", "own"]);
    assert.deepEqual(library.characters().map((character) => character.name), ["The clerk"]);
    assert.deepEqual(library.rules(), [{ id: "slow_burn", name: "slow_burn", prompt: "Wait." }]);
    assert.equal(library.baseRules(), "You narrate for {{user}}.");
    assert.deepEqual(library.problems(), []);
    library.close();
  });
});

Deno.test("a broken file is reported with its place and hides no other", async () => {
  await withFolders(async ({ root, assets, home, write }) => {
    await write("assets/worlds/1.yaml", "id: one\nname: [\n");
    await write("assets/worlds/2.yaml", "id: two\nname: Two\nlore:\n");
    await write("assets/worlds/3.yaml", named("three") + "characters: [nobody, clerk]\n");
    await write("assets/worlds/4.yaml", new Uint8Array([105, 100, 58, 32, 97, 10, 120, 0xf0, 0x9f, 0x8c]));
    await write("assets/worlds/5.yaml", "#".repeat(MAX_ASSET_BYTES + 1));
    await write(
      "assets/worlds/5b.yaml",
      (named("largest") + "#".repeat(MAX_ASSET_BYTES)).slice(0, MAX_ASSET_BYTES),
    );
    await write("assets/worlds/6.yml", named("six"));
    await write("assets/worlds/.hidden.yaml", "{");
    await write("assets/worlds/notes.txt", "{");
    await Deno.mkdir(`${assets}/worlds/folder.yaml`);
    await write("assets/characters/1.yaml", "id: 5\nname: Five\n");
    await write("assets/characters/2.yaml", named("clerk"));
    await write("assets/rules/1.yaml", "id: a b\n");
    const library = await openLibrary(assets, home);
    assert.deepEqual(library.worlds().map((world) => world.id), ["three", "largest"]);
    assert.deepEqual(library.worlds()[0].characters, ["nobody", "clerk"]);
    assert.deepEqual(library.characters().map((character) => character.id), ["clerk"]);
    assert.deepEqual(library.rules(), []);
    const found = complaints(library, root);
    const expected = [
      /^assets\/worlds\/6\.yml:1:1: not read: the name must end in "\.yaml"$/,
      /^assets\/worlds\/1\.yaml:3:1: /,
      /^assets\/worlds\/2\.yaml:3:1: "lore" is empty/,
      /^assets\/worlds\/4\.yaml:2:2: not UTF-8 text$/,
      /^assets\/worlds\/5\.yaml:1:1: 262145 bytes; at most 262144 are read$/,
      /^assets\/characters\/1\.yaml:1:1: "id" must be a text, not the number 5/,
      /^assets\/rules\/1\.yaml:1:1: "id" must be a plain name/,
      /^assets\/worlds\/3\.yaml:3:14: there is no character "nobody"$/,
    ];
    assert.equal(found.length, expected.length, found.join("\n"));
    expected.forEach((pattern, index) => assert.match(found[index], pattern));
    library.close();
  });
});

Deno.test("the second file with an id is refused, across folders too, the same id in another kind is not", async () => {
  await withFolders(async ({ root, assets, home, write }) => {
    await Deno.mkdir(`${home}/worlds`);
    await write("assets/worlds/a.yaml", "id: marsh\nname: First\n");
    await write("assets/worlds/b.yaml", "id: marsh\nname: Second\n");
    await write("home/worlds/c.yaml", "id: marsh\nname: Third\n");
    await write("assets/characters/a.yaml", named("marsh"));
    const library = await openLibrary(assets, home);
    assert.deepEqual(library.worlds().map((world) => world.name), ["First"]);
    assert.equal(library.characters().length, 1);
    assert.deepEqual(complaints(library, root), [
      `assets/worlds/b.yaml:1:1: the id "marsh" is already taken by ${assets}/worlds/a.yaml`,
      `home/worlds/c.yaml:1:1: the id "marsh" is already taken by ${assets}/worlds/a.yaml`,
    ]);
    library.close();
  });
});

Deno.test("the player's own base rules stand in for the shipped ones unless they are broken", async () => {
  await withFolders(async ({ assets, home, write }) => {
    await write("assets/system_rules.yaml", "rules: Shipped.\n");
    const rows: [string, string, number][] = [["rules: Own.\n", "Own.", 0], ["rules: [\n", "Shipped.", 1]];
    for (const [text, rules, problems] of rows) {
      await write("home/system_rules.yaml", text);
      const library = await openLibrary(assets, home);
      assert.equal(library.baseRules(), rules);
      assert.equal(library.problems().length, problems);
      library.close();
    }
  });
});

Deno.test("a pipe is not waited for, and a home below a regular file does no harm", async () => {
  await withFolders(async ({ root, assets, write }) => {
    const made = await new Deno.Command("mkfifo", { args: [`${assets}/worlds/pipe.yaml`] }).output();
    assert.ok(made.success);
    await write("assets/worlds/a.yaml", named("a"));
    await write("plain", "a file");
    const library = await openLibrary(assets, `${root}/plain/home`, { watch: true });
    assert.deepEqual(library.worlds().map((world) => world.id), ["a"]);
    assert.deepEqual(complaints(library, root), ["assets/worlds/pipe.yaml:1:1: not a regular file"]);
    library.close();
  });
});

Deno.test("missing assets are one problem", async () => {
  await withFolders(async ({ root, home }) => {
    const library = await openLibrary(`${root}/nowhere`, home);
    assert.deepEqual(complaints(library, root), [
      "nowhere:1:1: the folder of the shipped worlds is not there",
    ]);
    assert.deepEqual([library.worlds(), library.baseRules()], [[], ""]);
    library.close();
  });
});

Deno.test("the number of problems is bounded and the rest is counted", async () => {
  await withFolders(async ({ assets, home, write }) => {
    for (let i = 100; i < 150; i++) await write(`assets/worlds/${i}.yaml`, "{");
    const all = await openLibrary(assets, home);
    all.close();
    assert.deepEqual(all.problems().map((problem) => problem.file.slice(-8)).at(-1), "149.yaml");
    assert.match(all.problems()[49].reason, /end with a }/);
    for (let i = 150; i < 220; i++) await write(`assets/worlds/${i}.yaml`, "{");
    const library = await openLibrary(assets, home);
    assert.equal(library.problems().length, 50);
    assert.match(library.problems()[49].file, /149\.yaml$/);
    assert.equal(library.problems()[49].reason, "and 71 more problems like these");
    library.close();
  });
});

Deno.test("a saved, broken, mended and removed file shows", async () => {
  // A compiled program cannot watch what ships inside it.
  for (const watch of [true, "home"] as const) {
    await withFolders(async ({ assets, home, write }) => {
      const library = await openLibrary(assets, home, { watch });
      const names = () => library.worlds().map((world) => world.name).join();
      assert.equal(names(), "");

      let seen = changed(library, () => names() === "One");
      await write("home/worlds/own.yaml", "id: own\nname: One\n");
      await seen;

      seen = changed(library, () => names() === "" && library.problems().length === 1);
      await write("home/worlds/own.yaml", "id: own\nname: [\n");
      await seen;

      // As editors save: a new file takes the old one's place.
      seen = changed(library, () => names() === "Two" && library.problems().length === 0);
      await write("home/worlds/own.yaml.tmp", "id: own\nname: Two\n");
      await Deno.rename(`${home}/worlds/own.yaml.tmp`, `${home}/worlds/own.yaml`);
      await seen;

      seen = changed(library, () => names() === "");
      await Deno.remove(`${home}/worlds/own.yaml`);
      await seen;
      library.close();
    });
  }
});

Deno.test("base rules saved, changed and removed in home show", async () => {
  await withFolders(async ({ assets, home, write }) => {
    await write("assets/system_rules.yaml", "Shipped.\n");
    const library = await openLibrary(assets, home, { watch: true });
    for (const rules of ["My own.", "My two.", ""]) {
      const seen = changed(library, () => library.baseRules() === (rules || "Shipped."));
      if (rules === "") await Deno.remove(`${home}/system_rules.yaml`);
      else await write("home/system_rules.yaml", rules);
      await seen;
    }
    library.close();
  });
});

Deno.test("a file that is saved without a pause shows before the saving stops", async () => {
  await withFolders(async ({ assets, home }) => {
    const library = await openLibrary(assets, home, { watch: true });
    let saves = 0;
    const save = () => Deno.writeTextFileSync(`${home}/worlds/own.yaml`, `id: own\nname: Save ${++saves}\n`);
    const saving = setInterval(save, 40);
    try {
      await changed(library, () => library.worlds().length === 1);
    } finally {
      clearInterval(saving);
    }
    await changed(library, () => library.worlds()[0]?.name === `Save ${saves}`);
    library.close();
  });
});

Deno.test("a file saved without a change calls nobody", async () => {
  await withFolders(async ({ root, assets, home, write }) => {
    await write("assets/rules/r.yaml", "id: r\n");
    await write("same.yaml", "id: r\n");
    const library = await openLibrary(assets, home, { watch: true });
    let calls = 0;
    library.onChange(() => calls++);
    // In one step: a file that is written anew is empty for a moment, which is a change.
    await Deno.rename(`${root}/same.yaml`, `${assets}/rules/r.yaml`);
    // Nothing can be awaited where nothing happens: twice the time that a change takes.
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(calls, 0);
    library.close();
  });
});

Deno.test("a folder removed and made again in home is watched again", async () => {
  await withFolders(async ({ assets, home, write }) => {
    const library = await openLibrary(assets, home, { watch: true });
    await Deno.remove(`${home}/rules`);
    for (const name of ["first", "second"]) {
      const seen = changed(library, () => library.rules()[0]?.name === name);
      await Deno.mkdir(`${home}/rules`, { recursive: true });
      await write("home/rules/r.yaml", `id: r\nname: ${name}\n`);
      await seen;
    }
    library.close();
  });
});

Deno.test("a change in home that is none of ours calls nobody", async () => {
  await withFolders(async ({ root, assets, home, write }) => {
    const library = await openLibrary(assets, home, { watch: true });
    let calls = 0;
    library.onChange(() => calls++);
    await write("home/flower.db-wal", "x");
    await write("home/rules/readme.txt", "x");
    await write("home/rules/r.yaml.swp", "x");
    await write("new.yaml", "id: r\n");
    const seen = changed(library, () => library.rules().length === 1);
    await Deno.rename(`${root}/new.yaml`, `${home}/rules/r.yaml`);
    await seen;
    assert.equal(calls, 1);
    library.close();
  });
});
