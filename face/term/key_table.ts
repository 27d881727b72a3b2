// Which bytes and sequence parameters mean which key: the tables and pure functions behind keys.ts.
// Sources: xterm's ctlseqs, kitty's keyboard protocol (sw.kovidgoyal.net/kitty/keyboard-protocol).

import type { TermEvent } from "./keys.ts";

const SHIFT = 1, ALT = 2, CTRL = 4, CAPS_LOCK = 64, NUM_LOCK = 128;
const RELEASE = 3;

const LETTERS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "begin",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

const NUMBERS: Readonly<Record<number, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pgup",
  6: "pgdn",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

const NAMED_CODES: Readonly<Record<number, string>> = {
  9: "tab",
  13: "enter",
  27: "esc",
  127: "backspace",
  57414: "enter",
  57417: "left",
  57418: "right",
  57419: "up",
  57420: "down",
  57421: "pgup",
  57422: "pgdn",
  57423: "home",
  57424: "end",
  57425: "insert",
  57426: "delete",
};

// The keypad in kitty's numbering (from 57399) and in SS3 (from "j").
const KITTY_PAD = "0123456789./*-+";
const SS3_PAD: Readonly<Record<string, string>> = {
  j: "*",
  k: "+",
  l: ",",
  m: "-",
  n: ".",
  o: "/",
  p: "0",
  q: "1",
  r: "2",
  s: "3",
  t: "4",
  u: "5",
  v: "6",
  w: "7",
  x: "8",
  y: "9",
  X: "=",
};

function keyEvent(key: string, modifiers: number): TermEvent {
  return {
    kind: "key",
    key,
    ctrl: (modifiers & CTRL) !== 0,
    alt: (modifiers & ALT) !== 0,
    shift: (modifiers & SHIFT) !== 0,
  };
}

/** A character with a modifier: letters are lower case with `shift` told apart, a blank is "space". */
function charKey(char: string, modifiers: number): TermEvent {
  if (char === " ") return keyEvent("space", modifiers);
  const lower = char.toLowerCase();
  return keyEvent(lower, lower === char ? modifiers : modifiers | SHIFT);
}

/** One control byte (below 0x20, or 0x7f) as a key. */
export function keyOfByte(byte: number, alt: boolean): TermEvent {
  const modifiers = alt ? ALT : 0;
  switch (byte) {
    case 0x00:
      return keyEvent("space", modifiers | CTRL);
    case 0x08:
    case 0x7f:
      return keyEvent("backspace", modifiers);
    case 0x09:
      return keyEvent("tab", modifiers);
    case 0x0a:
      return alt ? keyEvent("enter", ALT) : keyEvent("j", CTRL);
    case 0x0d:
      return keyEvent("enter", modifiers);
    case 0x1b:
      return keyEvent("esc", modifiers);
    default:
      return keyEvent(String.fromCharCode(byte + 0x40).toLowerCase(), modifiers | CTRL);
  }
}

/** One printable character: text, or a key when Alt was held. */
export function keyOfText(char: string, alt: boolean): TermEvent {
  return alt ? charKey(char, ALT) : { kind: "text", text: char };
}

/** ESC O params final. Null: nothing we know. */
export function ss3Event(params: string, final: string, alt: boolean): TermEvent | null {
  const modifiers = modifiersOf(params === "" ? 1 : Number(params.split(";").at(-1))) | (alt ? ALT : 0);
  if (final === "M") return keyEvent("enter", modifiers);
  const name = LETTERS[final];
  if (name !== undefined) return keyEvent(name, modifiers);
  const char = SS3_PAD[final];
  return char === undefined ? null : keyOfText(char, alt);
}

function modifiersOf(parameter: number): number {
  return Number.isInteger(parameter) && parameter > 1 ? (parameter - 1) & ~(CAPS_LOCK | NUM_LOCK) : 0;
}

