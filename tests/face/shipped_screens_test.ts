/**
 * The shipped worlds in real situations, as pictures: long names, twelve rules, prices, a wide title, narrow screens, an
 * error, the log. Each obeys what all screens share: the measure, margins, gaps between paragraphs, contrast, no cut word
 * without its sign, the cursor where typing goes, no ids and no boxes.
 */

import assert from "node:assert/strict";
import { openLibrary } from "../../brain/library/assets.ts";
import { snapshot } from "../../brain/sync.ts";
import { keyHelp } from "../../face/keymap.ts";
import { contrast } from "../../face/theme.ts";
import { geometry } from "../../face/app/geometry.ts";
import { rowText } from "../../face/term/grid.ts";
import { textWidth } from "../../face/term/width.ts";
import type { SyncState } from "../../shared/protocol.ts";
import type { Model, Rule, World } from "../../shared/story.ts";
import { assertGolden, eachCell } from "../support/golden.ts";
import {
  createPlayer,
  EVENING_MS,
  events,
  message,
  type Player,
  type PlayerOptions,
} from "../support/player.ts";
import { ROOT } from "../support/processes.ts";
import { COMMANDS, PROSE } from "../support/salt_marsh.ts";

const home = await Deno.makeTempDir();
const library = await openLibrary(`${ROOT}/assets`, home);
const SHIPPED = { worlds: library.worlds(), characters: library.characters(), rules: library.rules() };
library.close();
await Deno.remove(home, { recursive: true });

const OWN_RULES: Rule[] = [
  ["no_death", "nobody dies", "Nobody dies who has a name."],
  ["weather", "the weather decides", "What the weather does is never without consequence."],
  ["letters", "letters are read aloud", "A letter is quoted whole, once, when it is opened."],
  ["food", "everyone eats", "Each scene has something to eat in it, or its lack."],
  ["slow_talk", "unhurried conversations about inheritance", "Nobody says at once what they came for."],
  ["tide", "\u6f6e\u306e\u6e80\u3061\u5e72\u304d", "The tide is told with every scene."],
].map(([id, name, prompt]) => ({ id, name, prompt }));
const LONG: World = {
  ...SHIPPED.worlds[0],
  id: "long_names",
  name: "The Remarkably Long and Unabridged Chronicle of the Lighthouse-Keepers' Association",
  hook: "Eleven keepers, one lamp, and a chronicle that nobody was ever meant to read aloud.",
};
const MODELS: Model[] = [
  ["demo/narrator", "The built-in narrator", true, 8192, 0, 0],
  ["ollama/llama3.2", "llama3.2", true, 8192, 0, 0],
  ["openrouter/ink-9b", "Ink 9B", false, 131_072, 0.6, 2.4],
  ["openrouter/quill-large", "Quill Large (the experimental preview of November)", false, 1_000_000, 3, 15],
  ["openrouter/unpriced", "Unpriced", false, 32_768, null, null],
  ["groq/free", "Free and fast", false, 8192, 0, 0],
].map(([id, name, local, context, prompt_price, completion_price]) => ({
  id,
  name,
  provider: "p",
  local,
  context,
  max_output: null,
  prompt_price,
  completion_price,
} as Model));
const SESSION = "4be1c09a77d2";

function state(world: World, character_id: string, rules: readonly string[] = []): SyncState {
  const titles = [
    "I light the lamp and wait",
    "I ask the bees who owed what to whom in the winter before the last one, and in which of the nine cells",
    "\u706f\u53f0\u306e\u660e\u304b\u308a\u304c\u6d88\u3048\u305f\u591c\u306b\u3001\u8ab0\u304c\u9418\u3092\u9cf4\u3089\u3057\u305f\u306e\u304b\u3068\u5c0b\u306d\u308b",
    "I count the stairs",
  ];
  return snapshot({
    state: { world_id: world.id, character_id, session_id: SESSION, model: MODELS[1].id, rules: [...rules] },
    model: MODELS[1].id,
    worlds: [...SHIPPED.worlds, LONG],
    characters: SHIPPED.characters,
    rules: [...SHIPPED.rules, ...OWN_RULES],
    models: MODELS,
    sessions: titles.map((title, at) => ({
      session: {
        id: at === 0 ? SESSION : `${at}9aa00bb11cc`,
        player_id: "local",
        world_id: SHIPPED.worlds[at % 4].id,
        character_id,
        model: "",
        title,
        leaf_id: 1,
        created_ms: 0,
        last_used_ms: EVENING_MS - at * 40_000_000,
      },
      turns: at === 0 ? 1 : at * 17,
      last: "The lamp burns low, and nobody comes.",
    })),
  });
}

