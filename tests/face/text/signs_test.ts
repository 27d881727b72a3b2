/** The program's own signs: where the terminal is not UTF-8 each has a stand-in that any terminal shows. */

import assert from "node:assert/strict";
import { ASCII_MARKS, MARKS } from "../../../face/text/signs.ts";

Deno.test("signs: in ASCII every one is there and is ASCII, and no margin sign stands for two things", () => {
  assert.deepEqual(Object.keys(ASCII_MARKS), Object.keys(MARKS));
  for (const [name, sign] of Object.entries(ASCII_MARKS)) {
    assert.match([sign].flat().join(""), /^[\x20-\x7e]+$/, name);
  }
  for (const { player, bloom, notice, error, bar } of [MARKS, ASCII_MARKS]) {
    assert.equal(new Set([player, bloom, notice, error, bar]).size, 5);
  }
});
