/** The launcher's view of the model for memory by meaning: a child that speaks JSON lines. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createMemoryModel, type FetchStep } from "../../face/wiring/memory_model.ts";

async function withChild(script: string, run: (role: (action: string) => string[]) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "child.ts");
  await Deno.writeTextFile(path, script);
  try {
    await run((action) => ["run", "--no-check", path, action]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what is missing is what list says; a child that says nothing of use is nothing to offer", async () => {
  const rows: [string, number | null][] = [
    ["console.log(JSON.stringify({ missing_bytes: 42, action: Deno.args[0] }))", 42],
    ["console.log(JSON.stringify({ missing_bytes: null }))", null],
    ['console.log("no json")', null],
    ["Deno.exit(1)", null],
  ];
  for (const [script, expected] of rows) {
    await withChild(script, async (role) => assert.equal(await createMemoryModel(role).missing(), expected));
  }
});

Deno.test("a fetch tells its steps and how it ended", async () => {
  const steps: FetchStep[] = [];
  const lines = [{ step: "packages" }, { step: "weights", done: 5, total: 9 }, { pulled: "/somewhere" }];
  const script = `for (const line of ${JSON.stringify(lines)}) console.log(JSON.stringify(line));`;
  await withChild(script, async (role) => {
    assert.equal(await createMemoryModel(role).fetch((step) => void steps.push(step)), "");
  });
  assert.deepEqual(steps, [{ done: 0, total: 0 }, { done: 5, total: 9 }]);
  await withChild(
    'console.log(JSON.stringify({ error: "The disk is full", kind: "full" })); Deno.exit(1);',
    async (role) => {
      assert.equal(await createMemoryModel(role).fetch(() => {}), "The disk is full.");
    },
  );
  await withChild("Deno.exit(3)", async (role) => {
    assert.equal(await createMemoryModel(role).fetch(() => {}), "It ended without a word.");
  });
});

Deno.test("close ends a fetch that is under way", async () => {
  await withChild(
    'console.log(JSON.stringify({ step: "packages" })); setTimeout(() => {}, 60_000);',
    async (role) => {
      const model = createMemoryModel(role);
      assert.equal(await model.fetch(() => model.close()), "It ended without a word.");
      model.close();
    },
  );
});
