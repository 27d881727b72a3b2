/** What `flower doctor` finds: how one thing stands, and what to do about it. */

/** `bad`: it cannot be played like this. `note`: it can, with less. */
export type Level = "ok" | "note" | "bad";

export interface Finding {
  area: string;
  level: Level;
  text: string;
  /** What to do; empty when nothing is to be done. */
  fix: string;
}

/** A finding that asks for nothing. */
export function ok(area: string, text: string): Finding {
  return { area, level: "ok", text, fix: "" };
}

/** A finding that one can play with. */
export function note(area: string, text: string, fix: string): Finding {
  return { area, level: "note", text, fix };
}

/** A finding that must be mended first. */
export function bad(area: string, text: string, fix: string): Finding {
  return { area, level: "bad", text, fix };
}

const MARKS: Record<Level, string> = { ok: "✓", note: "!", bad: "✗" };

/** A finding as lines for people. */
export function findingLines({ level, area, text, fix }: Finding): string[] {
  const lines = [`${MARKS[level]} ${area.padEnd(10)} ${text}`];
  if (fix !== "") lines.push(`${" ".repeat(13)}→ ${fix}`);
  return lines;
}
