import assert from "node:assert/strict";
import {
  importedId,
  readStoryFile,
  StoryFileError,
  writeStoryFile,
} from "../../../brain/export/story_file.ts";
import { type Archive, CARRIED_TABLES } from "../../../brain/store/archive.ts";

const USAGE = {
  prompt_tokens: 10,
  cached_tokens: 0,
  completion_tokens: 3,
  cost: null,
  first_token_ms: 1.5,
  tokens_per_second: 0,
};
const STORY: Archive = {
  title: 'The "seven"\neels \u2028 日本',
  world_id: "marsh",
  character_id: "ida",
  model: "demo/narrator",
  leaf: 3,
  created_ms: 5,
  last_used_ms: 9,
  messages: [
    {
      n: 1,
      parent: null,
      role: "user",
      content: "",
      status: "complete",
      model: "",
      tokens: 0,
      usage: null,
      created_ms: 0,
    },
    {
      n: 2,
      parent: 1,
      role: "assistant",
      content: "Eels.",
      status: "failed",
      model: "m",
      tokens: 3,
      usage: USAGE,
      created_ms: 6,
    },
    {
      n: 3,
      parent: 1,
      role: "assistant",
      content: "More.",
      status: "stopped",
      model: "m",
      tokens: 3,
      usage: { ...USAGE, at_limit: true },
      created_ms: 7,
    },
  ],
  memory: [{ n: 2, texts: ["Eels."], speaker: "Maren", scene: "", time: "dusk" }],
  rows: [{ table: "marks", values: { kind: "memory", message_id: 2, text: "Eels.", mark: "pinned" } }, {
    table: "marks",
    values: { kind: "lore", message_id: null, text: "Bell", mark: "forgotten" },
  }],
};

const lines = () => writeStoryFile(STORY).trimEnd().split("\n").map((line) => JSON.parse(line));
const file = (records: unknown[]) => records.map((record) => JSON.stringify(record)).join("\n");

Deno.test("what is written is read back the same, with any line ends", () => {
  const text = writeStoryFile(STORY);
  assert.deepEqual(readStoryFile(text), STORY);
  assert.deepEqual(readStoryFile(`\uFEFF${text.replaceAll("\n", "\r\n")}\r\n`), STORY);
  assert.equal(text.split("\n").length, 1 + 3 + 1 + 2 + 1 + 1);
  const empty = { ...STORY, leaf: null, messages: [], memory: [], rows: [] };
  assert.deepEqual(readStoryFile(writeStoryFile(empty)), empty);
});

Deno.test("a file that was cut off anywhere, or lost any line, is refused", () => {
  const text = writeStoryFile(STORY).trimEnd();
  for (let end = 0; end < text.length; end++) {
    assert.throws(() => readStoryFile(text.slice(0, end)), StoryFileError, `cut at ${end}`);
  }
  lines().forEach((_, gone) => {
    assert.throws(() => readStoryFile(file(lines().filter((_, index) => index !== gone))), StoryFileError);
  });
});

