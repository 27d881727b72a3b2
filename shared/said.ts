/** What the player has said, as a face keeps it in the home: a JSON line each, with the story that it was said in. */

export interface Said {
  text: string;
  /** Id of the story; "" before there was one, and of lines that were kept without. */
  story: string;
}

export const saidLine = (said: Said): string => `${JSON.stringify(said)}\n`;

/** Reads one line; null when it is none. */
export function parseSaid(line: string): Said | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value === "string") return { text: value, story: "" };
  if (typeof value !== "object" || value === null) return null;
  const { text, story } = value as Record<string, unknown>;
  return typeof text === "string" && typeof story === "string" ? { text, story } : null;
}

/** The file without the lines of a story; all others stand as they were. */
export function withoutStory(file: string, story: string): string {
  return file.split("\n").filter((line) => parseSaid(line)?.story !== story).join("\n");
}
