import assert from "node:assert/strict";
import { saysTheSame } from "../../../brain/memory/choice.ts";
import { chooseLore, chooseMemories, type Recent, recentlyTold } from "../../../brain/memory/choose.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import type { LoreHit, MemoryHit, RecallQuestion } from "../../../brain/memory/recall.ts";
import { type Ranked, search } from "../../../brain/memory/search.ts";
import { questionOf, readProbes, tell } from "../../eval/memory/probes.ts";
import { blandLines } from "../../support/bland.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

const QUESTION: RecallQuestion = {
  player_id: "ann",
  session_id: "story",
  world_id: "marsh",
  leaf_id: 1,
  line: "I show Maren the brass lantern.",
  before: [],
  visible_ids: [],
  max_lore: 3,
  max_memories: 3,
};

function memory(unit_id: number, text: string, more: Partial<Ranked<MemoryHit>> = {}): Ranked<MemoryHit> {
  return {
    unit_id,
    message_id: unit_id,
    role: "user",
    text,
    turns_ago: 20,
    score: 10,
    plain: 10,
    words: ["lantern"],
    called: true,
    similarity: 0,
    ...more,
  };
}

function lore(unit_id: number, text: string, more: Partial<Ranked<LoreHit>> = {}): Ranked<LoreHit> {
  const hit = { unit_id, heading: "", text, known_to: "", score: 10, plain: 10, words: ["lantern"] };
  return { ...hit, called: true, similarity: 0, ...more };
}

/** Replies, newest first, by the units that were told for each. */
function told(...units: number[][]): Recent {
  return { replies: units.map((ids) => ({ content: "", lore_ids: ids, memory_ids: ids })), said: [] };
}

const LANTERN = memory(1, "I hide the lantern under the floor.");
const FLOUR = memory(2, "I trade my saddle for flour and salt.");
const memories = (hits: Ranked<MemoryHit>[], recent = told(), patch: Partial<RecallQuestion> = {}) => {
  const chosen = chooseMemories({ ...QUESTION, ...patch }, hits, recent);
  return [chosen.hits.map((hit) => hit.unit_id), chosen.left_out.map((left) => [left.unit_id, left.reason])];
};

Deno.test("a unit is told in two of six replies at most, unless the line means it", () => {
  assert.deepEqual(memories([LANTERN, FLOUR], told([1], [], [], [], [])), [[1, 2], []]);
  assert.deepEqual(memories([LANTERN, FLOUR], told([1], [], [], [], [1])), [[2], [[1, "repeated"]]]);
  // The sixth reply back is of another six.
  assert.deepEqual(memories([LANTERN], told([1], [], [], [], [], [1])), [[1], []]);
  // Of ten the five newest count.
  assert.deepEqual(memories([LANTERN], told([], [], [], [], [], [1], [1], [1], [1], [1])), [[1], []]);
  assert.deepEqual(memories([LANTERN], told([1], [1], [], [], [], [], [], [], [], [])), [[], [[
    1,
    "repeated",
  ]]]);
  const named = { ...LANTERN, words: ["brass", "lantern"] };
  assert.deepEqual(memories([named], told([1], [1], [1])), [[1], []]);
  assert.deepEqual(memories([LANTERN], told([1], [1]), { line: "The lantern!" }), [[1], []]);
  // A line that says nothing means nothing.
  assert.deepEqual(memories([LANTERN], told([1], [1]), { line: "I nod." }), [[], [[1, "repeated"]]]);
});

Deno.test("of two that say the same the later is told, in the place of the better", () => {
  const earlier = memory(3, "The toll at the north bridge is four coppers a cart.");
  const later = memory(8, "The toll at the north bridge is seven coppers a cart.");
  assert.deepEqual(memories([earlier, FLOUR, later]), [[8, 2], [[3, "superseded"]]]);
  assert.deepEqual(memories([later, FLOUR, earlier]), [[8, 2], [[3, "superseded"]]]);
  assert.deepEqual(memories([LANTERN, memory(9, LANTERN.text)]), [[9], [[1, "superseded"]]]);
  // Two pieces of one message: the better one. Three words in common are the same, two are chance.
  assert.deepEqual(memories([LANTERN, memory(9, LANTERN.text, { message_id: 1 })]), [[1], [[
    9,
    "superseded",
  ]]]);
  const [three, two] = ["Otter, saddle, violin!", "Otter, saddle!"];
  assert.deepEqual(memories([memory(1, three), memory(2, `The ${three}`)])[0], [2]);
  assert.deepEqual(memories([memory(1, two), memory(2, `The ${two}`)])[0], [1, 2]);
});

