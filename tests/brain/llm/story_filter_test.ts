import assert from "node:assert/strict";
import { createStoryFilter } from "../../../brain/llm/story_filter.ts";

/** What a listener has in the end, and whether the reply was ended from within. */
function told(pieces: string[], names: string[], before: string): { text: string; ended: boolean } {
  const filter = createStoryFilter(names, before);
  let text = "";
  let ended = false;
  for (const piece of pieces) {
    const passed = filter.push(piece);
    text = passed.restart ? passed.text : text + passed.text;
    ended = passed.ended;
    if (ended) break;
  }
  return { text: text + filter.flush(), ended };
}

interface Case {
  what: string;
  raw: string;
  shown: string;
  ended?: boolean;
  before?: string;
}

const NAMES = ["Ilse Brandt", "Will"];

const cases: Case[] = [
  { what: "plain story", raw: "The door opens.\n\nShe waits.", shown: "The door opens.\n\nShe waits." },
  { what: "white space before it", raw: "\n\n  The door", shown: "The door" },
  { what: "white space after it", raw: "The door \n", shown: "The door \n" },
  { what: "white space alone", raw: " \n\n ", shown: "" },
  { what: "nothing", raw: "", shown: "" },
  { what: "emoji and far scripts", raw: "光 👩‍🚀 naïve <3", shown: "光 👩‍🚀 naïve <3" },

  { what: "thoughts", raw: "<think>Plan. Two lines.\n</think>\n\nThe door opens.", shown: "The door opens." },
  { what: "thoughts in capitals", raw: "<THINK>x</Think>The door", shown: "The door" },
  { what: "empty thoughts", raw: "<think></think>The door", shown: "The door" },
  { what: "<thinking>", raw: "<thinking>x < y</thinking> The door", shown: "The door" },
  ...["thoughts", "reasoning", "seed:think"].map((tag) => ({
    what: `<${tag}>`,
    raw: `<${tag}>x</${tag}> The door`,
    shown: "The door",
  })),
  { what: "<thought>", raw: "<thought>x</thought> The door", shown: "The door" },
  { what: "<reasoning>", raw: "<reasoning>x\n<b></reasoning>\nThe door", shown: "The door" },
  { what: "[THINK]", raw: "[THINK]x[1][/THINK]The door", shown: "The door" },
  { what: "◁think▷", raw: "◁think▷x◁/think▷The door", shown: "The door" },
  { what: "a tag named in thoughts", raw: "<think>no <think> here</think>The door", shown: "The door" },
  {
    what: "a channel of thoughts behind the reply's",
    raw: "<|channel|>final<|message|>The door<|channel|>analysis<|message|>hm",
    shown: "The door",
  },
  { what: "a closing tag behind a stray mark", raw: "<think>no <</think>The door", shown: "The door" },
  { what: "thoughts in the middle", raw: "The door <think>hm</think>opens.", shown: "The door opens." },
  { what: "thoughts without an end", raw: "<think>The door opens.\nUser: x", shown: "" },
  { what: "no opening tag", raw: "Let me plan.\nUser: x?", shown: "Let me plan.", ended: true },
  { what: "no opening tag, closed", raw: "Let me plan.\n</think>\n\nThe door.", shown: "The door." },
  {
    what: "no opening tag, twice closed",
    raw: "Plan</think>The door.</think> Shut.",
    shown: "The door. Shut.",
  },
  { what: "a closing tag too many", raw: "<think>x</think>The door.</think>", shown: "The door." },
  { what: "only thoughts, closed", raw: "Let me plan.</think>", shown: "" },
  { what: "Narrator after thoughts", raw: "<think>x</think>\nNarrator: The door", shown: "The door" },
  { what: "Narrator after lost thoughts", raw: "Hm.</think>Narrator: The door", shown: "The door" },

  {
    what: "channels",
    raw:
      "<|channel|>analysis<|message|>Plan <b>.<|end|><|start|>assistant<|channel|>final<|message|>The door.<|return|>",
    shown: "The door.",
    ended: true,
  },
  {
    what: "channels with a header before",
    raw: "<|start|>assistant<|channel|>final<|message|>The door.",
    shown: "The door.",
  },
  { what: "a channel that is no reply", raw: "<|channel|>commentary<|message|>The door.", shown: "" },
  { what: "<|channel>thought", raw: "<|channel>thought\nPlan<channel|>The door.", shown: "The door." },

  { what: "the player's name", raw: "The door.\nIlse Brandt: I go in.", shown: "The door.", ended: true },
  { what: "the player's short name", raw: "The door.\n\n  Will: I go.", shown: "The door.", ended: true },
  { what: "the player's name in bold", raw: "The door.\n**Will:** I go.", shown: "The door.", ended: true },
  {
    what: "the name bold, colon outside",
    raw: "The door.\n**Will**: I go.",
    shown: "The door.",
    ended: true,
  },
  { what: "the name as a heading", raw: "The door.\n### Will: I go.", shown: "The door.", ended: true },
  { what: "the name at the beginning", raw: "Will: I go.", shown: "", ended: true },
  { what: "a wide colon", raw: "The door.\nWill：I go.", shown: "The door.", ended: true },
  { what: "User:", raw: "The door.\nUser: I go.", shown: "The door.", ended: true },
  { what: "Player:", raw: "The door.\nPlayer: I go.", shown: "The door.", ended: true },
  { what: "{{user}}:", raw: "The door.\n{{user}}: I go.", shown: "The door.", ended: true },
  {
    what: "the name within a line",
    raw: "He says to Will: go. User: x",
    shown: "He says to Will: go. User: x",
  },
  {
    what: "the name without a colon",
    raw: "The door.\nWill waits.\nUser",
    shown: "The door.\nWill waits.\nUser",
  },
  { what: "a longer name", raw: "A.\nWilliam: go.\nIlse: no.", shown: "A.\nWilliam: go.\nIlse: no." },
  { what: "half a name at the end", raw: "A.\nIlse Bra", shown: "A.\nIlse Bra" },
  { what: "emphasis at a line's beginning", raw: "A.\n*Will* waits: so.", shown: "A.\n*Will* waits: so." },
  { what: "a scene break", raw: "A.\n\n***\n\nB.", shown: "A.\n\n***\n\nB." },

  { what: "<|im_end|>", raw: "The door.<|im_end|>\nmore", shown: "The door.", ended: true },
  { what: "<|eot_id|>", raw: "The door.\n<|eot_id|>more", shown: "The door.", ended: true },
  { what: "<|endoftext|>", raw: "The door. <|endoftext|>", shown: "The door.", ended: true },
  { what: "</s>", raw: "The door.</s>", shown: "The door.", ended: true },
  { what: "[INST]", raw: "The door.\n[INST] go", shown: "The door.", ended: true },
  { what: "[/INST]", raw: "The door.[/INST]", shown: "The door.", ended: true },
  { what: "<end_of_turn>", raw: "The door.<end_of_turn>", shown: "The door.", ended: true },
  { what: "<start_of_turn>", raw: "The door.\n<start_of_turn>user", shown: "The door.", ended: true },
  { what: "DeepSeek's token", raw: "The door.<｜end▁of▁sentence｜>", shown: "The door.", ended: true },
  { what: "<|im_start|> after story", raw: "The door.<|im_start|>user", shown: "The door.", ended: true },
  { what: "a role's header first", raw: "<|im_start|>assistant\nThe door.", shown: "The door." },
  { what: "the player's header first", raw: "<|im_start|>user\nI go.", shown: "", ended: true },
  { what: "the player's header by that name", raw: "<|im_start|>player\nI go.", shown: "", ended: true },
  {
    what: "Llama's header first",
    raw: "<|start_header_id|>assistant<|end_header_id|>\n\nThe door.",
    shown: "The door.",
  },
  { what: "half a token at the end", raw: "The door <|im_en", shown: "The door <|im_en" },
  {
    what: "brackets and angles",
    raw: "[a] <b>c</b> a<b [INS] <thin>",
    shown: "[a] <b>c</b> a<b [INS] <thin>",
  },
  { what: "bars that are no token", raw: "a <|b\nc|> d", shown: "a <|b\nc|> d" },

  { what: "Narrator:", raw: "Narrator: The door.", shown: "The door." },
  { what: "**Narrator:**", raw: "\n**Narrator:** The door.", shown: "The door." },
  { what: "**Narrator**:", raw: "**Narrator**: The door.", shown: "The door." },
  { what: "*Narrator:*", raw: "*Narrator:*\n\nThe door.", shown: "The door." },
  { what: "narrator before emphasis", raw: "Narrator: *The door.*", shown: "*The door.*" },
  { what: "Narrator without a colon", raw: "Narrators lie.", shown: "Narrators lie." },
  { what: "Narrator later on", raw: "A.\nNarrator: B.", shown: "A.\nNarrator: B." },

  { what: "going on within a word", raw: "or opens.", shown: "or opens.", before: "The do" },
  { what: "going on with a space", raw: " opens.\n", shown: " opens.\n", before: "The door" },
  { what: "going on with white space alone", raw: " \n", shown: "", before: "The door" },
  { what: "going on as the player", raw: "\n\nUser: x", shown: "", ended: true, before: "The door" },
];

