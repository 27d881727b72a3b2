/** What recall keeps in mind between questions: the path of the story, and the units of a story and of a world by slot. */
import type { Database } from "../store/database.ts";
import { loreColumns, loreState, memoryColumns } from "../store/memories.ts";
import { pathIds } from "../store/messages.ts";
import type { Corpus } from "./rank.ts";
import type { RecallQuestion } from "./recall.ts";

/** Between pieces under different headings, so that neither lends to the other. */
const HEADING_GAP = 2;

export interface UnitCorpus extends Corpus {
  ids: number[];
  /** The slot of a unit that may come back; -1: of no use here. */
  slotOf(unit_id: number): number;
  slotsOfMessage(message_id: number): number[];
  /** How many pieces stand under the heading of this one; 0 in a story. */
  underHeading(slot: number): number;
}

/** The story and the world asked about last: the next question mostly needs only what has been added since. */
export interface KnownUnits {
  path: { ids: number[]; place: Map<number, number> };
  story: { session_id: string; player_id: string; ids: number[]; message_ids: number[]; lengths: number[] };
  lore: { key: string; corpus: UnitCorpus | null };
}

export function emptyKnown(): KnownUnits {
  return {
    path: { ids: [], place: new Map() },
    story: { session_id: "", player_id: "", ids: [], message_ids: [], lengths: [] },
    lore: { key: "", corpus: null },
  };
}

/** The units of the story that the question may find: on the path to its leaf, no longer visible. Throws StoreError. */
export function storyCorpus(db: Database, question: RecallQuestion, known: KnownUnits): UnitCorpus | null {
  const { player_id, session_id, leaf_id } = question;
  if (leaf_id === null) return null;
  followPath(db, player_id, leaf_id, known.path);
  if (known.story.session_id !== session_id || known.story.player_id !== player_id) {
    known.story = { session_id, player_id, ids: [], message_ids: [], lengths: [] };
  }
  const { story, path } = known;
  const added = memoryColumns(db, player_id, session_id, story.ids.at(-1) ?? 0);
  for (let i = 0; i < added.ids.length; i++) {
    story.ids.push(added.ids[i]);
    story.message_ids.push(added.message_ids[i]);
    story.lengths.push(added.lengths[i]);
  }
  const visible = new Set(question.visible_ids);
  const ids: number[] = [];
  const places: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < story.ids.length; i++) {
    const at = path.place.get(story.message_ids[i]);
    if (at === undefined || visible.has(story.message_ids[i])) continue;
    ids.push(story.ids[i]);
    places.push(at);
    lengths.push(story.lengths[i]);
  }
  const corpus = corpusOf(ids, places, path.ids.length, lengths);
  return {
    ...corpus,
    underHeading: () => 0,
    slotsOfMessage(message_id) {
      const at = path.place.get(message_id);
      if (at === undefined) return [];
      // Slots stand in the order of ids, and messages are remembered in the order of the path, nearly always.
      const slots: number[] = [];
      for (let slot = lowerBound(places, at); slot < places.length && places[slot] === at; slot++) {
        slots.push(slot);
      }
      return slots;
    },
  };
}

/** The lore that the player can meet in the question's world. Throws StoreError. */
export function loreCorpus(db: Database, player_id: string, world_id: string, known: KnownUnits): UnitCorpus {
  const key = JSON.stringify([player_id, world_id, loreState(db, player_id, world_id)]);
  if (known.lore.key === key && known.lore.corpus !== null) return known.lore.corpus;
  const { ids, lengths, groups } = loreColumns(db, player_id, world_id);
  let at = -1;
  const places = ids.map((_, i) => at += i > 0 && groups[i] !== groups[i - 1] ? HEADING_GAP : 1);
  const pieces = new Map<number, number>();
  for (const group of groups) pieces.set(group, (pieces.get(group) ?? 0) + 1);
  const corpus = {
    ...corpusOf(ids, places, at + 1, lengths),
    slotsOfMessage: () => [],
    underHeading: (slot: number) => pieces.get(groups[slot]) ?? 0,
  };
  known.lore = { key, corpus };
  return corpus;
}

function corpusOf(
  ids: number[],
  places: number[],
  count: number,
  lengths: number[],
): Omit<UnitCorpus, "slotsOfMessage" | "underHeading"> {
  const low = ids.reduce((low, id) => Math.min(low, id), Infinity);
  const high = ids.reduce((high, id) => Math.max(high, id), -1);
  const slots = new Int32Array(ids.length === 0 ? 0 : high - low + 1).fill(-1);
  ids.forEach((id, slot) => slots[id - low] = slot);
  return {
    ids,
    size: ids.length,
    place: Int32Array.from(places),
    places: count,
    length: Float64Array.from(lengths),
    average_length: Math.max(
      1,
      lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length),
    ),
    slotOf: (unit_id) => slots[unit_id - low] ?? -1,
  };
}

// The first index whose value is not below `value`.
function lowerBound(sorted: number[], value: number): number {
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
function followPath(db: Database, player_id: string, leaf_id: number, path: KnownUnits["path"]): void {
  const fresh: number[] = [];
  let keep = 0;
  for (const id of pathIds(db, player_id, leaf_id)) {
    const at = path.place.get(id);
    if (at !== undefined) {
      keep = at + 1;
      break;
    }
    fresh.push(id);
  }
  for (const id of path.ids.splice(keep)) path.place.delete(id);
  for (const id of fresh.reverse()) {
    path.place.set(id, path.ids.length);
    path.ids.push(id);
  }
}
