/** Why a reply is what it is: pieces and parts with their shares, and the same in words. */

import assert from "node:assert/strict";
import type { LeftOutReason } from "../../../brain/memory/recall.ts";
import type { Assembled } from "../../../brain/prompt/assemble.ts";
import { buildWhy, type WhyInput } from "../../../brain/prompt/why.ts";
import { describeWhy } from "../../../brain/prompt/why_words.ts";
import type { WhyPiece } from "../../../shared/protocol.ts";

const LORE = {
  unit_id: 7,
  heading: "The bell",
  text: "It rings.",
  known_to: "",
  score: 2,
  words: ["Bell", "fog"],
};
const FACT = {
  fact_id: 3,
  message_id: 5,
  turns_ago: 4,
  text: "Maren owes Noah two eels",
};

function assembled(part: Partial<Assembled>): Assembled {
  return {
    messages: [],
    sections: [
      { name: "base_rules", tokens: 30 },
      { name: "rules", tokens: 10 },
      { name: "history", tokens: 40 },
      { name: "lore", tokens: 9 },
    ],
    tokens: 100,
    dropped: [],
    lore_ids: [7],
    memory_ids: [],
    sent: [
      { kind: "lore", id: 7, quote: "It rings.", tokens: 8 },
      { kind: "fact", id: 3, quote: FACT.text, tokens: 6 },
    ],
    unsent: [],
    ...part,
  };
}

function input(part: Partial<WhyInput> = {}): WhyInput {
  return {
    message_id: 9,
    turn: 6,
    model: "fake/one",
    tokens: 100,
    window: 8_192,
    searched: 1_204,
    assembled: assembled({}),
    recalled: { lore: [LORE], memories: [], took_ms: 1 },
    facts: [FACT],
    story: [],
    line: "I ring the bell.",
    history_turns: 1,
    ...part,
  };
}

Deno.test("pieces and parts share the tokens; facts are pinned; what is unknown is passed over", () => {
  const why = buildWhy(input());
  assert.deepEqual(
    why.recalled.map(({ kind, id, quote, tokens, pinned, words, page_words, turns_ago, message_id }) => [
      kind,
      id,
      quote,
      tokens,
      pinned,
      words,
      page_words,
      turns_ago,
      message_id,
    ]),
    [
      ["lore", "l7", "It rings.", 8, false, ["Bell"], ["fog"], 0, null],
      ["fact", "f3", "Maren owes Noah two eels", 6, true, [], [], 4, 5],
    ],
  );
  assert.deepEqual(why.recalled.map(({ speaker, known_to }) => [speaker, known_to]), [["", ""], ["", ""]]);
  assert.deepEqual(why.parts, [
    { name: "rules", tokens: 40 },
    { name: "history", tokens: 40 },
    { name: "frame", tokens: 6 },
  ]);
  assert.deepEqual(why.story, []);
  const strange = buildWhy(input({
    facts: [],
    assembled: assembled({
      unsent: [{ kind: "memory", id: 99, over: 4 }, { kind: "lore", id: 7, over: null }],
    }),
  }));
  assert.deepEqual(strange.recalled.map(({ id }) => id), ["l7"]);
  assert.deepEqual(strange.left_out.map(({ id, reason }) => [id, reason]), [
    ["l7", "still on the page the narrator reads"],
  ]);
});

Deno.test("the story so far has its part's tokens, shared out by length", () => {
  const why = buildWhy(input({
    assembled: assembled({ sections: [{ name: "story", tokens: 30 }], sent: [], tokens: 30 }),
    tokens: 60,
    story: [
      { text: "One two three four.", last_id: 4, turns_ago: 5 },
      { text: "One two three four. One two three four.", last_id: 8, turns_ago: 1 },
    ],
  }));
  assert.deepEqual(why.parts, [{ name: "story", tokens: 60 }, { name: "frame", tokens: 0 }]);
  assert.deepEqual(
    why.story.map(({ kind, message_id, turns_ago, tokens }) => [kind, message_id, turns_ago, tokens]),
    [
      ["summary", 4, 5, 20],
      ["summary", 8, 1, 40],
    ],
  );
});

const PIECE: WhyPiece = {
  kind: "memory",
  id: "m1",
  message_id: 1,
  role: "user",
  speaker: "",
  heading: "",
  known_to: "",
  turns_ago: 1,
  quote: "I wait.",
  words: [],
  page_words: [],
  fact: "",
  pinned: false,
  tokens: 5,
  score: 1,
  split: [],
  reason: "",
};

Deno.test("what something later took the place of, and what took it, stand among those left out, however many are worth more", () => {
  const left = (unit_id: number, score: number, reason: LeftOutReason) => ({
    kind: "memory" as const,
    unit_id,
    message_id: unit_id,
    role: "user" as const,
    heading: "",
    text: "I wait.",
    turns_ago: 1,
    score,
    words: ["wait"],
    reason,
  });
  const others = Array.from({ length: 12 }, (_, i) => left(i + 1, 20 - i, "below_floor"));
  const left_out = [...others, left(50, 1, "superseded"), left(51, 1.5, "visible")];
  const why = buildWhy(input({ recalled: { lore: [LORE], memories: [], took_ms: 1, left_out } }));
  assert.deepEqual(why.left_out.map(({ id }) => id), ["m1", "m2", "m3", "m4", "m5", "m6", "m51", "m50"]);
  const faint = [{ ...left(1, 2, "below_floor"), words: ["bell"] }, {
    ...left(2, 1, "below_floor"),
    words: [],
  }, {
    ...left(3, 0.5, "superseded"),
    words: [],
  }];
  const said =
    buildWhy(input({ recalled: { lore: [], memories: [], took_ms: 1, left_out: faint } })).left_out;
  const none = said.map(({ reason }) => /no rare word/.test(reason));
  assert.deepEqual(none, [false, true, false], said.map(({ reason }) => reason).join("; "));
});

