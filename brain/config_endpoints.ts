/** `providers:` and `prices:` of config.yaml, checked. */

import type { Price, Quirks } from "./config.ts";
import {
  type Complain,
  flag,
  list,
  mapping,
  number,
  oneOf,
  type Path,
  type Read,
  readRows,
  secret,
  shown,
  url,
} from "./config_checks.ts";

/** One item of `providers:`. */
export interface ProviderSetting {
  name: string;
  base_url: string;
  api_key: string;
  quirks: Partial<Quirks>;
}

const PROVIDER_NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/;

const QUIRK_ROWS: { [Key in keyof Quirks]: Read<Quirks[Key]> } = {
  max_tokens_field: oneOf(["max_tokens", "max_completion_tokens"]),
  omit: list("parameter names"),
  temperature: number(0, 2, "a number"),
  top_p: number(0, 1, "a number"),
  include_usage: flag,
};

const PROVIDER_ROWS: { [Key in keyof ProviderSetting]: Read<ProviderSetting[Key]> } = {
  name(value, path, complain) {
    const good = typeof value === "string" && PROVIDER_NAME.test(value) && value !== "demo";
    if (!good) {
      const want = "must be a plain name of lower-case letters, digits, - and _ (not demo)";
      complain(path, `${want}, not ${shown(value)}`);
    }
    return good ? value : undefined;
  },
  base_url: url,
  api_key: secret,
  quirks(value, path, complain) {
    const bag = mapping(value, path, complain, "a mapping");
    return bag && readRows<Quirks>(QUIRK_ROWS, bag, path, complain);
  },
};

const PRICE_ROWS: { [Key in keyof Price]: Read<number> } = {
  prompt: number(0, 100_000, "US dollars per million tokens"),
  completion: number(0, 100_000, "US dollars per million tokens"),
  cached: number(0, 100_000, "US dollars per million tokens"),
};

/** The list; what is wrong in it is left out after a complaint. */
export function providers(value: unknown, path: Path, complain: Complain): ProviderSetting[] | undefined {
  if (!Array.isArray(value)) {
    // Not the text: somebody may have put a key here.
    const kind = typeof value === "string" ? "a text" : shown(value);
    complain(path, `must be a list of providers ("- name: ..."), not ${kind}`);
    return undefined;
  }
  const found: ProviderSetting[] = [];
  value.forEach((item, index) => {
    const at = [...path, index];
    const bag = mapping(item, at, complain, "a provider with name and base_url");
    if (!bag) return;
    const read = readRows<ProviderSetting>(PROVIDER_ROWS, bag, at, complain);
    for (const key of ["name", "base_url"] as const) {
      // A wrong value has had its complaint.
      if ((bag[key] ?? "") === "") complain(at, `this provider has no ${key}; it is left out`);
    }
    if (!read.name || !read.base_url) return;
    if (found.some((other) => other.name === read.name)) {
      complain(at, `a second provider is called ${read.name}; the first one counts`);
      return;
    }
    found.push({
      name: read.name,
      base_url: read.base_url,
      api_key: read.api_key ?? "",
      quirks: read.quirks ?? {},
    });
  });
  return found;
}

/** By model id, as written. */
export function prices(value: unknown, path: Path, complain: Complain): Record<string, Price> | undefined {
  const bag = mapping(value, path, complain, 'a mapping like "some/model: {prompt: 0.5, completion: 1.5}"');
  if (!bag) return undefined;
  const found: [string, Price][] = [];
  for (const [id, item] of Object.entries(bag)) {
    const at = [...path, id];
    const row = mapping(item, at, complain, "a mapping with prompt and completion");
    if (!row) continue;
    const read = readRows<Record<keyof Price, number>>(PRICE_ROWS, row, at, complain);
    if (read.prompt === undefined || read.completion === undefined) {
      complain(at, "needs prompt and completion in US dollars per million tokens; it is left out");
      continue;
    }
    found.push([id, { prompt: read.prompt, completion: read.completion, cached: read.cached ?? null }]);
  }
  return Object.fromEntries(found);
}
