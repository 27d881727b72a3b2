/** From every earlier schema to the present one: the same tables as in a new database, and everything that was told. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { type Database, openDatabase } from "../../../brain/store/database.ts";
import { MIGRATIONS } from "../../../brain/store/migrations.ts";
import { addMessage, pathTo } from "../../../brain/store/messages.ts";
import { rememberMissing } from "../../../brain/memory/remember.ts";
import { loreRows, syncLore } from "../../../brain/store/lore.ts";
import { deleteSession, listSessions } from "../../../brain/store/sessions.ts";
import { findLore, findMemory } from "../../../brain/store/unit_index.ts";
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
    if (at === 1) db.exec(KEPT);
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

/** What the second step's own program would have kept of the story: words to find, and lore with its digest. */
const KEPT = `
  INSERT INTO memory_units (player_id, session_id, message_id, role, text)
    VALUES ('ann', 'story', 1, 'user', 'I count the eels.');
  INSERT INTO lore_units (world_id, player_id, source, hash, heading, text, known_to)
    VALUES ('marsh', '', 'world', 'h', 'The bell', 'It hangs crooked.', '');
  INSERT INTO lore_digests VALUES ('marsh', 'of before');
`;

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
          if (steps >= 2) {
            assert.equal(findMemory(db, "ann", "story", "eels").length, 1);
            // The digest of before says nothing about the pieces as they are now: they are read anew at the next start.
            syncLore(db, "marsh", [{ heading: "The bell", text: "It hangs crooked.", known_to: "" }]);
            assert.deepEqual(
              loreRows(db, "ann", findLore(db, "ann", "marsh", "crooked")).map(({ heading }) => heading),
              ["The bell"],
            );
          }
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

/** Each step that databases have been through, with the digest of its SQL, white space aside. */
const SHIPPED: [string, string][] = [
  ["0001_players_and_stories", "274bd3b4c3fd0ed9"],
  ["0002_lore_and_memory_by_words", "7e4de774b3b0637f"],
  ["0003_facts_marks_and_summaries", "19d81b3c9697118e"],
  ["0004_memory_speakers", "5faf7dd335a9f821"],
  ["0005_vectors", "e7f54fd696c48b55"],
  ["0006_daily_usage", "9ff172424b4c95f5"],
  ["0007_store_name", "7eeb92748985802f"],
  ["0008_vectors_go_with_their_units", "649bdae45838654d"],
  ["0009_facts_by_what_they_tell", "5994a8ed00faa74b"],
];

Deno.test("a step that has shipped is never changed: a new one is added below it", () => {
  const digest = (sql: string) =>
    createHash("sha256").update(sql.replace(/\s+/g, " ").trim()).digest("hex").slice(0, 16);
  const shipped = MIGRATIONS.slice(0, SHIPPED.length);
  assert.deepEqual(shipped.map(({ name, sql }) => [name, digest(sql)]), SHIPPED);
});
