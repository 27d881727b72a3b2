/** The state of a player as faces see it, and what of it a face has already. Pure. */

import { firstCharacters } from "../shared/characters.ts";
import type { SyncState } from "../shared/protocol.ts";
import type { Character, Model, PlayerState, Rule, World } from "../shared/story.ts";
import { sessionItem } from "./commands/session_commands.ts";
import type { SessionSummary } from "./store/sessions.ts";

export interface SnapshotParts {
  state: PlayerState;
  model: string;
  worlds: World[];
  characters: Character[];
  rules: Rule[];
  models: Model[];
  sessions: SessionSummary[];
}

/** The whole state with all lists. */
export function snapshot(parts: SnapshotParts): SyncState {
  const { state } = parts;
  return {
    model: parts.model,
    model_confirmed: parts.model !== "",
    world_id: state.world_id,
    character_id: state.character_id,
    session_id: state.session_id,
    active_rules: state.rules,
    available_worlds: parts.worlds.map((world) => ({
      id: world.id,
      name: world.name,
      hook: unchosen(world.hook),
      opening: firstSentence(unchosen(world.start_message || world.scene)),
      characters: world.characters,
      first_line: world.narrator?.first_line ?? "",
    })),
    available_characters: parts.characters.map((character) => ({
      id: character.id,
      name: character.name,
      about: firstSentence(unchosen(character.persona, character.name)),
    })),
    available_models: parts.models.map((model) => ({
      id: model.id,
      name: model.name,
      prompt_price: model.prompt_price ?? 0,
      completion_price: model.completion_price ?? 0,
      price_known: model.prompt_price !== null && model.completion_price !== null,
      local: model.local,
      context: model.context ?? 0,
    })),
    available_rules: parts.rules.map(({ id, name, prompt }) => ({
      id,
      name,
      about: firstSentence(unchosen(prompt)),
    })),
    available_sessions: parts.sessions.map(sessionItem),
  };
}

/** A text for a list, where nobody is chosen yet: {{user}} is whoever reads it, or the character it is about. */
function unchosen(text: string, user = "you"): string {
  return text.replace(
    /\{\{\s*(user|char)\s*\}\}/gi,
    (_all, word: string) => word.toLowerCase() === "user" ? user : "the narrator",
  );
}

const LISTS = [
  "available_worlds",
  "available_characters",
  "available_models",
  "available_rules",
  "available_sessions",
] as const;

/** Leaves out the lists that were sent before; `known` holds what was sent, by list, and is brought up to date. */
export function withoutKnown(whole: SyncState, known: Map<string, string>): SyncState {
  const sent = { ...whole };
  for (const name of LISTS) {
    const text = JSON.stringify(whole[name]);
    if (known.get(name) === text) sent[name] = null;
    else known.set(name, text);
  }
  return sent;
}

/** Up to the first `.`, `!` or `?` that ends a sentence; the first line when there is none. */
function firstSentence(text: string): string {
  const flat = text.trim().replace(/\s+/g, " ");
  const end = /^.*?[.!?]["'”’)]*(?=\s|$)/.exec(flat);
  return end === null ? firstCharacters(flat, 160) : end[0];
}
