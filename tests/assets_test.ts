/** What every shipped world, character and rule must be: lengths, entries that stand alone, secrets with clues, no stock names. */

import assert from "node:assert/strict";
import { createNarrator } from "../brain/llm/demo.ts";
import { openLibrary } from "../brain/library/assets.ts";
import { chunkLore } from "../brain/memory/units.ts";
import { assemble } from "../brain/prompt/assemble.ts";
import type { NarratorLines, World } from "../shared/story.ts";

const ASSETS = new URL("../assets", import.meta.url).pathname;
const KINDS = ["look", "speak", "take", "go", "wait", "ask", "hard"] as const;

const home = await Deno.makeTempDir();
const library = await openLibrary(ASSETS, home);
library.close();
await Deno.remove(home, { recursive: true });
const worlds = library.worlds();
const characters = library.characters();
const rules = library.rules();

function words(text: string): number {
  return text.trim().split(/\s+/).filter((word) => word !== "").length;
}
function within(count: number, least: number, most: number, what: string): void {
  assert.ok(count >= least && count <= most, `${what}: ${count}, not ${least} to ${most}`);
}
function world(id: string): World {
  const found = worlds.find((each) => each.id === id);
  assert.ok(found, id);
  return found;
}
function lines(of: World): NarratorLines {
  assert.ok(of.narrator, of.id);
  return of.narrator;
}
function sentences(text: string): string[] {
  return text.split(/(?<=[.!?]["”']?)\s+(?=["“A-Z])/);
}

Deno.test("the shipped library is four worlds, six characters and six rule packs, without a complaint", () => {
  assert.deepEqual(library.problems(), []);
  assert.deepEqual(worlds.map((each) => each.id).sort(), [
    "honey_year",
    "long_stair",
    "quarter_to_nine",
    "salt_marsh",
  ]);
  assert.deepEqual(
    characters.map((each) => each.id).sort(),
    ["apothecary", "card_player", "clerk", "deserter", "farrier", "midwife"],
  );
  assert.deepEqual(
    rules.map((each) => each.id).sort(),
    ["comedy_of_manners", "cosy", "gritty", "mystery", "slow_burn", "terse"],
  );
});

Deno.test("the opening screen shows the names and hooks that were promised", () => {
  const rows = [
    ["salt_marsh", "The Salt Marsh", "Fog, debts, and a bell that rings when someone lies."],
    ["long_stair", "The Long Stair", "Nine days up a tower that was built from the top down."],
    ["quarter_to_nine", "Quarter to Nine", "A night train, a locked dining car, one passenger too many."],
    ["honey_year", "The Honey Year", "A hard winter is over, and the bees keep accounts."],
  ];
  for (const [id, name, hook] of rows) {
    assert.deepEqual([world(id).name, world(id).hook], [name, hook]);
    assert.ok(words(hook) <= 12, hook);
  }
  assert.ok(
    world("salt_marsh").start_message.startsWith(
      "Fog comes in over the reeds, and with it the ferry, early, which it never is. ",
    ),
  );
});

