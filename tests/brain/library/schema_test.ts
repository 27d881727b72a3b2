import assert from "node:assert/strict";
import { readBaseRules, readCharacter, readRule, readWorld } from "../../../brain/library/schema.ts";

const WORLD = `id: marsh
name: Salt Marsh
hook: The tide took
  the bell.
lore: |
  ## Bell
  Text of {{user}}.
start_message: You stand.
scene: Evening.
system_prompt: Slow.
characters: [clerk, smith, clerk]
narrator:
  look: [a, b]
  answers:
    - about: [Bell, Tower]
      line: It hangs.
    - about: []
      line: never asked
  first_line: I look.
`;

Deno.test("a whole world is read field by field", () => {
  const { asset, problems, mentions } = readWorld(WORLD, "w.yaml");
  assert.deepEqual(problems, []);
  assert.deepEqual(asset, {
    id: "marsh",
    name: "Salt Marsh",
    hook: "The tide took the bell.",
    lore: "## Bell\nText of {{user}}.",
    start_message: "You stand.",
    scene: "Evening.",
    system_prompt: "Slow.",
    characters: ["clerk", "smith"],
    narrator: {
      look: ["a", "b"],
      speak: [],
      take: [],
      go: [],
      wait: [],
      ask: [],
      hard: [],
      beats: [],
      answers: [{ about: ["bell", "tower"], line: "It hangs." }],
      first_line: "I look.",
    },
  });
  assert.deepEqual(mentions.map(({ id, line, col }) => [id, line, col]), [["clerk", 11, 14], [
    "smith",
    11,
    21,
  ], [
    "clerk",
    11,
    28,
  ]]);
});

Deno.test("only id and name are needed", () => {
  const empty = { hook: "", lore: "", start_message: "", scene: "", system_prompt: "", characters: [] };
  assert.deepEqual(readWorld("id: a\nname: A\n", "w").asset, {
    id: "a",
    name: "A",
    ...empty,
    narrator: null,
  });
  assert.deepEqual(readCharacter("id: a\nname: A\n", "c").asset, {
    id: "a",
    name: "A",
    persona: "",
    secret: "",
  });
  assert.deepEqual(readRule("id: slow\n", "r").asset, { id: "slow", name: "slow", prompt: "" });
  assert.deepEqual(readRule("id: slow\nname: Slow  burn\nprompt: Wait.\n", "r").asset, {
    id: "slow",
    name: "Slow burn",
    prompt: "Wait.",
  });
});

Deno.test("a character needs a name, a rule does not", () => {
  const rows: [string, string, boolean][] = [["id: a\n", 'needs a "name"', false], [
    "id: a\nname: ' '\n",
    'needs a "name"',
    true,
  ]];
  for (const [text, reason, for_rules_too] of rows) {
    assert.equal(readCharacter(text, "c").asset, null);
    assert.equal(readCharacter(text, "c").problems[0].reason, reason);
    assert.equal(readRule(text, "r").problems.length, for_rules_too ? 1 : 0);
  }
  assert.equal(readRule("name: A\n", "r").asset, null);
});

Deno.test("a complaint quotes what was written, shortened", () => {
  const told = (id: string) => readRule(`id: ${id}\n`, "r").problems[0].reason;
  const start = '"id" must be a plain name (a-z, 0-9, _ and -, at most 64 characters), not ';
  assert.equal(told("X".repeat(60)), `${start}"${"X".repeat(60)}"`);
  assert.equal(told("X".repeat(61)), `${start}"${"X".repeat(60)}…"`);
});

