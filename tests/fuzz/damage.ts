/**
 * A program of its own, for a read that never ends can only be killed: damages copies of a story database and reads everything.
 * `deno run tests/fuzz/damage.ts SEED COUNT FOLDER` prints a line before each case, its seed, and a line with the shares at the end.
 */

import { DatabaseSync } from "node:sqlite";
import { rememberMissing } from "../../brain/memory/remember.ts";
import { readArchive } from "../../brain/store/archive.ts";
import { copyDatabase, type Database, openDatabase } from "../../brain/store/database.ts";
import { StoreError } from "../../brain/store/store_error.ts";
import { factsOnPath, findFacts } from "../../brain/store/facts.ts";
import { inspectDatabase } from "../../brain/store/inspect.ts";
import { listMarks, markedMessages } from "../../brain/store/marks.ts";
import { syncLore } from "../../brain/store/lore.ts";
import { recentReplies } from "../../brain/store/memories.ts";
import { findMemory, memoryColumns } from "../../brain/store/unit_index.ts";
import { newestLeaf, pathIds, pathPage, pathTail, pathTo, siblings } from "../../brain/store/messages.ts";
import { listMemory } from "../../brain/store/pieces.ts";
import { getState, saveState } from "../../brain/store/players.ts";
import { getPrompt, savePrompt, wasTooLong } from "../../brain/store/prompts.ts";
import { deleteSession, listSessions } from "../../brain/store/sessions.ts";
import { listSummaries, nearestAbove, pathBetween } from "../../brain/store/summaries.ts";
import { usageTotals } from "../../brain/store/usage.ts";
import { tellEverything } from "../support/role_home.ts";
import { anyText, type Chance, chanceOf, pick } from "./mutate.ts";

const PLAYER = "ann";

/** A database with two stories of every kind; one plain file. */
async function whole(path: string): Promise<void> {
  const db = openDatabase(`${path}.making`);
  for (const id of ["eels", "bells"]) {
    const ids = tellEverything(db, PLAYER, id);
    savePrompt(db, ids[1], { over: 0, messages: [{ role: "system", content: "Tell." }] });
  }
  saveState(db, PLAYER, {
    world_id: "salt_marsh",
    character_id: "clerk",
    session_id: "eels",
    model: "demo/narrator",
    rules: ["cosy"],
  });
  syncLore(db, "salt_marsh", [{ heading: "Eels", text: "They are counted at night.", known_to: "" }]);
  db.close();
  await copyDatabase(`${path}.making`, path);
}

/** Bits that a disk has turned, a page that it has lost, an end that is missing. */
function damageBytes(bytes: Uint8Array<ArrayBuffer>, chance: Chance): Uint8Array<ArrayBuffer> {
  const result = bytes.slice();
  switch (chance(8)) {
    case 0:
      return result.slice(0, chance(result.length));
    case 1:
      result.fill(chance(256), 4096 * chance(result.length / 4096), undefined);
      return result;
    case 2: {
      const page = 4096 * chance(result.length / 4096);
      result.copyWithin(page, 4096 * chance(result.length / 4096), page + 4096);
      return result;
    }
    default:
      for (let left = 1 + chance(12); left > 0; left--) result[chance(result.length)] ^= 1 << chance(8);
      return result;
  }
}

