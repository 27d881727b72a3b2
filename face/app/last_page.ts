/** The page as it stood when the face was left: drawn again at once, until the brain tells how the story stands now. */

import type { EventOf, SyncState } from "../../shared/protocol.ts";
import {
  EMPTY_TRANSCRIPT,
  endTelling,
  setHistory,
  type Transcript,
  withRecalled,
} from "../widgets/transcript.ts";
import type { Model } from "./model.ts";
import type { Story } from "./story.ts";

/** What a brain would send for it: the state without what was not chosen, and the end of the story. */
export interface LastPage {
  state: SyncState;
  history: EventOf<"chat_history">["metadata"];
}

/** As many as the brain will send, so that nothing on the screen changes when it does. */
const PAGE_MESSAGES = 50;
/** More than any screen holds; the newest message is taken whole. */
const PAGE_CHARACTERS = 65_536;
/** A message beyond this is not kept: it would cost more to draw than the brain takes to start. */
const MAX_CHARACTERS = 200_000;

/** What is to be kept of the model; null: no story stands open, or nothing of it was told yet. */
export function lastPageOf(model: Model): LastPage | null {
  const { story } = model;
  // What is being told a second time is there already.
  const { messages, recalled, more } = endTelling(model.transcript);
  if (story.session_id === "" || model.whose !== "") return null;
  let from = messages.length;
  const first = Math.max(0, messages.length - PAGE_MESSAGES);
  for (let left = PAGE_CHARACTERS; from > first && left > 0; from--) {
    left -= messages[from - 1].content.length;
  }
  const history = messages.slice(from);
  const newest = history.at(-1);
  if (newest === undefined || newest.content.length > MAX_CHARACTERS) return null;
  const chosen = <Item extends { id: string }>(items: readonly Item[], ...ids: string[]): Item[] =>
    items.filter(({ id }) => ids.includes(id));
  return {
    state: {
      model: story.model,
      model_confirmed: true,
      world_id: story.world_id,
      character_id: story.character_id,
      session_id: story.session_id,
      active_rules: [...story.active_rules],
      available_worlds: chosen(story.worlds, story.world_id),
      available_characters: chosen(story.characters, story.character_id),
      available_models: chosen(story.models, story.model),
      available_rules: chosen(story.rules, ...story.active_rules),
      available_sessions: chosen(story.sessions, story.session_id),
    },
    history: {
      history,
      more: from > 0 || more,
      recalled: history.flatMap(({ id }) => {
        const counts = recalled.get(id);
        return counts === undefined ? [] : [{ message_id: id, ...counts }];
      }),
    },
  };
}

/** The transcript that a page begins with. */
export function transcriptOf(page: LastPage | null): Transcript {
  if (page === null) return EMPTY_TRANSCRIPT;
  const { history, more, recalled } = page.history;
  return withRecalled(setHistory(EMPTY_TRANSCRIPT, history, more), recalled);
}

/** The story of a page: known, but not yet from the brain. */
export function storyOf(page: LastPage): Story {
  const { state } = page;
  return {
    synced: false,
    model: state.model,
    world_id: state.world_id,
    character_id: state.character_id,
    session_id: state.session_id,
    active_rules: state.active_rules,
    worlds: state.available_worlds ?? [],
    characters: state.available_characters ?? [],
    models: state.available_models ?? [],
    rules: state.available_rules ?? [],
    sessions: state.available_sessions ?? [],
  };
}
