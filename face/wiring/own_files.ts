/** What the player writes for the face in the home: keys.yaml and themes/*.yaml. */

import type { KeyChange } from "../keymap.ts";
import { readKeys } from "../text/own_keys.ts";
import { type OwnTheme, readTheme } from "../theme.ts";

const MAX_BYTES = 256 * 1024;
const MAX_THEMES = 100;

export interface OwnThemes {
  themes: OwnTheme[];
  /** One sentence for each line that was passed over, with file and line. */
  problems: string[];
}

/** Keys and themes; files that are not there are no problem. */
export function readOwnFiles(home: string): OwnThemes & { changes: KeyChange[] } {
  const { themes, problems } = readThemes(home);
  const file = readText(`${home}/keys.yaml`);
  if (file === null) return { changes: [], themes, problems };
  const { changes, problems: wrong } = readKeys(file, "keys.yaml");
  return { changes, themes, problems: [...problems, ...wrong] };
}

/** All files of HOME/themes, by name. */
export function readThemes(home: string): OwnThemes {
  const folder = `${home}/themes`;
  const themes: OwnTheme[] = [];
  const problems: string[] = [];
  for (const name of namesIn(folder)) {
    const text = readText(`${folder}/${name}`);
    if (text === null) continue;
    const plain = name.replace(/\.ya?ml$/, "");
    const { theme, problems: wrong } = readTheme(text, plain, `themes/${name}`);
    themes.push(theme);
    problems.push(...wrong);
  }
  return { themes, problems };
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      /^[\w-]{1,40}\.ya?ml$/.test(name)
    )
      .sort().slice(0, MAX_THEMES);
  } catch {
    return [];
  }
}

function readText(path: string): string | null {
  try {
    if (Deno.statSync(path).size > MAX_BYTES) return null;
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
