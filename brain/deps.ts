/** The record of everything the brain takes from outside: data, models, clock, chance and identity. */

import type { Config } from "./config.ts";
import type { Library } from "./library/assets.ts";
import type { LoreFolder } from "./library/lore_folder.ts";
import type { Catalogue } from "./llm/catalogue.ts";
import type { Registry } from "./llm/registry.ts";
import type { Recall } from "./memory/recall.ts";
import type { Database } from "./store/database.ts";

/** What was learnt about a model from its own usage figures; forgotten at a restart. */
export interface Learned {
  /** Real prompt tokens per estimated token. */
  scale: number;
  /** What the server really read when it was seen to cut a prompt; null: never seen. */
  cut: Cut | null;
}

/** It counts only as long as the window is `offered` as it was then: a server may load a model anew. All in tokens. */
export interface Cut {
  read: number;
  offered: number;
}

export interface Deps {
  config: Config;
  db: Database;
  library: Library;
  recall: Recall;
  registry: Registry;
  catalogue: Catalogue;
  /** By model id. */
  learned: Map<string, Learned>;
  /** Text files of a folder that the config allows. Throws LoreFolderError with the line to add. */
  readLoreFolder(path: string): Promise<LoreFolder>;
  /** Writes a file of this plain name among the player's exports, over an earlier one; resolves to its path. */
  writeExport(name: string, text: string): Promise<string>;
  /** Units of lore or of memory may have come or gone: vectors follow, in the background. */
  unitsChanged?(): void;
  /**
   * A story is about to be deleted: what else holds its words (daily backups, a face's last page) loses them, in the
   * background.
   */
  forgetStory?(player_id: string, session_id: string): void;
  /** What is wrong for longer, a sentence each: told to the owner's faces when they join. */
  conditions?(): string[];
  /** Milliseconds since 1970; may go back. */
  now(): number;
  /** A number in [0, 1). */
  chance(): number;
  /** 12 hexadecimal digits. */
  newId(): string;
  /** Text of stories goes out at "debug" only. */
  log(level: "debug" | "info" | "warn" | "error", text: string): void;
}
