/** A Config for tests of the llm layer: nothing configured, generous limits. */

import type { Config } from "../../brain/config.ts";

export function configWith(part: Partial<Config>): Config {
  return {
    home: "/nowhere",
    assets: "/nowhere",
    database_path: "/nowhere/engine.db",
    host: "127.0.0.1",
    port: 0,
    token: "",
    default_model: "",
    supported_models: [],
    main_provider: "openrouter",
    providers: [],
    local_servers: [],
    prices: {},
    ask_above_cost: 0.05,
    max_context_tokens: 0,
    max_reply_bytes: 1024 * 1024,
    reachable: [],
    allowed_hosts: [],
    trust_proxy: false,
    limits: {
      running_turns: 0,
      frames_per_second: 0,
      prompt_bytes: 0,
      lore_bytes: 0,
      tokens_per_day: 0,
      spend_per_day: 0,
    },
    grace_ms: 0,
    reply_words: { min: 80, max: 160 },
    lore_tokens: 500,
    memory_tokens: 600,
    lore_folders: [],
    embeddings: { engine: "off", path: "/nowhere", url: "", model: "" },
    vectors: { engine: "embedded", url: "", tenant: "default_tenant", database: "default_database" },
    facts_model: "",
    summaries: true,
    connect_timeout_ms: 15_000,
    first_byte_timeout_ms: 120_000,
    idle_timeout_ms: 60_000,
    log_level: "info",
    narrator_word_ms: 0,
    max_page_count: 0,
    complaints: [],
    ...part,
  };
}

/** The endpoints of a player with every key, as config.ts writes them. */
export const ENTRIES = [
  { name: "openrouter", base_url: "https://openrouter.ai/api/v1", quirks: {} },
  { name: "deepseek", base_url: "https://api.deepseek.com", quirks: {} },
  { name: "groq", base_url: "https://api.groq.com/openai/v1", quirks: {} },
  { name: "gemini", base_url: "https://generativelanguage.googleapis.com/v1beta/openai", quirks: {} },
];
