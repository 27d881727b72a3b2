/** The story on the stage, as the brain tells of it: which world, who plays, who narrates, and what else there is. */

import type {
  CharacterItem,
  ModelItem,
  RuleItem,
  SessionItem,
  SyncState,
  WorldItem,
} from "../../shared/protocol.ts";
import { NARRATOR_ID } from "../../shared/story.ts";

/** What the brain told about this player; `synced` false before it did. */
export interface Story {
  synced: boolean;
  model: string;
  world_id: string;
  character_id: string;
  session_id: string;
  active_rules: readonly string[];
  worlds: readonly WorldItem[];
  characters: readonly CharacterItem[];
  models: readonly ModelItem[];
  rules: readonly RuleItem[];
  sessions: readonly SessionItem[];
}

export const NO_STORY: Story = {
  synced: false,
  model: "",
  world_id: "",
  character_id: "",
  session_id: "",
  active_rules: [],
  worlds: [],
  characters: [],
  models: [],
  rules: [],
  sessions: [],
};

/** The brain's state taken over; lists that were left out stay. */
export function withSync(story: Story, sync: SyncState): Story {
  return {
    synced: true,
    model: sync.model,
    world_id: sync.world_id,
    character_id: sync.character_id,
    session_id: sync.session_id,
    active_rules: sync.active_rules,
    worlds: sync.available_worlds ?? story.worlds,
    characters: sync.available_characters ?? story.characters,
    models: sync.available_models ?? story.models,
    rules: sync.available_rules ?? story.rules,
    sessions: sync.available_sessions ?? story.sessions,
  };
}

/** Name of a world, or its id while the name is not known. */
export function worldName(story: Story): string {
  return story.worlds.find((world) => world.id === story.world_id)?.name ?? story.world_id;
}

/** Name of the character played, or its id while the name is not known. */
export function characterName(story: Story): string {
  return story.characters.find((character) => character.id === story.character_id)?.name ??
    story.character_id;
}

/** The narrator as the header names it: without its vendor, and said if it is local. */
export function narratorName(story: Story): string {
  if (story.model === "") return "";
  if (story.model === NARRATOR_ID) return "built-in narrator";
  const known = story.models.find((item) => item.id === story.model);
  const short = story.model.slice(story.model.lastIndexOf("/") + 1);
  return known?.local === true && known.completion_price === 0 ? `${short}, local` : short;
}
