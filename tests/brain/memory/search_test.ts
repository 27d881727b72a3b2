import assert from "node:assert/strict";
import type { RecallQuestion } from "../../../brain/memory/recall.ts";
import { noteFacts } from "../../../brain/memory/facts.ts";
import { remembering, rememberMessage, rememberMissing } from "../../../brain/memory/remember.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { rankLore, rankMemories, search } from "../../../brain/memory/search.ts";
import { MEMORY_WEIGHTS, WORDS_ONLY } from "../../../brain/memory/weights.ts";
import type { Database } from "../../../brain/store/database.ts";
import { addFacts, factsOnPath } from "../../../brain/store/facts.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { getMessage, updateMessage } from "../../../brain/store/messages.ts";
import { deleteSession } from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const STORY = [
  "I ask the ferryman about the drowned bell.", // 1, turn 1
  "He spits. The bell hangs under the third pier.",
  "I buy a lantern from Maren for six pence.", // turn 2
  "She counts the pence twice.",
  "I walk to the pier.", // turn 3
  "Fog comes in from the sea.",
  "I wait for the tide.", // turn 4
  "The tide turns, slow and brown.",
  "I row out alone.", // turn 5
  "Gulls follow the boat.",
];

// Of the narrator's prose one sentence comes back.
const PIER = "The bell hangs under the third pier.";

const UNSAID = { speaker: "", scene: "", told_at: "" };

function remembered(db: Database, ids: number[]): void {
  for (const id of ids) {
    const message = getMessage(db, "ann", id)!;
    rememberMessage(db, "ann", message.session_id, message);
  }
}

function question(patch: Partial<RecallQuestion>): RecallQuestion {
  return {
    player_id: "ann",
    session_id: "story",
    world_id: "marsh",
    leaf_id: null,
    line: "",
    before: [],
    visible_ids: [],
    max_lore: 5,
    max_memories: 5,
    ...patch,
  };
}

function withStory(
  fn: (db: Database, ids: number[], ask: (patch: Partial<RecallQuestion>) => string[]) => void,
) {
  return withDatabase((db) => {
    const ids = tellAll(db, aSession(), STORY);
    remembered(db, ids);
    const known = emptyKnown();
    fn(
      db,
      ids,
      (patch) =>
        search(db, question({ leaf_id: ids.at(-1)!, ...patch }), known).memories.map((hit) => hit.text),
    );
  });
}

Deno.test("a memory comes with where it stands, how long ago, and the words that called it", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), STORY);
    remembered(db, ids);
    const { memories } = search(
      db,
      question({ leaf_id: ids.at(-1)!, line: "Who sold me the lantern?" }),
      emptyKnown(),
    );
    assert.deepEqual(memories.map(({ score: _, split: __, ...hit }) => hit).slice(0, 2), [
      {
        unit_id: 3,
        message_id: ids[2],
        role: "user",
        text: STORY[2],
        ...UNSAID,
        turns_ago: 3,
        words: ["lantern"],
      },
      {
        unit_id: 4,
        message_id: ids[3],
        role: "assistant",
        text: STORY[3],
        ...UNSAID,
        turns_ago: 3,
        words: ["lantern"],
      },
    ]);
    assert.ok(memories[0].score > memories[1].score);
  });
});

Deno.test("lore that is ranked already is chosen from as it is", () =>
  withDatabase((db) => {
    syncLore(db, "marsh", [
      { heading: "", text: "A heron waits on the pier.", known_to: "" },
      { heading: "", text: "The heron eats eels.", known_to: "" },
    ]);
    const known = emptyKnown();
    const asked = question({ line: "heron" });
    const ranked = rankLore(db, asked, known);
    const told = (options: { ranked?: typeof ranked }) =>
      search(db, asked, known, options).lore.map(({ text }) => text);
    assert.equal(ranked.length, 2);
    assert.deepEqual(told({ ranked }), told({}));
    assert.deepEqual(told({ ranked: ranked.slice(1) }), [ranked[1].text]);
  }));

