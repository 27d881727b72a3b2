/** The models on offer and their prices: fetched at start off the ready path, kept on disk for a day. */

import { deadline } from "../../shared/signals.ts";
import type { Model } from "../../shared/story.ts";
import type { Config, Keys, Price } from "../config.ts";
import { findEndpoint, offer } from "./ids.ts";
import { loadedContext, UNKNOWN_LOCAL_CONTEXT } from "./loaded_context.ts";
import { type CachedList, fieldsOf, type Listed, readCache, readModels, writeCache } from "./model_lists.ts";
import { type Endpoint, endpointsOf } from "./vendors.ts";

export interface Catalogue {
  /** What a player may pick, the narrator included; `supported_models` restricts it. */
  models(): Model[];
  /** All that was fetched, for finding out whose an id is. */
  listed(): Listed[];
  /** The first fetch has settled, well or badly. Never rejects. */
  ready: Promise<void>;
  /** Fetches all lists again, whatever the cache says. Never rejects. */
  refresh(): Promise<void>;
  /** US dollars per million tokens; null when unknown. */
  price(model_id: string): Price | null;
  /** Tokens that a prompt and its reply may have together: what a local server has loaded, else what the vendor says. */
  contextOf(model_id: string): Promise<number>;
  /** `fn` is called after the lists have changed. */
  onChange(fn: () => void): void;
  close(): void;
}

export interface CatalogueOptions {
  /** Always on offer: the built-in narrator. */
  narrator: Model;
  /** assets/prices.yaml: by `<vendor>/<id>`. */
  prices: Record<string, Price>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Our own port, where nobody need look for a model server. */
  own_port?: number;
  fetch?: typeof fetch;
  /** So many of the vendors' lists are there; the last call of a fetch has both the same. */
  fetched?: (done: number, total: number) => void;
  /** What went wrong with a list, a sentence without keys, for the log. */
  problem?: (text: string) => void;
}

const LOCAL_TIMEOUT_MS = 300;
const REMOTE_TIMEOUT_MS = 10_000;
const CACHE_MS = 24 * 3600 * 1000;
/** A context is asked for again after this: a server may load a model anew. */
const CONTEXT_MS = 15_000;
const UNKNOWN_REMOTE_CONTEXT = 32_768;
const MAX_PAGES = 10;

