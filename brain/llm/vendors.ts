/** The table of vendors that speak chat completions, one row each, and the endpoints a Config makes of it. */

import type { Config, Quirks } from "../config.ts";

/** How to ask a server for the context it has loaded. */
export type ContextProbe = "none" | "ollama" | "lm_studio" | "llama_cpp" | "koboldcpp";

interface Vendor {
  name: string;
  label: string;
  /** Hosts of its API, for an endpoint that is configured under another name. `:port` means this port on loopback. */
  hosts: string[];
  needs_key: boolean;
  /** Which variable or configuration key holds the key. */
  key_hint: string;
  context_probe: ContextProbe;
  headers: Record<string, string>;
  quirks: Partial<Quirks>;
  /** A hotter request is refused. */
  max_temperature?: number;
}

/** One place that chat requests go to. */
export interface Endpoint {
  /** First segment of its models' ids: `groq` in `groq/llama-3.3-70b-versatile`. */
  name: string;
  /** Row of the vendor table, empty for an endpoint we know nothing about. */
  vendor: string;
  /** The name for people. */
  label: string;
  /** Without a slash at the end. */
  base_url: string;
  /** On this machine or in this house: costs nothing, and its context has to be asked for. */
  local: boolean;
  /** Looked for on loopback, not configured: believed only when it answers in the right shape. */
  probed: boolean;
  /** Its models are offered under their own ids, without `name/`. */
  plain_ids: boolean;
  needs_key: boolean;
  key_hint: string;
  context_probe: ContextProbe;
  headers: Record<string, string>;
  quirks: Quirks;
  /** A hotter request is refused; absent: none is known to be. */
  max_temperature?: number;
}

const DEFAULT_QUIRKS: Quirks = {
  max_tokens_field: "max_tokens",
  omit: [],
  temperature: 0.8,
  top_p: 0.95,
  include_usage: true,
};

function row(name: string, label: string, hosts: string[], part: Partial<Vendor> = {}): Vendor {
  const variable = `${name.toUpperCase()}_API_KEY`;
  const key_hint = `set ${variable} or ${name}_api_key in config.yaml`;
  return {
    name,
    label,
    hosts,
    needs_key: true,
    key_hint,
    context_probe: "none",
    headers: {},
    quirks: {},
    ...part,
  };
}

function localRow(name: string, label: string, port: number, context_probe: ContextProbe): Vendor {
  return row(name, label, [`:${port}`], { needs_key: false, key_hint: entryHint(name), context_probe });
}

/** Sources of the quirks: the vendors' documents as of July 2026; none was tried against a live account. */
const VENDORS: Vendor[] = [
  row("openrouter", "OpenRouter", ["openrouter.ai"], {
    key_hint: "set OPENROUTER_API_KEY or openai_api_key in config.yaml",
    headers: { "X-Title": "Flower Engine" },
  }),
  row("openai", "OpenAI", ["api.openai.com"], {
    key_hint: "set OPENAI_API_KEY or openai_api_key in config.yaml",
    quirks: { max_tokens_field: "max_completion_tokens" },
  }),
  row("deepseek", "DeepSeek", ["api.deepseek.com"], { quirks: { omit: ["seed"] } }),
  row("groq", "Groq", ["api.groq.com"], { quirks: { max_tokens_field: "max_completion_tokens" } }),
  row("gemini", "Gemini", ["generativelanguage.googleapis.com"], { quirks: { omit: ["seed"] } }),
  row("cerebras", "Cerebras", ["api.cerebras.ai"], {
    key_hint: entryHint("cerebras"),
    quirks: { max_tokens_field: "max_completion_tokens" },
  }),
  // Mistral calls it random_seed and answers unknown fields with 422.
  row("mistral", "Mistral", ["api.mistral.ai"], {
    key_hint: entryHint("mistral"),
    quirks: { omit: ["seed"] },
  }),
  row("anthropic", "Anthropic", ["api.anthropic.com"], {
    key_hint: entryHint("anthropic"),
    quirks: { omit: ["seed", "top_p"] },
    max_temperature: 1,
  }),
  row("xai", "xAI", ["api.x.ai"], { key_hint: entryHint("xai") }),
  localRow("ollama", "Ollama", 11434, "ollama"),
  localRow("lmstudio", "LM Studio", 1234, "lm_studio"),
  localRow("llamacpp", "llama.cpp", 8080, "llama_cpp"),
  localRow("koboldcpp", "KoboldCpp", 5001, "koboldcpp"),
];

function entryHint(name: string): string {
  return `set api_key in the entry ${name} under providers: in config.yaml`;
}

/** Lower-case letters and digits only: `llama.cpp`, `llama_cpp` and `llamacpp` are one name. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function vendorOf(name: string, url: URL): Vendor | undefined {
  return VENDORS.find((vendor) => vendor.hosts.includes(url.hostname)) ??
    VENDORS.find((vendor) => bare(vendor.name) === bare(name)) ??
    (isLoopback(url.hostname) ? VENDORS.find((vendor) => vendor.hosts.includes(`:${url.port}`)) : undefined);
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

/** Whether a host is this machine or in a private network: what runs there is the player's own. */
export function isLocalHost(hostname: string): boolean {
  return isLoopback(hostname) || hostname.endsWith(".local") ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname);
}

/**
 * All endpoints of a Config: the configured ones first, in their order, then the local servers that are
 * looked for. An entry whose base URL is no URL is left out (config.ts has complained about it).
 */
export function endpointsOf(config: Config): Endpoint[] {
  const endpoints: Endpoint[] = [];
  const entries = [
    ...config.providers.map((entry) => ({ ...entry, probed: false })),
    ...config.local_servers.map((entry) => ({ ...entry, quirks: {}, probed: true })),
  ];
  for (const entry of entries) {
    if (!URL.canParse(entry.base_url) || endpoints.some((known) => known.name === entry.name)) continue;
    const url = new URL(entry.base_url);
    const vendor = vendorOf(entry.name, url);
    const local = isLocalHost(url.hostname);
    const main = !entry.probed && entry.name === config.main_provider;
    endpoints.push({
      name: entry.name,
      vendor: vendor?.name ?? "",
      // "main" is our word, no player's.
      label: vendor?.label ?? (main ? url.host : entry.name),
      base_url: entry.base_url.replace(/\/+$/, ""),
      local,
      probed: entry.probed,
      plain_ids: main || vendor?.name === "deepseek" && entry.name === "deepseek",
      needs_key: (vendor?.needs_key ?? false) && !local,
      key_hint: vendor?.key_hint ??
        (main ? "set OPENAI_API_KEY or openai_api_key in config.yaml" : entryHint(entry.name)),
      context_probe: vendor?.context_probe ?? "none",
      headers: vendor?.headers ?? {},
      quirks: { ...DEFAULT_QUIRKS, ...vendor?.quirks, ...entry.quirks },
      ...(vendor?.max_temperature === undefined ? {} : { max_temperature: vendor.max_temperature }),
    });
  }
  return endpoints;
}
