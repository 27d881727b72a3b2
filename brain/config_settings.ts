/** The keys that config.yaml may hold, each with its check and its default in the row. */

import type { Limits, Price } from "./config.ts";
import {
  type Complain,
  flag,
  list,
  mapping,
  MAX_MODEL_ID,
  number,
  oneOf,
  type Path,
  type Read,
  readRows,
  secret,
  shown,
  text,
  url,
  whole,
} from "./config_checks.ts";
import { embeddings, type EmbeddingsSetting, LOCAL_MODEL } from "./config_embeddings.ts";
import { prices, providers, type ProviderSetting } from "./config_endpoints.ts";
import { defaultVectors, vectors, type VectorsSetting } from "./config_vectors.ts";
import { MAX_PROMPT_BYTES } from "../shared/protocol.ts";

/** `memory:`. */
export interface MemorySetting {
  /** Model that reads the story for facts; "": facts are found by rule. */
  facts_model: string;
}

/** What the file said, checked; what it did not say has its default. Paths are as written. */
export interface Settings {
  openai_base_url: string;
  openai_api_key: string;
  deepseek_api_key: string;
  groq_api_key: string;
  gemini_api_key: string;
  default_model: string;
  supported_models: string[];
  database_path: string;
  providers: ProviderSetting[];
  local_servers: boolean;
  prices: Record<string, Price>;
  ask_above_cost: number;
  max_context_tokens: number;
  max_reply_bytes: number;
  reply_words: { min: number; max: number };
  lore_tokens: number;
  memory_tokens: number;
  lore_folders: string[];
  allowed_hosts: string[];
  limits: Partial<Limits>;
  embeddings: EmbeddingsSetting;
  vectors: VectorsSetting;
  memory: MemorySetting;
  summaries: boolean;
  connect_timeout_ms: number;
  first_byte_timeout_ms: number;
  idle_timeout_ms: number;
  log_level: "debug" | "info" | "warn" | "error";
  narrator_word_ms: number;
  max_page_count: number;
}

function replyWords(
  value: unknown,
  path: Path,
  complain: Complain,
): { min: number; max: number } | undefined {
  const parts = typeof value === "string" ? /^\s*(\d{1,5})\s*-\s*(\d{1,5})\s*$/.exec(value) : null;
  const bag = typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  const min = parts ? Number(parts[1]) : bag.min;
  const max = parts ? Number(parts[2]) : bag.max;
  const isWhole = (n: unknown): n is number =>
    Number.isSafeInteger(n) && (n as number) >= 1 && (n as number) <= 5000;
  if (isWhole(min) && isWhole(max) && min <= max) return { min, max };
  complain(path, `must be like "80-160" (1 to 5000 words, the smaller number first), not ${shown(value)}`);
  return undefined;
}

const HOST_NAME = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

function hostNames(value: unknown, path: Path, complain: Complain): string[] | undefined {
  return list("host names like story.example")(value, path, complain)?.filter((name) => {
    const good = HOST_NAME.test(name);
    if (!good) {
      complain(path, `holds ${shown(name)}, which is no name like story.example or story.example:8443`);
    }
    return good;
  });
}

const LIMIT_ROWS: { [Key in keyof Limits]: Read<number> } = {
  running_turns: whole(0, 1000, "replies at once"),
  frames_per_second: whole(0, 1000, "lines a second"),
  prompt_bytes: whole(1, MAX_PROMPT_BYTES, "bytes"),
  lore_bytes: whole(0, 1_000_000_000, "bytes"),
  tokens_per_day: whole(0, 1_000_000_000, "tokens"),
  spend_per_day: number(0, 100_000, "US dollars"),
};

function limits(value: unknown, path: Path, complain: Complain): Partial<Limits> | undefined {
  const bag = mapping(value, path, complain, "a mapping like {tokens_per_day: 200000}");
  return bag && readRows<Limits>(LIMIT_ROWS, bag, path, complain);
}

const MEMORY_ROWS: { [Key in keyof MemorySetting]: Read<MemorySetting[Key]> } = {
  facts_model: text("a model's id", MAX_MODEL_ID),
};

function memory(value: unknown, path: Path, complain: Complain): MemorySetting | undefined {
  const bag = mapping(value, path, complain, "a mapping like {facts_model: some/model}");
  return bag && { facts_model: "", ...readRows<MemorySetting>(MEMORY_ROWS, bag, path, complain) };
}

const ROWS: { [Key in keyof Settings]: Read<Settings[Key]> } = {
  openai_base_url: url,
  openai_api_key: secret,
  deepseek_api_key: secret,
  groq_api_key: secret,
  gemini_api_key: secret,
  default_model: text("a model's id", MAX_MODEL_ID),
  supported_models: list("model ids"),
  database_path: text("a path", 4096),
  providers,
  local_servers: flag,
  prices,
  ask_above_cost: number(0, 1000, "US dollars"),
  max_context_tokens(value, path, complain) {
    if (value === 0) return 0;
    return whole(1024, 10_000_000, "tokens")(value, path, complain);
  },
  max_reply_bytes: whole(1, 64 * 1024 * 1024, "bytes"),
  reply_words: replyWords,
  lore_tokens: whole(0, 100_000, "tokens"),
  memory_tokens: whole(0, 100_000, "tokens"),
  lore_folders: list("paths"),
  allowed_hosts: hostNames,
  limits,
  embeddings,
  vectors,
  memory,
  summaries: flag,
  connect_timeout_ms: whole(1, 3_600_000, "milliseconds"),
  first_byte_timeout_ms: whole(1, 3_600_000, "milliseconds"),
  idle_timeout_ms: whole(1, 3_600_000, "milliseconds"),
  log_level: oneOf(["debug", "info", "warn", "error"]),
  narrator_word_ms: whole(0, 10_000, "milliseconds"),
  max_page_count: whole(0, 4_294_967_294, "pages"),
};

/** Every key that config.yaml may hold. */
export const KNOWN_KEYS: readonly string[] = Object.keys(ROWS);

/** What an empty file means. */
export function defaultSettings(): Settings {
  return {
    openai_base_url: "",
    openai_api_key: "",
    deepseek_api_key: "",
    groq_api_key: "",
    gemini_api_key: "",
    default_model: "",
    supported_models: [],
    database_path: "",
    providers: [],
    local_servers: true,
    prices: {},
    ask_above_cost: 0.05,
    max_context_tokens: 0,
    max_reply_bytes: 1024 * 1024,
    reply_words: { min: 80, max: 160 },
    lore_tokens: 500,
    memory_tokens: 600,
    lore_folders: [],
    allowed_hosts: [],
    limits: {},
    embeddings: { engine: "local", path: "", url: "", model: LOCAL_MODEL, api_key: "" },
    vectors: defaultVectors(),
    memory: { facts_model: "" },
    summaries: true,
    connect_timeout_ms: 15_000,
    first_byte_timeout_ms: 120_000,
    idle_timeout_ms: 60_000,
    log_level: "info",
    narrator_word_ms: 35,
    max_page_count: 0,
  };
}

/** Checks a parsed file; whatever is wrong keeps its default and is told to `complain`. */
export function readSettings(value: unknown, complain: Complain): Settings {
  const defaults = defaultSettings();
  if (value === null) return defaults;
  const bag = mapping(value, [], complain, 'lines of the form "key: value"');
  return bag ? { ...defaults, ...readRows<Settings>(ROWS, bag, [], complain) } : defaults;
}
