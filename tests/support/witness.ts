/**
 * What a face was told, kept by the face and compared with the database that a brain left behind: nothing is read back from the
 * victim. Every complaint is a sentence; a database that kept its promises gives none.
 */

import { DatabaseSync } from "node:sqlite";
import type { Message } from "../../shared/story.ts";
import type { FaceClient } from "./face_client.ts";

/** A brain that dies may take this much of a reply with it: what came later was shown and is not promised. */
export const PROMISED_AFTER_MS = 250;

/** Pieces of a reply that is told come much closer: what is beyond this was a pause of the machine, in which nobody saves. */
const PAUSE_MS = 50;

/** A reply of which pieces came. */
interface Told {
  /** Everything that was shown. */
  shown: string;
  /** What had been shown for longer than PROMISED_AFTER_MS when the brain was killed. */
  promised: string;
  /** The whole reply as the provider would have told it. */
  whole: string;
}

/** All that the faces of one home were told. */
export interface Witness {
  /** The last record of each message that was told as saved. */
  records: Map<number, Message>;
  /** Replies of which no record came. */
  told: Map<number, Told>;
}

export function newWitness(): Witness {
  return { records: new Map(), told: new Map() };
}

/**
 * Notes what `face` was told. `killed_ms`: when the brain was killed, on `performance.now()`; `promised_ms`: how long a piece
 * must have been shown before that, without the machine's pauses; `whole`: the reply that was being told.
 */
export function note(
  witness: Witness,
  face: FaceClient,
  reply: { killed_ms: number; promised_ms: number; whole: string },
): void {
  const told = new Map<number, Told>();
  const shown_ms = awakeAfter(face.arrived_ms, reply.killed_ms);
  const settled = (message: Message) => {
    if (message.status === "writing") return;
    witness.records.set(message.id, message);
    told.delete(message.id);
  };
  for (const [index, event] of face.events.entries()) {
    switch (event.event) {
      case "chat_history":
        event.metadata.history.forEach(settled);
        break;
      case "message":
        settled(event.metadata.message);
        break;
      case "chat_end":
        if (event.metadata.message) settled(event.metadata.message);
        break;
      case "chat_chunk": {
        const { message_id, offset } = event.metadata;
        if (message_id === null || offset === null) break;
        const before = told.get(message_id) ?? { shown: "", promised: "", whole: reply.whole };
        const shown = before.shown.slice(0, offset) + event.content;
        const old = shown_ms[index] >= reply.promised_ms;
        told.set(message_id, { ...before, shown, promised: old ? shown : before.promised });
        break;
      }
    }
  }
  for (const [id, one] of told) witness.told.set(id, one);
}

/** For each moment how long it lay before `end_ms`, where a gap counts for PAUSE_MS at most. */
function awakeAfter(moments_ms: readonly number[], end_ms: number): number[] {
  let [next_ms, sum] = [end_ms, 0];
  return moments_ms.toReversed().map((at_ms) => {
    if (at_ms > end_ms) return -1;
    sum += Math.min(next_ms - at_ms, PAUSE_MS);
    next_ms = at_ms;
    return sum;
  }).toReversed();
}

interface Row {
  id: number;
  parent_id: number | null;
  role: string;
  content: string;
  status: string;
}

/**
 * What is wrong with the database at `path`, a copy that may be written. `settled`: a brain has started on it since, and has
 * had the time to make its indexes whole.
 */
export function faultsOf(path: string, witness: Witness, settled: boolean): string[] {
  const faults: string[] = [];
  const db = new DatabaseSync(path);
  try {
    const found = db.prepare("PRAGMA integrity_check(5)").all() as { integrity_check: string }[];
    for (const { integrity_check } of found) {
      if (integrity_check !== "ok") faults.push(`integrity: ${integrity_check}`);
    }
    if (faults.length > 0) return faults;
    for (const row of db.prepare("PRAGMA foreign_key_check").all()) {
      faults.push(`a row of ${row.table} points at nothing in ${row.parent}`);
    }
    const rows = new Map(
      (db.prepare("SELECT id, parent_id, role, content, status FROM messages").all() as unknown as Row[])
        .map((row) => [row.id, row]),
    );
    for (const message of witness.records.values()) {
      faults.push(...recordFaults(message, rows.get(message.id)));
    }
    for (const [id, told] of witness.told) faults.push(...toldFaults(id, told, rows.get(id), settled));
    if (settled) {
      for (const { id, status } of rows.values()) {
        if (status === "writing") faults.push(`message ${id} is still being written`);
      }
      faults.push(...memoryFaults(db));
    }
    faults.push(...indexFaults(db));
  } catch (error) {
    faults.push(`cannot be read: ${error instanceof Error ? error.message : error}`);
  } finally {
    db.close();
  }
  return faults;
}

function recordFaults(message: Message, row: Row | undefined): string[] {
  const { id, role, parent_id, status, content } = message;
  if (!row) return [`message ${id} was told as saved and is gone`];
  const faults: string[] = [];
  if (row.role !== role || row.parent_id !== parent_id) faults.push(`message ${id} stands in another place`);
  // A reply that failed has the text that could be saved: that may be the failure.
  const kept = status === "failed" ? content.startsWith(row.content) : row.content === content;
  if (!kept) faults.push(`message ${id} was told with another text: ${content.slice(0, 60)}`);
  if (status !== "failed" && row.status !== status) {
    faults.push(`message ${id} was told as ${status} and is ${row.status}`);
  }
  return faults;
}

function toldFaults(id: number, told: Told, row: Row | undefined, settled: boolean): string[] {
  if (!row) return [`reply ${id} was shown and is gone`];
  if (!row.content.startsWith(told.promised)) {
    return [`reply ${id} has ${row.content.length} characters, ${told.promised.length} were promised`];
  }
  if (!told.whole.startsWith(row.content)) return [`reply ${id} has a text that nobody told`];
  if (row.status === "complete" && row.content !== told.whole) {
    return [`reply ${id} is cut off and marked as complete`];
  }
  const allowed = settled ? ["stopped", "complete"] : ["writing", "stopped", "complete"];
  return allowed.includes(row.status) ? [] : [`reply ${id} is marked as ${row.status}`];
}

/** Every index of words against its own table: SQLite compares each row. */
function indexFaults(db: DatabaseSync): string[] {
  const faults: string[] = [];
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%'").all() as {
    name: string;
  }[];
  for (const { name } of tables) {
    try {
      db.exec(`INSERT INTO ${name} (${name}, rank) VALUES ('integrity-check', 1)`);
    } catch (error) {
      faults.push(`${name} is not the index of its table: ${error instanceof Error ? error.message : error}`);
    }
  }
  return faults;
}

/** A sentence for each message of which there is no memory. */
export function memoryFaults(db: DatabaseSync): string[] {
  const missing = db.prepare(
    `SELECT id FROM messages m WHERE trim(content, ' ' || char(10)) <> ''
       AND NOT EXISTS (SELECT 1 FROM memory_units u WHERE u.message_id = m.id)`,
  ).all() as { id: number }[];
  return missing.map(({ id }) => `message ${id} is not remembered`);
}

/** Copies a database that no process has open, with its log, to the file `to`. */
export function copyOfDead(from: string, to: string): void {
  for (const end of ["", "-wal", "-shm"]) {
    try {
      Deno.removeSync(`${to}${end}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  // The shared memory is made anew from the log, as after a power cut.
  for (const end of ["", "-wal"]) {
    try {
      Deno.copyFileSync(`${from}${end}`, `${to}${end}`);
    } catch (error) {
      if (end === "" || !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