Deno.test("base rules are ten and at most 240 words, and a rule pack at most 60", () => {
  const base = library.baseRules();
  within(words(base), 150, 240, "base rules");
  assert.equal(base.match(/^\d+\. /gm)?.length, 10);
  assert.match(base, /\{\{user\}\} belongs to the player/);
  assert.match(base, /80 to 160 words/);
  for (const rule of rules) {
    within(words(rule.prompt), 20, 60, rule.id);
    assert.ok(rule.prompt.startsWith(`${rule.name}:`), rule.id);
    // Naming what is unwanted invites it.
    assert.doesNotMatch(rule.prompt, /\b(?:never|don't|do not|avoid|must not)\b/i, rule.id);
    assert.doesNotMatch(rule.prompt, /[A-Z]{4}/, rule.id);
  }
});

Deno.test("a character is at most 90 words, its secret at most 40, and neither says he or she", () => {
  for (const character of characters) {
    within(words(character.persona), 40, 90, character.id);
    within(words(character.secret), 10, 40, `${character.id}'s secret`);
    assert.match(character.persona, /\bWants\b/, character.id);
    assert.match(character.persona, /\bCarries\b/, character.id);
    assert.doesNotMatch(
      `${character.persona} ${character.secret}`,
      /\b(?:he|she|his|hers|herself|himself)\b/i,
    );
  }
});

Deno.test("each world suggests two or three characters that exist, and each character is suggested somewhere", () => {
  const suggested = new Set<string>();
  for (const each of worlds) {
    within(each.characters.length, 2, 3, each.id);
    assert.equal(new Set(each.characters).size, each.characters.length);
    for (const id of each.characters) {
      assert.ok(characters.some((character) => character.id === id), id);
      suggested.add(id);
    }
  }
  assert.equal(suggested.size, characters.length);
});

Deno.test("start messages are 90 to 150 words in the second person, with a spoken line, and end open without a question", () => {
  for (const { id, start_message } of worlds) {
    within(words(start_message), 90, 150, id);
    assert.match(start_message, /\bYou (?:are|stand) (?:at|on|in|by)\b|\byou stand in\b/, id);
    assert.match(start_message, /"[^"]+"/, id);
    assert.doesNotMatch(start_message.trim().split(/\n\s*\n/).at(-1) ?? "", /\?/, id);
    assert.doesNotMatch(start_message, /\{\{|^#|^[-*] /m, id);
  }
});

Deno.test("start messages say nothing about the player but where they stand", () => {
  for (const { id, start_message } of worlds) {
    const narration = start_message.replace(/"[^"]*"/g, '""');
    assert.doesNotMatch(narration, /\byour\b/i, id);
    const verbs = [...narration.matchAll(/(?<!\b(?:beside|past|over|behind) )\byou (\w+)/gi)].map((match) =>
      match[1].toLowerCase()
    );
    for (const verb of verbs) assert.ok(["are", "stand"].includes(verb), `${id}: you ${verb}`);
    assert.doesNotMatch(narration, /\byou are (?!at|on|in|by)/i, id);
  }
});

Deno.test("a scene is at most 80 words and a system prompt at most 120", () => {
  for (const each of worlds) {
    within(words(each.scene), 40, 80, `${each.id}'s scene`);
    within(words(each.system_prompt), 60, 120, `${each.id}'s system_prompt`);
  }
});

Deno.test("every lore entry has one paragraph of at most 400 characters and names its heading in the first sentence", () => {
  for (const { id, lore } of worlds) {
    const entries = lore.trim().split(/\n\s*\n/);
    within(entries.length, 25, 30, `${id}'s entries`);
    for (const entry of entries) {
      const [heading, text, ...more] = entry.split("\n");
      assert.match(heading, /^## \S/, `${id}: ${heading}`);
      assert.deepEqual(more, [], `${id}: ${heading}`);
      within(text.length, 200, 400, `${id}: ${heading}`);
      assert.ok(
        sentences(text)[0].toLowerCase().includes(heading.slice(3).toLowerCase()),
        `${id}: ${heading} is not in "${sentences(text)[0]}"`,
      );
      assert.doesNotMatch(text, /^(?:he|she|it|they|his|her|its|their|this|that|these|those)\b/i, heading);
      assert.doesNotMatch(
        text,
        /as (?:mentioned|described|said) (?:above|before|earlier)|see above/i,
        heading,
      );
      assert.doesNotMatch(text, /\{\{/, heading);
    }
    const headings = entries.map((entry) => entry.split("\n")[0]);
    assert.equal(new Set(headings).size, headings.length, id);
  }
});

Deno.test("lore entries become one unit each, with what only some know taken out", () => {
  for (const { id, lore } of worlds) {
    const units = chunkLore(lore);
    assert.equal(units.length, lore.match(/^## /gm)?.length, id);
    assert.ok(units.every((unit) => !unit.text.includes("Known to")), id);
  }
});

/** Per secret: who knows it, and a phrase of the clue in each of three other entries. */
const SECRETS: Record<string, Record<string, { known_to: string; clues: Record<string, string> }>> = {
  salt_marsh: {
    "The leather on the bell": {
      known_to: "Josiah Peachey, Noah Crabbe",
      clues: {
        "Noah Crabbe": "since Lammas week it is gone from the wall",
        "Herons": "stood there for six days, quite easy",
        "The nail by the door": "the hitch that divers use",
        "Marsh supper": "the week when the bell was so quiet",
      },
    },
    "The passenger": {
      known_to: "Wendreda Stittle, Maud Leaford, Tib Setchell",
      clues: {
        "Ann Gotobed": "has never seen her finish one",
        "Maud Leaford": "the winter coat was gone",
        "Hard Spit": "a thread of smoke stands over the seal hut",
        "Eel": "hanging from her boathook for nine days",
      },
    },
    "The hand at the lamp": {
      known_to: "Tib Setchell, Maud Leaford",
      clues: {
        "Tib Setchell": "smells of lamp oil",
        "The ferry house": "lighter each morning",
        "The old pier": "a herring box on its end",
        "The pier lamp": "trap was gone from its shed",
      },
    },
  },
  long_stair: {
    "The great peg": {
      known_to: "Bachua",
      clues: {
        "The foot": "sawn shorter twice this month",
        "The Wind Gallery": "planed twice since summer",
        "Boots": "all of them to masons",
        "The wind of the stair": "out of the stone",
      },
    },
    "The eleven answers": {
      known_to: "Mzia, Otar",
      clues: {
        "Mzia": "a stove that is never cold",
        "The Office of Answers": "It is four days to the Top and four back",
        "Grey cards": "all in a single hand",
        "The ovens": "no one up there has ever sent down a word",
      },
    },
    "The porter in the loft": {
      known_to: "Gela, Nino",
      clues: {
        "Nino": "has been seen to eat one",
        "The pigeon loft": "shot on the inside",
        "The weigh book": "a bun heavier than she came down",
        "The speaking pipe": "always stops at nine thousand and six",
      },
    },
  },
  quarter_to_nine: {
    "The thirty-fifth passenger": {
      known_to: "Zofka, Rezka",
      clues: {
        "Zofka Lipar": "asks for a kettle, never for meat",
        "Minka Zgaga": "a cat in the dining car that is no cat",
        "The dining car": "boiled linen and warm milk",
      },
    },
    "Notary Smrekar": {
      known_to: "Ludvik",
      clues: {
        "The gentleman in berth nine": "the rosin that is strewn on stages",
        "Pavla Rozman": "a bald man without a left thumb",
        "The luggage van": "its key is on no ring in berth nine",
      },
    },
    "Kobal's watch": {
      known_to: "Kobal",
      clues: {
        "Jernej Kobal": "covers his watch with his palm",
        "Minka Zgaga": "rang after the train moved",
        "Watches": "by four minutes, all in the same direction",
      },
    },
  },
  honey_year: {
    "The giver": {
      known_to: "Maddi",
      clues: {
        "Maddi of Otsate": "a small spade with river sand on it",
        "The ford": "dug away with a small spade",
        "Otsate": "steps over that rung",
        "Estebe of Otsate": "the bin sounds dull",
      },
    },
    "The reader's eyes": {
      known_to: "Engrazi, Graxi",
      clues: {
        "Engrazi the reader": "reads with one fingertip",
        "Graxi of Labetxe": "spectacles in the flour drawer",
        "The Reading": "his brother's comb, word perfect",
      },
    },
    "The miller's comb": {
      known_to: "Peio",
      clues: {
        "Peio the miller": "a long knife with burnt wax",
        "The mill": "of scorched wax",
        "Mendiondo": "two sacks, by Epiphany",
      },
    },
  },
};

Deno.test("each world has three secrets, each in an entry of its own that names who knows, with clues in three others", () => {
  for (const { id, lore } of worlds) {
    const units = chunkLore(lore);
    const text = (heading: string) => units.find((unit) => unit.heading === heading)?.text ?? "";
    const secret = units.filter((unit) => unit.known_to !== "").map((unit) => unit.heading);
    assert.deepEqual(secret.sort(), Object.keys(SECRETS[id]).sort(), id);
    assert.equal(secret.length, 3);
    for (const [heading, { known_to, clues }] of Object.entries(SECRETS[id])) {
      assert.equal(units.find((unit) => unit.heading === heading)?.known_to, known_to, heading);
      const places = Object.entries(clues);
      assert.ok(places.length >= 3, heading);
      for (const [place, clue] of places) {
        assert.ok(text(place).includes(clue), `${id}: "${clue}" is not in ${place}`);
        assert.ok(!secret.includes(place), `${place} is a secret itself`);
      }
    }
  }
});

Deno.test("two clocks run in each world, step by step to an end", () => {
  const clocks: Record<string, Record<string, string[]>> = {
    salt_marsh: {
      "The spring tide": ["Tuesday", "Wednesday", "Thursday", "Friday"],
      "The reckoning": ["Tuesday", "Wednesday", "Thursday", "Friday"],
    },
    long_stair: {
      "The closing of the gallery": ["third", "fifth", "seventh", "ninth"],
      "The last steps": ["first", "fourth", "seventh", "ninth"],
    },
    quarter_to_nine: {
      "Kobal's evening": [
        "Quarter past nine",
        "Ten:",
        "Twenty to eleven",
        "Half past eleven",
        "Ten past twelve",
      ],
      "The dining car stove": ["Half past nine", "Quarter to eleven", "Eleven:", "Twenty past eleven"],
    },
    honey_year: {
      "The seed count": ["Thursday", "Friday", "Saturday at six", "Saturday night", "Monday"],
      "The leaving of the bees": ["Thursday", "Friday", "Saturday", "Sunday"],
    },
  };
  for (const [id, each] of Object.entries(clocks)) {
    for (const [heading, steps] of Object.entries(each)) {
      const text = chunkLore(world(id).lore).find((unit) => unit.heading === heading)?.text ?? "";
      let place = -1;
      for (const step of steps) {
        place = text.indexOf(step, place + 1);
        assert.ok(place >= 0, `${id}: ${heading}: ${step}`);
      }
    }
  }
});

// What language models name people and places when nobody stops them.
const STOCK_NAMES =
  /\b(?:elara|lyra|kael\w*|thorne?|blackwood|whisper(?:wood|wind|ing woods)\w*|shadow(?:fell|mere|vale|wood)\w*|eldoria|aria|seraphina|zephyr|elowen|aldric|thalia|lysander|orion|ravenwood|moonshadow|stormwind|silverleaf|nightshade|willowbrook|oakhaven|eldergrove|luna|nova|kai|marcus|sarah chen|voss|vex|chosen one|dark lord|prophecy|amnesia)\b|\b(?:whisper|shadow)-/i;

Deno.test("no asset holds a stock name or a stock plot", async () => {
  for (const folder of ["worlds", "characters", "rules"]) {
    for await (const file of Deno.readDir(`${ASSETS}/${folder}`)) {
      const text = await Deno.readTextFile(`${ASSETS}/${folder}/${file.name}`);
      assert.doesNotMatch(text, STOCK_NAMES, file.name);
      assert.doesNotMatch(
        text,
        /[—–]|\bthe air (?:is|was) thick\b|\btestament to\b|\btapestry of\b/i,
        file.name,
      );
    }
  }
});

Deno.test("each world brings six lines of 25 to 60 words for whatever is done, twelve beats and ten answers or more", () => {
  for (const each of worlds) {
    const narrator = lines(each);
    for (const kind of KINDS) assert.ok(narrator[kind].length >= 6, `${each.id} ${kind}`);
    assert.equal(narrator.beats.length, 12, each.id);
    for (const kind of [...KINDS, "beats"] as const) {
      for (const line of narrator[kind]) within(words(line), 25, 60, `${each.id} ${kind}: ${line}`);
    }
    assert.ok(narrator.answers.length >= 10, each.id);
    for (const { about, line } of narrator.answers) {
      within(words(line), 20, 50, `${each.id} answer: ${line}`);
      assert.ok(
        about.length > 0 && about.every((word) => word === word.toLowerCase() && word.trim() === word),
        line,
      );
    }
    within(words(narrator.first_line), 4, 20, `${each.id}'s first line`);
    assert.match(narrator.first_line, /^I .*\.$/);
    for (const line of [...KINDS, "beats" as const].flatMap((kind) => narrator[kind])) {
      assert.doesNotMatch(line, /\{\{|\n/, line);
      assert.doesNotMatch(line, /\?["”]?$/, `ends on a question: ${line}`);
      // What the player's character says, feels and decides is the player's.
      const narration = line.replace(/"[^"]*"/g, "");
      const taken =
        /\byou (?:feel|decide|think|say|answer|reply|want|wonder|realise|like|hope|fear|agree|refuse|smile|nod)\b/i;
      assert.doesNotMatch(narration, taken, line);
    }
  }
});

Deno.test("no two lines of a world begin alike, so that each is known again in a story", () => {
  for (const each of worlds) {
    const narrator = lines(each);
    const all = [...KINDS, "beats" as const].flatMap((kind) => narrator[kind])
      .concat(narrator.answers.map((answer) => answer.line));
    const beginnings = all.map((line) => line.slice(0, 24));
    const double = beginnings.filter((beginning, index) => beginnings.indexOf(beginning) !== index);
    assert.deepEqual(double, [], each.id);
  }
});

Deno.test("the built-in narrator answers what the start message puts before the player", async () => {
  const rows: [string, string[]][] = [
    ["salt_marsh", ["bell", "rope", "boy", "ferrywoman", "ferry", "pier", "landing"]],
    ["long_stair", ["shoe", "hoist", "basket", "scale", "ladder", "mortar", "toe"]],
    ["quarter_to_nine", ["lamp", "door", "guard", "clock", "sheet", "bolt"]],
    ["honey_year", ["comb", "bees", "wall", "key", "cells", "reader"]],
  ];
  for (const [id, nouns] of rows) {
    const told = world(id);
    for (const noun of nouns) {
      const story = {
        world_id: id,
        seed: "seed",
        telling: 0,
        path: [
          { role: "assistant" as const, content: told.start_message },
          { role: "user" as const, content: `I look at the ${noun}.` },
        ],
        lore: [],
      };
      const request = { model: "", messages: [], max_tokens: 1, temperature: 0, top_p: 1, seed: 0, story };
      let text = "";
      const narrator = createNarrator(() => told, { delay_ms: 0 });
      for await (const chunk of narrator.stream(request, new AbortController().signal)) {
        if (chunk.kind === "text") text += chunk.text;
      }
      const known = lines(told).answers.some((answer) => text.startsWith(answer.line)) ||
        text.split("\n\n")[0].toLowerCase().includes(noun);
      assert.ok(known, `${id}: ${noun}: ${text}`);
      within(words(text), 80, 170, `${id}: ${noun}`);
    }
  }
});

Deno.test("what a stranger asks first has an answer in every world, and a lie is heard where the bell hangs", async () => {
  const rows: [string, RegExp][] = [
    ["Where am I?", /^[^\n]*\b(?:Sallow Hythe|Long Stair|Podsela|Lizarbe)\b/],
    ["What can I do?", /^[^\n]*\b(?:do|done)\b/i],
    ["Can you help me?", /^[^\n]*\b(?:do|done)\b/i],
    ["How much does it cost?", /^[^\n]*\b(?:pence|tokens|crowns|sous)\b/i],
    ["I'm hungry.", /\b(?:broth|walnut|supper|soup)\b/i],
    ["I go to bed.", /\b(?:bench|two tokens|bed)\b/i],
  ];
  const narrator = createNarrator((id) => world(id), { delay_ms: 0 });
  const told = async (world_id: string, content: string) => {
    const path = [{ role: "user" as const, content }];
    const story = { world_id, seed: "seed", telling: 0, path, lore: [] };
    const request = { model: "", messages: [], max_tokens: 1, temperature: 0, top_p: 1, seed: 0, story };
    let text = "";
    for await (const chunk of narrator.stream(request, new AbortController().signal)) {
      if (chunk.kind === "text") text += chunk.text;
    }
    // The beat, which comes last, is told whatever is asked.
    return text.split("\n\n").slice(0, -1).join("\n\n");
  };
  for (const { id } of worlds) {
    for (const [line, expected] of rows) {
      assert.match(await told(id, line), expected, `${id}: ${line}: ${await told(id, line)}`);
    }
  }
  for (
    const line of ['"I am the inspector," I say. It is a lie.', "I tell a lie.", '"I was never here," I lie.']
  ) {
    assert.match(await told("salt_marsh", line), /the bell rings, once/, line);
  }
  assert.doesNotMatch(await told("salt_marsh", "I lie down."), /the bell rings/);
});

Deno.test("every one of the 24 pairings has a prompt with nothing left to fill in, and a start message for anybody", () => {
  let pairings = 0;
  for (const each of worlds) {
    for (const character of characters) {
      pairings++;
      const assembled = assemble({
        base_rules: library.baseRules(),
        rules,
        world: each,
        character,
        path: [
          { id: 1, role: "assistant", content: each.start_message, tokens: 0, status: "complete" },
          { id: 2, role: "user", content: lines(each).first_line, tokens: 0, status: "complete" },
        ],
        kept: [1, 2],
        recalled: null,
        reply_words: { min: 80, max: 160 },
      }, { lore_tokens: 0, memory_tokens: 0 });
      const whole = assembled.messages.map((message) => message.content).join("\n");
      assert.doesNotMatch(whole, /\{\{|undefined/, `${each.id} and ${character.id}`);
      assert.ok(whole.includes(`${character.name} belongs to the player.`), whole);
      assert.ok(whole.endsWith(lines(each).first_line), `${each.id} and ${character.id}`);
      const trade = character.name.replace(/^The /, "");
      assert.doesNotMatch(
        each.start_message,
        new RegExp(`\\b${trade}\\b`, "i"),
        `${each.id} and ${character.id}`,
      );
    }
  }
  assert.equal(pairings, 24);
});
