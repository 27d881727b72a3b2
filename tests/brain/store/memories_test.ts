import assert from "node:assert/strict";
import { attachLore, loreRows, pruneLore, syncLore } from "../../../brain/store/lore.ts";
import {
  memoryOfMessages,
  memoryRows,
  memoryText,
  saveMemory,
  textHash,
  unremembered,
} from "../../../brain/store/memories.ts";
import {
  findLore,
  findMemory,
  findWithin,
  loreColumns,
  loreState,
  memoryColumns,
} from "../../../brain/store/unit_index.ts";
import type { Database } from "../../../brain/store/database.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const unit = (heading: string, text: string, known_to = "") => ({ heading, text, known_to });
const EELS = unit("Eels", "Eels are money in the marsh.");
const BELL = unit("The bell", "The bell rings under water.", "Maren");
const MUD = unit("Mud", "Mud keeps what it is given.");

const countLore = (db: Database, player_id: string, world_id: string) =>
  loreColumns(db, player_id, world_id).ids.length;

function lore(db: Database, player_id: string, world_id: string, phrase: string): string[] {
  return loreRows(db, player_id, findLore(db, player_id, world_id, phrase))
    .map((row) => row.text);
}

Deno.test("lore is indexed when it changes, keeps its ids, and leaves nothing behind when it is removed", async () => {
  await withDatabase((db) => {
    const ids = () =>
      Object.fromEntries(
        db.all<{ id: number; heading: string }>("SELECT id, heading FROM lore_units").map((
          row,
        ) => [row.heading, row.id]),
      );
    const changes = () => db.get<{ n: number }>("SELECT total_changes() AS n")!.n;
    assert.deepEqual(syncLore(db, "marsh", [EELS, BELL]), { added: 2, removed: 0 });
    const first = ids();
    const before = changes();
    assert.deepEqual(syncLore(db, "marsh", [EELS, BELL]), { added: 0, removed: 0 });
    assert.equal(changes(), before);

    assert.deepEqual(syncLore(db, "marsh", [MUD, EELS]), { added: 1, removed: 1 });
    assert.equal(ids().Eels, first.Eels);
    assert.deepEqual(lore(db, "ann", "marsh", "bell"), []);
    assert.deepEqual(lore(db, "ann", "marsh", "mud"), [MUD.text]);

    assert.deepEqual(syncLore(db, "marsh", [unit("Eels", EELS.text, "Maren"), MUD]), {
      added: 1,
      removed: 1,
    });
    assert.deepEqual(loreRows(db, "ann", [ids().Eels]), [{
      id: ids().Eels,
      heading: "Eels",
      text: EELS.text,
      known_to: "Maren",
    }]);
    assert.deepEqual(syncLore(db, "marsh", []), { added: 0, removed: 2 });
    assert.deepEqual(db.all("SELECT rowid FROM lore_fts WHERE lore_fts MATCH 'mud OR eels OR bell'"), []);
    db.run("INSERT INTO lore_fts (lore_fts, rank) VALUES ('integrity-check', 1)");
  });
});

Deno.test("the same lore twice is one unit, and worlds keep theirs apart", async () => {
  await withDatabase((db) => {
    assert.deepEqual(syncLore(db, "marsh", [EELS, EELS]), { added: 1, removed: 0 });
    assert.deepEqual(syncLore(db, "stair", [EELS, BELL]), { added: 2, removed: 0 });
    assert.equal(countLore(db, "ann", "marsh"), 1);
    assert.deepEqual(lore(db, "ann", "marsh", "bell"), []);
    assert.deepEqual(lore(db, "ann", "stair", "bell"), [BELL.text]);
    assert.deepEqual(syncLore(db, "marsh", [MUD]), { added: 1, removed: 1 });
    assert.equal(countLore(db, "ann", "stair"), 2);
  });
});

Deno.test("worlds that are gone lose their own lore, not what a player attached", async () => {
  await withDatabase((db) => {
    syncLore(db, "marsh", [EELS]);
    syncLore(db, "stair", [BELL]);
    attachLore(db, "ann", "stair", [MUD], "attached");
    pruneLore(db, ["marsh", "another"]);
    assert.deepEqual([countLore(db, "ann", "marsh"), countLore(db, "ann", "stair")], [1, 1]);
    assert.deepEqual(lore(db, "ann", "stair", "mud"), [MUD.text]);
    assert.deepEqual(lore(db, "ann", "stair", "bell"), []);
    assert.deepEqual(syncLore(db, "stair", [BELL]), { added: 1, removed: 0 });
    pruneLore(db, []);
    assert.equal(countLore(db, "ann", "marsh"), 0);
  });
});

