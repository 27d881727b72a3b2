import assert from "node:assert/strict";
import {
  emptyKnown,
  type KnownUnits,
  loreCorpus,
  storyCorpus,
  type UnitCorpus,
} from "../../../brain/memory/corpus.ts";
import type { RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { rankLore, rankMemories } from "../../../brain/memory/search.ts";
import type { Database } from "../../../brain/store/database.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { updateMessage } from "../../../brain/store/messages.ts";
import { deleteSession } from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

function question(session_id: string, leaf_id: number | null, visible_ids: number[] = []): RecallQuestion {
  return {
    player_id: "ann",
    session_id,
    world_id: "marsh",
    leaf_id,
    line: "The eels!",
    before: [],
    visible_ids,
    max_lore: 9,
    max_memories: 9,
  };
}

function remembered(
  db: Database,
  session_id: string,
  parent: number | null,
  text: string,
  turn: number,
): number {
  const message = tell(
    db,
    { player_id: "ann", id: session_id },
    parent,
    turn % 2 === 0 ? "user" : "assistant",
    text,
  );
  rememberMessage(db, "ann", session_id, message);
  return message.id;
}

/** In all, in some, in one, in none of what is told. */
const WORDS = ["line", "reeds", "eels and", "7", "heron"];

function told(corpus: UnitCorpus | null, messages: number[]): unknown {
  if (corpus === null) return null;
  const { ids, place, places, length, average_length, size } = corpus;
  return {
    ids: [...ids],
    place: [...place],
    length: [...length],
    places,
    average_length,
    size,
    slots: [...ids].map((id) => corpus.slotOf(id)),
    unknown: [0, -1, 1_000_000].map((id) => corpus.slotOf(id)),
    of_messages: messages.map((id) => corpus.slotsOfMessage(id)),
    with: WORDS.map((phrase) => corpus.slotsWith({ phrase, prefix: false })),
    beginning: corpus.slotsWith({ phrase: "ree", prefix: true }),
  };
}

Deno.test("what is kept in mind of stories is what reading them anew would give, whatever happens in them", async () => {
  await withDatabase((db) => {
    let state = 11;
    const pick = (below: number) =>
      Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * below);
    const stories = ["one", "two", "three"].map((id) => ({
      id,
      ids: tellAll(db, aSession({ id }), []),
      fresh: false,
    }));
    const known = emptyKnown();
    for (let step = 0; step < 400; step++) {
      const story = stories[pick(20) === 0 ? 1 + pick(2) : 0];
      const { id: session_id, ids } = story;
      const act = pick(12);
      // A sentence of its own for each: long ones make two units.
      const text = `Line ${step}. ${"Eels and mud and reeds. ".repeat(pick(40))}`;
      if (ids.length > 0 && act === 0) {
        // A message is gone on with, or one that has just been told loses its text.
        const back = pick(Math.min(3, ids.length));
        const content = back === 0 && story.fresh ? "" : text;
        story.fresh = false;
        const grown = updateMessage(db, "ann", ids[ids.length - 1 - back], { content });
        rememberMessage(db, "ann", session_id, grown);
      } else {
        // Mostly on from the last one, now and then from an earlier one.
        const parent = ids[act === 1 ? pick(ids.length) : ids.length - 1] ?? null;
        ids.push(remembered(db, session_id, parent, text, step));
        story.fresh = true;
      }
      if (pick(3) > 0 && ids.length > 0) {
        const leaf = pick(4) === 0 ? ids[pick(ids.length)] : ids[ids.length - 1];
        const ask = question(session_id, leaf, ids.slice(-pick(5) - 1));
        assert.deepEqual(
          told(storyCorpus(db, ask, known), ids),
          told(storyCorpus(db, ask, emptyKnown()), ids),
          `step ${step}`,
        );
      }
    }
    assert.ok(stories[0].ids.length > 200 && stories[1].ids.length > 3);
  });
});

