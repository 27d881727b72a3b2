/** The nouns of a story and the rows of the lists, from the wire: untrusted fields become items. All throw CodecError. */

import { type Field, number, text } from "./field.ts";
import type {
  CharacterItem,
  CommandItem,
  ModelItem,
  Named,
  RecalledCount,
  RecalledOf,
  RuleItem,
  SessionItem,
  WorldItem,
} from "./protocol.ts";
import type { Message, MessageStatus, Role, Usage } from "./story.ts";

export const readRecalledOf = (bag: Field): RecalledOf[] =>
  bag.at("recalled").or([], (field) =>
    field.list((item) => ({
      message_id: item.at("message_id").number(),
      lore: item.at("lore").or(0, number),
      memories: item.at("memories").or(0, number),
    })));

const readNamed = (item: Field): Named => ({ id: item.at("id").text(), name: item.at("name").text() });

export const readWorld = (item: Field): WorldItem => ({
  ...readNamed(item),
  hook: item.at("hook").or("", text),
  opening: item.at("opening").or("", text),
  characters: item.at("characters").or([], (field) => field.list(text)),
  first_line: item.at("first_line").or("", text),
});

export const readCharacter = (item: Field): CharacterItem => ({
  ...readNamed(item),
  about: item.at("about").or("", text),
});

export const readRule = (item: Field): RuleItem => ({
  ...readNamed(item),
  about: item.at("about").or("", text),
});

/** A model on offer; what an original server does not send has its default. Throws CodecError. */
export function readModel(item: Field): ModelItem {
  const prompt_price = item.at("prompt_price").or(0, number);
  const completion_price = item.at("completion_price").or(0, number);
  return {
    ...readNamed(item),
    prompt_price,
    completion_price,
    // An original server cannot tell free from unknown, and passes "price varies" on as a negative number.
    price_known: item.at("price_known").or(
      prompt_price > 0 || completion_price > 0,
      (field) => field.boolean(),
    ),
    local: item.at("local").or(false, (field) => field.boolean()),
    context: item.at("context").or(0, number),
  };
}

export const readSession = (item: Field): SessionItem => ({
  ...readNamed(item),
  title: item.at("title").or(item.at("name").text(), text),
  world_id: item.at("world_id").or("", text),
  character_id: item.at("character_id").or("", text),
  turns: item.at("turns").or(0, number),
  last_used_ms: item.at("last_used_ms").or(0, number),
  last: item.at("last").or("", text),
});

export const readCommand = (item: Field): CommandItem => ({
  name: item.at("name").text(),
  usage: item.at("usage").text(),
  help: item.at("help").text(),
  arguments: item.at("arguments").list((argument) => ({
    name: argument.at("name").text(),
    kind: argument.at("kind").word(
      ["world", "character", "model", "rule", "active_rule", "session", "message", "text"] as const,
    ),
    required: argument.at("required").boolean(),
  })),
});

export const readHistory = (field: Field): Message[] => {
  let index = 0;
  // An original server sends role and content only: negative ids keep its messages apart from ours.
  return field.list((item) => readMessage(item, --index));
};

/** Beyond it there is no date. */
const LAST_DAY_MS = 8.64e15;

/** A message; `stand_in_id` is its id where an original server sends none. Throws CodecError. */
export function readMessage(item: Field, stand_in_id: number): Message {
  const role = item.at("role").text();
  return {
    id: item.at("id").or(stand_in_id, number),
    parent_id: item.at("parent_id").orNull(number),
    role: (role === "user" ? "user" : "assistant") satisfies Role,
    content: item.at("content").text(),
    status: item.at("status").or<MessageStatus, MessageStatus>(
      "complete",
      (field) => field.word(["writing", "complete", "stopped", "failed"] as const),
    ),
    model: item.at("model").or("", text),
    usage: item.at("usage").orNull(readUsage),
    created_ms: Math.max(-LAST_DAY_MS, Math.min(LAST_DAY_MS, item.at("created_ms").or(0, number))),
    alternative: item.at("alternative").or(1, number),
    alternatives: item.at("alternatives").or(1, number),
  };
}

const readUsage = (field: Field): Usage => ({
  prompt_tokens: field.at("prompt_tokens").number(),
  cached_tokens: field.at("cached_tokens").number(),
  completion_tokens: field.at("completion_tokens").number(),
  cost: field.at("cost").orNull(number),
  first_token_ms: field.at("first_token_ms").number(),
  tokens_per_second: field.at("tokens_per_second").number(),
  ...(field.at("window_tokens").missing ? {} : { window_tokens: field.at("window_tokens").number() }),
  ...(field.at("at_limit").missing ? {} : { at_limit: field.at("at_limit").boolean() }),
});

export const readRecalled = (field: Field): RecalledCount => ({
  lore: field.at("lore").number(),
  memories: field.at("memories").number(),
});
