/** The original's config.yaml: which of its keys are taken over, and as what text. Pure. */

import { keyFault, urlFault } from "../config_checks.ts";
import { isTrusted } from "../config_providers.ts";
import { parseYaml, YamlError } from "../yaml.ts";

export interface OriginalConfig {
  /** What the new config.yaml would hold; null when there is nothing to take over. */
  text: string | null;
  /** Names of the keys in it, the values of API keys never beside them. */
  taken: string[];
  /** A sentence for each key that is left out. */
  left: string[];
}

const API_KEYS = ["openai_api_key", "deepseek_api_key", "groq_api_key", "gemini_api_key"];
/** In the original these two were read by nobody. */
const IDLE: Record<string, string> = {
  supported_models: "it had no effect there, and here it would hide all other models",
  database_path: "it had no effect there, and here the stories stand in the home",
};

/** What an address that is nobody's we know means for it and for the key that goes there. */
const STRANGE: Record<string, (host: string) => string> = {
  openai_base_url: (host) =>
    `it leads to ${host}, and what stands in your home's config gets the keys of your environment; ` +
    "write it there yourself if you trust it",
  openai_api_key: (host) => `it belongs to ${host}`,
};

/** The host of its address unless that is this machine or a vendor's own; "" else. A folder may come from anybody. */
function strangeHost({ openai_base_url: url }: Record<string, unknown>): string {
  if (faultOf("openai_base_url", url) !== "") return "";
  const text = String(url).trim();
  return isTrusted(text) ? "" : new URL(text).host;
}

/** Reads the text of the original's config.yaml. Never throws. */
export function takeConfig(text: string, file: string): OriginalConfig {
  const result: OriginalConfig = { text: null, taken: [], left: [] };
  let value: unknown;
  try {
    value = parseYaml(text, file).value;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    // The parser's own reason could quote a key.
    result.left.push(`line ${error.line} cannot be read`);
    return result;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return result;
  const lines: string[] = [];
  const strange = strangeHost(value as Record<string, unknown>);
  for (const [name, given] of Object.entries(value)) {
    const shown = name.replace(/[^\w.-]/g, "?").slice(0, 40);
    const own = faultOf(name, given);
    const fault = own === "" && strange !== "" && name in STRANGE ? STRANGE[name](strange) : own;
    if (fault === null) continue;
    if (fault !== "") result.left.push(`${shown}: ${fault}`);
    else {
      result.taken.push(API_KEYS.includes(name) ? `${name} (not shown)` : name);
      lines.push(`${name}: ${JSON.stringify(String(given).trim())}`);
    }
  }
  if (lines.length > 0) result.text = `# Taken over from the original Flower Engine.\n${lines.join("\n")}\n`;
  return result;
}

/** Why a key is left out; "" when it is taken, null when there is nothing in it. */
function faultOf(name: string, given: unknown): string | null {
  if (given === null || given === undefined || given === "") return null;
  if (name in IDLE) return IDLE[name];
  if (![...API_KEYS, "default_model", "openai_base_url"].includes(name)) return "it means nothing here";
  if (typeof given !== "string") return "it is no text";
  const text = given.trim();
  if (text === "") return null;
  const fault = API_KEYS.includes(name) ? keyFault(text) : name === "openai_base_url" ? urlFault(text) : "";
  return fault === "" ? "" : `it ${fault}`;
}
