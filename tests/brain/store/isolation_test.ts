/** No function of the store shows one player, or lets one player change, what is another's. */
import assert from "node:assert/strict";
import type { Database } from "../../../brain/store/database.ts";
import { StoreError } from "../../../brain/store/store_error.ts";
import * as lore from "../../../brain/store/lore.ts";
import * as memories from "../../../brain/store/memories.ts";
import * as unit_index from "../../../brain/store/unit_index.ts";
import * as messages from "../../../brain/store/messages.ts";
import { getState, saveState } from "../../../brain/store/players.ts";
import { getPrompt, recalledCounts, savePrompt, wasTooLong } from "../../../brain/store/prompts.ts";
import * as sessions from "../../../brain/store/sessions.ts";
import { usageTotals } from "../../../brain/store/usage.ts";
import { emptyKnown } from "../../../brain/memory/corpus.ts";
import { search } from "../../../brain/memory/search.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

const REFUSED = Symbol("refused");

/** ann has a story, a memory, lore of her own, a prompt, usage and a choice; ben has an empty story. */
function prepare(db: Database): number[] {
  const ids = tellAll(db, aSession(), ["I count the eels", "Seven eels"]);
  sessions.updateSession(db, "ann", "story", { leaf_id: ids[1] });
  for (const id of ids) rememberMessage(db, "ann", "story", messages.getMessage(db, "ann", id)!);
  messages.updateMessage(db, "ann", ids[1], {
    usage: {
      prompt_tokens: 1,
      cached_tokens: 1,
      completion_tokens: 1,
      cost: 1,
      first_token_ms: 1,
      tokens_per_second: 1,
    },
  });
  savePrompt(db, ids[1], { secret: true, over: 9, why: { recalled: [{ kind: "lore" }] } });
  lore.attachLore(db, "ann", "marsh", [{ heading: "", text: "Ann's eels", known_to: "" }], "attached");
  saveState(db, "ann", {
    world_id: "marsh",
    character_id: "c",
    session_id: "story",
    model: "m",
    rules: ["r"],
  });
  sessions.createSession(db, aSession({ id: "bens", player_id: "ben" }));
  return ids;
}

const patch = { content: "changed" };
const question = (leaf_id: number) => ({
  player_id: "ben",
  session_id: "story",
  world_id: "marsh",
  leaf_id,
  line: "How many eels?",
  before: [],
  visible_ids: [],
  max_lore: 5,
  max_memories: 5,
});

