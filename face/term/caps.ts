// What the terminal can do: a first answer from the environment, at once, and corrections as it answers our
// questions. Pure: the runtime writes the questions after its first paint and passes the replies in.

import type { TermEvent } from "./keys.ts";
import type { ColorDepth } from "./style.ts";

export type Env = (name: string) => string | undefined;
export type Reply = Extract<TermEvent, { kind: "reply" }>;

export interface Caps {
  depth: ColorDepth;
  /** Safe to draw with characters outside ASCII. */
  utf8: boolean;
  /** Synchronised updates, DEC mode 2026, confirmed. */
  sync: boolean;
  /** The kitty keyboard protocol is understood: an Esc byte alone then never is the Esc key. */
  kitty: boolean;
  /** The reported background, 0xRRGGBB; null: unknown. */
  background: number | null;
  /** So until a background says otherwise, however late: over a slow line the answer takes its time. */
  dark: boolean;
}

// Mode 2026? kitty flags? background? The answer to the last, DA1, every terminal gives.
const QUESTIONS = "\x1b[?2026$p\x1b[?u\x1b]11;?\x1b\\\x1b[c";

/** What to ask this terminal; "" for one that would print the questions. */
export function capsQuery(env: Env): string {
  const term = env("TERM") ?? "";
  return term === "" || term === "dumb" || term === "linux" ? "" : QUESTIONS;
}

const TRUECOLOR_TERMS = /^(xterm-kitty|xterm-ghostty|ghostty|alacritty|wezterm|foot|contour)|-direct\d*$/;

/** The colour depth the environment promises. A set, non-empty NO_COLOR wins (no-color.org). */
export function pickDepth(env: Env): ColorDepth {
  if ((env("NO_COLOR") ?? "") !== "") return "none";
  const term = env("TERM") ?? "";
  if (term === "dumb") return "none";
  if (/^(truecolor|24bit)$/i.test(env("COLORTERM") ?? "")) return "truecolor";
  // tmux passes 24 bit on only when it was told to, and then COLORTERM is set
  if ((env("TMUX") ?? "") !== "") return "256";
  if (TRUECOLOR_TERMS.test(term) || (env("WT_SESSION") ?? "") !== "") return "truecolor";
  if (term.includes("256color")) return "256";
  return "16";
}

/** True when the locale says UTF-8, or says nothing at all. The first of LC_ALL, LC_CTYPE and LANG that is set counts. */
export function isUtf8(env: Env): boolean {
  for (const name of ["LC_ALL", "LC_CTYPE", "LANG"]) {
    const value = env(name) ?? "";
    if (value !== "") return /utf-?8/i.test(value);
  }
  return true;
}

/** What is known before the terminal was asked. */
export function firstCaps(env: Env): Caps {
  return {
    depth: pickDepth(env),
    utf8: isUtf8(env),
    sync: false,
    kitty: false,
    background: null,
    dark: true,
  };
}

/** What is known after a reply; the same object when it says nothing new. */
export function applyReply(caps: Caps, reply: Reply): Caps {
  switch (reply.what) {
    case "sync": // 1 set, 2 reset: known and switchable; 0 unknown, 3 and 4 fixed
      return reply.value === "1" || reply.value === "2" ? { ...caps, sync: true } : caps;
    case "kitty":
      return { ...caps, kitty: true };
    case "attributes":
      return caps;
    case "background": {
      const background = parseHex(reply.value);
      if (background === null || background === caps.background) return caps;
      return { ...caps, background, dark: isDark(background) };
    }
  }
}

function parseHex(value: string): number | null {
  return /^#[0-9a-f]{6}$/i.test(value) ? parseInt(value.slice(1), 16) : null;
}

// Luma of ITU-R BT.601: below the middle, light text reads better.
function isDark(rgb: number): boolean {
  return 299 * (rgb >> 16) + 587 * ((rgb >> 8) & 255) + 114 * (rgb & 255) < 128_000;
}
