import assert from "node:assert/strict";
import { editDistance, nearest } from "../../shared/slips.ts";

Deno.test("the distance of two words is the edits between them", () => {
  const rows: [string, string, number][] = [
    ["", "", 0],
    ["a", "", 1],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "acb", 1],
    ["abcd", "badc", 2],
    ["ab", "bca", 3],
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, distance] of rows) {
    assert.equal(editDistance(a, b), distance);
    assert.equal(editDistance(b, a), distance);
  }
});

Deno.test("only a slip is corrected: two edits, or a third of a longer word", () => {
  const names = ["/model", "/world select", "/retry"];
  const rows: [string, string][] = [
    ["/modle", "/model"],
    ["/MODEL", "/model"],
    ["/mo", ""],
    ["/retyr", "/retry"],
    ["/xxxxx", ""],
    ["/wrld selct", "/world select"],
    ["/world slct it", ""],
  ];
  for (const [typed, expected] of rows) assert.equal(nearest(typed, names), expected, typed);
  assert.equal(nearest("abd", ["abc", "abe"]), "abc");
  const long = "x".repeat(64);
  assert.equal(nearest(`${long.slice(1)}y`, [long]), long);
  assert.equal(nearest(`${long}x`, [long]), "", "too long to be compared with a thousand stories");
});

Deno.test("the nearest known key is found a few letters away, never far away", () => {
  const known = ["openai_base_url", "port", "home", "host", "id"];
  const rows: [string, string][] = [
    ["openai_base_ulr", "openai_base_url"],
    ["OPENAI_BASE_URL", "openai_base_url"],
    ["prot", "port"],
    ["hots", "host"],
    ["ID", "id"],
    ["di", "id"],
    ["pot", "port"],
    ["pxrt", "port"],
    ["porrt", "port"],
    ["porrrt", "port"],
    ["pxxt", ""],
    ["xy", ""],
    ["colour", ""],
    ["", ""],
    ["x".repeat(100_000), ""],
  ];
  for (const [key, meant] of rows) assert.equal(nearest(key, known, 1), meant, key.slice(0, 20));
});