Deno.test("of the narrator's prose one sentence is told, the one that the words stand in; speech stays whole", () => {
  const text = "The fog comes in early and stays for the night. Maren lifts the lantern. Gulls.";
  const text_of = (hit: Ranked<MemoryHit>) => chooseMemories(QUESTION, [hit], told()).hits[0].text;
  assert.equal(text_of(memory(1, text, { role: "assistant" })), "Maren lifts the lantern.");
  assert.equal(
    text_of(memory(1, text, { role: "assistant", words: [] })),
    "The fog comes in early and stays for the night.",
  );
  assert.equal(text_of(memory(1, text, { role: "assistant", speaker: "Maren" })), text);
  assert.equal(text_of(memory(1, text)), text);
});

Deno.test("a spoken sentence that does not name its speaker comes as said by that one", () => {
  const text = 'Maren wipes the brass. "Six pence, and bring it back," she says. A gull screams.';
  const words = ["pence"];
  const told_as = (more: Partial<Ranked<MemoryHit>>, others: Ranked<MemoryHit>[] = [LANTERN]) => {
    const hit = memory(1, text, { role: "assistant", words, ...more });
    const [first] = chooseMemories(QUESTION, [hit, ...others], told()).hits;
    return [first.text, first.speaker];
  };
  const said = '"Six pence, and bring it back," she says.';
  const knows = memory(7, "I show Maren the saddle.");
  assert.deepEqual(told_as({}, [knows]), [said, "Maren"]);
  // Nowhere else a name: it may be any word that begins a sentence.
  assert.deepEqual(told_as({}), [said, undefined]);
  assert.deepEqual(told_as({ words: ["brass"] }, [knows]), ["Maren wipes the brass.", undefined]);
  assert.deepEqual(told_as({ role: "user" }, [knows]), [text, undefined]);
  const named = '"Six pence," says the smith.';
  assert.deepEqual(told_as({ text: named }), [named, undefined]);
});

Deno.test("the last ten replies are what was said lately", () =>
  withDatabase((db) => {
    const pages = Array.from({ length: 12 }, (_, i) => [`I turn page ${i}.`, `This is page ${i}.`]).flat();
    const leaf_id = tellAll(db, aSession(), pages).at(-1)!;
    const { replies, said } = recentlyTold(db, { ...QUESTION, leaf_id });
    const wanted = Array.from({ length: 10 }, (_, i) => 11 - i);
    assert.deepEqual(replies.map(({ content }) => content), wanted.map((i) => `This is page ${i}.`));
    assert.deepEqual(said, wanted.map((i) => ` this is page ${i} `));
  }));

Deno.test("prose of which twelve words in a row stand in the last replies is not told again", () => {
  const twelve = "one lantern two three four five six seven eight nine ten eleven";
  const recent = (run: string): Recent => ({ replies: [], said: [` so it is ${run} and on `] });
  const prose = memory(1, `Maren counts ${twelve}.`, { role: "assistant" });
  assert.deepEqual(memories([prose], recent(twelve)), [[], [[1, "repeated"]]]);
  assert.deepEqual(memories([prose], recent(twelve.replace("eleven", "twelve"))), [[1], []]);
  assert.deepEqual(memories([{ ...prose, role: "user" }], recent(twelve)), [[1], []]);
});

Deno.test("a deed brings only what it calls and of that the best; a question brings what may answer it", () => {
  const weak = memory(2, FLOUR.text, { score: 4.4, plain: 4.4 });
  const enough = memory(3, "I sell the mare to a carter.", { score: 4.6, plain: 4.6 });
  const beside = memory(4, "I cross the ford by moonlight.", { called: false, score: 6, plain: 6 });
  assert.deepEqual(memories([LANTERN, beside, enough, weak]), [[1, 3], [[4, "below_floor"], [
    2,
    "below_floor",
  ]]]);
  const line = "Where is the brass lantern?";
  const far = { ...beside, unit_id: 5, text: "I oil my boots.", score: 4.9, plain: 4.9 };
  assert.deepEqual(memories([LANTERN, beside, far, weak], told(), { line }), [[1, 4, 2], [[
    5,
    "below_floor",
  ]]]);
  assert.deepEqual(memories([beside], told(), { line }), [[], [[4, "below_floor"]]]);
});

