import assert from "node:assert/strict";
import {
  type BudgetOptions,
  estimateTokens,
  leastTokens,
  loadTokenizer,
  makeBudget,
  MESSAGE_OVERHEAD,
  type PathMessage,
  planHistory,
  serverCut,
  tokenScale,
} from "../../../brain/prompt/budget.ts";
import { chanceOf, prose } from "./story_maker.ts";

// Before any test loads it.
const unloaded = [
  estimateTokens(""),
  estimateTokens("abcd"),
  estimateTokens("abcde"),
  estimateTokens("x".repeat(401)),
];

const OPTIONS: BudgetOptions = {
  max_context_tokens: 0,
  reply_words: { min: 80, max: 160 },
  lore_tokens: 500,
  memory_tokens: 600,
  fixed: 900,
};

/** Messages of alternating roles, first the player's; `tokens` each. */
function story(count: number, tokens: number, first: "user" | "assistant" = "user"): PathMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    role: (i % 2 === 0) === (first === "user") ? "user" : "assistant",
    content: `message ${i + 1}`,
    tokens,
    status: "complete",
  }));
}

Deno.test("before the tokenizer is loaded four characters are a token", () => {
  assert.deepEqual(unloaded, [0, 1, 2, 101]);
});

Deno.test("tokens are o200k_base's, special tokens are plain text", async () => {
  await loadTokenizer();
  const rows: [string, number][] = [
    ["", 0],
    ["hello world", 2],
    ["You open the door.", 5],
    ["a <|endoftext|> b", 9],
  ];
  for (const [text, tokens] of rows) assert.equal(estimateTokens(text), tokens, text);
  // A piece never ends within a character.
  assert.equal(estimateTokens("x" + "😀".repeat(400)), 1 + 400 * estimateTokens("😀"));
  // Cutting long texts into pieces costs next to nothing.
  const long = prose(chanceOf(7), 4_000);
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  assert.ok(Math.abs(estimateTokens(long) / countTokens(long) - 1) < 0.02);
});

Deno.test("no line of words with blanks between them has fewer tokens than the least that it is said to have", async () => {
  await loadTokenizer();
  const parts = [
    ..."aZ09.,!?'’\"/-:;()*~\\_é鴨ー🦆\u200d\ud83d",
    "the",
    "'s",
    "://",
    "<|endoftext|>",
    "NASA",
    "über",
  ];
  for (let seed = 1; seed <= 2000; seed++) {
    const chance = chanceOf(seed);
    const word = () =>
      Array.from({ length: 1 + Math.floor(chance() * 4) }, () => parts[Math.floor(chance() * parts.length)])
        .join("");
    const line = Array.from({ length: 1 + Math.floor(chance() * 150) }, word).join(" ");
    assert.ok(leastTokens(line) <= estimateTokens(line), `seed ${seed}: ${line}`);
  }
  assert.equal(leastTokens("- the duck, 3 turns ago: Quack."), 7);
});

Deno.test("hostile texts of a megabyte are counted in reasonable time", async () => {
  await loadTokenizer();
  const chance = chanceOf(11);
  let letters = "";
  while (letters.length < 1 << 18) letters += String.fromCharCode(97 + Math.floor(chance() * 26));
  const rows: [string, string][] = [
    ["one letter", "a".repeat(1 << 20)],
    ["random letters", letters],
    ["line breaks", "\n".repeat(1 << 20)],
    ["emoji", "🌊".repeat(1 << 18)],
    ["lone surrogates", "\ud800".repeat(1 << 16)],
    ["special tokens", "<|endoftext|>".repeat(1 << 15)],
  ];
  for (const [name, text] of rows) {
    const started = performance.now();
    assert.ok(estimateTokens(text) > text.length / 300, name);
    const took_ms = performance.now() - started;
    assert.ok(took_ms < 10_000, `${name}: ${took_ms} ms`);
  }
});