const seams: [before: string, raw: string, shown: string][] = [
  ["She nods.", "The ferry comes.", " The ferry comes."],
  ["She nods.", " The ferry", " The ferry"],
  ["She nods.\n\n", "The ferry", "The ferry"],
  ["She nods. ", "The ferry", "The ferry"],
  ["the old", "Kobal", " Kobal"],
  ["at ten,", "Éva waits", " Éva waits"],
  ["in 1912", "She", " She"],
  ["the fer", "ry comes", "ry comes"],
  ["She nods.", "then waits", "then waits"],
  ["She nods.", "3 boats", "3 boats"],
  ["She nods.", "— No.", "— No."],
  ["half-", "Open", "Open"],
  ["She cries: STO", "P!", "P!"],
  ["so am I", "Then", " Then"],
  ["the MARIA", "She", "She"],
  ["She says (", "Low", "Low"],
  ["(She nods.)", "The", " The"],
  // Straight marks open and close alike.
  ['She says, "', "Wait.", "Wait."],
  ['"Wait."', "She nods.", " She nods."],
  ["She nods.", '"Wait."', ' "Wait."'],
  ['She says, "Wait', '" and goes.', '" and goes.'],
  ['"No."\nShe nods.', '"Wait."', ' "Wait."'],
  ["*She nods.*", "The", " The"],
  ["*", "She nods.*", "She nods.*"],
  ["She nods.", "*Softly.*", " *Softly.*"],
  ["*She nods", "*", "*"],
  ["She nods.", "“Wait.”", " “Wait.”"],
  ["“Wait.”", "She", " She"],
  ["She says, “", "Wait", "Wait"],
  ["She says, “Wait", "” and", "” and"],
  ["Sie sagt: „Warte", "“ und geht", "“ und geht"],
  ["„Warte.“ Sie nickt.", "“Go.”", " “Go.”"],
  ["Sie nickt.", "„Warte.“", " „Warte.“"],
  ["Elle dit.", "«Non.»", " «Non.»"],
  ["她点头", "“等等”", "“等等”"],
  ["她点头。", "“等等”", "“等等”"],
  ["She nods.", "Narrator: The ferry", " The ferry"],
  ["She nods.", "<think>x</think>The ferry", " The ferry"],
  ["She nods.", "Plan.</think>The ferry", " The ferry"],
];

