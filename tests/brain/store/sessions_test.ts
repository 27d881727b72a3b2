import assert from "node:assert/strict";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { addFacts } from "../../../brain/store/facts.ts";
import { StoreError } from "../../../brain/store/store_error.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { getState, saveState } from "../../../brain/store/players.ts";
import { getPrompt, savePrompt } from "../../../brain/store/prompts.ts";
import {
  createSession,
  deleteSession,
  getSession,
  listSessions,
  updateSession,
} from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";

Deno.test("a session comes back as it was created", async () => {
  await withDatabase((db) => {
    const session = aSession({ title: 'Salt, and "eels"', last_used_ms: 2000 });
    createSession(db, session);
    assert.deepEqual(getSession(db, "ann", "story"), session);
    assert.equal(getSession(db, "ann", "another"), undefined);
    assert.throws(() => createSession(db, session), StoreError);
  });
});

Deno.test("a change touches only what it names", async (t) => {
  for (
    const patch of [
      { title: "New" },
      { model: "other/model" },
      { leaf_id: 5 },
      { leaf_id: null },
      { last_used_ms: 9 },
      { title: "New", model: "m", leaf_id: 7, last_used_ms: 8 },
      {},
    ]
  ) {
    await t.step(JSON.stringify(patch), () =>
      withDatabase((db) => {
        createSession(db, aSession({ leaf_id: 3 }));
        createSession(db, aSession({ id: "beside" }));
        updateSession(db, "ann", "story", patch);
        assert.deepEqual(getSession(db, "ann", "story"), aSession({ leaf_id: 3, ...patch }));
        assert.deepEqual(getSession(db, "ann", "beside"), aSession({ id: "beside" }));
      }));
  }
});

Deno.test("the list begins with the story used last, though the clock was set back", async () => {
  await withDatabase((db) => {
    createSession(db, aSession({ id: "a", last_used_ms: 3000 }));
    createSession(db, aSession({ id: "b", last_used_ms: 2000 }));
    createSession(db, aSession({ id: "c", last_used_ms: 1000 }));
    const ids = (limit?: number) => listSessions(db, "ann", { limit }).map((one) => one.session.id);
    assert.deepEqual(ids(), ["c", "b", "a"]);
    updateSession(db, "ann", "a", { last_used_ms: 10 });
    assert.deepEqual(ids(), ["a", "c", "b"]);
    updateSession(db, "ann", "b", { title: "only renamed" });
    assert.deepEqual(ids(), ["a", "c", "b"]);
    assert.deepEqual(ids(2), ["a", "c"]);
    assert.deepEqual(ids(0), []);
  });
});

Deno.test("the list tells the turns and the last sentence of the path that is shown", async (t) => {
  const rows: [string, string[], { turns: number; last: string }][] = [
    ["nothing told", [], { turns: 0, last: "" }],
    ["a line", ["I wait."], { turns: 1, last: "I wait." }],
    ["a reply", ["I wait.", "The tide turns. Maren looks up.\n"], { turns: 1, last: "Maren looks up." }],
    ["three turns", ["a", "b", "c", "d", "e", "One. Two! Three?"], { turns: 3, last: "Three?" }],
    ["a quoted end", ["a", 'She nods. "Go now."'], { turns: 1, last: '"Go now."' }],
    ["a paragraph", ["a", "First part\n\nand the last part"], { turns: 1, last: "and the last part" }],
    ["Japanese", ["a", "雨が降る。彼女は笑う。"], { turns: 1, last: "彼女は笑う。" }],
    ["a reply not begun", ["I knock. I wait.", " \n"], { turns: 1, last: "I wait." }],
    ["no end in sight", ["a", "é".repeat(5000)], { turns: 1, last: "…" + "é".repeat(199) }],
    ["just short enough", ["a", "é".repeat(200)], { turns: 1, last: "é".repeat(200) }],
  ];
  for (const [name, lines, expected] of rows) {
    await t.step(name, () =>
      withDatabase((db) => {
        const ids = tellAll(db, aSession(), lines);
        updateSession(db, "ann", "story", { leaf_id: ids.at(-1) ?? null });
        assert.deepEqual(listSessions(db, "ann").map(({ turns, last }) => ({ turns, last })), [expected]);
      }));
  }
});

