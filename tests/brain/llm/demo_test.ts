/** The built-in narrator, with a small world whose lines tell where they come from, and with the shipped worlds. */

import assert from "node:assert/strict";
import { createNarrator, LAST_BEAT_NOTICE, NARRATOR_MODEL } from "../../../brain/llm/demo.ts";
import { GENERIC_LINES, NAME_LINES, NOUN_LINES } from "../../../brain/llm/demo_lines.ts";
import type { ChatRequest, Chunk, StoryFacts } from "../../../brain/llm/provider.ts";
import { openLibrary } from "../../../brain/library/assets.ts";
import type { NarratorLines, World } from "../../../shared/story.ts";

const KINDS = ["look", "speak", "take", "go", "wait", "ask", "hard"] as const;

function numbered(name: string, count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `Line ${index + 1} of ${name}, made of a few words each.`,
  );
}

const LINES: NarratorLines = {
  look: numbered("looking", 6),
  speak: numbered("speaking", 6),
  take: numbered("taking", 6),
  go: numbered("going", 6),
  wait: numbered("waiting", 6),
  ask: numbered("asking", 6),
  hard: numbered("striving", 6),
  beats: Array.from({ length: 12 }, (_, index) => `Beat ${index + 1} begins here and goes one step on.`),
  answers: [
    { about: ["lamp", "lantern"], line: "The lamp is said to be out." },
    { about: ["who are you"], line: "Nobody much, they answer." },
    { about: ["lamp"], line: "A second word on the lamp." },
  ],
  first_line: "I look up.",
};
const WORLD: World = {
  id: "small",
  name: "Small",
  hook: "",
  lore: "## Kettle\nThe kettle whistles at four.\n\n## Vault\nThe vault is empty. Known to: Bo.",
  start_message: "",
  scene: "",
  system_prompt: "",
  characters: [],
  narrator: LINES,
};
const BARE: World = { ...WORLD, narrator: null };

type Path = StoryFacts["path"];
interface Telling {
  text: string;
  notices: string[];
  chunks: Chunk[];
}

function request(world_id: string, path: Path, options: Partial<StoryFacts> = {}): ChatRequest {
  const story = { world_id, seed: "seed", telling: 0, path, lore: [], ...options };
  return { model: "narrator", messages: [], max_tokens: 1, temperature: 0, top_p: 1, seed: 0, story };
}

async function tell(
  world: World | undefined,
  path: Path,
  options: Partial<StoryFacts> = {},
): Promise<Telling> {
  const narrator = createNarrator((id) => id === world?.id ? world : undefined, { delay_ms: 0 });
  const chunks: Chunk[] = [];
  const stream = narrator.stream(request(world?.id ?? "gone", path, options), new AbortController().signal);
  for await (const chunk of stream) chunks.push(chunk);
  return {
    text: chunks.map((chunk) => chunk.kind === "text" ? chunk.text : "").join(""),
    notices: chunks.flatMap((chunk) => chunk.kind === "notice" ? [chunk.text] : []),
    chunks,
  };
}

const user = (content: string) => ({ role: "user" as const, content });
const narrator = (content: string) => ({ role: "assistant" as const, content });

/** Plays the lines one after the other; returns the replies in order. */
async function play(world: World, lines: string[], options: Partial<StoryFacts> = {}): Promise<Telling[]> {
  const path: Path = [narrator(world.start_message)];
  const replies: Telling[] = [];
  for (const line of lines) {
    path.push(user(line));
    const reply = await tell(world, path, options);
    path.push(narrator(reply.text));
    replies.push(reply);
  }
  return replies;
}

const TWELVE = [
  "look around",
  "Who are you?",
  "I nod.",
  "I take the nearest thing.",
  "I lift the whole house over my head.",
  "I tell them I am the bishop's nephew.",
  "I ask a stranger for a secret.",
  "I wait till morning.",
  "I leave by the wrong door.",
  "Who are you?",
  "Ich gehe zur Lampe.",
  "I go back to where it began.",
];