/** Rows that SQLite takes for whole, and no program of ours would have written. */
function damageRows(path: string, chance: Chance): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
  const number = () => pick(chance, ["NULL", "-1", "0", "1", "3", "7", "14", "9007199254740991", "id"]);
  const text = () => `'${anyText(chance).replaceAll("'", "''").replaceAll("\0", "")}'`;
  const statements = [
    () => `UPDATE messages SET parent_id = ${number()} WHERE id = ${1 + chance(14)}`,
    () => `UPDATE messages SET parent_id = ${1 + chance(14)} WHERE id = ${1 + chance(14)}`,
    () => `UPDATE messages SET usage = ${text()} WHERE id = ${1 + chance(14)}`,
    () => `UPDATE messages SET status = ${text()}, role = ${text()} WHERE id = ${1 + chance(14)}`,
    () => `UPDATE messages SET tokens_above = ${chance(9)}, tokens = -${chance(9)}`,
    () => `UPDATE sessions SET leaf_id = ${number()}`,
    () => `UPDATE player_state SET rules = ${text()}`,
    () => `UPDATE player_state SET rules = '${pick(chance, ["{}", "5", "null", "[5]", '["a",null]'])}'`,
    () => `UPDATE prompts SET record = ${text()}`,
    () =>
      `UPDATE memory_units SET message_id = ${1 + chance(20)}, text = ${text()} WHERE id = ${1 + chance(9)}`,
    () => `UPDATE summaries SET last_id = ${1 + chance(14)}, first_id = ${chance(14)}`,
    () =>
      `DELETE FROM ${
        pick(chance, ["messages", "memory_units", "lore_fts_data", "memory_fts_idx", "sessions", "players"])
      }`,
    () => `DELETE FROM migrations WHERE rowid = ${1 + chance(8)}`,
    () => `INSERT INTO migrations (name) VALUES ('9999_later')`,
    () =>
      `DROP TABLE ${pick(chance, ["prompts", "memory_fts", "facts", "lore_units", "player_state", "marks"])}`,
  ];
  for (let left = 1 + chance(3); left > 0; left--) {
    try {
      db.exec(pick(chance, statements)());
    } catch {
      // The one before took the table away.
    }
  }
  db.close();
}

/** Everything that a brain reads on its way: each either answers or says what is wrong. */
const READS: readonly ((db: Database) => unknown)[] = [
  (db) => getState(db, PLAYER),
  (db) => listSessions(db, PLAYER),
  (db) => pathTo(db, PLAYER, 6),
  (db) => pathTail(db, PLAYER, 13, { tokens: 20 }),
  (db) => pathPage(db, PLAYER, 6, { limit: 50 }),
  (db) => [...pathIds(db, PLAYER, 6)].length,
  (db) => siblings(db, PLAYER, 3),
  (db) => newestLeaf(db, PLAYER, "eels", 1),
  (db) => usageTotals(db, PLAYER),
  (db) => getPrompt(db, PLAYER, 2),
  (db) => wasTooLong(db, PLAYER, "eels", 3),
  (db) => factsOnPath(db, PLAYER, 6),
  (db) => listMarks(db, PLAYER, "eels"),
  (db) => listSummaries(db, PLAYER, "eels"),
  (db) => nearestAbove(db, PLAYER, 6, [1]),
  (db) => pathBetween(db, PLAYER, null, 6),
  (db) => listMemory(db, PLAYER, 6, 50),
  (db) => memoryColumns(db, PLAYER, "eels", 0),
  (db) => findMemory(db, PLAYER, "eels", "eels"),
  (db) => findFacts(db, PLAYER, "eels", "Maren", 5),
  (db) => markedMessages(db, PLAYER, "eels", 6, listMarks(db, PLAYER, "eels")),
  (db) => recentReplies(db, PLAYER, 6, 4),
  (db) => readArchive(db, PLAYER, "eels"),
  (db) => rememberMissing(db, () => "Maren", 0),
  (db) => deleteSession(db, PLAYER, "bells"),
];

/** Runs `fn`; whether it answered. Throws what is no StoreError. */
function answers(fn: () => unknown): boolean {
  try {
    fn();
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

const say = (value: unknown) => console.log(JSON.stringify(value));

async function main(): Promise<void> {
  const [seed, count] = Deno.args.map(Number);
  const folder = Deno.args[2];
  await whole(`${folder}/whole.db`);
  const bytes = Deno.readFileSync(`${folder}/whole.db`);
  const path = `${folder}/case.db`;
  let opened = 0;
  let answered = 0;
  for (let at = 0; at < count; at++) {
    const own = seed + at * 7919;
    const chance = chanceOf(own);
    say({ case: own });
    for (const end of ["-wal", "-shm", "-journal"]) {
      try {
        Deno.removeSync(`${path}${end}`);
      } catch {
        // There was none.
      }
    }
    const in_rows = chance(2) === 0;
    Deno.writeFileSync(path, in_rows ? bytes : damageBytes(bytes, chance));
    if (in_rows) damageRows(path, chance);
    answers(() => inspectDatabase(path));
    let db: Database | null = null;
    if (!answers(() => db = openDatabase(path))) continue;
    opened++;
    const got = READS.map((read) => answers(() => read(db!)));
    if (got.some((one) => one)) answered++;
    answers(() => db!.close());
  }
  say({ opened, answered });
}

if (import.meta.main) await main();