Deno.test("a reply comes with the line it answers and a line with its reply, not what came before or after", async () => {
  await withStory((_db, _ids, ask) => {
    assert.deepEqual(ask({ line: "Where are the gulls?" }), [STORY[9], STORY[8]]);
    assert.deepEqual(ask({ line: "The pier!", max_memories: 2 }), [STORY[4], PIER]);
    assert.deepEqual(ask({ line: "The lantern!" }), [STORY[2], STORY[3]]);
    assert.deepEqual(ask({ line: "The lantern!", max_memories: 1 }), [STORY[2]]);
    assert.deepEqual(ask({ line: "The lantern!", max_memories: 0 }), []);
  });
});

Deno.test("nothing comes back that no content word called", async (t) => {
  for (const line of ["", "I look around.", "Yes. And then?", "Is the dragon asleep?", "?!", "😀"]) {
    await t.step(line, () => withStory((_db, _ids, ask) => assert.deepEqual(ask({ line }), [])));
  }
});

Deno.test("a name from the turn before calls, its other words do not", async () => {
  await withStory((_db, _ids, ask) => {
    assert.equal(ask({ line: "Is she angry?", before: ["You see Maren."] })[0], STORY[2]);
    assert.deepEqual(ask({ line: "Is she angry?", before: ["Only a lantern burns."] }), []);
  });
});

Deno.test("what the prompt still holds is never recalled, neither called nor lent", async () => {
  await withStory((_db, ids, ask) => {
    assert.deepEqual(ask({ line: "The lantern!", visible_ids: [ids[2]] }), []);
    assert.deepEqual(ask({ line: "The lantern!", visible_ids: [ids[3]] }), [STORY[2]]);
  });
});

Deno.test("only what is on the path comes back: no other branch, nothing told later", async () => {
  await withStory((db, ids, ask) => {
    const other = tell(db, aSession(), ids[1], "user", "I steal a lantern from the ferryman.").id;
    const reply = tell(db, aSession(), other, "assistant", "He does not notice.").id;
    remembered(db, [other, reply]);
    assert.deepEqual(
      ask({ line: "The lantern!", leaf_id: reply })[0],
      "I steal a lantern from the ferryman.",
    );
    assert.equal(ask({ line: "The lantern!", leaf_id: reply }).includes(STORY[2]), false);
    // Back to the first branch with the path of the second known, and to a point before either.
    assert.deepEqual(ask({ line: "The lantern!" }), [STORY[2], STORY[3]]);
    assert.deepEqual(ask({ line: "The lantern!", leaf_id: ids[1] }), []);
    assert.deepEqual(ask({ line: "The lantern!", leaf_id: null }), []);
    assert.deepEqual(ask({ line: "The lantern!" }), [STORY[2], STORY[3]]);
  });
});

Deno.test("another session of the same player keeps its memories to itself", async () => {
  await withStory((db, ids, ask) => {
    const theirs = tellAll(db, aSession({ id: "second" }), ["I break the lantern."]);
    remembered(db, theirs);
    assert.equal(ask({ line: "The lantern!" }).includes("I break the lantern."), false);
    assert.deepEqual(ask({ line: "The lantern!", session_id: "second", leaf_id: theirs[0] }), [
      "I break the lantern.",
    ]);
    assert.deepEqual(ask({ line: "The lantern!", session_id: "second", leaf_id: ids.at(-1)! }), []);
    deleteSession(db, "ann", "second");
    assert.deepEqual(ask({ line: "The lantern!", session_id: "second", leaf_id: theirs[0] }), []);
  });
});

Deno.test("asked for the player's own words, the player's side comes first", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), [
      "I swear to bring eels",
      "a",
      "b",
      "Maren asks for 9 eels",
      "c",
      "d",
      "e",
    ]);
    remembered(db, ids);
    const ask = (line: string) =>
      search(db, question({ leaf_id: ids[6], line }), emptyKnown()).memories[0].role;
    assert.equal(ask("What did I promise about eels?"), "user");
    assert.equal(ask("Who likes eels?"), "assistant");
  });
});