Deno.test("what rules a file out is named with its place", () => {
  const rows: [string, number, number, RegExp][] = [
    ["", 1, 1, /needs "key: value" lines; known keys are id, name, hook/],
    ["- a\n", 1, 1, /needs "key: value" lines/],
    ["name: A\n", 1, 1, /needs an "id"/],
    ["id: a\n", 1, 1, /needs a "name"/],
    ["id: a\nname: ''\n", 2, 1, /needs a "name"/],
    ["id: 7\nname: A\n", 1, 1, /"id" must be a text, not the number 7; put quotes around it/],
    ["id: true\nname: A\n", 1, 1, /"id" must be a text, not true/],
    ["id:\nname: A\n", 1, 1, /"id" is empty/],
    ["name: A\nid: ../x\n", 2, 1, /plain name.*not "..\/x"/],
    ["id: Marsh\nname: A\n", 1, 1, /plain name/],
    ["id: -a\nname: A\n", 1, 1, /plain name/],
    ['name: A\nid: ".."\n', 2, 1, /plain name/],
    ["id: .a\nname: A\n", 1, 1, /plain name/],
    ["id: a.b\nname: A\n", 1, 1, /plain name/],
    [`id: ${"a".repeat(65)}\nname: A\n`, 1, 1, /plain name/],
    ["id: a\nname: 5\n", 2, 1, /"name" must be a text, not the number 5/],
    ["id: a\nname: A\nlore:\n", 3, 1, /"lore" is empty; write something or leave the line out/],
    ["id: a\nname: A\nscene: null\n", 3, 1, /"scene" is empty/],
    ["id: a\nname: A\nscene: [x]\n", 3, 1, /"scene" must be a text, not a list$/],
    ["id: a\nname: A\nscene: {x: y}\n", 3, 1, /"scene" must be a text, not a group/],
    ["id: a\nname: A\ncharacters: clerk\n", 3, 1, /"characters" must be a list/],
    [
      "id: a\nname: A\ncharacters: [x, 4]\n",
      3,
      17,
      /item 2 of "characters" must be a text, not the number 4/,
    ],
    ["id: a\nname: A\nnarrator: hello\n", 3, 1, /"narrator" must hold/],
    ["id: a\nname: A\nnarrator:\n  look: x\n", 4, 3, /"look" must be a list/],
    ["id: a\nname: A\nnarrator:\n  look:\n    - x\n    -\n", 6, 6, /item 2 of "look" is empty/],
    ["id: a\nname: A\nnarrator:\n  answers: [x]\n", 4, 13, /an answer needs "about" and "line"/],
    [`id: a\nname: ${"n".repeat(121)}\n`, 2, 1, /"name" has 121 characters, at most 120/],
    ["id: a\nname: A\nid: b\n", 3, 1, /second time/],
    ["id: a\nname: [A\n", 3, 1, /./],
  ];
  for (const [text, line, col, reason] of rows) {
    const { asset, problems } = readWorld(text, "w.yaml");
    assert.equal(asset, null, text);
    const found = problems.find((problem) => reason.test(problem.reason));
    assert.ok(found, `${text}: ${JSON.stringify(problems)}`);
    assert.deepEqual([found.file, found.line, found.col], ["w.yaml", line, col], text);
  }
  assert.equal(readWorld(`id: ${"a".repeat(64)}\nname: ${"n".repeat(120)}\n`, "w").problems.length, 0);
});

Deno.test("an unknown key is reported with the nearest known one and keeps nothing back", () => {
  const rows: [string, number, RegExp][] = [
    ["id: a\nname: A\nstart_mesage: hi\n", 3, /"start_mesage" .*did you mean "start_message"\?/],
    ["id: a\nname: A\nStart-Message: hi\n", 3, /did you mean "start_message"\?/],
    ["id: a\nname: A\ncolour: hi\n", 3, /known keys are id, name, hook/],
    ["id: a\nname: A\nnarrator:\n  baets: []\n", 4, /did you mean "beats"\?/],
  ];
  for (const [text, line, reason] of rows) {
    const { asset, problems } = readWorld(text, "w");
    assert.equal(asset?.id, "a");
    assert.equal(problems.length, 1, text);
    assert.match(problems[0].reason, reason);
    assert.equal(problems[0].line, line);
  }
  const many = "id: a\nname: A\n" + Array.from({ length: 500 }, (_, i) => `strange${i}: x\n`).join("");
  assert.equal(readWorld(many, "w").problems.length, 10);
  const also_broken = readWorld(many + "scene:\n", "w");
  assert.equal(also_broken.asset, null);
  assert.match(also_broken.problems[10].reason, /"scene" is empty/);
});

Deno.test("control characters leave a text, line breaks and tabs stay", () => {
  const { asset } = readCharacter(
    'id: a\nname: "A\\e[31m\\u009bda"\npersona: "x\\0\\r\\ny\\tz\\u200d"\n',
    "c",
  );
  assert.equal(asset?.name, "A[31mda");
  assert.equal(asset?.persona, "x\ny\tz\u200d");
});

Deno.test("base rules are a text, a list or either under a key", () => {
  const rows: [string, string | null][] = [
    ["|\n  1. Be.\n  2. Do.\n", "1. Be.\n2. Do."],
    ["# remark\n- Be.\n- Do.\n", "1. Be.\n2. Do."],
    ["rules: |\n  You narrate {{user}}.\n", "You narrate {{user}}."],
    ["prompt: Go.\n", "Go."],
    ["rules: [A, B]\n", "1. A\n2. B"],
    ["", null],
    ["rules:\n", null],
    ["rules: [A, 5]\n", null],
    ["5\n", null],
    ["other: x\n", null],
  ];
  for (const [text, expected] of rows) {
    const { asset, problems } = readBaseRules(text, "system_rules.yaml");
    assert.equal(asset, expected, text);
    assert.equal(problems.length, expected === null ? 1 : 0, text);
  }
});

Deno.test("a hook and a first line are one line each, however the file breaks them", () => {
  const { asset } = readWorld(
    'id: a\nname: A\nhook: "Fog\\n  and debts."\nnarrator:\n  first_line: "I wait\\nand see."\n',
    "a.yaml",
  );
  assert.equal(asset?.hook, "Fog and debts.");
  assert.equal(asset?.narrator?.first_line, "I wait and see.");
});
