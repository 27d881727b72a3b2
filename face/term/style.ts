// What a cell may look like, kept as small numbers: equal looks share one id, so frames compare as integers.
// Also the only place that knows SGR codes and how a colour degrades on a poorer terminal.

/** A colour: 24 bit `rgb` (0xRRGGBB), palette `index` (0..255), or null for the terminal's own default. */
export type Color = { readonly rgb: number } | { readonly index: number } | null;

/** How many colours the terminal shows; "none" keeps bold, italic, underline, strike and reverse. */
export type ColorDepth = "truecolor" | "256" | "16" | "none";

export interface Style {
  readonly fg: Color;
  readonly bg: Color;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly reverse: boolean;
}

/** The terminal's default look; its interned id is always 0. */
export const PLAIN: Style = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  italic: false,
  underline: false,
  strike: false,
  reverse: false,
});

/** Fills what `part` leaves out from PLAIN. Make styles once (in the theme), not per frame: the id is cached per object. */
export function style(part: Partial<Style>): Style {
  return Object.freeze({ ...PLAIN, ...part });
}

const MAX_STYLES = 0xffff;
const styles: Style[] = [PLAIN];
// On a blank cell only these are seen; `blank_ids[id]` is 0 when a space in style `id` looks like no style at all.
const blank_ids: number[] = [0];
const ids_by_key = new Map<string, number>([[styleKey(PLAIN), 0]]);
const ids_by_object = new WeakMap<Style, number>([[PLAIN, 0]]);

function colorKey(color: Color): number {
  if (color === null) return -1;
  return "rgb" in color ? color.rgb & 0xffffff : 0x1000000 + (color.index & 0xff);
}

function styleKey(look: Style): string {
  const flags = (look.bold ? 1 : 0) | (look.italic ? 2 : 0) | (look.underline ? 4 : 0) |
    (look.strike ? 8 : 0) | (look.reverse ? 16 : 0);
  return `${colorKey(look.fg)},${colorKey(look.bg)},${flags}`;
}

/** The id of a look: equal looks have equal ids. After 65,535 different looks new ones count as PLAIN. */
export function styleId(look: Style): number {
  const known = ids_by_object.get(look);
  if (known !== undefined) return known;
  const key = styleKey(look);
  let id = ids_by_key.get(key);
  if (id === undefined) {
    if (styles.length > MAX_STYLES) return 0;
    id = styles.length;
    styles.push(Object.freeze({ ...look }));
    blank_ids.push(look.bg !== null || look.underline || look.strike || look.reverse ? id : 0);
    ids_by_key.set(key, id);
  }
  ids_by_object.set(look, id);
  return id;
}

/** The look behind an id. */
export function styleOf(id: number): Style {
  return styles[id] ?? PLAIN;
}

/** The id to keep for a blank cell: 0 when the style would not be seen on a space. */
export function blankStyleId(id: number): number {
  return blank_ids[id] ?? 0;
}

// xterm's default palette: the 16 named colours, as 0xRRGGBB.
const NAMED = [
  0x000000,
  0xcd0000,
  0x00cd00,
  0xcdcd00,
  0x0000ee,
  0xcd00cd,
  0x00cdcd,
  0xe5e5e5,
  0x7f7f7f,
  0xff0000,
  0x00ff00,
  0xffff00,
  0x5c5cff,
  0xff00ff,
  0x00ffff,
  0xffffff,
];
const CUBE = [0, 95, 135, 175, 215, 255];

function paletteRgb(index: number): number {
  if (index < 16) return NAMED[index] ?? 0;
  if (index >= 232) return (8 + (index - 232) * 10) * 0x010101;
  const cell = index - 16;
  const red = CUBE[Math.floor(cell / 36)] ?? 0;
  const green = CUBE[Math.floor(cell / 6) % 6] ?? 0;
  return (red << 16) | (green << 8) | (CUBE[cell % 6] ?? 0);
}

// "Redmean" distance (compuphase.com/cmetric.htm): close to how eyes judge, still integers and cheap.
function distance(a: number, b: number): number {
  const red_a = a >> 16, red_b = b >> 16;
  const red = red_a - red_b;
  const green = ((a >> 8) & 255) - ((b >> 8) & 255);
  const blue = (a & 255) - (b & 255);
  const mean = (red_a + red_b) / 2;
  return (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue;
}

function nearest(rgb: number, from: number, to: number): number {
  let best = from, best_distance = Infinity;
  for (let index = from; index < to; index++) {
    if (index === 8) continue; // bright black is invisible on many themes
    const away = distance(rgb, paletteRgb(index));
    if (away < best_distance) {
      best = index;
      best_distance = away;
    }
  }
  return best;
}

/** The colour a terminal of this depth can show: same object kind, or null when there is no colour at all. */
export function degrade(color: Color, depth: ColorDepth): Color {
  if (color === null || depth === "none") return null;
  if (depth === "truecolor") return color;
  if ("index" in color) {
    if (depth === "256" || color.index < 16) return color;
    return { index: nearest(paletteRgb(color.index), 0, 16) };
  }
  return { index: depth === "256" ? nearest(color.rgb, 16, 256) : nearest(color.rgb, 0, 16) };
}

function colorCodes(color: Color, base: 30 | 40): string {
  if (color === null) return String(base + 9);
  if ("rgb" in color) {
    return `${base + 8};2;${(color.rgb >> 16) & 255};${(color.rgb >> 8) & 255};${color.rgb & 255}`;
  }
  if (color.index < 8) return String(base + color.index);
  if (color.index < 16) return String(base + 60 + color.index - 8);
  return `${base + 8};5;${color.index}`;
}

const FLAGS: readonly (readonly [keyof Style, string, string])[] = [
  ["bold", "1", "22"],
  ["italic", "3", "23"],
  ["underline", "4", "24"],
  ["reverse", "7", "27"],
  ["strike", "9", "29"],
];

function buildTransition(from: Style, to: Style, depth: ColorDepth): string {
  const change: string[] = [];
  const fresh: string[] = [""]; // the empty first parameter is SGR 0
  for (const [flag, on, off] of FLAGS) {
    if (from[flag] !== to[flag]) change.push(to[flag] ? on : off);
    if (to[flag]) fresh.push(on);
  }
  for (const [part, base] of [["fg", 30], ["bg", 40]] as const) {
    const before = degrade(from[part], depth), after = degrade(to[part], depth);
    if (colorKey(before) !== colorKey(after)) change.push(colorCodes(after, base));
    if (after !== null) fresh.push(colorCodes(after, base));
  }
  if (change.length === 0) return "";
  const by_change = change.join(";"), by_reset = fresh.join(";");
  return `\x1b[${by_reset.length < by_change.length ? by_reset : by_change}m`;
}

const transitions: Record<ColorDepth, Map<number, string>> = {
  "truecolor": new Map(),
  "256": new Map(),
  "16": new Map(),
  "none": new Map(),
};

/** The shortest SGR that turns style `from` into style `to` (ids) at this depth; "" when nothing is to be said. */
export function sgr(from: number, to: number, depth: ColorDepth): string {
  if (from === to) return "";
  const cache = transitions[depth];
  const key = from * 0x10000 + to;
  let codes = cache.get(key);
  if (codes === undefined) {
    codes = buildTransition(styleOf(from), styleOf(to), depth);
    if (cache.size > 20_000) cache.clear();
    cache.set(key, codes);
  }
  return codes;
}
