/** What is made ready before a brain is started: its home, its config, its keys, its log. */

import { dirname, join, resolve } from "node:path/posix";
import { EXIT } from "../shared/roles.ts";
import { type Config, type Keys, loadConfig } from "./config.ts";
import { LogFile } from "./log_file.ts";
import { ownToken, readTls } from "./outside.ts";
import { StartError } from "./start_error.ts";
import { readText } from "./whole_file.ts";

/** What replies that run get when a brain on its own is told to end by SIGTERM. */
const GRACE_MS = 10_000;
const LOG_BYTES = 1024 * 1024;
const LOG_FILES_KEPT = 4;

/** What a brain is started with; its log is open. */
export interface Prepared {
  config: Config;
  keys: Keys;
  /** PEM texts; null: no TLS. */
  tls: { cert: string; key: string } | null;
  log: LogFile;
}

/** What the command line says about a brain that is to be started. */
export interface PrepareOptions {
  home: string;
  /** As given; null: look in the working directory, then in home. */
  config_path: string | null;
  assets: string;
  host: string;
  port: number;
  /** EOF on stdin ends it all; errors go to stdout as a line for the face, which draws on our stderr's terminal. */
  with_parent: boolean;
  /** As given: a file with the token of who plays at this machine; null: a random one, or none. */
  token_file: string | null;
  /** As given: PEM files; null: no TLS. */
  tls_cert: string | null;
  tls_key: string | null;
  /** A proxy in front says in X-Forwarded-* what it was asked. */
  trust_proxy: boolean;
}

/** Makes the home, reads the config and what lets others in, opens the log. Throws StartError. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const cwd = Deno.cwd();
  const wanted = resolve(cwd, options.home);
  const home = attempt(`The home ${wanted} cannot be used`, "Name another one with --home", () => {
    Deno.mkdirSync(join(wanted, "logs"), { recursive: true, mode: 0o700 });
    return Deno.realPathSync(wanted);
  });
  const assets = attempt(
    `The assets ${options.assets} cannot be read`,
    "Name others with --assets",
    () => Deno.realPathSync(resolve(cwd, options.assets)),
  );
  const tls = readTls(options);
  const { config, keys, complaints } = loadConfig({
    home,
    assets,
    config_path: options.config_path === null ? null : realPathOr(resolve(cwd, options.config_path)),
    cwd,
    env: (name) => Deno.env.get(name),
    read: readText,
    host: options.host,
    port: options.port,
    trust_proxy: options.trust_proxy,
    grace_ms: options.with_parent ? 0 : GRACE_MS,
  });
  const folder = attempt(
    `The folder of ${config.database_path} cannot be used`,
    "See database_path in the config",
    () => {
      Deno.mkdirSync(dirname(config.database_path), { recursive: true, mode: 0o700 });
      return Deno.realPathSync(dirname(config.database_path));
    },
  );
  config.database_path = join(folder, config.database_path.slice(dirname(config.database_path).length));
  config.token = await ownToken(options, config);
  config.lore_folders = config.lore_folders.map((path) =>
    realPathOr(path, () => complaints.push(`lore_folders: ${path} does not exist`))
  );
  const log = attempt(`The log in ${home} cannot be written`, "Name another home with --home", () => {
    const secrets = [...Object.values(keys), config.token];
    return new LogFile(join(home, "logs", "brain.log"), {
      max_bytes: LOG_BYTES,
      keep: LOG_FILES_KEPT,
      secrets,
    });
  });
  for (const complaint of complaints) {
    log.write(complaint);
    if (!options.with_parent) console.error(complaint);
  }
  return { config, keys, tls, log };
}

function attempt<T>(what: string, hint: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
    throw new StartError(`${what}: ${why}. ${hint}.`, EXIT.failed);
  }
}

function realPathOr(path: string, missing: () => void = () => {}): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    missing();
    return path;
  }
}
