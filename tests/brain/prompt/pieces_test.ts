import assert from "node:assert/strict";
import type { LoreHit } from "../../../brain/memory/recall.ts";
import { estimateTokens } from "../../../brain/prompt/budget.ts";
import { choosePieces } from "../../../brain/prompt/pieces.ts";

const IDA = { id: "ida", name: "Ida", persona: "", secret: "" };

function hit(unit_id: number, heading: string, text: string, known_to = ""): LoreHit {
  return { unit_id, heading, text, known_to, score: 10 - unit_id, words: [] };
}

function lines(lore: LoreHit[], lore_tokens = 500) {
  return choosePieces({ lore, memories: [], took_ms: 0 }, [], new Set(), IDA, {
    lore_tokens,
    memory_tokens: 0,
  });
}

Deno.test("lore under one heading stands in one line, in its own order, where the best of it would stand", () => {
  const { lore_lines, sent } = lines([
    hit(5, "The weir", "It leaks at night."),
    hit(9, "Maren", "Maren sells eels."),
    hit(2, "The weir", "Old oak holds it, {{user}} knows."),
    hit(7, "", "Fog is common."),
    hit(8, "", "So is rain."),
  ]);
  assert.deepEqual(lore_lines, [
    "- The weir: Old oak holds it, Ida knows. ... It leaks at night.",
    "- Maren sells eels.",
    "- Fog is common.",
    "- So is rain.",
  ]);
  assert.deepEqual(sent.map(({ id }) => id), [2, 5, 9, 7, 8]);
  const block = lore_lines.join("\n");
  for (const { quote, tokens } of sent) assert.ok(block.includes(quote) && tokens > 0, quote);
});

Deno.test("what only some know stands by itself, so that its bracket is about nothing else", () => {
  const { lore_lines } = lines([
    hit(1, "The weir", "It leaks."),
    hit(2, "The weir", "Bo opened it.", "Bo"),
    hit(3, "The weir", "It is old."),
  ]);
  assert.deepEqual(lore_lines, [
    "- The weir: It leaks. ... It is old.",
    "- The weir: Bo opened it. (Known to: Bo; nobody else.)",
  ]);
});

Deno.test("the best piece of lore that is too long keeps its beginning, whole sentences, within the room", () => {
  const long = hit(1, "", `Xylem ${"bends in the wind. ".repeat(30)}`.trim());
  for (const lore_tokens of [40, 41, 60, 90]) {
    const { lore_lines, sent } = lines([long], lore_tokens);
    assert.equal(sent.length, 1);
    assert.ok(sent[0].quote.startsWith("Xylem bends") && sent[0].quote.endsWith("wind."), sent[0].quote);
    const used = estimateTokens(lore_lines[0]) + 1;
    // One sentence more would not fit.
    assert.ok(used <= lore_tokens && used + estimateTokens(" bends in the wind.") > lore_tokens, `${used}`);
  }
  const words = hit(1, "", "Xylem ".repeat(200).trim());
  const { sent } = lines([words], 40);
  assert.ok(/^Xylem( Xylem)+$/.test(sent[0].quote), sent[0].quote);
  // Without a blank or a stop all that fits is kept.
  const runs = lines([hit(1, "", "橋".repeat(300))], 40);
  assert.ok(runs.sent[0].quote.length > 12, runs.sent[0].quote);
});

Deno.test("a piece whose heading alone leaves its text no room stays out, and those behind it still come", () => {
  const headed = hit(1, "Heron ".repeat(60).trim(), "It sleeps.");
  const { sent, unsent } = lines([headed, hit(2, "", "The weir leaks.")], 60);
  assert.deepEqual([sent.map(({ id }) => id), unsent.map(({ id }) => id)], [[2], [1]]);
});
