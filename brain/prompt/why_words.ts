/** `/why` in words, for clients that draw no page. Pure. */

import type { Why, WhyPiece } from "../../shared/protocol.ts";

const LATE = "memory was not ready in time; the reply was told without it";
const WORDS_ONLY = "by words alone; what your line means was not known in time";

/** Of the parts of a request. */
const NAMES: Record<Why["parts"][number]["name"], string> = {
  rules: "rules",
  world: "world",
  you: "you",
  story: "story so far",
  history: "",
  scene: "scene",
  reminder: "reminder",
  frame: "labels",
};

/** The page in words, for clients that draw none. */
export function describeWhy(why: Why): string {
  const number = (value: number) => value.toLocaleString("en");
  const lines = [
    `Why this reply: turn ${why.turn}, ${number(why.tokens)} of ${number(why.window)} tokens, ${why.model}.`,
  ];
  const taken = why.recalled.reduce((sum, { tokens }) => sum + tokens, 0);
  if (why.late) lines.push(`Remembered: ${why.recalled.length > 0 ? WORDS_ONLY : LATE}.`);
  if (why.recalled.length > 0) {
    lines.push(`Remembered: ${why.recalled.length} of ${number(why.searched)}, ${number(taken)} tokens.`);
    lines.push(...why.recalled.map((piece) => `  ${describePiece(piece)}`));
  } else if (!why.late) {
    lines.push(`Remembered: nothing of ${number(why.searched)}; your words called nothing.`);
  }
  if (why.left_out.length > 0) {
    lines.push("Left out:", ...why.left_out.map((piece) => `  ${describePiece(piece)}`));
  }
  const parts = why.parts.map(({ name, tokens }) =>
    name === "history"
      ? `last ${why.history_turns} ${why.history_turns === 1 ? "turn" : "turns"} ${number(tokens)}`
      : `${NAMES[name]} ${number(tokens)}`
  );
  lines.push(`Always there: ${parts.join(" · ")}.`);
  return lines.join("\n");
}

/** One piece in words: who, how long ago, what, which words called it or why it stayed out, its id. */
function describePiece(piece: WhyPiece): string {
  const turns = `${piece.turns_ago} ${piece.turns_ago === 1 ? "turn" : "turns"} ago`;
  const who = piece.kind === "lore"
    ? piece.heading === "" ? "lore" : `lore, ${piece.heading}`
    : piece.kind === "fact"
    ? `noted, ${turns}`
    : `${piece.role === "user" ? "you" : piece.speaker === "" ? "the narrator" : piece.speaker}, ${turns}`;
  const called = [
    ...(piece.reason === "" ? [] : [piece.reason]),
    ...(piece.pinned ? ["pinned"] : []),
    ...(piece.words.length > 0 ? [`you named: ${piece.words.join(", ")}`] : []),
    ...(piece.page_words.length > 0 ? [`the page names: ${piece.page_words.join(", ")}`] : []),
    ...(piece.fact === "" ? [] : [`known: ${piece.fact}`]),
  ];
  const quote = piece.quote.includes('"') ? `“${piece.quote}”` : `"${piece.quote}"`;
  return `${who}: ${quote}${called.length > 0 ? ` (${called.join("; ")})` : ""} [${piece.id}]`;
}
