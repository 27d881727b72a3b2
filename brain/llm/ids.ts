/** Which endpoint a model's id belongs to, and under which id a model is offered. Pure; never by substring. */

import type { Listed } from "./model_lists.ts";
import type { Endpoint } from "./vendors.ts";

/**
 * Which endpoint an id belongs to, and the vendor's own id. In this order: an id just as it is offered;
 * `<provider>/<id>` where that provider offers it; a vendor's id that exactly one provider offers; and for an
 * id in no list the provider that its first segment names, else the main one.
 */
export function findEndpoint(
  model_id: string,
  endpoints: Endpoint[],
  main: string,
  listed: Pick<Listed, "id" | "provider" | "vendor_id">[],
): { endpoint: Endpoint; model: string } | undefined {
  const known = listed.flatMap(({ id, provider, vendor_id }) => {
    const endpoint = endpoints.find((endpoint) => endpoint.name === provider);
    return endpoint ? [{ id, endpoint, model: vendor_id }] : [];
  });
  const offered = known.find((entry) => entry.id === model_id);
  if (offered) return offered;

  const slash = model_id.indexOf("/");
  const first = model_id.slice(0, Math.max(slash, 0));
  const rest = model_id.slice(slash + 1);
  const main_endpoint = endpoints.find((endpoint) => endpoint.name === main);
  // An Ollama that is configured as the main endpoint still answers to `ollama/...`.
  const named = endpoints.find((endpoint) => endpoint.name === first) ??
    (main_endpoint?.local && main_endpoint.vendor === first ? main_endpoint : undefined);
  if (named && known.some((entry) => entry.endpoint === named && entry.model === rest)) {
    return { endpoint: named, model: rest };
  }
  const bare = known.filter((entry) => entry.model === model_id);
  if (bare.length === 1) return bare[0];

  if (named && rest !== "") return { endpoint: named, model: rest };
  return main_endpoint && model_id !== "" ? { endpoint: main_endpoint, model: model_id } : undefined;
}

/**
 * Gives each model of the endpoints' lists the id it is offered under: its own at the main endpoint and DeepSeek,
 * `<provider>/<id>` elsewhere, and also where the plain id is taken. No id is given twice.
 */
export function offer(lists: { endpoint: Endpoint; models: Listed[] }[], main: string): Listed[] {
  const taken = new Set<string>();
  const offered = new Map<Listed, string>();
  // Whoever can only be called by the long form comes first, then the main endpoint.
  const order = (endpoint: Endpoint) => !endpoint.plain_ids ? 0 : endpoint.name === main ? 1 : 2;
  for (const { endpoint, models } of lists.toSorted((a, b) => order(a.endpoint) - order(b.endpoint))) {
    for (const model of models) {
      const long = `${endpoint.name}/${model.vendor_id}`;
      const id = endpoint.plain_ids && !taken.has(model.vendor_id) ? model.vendor_id : long;
      if (taken.has(id)) continue;
      taken.add(id);
      offered.set(model, id);
    }
  }
  return lists.flatMap(({ models }) =>
    models.flatMap((model) => {
      const id = offered.get(model);
      return id === undefined ? [] : [{ ...model, id }];
    })
  );
}
