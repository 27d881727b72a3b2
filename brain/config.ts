/** config.yaml and the environment become one Config; every complaint names the key, the file and the line. */

import { dirname, isAbsolute, join, resolve } from "node:path/posix";
import { DEFAULT_PORT } from "../shared/protocol.ts";
import { readEndpoints } from "./config_providers.ts";
import { defaultSettings, readSettings, type Settings } from "./config_settings.ts";
import { parseYaml, YamlError } from "./yaml.ts";

/** Differences between vendors that speak chat completions. Every field has a default in the registry's table. */
export interface Quirks {
  max_tokens_field: "max_tokens" | "max_completion_tokens";
  /** Request parameters that this vendor refuses. */
  omit: string[];
  temperature: number;
  top_p: number;
  /** False: ask without `stream_options`. */
  include_usage: boolean;
}

/** One endpoint as configured. Its key travels apart, in `keys` by provider name. */
export interface ProviderEntry {
  name: string;
  base_url: string;
  quirks: Partial<Quirks>;
}

/** US dollars per million tokens. */
export interface Price {
  prompt: number;
  completion: number;
  cached: number | null;
}

/** Who turns texts into vectors. Its key travels apart, in `keys` as "embeddings". */
export interface Embeddings {
  engine: "local" | "endpoint" | "off";
  /** Local: the folder of models, or that of the model itself. Absolute. */
  path: string;
  /** Endpoint: base URL of a server that speaks OpenAI's embeddings, like http://127.0.0.1:11434/v1. */
  url: string;
  model: string;
}

/** Where vectors are looked through. Its token travels apart, in `keys` as "vectors". */
export interface Vectors {
  engine: "embedded" | "chroma";
  /** Chroma: scheme, host and port. */
  url: string;
  tenant: string;
  database: string;
}

/** What one player may ask for; 0: as much as they like. */
export interface Limits {
  /** Replies being told at the same time, in different stories. */
  running_turns: number;
  frames_per_second: number;
  prompt_bytes: number;
  /** Of lore that the player has attached to one world. */
  lore_bytes: number;
  /** Since midnight UTC, prompt and reply. */
  tokens_per_day: number;
  /** US dollars since midnight UTC. */
  spend_per_day: number;
}

/** Everything the sealed brain is told. Holds no key: those travel beside it. Paths are absolute. */
export interface Config {
  home: string;
  assets: string;
  database_path: string;
  host: string;
  port: number;
  /** Bearer token of who plays at this machine; empty: they need none (loopback only). */
  token: string;
  /** Names under which others reach this brain, `name` or `name:port`. */
  allowed_hosts: string[];
  /** A proxy in front of us says in X-Forwarded-* what it was asked. */
  trust_proxy: boolean;
  /** What the file says; what it does not say is decided by limits.ts. */
  limits: Partial<Limits>;
  /** Replies that run when the brain is told to stop get this long. */
  grace_ms: number;
  default_model: string;
  /** Empty: no restriction. */
  supported_models: string[];
  /** The endpoint that plain ids go to (`openai_base_url`): name of an entry in `providers`. */
  main_provider: string;
  providers: ProviderEntry[];
  /** Names of the providers that a key or an address was given for: the brain may call these. */
  reachable: string[];
  /** Base URLs of servers looked for on loopback; empty when `local_servers: off`. */
  local_servers: { name: string; base_url: string }[];
  prices: Record<string, Price>;
  /** A reply expected to cost more (US dollars) asks once. */
  ask_above_cost: number;
  /** 0: what the model offers. */
  max_context_tokens: number;
  max_reply_bytes: number;
  reply_words: { min: number; max: number };
  lore_tokens: number;
  memory_tokens: number;
  lore_folders: string[];
  embeddings: Embeddings;
  vectors: Vectors;
  /** Model that reads stories for facts; "": facts are found by rule. */
  facts_model: string;
  /** Whether a session's model tells what its history drops; else that is done by picking sentences. */
  summaries: boolean;
  connect_timeout_ms: number;
  first_byte_timeout_ms: number;
  idle_timeout_ms: number;
  log_level: "debug" | "info" | "warn" | "error";
  /** The built-in narrator speaks one word in this time; 0: all at once. */
  narrator_word_ms: number;
  /** Test-only: SQLite page limit (a full disk); 0: none. */
  max_page_count: number;
  /** What was wrong with the file or the environment, a sentence each, for the player. */
  complaints: string[];
}

/** API keys by provider name. */
export type Keys = Record<string, string>;

export interface LoadOptions {
  /** Absolute. */
  home: string;
  /** Absolute. */
  assets: string;
  /** `--config`; null: config.yaml in `cwd`, then in `home`. */
  config_path: string | null;
  /** Absolute. */
  cwd: string;
  env: (name: string) => string | undefined;
  /** Text of a file, null when there is none; throws when it cannot be read. */
  read: (path: string) => string | null;
  host?: string;
  port?: number;
  token?: string;
  trust_proxy?: boolean;
  grace_ms?: number;
}

