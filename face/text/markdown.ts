/** The blocks of role-play Markdown: what one source line is, decided from its beginning alone. */

import { BOLD, CODE, HEADING, ITALIC, QUOTE } from "./runs.ts";

/** What a source line is; text begins at `from`. Columns: `indent` of the first row, `hang` of the others. */
export type Block =
  | { kind: "blank" }
  | { kind: "undecided" }
  | { kind: "fence"; fence: string }
  | { kind: "break" }
  | { kind: "code"; from: number; marks: number; indent: number; hang: number; marker: "" }
  | { kind: "text"; from: number; marks: number; indent: number; hang: number; marker: string };

const SCENE_BREAK = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,}|(?:= *){3,})$/;
const MAY_BECOME_BREAK = /^ {0,3}(?:(?:\* *)+|(?:- *)+|(?:_ *)+|(?:= *){3,})$/;

/**
 * Reads the line of `text` from `start` to `end`. `fence` is the open code fence ("" when none).
 * `final`: the line will not grow; until then a beginning that could become several things is `undecided`.
 */
export function readBlock(text: string, start: number, end: number, fence: string, final: boolean): Block {
  // No decision looks further than this; long lines stay cheap.
  const head = text.slice(start, Math.min(end, start + 120));
  const whole = end - start <= 120;
  const trimmed = head.trimStart();
  if (trimmed === "") return whole ? { kind: "blank" } : textBlock(start, 0);
  const fence_mark = /^(?:`{3,}|~{3,})/.exec(trimmed)?.[0] ?? "";
  if (fence !== "") {
    if (fence_mark.startsWith(fence) && (final || trimmed.length > fence_mark.length)) {
      return { kind: "fence", fence: "" };
    }
    if (!final && whole && (fence.startsWith(trimmed) || fence_mark.startsWith(fence))) {
      return { kind: "undecided" };
    }
    return { kind: "code", from: start, marks: CODE, indent: 2, hang: 2, marker: "" };
  }
  if (fence_mark !== "") {
    return final ? { kind: "fence", fence: fence_mark } : { kind: "undecided" };
  }
  if (!final && whole && /^(?:`{1,2}|~{1,2})$/.test(trimmed)) return { kind: "undecided" };
  if (whole && final && SCENE_BREAK.test(head)) return { kind: "break" };
  if (!final && whole && MAY_BECOME_BREAK.test(head)) return { kind: "undecided" };
  const lead = Math.min(head.length - trimmed.length, 12);
  const heading = /^(#{1,6}) +/.exec(trimmed);
  if (heading !== null) {
    const from = start + head.length - trimmed.length + heading[0].length;
    return { kind: "text", from, marks: HEADING | BOLD, indent: 0, hang: 0, marker: "" };
  }
  if (!final && whole && /^#{1,6} *$/.test(trimmed)) return { kind: "undecided" };
  const quote = /^(?:> ?)+/.exec(trimmed);
  if (quote !== null) {
    if (!final && whole && quote[0].length === trimmed.length) return { kind: "undecided" };
    const depth = quote[0].replaceAll(" ", "").length;
    const from = start + head.length - trimmed.length + quote[0].length;
    return { kind: "text", from, marks: QUOTE | ITALIC, indent: 3 * depth, hang: 3 * depth, marker: "" };
  }
  const bullet = /^([-*+]|\d{1,3}[.)]) +(?=\S)/.exec(trimmed);
  if (bullet !== null) {
    const marker = /\d/.test(bullet[1]) ? bullet[1] : "-";
    const from = start + head.length - trimmed.length + bullet[0].length;
    const hang = lead + marker.length + 1;
    return { kind: "text", from, marks: 0, indent: lead, hang, marker: `${marker} ` };
  }
  if (!final && whole && /^(?:[-*+]|\d{1,3}[.)]?) *$/.test(trimmed)) return { kind: "undecided" };
  return textBlock(start + head.length - trimmed.length, lead);
}

/** The line as a paragraph, without looking for anything else in it. */
export function plainBlock(text: string, start: number, end: number): Block {
  const head = text.slice(start, Math.min(end, start + 120));
  const lead = head.length - head.trimStart().length;
  return start + lead >= end ? { kind: "blank" } : textBlock(start + lead, Math.min(lead, 12));
}

function textBlock(from: number, indent: number): Block {
  return { kind: "text", from, marks: 0, indent, hang: 0, marker: "" };
}
