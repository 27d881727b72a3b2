/** Searching the story: words are typed in the editor's place, then n and N walk from place to place. */

import type { Action } from "../key_rows.ts";
import { type Editor, EMPTY_EDITOR, setText } from "../widgets/editor.ts";
import { findHits, type Hit, type Hits } from "../widgets/found.ts";
import { type Scroll, scrollToRow } from "../widgets/page.ts";
import { endTelling } from "../widgets/transcript.ts";
import { geometry, pageContext } from "./geometry.ts";
import { type Model, NO_POPUP, type Result } from "./model.ts";
import { askBefore } from "./seek.ts";

export interface Search {
  /** While typing, the words stand in the editor; then they are kept here. */
  typing: boolean;
  words: string;
  hits: Hits;
  by_id: ReadonlyMap<number, Hits>;
  /** The place that is shown; -1: none. */
  at: number;
  /** Earlier pages are being asked for. */
  looking: boolean;
  /** What stood in the editor, and where the page stood. */
  stash: Editor;
  from: Scroll;
}

/** The field opens, or is filled with other words. */
export function openSearch(model: Model, words: string, now_ms: number): Model {
  const told = { ...model, transcript: endTelling(model.transcript), desk: null, editing: null };
  const open = told.search;
  const search: Search = {
    typing: true,
    words: "",
    hits: [],
    by_id: new Map(),
    at: -1,
    looking: false,
    stash: open?.stash ?? told.editor,
    from: open?.from ?? told.scroll,
  };
  const editor = setText(EMPTY_EDITOR, words !== "" ? words : open?.words ?? "");
  return searched({ ...told, editor, popup: NO_POPUP, search }, now_ms);
}

/** The places for what stands in the field now; the newest is shown. */
export function searched(model: Model, now_ms: number): Model {
  const { search } = model;
  if (search === null || !search.typing || search.words === model.editor.text) return model;
  const found = withHits(search, findHits(model.transcript.messages, model.editor.text));
  const at = found.hits.length - 1;
  const after = { ...model, search: { ...found, words: model.editor.text, at, looking: false } };
  return at < 0 ? { ...after, scroll: search.from } : shown(after, now_ms);
}

function withHits(search: Search, hits: Hits): Search {
  const by_id = new Map<number, Hit[]>();
  for (const hit of hits) {
    const known = by_id.get(hit.id);
    if (known === undefined) by_id.set(hit.id, [hit]);
    else known.push(hit);
  }
  return { ...search, hits, by_id };
}

/** The page scrolled to the place that is looked at. */
function shown(model: Model, now_ms: number): Model {
  const { search } = model;
  const hit = search?.hits[search.at];
  if (hit === undefined) return model;
  const { page_height } = geometry(model);
  const scroll = scrollToRow(pageContext(model, now_ms), model.scroll, page_height, hit.id, hit.start);
  return { ...model, scroll };
}

/** What a key of the search does. */
export function updateSearch(model: Model, action: Action, now_ms: number): Result {
  const { search } = model;
  if (search === null) return [model, []];
  switch (action) {
    case "search_older":
      if (search.at > 0) return [shown({ ...model, search: { ...search, at: search.at - 1 } }, now_ms), []];
      return lookFurther(model, search, now_ms);
    case "search_newer": {
      const at = Math.min(search.hits.length - 1, search.at + 1);
      return [shown({ ...model, search: { ...search, at, looking: false } }, now_ms), []];
    }
    case "search_keep":
      if (!search.typing) return [endSearch(model, false), []];
      if (search.at < 0) return [endSearch(model), []];
      return [{ ...model, editor: search.stash, search: { ...search, typing: false } }, []];
    default:
      return [model, []];
  }
}

/** Above the first place that is loaded, earlier pages are asked for. */
function lookFurther(model: Model, search: Search, now_ms: number): Result {
  if (search.words.trim() === "") return [model, []];
  const asked = askBefore({ ...model, search: { ...search, looking: true } }, now_ms);
  return asked ?? [{ ...model, search: { ...search, looking: false } }, []];
}

/** An earlier page came. */
export function searchFurther(model: Model, now_ms: number): Result {
  const { search } = model;
  if (search === null || search.words === "") return [model, []];
  const found = withHits(search, findHits(model.transcript.messages, search.words));
  const more = found.hits.length - search.hits.length;
  const at = search.at < 0 ? (more > 0 ? found.hits.length - 1 : -1) : search.at + more;
  const after = { ...model, search: { ...found, at } };
  if (!search.looking) return [after, []];
  if (more === 0) return lookFurther(after, after.search, now_ms);
  const to = search.at < 0 ? at : Math.max(0, at - 1);
  return [shown({ ...after, search: { ...after.search, at: to, looking: false } }, now_ms), []];
}

/** The draft comes back. `returns`: so does the place where the page stood. */
export function endSearch(model: Model, returns = true): Model {
  const { search } = model;
  if (search === null) return model;
  const editor = search.typing ? search.stash : model.editor;
  return { ...model, search: null, editor, scroll: returns ? search.from : model.scroll };
}

/** `3 of 12`, for the rule. */
export function searchState(model: Model): string {
  const { search } = model;
  if (search === null) return "";
  if (search.looking) return "looking further back";
  if (search.words.trim() === "") return "";
  const { more } = model.transcript;
  if (search.hits.length === 0) return more ? "not on these pages" : "not in this story";
  return `${search.at + 1} of ${search.hits.length}${more ? " so far" : ""}`;
}
