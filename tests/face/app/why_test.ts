/** The page that says why a reply is what it is. */

import assert from "node:assert/strict";
import { isSecret } from "../../../face/app/remembered.ts";
import { createPlayer, events, message, type Player } from "../../support/player.ts";
import { connectFresh, openStory, story, WHY } from "../../support/salt_marsh.ts";

function onPage(): Player {
  const player = openStory();
  player.press("alt+w");
  assert.deepEqual(player.said(), ["/why"]);
  player.hear(events.system("in words", { why: WHY }, "1"));
  return player;
}

const chosen = (player: Player): string =>
  player.screen().split("\n").find((row) => row.trimStart().startsWith("›"))?.trim().replace(/ +/g, " ") ??
    "";

Deno.test("the desk asks about the reply under the bar, and on an own line about its answer", () => {
  const player = openStory();
  player.press("tab", "w");
  assert.deepEqual(player.said(), ["/why 5"]);
  player.press("up", "w");
  assert.deepEqual(player.said(), ["/why 5"]);
  player.press("up", "w");
  assert.deepEqual(player.said(), ["/why 3"]);
});

Deno.test("F4 asks beside a draft too, and never on another page", () => {
  const player = openStory();
  player.type("A draft");
  player.press("f4");
  assert.deepEqual(player.said(), ["/why"]);
  assert.equal(player.model().editor.text, "A draft");
  player.press("f1", "f4", "esc", "ctrl+f", "f4");
  assert.deepEqual(player.said(), []);
});

Deno.test("the page speaks in words, and in numbers only when asked", () => {
  const player = onPage();
  const words = player.screen();
  assert.match(words, /Why this reply +turn 64 · 3,104 of 8,192 tokens/);
  assert.match(words, /REMEMBERED {4}3 of 212, 120 tokens/);
  assert.match(
    words,
    /you, 46 turns ago +"\.\.\.the silver key is inside the clay\n +duck\."\n +you named: duck/,
  );
  assert.match(words, /the page names: pier/);
  assert.match(words, /no room left: 41 tokens over/);
  assert.doesNotMatch(words, /score|m12/);
  player.press("n");
  assert.match(player.screen(), /m12 · 41 tokens · score 3\.25 · words 3\.00\s+\+\s+neighbours\s+0\.25/);
  player.press("end");
  assert.match(player.screen(), /last 31 turns 2,474/);
  assert.match(player.screen(), /The provider counted 3,120 tokens\./);
});

Deno.test("lore that only some in the world know is no news for the player before the numbers are asked for", () => {
  const player = onPage();
  assert.match(player.screen(), /lore +Only some in this world know it\. n tells\./);
  assert.doesNotMatch(player.screen(), /leather|harness/);
  player.press("n");
  assert.match(player.screen(), /lore: The leather on the +"The leather on the bell was a strip of/);
  player.press("n");
  assert.doesNotMatch(player.screen(), /leather|harness/);
});

Deno.test("who knows a piece of lore: everybody, some, or the player's own character too", () => {
  const lore = (known_to: string) => ({ ...WHY.recalled[2], known_to });
  assert.equal(isSecret(lore(""), "The farrier"), false);
  assert.equal(isSecret(lore("Noah Crabbe"), "The farrier"), true);
  assert.equal(isSecret(lore("Noah Crabbe, the farrier"), "The farrier"), false);
  assert.equal(isSecret(lore("Noah Crabbe, {{user}}"), "The farrier"), false);
  assert.equal(isSecret(lore("Noah Crabbe"), ""), true);
});

Deno.test("Esc goes back to the page and the bar that it was opened from", () => {
  const player = openStory();
  player.press("tab", "w");
  player.hear(events.system("in words", { why: WHY }, "1"));
  player.press("esc");
  assert.equal(player.model().sheet, null);
  assert.equal(player.model().desk, 5);
});

Deno.test("Enter puts the bar on the message that was quoted", () => {
  const player = onPage();
  player.press("enter");
  assert.equal(player.model().sheet, null);
  assert.equal(player.model().desk, 2);
});

Deno.test("Enter on lore says where it stands", () => {
  const player = onPage();
  player.press("down", "enter");
  assert.notEqual(player.model().sheet, null);
  assert.match(player.screen(), /Lore stands in the world's file/);
});

Deno.test("a message that is not loaded is looked for on earlier pages until it is there", () => {
  const player = createPlayer({ settings: { hint_seen: true } });
  connectFresh(player);
  const late = story().map((item) => ({ ...item, id: item.id + 100, parent_id: item.id + 99 }));
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "4be1c09a77d2" }));
  player.hear(events.history(late, true));
  player.effects();
  player.press("f4");
  player.hear(events.system("in words", { why: WHY }, "1"));
  player.press("enter");
  assert.deepEqual(player.said().slice(1), ["/history before 101"]);
  const page = (ids: number[], before: number, more: boolean) =>
    player.hear({
      event: "history_page",
      content: "",
      ref: null,
      metadata: {
        before,
        more,
        history: ids.map((id) => message(id, "assistant", `Page ${id}.`)),
        recalled: [],
      },
    });
  page([51, 52], 101, true);
  assert.deepEqual(player.said(), ["/history before 51"]);
  page([1, 2], 51, false);
  assert.equal(player.model().desk, 2);
  assert.match(player.screen(), /Page 2\./);
});

