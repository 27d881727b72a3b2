/** The clipboard: what goes into the sequence, and when a text is too long for it. */

import assert from "node:assert/strict";
import { clipboardBytes } from "../../../face/term/clipboard.ts";

Deno.test("clipboard: the text goes as base64 of its UTF-8", () => {
  const bytes = clipboardBytes("Ä\n");
  assert.equal(new TextDecoder().decode(bytes ?? undefined), "\x1b]52;c;w4QK\x07");
});

Deno.test("clipboard: the limit counts bytes as they are sent, not letters", () => {
  assert.equal(clipboardBytes("a".repeat(75_000))?.length, 100_000 + 8);
  // Not the bytes themselves: a difference of 100,000 of them takes minutes to print.
  assert.equal(clipboardBytes("a".repeat(75_001)) === null, true);
  assert.equal(clipboardBytes("Ä".repeat(37_501)) === null, true);
});
