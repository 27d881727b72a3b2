/** Stored rows of a damaged database: whatever is read, rows or a StoreError come of it, and they come soon. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { ROOT } from "../support/processes.ts";

/** A case reads a whole database twice: two in a hundred of all cases. */
const COUNT = Math.max(1, Math.round(Number(Deno.env.get("FLOWER_FUZZ_CASES") ?? "20000") / 50));
const SEED = Number(Deno.env.get("FLOWER_FUZZ_SEED") ?? String(Date.now() % 1_000_000));
/** No case may take this long; one takes 5 ms. */
const HANGS_MS = 120_000;

Deno.test("a damaged database is read in time: rows come of it or a StoreError, never a crash", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flower-damage-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--quiet",
      join(ROOT, "tests", "fuzz", "damage.ts"),
      `${SEED}`,
      `${COUNT}`,
      folder,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timer = setTimeout(() => child.kill("SIGKILL"), HANGS_MS);
  try {
    const said = new Response(child.stderr).text();
    let last = "";
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), HANGS_MS);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      last = lines.at(-1) ?? last;
    }
    const { code, signal } = await child.status;
    const complaint = `FLOWER_FUZZ_SEED=${JSON.parse(last).case} FLOWER_FUZZ_CASES=1, ${
      signal ?? "code"
    } ${code}: ${await said}`;
    assert.equal(code, 0, complaint);
    const { opened, answered } = JSON.parse(last);
    const share = (part: number) => Math.round(part / COUNT * 1000) / 10;
    console.log(
      `damage: ${COUNT} cases, seed ${SEED}, ${share(opened)} % opened, ${share(answered)} % answered`,
    );
    if (COUNT >= 100) assert.ok(share(answered) >= 50, `only ${share(answered)} % got past the door`);
  } finally {
    clearTimeout(timer);
    await Deno.remove(folder, { recursive: true });
  }
});
