/** The numbers of the contract: clients, scripts and other programs count on them. */

import assert from "node:assert/strict";
import {
  DEFAULT_PORT,
  MAX_FRAME_BYTES,
  MAX_PROMPT_BYTES,
  PROTOCOL,
  unreachable,
  WS_PATH,
} from "../../shared/protocol.ts";
import { EXIT } from "../../shared/roles.ts";

Deno.test("address, sizes and exit codes are those that the documents name", () => {
  assert.deepEqual([PROTOCOL, WS_PATH, DEFAULT_PORT], [1, "/ws/rpc", 8000]);
  assert.deepEqual([MAX_FRAME_BYTES, MAX_PROMPT_BYTES], [4_194_304, 65_536]);
  assert.deepEqual(EXIT, { done: 0, failed: 1, usage: 2, no_brain: 3, turn_failed: 4, interrupted: 130 });
});

Deno.test("a value that no union holds is thrown with what it was", () => {
  assert.throws(() => unreachable({ kind: "new" } as never), /Unexpected value: \{"kind":"new"\}/);
});
