/** The token's file as it lies on the disk: its own mode counts, and what is wrong with it is said. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { TokenFileError } from "../../../shared/token_file.ts";
import { readToken } from "../../../face/wiring/token.ts";

Deno.test("a token file is used when it is the player's alone, and refused by its mode or its absence", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "token");
    assert.equal(readToken(null), "");
    assert.throws(() => readToken(path), TokenFileError);
    Deno.writeTextFileSync(path, "0123456789abcdef\n", { mode: 0o600 });
    assert.equal(readToken(path), "0123456789abcdef");
    Deno.chmodSync(path, 0o640);
    assert.throws(() => readToken(path), /mode 640/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