/** Loads without touching the world itself. Never throws: whatever is wrong is a complaint, and a default stands in. */
export function loadConfig(options: LoadOptions): { config: Config; keys: Keys; complaints: string[] } {
  const { home, assets, env } = options;
  const complaints: string[] = [];
  const complain = (text: string) => void complaints.push(text);
  const { path, settings } = readFile(options, complain);
  const home_file = dirname(path) === resolve(home) ? "home" : "foreign";
  const { providers, reachable, main_provider, local_servers, keys } = readEndpoints(
    settings,
    home_file,
    env,
    complain,
  );
  const { api_key, ...embeddings } = settings.embeddings;
  if (embeddings.engine === "endpoint") {
    // A provider of that name must not lend its key to another address.
    delete keys.embeddings;
    if (api_key !== "") keys.embeddings = api_key;
  }
  const { token: vectors_token, ...vectors } = settings.vectors;
  if (vectors.engine === "chroma") {
    delete keys.vectors;
    if (vectors_token !== "") keys.vectors = vectors_token;
  }
  const absolute = (written: string) => {
    const user = env("HOME") ?? "";
    const expanded = user !== "" && /^~(\/|$)/.test(written) ? join(user, written.slice(1)) : written;
    return isAbsolute(expanded) ? resolve(expanded) : resolve(dirname(path), expanded);
  };
  const config: Config = {
    home,
    assets,
    database_path: settings.database_path === "" ? join(home, "engine.db") : absolute(settings.database_path),
    host: options.host ?? "127.0.0.1",
    port: options.port ?? DEFAULT_PORT,
    token: options.token ?? "",
    allowed_hosts: settings.allowed_hosts,
    trust_proxy: options.trust_proxy ?? false,
    limits: settings.limits,
    grace_ms: options.grace_ms ?? 0,
    default_model: env("MODEL_NAME")?.trim() || settings.default_model,
    supported_models: settings.supported_models,
    main_provider,
    reachable,
    providers,
    local_servers,
    prices: settings.prices,
    ask_above_cost: settings.ask_above_cost,
    max_context_tokens: settings.max_context_tokens,
    max_reply_bytes: settings.max_reply_bytes,
    reply_words: settings.reply_words,
    lore_tokens: settings.lore_tokens,
    memory_tokens: settings.memory_tokens,
    lore_folders: settings.lore_folders.map(absolute),
    facts_model: settings.memory.facts_model,
    summaries: settings.summaries,
    embeddings: {
      ...embeddings,
      path: embeddings.path === "" ? join(home, "models") : absolute(embeddings.path),
    },
    vectors,
    connect_timeout_ms: settings.connect_timeout_ms,
    first_byte_timeout_ms: settings.first_byte_timeout_ms,
    idle_timeout_ms: settings.idle_timeout_ms,
    log_level: settings.log_level,
    narrator_word_ms: settings.narrator_word_ms,
    max_page_count: settings.max_page_count,
    complaints,
  };
  // What stands in a wrong place may be what stands as a key in its own.
  for (const key of Object.values(keys).filter(({ length }) => length >= KEY_LENGTH)) {
    complaints.forEach((text, at) => complaints[at] = text.replaceAll(key, "[key]"));
  }
  return { config, keys, complaints };
}

/** Shorter ones stand in words, too. */
const KEY_LENGTH = 8;

/** The first config.yaml there is; `path` is the home's when there is none. */
function readFile(
  options: LoadOptions,
  complain: (text: string) => void,
): { path: string; settings: Settings } {
  const home_path = join(resolve(options.home), "config.yaml");
  const places = options.config_path === null
    ? [join(options.cwd, "config.yaml"), home_path]
    : [resolve(options.cwd, options.config_path)];
  for (const path of places) {
    let text: string | null;
    try {
      text = options.read(path);
    } catch (error) {
      complain(
        `${path} cannot be read (${error instanceof Error ? error.message : error}); defaults are used`,
      );
      return { path, settings: defaultSettings() };
    }
    if (text !== null) return { path, settings: parseSettings(text, path, complain) };
  }
  if (options.config_path !== null) complain(`${places[0]} does not exist; defaults are used`);
  return { path: home_path, settings: defaultSettings() };
}

function parseSettings(text: string, path: string, complain: (text: string) => void): Settings {
  const broken = text.indexOf("\ufffd");
  if (broken >= 0) {
    const row = text.slice(0, broken).split("\n").length;
    complain(`${path}:${row}: this is no UTF-8 text, so letters are lost; save the file as UTF-8`);
  }
  try {
    const { value, line } = parseYaml(text, path);
    return readSettings(value, (at, what) => {
      const { line: row, col } = line(at);
      const name = at.map((step, index) =>
        typeof step === "number" ? `[${step + 1}]` : index > 0 ? `.${step}` : step
      );
      complain(`${path}:${row}:${col}: ${name.length > 0 ? name.join("") : "the file"} ${what}`);
    });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    complain(`${error.message}; defaults are used`);
    return defaultSettings();
  }
}