/** Starts fetching at once; use `ready` to wait for it. */
export function openCatalogue(config: Config, keys: Keys, options: CatalogueOptions): Catalogue {
  const endpoints = endpointsOf(config);
  const cache_path = `${config.home}/models-cache.json`;
  const problem = options.problem ?? (() => {});
  const closing = new AbortController();
  const listeners: (() => void)[] = [];
  const lists = new Map<string, CachedList>();
  const contexts = new Map<string, { tokens: number; asked_ms: number }>();
  let listed: Listed[] = [];
  let models: Model[] = [];

  function compose(): void {
    const named = endpoints.flatMap((endpoint) => {
      const list = lists.get(endpoint.name);
      return list ? [{ endpoint, models: list.models }] : [];
    });
    listed = offer(named, config.main_provider);
    const priced = listed.map(withPrice);
    if (config.supported_models.length === 0) {
      models = [options.narrator, ...priced];
      return;
    }
    const wanted = [...new Set([config.default_model, ...config.supported_models])].filter((id) => id !== "");
    models = wanted.map((id) => {
      if (id === options.narrator.id) return options.narrator;
      const found = locate(id);
      const known = priced.find((model) =>
        model.provider === found?.endpoint.name && model.vendor_id === found.model
      );
      return known ?? unlisted(id, found?.endpoint);
    });
  }

  function withPrice(model: Listed): Listed {
    const endpoint = endpoints.find((endpoint) => endpoint.name === model.provider);
    const price = endpoint ? priceAt(endpoint, model.vendor_id, model.id, model) : null;
    return {
      ...model,
      context: contexts.get(model.id)?.tokens ?? model.context,
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

  function locate(model_id: string): { endpoint: Endpoint; model: string } | undefined {
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
    const shipped = `${endpoint.vendor}/${vendor_id}`;
    return Object.hasOwn(options.prices, shipped) ? options.prices[shipped] : null;
  }

  function price(model_id: string): Price | null {
    if (model_id === options.narrator.id) return { prompt: 0, completion: 0, cached: null };
    const found = locate(model_id);
    return found ? priceAt(found.endpoint, found.model, model_id, ownEntry(found)) : null;
  }

  function ownEntry({ endpoint, model }: { endpoint: Endpoint; model: string }): Listed | undefined {
    return listed.find((entry) => entry.provider === endpoint.name && entry.vendor_id === model);
  }

  /** JSON of an address, or an error that says what came instead. */
  async function getJson(
    url: string,
    headers: HeadersInit,
    timeout_ms: number,
    body?: unknown,
  ): Promise<unknown> {
    using limit = deadline(closing.signal, timeout_ms);
    const response = await (options.fetch ?? fetch)(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return await response.json();
  }

  function headersFor(endpoint: Endpoint): HeadersInit {
    const key = keys[endpoint.name] ?? "";
    return key === "" ? endpoint.headers : { ...endpoint.headers, authorization: `Bearer ${key}` };
  }

  async function fetchList(endpoint: Endpoint): Promise<Listed[] | null> {
    const timeout_ms = endpoint.probed ? LOCAL_TIMEOUT_MS : REMOTE_TIMEOUT_MS;
    const first = `${endpoint.base_url}/models`;
    const models: Listed[] = [];
    for (let url = first, page = 0; page < MAX_PAGES; page++) {
      const answer = await getJson(url, headersFor(endpoint), timeout_ms);
      const read = readModels(answer, endpoint);
      if (read === null) return null;
      models.push(...read.filter((model) => !models.some((known) => known.vendor_id === model.vendor_id)));
      const { next } = fieldsOf(fieldsOf(answer).links);
      if (typeof next !== "string" || !URL.canParse(next, first)) break;
      const following = new URL(next, first);
      // A key goes to no other host, whatever a list says.
      if (following.origin !== new URL(first).origin) break;
      url = following.href;
    }
    return models;
  }

  function isWanted(endpoint: Endpoint): boolean {
    const url = new URL(endpoint.base_url);
    const own_port = options.own_port ?? config.port;
    if (endpoint.local && own_port !== 0 && Number(url.port) === own_port) return false;
    return !endpoint.needs_key || (keys[endpoint.name] ?? "") !== "";
  }

  async function update(endpoint: Endpoint): Promise<void> {
    try {
      const models = await fetchList(endpoint);
      if (models !== null) {
        const { name, base_url } = endpoint;
        lists.set(name, { name, base_url, fetched_ms: options.now(), models });
      } else {
        lists.delete(endpoint.name);
        if (!endpoint.probed) problem(`${endpoint.label} answered with something that is no model list`);
      }
    } catch (error) {
      if (endpoint.probed) lists.delete(endpoint.name);
      else if (!closing.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        problem(`The model list of ${endpoint.label} could not be fetched: ${reason}`);
      }
    }
  }

  async function updateAll(wanted: Endpoint[]): Promise<void> {
    const local = wanted.filter((endpoint) => endpoint.probed);
    const remote = wanted.filter((endpoint) => !endpoint.probed);
    let done = 0;
    const told = () => options.fetched?.(done++, remote.length);
    if (remote.length > 0) told();
    const fetched = remote.map((endpoint) => update(endpoint).then(told));
    await Promise.all(local.map(update));
    changed();
    if (fetched.length === 0) return;
    await Promise.all(fetched);
    changed();
    await save();
  }

  let shown = "";
  function changed(): void {
    if (closing.signal.aborted) return;
    compose();
    const now = JSON.stringify(models);
    if (now === shown) return;
    shown = now;
    for (const listener of listeners) listener();
  }

  async function load(): Promise<void> {
    let text: string;
    try {
      text = await Deno.readTextFile(cache_path);
    } catch {
      return;
    }
    for (const list of readCache(text)) {
      const endpoint = endpoints.find((endpoint) => endpoint.name === list.name);
      const same = endpoint && endpoint.base_url === list.base_url;
      if (same && isWanted(endpoint)) lists.set(list.name, list);
    }
  }

  /** The whole file is written beside the old one and moved over it: a reader never sees half of it. */
  async function save(): Promise<void> {
    if (closing.signal.aborted) return;
    const kept = [...lists.values()].filter((list) =>
      endpoints.some((endpoint) => endpoint.name === list.name && !endpoint.local)
    );
    const draft = `${cache_path}.new`;
    try {
      await Deno.writeTextFile(draft, writeCache(kept));
      await Deno.rename(draft, cache_path);
    } catch (error) {
      problem(
        `The model lists could not be kept in ${cache_path}: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
  }

  function isFresh(endpoint: Endpoint): boolean {
    const list = lists.get(endpoint.name);
    const age_ms = list ? options.now() - list.fetched_ms : Infinity;
    return age_ms >= 0 && age_ms < CACHE_MS;
  }

  async function open(): Promise<void> {
    await load();
    changed();
    await updateAll(endpoints.filter((endpoint) => isWanted(endpoint) && !isFresh(endpoint)));
  }

  async function contextOf(model_id: string): Promise<number> {
    const found = locate(model_id);
    if (!found || model_id === options.narrator.id) return options.narrator.context ?? UNKNOWN_REMOTE_CONTEXT;
    const { endpoint, model } = found;
    const own = ownEntry(found);
    if (!endpoint.local) return own?.context ?? UNKNOWN_REMOTE_CONTEXT;
    const known = contexts.get(model_id);
    const age_ms = known ? options.now() - known.asked_ms : -1;
    if (known && age_ms >= 0 && age_ms < CONTEXT_MS) return known.tokens;
    const ask = (url: string, body?: unknown) =>
      getJson(url, headersFor(endpoint), LOCAL_TIMEOUT_MS, body).catch(() => null);
    const tokens = own?.context ?? await loadedContext(endpoint, model, ask) ?? UNKNOWN_LOCAL_CONTEXT;
    contexts.set(model_id, { tokens, asked_ms: options.now() });
    if (own && tokens !== known?.tokens) changed();
    return tokens;
  }

  compose();
  shown = JSON.stringify(models);
  return {
    models: () => models,
    listed: () => listed,
    ready: open().catch((error) => problem(`The model lists could not be read: ${error}`)),
    refresh: () => updateAll(endpoints.filter(isWanted)),
    price,
    contextOf,
    onChange: (fn) => void listeners.push(fn),
    close() {
      listeners.length = 0;
      closing.abort();
    },
  };
}