Deno.test("lore of the world and of the player is found best first, and says who knows of it", async () => {
  await withDatabase((db) => {
    syncLore(db, "marsh", [
      { heading: "The bell", text: "The bell rings before a death.", known_to: "the ferryman" },
      {
        heading: "The pier",
        text: "Three piers; under one hangs a bell, they say, and nobody ever goes there.",
        known_to: "",
      },
      { heading: "Eels", text: "Eels are money.", known_to: "" },
    ]);
    syncLore(db, "stair", [{ heading: "", text: "A bell of glass.", known_to: "" }]);
    attachLore(db, "ann", "marsh", [{ heading: "", text: "My bell is mine.", known_to: "" }], "attached");
    attachLore(db, "ann", "stair", [{ heading: "", text: "A bell elsewhere.", known_to: "" }], "attached");
    const { lore, memories } = search(db, question({ line: "Tell me of the bell that rings" }), emptyKnown());
    assert.deepEqual(memories, []);
    assert.deepEqual(lore.map(({ score: _, split: __, ...hit }) => hit), [
      {
        unit_id: 1,
        heading: "The bell",
        text: "The bell rings before a death.",
        known_to: "the ferryman",
        words: ["rings", "bell"],
      },
      { unit_id: 5, heading: "", text: "My bell is mine.", known_to: "", words: ["bell"] },
      {
        unit_id: 2,
        heading: "The pier",
        text: "Three piers; under one hangs a bell, they say, and nobody ever goes there.",
        known_to: "",
        words: ["bell"],
      },
    ]);
    assert.deepEqual(
      search(db, question({ line: "The bell rings", max_lore: 1 }), emptyKnown()).lore.length,
      1,
    );
    assert.deepEqual(search(db, question({ line: "I look around" }), emptyKnown()).lore, []);
  });
});

Deno.test("any line is a safe question", async () => {
  await withStory((_db, _ids, ask) => {
    const lines = [
      '"',
      '""',
      "'",
      "*",
      "lantern*",
      "NEAR(lantern pence, 2)",
      "body:lantern",
      "lantern AND",
      "OR",
      "NOT lantern",
      "^lantern",
      "{a b}: lantern",
      "lantern -pence",
      "(((",
      "\\",
      "%_",
      "\0",
      "\uD800",
      "a\u0301",
      "😀lantern😀",
      "x".repeat(65536),
      "lantern ".repeat(8192),
      '"'.repeat(65536),
      "鐘".repeat(20000),
      "; DROP TABLE messages",
    ];
    for (const line of lines) {
      const texts = ask({ line, before: [line, line] });
      assert.equal(texts[0], /(?<!\d)lantern/.test(line) ? STORY[2] : undefined, line.slice(0, 30));
    }
  });
});

Deno.test("Japanese is found by parts of what was said", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), [
      "海の底の鐘を探す。",
      "霧が出る。",
      "灯台へ行く。",
      "誰もいない。",
      "待つ。",
    ]);
    remembered(db, ids);
    const ask = (line: string) =>
      search(db, question({ leaf_id: ids[4], line }), emptyKnown()).memories.map((hit) => hit.message_id);
    assert.equal(ask("底の鐘はどこ?")[0], ids[0]);
    assert.equal(ask("灯台")[0], ids[2]);
    assert.deepEqual(ask("山と川"), []);
  });
});

