import assert from "node:assert/strict";
import { firstCharacters, shortened } from "../../shared/characters.ts";

Deno.test("text is cut between characters, never through one", () => {
  const rows: [string, number, string, string][] = [
    ["", 3, "", ""],
    ["abc", 3, "abc", "abc"],
    ["abcd", 3, "abc", "abc…"],
    ["ab cd", 3, "ab ", "ab…"],
    ["🌊🌊🌊", 3, "🌊🌊🌊", "🌊🌊🌊"],
    ["🌊🌊🌊🌊", 3, "🌊🌊🌊", "🌊🌊🌊…"],
    ["a🌊b🌊", 3, "a🌊b", "a🌊b…"],
    ["a\ud83d", 3, "a\ufffd", "a\ufffd"],
    ["abc", 0, "", "…"],
  ];
  for (const [text, count, first, short] of rows) {
    assert.equal(firstCharacters(text, count), first, `${text} ${count}`);
    assert.equal(shortened(text, count), short, `${text} ${count}`);
  }
});
