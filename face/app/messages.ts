/** What can happen to the face, and what it wants done. */

import type { Caps } from "../term/caps.ts";
import type { TermEvent } from "../term/keys.ts";
import type { OwnTheme } from "../theme.ts";
import type { LinkEvent } from "./link.ts";
import type { Settings } from "./settings.ts";

/** What can be clicked. */
export type Click =
  | { kind: "message"; id: number }
  /** A row of the list over the page, of the opening, a piece on the page that says why: counted from 0. */
  | { kind: "row" | "choice" | "piece"; at: number }
  /** A place in the editor's text. */
  | { kind: "caret"; at: number };

export type Msg =
  | { kind: "term"; event: TermEvent }
  | { kind: "link"; event: LinkEvent }
  | { kind: "resize"; width: number; height: number }
  | { kind: "caps"; caps: Caps }
  /** A click on something that the screen showed. */
  | { kind: "click"; on: Click }
  | { kind: "tick" }
  /** SIGINT from outside: as Ctrl+C. */
  | { kind: "interrupt" }
  /** The socket would not take it. */
  | { kind: "unsent"; prompt: string; ref: string }
  | { kind: "done"; text: string; error: boolean }
  /** The player's themes as their files are now; `wanted` was asked for before it was known. */
  | { kind: "themes"; themes: readonly OwnTheme[]; wanted: string }
  /** Bytes of the model for memory by meaning that are not here; null: nobody can fetch it. */
  | { kind: "model_missing"; bytes: number | null }
  | { kind: "model_step"; done: number; total: number }
  | { kind: "model_fetched"; problem: string }
  /** Another program gave the line back; null: it is as it was. */
  | { kind: "edited"; text: string | null; problem: string };

export type Effect =
  | { kind: "say"; prompt: string; ref: string }
  | { kind: "quit" }
  | { kind: "copy"; text: string; what: string }
  | { kind: "write_story"; name: string; text: string }
  | { kind: "save_draft"; text: string }
  | { kind: "save_said"; line: string; story: string }
  | { kind: "save_settings"; settings: Settings }
  | { kind: "mouse"; on: boolean }
  | { kind: "look_for_model" }
  | { kind: "fetch_model" }
  | { kind: "suspend" }
  /** The window is not looked at: its title, or null for the one it had, and a bell. */
  | { kind: "call"; title: string | null; bell: boolean }
  /** The player's themes are read anew. */
  | { kind: "read_themes"; wanted: string }
  /** The line goes to the player's own editor. */
  | { kind: "edit_outside"; text: string }
  | { kind: "redraw" };
