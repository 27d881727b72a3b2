/** What the evaluation of a narrator's replies says: tables of counts, quotes in full, two variants of rules compared. Pure. */

import { type Finding, type Kind, KINDS, type Told, totals } from "./counts.ts";

/** One world played through with one variant of the base rules. */
export interface Story {
  /** Name of the variant: "shipped" or the rules' file. */
  variant: string;
  world: string;
  character: string;
  opening: string;
  told: Told[];
  /** Remarks about `told`, as shown to the player. */
  shown: Finding[];
  /** The model's own text per line, with its remarks; null: not seen, because the brain asked the model directly. */
  raw: { told: Told[]; findings: Finding[] } | null;
  /** What was said beside the story. */
  notices: string[];
}

/** One reply with what it does wrong. */
export interface Quote {
  story: Story;
  told: Told;
  flaws: Kind[];
}

/** Two variants, reply by reply: the same world and line, the text that decides is the raw one where it was seen. */
export interface Comparison {
  first: string;
  second: string;
  /** Replies of which the first (or the second) has fewer kinds of flaws; `even` of them are alike. */
  first_better: number;
  second_better: number;
  even: number;
  /** Name of the better one; null: the difference is one that chance would bring. */
  winner: string | null;
}

const KIND_NAMES = Object.keys(KINDS) as Kind[];

/** Findings that count: of the model's own text where that was seen. */
function deciding(story: Story): Finding[] {
  return story.raw?.findings ?? story.shown;
}

function flawsOf(findings: Finding[], reply: number): Kind[] {
  return KIND_NAMES.filter((kind) => findings.some((one) => one.reply === reply && one.kind === kind));
}

/** The whole story as Markdown, its remarks below each reply. */
export function transcript(story: Story): string {
  const parts = [`# ${story.world}, with ${story.character}`, story.opening];
  story.told.forEach(({ line, reply }, index) => {
    parts.push(`> ${line}`, reply || "(nothing)");
    const raw = story.raw?.told[index].reply ?? reply;
    if (raw.trim() !== reply.trim()) parts.push("Raw:", "```", raw, "```");
    for (const found of story.shown.filter((finding) => finding.reply === index)) {
      parts.push(`- ${KINDS[found.kind]}: ${found.quote}`);
    }
  });
  if (story.notices.length > 0) parts.push("Notices:", ...story.notices.map((notice) => `- ${notice}`));
  return parts.join("\n\n") + "\n";
}

/** Counts per kind, one pair of columns (raw and shown text) for each variant. */
export function table(stories: Story[]): string {
  const variants = variantsOf(stories);
  const columns = variants.map((variant) => {
    const mine = stories.filter((story) => story.variant === variant);
    const sum = (findings: (story: Story) => Finding[]) => {
      const all = mine.map((story) => totals(findings(story)));
      return (kind: Kind) => all.reduce((total, counts) => total + counts[kind], 0);
    };
    const raw = mine.some((story) => story.raw) ? sum((story) => story.raw?.findings ?? []) : null;
    return { variant, raw, shown: sum((story) => story.shown) };
  });
  const cell = (value: string | number) => String(value).padStart(6);
  const row = (pick: (column: typeof columns[number], raw: boolean) => string | number) =>
    columns.map((column) => cell(pick(column, true)) + cell(pick(column, false))).join("  |");
  const replies = stories.filter((story) => story.variant === variants[0])
    .reduce((sum, story) => sum + story.told.length, 0);
  const of_kind = (kind: Kind) =>
    row(({ raw, shown }, is_raw) => is_raw ? raw?.(kind) ?? "-" : shown(kind)) + `  ${KINDS[kind]}`;
  const all = row(({ raw, shown }, is_raw) => {
    const count = is_raw ? raw : shown;
    return count ? KIND_NAMES.reduce((sum, kind) => sum + count(kind), 0) : "-";
  });
  return [
    `Of ${replies} replies${variants.length > 1 ? " each" : ""}:`,
    ...(variants.length > 1 ? [columns.map(({ variant }) => variant.padStart(12)).join("  |")] : []),
    row((_, is_raw) => is_raw ? "raw" : "shown"),
    ...KIND_NAMES.map(of_kind),
    `${all}  flaws in all`,
  ].join("\n");
}

