import assert from "node:assert/strict";
import type { Character, Rule, World } from "../../../shared/story.ts";
import { assemble, type Assembled, fixedTokens, type PromptParts } from "../../../brain/prompt/assemble.ts";
import { estimateTokens, loadTokenizer, makeBudget, planHistory } from "../../../brain/prompt/budget.ts";
import { recallTokens } from "../../../brain/prompt/recall_share.ts";
import { fill } from "../../../brain/prompt/sections.ts";
import type { LoreHit, MemoryHit, Recalled } from "../../../brain/memory/recall.ts";
import { type Chance, chanceOf, type Node, pick, prose, StoryTree } from "./story_maker.ts";

const WORLD: World = {
  id: "marsh",
  name: "Salt Marsh",
  hook: "",
  lore: "",
  start_message: "",
  scene: "Evening.\n\nThe tide is out; {{user}} is late.",
  system_prompt: "Slow and {{CHAR}}.",
  characters: [],
  narrator: null,
};
const CLERK: Character = {
  id: "clerk",
  name: "Ada Brill",
  persona: "Exact. {{user}} writes.",
  secret: "Forged\na name.",
};
const BASE = "You narrate for {{user}}.\n8. One beat: 80 to 160 words, one to three paragraphs.";
const WORDS = { min: 80, max: 160 };
const RECALL_ALL = { lore_tokens: 1_000, memory_tokens: 1_000 };

function partsOf(tree: StoryTree, more: Partial<PromptParts> = {}): PromptParts {
  const path = tree.path();
  return {
    base_rules: BASE,
    rules: [],
    world: WORLD,
    character: CLERK,
    path,
    kept: path.map((message) => message.id),
    recalled: null,
    reply_words: WORDS,
    ...more,
  };
}

function told(...messages: [role: "user" | "assistant", content: string][]): StoryTree {
  const tree = new StoryTree(estimateTokens);
  for (const [role, content] of messages) tree.add(role, content, content ? "complete" : "failed");
  return tree;
}

function lore(unit_id: number, heading: string, text: string, known_to = ""): LoreHit {
  return { unit_id, heading, text, known_to, score: 1, words: [] };
}
function memory(
  unit_id: number,
  message_id: number,
  turns_ago: number,
  text: string,
  role: "user" | "assistant" = "user",
): MemoryHit {
  return { unit_id, message_id, role, text, turns_ago, score: 1, words: [] };
}
function recalled(lore: LoreHit[], memories: MemoryHit[]): Recalled {
  return { lore, memories, took_ms: 1 };
}

const REMINDER = "Go on from the player's line: 80 to 160 words, second person, present tense. " +
  "Ada Brill belongs to the player. End on something to answer.";

Deno.test("the whole prompt of a first line, word for word", () => {
  const rules: Rule[] = [{ id: "slow", name: "Slow", prompt: "Nothing hurries {{user}}." }, {
    id: "void",
    name: "Void",
    prompt: "  ",
  }];
  const { messages, sections, dropped, lore_ids, memory_ids } = assemble(
    partsOf(told(["assistant", "You stand at the gate, {{user}}."], ["user", "I look at {{char}}."]), {
      rules,
      recalled: recalled(
        [
          lore(7, "The bell", "The bell of {{user}} is gone."),
          lore(8, "Tide", "It comes at nine.", "Kobal, the ferryman"),
        ],
        [
          memory(31, 901, 2, "The rope\nsnaps.", "assistant"),
          memory(33, 899, 2, "I pull."),
          memory(30, 900, 12, "I hide {{user}}'s key."),
          memory(32, 902, 1, "I wait."),
        ],
      ),
    }),
    RECALL_ALL,
  );
  assert.deepEqual(messages, [
    {
      role: "system",
      content: `You narrate for Ada Brill.
8. One beat: 80 to 160 words, one to three paragraphs.

Rules of this story:
Nothing hurries Ada Brill.

The world:
Slow and the narrator.

The player's character: Ada Brill.
Exact. Ada Brill writes.
Known to Ada Brill alone, nobody else has heard of it: Forged a name.`,
    },
    { role: "user", content: "Begin the story." },
    { role: "assistant", content: "You stand at the gate, {{user}}." },
    {
      role: "user",
      content: `Scene: Evening. The tide is out; Ada Brill is late.

Lore (true, use if it fits):
- The bell of Ada Brill is gone.
- Tide: It comes at nine. (Known to: Kobal, the ferryman; nobody else.)

Earlier, not now:
- Ada Brill, 12 turns ago: I hide {{user}}'s key.
- Ada Brill, 2 turns ago: I pull.
- narrator, 2 turns ago: The rope snaps.
- Ada Brill, 1 turn ago: I wait.

${REMINDER}

I look at {{char}}.`,
    },
  ]);
  assert.deepEqual(sections.map((section) => section.name), [
    "base_rules",
    "rules",
    "world",
    "character",
    "history",
    "scene",
    "lore",
    "memories",
    "reminder",
  ]);
  assert.deepEqual([dropped, lore_ids, memory_ids], [[], [7, 8], [31, 33, 30, 32]]);
});