Deno.test("a reply is gone on with after a space where both sides lack one, however the stream is cut", () => {
  for (const [before, raw, shown] of seams) {
    const what = JSON.stringify([before, raw]);
    assert.equal(told([raw], ["Will"], before).text, shown, what);
    assert.equal(told([...raw], ["Will"], before).text, shown, what);
  }
});

Deno.test("the filter gives the same story however the stream is cut", () => {
  for (const { what, raw, shown, ended = false, before = "" } of cases) {
    const expected = { text: shown, ended };
    assert.deepEqual(told([raw], NAMES, before), expected, `${what}: whole`);
    // By UTF-16 units: a stream may cut a pair in two.
    assert.deepEqual(told(raw.split(""), NAMES, before), expected, `${what}: unit by unit`);
    for (let first = 1; first < raw.length; first++) {
      const pieces = [raw.slice(0, first), raw.slice(first)];
      assert.deepEqual(told(pieces, NAMES, before), expected, `${what}: cut at ${first}`);
      for (let second = first + 1; raw.length < 60 && second < raw.length; second++) {
        const three = [raw.slice(0, first), raw.slice(first, second), raw.slice(second)];
        assert.deepEqual(told(three, NAMES, before), expected, `${what}: cut at ${first} and ${second}`);
      }
    }
  }
});

