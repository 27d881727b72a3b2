// A bracketed paste: collects its bytes until the closing mark and turns them into text safe to keep.

const CLOSING = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e]; // ESC [ 201 ~
const OPENING = [0x1b, 0x5b, 0x32, 0x30, 0x30, 0x7e]; // ESC [ 200 ~
const MAX_BYTES = 4 * 1024 * 1024; // what comes after is read and forgotten

export interface Paste {
  /** Takes one byte; true when it ended the closing mark. */
  push(byte: number): boolean;
  /** What was pasted, cleaned. */
  text(): string;
}

/** A paste whose opening mark has just been read. */
export function createPaste(): Paste {
  let bytes = new Uint8Array(1024);
  let length = 0;
  let matched = 0;

  function keep(byte: number): void {
    if (length >= MAX_BYTES) return;
    if (length === bytes.length) {
      const bigger = new Uint8Array(bytes.length * 2);
      bigger.set(bytes);
      bytes = bigger;
    }
    bytes[length++] = byte;
  }

  return {
    push(byte) {
      if (byte === CLOSING[matched]) {
        matched = (matched + 1) % CLOSING.length;
        return matched === 0;
      }
      for (let index = 0; index < matched; index++) keep(CLOSING[index] ?? 0);
      matched = byte === 0x1b ? 1 : 0;
      if (matched === 0) keep(byte);
      return false;
    },
    text: () => cleanPaste(new TextDecoder().decode(bytes.subarray(0, length))),
  };
}

/**
 * True when bytes[from..] hold a closing mark with no opening mark before it. Then the mark just read was part of
 * the pasted text (a trick to make the rest count as typed), and the paste goes on.
 */
export function closesAgain(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at + CLOSING.length <= bytes.length; at++) {
    if (bytes[at] !== 0x1b) continue;
    if (OPENING.every((byte, index) => bytes[at + index] === byte)) return false;
    if (CLOSING.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

// deno-lint-ignore no-control-regex -- finding control sequences is the point
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\))?/g;
const UNSAFE = /(?![\t\n])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e0fff}]/gu;

/** Line ends become "\n"; escape sequences, controls but tab and line feed, bidi controls and tags are removed. */
export function cleanPaste(text: string): string {
  return text.replace(SEQUENCES, "").replace(/\r\n?/g, "\n").replace(UNSAFE, "");
}
