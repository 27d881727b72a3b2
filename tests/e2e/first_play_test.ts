/**
 * The first play on a machine: sources without packages, an empty HOME and an empty DENO_DIR. It asks the npm registry,
 * as a new player does, and so runs only where FLOWER_RELEASE=1 says so.
 */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { startShell } from "../support/shell.ts";
import { ROOT } from "../support/processes.ts";

const PATIENCE_MS = 120_000;

/** The sources, without a package and without what was made of them. */
async function copySources(to: string, folder = ""): Promise<void> {
  await Deno.mkdir(join(to, folder), { recursive: true });
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(join(ROOT, folder))) {
    if (name === "node_modules" || name === "tests" || name.startsWith(".") || isSymlink) continue;
    const path = join(folder, name);
    if (isDirectory) await copySources(to, path);
    else await Deno.copyFile(join(ROOT, path), join(to, path));
  }
}

Deno.test({
  name:
    "a first play installs its packages before the face has the screen: nothing is written over the opening",
  ignore: Deno.env.get("FLOWER_RELEASE") !== "1" || Deno.build.os === "windows",
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "flower-first-" });
    try {
      const [sources, home, deno_dir] = ["engine", "home", "deno"].map((name) => join(root, name));
      await copySources(sources);
      await Deno.mkdir(home);
      // Which registry packages come from is the machine's to say.
      await Deno.copyFile(join(Deno.env.get("HOME") ?? "", ".npmrc"), join(home, ".npmrc")).catch(() => {});
      const net = Object.entries(Deno.env.toObject()).filter(([name]) =>
        /^(DENO_(TLS|CERT)|NODE_EXTRA_CA|SSL_CERT|NPM_CONFIG_|HTTPS?_PROXY|NO_PROXY)/i.test(name)
      );
      const command = `cd '${sources}' && exec deno task play --home '${root}/stories'`;
      await using shell = startShell(["sh", "-c", command], {
        env: { ...Object.fromEntries(net), HOME: home, DENO_DIR: deno_dir },
      });
      await shell.shows(/›\s+1 /, PATIENCE_MS);
      shell.type("\r");
      await shell.shows(/2\s+The clerk/, PATIENCE_MS);
      const rows = shell.emulator.text().split("\n").map((row) => row.trimEnd());
      assert.match(rows[1], /^ {2}✿ Flower +✓ World {2}○ Character {2}✓ Narrator {2}○ Story$/);
      assert.equal(rows[3], "    Who are you there?");
      const output = shell.output();
      const screen = output.indexOf("\x1b[?1049h");
      assert.ok(screen > 0, "the packages' progress stands before the face");
      assert.doesNotMatch(output.slice(screen), /Download|Initialize|npm:/);
      shell.type("\x03\x03");
      await shell.ended;
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

Deno.test("every task that may draw a face keeps Deno's own progress off its screen", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  const drawing = Object.values<string>(tasks).filter((command) => command.includes("face/main.ts"));
  // Deno draws its progress in a thread of its own: also after the program has begun.
  assert.equal(drawing.length, 4);
  for (const command of drawing) assert.match(command, /^deno run -A --no-check --quiet face\/main\.ts/);
});
