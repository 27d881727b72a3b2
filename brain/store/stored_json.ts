/**
 * What the store keeps as JSON, read back from a file that a disk may have damaged: a broken part is left out, not the
 * story around it.
 */
import type { Usage } from "../../shared/story.ts";

/** The value of a stored text; null when there is none or it is no JSON any more. */
export function readJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The usage of a reply; null when it has none, or none that can be counted with. */
export function readUsage(text: string | null): Usage | null {
  const usage = readJson(text) as Partial<Record<keyof Usage, unknown>> | null;
  if (usage === null || typeof usage !== "object") return null;
  const counts = [usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens];
  const times = [usage.first_token_ms, usage.tokens_per_second];
  const whole = [...counts, ...times].every(Number.isFinite) &&
    (usage.cost === null || Number.isFinite(usage.cost));
  return whole ? usage as Usage : null;
}

/** A list of texts; empty when it is damaged. */
export function readTexts(text: string): string[] {
  const value = readJson(text);
  return Array.isArray(value) ? value.filter((part) => typeof part === "string") : [];
}

/** A list of numbers; empty when it is damaged. */
export function readNumbers(text: string): number[] {
  const value = readJson(text);
  return Array.isArray(value) ? value.filter((part) => typeof part === "number") : [];
}
