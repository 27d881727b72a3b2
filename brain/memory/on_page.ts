/** What the history still shows: memory tells none of it again, and nothing that it has changed since. */
import type { Database } from "../store/database.ts";
import type { Restated } from "../store/facts.ts";
import { memoryOfMessages, memoryRows } from "../store/memories.ts";
import { turnOf } from "../store/messages.ts";
import { contentOf, SAME_WORDS, saysAgain } from "./choice.ts";
import type { MemoryHit, RecallQuestion } from "./recall.ts";
import type { Ranked } from "./search.ts";
import { isProse } from "./telling.ts";
import { sentencesOf } from "./units.ts";
import { questionTerms } from "./words.ts";

/** Of a very long history the newest messages are read, and of the turns that bear on a line those that say most of it. */
const MOST_MESSAGES = 400;
const MOST_UNITS = 60;
/** Words that begin alike are taken for one here. */
const BEGINNING = 4;

/**
 * The units that the history shows of the turns in which a word of the line stands, and of messages that state anew what
 * `restated` names; as hits that nothing called. Throws StoreError.
 */
export function onThePage(db: Database, question: RecallQuestion, restated: Restated[]): Ranked<MemoryHit>[] {
  const { player_id, line } = question;
  const beginnings = questionTerms(line, []).filter(({ calls }) => calls)
    .map(({ phrase }) => phrase.replaceAll(" ", "").slice(0, BEGINNING));
  if (beginnings.length === 0 || question.visible_ids.length === 0) return [];
  const newest = question.visible_ids.toSorted((a, b) => b - a).slice(0, MOST_MESSAGES);
  const rows = memoryRows(db, player_id, memoryOfMessages(db, player_id, newest).map(({ id }) => id));
  const found = new Map<number, Set<string>>();
  for (const { turn, text } of rows) {
    const lower = text.toLowerCase();
    const here = beginnings.filter((beginning) => lower.includes(beginning));
    if (here.length > 0) found.set(turn, new Set([...found.get(turn) ?? [], ...here]));
  }
  const later = new Set(restated.map(({ later_id }) => later_id));
  const now = turnOf(db, player_id, question.leaf_id);
  const bears = ({ turn, message_id }: { turn: number; message_id: number }) =>
    later.has(message_id) ? Infinity : found.get(turn)?.size ?? 0;
  const bearing = rows.filter((row) => bears(row) > 0)
    .sort((a, b) => bears(b) === bears(a) ? b.id - a.id : bears(b) - bears(a)).slice(0, MOST_UNITS);
  return bearing.map((row) => ({
    unit_id: row.id,
    message_id: row.message_id,
    role: row.role,
    text: row.text,
    speaker: row.speaker,
    turns_ago: now - row.turn,
    words: [],
    score: 0,
    plain: 0,
    called: false,
    similarity: 0,
  }));
}

/** For the content words of a memory: a hit of the page that says nearly the same in a sentence; null: none does. */
export function saidOnPage<Hit extends MemoryHit>(on_page: Hit[]): (content: Set<string>) => Hit | null {
  return (content) => {
    if (content.size < SAME_WORDS) return null;
    return on_page.find((hit) => saidIn(hit).some((said) => saysAgain(content, said))) ?? null;
  };
}

/** What was read of the page lately, by its text: from one line to the next it stays nearly the same. */
const read = { prose: new Map<string, Set<string>[]>(), speech: new Map<string, Set<string>[]>() };
const MOST_READ = 200;

/** The content words of each sentence of the narrator's prose, or of all that a person says. */
function saidIn(hit: MemoryHit): Set<string>[] {
  const texts = isProse(hit) ? read.prose : read.speech;
  let said = texts.get(hit.text);
  if (said === undefined) {
    said = (isProse(hit) ? sentencesOf(hit.text) : [hit.text]).flatMap((text) => contentOf(text) ?? []);
    texts.set(hit.text, said);
    if (texts.size > MOST_READ) texts.delete(texts.keys().next().value!);
  }
  return said;
}
