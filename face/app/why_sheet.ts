/** The page that says why a reply is what it is, as it opens: its quotes are words of models and of world files. */

import type { Why, WhyPiece } from "../../shared/protocol.ts";
import { sanitize, sanitizeLine } from "../text/sanitize.ts";
import type { Model } from "./model.ts";

/** A page about a reply; where it is open already, it goes on showing what was looked at. */
export function whySheet(model: Model, said: Why): Model["sheet"] {
  const why = cleanWhy(said);
  const { sheet } = model;
  if (sheet?.kind === "why" && sheet.why.message_id === why.message_id) {
    return { ...sheet, why, whole: why.prompt !== null, top: why.prompt !== null ? 0 : sheet.top };
  }
  const whole = why.prompt !== null;
  return { kind: "why", top: 0, why, chosen: 0, numbers: false, whole, marks: {}, asked: null };
}

function cleanWhy(why: Why): Why {
  const piece = (item: WhyPiece): WhyPiece => ({
    ...item,
    id: sanitizeLine(item.id),
    known_to: sanitizeLine(item.known_to),
    speaker: sanitizeLine(item.speaker),
    heading: sanitizeLine(item.heading),
    quote: sanitizeLine(item.quote),
    fact: sanitizeLine(item.fact),
    reason: sanitizeLine(item.reason),
    words: item.words.map(sanitizeLine),
    page_words: item.page_words.map(sanitizeLine),
    split: item.split.map(({ name, score }) => ({ name: sanitizeLine(name), score })),
  });
  return {
    ...why,
    recalled: why.recalled.map(piece),
    left_out: why.left_out.map(piece),
    story: why.story.map(piece),
    prompt: why.prompt?.map(({ role, content }) => ({ role, content: sanitize(content) })) ?? null,
  };
}
