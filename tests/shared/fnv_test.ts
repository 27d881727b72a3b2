import assert from "node:assert/strict";
import { fnv1a } from "../../shared/fnv.ts";

// From the test vectors of http://www.isthe.com/chongo/src/fnv/test_fnv.c: plain ASCII, where a unit is a byte.
const ROWS: [text: string, hash: number][] = [
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
];

Deno.test("fnv1a: the published test vectors", () => {
  for (const [text, hash] of ROWS) assert.equal(fnv1a(text), hash, text);
});