Deno.test("a message is remembered when it is finished, once, and anew when it has grown", async () => {
  await withStory((db, ids, ask) => {
    const count = () => db.get<{ count: number }>("SELECT count(*) AS count FROM memory_units")!.count;
    remembered(db, ids);
    assert.equal(count(), STORY.length);
    const reply = tell(db, aSession(), ids.at(-1)!, "assistant", "A heron", { status: "writing" });
    rememberMessage(db, "ann", "story", reply);
    assert.equal(count(), STORY.length);
    rememberMessage(db, "ann", "story", updateMessage(db, "ann", reply.id, { status: "stopped" }));
    assert.deepEqual(ask({ line: "heron", leaf_id: reply.id, max_memories: 1 }), ["A heron"]);
    rememberMessage(db, "ann", "story", updateMessage(db, "ann", reply.id, { content: "A heron lands." }));
    assert.deepEqual(ask({ line: "heron", leaf_id: reply.id, max_memories: 1 }), ["A heron lands."]);
    assert.equal(count(), STORY.length + 1);
    rememberMessage(db, "ann", "story", updateMessage(db, "ann", reply.id, { content: "" }));
    assert.equal(count(), STORY.length);
  });
});

Deno.test("what a crash left out is remembered at the next start, for every player", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["I hide the key.", "Nobody saw."]);
    const ben = tellAll(
      db,
      aSession({ id: "bens", player_id: "ben", character_id: "gone" }),
      ["I owe Noah two eels."],
    );
    rememberMessage(db, "ann", "story", getMessage(db, "ann", ids[1])!);
    const nameOf = (character_id: string) => character_id === "tam" ? "Ida" : null;
    assert.equal(rememberMissing(db, nameOf, 5), 2);
    assert.equal(rememberMissing(db, nameOf, 5), 0);
    const found = db.all<Record<string, string>>(
      "SELECT player_id, session_id, role, text, speaker FROM memory_units ORDER BY message_id",
    );
    assert.deepEqual(found, [
      { player_id: "ann", session_id: "story", role: "user", text: "I hide the key.", speaker: "Ida" },
      { player_id: "ann", session_id: "story", role: "assistant", text: "Nobody saw.", speaker: "" },
      { player_id: "ben", session_id: "bens", role: "user", text: "I owe Noah two eels.", speaker: "" },
    ]);
    // Who "I" was is not known of a character that is no more; of the other one it is.
    assert.deepEqual(factsOnPath(db, "ben", ben[0]), []);
    const [debt] = tellAll(db, aSession({ id: "third" }), ["I owe Noah two eels."]);
    assert.equal(rememberMissing(db, nameOf, 7), 1);
    const facts = factsOnPath(db, "ann", debt).map(({ text, created_ms }) => [text, created_ms]);
    assert.deepEqual(facts, [["Ida owes Noah two eels", 7]]);
  });
});

Deno.test("what a player changes while a long memory is made is remembered as it is then", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), Array.from({ length: 30 }, (_, i) => `I count ${i} herons.`));
    const steps = remembering(db, () => "Ida", 5);
    assert.deepEqual(steps.next().value, { done: 20, total: 30 });
    rememberMessage(db, "ann", "story", updateMessage(db, "ann", ids[24], { content: "I count no heron." }));
    assert.deepEqual(steps.next().value, { done: 30, total: 30 });
    const texts = db.all<{ text: string }>("SELECT text FROM memory_units ORDER BY message_id");
    assert.deepEqual([texts.length, texts[24].text], [30, "I count no heron."]);
    assert.equal(steps.next().done, true);
  });
});

