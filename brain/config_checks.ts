/** Checks of single values in config.yaml: a value of the right kind, or a complaint that says what is wanted. */

import { nearest } from "../shared/slips.ts";

/** Told at the place in the file that `path` leads to. */
export type Complain = (path: (string | number)[], text: string) => void;
export type Path = (string | number)[];

/** A value of the right kind, or undefined after a complaint. */
export type Read<T> = (value: unknown, path: Path, complain: Complain) => T | undefined;

/** Characters of a model's id. */
export const MAX_MODEL_ID = 200;

/** A value as a complaint may quote it: short, and never a whole list or mapping. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}

/** What makes a text unusable as an API key; empty when nothing does. It travels in an HTTP header. */
export function keyFault(key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) return "holds a blank or a letter that no key has";
  return key.length > 4096 ? "is longer than any key" : "";
}

/** What makes a text unusable as a base URL; empty when nothing does. */
export function urlFault(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is no URL like https://host/v1";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
  if (url.username || url.password) return "holds a user name or a password; a key belongs into api_key";
  if (url.search || url.hash) return "must end with its path: no ? and no #";
  return "";
}

/** Reads a whole number of `unit` from `min` to `max`, both included. */
export function whole(min: number, max: number, unit: string): Read<number> {
  const want = `must be a whole number of ${unit} from ${min} to ${max}`;
  return (value, path, complain) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) {
      return value as number;
    }
    complain(path, `${want}, not ${shown(value)}`);
    return undefined;
  };
}

/** Reads a number from `min` to `max`, both included; `what` says what it stands for. */
export function number(min: number, max: number, what: string): Read<number> {
  return (value, path, complain) => {
    if (typeof value === "number" && value >= min && value <= max) return value;
    complain(path, `must be ${what} from ${min} to ${max}, not ${shown(value)}`);
    return undefined;
  };
}

/** Reads a text, trimmed, of at most `max` UTF-16 units. */
export function text(what: string, max: number): Read<string> {
  return (value, path, complain) => {
    if (typeof value === "string" && value.trim().length <= max) return value.trim();
    complain(path, `must be ${what}, not ${shown(value)}`);
    return undefined;
  };
}

/** Reads on or off. */
export function flag(value: unknown, path: Path, complain: Complain): boolean | undefined {
  // YAML 1.2 reads on and off as plain words.
  if (value === true || value === "on" || value === "yes") return true;
  if (value === false || value === "off" || value === "no") return false;
  complain(path, `must be on or off, not ${shown(value)}`);
  return undefined;
}

/** Reads one of these words. */
export function oneOf<Word extends string>(words: readonly Word[]): Read<Word> {
  return (value, path, complain) => {
    const found = words.find((word) => word === value);
    if (found === undefined) complain(path, `must be one of ${words.join(", ")}, not ${shown(value)}`);
    return found;
  };
}

/** Reads a list of texts, trimmed; items that are none are left out, each with a complaint. */
export function list(what: string): Read<string[]> {
  return (value, path, complain) => {
    if (!Array.isArray(value)) {
      complain(path, `must be a list of ${what}, not ${shown(value)}`);
      return undefined;
    }
    return value.filter((item, index): item is string => {
      const good = typeof item === "string" && item.trim() !== "";
      if (!good) complain([...path, index], `must be a list of ${what}; ${shown(item)} is left out`);
      return good;
    }).map((item) => item.trim());
  };
}

/** Never quotes what it refuses: it may be half a key. */
export function secret(value: unknown, path: Path, complain: Complain): string | undefined {
  if (typeof value !== "string") {
    complain(path, "must be a text; put quotes around it");
    return undefined;
  }
  const key = value.trim();
  const fault = key === "" ? "" : keyFault(key);
  if (fault) complain(path, `${fault}; it is not used`);
  return fault ? undefined : key;
}

/** Reads a base URL; an empty one unsets what another place says. */
export function url(value: unknown, path: Path, complain: Complain): string | undefined {
  if (typeof value !== "string") {
    complain(path, `must be a URL like https://host/v1, not ${shown(value)}`);
    return undefined;
  }
  const address = value.trim();
  const fault = address === "" ? "" : urlFault(address);
  if (fault) complain(path, `${fault}; it is not used`);
  return fault ? undefined : address;
}

/** Reads a mapping; `want` says in the complaint what should stand there. */
export function mapping(
  value: unknown,
  path: Path,
  complain: Complain,
  want: string,
): Record<string, unknown> | undefined {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  complain(path, `must be ${want}, not ${shown(value)}`);
  return undefined;
}

/** Reads the known keys of a mapping with their rows; complains about the others. A key with no value is unset. */
export function readRows<T extends object>(
  rows: { [Key in keyof T]: Read<T[Key]> },
  bag: Record<string, unknown>,
  path: Path,
  complain: Complain,
): Partial<T> {
  const result: Partial<T> = {};
  const known = Object.keys(rows);
  for (const [key, value] of Object.entries(bag)) {
    if (!Object.hasOwn(rows, key)) {
      complain([...path, key], unknownKey(key, known));
      continue;
    }
    if (value === null || value === undefined) continue;
    const name = key as keyof T;
    const read = rows[name](value, [...path, key], complain);
    if (read !== undefined) result[name] = read;
  }
  return result;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `is no key that I know${near ? `; did you mean ${near}?` : ""}`;
}
