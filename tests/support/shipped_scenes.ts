/**
 * The shipped worlds in real situations: long names, twelve rules, prices, a wide title, an error, the log, every mode of
 * the page.
 */

import { openLibrary } from "../../brain/library/assets.ts";
import { snapshot } from "../../brain/sync.ts";
import type { SyncState } from "../../shared/protocol.ts";
import type { Model, Rule, World } from "../../shared/story.ts";
import type { Scene } from "./marsh_scenes.ts";
import { createPlayer, EVENING_MS, events, message, type Player, type PlayerOptions } from "./player.ts";
import { ROOT } from "./processes.ts";
import { COMMANDS, PROSE } from "./salt_marsh.ts";

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

export const SHIPPED_SCENES: [string, Scene][] = [
  ...SHIPPED.worlds.map((world): [string, Scene] => [
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
    const found = quotes.map((quote, at) => ({
      session_id: player.model().story.sessions[at].id,
      quote,
      story: null,
    }));
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
