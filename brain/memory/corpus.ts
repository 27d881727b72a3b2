/** What recall keeps in mind between questions: the path of a story, and the units of a story and of a world by slot. */
import type { Database } from "../store/database.ts";
import {
  findLore,
  findMemory,
  findWithin,
  type IdSpan,
  loreColumns,
  loreState,
  memoryColumns,
} from "../store/unit_index.ts";
import { findFresh, indexFresh } from "../store/fresh_units.ts";
import { pathIds } from "../store/messages.ts";
import { type Phrase, Postings } from "./postings.ts";
import type { Corpus } from "./rank.ts";
import type { RecallQuestion } from "./recall.ts";

/** Between pieces under different headings, so that neither lends to the other. */
const HEADING_GAP = 2;
/** So many stories, and so many worlds, are kept: a few players take turns without reading theirs anew each time. */
const KEPT = 8;
/** Between its first and its last unit a story or a world may have up to so many times its units, most of them others'. */
const SPARSE = 4;
/** So many units that came since a story was first asked about stand in an index of their own; with more that is begun anew. */
const MOST_FRESH = 2000;

export interface UnitCorpus extends Corpus {
  ids: Int32Array;
  /** The slot of a unit that may come back; -1: of no use here. */
  slotOf(unit_id: number): number;
  /** The slots that hold a phrase. Throws StoreError. */
  slotsWith(phrase: Phrase): number[];
  slotsOfMessage(message_id: number): number[];
  /** How many pieces stand under the heading of this one; 0 in a story. */
  underHeading(slot: number): number;
}

/** The stories and worlds asked about lately: the next question mostly needs only what has been added since. */
export interface KnownUnits {
  stories: Map<string, KnownStory>;
  lore: Map<string, { state: string; corpus: UnitCorpus }>;
}

interface KnownStory {
  ids: number[];
  message_ids: number[];
  lengths: number[];
  path: KnownPath;
  postings: Postings;
  /** The last unit that is looked for in the database; those after it are looked for among the fresh ones. */
  settled: number;
}

/** The messages from the root of a story on; `place` is by id, counted from that of the root: -1 on no path. */
interface KnownPath {
  ids: number[];
  place: Int32Array;
}

/** Nothing is known yet. */
export function emptyKnown(): KnownUnits {
  return { stories: new Map(), lore: new Map() };
}

/** The units of the story that the question may find: on the path to its leaf, no longer visible. Throws StoreError. */
export function storyCorpus(db: Database, question: RecallQuestion, known: KnownUnits): UnitCorpus | null {
  const { player_id, session_id, leaf_id } = question;
  if (leaf_id === null) return null;
  const key = JSON.stringify([player_id, session_id]);
  const story = known.stories.get(key) ??
    {
      ids: [],
      message_ids: [],
      lengths: [],
      path: { ids: [], place: new Int32Array(0) },
      postings: new Postings(),
      settled: -1,
    };
  keep(known.stories, key, story);
  followPath(db, player_id, leaf_id, story.path);
  readNew(db, player_id, session_id, story);
  const { ids, message_ids, lengths, path } = story;
  const root = path.ids[0];
  const visible = new Set(question.visible_ids);
  const oldest_visible = Math.min(...visible);
  const kept = new Int32Array(ids.length);
  const places = new Int32Array(ids.length);
  const bytes = new Float64Array(ids.length);
  let size = 0;
  for (let i = 0; i < ids.length; i++) {
    const message_id = message_ids[i];
    const at = path.place[message_id - root] ?? -1;
    if (at < 0 || (message_id >= oldest_visible && visible.has(message_id))) continue;
    kept[size] = ids[i];
    places[size] = at;
    bytes[size++] = lengths[i];
  }
  const place = places.subarray(0, size);
  const corpus = corpusOf(kept.subarray(0, size), place, path.ids.length, bytes.subarray(0, size));
  const span = spanOf(ids);
  const findSettled = isDense(span, ids.length)
    ? (phrase: string, prefix: boolean, span: IdSpan) => findWithin(db, "memory", phrase, prefix, span)
    : (phrase: string, prefix: boolean, span: IdSpan) =>
      findMemory(db, player_id, session_id, phrase, prefix, span);
  const { settled } = story;
  const find = (phrase: string, prefix: boolean, { first, last }: IdSpan) => {
    const found = first > settled
      ? []
      : findSettled(phrase, prefix, { first, last: Math.min(last, settled) });
    if (last <= settled) return found;
    return found.concat(findFresh(db, phrase, prefix, { first: Math.max(first, settled + 1), last }));
  };
  return {
    ...corpus,
    slotsWith: lookUp(story.postings, span, find, corpus.slotOf),
    underHeading: () => 0,
    slotsOfMessage(message_id) {
      const at = path.place[message_id - root] ?? -1;
      if (at < 0) return [];
      // Slots stand in the order of ids, and messages are remembered in the order of the path, nearly always.
      const slots: number[] = [];
      for (let slot = lowerBound(place, at); slot < size && place[slot] === at; slot++) slots.push(slot);
      return slots;
    },
  };
}

