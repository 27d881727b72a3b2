import assert from "node:assert/strict";
import { Postings } from "../../../brain/memory/postings.ts";
import type { IdSpan } from "../../../brain/store/unit_index.ts";

/** Every third id holds the word; notes what is read. */
function reader() {
  const read: IdSpan[] = [];
  return {
    read,
    find: (span: IdSpan) => {
      read.push(span);
      return Array.from({ length: span.last - span.first + 1 }, (_, i) => span.first + i)
        .filter((id) => id % 3 === 0);
    },
  };
}

Deno.test("what is known is read once, what has come since is read alone", () => {
  const { read, find } = reader();
  const postings = new Postings();
  const bell = { phrase: "bell", prefix: false };
  assert.deepEqual([...postings.find(bell, { first: 2, last: 9 }, find)], [3, 6, 9]);
  assert.deepEqual([...postings.find(bell, { first: 2, last: 9 }, find)], [3, 6, 9]);
  assert.deepEqual([...postings.find(bell, { first: 2, last: 12 }, find)], [3, 6, 9, 12]);
  assert.deepEqual([...postings.find(bell, { first: 2, last: 13 }, find)], [3, 6, 9, 12]);
  // Of a shorter story what is known already is more than asked for.
  assert.deepEqual([...postings.find(bell, { first: 2, last: 4 }, find)], [3, 6, 9, 12]);
  assert.deepEqual([...postings.find(bell, { first: 2, last: 14 }, find)], [3, 6, 9, 12]);
  assert.deepEqual(read, [
    { first: 2, last: 9 },
    { first: 10, last: 12 },
    { first: 13, last: 13 },
    { first: 14, last: 14 },
  ]);
});

Deno.test("a word and its beginning are two questions, and so is every phrase; of nothing nothing is read", () => {
  const { read, find } = reader();
  const postings = new Postings();
  const span = { first: 1, last: 3 };
  for (const [phrase, prefix] of [["bell", false], ["bell", true], ["bells", false]] as const) {
    assert.deepEqual([...postings.find({ phrase, prefix }, span, find)], [3]);
  }
  assert.equal(read.length, 3);
  assert.deepEqual([...postings.find({ phrase: "x", prefix: false }, { first: 0, last: -1 }, find)], []);
  assert.equal(read.length, 3);
});

Deno.test("of very common words the ones asked for last stay, up to half a million finds in all", () => {
  const { read, find } = reader();
  const postings = new Postings();
  const ask = (phrase: string, last: number) =>
    postings.find({ phrase, prefix: false }, { first: 1, last }, find);
  const third = 3 * 200_000;
  ask("a", third);
  ask("b", third);
  ask("a", third);
  assert.equal(read.length, 2);
  // 600,000 in all: the one asked for longest ago goes.
  ask("c", third);
  ask("a", third);
  assert.equal(read.length, 3);
  ask("b", third);
  assert.equal(read.length, 4);
  ask("a", third);
  assert.equal(read.length, 4);
  // One that has more than all may is known while nothing else is asked for.
  assert.equal(ask("d", 3 * 500_001).length, 500_001);
  ask("d", 3 * 500_001);
  assert.equal(read.length, 5);
  ask("e", 3);
  ask("d", 3 * 500_001);
  assert.equal(read.length, 7);
});