Deno.test("what a later line states otherwise is told in its place, as long as it can be", async () => {
  await withDatabase((db) => {
    const lines = [
      "I tell Maren: I live in the mill by the weir.",
      "Maren nods.",
      "I owe Noah two eels.",
      "Noah shrugs.",
      "I move out. I live in the loft above the forge.",
      "Anselm shows you the ladder.",
      "I owe Noah nine eels.",
      "Noah grins.",
    ];
    const ids = tellAll(db, aSession(), [...lines, "I wait.", "Fog."]);
    remembered(db, ids);
    ids.forEach((id, i) =>
      noteFacts(
        db,
        "ann",
        "story",
        { id, role: i % 2 === 0 ? "user" : "assistant", content: lines[i] ?? "" },
        "Ida",
        0,
      )
    );
    const ask = (patch: Partial<RecallQuestion>, options = {}) => {
      const { memories, left_out } = search(
        db,
        question({ leaf_id: ids.at(-1)!, ...patch }),
        emptyKnown(),
        options,
      );
      const gone = left_out.filter(({ reason }) => reason === "superseded").map(({ text }) => text);
      return [memories.map(({ text }) => text).filter((text) => text.startsWith("I ")), gone];
    };
    const line = "I go home to the mill where I live.";
    assert.deepEqual(ask({ line }), [[lines[4]], [lines[0]]]);
    // Another thing, another whom: nothing takes its place.
    assert.deepEqual(ask({ line: "I pay what I owe Noah." }), [[lines[6]], [lines[2]]]);
    // The page shows the later one: the earlier one is not told beside it.
    assert.deepEqual(ask({ line, visible_ids: [ids[4]] }), [[], [lines[0]]]);
    // Before the later one was said the earlier one holds; so it does without facts.
    assert.deepEqual(ask({ line, leaf_id: ids[3] }), [[lines[0]], []]);
    assert.deepEqual(ask({ line, max_memories: 1 }, { memory: { ...MEMORY_WEIGHTS, facts: 0 } }), [
      [lines[0]],
      [],
    ]);
  });
});

Deno.test("a heading names its entry; the title over a whole tale names none of its pieces", async () => {
  await withDatabase((db) => {
    const under = (heading: string, count: number) =>
      Array.from(
        { length: count },
        (_, i) => ({ heading, text: `Piece ${i} of ${heading.length}.`, known_to: "" }),
      );
    syncLore(db, "marsh", [
      ...under("The heron", 3),
      ...under("The otter", 4),
      { heading: "", text: "An otter and a heron share the weir.", known_to: "" },
    ]);
    const scores = (line: string) =>
      rankLore(db, question({ line }), emptyKnown(), { lore: { ...WORDS_ONLY, heading: 2 } });
    const score_of = (line: string, heading: string) => scores(line).find((hit) => hit.heading === heading)!;
    assert.equal(score_of("The heron!", "The heron").called, true);
    const plain = scores("The otter!").find((hit) => hit.heading === "The otter")!;
    assert.equal(plain.score, plain.plain);
    const named = score_of("The heron!", "The heron");
    assert.equal(named.score, 2 * named.plain);
  });
});

Deno.test("words of the best finds lend to what has them and not the question's; a fact calls the message it is of", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), [
      "I carry the lantern into the cellar.",
      "Rain falls.",
      "I hide the lantern in the cellar.",
      "Gulls cry.",
      "I count barrels.",
      "A cat sleeps.",
      "I leave the cellar behind.",
      "Bells.",
    ]);
    remembered(db, ids);
    const ranked = (line: string) => rankMemories(db, question({ leaf_id: ids.at(-1)!, line }), emptyKnown());
    const cellar = ranked("The lantern!").find((hit) => hit.message_id === ids[6])!;
    assert.ok(cellar.split!.feedback > 0);
    assert.equal(cellar.split!.words, undefined);
    assert.deepEqual([cellar.called, cellar.words], [false, []]);

    assert.deepEqual(ranked("Who owes whom a saddle?"), []);
    addFacts(db, "ann", "story", [{
      message_id: ids[4],
      subject: "Ida",
      relation: "owes",
      object: "a saddle",
      text: "Ida owes Noah a saddle",
      origin: "model",
      created_ms: 1,
    }]);
    const [barrels] = ranked("Who owes whom a saddle?");
    assert.deepEqual([barrels.message_id, barrels.called, barrels.fact], [
      ids[4],
      true,
      "Ida owes Noah a saddle",
    ]);
    assert.ok(barrels.split!.facts > 0);
  });
});
