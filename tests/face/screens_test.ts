/** Screens as pictures: each is a file in tests/golden, and obeys the rules that all of them share. */

import assert from "node:assert/strict";
import { contrast } from "../../face/theme.ts";
import { rowText } from "../../face/term/grid.ts";
import { textWidth } from "../../face/term/width.ts";
import { assertGolden, eachCell } from "../support/golden.ts";
import { createPlayer, events, message, type Player, type PlayerOptions } from "../support/player.ts";
import { CHARACTERS, COMMANDS, connectFresh, openStory, PROSE, WHY } from "../support/salt_marsh.ts";

type Scene = (options: PlayerOptions) => Player;

function opening(options: PlayerOptions): Player {
  const player = createPlayer(options);
  connectFresh(player);
  return player;
}

function streaming(options: PlayerOptions): Player {
  const player = openStory({ ...options, answered: false });
  player.hear(events.progress("reply:5", "llama3.2 is reading 3,100 tokens"));
  const text = PROSE.key.slice(0, PROSE.key.indexOf(" knowing"));
  player.hear(events.chunk(text.slice(0, 90), { message_id: 5, parent_id: 4, offset: 0 }));
  player.wait(2500);
  player.hear(events.chunk(text.slice(90), { message_id: 5, parent_id: 4, offset: 90 }));
  player.type("I weigh the duck in my hand and ask what she was paid");
  player.wait(400);
  return player;
}

function answered(options: PlayerOptions): Player {
  const player = openStory({ ...options, answered: false });
  player.hear(events.chunk(PROSE.key, { message_id: 5, parent_id: 4, offset: 0 }));
  const usage = {
    prompt_tokens: 2900,
    cached_tokens: 0,
    completion_tokens: 204,
    cost: 0.0121,
    first_token_ms: 800,
    tokens_per_second: 24,
  };
  const reply = message(5, "assistant", PROSE.key, { usage, alternative: 2, alternatives: 3 });
  player.hear(events.end(reply, { recalled: { lore: 1, memories: 1 } }));
  for (const effect of player.effects()) {
    if (effect.kind === "say") player.hear(events.system("in words", { why: WHY }, effect.ref));
  }
  return player;
}

const SCENES: [string, Scene][] = [
  ["opening_starting", (options) => createPlayer(options)],
  ["opening", opening],
  ["opening_character", (options) => {
    const player = opening(options);
    player.press("enter", "down");
    return player;
  }],
  ["page", answered],
  ["streaming", streaming],
  ["waiting", (options) => {
    const player = openStory(options);
    player.type("I ask what she was paid.");
    player.press("enter");
    player.hear(events.message(message(6, "user", "I ask what she was paid."), "1"));
    player.hear(events.progress("reply:7", "llama3.2 is reading 3,100 tokens"));
    player.wait(6100);
    return player;
  }],
  ["error", (options) => {
    const player = openStory({ ...options, answered: false });
    player.hear(events.error("Groq has not answered for 60 s. Your line is kept."));
    player.hear(events.end(message(5, "assistant", "", { status: "failed" })));
    return player;
  }],
  ["popup_commands", (options) => {
    const player = answered(options);
    player.type("/co");
    return player;
  }],
  ["popup_models", (options) => {
    const player = answered(options);
    player.press("ctrl+o", "down", "down");
    return player;
  }],
  ["popup_stories", (options) => {
    const player = answered(options);
    player.press("ctrl+t");
    return player;
  }],
  ["desk", (options) => {
    const player = answered(options);
    player.press("tab");
    return player;
  }],
  ["keys", (options) => {
    const player = answered(options);
    player.press("f1");
    return player;
  }],
  ["why", (options) => {
    const player = answered(options);
    player.press("tab", "w");
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    player.hear(events.system("Why", { why: WHY }, asked?.kind === "say" ? asked.ref : null));
    player.press("down");
    return player;
  }],
  ["search", (options) => {
    const player = answered(options);
    player.press("ctrl+f");
    player.type("lamp");
    return player;
  }],
  ["price", (options) => {
    const player = openStory(options);
    const line = "I ask what she was paid.";
    player.type(line);
    player.press("enter");
    const ask = { cost: 0.34, limit: 0.05, model: "Claude Sonnet 4.5" };
    player.hear(events.system("✗ This reply may cost about $0.34", { line, ask }, "1"));
    player.hear(events.end(null, {}, "1"));
    return player;
  }],
  ["offer", (options) => {
    const player = answered(options);
    player.send({ kind: "model_missing", bytes: 142_300_000 });
    return player;
  }],
  ["progress", (options) => {
    const player = answered(options);
    player.send({ kind: "model_step", done: 0, total: 142_300_000 });
    player.wait(13_000);
    player.send({ kind: "model_step", done: 41_000_000, total: 142_300_000 });
    return player;
  }],
  ["popup_rules", (options) => {
    const player = answered(options);
    const list = { name: "/rules list", usage: "/rules list", help: "List the rule packs", arguments: [] };
    player.hear({ event: "commands", content: "", ref: null, metadata: { commands: [...COMMANDS, list] } });
    player.type("/rules list");
    player.press("enter", "down");
    return player;
  }],
  ["popup_alone", (options) => {
    const player = answered(options);
    const [narrator] = player.model().story.models;
    const { world_id, character_id, session_id } = player.model().story;
    player.hear(events.sync({
      world_id,
      character_id,
      session_id,
      active_rules: ["slow_burn", "gritty"],
      available_models: [narrator],
    }));
    player.press("ctrl+o");
    return player;
  }],
  ["why_numbers", (options) => {
    const player = answered(options);
    player.press("f4");
    const asked = player.effects().findLast((effect) => effect.kind === "say");
    player.hear(events.system("Why", { why: WHY }, asked?.kind === "say" ? asked.ref : null));
    player.press("n");
    return player;
  }],
  ["question", (options) => {
    const player = streaming(options);
    player.press("ctrl+c");
    return player;
  }],
  ["lost", (options) => {
    const player = answered(options);
    player.link({ kind: "lost", retry_in_ms: 5000, reason: "the brain ended" });
    player.type("A line that nobody hears yet.\nWith a second row.");
    player.press("enter");
    return player;
  }],
];

