/** Everything the face knows. */

import type { CommandItem, Why } from "../../shared/protocol.ts";
import type { Caps } from "../term/caps.ts";
import type { Keymap } from "../keymap.ts";
import { createTheme, type OwnTheme, type Theme, THEME_NAMES } from "../theme.ts";
import { type Editor, EMPTY_EDITOR, setText } from "../widgets/editor.ts";
import type { PageMemo } from "../widgets/blocks.ts";
import type { Scroll } from "../widgets/page.ts";
import type { Transcript } from "../widgets/transcript.ts";
import type { SentEdit } from "./editing.ts";
import { type LastPage, storyOf, transcriptOf } from "./last_page.ts";
import type { Effect } from "./messages.ts";
import type { Work } from "./progress.ts";
import type { Remembered } from "./remembered.ts";
import type { Search } from "./search.ts";
import type { Settings } from "./settings.ts";
import { characterName, NO_STORY, type Story, worldName } from "./story.ts";
import { NO_STORY_SEARCH, type StorySearch } from "./story_search.ts";

export type Connection =
  | { kind: "starting" }
  | { kind: "connected" }
  | { kind: "lost"; retry_at_ms: number; reason: string }
  | { kind: "gone"; reason: string };

/** A reply that is awaited or being told. */
export interface Turn {
  /** The request that began it; null when another face did. */
  ref: string | null;
  /** What was said to begin it; empty when another face did. */
  prompt: string;
  phase: "waiting" | "narrating";
  since_ms: number;
  /** When the first and the last word came. */
  first_ms: number | null;
  heard_ms: number;
  /** What it waits for, in the brain's words. */
  label: string;
  tokens_per_second: number;
}

export interface Opening {
  step: "world" | "character" | "starting";
  /** Selected row of the list. */
  row: number;
  world_id: string;
  /** What went wrong with the start, to be read and mended. */
  trouble: string;
}

/** The list over the page. Its rows follow from the editor's text. */
export interface Popup {
  selected: number;
  /** The player moved in it, or it was opened by a key: Enter takes the selected row. */
  touched: boolean;
  /** The text it was closed for with Esc. */
  closed_for: string | null;
  /** The draft that comes back when a list opened by a key is left. */
  stash: string | null;
}

export interface Notice {
  text: string;
  error: boolean;
  until_ms: number;
}

/** A page of words over the story. */
export type Sheet = { kind: "keys" | "help" | "log"; top: number } | {
  kind: "text";
  text: string;
  top: number;
} | WhySheet;

/** Why a reply is what it is. */
export interface WhySheet {
  kind: "why";
  top: number;
  why: Why;
  /** The chosen piece, counted over all that are listed. */
  chosen: number;
  /** Scores and tokens are shown. */
  numbers: boolean;
  /** The whole request is shown in place of the pieces. */
  whole: boolean;
  /** What was done to pieces since the page opened, by their ids. */
  marks: Readonly<Record<string, "pinned" | "forgotten" | "">>;
  /** A mark that the brain was asked for and has not confirmed. */
  asked: { ref: string; id: string; mark: "pinned" | "forgotten" | "" } | null;
}

/** A question that stands until it is answered. */
export interface Confirm {
  /** What is said to the brain after a yes. */
  prompt: string;
  question: string;
  kind: "delete" | "price" | "fetch";
}

export interface Model {
  size: { width: number; height: number };
  caps: Caps;
  theme: Theme;
  settings: Settings;
  keys: Keymap;
  /** The player's own themes. */
  themes: readonly OwnTheme[];
  /** The remote brain's address, empty for our own. */
  whose: string;
  /** The player's home folder, as it is shown; empty: not known. */
  home: string;
  connection: Connection;
  /** Null: an original server; undefined: nobody has greeted yet. */
  protocol: number | null | undefined;
  story: Story;
  commands: readonly CommandItem[];
  opening: Opening;
  transcript: Transcript;
  memo: PageMemo;
  scroll: Scroll;
  turn: Turn | null;
  /** What an original server may hear only later. */
  outbox: { prompts: readonly string[]; not_before_ms: number };
  /** The next history that comes is a story that was just begun. */
  beginning: boolean;
  /** Earlier messages were asked for, up to this id. */
  asked_before: number | null;
  /** The whole story is being loaded, to be written down or copied. */
  gathering: "open" | "copy" | null;
  /** The message that is looked for on earlier pages. */
  seeking: number | null;
  editor: Editor;
  /** What was said, newest last; `at` counts from the end while looking back, and `draft` waits. */
  said: { lines: readonly string[]; at: number; draft: string };
  popup: Popup;
  story_search: StorySearch;
  remembered: Remembered | null;
  /** What goes on beside the story; the newest last. */
  work: readonly Work[];
  /** The model for memory by meaning: looked for, bytes that are missing, a question that waits for its moment. */
  memory_model: { looked: boolean; missing: number; offers: boolean };
  /** The message under the bar. */
  desk: number | null;
  /** The message whose text is being edited. */
  editing: number | null;
  /** A wording that the brain has not confirmed yet. */
  edit_sent: SentEdit | null;
  /** The line that an undo brought back last. */
  taken_back: string | null;
  /** Words are looked for in the story. */
  search: Search | null;
  sheet: Sheet | null;
  /** Leaving was asked for: once more leaves; in mid-reply it is a question. */
  leaving: "no" | "asked" | "question" | "after_reply";
  leave_until_ms: number;
  /** What is asked before it is done, and cannot be taken back. */
  confirm: Confirm | null;
  /** The connection was lost in the middle of a reply. */
  cut: boolean;
  notice: Notice | null;
  log: readonly { at_ms: number; text: string }[];
  /** The suggestion in the empty editor still stands. */
  hint: boolean;
  next_ref: number;
  focused: boolean;
}