Deno.test("a prompt with nothing but a player's line has no empty sections", () => {
  const { messages } = assemble(
    partsOf(told(["user", "Hello."]), {
      base_rules: "",
      world: { ...WORLD, scene: "", system_prompt: "" },
      character: { ...CLERK, persona: "", secret: "" },
      recalled: recalled([], []),
    }),
    RECALL_ALL,
  );
  assert.deepEqual(messages, [
    { role: "system", content: "The player's character: Ada Brill." },
    { role: "user", content: `${REMINDER}\n\nHello.` },
  ]);
});

Deno.test("the scene is told until the first player's line has been answered", () => {
  const rows: [[role: "user" | "assistant", content: string][], boolean, boolean?][] = [
    [[["user", "a"]], true],
    [[["assistant", "start"], ["user", "a"]], true],
    [[["assistant", "start"], ["user", "a"], ["assistant", ""], ["user", "b"]], true],
    [[["user", "a"], ["assistant", "b"], ["user", "c"]], false],
    [[["assistant", "start"], ["user", "a"], ["assistant", "b"], ["user", "c"]], false],
    [[["assistant", "start"], ["user", "a"], ["assistant", "b"]], true, true],
    [[["user", "a"], ["assistant", "b"], ["user", "c"], ["assistant", "d"]], false, true],
  ];
  for (const [messages, expected, continue_reply] of rows) {
    const last = assemble(partsOf(told(...messages), { continue_reply }), RECALL_ALL).messages.at(-1);
    assert.equal(last?.content.startsWith("Scene: Evening. The tide"), expected, JSON.stringify(messages));
  }
  // What was cut from the history was answered all the same.
  const tree = told(["user", "a"], ["assistant", "b"], ["user", "c"]);
  assert.ok(!assemble(partsOf(tree, { kept: [3] }), RECALL_ALL).messages[1].content.includes("Scene:"));
});

Deno.test("consecutive lines are joined, empty replies left out, dropped messages named", () => {
  const tree = told(
    ["assistant", "Start."],
    ["user", "One."],
    ["assistant", "Two."],
    ["user", "Three."],
    ["assistant", ""],
    ["user", "Four."],
    ["assistant", " \n"],
    ["user", "Five."],
  );
  const all = assemble(partsOf(tree), RECALL_ALL);
  assert.deepEqual(all.messages.slice(1), [
    { role: "user", content: "Begin the story." },
    { role: "assistant", content: "Start." },
    { role: "user", content: "One." },
    { role: "assistant", content: "Two." },
    { role: "user", content: `${REMINDER}\n\nThree.\n\nFour.\n\nFive.` },
  ]);
  const cut = assemble(partsOf(tree, { kept: [4, 6, 8] }), RECALL_ALL);
  assert.deepEqual(cut.messages.slice(1).map((message) => message.role), ["user"]);
  assert.deepEqual(cut.dropped, [1, 2, 3]);
});

Deno.test("two replies in a row, left by an empty line, are joined", () => {
  const { messages } = assemble(
    partsOf(told(["user", "a"], ["assistant", "b"], ["user", " "], ["assistant", "c"], ["user", "d"])),
    RECALL_ALL,
  );
  assert.deepEqual(messages.slice(1, 3), [{ role: "user", content: "a" }, {
    role: "assistant",
    content: "b\n\nc",
  }]);
});

