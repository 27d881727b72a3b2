/**
 * Role-play Markdown inside one line, sign by sign. What is drawn never changes when more text comes: a delimiter acts
 * when it is read (an unclosed `*` is italic at once), and one that could still grow is held back.
 */

import { emphasize, flanking, type Inline, intraword, LETTER, runLength } from "./emphasis.ts";
import { BOLD, CODE, ITALIC, SPEECH, STRIKE } from "./runs.ts";

/** A longer address is no link. */
const MAX_ADDRESS = 2000;
const OPENS_SPEECH_AFTER = /[\s([{*_~\-–—'‘“…]/u;
const SPEECH_ENDS: Record<string, string> = { "“": "”", "„": "“", "«": "»", "「": "」", "『": "』" };

function marksOf(state: Inline, base: number): number {
  return base | (state.emphasis ? ITALIC : 0) | (state.strong ? BOLD : 0) | (state.strike ? STRIKE : 0) |
    (state.code > 0 ? CODE : 0) | (state.speech ? SPEECH : 0);
}

/** Where the bracket closes that an address begins with, brackets within it counted; -1: not in this text. */
function addressEnd(address: string): number {
  let depth = 0;
  for (let at = 1; at < address.length; at++) {
    if (address[at] === "(") depth++;
    else if (address[at] === ")" && --depth === 0) return at;
  }
  return -1;
}

/** What was read. */
export interface Step {
  /** Visible text; empty for a delimiter. */
  text: string;
  length: number;
  state: Inline;
  /** Marks it is drawn with; a closing quotation mark still belongs to the speech. */
  marks: number;
}

/** Reads what stands at `at`; null: it cannot be decided before more text comes. */
export function step(
  text: string,
  at: number,
  end: number,
  state: Inline,
  base: number,
  final: boolean,
): Step | null {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const plain = (shown: string, length: number, after: Inline = state): Step => ({
    text: shown,
    length,
    state: { ...after, previous: shown === "" ? char : shown },
    marks: marksOf(after, base),
  });
  if (state.code > 0) {
    if (char !== "`") return plain(char, char.length);
    const count = runLength(text, at, end);
    if (at + count >= end && !final) return null;
    return count === state.code ? plain("", count, { ...state, code: 0 }) : plain("`".repeat(count), count);
  }
  switch (char) {
    case "*":
    case "_":
    case "~":
    case "`": {
      const count = runLength(text, at, end);
      if (at + count >= end && !final) return null;
      const next = at + count < end ? String.fromCodePoint(text.codePointAt(at + count) ?? 0) : "";
      let after: Inline | null = null;
      if (char === "*") {
        const acts = intraword(text, at, end, count, state, final);
        if (acts === null) return null;
        if (!acts) return plain("*".repeat(count), count);
      }
      if (char === "*" || char === "_") after = emphasize(state, char, count, next);
      else {
        const { opens, closes } = flanking(char, state.previous, next);
        if (char === "~" && count === 2) {
          if (state.strike && closes) after = { ...state, strike: false };
          else if (!state.strike && opens) after = { ...state, strike: true };
        } else if (char === "`" && !LETTER.test(state.previous) && next !== "" && !/\s/u.test(next)) {
          after = { ...state, code: count };
        }
      }
      return after === null ? plain(char.repeat(count), count) : plain("", count, after);
    }
    case "\\": {
      if (at + 1 >= end) return final ? plain("\\", 1) : null;
      const next = text[at + 1];
      return /[!-/:-@[-`{-~]/.test(next) ? plain(next, 2) : plain("\\", 1);
    }
    case "]": {
      // `[label](https://...)`: the address is not shown.
      const rest = text.slice(at + 1, Math.min(end, at + 10));
      if (!final && "(https://".startsWith(rest) && at + 1 + rest.length >= end) return null;
      if (!/^\(https?:\/\//.test(rest)) return plain("]", 1);
      const address = text.slice(at, Math.min(end, at + MAX_ADDRESS));
      const close = addressEnd(address);
      if (close < 0) return final || address.length === MAX_ADDRESS ? plain("]", 1) : null;
      return plain("]", close + 1);
    }
    case '"': {
      if (state.speech === '"') {
        return {
          text: char,
          length: 1,
          state: { ...state, speech: "", previous: char },
          marks: marksOf(state, base),
        };
      }
      const opens = state.speech === "" && (state.previous === "" || OPENS_SPEECH_AFTER.test(state.previous));
      return plain(char, 1, opens ? { ...state, speech: '"' } : state);
    }
    default: {
      if (state.speech !== "" && (char === state.speech || (state.speech === "“" && char === "”"))) {
        const length = char.length;
        return {
          text: char,
          length,
          state: { ...state, speech: "", previous: char },
          marks: marksOf(state, base),
        };
      }
      const closer = state.speech === "" ? SPEECH_ENDS[char] : undefined;
      return plain(char, char.length, closer === undefined ? state : { ...state, speech: closer });
    }
  }
}
