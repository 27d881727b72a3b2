/** A story taken out of one database and put into another is the same story. */
import assert from "node:assert/strict";
import { CARRIED_TABLES, readArchive, writeArchive } from "../../../brain/store/archive.ts";
import { addFacts, findFacts } from "../../../brain/store/facts.ts";
import { StoreError } from "../../../brain/store/store_error.ts";
import { updateMessage } from "../../../brain/store/messages.ts";
import { getSession, listSessions } from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withDatabase } from "../../support/stories.ts";
import { tellEverything } from "../../support/role_home.ts";

/** All that a database holds of one player's stories, with ids counted from their smallest. */
function rowsOf(db: Parameters<typeof readArchive>[0], session_id: string): unknown {
  const least =
    db.get<{ id: number }>("SELECT min(id) AS id FROM messages WHERE session_id = ?", session_id)!.id;
  const at = (column: string) => `${column} - ${least} AS ${column}`;
  return [
    db.all(
      `SELECT ${at("id")}, ${
        at("parent_id")
      }, role, content, status, model, tokens, usage, created_ms, turn, tokens_above
       FROM messages WHERE session_id = ? ORDER BY id`,
      session_id,
    ),
    db.all(
      `SELECT ${at("message_id")}, role, text, spaced, speaker, scene, told_at FROM memory_units
       WHERE session_id = ? ORDER BY message_id, id`,
      session_id,
    ),
    db.all(
      `SELECT ${at("message_id")}, subject, relation, object, text, origin, created_ms, spaced FROM facts
       WHERE session_id = ? ORDER BY id`,
      session_id,
    ),
    db.all(`SELECT ${at("last_id")} FROM fact_runs WHERE session_id = ?`, session_id),
    db.all(
      `SELECT kind, ${at("message_id")}, text, mark FROM marks WHERE session_id = ? ORDER BY id`,
      session_id,
    ),
    db.all(
      `SELECT ${at("first_id")}, ${at("last_id")}, ${
        at("after_id")
      }, layer, text, origin, created_ms FROM summaries
       WHERE session_id = ?`,
      session_id,
    ),
    db.all(
      "SELECT kind, model, prompt_tokens, completion_tokens, cost FROM side_usage WHERE session_id = ?",
      session_id,
    ),
  ];
}

Deno.test("every row of a story is the same under its new id, in its own database and in another", async () => {
  await withDatabase(async (db) => {
    // Other stories before and between: the ids are not the same by accident.
    tellAll(db, aSession({ id: "other" }), ["One", "Two"]);
    const ids = tellEverything(db, "ann", "eels");
    const archive = readArchive(db, "ann", "eels")!;
    assert.deepEqual(archive.messages.map(({ n, parent }) => [n, parent]), [
      [1, null],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 4],
      [6, 5],
      [7, 3],
    ]);
    assert.equal(archive.leaf, 6);
    assert.deepEqual(archive.memory.map(({ n }) => n), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(archive.rows.map(({ table }) => table), [
      "facts",
      "fact_runs",
      "marks",
      "marks",
      "summaries",
      "side_usage",
    ]);
    writeArchive(db, "ann", "copy", archive);
    assert.deepEqual(rowsOf(db, "copy"), rowsOf(db, "eels"));
    assert.deepEqual(readArchive(db, "ann", "copy"), archive);
    await withDatabase((second) => {
      writeArchive(second, "ben", "copy", archive);
      assert.deepEqual(rowsOf(second, "copy"), rowsOf(db, "eels"));
      const { leaf_id, ...session } = getSession(second, "ben", "copy")!;
      assert.equal(leaf_id, ids[5] - ids[0] + 1);
      const { leaf_id: _leaf, ...before } = getSession(db, "ann", "eels")!;
      assert.deepEqual(session, { ...before, id: "copy", player_id: "ben" });
    });
  });
});

Deno.test("a carried fact is found by the characters of its words; a row about a message that is gone stays behind", async () => {
  await withDatabase((db) => {
    const [message_id] = tellEverything(db, "ann", "eels");
    const fact = {
      subject: "森",
      relation: "has",
      object: "塩",
      text: "森は塩を持つ",
      origin: "model" as const,
    };
    addFacts(db, "ann", "eels", [{ ...fact, message_id, created_ms: 7 }]);
    db.run("UPDATE summaries SET first_id = 999 WHERE session_id = 'eels'");
    const archive = readArchive(db, "ann", "eels")!;
    assert.deepEqual(archive.rows.filter(({ table }) => table === "summaries"), []);
    writeArchive(db, "ann", "copy", archive);
    for (const story of ["eels", "copy"]) {
      assert.equal(findFacts(db, "ann", story, "塩 を", 9).length, 1, story);
    }
  });
});

