/** What every benchmark returns: figures with the goal beside them. */

export interface Row {
  name: string;
  value: number;
  unit: string;
  /** As the issue states it; empty when there is none. */
  goal: string;
}

/** The value below which the share `q` of `values` lies; `values` need not be sorted. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

/** Resident memory of a process, in MB. */
export function rssMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return Math.round(Number(match?.[1] ?? 0) / 102.4) / 10;
}
