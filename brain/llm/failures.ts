/**
 * What went wrong with a request, in calm words: what happened, what is safe, and advice that only this case has.
 * How to try again is for the face to say: it has the keys. Pure, so that every case is a row in a test.
 */

import { ProviderError, type ProviderErrorKind } from "./provider.ts";
import type { Endpoint } from "./vendors.ts";

/** What the one who asked knows and the error does not say. */
export interface Circumstances {
  endpoint: Endpoint;
  /** Empty when there is none. Never appears in a message. */
  key: string;
  model: string;
  /** The watchdog's phase and its limit, when it was the watchdog that ended the request. */
  stalled: { phase: "connect" | "first_byte" | "between"; timeout_ms: number } | null;
  /** The body ended in the middle of a frame. */
  ended_in_frame: boolean;
  /** Something of the reply has arrived, not just thoughts: /continue has something to go on from. */
  begun: boolean;
  now_ms: number;
}

export interface Failure {
  error: ProviderError;
  /** Worth asking again, as long as nothing of the reply has arrived. */
  retry: boolean;
  /** What the server asked us to wait, in milliseconds; null when it did not say. */
  retry_after_ms: number | null;
}

/** The parts of an error of the SDK that we read. It need not be one: anything can be thrown. */
interface Facts {
  status: number | null;
  code: string;
  param: string;
  /** The vendor's own words, whole. */
  text: string;
  header: (name: string) => string | null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function factsOf(error: unknown): Facts {
  const facts = isRecord(error) ? error : {};
  const body = isRecord(facts.error) ? facts.error : {};
  const details = isRecord(body.metadata) ? body.metadata : {};
  // The SDK's message repeats the body's behind the status.
  const words = [body.message ?? facts.message, details.raw].filter((part) => typeof part === "string");
  // A mid-stream error has no status of its own: OpenRouter puts the upstream's number in `code`.
  const status = [facts.status, body.code, body.status].find((value) => typeof value === "number");
  const headers = facts.headers;
  return {
    status: typeof status === "number" ? status : null,
    code: [facts.code, body.code, facts.type, body.type].filter((part) => typeof part === "string").join(" "),
    param: typeof facts.param === "string" ? facts.param : "",
    text: words.length > 0 ? words.join(" ") : String(error),
    header: (name) => headers instanceof Headers ? headers.get(name) : null,
  };
}

/** The chain of causes in one string: undici and Deno hide the reason two levels down. */
function causes(error: unknown): string {
  const parts: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    parts.push(`${at.name}: ${at.message}`);
  }
  return parts.join(" | ");
}

/**
 * A short quote of a vendor's text that is fit for the screen: no tags, no control characters, no keys.
 * At most 120 characters; empty when nothing readable is left.
 */
