/** What the store says when it cannot do what was asked: every failure of SQLite in words that can be shown. */

export type StoreErrorKind = "full" | "locked" | "damaged" | "newer" | "other";

/** The store could not do what was asked. `message` is for the player: what happened, and what to do. */
export class StoreError extends Error {
  override name = "StoreError";

  constructor(readonly kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * The error to throw for `error`: SQLite's become StoreError, everything else stays what it is. Codes are uneven
 * (some errors carry `errcode`, some only a message), so both are read.
 */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const { code, errcode } = error as Error & { code?: unknown; errcode?: unknown };
  const result = typeof errcode === "number" ? errcode & 0xff : 0;
  const text = error.message;
  const says = (pattern: RegExp, ...codes: number[]) => codes.includes(result) || pattern.test(text);
  const made = (kind: StoreErrorKind, message: string) => new StoreError(kind, message, { cause: error });
  if (says(/disk is full/i, 13)) {
    return made(
      "full",
      `The disk that holds ${path} is full. Free some space and try again; nothing is lost.`,
    );
  }
  if (says(/(database|table) (table )?is locked|database is busy/i, 5, 6)) {
    return made("locked", `Another program is writing to ${path}. Wait a moment and try again.`);
  }
  if (says(/malformed|not a database|corrupt/i, 11, 26)) {
    return made(
      "damaged",
      `${path} is damaged or no database. Put a copy back, or move it away to begin with an empty one.`,
    );
  }
  if (says(/readonly database|read-only/i, 8)) {
    return made("other", `${path} cannot be written. Check the rights of the file and of its folder.`);
  }
  if (says(/unable to open database/i, 14) || error.name === "NotCapable") {
    return made("other", `${path} cannot be opened. Check that its folder exists and can be written.`);
  }
  if (says(/disk I\/O error/i, 10)) {
    return made("other", `The disk that holds ${path} does not answer as it should (${text}). Try again.`);
  }
  if (result !== 0 || (typeof code === "string" && code.startsWith("ERR_SQLITE"))) {
    return made("other", `The story database could not do that: ${text}.`);
  }
  return error;
}
