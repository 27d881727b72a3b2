import assert from "node:assert/strict";
import { chooseMemories } from "../../../brain/memory/choose.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { noteFacts } from "../../../brain/memory/facts.ts";
import { onThePage, saidOnPage } from "../../../brain/memory/on_page.ts";
import type { MemoryHit, RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { type Ranked, search } from "../../../brain/memory/search.ts";
import type { Database } from "../../../brain/store/database.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

/** A told story of which the last `shown` messages are still on the page, and what a line brings back from the rest. */
async function withStory(
  lines: string[],
  fn: (db: Database, ask: (line: string, shown: number) => RecallQuestion) => void,
): Promise<void> {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), lines);
    for (const id of ids) {
      const message = getMessage(db, "ann", id)!;
      rememberMessage(db, "ann", "story", message);
      noteFacts(db, "ann", "story", message, "Ida", 0);
    }
    fn(db, (line, shown) => ({
      player_id: "ann",
      session_id: "story",
      world_id: "",
      leaf_id: ids.at(-1)!,
      line,
      before: [],
      visible_ids: shown === 0 ? [] : ids.slice(-shown),
      max_lore: 0,
      max_memories: 9,
    }));
  });
}

const BETWEEN = Array.from({ length: 12 }, (_, i) => i % 2 === 0 ? "I walk on." : `Gulls, mile ${i}.`);
const ROWS: [what: string, earlier: [string, string], later: [string, string], line: string][] = [
  [
    "asked again",
    ["I ask about the bridge.", '"The bridge is closed," says the toll keeper.'],
    ["I ask again about the bridge.", '"Since dawn the bridge is free," says the toll keeper.'],
    "I ride to the bridge.",
  ],
  [
    "said otherwise in nearly the same words",
    ["I look for Maren.", "Maren hides the brass lantern under the mill floor."],
    ["I watch Maren.", "Maren hides the brass lantern under the chapel floor. Gulls cry."],
    "I want the brass lantern.",
  ],
  [
    "a fact that another takes the place of",
    ["I tell Maren: I live in the mill by the weir.", "Maren nods."],
    ["I move out. I live in the loft above the forge.", "Anselm shows you the ladder."],
    "I go home to the mill where I live.",
  ],
  [
    "German",
    ["Ich frage nach der Brücke.", "»Die Brücke ist gesperrt«, sagt der Zöllner."],
    ["Ich frage noch einmal nach der Brücke.", "»Die Brücke ist wieder frei«, sagt der Zöllner."],
    "Ich reite zur Brücke.",
  ],
  [
    "Japanese",
    ["番人に北の橋のことを聞く。", "「北の橋は落ちた」と番人は言った。"],
    ["もう一度、番人に北の橋のことを聞く。", "「北の橋は今朝直った」と番人は言った。"],
    "北の橋へ行く。",
  ],
];

for (const [what, earlier, later, line] of ROWS) {
  Deno.test(`the later word stands on the page, ${what}: the earlier one is not told, and both are shown`, async () => {
    await withStory([...earlier, ...BETWEEN, ...later], (db, ask) => {
      const changed = (text: string) => earlier.some((part) => part.includes(text));
      const told = (shown: number) => search(db, ask(line, shown), emptyKnown());
      const { memories, left_out } = told(2);
      assert.deepEqual(memories.filter(({ text }) => changed(text)).map(({ text }) => text), []);
      const of = (reason: string) =>
        left_out.filter((left) => left.reason === reason).map(({ text }) => text);
      assert.ok(of("superseded").some(changed), `superseded: ${of("superseded")}`);
      assert.ok(
        of("visible").some((text) => later.some((part) => part.includes(text))),
        `on the page: ${of("visible")}`,
      );
      // As long as nothing later was said the earlier one is told.
      const before = search(db, { ...ask(line, 0), leaf_id: ask(line, 0).leaf_id! - 2 }, emptyKnown());
      assert.ok(before.memories.some(({ text }) => changed(text)));
    });
  });
}

