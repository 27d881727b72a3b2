/** What goes on beside the story and takes its time: named with how much, how fast and how long still. */

import type { EventOf } from "../../shared/protocol.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { type Model, type Result, withNotice } from "./model.ts";

/** One piece of work; `from` is where it stood when it was first heard of. */
export interface Work {
  id: string;
  label: string;
  done: number;
  total: number | null;
  unit: "bytes" | "items";
  from: number;
  from_ms: number;
  at_ms: number;
  /** The face's own, which goes on without a brain. */
  own: boolean;
}

/** A rate is told when it was measured for so long. */
const MEASURED_MS = 1000;

/** Takes an event in; the end of a work is a notice, its course is not. */
export function updateWork(
  model: Model,
  progress: EventOf<"progress">["metadata"],
  now_ms: number,
  own = false,
): Result {
  const { id, done, total, unit, state } = progress;
  const label = sanitizeLine(progress.label);
  const known = model.work.find((work) => work.id === id);
  const others = model.work.filter((work) => work.id !== id);
  if (state !== "running") {
    const after = { ...model, work: others };
    const failed = state === "failed";
    const words = label !== "" ? label : known?.label ?? "";
    return [withNotice(after, failed && words !== "" ? `${words}: failed.` : label, now_ms, failed), []];
  }
  const from = known ?? { from: done, from_ms: now_ms };
  const work: Work = {
    id,
    label,
    done,
    total,
    unit,
    from: from.from,
    from_ms: from.from_ms,
    at_ms: now_ms,
    own,
  };
  return [{ ...model, work: [...others, work] }, []];
}

/** `Fetching memory by meaning · 41 of 142 MB · 3.2 MB/s · 32 s left`; empty: nothing goes on. */
export function workWords(model: Model): string {
  const work = model.work.at(-1);
  if (work === undefined) return "";
  const { label, done, total, unit, from, from_ms, at_ms } = work;
  const parts = [label];
  if (total !== null && total > 0) {
    parts.push(unit === "bytes" ? `${megabytes(done)} of ${megabytes(total)} MB` : `${done} of ${total}`);
  } else if (done > 0) parts.push(unit === "bytes" ? `${megabytes(done)} MB` : String(done));
  const measured_ms = at_ms - from_ms;
  const per_second = measured_ms >= MEASURED_MS ? (done - from) / measured_ms * 1000 : 0;
  if (per_second > 0) {
    parts.push(unit === "bytes" ? `${(per_second / 1e6).toFixed(1)} MB/s` : `${pace(per_second)} a second`);
    if (total !== null && total > done) parts.push(`${restWords((total - done) / per_second)} left`);
  }
  return parts.filter((part) => part !== "").join(` ${model.theme.marks.separator} `);
}

const pace = (per_second: number): string =>
  per_second < 10 ? per_second.toFixed(1) : String(Math.round(per_second));

/** What goes on when the brain is gone: nothing of its own, and nobody would tell its end. */
export const withoutBrain = (work: readonly Work[]): readonly Work[] => work.filter(({ own }) => own);

export const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6));

/** `32 s`, `4 min`, `2 hours`. */
export function restWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return `${hours} hours`;
}