Deno.test("attached lore grows, a folder's is replaced, and each source leaves the others alone", async () => {
  await withDatabase((db) => {
    syncLore(db, "marsh", [EELS]);
    assert.equal(attachLore(db, "ann", "marsh", [MUD], "attached"), 1);
    assert.equal(attachLore(db, "ann", "marsh", [MUD, BELL, BELL], "attached"), 2);
    assert.equal(countLore(db, "ann", "marsh"), 3);
    const first = unit("", "First of the folder.");
    const second = unit("", "Second of the folder.");
    assert.equal(attachLore(db, "ann", "marsh", [first, second], "/lore/a"), 2);
    assert.equal(attachLore(db, "ann", "marsh", [first], "/lore/b"), 1);
    assert.equal(attachLore(db, "ann", "marsh", [second], "/lore/a"), 1);
    assert.equal(countLore(db, "ann", "marsh"), 5);
    assert.equal(attachLore(db, "ann", "marsh", [], "/lore/a"), 0);
    assert.equal(countLore(db, "ann", "marsh"), 4);
    assert.deepEqual(lore(db, "ann", "marsh", "folder"), [first.text]);
    syncLore(db, "marsh", []);
    assert.equal(countLore(db, "ann", "marsh"), 3);
  });
});

Deno.test("lore is found by any form of a word in heading or text, and by pairs of characters", async (t) => {
  const rows: [string, string, boolean][] = [
    ["eel", "Eels", true],
    ["marshes", "in the marsh", true],
    ["bell", "The bell", true],
    ["belt", "", false],
    ["under water", "the words in this order", true],
    ["water under", "not in another", false],
    ["鐘", "one character", true],
    ["海 の", "two neighbours", true],
    ["海 鐘", "not side by side", false],
    ["cafe", "without the accent", true],
    ['ring" OR "mud', "a quote", false],
    ["", "nothing", false],
  ];
  for (const [phrase, why, found] of rows) {
    await t.step(`${phrase}: ${why}`, () =>
      withDatabase((db) => {
        syncLore(db, "marsh", [EELS, BELL, unit("鐘", "海の底で鳴る鐘。"), unit("", "The café is shut.")]);
        assert.equal(findLore(db, "ann", "marsh", phrase).length > 0, found);
      }));
  }
});

