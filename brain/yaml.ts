/** The one YAML parser: a value and where its parts stand, or one error with line, column and a plain reason. */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError as LibraryError,
} from "yaml";

export interface Position {
  /** Both counted from 1; `col` in UTF-16 units. */
  line: number;
  col: number;
}

export interface ParsedYaml {
  value: unknown;
  /** Where the value at `path` begins: its key in a mapping, else the item. A missing part: its nearest parent. */
  line(path: (string | number)[]): Position;
}

/** What is wrong with a file and where. `message` is `file:LINE:COL: reason`. */
export class YamlError extends Error {
  override name = "YamlError";
  constructor(readonly file: string, readonly line: number, readonly col: number, readonly reason: string) {
    super(`${file}:${line}:${col}: ${reason}`);
  }
}

/** UTF-16 units. */
export const MAX_YAML_LENGTH = 1024 * 1024;
const MAX_DEPTH = 64;
// The library looks for each alias's anchor from the top of the file: many aliases cost their square.
const MAX_ALIASES = 100;

/**
 * Parses one YAML 1.2 document; an empty one has the value null. Keys are strings.
 * Throws YamlError for everything else: syntax, duplicate keys, unknown tags, too long, too deep, too many aliases.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  if (text.length > MAX_YAML_LENGTH) {
    throw new YamlError(
      file,
      1,
      1,
      `too long: ${text.length} characters, at most ${MAX_YAML_LENGTH} are read`,
    );
  }
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { line: Math.max(1, line), col: Math.max(1, col) };
  };
  const fail = (offset: number, reason: string): YamlError => {
    const { line, col } = position(offset);
    return new YamlError(file, line, col, reason);
  };

  // The library's own check for duplicates takes a minute on 60,000 keys; ours is below.
  const doc = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    logLevel: "error",
  });
  const broken = doc.errors[0] ?? doc.warnings[0];
  if (broken) throw fail(broken.pos[0], plainReason(broken, text));

  let aliases = 0;
  visit(doc, {
    Node(_key, node, parents) {
      if (parents.length > MAX_DEPTH * 2) throw fail(start(node), "nested too deeply");
      return undefined;
    },
    Map(_key, map) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = keyOf(pair.key);
        if (seen.has(key)) throw fail(start(pair.key), `"${key}" stands here a second time`);
        seen.add(key);
      }
    },
    Alias(_key, alias, parents) {
      aliases += 1;
      if (aliases > MAX_ALIASES) throw fail(start(alias), `more than ${MAX_ALIASES} aliases (*name)`);
      const target = alias.resolve(doc);
      if (!target) {
        throw fail(start(alias), `*${alias.source} names nothing: there is no &${alias.source} above it`);
      }
      if (parents.includes(target)) throw fail(start(alias), `*${alias.source} stands inside itself`);
    },
  });

  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 10 * MAX_ALIASES });
  } catch {
    // Aliases of aliases: the one way left for a checked document to fail here.
    throw fail(firstAlias(doc), "the aliases (*name) multiply too often");
  }
  return { value: value ?? null, line: (path) => position(find(doc, path)) };
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : "";
}

function start(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function firstAlias(doc: Document): number {
  let offset = 0;
  visit(doc, {
    Alias(_key, alias) {
      offset = start(alias);
      return visit.BREAK;
    },
  });
  return offset;
}

function find(doc: Document, path: (string | number)[]): number {
  let node: unknown = doc.contents;
  let offset = start(node);
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item.key) === String(step));
      if (!pair) break;
      offset = start(pair.key);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = typeof step === "number" ? node.items[step] : undefined;
      if (item === undefined) break;
      offset = start(item);
      node = item;
    } else break;
  }
  return offset;
}

const TAB = "indented with a tab; use spaces";

/** The library's messages name its own parts; these name what a writer sees. */
function plainReason(error: LibraryError, text: string): string {
  const at = text.slice(error.pos[0], error.pos[0] + 1);
  switch (error.code) {
    case "MULTIPLE_DOCS":
      return "a second document begins here (---); one file holds one";
    case "NON_STRING_KEY":
      return "a key must be plain text";
    case "TAB_AS_INDENT":
      return TAB;
    case "TAG_RESOLVE_FAILED":
      return "tags (!name) are not known here";
    case "RESOURCE_EXHAUSTION":
      return "nested too deeply";
    case "BLOCK_AS_IMPLICIT_KEY":
      return 'a second ": " on this line, or wrong indentation; put quotes around a text that holds ": "';
    case "BAD_INDENT":
      // What stands here is part of a list or mapping that was opened above and not closed.
      if (/^Flow/.test(error.message)) return "a [ or { above is never closed";
      return at === "\t" ? TAB : "the indentation does not fit the lines above";
    case "MULTILINE_IMPLICIT_KEY":
      return 'this line is neither a "key: value" nor part of the text above';
    case "BAD_SCALAR_START":
      return `a value cannot begin with ${at}; put quotes around it`;
    case "BAD_DQ_ESCAPE":
      return 'a wrong \\ inside "..."; write \\\\ or use single quotes';
    case "MISSING_CHAR":
      if (/quote/.test(error.message)) return "a quote is opened and never closed";
      if (/map keys/.test(error.message)) {
        return 'this line is neither a "key: value" nor part of the text above';
      }
      return `something is missing: ${error.message}`;
    case "BAD_ALIAS":
    case "ALIAS_PROPS":
      return "a broken alias (*name)";
    case "MULTIPLE_ANCHORS":
      return "two anchors (&name) on one value";
    default:
      return error.message.replace(/\s+/g, " ").slice(0, 200);
  }
}
