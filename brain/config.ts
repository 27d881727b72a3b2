/** config.yaml and the environment become one Config; every complaint names the key, the file and the line. */

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

/** Everything the sealed brain is told. Holds no key: those travel beside it. Paths are absolute. */
export interface Config {
  home: string;
  assets: string;
  database_path: string;
  host: string;
  port: number;
  /** Bearer token that faces must show; empty: none (loopback only). */
  token: string;
  default_model: string;
  /** Empty: no restriction. */
  supported_models: string[];
  /** The endpoint that plain ids go to (`openai_base_url`): name of an entry in `providers`. */
  main_provider: string;
  providers: ProviderEntry[];
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
  connect_timeout_ms: number;
  first_byte_timeout_ms: number;
  idle_timeout_ms: number;
  log_level: "debug" | "info" | "warn" | "error";
  /** Test-only: SQLite page limit (a full disk); 0: none. */
  max_page_count: number;
}

/** API keys by provider name. */
export type Keys = Record<string, string>;
