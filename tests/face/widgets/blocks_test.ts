/** The story as blocks of rows. */

import assert from "node:assert/strict";
import { layMessage, type PageMemo } from "../../../face/widgets/blocks.ts";
import type { Row } from "../../../face/text/wrap.ts";

const OPTIONS = { width: 10, final: false, placements: new Map() };
const words = (rows: readonly Row[]): string[] =>
  rows.map(({ runs }) => runs.map(({ text }) => text).join(""));

Deno.test("of a text that only grows nothing is compared or laid again but its end", () => {
  const memo: PageMemo = new Map();
  const growth = {};
  const first = layMessage(memo, 1, "aaaa bbbb cccc ", { ...OPTIONS, growth });
  assert.deepEqual(words(first.rows), ["aaaa bbbb", "cccc"]);
  // A text that could not have grown out of the first: it shows what was read of it.
  const grown = layMessage(memo, 1, "XXXX XXXX cccc dd ", { ...OPTIONS, growth });
  assert.deepEqual(words(grown.rows), ["aaaa bbbb", "cccc dd"]);
  // Words were taken back, or it is another telling: everything is laid anew.
  assert.deepEqual(words(layMessage(memo, 1, "XXXX ", { ...OPTIONS, growth }).rows), ["XXXX"]);
  assert.deepEqual(words(layMessage(memo, 1, "YYYY zz ", { ...OPTIONS, growth: {} }).rows), ["YYYY zz"]);
  assert.deepEqual(words(layMessage(memo, 1, "ZZZZ zz aa ", OPTIONS).rows), ["ZZZZ zz aa"]);
  assert.deepEqual(words(layMessage(memo, 1, "Q ", OPTIONS).rows), ["Q"]);
});

Deno.test("the same text at the same width is laid once, at another width anew", () => {
  const memo: PageMemo = new Map();
  const options = { ...OPTIONS, final: true };
  const first = layMessage(memo, 1, "aaaa bbbb cccc", options);
  assert.equal(layMessage(memo, 1, "aaaa bbbb cccc", options), first);
  assert.deepEqual(words(layMessage(memo, 1, "aaaa bbbb cccc", { ...options, width: 20 }).rows), [
    "aaaa bbbb cccc",
  ]);
  assert.deepEqual(words(layMessage(memo, 1, "aaaa bbbb cccc dddd", { ...options, width: 20 }).rows), [
    "aaaa bbbb cccc dddd",
  ]);
});

Deno.test("four hundred messages are kept laid, the one that was laid first goes first", () => {
  const memo: PageMemo = new Map();
  const options = { ...OPTIONS, final: true };
  for (let id = 1; id <= 401; id++) layMessage(memo, id, "aaaa", options);
  assert.equal(memo.size, 400);
  assert.equal(memo.has(1), false);
  assert.equal(memo.has(2), true);
});
