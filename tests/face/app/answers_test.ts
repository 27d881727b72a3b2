/** Answers to commands, as a player reads them: names in place of ids. */

import assert from "node:assert/strict";
import { inWords } from "../../../face/app/answers.ts";
import { events } from "../../support/player.ts";
import { openStory, RULES } from "../../support/salt_marsh.ts";

Deno.test("ids become names, and what is not known stands as it came", () => {
  const story = { ...openStory().model().story, rules: RULES };
  const rows: [string, string][] = [
    ["New session: 4be1c09a77d2", "A new story begins."],
    ["Active world set to honey_year", "The world is The Honey Year now."],
    [
      "Active world set to honey_year. Choose a character.",
      "The world is The Honey Year now. Choose a character.",
    ],
    ["Active world set to nowhere", "The world is nowhere now."],
    ["Active character set to farrier", "You are The farrier now."],
    ["Hot-swapped model to openrouter/quill", "Quill narrates from here on."],
    ["Hot-swapped model to other/one", "other/one narrates from here on."],
    ["Deleted session 4be1c09a77d2", "The story is deleted."],
    ["Rule 'gritty' activated", "The rule gritty is activated."],
    ["Rule gritty removed", "The rule gritty is removed."],
    ["All active rules cleared", "All rules are off."],
    ["Nothing of the kind", "Nothing of the kind"],
  ];
  for (const [words, shown] of rows) assert.equal(inWords(story, words), shown);
});

Deno.test("an answer in names leaves its ids in the log", () => {
  const player = openStory();
  const before = player.model().log.length;
  player.hear(events.system("✓ Active world set to honey_year", {}, "1"));
  assert.match(player.screen(), /The world is The Honey Year now\./);
  assert.deepEqual(player.model().log.slice(before).map(({ text }) => text), [
    "Active world set to honey_year",
  ]);
  player.hear(events.system("✓ As it was.", {}, "2"));
  assert.deepEqual(player.model().log.slice(before + 1).map(({ text }) => text), ["As it was."]);
});

Deno.test("a session that an answer names is the one that is open", () => {
  const player = openStory();
  player.hear(events.system("✓ New session: abc", { session_id: "abc" }, "1"));
  assert.equal(player.model().story.session_id, "abc");
  player.hear(events.system("✓ As it was.", {}, "2"));
  assert.equal(player.model().story.session_id, "abc");
});