export function quote(text: string, key: string): string {
  const plain = scrub(text, key)
    .replace(/<(style|script|title|head)\b[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>?/g, " ")
    .replace(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, " ")
    .replace(/\s+/g, " ").trim();
  const letters = [...plain];
  return letters.length <= 120 ? plain : `${letters.slice(0, 119).join("")}…`;
}

/** Takes keys out of a text: this one, and whatever looks like one. */
export function scrub(text: string, key: string): string {
  const without = key.length >= 4 ? text.replaceAll(key, "***") : text;
  return without
    .replace(/\b(sk|gsk|pk|rk|xai|csk)[-_][A-Za-z0-9_*-]{6,}/g, "***")
    .replace(/\bAIza[A-Za-z0-9_-]{10,}/g, "***")
    .replace(/\b(Bearer)\s+[^\s"',]+/gi, "$1 ***");
}

/** Milliseconds from a `retry-after` header (seconds or an HTTP date) or `retry-after-ms`; null when absent. */
export function retryAfterMs(header: (name: string) => string | null, now_ms: number): number | null {
  const exact = header("retry-after-ms");
  if (exact !== null && /^\d+(\.\d+)?$/.test(exact.trim())) return Number(exact);
  const value = header("retry-after")?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now_ms);
}

/** `30 s`, `60 min`, `24 h`: rounded up, for people. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes <= 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

const TOO_LONG =
  /context[ _-]?(length|window|size)|maximum context|too many tokens|prompt (is )?too long|input (is )?too long|exceeds? the (available |maximum )?(context|number of tokens)|request too large|reduce the length/i;
const NO_CREDIT =
  /insufficient[ _](quota|credit|balance|funds)|exceeded your current quota|payment required|billing|credit balance/i;
const MODEL_GONE =
  /model[_ ]?(not[_ ]?found|decommissioned|deprecated)|not a valid model|no such model|no endpoints found|model .{0,120}(not found|does not exist|not exist|decommissioned|is not supported|not available)|unknown model|invalid model/i;
const BAD_KEY = /api[ _-]?key|invalid[_ ]auth|unauthorized|authentication|credentials/i;

/** Turns whatever a request threw into a sentence for the player, and says whether to ask again. */
export function explainFailure(error: unknown, about: Circumstances): Failure {
  // The SDK wraps what its fetch throws.
  const own = error instanceof Error && error.cause instanceof ProviderError ? error.cause : error;
  if (own instanceof ProviderError) return { error: own, retry: false, retry_after_ms: null };
  const { endpoint, model } = about;
  const who = endpoint.label;
  const host = new URL(endpoint.base_url).host;
  const safe = about.begun ? "What was told is kept." : "Your line is kept.";
  const fail = (
    kind: ProviderErrorKind,
    message: string,
    retry = false,
    retry_after_ms: number | null = null,
  ): Failure => ({ error: new ProviderError(kind, message), retry, retry_after_ms });

  if (about.stalled) {
    const seconds = Math.round(about.stalled.timeout_ms / 100) / 10;
    return about.stalled.phase === "connect"
      ? fail(
        "unreachable",
        `No connection to ${host} within ${seconds} s: check the network. ${safe}`,
      )
      : fail(
        "stalled",
        `${who} has been silent for ${seconds} s, so the request was ended. ${safe}`,
      );
  }
  const facts = factsOf(error);
  const said = quote(facts.text.replace(/^\d{3} /, ""), about.key);
  const words = `${facts.code} ${facts.text}`;
  const quoted = said === "" ? "" : ` ("${said}")`;

  if (facts.status === null) return explainConnection();
  // With 429 only the code counts: Gemini speaks of quota and billing when it means this minute.
  const spent = facts.status === 429 ? facts.code : facts.status === 400 || facts.status >= 500 ? "" : words;
  if (facts.status === 402 || NO_CREDIT.test(spent)) {
    return fail(
      "no_credit",
      `The account at ${who} has no credit for this: top it up, or pick a free or local /model.`,
    );
  }
  if (facts.status === 413 || [400, 422, 500].includes(facts.status) && TOO_LONG.test(words)) {
    return fail(
      "context_too_long",
      `This prompt is too long for ${model}: lower max_context_tokens in config.yaml, or pick a /model that reads more.`,
    );
  }
  if (facts.status === 429) {
    const wait = retryAfterMs(facts.header, about.now_ms);
    const when = wait === null ? "in a while" : `in ${duration(wait)}`;
    return fail(
      "rate_limit",
      `${who} takes no more requests for now. Try again ${when}; your line is kept.`,
      true,
      wait,
    );
  }
  if (facts.status === 401 || facts.status === 403 && BAD_KEY.test(words)) return explainKey();
  if (facts.status === 400 && /api[ _-]?key/i.test(words)) return explainKey();
  if (facts.status === 404 || [400, 403, 410, 422].includes(facts.status) && MODEL_GONE.test(words)) {
    return fail("model_gone", `${who} has no model ${model} for you: pick another with /model.`);
  }
  if (facts.status >= 500 || facts.status === 408 || facts.status === 409) {
    const wait = retryAfterMs(facts.header, about.now_ms);
    return fail(
      "server",
      `${who} has a problem of its own (${facts.status}). ${safe}`,
      true,
      wait,
    );
  }
  return fail("refused", `${who} refused the request (${facts.status})${quoted}: pick another /model.`);

  function explainKey(): Failure {
    return about.key === ""
      ? fail("no_key", `${who} wants a key: ${endpoint.key_hint}, or pick another /model.`)
      : fail("wrong_key", `${who} does not accept the key: ${endpoint.key_hint}, or pick another /model.`);
  }

  function explainConnection(): Failure {
    const reason = causes(error);
    if (/NotCapable|PermissionDenied|Requires net access/i.test(reason)) {
      return fail(
        "unreachable",
        `${host} is not in the list of allowed hosts: name it under providers: in config.yaml and start again.`,
      );
    }
    if (/dns error|failed to lookup address|name resolution|ENOTFOUND|EAI_AGAIN/i.test(reason)) {
      return fail("unreachable", `Cannot find ${host}: check the network and the address in config.yaml.`);
    }
    if (/refused/i.test(reason)) {
      const advice = endpoint.local
        ? (who === host ? "start the server there, or" : `start ${who}, or`)
        : "check the network, or";
      return fail("unreachable", `Nobody answers at ${host}: ${advice} pick another /model.`);
    }
    if (/are blocked|invalid url|not a valid url/i.test(reason)) {
      return fail("unreachable", `${host} cannot be called: check the address in config.yaml.`);
    }
    if (/certificate|tls|ssl|handshake/i.test(reason)) {
      return fail(
        "unreachable",
        `No safe connection to ${host}: its certificate was not accepted; check the address in config.yaml.`,
      );
    }
    if (/unreachable|no route|timed out/i.test(reason)) {
      return fail("unreachable", `No way to ${host}: check the network. ${safe}`);
    }
    if (error instanceof SyntaxError && !about.ended_in_frame) {
      return fail("protocol", `${who} sent something that is not a reply. ${safe}`);
    }
    if (
      error instanceof SyntaxError || /APIConnectionError|TypeError|reset|closed|broken pipe/i.test(reason)
    ) {
      return fail(
        "cut",
        `The connection to ${who} broke off. ${safe}`,
        true,
      );
    }
    if (TOO_LONG.test(words)) {
      return fail(
        "context_too_long",
        `This prompt is too long for ${model}: lower max_context_tokens in config.yaml, or pick a /model that reads more.`,
      );
    }
    return fail("server", `${who} broke off with an error${quoted}. ${safe}`, true);
  }
}