Deno.test("an answer that was late is called late, with or without pieces; a record is quoted as it was sent", () => {
  for (const lore of [[], [LORE]]) {
    for (const late of [true, false, undefined]) {
      const why = buildWhy(input({ recalled: { lore, memories: [], took_ms: 150, late } }));
      assert.equal(why.late, late === true);
    }
  }
  const memory = { ...LORE, message_id: 4, role: "user" as const, turns_ago: 2 };
  const why = buildWhy(input({
    recalled: { lore: [LORE], memories: [memory], took_ms: 150, late: true },
    story: [{ text: "Ida owes Maren.\nScene: a feast <|im_end|>", last_id: 4, turns_ago: 5 }],
  }));
  assert.ok(why.late);
  assert.equal(why.story[0].quote, "Ida owes Maren.\n> Scene: a feast < |im_end| >");
});

Deno.test("a word that stands in every line is no reason: what it alone called is too faint", () => {
  const left = (unit_id: number, words: string[]) => ({
    kind: "lore" as const,
    unit_id,
    message_id: null,
    role: null,
    heading: "",
    text: "It rings.",
    turns_ago: 0,
    score: 9 - unit_id,
    words,
    reason: "below_floor" as const,
  });
  const reasons = (line: string) => {
    const left_out = [left(1, ["go", "bell"]), left(2, ["go"])];
    const why = buildWhy(input({ line, recalled: { lore: [LORE], memories: [], took_ms: 1, left_out } }));
    return why.left_out.map(({ words, reason }) => [words, reason]);
  };
  assert.deepEqual(reasons("I go to the bell."), [
    [["bell"], "too faint beside the others"],
    [[], "too faint: no rare word of yours is in it"],
  ]);
  // Who asks means every word.
  assert.deepEqual(reasons("Where does the bell go?").map(([words]) => words), [["go", "bell"], ["go"]]);
});

Deno.test("the page in words, line by line", () => {
  const why = buildWhy(input());
  const rows: [Partial<typeof why>, string[]][] = [
    [{ recalled: [PIECE], parts: [{ name: "history", tokens: 1_200 }] }, [
      "Why this reply: turn 6, 100 of 8,192 tokens, fake/one.",
      "Remembered: 1 of 1,204, 5 tokens.",
      '  you, 1 turn ago: "I wait." [m1]',
      "Always there: last 1 turn 1,200.",
    ]],
    [{
      recalled: [],
      left_out: [{ ...PIECE, role: "assistant", turns_ago: 2, reason: "too faint", words: ["wait"] }],
      parts: [{ name: "frame", tokens: 3 }],
    }, [
      "Why this reply: turn 6, 100 of 8,192 tokens, fake/one.",
      "Remembered: nothing of 1,204; your words called nothing.",
      "Left out:",
      '  the narrator, 2 turns ago: "I wait." (too faint; you named: wait) [m1]',
      "Always there: labels 3.",
    ]],
    [{ recalled: [], late: true, parts: [], history_turns: 0 }, [
      "Why this reply: turn 6, 100 of 8,192 tokens, fake/one.",
      "Remembered: memory was not ready in time; the reply was told without it.",
      "Always there: .",
    ]],
    [{ recalled: [{ ...PIECE, tokens: 8 }], late: true, parts: [], history_turns: 0 }, [
      "Why this reply: turn 6, 100 of 8,192 tokens, fake/one.",
      "Remembered: by words alone; what your line means was not known in time.",
      "Remembered: 1 of 1,204, 8 tokens.",
      '  you, 1 turn ago: "I wait." [m1]',
      "Always there: .",
    ]],
    [{
      recalled: [
        { ...PIECE, kind: "lore", heading: "The bell", id: "l7", page_words: ["fog", "mud"] },
        { ...PIECE, kind: "lore", id: "l8", pinned: true },
        { ...PIECE, kind: "fact", id: "f3", fact: "Maren owes Noah" },
        { ...PIECE, speaker: "Maren", role: "assistant", quote: '"Wait," says Maren.' },
      ],
      parts: [{ name: "history", tokens: 1 }, { name: "story", tokens: 2 }],
      history_turns: 2,
    }, [
      "Why this reply: turn 6, 100 of 8,192 tokens, fake/one.",
      "Remembered: 4 of 1,204, 20 tokens.",
      '  lore, The bell: "I wait." (the page names: fog, mud) [l7]',
      '  lore: "I wait." (pinned) [l8]',
      '  noted, 1 turn ago: "I wait." (known: Maren owes Noah) [f3]',
      '  Maren, 1 turn ago: “"Wait," says Maren.” [m1]',
      "Always there: last 2 turns 1 · story so far 2.",
    ]],
  ];
  for (const [part, lines] of rows) assert.deepEqual(describeWhy({ ...why, ...part }).split("\n"), lines);
});
