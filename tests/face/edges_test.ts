/** Edges that no picture shows: the first width of the panel, how far a chosen row is filled, where bars and counts round. */

import assert from "node:assert/strict";
import { geometry } from "../../face/app/geometry.ts";
import { styleAt } from "../../face/term/grid.ts";
import { fit } from "../../face/view/draw.ts";
import { NO_USAGE } from "../../shared/protocol.ts";
import { createPlayer, events, message } from "../support/player.ts";
import { connectFresh, openStory, story } from "../support/salt_marsh.ts";

Deno.test("edges: the panel stands from 110 columns on", () => {
  assert.doesNotMatch(openStory({ width: 109 }).screen(), /THE SALT MARSH/);
  assert.match(openStory({ width: 110 }).screen(), /THE SALT MARSH/);
});

Deno.test("edges: a chosen row is filled two columns beyond the page on both sides, and nothing else is", () => {
  const player = openStory({ width: 100, height: 30 });
  player.press("ctrl+o", "down");
  const grid = player.grid();
  const { x, width } = geometry(player.model());
  const filled = Array.from({ length: grid.height }, (_, y) => y).filter((y) => {
    const { bg, reverse } = styleAt(grid, x - 1, y);
    return bg !== null || reverse;
  });
  assert.equal(filled.length, 1);
  const columns = Array.from({ length: grid.width }, (_, at) => at).filter((at) => {
    const { bg, reverse } = styleAt(grid, at, filled[0]);
    return bg !== null || reverse;
  });
  assert.deepEqual(columns, Array.from({ length: width + 4 }, (_, at) => x - 2 + at));
});

Deno.test("edges: the bar of the context rounds to the nearest of its eight cells", () => {
  for (const [tokens, full] of [[500, 0], [512, 1], [1535, 1], [1536, 2], [8192, 8], [20_000, 8]] as const) {
    const player = openStory({ answered: false });
    const usage = {
      prompt_tokens: tokens,
      cached_tokens: 0,
      completion_tokens: 0,
      cost: null,
      first_token_ms: 1,
      tokens_per_second: 1,
    };
    player.hear(events.end(message(5, "assistant", "It rains.", { usage })));
    const bar = /[▰▱]+/.exec(player.screen())?.[0] ?? "";
    assert.equal(bar, "▰".repeat(full) + "▱".repeat(8 - full), `${tokens} tokens`);
  }
});

Deno.test("edges: one turn is a turn, two are turns", () => {
  const player = openStory({ width: 120 });
  const lines = story();
  for (const [count, says] of [[2, /1 turn(?!s)/], [4, /2 turns/]] as const) {
    const history = lines.slice(0, count).map((line) => ({ ...line, created_ms: player.now() }));
    player.hear(events.history(history));
    assert.match(player.screen(), says);
  }
});

Deno.test("edges: a date stands after more than six hours, not after six", () => {
  for (const [hours, shown] of [[6, false], [6.01, true], [11, true]] as const) {
    const player = openStory();
    const now = player.now();
    player.hear(events.history([
      message(1, "assistant", "It rains.", { created_ms: now - hours * 3_600_000 }),
      message(2, "user", "I wait.", { created_ms: now }),
    ]));
    assert.equal(/Thursday/.test(player.screen()), shown, `${hours} hours`);
  }
});