Deno.test("story is given out at once, only what may become a mark is held back", () => {
  const filter = createStoryFilter(["Will"]);
  const gives = (piece: string) => filter.push(piece).text;
  assert.equal(gives("The door"), "The door");
  assert.equal(gives(" opens"), " opens");
  assert.equal(gives("."), ".");
  assert.equal(gives("\n"), "");
  assert.equal(gives("Wi"), "");
  assert.equal(gives("nd howls"), "\nWind howls");
  assert.equal(gives(" <"), "");
  assert.equal(gives("b"), " <b");
  assert.equal(gives("\ud83c"), "", "half of a character");
  assert.equal(gives("\udf0a\ud83c"), "🌊");
  assert.equal(gives(" x"), "\ud83c x", "a half that stays alone");
  assert.equal(gives("\ud83c"), "");
  assert.equal(filter.flush(), "\ud83c");
  const rows: [string, string][] = [
    ["Narrator: The door", "The door"],
    ["<think>x</think>The door", "The door"],
    ["Plan</think>The door", "The door"],
    ["<|start|>assistant<|channel|>final<|message|>The door", "The door"],
    ["<|im_start|>assistant\nThe door", "The door"],
    ["<thin>The door", "<thin>The door"],
    ["<think>a <b>c</think> The door", "The door"],
  ];
  for (const [piece, told] of rows) assert.equal(createStoryFilter([]).push(piece).text, told, piece);
});

Deno.test("what was given out before a lost opening tag is taken back once", () => {
  const filter = createStoryFilter([]);
  assert.deepEqual(filter.push("I should"), { text: "I should", ended: false, restart: false });
  assert.deepEqual(filter.push(" plan.</think>The"), { text: "The", ended: false, restart: true });
  assert.deepEqual(filter.push(" door."), { text: " door.", ended: false, restart: false });
  assert.equal(filter.flush(), "");
});

Deno.test("nothing comes after the end", () => {
  const filter = createStoryFilter([]);
  assert.deepEqual(filter.push("A.\nUser: b"), { text: "A.", ended: true, restart: false });
  assert.deepEqual(filter.push("c"), { text: "", ended: true, restart: false });
  assert.equal(filter.flush(), "");
});

Deno.test("a long reply costs the filter little, even one made of marks that never close", () => {
  for (const unit of ["word ", "<", "[", "\n", "<|", "*", "User", "<think>", "</think>"]) {
    const filter = createStoryFilter(["Will"]);
    const started = performance.now();
    for (let i = 0; i < 100_000; i++) filter.push(unit);
    filter.flush();
    const spent_ms = performance.now() - started;
    assert.ok(spent_ms < 10_000, `${JSON.stringify(unit)}: ${spent_ms} ms`);
  }
});
