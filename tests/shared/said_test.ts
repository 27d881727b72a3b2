/** What was said: lines with their story, old lines without one, and the story taken out. */

import assert from "node:assert/strict";
import { parseSaid, saidLine, withoutStory } from "../../shared/said.ts";

Deno.test("a line comes back as it was kept; an old one belongs to no story; what is none is passed over", () => {
  const said = { text: 'two\nrows and "quotes"', story: "abc" };
  assert.equal(saidLine(said).indexOf("\n"), saidLine(said).length - 1);
  assert.deepEqual(parseSaid(saidLine(said)), said);
  assert.deepEqual(parseSaid('"four"'), { text: "four", story: "" });
  for (
    const line of [
      "",
      "no json",
      "null",
      "5",
      "[]",
      "{}",
      '{"text":"x"}',
      '{"text":1,"story":"s"}',
      '{"text":"x","story":2}',
    ]
  ) {
    assert.equal(parseSaid(line), null, line);
  }
});

Deno.test("a story's lines leave, all others stand as they were", () => {
  const [one, two] = [saidLine({ text: "a", story: "1" }), saidLine({ text: "b", story: "2" })];
  const old = '"old"\nno json\n';
  assert.equal(withoutStory(one + two + old + one + two, "1"), two + old + two);
  assert.equal(withoutStory(one + two, "3"), one + two);
  assert.equal(withoutStory(one + two, "b"), one + two);
  assert.equal(withoutStory(one, "1"), "");
  assert.equal(withoutStory(old, "1"), old);
  assert.equal(withoutStory("", "1"), "");
});
