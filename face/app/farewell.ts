/** The two lines that stay on the normal screen. */

import { lineOfCells } from "../term/width.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { type Model, storyName } from "./model.ts";

/** Graphemes of a story's name: it is written as it is, and a server may send any. */
const MAX_NAME = 200;

/** The story with its length, and the command that goes on with it; nothing when there is no story. */
export function farewellOf(model: Model, continue_command: string): string[] {
  const { story, transcript } = model;
  if (story.session_id === "") return [];
  const session = story.sessions.find((item) => item.id === story.session_id);
  const here = transcript.messages.filter((message) => message.role === "user").length;
  const turns = Math.max(session?.turns ?? 0, here);
  const length = turns === 0 ? "just begun" : `${turns} turn${turns === 1 ? "" : "s"}`;
  const mark = model.theme.marks;
  return [
    `${mark.bloom} ${lineOfCells(sanitizeLine(storyName(model)), MAX_NAME)}, ${length}`,
    `  ${continue_command} goes on where it stopped.`,
  ];
}
