/** Words of the program's own as rows. */

import assert from "node:assert/strict";
import { evenRows, plainRows } from "../../../face/text/plain_rows.ts";
import { textWidth } from "../../../face/term/width.ts";

Deno.test("plain words keep their signs", () => {
  assert.deepEqual(plainRows('a *b* _c_ [d](http://e) "f" `g` ~~h~~ # > - \\', 80), [
    'a *b* _c_ [d](http://e) "f" `g` ~~h~~ # > - \\',
  ]);
  assert.deepEqual(plainRows("- one", 80), ["- one"]);
});

Deno.test("the same words at another width are laid for that width, and asked again are the same rows", () => {
  const text = "one two three four";
  assert.deepEqual(plainRows(text, 9), ["one two", "three", "four"]);
  assert.deepEqual(plainRows(text, 13), ["one two three", "four"]);
  assert.equal(plainRows(text, 9), plainRows(text, 9));
  for (let width = 1; width < 60; width++) plainRows(text, width);
  for (let at = 0; at < 1100; at++) plainRows(`${text} ${at}`, 9);
  assert.deepEqual(plainRows(text, 9), ["one two", "three", "four"]);
});

Deno.test("a short paragraph does not end in one lonely word", () => {
  const fog = "Fog comes in over the reeds, and with it the ferry, early, which it never is.";
  assert.deepEqual(plainRows(fog, 74), [fog.slice(0, -4), "is."]);
  assert.deepEqual(evenRows(fog, 74), [
    "Fog comes in over the reeds, and with it the ferry,",
    "early, which it never is.",
  ]);
  const rows: [string, number, number][] = [[fog, 80, 1], [fog, 74, 2], [fog, 40, 2], [fog, 30, 3], [
    fog,
    12,
    7,
  ]];
  for (const [text, width, count] of rows) {
    const even = evenRows(text, width);
    assert.equal(even.length, count, `${width}`);
    assert.equal(even.join(" "), text);
    for (const row of even) assert.ok(textWidth(row) <= width, row);
  }
});

Deno.test("two sentences that fit two rows stand in one each", () => {
  const text = "The built-in narrator tells this one. It is no AI. Ctrl+O connects a model.";
  assert.deepEqual(evenRows(text, 74), [
    "The built-in narrator tells this one. It is no AI.",
    "Ctrl+O connects a model.",
  ]);
  // Not after a short beginning, nor where the rest would want two rows.
  const short = "No. The lamp burns low, and nobody comes to the pier any more, or ever did.";
  assert.notEqual(evenRows(short, 70)[0], "No.");
  assert.deepEqual(evenRows("The lamp burns low now. Nobody comes.", 40), [
    "The lamp burns low now. Nobody comes.",
  ]);
});

Deno.test("what cannot be even stays as it is: long paragraphs, and words that only fit as they are", () => {
  const long = "the lamp burns low and nobody comes ".repeat(8) + "x";
  assert.deepEqual(evenRows(long, 68), plainRows(long, 68));
  assert.deepEqual(evenRows("incomprehensibilities no", 22), plainRows("incomprehensibilities no", 22));
  assert.deepEqual(evenRows("", 20), []);
});
