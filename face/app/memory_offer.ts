/** Memory by meaning wants a model that nobody fetched unasked: it is offered once, after the first reply. */

import { megabytes, updateWork } from "./progress.ts";
import type { Settings } from "./settings.ts";
import { isOpening, type Model, type Result, withNotice } from "./model.ts";

const FETCH_ID = "memory_model";
const FETCHING = "Fetching memory by meaning";

/** After the evening's first reply: is it there? What was answered with no, or is there, is not looked for again. */
export function lookForModel(model: Model): Result {
  if (model.memory_model.looked || model.settings.embedder !== "ask") return [model, []];
  const memory_model = { ...model.memory_model, looked: true };
  return [{ ...model, memory_model }, [{ kind: "look_for_model" }]];
}

/** How many bytes are missing; null: nothing that we could fetch. */
export function modelMissing(model: Model, bytes: number | null): Result {
  const memory_model = { ...model.memory_model, missing: bytes ?? 0, offers: (bytes ?? 0) > 0 };
  const after = { ...model, memory_model };
  return bytes === 0 ? keep(after, "ready") : [after, []];
}

/** Memory goes by words only, as far as this face knows. */
export function byWordsOnly(model: Model): boolean {
  return model.memory_model.missing > 0 || model.settings.embedder === "no";
}

/** The question, when nothing else goes on and nobody is writing. */
export function offerModel(model: Model): Model {
  const busy = model.turn !== null || model.transcript.live !== null || model.editor.text !== "" ||
    model.sheet !== null || model.desk !== null || model.search !== null || model.confirm !== null ||
    model.leaving !== "no" || model.popup.stash !== null || isOpening(model);
  if (!model.memory_model.offers || busy) return model;
  const size = megabytes(model.memory_model.missing);
  const question = `Fetch ${size} MB, once, so that memory goes by meaning?`;
  const memory_model = { ...model.memory_model, offers: false };
  return { ...model, memory_model, confirm: { prompt: "", question, kind: "fetch" } };
}

/** Yes, or `/fetch`. */
export function fetchModel(model: Model, now_ms: number): Result {
  if (model.work.some((work) => work.id === FETCH_ID)) {
    return [withNotice(model, "It is being fetched.", now_ms), []];
  }
  const [after] = fetching(model, 0, 0, now_ms);
  return [{ ...after, confirm: null }, [{ kind: "fetch_model" }]];
}

/** So many bytes of `total` are here; `total` 0: nobody knows yet of how many. */
export function fetching(model: Model, done: number, total: number, now_ms: number): Result {
  const count = { done, total: total === 0 ? null : total };
  return updateWork(
    model,
    { id: FETCH_ID, label: FETCHING, ...count, unit: "bytes", state: "running" },
    now_ms,
    true,
  );
}

/** It is here, or `problem` says why it is not. */
export function fetched(model: Model, problem: string, now_ms: number): Result {
  const work = model.work.filter(({ id }) => id !== FETCH_ID);
  if (problem !== "") {
    // What a system library says stands in the log alone.
    const cause = problem.replace(/\s*\([^]*\)(?=\.?$)/, "");
    const told = withNotice(
      { ...model, work },
      `${FETCHING} failed: ${cause} /fetch tries again; memory goes by words till then.`,
      now_ms,
      true,
    );
    return [cause === problem ? told : { ...told, log: [...told.log, { at_ms: now_ms, text: problem }] }, []];
  }
  const memory_model = { ...model.memory_model, missing: 0 };
  const told = withNotice({ ...model, work, memory_model }, "Memory goes by meaning from here on.", now_ms);
  return keep(told, "ready");
}

/** No: never again by itself. */
export function declineModel(model: Model, now_ms: number): Result {
  const told = withNotice(
    { ...model, confirm: null },
    "Memory goes on by words. /fetch fetches it later.",
    now_ms,
  );
  return keep(told, "no");
}

function keep(model: Model, embedder: Settings["embedder"]): Result {
  const settings = { ...model.settings, embedder };
  return [{ ...model, settings }, [{ kind: "save_settings", settings }]];
}
