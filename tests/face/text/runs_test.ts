/** Runs are cut between graphemes, by columns. */

import assert from "node:assert/strict";
import { BOLD, cutRuns, type Run } from "../../../face/text/runs.ts";

const runs: Run[] = [
  { text: "abc", marks: 0, start: 0 },
  { text: "日本", marks: BOLD, start: 5 },
  { text: "de", marks: 0, start: 9 },
];
const texts = (list: readonly Run[]): string[] => list.map(({ text, start }) => `${text}@${start}`);

Deno.test("runs: what fits stands in the head, all of the rest in the tail, each with its place", () => {
  const rows: [number, string[], string[], number][] = [
    [1, ["a@0"], ["bc@1", "日本@5", "de@9"], 1],
    [3, ["abc@0"], ["日本@5", "de@9"], 3],
    [4, ["abc@0"], ["日本@5", "de@9"], 3],
    [5, ["abc@0", "日@5"], ["本@6", "de@9"], 5],
    [7, ["abc@0", "日本@5"], ["de@9"], 7],
    [8, ["abc@0", "日本@5", "d@9"], ["e@10"], 8],
    [9, ["abc@0", "日本@5", "de@9"], [], 9],
    [90, ["abc@0", "日本@5", "de@9"], [], 9],
  ];
  for (const [columns, head, tail, width] of rows) {
    const cut = cutRuns(runs, columns);
    assert.deepEqual([texts(cut.head), texts(cut.tail), cut.width], [head, tail, width], `${columns}`);
  }
});

Deno.test("runs: one grapheme always stands, however narrow it is, and joined letters stay joined", () => {
  const cut = cutRuns([{ text: "日本", marks: 0, start: 3 }], 1);
  assert.deepEqual([texts(cut.head), texts(cut.tail), cut.width], [["日@3"], ["本@4"], 2]);
  const joined = cutRuns([{ text: "e\u0301👩‍👩‍👧x", marks: 0, start: 0 }], 1);
  assert.deepEqual(texts(joined.head), ["e\u0301@0"]);
  assert.deepEqual(texts(joined.tail), ["👩‍👩‍👧x@2"]);
});
