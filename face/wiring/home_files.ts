/** What the face keeps in the player's home: draft, what was said, settings, the last page, stories written down. */

import { encodeEvent, parseEvent } from "../../shared/codec.ts";
import { LAST_PAGE_FILE, SAID_FILE } from "../../shared/home.ts";
import { parseSaid, type Said, saidLine } from "../../shared/said.ts";
import type { Event } from "../../shared/protocol.ts";
import type { LastPage } from "../app/last_page.ts";
import { DEFAULT_SETTINGS, type Settings } from "../app/settings.ts";

/** Outcome of writing a file, in words for the player. */
export interface Written {
  text: string;
  error: boolean;
}

export interface HomeFiles {
  load(): { draft: string; said: string[]; settings: Settings };
  /** The page as it was kept last; null: none, or not one of ours. */
  loadPage(): LastPage | null;
  /** Keeps the page for the next start, or sees that none is kept. At once: the face is being left. */
  savePage(page: LastPage | null): void;
  /** Written a moment later, so that typing costs nothing; `flush` writes at once. */
  saveDraft(text: string): void;
  saveSaid(said: Said): void;
  saveSettings(settings: Settings): void;
  /** Writes a text into the folder `stories` under a name of its own. */
  writeText(name: string, text: string): Written;
  /** Writes what waits; must not wait for anything. */
  flush(): void;
}

const DRAFT_WAIT_MS = 300;
const MAX_SAID = 500;
const MAX_DRAFT = 256 * 1024;
const encoder = new TextEncoder();

/** Opens the files below `home`. A home that cannot be read or written costs memory, never the evening. */
export function openHomeFiles(home: string): HomeFiles {
  const folder = `${home}/face`;
  const draft_path = `${folder}/draft.txt`;
  const said_path = `${home}/${SAID_FILE}`;
  const settings_path = `${folder}/settings.json`;
  const page_path = `${home}/${LAST_PAGE_FILE}`;
  let waiting: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function write(path: string, text: string, append = false): void {
    try {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (append) {
        Deno.writeTextFileSync(path, text, { append: true, mode: 0o600 });
        return;
      }
      // Renamed into place: a crash leaves the old text or the new, never half of one.
      Deno.writeTextFileSync(`${path}.new`, text, { mode: 0o600 });
      Deno.renameSync(`${path}.new`, path);
    } catch {
      // Nothing of the story is lost by it.
    }
  }

  function read(path: string): string {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return "";
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== null) write(draft_path, waiting);
    waiting = null;
  }

  return {
    load() {
      const said = read(said_path).split("\n").flatMap((line) => parseSaid(line) ?? []);
      // The file is cut back now and then, when it has grown to twice what is kept.
      const kept = said.slice(-MAX_SAID);
      if (said.length > 2 * MAX_SAID) {
        write(
          said_path,
          kept.map(saidLine).join(""),
        );
      }
      return {
        draft: read(draft_path).slice(0, MAX_DRAFT),
        said: kept.map(({ text }) => text),
        settings: readSettings(read(settings_path)),
      };
    },
    loadPage() {
      const [state, history] = read(page_path).split("\n").map(readEvent);
      if (state?.event !== "sync_state" || history?.event !== "chat_history") return null;
      const page = { state: state.metadata, history: history.metadata };
      return page.state.session_id !== "" && page.history.history.length > 0 ? page : null;
    },
    savePage(page) {
      if (page === null) return remove(page_path);
      const lines = [
        encodeEvent({ event: "sync_state", content: "", ref: null, metadata: page.state }),
        encodeEvent({ event: "chat_history", content: "", ref: null, metadata: page.history }),
      ];
      write(page_path, `${lines.join("\n")}\n`);
    },
    saveDraft(text) {
      waiting = text;
      // What was sent is gone at once; letters may wait for each other.
      if (text === "") return flush();
      timer ??= setTimeout(flush, DRAFT_WAIT_MS);
    },
    saveSaid(said) {
      write(said_path, saidLine(said), true);
    },
    saveSettings(settings) {
      write(settings_path, `${JSON.stringify(settings, null, 2)}\n`);
    },
    writeText(name, text) {
      const stories = `${home}/stories`;
      const plain =
        name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "story";
      let path = `${stories}/${plain}.txt`;
      try {
        Deno.mkdirSync(stories, { recursive: true, mode: 0o700 });
        // A longer story of this name is another one, or holds what is not here: it stays.
        for (let copy = 2; sizeOf(path) > encoder.encode(text).length + 1; copy++) {
          path = `${stories}/${plain}-${copy}.txt`;
        }
        Deno.writeTextFileSync(path, `${text}\n`, { mode: 0o600 });
        return { text: `Written to ${path}`, error: false };
      } catch (error) {
        const why = error instanceof Error
          ? error.message.replace(/ \(os error \d+\).*$/s, "")
          : String(error);
        return { text: `${path} could not be written: ${why}`, error: true };
      }
    },
    flush,
  };
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // There was none.
  }
}

/** A line of the wire; null: it is none. */
function readEvent(line: string): Event | null {
  try {
    return parseEvent(line);
  } catch {
    return null;
  }
}

/** Bytes of a file; 0 when there is none. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** Settings from their file; what is missing or wrong is the default. */
export function readSettings(text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return DEFAULT_SETTINGS;
  }
  if (typeof value !== "object" || value === null) return DEFAULT_SETTINGS;
  const bag = value as Record<string, unknown>;
  const flag = (name: "panel" | "hint_seen" | "motion" | "bell" | "title"): boolean => {
    const found = bag[name];
    return typeof found === "boolean" ? found : DEFAULT_SETTINGS[name];
  };
  return {
    theme: typeof bag.theme === "string" && /^[\w-]{1,40}$/.test(bag.theme) ? bag.theme : "auto",
    panel: flag("panel"),
    mouse: bag.mouse === "native" ? "native" : "wheel",
    hint_seen: flag("hint_seen"),
    motion: flag("motion"),
    follow: bag.follow === "end" ? "end" : "head",
    bell: flag("bell"),
    title: flag("title"),
    embedder: bag.embedder === "no" || bag.embedder === "ready" ? bag.embedder : "ask",
    last_story: typeof bag.last_story === "string" ? bag.last_story.slice(0, 200) : "",
  };
}
