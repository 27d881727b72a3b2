/** What is on offer, from the lists as they are: ids, prices, and what the config restricts it to. Pure. */

import type { Model } from "../../shared/story.ts";
import type { Config, Price } from "../config.ts";
import { findEndpoint, offer } from "./ids.ts";
import type { CachedList, Listed } from "./model_lists.ts";
import type { Endpoint } from "./vendors.ts";

/** Where a model is to be had, and its id there. */
export interface Place {
  endpoint: Endpoint;
  model: string;
}

/** As of the last `compose`; before the first, the narrator alone. */
export interface Offering {
  /** Takes the lists by endpoint, and the windows that local servers were found to have loaded by model id. */
  compose(lists: ReadonlyMap<string, CachedList>, contexts: ReadonlyMap<string, number>): void;
  /** What a player may pick. */
  models(): Model[];
  /** All that the lists hold, by the ids under which it is offered. */
  listed(): Listed[];
  locate(model_id: string): Place | undefined;
  /** What its endpoint's list says of a model. */
  entryOf(place: Place): Listed | undefined;
  /** US dollars per million tokens; null when unknown. */
  price(model_id: string): Price | null;
}

/** `narrator` is always on offer; `shipped` are prices by `<vendor>/<id>`, for what no list and no config prices. */
export function createOffering(
  config: Pick<Config, "main_provider" | "supported_models" | "default_model" | "prices">,
  endpoints: Endpoint[],
  narrator: Model,
  shipped: Record<string, Price>,
): Offering {
  let listed: Listed[] = [];
  let models: Model[] = [];

  function compose(lists: ReadonlyMap<string, CachedList>, contexts: ReadonlyMap<string, number>): void {
    const named = endpoints.flatMap((endpoint) => {
      const list = lists.get(endpoint.name);
      return list ? [{ endpoint, models: list.models }] : [];
    });
    listed = offer(named, config.main_provider);
    const priced = listed.map((model) => withPrice(model, contexts));
    if (config.supported_models.length === 0) {
      models = [narrator, ...priced];
      return;
    }
    const wanted = [...new Set([config.default_model, ...config.supported_models])].filter((id) => id !== "");
    models = wanted.map((id) => {
      if (id === narrator.id) return narrator;
      const found = locate(id);
      const known = priced.find((model) =>
        model.provider === found?.endpoint.name && model.vendor_id === found.model
      );
      return known ?? unlisted(id, found?.endpoint);
    });
  }

  function withPrice(model: Listed, contexts: ReadonlyMap<string, number>): Listed {
    const endpoint = endpoints.find((endpoint) => endpoint.name === model.provider);
    const price = endpoint ? priceAt(endpoint, model.vendor_id, model.id, model) : null;
    return {
      ...model,
      context: contexts.get(model.id) ?? model.context,
      prompt_price: price?.prompt ?? null,
      completion_price: price?.completion ?? null,
    };
  }

  function unlisted(id: string, endpoint: Endpoint | undefined): Model {
    const cost = price(id);
    return {
      id,
      name: id,
      provider: endpoint?.name ?? "",
      local: endpoint?.local ?? false,
      context: null,
      max_output: null,
      prompt_price: cost?.prompt ?? null,
      completion_price: cost?.completion ?? null,
    };
  }

  function locate(model_id: string): Place | undefined {
    return findEndpoint(model_id, endpoints, config.main_provider, listed);
  }

  function priceAt(endpoint: Endpoint, vendor_id: string, id: string, own: Listed | undefined): Price | null {
    if (own && own.prompt_price !== null && own.completion_price !== null) {
      return { prompt: own.prompt_price, completion: own.completion_price, cached: own.cached_price };
    }
    const configured = [id, `${endpoint.name}/${vendor_id}`, vendor_id].find((key) =>
      Object.hasOwn(config.prices, key)
    );
    if (configured !== undefined) return config.prices[configured];
    if (endpoint.local) return { prompt: 0, completion: 0, cached: null };
    const vendors = `${endpoint.vendor}/${vendor_id}`;
    return Object.hasOwn(shipped, vendors) ? shipped[vendors] : null;
  }

  function price(model_id: string): Price | null {
    if (model_id === narrator.id) return { prompt: 0, completion: 0, cached: null };
    const found = locate(model_id);
    return found ? priceAt(found.endpoint, found.model, model_id, entryOf(found)) : null;
  }

  function entryOf({ endpoint, model }: Place): Listed | undefined {
    return listed.find((entry) => entry.provider === endpoint.name && entry.vendor_id === model);
  }

  compose(new Map(), new Map());
  return { compose, models: () => models, listed: () => listed, locate, entryOf, price };
}