Deno.test("a story of somebody else is not read, and its id is not taken", async () => {
  await withDatabase((db) => {
    tellEverything(db, "ann", "eels");
    assert.equal(readArchive(db, "ben", "eels"), undefined);
    assert.equal(readArchive(db, "ann", "nothing"), undefined);
    const archive = readArchive(db, "ann", "eels")!;
    assert.throws(() => writeArchive(db, "ben", "eels", archive), StoreError);
    assert.deepEqual(listSessions(db, "ben"), []);
    assert.deepEqual(readArchive(db, "ann", "eels"), archive);
  });
});

Deno.test("a reply that is being written goes as stopped, with what is told so far", async () => {
  await withDatabase((db) => {
    const session = aSession();
    const [line] = tellAll(db, session, ["I wait."]);
    const reply = tell(db, session, line, "assistant", "The tide", { status: "writing" });
    assert.deepEqual(
      readArchive(db, "ann", "story")!.messages.map(({ status, content }) => [status, content]),
      [["complete", "I wait."], ["stopped", "The tide"]],
    );
    updateMessage(db, "ann", reply.id, { status: "failed" });
    assert.equal(readArchive(db, "ann", "story")!.messages[1].status, "failed");
  });
});

Deno.test("a story of which one record does not fit leaves nothing behind", async () => {
  await withDatabase((db) => {
    tellEverything(db, "ann", "eels");
    const archive = readArchive(db, "ann", "eels")!;
    const faults: [string, typeof archive][] = [
      ["a parent that is not there", {
        ...archive,
        messages: archive.messages.map((message) => message.n === 7 ? { ...message, parent: 9 } : message),
      }],
      ["a leaf that is not there", { ...archive, leaf: 8 }],
      ["memory of nothing", { ...archive, memory: [{ ...archive.memory[0], n: 8 }] }],
      ["a mark of another kind", {
        ...archive,
        rows: [{ table: "marks", values: { kind: "taste", message_id: 1, text: "", mark: "pinned" } }],
      }],
      ["a fact of no message", { ...archive, rows: [{ table: "facts", values: { message_id: 8 } }] }],
    ];
    const before = db.all("SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM messages)");
    for (const [what, broken] of faults) {
      assert.throws(() => writeArchive(db, "ann", "copy", broken), StoreError, what);
      assert.deepEqual(
        db.all("SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM messages)"),
        before,
      );
    }
  });
});

Deno.test("what a row says beyond this database's columns, and whose it says it is, is left out", async () => {
  await withDatabase((db) => {
    tellEverything(db, "ann", "eels");
    const archive = readArchive(db, "ann", "eels")!;
    const values = {
      kind: "fact",
      message_id: 1,
      text: "Eels.",
      mark: "pinned",
      player_id: "ben",
      session_id: "eels",
      id: 1,
      hue: 7,
    };
    writeArchive(db, "ann", "copy", {
      ...archive,
      rows: [{ table: "marks", values }, { table: "players", values: { id: "eve" } }],
    });
    assert.deepEqual(
      db.all("SELECT player_id, session_id, kind, text, mark FROM marks WHERE session_id = 'copy'"),
      [{ player_id: "ann", session_id: "copy", kind: "fact", text: "Eels.", mark: "pinned" }],
    );
    assert.equal(db.get("SELECT 1 FROM players WHERE id = 'eve'"), undefined);
  });
});

Deno.test("a database of an earlier version is read as far as it goes", async () => {
  await withDatabase((db) => {
    tellEverything(db, "ann", "eels");
    for (const table of ["facts", "fact_runs", "marks", "summaries", "side_usage"]) {
      db.run(`DROP TABLE ${table}`);
    }
    const archive = readArchive(db, "ann", "eels")!;
    assert.equal(archive.messages.length, 7);
    assert.equal(archive.memory.length, 7);
    assert.deepEqual(archive.rows, []);
  });
});

Deno.test("every table that knows sessions is carried, or known to be derived or read in another way", async () => {
  await withDatabase((db) => {
    const tables = db.all<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'",
    )
      .map(({ name }) => name)
      .filter((name) => !name.includes("_fts_"))
      .filter((name) =>
        db.all<{ name: string }>(`PRAGMA table_info(${name})`).some((column) => column.name === "session_id")
      );
    // messages and memory_units have records of their own in an archive; player_state is no part of a story.
    const expected = [
      ...CARRIED_TABLES.map(({ table }) => table),
      "memory_units",
      "messages",
      "player_state",
    ];
    assert.deepEqual(tables.sort(), expected.sort());
  });
});
