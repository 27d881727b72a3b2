/** Recall's own thread: SQLite is synchronous, and a slow search here stops no socket. Reads, never writes. */
import { type Database, openDatabase } from "../store/database.ts";
import type { RecallQuestion, WorkerAnswer, WorkerRequest } from "./recall.ts";
import { emptyKnown } from "./corpus.ts";
import { search } from "./search.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
};

let path = "";
let opened: { db: Database; file: number | null } | null = null;
let known = emptyKnown();

scope.onmessage = ({ data }) => {
  if (data.kind === "open") {
    path = data.path;
    return;
  }
  const begun = performance.now();
  const found = answer(data.question);
  scope.postMessage({ ask: data.ask, recalled: { ...found, took_ms: performance.now() - begun } });
};

// Recall never fails a turn: what goes wrong here ends in an empty answer, and in a fresh connection next time.
function answer(question: RecallQuestion): ReturnType<typeof search> {
  try {
    return search(connection(), question, known);
  } catch {
    forget();
    return { lore: [], memories: [], left_out: [] };
  }
}

function connection(): Database {
  const file = Deno.statSync(path).ino;
  // Another file under the same name: the database was put back from a copy, or begun anew.
  if (opened && opened.file !== file) forget();
  opened ??= { db: openDatabase(path, { readonly: true, busy_timeout_ms: 100 }), file };
  return opened.db;
}

function forget(): void {
  opened?.db.close();
  opened = null;
  known = emptyKnown();
}