export type Result = [Model, Effect[]];

export const NO_POPUP: Popup = { selected: 0, touched: false, closed_for: null, stash: null };

/** What is known before anything happened. */
export interface Start {
  size: { width: number; height: number };
  caps: Caps;
  settings: Settings;
  whose: string;
  home?: string;
  draft: string;
  said: readonly string[];
  /** The page as it stood when the face was left last; null: none is kept. */
  page?: LastPage | null;
  keys: Keymap;
  themes: readonly OwnTheme[];
}

/** What the face knows before anything has happened. */
export function init(start: Start): Model {
  const { page = null } = start;
  return {
    size: start.size,
    caps: start.caps,
    theme: themeOf(start.settings, start.caps, start.themes),
    settings: start.settings,
    keys: start.keys,
    themes: start.themes,
    whose: start.whose,
    home: start.home ?? "",
    connection: { kind: "starting" },
    protocol: undefined,
    story: page === null ? NO_STORY : storyOf(page),
    commands: [],
    opening: { step: "world", row: 0, world_id: "", trouble: "" },
    transcript: transcriptOf(page),
    memo: new Map(),
    scroll: { kind: "end" },
    turn: null,
    outbox: { prompts: [], not_before_ms: 0 },
    beginning: false,
    asked_before: null,
    gathering: null,
    seeking: null,
    editor: start.draft === "" ? EMPTY_EDITOR : { ...setText(EMPTY_EDITOR, start.draft), past: [] },
    said: { lines: start.said, at: 0, draft: "" },
    popup: NO_POPUP,
    story_search: NO_STORY_SEARCH,
    remembered: null,
    work: [],
    memory_model: { looked: false, missing: 0, offers: false },
    desk: null,
    editing: null,
    edit_sent: null,
    taken_back: null,
    search: null,
    sheet: null,
    leaving: "no",
    leave_until_ms: 0,
    confirm: null,
    cut: false,
    notice: null,
    log: [],
    hint: !start.settings.hint_seen,
    next_ref: 1,
    focused: true,
  };
}

/** The theme of the settings; one that is not there any more counts as auto. */
export function themeOf(settings: Settings, caps: Caps, themes: readonly OwnTheme[]): Theme {
  const { background, dark, depth, utf8 } = caps;
  const name = THEME_NAMES.find((known) => known === settings.theme) ?? "auto";
  const own = themes.find((theme) => theme.name === settings.theme);
  return createTheme({ name, background, dark, depth, utf8, own });
}

/** True while no story is open: the opening stands. */
export function isOpening(model: Model): boolean {
  return model.story.session_id === "" && !waitsForLastStory(model);
}

/** Before the first sync of a home that has a story: the story will open by itself. */
function waitsForLastStory(model: Model): boolean {
  return !model.story.synced && model.settings.last_story !== "";
}

/** Where the page stands while a reply comes. */
export const following = (settings: Settings): Scroll => ({ kind: settings.follow });

const NOTICE_MS = 4000;
/** A second row takes longer to read. */
const NOTICE_MS_PER_LETTER = 40;
const NOTICE_ROW = 68;
const MAX_LOG = 500;

/** One dim line above the rule, kept in the log. What went wrong stays until the next key. */
export function withNotice(model: Model, text: string, now_ms: number, error = false): Model {
  if (text === "") return model;
  const more_ms = Math.max(0, text.length - NOTICE_ROW) * NOTICE_MS_PER_LETTER;
  return {
    ...model,
    notice: { text, error, until_ms: error ? Infinity : now_ms + NOTICE_MS + more_ms },
    log: [...model.log, { at_ms: now_ms, text }].slice(-MAX_LOG),
  };
}

/** `Salt Marsh · the farrier`: what the story on screen is called. */
export function storyName(model: Model): string {
  const mark = model.theme.marks.separator;
  return [worldName(model.story), characterName(model.story)].filter((name) => name !== "").join(` ${mark} `);
}
