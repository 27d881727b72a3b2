/** Which of the recalled pieces go into a prompt, and the lines they stand in. Pure. */

import type { Character } from "../../shared/story.ts";
import type { FactHit } from "../memory/marks.ts";
import type { LoreHit, MemoryHit, Recalled } from "../memory/recall.ts";
import { tellingStretch } from "../memory/telling.ts";
import { estimateTokens, leastTokens } from "./budget.ts";
import { factLine, fenceLine, fill, loreLine, memoryLine } from "./sections.ts";

export type PieceKind = "lore" | "memory" | "fact";

/** A piece that stands in the prompt: `quote` word for word, `tokens` its share of the line. */
export interface SentPiece {
  kind: PieceKind;
  /** A unit's id, or a fact's. */
  id: number;
  quote: string;
  tokens: number;
}

/** A recalled piece that stayed out: `over` is by how many tokens it had no room, null: the history holds it. */
export interface UnsentPiece {
  kind: PieceKind;
  id: number;
  readonly over: number | null;
}

export interface Chosen {
  lore: LoreHit[];
  memories: MemoryHit[];
  facts: FactHit[];
  lore_lines: string[];
  /** Oldest first, as they happened. */
  memory_lines: string[];
  sent: SentPiece[];
  unsent: UnsentPiece[];
}

/** What the original promises when there is that much: the best of each kind are shortened rather than left out. */
const LEAST_LORE = 2;
const LEAST_MEMORIES = 3;
/** A shorter piece says nothing. */
const LEAST_TOKENS = 24;

/**
 * Chooses the best pieces that their budgets hold, never what the history holds (`kept`), and makes their lines:
 * neighbours from one message share one.
 */
export function choosePieces(
  recalled: Recalled | null,
  facts: FactHit[],
  kept: ReadonlySet<number>,
  character: Character,
  options: { lore_tokens: number; memory_tokens: number; recall_tokens?: number },
): Chosen {
  const unsent: UnsentPiece[] = [];
  const unseen = <Hit extends { message_id: number }>(
    hits: Hit[],
    kind: PieceKind,
    id: (hit: Hit) => number,
  ) =>
    hits.filter((hit) => {
      if (kept.has(hit.message_id)) unsent.push({ kind, id: id(hit), over: null });
      return !kept.has(hit.message_id);
    });
  const pinned = unseen(facts, "fact", (hit) => hit.fact_id);
  const remembered = unseen(recalled?.memories ?? [], "memory", (hit) => hit.unit_id);
  const room = shares(options, {
    lore: () => (recalled?.lore ?? []).map((hit) => loreLine(hit, character)),
    memories: () => [...pinned.map(factLine), ...remembered.map((hit) => memoryLine(hit, character))],
  });
  const lore = fitting(
    recalled?.lore ?? [],
    room.lore,
    LEAST_LORE,
    (hit) => loreLine(hit, character),
    room.tight,
  );
  unsent.push(
    ...lore.out.map(({ hit, room }) => tooMuch("lore", hit.unit_id, loreLine(hit, character), room)),
  );

  const noted = fitting(
    pinned,
    room.memories,
    LEAST_MEMORIES,
    (hit) => factLine(hit),
    room.tight,
  );
  unsent.push(...noted.out.map(({ hit, room }) => tooMuch("fact", hit.fact_id, factLine(hit), room)));
  const memories = fitting(
    remembered,
    noted.left,
    LEAST_MEMORIES,
    (hit) => memoryLine(hit, character),
    room.tight,
  );
  unsent.push(
    ...memories.out.map(({ hit, room }) => tooMuch("memory", hit.unit_id, memoryLine(hit, character), room)),
  );

  const lore_lines: string[] = [];
  const sent: SentPiece[] = [];
  for (const together of underOneHeading(lore.in)) {
    const [first, ...rest] = together;
    const others = rest.map((hit) => fenceLine(fill(hit.text, character)));
    lore_lines.push([loreLine(first, character), ...others].join(" ... "));
    const tokens = [loreLine(first, character), ...others].map(estimateTokens);
    together.forEach((hit, i) => {
      const quote = fenceLine(fill(hit.text, character));
      sent.push({ kind: "lore", id: hit.unit_id, quote, tokens: tokens[i] });
    });
  }
  const entries = [
    ...memories.in.map((hit) => ({ hit, fact: null })),
    ...noted.in.map((fact) => ({ hit: null, fact })),
  ].toSorted((a, b) => {
    const [x, y] = [a.hit ?? a.fact!, b.hit ?? b.fact!];
    return y.turns_ago - x.turns_ago || x.message_id - y.message_id ||
      (a.hit?.unit_id ?? 0) - (b.hit?.unit_id ?? 0);
  });
  const memory_lines: string[] = [];
  let last: MemoryHit | null = null;
  for (const { hit, fact } of entries) {
    if (fact !== null) {
      const line = factLine(fact);
      memory_lines.push(line);
      sent.push({
        kind: "fact",
        id: fact.fact_id,
        quote: fenceLine(fact.text),
        tokens: estimateTokens(line),
      });
      last = null;
    } else if (hit !== null) {
      const quote = fenceLine(hit.text);
      const joins = last !== null && last.message_id === hit.message_id;
      if (joins) {
        const glue = hit.unit_id === last!.unit_id + 1 ? " " : " ... ";
        memory_lines[memory_lines.length - 1] += `${glue}${quote}`;
      } else memory_lines.push(memoryLine(hit, character));
      const tokens = estimateTokens(joins ? quote : memoryLine(hit, character));
      sent.push({ kind: "memory", id: hit.unit_id, quote, tokens });
      last = hit;
    }
  }
  return {
    lore: lore.in,
    memories: memories.in,
    facts: noted.in,
    lore_lines,
    memory_lines,
    sent,
    unsent,
  };
}

