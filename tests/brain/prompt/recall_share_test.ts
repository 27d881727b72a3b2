/** What lore and memories have in one prompt of a small window, and which of their sentences that leaves. */

import assert from "node:assert/strict";
import type { LoreHit, MemoryHit } from "../../../brain/memory/recall.ts";
import { estimateTokens, makeBudget, type PathMessage, planHistory } from "../../../brain/prompt/budget.ts";
import { choosePieces } from "../../../brain/prompt/pieces.ts";
import { recallTokens } from "../../../brain/prompt/recall_share.ts";
import { SMITH } from "../../support/brain_fakes.ts";

const FIXED = 900;

/** Lines of 16 tokens and replies of 156, each in a frame of four; ends with a line. */
function story(turns: number): PathMessage[] {
  return Array.from({ length: turns * 2 - 1 }, (_, i) => ({
    id: i + 1,
    role: i % 2 === 0 ? "user" : "assistant",
    content: "x",
    tokens: i % 2 === 0 ? 16 : 156,
    status: "complete",
  }));
}

function shareOf(turns: number, context = 4_096, told: string[] = []) {
  const budget = makeBudget(context, {
    max_context_tokens: 0,
    reply_words: { min: 80, max: 160 },
    lore_tokens: 500,
    memory_tokens: 600,
    fixed: FIXED,
  });
  const path = story(turns);
  const history_tokens = budget.history - budget.story;
  const { kept, dropped } = planHistory(path, { history_tokens });
  const is_cut = dropped.length > 0;
  const tokens = recallTokens(budget, {
    fixed: FIXED,
    story: told,
    path,
    tokens_above: 0,
    kept,
    history_tokens,
    is_cut,
  });
  const history = path.filter(({ id }) => kept.includes(id)).reduce((sum, { tokens }) => sum + tokens + 4, 0);
  return { tokens, history, first: kept[0], is_cut, budget };
}

Deno.test("before the history is cut lore and memories have all that it leaves, at most their budgets", () => {
  for (let turns = 1; turns <= 12; turns++) {
    const { tokens, history, is_cut, budget } = shareOf(turns);
    assert.equal(is_cut, turns === 12, String(turns));
    if (is_cut) continue;
    assert.equal(tokens, Math.min(818, budget.history + budget.recall - history), String(turns));
  }
});

Deno.test("between two cuts they have what a fifth of the prompt holds beside the rest that is new; at a cut, all", () => {
  for (const told of [[], ["The tide went out. ".repeat(70)]]) {
    const story_tokens = told.length === 0 ? 0 : estimateTokens(told[0]) + 2;
    let cuts = 0;
    let tight = 0;
    for (let turns = 12; turns < 60; turns++) {
      const { tokens, history, first, budget } = shareOf(turns, 4_096, told);
      const left = budget.history + budget.recall - history - story_tokens;
      if (first !== shareOf(turns - 1).first) {
        cuts += 1;
        assert.equal(tokens, Math.min(818, left), String(turns));
        continue;
      }
      // The line before, its reply and the line: 200 tokens; 70 for what else stands in the block.
      const same = FIXED - 70 + story_tokens + history - 200;
      const room = Math.floor(same / 4) - 270;
      if (left < room) tight += 1;
      assert.equal(tokens, Math.max(144, Math.min(left, room)), String(turns));
    }
    assert.ok(cuts >= 5 && cuts <= 7, String(cuts));
    // What the story so far is told in goes off what the longest histories leave.
    assert.equal(tight > 0, told.length > 0);
  }
});

Deno.test("in a roomy window they have their room whatever the history is", () => {
  for (const turns of [1, 20, 60, 100]) assert.equal(shareOf(turns, 10_240).tokens, 1_100);
});

const SENTENCES = [
  "The weir was built by monks.",
  "It leaks at spring tide.",
  "Kobal mends it with eel skins.",
  "Nobody pays him.",
];

function lore(unit_id: number, words: string[], text = SENTENCES.join(" ")): LoreHit {
  return { unit_id, heading: "", text, known_to: "", score: 10 - unit_id, words };
}
function memory(unit_id: number, text: string): MemoryHit {
  return { unit_id, message_id: unit_id, role: "user", text, turns_ago: 9, score: 10 - unit_id, words: [] };
}
function chosen(lore: LoreHit[], memories: MemoryHit[], recall_tokens: number) {
  return choosePieces({ lore, memories, took_ms: 1 }, [], new Set(), SMITH, {
    lore_tokens: 400,
    memory_tokens: 400,
    recall_tokens,
  });
}

Deno.test("where they have little together, a piece is told by the sentences around what called it", () => {
  const rows: [words: string[], tokens: number, told: string][] = [
    [["kobal"], 400, SENTENCES.join(" ")],
    [["kobal"], 24, "It leaks at spring tide. Kobal mends it with eel skins. Nobody pays him."],
    [["weir"], 24, "The weir was built by monks. It leaks at spring tide. Kobal mends it with eel skins."],
  ];
  for (const [words, tokens, told] of rows) {
    assert.deepEqual(
      chosen([lore(1, words)], [], tokens).lore.map(({ text }) => text),
      [told],
      `${words} ${tokens}`,
    );
  }
});

Deno.test("the best of both go before the others of either, and neither has more than half while the other wants it", () => {
  const pieces = [1, 2, 3, 4].map((id) =>
    lore(id, [], `Piece ${id} tells of the mud, the tide, the rope and of the old lamp.`)
  );
  const said = [11, 12, 13, 14].map((id) =>
    memory(id, `I count eel number ${id} by the weir and put it into the wet sack.`)
  );
  const rows: [tokens: number, lore: number[], memories: number[]][] = [
    [160, [1, 2, 3, 4], [11, 12, 13, 14]],
    [118, [1, 2], [11, 12, 13]],
    [102, [1, 2], [11, 12, 13]],
  ];
  for (const [tokens, lore, memories] of rows) {
    const { lore: in_lore, memories: in_memories, sent } = chosen(pieces, said, tokens);
    assert.deepEqual([in_lore, in_memories].map((hits) => hits.map(({ unit_id }) => unit_id)), [
      lore,
      memories,
    ]);
    assert.ok(sent.reduce((sum, piece) => sum + piece.tokens, 0) <= tokens, String(tokens));
  }
  // What one does not want the other has.
  assert.deepEqual(chosen(pieces, [], 144).lore.length, 4);
  assert.deepEqual(chosen([], said, 144).memories.length, 4);
});
