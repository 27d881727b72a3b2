/** Asks endpoints for their lists of models and for what they have loaded. */

import { deadline } from "../../shared/signals.ts";
import type { Keys } from "../config.ts";
import { boundedJson } from "./bounded_json.ts";
import { fieldsOf, type Listed, readModels } from "./model_lists.ts";
import type { Endpoint } from "./vendors.ts";

const LOCAL_TIMEOUT_MS = 300;
const REMOTE_TIMEOUT_MS = 10_000;
const MAX_PAGES = 10;

/** All of it ends when `closing` is aborted. */
export interface ModelFetch {
  /** The models of an endpoint; null when what it answers is no list of models. Rejects when it gives no answer. */
  list(endpoint: Endpoint): Promise<Listed[] | null>;
  /** JSON from an address of a local endpoint (POST with a body); null when there is none in time. */
  status(endpoint: Endpoint, url: string, body?: unknown): Promise<unknown>;
}

/** Asks through `ask`, with the keys of the endpoints that have one; a local one has `local_timeout_ms` to answer. */
export function createModelFetch(
  keys: Keys,
  ask: typeof fetch,
  closing: AbortSignal,
  local_timeout_ms = LOCAL_TIMEOUT_MS,
): ModelFetch {
  /** JSON of an address, or an error that says what came instead. */
  async function getJson(
    url: string,
    headers: HeadersInit,
    timeout_ms: number,
    body?: unknown,
  ): Promise<unknown> {
    using limit = deadline(closing, timeout_ms);
    const response = await ask(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit.signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    return await boundedJson(response);
  }

  function headersFor(endpoint: Endpoint): HeadersInit {
    const key = keys[endpoint.name] ?? "";
    return key === "" ? endpoint.headers : { ...endpoint.headers, authorization: `Bearer ${key}` };
  }

  async function list(endpoint: Endpoint): Promise<Listed[] | null> {
    const timeout_ms = endpoint.probed ? local_timeout_ms : REMOTE_TIMEOUT_MS;
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

  return {
    list,
    status: (endpoint, url, body) =>
      getJson(url, headersFor(endpoint), local_timeout_ms, body).catch(() => null),
  };
}
