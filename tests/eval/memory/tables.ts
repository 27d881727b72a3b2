/** Reports of arms as tables: for a terminal, and for the README, which is read back as what must not be lost again. */
import type { ArmReport } from "../memory.ts";

type Reports = Record<string, ArmReport>;

/** Prints every arm with its parts. */
export function printTable(reports: Reports): void {
  const percent = (value: number | undefined) => value === undefined ? "-" : (100 * value).toFixed(1);
  console.log("arm        R@3   R@5   R@10  MRR    @300w  lore@300w  probes  false  p50 ms  p95 ms  index s");
  for (const [name, report] of Object.entries(reports)) {
    if ("skipped" in report) {
      console.log(`${name.padEnd(10)} skipped: ${report.skipped}`);
      continue;
    }
    const { locomo, fairytale, probes } = report;
    const cells = [
      percent(locomo?.r3).padEnd(5),
      percent(locomo?.r5).padEnd(5),
      percent(locomo?.r10).padEnd(5),
      locomo === null ? "-".padEnd(6) : locomo.mrr.toFixed(3).padEnd(6),
      percent(locomo?.r300).padEnd(6),
      percent(fairytale?.coverage300).padEnd(10),
      percent(probes?.recall).padEnd(7),
      percent(probes?.false_recall).padEnd(6),
      report.p50_ms.toFixed(1).padEnd(7),
      report.p95_ms.toFixed(1).padEnd(7),
      (report.index_ms / 1000).toFixed(1),
    ];
    console.log(`${name.padEnd(10)} ${cells.join(" ")}`);
    if (locomo !== null) {
      const parts = Object.entries(locomo.by_category).map(([category, figures]) =>
        `${category} ${percent(figures.r10)}/${percent(figures.r300)}`
      );
      console.log(`           R@10/@300w by category: ${parts.join(", ")}`);
      if ("turn_r10" in locomo) {
        console.log(`           one turn a document: R@10 ${percent(locomo.turn_r10 as number)}`);
      }
    }
    if (probes !== null) {
      const parts = Object.entries(probes.by_kind).map(([kind, figures]) =>
        `${kind} ${percent(figures.recall)}`
      );
      console.log(
        `           probes by kind: ${parts.join(", ")}; repeats ${percent(probes.repeats)}, ` +
          `stale ${percent(probes.stale)}, stray ${percent(probes.stray)}`,
      );
    }
  }
}

const COLUMNS = ["R@5", "R@10", "MRR", "recall@300 words", "lore coverage@300"];

/** The figures of a report in the order of the columns, in per cent; null: not measured. */
export function figuresOf(report: Exclude<ArmReport, { skipped: string }>): (number | null)[] {
  const { locomo, fairytale } = report;
  const shares = [locomo?.r5, locomo?.r10, locomo?.mrr, locomo?.r300, fairytale?.coverage300];
  return shares.map((share) => share === undefined ? null : Math.round(1000 * share) / 10);
}

/** A table of the README: one row for each arm that ran. */
export function markdown(reports: Reports): string {
  const rows = Object.entries(reports).flatMap(([name, report]) => {
    if ("skipped" in report) return [];
    const cells = figuresOf(report).map((figure) => figure === null ? "-" : figure.toFixed(1));
    return [`| ${name} | ${cells.join(" | ")} |`];
  });
  return [`| arm | ${COLUMNS.join(" | ")} |`, `|---${"|---".repeat(COLUMNS.length)}|`, ...rows].join("\n");
}

/** The figures of the first such table after `title`, by arm. Throws when there is none. */
export function readMarkdown(text: string, title: string): Map<string, (number | null)[]> {
  const after = text.split(title)[1] ?? "";
  const rows = [...after.matchAll(/^\| (\w+) \|((?: [\d.-]+ \|)+)$/gm)];
  const table = after.slice(0, after.indexOf("\n\n", after.indexOf("\n| ")));
  const found = new Map(
    rows.filter((row) => row.index < table.length).map(([, name, cells]) => [
      name,
      cells.split("|").slice(0, -1).map((cell) => cell.trim() === "-" ? null : Number(cell)),
    ]),
  );
  if (found.size === 0) throw new Error(`There is no table of figures after "${title}"`);
  return found;
}
