/** `/why`, `/recall`: what was remembered for a reply and why, and what words would call. */

import type { Why } from "../../shared/protocol.ts";
import { withMarks } from "../memory/marks.ts";
import { describeWhy } from "../prompt/why_words.ts";
import { getMessage, pathIds } from "../store/messages.ts";
import { getPrompt } from "../store/prompts.ts";
import { type Command, type Context, NO_STORY, type Outcome, quote, quoted, words } from "./command.ts";

/** By hand one may wait longer than a turn does. */
const RECALL_MS = 3000;

/** What is kept beside a reply; older records lack some of it. */
interface Kept {
  why?: Why;
  messages?: NonNullable<Why["prompt"]>;
}

export const WHY_COMMANDS: Command[] = [
  {
    name: "/why",
    usage: "/why [MESSAGE] [whole]",
    help: "Why the last reply is what it is: what was remembered for it, and what was left out",
    arguments: [{ name: "MESSAGE", kind: "message", required: false }],
    while_telling: true,
    run: why,
  },
  {
    name: "/recall",
    usage: "/recall WORDS",
    help: "Ask the memory by hand: what these words would call, with the scores",
    arguments: [{ name: "WORDS", kind: "text", required: true }],
    while_telling: true,
    run: recall,
  },
];

function why(context: Context, args: string): Outcome {
  const { session, player_id, deps: { db } } = context;
  if (session === undefined) return { answer: NO_STORY };
  const typed = words(args);
  const whole = typed.at(-1)?.toLowerCase() === "whole";
  const named = typed.slice(0, whole ? -1 : undefined);
  if (named.length > 1 || (named.length === 1 && !/^\d{1,15}$/.test(named[0]))) {
    return { answer: `✗ Which message? ${quote(named.join(" "))} is no number: /why [MESSAGE] [whole]` };
  }
  let kept: Kept | undefined;
  if (named.length === 1) {
    const message = getMessage(db, player_id, Number(named[0]));
    if (message === undefined || message.session_id !== session.id) {
      return { answer: `✗ There is no message ${named[0]} in this story.` };
    }
    if (message.role === "user") return { answer: "✗ That line is your own. /why asks about a reply." };
    kept = getPrompt(db, player_id, message.id) as Kept | undefined;
    if (kept === undefined) {
      return {
        answer: message.parent_id === null
          ? "✗ The first page stands in the world's file; no narrator was asked for it."
          : "✗ Nothing was sent for that reply.",
      };
    }
  } else {
    for (const id of pathIds(db, player_id, session.leaf_id)) {
      kept = getPrompt(db, player_id, id) as Kept | undefined;
      if (kept !== undefined) break;
    }
    if (kept === undefined) return { answer: "✗ No reply has been told yet in this story." };
  }
  if (kept.why === undefined) {
    return { answer: "✗ That reply was told before the engine kept account of what it sent." };
  }
  if (whole && kept.messages === undefined) {
    return { answer: "✗ The whole request is kept for the last reply of a story only." };
  }
  const page: Why = { ...kept.why, prompt: whole ? kept.messages ?? null : null };
  const told = page.prompt?.map(({ role, content }) => `[${role}]\n${content}`) ?? [];
  return { answer: [describeWhy(page), ...told].join("\n\n"), changed: { why: page } };
}

async function recall(context: Context, args: string): Promise<Outcome> {
  const { session, player_id, deps } = context;
  if (session === undefined) return { answer: NO_STORY };
  const line = args.trim();
  if (line === "") return { answer: "✗ Which words? /recall WORDS" };
  const question = {
    player_id,
    session_id: session.id,
    world_id: session.world_id,
    leaf_id: session.leaf_id,
    line,
    before: [],
    visible_ids: [],
    max_lore: 5,
    max_memories: 10,
  };
  const { recalled, facts } = withMarks(deps.db, question, await deps.recall.ask(question, RECALL_MS));
  if (recalled.late === true && recalled.memories.length + recalled.lore.length === 0) {
    return { answer: "✗ The memory did not answer in time. Try again in a moment." };
  }
  const lines = [
    ...facts.map((fact) => `      known: ${quoted(fact.text)} (pinned) [f${fact.fact_id}]`),
    ...recalled.memories.map((hit) => {
      const who = hit.role === "user" ? "you" : "the narrator";
      return `${scored(hit)}  ${who}, ${ago(hit.turns_ago)}: ${quoted(hit.text)}${
        called(hit)
      } [m${hit.unit_id}]`;
    }),
    ...recalled.lore.map((hit) =>
      `${scored(hit)}  lore${hit.heading === "" ? "" : `, ${hit.heading}`}: ${quoted(hit.text)}${
        called(hit)
      } [l${hit.unit_id}]`
    ),
  ];
  return { answer: lines.length === 0 ? `${quote(line)} calls nothing.` : lines.join("\n") };
}

function scored(hit: { score: number }): string {
  return hit.score.toFixed(2).padStart(5);
}

function called(
  hit: { words: string[]; pinned?: boolean; split?: Record<string, number>; fact?: string },
): string {
  const split = Object.entries(hit.split ?? {}).map(([name, score]) => `${name} ${score.toFixed(2)}`);
  const notes = [
    ...(hit.pinned ? ["pinned"] : []),
    ...(hit.words.length > 0 ? [hit.words.join(", ")] : []),
    ...(hit.fact ? [`known: ${hit.fact}`] : []),
    ...(split.length > 0 ? [split.join(" + ")] : []),
  ];
  return notes.length === 0 ? "" : ` (${notes.join("; ")})`;
}

/** `turns` of the player ago. */
export function ago(turns: number): string {
  return turns === 0 ? "this turn" : `${turns} ${turns === 1 ? "turn" : "turns"} ago`;
}