Deno.test("a wrong field is refused, and named with its line", () => {
  type Change = (records: Record<string, Record<string, unknown>>[]) => void;
  const rows: [Change, RegExp][] = [
    [(all) => all[0].flower = "bed" as never, /no story that `flower export/],
    [(all) => all[0].format = 2 as never, /format 2, and this Flower Engine reads 1/],
    [(all) => all[0].story = null as never, /Line 1: "title"/],
    [(all) => all[0].story.title = 7, /Line 1: "title" must be a text/],
    [(all) => all[0].story.title = "x".repeat(1001), /Line 1: "title" .* at most 1000/],
    [(all) => all[0].story.leaf = 4, /Line 1: the story ends at message 4/],
    [(all) => all[0].story.leaf = 0, /Line 1: "leaf"/],
    [(all) => all[0].story.created_ms = -1, /Line 1: "created_ms"/],
    [(all) => all[1].message.n = 2, /Line 2: "n" must be a whole number from 1 to 1/],
    [(all) => all[1].message.parent = 1, /Line 2: "parent"/],
    [(all) => all[2].message.parent = 2, /Line 3: "parent"/],
    [(all) => all[2].message.parent = 0, /Line 3: "parent"/],
    [(all) => all[2].message.role = "system", /Line 3: "role" must be one of user, assistant/],
    [(all) => all[2].message.status = "writing", /Line 3: "status" must be one of complete, stopped, failed/],
    [(all) => delete all[2].message.content, /Line 3: "content"/],
    [(all) => all[2].message.tokens = 1.5, /Line 3: "tokens"/],
    [(all) => all[2].message.tokens = -1, /Line 3: "tokens"/],
    [(all) => all[2].message.usage = 3, /Line 3: "usage.prompt_tokens"/],
    [(all) => all[2].message.usage = undefined, /Line 3: "usage.prompt_tokens"/],
    [(all) => all[2].message.usage = { ...USAGE, cost: -1 }, /Line 3: "usage.cost"/],
    [(all) => all[2].message.created_ms = "now", /Line 3: "created_ms"/],
    [(all) => all[4].memory.n = 4, /Line 5: "n" must be a whole number from 1 to 3/],
    [(all) => all[4].memory.texts = ["a", 1], /Line 5: "texts"/],
    [(all) => all[5].row.table = "players", /Line 6: "table" must be one of facts/],
    [(all) => all[5].row.values = null, /Line 6: "values"/],
    [
      (all) => all[5].row.values = { message_id: 4 },
      /Line 6: "values.message_id" must be the number of a message, 1 to 3/,
    ],
    [(all) => all[5].row.values = { text: [] }, /Line 6: "values.text"/],
    [(all) => all[5] = {}, /Line 6: this is neither/],
    [(all) => all[5] = [] as never, /Line 6: this is no record/],
    [(all) => all[5] = null as never, /Line 6: this is no record/],
    [(all) => all[5] = 7 as never, /Line 6: this is no record/],
    [
      (all) => all[2].message.usage = { ...USAGE, cost: -1 },
      /Line 3: "usage.cost" must be a number from 0 on/,
    ],
  ];
  for (const [change, message] of rows) {
    const all = lines();
    change(all);
    assert.throws(() => readStoryFile(file(all)), (error: unknown) => {
      assert.ok(error instanceof StoryFileError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => readStoryFile(""), StoryFileError);
  assert.throws(() => readStoryFile("not json\n"), /Line 1: this is no JSON/);
});

Deno.test("what is just within its bounds is read: times, titles, and every column that points at a message", () => {
  type Change = (records: Record<string, Record<string, unknown>>[]) => void;
  const pointers = CARRIED_TABLES.flatMap(({ table, messages }) =>
    messages.map((column) => ({ table, column }))
  );
  assert.ok(pointers.length >= 6);
  const good: Change[] = [
    (all) => Object.assign(all[0].story, { created_ms: 0, last_used_ms: 0, title: "x".repeat(1000) }),
    (all) => all[2].message.usage = { ...USAGE, cost: 0, prompt_tokens: 0 },
    ...pointers.flatMap(({ table, column }) =>
      [1, 3, null].map((n): Change => (all) => all[5].row = { table, values: { [column]: n } })
    ),
    // Where it points at nothing, a number is a number.
    (all) => all[5].row = { table: "side_usage", values: { message_id: 99 } },
  ];
  const bad: Change[] = pointers.flatMap(({ table, column }) =>
    [0, 4, 1.5, "1"].map((n): Change => (all) => all[5].row = { table, values: { [column]: n } })
  );
  for (const change of good) {
    const all = lines();
    change(all);
    assert.doesNotThrow(() => readStoryFile(file(all)), JSON.stringify(all[5]));
  }
  for (const change of bad) {
    const all = lines();
    change(all);
    assert.throws(
      () => readStoryFile(file(all)),
      /Line 6: "values\.\w+" must be the number/,
      JSON.stringify(all[5]),
    );
  }
});

Deno.test("an imported story has the same id for every copy of its file, and another once something else was told", () => {
  const id = importedId("local", STORY);
  assert.match(id, /^[0-9a-f]{12}$/);
  assert.equal(importedId("local", readStoryFile(writeStoryFile(STORY))), id);
  // Looked at again, renamed, pinned: still the same story.
  assert.equal(
    importedId("local", { ...STORY, title: "x", last_used_ms: 99, leaf: 2, memory: [], rows: [] }),
    id,
  );
  const others: Archive[] = [
    { ...STORY, messages: STORY.messages.slice(0, 2) },
    { ...STORY, created_ms: 6 },
    { ...STORY, world_id: "bog" },
    { ...STORY, messages: STORY.messages.map((message) => ({ ...message, content: `${message.content}!` })) },
    {
      ...STORY,
      messages: STORY.messages.map((message) => message.n === 3 ? { ...message, parent: 2 } : message),
    },
  ];
  const ids = [id, importedId("ben", STORY), ...others.map((other) => importedId("local", other))];
  assert.equal(new Set(ids).size, ids.length);
});
