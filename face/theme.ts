/** Named styles. The terminal's background decides dark or light; a contrast floor holds on what it reports. */

import { type Color, type ColorDepth, PLAIN, type Style, style } from "./term/style.ts";
import { onBackground } from "./text/contrast.ts";
import { readFlat } from "./text/flat_yaml.ts";
import { BOLD, CODE, ITALIC, SPEECH, STRIKE } from "./text/runs.ts";
import { ASCII_MARKS, MARKS, type Marks } from "./text/signs.ts";

export type ThemeName = "dark" | "light" | "contrast" | "mono";
export const THEME_NAMES: readonly ThemeName[] = ["dark", "light", "contrast", "mono"];

export type Role = "speech" | "player" | "accent" | "dim" | "rule" | "error" | "good" | "found";

export interface Theme {
  name: ThemeName;
  text: Style;
  strong: Style;
  speech: Style;
  player: Style;
  accent: Style;
  dim: Style;
  /** Dim and bold-free: headings of the panel. */
  rule: Style;
  error: Style;
  good: Style;
  found: Style;
  /** The place that is looked at. */
  found_here: Style;
  /** The selected row of a list: the only fill there is. */
  selected: Style;
  selected_dim: Style;
  selected_accent: Style;
  marks: Marks;
}

const DARK: Record<Role, number> = {
  speech: 0xf2cf9b,
  player: 0x9ed6c6,
  accent: 0xf29bbd,
  dim: 0xaea6b8,
  rule: 0x5d5667,
  error: 0xff9a92,
  good: 0xa5d694,
  found: 0xffe08a,
};
const LIGHT: Record<Role, number> = {
  speech: 0x7a4300,
  player: 0x0b5f58,
  accent: 0xa61e58,
  dim: 0x635c69,
  rule: 0xb9b2bd,
  error: 0xa8201a,
  good: 0x2b6320,
  found: 0x6b4e00,
};
// Sixteen colours are the terminal's own; null is its default foreground. Never 8, which many themes hide.
const DARK_16: Record<Role, number | null> = {
  speech: 11,
  player: 14,
  accent: 13,
  dim: null,
  rule: null,
  error: 9,
  good: 10,
  found: 11,
};
const LIGHT_16: Record<Role, number | null> = {
  speech: null,
  player: 4,
  accent: 5,
  dim: null,
  rule: null,
  error: 1,
  good: 2,
  found: 4,
};

export interface ThemeChoice {
  /** "auto" picks by the background. */
  name: ThemeName | "auto";
  /** What the terminal reported, null when it did not answer. */
  background: number | null;
  dark: boolean;
  depth: ColorDepth;
  utf8: boolean;
  /** The player's own, in place of `name`. */
  own?: OwnTheme;
}

/** A file in HOME/themes: colours in place of ours. */
export interface OwnTheme {
  /** The file's, without its ending. */
  name: string;
  /** Whose colours stand where it names none; auto picks by the background. */
  base: ThemeName | "auto";
  colors: Partial<Record<Role, number>>;
}

const ROLES = Object.keys(DARK) as Role[];

/** A theme's file read: `base: dark` and a colour by role a line, as in `speech: "#f2cf9b"`. */
export function readTheme(text: string, name: string, file: string): { theme: OwnTheme; problems: string[] } {
  const { entries, problems } = readFlat(text, file);
  const theme: OwnTheme = { name, base: "auto", colors: {} };
  for (const { key, value, line } of entries) {
    const wrong = (why: string): void => void problems.push(`${file}:${line}: ${why}`);
    const role = ROLES.find((known) => known === key);
    if (key === "base") {
      const base = (["auto", ...THEME_NAMES] as const).find((known) => known === value);
      if (base === undefined) wrong(`base is one of auto, ${THEME_NAMES.join(", ")}, not "${value}"`);
      else theme.base = base;
    } else if (role === undefined) wrong(`there is no colour "${key}"; there are ${ROLES.join(", ")}`);
    else {
      const hex = /^#?([0-9a-f]{6})$/i.exec(value)?.[1];
      if (hex === undefined) wrong(`a colour is written like "#f2cf9b", not "${value}"`);
      else theme.colors[role] = parseInt(hex, 16);
    }
  }
  return { theme, problems };
}