Deno.test("what came since the first question is found as what was there, few units or thousands at once", async () => {
  await withDatabase((db) => {
    tellAll(db, aSession(), []);
    let leaf = remembered(db, "story", null, "Eels and mud and reeds.", 0);
    const known = emptyKnown();
    for (const messages of [0, 1, 2, 2500, 1, 1900, 200, 1]) {
      db.transaction(() => {
        for (let i = 0; i < messages; i++) leaf = remembered(db, "story", leaf, `Reeds at line ${i}.`, i);
      });
      const ask = question("story", leaf);
      assert.deepEqual(
        told(storyCorpus(db, ask, known), [leaf]),
        told(storyCorpus(db, ask, emptyKnown()), [leaf]),
        `${messages} more`,
      );
    }
    assert.ok(storyCorpus(db, question("story", leaf), known)!.size > 4600);
  });
});

Deno.test("the slots of a message are those of its units, in a story only", async () => {
  await withDatabase((db) => {
    tellAll(db, aSession(), []);
    const first = remembered(db, "story", null, "I count eels.", 0);
    const second = remembered(db, "story", first, "Eels and mud and reeds. ".repeat(40), 1);
    const third = remembered(db, "story", second, "I count mud.", 2);
    const known = emptyKnown();
    const story = storyCorpus(db, question("story", third), known)!;
    assert.deepEqual([0, first, second, third, third + 1].map(story.slotsOfMessage), [
      [],
      [0],
      [1, 2, 3],
      [4],
      [],
    ]);
    assert.deepEqual([...story.place], [0, 1, 1, 1, 2]);
    assert.equal(story.places, 3);
    assert.equal(story.underHeading(0), 0);
    const hidden = storyCorpus(db, question("story", third, [second]), known)!;
    assert.deepEqual([first, second, third].map(hidden.slotsOfMessage), [[0], [], [1]]);
    assert.deepEqual([...hidden.place], [0, 2]);
    assert.deepEqual(hidden.slotsWith({ phrase: "mud", prefix: false }), [1]);
    const branch = storyCorpus(db, question("story", first), known)!;
    assert.deepEqual([branch.size, branch.places, branch.average_length], [1, 1, 13]);
    syncLore(db, "marsh", [1, 2].map((i) => ({ heading: "Eels", text: `Eel ${i}.`, known_to: "" })));
    const lore = loreCorpus(db, "ann", "marsh", known);
    assert.deepEqual([lore.slotsOfMessage(first), lore.underHeading(0), lore.places], [[], 2, 2]);
  });
});

Deno.test("a story that is gone, a foreign leaf and none at all leave nothing in mind that comes back", async () => {
  await withDatabase((db) => {
    tellAll(db, aSession(), []);
    const leaf = remembered(db, "story", null, "Eels.", 0);
    const known = emptyKnown();
    assert.deepEqual([...storyCorpus(db, question("story", leaf), known)!.ids], [1]);
    assert.equal(storyCorpus(db, question("story", null), known), null);
    assert.equal(storyCorpus(db, { ...question("story", leaf), player_id: "ben" }, known)!.size, 0);
    deleteSession(db, "ann", "story");
    assert.equal(storyCorpus(db, question("story", leaf), known)!.size, 0);
  });
});

/** `others` units of another story between each two of a story, and as many of lore of another world. */
function interleaved(db: Database, others: number): { leaf: number } {
  tellAll(db, aSession(), []);
  tellAll(db, aSession({ id: "other", world_id: "hill" }), []);
  let [leaf, other]: (number | null)[] = [null, null];
  for (let turn = 0; turn < 4; turn++) {
    leaf = remembered(db, "story", leaf, `I count ${turn} eels.`, turn);
    attachLore(
      db,
      "ann",
      "marsh",
      [{ heading: "", text: `Eels of kind ${turn}.`, known_to: "" }],
      "attached",
    );
    for (let i = 0; i < others; i++) {
      other = remembered(db, "other", other, `Their ${i} eels.`, i);
      const theirs = { heading: "", text: `Other eels ${turn} ${i}.`, known_to: "" };
      attachLore(db, "ben", "marsh", [theirs], "attached");
    }
  }
  return { leaf: leaf! };
}

