/** What a face at this machine keeps of a story in the home goes when the story is deleted. */

import { LAST_PAGE_FILE, SAID_FILE } from "../shared/home.ts";
import { withoutStory } from "../shared/said.ts";

/** Removes the picture of the last page, and the lines that were said in the story. Never throws. */
export function forgetTraces(home: string, session_id: string): void {
  Deno.remove(`${home}/${LAST_PAGE_FILE}`).catch(() => {});
  forgetSaid(`${home}/${SAID_FILE}`, session_id);
}

// In one go: two stories may go at once.
function forgetSaid(path: string, session_id: string): void {
  try {
    const file = Deno.readTextFileSync(path);
    const kept = withoutStory(file, session_id);
    if (kept !== file) Deno.writeTextFileSync(path, kept);
  } catch {
    // No face was ever here.
  }
}
