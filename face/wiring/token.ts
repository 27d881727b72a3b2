/** Reads the token for a brain elsewhere from its file. */

import { TokenFileError, tokenIn } from "../../shared/token_file.ts";

/** The token; "" when `path` is null. Throws TokenFileError, with what to do, when the file cannot be used. */
export function readToken(path: string | null): string {
  if (path === null) return "";
  try {
    return tokenIn(path, Deno.statSync(path).mode, Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof TokenFileError) throw error;
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
    throw new TokenFileError(`The token file ${path} cannot be read: ${why}.`);
  }
}