Deno.test("a search gives all units of one story, or one world, that hold the phrase or begin with it", async () => {
  await withDatabase((db) => {
    syncLore(db, "marsh", [unit("1", "eel"), unit("2", "eelgrass"), unit("3", "eels")]);
    syncLore(db, "marsh two", [unit("1", "eel")]);
    assert.deepEqual(findLore(db, "ann", "marsh", "eel"), [1, 3]);
    assert.deepEqual(findLore(db, "ann", "marsh", "eel", true), [1, 2, 3]);
    const ids = tellAll(db, aSession(), ["a", "b"]);
    const other = tellAll(db, aSession({ id: "other" }), ["a"]);
    for (const [id, session_id] of [[ids[0], "story"], [other[0], "other"], [ids[1], "story"]] as const) {
      saveMemory(db, "ann", { session_id, id, role: "user" }, ["Wet eel", "Dry eels"]);
    }
    assert.deepEqual(findMemory(db, "ann", "story", "eel"), [1, 2, 5, 6]);
    assert.deepEqual(findMemory(db, "ann", "story", "eel", true), [1, 2, 5, 6]);
    assert.deepEqual(findMemory(db, "ben", "story", "eel"), []);
    assert.deepEqual(findMemory(db, "ann", "story", "eel", false, { first: 2, last: 5 }), [2, 5]);
    assert.deepEqual(findLore(db, "ann", "marsh", "eel", true, { first: 2, last: 3 }), [2, 3]);
    assert.deepEqual(findLore(db, "ann", "marsh", "eel", true, { first: 1, last: 1 }), [1]);
    const within = (first: number, last: number, prefix = false) =>
      findWithin(db, "memory", "eel", prefix, { first, last });
    assert.deepEqual(within(1, 6), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(within(2, 5), [2, 3, 4, 5]);
    assert.deepEqual(findWithin(db, "lore", "eel", false, { first: 1, last: 9 }), [1, 3, 4]);
    assert.deepEqual(findWithin(db, "lore", "eel", true, { first: 2, last: 3 }), [2, 3]);
    assert.deepEqual(findWithin(db, "lore", "marsh", false, { first: 1, last: 9 }), []);
    assert.deepEqual(findWithin(db, "memory", "story", false, { first: 1, last: 9 }), []);
    assert.deepEqual(memoryColumns(db, "ann", "story", 1), {
      ids: [2, 5, 6],
      message_ids: [ids[0], ids[1], ids[1]],
      lengths: [8, 7, 8],
      groups: [],
    });
  });
});

Deno.test("lore keeps the order of its text, whatever is put in between, and knows what stands under one heading", async () => {
  await withDatabase((db) => {
    syncLore(db, "marsh", [EELS, BELL]);
    const before = loreState(db, "ann", "marsh");
    syncLore(db, "marsh", [MUD, unit("Eels", "Eels bite."), EELS, BELL]);
    assert.notEqual(loreState(db, "ann", "marsh"), before);
    const mine = loreState(db, "ann", "marsh");
    attachLore(db, "ann", "marsh", [unit("Eels", "My own eels.")], "attached");
    assert.notEqual(loreState(db, "ann", "marsh"), mine);
    assert.equal(loreState(db, "ben", "marsh"), mine);
    const { ids, groups, lengths } = loreColumns(db, "ann", "marsh");
    assert.deepEqual(loreRows(db, "ann", ids).length, 5);
    const text = new Map(loreRows(db, "ann", ids).map((row) => [row.id, row.text]));
    assert.deepEqual(ids.map((id) => text.get(id)), [
      MUD.text,
      "Eels bite.",
      EELS.text,
      BELL.text,
      "My own eels.",
    ]);
    assert.equal(groups[1], groups[2]);
    assert.equal(new Set(groups).size, 4);
    assert.deepEqual(lengths, ids.map((id) => text.get(id)!.length));
    syncLore(db, "marsh", [BELL, EELS]);
    const turned = loreColumns(db, "ben", "marsh").ids;
    assert.deepEqual(turned.map((id) => text.get(id)), [BELL.text, EELS.text]);
  });
});

Deno.test("who said a unit, where and when, is found like its words; a unit of the same text keeps its hash", async () => {
  await withDatabase((db) => {
    const [id] = tellAll(db, aSession(), ["a"]);
    const of = { session_id: "story", id, role: "assistant" as const };
    saveMemory(db, "ann", of, ["Eels are dear."], {
      speaker: "Maren",
      scene: "the weir",
      time: "the third dusk",
    });
    for (const word of ["maren", "weir", "dusk", "eel"]) {
      assert.deepEqual(findMemory(db, "ann", "story", word), [1], word);
    }
    const [row] = memoryRows(db, "ann", [1]);
    assert.deepEqual([row.speaker, row.scene, row.told_at, row.text], [
      "Maren",
      "the weir",
      "the third dusk",
      "Eels are dear.",
    ]);
    saveMemory(db, "ann", of, ["Eels are dear."], { speaker: "真理", time: "" });
    assert.deepEqual(findMemory(db, "ann", "story", "maren"), []);
    assert.deepEqual(findMemory(db, "ann", "story", "真 理"), [2]);
    assert.equal(memoryText(row), "Maren: Eels are dear.");
    assert.equal(memoryText({ speaker: "", text: "Fog." }), "Fog.");
    assert.notEqual(textHash("Fog."), textHash("fog."));
    assert.match(textHash("Fog."), /^[0-9a-f]{32}$/);
  });
});

Deno.test("the memory of a message is replaced when its text is another, and only then", async () => {
  await withDatabase((db) => {
    const [id, other] = tellAll(db, aSession(), ["a", "b", "c", "d"]);
    const of = { session_id: "story", id, role: "user" as const };
    saveMemory(db, "ann", { session_id: "story", id: other, role: "assistant" }, ["Beside"]);
    saveMemory(db, "ann", of, ["One eel.", "Two eels."]);
    const first = memoryOfMessages(db, "ann", [id]);
    assert.equal(first.length, 2);
    saveMemory(db, "ann", of, ["One eel.", "Two eels."]);
    assert.deepEqual(memoryOfMessages(db, "ann", [id]), first);
    for (const texts of [["One eel.", "Three eels."], ["One eel."], ["One eel.", "Two."], []]) {
      saveMemory(db, "ann", of, texts);
      const units = memoryOfMessages(db, "ann", [id]).map((row) => row.id);
      assert.deepEqual(memoryRows(db, "ann", units).map((row) => row.text), texts);
    }
    assert.deepEqual(memoryRows(db, "ann", memoryOfMessages(db, "ann", [other]).map((row) => row.id)), [
      {
        id: 1,
        message_id: other,
        role: "assistant",
        text: "Beside",
        speaker: "",
        scene: "",
        told_at: "",
        turn: 1,
      },
    ]);
    db.run("INSERT INTO memory_fts (memory_fts, rank) VALUES ('integrity-check', 1)");
  });
});

Deno.test("finished messages without a memory are listed, oldest first", async () => {
  await withDatabase((db) => {
    const [a, b] = tellAll(db, aSession(), ["one", "two", " \n"]);
    tell(db, aSession(), b, "assistant", "still being written", { status: "writing" });
    const cut = tell(db, aSession(), b, "assistant", "cut short", { status: "stopped" }).id;
    saveMemory(db, "ann", { session_id: "story", id: b, role: "assistant" }, ["two"]);
    assert.deepEqual(unremembered(db), [
      { id: a, session_id: "story", player_id: "ann", character_id: "tam", role: "user", content: "one" },
      {
        id: cut,
        session_id: "story",
        player_id: "ann",
        character_id: "tam",
        role: "assistant",
        content: "cut short",
      },
    ]);
  });
});
