/**
 * Text from a model, a card, a server or a paste becomes plain text: whole escape sequences go, not only
 * their first byte, so that no `[31m` is left behind. The grid drops controls again; this is for looks and copies.
 */

// What a piece may end in the middle of: a lone ESC, a CSI without its final byte, a control string without its end.
const STRINGS = "\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d\\u009e\\u009f]";
const WHOLE = new RegExp(
  [
    // A control string ends at BEL, ST or the line's end: an unclosed one must not swallow a story. One always matches:
    // thousands of beginnings without an end would else each be followed to the end of the text.
    `(?:${STRINGS})[^\\u0007\\u001b\\u009c\\n]*(?:\\u0007|\\u009c|\\u001b\\\\|(?=[\\n\\u001b])|$)`,
    "(?:\\u001b\\[|\\u009b)[\\u0030-\\u003f]*[\\u0020-\\u002f]*(?:[\\u0040-\\u007e]|(?=[^\\u0020-\\u007e]))",
    "\\u001bO[\\u0020-\\u007e]",
    "\\u001b[\\u0020-\\u002f]*[\\u0030-\\u004e\\u0051-\\u0057\\u0059\\u005a\\u005c\\u0060-\\u007e]",
    "\\u001b(?=[^\\u0020-\\u007e])",
  ].join("|"),
  "g",
);
const PARTIAL = new RegExp(
  `(?:${STRINGS})[^\\u0007\\u001b\\u009c\\n]*\\u001b?$|(?:\\u001b\\[|\\u009b)[\\u0020-\\u003f]*$|\\u001bO?[\\u0020-\\u002f]*$|\\r$|[\\ud800-\\udbff]$`,
);
// C0 but tab and newline, DEL, C1; bidi controls; BOM and line separators; noncharacters; tag characters.
const CONTROLS = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff]" +
    "|\\udb40[\\udc00-\\udc7f]",
  "g",
);
const SUSPECT = /[^\n\u0020-\u007e\u00a0-\u0300\u2010-\u2027\u3000-\u9fff]/;
const LINE_ENDS = /[\v\f\u0085\u2028\u2029]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Where the sequence begins that the text ends in the middle of; -1: in none. Reads no further back than it must. */
function openEnd(text: string): number {
  // What ends or begins any sequence; an escape at the very end may be the second half of ST.
  const escape = text.lastIndexOf("\u001b", text.endsWith("\u001b") ? text.length - 2 : text.length);
  const ends = ["\n", "\u0007", "\u009c"].map((end) => text.lastIndexOf(end) + 1);
  const from = Math.max(escape, ...ends);
  const at = text.slice(from).search(PARTIAL);
  return at < 0 ? -1 : from + at;
}

function clean(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text
    .replace(/\r\n?/g, "\n")
    .replace(LINE_ENDS, "\n")
    .replace(WHOLE, "")
    .replace(CONTROLS, "")
    .replace(/\t/g, "  ")
    .replace(LONE_SURROGATE, "\ufffd");
}

/** A whole text without escape sequences, controls, bidi overrides and tag characters; tabs become two spaces. */
export function sanitize(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const at = openEnd(text);
  return clean(at < 0 ? text : text.slice(0, at) + (text.slice(at) === "\r" ? "\n" : ""));
}

/** One line of it: for names, labels and notices. */
export function sanitizeLine(text: string): string {
  return sanitize(text).split("\n").map((line) => line.trim()).filter((line) => line !== "").join(" ");
}

/**
 * A text that comes in pieces. `carry` is what the last call held back (the beginning of a sequence);
 * at most 4,096 units of it, then it is given up as text that was never closed.
 */
export function sanitizePiece(carry: string, piece: string): { text: string; carry: string } {
  const joined = carry + piece;
  if (!SUSPECT.test(joined)) return { text: joined, carry: "" };
  const at = openEnd(joined);
  if (at < 0) return { text: clean(joined), carry: "" };
  const held = joined.slice(at);
  return { text: clean(joined.slice(0, at)), carry: held.length > 4096 ? "" : held };
}