function open(world: World, options: PlayerOptions, rules: readonly string[] = []): Player {
  const player = createPlayer({ settings: { hint_seen: true }, ...options });
  const character_id = world.characters[0] ?? SHIPPED.characters[0].id;
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.sync(state(world, character_id, rules)));
  player.hear({ event: "commands", content: "", ref: null, metadata: { commands: COMMANDS } });
  const start = world.start_message.replaceAll("{{user}}", "you");
  player.hear(events.history([
    message(1, "assistant", start),
    message(2, "user", world.narrator?.first_line ?? "I wait."),
    message(3, "assistant", PROSE.nobody),
  ]));
  player.effects();
  return player;
}

const marsh = SHIPPED.worlds[0];
const ALL_RULES = [...SHIPPED.rules, ...OWN_RULES].map(({ id }) => id);

const SCENES: [string, (options: PlayerOptions) => Player][] = [
  ...SHIPPED.worlds.map((world): [string, (options: PlayerOptions) => Player] => [
    `shipped_${world.id}`,
    (options) => open(world, options),
  ]),
  ["long_names", (options) => open(LONG, options)],
  ["twelve_rules", (options) => open(marsh, options, ALL_RULES)],
  ["twelve_rules_list", (options) => {
    const player = open(marsh, options, ALL_RULES);
    player.type("/rules remove ");
    return player;
  }],
  ["prices", (options) => {
    const player = open(marsh, options);
    player.press("ctrl+o", "down", "down", "down");
    return player;
  }],
  ["stories_wide", (options) => {
    const player = open(marsh, options);
    player.press("ctrl+t", "down", "down");
    return player;
  }],
  ["story_search", (options) => {
    const player = open(marsh, options);
    player.press("ctrl+t");
    player.type("lamp");
    player.wait(250);
    const quotes = [
      '"It wants a lamp," she says, "and somebody who is not afraid of what the light shows."',
      "On the ninth landing somebody has hung a lamp where no hook is, and the deserter counts the steps to it twice.",
      "He carries the lamp down the train and counts aloud.",
    ];
    const found = quotes.map((quote, at) => ({ session_id: player.model().story.sessions[at].id, quote }));
    player.hear(events.system("in words", { found }, String(player.model().next_ref - 1)));
    player.press("down");
    return player;
  }],
  ["log", (options) => {
    const player = open(LONG, options);
    player.hear(events.system("\u2713 Active world set to long_names"));
    player.hear(
      events.system("Your folder of worlds was read again: one file has a mistake in its third line."),
    );
    player.type("/log");
    player.press("enter");
    return player;
  }],
  ["delete", (options) => {
    const player = open(marsh, options);
    player.type(`/session delete ${SESSION}`);
    player.press("enter");
    return player;
  }],
  ["refused", (options) => {
    const player = open(marsh, options);
    player.hear(
      events.system(
        "\u2717 llama3.2 is not loaded: Ollama at 127.0.0.1:11434 does not answer. Start it, or choose another narrator.",
      ),
    );
    return player;
  }],
  ["ten_rows", (options) => {
    const player = open(marsh, options);
    player.send({
      kind: "term",
      event: { kind: "paste", text: `${PROSE.key}\n\n${PROSE.nobody}\n\n${PROSE.shop}` },
    });
    return player;
  }],
];

const SIZES = [[40, 16], [80, 24], [120, 36], [200, 60]] as const;
const BACKGROUNDS = [
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

/** Where a row may end between any two letters. */
const WIDE_LETTERS = /[\u3040-\u30ff\u4e00-\u9fff]/;
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}'\u2019]+/gu) ?? [];

/** Every word that a screen may show whole: of the assets and lists, of the keys, and of the same screen with much room. */
function vocabulary(scene: (options: PlayerOptions) => Player): Set<string> {
  const wide = scene({ width: 300, height: 80 });
  const sources = [JSON.stringify(wide.model().story), JSON.stringify(wide.model().transcript.messages)];
  sources.push(JSON.stringify(keyHelp()), JSON.stringify(COMMANDS), wide.screen(), wide.model().editor.text);
  sources.push(JSON.stringify(wide.model().log), wide.model().notice?.text ?? "");
  sources.push([...wide.model().story_search.found.values()].join(" "));
  const words = sources.flatMap((text) => wordsOf(text.replaceAll("\\n", " ").replaceAll('\\"', " ")));
  return new Set(words.flatMap((word) => [word, word.toUpperCase()]));
}

