/** What a line that begins with `/` is completed to: rows, and what stands beside them. */

import assert from "node:assert/strict";
import { completionOf } from "../../../face/app/completion.ts";
import { openStory } from "../../support/salt_marsh.ts";

function rowsOf(line: string): { text: string; name: string; detail: string }[] {
  const player = openStory();
  player.type(line);
  return (completionOf(player.model(), player.now())?.rows ?? []).map(({ text, name, detail }) => ({
    text,
    name,
    detail,
  }));
}

Deno.test("a whole name offers itself, with a blank after it only its arguments, a group its commands", () => {
  const rows: [line: string, texts: string[]][] = [
    ["/world select", ["/world select "]],
    [
      "/world select ",
      ["salt_marsh", "long_stair", "quarter_to_nine", "honey_year"].map((id) => `/world select ${id}`),
    ],
    ["/world select honey", ["/world select honey_year"]],
    ["/world select honey_year", ["/world select honey_year"]],
    ["/rules add", ["/rules add "]],
    ["/session", ["/session new", "/session continue ", "/session search ", "/session delete "]],
    ["/quit", ["/quit"]],
  ];
  for (const [line, texts] of rows) assert.deepEqual(rowsOf(line).map(({ text }) => text), texts, line);
});

Deno.test("a story stands with its world, its turns and when it was", () => {
  assert.deepEqual(rowsOf("/session continue ").map(({ name, detail }) => [name, detail]), [
    ["I light the lamp and wait", "The Salt Marsh  64 turns  3 days ago"],
    ["I ask the bees", "The Honey Year  1 turn  40 min ago"],
  ]);
});

Deno.test("work of which nobody knows how much it is tells what is done", () => {
  for (const [done, total, words] of [[5, 0, "5"], [5, null, "5"], [5, 10, "5 of 10"], [0, 0, ""]] as const) {
    const player = openStory();
    player.hear({
      event: "progress",
      content: "",
      ref: null,
      metadata: { id: "x", label: "Reading", done, total, unit: "items", state: "running" },
    });
    const shown = words === "" ? "· Reading\n" : `· Reading · ${words}\n`;
    assert.ok(player.screen().includes(shown), `${done} of ${total}:\n${player.screen()}`);
  }
});