Deno.test("a message of no page at all is named as such, and nothing is asked for ever", () => {
  const player = onPage();
  player.press("esc");
  player.press("f4");
  player.hear(events.system("in words", {
    why: { ...WHY, recalled: [{ ...WHY.recalled[0], message_id: 77 }] },
  }, "2"));
  player.said();
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /not part of the story/);
});

Deno.test("p pins and f forgets the chosen piece once the brain has done it", () => {
  const player = onPage();
  player.press("p");
  assert.deepEqual(player.said(), ["/memory pin m12"]);
  assert.doesNotMatch(player.screen(), /pinned/);
  player.hear(events.system('✓ Pinned: "the key"', {}, "2"));
  assert.match(player.screen(), /^ +pinned$/m);
  player.press("p");
  player.hear(events.system('✓ No longer pinned: "the key"', {}, "3"));
  player.press("down");
  assert.doesNotMatch(player.screen(), /^ +pinned$/m);
  player.said();
  player.press("f");
  assert.deepEqual(player.said(), ["/memory forget l7"]);
  player.hear(events.system("✗ There is no l7 in this story.", {}, "4"));
  assert.match(player.screen(), /✗ There is no l7/);
  player.press("up");
  assert.doesNotMatch(player.screen(), /^ +forgotten$/m);
});

Deno.test("x asks for the whole request once, shows it, and Esc leads back to the pieces", () => {
  const player = onPage();
  player.press("down", "x");
  assert.deepEqual(player.said(), ["/why 5 whole"]);
  const prompt = [{ role: "system" as const, content: "Never speak for the player." }];
  player.hear(events.system("in words", { why: { ...WHY, prompt } }, "2"));
  assert.match(player.screen(), /TO THE NARRATOR\n +Never speak for the player\./);
  player.press("esc");
  assert.match(chosen(player), /^› lore: The drowned bell/);
  player.press("x");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /TO THE NARRATOR/);
});

Deno.test("the chosen piece is always in view, down to the last and back to the title", () => {
  const player = onPage();
  player.send({ kind: "resize", width: 60, height: 12 });
  for (const name of ["lore: The drowned", "lore", "the narrator, 9", "lore"]) {
    player.press("down");
    assert.ok(chosen(player).startsWith(`› ${name}`), chosen(player));
  }
  player.press("up", "up", "up", "up");
  assert.match(player.screen(), /Why this reply/);
});

Deno.test("nothing remembered is said in a sentence", () => {
  for (
    const [part, words] of [
      [{ searched: 0 }, /There was nothing to remember yet\./],
      [{ searched: 12 }, /Nothing of 12 pieces was called by this line\./],
      [{ late: true }, /Memory was not ready in time/],
    ] as const
  ) {
    const player = openStory();
    player.press("f4");
    player.hear(events.system("in words", { why: { ...WHY, recalled: [], ...part } }, "1"));
    assert.match(player.screen(), words);
  }
});

Deno.test("what was remembered by words alone, because its meaning came too late, says so", () => {
  for (const late of [true, false]) {
    const player = openStory();
    player.press("f4");
    player.hear(events.system("in words", { why: { ...WHY, late } }, "1"));
    assert.equal(
      player.screen().includes("By words alone: what your line means was not known in time."),
      late,
    );
  }
});

Deno.test("a quote cannot bring a control or a row of its own", () => {
  const player = openStory();
  player.press("f4");
  const quote = "one\n\u001b]52;c;AAAA\u0007two\u202ethree";
  player.hear(events.system("in words", { why: { ...WHY, recalled: [{ ...WHY.recalled[0], quote }] } }, "1"));
  for (const control of ["\u001b", "\u0007", "\u202e"]) assert.ok(!player.screen().includes(control));
});

