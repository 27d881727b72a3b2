/** Time between two pages, in words. */

import assert from "node:assert/strict";
import { dateLine } from "../../../face/text/dates.ts";

const at = (day: number, hour: number): number => new Date(2026, 2, day, hour).getTime();

Deno.test("dates: the unit changes where the smaller one says too much", () => {
  const rows: [number, string][] = [
    [0, "later that day"],
    [1, "one day later"],
    [2, "two days later"],
    [10, "ten days later"],
    [11, "11 days later"],
    [13, "13 days later"],
    [14, "two weeks later"],
    [17, "two weeks later"],
    [18, "three weeks later"],
    [60, "nine weeks later"],
    [61, "two months later"],
    [300, "ten months later"],
    [729, "24 months later"],
    [730, "two years later"],
    [4000, "11 years later"],
  ];
  for (const [days, words] of rows) {
    const after = new Date(2026, 2, 2 + days, 20).getTime();
    assert.equal(dateLine(at(2, 9), after).split(", ")[1], words, `${days} days`);
  }
});

Deno.test("dates: the part of the day, and the day of the week", () => {
  const rows: [number, string][] = [
    [0, "Thursday night"],
    [4, "Thursday night"],
    [5, "Thursday morning"],
    [11, "Thursday morning"],
    [12, "Thursday afternoon"],
    [17, "Thursday afternoon"],
    [18, "Thursday evening"],
    [23, "Thursday evening"],
  ];
  for (const [hour, words] of rows) {
    assert.equal(dateLine(at(4, 12), at(5, hour)), `${words}, one day later`);
  }
});

Deno.test("dates: days are counted by midnights, not by hours", () => {
  assert.match(dateLine(at(2, 23), at(3, 1)), /one day later$/);
  assert.match(dateLine(at(2, 1), at(2, 23)), /later that day$/);
});
