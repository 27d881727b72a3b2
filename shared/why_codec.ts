/** `/why` from the wire: untrusted fields become a Why. */

import { type Field, number, text } from "./field.ts";
import type { Why, WhyPiece } from "./protocol.ts";

/** Throws CodecError, which names the field. */
export const readWhy = (bag: Field): Why => ({
  message_id: bag.at("message_id").number(),
  turn: bag.at("turn").number(),
  model: bag.at("model").or("", text),
  tokens: bag.at("tokens").number(),
  window: bag.at("window").number(),
  reported: bag.at("reported").orNull(number),
  searched: bag.at("searched").or(0, number),
  late: bag.at("late").or(false, (field) => field.boolean()),
  recalled: bag.at("recalled").list(readPiece),
  left_out: bag.at("left_out").list(readPiece),
  story: bag.at("story").or([], (field) => field.list(readPiece)),
  parts: bag.at("parts").list((part) => ({
    name: part.at("name").word(
      ["rules", "world", "you", "story", "history", "scene", "reminder", "frame"] as const,
    ),
    tokens: part.at("tokens").number(),
  })),
  history_turns: bag.at("history_turns").or(0, number),
  prompt: bag.at("prompt").orNull((field) =>
    field.list((message) => ({
      role: message.at("role").word(["system", "user", "assistant"] as const),
      content: message.at("content").text(),
    }))
  ),
});

const readPiece = (piece: Field): WhyPiece => ({
  kind: piece.at("kind").word(["lore", "memory", "fact", "summary"] as const),
  id: piece.at("id").or("", text),
  message_id: piece.at("message_id").orNull(number),
  role: piece.at("role").orNull((field) => field.word(["user", "assistant"] as const)),
  speaker: piece.at("speaker").or("", text),
  heading: piece.at("heading").or("", text),
  known_to: piece.at("known_to").or("", text),
  turns_ago: piece.at("turns_ago").or(0, number),
  quote: piece.at("quote").text(),
  words: piece.at("words").or([], (field) => field.list(text)),
  page_words: piece.at("page_words").or([], (field) => field.list(text)),
  fact: piece.at("fact").or("", text),
  pinned: piece.at("pinned").or(false, (field) => field.boolean()),
  tokens: piece.at("tokens").or(0, number),
  score: piece.at("score").or(0, number),
  split: piece.at("split").or(
    [],
    (field) => field.list((part) => ({ name: part.at("name").text(), score: part.at("score").number() })),
  ),
  reason: piece.at("reason").or("", text),
});
