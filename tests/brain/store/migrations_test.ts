/** From every earlier schema to the present one: the same tables as in a new database, and everything that was told. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { addMessage, pathTo } from "../../../brain/store/messages.ts";
import { rememberMissing } from "../../../brain/memory/remember.ts";
import { deleteSession, listSessions } from "../../../brain/store/sessions.ts";
import { withPath } from "../../support/stories.ts";

const LINES = ["I count the eels.", "Seven, she says.", "And the bell?", "It rings when someone lies."];

/** A database whose first step was taken and filled, and which was then brought to `steps` steps. */
function olderDatabase(path: string, steps: number): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA foreign_keys = ON");
  db.exec("CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT");
  MIGRATIONS.slice(0, steps).forEach(({ name, sql }, at) => {
    db.exec(sql);
    db.prepare("INSERT INTO migrations (name) VALUES (?)").run(name);
    if (at > 0) return;
    db.exec("INSERT INTO players (id, name) VALUES ('ann', 'Ann')");
    db.exec(
      "INSERT INTO sessions VALUES ('story', 'ann', 'marsh', 'tam', 'm', 'Old', 4, 1, 1, 1)",
    );
    const add = db.prepare(
      "INSERT INTO messages VALUES (?, ?, 'story', ?, ?, 'complete', 'm', 10, NULL, 5, ?, ?)",
    );
    LINES.forEach((line, i) =>
      add.run(i + 1, i === 0 ? null : i, i % 2 === 0 ? "user" : "assistant", line, 1 + (i >> 1), 10 * i)
    );
  });
  db.close();
}

/** Everything that makes the schema, white space aside. */
function schemaOf(db: Database): string[] {
  return db.all<{ type: string; name: string; sql: string | null }>(
    "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
  ).map(({ type, name, sql }) => `${type} ${name} ${(sql ?? "").replace(/\s+/g, " ")}`);
}

Deno.test("from every earlier schema a database becomes what a new one is, with all that was told, and is played on", async (t) => {
  await withPath(async (fresh_path) => {
    const fresh = openDatabase(fresh_path);
    const schema = schemaOf(fresh);
    fresh.close();
    assert.ok(schema.length > 20);
    for (let steps = 1; steps <= MIGRATIONS.length; steps++) {
      await t.step(`from ${MIGRATIONS[steps - 1].name}`, () =>
        withPath((path) => {
          olderDatabase(path, steps);
          const db = openDatabase(path);
          assert.deepEqual(schemaOf(db), schema);
          assert.deepEqual(db.all("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
          assert.deepEqual(db.all("PRAGMA foreign_key_check"), []);
          assert.deepEqual(pathTo(db, "ann", 4).map(({ content }) => content), LINES);
          assert.deepEqual(listSessions(db, "ann").map(({ session, turns }) => [session.title, turns]), [[
            "Old",
            2,
          ]]);
          rememberMissing(db, () => null, 6);
          const remembered = db.all<{ id: number }>(
            "SELECT DISTINCT message_id AS id FROM memory_units ORDER BY id",
          );
          assert.deepEqual(remembered.map(({ id }) => id), [1, 2, 3, 4]);
          const next = addMessage(db, "ann", "story", {
            parent_id: 4,
            role: "user",
            content: "I lie.",
            status: "complete",
            model: "",
            tokens: 2,
            created_ms: 6,
          });
          assert.equal(pathTo(db, "ann", next.id).length, 5);
          assert.equal(deleteSession(db, "ann", "story"), true);
          assert.deepEqual(db.all("SELECT id FROM messages"), []);
          db.close();
        }));
    }
  });
});
