/** What the player has set, and the face remembers from evening to evening. */

export interface Settings {
  /** "auto", a name of ours, or that of a file in HOME/themes. */
  theme: string;
  panel: boolean;
  mouse: "wheel" | "native";
  /** The editor's first suggestion was seen. */
  hint_seen: boolean;
  motion: boolean;
  /** A reply longer than the page is held at its first row, or followed to its end. */
  follow: "head" | "end";
  /** When a reply has ended and the window is not looked at. */
  bell: boolean;
  title: boolean;
  /** The model for memory by meaning: to be offered, declined, or here. */
  embedder: "ask" | "no" | "ready";
  /** Name of the story that was open when the face was left; empty: none. */
  last_story: string;
}

export const DEFAULT_SETTINGS: Settings = {
  theme: "auto",
  panel: true,
  mouse: "wheel",
  hint_seen: false,
  motion: true,
  follow: "head",
  bell: false,
  title: false,
  embedder: "ask",
  last_story: "",
};