/** The replies with the fewest and the most kinds of flaws, as the player read them; the earlier of equals. Empty replies are none. */
export function bestAndWorst(stories: Story[]): { best: Quote | null; worst: Quote | null } {
  const quotes: Quote[] = stories.flatMap((story) =>
    story.told.map((told, index) => ({ story, told, flaws: flawsOf(story.shown, index) }))
  ).filter(({ told }) => told.reply.trim() !== "");
  const by = (better: (a: number, b: number) => boolean) =>
    quotes.reduce<Quote | null>(
      (kept, quote) => kept && !better(quote.flaws.length, kept.flaws.length) ? kept : quote,
      null,
    );
  return { best: by((a, b) => a < b), worst: by((a, b) => a > b) };
}

/** One reply in full, with whose it is and what was counted against it. */
export function quoted(name: string, quote: Quote): string {
  const { story, told, flaws } = quote;
  const counted = flaws.length > 0
    ? flaws.map((kind) => KINDS[kind]).join("; ")
    : "nothing counted against it";
  const text = told.reply.trim().split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");
  return `${name} (${story.variant} rules), to: ${told.line}\n\n${text}\n\nCounted: ${counted}.`;
}

/**
 * Sets two variants side by side, reply by reply. One wins when it is better more often than fair coins would be in
 * nineteen of twenty tries (two standard deviations of the replies that differ).
 */
export function compare(stories: Story[], first: string, second: string): Comparison {
  const result: Comparison = { first, second, first_better: 0, second_better: 0, even: 0, winner: null };
  for (const one of stories.filter((story) => story.variant === first)) {
    const other = stories.find((story) => story.variant === second && story.world === one.world);
    one.told.forEach((_, index) => {
      if (!other || index >= other.told.length) return;
      const difference = flawsOf(deciding(one), index).length - flawsOf(deciding(other), index).length;
      if (difference < 0) result.first_better++;
      else if (difference > 0) result.second_better++;
      else result.even++;
    });
  }
  const margin = result.first_better - result.second_better;
  if (Math.abs(margin) > 2 * Math.sqrt(result.first_better + result.second_better)) {
    result.winner = margin > 0 ? first : second;
  }
  return result;
}

/** The comparison in a sentence or two. */
export function verdict(comparison: Comparison): string {
  const { first, second, first_better, second_better, even, winner } = comparison;
  const counted =
    `Reply by reply, ${first} has fewer flaws in ${first_better}, ${second} in ${second_better}, ` +
    `${even} are alike.`;
  return winner === null
    ? `${counted} That is no more than chance would bring: no winner.`
    : `${counted} Winner: ${winner}.`;
}

/** The report on all that was played: counts and quotes for each world, then all worlds and the verdicts. Markdown. */
export function report(model: string, stories: Story[]): string {
  const parts = [`# ${model}`];
  const worlds = [...new Set(stories.map((story) => story.world))];
  for (const world of worlds) {
    const mine = stories.filter((story) => story.world === world);
    const { best, worst } = bestAndWorst(mine);
    parts.push(`## ${world}`, fenced(table(mine)));
    if (best) parts.push(quoted("Good", best));
    if (worst && worst.told !== best?.told) parts.push(quoted("Bad", worst));
  }
  const variants = variantsOf(stories);
  if (worlds.length > 1) parts.push("## All worlds", fenced(table(stories)));
  for (const other of variants.slice(1)) parts.push(verdict(compare(stories, variants[0], other)));
  return parts.join("\n\n") + "\n";
}

function variantsOf(stories: Story[]): string[] {
  return [...new Set(stories.map((story) => story.variant))];
}

function fenced(text: string): string {
  return "```text\n" + text + "\n```";
}
