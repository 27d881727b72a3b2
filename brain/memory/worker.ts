/** Recall's own thread: SQLite is synchronous, and a slow search here stops no socket. Reads, never writes. */
import { type Database, openDatabase } from "../store/database.ts";
import { pathPage } from "../store/messages.ts";
import type {
  Ask,
  ExpectedLine,
  LoreHit,
  Meaning,
  RecallQuestion,
  WorkerAnswer,
  WorkerRequest,
} from "./recall.ts";
import { emptyKnown } from "./corpus.ts";
import { type Ranked, rankLore, search, type SearchOptions } from "./search.ts";
import { rehearsals } from "./rehearsal.ts";
import { ExactIndex, type VectorScope } from "./vectors.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(answer: WorkerAnswer): void;
};

let path = "";
let opened: { db: Database; file: number | null } | null = null;
let known = emptyKnown();
let index = new ExactIndex();
/** Lore ranked before its question came, by all that its rank depends on. */
let expected: { key: string; lore: Ranked<LoreHit>[] } | null = null;
/** So many of the nearest lend what they are worth; the rest is no likeness. */
const NEAREST = 300;

scope.onmessage = ({ data }) => {
  if (data.kind === "open") {
    path = data.path;
    return;
  }
  if (data.kind === "warm") {
    rehearse(data.model);
    return;
  }
  if (data.kind === "expect") {
    expected = rankAhead(data.line);
    return;
  }
  const begun = performance.now();
  const found = answer(data);
  scope.postMessage({
    ask: data.ask,
    mixed: data.meaning !== undefined,
    recalled: { ...found, took_ms: performance.now() - begun },
  });
};

// Recall never fails a turn: what goes wrong here ends in an empty answer, and in a fresh connection next time.
function answer({ question, meaning }: Ask): ReturnType<typeof search> {
  try {
    const db = connection();
    const ranked = expected?.key === keyOf(question) ? expected.lore : undefined;
    // For one question only: by the next the lore may be another.
    expected = null;
    if (meaning !== undefined) return search(db, question, known, { near: nearTo(db, question, meaning) });
    return search(db, question, known, { ranked });
  } catch {
    forget();
    return { lore: [], memories: [], left_out: [] };
  }
}

type Asked = Pick<RecallQuestion, "player_id" | "world_id" | "line" | "before">;

function rankAhead({ player_id, world_id, leaf_id, line }: ExpectedLine): typeof expected {
  try {
    const db = connection();
    const { history } = pathPage(db, player_id, leaf_id, { limit: 2 });
    const asked: Asked = {
      player_id,
      world_id,
      line,
      before: history.reverse().map(({ content }) => content),
    };
    return { key: keyOf(asked), lore: rankLore(db, asked, known) };
  } catch {
    // The question will tell.
    forget();
    return null;
  }
}

function keyOf({ player_id, world_id, line, before }: Asked): string {
  return JSON.stringify([player_id, world_id, line, before]);
}

/** The first questions of a thread take ten times as long as the later ones: the code is not compiled yet. */
const FIRST_REHEARSALS = 12;
let rehearsed = "";

// One thing at a time: a question that comes meanwhile waits for no more than that.
function rehearse(model: string | null): void {
  try {
    const db = connection();
    const questions = rehearsals(db, rehearsed === "" ? FIRST_REHEARSALS : 1);
    const [newest] = questions;
    const key = JSON.stringify(newest);
    if (newest === undefined || key === rehearsed) return;
    rehearsed = key;
    const step = () => {
      try {
        if (model !== null && index.readAhead(db, newest, model)) return void setTimeout(step, 0);
        const question = questions.pop();
        if (question === undefined || opened?.db !== db) return;
        search(db, question, known);
        setTimeout(step, 0);
      } catch {
        forget();
      }
    };
    step();
  } catch {
    forget();
  }
}

function nearTo(
  db: Database,
  question: RecallQuestion,
  meaning: Meaning,
): NonNullable<SearchOptions["near"]> {
  if (meaning.near !== undefined) return meaning.near;
  const { player_id, session_id, world_id } = question;
  const { model, vector } = meaning;
  const near = (scope: VectorScope) => index.near(db, scope, model, vector, NEAREST);
  return {
    lore: near({ kind: "lore", player_id, world_id }),
    memory: near({ kind: "memory", player_id, session_id }),
  };
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
  index = new ExactIndex();
  expected = null;
  rehearsed = "";
}