Deno.test("what the page says of other things takes no memory away", async () => {
  const story = ["I hide the brass lantern.", "Maren nods at the lantern under the mill floor."];
  await withStory(
    [...story, ...BETWEEN, "I sell the brass kettle.", "Maren nods at the kettle."],
    (db, ask) => {
      const { memories, left_out } = search(db, ask("I want the brass lantern.", 2), emptyKnown());
      assert.deepEqual(memories.map(({ text }) => text).sort(), story);
      assert.deepEqual(left_out.filter(({ reason }) => reason !== "below_floor"), []);
    },
  );
});

Deno.test("who looks again for what was hidden has still where it is, though the page shows the first look", async () => {
  const hidden = "I hide the brass lantern under the floor of the eel house.";
  const look = "I go back to the eel house and look for the brass lantern.";
  await withStory([hidden, "Gulls.", ...BETWEEN, look, "The eel house is dark."], (db, ask) => {
    const { memories } = search(db, ask(look, 2), emptyKnown());
    assert.equal(memories[0].text, hidden);
  });
});

Deno.test("of the page those turns are read in which a word of the line stands, most of it first", async () => {
  const lines = [
    "I wait.",
    "A lantern of Maren's burns.",
    "I nod.",
    "Gulls.",
    "I greet Maren.",
    "She smiles.",
  ];
  await withStory(lines, (db, ask) => {
    const read = (line: string, shown = 6) => onThePage(db, ask(line, shown), []).map(({ text }) => text);
    assert.deepEqual(read("I show Maren the lantern."), [lines[1], lines[0], lines[5], lines[4]]);
    assert.deepEqual(read("The lantern!"), [lines[1], lines[0]]);
    assert.deepEqual(read("The lantern!", 2), []);
    assert.deepEqual(read("I nod."), []);
    assert.deepEqual(read("I show Maren the lantern.", 0), []);
  });
});

Deno.test("nearly the same is looked for in sentences of prose, and in what somebody said as a whole", () => {
  const hit = (role: "user" | "assistant", text: string): MemoryHit => ({
    unit_id: 1,
    message_id: 1,
    role,
    text,
    turns_ago: 1,
    score: 0,
    words: [],
  });
  const long =
    "Rain falls on roofs, gutters and barrels all night. Maren hides the lantern below. Dogs bark at carts passing by.";
  const content = new Set(["maren", "hides", "lantern", "below"]);
  assert.equal(saidOnPage([hit("assistant", long)])(content)?.text, long);
  assert.equal(saidOnPage([hit("user", long)])(content), null);
  // Of four words one may be missing, of six too.
  const said = saidOnPage([hit("user", "I go back to the eel house and look for the brass lantern.")]);
  const words = "lantern brass eel house floor hide".split(" ");
  for (const [count, same] of [[4, true], [5, true], [6, false]] as const) {
    assert.equal(said(new Set(words.slice(0, count))) !== null, same, `${count}`);
  }
  // Two words are alike by chance.
  assert.equal(saidOnPage([hit("assistant", "Maren hides.")])(new Set(["maren", "hides"])), null);
});

Deno.test("the later fact stands on the page and is not remembered yet: the earlier one is still not told", () => {
  const found: Ranked<MemoryHit> = {
    unit_id: 1,
    message_id: 1,
    role: "user",
    text: "I live in the mill.",
    turns_ago: 9,
    score: 10,
    plain: 10,
    words: ["mill"],
    called: true,
    similarity: 0,
  };
  const question: RecallQuestion = {
    player_id: "ann",
    session_id: "story",
    world_id: "",
    leaf_id: 9,
    line: "Where is the mill?",
    before: [],
    visible_ids: [7],
    max_lore: 0,
    max_memories: 3,
  };
  const restated = [{ message_id: 1, object: "the mill", later_id: 7, later_object: "the loft" }];
  const { hits, left_out } = chooseMemories(question, [found], { replies: [], said: [] }, { restated });
  assert.deepEqual(hits, []);
  assert.deepEqual(left_out.map(({ unit_id, reason }) => [unit_id, reason]), [[1, "superseded"]]);
});
