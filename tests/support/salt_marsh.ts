/** The evening of face-look.md: a world, a character, and a story that is well under way. */

import type { Why, WhyPiece } from "../../shared/protocol.ts";
import type {
  ArgumentKind,
  CharacterItem,
  CommandItem,
  ModelItem,
  RuleItem,
  SessionItem,
  SyncState,
  WorldItem,
} from "../../shared/protocol.ts";
import type { Message } from "../../shared/story.ts";
import { createPlayer, EVENING_MS, events, message, type Player, type PlayerOptions } from "./player.ts";

const world = (
  id: string,
  name: string,
  hook: string,
  opening: string,
  characters: string[] = [],
): WorldItem => (
  { id, name, hook, opening, characters, first_line: "" }
);

export const WORLDS: WorldItem[] = [
  world(
    "salt_marsh",
    "The Salt Marsh",
    "Fog, debts, and a bell that rings when someone lies.",
    "Fog comes in over the reeds, and with it the ferry, early, which it never is.",
    ["farrier", "midwife"],
  ),
  world(
    "long_stair",
    "The Long Stair",
    "Nine days up a tower that was built from the top down.",
    "The stair begins in the cellar of an inn.",
  ),
  world(
    "quarter_to_nine",
    "Quarter to Nine",
    "A night train, a locked dining car, one passenger too many.",
    "The train stands, and nobody says why.",
  ),
  world(
    "honey_year",
    "The Honey Year",
    "A hard winter is over, and the bees keep accounts.",
    "You stand at the bee wall.",
  ),
];

export const CHARACTERS: CharacterItem[] = [
  {
    id: "apothecary",
    name: "The apothecary",
    about: "Curious, courteous, and vain about one very good nose.",
  },
  { id: "farrier", name: "The farrier", about: "Stubborn, and afraid of deep water." },
  { id: "midwife", name: "The midwife", about: "Calm, and used to being obeyed." },
];

export const MODELS: ModelItem[] = [
  model("demo/narrator", "The built-in narrator", { price_known: true }),
  model("ollama/llama3.2", "llama3.2", { local: true, context: 8192 }),
  model("openrouter/ink-9b", "Ink 9B", {
    prompt_price: 0.6,
    completion_price: 2.4,
    price_known: true,
    context: 131072,
  }),
  model("openrouter/quill", "Quill", { context: 32768 }),
];

function model(id: string, name: string, part: Partial<ModelItem>): ModelItem {
  return {
    id,
    name,
    prompt_price: 0,
    completion_price: 0,
    price_known: false,
    local: false,
    context: 0,
    ...part,
  };
}

export const RULES: RuleItem[] = [
  { id: "slow_burn", name: "slow burn", about: "Nothing happens at once." },
  { id: "gritty", name: "gritty", about: "Wounds slow, then fester." },
  { id: "kind", name: "kind", about: "People help when they can." },
];

export const SESSIONS: SessionItem[] = [
  {
    id: "4be1c09a77d2",
    name: "[salt_marsh] farrier: I light the lamp and wait",
    title: "I light the lamp and wait",
    world_id: "salt_marsh",
    character_id: "farrier",
    turns: 64,
    last_used_ms: EVENING_MS - 3 * 86_400_000,
    last: "The lamp burns low, and nobody comes.",
  },
  {
    id: "99aa00bb11cc",
    name: "[honey_year] midwife: I ask the bees",
    title: "I ask the bees",
    world_id: "honey_year",
    character_id: "midwife",
    turns: 1,
    last_used_ms: EVENING_MS - 40 * 60_000,
    last: "Nobody told them.",
  },
];

const LISTS: Partial<SyncState> = {
  available_worlds: WORLDS,
  available_characters: CHARACTERS,
  available_models: MODELS,
  available_rules: RULES,
  available_sessions: SESSIONS,
};

/** A brain that knows the lists and no story. */
export function connectFresh(player: Player, protocol: number | null = 1): void {
  player.link({ kind: "connected" });
  player.hear(events.greeting(protocol));
  player.hear(events.sync(LISTS));
  if (protocol !== null) {
    player.hear({ event: "commands", content: "", ref: null, metadata: { commands: COMMANDS } });
    player.hear(events.history([]));
  }
}

export const PROSE = {
  shop:
    "The net loft smells of tar and cold smoke, and nobody has swept since the flood. Behind the counter a boy " +
    'ties and unties the same rope-end, and hums. "You shoe horses," he says. "No horses on the water." He will not ' +
    "take your coin. He takes the apple, and looks at it a while, the way people look at money.",
  apple: "I give the boy a second apple and ask who lights the lamp now.",
  nobody:
    '"Nobody lights it." He eats the core too. "It got lit, is all. Ask her, if you like the wet."\n\nOut on the ' +
    "pier the lamp is dark. From its hook somebody has hung a duck, a clay one the size of a fist, and the wind turns " +
    "it to face you and away again, in no hurry, as a shopkeeper might.",
  duck: "I take the duck down and shake it, listening.",
  key:
    "It is lighter than it should be. Something slides from beak to tail, and clicks.\n\nBehind you a board gives. " +
    "The ferrywoman has come up without her boat-hook, which you have never seen her do, and she keeps both hands in " +
    'her coat.\n\n"The keeper left that," she says. "Paid me in eel to say I never rowed her." She is looking past ' +
    'you, at the water. "Tide turns in a quarter hour. I can take you out to the light, or I can go on not knowing ' +
    'you. Both are work."',
};

