/** Where a home is, and the files in it that both sides know: a face finds the brain that runs there through two of them. */

/** Held (exclusively, by the sealed brain) for as long as a brain runs on this home. */
export const LOCK_FILE = "brain.lock";
/** Counts only while the lock is held. Mode 600: it holds the token. */
export const BRAIN_FILE = "brain.json";

/** The face's picture of the page it was left on, words of the story in it: whoever deletes a story removes it too. */
export const LAST_PAGE_FILE = "face/page.jsonl";

/** What the player said, with the story of each line: the lines of a story go with it. */
export const SAID_FILE = "face/said.jsonl";

/** What a running brain says about itself in BRAIN_FILE. */
export interface BrainFile {
  url: string;
  pid: number;
  version: string;
  protocol: number;
  /** Empty: the brain asks for none. */
  token: string;
}

/** Reads BRAIN_FILE; null when it is not what a brain writes. */
export function parseBrainFile(text: string): BrainFile | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { url, pid, version, protocol, token } = value as Record<string, unknown>;
  if (typeof url !== "string" || typeof version !== "string" || typeof token !== "string") return null;
  if (typeof pid !== "number" || typeof protocol !== "number") return null;
  return { url, pid, version, protocol, token };
}

/** The home of a player who names none: FLOWER_HOME, else the platform's place for a program's data. May be relative. */
export function defaultHome(env: (name: string) => string | undefined, os: string): string {
  const named = env("FLOWER_HOME");
  if (named) return named;
  const user = env("HOME") ?? "";
  if (os === "darwin") return `${user}/Library/Application Support/Flower Engine`;
  const data = env("XDG_DATA_HOME");
  // The XDG specification: a relative path is to be ignored.
  return `${data?.startsWith("/") ? data : `${user}/.local/share`}/flower-engine`;
}