Deno.test("a server without /why says so and is asked nothing", () => {
  const player = openStory();
  player.hear({ event: "commands", content: "", ref: null, metadata: { commands: [] } });
  player.press("f4");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /keeps no account/);
});

Deno.test("on a narrow page nothing overlaps, and the way out stays in the status row", () => {
  const player = onPage();
  player.send({ kind: "resize", width: 46, height: 20 });
  const rows = player.screen().split("\n");
  assert.match(rows[2], /^ +Why this reply$/);
  assert.match(rows[3], /^ +turn 64 · 3,104 of 8,192 tokens$/);
  assert.match(rows.at(-1) ?? "", /^ +Enter go there {3}p pin {3}Esc back$/);
});

Deno.test("the built-in narrator reads nothing, and the page does not say it did", () => {
  const player = openStory();
  player.press("f4");
  player.hear(events.system("in words", { why: { ...WHY, model: "demo/narrator" } }, "1"));
  assert.match(player.screen(), /Why this reply +turn 64 · what a model would read\n/);
  assert.doesNotMatch(player.screen(), /8,192/);
});

Deno.test("a quote that is cut says so, also where its last row is full", () => {
  const player = openStory();
  player.press("f4");
  // Seven words of five letters fill a row of 41 columns.
  const quote = "abcde ".repeat(60).trim();
  player.hear(events.system("in words", { why: { ...WHY, recalled: [{ ...WHY.recalled[1], quote }] } }, "1"));
  const rows = player.screen().split("\n").map((row) => row.slice(33).trimEnd()).filter((row) =>
    row.includes("abcde")
  );
  assert.deepEqual(rows, [
    `"${"abcde ".repeat(6).trim()}`,
    "abcde ".repeat(7).trim(),
    `${"abcde ".repeat(6).trim()}…`,
  ]);
});

Deno.test("who said it, and how long ago, where there is an ago", () => {
  const rows: [Partial<typeof WHY.recalled[0]>, string][] = [
    [{ turns_ago: 0 }, "you"],
    [{ turns_ago: 1 }, "you, 1 turn ago"],
    [{ turns_ago: 2, role: "assistant" }, "the narrator, 2 turns ago"],
    [{ turns_ago: 2, speaker: "Maren" }, "Maren, 2 turns ago"],
    [{ kind: "fact", turns_ago: 3 }, "known, 3 turns ago"],
    [{ kind: "summary", turns_ago: 9 }, "told, 9 turns ago"],
    [{ kind: "lore", turns_ago: 0, heading: "" }, "lore"],
    [{ kind: "lore", turns_ago: 0, heading: "The bell" }, "lore: The bell"],
  ];
  for (const [part, label] of rows) {
    const player = openStory();
    player.press("f4");
    const recalled = [{ ...WHY.recalled[0], quote: "Yes.", ...part }];
    player.hear(events.system("in words", { why: { ...WHY, recalled } }, "1"));
    const row = player.screen().split("\n").find((line) => line.includes('"Yes."')) ?? "";
    assert.equal(row.slice(6, row.indexOf('"')).trim(), label);
  }
});

Deno.test("a name longer than its words keeps all its rows", () => {
  const player = openStory({ width: 46, height: 30 });
  player.press("f4");
  const heading = "The leather that was bound about the bell in Lammas week";
  const recalled = [{ ...WHY.recalled[1], heading, quote: "No.", page_words: [] }, {
    ...WHY.recalled[1],
    quote: "Yes.",
  }];
  player.hear(events.system("in words", { why: { ...WHY, recalled } }, "1"));
  const rows = player.screen().split("\n").map((row) => row.slice(3, 18).trim());
  const at = rows.indexOf("lore: The");
  const told = rows.slice(at, rows.indexOf("lore: The", at + 1)).join(" ");
  assert.equal(told, `lore: ${heading}`);
});

Deno.test("a quote with quotation marks in what is shown of it stands in others", () => {
  const rows: [string, RegExp][] = [
    ['"Salt," she says.', /“"Salt," she says\.”/],
    [`${"eels ".repeat(60)}"Salt."`, /"eels eels/],
  ];
  for (const [quote, shown] of rows) {
    const player = openStory();
    player.press("f4");
    player.hear(
      events.system("in words", { why: { ...WHY, recalled: [{ ...WHY.recalled[1], quote }] } }, "1"),
    );
    assert.match(player.screen(), shown);
  }
});