function assertInvariants(name: string, player: Player, words: Set<string>): void {
  const model = player.model();
  const grid = player.grid();
  const place = geometry(model);
  const rows = Array.from({ length: grid.height }, (_, y) => rowText(grid, y));
  // Margins and measure: nothing left of the marks, nothing right of the block.
  for (const [y, row] of rows.entries()) {
    if (row.trim() === "") continue;
    const left = textWidth(row) - textWidth(row.trimStart());
    assert.ok(left >= place.x - 2, `${name}, row ${y}, left: ${row}`);
    // A selected row of a list is filled two columns beyond the page.
    assert.ok(textWidth(row) <= place.right + 2, `${name}, row ${y}, right: ${row}`);
  }
  assert.ok(place.width <= 72);
  // Between paragraphs one blank row: the page never has two, but above its first and below its last row.
  const page = rows.slice(place.page_y, place.page_y + place.page_height)
    .map((row) => sliceColumns(row, 0, place.x + place.width).trimEnd());
  const first = page.findIndex((row) => row !== "");
  const last = page.findLastIndex((row) => row !== "");
  if (model.sheet === null && model.editor.text === "") {
    for (let y = first; y < last; y++) {
      assert.ok(page[y] !== "" || page[y + 1] !== "", `${name}: two blank rows at ${y}`);
    }
  }
  // No word is cut without a sign.
  for (const [y, row] of rows.entries()) {
    // Header and status row run over page and panel.
    const whole = y === 0 || y === grid.height - 1 || model.sheet !== null;
    for (
      const part of whole ? [row] : [
        sliceColumns(row, 0, place.x + place.width + 2),
        sliceColumns(row, place.x + place.width + 2, 999),
      ]
    ) {
      const found = wordsOf(part);
      const end = part.trimEnd();
      for (const [at, word] of found.entries()) {
        const cut_with_sign = end.includes(`${word}\u2026`);
        assert.ok(
          words.has(word) || cut_with_sign || /^\d+$/.test(word) || WIDE_LETTERS.test(word),
          `${name}, row ${y}: "${word}" (${at}) in ${row}`,
        );
      }
    }
  }
  const text = rows.join("\n");
  for (const { id } of [...SHIPPED.worlds, LONG, ...OWN_RULES]) {
    // The log is the place for ids.
    if (id.includes("_") && !name.startsWith("log")) assert.ok(!text.includes(id), `${name} shows ${id}`);
  }
  assert.doesNotMatch(text, /4be1c09a77d2|\d9aa00bb11cc/, name);
  assert.doesNotMatch(text, /[\u2502\u250c\u2510\u2514\u2518\u251c\u2524]/, name);
  // The cursor stands behind what was typed.
  const { cursor } = player.drawn();
  if (model.sheet !== null || model.confirm !== null) assert.equal(cursor, null, name);
  else {
    assert.ok(cursor !== null, name);
    const before = sliceColumns(rows[cursor.y], place.x, cursor.x);
    const typed = model.editor.text.slice(model.editor.text.lastIndexOf("\n") + 1);
    if (typed === "") assert.equal(cursor.x, place.x, name);
    else assert.ok(typed.trimEnd().endsWith(before.slice(-10).trim()), `${name}: cursor after ${before}`);
    assert.ok(cursor.y >= place.editor_y && cursor.y < place.editor_y + place.editor_height, name);
  }
}

/** The part of a row between two columns. */
function sliceColumns(row: string, from: number, to: number): string {
  let column = 0;
  let part = "";
  for (const char of row) {
    if (column >= from && column < to) part += char;
    column += textWidth(char);
  }
  return part;
}

for (const [name, scene] of SCENES) {
  Deno.test(`shipped: the screen ${name} is the picture at every size, and keeps the rules of all screens`, () => {
    const words = vocabulary(scene);
    for (const [width, height] of SIZES) {
      const player = scene({ width, height });
      assertGolden(`${name}_${width}x${height}`, player.grid());
      assertInvariants(`${name} at ${width}x${height}`, player, words);
    }
    for (const background of BACKGROUNDS) {
      const player = scene({ width: 120, height: 36 });
      const dark = background < 0x800000;
      player.send({ kind: "caps", caps: { ...player.model().caps, background, dark } });
      const { rule } = player.model().theme;
      eachCell(player.grid(), (x, y, { fg, bg }) => {
        if (fg === null || !("rgb" in fg) || JSON.stringify(fg) === JSON.stringify(rule.fg)) return;
        const under = bg !== null && "rgb" in bg ? bg.rgb : background;
        const found = contrast(fg.rgb, under);
        assert.ok(
          found >= 4.49,
          `${name} ${x},${y} #${fg.rgb.toString(16)} on #${under.toString(16)}: ${found}`,
        );
      });
    }
    const small = scene({ width: 39, height: 16 });
    assert.match(small.screen(), /Flower needs 40 columns and 10 rows\./);
  });
}