Deno.test("likeness calls in English: a question's answer from .34, what a deed bears on from .48", () => {
  const like = (similarity: number) => memory(1, LANTERN.text, { called: false, similarity });
  const line = "Where is the brass lantern?";
  assert.deepEqual(memories([like(0.34)], told(), { line })[0], [1]);
  assert.deepEqual(memories([like(0.33)], told(), { line })[0], []);
  assert.deepEqual(memories([like(0.48)])[0], [1]);
  assert.deepEqual(memories([like(0.47)])[0], []);
  assert.deepEqual(memories([like(0.9)], told(), { line: "Wo ist die Laterne und der Krug?" })[0], []);
  assert.deepEqual(memories([like(0.9)], told(), { line: "灯りはどこ？" })[0], []);
});

Deno.test("what says nothing but what every story says is not told, nor more than is asked for", () => {
  assert.deepEqual(memories([memory(1, "I wait a while.")]), [[], [[1, "below_floor"]]]);
  const many = ["flour", "saddle", "otter", "violin", "candle"].map((word, i) =>
    memory(i + 1, `I buy a ${word}.`)
  );
  assert.deepEqual(memories(many)[0], [1, 2, 3]);
  assert.deepEqual(memories(many, told(), { max_memories: 0 }), [[], []]);
  // Runners-up are still looked for when nothing more is told.
  const late = memory(9, "I sell the mare to a carter.", { called: false });
  assert.deepEqual(memories([...many, late])[1], [[9, "below_floor"]]);
});

Deno.test("lore: the same rules, without a later one", () => {
  const chosen = (hits: Ranked<LoreHit>[], recent = told()) => {
    const { hits: taken, left_out } = chooseLore(QUESTION, hits, recent);
    return [taken.map((hit) => hit.unit_id), left_out.map((left) => [left.unit_id, left.reason])];
  };
  const bell = lore(1, "The bell under the third pier rings before a death.");
  const eels = lore(2, "Eels are money in the marsh.");
  assert.deepEqual(chosen([bell, eels, lore(3, bell.text)]), [[1, 2], [[3, "superseded"]]]);
  assert.deepEqual(chosen([bell, eels], told([1], [1])), [[2], [[1, "repeated"]]]);
  assert.deepEqual(chosen([bell, lore(4, "Salt.", { called: false })]), [[1], [[4, "below_floor"]]]);
  const page = (thing: string, place: string) =>
    `${thing} ${place} A lantern hangs over ${thing} at ${place}`;
  const pages = [
    page("Wool", "is dyed blue in copper vats behind the mill."),
    page("Barley", "goes by barge to the brewers of Harrow in autumn."),
    page("Honey", "belongs to the abbess, every comb, since the great flood."),
    page("Tar", "is boiled on the heath where nobody minds the reek."),
  ];
  const texts = chooseLore({ ...QUESTION, max_lore: 4 }, pages.map((text, i) => lore(i + 1, text)), told())
    .hits
    .map((hit) => hit.text);
  assert.deepEqual(texts, [...pages.slice(0, 3), pages[3].slice(pages[3].indexOf("A lantern"))]);
  assert.equal("called" in chooseLore(QUESTION, [bell], told()).hits[0], false);
  // What is left out still says who alone knows it.
  const known = chooseLore(QUESTION, [{ ...bell, known_to: "Noah" }], told([1], [1])).left_out;
  assert.deepEqual(known.map(({ known_to, reason }) => [known_to, reason]), [["Noah", "repeated"]]);
});

