/** The story so far: what the history drops, told in few words, as records that a player can see and change. */
import type { ChatMessage } from "../llm/provider.ts";
import type { Database } from "../store/database.ts";
import {
  addSummary,
  listSummaries,
  nearestAbove,
  type NewSummary,
  pathBetween,
  type SummaryRow,
} from "../store/summaries.ts";
import { grounded, type ToldMessage } from "./facts.ts";
import { clip, pickSentences } from "./pick.ts";

/** A record tells its stretch in at most so many words; in a small window in fewer. */
export const SUMMARY_WORDS = 120;
/** So many records of one layer are folded into one of the next. */
const FOLD = 2;
const TOP_LAYER = 3;
/** A text of a model with a smaller share of its words in the source tells another story. */
const LEAST_GROUND = 0.3;

/** Whose story, for how many words a record. The path is given by the messages at which its history is cut. */
export interface StoryPlace {
  player_id: string;
  session_id: string;
  /** The name of the player's character. */
  player: string;
  words: number;
}

/**
 * The records that tell the path from its beginning to `boundary` (the last message that the history left out), oldest
 * first, each the longest from where the one before ended; of equally long ones the newest. `told_to` is how far they
 * reach: null when not even the beginning is told.
 */
export function chooseStory(
  records: SummaryRow[],
  boundary: number,
): { chain: SummaryRow[]; told_to: number | null } {
  const chain: SummaryRow[] = [];
  let told_to: number | null = null;
  for (;;) {
    const next: SummaryRow | undefined = records
      .filter((record) =>
        record.prev_id === told_to && record.last_id <= boundary &&
        (record.after_id === null || boundary > record.after_id)
      )
      .toSorted((a, b) => b.last_id - a.last_id || b.id - a.id)[0];
    if (next === undefined) return { chain, told_to };
    chain.push(next);
    told_to = next.last_id;
  }
}

/**
 * The records of a session that tell the path up to `boundary`, whichever of them will be chosen: each ends where
 * another one begins, so that no long path has to be walked to know that they stand on it. Throws StoreError.
 */
export function recordsTo(
  db: Database,
  player_id: string,
  session_id: string,
  boundary: number,
): SummaryRow[] {
  const all = listSummaries(db, player_id, session_id);
  const end = nearestAbove(db, player_id, boundary, all.map(({ last_id }) => last_id));
  const places = new Set([end]);
  // Ids grow along a path: from the last to the first, each place is known before it is asked for.
  return all.toSorted((a, b) => b.last_id - a.last_id).filter((record) => {
    if (!places.has(record.last_id)) return false;
    places.add(record.prev_id);
    return true;
  }).sort((a, b) => a.id - b.id);
}

/**
 * The story so far up to `boundary`. What no record tells yet is told at once by picking sentences, and kept: so the
 * same text stands there until the history is cut again. Throws StoreError.
 */
export function storySoFar(
  db: Database,
  place: StoryPlace,
  boundary: number,
  now_ms: number,
): SummaryRow[] {
  const { player_id, session_id } = place;
  const { chain, told_to } = chooseStory(recordsTo(db, player_id, session_id, boundary), boundary);
  if (told_to === boundary) return chain;
  const messages = pathBetween(db, player_id, told_to, boundary);
  if (messages.length === 0) return chain;
  const made = addSummary(db, player_id, session_id, {
    first_id: messages[0].id,
    last_id: boundary,
    after_id: null,
    layer: 1,
    text: pickSentences(messages, place.player, place.words),
    origin: "extract",
    created_ms: now_ms,
  });
  return made === null ? chain : [...chain, made];
}

/** Work on the story so far, to be done while nobody waits. */
export type StoryJob =
  /** Tell messages: those that the next cut will drop, or those that picked sentences stand for now. */
  | { kind: "tell"; messages: ToldMessage[]; record: Omit<NewSummary, "text" | "origin" | "created_ms"> }
  /** Tell several records as one. */
  | { kind: "fold"; texts: string[]; record: Omit<NewSummary, "text" | "origin" | "created_ms"> };

/**
 * What is to be done on the story of this path, most urgent first. `boundary` is the last message that the history
 * leaves out now, `next` the last one that it will leave out after the next cut; null: none. With `by_model` false
 * only what picking sentences can do. What is made takes its place at the next cut, not before: the beginning of the
 * prompt stays as it is until then. Throws StoreError.
 */