// A message that was cut anew, or lost its text, has other units now: then all are read again.
function readNew(db: Database, player_id: string, session_id: string, story: KnownStory): void {
  const last = story.ids.at(-1);
  const newest = story.message_ids.at(-1) ?? 0;
  // The last known one comes again if it is still there.
  let columns = memoryColumns(db, player_id, session_id, (last ?? 1) - 1);
  let from = last === undefined ? 0 : 1;
  if (from === 1 && (columns.ids[0] !== last || columns.message_ids.some((id, i) => i > 0 && id <= newest))) {
    [story.ids, story.message_ids, story.lengths] = [[], [], []];
    columns = memoryColumns(db, player_id, session_id, 0);
    from = 0;
  }
  for (let i = from; i < columns.ids.length; i++) {
    story.ids.push(columns.ids[i]);
    story.message_ids.push(columns.message_ids[i]);
    story.lengths.push(columns.lengths[i]);
  }
  const end = story.ids.at(-1) ?? 0;
  if (story.settled < 0 || end - story.settled > MOST_FRESH) story.settled = end;
  else if (columns.ids.length > from) {
    indexFresh(db, player_id, session_id, Math.max(last ?? 0, story.settled));
  }
}

/** The lore that the player can meet in the question's world. Throws StoreError. */
export function loreCorpus(db: Database, player_id: string, world_id: string, known: KnownUnits): UnitCorpus {
  const key = JSON.stringify([player_id, world_id]);
  const state = loreState(db, player_id, world_id);
  const before = known.lore.get(key);
  if (before?.state === state) {
    keep(known.lore, key, before);
    return before.corpus;
  }
  const { ids, lengths, groups } = loreColumns(db, player_id, world_id);
  let at = -1;
  const places = ids.map((_, i) => at += i > 0 && groups[i] !== groups[i - 1] ? HEADING_GAP : 1);
  const pieces = new Map<number, number>();
  for (const group of groups) pieces.set(group, (pieces.get(group) ?? 0) + 1);
  const units = corpusOf(Int32Array.from(ids), Int32Array.from(places), at + 1, Float64Array.from(lengths));
  const span = spanOf(ids);
  const find = isDense(span, ids.length)
    ? (phrase: string, prefix: boolean, span: IdSpan) => findWithin(db, "lore", phrase, prefix, span)
    : (phrase: string, prefix: boolean, span: IdSpan) =>
      findLore(db, player_id, world_id, phrase, prefix, span);
  const corpus = {
    ...units,
    slotsWith: lookUp(new Postings(), span, find, units.slotOf),
    slotsOfMessage: () => [],
    underHeading: (slot: number) => pieces.get(groups[slot]) ?? 0,
  };
  keep(known.lore, key, { state, corpus });
  return corpus;
}

// As the newest; the oldest beyond the limit is forgotten.
function keep<Kept>(kept: Map<string, Kept>, key: string, value: Kept): void {
  kept.delete(key);
  kept.set(key, value);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
}

function corpusOf(
  ids: Int32Array,
  place: Int32Array,
  places: number,
  length: Float64Array,
): Omit<UnitCorpus, "slotsWith" | "slotsOfMessage" | "underHeading"> {
  const size = ids.length;
  let bytes = 0;
  for (let slot = 0; slot < size; slot++) bytes += length[slot];
  const span = spanOf(ids);
  return {
    ids,
    size,
    place,
    places,
    length,
    average_length: Math.max(1, bytes / Math.max(1, size)),
    slotOf: isDense(span, size) ? slotTable(ids, span) : slotMap(ids),
  };
}

function lookUp(
  postings: Postings,
  span: IdSpan,
  find: (phrase: string, prefix: boolean, span: IdSpan) => number[],
  slotOf: UnitCorpus["slotOf"],
): UnitCorpus["slotsWith"] {
  return (asked) => {
    const slots: number[] = [];
    for (const id of postings.find(asked, span, (span) => find(asked.phrase, asked.prefix, span))) {
      const slot = slotOf(id);
      if (slot >= 0) slots.push(slot);
    }
    return slots;
  };
}

function spanOf(ids: ArrayLike<number>): IdSpan {
  let [first, last] = [ids[0] ?? 0, -1];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < first) first = ids[i];
    if (ids[i] > last) last = ids[i];
  }
  return { first, last };
}

// Whether few enough units of others lie between.
function isDense({ first, last }: IdSpan, count: number): boolean {
  return last - first < SPARSE * count;
}

function slotTable(ids: Int32Array, { first, last }: IdSpan): UnitCorpus["slotOf"] {
  const slots = new Int32Array(Math.max(0, last - first + 1)).fill(-1);
  for (let slot = 0; slot < ids.length; slot++) slots[ids[slot] - first] = slot;
  return (unit_id) => slots[unit_id - first] ?? -1;
}

function slotMap(ids: Int32Array): UnitCorpus["slotOf"] {
  const slots = new Map<number, number>();
  for (let slot = 0; slot < ids.length; slot++) slots.set(ids[slot], slot);
  return (unit_id) => slots.get(unit_id) ?? -1;
}

// The first index whose value is not below `value`.
function lowerBound(sorted: Int32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Walks up from the leaf only until it meets what is known. Parents never change and ids are never used twice.
function followPath(db: Database, player_id: string, leaf_id: number, path: KnownPath): void {
  const fresh: number[] = [];
  let known = 0;
  for (const id of pathIds(db, player_id, leaf_id)) {
    const at = path.place[id - path.ids[0]] ?? -1;
    if (at >= 0) {
      known = at + 1;
      break;
    }
    fresh.push(id);
  }
  if (known === 0) [path.ids, path.place] = [[], new Int32Array(0)];
  for (const id of path.ids.splice(known)) path.place[id - path.ids[0]] = -1;
  if (fresh.length === 0) return;
  const root = path.ids.length > 0 ? path.ids[0] : fresh[fresh.length - 1];
  if (path.place.length <= leaf_id - root) {
    const room = new Int32Array(Math.ceil((leaf_id - root + 1) * 1.2)).fill(-1);
    room.set(path.place);
    path.place = room;
  }
  for (const id of fresh.reverse()) {
    path.place[id - root] = path.ids.length;
    path.ids.push(id);
  }
}
