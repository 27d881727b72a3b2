/** What a terminal sends and what a screen shows: keys, texts with escape sequences in them, rows of a width. */

import assert from "node:assert/strict";
import { createKeyParser, type TermEvent } from "../../face/term/keys.ts";
import { textWidth } from "../../face/term/width.ts";
import { sanitize, sanitizePiece } from "../../face/text/sanitize.ts";
import { plainRows } from "../../face/text/plain_rows.ts";
import { layText } from "../../face/text/wrap.ts";
import { anyText, type Chance, fuzz, inPieces, mutateText, pick } from "./mutate.ts";

const KEYS = [
  "I open the door.\r",
  "\x1b[A\x1b[1;5C\x1bOP\x1b[15~",
  "\x1b[97;5u\x1b[27;5;13~",
  "\x1b[<0;12;5M\x1b[<64;1;1m",
  "\x1b[200~Café 光\nline two\x1b[201~",
  "\x1b[I\x1b[O\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
  "\x1b[?2026;2$y\x1b[?1u\x1b[?62;4c",
  "\x01\x03\x7f\x1bb\x1b\x1b[A",
  "👩‍🚀é\u0301",
];

// deno-lint-ignore no-control-regex
const CLOSED_TWICE = /\x1b\[201~(?:(?!\x1b\[200~).)*\x1b\[201~/s;

const encoder = new TextEncoder();

function keysOf(pieces: Iterable<Uint8Array<ArrayBuffer>>): TermEvent[] {
  const parser = createKeyParser();
  const events: TermEvent[] = [];
  for (const piece of pieces) events.push(...parser.push(piece));
  if (parser.pending()) events.push(...parser.timeout());
  return joined(events);
}

/** Texts that came in pieces count as one. */
function joined(events: TermEvent[]): TermEvent[] {
  const result: TermEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (event.kind === "text" && last?.kind === "text") {
      result[result.length - 1] = { kind: "text", text: last.text + event.text };
    } else result.push(event);
  }
  return result;
}

Deno.test("keys: bytes of any terminal, whole or in pieces, are the same keys; none types a control", async () => {
  await fuzz("keys", { percent: 13, past_percent: 50 }, (chance) => {
    const sent = mutateText(pick(chance, KEYS) + pick(chance, KEYS), chance);
    const bytes = encoder.encode(sent);
    if (chance(3) === 0 && bytes.length > 0) bytes[chance(bytes.length)] = chance(256);
    const whole = keysOf([bytes]);
    // A paste that holds its own end mark goes on to the last one of its piece: that depends on the pieces.
    const pieces = CLOSED_TWICE.test(new TextDecoder("latin1").decode(bytes))
      ? [bytes]
      : inPieces(bytes, 6, chance);
    assert.deepEqual(keysOf(pieces), whole, JSON.stringify(sent));
    for (const event of whole) {
      // deno-lint-ignore no-control-regex
      if (event.kind === "text") assert.doesNotMatch(event.text, /[\0-\x1f\x7f]/);
    }
    return whole.length > 0;
  });
});

function story(chance: Chance): string {
  return mutateText(anyText(chance) + anyText(chance), chance);
}

/** Everything that moves a cursor, hides text or turns its direction. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

Deno.test("sanitizer: nothing unsafe is left, a second time changes nothing, and pieces are as safe as the whole", async () => {
  await fuzz("sanitizer", { percent: 9, past_percent: 50 }, (chance) => {
    const text = story(chance);
    const clean = sanitize(text);
    assert.doesNotMatch(clean, UNSAFE, JSON.stringify(text));
    assert.equal(sanitize(clean), clean, JSON.stringify(text));
    let carry = "";
    for (let at = 0; at < text.length;) {
      const to = at + 1 + chance(9);
      const step = sanitizePiece(carry, text.slice(at, to));
      assert.doesNotMatch(step.text, UNSAFE, JSON.stringify(text));
      carry = step.carry;
      at = to;
    }
    return clean.trim() !== "";
  });
});

Deno.test("wrap: no row is wider than the page, rows stand in the order of the text", async () => {
  await fuzz("wrap", { percent: 9, past_percent: 50 }, (chance) => {
    const text = sanitize(story(chance));
    const width = 4 + chance(60);
    const rows = layText(text, width);
    let before = 0;
    for (const row of rows) {
      assert.ok(row.width <= width, `a row of ${row.width} on ${width}: ${JSON.stringify(text)}`);
      assert.ok(row.start >= before && row.end >= row.start && row.end <= text.length, JSON.stringify(text));
      before = row.start;
    }
    for (const row of plainRows(text, width)) assert.ok(textWidth(row) <= width, JSON.stringify(text));
    return rows.length > 0;
  });
});
