/** Facts of a story: found by rule as it is told, or read from it by a model every few turns. */
import type { ChatMessage } from "../llm/provider.ts";
import type { Role } from "../../shared/story.ts";
import type { Database } from "../store/database.ts";
import { type NewFact, replaceRuleFacts, storiesForFacts } from "../store/facts.ts";
import { factsByRule } from "./fact_rules.ts";
import { wordsOf } from "./words.ts";

/** A model reads so many turns at a time, for so many lines. */
export const FACT_TURNS = 8;
const MAX_FACT_LINES = 6;
export const FACT_TOKENS = 800;
/** A line with fewer of its content words in its source was made up. */
const LEAST_GROUND = 0.6;
const MAX_FIELD = 120;
const MAX_LINE = 300;

/** A message as it is read for facts. */
export interface ToldMessage {
  id: number;
  role: Role;
  content: string;
}

/**
 * Keeps what rules find in one message in place of what they found in it before; facts of models and of the player
 * stay. `player` is the name of the player's character. Throws StoreError.
 */
export function noteFacts(
  db: Database,
  player_id: string,
  session_id: string,
  message: ToldMessage,
  player: string,
  now_ms: number,
): void {
  const facts = factsByRule(message.role, message.content, player).map((fact): NewFact => ({
    ...fact,
    message_id: message.id,
    origin: "rule",
    created_ms: now_ms,
  }));
  replaceRuleFacts(db, player_id, session_id, message.id, facts);
}

/**
 * Makes the facts by rule anew for all stories; `nameOf` gives the name of a character, null when it is not there any
 * more (then its story keeps what it has). Returns how many messages were read. Throws StoreError.
 */
export function rebuildFacts(
  db: Database,
  nameOf: (character_id: string) => string | null,
  now_ms: number,
): number {
  let read = 0;
  db.transaction(() => {
    for (const message of storiesForFacts(db)) {
      const player = nameOf(message.character_id);
      if (player === null) continue;
      noteFacts(db, message.player_id, message.session_id, message, player, now_ms);
      read += 1;
    }
  });
  return read;
}

/** Asks a model for the facts of these messages. `player` is the name of the player's character. */
export function factsPrompt(messages: ToldMessage[], player: string): ChatMessage[] {
  const told = messages.map(({ id, role, content }) =>
    `[${id}] ${role === "user" ? player : "Narrator"}: ${content.replace(/\s+/g, " ").trim()}`
  );
  return [
    {
      role: "system",
      content:
        "You note what a story states as fact. You invent nothing and guess nothing. You answer with lines " +
        "of JSON and nothing else.",
    },
    {
      role: "user",
      content:
        `${told.join("\n")}\n\nWrite at most ${MAX_FACT_LINES} lines, the facts that will matter later: ` +
        "names, homes, kin, debts, gifts, promises, love and hate. One JSON object a line:\n" +
        '{"source": number of the message, "subject": "who", "relation": "owes Maren", "object": "two eels", ' +
        '"fact": "Ida owes Maren two eels"}\n' +
        `Names instead of pronouns; "you" and "I" of ${player} are ${player}. Use the words of the story. ` +
        "Write nothing when there is nothing.",
    },
  ];
}

/** Facts in a model's answer: at most MAX_FACT_LINES lines of JSON that name a message and stand on its words. */
export function parseFacts(answer: string, messages: ToldMessage[], now_ms: number): NewFact[] {
  const facts: NewFact[] = [];
  for (const [line] of answer.matchAll(/\{[^{}\n]{1,2000}\}/g)) {
    if (facts.length === MAX_FACT_LINES) break;
    const fact = readFact(line, messages, now_ms);
    if (fact !== null) facts.push(fact);
  }
  return facts;
}

function readFact(line: string, messages: ToldMessage[], now_ms: number): NewFact | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const field = (name: string, most: number): string => {
    const text = value[name];
    return typeof text === "string" && text.length <= most ? text.replace(/\s+/g, " ").trim() : "";
  };
  const source = messages.find(({ id }) => id === Number(value.source));
  const subject = field("subject", MAX_FIELD);
  const relation = field("relation", MAX_FIELD);
  const object = field("object", MAX_FIELD);
  const text = field("fact", MAX_LINE) || `${subject} ${relation} ${object}`;
  if (source === undefined || subject === "" || relation === "" || object === "") return null;
  if (grounded(text, source.content, [subject]) < LEAST_GROUND) return null;
  return { message_id: source.id, subject, relation, object, text, origin: "model", created_ms: now_ms };
}

/**
 * The share of the content words of `text` that stand in `source`, endings aside: 0 to 1; 0 for a text without any.
 * The words of `given` need not stand there: a story says "I" where a fact says who.
 */
export function grounded(text: string, source: string, given: string[] = []): number {
  const told = plain(source);
  const known = new Set(given.flatMap((part) => wordsOf(part).map(({ phrase }) => phrase)));
  const words = [...new Set(wordsOf(text).map(({ phrase }) => phrase))].filter((word) => !known.has(word));
  if (words.length === 0) return 0;
  const found = words.filter((word) => {
    const whole = plain(word).replaceAll(" ", "");
    const stem = whole.length > 5
      ? whole.slice(0, Math.max(4, whole.length - 3))
      : whole.replace(/^(..+)s$/, "$1");
    return told.includes(whole) || (stem !== whole && told.includes(stem));
  });
  return found.length / words.length;
}

function plain(text: string): string {
  return text.normalize("NFC").toLowerCase().replaceAll("’", "'");
}
