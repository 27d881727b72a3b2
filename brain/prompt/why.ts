/** Why a reply is what it is: every part of the request that was sent for it, with its share of the tokens. Pure. */

import type { Why, WhyPiece } from "../../shared/protocol.ts";
import type { FactHit } from "../memory/marks.ts";
import type { LeftOutReason, LoreHit, MemoryHit, Recalled, Split } from "../memory/recall.ts";
import { questionTerms } from "../memory/words.ts";
import type { Assembled } from "./assemble.ts";
import { estimateTokens } from "./budget.ts";
import { fence } from "./sections.ts";

/** A record of the story so far as it stands in the prompt. */
export interface StoryPiece {
  text: string;
  /** The last message that it tells. */
  last_id: number;
  turns_ago: number;
}

export interface WhyInput {
  message_id: number;
  turn: number;
  model: string;
  /** What the request is reckoned to have by this model's own count. */
  tokens: number;
  window: number;
  searched: number;
  assembled: Assembled;
  recalled: Recalled;
  facts: FactHit[];
  story: StoryPiece[];
  /** The player's line that was answered. */
  line: string;
  history_turns: number;
}

/** How many runners-up are kept. */
const MAX_LEFT_OUT = 8;

const REASONS: Record<LeftOutReason, string> = {
  visible: "still on the page the narrator reads",
  below_floor: "too faint beside the others",
  other_branch: "told on another branch of the story",
  superseded: "something told later took its place",
  repeated: "the same was said just now",
};

const PARTS: [name: Why["parts"][number]["name"], sections: string[]][] = [
  ["rules", ["base_rules", "rules"]],
  ["world", ["world"]],
  ["you", ["character"]],
  ["story", ["story"]],
  ["history", ["history"]],
  ["scene", ["scene"]],
  ["reminder", ["reminder"]],
];

/** The page for `/why`. The tokens of its pieces and parts are whole numbers that add up to `tokens`. */
export function buildWhy(input: WhyInput): Why {
  const { assembled, recalled, facts } = input;
  const known = new Map<string, Known>();
  for (const hit of recalled.lore) known.set(`lore ${hit.unit_id}`, ofLore(hit));
  for (const hit of recalled.memories) known.set(`memory ${hit.unit_id}`, ofMemory(hit));
  for (const hit of facts) known.set(`fact ${hit.fact_id}`, ofFact(hit));

  const sections = new Map(assembled.sections.map(({ name, tokens }) => [name, tokens]));
  const parts = PARTS.flatMap(([name, names]) => {
    const tokens = names.reduce((sum, section) => sum + (sections.get(section) ?? 0), 0);
    return tokens > 0 ? [{ name, tokens }] : [];
  });
  const counted = [...assembled.sent, ...parts].reduce((sum, { tokens }) => sum + tokens, 0);
  const shares = apportion(
    [
      ...assembled.sent.map(({ tokens }) => tokens),
      ...parts.map(({ tokens }) => tokens),
      Math.max(0, assembled.tokens - counted),
    ],
    input.tokens,
  );
  const told: Why["parts"] = [...parts, { name: "frame" as const, tokens: 0 }].map(({ name }, index) => ({
    name,
    tokens: shares[assembled.sent.length + index],
  }));
  const story_tokens = told.find(({ name }) => name === "story")?.tokens ?? 0;
  const story_shares = apportion(input.story.map(({ text }) => estimateTokens(text)), story_tokens);

  return {
    message_id: input.message_id,
    turn: input.turn,
    model: input.model,
    tokens: input.tokens,
    window: input.window,
    reported: null,
    searched: input.searched,
    late: recalled.late === true,
    recalled: assembled.sent.flatMap(({ kind, id, quote }, index) => {
      const piece = known.get(`${kind} ${id}`);
      return piece === undefined ? [] : [{ ...pieceOf(piece, input.line), quote, tokens: shares[index] }];
    }),
    left_out: leftOut(input, known),
    story: input.story.map((record, index) => ({
      ...pieceOf(
        { ...NOTHING, kind: "summary", message_id: record.last_id, turns_ago: record.turns_ago },
        "",
      ),
      quote: fence(record.text),
      tokens: story_shares[index],
    })),
    parts: told,
    history_turns: input.history_turns,
    prompt: null,
  };
}