/** What ben gets when he asks for what is ann's: the answer he would get if it did not exist. */
const ROWS: [string, (db: Database, ids: number[]) => unknown, unknown][] = [
  ["getState", (db) => getState(db, "ben").session_id, ""],
  ["getSession", (db) => sessions.getSession(db, "ben", "story"), undefined],
  ["listSessions", (db) => sessions.listSessions(db, "ben").map((one) => one.session.id), ["bens"]],
  [
    "updateSession",
    (db) => sessions.updateSession(db, "ben", "story", { title: "x", last_used_ms: 1 }),
    undefined,
  ],
  ["deleteSession", (db) => sessions.deleteSession(db, "ben", "story"), false],
  ["addMessage", (db, ids) => tell(db, { player_id: "ben", id: "story" }, ids[1], "user", "x"), REFUSED],
  ["addMessage below", (db, ids) => tell(db, { player_id: "ben", id: "bens" }, ids[1], "user", "x"), REFUSED],
  ["updateMessage", (db, ids) => messages.updateMessage(db, "ben", ids[0], patch), REFUSED],
  ["getMessage", (db, ids) => messages.getMessage(db, "ben", ids[0]), undefined],
  ["pathTo", (db, ids) => messages.pathTo(db, "ben", ids[1]), []],
  ["pathTail", (db, ids) => messages.pathTail(db, "ben", ids[1], { tokens: 9 }), {
    path: [],
    tokens_above: 0,
  }],
  ["pathPage", (db, ids) => messages.pathPage(db, "ben", ids[1], { limit: 9 }), { history: [], more: false }],
  ["pathIds", (db, ids) => [...messages.pathIds(db, "ben", ids[1])], []],
  ["turnOf", (db, ids) => messages.turnOf(db, "ben", ids[1]), 0],
  ["siblings", (db, ids) => messages.siblings(db, "ben", ids[1]), []],
  ["newestLeaf", (db) => messages.newestLeaf(db, "ben", "story", null), null],
  ["newestLeaf from", (db, ids) => messages.newestLeaf(db, "ben", "story", ids[0]), null],
  ["getPrompt", (db, ids) => getPrompt(db, "ben", ids[1]), undefined],
  ["recalledCounts", (db, ids) => recalledCounts(db, "ben", ids), []],
  ["searchStories", (db) => [...sessions.searchStories(db, "ben", ["eels"])].flat(), []],
  ["lastNarrator", (db) => sessions.lastNarrator(db, "ben"), ""],
  ["summariesOf", (db) => sessions.summariesOf(db, "ben", ["story"]), []],
  ["usageTotals", (db) => usageTotals(db, "ben").turns, 0],
  ["usageTotals of a session", (db) => usageTotals(db, "ben", "story").turns, 0],
  ["loreState", (db) => unit_index.loreState(db, "ben", "marsh"), "0 0 "],
  ["loreColumns", (db) => unit_index.loreColumns(db, "ben", "marsh").ids, []],
  ["findLore", (db) => unit_index.findLore(db, "ben", "marsh", "eels"), []],
  ["loreRows", (db) => lore.loreRows(db, "ben", [1]), []],
  ["attachLore", (db) => lore.attachLore(db, "ben", "marsh", [], "attached"), 0],
  ["findMemory", (db) => unit_index.findMemory(db, "ben", "story", "eels"), []],
  ["memoryColumns", (db) => unit_index.memoryColumns(db, "ben", "story", 0).ids, []],
  ["memoryRows", (db) => memories.memoryRows(db, "ben", [1, 2]), []],
  ["recentReplies", (db, ids) => memories.recentReplies(db, "ben", ids[1], 9), []],
  ["wasTooLong", (db, ids) => wasTooLong(db, "ben", "story", ids[0]), false],
  ["attachedBytes", (db) => lore.attachedBytes(db, "ben", "marsh"), 0],
  ["memoryOfMessages", (db, ids) => memories.memoryOfMessages(db, "ben", ids), []],
  ["saveMemory", (db, ids) => {
    return memories.saveMemory(db, "ben", { session_id: "story", id: ids[0], role: "user" }, ["forged"]);
  }, undefined],
  ["search", (db, ids) => search(db, question(ids[1]), emptyKnown()), {
    lore: [],
    memories: [],
    left_out: [],
  }],
];

function everything(db: Database): unknown {
  const tables = ["player_state", "sessions", "messages", "prompts", "lore_units", "memory_units"];
  return tables.map((table) => db.all(`SELECT * FROM ${table} ORDER BY rowid`));
}

for (const [name, ask, expected] of ROWS) {
  Deno.test(`${name} keeps one player's story from another`, async () => {
    await withDatabase((db) => {
      const ids = prepare(db);
      const before = everything(db);
      let got: unknown;
      try {
        got = ask(db, ids);
      } catch (error) {
        assert.ok(error instanceof StoreError, String(error));
        got = REFUSED;
      }
      assert.deepEqual(got, expected);
      assert.deepEqual(everything(db), before);
    });
  });
}

Deno.test("every function of the store that takes a player stands in the list above", () => {
  const all = {
    ...sessions,
    ...messages,
    ...memories,
    ...lore,
    ...unit_index,
    getState,
    getPrompt,
    recalledCounts,
    usageTotals,
    wasTooLong,
  };
  // These name no foreign row: they make one, take one apart, or work on everybody's at the start.
  const exempt = new Set([
    "createSession",
    "settleUnfinished",
    // For recall's own rehearsal, which answers nobody.
    "lastUsedSession",
    "syncLore",
    "pruneLore",
    "unremembered",
    "bare",
    "memoryText",
    "textHash",
    "digestOf",
    // Gives bare ids, of which recall uses those it got from memoryColumns and loreColumns.
    "findWithin",
    "bodyHas",
  ]);
  const listed = new Set(ROWS.map(([name]) => name.split(" ")[0]));
  assert.deepEqual(Object.keys(all).filter((name) => !listed.has(name) && !exempt.has(name)), []);
});

Deno.test("lore that one player attached is found by that player alone, a world's own by both", async () => {
  await withDatabase((db) => {
    prepare(db);
    lore.syncLore(db, "marsh", [{ heading: "", text: "Everybody's eels", known_to: "" }]);
    const texts = (player_id: string) =>
      search(db, { ...question(1), player_id, leaf_id: null }, emptyKnown()).lore.map((hit) => hit.text)
        .sort();
    assert.deepEqual(texts("ann"), ["Ann's eels", "Everybody's eels"]);
    assert.deepEqual(texts("ben"), ["Everybody's eels"]);
  });
});
