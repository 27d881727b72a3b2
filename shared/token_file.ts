/** The file that holds a token, for a face that attaches from elsewhere and for a brain that is given one. Pure. */

/** A token file that must not be used. `message` says what to do. */
export class TokenFileError extends Error {
  override name = "TokenFileError";
}

/**
 * The token in a file: its first line. `mode` is the file's, null where files have none. Throws TokenFileError when others
 * may read the file, or when it holds no token.
 */
export function tokenIn(path: string, mode: number | null, text: string): string {
  if (mode !== null && (mode & 0o077) !== 0) {
    const rights = (mode & 0o777).toString(8).padStart(3, "0");
    throw new TokenFileError(
      `${path} can be read by others (mode ${rights}). A token is a password: chmod 600 ${path}`,
    );
  }
  const token = text.split("\n")[0].trim();
  if (/^[\x21-\x7e]{16,512}$/.test(token)) return token;
  throw new TokenFileError(`${path} holds no token: its first line must be what "flower token add" printed.`);
}