async function shippedWorlds(): Promise<World[]> {
  const home = await Deno.makeTempDir();
  try {
    const library = await openLibrary(new URL("../../../assets", import.meta.url).pathname, home);
    library.close();
    return library.worlds();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("a reply is whole words, then exactly one end without usage", async () => {
  const { chunks, text } = await tell(WORLD, [user("I look at the lamp.")]);
  const words = chunks.slice(0, -1);
  assert.ok(words.every((chunk) => chunk.kind === "text" && /^\s*\S+$/.test(chunk.text)));
  assert.equal(words.length, text.split(/\s+/).length);
  assert.deepEqual(chunks.at(-1), { kind: "end", finish: "stop", usage: null });
});

Deno.test("what is looked at is answered first, then the place, then the story's beat", async () => {
  const { text } = await tell(WORLD, [user("I look at the lamp.")]);
  const paragraphs = text.split("\n\n");
  assert.equal(paragraphs.length, 3);
  assert.equal(paragraphs[0], "The lamp is said to be out.");
  assert.ok(LINES.look.includes(paragraphs[1]));
  assert.equal(paragraphs[2], "Beat 1 begins here and goes one step on.");
});

Deno.test("a deed comes before what there is to say of the thing", async () => {
  for (const [line, kind] of [["I take the lamp.", "take"], ["I go to the lamp.", "go"]] as const) {
    const paragraphs = (await tell(WORLD, [user(line)])).text.split("\n\n");
    assert.ok(LINES[kind].includes(paragraphs[0]), line);
    assert.equal(paragraphs[1], "The lamp is said to be out.", line);
  }
});

Deno.test("each turn moves one beat on, and lines that were not answered count as one", async () => {
  const rows: [Path, number][] = [
    [[user("a")], 1],
    [[narrator("Start."), user("a")], 1],
    [[narrator("Start."), user("a"), narrator("x"), user("b")], 2],
    [[user("a"), user("b")], 1],
    [[user("a"), narrator(" "), user("b")], 1],
    [[user("a"), narrator("x"), user("b"), narrator("y"), user("c")], 3],
  ];
  for (const [path, beat] of rows) {
    assert.ok((await tell(WORLD, path)).text.endsWith(LINES.beats[beat - 1]), JSON.stringify(path));
  }
});

Deno.test("a reply stopped before its beat loses none, and another narrator's turns skip none", async () => {
  const stopped = [
    user("a"),
    narrator(`Line.\n\n${LINES.beats[0]}`),
    user("b"),
    narrator("Line 2"),
    user("c"),
  ];
  assert.ok((await tell(WORLD, stopped)).text.endsWith(LINES.beats[1]));
  const begun = [user("a"), narrator(`Line.\n\n${LINES.beats[0].slice(0, 30)}`), user("b")];
  assert.ok((await tell(WORLD, begun)).text.endsWith(LINES.beats[1]));
  // A long story's path can arrive without its beginning.
  const cut = [narrator(`Line.\n\n${LINES.beats[8]}`), user("b")];
  assert.ok((await tell(WORLD, cut)).text.endsWith(LINES.beats[9]));
});

Deno.test("after the last beat a notice says so, outside a story text that goes on", async () => {
  const replies = await play(WORLD, Array.from({ length: 20 }, () => "I nod."));
  assert.deepEqual(replies.slice(0, 12).flatMap((reply) => reply.notices), []);
  assert.ok(replies[11].text.endsWith(LINES.beats[11]));
  assert.equal(replies[12].chunks.at(-2)?.kind, "notice");
  for (const [index, reply] of replies.slice(12).entries()) {
    assert.deepEqual(reply.notices, index % 6 === 0 ? [LAST_BEAT_NOTICE] : [], `turn ${index + 13}`);
    assert.ok(!reply.text.includes("Beat") && !reply.text.includes("Ctrl"));
    assert.match(reply.text, /^Line \d of (waiting|looking|going|taking)/);
  }
  // Another narrator told the middle, so that no reply holds the last beat.
  const others = Array.from({ length: 12 }, () => [user("I nod."), narrator("Rain.")]).flat();
  assert.deepEqual((await tell(WORLD, [...others, user("I nod.")])).notices, [LAST_BEAT_NOTICE]);
  assert.deepEqual((await tell(WORLD, [...others, ...others.slice(0, 2), user("I nod.")])).notices, []);
  assert.deepEqual((await tell(WORLD, [...others.slice(2), user("I nod.")])).notices, []);
  assert.match(LAST_BEAT_NOTICE, /as far as .* without a model.*Ctrl\+O/);
});

Deno.test("no line of a kind is told twice before all have been told, then kinds lend theirs", async () => {
  const replies = await play(WORLD, Array.from({ length: 12 }, () => "I nod."));
  const told = replies.map((reply) => reply.text.split("\n\n")[0]);
  assert.deepEqual(new Set(told.slice(0, 6)), new Set(LINES.wait));
  assert.equal(new Set(told).size, 12);
  assert.ok(told.slice(6).every((line) => LINES.look.includes(line)));
});

Deno.test("an answer is given once; asked again, the noun is taken up in other words", async () => {
  const [first, second, third] = await play(WORLD, Array.from({ length: 3 }, () => "I ask about the lamp."));
  assert.ok(first.text.startsWith("The lamp is said to be out.\n\n"));
  assert.ok(second.text.startsWith("A second word on the lamp.\n\n"));
  const [aside] = third.text.split("\n\n");
  assert.ok(NOUN_LINES.some((line) => line.replaceAll("{noun}", "lamp") === aside), aside);
});

Deno.test("of several nouns the last is answered in a question and the first elsewhere", async () => {
  const two: World = {
    ...WORLD,
    narrator: {
      ...LINES,
      answers: [{ about: ["maddi"], line: "About Maddi." }, { about: ["boy"], line: "About boys." }, {
        about: ["lamp"],
        line: "About lamps.",
      }],
    },
  };
  const rows = [
    ["I ask the boy about the lamp.", "About lamps."],
    ["I look at the boy under the lamp.", "About boys."],
    ["I look at the lamp above the boy.", "About lamps."],
    ["Is the lamp with the boy?", "About boys."],
    ["I ask Maddi about the lamp.", "About lamps."],
    ["I ask Maddi.", "About Maddi."],
  ];
  for (const [line, answer] of rows) {
    assert.ok((await tell(two, [user(line)])).text.startsWith(answer), line);
  }
});

Deno.test("a deed is not taken for the thing of the same name", async () => {
  const light: World = {
    ...WORLD,
    narrator: { ...LINES, answers: [{ about: ["light"], line: "About light." }] },
  };
  assert.ok(!(await tell(light, [user("I light a match.")])).text.includes("About light."));
  assert.ok((await tell(light, [user("I look at the light.")])).text.includes("About light."));
  assert.ok((await tell(light, [user("light?")])).text.includes("About light."));
});

Deno.test("a phrase is answered as a phrase, and a line with no noun gets no aside", async () => {
  assert.ok((await tell(WORLD, [user("Who are you?")])).text.startsWith("Nobody much, they answer."));
  assert.equal((await tell(WORLD, [user("I nod.")])).text.split("\n\n").length, 2);
});

Deno.test("a phrase is heard in the whole line, deeds and all, and goes before the word within it", async () => {
  const world: World = {
    ...WORLD,
    narrator: {
      ...LINES,
      answers: [
        { about: ["box", "chest"], line: "About boxes." },
        { about: ["boy"], line: "About boys." },
        { about: ["iron box", "iron chest"], line: "About the iron one." },
        { about: ["what can i do", "i lie"], line: "About doing." },
      ],
    },
  };
  const rows = [
    ["I look at the iron chest.", "About the iron one."],
    ["I look at the iron box.", "About the iron one."],
    ["I look at the box of iron.", "About boxes."],
    ["I look at the boy with the iron box.", "About boys."],
    ["I ask the boy about the iron box.", "About the iron one."],
    ["What can I do?", "About doing."],
    ['"I am nobody," I lie.', "About doing."],
    ["What can I do about the boy?", "About boys."],
  ];
  for (const [line, answer] of rows) {
    assert.ok((await tell(world, [user(line)])).text.startsWith(answer), line);
  }
  assert.doesNotMatch((await tell(world, [user("I look at the island.")])).text, /About/);
});

Deno.test("a name nobody here has is taken up as a name, one that the world knows is not, and kin are let be", async () => {
  const aside = async (line: string) => {
    const { text } = await tell(WORLD, [user(line)]);
    const [first] = text.split("\n\n");
    const among = (lines: string[], noun: string) =>
      lines.some((each) => each.replaceAll("{noun}", noun) === first);
    return (["Kett", "Marta", "Gedney", "marta", "hammer", "sister", "Bo", "vault"] as const)
      .flatMap((
        noun,
      ) => [...among(NAME_LINES, noun) ? [`name ${noun}`] : [], ...among(NOUN_LINES, noun) ? [noun] : []]);
  };
  const rows: [string, string[]][] = [
    ["I ask for Marta.", ["name Marta"]],
    ["I ask what Marta and Gedney know.", ["name Marta"]],
    ["I ask Marta about the hammer.", ["hammer"]],
    ["I ask Bo about the hammer.", ["hammer"]],
    ["I ask Bo.", []],
    ["I ask B.", []],
    ["I ask Kett.", ["name Kett"]],
    ["I ask for my sister.", []],
    ["I ask my sister about the hammer.", ["hammer"]],
  ];
  for (const [line, expected] of rows) assert.deepEqual(await aside(line), expected, line);
  const nowhere = (await tell(undefined, [user("I ask for Marta.")])).text;
  assert.ok(NAME_LINES.some((line) => nowhere.startsWith(line.replaceAll("{noun}", "Marta"))), nowhere);
});

Deno.test("a noun without an answer is looked up in the lore, but never among secrets", async () => {
  const open = await tell(WORLD, [user("I look at the kettle.")]);
  assert.match(open.text, /The kettle whistles at four\./);
  assert.doesNotMatch(open.text, /## |The kettle whistles at four\.$/);
  const secret = await tell(WORLD, [user("I look at the vault.")], { lore: ["The vault is empty."] });
  assert.doesNotMatch(secret.text, /empty|Known to/);
  assert.match(secret.text.split("\n\n")[0], /\bvault\b/);
});

Deno.test("lore is retold once, each time in another frame", async () => {
  const lore = ["The tin is dear.", "No tin is left."];
  const replies = await play(WORLD, ["I look at the tin.", "I look at the tin.", "I look at the tin."], {
    lore,
  });
  const [first, second, third] = replies.map((reply) => reply.text.split("\n\n")[0]);
  assert.match(first, /The tin is dear\./);
  assert.match(second, /No tin is left\./);
  assert.notEqual(first.replace("The tin is dear.", ""), second.replace("No tin is left.", ""));
  assert.doesNotMatch(third, /dear|left/);
});

Deno.test("six tellings of one turn differ, in the first turn and in the twelfth", async () => {
  for (const world of [WORLD, BARE, ...await shippedWorlds()]) {
    for (const line of ["I nod.", "I look at the lamp.", "Who are you?", "I take the nearest thing."]) {
      for (const turns of [1, 12]) {
        const path: Path = [];
        for (const each of Array.from({ length: turns }, () => line)) {
          path.push(user(each));
          if (path.length < turns * 2 - 1) path.push(narrator((await tell(world, path)).text));
        }
        const tellings = [];
        for (let telling = 0; telling <= 5; telling++) {
          tellings.push((await tell(world, path, { telling })).text);
        }
        assert.equal(new Set(tellings).size, 6, `${world.id}, turn ${turns}: ${line}`);
      }
    }
  }
});

Deno.test("twelve turns repeat no paragraph, echo no line and show no notes, in every world and whatever is done", async () => {
  const scripts = [
    TWELVE,
    ...[
      "I nod.",
      "I look at the door.",
      "I ask about the weather.",
      "Good evening, I say.",
      "I jump.",
      "I go on.",
    ]
      .map((line) => Array.from({ length: 12 }, () => line)),
  ];
  for (const world of [WORLD, BARE, ...await shippedWorlds()]) {
    for (const seed of ["a", "b", "c"]) {
      for (const script of scripts) {
        const replies = await play(world, script, { seed });
        const told = replies.flatMap((reply) => reply.text.split("\n\n"));
        assert.equal(new Set(told).size, told.length, `${world.id}: ${script[0]}`);
        replies.forEach((reply, index) => {
          const line = script[index];
          if (line.split(" ").length > 2) assert.ok(!reply.text.includes(line.replace(/\.$/, "")), line);
          assert.doesNotMatch(reply.text, /##|Known to|\{|undefined|Left alone/);
        });
      }
    }
  }
});

Deno.test("same story and seed, same words; another seed, another order", async () => {
  const first = await play(WORLD, TWELVE);
  assert.deepEqual(await play(WORLD, TWELVE), first);
  const other = await play(WORLD, TWELVE, { seed: "other" });
  assert.notDeepEqual(other.map((reply) => reply.text), first.map((reply) => reply.text));
});

Deno.test("the lines told depend on the turn as well as on the seed", async () => {
  const seeds = Array.from({ length: 20 }, (_, index) => `seed ${index}`);
  const told = await Promise.all(seeds.map((seed) => tell(WORLD, [user("I nod.")], { seed })));
  assert.ok(new Set(told.map((reply) => reply.text)).size >= 4);
});

Deno.test("a world without lines of its own is told with the common ones and its own lore", async () => {
  for (const kind of KINDS) {
    const line = {
      look: "look",
      speak: "I sing.",
      take: "I grab it.",
      go: "I leave.",
      wait: "I wait.",
      ask: "Why?",
      hard: "I jump.",
    };
    const { text } = await tell(BARE, [user(line[kind])]);
    assert.ok(GENERIC_LINES[kind].some((each) => text.includes(each)), kind);
    assert.match(text, /The kettle whistles at four\./, kind);
    assert.ok(text.endsWith(GENERIC_LINES.beats[0]), kind);
  }
  const gone = await tell(undefined, [user("look")]);
  assert.ok(GENERIC_LINES.look.some((each) => gone.text.startsWith(each)));
});

Deno.test("a world with only some lines takes the rest from the common ones", async () => {
  const some: World = { ...WORLD, narrator: { ...LINES, look: [], beats: [] } };
  const { text } = await tell(some, [user("look")]);
  assert.ok(GENERIC_LINES.look.some((line) => text.startsWith(line)));
  assert.ok(text.endsWith(GENERIC_LINES.beats[0]));
  assert.ok(LINES.wait.includes((await tell(some, [user("I nod.")])).text.split("\n\n")[0]));
  const one: World = { ...WORLD, narrator: { ...LINES, look: ["A single thing to see."] } };
  assert.ok((await tell(one, [user("look")])).text.startsWith("A single thing to see.\n\n"));
});

Deno.test("{{user}} in a player's own lines becomes you, and such a line counts as told", async () => {
  const own: World = {
    ...WORLD,
    narrator: {
      ...LINES,
      wait: ["They wait for {{user}} at the gate.", "They wait for {{ User }} on the road."],
    },
  };
  const [first, second] = await play(own, ["I nod.", "I nod."]);
  const both = new Set([first.text.split("\n\n")[0], second.text.split("\n\n")[0]]);
  assert.deepEqual(both, new Set(["They wait for you at the gate.", "They wait for you on the road."]));
});

Deno.test("a stopped reply goes on with its own words, a whole one with one more line", async () => {
  const path = [user("I look at the lamp.")];
  const whole = (await tell(WORLD, path, { telling: 1 })).text;
  for (const cut of [1, 20, whole.length - 1]) {
    const rest = await tell(WORLD, [...path, narrator(whole.slice(0, cut))], { telling: 1 });
    assert.equal(whole.slice(0, cut) + rest.text, whole);
  }
  const more = await tell(WORLD, [...path, narrator(whole)], { telling: 1 });
  assert.match(more.text, /^\n\nLine \d of waiting, made of a few words each\.$/);
  const foreign = await tell(WORLD, [...path, narrator("Another narrator wrote this. ")]);
  assert.match(foreign.text, /^Line \d of waiting/);
});

Deno.test("words come apart by the delay", async () => {
  const slow = createNarrator(() => WORLD, { delay_ms: 20 });
  const begun = performance.now();
  const stream = slow.stream(request("small", [user("look")]), new AbortController().signal);
  for (let word = 0; word < 5; word++) await stream.next();
  const took = performance.now() - begun;
  await stream.return(undefined);
  assert.ok(took >= 95 && took < 10_000, `${took} ms`);
});

Deno.test("an abort ends the telling at once, without an end and without a timer left", async () => {
  const before = new AbortController();
  before.abort();
  for (const delay_ms of [0, 60_000]) {
    const stream = createNarrator(() => WORLD, { delay_ms }).stream(
      request("small", [user("look")]),
      before.signal,
    );
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
  }
  const during = new AbortController();
  const stream = createNarrator(() => WORLD, { delay_ms: 60_000 }).stream(
    request("small", [user("look")]),
    during.signal,
  );
  const waiting = stream.next();
  const begun = performance.now();
  during.abort();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.ok(performance.now() - begun < 30_000);
});

Deno.test("an abort between two words keeps the words told so far", async () => {
  const stop = new AbortController();
  const stream = createNarrator(() => WORLD, { delay_ms: 0 }).stream(
    request("small", [user("I nod.")]),
    stop.signal,
  );
  const first = await stream.next();
  assert.deepEqual(first.value, { kind: "text", text: "Line" });
  stop.abort();
  assert.equal((await stream.next()).done, true);
});

Deno.test("the narrator's model costs nothing, runs here and belongs to the provider demo", () => {
  assert.deepEqual(NARRATOR_MODEL, {
    id: "demo/narrator",
    name: "The built-in narrator",
    provider: "demo",
    local: true,
    context: null,
    max_output: null,
    prompt_price: 0,
    completion_price: 0,
  });
  assert.equal(createNarrator(() => undefined, { delay_ms: 0 }).name, "demo");
});
