/** Leaving: asked for once, and in mid-reply a question. */

import { type Model, type Result, withNotice } from "./model.ts";
import { say } from "./say.ts";

const LEAVE_MS = 4000;

/** Ctrl+C: once asks, twice leaves; while the narrator speaks it is a question. */
export function leave(model: Model, now_ms: number): Result {
  if (model.leaving === "question") return stopAndLeave(model, now_ms);
  if (model.leaving !== "no") return [model, [{ kind: "quit" }]];
  if (model.turn !== null && model.connection.kind === "connected") {
    return [{ ...model, leaving: "question", notice: null, sheet: null }, []];
  }
  const asked = withNotice(model, "Ctrl+C again leaves. The story is kept.", now_ms);
  return [{ ...asked, leaving: "asked", leave_until_ms: now_ms + LEAVE_MS, log: model.log }, []];
}

/** The reply is stopped and its text kept; the end of it ends the face. */
export function stopAndLeave(model: Model, now_ms: number): Result {
  if (model.turn === null) return [model, [{ kind: "quit" }]];
  const [said, effects] = say({ ...model, leaving: "after_reply" }, "/cancel", now_ms);
  return [said, effects];
}