/** The styles for one terminal. */
export function createTheme(choice: ThemeChoice): Theme {
  const wanted = choice.own?.base ?? choice.name;
  const light = wanted === "light" || (wanted !== "dark" && !choice.dark);
  const auto: ThemeName = choice.depth === "none" ? "mono" : light ? "light" : "dark";
  const name = wanted === "auto" ? auto : wanted;
  const bare = name === "mono" || choice.depth === "none";
  const background = choice.background ?? (light ? 0xffffff : 0x000000);
  const color = (role: Role): Color => {
    if (bare) return null;
    if (choice.depth === "16") {
      const index = (light ? LIGHT_16 : DARK_16)[role];
      return index === null ? null : { index };
    }
    const floor = role === "rule" ? 1.5 : name === "contrast" ? 7 : 4.5;
    const rgb = choice.own?.colors[role] ?? (light ? LIGHT : DARK)[role];
    return { rgb: onBackground(rgb, background, floor) };
  };
  const high = name === "contrast";
  const dim = high ? PLAIN : style({ fg: color("dim") });
  const fill: Partial<Style> = bare || choice.depth === "16"
    ? { reverse: true }
    : { bg: { rgb: onFill(background, light) } };
  const on = (fg: Color): Style => style({ ...fill, fg: fill.reverse ? null : fg });
  return {
    name,
    text: PLAIN,
    strong: style({ bold: true }),
    speech: style({ fg: color("speech"), bold: high }),
    player: style({ fg: color("player"), bold: high || bare }),
    accent: style({ fg: color("accent"), bold: bare }),
    dim,
    rule: style({ fg: color("rule") }),
    error: style({ fg: color("error"), bold: bare }),
    good: style({ fg: color("good") }),
    found: style({ fg: color("found"), underline: bare || choice.depth === "16", bold: high }),
    found_here: style({ fg: color("found"), bold: true, reverse: true }),
    selected: on(null),
    selected_dim: on(high ? null : liftOn(color("dim"), fill)),
    selected_accent: style({ ...on(liftOn(color("accent"), fill)), bold: bare }),
    marks: choice.utf8 ? MARKS : ASCII_MARKS,
  };
}

/** The fill of the selected row: the background a little towards the middle. */
function onFill(background: number, light: boolean): number {
  const target = light ? 0 : 255;
  const parts = [16, 8, 0].map((shift) => Math.round((background >> shift & 255) * 0.87 + target * 0.13));
  return (parts[0] << 16) | (parts[1] << 8) | parts[2];
}

/** A colour that keeps the contrast floor on the fill as well. */
function liftOn(color: Color, fill: Partial<Style>): Color {
  if (color === null || !("rgb" in color) || fill.bg === undefined || fill.bg === null) return color;
  return "rgb" in fill.bg ? { rgb: onBackground(color.rgb, fill.bg.rgb) } : color;
}

const derived = new WeakMap<Style, Style[]>();

/** A base style with the marks of a run (inline.ts) on it. Cached: the same object for the same answer. */
export function markedStyle(theme: Theme, base: Style, marks: number): Style {
  const look = (marks & SPEECH) !== 0 && base === theme.text
    ? theme.speech
    : (marks & CODE) !== 0
    ? theme.dim
    : base;
  const flags = marks & (BOLD | ITALIC | STRIKE);
  if (flags === 0) return look;
  let list = derived.get(look);
  if (list === undefined) derived.set(look, list = []);
  return list[flags] ??= style({
    ...look,
    bold: look.bold || (flags & BOLD) !== 0,
    italic: (flags & ITALIC) !== 0,
    strike: (flags & STRIKE) !== 0,
  });
}
