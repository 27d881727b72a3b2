/**
 * The part of YAML that the face reads: one `name: value` a line, comments, quotes. The whole of YAML would bring a
 * package into the face; the files that a player writes for it, keys.yaml and themes/*.yaml, need no more.
 */

export interface FlatEntry {
  key: string;
  value: string;
  /** From 1. */
  line: number;
}

export interface Flat {
  entries: FlatEntry[];
  /** `keys.yaml:3: why`, one for each line that was passed over. */
  problems: string[];
}

const LINE = /^(?:"([^"]*)"|'([^']*)'|([^\s"'#][^#]*?|#))\s*:(?:\s+(.*))?$/;
const VALUE = /^(?:"([^"]*)"|'([^']*)'|([^"'#][^#]*?))\s*(?:#.*)?$/;

/** Reads a file's text; a line that cannot be read is named and passed over. */
export function readFlat(text: string, file: string): Flat {
  const entries: FlatEntry[] = [];
  const problems: string[] = [];
  for (const [at, whole] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    const line = at + 1;
    const wrong = (why: string): void => void problems.push(`${file}:${line}: ${why}`);
    if (/^\s*(#|$)/.test(whole) || /^---\s*$/.test(whole)) continue;
    if (/^\s/.test(whole) || whole.startsWith("- ")) {
      wrong("one name: value a line is read here, without indentation");
      continue;
    }
    const found = LINE.exec(whole);
    if (found === null) {
      wrong("this is no name: value");
      continue;
    }
    const key = (found[1] ?? found[2] ?? found[3]).trim();
    const rest = found[4] ?? "";
    const value = VALUE.exec(rest.trim());
    if (value === null) {
      const colour = rest.trim().startsWith("#");
      wrong(
        colour
          ? `"${key}" has no value: # begins a comment, so a colour stands in quotes`
          : `"${key}" has no value`,
      );
      continue;
    }
    entries.push({ key, value: (value[1] ?? value[2] ?? value[3]).trim(), line });
  }
  return { entries, problems };
}
