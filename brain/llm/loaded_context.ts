/** How many tokens a local server has really loaded a model with, from each server's own status endpoint. Pure. */

import { fieldsOf, tokensOf } from "./model_lists.ts";
import type { ContextProbe, Endpoint } from "./vendors.ts";

/** GET, or POST when there is a body; the parsed JSON, or null for whatever goes wrong. */
export type AskStatus = (url: string, body?: unknown) => Promise<unknown>;

/** Ollama's default below 24 GB of video memory, and the least that any server loads. */
export const UNKNOWN_LOCAL_CONTEXT = 4096;

async function ollama(origin: string, model: string, ask: AskStatus): Promise<number | null> {
  const same = (name: unknown) => name === model || name === `${model}:latest`;
  const { models } = fieldsOf(await ask(`${origin}/api/ps`));
  if (Array.isArray(models)) {
    const running = models.map(fieldsOf).find((entry) => same(entry.name) || same(entry.model));
    const loaded = tokensOf(running?.context_length);
    if (loaded !== null) return loaded;
  }
  const shown = fieldsOf(await ask(`${origin}/api/show`, { model }));
  const set = typeof shown.parameters === "string" ? /^num_ctx\s+(\d+)/m.exec(shown.parameters) : null;
  if (set) return tokensOf(Number(set[1]));
  // What the model could read says nothing about what will be loaded, except where it is less.
  const most = Object.entries(fieldsOf(shown.model_info)).find(([key]) => key.endsWith(".context_length"));
  const could = tokensOf(most?.[1]);
  return could === null ? null : Math.min(could, UNKNOWN_LOCAL_CONTEXT);
}

async function lmStudio(origin: string, model: string, ask: AskStatus): Promise<number | null> {
  const answer = fieldsOf(await ask(`${origin}/api/v1/models`));
  const models = [answer.models, answer.data].find(Array.isArray) ?? [];
  for (const entry of models.map(fieldsOf)) {
    const instances = Array.isArray(entry.loaded_instances) ? entry.loaded_instances.map(fieldsOf) : [];
    const named = [entry.key, entry.id, ...instances.map((instance) => instance.id)].includes(model);
    if (!named) continue;
    const instance = instances.find((instance) => instance.id === model) ?? instances[0];
    return tokensOf(fieldsOf(instance?.config).context_length, entry.loaded_context_length);
  }
  return null;
}

async function llamaCpp(origin: string, _model: string, ask: AskStatus): Promise<number | null> {
  const { default_generation_settings, n_ctx } = fieldsOf(await ask(`${origin}/props`));
  return tokensOf(fieldsOf(default_generation_settings).n_ctx, n_ctx);
}

async function koboldCpp(origin: string, _model: string, ask: AskStatus): Promise<number | null> {
  return tokensOf(fieldsOf(await ask(`${origin}/api/extra/true_max_context_length`)).value);
}

const PROBES: Record<
  Exclude<ContextProbe, "none">,
  (origin: string, model: string, ask: AskStatus) => Promise<number | null>
> = { ollama, lm_studio: lmStudio, llama_cpp: llamaCpp, koboldcpp: koboldCpp };

/**
 * Tokens that the server behind `endpoint` has loaded `model` with; null when it does not say.
 * A local server of a kind we do not know is asked in every way we do.
 */
export async function loadedContext(
  endpoint: Endpoint,
  model: string,
  ask: AskStatus,
): Promise<number | null> {
  if (!endpoint.local) return null;
  const { origin } = new URL(endpoint.base_url);
  if (endpoint.context_probe !== "none") return await PROBES[endpoint.context_probe](origin, model, ask);
  const answers = await Promise.all(Object.values(PROBES).map((probe) => probe(origin, model, ask)));
  return answers.find((answer) => answer !== null) ?? null;
}
