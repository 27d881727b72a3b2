/** What a brain that others can reach needs before it starts: a token that is asked for, a certificate. */

import { EXIT } from "../shared/roles.ts";
import { TokenFileError, tokenIn } from "../shared/token_file.ts";
import { isLoopback } from "./admission.ts";
import type { Config } from "./config.ts";
import { StartError } from "./start_error.ts";

export interface OutsideOptions {
  with_parent: boolean;
  /** A file with a token for who plays at this machine; null: none. */
  token_file: string | null;
  /** PEM files; both or none. */
  tls_cert: string | null;
  tls_key: string | null;
}

/** Whether anybody but programs on this machine can come in. */
export function isReachable(config: Config): boolean {
  return !isLoopback(config.host) || config.trust_proxy || config.allowed_hosts.length > 0;
}

/**
 * The token of who plays at this machine: the file's, else a random one that only brain.json holds, else none. Throws
 * StartError when others can reach a brain that has no token for them.
 */
export async function ownToken(options: OutsideOptions, config: Config): Promise<string> {
  if (options.token_file !== null) return readTokenFile(options.token_file);
  if (options.with_parent) return randomToken();
  if (!isReachable(config)) return "";
  if (await hasTokens(config.database_path)) return randomToken();
  const why = !isLoopback(config.host)
    ? `${config.host} can be reached from other machines`
    : config.trust_proxy
    ? "A proxy lets others in"
    : "allowed_hosts lets others in";
  throw new StartError(
    `${why}, and no player has a token. Give one with: flower token add NAME (or --token-file FILE for yourself); ` +
      "127.0.0.1 needs none.",
    EXIT.usage,
  );
}

/** The certificate and its key as PEM; null: no TLS. Throws StartError. */
export function readTls(options: OutsideOptions): { cert: string; key: string } | null {
  const { tls_cert, tls_key } = options;
  if (tls_cert === null && tls_key === null) return null;
  if (tls_cert === null || tls_key === null) {
    throw new StartError("--tls-cert and --tls-key need each other.", EXIT.usage);
  }
  return { cert: pem(tls_cert, "CERTIFICATE"), key: pem(tls_key, "PRIVATE KEY") };
}

/** 256 random bits as text that fits into a header and a subprotocol. */
export function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function pem(path: string, kind: string): string {
  const text = readFile(path);
  if (text.includes("-----BEGIN ") && text.includes(`${kind}-----`)) return text;
  throw new StartError(`${path} holds no ${kind.toLowerCase()} in PEM.`, EXIT.failed);
}

function readTokenFile(path: string): string {
  const text = readFile(path);
  try {
    return tokenIn(path, Deno.statSync(path).mode, text);
  } catch (error) {
    if (error instanceof TokenFileError) throw new StartError(error.message, EXIT.usage);
    throw error;
  }
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : error;
    throw new StartError(`${path} cannot be read: ${why}.`, EXIT.failed);
  }
}

async function hasTokens(database_path: string): Promise<boolean> {
  try {
    // A database that is not there yet holds no tokens, and opening it would make it.
    Deno.statSync(database_path);
  } catch {
    return false;
  }
  // A brain that nobody else reaches starts without the store.
  const { openDatabase } = await import("./store/database.ts");
  const { StoreError } = await import("./store/store_error.ts");
  const { liveTokens } = await import("./store/tokens.ts");
  try {
    const db = openDatabase(database_path, { readonly: true });
    try {
      return liveTokens(db).size > 0;
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(error.message, EXIT.failed);
    throw error;
  }
}
