/** Room for the story so far, the cut that comes next, and figures that add up. */

import assert from "node:assert/strict";
import {
  estimateTokens,
  fitStory,
  makeBudget,
  nextCut,
  type PathMessage,
  planHistory,
  STORY_TOKENS,
  summaryWords,
} from "../../../brain/prompt/budget.ts";
import { apportion } from "../../../brain/prompt/why.ts";

Deno.test("the story so far has a tenth of the window, at most 810 tokens and a third of the history", () => {
  const options = {
    max_context_tokens: 0,
    reply_words: { min: 80, max: 160 },
    lore_tokens: 500,
    memory_tokens: 600,
    fixed: 900,
  };
  for (
    const [context, fixed, story] of [
      [32_768, 900, 810],
      [8_110, 900, 810],
      [8_100, 900, 810],
      [8_090, 900, 809],
      [4_096, 900, 409],
      [4_096, 4_000, 170],
      [1_024, 900, 42],
    ]
  ) {
    const budget = makeBudget(context, { ...options, fixed });
    assert.equal(budget.story, story, `${context} ${fixed}`);
    assert.ok(budget.story * 3 <= budget.history);
  }
  assert.equal(STORY_TOKENS, 810);
});

Deno.test("a record has 120 words where there is room, fewer in a small window, thirty at least", () => {
  for (
    const [tokens, words] of [[810, 120], [809, 119], [405, 60], [202, 30], [196, 30], [0, 30], [9_000, 120]]
  ) {
    assert.equal(summaryWords(tokens, 120), words, String(tokens));
  }
});

function story(turns: number, tokens: number): PathMessage[] {
  return Array.from({ length: turns * 2 }, (_, i) => ({
    id: i + 1,
    role: i % 2 === 0 ? "user" : "assistant",
    content: "x",
    tokens,
    status: "complete",
  }));
}

Deno.test("the next cut is foretold as it will fall, also where only the tail of the path is known", () => {
  for (const history_tokens of [600, 1_000, 2_500]) {
    let foretold = nextCut([], 0, { history_tokens });
    let cuts = 0;
    for (let turns = 1; turns <= 60; turns++) {
      // Ends with the player's line.
      const path = story(turns, 50).slice(0, -1);
      const { kept } = planHistory(path, { history_tokens });
      const cut = turns > 1 &&
        kept[0] !== planHistory(story(turns - 1, 50).slice(0, -1), { history_tokens }).kept[0];
      if (cut) {
        cuts += 1;
        assert.equal(foretold?.first_id, kept[0], `${history_tokens} ${turns}`);
        assert.ok(foretold!.room < 2 * 54, `${foretold!.room}`);
      }
      foretold = nextCut(path, kept[0], { history_tokens });
      const start = path.findIndex(({ id }) => id === kept[0]);
      assert.deepEqual(
        nextCut(path.slice(start), kept[0], { history_tokens, tokens_above: start * 50 }),
        foretold,
      );
    }
    assert.ok(cuts >= 2, String(cuts));
  }
});

Deno.test("no cut is foretold of what is not told yet", () => {
  assert.equal(nextCut([], 1, { history_tokens: 600 }), null);
  assert.equal(nextCut(story(1, 50), 1, { history_tokens: 600 }), null);
  assert.equal(nextCut(story(9, 50), 99, { history_tokens: 600 }), null);
});

Deno.test("texts that fit stay as they are; of others the longest lose whole sentences", () => {
  const short = "Ida sold the boat. Maren knows it.";
  const long = "The tide turned over the mud. ".repeat(20).trim();
  assert.deepEqual(fitStory([], 10), []);
  const exactly = estimateTokens(short) + 2;
  assert.deepEqual(fitStory([short], exactly), [short]);
  const [kept, cut] = fitStory([short, long], 80);
  assert.equal(kept, short);
  assert.ok(cut.length > 40 && long.startsWith(cut) && cut.endsWith("mud."), cut);
  assert.ok(estimateTokens(kept) + estimateTokens(cut) + 4 <= 80);
  assert.deepEqual(fitStory([short, long], 80), [kept, cut]);
  // It ends, whatever it is given.
  assert.equal(fitStory(["x".repeat(5_000), "y".repeat(39)], 1).length, 2);
});

Deno.test("shares are whole numbers that add up, the largest remainders first", () => {
  const rows: [number[], number, number[]][] = [
    [[1, 1, 1], 10, [4, 3, 3]],
    [[3, 2, 1], 6, [3, 2, 1]],
    [[1, 2], 2, [1, 1]],
    [[10, 10], 0, [0, 0]],
    [[0, 5], 3, [0, 3]],
    [[0, 0], 7, [0, 7]],
    [[5], 9, [9]],
    [[], 0, []],
    [[2, 2, 2], 4, [2, 1, 1]],
  ];
  for (const [weights, total, shares] of rows) assert.deepEqual(apportion(weights, total), shares);
});