Deno.test("lore: with room for fewer the best of the same is told, and the best of the same is left out", () => {
  const things = "wool barley honey tar otter violin candle saddle copper heath abbey barge mill pier eel"
    .split(" ");
  const found = things.flatMap((thing, i) => [
    lore(2 * i + 1, `The ${thing} and its lantern.`, { score: 99 - 2 * i }),
    // Every second one is below the floor.
    lore(2 * i + 2, `The ${thing} of old.`, { called: false, score: 98 - 2 * i }),
  ]);
  const chosen = (max_lore: number) => {
    const { hits, left_out } = chooseLore({ ...QUESTION, max_lore }, found, told());
    return { hits, left: left_out.map((left) => left.unit_id) };
  };
  const all = chosen(found.length);
  assert.deepEqual(all.hits.length, things.length);
  assert.deepEqual(all.left, [2, 4, 6, 8, 10, 12, 14, 16]);
  for (let most = 1; most < things.length; most++) {
    const { hits, left } = chosen(most);
    assert.deepEqual(hits, all.hits.slice(0, most));
    // Beyond twice as much as is told nobody asks why.
    assert.deepEqual(left, all.left.slice(0, 2 * most - 1));
  }
  assert.deepEqual(chosen(0), { hits: [], left: [] });
});

Deno.test("a later one that says much of it again, but not what it is about, takes the place of nothing", () => {
  const hidden = "I hide the brass lantern under the floor of the eel house.";
  const look = memory(3, "I go back to the eel house and look for the brass lantern.");
  const moved = memory(4, "Now I hide the brass lantern under the roof of the eel house.");
  const earlier = memory(1, hidden);
  for (const found of [[earlier, look], [look, earlier]]) {
    assert.deepEqual(memories(found), [found.map((hit) => hit.unit_id), []]);
  }
  assert.deepEqual(memories([earlier, moved]), [[4], [[1, "superseded"]]]);
  assert.deepEqual(memories([moved, earlier]), [[4], [[1, "superseded"]]]);
  // It may say more than the earlier one, never less: whichever of them was found first.
  const more = memory(
    5,
    "I hide the brass lantern under the floor of the eel house, wrapped in Tobias' coat.",
  );
  const less = memory(6, "I hide the brass lantern under the floor.");
  for (const found of [[earlier, more], [more, earlier]]) {
    assert.deepEqual(memories(found), [[5], [[1, "superseded"]]]);
  }
  for (const found of [[more, less], [less, more]]) {
    assert.deepEqual(memories(found), [found.map((hit) => hit.unit_id), []]);
  }
});

Deno.test("two say the same from half of all their words on", () => {
  const eel = new Set(["brass", "lantern", "eel"]);
  for (
    const [words, same] of [[["brass", "lantern", "mill"], true], [
      ["brass", "lantern", "mill", "weir"],
      false,
    ]] as const
  ) {
    assert.equal(saysTheSame(eel, new Set(words)), same, words.join(" "));
    assert.equal(saysTheSame(new Set(words), eel), same, words.join(" "));
  }
  assert.equal(saysTheSame(new Set(["brass", "eel"]), new Set(["brass", "eel"])), false);
});

Deno.test("a superseded one is shown behind more than are shown of all others", () => {
  const faint = Array.from(
    { length: 12 },
    (_, i) => memory(i + 10, `I clean ${i} jugs.`, { called: false, score: 1 }),
  );
  const restated = [{ message_id: 1, object: "the floor", later_id: 3, later_object: "the mill" }];
  const later = memory(3, "Now the lantern is in the mill.");
  for (const [score, max_memories] of [[9, 1], [9, 9], [0.5, 9]]) {
    const earlier = { ...LANTERN, score };
    const { hits, left_out } = chooseMemories(
      { ...QUESTION, max_memories },
      [later, ...faint, earlier],
      told(),
      { restated },
    );
    assert.deepEqual(hits.map((hit) => hit.unit_id), [3]);
    assert.equal(left_out.filter(({ reason }) => reason === "below_floor").length, 8);
    assert.deepEqual(left_out.filter(({ reason }) => reason === "superseded").map((left) => left.unit_id), [
      1,
    ]);
  }
});

Deno.test("of two hundred bland lines at most one in twenty brings a memory back", async () => {
  const [story] = await readProbes();
  await withDatabase((db) => {
    const told = tell(db, story);
    const lines = blandLines();
    assert.equal(lines.length, 200);
    const known = emptyKnown();
    // What stands on the page names people and things that the story is full of.
    const before = [story.planted[19].reply, story.planted[19].line];
    const brought = lines.filter((line) =>
      search(db, { ...questionOf(db, story, told, line), before }, known).memories.length > 0
    );
    assert.ok(brought.length <= 10, brought.join(" "));
  });
});
