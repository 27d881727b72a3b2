/** One brain a home: the second is told so with the code that scripts know; a damaged store names the copy that helps. */

import assert from "node:assert/strict";
import { openStore, takeLock } from "../../brain/open_home.ts";
import { StartError } from "../../brain/start_error.ts";
import { CONFIG } from "../support/brain_fakes.ts";

async function withHome(run: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "flower-open-" });
  try {
    await run(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function fault(work: Promise<unknown>): Promise<StartError> {
  const error = await work.then(() => null, (error) => error);
  assert.ok(error instanceof StartError, String(error));
  return error;
}

Deno.test("the second brain on a home ends with 3, one whose home cannot be written with 1", () =>
  withHome(async (home) => {
    const lock = await takeLock(home);
    try {
      const { code, message } = await fault(takeLock(home));
      assert.equal(code, 3);
      assert.match(message, /^Another brain runs on this home\./);
    } finally {
      lock.close();
    }
    (await takeLock(home)).close();
    assert.equal((Deno.statSync(`${home}/brain.lock`).mode ?? 0) & 0o777, 0o600);
    const { code, message } = await fault(takeLock(`${home}/brain.lock`));
    assert.equal(code, 1);
    assert.match(message, /cannot be written: Not a directory.* Choose another with --home\.$/);
  }));

Deno.test("a lock that is held for a moment is waited for", () =>
  withHome(async (home) => {
    const held = await takeLock(home);
    // As long as a face needs that looks whether a brain runs; set before the first try, so that it ends before the second.
    setTimeout(() => held.close(), 20);
    (await takeLock(home)).close();
  }));

Deno.test("a damaged database names the newest daily copy and the command that puts it back", () =>
  withHome(async (home) => {
    const config = { ...CONFIG, home, database_path: `${home}/engine.db` };
    await Deno.writeTextFile(config.database_path, "no database ".repeat(1000));
    await Deno.mkdir(`${home}/backups`);
    for (const day of ["2026-11-20", "2026-11-22", "2026-11-21"]) {
      await Deno.writeTextFile(`${home}/backups/engine-${day}.db`, "x");
    }
    const { code, message } = await fault(openStore(config));
    assert.equal(code, 1);
    assert.ok(message.includes(`flower restore ${home}/backups/engine-2026-11-22.db `), message);
  }));