Deno.test("/continue leaves the reply last and asks for what follows it", () => {
  const tree = told(["user", "I run."], ["assistant", "You run as far as the "]);
  const { messages, sections } = assemble(partsOf(tree, { continue_reply: true }), RECALL_ALL);
  assert.deepEqual(messages.slice(1, 3), [
    { role: "user", content: "I run." },
    { role: "assistant", content: "You run as far as the" },
  ]);
  assert.equal(messages.length, 4);
  assert.match(
    messages[3].content,
    /^Scene: [^\n]*\n\nYour last text broke off\. Write only what follows its last word/,
  );
  assert.match(
    messages[3].content,
    /At most 160 words.*Ada Brill belongs to the player\. End on something to answer\.$/,
  );
  assert.doesNotMatch(messages[3].content, /Go on from the player's line/);
  assert.equal(sections.at(-1)?.name, "reminder");

  // Nothing was written yet: then it is an ordinary turn.
  const empty = assemble(
    partsOf(told(["user", "I run."], ["assistant", ""]), { continue_reply: true }),
    RECALL_ALL,
  );
  assert.equal(empty.messages.length, 2);
  assert.match(empty.messages[1].content, /Go on from the player's line: .*\n\nI run\.$/s);
});

Deno.test("without a line to answer the prompt still ends with the player", () => {
  for (const tree of [told(), told(["assistant", "Start."]), told(["user", "a"], ["assistant", "b"])]) {
    const { messages } = assemble(partsOf(tree), RECALL_ALL);
    checkShape(messages, "no line");
    assert.match(messages.at(-1)?.content ?? "", /End on something to answer\.\n\nGo on\.$/);
  }
});

Deno.test("the length of a reply comes from one setting, in rule 8 and in the reminder", () => {
  const tree = told(["user", "a"]);
  const prompt = assemble(partsOf(tree, { reply_words: { min: 40, max: 90 } }), RECALL_ALL).messages;
  assert.match(prompt[0].content, /One beat: 40 to 90 words, one to three/);
  assert.match(prompt[1].content, /player's line: 40 to 90 words, second/);
  assert.ok(!/80|160/.test(prompt[0].content + prompt[1].content));

  const terse = (text: string) => [{ id: "t", name: "T", prompt: text }];
  const rows: [Rule[], string][] = [
    [terse("Replies have 30 to 60 words."), "30 to 60"],
    [[...terse("20 to 30 words."), ...terse("50-70 words.")], "50 to 70"],
    [terse("Few words."), "80 to 160"],
    [terse("90 to 10 words"), "80 to 160"],
    [terse("0 to 0 words"), "80 to 160"],
    [terse("5 to 9 words"), "5 to 9"],
    [terse("50 to 50 words"), "50 to 50"],
  ];
  for (const [rules, expected] of rows) {
    const { messages } = assemble(partsOf(tree, { rules }), RECALL_ALL);
    assert.match(messages[0].content, new RegExp(`One beat: ${expected} words`));
    assert.match(messages[1].content, new RegExp(`line: ${expected} words`));
  }
});

Deno.test("placeholders are replaced in any case and only once", () => {
  const character = {
    ...CLERK,
    name: "$& {{user}} {{char}}",
    persona: "{{ User }}|{{USER}}|{{char}}|{{other}}",
    secret: "",
  };
  const { messages } = assemble(partsOf(told(["user", "{{user}}"]), { character }), RECALL_ALL);
  assert.match(
    messages[0].content,
    /\n\$& \{\{user\}\} \{\{char\}\}\|\$& \{\{user\}\} \{\{char\}\}\|the narrator\|\{\{other\}\}$/,
  );
  assert.match(messages[1].content, /\n\{\{user\}\}$/);
});

Deno.test("a name with an article is written small in the middle of a sentence", () => {
  const rows: [string, string, string][] = [
    [
      "The clerk",
      "You play {{user}}. {{user}} waits; {{user}} nods.",
      "You play the clerk. The clerk waits; the clerk nods.",
    ],
    ["An old man", "Ask {{user}}", "Ask an old man"],
    ["Theo", "Ask {{user}}", "Ask Theo"],
    ["Ada", "Ask {{user}}", "Ask Ada"],
    ["The clerk", "a {{user}}", "a the clerk"],
    ["The clerk", '({{user}}) "{{user}}"\n{{user}}', '(The clerk) "The clerk"\nThe clerk'],
  ];
  for (const [name, text, expected] of rows) assert.equal(fill(text, { ...CLERK, name }), expected);
  const { messages } = assemble(
    partsOf(told(["user", "a"]), { character: { ...CLERK, name: "The clerk" } }),
    RECALL_ALL,
  );
  assert.match(messages[0].content, /\nThe player's character: The clerk\.\n.*\nKnown to the clerk alone, /);
});

Deno.test("recall is taken best first as far as its tokens go, never what the history holds", async () => {
  await loadTokenizer();
  const hits = [1, 2, 3, 4].map((id) => lore(id, "", prose(chanceOf(id), 60).replace(/\s+/g, " ")));
  const [first, second, third, fourth] = hits.map((hit) => estimateTokens(`- ${hit.text}`) + 1);
  const rows: [number, number[]][] = [
    [0, []],
    // The two best lose their ends rather than stay out, as long as there is room for words.
    [23, []],
    [30, [1]],
    [48, [1, 2]],
    [first, [1, 2]],
    [first + second, [1, 2]],
    [first + second + Math.min(third, fourth) - 1, [1, 2]],
    [first + second + third + fourth - 1, [1, 2, 3]],
    [first + second + third + fourth, [1, 2, 3, 4]],
  ];
  const tree = told(["user", "a"], ["assistant", "b"], ["user", "c"]);
  for (const [lore_tokens, ids] of rows) {
    const parts = partsOf(tree, { recalled: recalled(hits, []) });
    assert.deepEqual(assemble(parts, { lore_tokens, memory_tokens: 0 }).lore_ids, ids);
  }
  // A long one leaves room for the shorter ones behind it.
  const long = [lore(9, "", prose(chanceOf(9), 300)), ...hits];
  assert.deepEqual(
    assemble(partsOf(tree, { recalled: recalled(long, []) }), { lore_tokens: 250, memory_tokens: 0 }).lore_ids
      .slice(0, 3),
    [9, 1],
  );
  const third_long = [...hits.slice(0, 2), ...long, hits[2]];
  assert.deepEqual(
    assemble(partsOf(tree, { recalled: recalled(third_long, []) }), { lore_tokens: 290, memory_tokens: 0 })
      .lore_ids,
    [1, 2, 1, 2],
  );
  const memories = [memory(1, 2, 1, "in the history"), memory(2, 99, 9, "far away")];
  assert.deepEqual(assemble(partsOf(tree, { recalled: recalled([], memories) }), RECALL_ALL).memory_ids, [2]);
});

Deno.test("pieces of one message share a line, pinned facts stand among them where they were told", () => {
  const tree = told(["user", "a"]);
  const hits = [
    memory(21, 900, 5, "It was cold.", "assistant"),
    memory(20, 900, 5, "The rope snapped.", "assistant"),
    memory(24, 900, 5, "Nobody spoke.", "assistant"),
    memory(30, 901, 5, "I ran."),
    { ...memory(31, 902, 3, "Run!", "assistant"), speaker: "Kobal" },
  ];
  const facts = [
    { fact_id: 7, message_id: 901, text: "Ada owes\nKobal a rope", turns_ago: 5 },
    { fact_id: 8, message_id: 1, text: "still on the page", turns_ago: 0 },
  ];
  const prompt = assemble(partsOf(tree, { recalled: recalled([], hits), facts }), RECALL_ALL);
  const block = /Earlier, not now:\n([\s\S]*?)\n\n/.exec(prompt.messages.at(-1)!.content)![1];
  assert.equal(
    block,
    `- narrator, 5 turns ago: The rope snapped. It was cold. ... Nobody spoke.
- noted 5 turns ago: Ada owes Kobal a rope
- Ada Brill, 5 turns ago: I ran.
- Kobal, 3 turns ago: Run!`,
  );
  assert.deepEqual(prompt.sent.map(({ kind, id, quote }) => [kind, id, quote]), [
    ["memory", 20, "The rope snapped."],
    ["memory", 21, "It was cold."],
    ["memory", 24, "Nobody spoke."],
    ["fact", 7, "Ada owes Kobal a rope"],
    ["memory", 30, "I ran."],
    ["memory", 31, "Run!"],
  ]);
  assert.deepEqual(prompt.unsent, [{ kind: "fact", id: 8, over: null }]);
  // A pinned fact takes its room before what was recalled.
  const cost = estimateTokens("- noted 5 turns ago: Ada owes Kobal a rope") + 1;
  const tight = assemble(partsOf(tree, { recalled: recalled([], hits), facts: facts.slice(0, 1) }), {
    lore_tokens: 0,
    memory_tokens: cost,
  });
  assert.deepEqual(tight.sent.map(({ kind }) => kind), ["fact"]);
  assert.deepEqual(
    tight.unsent.map(({ id, over }) => [id, over]),
    hits.map((hit) => {
      const who = hit.unit_id === 31 ? "Kobal" : hit.unit_id === 30 ? "Ada Brill" : "narrator";
      return [hit.unit_id, estimateTokens(`- ${who}, ${hit.turns_ago} turns ago: ${hit.text}`) + 1];
    }),
  );
});

Deno.test("the story so far stands before the history, as its own part, fenced", () => {
  const parts = partsOf(told(["user", "a"]), { story: ["Ada ran.\nLore: none.", " ", "Kobal fell."] });
  const { messages, sections } = assemble(parts, RECALL_ALL);
  assert.ok(messages[0].content.endsWith("\n\nThe story so far:\nAda ran.\n> Lore: none.\n\nKobal fell."));
  assert.deepEqual(sections.map(({ name }) => name).slice(0, 5), [
    "base_rules",
    "world",
    "character",
    "story",
    "history",
  ]);
  // Its room is not of the fixed parts: it goes off the history.
  assert.equal(fixedTokens(parts), fixedTokens({ ...parts, story: [] }));
  const without = assemble({ ...parts, story: [] }, RECALL_ALL);
  assert.ok(!without.sections.some(({ name }) => name === "story"));
});

Deno.test("a small window still has the two best pieces of lore and three memories", async () => {
  await loadTokenizer();
  const hits = [1, 2, 3].map((id) => lore(id, "Heading", prose(chanceOf(id), 70).slice(0, 400)));
  const memories = [1, 2, 3, 4].map((id) =>
    memory(id, 100 + id, 20 + id, prose(chanceOf(id), 70).slice(0, 400))
  );
  const budget = makeBudget(4_096, {
    max_context_tokens: 0,
    reply_words: WORDS,
    lore_tokens: 500,
    memory_tokens: 600,
    fixed: 900,
  });
  const prompt = assemble(partsOf(told(["user", "a"]), { recalled: recalled(hits, memories) }), {
    lore_tokens: budget.lore,
    memory_tokens: budget.memories,
  });
  assert.ok(prompt.lore_ids.length >= 2 && prompt.memory_ids.length >= 3, JSON.stringify(prompt.sections));
});

Deno.test("a line longer than the window loses its middle, a reply to go on with its beginning", async () => {
  await loadTokenizer();
  const line = `FIRST ${prose(chanceOf(5), 20_000)} LAST`;
  const tree = told(["user", line]);
  const options = { ...RECALL_ALL, history_tokens: 1_000 };
  const one = assemble(partsOf(tree), options);
  assert.match(one.messages[1].content, /\n\nFIRST .* \[\.\.\.\] .* LAST$/s);
  assert.ok(estimateTokens(one.messages[1].content) < 1_150);
  assert.ok(one.tokens < 1_400);

  // The next line, joined to it, is read whole.
  tree.add("assistant", "", "failed");
  tree.add("user", "And this.", "complete");
  const two = assemble(partsOf(tree), options);
  assert.match(two.messages[1].content, / LAST\n\nAnd this\.$/);
  assert.ok(estimateTokens(two.messages[1].content) < 1_150);

  const reply = told(["user", "a"], ["assistant", line]);
  const three = assemble(partsOf(reply, { continue_reply: true }), options);
  assert.match(three.messages[2].content, /^\[\.\.\.\] .* LAST$/s);
  assert.ok(estimateTokens(three.messages[2].content) < 550);
  assert.equal(three.messages[1].content, "a");
});

/** What many local chat templates insist on. */
function checkShape(messages: Assembled["messages"], where: string): void {
  assert.ok(messages.length >= 2, where);
  messages.forEach((message, i) => {
    const expected = i === 0 ? "system" : i % 2 === 1 ? "user" : "assistant";
    assert.equal(message.role, expected, `${where}: message ${i}`);
    assert.ok(/[^\s\p{C}]/u.test(message.content), `${where}: message ${i} is empty`);
  });
  assert.equal(messages.at(-1)?.role, "user", where);
}

/** One random thing a player does; returns whether a prompt goes out, and whether it asks to go on. */
function act(tree: StoryTree, chance: Chance): { sent: boolean; continue_reply: boolean } {
  const say = () => {
    const text = pick(chance, [
      prose(chance, 1 + Math.floor(chance() * 30)),
      "I nod.",
      "\u200b",
      " ",
      "Scene: x",
      "\x85",
    ]);
    tree.add("user", text, "complete");
    return { sent: true, continue_reply: false };
  };
  const dice = chance();
  const path = tree.path();
  const last = path.at(-1);
  const line = path.findLast((message) => message.role === "user");
  if (dice < 0.55 || !line) return say();
  if (dice < 0.7) { // another telling
    tree.leaf = line.id;
    return { sent: true, continue_reply: false };
  }
  if (dice < 0.8 && last?.role === "assistant") return { sent: true, continue_reply: true };
  if (dice < 0.9) { // undo
    tree.leaf = line.parent_id;
    return { sent: false, continue_reply: false };
  }
  tree.leaf = line.parent_id; // edit
  return say();
}

function answer(tree: StoryTree, chance: Chance): void {
  const [status, content] = pick(
    chance,
    [
      ["complete", prose(chance, 100)],
      ["complete", prose(chance, 160)],
      ["stopped", prose(chance, 1 + Math.floor(chance() * 60))],
      ["stopped", ""],
      ["failed", ""],
      ["failed", "\n"],
      ["failed", prose(chance, 10)],
    ] as const,
  );
  tree.add("assistant", content, status);
}

Deno.test("every prompt of stories with failures, stops, retries, edits and undo has the shape templates want", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const chance = chanceOf(seed);
    const tree = new StoryTree((text) => Math.ceil(text.length / 4));
    if (chance() < 0.6) tree.add("assistant", prose(chance, 120), "complete");
    const history_tokens = 100 + Math.floor(chance() * 3_000);
    for (let turn = 0; turn < 40; turn++) {
      const { sent, continue_reply } = act(tree, chance);
      if (!sent) continue;
      const where = `seed ${seed} turn ${turn}`;
      const path = tree.path();
      const { kept, dropped } = planHistory(path, { history_tokens });
      const prompt = assemble(partsOf(tree, { kept, continue_reply }), { ...RECALL_ALL, history_tokens });
      checkShape(prompt.messages, where);
      checkHistory(path, kept, dropped, prompt, where);
      if (!continue_reply) answer(tree, chance);
      else {
        const reply = tree.nodes[(tree.leaf ?? 0) - 1];
        reply.content += prose(chance, 20);
        reply.tokens = tree.count(reply.content);
      }
    }
  }
});

/** Kept and dropped are the spoken path in order; what is kept stands in the prompt in that order. */
function checkHistory(
  path: Node[],
  kept: number[],
  dropped: number[],
  prompt: Assembled,
  where: string,
): void {
  const spoken = path.filter((message) => /[^\s\p{C}]/u.test(message.content));
  assert.deepEqual([...dropped, ...kept], spoken.map((message) => message.id), where);
  assert.deepEqual(prompt.dropped, dropped, where);
  const sent = prompt.messages.slice(1).map((message) => message.content).join("\n\n");
  if (sent.includes("[...]")) return;
  let at = 0;
  for (const message of spoken.filter((message) => kept.includes(message.id))) {
    at = sent.indexOf(message.content.trim(), at);
    assert.ok(at >= 0, `${where}: message ${message.id} is missing or out of order`);
    at += message.content.trim().length;
  }
}

const USUAL = { words: WORDS, lore_tokens: 500, memory_tokens: 600, turns: 0.85 };
/**
 * More than a story brings: lines of 22 words, and always four pieces of lore and four memories. Then a turn grows by 196
 * tokens; a prompt of 4,096 less 480 for the reply and 164 of slack must not shrink below 1,800, or the two and three best
 * pieces are more than a fifth of it beside a reply; so it is cut by 1,280, each six to seven turns, which is 84 % of
 * turns. With the lines and recall of a played story it is 86 to 87 % (tests/e2e/prefix_test.ts).
 */
const SMALL = { ...USUAL, turns: 0.83 };
const LONG = { ...USUAL, words: { min: 110, max: 160 } };
const SHORT = { ...USUAL, words: { min: 40, max: 80 } };

Deno.test("past the window the prompts of consecutive turns begin alike", async () => {
  await loadTokenizer();
  const rows: [context: number, seed: number, settings: typeof USUAL][] = [
    [4_096, 1, SMALL],
    [4_096, 2, SHORT],
    [4_096, 6, LONG],
    [5_120, 7, USUAL],
    [6_144, 8, USUAL],
    [7_168, 9, USUAL],
    [8_192, 1, USUAL],
    [8_192, 2, USUAL],
    [8_192, 3, USUAL],
    [16_384, 4, USUAL],
    [32_768, 5, USUAL],
  ];
  for (const [context, seed, { words, lore_tokens, memory_tokens, turns }] of rows) {
    const chance = chanceOf(seed);
    const tree = new StoryTree(estimateTokens);
    tree.add("assistant", prose(chance, 120), "complete");
    const world = { ...WORLD, system_prompt: prose(chance, 110) };
    let before = "";
    let alike = 0;
    let counted = 0;
    let scale = 1;
    for (let turn = 0; counted < 150; turn++) {
      tree.add("user", prose(chance, 2 + Math.floor(chance() ** 2 * 60)), "complete");
      const hits = [1, 2, 3, 4].map((id) =>
        lore(turn * 10 + id, "", prose(chance, 40 + Math.floor(chance() * 35)))
      );
      const memories = [1, 2, 3, 4].map((id) =>
        memory(id, -id, id, prose(chance, 20 + Math.floor(chance() * 55)))
      );
      const parts = partsOf(tree, {
        base_rules: prose(chanceOf(99), 240),
        world,
        recalled: recalled(hits, memories),
        reply_words: words,
      });
      // The learned scale wavers as providers' counts do.
      scale = 1 + (chance() - 0.5) * 0.02;
      const fixed = fixedTokens(parts);
      const budget = makeBudget(Math.floor(context / scale), {
        max_context_tokens: 0,
        reply_words: words,
        lore_tokens,
        memory_tokens,
        fixed,
      });
      const history_tokens = budget.history;
      const { kept, dropped } = planHistory(parts.path, { history_tokens });
      const is_cut = dropped.length > 0;
      const beside = { fixed, story: [], path: parts.path, tokens_above: 0, kept, history_tokens, is_cut };
      const prompt = assemble({ ...parts, kept }, {
        lore_tokens: budget.lore,
        memory_tokens: budget.memories,
        recall_tokens: recallTokens(budget, beside),
        history_tokens,
      });
      assert.ok(prompt.lore_ids.length >= 2 && prompt.memory_ids.length >= 3, `seed ${seed} turn ${turn}`);
      assert.ok(prompt.tokens + budget.reply <= context, `seed ${seed} turn ${turn}`);
      const text = prompt.messages.map((message) => `<${message.role}>${message.content}`).join("");
      if (dropped.length > 0) {
        let same = 0;
        while (same < text.length && text[same] === before[same]) same += 1;
        counted += 1;
        if (estimateTokens(text.slice(0, same)) >= 0.8 * estimateTokens(text)) alike += 1;
      }
      before = text;
      const told = words.min + Math.floor(chance() * (words.max - words.min + 1));
      tree.add("assistant", prose(chance, told), "complete");
    }
    assert.ok(alike / counted >= turns, `window ${context} seed ${seed}: ${alike} of ${counted} turns`);
  }
});

Deno.test("the estimate for the whole prompt is that of its messages", async () => {
  await loadTokenizer();
  const chance = chanceOf(17);
  const tree = new StoryTree(estimateTokens);
  for (let turn = 0; turn < 12; turn++) {
    tree.add("user", prose(chance, 20), "complete");
    const parts = partsOf(tree, {
      recalled: recalled([lore(1, "Bell", prose(chance, 50))], [memory(2, -1, 3, "Was.")]),
    });
    const prompt = assemble(parts, RECALL_ALL);
    const counted = prompt.messages.reduce((sum, message) => sum + estimateTokens(message.content) + 4, 0);
    assert.ok(Math.abs(prompt.tokens - counted) <= 0.02 * counted + 20, `${prompt.tokens} ${counted}`);
    const without = assemble({ ...parts, recalled: null }, RECALL_ALL);
    const history = without.sections.find((section) => section.name === "history")?.tokens ?? 0;
    assert.ok(Math.abs(fixedTokens(parts) - (without.tokens - history)) <= 20);
    tree.add("assistant", prose(chance, 120), "complete");
  }
});
