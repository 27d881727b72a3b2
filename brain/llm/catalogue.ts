/** The models on offer and their prices: fetched at start off the ready path, kept on disk for a day. */

import type { Model } from "../../shared/story.ts";
import type { Config, Keys, Price } from "../config.ts";
import { loadedContext, UNKNOWN_LOCAL_CONTEXT } from "./loaded_context.ts";
import { createModelFetch } from "./model_fetch.ts";
import { type CachedList, type Listed, readCache, writeCache } from "./model_lists.ts";
import { createOffering } from "./offering.ts";
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
  /** How long a local server may take to answer; 300 ms when not said. */
  local_timeout_ms?: number;
  /** So many of the vendors' lists are there; the last call of a fetch has both the same. */
  fetched?: (done: number, total: number) => void;
  /** What went wrong with a list, a sentence without keys, for the log. */
  problem?: (text: string) => void;
}

const CACHE_MS = 24 * 3600 * 1000;
/** A context is asked for again after this: a server may load a model anew. */
const CONTEXT_MS = 15_000;
const UNKNOWN_REMOTE_CONTEXT = 32_768;

/** Starts fetching at once; use `ready` to wait for it. */
export function openCatalogue(config: Config, keys: Keys, options: CatalogueOptions): Catalogue {
  const endpoints = endpointsOf(config);
  const cache_path = `${config.home}/models-cache.json`;
  const problem = options.problem ?? (() => {});
  const closing = new AbortController();
  const listeners: (() => void)[] = [];
  const lists = new Map<string, CachedList>();
  const contexts = new Map<string, { tokens: number; asked_ms: number }>();
  const offering = createOffering(config, endpoints, options.narrator, options.prices);
  const asking = createModelFetch(keys, options.fetch ?? fetch, closing.signal, options.local_timeout_ms);

  function isWanted(endpoint: Endpoint): boolean {
    const url = new URL(endpoint.base_url);
    const own_port = options.own_port ?? config.port;
    if (endpoint.local && own_port !== 0 && Number(url.port) === own_port) return false;
    return !endpoint.needs_key || (keys[endpoint.name] ?? "") !== "";
  }

  async function update(endpoint: Endpoint): Promise<void> {
    try {
      const models = await asking.list(endpoint);
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

  let shown = JSON.stringify(offering.models());
  function changed(): void {
    if (closing.signal.aborted) return;
    const loaded = new Map([...contexts].map(([id, { tokens }]) => [id, tokens]));
    offering.compose(lists, loaded);
    const now = JSON.stringify(offering.models());
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

  let saving = Promise.resolve();
  /** One after another: two at once (two faces that refresh) would move the same draft. */
  function save(): Promise<void> {
    return saving = saving.then(saveNow);
  }

  /** The whole file is written beside the old one and moved over it: a reader never sees half of it. */
  async function saveNow(): Promise<void> {
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
    const found = offering.locate(model_id);
    if (!found || model_id === options.narrator.id) return options.narrator.context ?? UNKNOWN_REMOTE_CONTEXT;
    const { endpoint, model } = found;
    const own = offering.entryOf(found);
    if (!endpoint.local) return own?.context ?? UNKNOWN_REMOTE_CONTEXT;
    const known = contexts.get(model_id);
    const age_ms = known ? options.now() - known.asked_ms : -1;
    if (known && age_ms >= 0 && age_ms < CONTEXT_MS) return known.tokens;
    const ask = (url: string, body?: unknown) => asking.status(endpoint, url, body);
    const tokens = own?.context ?? await loadedContext(endpoint, model, ask) ?? UNKNOWN_LOCAL_CONTEXT;
    contexts.set(model_id, { tokens, asked_ms: options.now() });
    if (own && tokens !== known?.tokens) changed();
    return tokens;
  }

  return {
    models: offering.models,
    listed: offering.listed,
    ready: open().catch((error) => problem(`The model lists could not be read: ${error}`)),
    refresh: () => updateAll(endpoints.filter(isWanted)),
    price: offering.price,
    contextOf,
    onChange: (fn) => void listeners.push(fn),
    close() {
      listeners.length = 0;
      closing.abort();
    },
  };
}
