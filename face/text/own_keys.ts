/** The player's own keys: keys.yaml becomes changes to the table. */

import { type Action, type KeyContext, KEYS } from "../key_rows.ts";
import { CONTEXTS, type KeyChange, labelOf } from "../keymap.ts";
import { readFlat } from "./flat_yaml.ts";

const MODIFIERS = ["ctrl", "alt", "shift"];
const KEY_NAMES =
  /^(enter|esc|tab|space|backspace|delete|insert|up|down|left|right|home|end|pgup|pgdn|f([1-9]|1[0-2])|[^\s\p{C}])$/u;

/** keys.yaml read: `chord: action` or `place chord: action` a line. What cannot be meant is named and passed over. */
export function readKeys(text: string, file: string): { changes: KeyChange[]; problems: string[] } {
  const { entries, problems } = readFlat(text, file);
  const changes: KeyChange[] = [];
  const actions = new Set<string>(KEYS.map((row) => row.action));
  for (const { key, value, line } of entries) {
    const wrong = (why: string): void => void problems.push(`${file}:${line}: ${why}`);
    const words = key.split(/\s+/);
    const chord = chordFrom(words.at(-1) ?? "");
    const place = words.length > 1 ? words[0].toLowerCase() : null;
    const context = place === null ? null : CONTEXTS.find((name) => name === place) ?? null;
    const action = value.toLowerCase();
    if (words.length > 2 || chord === null) {
      wrong(`"${key}" is no key; one is written like ctrl+k, alt+enter or f5`);
    } else if (place !== null && context === null) {
      wrong(`there is no place "${place}"; there are ${CONTEXTS.join(", ")}`);
    } else if (action !== "none" && !actions.has(action)) wrong(`there is no action "${value}"`);
    else if (chord === "ctrl+c" || chord === "esc") wrong(`${labelOf(chord)} keeps its meaning`);
    else if (context !== null && FIXED.includes(context)) wrong(`the keys of ${context} stay as they are`);
    else changes.push({ chord, context, action: action === "none" ? null : action as Action });
  }
  return { changes, problems };
}

/** A question is answered by what stands on the screen. */
const FIXED: readonly KeyContext[] = ["question", "confirm"];

/** The chord as `chordOf` writes it: modifiers in its order. */
function chordFrom(typed: string): string | null {
  const parts = typed.length > 1 ? typed.split("+") : [typed];
  const key = parts.pop() || "+";
  const held = parts.map((part) => part.toLowerCase());
  if (held.some((part, at) => !MODIFIERS.includes(part) || held.indexOf(part) !== at)) return null;
  const named = key.length === 1 && held.length === 0 ? key : key.toLowerCase();
  if (!KEY_NAMES.test(named)) return null;
  return [...MODIFIERS.filter((name) => held.includes(name)), named].join("+");
}
