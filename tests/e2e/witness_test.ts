// The check that follows each kill complains of every promise that is broken: proved on copies that are tampered with.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path/posix";
import { openGround, stop, words } from "../support/kill_ground.ts";
import { until } from "../support/processes.ts";
import { chunk } from "../support/sse_replies.ts";
import { startSseServer } from "../support/sse_server.ts";
import { copyOfDead, faultsOf, note } from "../support/witness.ts";

const sql = (text: string) => (path: string) => {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA foreign_keys = OFF");
  db.exec(text);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
};

/** Ids 1 to 5: start, line, reply, line, the reply that was cut off. */
const PLANTED: readonly [string, (path: string) => void, RegExp][] = [
  ["a line is gone", sql("DELETE FROM messages WHERE id = 4"), /^message 4 was told as saved and is gone$/m],
  [
    "a whole reply is gone",
    sql("DELETE FROM messages WHERE id = 3"),
    /^message 3 was told as saved and is gone$/m,
  ],
  ["the cut reply is gone", sql("DELETE FROM messages WHERE id = 5"), /^reply 5 was shown and is gone$/m],
  [
    "one character is another",
    sql("UPDATE messages SET content = 'Z' || substr(content, 2) WHERE id = 3"),
    /^message 3 was told with another text/m,
  ],
  [
    "a reply has lost its last character",
    sql("UPDATE messages SET content = substr(content, 1, length(content) - 1) WHERE id = 3"),
    /^message 3 was told with another text/m,
  ],
  [
    "a whole reply is marked stopped",
    sql("UPDATE messages SET status = 'stopped' WHERE id = 3"),
    /^message 3 .* is stopped$/m,
  ],
  [
    "the cut reply is short of what was promised",
    sql("UPDATE messages SET content = substr(content, 1, 20) WHERE id = 5"),
    /^reply 5 has 20 characters, \d+ were promised$/m,
  ],
  [
    "the cut reply has grown",
    sql("UPDATE messages SET content = content || ' and seals' WHERE id = 5"),
    /^reply 5 has a text that nobody told$/m,
  ],
  [
    "the cut reply is marked complete",
    sql("UPDATE messages SET status = 'complete' WHERE id = 5"),
    /^reply 5 is cut off and marked as complete$/m,
  ],
  [
    "the cut reply is marked failed",
    sql("UPDATE messages SET status = 'failed' WHERE id = 5"),
    /^reply 5 is marked as failed$/m,
  ],
  [
    "a reply is still being written",
    sql("UPDATE messages SET status = 'writing' WHERE id = 5"),
    /^message 5 is still being written$/m,
  ],
  [
    "a line hangs elsewhere",
    sql("UPDATE messages SET parent_id = 1 WHERE id = 4"),
    /^message 4 stands in another place$/m,
  ],
  [
    "a message is not remembered",
    sql("DELETE FROM memory_units WHERE message_id = 3"),
    /^message 3 is not remembered$/m,
  ],
  [
    "a story is gone from under its messages",
    sql("DELETE FROM sessions"),
    /^a row of messages points at nothing in sessions$/m,
  ],
  [
    "a unit is not in the index",
    sql("DROP TRIGGER memory_units_removed; DELETE FROM memory_units WHERE message_id = 2"),
    /^memory_fts is not the index of its table/m,
  ],
  [
    "the index has words that no lore has",
    sql("INSERT INTO lore_fts (rowid, world_id, body) VALUES (99999, 'salt_marsh', 'whales')"),
    /^lore_fts is not the index of its table/m,
  ],
  [
    "a page is overwritten",
    (path) => {
      const file = Deno.openSync(path, { read: true, write: true });
      file.seekSync(4096 * 6, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(4096).fill(0x5a));
      file.close();
    },
    /^(integrity: |cannot be read: )/m,
  ],
];

Deno.test("each broken promise is complained of, and a kept one is not", async (t) => {
  const provider = startSseServer();
  try {
    await using ground = await openGround(provider, () => 0);
    const { stage, witness, folder } = ground;
    await using face = await stage.face();
    await face.begin();
    await face.turn("I look around.");
    const whole = words(1).join("").trim();
    const pieces = [...whole.matchAll(/\s*\S+/g)].slice(0, 20).map(([content]) => ({
      send: chunk({ content }),
    }));
    provider.script({ steps: [...pieces, { stall: true }] });
    face.say("I count the eels.");
    await until(() => (stage.rows()[4]?.content.length ?? 0) > 100, "a saved part");
    Deno.kill(stage.pid, "SIGKILL");
    await stage.door.ended;
    await face.until(() => face.closed !== null, "the close").catch(() => {});
    await stage.start();
    await stop(stage);
    // What was saved had been promised, whatever the clock says.
    note(witness, face, { killed_ms: performance.now(), promised_ms: 0, whole });
    const told = witness.told.get(5)!;
    witness.told.set(5, { ...told, promised: stage.rows()[4].content });
    const copy = join(folder, "copy.db");
    const database = join(stage.home, "engine.db");
    copyOfDead(database, copy);
    assert.deepEqual([...witness.records.keys()], [1, 2, 3, 4]);
    assert.deepEqual(faultsOf(copy, witness, true), []);
    for (const [name, plant, complaint] of PLANTED) {
      await t.step(name, () => {
        copyOfDead(database, copy);
        plant(copy);
        assert.match(faultsOf(copy, witness, true).join("\n"), complaint);
      });
    }
  } finally {
    await provider.close();
  }
});
