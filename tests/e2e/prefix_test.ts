// Past a small window, where a local server reads a prompt slowest, consecutive prompts begin alike.

import assert from "node:assert/strict";
import { sentencesOf } from "../../brain/memory/units.ts";
import { estimateTokens, loadTokenizer } from "../../brain/prompt/budget.ts";
import { chanceOf, pick } from "../brain/prompt/story_maker.ts";
import { ROOT } from "../support/processes.ts";
import { chunk, DONE } from "../support/sse_replies.ts";
import { type Chat, configFor, openStage, startProvider } from "./stage.ts";

const WHO = [
  "Wendreda Stittle",
  "Tib Setchell",
  "Josiah Peachey",
  "Noah Crabbe",
  "Ann Gotobed",
  "Maud Leaford",
];
const WHAT = [
  "the drowned bell",
  "the tally",
  "the braid of eel",
  "the pier lamp",
  "the clay duck",
  "the silver key",
];
const WHERE = ["the ferry house", "the old pier", "Hard Spit", "the tally shed", "the Drove", "the landing"];
/** Deeds and questions; half of them name nothing of the world. */
const LINES = [
  "I ask WHO about WHAT.",
  '"Who was at WHERE last night?" I ask WHO.',
  "I walk over to WHERE, keeping well back, and look for WHAT.",
  "What did WHO say about WHAT before?",
  "I hide WHAT in my coat before WHO comes in.",
  "I promise WHO that I will bring WHAT back by Friday.",
  "I nod and wait.",
  '"How much?" I ask.',
  "I sit down by the fire and warm my hands.",
  "I open the door slowly.",
  '"You are lying," I say, quite quietly, and I watch the hands, not the face.',
  "I write it all down, every name I have heard so far, and fold the paper small.",
];

/** Sentences of the other shipped worlds: prose that says something new each time. */
async function shippedSentences(): Promise<string[]> {
  const files = ["2_long_stair", "3_quarter_to_nine", "4_honey_year"];
  const texts = await Promise.all(
    files.map((name) => Deno.readTextFile(`${ROOT}/assets/worlds/${name}.yaml`)),
  );
  return texts.flatMap((text) =>
    text.slice(text.indexOf("\nlore:"), text.indexOf("\nnarrator:")).split(/\n\s*\n/)
  )
    .flatMap((entry) => sentencesOf(entry.replace(/^\s*##.*$/gm, "").replace(/\s+/g, " ").trim()))
    .filter((sentence) => sentence.length > 20 && sentence.length < 220);
}

Deno.test("past 4,096 tokens, which is what an unknown local server has, four fifths of a prompt stay in at least 85 of 100 turns", () =>
  playsPast(4_096, 175));

Deno.test("past 8,192 tokens four fifths of a prompt stay in at least 85 of 100 turns", () =>
  playsPast(8_192, 200));

async function playsPast(window: number, turns: number): Promise<void> {
  await loadTokenizer();
  const chance = chanceOf(9);
  const sentences = await shippedSentences();
  const named = (text: string) =>
    text.replace(/WHO/g, () => pick(chance, WHO)).replace(/WHAT/g, () => pick(chance, WHAT))
      .replace(/WHERE/g, () => pick(chance, WHERE));
  const replyOf = () => {
    const words = 80 + Math.floor(chance() * 81);
    let text = named(
      pick(chance, ["WHO has WHAT under one arm.", '"Ask WHO," says WHO.', "Near WHERE a door shuts."]),
    );
    for (;;) {
      const longer = `${text} ${pick(chance, sentences)}`;
      if (longer.split(" ").length > words) return text;
      text = longer;
    }
  };

  await using provider = await startProvider();
  // Everything at once: nothing here is about how a stream comes.
  await provider.script(
    ...Array.from({ length: turns }, () => ({
      pieces: [1 << 16],
      steps: [{ send: chunk({ content: replyOf() }) + chunk({}, "stop") + DONE }],
    })),
  );
  await provider.route("/v1/models", { data: [{ id: "story", max_model_len: window }] });
  await using stage = await openStage({
    config: configFor(provider, "embeddings: { engine: off }\nsummaries: off"),
  });
  await using face = await stage.face();
  await face.begin();
  for (let turn = 0; turn < turns; turn++) await face.turn(named(pick(chance, LINES)), 60_000);

  const chats: Chat[] = await provider.chats();
  assert.equal(chats.length, turns);
  const texts = chats.map(({ body }) =>
    body.messages.map(({ role, content }) => `<${role}>${content}`).join("")
  );
  // Without a story so far the history holds all.
  const past = chats.findIndex(({ body }) => body.messages[0].content.includes("The story so far:"));
  assert.ok(past > 0 && turns - past >= 150, `${past}`);
  let alike = 0;
  let recalled = 0;
  for (let i = past; i < turns; i++) {
    const [before, text] = [texts[i - 1], texts[i]];
    let same = 0;
    while (same < text.length && text[same] === before[same]) same += 1;
    if (estimateTokens(text.slice(0, same)) >= 0.8 * estimateTokens(text)) alike += 1;
    const { messages, max_tokens } = chats[i].body;
    const tokens = messages.reduce((sum, { content }) => sum + estimateTokens(content) + 4, 0);
    assert.ok(tokens + Number(max_tokens) <= window, `turn ${i}: ${tokens}`);
    const block = messages.at(-1)!.content;
    if (/^Lore /m.test(block) || /^Earlier, /m.test(block)) recalled += 1;
  }
  const counted = turns - past;
  console.log(`${alike} of ${counted} turns alike, recalled in ${recalled}`);
  assert.ok(recalled >= counted / 3, `something was recalled in ${recalled} of ${counted} turns`);
  assert.ok(alike >= 0.85 * counted, `${alike} of ${counted} turns`);
}
