import assert from "node:assert/strict";
import { emptyKnown, storyCorpus } from "../../../brain/memory/corpus.ts";
import { factKeys, laterStatements } from "../../../brain/memory/fact_keys.ts";
import type { MemoryHit, RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { search } from "../../../brain/memory/search.ts";
import type { Database } from "../../../brain/store/database.ts";
import { addFacts } from "../../../brain/store/facts.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { aSession, tellAll, withDatabase } from "../../support/stories.ts";

const STORY = [
  "I trade my saddle for a canoe.", // 1
  "The trader spits in his palm.",
  "I name her Heron.", // 3
  "She lies low in the water.",
  "I walk to the weir.", // 5
  "Fog.",
];

async function withFacts(
  facts: [message: number, text: string][],
  fn: (db: Database, question: (line: string) => RecallQuestion) => void,
): Promise<void> {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), STORY);
    for (const id of ids) rememberMessage(db, "ann", "story", getMessage(db, "ann", id)!);
    addFacts(
      db,
      "ann",
      "story",
      facts.map(([message, text], i) => ({
        message_id: ids[message - 1],
        subject: `subject ${i}`,
        relation: "",
        object: text,
        text,
        origin: "model",
        created_ms: 0,
      })),
    );
    fn(db, (line) => ({
      player_id: "ann",
      session_id: "story",
      world_id: "",
      leaf_id: ids.at(-1)!,
      line,
      before: [],
      visible_ids: [],
      max_lore: 0,
      max_memories: 9,
    }));
  });
}

Deno.test("a fact calls the message that it was taken from, with none of its words in it, and stands beside it", async () => {
  await withFacts([[1, "Ida owns a skiff"], [
    3,
    "The skiff of Ida is called Heron and will be painted green",
  ]], (db, question) => {
    const { memories } = search(db, question("Where is the skiff?"), emptyKnown());
    assert.deepEqual(memories.slice(0, 2).map(({ text, fact }) => [text, fact]), [
      // The shorter fact says it more surely.
      [STORY[0], "Ida owns a skiff"],
      [STORY[2], "The skiff of Ida is called Heron and will be painted green"],
    ]);
    assert.deepEqual(search(db, question("Where is the galleon?"), emptyKnown()).memories, []);
  });
});

Deno.test("of several facts of one message the one that says most stands beside it", async () => {
  const rows = ["Ida fears the abbess and the tide", "The abbess feeds swans", "Ida once drank"];
  await withFacts(rows.map((text) => [5, text]), (db, question) => {
    const ask = (line: string) => search(db, question(line), emptyKnown()).memories[0]?.fact;
    assert.equal(ask("What does the abbess feed her swans?"), rows[1]);
    assert.equal(ask("Does the abbess fear the tide?"), rows[0]);
  });
});

Deno.test("keys: worth by word, a call by a rare one, lines for the best alone", async () => {
  await withFacts([[1, "Ida owns a skiff"], [3, "Heron is a skiff"], [3, "Heron leaks"]], (db, question) => {
    const asked = question("Does the skiff leak?");
    const corpus = storyCorpus(db, asked, emptyKnown())!;
    const keys = factKeys(db, asked, corpus, 1);
    assert.deepEqual(keys.lent.map(({ slot }) => slot).sort(), [0, 2, 2]);
    assert.deepEqual([...new Set(keys.called)].sort(), [0, 2]);
    // "leak" is said by one, "skiff" by two.
    assert.deepEqual(keys.lines, { 2: "Heron leaks" });
    assert.equal(Object.keys(factKeys(db, asked, corpus, 9).lines).length, 2);
    const bland = question("I wait.");
    assert.deepEqual(factKeys(db, bland, corpus, 9), { lent: [], called: [], lines: {} });
  });
});

Deno.test("of several later statements the newest takes the place, and the page's before all that it does not show", () => {
  const hit = (message_id: number, text: string): MemoryHit => ({
    unit_id: message_id,
    message_id,
    role: "user",
    text,
    turns_ago: 1,
    score: 1,
    words: [],
  });
  const tolls = ["four coppers", "seven pennies", "nine shillings"].map((toll, at) =>
    hit(at + 1, `The toll is ${toll}.`)
  );
  const [first, second, third] = tolls;
  const restated = [
    { message_id: 1, object: "four coppers", later_id: 2, later_object: "seven pennies" },
    { message_id: 1, object: "four coppers", later_id: 3, later_object: "nine shillings" },
    { message_id: 2, object: "seven pennies", later_id: 3, later_object: "nine shillings" },
  ];
  const question = (visible_ids: number[]) => ({ visible_ids }) as RecallQuestion;
  const later = laterStatements(question([]), tolls, restated);
  assert.deepEqual(tolls.map(later), [third, third, null]);
  assert.equal(laterStatements(question([]), [first, second], restated)(first), second);
  assert.equal(laterStatements(question([3]), [first, second], restated)(first), "visible");
});

Deno.test("a fact is found by the words of the question in any of their forms", async () => {
  await withFacts([[1, "Ida schuldet Maren zwei Aale"], [5, "灯台は北の岬にある"]], (db, question) => {
    const ask = (line: string) => search(db, question(line), emptyKnown()).memories.map(({ fact }) => fact);
    assert.ok(
      ask("Wem habe ich Schulden gemacht, wer schuldete mir den Aal?").includes(
        "Ida schuldet Maren zwei Aale",
      ),
    );
    assert.ok(ask("灯台はどこにある?").includes("灯台は北の岬にある"));
  });
});