/** The story so far, with a pause of three days before its last evening. */
export function story(): Message[] {
  return [
    message(1, "assistant", PROSE.shop, { created_ms: EVENING_MS - 3 * 86_400_000 }),
    message(2, "user", PROSE.apple),
    message(3, "assistant", PROSE.nobody),
    message(4, "user", PROSE.duck),
  ];
}

/** A face that opened this story, its last line unanswered or answered. */
export function openStory(options: PlayerOptions & { answered?: boolean } = {}): Player {
  const player = createPlayer({ settings: { hint_seen: true }, ...options });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.sync({
    ...LISTS,
    model: "ollama/llama3.2",
    world_id: "salt_marsh",
    character_id: "farrier",
    session_id: "4be1c09a77d2",
    active_rules: ["slow_burn", "gritty"],
  }));
  player.hear({ event: "commands", content: "", ref: null, metadata: { commands: COMMANDS } });
  const messages = story();
  if (options.answered !== false) messages.push(message(5, "assistant", PROSE.key));
  player.hear(events.history(messages));
  player.effects();
  return player;
}

const command = (
  name: string,
  help: string,
  kind: ArgumentKind | null = null,
  required = true,
): CommandItem => ({
  name,
  usage: kind === null ? name : `${name} ${required ? "ID" : "[ID]"}`,
  help,
  arguments: kind === null ? [] : [{ name: "ID", kind, required }],
});

/** Some of the brain's commands, as it describes them. */
export const COMMANDS: CommandItem[] = [
  command("/help", "Says what there is to say", "text", false),
  command("/model", "Choose who narrates", "model", false),
  command("/world select", "Choose the world", "world"),
  command("/character select", "Choose who you are", "character"),
  command("/rules add", "Switch a rule pack on", "rule"),
  command("/rules remove", "Switch a rule pack off", "active_rule"),
  command("/session new", "Begin a story"),
  command("/session continue", "Go on with a story", "session"),
  command("/session search", "Find the stories in which something was said", "text"),
  command("/session delete", "Delete a story", "session"),
  command("/retry", "Ask for another telling of the last reply"),
  command("/continue", "Let the narrator go on in the same reply"),
  command("/why", "Why the last reply is what it is", "message", false),
  command("/memory pin", "Have this piece in every reply", "text"),
  command("/memory forget", "Never remember this piece again", "text"),
  command("/undo", "Take your last line back"),
  command("/cancel", "Stop the narrator"),
];

function piece(part: Partial<WhyPiece>): WhyPiece {
  return {
    kind: "memory",
    id: "m1",
    message_id: 1,
    role: "assistant",
    speaker: "",
    heading: "",
    known_to: "",
    turns_ago: 0,
    quote: "",
    words: [],
    page_words: [],
    fact: "",
    pinned: false,
    tokens: 0,
    score: 0,
    split: [],
    reason: "",
    ...part,
  };
}

/** What was sent for message 5, as the brain tells it. */
export const WHY: Why = {
  message_id: 5,
  turn: 64,
  model: "ollama/llama3.2",
  tokens: 3104,
  window: 8192,
  reported: 3120,
  searched: 212,
  late: false,
  recalled: [
    piece({
      id: "m12",
      message_id: 2,
      role: "user",
      turns_ago: 46,
      quote: "...the silver key is inside the clay duck.",
      words: ["duck"],
      tokens: 41,
      score: 3.25,
      split: [{ name: "words", score: 3 }, { name: "neighbours", score: 0.25 }],
    }),
    piece({
      kind: "lore",
      id: "l7",
      message_id: null,
      role: null,
      heading: "The drowned bell",
      quote:
        "The drowned bell under the old pier rings only when somebody above it tells a lie, and the whole " +
        "of Fenmouth has learned to speak carefully near the water because of it.",
      page_words: ["pier"],
      tokens: 55,
      score: 1.5,
    }),
    piece({
      kind: "lore",
      id: "l8",
      message_id: null,
      role: null,
      heading: "The leather on the bell",
      known_to: "Josiah Peachey, Noah Crabbe",
      quote: "The leather on the bell was a strip of harness, bound about the clapper in Lammas week.",
      words: ["duck"],
      tokens: 24,
      score: 1.1,
    }),
  ],
  left_out: [
    piece({
      id: "m30",
      message_id: 3,
      turns_ago: 9,
      quote: "Everyone says the duck is the keeper's work.",
      reason: "still on the page the narrator reads",
    }),
    piece({
      kind: "lore",
      id: "l9",
      message_id: null,
      role: null,
      quote: "Eel is sold by the braid, never by weight.",
      reason: "no room left: 41 tokens over",
    }),
  ],
  story: [],
  parts: [
    { name: "rules", tokens: 240 },
    { name: "world", tokens: 180 },
    { name: "you", tokens: 90 },
    { name: "history", tokens: 2474 },
  ],
  history_turns: 31,
  prompt: null,
};