export function storyJobs(
  db: Database,
  place: StoryPlace,
  cuts: { boundary: number | null; next: number | null },
  by_model: boolean,
): StoryJob[] {
  const { player_id, session_id } = place;
  const { boundary, next } = cuts;
  const records = boundary === null ? [] : recordsTo(db, player_id, session_id, boundary);
  const jobs: StoryJob[] = [];
  // What will stand there when the history is cut again: the late ones take their places then.
  const later = boundary === null ? [] : chooseStory(
    records.map((record) => ({
      ...record,
      after_id: record.after_id !== null && record.after_id <= boundary ? null : record.after_id,
    })),
    boundary,
  ).chain;
  if (by_model && next !== null && next > (boundary ?? 0)) {
    const known = listSummaries(db, player_id, session_id).some(({ prev_id, last_id, origin }) =>
      prev_id === boundary && last_id === next && origin !== "extract"
    );
    const messages = known ? [] : pathBetween(db, player_id, boundary, next);
    if (messages.length > 0) {
      const record = { first_id: messages[0].id, last_id: next, after_id: null, layer: 1 as const };
      jobs.push({ kind: "tell", messages, record });
    }
  }
  if (boundary === null) return jobs;
  const picked = by_model
    ? later.findLast(({ layer, origin }) => layer === 1 && origin === "extract")
    : undefined;
  if (picked !== undefined) {
    const messages = pathBetween(db, player_id, picked.prev_id, picked.last_id);
    const { first_id, last_id } = picked;
    jobs.push({ kind: "tell", messages, record: { first_id, last_id, after_id: boundary, layer: 1 } });
  }
  const folded = foldable(later);
  if (folded.length > 0) {
    const lowest = Math.min(...folded.map(({ layer }) => layer));
    const layer = lowest === 1 ? 2 : TOP_LAYER;
    jobs.push({
      kind: "fold",
      texts: folded.map(({ text }) => text),
      record: {
        first_id: folded[0].first_id,
        last_id: folded.at(-1)!.last_id,
        after_id: boundary,
        layer,
      },
    });
  }
  return jobs;
}

/** The first FOLD or more of one layer, and all from there on of the layers above, where there is a record to take them. */
function foldable(chain: SummaryRow[]): SummaryRow[] {
  for (const layer of [1, 2, TOP_LAYER]) {
    const places = chain.flatMap((record, index) => record.layer === layer ? [index] : []);
    if (places.length < FOLD) continue;
    const top = layer === 2 ? chain.findIndex((record) => record.layer === TOP_LAYER) : -1;
    const first = top >= 0 ? Math.min(top, places[0]) : places[0];
    // Whatever stands between goes with them: a record has no holes.
    return chain.slice(first, places.at(-1)! + 1);
  }
  return [];
}

/** The text of a job without a model. */
export function pickFor(job: StoryJob, place: StoryPlace): string {
  return job.kind === "tell" ? pickSentences(job.messages, place.player, place.words) : pickSentences(
    job.texts.map((content, index) => ({ id: index, role: "assistant" as const, content })),
    place.player,
    place.words,
  );
}

/** Asks a model for the text of a job. */
export function storyPrompt(job: StoryJob, place: StoryPlace): ChatMessage[] {
  const told = job.kind === "tell"
    ? job.messages.map(({ role, content }) =>
      `${role === "user" ? place.player : "Narrator"}: ${content.trim()}`
    )
    : job.texts;
  const what = job.kind === "tell"
    ? "Tell what happened above"
    : "These notes tell one story, the oldest first. Tell them as one";
  return [
    {
      role: "system",
      content:
        "You keep the record of a story: plain facts in the past tense, names instead of pronouns, in the " +
        "language of the text. No headings, no lists, no remarks, nothing that the text does not say.",
    },
    {
      role: "user",
      content:
        `${told.join("\n\n")}\n\n${what} in at most ${place.words} words: who did, said, promised, gave, ` +
        `owes or learnt what, where, and what is still open. "You" in the narrator's text is ${place.player}.`,
    },
  ];
}

/**
 * A model's text as it may stand in a record: one paragraph, at most `words` words, cut at a sentence's end. Null when
 * it is none, or tells what is not in the source.
 */
export function acceptSummary(answer: string, source: string, words: number): string | null {
  const text = answer.replace(/^\s*(?:#+|\*+)?\s*(?:summary|the story so far|record)\s*\**:\**\s*/i, "")
    .replace(/\s+/g, " ").trim();
  const cut = clip(text, words);
  return cut === "" || grounded(cut, source) < LEAST_GROUND ? null : cut;
}

/** The text that a job's answer must stand on. */
export function sourceOf(job: StoryJob, place: StoryPlace): string {
  const told = job.kind === "tell" ? job.messages.map(({ content }) => content) : job.texts;
  return [place.player, ...told].join("\n");
}

/** Keeps what was made for a job; null: its messages are there no more. Throws StoreError. */
export function keepStory(
  db: Database,
  place: StoryPlace,
  job: StoryJob,
  text: string,
  origin: "model" | "extract",
  now_ms: number,
): SummaryRow | null {
  return addSummary(db, place.player_id, place.session_id, {
    ...job.record,
    text,
    origin,
    created_ms: now_ms,
  });
}