const SIZES = [[80, 24], [120, 36], [200, 60]] as const;

for (const [name, scene] of SCENES) {
  for (const [width, height] of SIZES) {
    Deno.test(`the screen ${name} at ${width}x${height} is the picture`, () => {
      const player = scene({ width, height, settings: { hint_seen: true } });
      const grid = player.grid();
      assertGolden(`${name}_${width}x${height}`, grid);
    });
  }
}

Deno.test("prose is never wider than 68 columns, and the block is centred, at any width", () => {
  for (let width = 40; width <= 300; width += 7) {
    const player = answered({ width, height: 40 });
    const { model, grid } = { model: player.model(), grid: player.grid() };
    const page = width < 74 ? width - 6 : 68;
    const panel = width >= 110 ? 32 : 0;
    const left = Math.max(2, (width - page - panel) >> 1);
    const rows = Array.from({ length: grid.height }, (_, y) => rowText(grid, y));
    const rule = rows.findIndex((row) => /^\s*─+$/.test(row));
    assert.equal(rows[rule].length - rows[rule].trimStart().length, left, `left edge at ${width}`);
    assert.equal(textWidth(rows[rule].trim()), page, `measure at ${width}`);
    for (const row of rows.slice(2, rule)) {
      assert.ok(textWidth(row.slice(0, left + page + 3).trimEnd()) <= left + page, `${width}: ${row}`);
    }
    assert.equal(model.size.width, width);
  }
});

Deno.test("below 40 columns or 10 rows one clear line says so", () => {
  for (const [width, height] of [[39, 24], [80, 9], [12, 5], [1, 1]]) {
    const player = answered({ width, height });
    const text = player.screen().trim();
    const words = text.split("\n").map((row) => row.trim()).filter((row) => row !== "").join(
      width < 6 ? "" : " ",
    );
    if (height > 3) assert.equal(words, "Flower needs 40 columns and 10 rows.");
    assert.equal(player.drawn().cursor, null);
  }
  assert.match(answered({ width: 40, height: 10 }).screen(), /›/);
});

Deno.test("no scene shows an id, a box or a name label", () => {
  for (const [name, scene] of SCENES) {
    const text = scene({ width: 200, height: 60 }).screen();
    assert.doesNotMatch(text, /4be1c09a77d2|99aa00bb11cc|salt_marsh|[│┌┐└┘├┤]|NARRATOR\b|YOU:|Player:/, name);
  }
});

Deno.test("every colour drawn stands 4.5:1 on twelve terminal backgrounds, but the rule and empty cells", () => {
  const backgrounds = [
    0x000000,
    0x1e1e2e,
    0x282a36,
    0x002b36,
    0x2e3440,
    0x1d1f21,
    0x300a24,
    0xffffff,
    0xfdf6e3,
    0xeff1f5,
    0xf5f5dc,
    0xd8d8d8,
  ];
  for (const background of backgrounds) {
    const dark = background < 0x800000 && background !== 0xd8d8d8;
    for (const [name, scene] of SCENES) {
      const player = scene({ width: 120, height: 36 });
      player.send({ kind: "caps", caps: { ...player.model().caps, background, dark } });
      const grid = player.grid();
      const rule = player.model().theme.rule.fg;
      const rule_rgb = rule !== null && "rgb" in rule ? rule.rgb : -1;
      eachCell(grid, (x, y, { fg, bg }) => {
        if (fg === null || !("rgb" in fg) || fg.rgb === rule_rgb) return;
        const under = bg !== null && "rgb" in bg ? bg.rgb : background;
        const found = contrast(fg.rgb, under);
        assert.ok(
          found >= 4.49,
          `${name} ${x},${y} #${fg.rgb.toString(16)} on #${under.toString(16)}: ${found}`,
        );
      });
    }
  }
});

Deno.test("without colour the roles are still told apart, and no colour is drawn", () => {
  for (const [name, scene] of SCENES) {
    const grid = scene({ width: 120, height: 36, depth: "none" }).grid();
    eachCell(grid, (x, y, { fg, bg }) => assert.ok(fg === null && bg === null, `${name} ${x},${y}`));
  }
});

Deno.test("where the locale is not UTF-8, every character the face adds is ASCII", () => {
  for (const [name, scene] of SCENES.filter(([name]) => !["keys", "popup_stories"].includes(name))) {
    const text = scene({ width: 120, height: 36, utf8: false }).screen();
    assert.doesNotMatch(text, /[^\n\x20-\x7e]/, name);
  }
});

Deno.test("the shipped characters are offered with those the world suggests first", () => {
  const player = opening({});
  player.press("enter");
  const names = player.screen().split("\n").filter((row) => /^ {2}(›| ) \d {2}/.test(row)).map((row) =>
    row.slice(7, 23).trim()
  );
  assert.deepEqual(names, ["The farrier", "The midwife", "The apothecary"]);
  assert.equal(names.length, CHARACTERS.length);
});
