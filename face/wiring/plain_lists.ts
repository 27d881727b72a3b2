/** What plain mode offers and takes: lists in lines, and what was typed for one of them. */

import type { CharacterItem, SyncState, WorldItem } from "../../shared/protocol.ts";
import { sanitizeLine } from "../text/sanitize.ts";

export interface Choice {
  id: string;
  name: string;
}

/** The question, a numbered line for each, and how to answer. */
export function listText<Item extends Choice>(
  question: string,
  items: readonly Item[],
  what: (item: Item) => string,
): string {
  const rows = items.map((item, at) => {
    const about = sanitizeLine(what(item));
    return `  ${at + 1}  ${sanitizeLine(item.name)}${about === "" ? "" : `: ${about}`}`;
  });
  return `${question}\n${rows.join("\n")}\nA number or a name; Enter takes the first.\n> `;
}

/** One of `items` by its number from 1, its id or its name. */
export function chosen<Item extends Choice>(typed: string, items: readonly Item[]): Item | undefined {
  return /^\d{1,4}$/.test(typed) ? items[Number(typed) - 1] : named(typed, items);
}

/** One of `items` by id, or by name in any case. */
export function named<Item extends Choice>(typed: string, items: readonly Item[]): Item | undefined {
  const wanted = typed.toLowerCase();
  return items.find((item) => item.id === typed || item.name.toLowerCase() === wanted);
}

/** What is said to somebody who chose from a list what is not in it. */
export function missing(typed: string, items: readonly Choice[]): string {
  const last = items.length === 1 ? "There is one: 1." : `There are 1 to ${items.length}.`;
  return `There is no ${JSON.stringify(typed.slice(0, 60))} here. ${last}`;
}

/** What is said to a script that named what there is not, or nothing; `noun` is also the option's name. */
export function notOffered(typed: string, items: readonly Choice[], noun: string): string {
  const there = items.map((item) => item.id).join(", ");
  return typed === ""
    ? `Which ${noun}? Name one with --${noun}: ${there}.`
    : `There is no ${noun} ${JSON.stringify(typed.slice(0, 60))}. There are: ${there}.`;
}

/** The characters, those that the world suggests first. */
export function offeredIn(world: WorldItem, characters: readonly CharacterItem[]): CharacterItem[] {
  const suggested = world.characters.flatMap((id) => characters.filter((item) => item.id === id));
  return [...suggested, ...characters.filter((item) => !suggested.includes(item))];
}

/** Keeps the lists that a later state leaves out. */
export function merged(before: SyncState | null, now: SyncState): SyncState {
  if (before === null) return now;
  return {
    ...now,
    available_worlds: now.available_worlds ?? before.available_worlds,
    available_characters: now.available_characters ?? before.available_characters,
    available_models: now.available_models ?? before.available_models,
    available_rules: now.available_rules ?? before.available_rules,
    available_sessions: now.available_sessions ?? before.available_sessions,
  };
}
