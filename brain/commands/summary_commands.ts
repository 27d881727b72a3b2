/** `/story`: the story so far, as the narrator reads it in place of what no longer fits, and the player's wording of it. */

import type { Session } from "../../shared/story.ts";
import { chooseStory, recordsTo } from "../memory/summary.ts";
import { pathIds, turnOf } from "../store/messages.ts";
import { getPrompt } from "../store/prompts.ts";
import { addSummary, type SummaryRow } from "../store/summaries.ts";
import { type Command, type Context, NO_STORY } from "./command.ts";

const MAX_TEXT = 4000;
const NOTHING_DROPPED = "The narrator still reads the whole story; nothing had to be told in short.";

const ORIGINS: Record<SummaryRow["origin"], string> = {
  extract: "sentences picked",
  model: "told by the model",
  player: "yours",
};

export const SUMMARY_COMMANDS: Command[] = [
  {
    name: "/story",
    usage: "/story",
    help: "The story so far, as the narrator reads it in place of the pages that no longer fit",
    arguments: [],
    while_telling: true,
    run(context, args) {
      const { session } = context;
      if (session === undefined) return { answer: NO_STORY };
      if (args.trim() !== "") {
        return { answer: "✗ /story shows the story so far; /story edit TEXT changes it." };
      }
      const boundary = boundaryOf(context, session);
      if (boundary === null) return { answer: NOTHING_DROPPED };
      const { db } = context.deps;
      const records = recordsTo(db, context.player_id, session.id, boundary);
      const { chain } = chooseStory(records, boundary);
      if (chain.length === 0) return { answer: NOTHING_DROPPED };
      const turn = (id: number | null) => id === null ? 0 : turnOf(db, context.player_id, id);
      return {
        answer: chain.map(({ text, origin, prev_id, last_id }) =>
          `${turns(turn(prev_id) + 1, turn(last_id))} (${ORIGINS[origin]})\n${text}`
        ).join("\n\n"),
      };
    },
  },
  {
    name: "/story edit",
    usage: "/story edit TEXT",
    help: "Tell the story so far in your own words, in place of what stands there",
    arguments: [{ name: "TEXT", kind: "text", required: true }],
    while_telling: true,
    run(context, args) {
      const { session, deps, player_id } = context;
      if (session === undefined) return { answer: NO_STORY };
      const text = args.trim();
      if (text === "") {
        return { answer: "✗ What should it say? /story edit TEXT; /story shows what stands there." };
      }
      if (text.length > MAX_TEXT) {
        return { answer: `✗ The story so far has at most ${MAX_TEXT} characters; this has ${text.length}.` };
      }
      const boundary = boundaryOf(context, session);
      if (boundary === null) return { answer: `✗ There is nothing to change yet. ${NOTHING_DROPPED}` };
      let first_id = boundary;
      for (const id of pathIds(deps.db, player_id, boundary)) first_id = id;
      addSummary(deps.db, player_id, session.id, {
        first_id,
        last_id: boundary,
        after_id: null,
        layer: 3,
        text,
        origin: "player",
        created_ms: deps.now(),
      });
      return { answer: "✓ The narrator reads it so from the next reply on." };
    },
  },
];

/** The last message that the history left out of the newest reply's request on this path; null: none. */
function boundaryOf(context: Context, session: Session): number | null {
  const { deps, player_id } = context;
  for (const id of pathIds(deps.db, player_id, session.leaf_id)) {
    const record = getPrompt(deps.db, player_id, id) as { cuts?: { boundary: number | null } } | undefined;
    if (record !== undefined) return record.cuts?.boundary ?? null;
  }
  return null;
}

function turns(from: number, to: number): string {
  return from >= to ? `Turn ${Math.max(1, to)}` : `Turns ${from} to ${to}`;
}
