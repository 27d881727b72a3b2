/** Which endpoints there are, and which key may go to which. Pure. */

import type { Keys, ProviderEntry } from "./config.ts";
import { keyFault, urlFault } from "./config_checks.ts";
import type { Settings } from "./config_settings.ts";

export interface Endpoints {
  providers: ProviderEntry[];
  /** Names of those that a key or an address was given for; the others are known, but never called. */
  reachable: string[];
  main_provider: string;
  local_servers: { name: string; base_url: string }[];
  keys: Keys;
}

/** A vendor with a key variable of its own. `host` is where that key may go whatever a file says. */
interface Vendor {
  name: string;
  variable: string;
  host: string;
  base_url: string;
  /** Offered without being asked for. */
  always: boolean;
  key(settings: Settings): string;
}

const VENDORS: readonly Vendor[] = [
  {
    name: "openrouter",
    variable: "OPENROUTER_API_KEY",
    host: "openrouter.ai",
    base_url: "https://openrouter.ai/api/v1",
    always: false,
    key: () => "",
  },
  {
    name: "openai",
    variable: "OPENAI_API_KEY",
    host: "api.openai.com",
    base_url: "https://api.openai.com/v1",
    always: false,
    key: () => "",
  },
  {
    name: "deepseek",
    variable: "DEEPSEEK_API_KEY",
    host: "api.deepseek.com",
    base_url: "https://api.deepseek.com",
    always: true,
    key: (settings) => settings.deepseek_api_key,
  },
  {
    name: "groq",
    variable: "GROQ_API_KEY",
    host: "api.groq.com",
    base_url: "https://api.groq.com/openai/v1",
    always: true,
    key: (settings) => settings.groq_api_key,
  },
  {
    name: "gemini",
    variable: "GEMINI_API_KEY",
    host: "generativelanguage.googleapis.com",
    base_url: "https://generativelanguage.googleapis.com/v1beta/openai",
    always: true,
    key: (settings) => settings.gemini_api_key,
  },
];

const LOCAL_SERVERS = [
  { name: "ollama", base_url: "http://127.0.0.1:11434/v1" },
  { name: "lmstudio", base_url: "http://127.0.0.1:1234/v1" },
  { name: "llamacpp", base_url: "http://127.0.0.1:8080/v1" },
  { name: "koboldcpp", base_url: "http://127.0.0.1:5001/v1" },
];

/** Who wrote an address. A key of the environment goes to a foreign or built-in one only if it is that vendor's. */
type Origin = "builtin" | "environment" | "home" | "foreign";

interface Draft extends ProviderEntry {
  origin: Origin;
  file_key: string;
}

/**
 * Merges file and environment (which wins). `file` says whether the file is the home's own; the addresses of a
 * foreign one get no key from the environment, except a vendor's own address. `complain` takes whole sentences.
 */
export function readEndpoints(
  settings: Settings,
  file: "home" | "foreign",
  env: (name: string) => string | undefined,
  complain: (text: string) => void,
): Endpoints {
  const environment = environmentKeys(env, complain);
  const main = mainEndpoint(settings, file, env, environment, complain);
  const drafts: Draft[] = [main];
  const add = (draft: Draft) => {
    const at = drafts.findIndex((other) => other.name === draft.name);
    if (at < 0) drafts.push(draft);
    else drafts[at] = draft;
  };
  for (const vendor of VENDORS) {
    if (vendor.name === main.name || !(vendor.always || environment.has(vendor.name))) continue;
    const file_key = vendor.key(settings);
    add({ name: vendor.name, base_url: vendor.base_url, quirks: {}, origin: "builtin", file_key });
  }
  for (const { name, base_url, quirks, api_key } of settings.providers) {
    if (name === main.name && main.origin === "environment") {
      complain(`The provider ${name} of the config is left out: OPENAI_BASE_URL in the environment wins`);
      continue;
    }
    const replaced = drafts.find((draft) => draft.name === name);
    add({
      name,
      base_url: trimmed(base_url),
      quirks,
      origin: file,
      file_key: api_key || (replaced?.file_key ?? ""),
    });
  }

  const keys: Keys = {};
  for (const draft of drafts) {
    const key = keyFor(draft, draft.name === main.name, environment, complain) || draft.file_key;
    if (key) keys[draft.name] = key;
  }
  return {
    providers: drafts.map(({ name, base_url, quirks }) => ({ name, base_url, quirks })),
    reachable: drafts.filter(({ name, origin }) => origin !== "builtin" || name in keys).map(({ name }) =>
      name
    ),
    main_provider: main.name,
    local_servers: settings.local_servers
      ? LOCAL_SERVERS.filter((server) => !drafts.some((draft) => isSameServer(draft, server)))
      : [],
    keys,
  };
}

