/** The answer of a vendor's `/models`, read without trust: one bad entry costs only itself. Pure. */

import { firstCharacters } from "../../shared/characters.ts";
import type { Model } from "../../shared/story.ts";
import type { Endpoint } from "./vendors.ts";

/** A model as a vendor lists it. `id` is the vendor's own until `offer` gives the one it is offered under. */
export interface Listed extends Model {
  vendor_id: string;
  /** US dollars per million tokens that the vendor had kept from an earlier request. */
  cached_price: number | null;
}

type Fields = Record<string, unknown>;

/** The fields of an object; of anything else, none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : {};
}

/** A whole positive number of tokens, else null. */
export function tokensOf(...values: unknown[]): number | null {
  for (const value of values) {
    if (typeof value === "number" && Number.isFinite(value) && value >= 1) return Math.floor(value);
  }
  return null;
}

/** Dollars per token, as a string (OpenRouter) or a number, to dollars per million; null when unknown or negative. */
function perMillion(value: unknown): number | null {
  const per_token = typeof value === "number"
    ? value
    : typeof value === "string" && value.trim() !== ""
    ? Number(value)
    : NaN;
  if (!Number.isFinite(per_token) || per_token < 0) return null;
  return Math.round(per_token * 1e12) / 1e6;
}

/** No one can tell a story with these: embeddings, speech, pictures, moderation, ranking, completion without chat. */
const NO_CHAT =
  /(^|[-_/.:])(text-)?(embed\w*|whisper|tts|stt|asr|speech|voxtral-mini|audio|transcri\w+|dall-?e|images?|imagen|veo|sora|lyria|aqa|moderation|guard|\w*guard|safeguard|rerank\w*|bge|e5|gte|clip|minilm|colbert|stable-diffusion|sdxl|flux|ocr|realtime|davinci|babbage|instruct-0914|orpheus|playai|deep-research|computer-use)(?=$|[-_/.:\d])/i;
const NO_CHAT_TYPES = /embed|image|audio|speech|transcri|moderation|rerank|video/i;

function isChatModel(id: string, entry: Fields): boolean {
  const outputs = fieldsOf(entry.architecture).output_modalities;
  if (Array.isArray(outputs) && !outputs.includes("text")) return false;
  if (fieldsOf(entry.capabilities).completion_chat === false) return false;
  if (entry.active === false) return false;
  const methods = entry.supportedGenerationMethods;
  if (Array.isArray(methods) && !methods.includes("generateContent")) return false;
  if (typeof entry.type === "string" && NO_CHAT_TYPES.test(entry.type)) return false;
  return !NO_CHAT.test(id) && id !== "gpt-3.5-turbo-instruct";
}

function readEntry(value: unknown, endpoint: Endpoint): Listed | null {
  const entry = fieldsOf(value);
  if (typeof entry.id !== "string") return null;
  // Gemini lists `models/gemini-...` and wants it without.
  const vendor_id = entry.id.replace(/^models\//, "");
  if (vendor_id === "" || vendor_id.length > 200 || /[\s\p{Cc}]/u.test(vendor_id)) {
    return null;
  }
  if (!isChatModel(vendor_id, entry)) return null;
  const top = fieldsOf(entry.top_provider);
  const pricing = fieldsOf(entry.pricing);
  const name = [entry.name, entry.display_name].find((part) =>
    typeof part === "string" && part.trim() !== ""
  );
  return {
    id: vendor_id,
    vendor_id,
    name: typeof name === "string" ? cleanName(name) : vendor_id,
    provider: endpoint.name,
    local: endpoint.local,
    // What a local server lists is what the model could read; vLLM alone says what it has loaded.
    context: endpoint.local ? tokensOf(entry.max_model_len) : tokensOf(
      top.context_length,
      entry.context_length,
      entry.context_window,
      entry.max_context_length,
      entry.max_model_len,
      entry.max_input_tokens,
      entry.inputTokenLimit,
    ),
    max_output: tokensOf(
      top.max_completion_tokens,
      entry.max_completion_tokens,
      entry.max_output_tokens,
      entry.outputTokenLimit,
    ),
    prompt_price: perMillion(pricing.prompt),
    completion_price: perMillion(pricing.completion),
    cached_price: perMillion(pricing.input_cache_read),
  };
}

function cleanName(name: string): string {
  return firstCharacters(name.replace(/[\s\p{Cc}]+/gu, " ").trim(), 120);
}

/**
 * The chat models in an answer of `/models`, in its order, each id once. Null when the answer is no model list:
 * something else listens there. `{data: [...]}` is the shape; a bare array (Together) is taken from configured endpoints only.
 */
export function readModels(answer: unknown, endpoint: Endpoint): Listed[] | null {
  const { data, object } = fieldsOf(answer);
  const entries = Array.isArray(data) ? data : Array.isArray(answer) && !endpoint.probed
    ? answer
    // Ollama without a model says `null`.
    : data === null && object === "list"
    ? []
    : null;
  if (entries === null) return null;
  if (endpoint.probed && entries.some((entry) => typeof fieldsOf(entry).id !== "string")) return null;
  const models = new Map<string, Listed>();
  for (const value of entries) {
    const model = readEntry(value, endpoint);
    if (model && !models.has(model.vendor_id)) models.set(model.vendor_id, model);
  }
  return [...models.values()];
}

/** One list as it is kept on disk. */
export interface CachedList {
  name: string;
  base_url: string;
  fetched_ms: number;
  models: Listed[];
}

/** The cache file's text. */
export function writeCache(lists: CachedList[]): string {
  return JSON.stringify({ version: 1, lists });
}

/** Reads a cache file. A damaged one, or one of another version, is an empty one. */
export function readCache(text: string): CachedList[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const { version, lists } = fieldsOf(value);
  if (version !== 1 || !Array.isArray(lists)) return [];
  return lists.flatMap((item) => {
    const { name, base_url, fetched_ms, models } = fieldsOf(item);
    const whole = typeof name === "string" && typeof base_url === "string" &&
      typeof fetched_ms === "number" &&
      Array.isArray(models) && models.every(isListed);
    return whole ? [{ name, base_url, fetched_ms, models }] : [];
  });
}

function isListed(value: unknown): value is Listed {
  const model = fieldsOf(value);
  const texts = [model.id, model.vendor_id, model.name, model.provider];
  const numbers = [
    model.context,
    model.max_output,
    model.prompt_price,
    model.completion_price,
    model.cached_price,
  ];
  return texts.every((text) => typeof text === "string" && text !== "") && typeof model.local === "boolean" &&
    numbers.every((number) => number === null || typeof number === "number" && number >= 0);
}
