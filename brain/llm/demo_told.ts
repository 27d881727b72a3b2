/** Which of the built-in narrator's lines stand in a story already, and in what order the others come. Pure. */

import { fnv1a } from "../../shared/fnv.ts";
import type { StoryFacts } from "./provider.ts";

/** Enough of a line's beginning to know it again, even when its telling was stopped in the middle. */
const KNOWN_BY = 24;

/** A number in 0..2^32 - 1 for a text: the narrator's only source of variety. */
function hash(text: string): number {
  // The last step of murmur3: without it texts with a common beginning sort alike.
  let value = fnv1a(text);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

function shuffled(lines: string[], salt: string): string[] {
  return lines
    .map((line) => ({ line, order: hash(`${salt}|${line}`) }))
    .sort((a, b) => a.order - b.order)
    .map((entry) => entry.line);
}

/** What stands in the story already. */
export interface Told {
  text: string;
  has(line: string): boolean;
}

/** The narrator's side of a path, read once for a turn. */
export function toldIn(path: StoryFacts["path"]): Told {
  const text = path.filter((message) => message.role === "assistant").map((message) => message.content).join(
    "\n",
  );
  return {
    text,
    has: (line) => text.includes(knownPart(line)),
  };
}

/** `{{user}}` in a player's own lines: the narrator speaks to the player. */
export function addressed(line: string): string {
  return line.replace(/\{\{\s*user\s*\}\}/gi, "you");
}

/** The part of a line by which it is found in a story: its beginning, or for a pattern the longest fixed piece. */
export function knownPart(line: string): string {
  const pieces = line.split(/\{(?:noun|lore)\}/);
  if (pieces.length === 1) return addressed(line).slice(0, KNOWN_BY);
  return pieces.reduce((longest, piece) => piece.length > longest.length ? piece : longest).trim();
}

/** Unused lines first in an order of this turn's own, then the used ones, longest unused first. */
export function freshFirst(lines: string[], told: Told, salt: string): { fresh: string[]; used: string[] } {
  const fresh = shuffled(lines.filter((line) => !told.has(line)), salt);
  const used = lines
    .filter((line) => told.has(line))
    .sort((a, b) => told.text.lastIndexOf(knownPart(a)) - told.text.lastIndexOf(knownPart(b)));
  return { fresh, used };
}