/** ESC [ params final (intermediates are part of params). Null: nothing we know or want. */
export function csiEvent(params: string, final: string, alt: boolean): TermEvent | null {
  const private_mark = params[0] ?? "";
  if (private_mark === "?") return replyEvent(params, final);
  if (private_mark === "<") return mouseEvent(params.slice(1), final);
  if (private_mark === ">" || private_mark === "=") return null;
  if (params === "" && (final === "I" || final === "O")) return { kind: "focus", focused: final === "I" };
  const fields = params.split(";").map((field) => field.split(":").map(Number));
  const first = fields[0]?.[0] ?? 0;
  const modifier_field = fields[1] ?? [];
  if (final === "~" && first === 27 && fields.length === 3) {
    return codeEvent([fields[2]?.[0] ?? 0], modifiersOf(modifier_field[0] ?? 1), "");
  }
  if (modifier_field[1] === RELEASE) return null;
  const modifiers = modifiersOf(modifier_field[0] ?? 1) | (alt ? ALT : 0);
  if (modifiers > (SHIFT | ALT | CTRL)) return null; // with Super, Hyper or Meta it is the desktop's
  if (final === "u") {
    const typed = (fields[2] ?? []).filter(isPrintable).map((code) => String.fromCodePoint(code)).join("");
    return codeEvent(fields[0] ?? [], modifiers, typed);
  }
  if (final === "Z") return keyEvent("tab", modifiers | SHIFT);
  const name = final === "~" ? NUMBERS[first] : LETTERS[final];
  return name === undefined ? null : keyEvent(name, modifiers);
}

function isPrintable(code: number): boolean {
  return Number.isInteger(code) && code >= 0x20 && !(code >= 0x7f && code < 0xa0) &&
    !(code >= 0xd800 && code < 0xe000) &&
    code <= 0x10ffff;
}

/** A key by its Unicode number: [key, shifted key, key at that place on a Latin keyboard], as kitty reports them. */
function codeEvent(codes: readonly number[], modifiers: number, typed: string): TermEvent | null {
  const [code = 0, shifted = 0, latin = 0] = codes;
  const name = NAMED_CODES[code];
  if (name !== undefined) return keyEvent(name, modifiers);
  let char = "";
  if (code >= 57399 && code < 57399 + KITTY_PAD.length) char = KITTY_PAD[code - 57399] ?? "";
  else if (code >= 57344 && code <= 63743) return null; // media keys, bare modifiers
  else if (isPrintable(code)) char = String.fromCodePoint(code);
  else return null;
  if ((modifiers & (CTRL | ALT)) !== 0) {
    // Ctrl+C must stay Ctrl+C on a Cyrillic or Greek keyboard.
    return charKey(code > 0x7f && isPrintable(latin) ? String.fromCodePoint(latin) : char, modifiers);
  }
  if (typed !== "") return { kind: "text", text: typed };
  if ((modifiers & SHIFT) === 0) return { kind: "text", text: char };
  return { kind: "text", text: isPrintable(shifted) ? String.fromCodePoint(shifted) : char.toUpperCase() };
}

function replyEvent(params: string, final: string): TermEvent | null {
  const body = params.slice(1);
  if (final === "u" && /^\d+$/.test(body)) return { kind: "reply", what: "kitty", value: body };
  if (final === "c") return { kind: "reply", what: "attributes", value: body };
  const mode = /^2026;(\d)\$$/.exec(body);
  if (final === "y" && mode !== null) return { kind: "reply", what: "sync", value: mode[1] ?? "0" };
  return null;
}

const MODIFIER_BITS = 4 | 8 | 16, WHEEL = 64;

function mouseEvent(params: string, final: string): TermEvent | null {
  if (!/^\d+;\d+;\d+$/.test(params)) return null;
  const [button = 0, column = 1, row = 1] = params.split(";").map(Number);
  if (final !== "M" && final !== "m") return null;
  return buttonEvent(button, column, row, final === "m");
}

/** A mouse report: xterm's button number, column and row from 1. Only the wheel and the first button count. */
export function buttonEvent(
  button: number,
  column: number,
  row: number,
  released: boolean,
): TermEvent | null {
  const x = Math.max(0, column - 1), y = Math.max(0, row - 1);
  const plain = button & ~MODIFIER_BITS;
  if (plain === WHEEL && !released) return { kind: "mouse", action: "wheel_up", x, y };
  if (plain === WHEEL + 1 && !released) return { kind: "mouse", action: "wheel_down", x, y };
  if (plain !== 0) return null;
  return { kind: "mouse", action: released ? "release" : "press", x, y };
}

/** The text of an OSC reply. Only the answer to OSC 11 (the background) is of interest; its value is "#rrggbb". */
export function oscEvent(text: string): TermEvent | null {
  const match = /^11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(text);
  if (match === null) return null;
  const parts = match.slice(1, 4).map((digits) => {
    const full = 16 ** digits.length - 1; // 1 to 4 digits, each scaled to its own full range
    return Math.round(parseInt(digits, 16) / full * 255).toString(16).padStart(2, "0");
  });
  return { kind: "reply", what: "background", value: `#${parts.join("")}` };
}