Deno.test("a window is shared out: reply, lore, memories, four percent of slack, and history has the rest", () => {
  const rows: [number, Partial<BudgetOptions>, Record<string, number>][] = [
    [10_240, {}, { reply: 480, lore: 500, memories: 600, recall: 1100, history: 7350, over: 0 }],
    // In a smaller window the history may take part of what lore and memories might have.
    [10_239, {}, { lore: 500, memories: 600, recall: 144, history: 8305 }],
    [8192, {}, { context: 8192, reply: 480, lore: 500, memories: 600, recall: 144, history: 6340, over: 0 }],
    [6144, {}, { lore: 500, memories: 600, recall: 144, history: 4374 }],
    [4096, {}, { context: 4096, reply: 480, lore: 409, memories: 409, recall: 144, history: 2408, over: 0 }],
    [3000, {}, { lore: 300, memories: 300, recall: 144, history: 1356, over: 0 }],
    [2999, {}, { lore: 299, memories: 299, recall: 598, history: 901, over: 0 }],
    [128_000, { max_context_tokens: 16_384 }, { context: 16_384, reply: 480, history: 13_248 }],
    [8192, { max_context_tokens: 16_384 }, { context: 8192 }],
    [100, {}, { context: 1024, reply: 256 }],
    [4096, { reply_words: { min: 1, max: 5_000 } }, { reply: 1024 }],
    [4096, { lore_tokens: 100, memory_tokens: 0 }, { lore: 100, memories: 0, recall: 100, history: 2452 }],
    [4096, { lore_tokens: 0, memory_tokens: 0 }, { lore: 0, memories: 0, history: 2552 }],
    // Fixed parts too long: lore and memories give way, then the prompt is over.
    [4096, { fixed: 2_600 }, { lore: 170, memories: 170, recall: 144, history: 708, over: 0 }],
    [8192, { fixed: 6_000 }, { lore: 163, memories: 197, recall: 144, history: 1240, over: 0 }],
    [4096, { fixed: 3_000 }, { lore: 0, memories: 0, history: 512, over: 60 }],
    [4096, { fixed: 9_000 }, { lore: 0, memories: 0, history: 512, over: 6_060 }],
  ];
  for (const [context, options, expected] of rows) {
    const budget: Record<string, number> = { ...makeBudget(context, { ...OPTIONS, ...options }) };
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(
        budget[key],
        value,
        `${context} ${JSON.stringify(options)} ${key}: ${JSON.stringify(budget)}`,
      );
    }
  }
});

Deno.test("what is shared out never exceeds the window unless it says so", () => {
  for (let context = 1024; context < 40_000; context += 777) {
    for (const fixed of [0, 500, 900, 3_000]) {
      const b = makeBudget(context, { ...OPTIONS, fixed });
      assert.equal(
        b.reply + b.recall + b.history + fixed <= context,
        b.over === 0 || b.over < context * 0.04,
      );
      assert.ok(
        b.lore + b.memories <= context * 0.2 && b.history >= Math.floor(context / 8) &&
          b.reply <= context / 4,
      );
      assert.ok(
        b.recall <= b.lore + b.memories &&
          [b.reply, b.lore, b.memories, b.recall, b.history].every((n) => Number.isInteger(n) && n >= 0),
      );
    }
  }
});

Deno.test("a story that fits is kept whole, to the last token", () => {
  const path = story(10, 96);
  const whole = 10 * (96 + MESSAGE_OVERHEAD);
  assert.deepEqual(planHistory(path, { history_tokens: whole }), {
    kept: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    dropped: [],
  });
  // Half the history's budget is the step here: 499.5, rounded down to 448; a turn is 192.
  assert.deepEqual(planHistory(path, { history_tokens: whole - 1 }), {
    kept: [7, 8, 9, 10],
    dropped: [1, 2, 3, 4, 5, 6],
  });
  assert.deepEqual(planHistory([], { history_tokens: 100 }), { kept: [], dropped: [] });
});

Deno.test("cuts stand a step apart, counted from the first message of the story", () => {
  const rows: [number, number][] = [
    [10_000, 321], // a step of 2,560: 30,720 tokens lie before message 321
    [8_100, 321], // a step of 2,048, and what is kept is exactly what fits
    [8_099, 343],
    [40_000, 109], // 10,240
  ];
  const path = story(401, 96);
  for (const [history_tokens, first] of rows) {
    assert.equal(planHistory(path, { history_tokens }).kept[0], first, String(history_tokens));
  }
  const opened = story(10, 96, "assistant");
  assert.equal(planHistory(opened, { history_tokens: 1_000 }).kept.length, 10);
});

Deno.test("a story is cut where the player speaks, never between a line and its reply", () => {
  for (const first of ["user", "assistant"] as const) {
    for (let history_tokens = 300; history_tokens < 4_000; history_tokens += 61) {
      const path = story(41, 96, first).slice(0, first === "user" ? 41 : 40);
      const { kept, dropped } = planHistory(path, { history_tokens });
      assert.deepEqual([...dropped, ...kept], path.map((message) => message.id));
      assert.ok(kept.length * 100 <= history_tokens);
      assert.equal(path[kept[0] - 1].role, "user");
    }
  }
});

