/** What the sealed brain may touch: Config becomes Deno's permission flags. Pure. */

import type { Config } from "./config.ts";
import { join } from "node:path/posix";
import { BRAIN_FILE, LAST_PAGE_FILE, LOCK_FILE, SAID_FILE } from "../shared/home.ts";

/** What all of them run with: they ask for nothing, and every variable of the environment reads as unset. */
const SEALED = [
  "--quiet",
  "--no-prompt",
  // Not merely no --allow-env: npm:yaml reads variables at each parse and throws where that is refused.
  "--ignore-env",
  "--no-check",
];

/**
 * Flags for `deno run`, without the entry. `root` is the folder that holds brain/ and deno.json; every path is
 * absolute and real (links resolved), or Deno would refuse what lies behind a link. `tls`: whether it has a certificate.
 */
export function sealedBrainFlags(config: Config, root: string, tls: boolean): string[] {
  return [
    ...SEALED,
    "--cached-only",
    "--frozen",
    `--config=${join(root, "deno.json")}`,
    `--allow-net=${netList(config, tls).join(",")}`,
    `--allow-read=${paths(readList(config, root))}`,
    `--allow-write=${paths(writeList(config))}`,
  ];
}

/** Flags for the embedder: FFI and read of its own packages, read of the model's folder (real), nothing else. */
export function embedderFlags(root: string, model_folder: string): string[] {
  const own = join(root, "brain", "embedder");
  return [
    ...SEALED,
    "--cached-only",
    "--frozen",
    `--config=${join(own, "deno.json")}`,
    `--allow-ffi=${paths([join(own, "node_modules")])}`,
    `--allow-read=${paths([own, model_folder])}`,
  ];
}

/** The hub sends whoever asks for a large file on to hosts of its own. */
const HUB_HOSTS = ["huggingface.co", "*.huggingface.co", "*.hf.co"];

/** Flags for the pull: net to the hub (or to a mirror alone), read and write of the model's folder (real). */
export function pullFlags(hub: string, model_folder: string): string[] {
  const host = hostAndPort(hub);
  const hosts = host === "huggingface.co:443" ? HUB_HOSTS : [host];
  return [
    ...SEALED,
    "--no-config",
    "--no-lock",
    "--no-npm",
    `--allow-net=${hosts.join(",")}`,
    `--allow-read=${paths([model_folder])}`,
    `--allow-write=${paths([model_folder])}`,
  ];
}

/** Flags for filling a Chroma server: net to it alone, read of the code, read and write of the database. */
export function chromaFlags(config: Config, root: string): string[] {
  const database = databaseFiles(config.database_path);
  return [
    ...SEALED,
    "--cached-only",
    "--frozen",
    `--config=${join(root, "deno.json")}`,
    `--allow-net=${hostAndPort(config.vectors.url)}`,
    `--allow-read=${paths([...codeList(root), ...database])}`,
    // Its log beside it is written by readers, too.
    `--allow-write=${paths(database)}`,
  ];
}

/** A Worker's permissions; all that is not named is denied. */
export interface WorkerRights {
  net: string[];
  read: string[];
  write: string[];
  /** Names that packages ask for and that throw where they are refused; the front door passes none of them on. */
  env: string[];
  run: false;
  ffi: false;
  sys: false;
  import: false;
}

const ASKED_FOR = ["LOG_STREAM", "LOG_TOKENS", "OPENAI_CUSTOM_HEADERS"];
const NEVER = { env: ASKED_FOR, run: false, ffi: false, sys: false, import: false } as const;

/** The brain's rights in a compiled file, whose code is all below `root`. */
export function sealedBrainRights(config: Config, root: string, tls: boolean): WorkerRights {
  return {
    ...NEVER,
    net: netList(config, tls),
    read: unique([root, ...readList(config, root)]),
    write: unique(writeList(config)),
  };
}

/** The rights of filling the Chroma server at `url`, likewise. */
export function chromaRights(url: string, database_path: string, root: string): WorkerRights {
  const database = databaseFiles(database_path);
  return { ...NEVER, net: [hostAndPort(url)], read: [root, ...database], write: database };
}

/**
 * `host:port` of its own addresses and of every endpoint that has a key or an address of the player's, each once. With `tls` it
 * listens for this machine's own faces as well (port 0: any, and no right to dial).
 */
export function netList(config: Config, tls: boolean): string[] {
  const own = `${config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}`;
  return unique([
    own,
    ...(tls ? ["127.0.0.1:0"] : []),
    ...config.providers.filter((entry) => config.reachable.includes(entry.name)).map((entry) =>
      hostAndPort(entry.base_url)
    ),
    ...config.local_servers.map((entry) => hostAndPort(entry.base_url)),
    ...(config.embeddings.engine === "endpoint" ? [hostAndPort(config.embeddings.url)] : []),
    ...(config.vectors.engine === "chroma" ? [hostAndPort(config.vectors.url)] : []),
  ]);
}

/** In home: folders of the player's that the brain makes and reads, and what it keeps there for itself. */
const READ_IN_HOME = ["lore", "system_rules.yaml"];
const WRITTEN_IN_HOME = ["worlds", "characters", "rules", "backups", "exports"];
const OWN_FILES = [
  LOCK_FILE,
  BRAIN_FILE,
  `${BRAIN_FILE}.new`,
  "models-cache.json",
  "models-cache.json.new",
  // What a face at this machine keeps of a story goes with it.
  LAST_PAGE_FILE,
  SAID_FILE,
];

/** Not home itself: config.yaml and the models are believed by programs with more rights. */
function writeList(config: Config): string[] {
  return [
    ...[...WRITTEN_IN_HOME, ...OWN_FILES].map((name) => join(config.home, name)),
    ...databaseFiles(config.database_path),
  ];
}

function readList(config: Config, root: string): string[] {
  return [
    config.assets,
    ...codeList(root),
    ...READ_IN_HOME.map((name) => join(config.home, name)),
    ...writeList(config),
    ...config.lore_folders,
  ];
}

/** With what SQLite writes beside it. */
function databaseFiles(path: string): string[] {
  return ["", "-wal", "-shm", "-journal"].map((end) => `${path}${end}`);
}

function codeList(root: string): string[] {
  return ["brain", "shared", "node_modules", "deno.json", "deno.lock"].map((name) => join(root, name));
}

function hostAndPort(base_url: string): string {
  const { hostname, port, protocol } = new URL(base_url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

function paths(list: string[]): string {
  return unique(list).map((path) => path.replaceAll(",", ",,")).join(",");
}

function unique(list: string[]): string[] {
  return [...new Set(list)];
}