Deno.test("a deleted session is gone with everything that hung on it, and nothing else is", async () => {
  await withDatabase((db) => {
    const ids = tellAll(db, aSession(), ["I sing of eels", "The eels listen", "I bow"]);
    tell(db, aSession(), ids[0], "assistant", "Another telling of eels");
    const kept = tellAll(db, aSession({ id: "kept" }), ["I dig for eels"]);
    for (const id of [...ids, ...kept]) {
      const message = getMessage(db, "ann", id)!;
      rememberMessage(db, "ann", message.session_id, message);
      savePrompt(db, id, { sent: message.content });
    }
    saveState(db, "ann", {
      world_id: "w",
      character_id: "c",
      session_id: "story",
      model: "m",
      rules: ["gritty"],
    });

    assert.equal(deleteSession(db, "ann", "story"), true);
    assert.equal(getSession(db, "ann", "story"), undefined);
    assert.deepEqual(ids.map((id) => getMessage(db, "ann", id)), [undefined, undefined, undefined]);
    assert.deepEqual(getState(db, "ann"), {
      world_id: "w",
      character_id: "c",
      session_id: "",
      model: "m",
      rules: ["gritty"],
    });
    const counts = ["sessions", "messages", "prompts", "memory_units"].map((table) =>
      db.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)!.count
    );
    assert.deepEqual(counts, [1, 1, 1, 1]);
    assert.deepEqual(getPrompt(db, "ann", kept[0]), { sent: "I dig for eels" });
    const found = db.all<{ rowid: number }>("SELECT rowid FROM memory_fts WHERE memory_fts MATCH 'eels'");
    assert.equal(found.length, 1);
    db.run("INSERT INTO memory_fts (memory_fts, rank) VALUES ('integrity-check', 1)");

    assert.equal(deleteSession(db, "ann", "story"), false);
    // Ids are not given out again: a face may still hold an old one.
    assert.ok(tell(db, aSession({ id: "kept" }), kept[0], "assistant", "Mud").id > Math.max(...ids, ...kept));
  });
});

Deno.test("no word of a deleted session is left in the files", async () => {
  await withDatabase((db, path) => {
    const files = () =>
      [path, `${path}-wal`, `${path}-shm`].map((file) => {
        try {
          return new TextDecoder("latin1").decode(Deno.readFileSync(file));
        } catch (error) {
          assert.ok(error instanceof Deno.errors.NotFound);
          return "";
        }
      }).join("\n");
    const lines = Array.from(
      { length: 60 },
      (_, i) => `The quixzotal${i} met Wrobnak. ${"filler word ".repeat(40)}`,
    );
    const ids = tellAll(db, aSession({ title: "Title of quixzotal" }), lines);
    const kept = tellAll(db, aSession({ id: "kept" }), ["The vumpratic stays"]);
    for (const id of [...ids, ...kept]) {
      const message = getMessage(db, "ann", id)!;
      rememberMessage(db, "ann", message.session_id, message);
      savePrompt(db, id, { sent: message.content });
    }
    ids.slice(0, 3).forEach((message_id, i) => {
      const fact = { subject: `snorbel${i}`, relation: "met", object: "you", text: `Snorbel${i} met you.` };
      addFacts(db, "ann", "story", [{ ...fact, message_id, origin: "rule", created_ms: 1 }]);
    });
    db.all("PRAGMA wal_checkpoint(FULL)");
    for (const word of ["quixzotal17", "wrobnak", "Wrobnak", "vumpratic", "snorbel1", "Snorbel1"]) {
      assert.ok(files().includes(word), word);
    }

    assert.equal(deleteSession(db, "ann", "story"), true);
    assert.doesNotMatch(files(), /quixzotal|wrobnak|snorbel/i);
    assert.match(files(), /vumpratic/);
    assert.equal(db.get<{ integrity_check: string }>("PRAGMA integrity_check")?.integrity_check, "ok");
  });
});

Deno.test("deleting another session leaves the chosen one chosen, for every player", async () => {
  await withDatabase((db) => {
    for (const [id, player_id] of [["a", "ann"], ["b", "ann"], ["c", "ben"]]) {
      createSession(db, aSession({ id, player_id }));
    }
    const state = { world_id: "w", character_id: "c", model: "m", rules: [] };
    saveState(db, "ann", { ...state, session_id: "a" });
    saveState(db, "ben", { ...state, session_id: "c" });
    assert.equal(deleteSession(db, "ann", "b"), true);
    assert.deepEqual([getState(db, "ann").session_id, getState(db, "ben").session_id], ["a", "c"]);
    assert.equal(deleteSession(db, "ann", "a"), true);
    assert.deepEqual([getState(db, "ann").session_id, getState(db, "ben").session_id], ["", "c"]);
  });
});

Deno.test("a deleted story gives its room on the disk back", async () => {
  await withDatabase((db, path) => {
    tellAll(db, aSession(), Array.from({ length: 200 }, () => "word ".repeat(1000)));
    db.all("PRAGMA wal_checkpoint(TRUNCATE)");
    assert.ok(Deno.statSync(path).size > 1_000_000);
    deleteSession(db, "ann", "story");
    assert.ok(Deno.statSync(path).size < 300_000, `${Deno.statSync(path).size}`);
    assert.equal(Deno.statSync(`${path}-wal`).size, 0);
  });
});

Deno.test("a story of 3,000 messages in one line is deleted in one go", async () => {
  await withDatabase((db) => {
    tellAll(db, aSession(), Array.from({ length: 3000 }, (_, i) => `line ${i}`));
    assert.equal(deleteSession(db, "ann", "story"), true);
    assert.equal(db.get<{ count: number }>("SELECT count(*) AS count FROM messages")?.count, 0);
  });
});
