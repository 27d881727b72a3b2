/** `vectors:` of config.yaml: where vectors are looked through, here or on a Chroma server. */

import {
  type Complain,
  mapping,
  oneOf,
  type Path,
  type Read,
  readRows,
  secret,
  shown,
  url,
} from "./config_checks.ts";

/** `vectors:`, complete: what its engine needs is there. */
export interface VectorsSetting {
  engine: "embedded" | "chroma";
  /** Of the server, without a path. */
  url: string;
  tenant: string;
  database: string;
  token: string;
}

/** What an empty file means; tenant and database are those that every Chroma server has. */
export function defaultVectors(): VectorsSetting {
  return { engine: "embedded", url: "", tenant: "default_tenant", database: "default_database", token: "" };
}

// It becomes a part of an address.
function plainName(value: unknown, path: Path, complain: Complain): string | undefined {
  if (typeof value === "string" && /^[a-z0-9][\w-]{1,126}[a-z0-9]$/i.test(value)) return value;
  complain(path, `must be a name of letters, digits, _ and - (3 to 128), not ${shown(value)}`);
  return undefined;
}

const ROWS: { [Key in keyof VectorsSetting]: Read<VectorsSetting[Key]> } = {
  engine: oneOf(["embedded", "chroma"]),
  url(value, path, complain) {
    const address = url(value, path, complain);
    if (!address || new URL(address).pathname === "/") return address;
    complain(path, "must end with its host and port, like http://127.0.0.1:8100; it is not used");
    return undefined;
  },
  tenant: plainName,
  database: plainName,
  token: secret,
};

/** Reads `vectors:`; undefined after a complaint that leaves nothing of it. */
export function vectors(value: unknown, path: Path, complain: Complain): VectorsSetting | undefined {
  const embedded = defaultVectors();
  if (value === "embedded") return embedded;
  const bag = value === "chroma"
    ? { engine: "chroma" }
    : mapping(value, path, complain, "embedded or a mapping like {engine: chroma, url: ...}");
  if (!bag) return undefined;
  const setting = { ...embedded, ...readRows<VectorsSetting>(ROWS, bag, path, complain) };
  if (setting.engine === "embedded") return embedded;
  if (setting.url === "") {
    complain(path, "has engine chroma and no url; the embedded index is used");
    return embedded;
  }
  return setting;
}