Deno.test("the newest line is kept however long it is, with the lines it is joined to", () => {
  const rows: [[PathMessage["role"], string, number][], number[]][] = [
    [[["user", "long", 5_000]], [1]],
    [[["user", "a", 10], ["assistant", "b", 10], ["user", "long", 5_000]], [3]],
    [[["user", "a", 10], ["assistant", "long", 5_000], ["user", "c", 10]], [3]],
    [
      [["user", "a", 10], ["assistant", "b", 900], ["user", "c", 60], ["assistant", "", 0], [
        "user",
        "d",
        60,
      ]],
      [3, 5],
    ],
    [[["user", "a", 10], ["assistant", "b", 10], ["user", "c", 10], ["assistant", "long", 5_000]], [3, 4]],
    [[["assistant", "long", 5_000]], [1]],
    [[["assistant", "long", 5_000], ["user", "a", 10]], [2]],
  ];
  for (const [messages, expected] of rows) {
    const path = messages.map(([role, content, tokens], i): PathMessage => ({
      id: i + 1,
      role,
      content,
      tokens,
      status: content ? "complete" : "failed",
    }));
    assert.deepEqual(planHistory(path, { history_tokens: 200 }).kept, expected, JSON.stringify(messages));
  }
});

Deno.test("messages without anything to read are neither kept nor dropped", () => {
  const path = story(6, 10);
  path[1].content = "";
  path[2].content = " \n\t";
  path[4].content = "\u200b\x85";
  assert.deepEqual(planHistory(path, { history_tokens: 1_000 }), { kept: [1, 4, 6], dropped: [] });
});

Deno.test("messages that were never counted are counted", () => {
  const path = story(4, 0);
  path[0].content = prose(chanceOf(3), 3_000);
  assert.deepEqual(planHistory(path, { history_tokens: 500 }).kept, [3, 4]);
});

Deno.test("the tail of a path is cut where the whole path would be", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const chance = chanceOf(seed);
    const path = story(300, 0).map((message) => ({ ...message, tokens: 5 + Math.floor(chance() * 300) }));
    const whole = planHistory(path, { history_tokens: 5_000 });
    let start = path.length;
    for (let sum = 0; sum < 12_000; sum += path[start].tokens) start -= 1;
    const tokens_above = path.slice(0, start).reduce((sum, message) => sum + message.tokens, 0);
    const tail = planHistory(path.slice(start), { history_tokens: 5_000, tokens_above });
    assert.deepEqual(tail.kept, whole.kept, `seed ${seed}`);
    assert.deepEqual(tail.dropped, whole.dropped.slice(start), `seed ${seed}`);
  }
});

Deno.test("a little more or less room moves no cut", () => {
  const path = story(400, 100);
  const plans = new Set<number>();
  for (let history_tokens = 5_400; history_tokens < 5_500; history_tokens += 10) {
    plans.add(planHistory(path, { history_tokens }).kept[0]);
  }
  assert.equal(plans.size, 1);
});

Deno.test("long stories are planned fast", () => {
  const path = story(20_000, 120);
  const started = performance.now();
  for (let i = 0; i < 10; i++) planHistory(path, { history_tokens: 6_000 });
  assert.ok(performance.now() - started < 10_000);
});

Deno.test("the scale follows the provider's count within 0.5 and 2 and rests within 5 percent", () => {
  const rows: [number, number, number | undefined, number][] = [
    [1_000, 1_200, undefined, 1.2],
    [1_000, 1_040, undefined, 1],
    [1_000, 960, undefined, 1],
    [1_000, 940, undefined, 0.94],
    [1_000, 1_200, 1.19, 1.19],
    [1_000, 1_000, 1.2, 1],
    [1_000, 9_000, undefined, 2],
    [1_000, 1, undefined, 0.5],
    [0, 1_000, 1.3, 1.3],
    [1_000, 0, 1.3, 1.3],
    [1_000, NaN, 1.3, 1.3],
  ];
  for (const [estimated, reported, before, scale] of rows) {
    assert.equal(tokenScale(estimated, reported, before), scale, `${estimated} ${reported} ${before}`);
  }
});

Deno.test("a server that counts more than 15 percent less has cut the prompt", () => {
  const rows: [number, number, number | null][] = [
    [6_000, 4_096, 4_096],
    [1_000, 850, null],
    [1_000, 849, 849],
    [1_000, 1_000, null],
    [1_000, 2_000, null],
    [1_000, 0, null],
    [1_000, 255, null],
    [1_000, 256, 256],
  ];
  for (const [estimated, reported, window] of rows) {
    assert.equal(serverCut(estimated, reported), window, `${estimated} ${reported}`);
  }
});