Deno.test("with few units of others between it is searched by ids, with many by its name; the finds are the same", async (t) => {
  for (const others of [0, 3, 4, 5, 20]) {
    await t.step(`${others} between`, () =>
      withDatabase((db) => {
        const { leaf } = interleaved(db, others);
        const known = emptyKnown();
        const story = storyCorpus(db, question("story", leaf), known)!;
        const lore = loreCorpus(db, "ann", "marsh", known);
        const last = 1 + 3 * (others + 1);
        const ask = question("story", leaf);
        assert.deepEqual(rankMemories(db, ask, known).map((hit) => hit.text).sort(), [
          "I count 0 eels.",
          "I count 1 eels.",
          "I count 2 eels.",
          "I count 3 eels.",
        ]);
        assert.deepEqual(rankLore(db, ask, known).map((hit) => hit.text).sort(), [
          "Eels of kind 0.",
          "Eels of kind 1.",
          "Eels of kind 2.",
          "Eels of kind 3.",
        ]);
        for (const corpus of [story, lore]) {
          assert.deepEqual([1, 2, last, last + 1].map(corpus.slotOf), [0, others === 0 ? 1 : -1, 3, -1]);
          assert.deepEqual(corpus.slotsWith({ phrase: "eels", prefix: false }), [0, 1, 2, 3]);
          assert.deepEqual(corpus.slotsWith({ phrase: "2", prefix: false }), [2]);
        }
      }));
  }
});

Deno.test("lore is read anew when it has changed, and only then", async () => {
  await withDatabase((db) => {
    const eels = { heading: "Eels", text: "Eels bite.", known_to: "" };
    const mud = { heading: "Mud", text: "Mud holds.", known_to: "" };
    syncLore(db, "marsh", [eels]);
    const known = emptyKnown();
    const first = loreCorpus(db, "ann", "marsh", known);
    assert.equal(loreCorpus(db, "ann", "marsh", known), first);
    syncLore(db, "marsh", [eels, mud]);
    const second = loreCorpus(db, "ann", "marsh", known);
    assert.deepEqual([first.size, second.size], [1, 2]);
    assert.deepEqual([...second.place], [0, 2]);
    attachLore(db, "ann", "marsh", [{ ...mud, text: "My mud." }], "attached");
    assert.equal(loreCorpus(db, "ben", "marsh", known).size, 2);
    assert.equal(loreCorpus(db, "ann", "marsh", known).size, 3);
  });
});

Deno.test("eight stories and eight worlds are kept in mind, those asked about last", async () => {
  await withDatabase((db) => {
    const known: KnownUnits = emptyKnown();
    const leaves = Array.from({ length: 10 }, (_, i) => {
      tellAll(db, aSession({ id: `s${i}` }), []);
      return remembered(db, `s${i}`, null, `Eels ${i}.`, 0);
    });
    const ask = (i: number) => {
      assert.deepEqual([...storyCorpus(db, question(`s${i}`, leaves[i]), known)!.ids], [i + 1]);
      loreCorpus(db, "ann", `w${i}`, known);
    };
    for (let i = 0; i < 8; i++) ask(i);
    ask(0);
    ask(8);
    const sessions = [...known.stories.keys()].map((key) => JSON.parse(key)[1]);
    assert.deepEqual(sessions, ["s2", "s3", "s4", "s5", "s6", "s7", "s0", "s8"]);
    assert.deepEqual([...known.lore.keys()].map((key) => JSON.parse(key)[1].replace("w", "s")), sessions);
    ask(1);
    assert.equal(known.stories.size, 8);
  });
});
