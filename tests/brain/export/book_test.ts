import assert from "node:assert/strict";
import { type BookStory, CHAPTER_PAUSE_MS, chaptersOf, writeBook } from "../../../brain/export/book.ts";

const HOUR = 3600 * 1000;
const START = Date.UTC(2026, 10, 22, 18);

function story(patch: Partial<BookStory> = {}): BookStory {
  return {
    title: "The seven eels",
    world: "The Salt Marsh",
    character: "Ida",
    path: [
      { role: "assistant", content: "Fog comes in.\n\nIt is early.", created_ms: START },
      { role: "user", content: "I count the eels.\nTwice.", created_ms: START + HOUR },
      { role: "assistant", content: "Seven.", created_ms: START + 2 * HOUR },
    ],
    ...patch,
  };
}

Deno.test("a short story is one book without chapters, the player's lines set apart", () => {
  assert.equal(
    writeBook(story(), "md"),
    "# The seven eels\n\n*World: The Salt Marsh · Character: Ida*\n\nFog comes in.\n\nIt is early.\n\n" +
      "> I count the eels.\n> Twice.\n\nSeven.\n",
  );
  assert.equal(
    writeBook(story(), "txt"),
    "The seven eels\n==============\n\nWorld: The Salt Marsh · Character: Ida\n\nFog comes in.\n\nIt is early.\n\n" +
      "> I count the eels.\n> Twice.\n\nSeven.\n",
  );
});

Deno.test("a pause of more than six hours begins a chapter, exactly six hours do not, nor does a clock set back", () => {
  const times = (...at: number[]) =>
    chaptersOf(at.map((created_ms) => ({ created_ms }))).map((part) => part.length);
  assert.equal(CHAPTER_PAUSE_MS, 6 * HOUR);
  assert.deepEqual(times(), []);
  assert.deepEqual(times(0, 6 * HOUR), [2]);
  assert.deepEqual(times(0, 6 * HOUR + 1), [1, 1]);
  assert.deepEqual(times(0, HOUR, 9 * HOUR, 10 * HOUR, 90 * HOUR), [2, 2, 1]);
  assert.deepEqual(times(90 * HOUR, 0, 1), [3]);
});

Deno.test("chapters are numbered and dated", () => {
  const path = story().path.map((message, index) => ({ ...message, created_ms: START + index * 30 * HOUR }));
  const book = writeBook(story({ path }), "md");
  assert.deepEqual(book.match(/^##.*$/gm), [
    "## Chapter 1, 2026-11-22 (UTC)",
    "## Chapter 2, 2026-11-24 (UTC)",
    "## Chapter 3, 2026-11-25 (UTC)",
  ]);
  assert.match(writeBook(story({ path }), "txt"), /\n\nChapter 2, 2026-11-24 \(UTC\)\n-{27}\n\n> I count/);
});

Deno.test("what a reply holds cannot look like the book's own headings, nor move a terminal", () => {
  const rows: [string, string][] = [
    ["# Shout", "\\# Shout"],
    ["fine\n### Deep", "fine\n\\### Deep"],
    ["#hashtag", "#hashtag"],
    ["A line\n---", "A line\n\\---"],
    ["A line\n===", "A line\n\\==="],
    ["Rest.\n\n---\n\nOn.", "Rest.\n\n---\n\nOn."],
    ["red \x1b[31mink\x07\x9b2J", "red [31mink2J"],
    ["one\r\ntwo\rthree", "one\ntwo\nthree"],
  ];
  for (const [content, expected] of rows) {
    const path = [{ role: "assistant" as const, content, created_ms: START }];
    assert.equal(
      writeBook(story({ path, world: "", character: "" }), "md"),
      `# The seven eels\n\n${expected}\n`,
    );
  }
});

Deno.test("without a title the world names the book, empty messages are left out, titles stay on one line", () => {
  const path = [
    { role: "assistant" as const, content: "  \n", created_ms: START },
    { role: "user" as const, content: "Hm.", created_ms: START },
  ];
  assert.equal(
    writeBook(story({ title: "", path }), "md"),
    "# The Salt Marsh\n\n*World: The Salt Marsh · Character: Ida*\n\n> Hm.\n",
  );
  assert.equal(
    writeBook(story({ title: "", world: "", character: "", path: [] }), "txt"),
    "A story\n=======\n",
  );
  assert.match(writeBook(story({ title: "Two\nlines" }), "md"), /^# Two lines\n\n/);
});
