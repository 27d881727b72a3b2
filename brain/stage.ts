/** Where a player stands: the story that is shown, who tells it, its world and character; and what faces are shown of it. */

import type { Event } from "../shared/protocol.ts";
import type { PlayerState, Session } from "../shared/story.ts";
import { PAGE_SIZE } from "./commands/story_commands.ts";
import type { Deps } from "./deps.ts";
import { defaultModel } from "./llm/picker.ts";
import type { Scene } from "./open_turn.ts";
import { bare, pathPage } from "./store/messages.ts";
import { recalledCounts } from "./store/prompts.ts";
import { getSession, lastNarrator } from "./store/sessions.ts";

const FEW_COMPLAINTS = 3;

/** The session that is shown; undefined before the first. */
export function sessionOf(deps: Deps, player_id: string, state: PlayerState): Session | undefined {
  return state.session_id === "" ? undefined : getSession(deps.db, player_id, state.session_id);
}

/** Who narrates a new story: the chosen model, else the default one. */
export function modelOf(deps: Deps, player_id: string, state: PlayerState): string {
  if (state.model !== "") return state.model;
  return defaultModel(deps.config, deps.catalogue.models(), lastNarrator(deps.db, player_id));
}

/** World, character and rules of a turn, or the sentence that says what is missing. */
export function sceneOf(deps: Deps, session: Session, state: PlayerState): Scene | string {
  const { library } = deps;
  const world = library.worlds().find((world) => world.id === session.world_id);
  const character = library.characters().find((character) => character.id === session.character_id);
  if (world === undefined) {
    return `✗ The world ${session.world_id} of this story is not there any more. Is its file broken?`;
  }
  if (character === undefined) {
    return `✗ The character ${session.character_id} of this story is not there any more. Is its file broken?`;
  }
  const known = library.rules();
  const rules = state.rules.flatMap((id) => known.find((rule) => rule.id === id) ?? []);
  const model = session.model === "" ? modelOf(deps, session.player_id, state) : session.model;
  return { session: { ...session, model }, world, character, rules, base_rules: library.baseRules() };
}

/** The newest messages of the shown path, without `writing_id`, the reply that is still being written. */
export function historyOf(
  deps: Deps,
  player_id: string,
  session: Session | undefined,
  writing_id: number | undefined,
): Event {
  const page = session === undefined
    ? { history: [], more: false }
    : pathPage(deps.db, player_id, session.leaf_id, { limit: PAGE_SIZE });
  const history = page.history.filter((message) => message.id !== writing_id).map(bare);
  // Its end could not be saved, on a full disk: nobody writes it any more.
  for (const message of history) if (message.status === "writing") message.status = "stopped";
  const recalled = recalledCounts(deps.db, player_id, history.map(({ id }) => id));
  return {
    event: "chat_history",
    content: "",
    ref: null,
    metadata: { history, more: page.more, recalled },
  };
}

/** What is wrong with files and settings, a line each; many end with their number, for a face may show the last alone. */
export function complaintsOf(deps: Deps): string[] {
  const conditions = deps.conditions?.() ?? [];
  const faults = [...deps.config.complaints, ...conditions];
  const lines = [...faults.map((text) => `✗ ${text}`), ...problemLines(deps.library)];
  if (lines.length <= FEW_COMPLAINTS) return lines;
  return [...lines, `✗ ${lines.length} things are wrong with your files and settings: /log names each.`];
}

/** What is wrong with the files of worlds, characters and rules, a line each. */
export function problemLines(library: Deps["library"]): string[] {
  return library.problems().map(({ file, line, col, reason }) => `✗ ${file}:${line}:${col}: ${reason}`);
}
