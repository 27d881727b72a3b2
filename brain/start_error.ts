/** An end before the brain was ready. `message` is for the player. */

/** `code` is the exit code. */
export class StartError extends Error {
  override name = "StartError";

  constructor(message: string, readonly code: number) {
    super(message);
  }
}
