/** The keys as they work: the table of keys with the player's changes, and what an event of the terminal means in it. */

import { type Action, type KeyContext, type KeyRow, KEYS, PLACES } from "./key_rows.ts";
import type { TermEvent } from "./term/keys.ts";

/** Every place where keys work. */
export const CONTEXTS = Object.keys(PLACES) as KeyContext[];

/** The keys as they are: the table, and what the player made of it. */
export interface Keymap {
  rows: readonly KeyRow[];
  by_chord: ReadonlyMap<string, Action>;
}

/** A line of keys.yaml. `action` null: the chord does nothing there. `context` null: wherever the action works. */
export interface KeyChange {
  chord: string;
  context: KeyContext | null;
  action: Action | null;
}

function keymapOf(rows: readonly KeyRow[]): Keymap {
  const by_chord = new Map<string, Action>();
  for (const { context, chords, action } of rows) {
    for (const chord of chords) by_chord.set(`${context} ${chord}`, action);
  }
  return { rows, by_chord };
}

export const DEFAULT_KEYS: Keymap = keymapOf(KEYS);

/** The table with the player's changes. A chord with Ctrl or Alt, or a named key, means one thing everywhere. */
export function createKeymap(changes: readonly KeyChange[]): Keymap {
  let rows: KeyRow[] = [...KEYS];
  for (const { chord, context, action } of changes) {
    const homes = new Set(
      context !== null ? [context] : KEYS.filter((row) => row.action === action).map((row) => row.context),
    );
    const everywhere = context === null && (action === null || chord.length > 1);
    rows = rows.map((row) => {
      const leaves = row.chords.includes(chord) && (everywhere || homes.has(row.context));
      return leaves ? changed(row, row.chords.filter((other) => other !== chord)) : row;
    });
    for (const home of action === null ? [] : homes) {
      const at = rows.findIndex((row) => row.context === home && row.action === action);
      if (at >= 0) rows[at] = changed(rows[at], [chord, ...rows[at].chords]);
      else if (action !== null) {
        const help = KEYS.find((row) => row.action === action && row.help !== "")?.help;
        rows.push({
          context: home,
          chords: [chord],
          action,
          label: labelOf(chord),
          help: help ?? action.replaceAll("_", " "),
        });
      }
    }
  }
  return keymapOf(rows);
}

function changed(row: KeyRow, chords: string[]): KeyRow {
  return { ...row, chords, label: row.label === "" ? "" : chords.slice(0, 2).map(labelOf).join(", ") };
}

const NAMES_OF_KEYS: Record<string, string> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pgup: "PgUp",
  pgdn: "PgDn",
};

/** `Ctrl+K` for `ctrl+k`. */
export function labelOf(chord: string): string {
  const parts = chord.length > 1 ? chord.split("+") : [chord];
  const key = parts.pop() || "+";
  const bare = parts.length === 0 && key.length === 1;
  const name = NAMES_OF_KEYS[key] ?? (bare ? key : key[0].toUpperCase() + key.slice(1));
  return [...parts.map((part) => part[0].toUpperCase() + part.slice(1)), name].join("+");
}

/** The first key of an action where it works, as the status row writes it; empty: none. */
export function keyFor(keys: Keymap, context: KeyContext, action: Action): string {
  const chord = keys.rows.find((row) => row.context === context && row.action === action)?.chords[0];
  return chord === undefined ? "" : labelOf(chord);
}

/** `ctrl+left`, `shift+enter`, `a`; null for what is no single key. */
export function chordOf(event: TermEvent): string | null {
  if (event.kind === "text") return event.text === " " ? "space" : event.text;
  if (event.kind !== "key") return null;
  const shift = event.shift && (event.key.length > 1 || event.ctrl || event.alt);
  return `${event.ctrl ? "ctrl+" : ""}${event.alt ? "alt+" : ""}${shift ? "shift+" : ""}${event.key}`;
}

/** What a key does in the first of `contexts` that knows it. */
export function actionFor(
  contexts: readonly KeyContext[],
  event: TermEvent,
  keys: Keymap = DEFAULT_KEYS,
): Action | null {
  const chord = chordOf(event);
  if (chord === null) return null;
  for (const context of contexts) {
    const action = keys.by_chord.get(`${context} ${chord}`);
    if (action !== undefined) return action;
  }
  return null;
}

/** The keys page: a heading per context, then label and help. How to leave the page itself, its foot says. */
export function keyHelp(
  keys: Keymap = DEFAULT_KEYS,
): { heading: string; place: KeyContext; rows: { label: string; help: string; action: Action }[] }[] {
  return CONTEXTS.filter((place) => place !== "sheet").map((place) => ({
    heading: PLACES[place],
    place,
    rows: keys.rows.filter((key) => key.context === place && key.label !== "")
      .map(({ label, help, action }) => ({ label, help, action })),
  }));
}
