/** The list of stories is searched across all their text: the brain is asked once the typing rests. */

import type { FoundStory, SessionItem } from "../../shared/protocol.ts";
import { commandOf } from "./completion.ts";
import type { Model, Result } from "./model.ts";
import { send } from "./say.ts";

export interface StorySearch {
  /** What was typed in the list of stories; empty: nothing, or no such list. */
  words: string;
  /** When the brain is asked; null: it was, or need not be. */
  due_ms: number | null;
  /** The request that is under way. */
  ref: string | null;
  /** Quotes by the id of the story, for these words. */
  found: ReadonlyMap<string, string>;
  /** Those found that the list of stories, which holds the newest, does not. */
  older: readonly SessionItem[];
}

export const NO_STORY_SEARCH: StorySearch = {
  words: "",
  due_ms: null,
  ref: null,
  found: new Map(),
  older: [],
};

const REST_MS = 200;
const SHORTEST = 2;
const ASK = "/session search";

/** Notes what is typed in the list of stories now. */
export function followTyping(model: Model, now_ms: number): Model {
  const words = wordsOf(model);
  if (words === model.story_search.words) return model;
  const asks = words.length >= SHORTEST && model.commands.some((command) => command.name === ASK);
  return { ...model, story_search: { ...NO_STORY_SEARCH, words, due_ms: asks ? now_ms + REST_MS : null } };
}

function wordsOf(model: Model): string {
  const { text } = model.editor;
  if (!text.startsWith("/session ") || model.search !== null) return "";
  const found = commandOf(text, model.commands);
  return found?.command.arguments[0]?.kind === "session" ? found.rest.trim() : "";
}

/** Asks the brain when it is time. */
export function askForStories(model: Model, now_ms: number): Result {
  const { due_ms, words } = model.story_search;
  if (due_ms === null || now_ms < due_ms) return [model, []];
  if (model.connection.kind !== "connected") {
    return [{ ...model, story_search: { ...model.story_search, due_ms: null } }, []];
  }
  const [after, effects] = send(model, `${ASK} ${words}`, now_ms);
  const ref = effects[0]?.kind === "say" ? effects[0].ref : null;
  return [{ ...after, story_search: { ...model.story_search, due_ms: null, ref } }, effects];
}

/** The answer, or null: it is none of ours. */
export function storiesFound(
  model: Model,
  ref: string | null,
  found: readonly FoundStory[] | null,
): Model | null {
  if (ref === null || ref !== model.story_search.ref) return null;
  const quotes = new Map((found ?? []).map((item) => [item.session_id, item.quote]));
  const listed = new Set(model.story.sessions.map(({ id }) => id));
  const older = (found ?? []).flatMap(({ story }) => story === null || listed.has(story.id) ? [] : [story]);
  return { ...model, story_search: { ...model.story_search, ref: null, found: quotes, older } };
}