/**
 * What lore and memories have where both together (`recall_tokens`) have less than each might: first the best of both,
 * then the others, and of too little neither has more than half while the other wants it.
 */
function shares(
  options: { lore_tokens: number; memory_tokens: number; recall_tokens?: number },
  lines: { lore(): string[]; memories(): string[] },
): { lore: number; memories: number; tight: boolean } {
  const { lore_tokens, memory_tokens, recall_tokens = Infinity } = options;
  if (lore_tokens + memory_tokens <= recall_tokens) {
    return { lore: lore_tokens, memories: memory_tokens, tight: false };
  }
  const cost = (some: string[], most: number) =>
    Math.min(most, some.reduce((sum, line) => sum + estimateTokens(line) + 1, 0));
  const [lore, memories] = [lines.lore(), lines.memories()];
  const best = halved(
    cost(lore.slice(0, LEAST_LORE), lore_tokens),
    cost(memories.slice(0, LEAST_MEMORIES), memory_tokens),
    recall_tokens,
  );
  const more = halved(
    cost(lore, lore_tokens) - best[0],
    cost(memories, memory_tokens) - best[1],
    recall_tokens - best[0] - best[1],
  );
  return { lore: best[0] + more[0], memories: best[1] + more[1], tight: true };
}

function halved(a: number, b: number, room: number): [number, number] {
  const half = Math.floor(room / 2);
  if (a + b <= room) return [a, b];
  if (a <= half) return [a, room - a];
  return b <= half ? [room - b, b] : [half, half];
}

/**
 * Lore in the order of the best of each heading; what stands under one heading together, in its own order. What only some
 * know stays by itself.
 */
function underOneHeading(hits: LoreHit[]): LoreHit[][] {
  const groups = new Map<string, LoreHit[]>();
  for (const hit of hits) {
    const alone = hit.heading === "" || hit.known_to !== "";
    const key = alone ? `${hit.unit_id}` : `: ${hit.heading}`;
    groups.set(key, [...groups.get(key) ?? [], hit]);
  }
  return [...groups.values()].map((group) => group.toSorted((a, b) => a.unit_id - b.unit_id));
}

// Counted when somebody asks: the request does not wait for it.
function tooMuch(kind: PieceKind, id: number, line: string, room: number): UnsentPiece {
  return {
    kind,
    id,
    get over() {
      return estimateTokens(line) + 1 - room;
    },
  };
}

/**
 * The best hits whose lines fit in `tokens`, in their order; the first `least` give way to one another and lose their
 * ends rather than stay out.
 */
function fitting<Hit extends { text: string; words?: string[] }>(
  hits: Hit[],
  tokens: number,
  least: number,
  line: (hit: Hit) => string,
  tight: boolean,
): { in: Hit[]; out: { hit: Hit; room: number }[]; left: number } {
  let left = tokens;
  const taken: Hit[] = [];
  const out: { hit: Hit; room: number }[] = [];
  hits.forEach((hit, index) => {
    if (index >= least && leastTokens(line(hit)) + 1 > left) return out.push({ hit, room: left });
    const cost = estimateTokens(line(hit)) + 1;
    // Room for those of the first `least` that are still to come.
    const owed = hits.slice(index + 1, least).reduce(
      (sum, other) => sum + Math.min(LEAST_TOKENS * 2, estimateTokens(line(other)) + 1),
      0,
    );
    const share = Math.floor(left / Math.max(1, Math.min(least, hits.length) - index));
    const room = index >= least || share < LEAST_TOKENS ? left : Math.max(left - owed, share);
    const fits = cost <= room ? hit : index < least ? shortened(hit, room, line, tight) : null;
    if (fits === null) out.push({ hit, room: left });
    else {
      taken.push(fits);
      left -= estimateTokens(line(fits)) + 1;
    }
  });
  return { in: taken, out, left };
}

/**
 * The hit with what fits of its text: in a tight window the sentences around the most telling one, else its beginning, cut
 * at a sentence's end or at a blank; null: too little is left.
 */
function shortened<Hit extends { text: string; words?: string[] }>(
  whole: Hit,
  room: number,
  line: (hit: Hit) => string,
  tight: boolean,
): Hit | null {
  if (room < LEAST_TOKENS) return null;
  const fits = (text: string) => estimateTokens(line({ ...whole, text })) + 1 <= room;
  const hit = tight ? { ...whole, text: tellingStretch(whole.text, whole.words ?? [], fits) } : whole;
  if (tight && fits(hit.text)) return hit;
  let [short, long] = [0, hit.text.length];
  while (short < long) {
    const middle = Math.ceil((short + long) / 2);
    if (estimateTokens(line({ ...hit, text: hit.text.slice(0, middle) })) + 1 <= room) short = middle;
    else long = middle - 1;
  }
  const head = hit.text.slice(0, short);
  const sentence = [...head.matchAll(/[.!?…]["'”’»)]*(?=\s)|[。！？][」』”]?/gu)].at(-1);
  const end = sentence && sentence.index > short / 3
    ? sentence.index + sentence[0].length
    : Math.max(head.lastIndexOf(" "), 0);
  const text = hit.text.slice(0, end > 0 ? end : short).trim().toWellFormed();
  const cut = { ...hit, text };
  return text === "" || estimateTokens(line(cut)) + 1 > room ? null : cut;
}
