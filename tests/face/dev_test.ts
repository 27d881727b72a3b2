import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { watchCode } from "../../face/dev.ts";
import { until } from "../support/processes.ts";

const GOOD = "export const a: number = 1;\n";
const BAD = 'export const a: number = "one";\n';

/** A watched folder with brain/ and shared/; what it told, in order. */
async function watched(
  action: (write: (path: string, text: string) => void, told: string[]) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  // At once: no pause of the machine lets anybody see a file that is empty, or a first step without the next.
  const write = (path: string, text: string) => Deno.writeTextFileSync(join(root, path), text);
  for (const folder of ["brain", "shared"]) await Deno.mkdir(join(root, folder));
  write("deno.json", "{}");
  write("shared/story.ts", GOOD);
  write("brain/main.ts", 'import "../shared/story.ts";\n');
  write("brain/serve.ts", GOOD);
  const told: string[] = [];
  const watch = watchCode({
    root,
    problem: (text) => void told.push(text),
    restart: () => {
      told.push("restart");
      return Promise.resolve();
    },
  });
  try {
    await action(write, told);
  } finally {
    await watch.close();
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("a saved change in brain or shared is checked and asks for one new brain", async () => {
  for (const path of ["brain/serve.ts", "shared/story.ts"]) {
    await watched(async (write, told) => {
      // An editor that saves in three steps.
      for (const text of ["", "export", GOOD]) write(path, text);
      await until(() => told.length > 0, "restart");
      assert.deepEqual(told, ["restart"]);
    });
  }
});

Deno.test("type errors are told with file and line before the new brain is asked for", async () => {
  await watched(async (write, told) => {
    write("shared/story.ts", BAD);
    await until(() => told.length === 2, "problem and restart");
    assert.match(told[0], /^deno check: TS2322 .*not assignable to type 'number'[^]*shared\/story\.ts:1:14/);
    assert.equal(told[1], "restart");
    write("shared/story.ts", GOOD);
    await until(() => told.length === 3, "the next restart");
    assert.equal(told[2], "restart");
  });
});

Deno.test("files that are no code start nothing", async () => {
  await watched(async (write, told) => {
    write("brain/notes.txt", "x");
    write("brain/.serve.ts.swp", "x");
    // Longer than it would take to settle: what must not come cannot be awaited.
    await new Promise((resolve) => setTimeout(resolve, 400));
    write("brain/serve.ts", BAD);
    await until(() => told.includes("restart"), "restart");
    assert.equal(told.length, 2);
  });
});

Deno.test("deno check sees no key of the environment", async () => {
  Deno.env.set("FLOWER_PLANTED_KEY", "sk-planted");
  const Command = Deno.Command;
  const given: Deno.CommandOptions[] = [];
  Deno.Command = class extends Command {
    constructor(program: string | URL, options: Deno.CommandOptions = {}) {
      super(program, options);
      given.push(options);
    }
  };
  try {
    await watched(async (write, told) => {
      write("shared/story.ts", `${GOOD}\n`);
      await until(() => told.length === 1, "restart");
    });
  } finally {
    Deno.Command = Command;
    Deno.env.delete("FLOWER_PLANTED_KEY");
  }
  assert.equal(given.length, 1);
  assert.equal(given[0].clearEnv, true);
  assert.equal(JSON.stringify(given[0].env).includes("sk-planted"), false);
});
