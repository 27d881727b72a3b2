/** What vendors put into a chunk of a streamed chat completion, read without trust. Pure. */

import type { ProviderUsage } from "./provider.ts";

/** One chunk, as far as it concerns us. */
export interface ChunkFacts {
  /** What belongs to the reply. */
  text: string;
  /** The model's thoughts were in it; they are never read. */
  reasoning: boolean;
  /** A vendor's refusal in words, empty without one. */
  refusal: string;
  finish: string | null;
  usage: ProviderUsage | null;
}

type Fields = Record<string, unknown>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : {};
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Content is a string, or (Mistral) an array of parts of which only those of type `text` are the reply. */
function textOf(content: unknown): string {
  if (!Array.isArray(content)) return stringOf(content);
  return content.map((part) => {
    const { type, text } = fieldsOf(part);
    return type === undefined || type === "text" ? stringOf(text) : "";
  }).join("");
}

const REASONING_FIELDS = [
  "reasoning_content",
  "reasoning",
  "reasoning_text",
  "reasoning_details",
  "thinking",
];

function hasReasoning(delta: Fields): boolean {
  const filled = (value: unknown) =>
    typeof value === "string" && value !== "" || Array.isArray(value) && value.length > 0 ||
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (REASONING_FIELDS.some((name) => filled(delta[name]))) return true;
  return Array.isArray(delta.content) && delta.content.some((part) => fieldsOf(part).type === "thinking");
}

function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/**
 * Token counts from a `usage` object: OpenAI's shape, with DeepSeek's and OpenRouter's additions.
 * Null when it has none, or when it is the constant 100/100/200 that KoboldCpp sends.
 */
export function usageOf(value: unknown): ProviderUsage | null {
  const usage = fieldsOf(value);
  const prompt_tokens = countOf(usage.prompt_tokens);
  const completion_tokens = countOf(usage.completion_tokens);
  if (prompt_tokens === null || completion_tokens === null) return null;
  if (prompt_tokens === 100 && completion_tokens === 100 && usage.total_tokens === 200) return null;
  const cached = countOf(fieldsOf(usage.prompt_tokens_details).cached_tokens) ??
    countOf(usage.prompt_cache_hit_tokens) ?? 0;
  return {
    prompt_tokens,
    cached_tokens: Math.min(cached, prompt_tokens),
    completion_tokens,
    cost: countOf(usage.cost),
  };
}

/** Reads one chunk. A chunk without `choices` (usage alone, `event: ping`) has no text. */
export function readChunk(value: unknown): ChunkFacts {
  const chunk = fieldsOf(value);
  const choice = fieldsOf(Array.isArray(chunk.choices) ? chunk.choices[0] : undefined);
  // A server that does not stream tells the reply as a message, whole.
  const delta = fieldsOf(choice.delta ?? choice.message);
  return {
    text: textOf(delta.content),
    reasoning: hasReasoning(delta),
    refusal: stringOf(delta.refusal),
    finish: typeof choice.finish_reason === "string" && choice.finish_reason !== ""
      ? choice.finish_reason
      : null,
    usage: usageOf(chunk.usage) ?? usageOf(fieldsOf(chunk.x_groq).usage),
  };
}
