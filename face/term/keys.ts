// Bytes of the terminal -> events. Fed in any pieces: what is cut in the middle of a sequence waits for its rest.
// Understands UTF-8, CSI and SS3 keys, kitty's CSI-u, xterm's modifyOtherKeys, SGR mouse, bracketed paste, focus
// and the answers to the questions caps.ts asks. Whatever it does not know is swallowed, never typed.

import { buttonEvent, csiEvent, keyOfByte, keyOfText, oscEvent, ss3Event } from "./key_table.ts";
import { closesAgain, createPaste } from "./paste.ts";

/** x and y count cells from 0. Key names are lower case ("enter", "pgup", "f1", "space"); others are the character. */
export type TermEvent =
  | { kind: "key"; key: string; ctrl: boolean; alt: boolean; shift: boolean }
  | { kind: "text"; text: string }
  | { kind: "paste"; text: string }
  | { kind: "mouse"; action: "press" | "release" | "wheel_up" | "wheel_down"; x: number; y: number }
  | { kind: "focus"; focused: boolean }
  | { kind: "reply"; what: "background" | "sync" | "kitty" | "attributes"; value: string };

export interface KeyParser {
  /** Takes the next piece of input; gives the events it completes. */
  push(bytes: Uint8Array): TermEvent[];
  /** To be called when 25 ms went by without input while `pending()`: an Esc that stayed alone is the Esc key. */
  timeout(): TermEvent[];
  /** True while input waits that `timeout` would turn into events. */
  pending(): boolean;
}

const ESC = 0x1b;
const MAX_SEQUENCE = 1024; // longer ones are read to their end and forgotten

type State = "ground" | "utf8" | "esc" | "csi" | "ss3" | "string" | "string_esc" | "x10" | "linux" | "paste";

/** A parser at the beginning of its input. */
export function createKeyParser(): KeyParser {
  let state: State = "ground";
  let alt = false; // an ESC came before what is being read
  let sequence = ""; // parameters of a CSI or SS3, bytes of an x10 mouse report, text of a string
  let introducer = ""; // the byte that began a string: ] P X ^ _
  let code = 0, missing = 0, least = 0; // a UTF-8 character under way
  let paste = createPaste();
  let events: TermEvent[] = [];

  function emit(event: TermEvent | null): void {
    if (event === null) return;
    const last = events.at(-1);
    if (event.kind === "text" && last?.kind === "text") last.text += event.text;
    else events.push(event);
  }

  function ground(): void {
    state = "ground";
    alt = false;
    sequence = "";
  }

  function collect(byte: number): void {
    if (sequence.length < MAX_SEQUENCE) sequence += String.fromCharCode(byte);
  }

  function finish(event: TermEvent | null): void {
    if (sequence.length < MAX_SEQUENCE) emit(event);
    ground();
  }

  function readGround(byte: number): void {
    if (byte === ESC) {
      state = "esc";
    } else if (byte < 0x20 || byte === 0x7f) {
      emit(keyOfByte(byte, alt));
      ground();
    } else if (byte < 0x80) {
      emit(keyOfText(String.fromCharCode(byte), alt));
      ground();
    } else if (byte >= 0xc2 && byte <= 0xf4) {
      missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      code = byte & (0x3f >> missing);
      least = [0, 0x80, 0x800, 0x10000][missing] ?? 0;
      state = "utf8";
    } else {
      ground(); // a continuation without its start, or a byte that UTF-8 never uses
    }
  }

  function readUtf8(byte: number): void {
    if ((byte & 0xc0) !== 0x80) {
      ground();
      readGround(byte);
      return;
    }
    code = (code << 6) | (byte & 0x3f);
    if (--missing > 0) return;
    const valid = code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) && code >= 0xa0;
    if (valid) emit(keyOfText(String.fromCodePoint(code), alt));
    ground();
  }

  function readEsc(byte: number): void {
    const char = String.fromCharCode(byte);
    if (char === "[") state = "csi";
    else if (char === "O") state = "ss3";
    else if ("]PX^_".includes(char)) {
      introducer = char;
      state = "string";
    } else if (byte === ESC) {
      if (alt) emit(keyOfByte(ESC, false)); // a third one: the first was a key of its own
      alt = true;
    } else {
      alt = true;
      state = "ground";
      readGround(byte);
    }
  }

  function readCsi(byte: number): void {
    if (byte === ESC || byte < 0x20 || byte > 0x7e) {
      ground();
      readGround(byte);
    } else if (byte < 0x40) {
      collect(byte);
    } else if (byte === 0x5b && sequence === "") {
      state = "linux";
    } else if (byte === 0x4d && sequence === "") {
      state = "x10";
    } else if (byte === 0x7e && sequence === "200") {
      paste = createPaste();
      state = "paste";
    } else {
      finish(csiEvent(sequence, String.fromCharCode(byte), alt));
    }
  }

  function readSs3(byte: number): void {
    if (byte < 0x20 || byte > 0x7e) {
      ground();
      readGround(byte);
    } else if (byte >= 0x30 && byte < 0x40) {
      collect(byte);
    } else {
      finish(ss3Event(sequence, String.fromCharCode(byte), alt));
    }
  }

  function readString(byte: number): void {
    if (state === "string_esc") {
      if (byte === 0x5c) return finish(introducer === "]" ? oscEvent(sequence) : null);
      ground(); // an ESC that begins something else ends the string
      state = "esc";
      readEsc(byte);
    } else if (byte === ESC) {
      state = "string_esc";
    } else if (byte === 0x07) {
      finish(introducer === "]" ? oscEvent(sequence) : null);
    } else if (byte < 0x20) {
      ground();
      readGround(byte);
    } else {
      collect(byte);
    }
  }

  function readX10(byte: number): void {
    collect(byte);
    if (sequence.length < 3) return;
    const [button = 32, column = 33, row = 33] = [...sequence].map((char) => char.charCodeAt(0));
    const released = ((button - 32) & 3) === 3 && button - 32 < 64;
    finish(buttonEvent(released ? 0 : button - 32, column - 32, row - 32, released));
  }

  function readLinux(byte: number): void {
    const index = "ABCDE".indexOf(String.fromCharCode(byte));
    finish(index < 0 ? null : csiEvent(String(11 + index), "~", alt));
  }

  function read(byte: number): void {
    switch (state) {
      case "ground":
        return readGround(byte);
      case "utf8":
        return readUtf8(byte);
      case "esc":
        return readEsc(byte);
      case "csi":
        return readCsi(byte);
      case "ss3":
        return readSs3(byte);
      case "string":
      case "string_esc":
        return readString(byte);
      case "x10":
        return readX10(byte);
      case "linux":
        return readLinux(byte);
      case "paste":
        return;
    }
  }

  function take(): TermEvent[] {
    const taken = events;
    events = [];
    return taken;
  }

  function pending(): boolean {
    if (state === "esc") return true;
    return (state === "csi" || state === "ss3" || state === "string") && sequence === "";
  }

  return {
    push(bytes) {
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at] ?? 0;
        if (state !== "paste") read(byte);
        else if (paste.push(byte) && !closesAgain(bytes, at + 1)) {
          emit({ kind: "paste", text: paste.text() });
          ground();
        }
      }
      return take();
    },
    timeout() {
      if (!pending()) return [];
      if (alt) emit(keyOfByte(ESC, false));
      if (state === "esc") emit(keyOfByte(ESC, false));
      else emit(keyOfText(state === "csi" ? "[" : state === "ss3" ? "O" : introducer, true));
      ground();
      return take();
    },
    pending,
  };
}