Deno.test("edges: a text is cut only when it is too long, and then fills its columns", () => {
  const rows: [string, number, string][] = [
    ["abc", 3, "abc"],
    ["abcd", 3, "ab…"],
    ["日本", 4, "日本"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["a b", 2, "a…"],
    ["ab cd", 4, "ab…"],
    ["abc", 1, ""],
    ["a\u0301\u0302bc", 3, "a\u0301\u0302bc"],
    ["", 0, ""],
  ];
  for (const [text, columns, want] of rows) {
    assert.equal(fit(text, columns, "…"), want, `${text} in ${columns}`);
  }
});

Deno.test("edges: a line that was only awaited is not said to be cut off", () => {
  const player = openStory({ answered: false });
  player.hear(events.history(story().slice(0, 3)));
  player.type("I wait.");
  player.press("enter");
  player.link({ kind: "lost", retry_in_ms: 100, reason: "gone" });
  assert.equal(player.model().cut, false);
  const other = openStory({ answered: false });
  other.hear(events.chunk("It ra", { message_id: 5, parent_id: 4, offset: 0 }));
  other.link({ kind: "lost", retry_in_ms: 100, reason: "gone" });
  assert.equal(other.model().cut, true);
});

Deno.test("edges: a part of the panel stands where its last row is the one above the rule, and not a row lower", () => {
  for (const [height, there] of [[20, true], [19, false]] as const) {
    const player = openStory({ width: 120, height });
    assert.equal(/TONIGHT/.test(player.screen()), there, `${height}`);
    assert.match(player.screen(), /slow burn · gritty/);
  }
});

Deno.test("edges: of what was remembered only the kinds that there are are counted", () => {
  for (
    const [recalled, there, not] of [
      [{ lore: 0, memories: 2 }, /✿ 2 from earlier pages/, /from this world's lore/],
      [{ lore: 1, memories: 0 }, /✿ 1 from this world's lore/, /from earlier pages/],
    ] as const
  ) {
    const player = openStory({ width: 120, height: 36, answered: false });
    player.hear(events.end(message(5, "assistant", "It clicks."), { recalled }));
    assert.match(player.screen(), there);
    assert.doesNotMatch(player.screen(), not);
  }
});

Deno.test("edges: rules that are too many for the panel are counted there", () => {
  const player = openStory({ width: 120, height: 19 });
  const many = Array.from(
    { length: 12 },
    (_, at) => ({ id: `r${at}`, name: `a rule with a name ${at}`, about: "" }),
  );
  const { world_id, character_id, session_id } = player.model().story;
  const active_rules = many.map(({ id }) => id);
  player.hear(events.sync({ world_id, character_id, session_id, available_rules: many, active_rules }));
  assert.match(player.screen(), /RULES\n.* 12 of them\n/);
  player.send({ kind: "resize", width: 120, height: 40 });
  assert.match(player.screen(), /RULES\n.* a rule with a name 0 · a\n/);
});

Deno.test("edges: a foot stands under the last reply alone, until a line follows it", () => {
  const told = [{ message_id: 1, lore: 1, memories: 0 }, { message_id: 3, lore: 2, memories: 0 }];
  for (const [count, feet] of [[1, ["1"]], [2, []], [3, ["2"]], [4, []]] as const) {
    const player = openStory({ width: 80, height: 40 });
    player.hear(events.history(story().slice(0, count), false, told));
    assert.deepEqual([...player.screen().matchAll(/✿ (\d) remembered/g)].map(([, many]) => many), [...feet]);
  }
});

Deno.test("edges: where several turns told a reply, the bar shows what the last request had", () => {
  const usage = {
    prompt_tokens: 7000,
    cached_tokens: 0,
    completion_tokens: 300,
    cost: null,
    first_token_ms: 1,
    tokens_per_second: 1,
  };
  for (
    const [window_tokens, says] of [[undefined, /7\.3k of 8k ▰▰▰▰▰▰▰▱/], [
      3600,
      /3\.6k of 8k ▰▰▰▰▱▱▱▱/,
    ], [0, /\/ commands\s*$/]] as const
  ) {
    const player = openStory({ answered: false });
    const used = window_tokens === undefined ? usage : { ...usage, window_tokens };
    player.hear(events.end(message(5, "assistant", "It rains.", { usage: used })));
    assert.match(player.screen(), says);
  }
});

Deno.test("edges: a line just said stands on the page with the spinner below it, before the brain has it", () => {
  const player = openStory({ width: 80, height: 30 });
  player.type("I wait.");
  player.press("enter");
  assert.match(player.screen(), /\n {4}› I wait\.\n\n {6}⠋\n/);
  assert.equal(player.screen().match(/I wait\./g)?.length, 1);
});

Deno.test("edges: what is worth a glance goes where the keys leave no room for it", () => {
  const cost = { ...NO_USAGE, cost: 0.5 };
  const status = (width: number): string => {
    const player = openStory({ answered: false, width });
    player.hear(events.end(message(5, "assistant", "It rains.", { usage: cost })));
    return player.screen().split("\n").at(-1)?.trim() ?? "";
  };
  assert.equal(status(40), "Tab reread   ? keys   / commands");
  assert.match(status(46), /^Tab reread {3}\? keys {3}\/ commands {3,}\$0\.50$/);
});

Deno.test("edges: a break between scenes is three marks in the middle", () => {
  const player = openStory();
  player.hear(events.history([message(1, "assistant", "Before.\n\n---\n\nAfter.")]));
  assert.match(player.screen(), /\n {6}Before\.\n\n {37}· · ·\n\n {6}After\.\n/);
});

Deno.test("edges: two rows of a notice keep a blank row to the prose from twenty rows on", () => {
  for (const [height, apart] of [[19, false], [20, true]] as const) {
    const player = openStory({ height });
    const text = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen.";
    player.hear(events.system(text));
    const rows = player.screen().split("\n");
    const first = rows.findIndex((row) => row.includes("· One two"));
    assert.equal(rows[first - 1].trim() === "", apart, `${height} rows`);
  }
});

Deno.test("edges: an empty search field says what it is for", () => {
  const player = openStory();
  player.press("ctrl+f");
  assert.match(player.screen(), /\n {4}› Words to look for\n/);
  player.type("x");
  assert.doesNotMatch(player.screen(), /Words to look for/);
});

Deno.test("edges: with a line under way the list of worlds keeps every row above the editor", () => {
  const player = createPlayer({ width: 80, height: 13 });
  connectFresh(player);
  player.type("I");
  const rows = player.screen().split("\n").map((row) => row.trim());
  assert.equal(rows.filter((row) => /^(› )?\d/.test(row)).length, 3);
  assert.match(player.screen(), /1 of 4/);
  const rule = rows.findIndex((row) => row.startsWith("───"));
  assert.deepEqual([rows[rule - 3] !== "", rows[rule - 2], rows[rule - 1]], [true, "", ""]);
});
