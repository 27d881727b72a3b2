/** The metrics of memory.md 3. Pure. */
import { allStems, contentStems } from "./stems.ts";

/** Share of the gold items among the first `k` of the list. */
export function recallAt(list: string[], gold: string[], k: number): number {
  const first = new Set(list.slice(0, k));
  const wanted = new Set(gold);
  return [...wanted].filter((id) => first.has(id)).length / wanted.size;
}

/** One through the place of the first gold item; 0 when there is none. */
export function reciprocalRank(list: string[], gold: string[]): number {
  const at = list.findIndex((id) => gold.includes(id));
  return at < 0 ? 0 : 1 / (at + 1);
}

/** Share of the answer's content stems, without those of the question, that stand in the block; null: none to look for. */
export function answerCoverage(block: string, answer: string, question: string): number | null {
  const asked = contentStems(question);
  const wanted = [...contentStems(answer)].filter((stem) => !asked.has(stem));
  if (wanted.length === 0) return null;
  const printed = allStems(block);
  return wanted.filter((stem) => printed.has(stem)).length / wanted.length;
}

export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The value below which a share `p` of the values lies; 0 of none. */
export function percentile(values: number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
}

/** The items in an order that only `seed` decides (mulberry32, Fisher and Yates). */
export function shuffled<Item>(items: Item[], seed: number): Item[] {
  const out = [...items];
  let state = seed >>> 0;
  const chance = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(chance() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