function leftOut(input: WhyInput, known: Map<string, Known>): WhyPiece[] {
  const unsent = input.assembled.unsent.flatMap(({ kind, id, over }) => {
    const piece = known.get(`${kind} ${id}`);
    if (piece === undefined) return [];
    const reason = over === null ? REASONS.visible : `no room left: ${over} tokens over`;
    return [{ ...pieceOf(piece, input.line), reason }];
  });
  const sent = new Set(input.assembled.sent.map(({ kind, id }) => `${kind} ${id}`));
  const others = (input.recalled.left_out ?? [])
    .filter(({ kind, unit_id }) => !sent.has(`${kind} ${unit_id}`) && !known.has(`${kind} ${unit_id}`))
    .map((piece) => ({
      ...pieceOf(
        { ...NOTHING, ...piece, id: idOf(piece.kind, piece.unit_id), quote: piece.text },
        input.line,
      ),
      reason: REASONS[piece.reason],
    }))
    .map((piece) =>
      piece.reason === REASONS.below_floor && piece.words.length === 0
        ? { ...piece, reason: "too faint: no rare word of yours is in it" }
        : piece
    );
  // What something later took the place of is shown however many others are left out, and what took it, if the page has it.
  const is_changed = ({ reason }: WhyPiece) => reason === REASONS.superseded || reason === REASONS.visible;
  return [...unsent, ...others]
    .sort((a, b) => Number(is_changed(b)) - Number(is_changed(a)) || b.score - a.score)
    .slice(0, MAX_LEFT_OUT)
    .sort((a, b) => b.score - a.score);
}

/** What is known of a piece before it is told in words. */
interface Known {
  kind: WhyPiece["kind"];
  id: string;
  message_id: number | null;
  role: WhyPiece["role"];
  speaker?: string;
  heading: string;
  known_to?: string;
  turns_ago: number;
  quote: string;
  words: string[];
  fact?: string;
  pinned?: boolean;
  score: number;
  split?: Split;
}

const NOTHING: Known = {
  kind: "memory",
  id: "",
  message_id: null,
  role: null,
  heading: "",
  turns_ago: 0,
  quote: "",
  words: [],
  score: 0,
};

/** What `/memory pin ID` takes. */
function idOf(kind: "lore" | "memory" | "fact", id: number): string {
  return `${kind === "memory" ? "m" : kind[0]}${id}`;
}

function ofLore(hit: LoreHit): Known {
  const { heading, known_to, text, score, words, split, fact, pinned } = hit;
  return {
    ...NOTHING,
    kind: "lore",
    id: idOf("lore", hit.unit_id),
    heading,
    known_to,
    quote: text,
    score,
    words,
    split,
    fact,
    pinned,
  };
}

function ofMemory(hit: MemoryHit): Known {
  const { message_id, role, speaker, turns_ago, text, score, words, split, fact, pinned } = hit;
  return {
    ...NOTHING,
    id: idOf("memory", hit.unit_id),
    message_id,
    role,
    speaker,
    turns_ago,
    quote: text,
    score,
    words,
    split,
    fact,
    pinned,
  };
}

function ofFact(hit: FactHit): Known {
  const { message_id, turns_ago, text } = hit;
  return {
    ...NOTHING,
    kind: "fact",
    id: idOf("fact", hit.fact_id),
    message_id,
    turns_ago,
    quote: text,
    pinned: true,
  };
}

function pieceOf(known: Known, line: string): WhyPiece {
  const said = line.normalize("NFC").toLowerCase().replaceAll("’", "'");
  const named = (word: string) => said.includes(word.normalize("NFC").toLowerCase());
  // "I go" names nothing: such words lend to a score, and are no reason that anybody would give.
  const weak = new Set(questionTerms(line, []).filter(({ calls }) => !calls).map(({ word }) => word));
  return {
    kind: known.kind,
    id: known.id,
    message_id: known.message_id,
    role: known.role,
    speaker: known.speaker ?? "",
    heading: known.heading,
    known_to: known.known_to ?? "",
    turns_ago: known.turns_ago,
    quote: known.quote,
    words: known.words.filter((word) => named(word) && !weak.has(word)),
    page_words: known.words.filter((word) => !named(word)),
    fact: known.fact ?? "",
    pinned: known.pinned ?? false,
    tokens: 0,
    score: rounded(known.score),
    split: Object.entries(known.split ?? {}).map(([name, score]) => ({ name, score: rounded(score) })),
    reason: "",
  };
}

const rounded = (score: number): number => Number.isFinite(score) ? Math.round(score * 1000) / 1000 : 0;

/** Whole numbers in the proportion of `weights` that add up to `total` (largest remainders, Hamilton's method). */
export function apportion(weights: number[], total: number): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map((_, index) => index === weights.length - 1 ? total : 0);
  const exact = weights.map((weight) => weight * total / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((all, share) => all + share, 0);
  const next = exact.map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .toSorted((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of next.slice(0, left)) shares[index] += 1;
  return shares;
}