function isSameServer(draft: Draft, server: { name: string; base_url: string }): boolean {
  const url = new URL(draft.base_url);
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  return draft.name === server.name || (loopback && url.port === new URL(server.base_url).port);
}

function trimmed(base_url: string): string {
  return base_url.replace(/\/+$/, "");
}

/** Keys of the environment by vendor name. A key for OpenRouter often stands in OPENAI_API_KEY: its prefix tells. */
function environmentKeys(
  env: (name: string) => string | undefined,
  complain: (text: string) => void,
): Map<string, { key: string; variable: string }> {
  const found = new Map<string, { key: string; variable: string }>();
  for (const { name, variable } of VENDORS) {
    const key = env(variable)?.trim() ?? "";
    if (key === "") continue;
    const fault = keyFault(key);
    if (fault) {
      complain(`${variable} in the environment ${fault}; it is not used`);
      continue;
    }
    const owner = name === "openai" && key.startsWith("sk-or-") ? "openrouter" : name;
    if (!found.has(owner)) found.set(owner, { key, variable });
  }
  return found;
}

/** Where plain ids go. */
function mainEndpoint(
  settings: Settings,
  file: "home" | "foreign",
  env: (name: string) => string | undefined,
  environment: Map<string, { key: string }>,
  complain: (text: string) => void,
): Draft {
  const from_env = env("OPENAI_BASE_URL")?.trim() ?? "";
  const fault = from_env === "" ? "" : urlFault(from_env);
  if (fault) complain(`OPENAI_BASE_URL in the environment ${fault}; it is not used`);
  const by_env = fault === "" && from_env !== "";
  const chosen = by_env ? from_env : settings.openai_base_url;
  const file_key = settings.openai_api_key;
  if (chosen !== "") {
    const base_url = trimmed(chosen);
    const vendor = VENDORS.find((row) => !row.always && row.host === new URL(base_url).hostname);
    return {
      name: vendor?.name ?? "main",
      base_url,
      quirks: {},
      origin: by_env ? "environment" : file,
      file_key,
    };
  }
  // No address anywhere: OpenRouter, as ever, unless the only key at hand is OpenAI's own.
  const openai = environment.has("openai") && !environment.has("openrouter") && file_key === "";
  const vendor = VENDORS.find((row) => row.name === (openai ? "openai" : "openrouter")) ?? VENDORS[0];
  return { name: vendor.name, base_url: vendor.base_url, quirks: {}, origin: "builtin", file_key };
}

/** The environment's key for an endpoint; empty when there is none, or when it must not go there. */
function keyFor(
  draft: Draft,
  is_main: boolean,
  environment: Map<string, { key: string; variable: string }>,
  complain: (text: string) => void,
): string {
  const own = environment.get(draft.name);
  const found = own ?? (is_main ? environment.get("openai") ?? fromOpenAiVariable(environment) : undefined);
  if (!found) return "";
  const vendor = VENDORS.find((row) => environment.get(row.name) === found);
  if (draft.origin === "environment" || draft.origin === "home") return found.key;
  if (vendor && isVendorsOwn(draft.base_url, vendor.host)) return found.key;
  if (draft.file_key === "" && draft.origin === "foreign") {
    complain(
      `${found.variable} is not sent to ${draft.base_url}: that address comes from a config.yaml outside the home. ` +
        `Set OPENAI_BASE_URL, or write the address or the key into the home's own config.yaml`,
    );
  }
  return "";
}

/** OPENAI_API_KEY goes with OPENAI_BASE_URL even when it looks like OpenRouter's. */
function fromOpenAiVariable(
  environment: Map<string, { key: string; variable: string }>,
): { key: string; variable: string } | undefined {
  const found = environment.get("openrouter");
  return found?.variable === "OPENAI_API_KEY" ? found : undefined;
}

/** Whether this is the address of a vendor whose key may go there whatever a file says, or one on this machine. */
export function isTrusted(base_url: string): boolean {
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(base_url).hostname);
  return loopback || VENDORS.some(({ host }) => isVendorsOwn(base_url, host));
}

function isVendorsOwn(base_url: string, host: string): boolean {
  const url = new URL(base_url);
  return url.protocol === "https:" && url.hostname === host && url.port === "";
}
