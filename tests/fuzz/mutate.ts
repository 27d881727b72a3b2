/**
 * Valid input, slightly changed: most of it must get past the parser, or the fuzz tests the parser's first line only.
 * FLOWER_FUZZ_CASES sets how many cases all fuzz tests have together, FLOWER_FUZZ_SEED repeats a run.
 */

import assert from "node:assert/strict";
import { seeded } from "../support/player.ts";

const CASES = Number(Deno.env.get("FLOWER_FUZZ_CASES") ?? "20000");
const SEED = Number(Deno.env.get("FLOWER_FUZZ_SEED") ?? String(Date.now() % 1_000_000));

export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  (below: number): number;
}

export function chanceOf(seed: number): Chance {
  const next = seeded(seed);
  return (below) => Math.floor(next() * below);
}

export function pick<T>(chance: Chance, from: readonly T[]): T {
  return from[chance(from.length)];
}

/**
 * Runs `percent` of all cases: `run` throws on a defect and says whether the input got past the parser. Prints the seed and the
 * share that got past, and fails when it is below `past_percent`. A failing case is told with its own seed.
 */
export async function fuzz(
  name: string,
  options: { percent: number; past_percent: number },
  run: (chance: Chance) => boolean | Promise<boolean>,
): Promise<void> {
  const count = Math.max(1, Math.round(CASES * options.percent / 100));
  const begun = performance.now();
  let past = 0;
  for (let at = 0; at < count; at++) {
    const seed = SEED + at * 7919;
    try {
      const got = run(chanceOf(seed));
      if (got instanceof Promise ? await got : got) past++;
    } catch (error) {
      throw new Error(`${name}: FLOWER_FUZZ_SEED=${seed} FLOWER_FUZZ_CASES=1`, { cause: error });
    }
  }
  const share = Math.round(past / count * 1000) / 10;
  const took_s = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${name}: ${count} cases, seed ${SEED}, ${share} % got past, ${took_s} s`);
  // Of a handful nothing can be said.
  if (count >= 100) assert.ok(share >= options.past_percent, `${name}: only ${share} % got past the parser`);
}

const ODD = [
  ...[
    "\0",
    "\u001b[31m",
    "\u202e",
    "\ufeff",
    "\ud800",
    "\udc00",
    "\u2028",
    "\r",
    "\r\n",
    "\t",
    "\n",
    "\n\n",
    " ",
  ],
  ...[
    "👩‍🚀",
    "光",
    "e\u0301",
    '"',
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "#",
    "&a",
    "*a",
    "!",
    "%",
    "- ",
  ],
  ...[
    "0",
    "-1",
    "1e999",
    "9007199254740993",
    "null",
    "true",
    "~",
    "../",
    "/",
    "__proto__",
    "data: ",
    "<think>",
  ],
];

/** One to three small changes of a text. */
export function mutateText(text: string, chance: Chance): string {
  let result = text;
  for (let left = 1 + chance(3); left > 0; left--) {
    const at = chance(result.length + 1);
    const to = Math.min(result.length, at + 1 + chance(8));
    const middle = result.slice(at, to);
    switch (chance(6)) {
      case 0:
        result = result.slice(0, at) + result.slice(to);
        break;
      case 1:
        result = result.slice(0, to) + middle + result.slice(to);
        break;
      case 2:
        result = result.slice(0, at) + pick(chance, ODD) + result.slice(at);
        break;
      case 3:
        result = result.slice(0, at) + pick(chance, ODD) + result.slice(to);
        break;
      case 4:
        result = result.slice(0, at) + [...middle].reverse().join("") + result.slice(to);
        break;
      default:
        result = result.slice(0, at) + String.fromCharCode(32 + chance(95)) + result.slice(at + 1);
    }
  }
  return result;
}

/** A text of up to a few hundred characters, odd ones among them. */
export function anyText(chance: Chance): string {
  let text = "";
  for (let left = chance(20); left > 0; left--) {
    text += chance(3) === 0 ? pick(chance, ODD) : pick(chance, WORDS);
  }
  return text;
}

const WORDS = [
  "the ",
  "ferry ",
  "eels, ",
  "bell. ",
  "“Come in,” ",
  "*softly* ",
  "**now** ",
  "a",
  "Café ",
  "—",
];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Only a few words fit here: whatever else stands there is refused, so they are changed less often. */
const CLOSED = ["event", "role", "status", "kind", "unit", "state"];

/** Changes one part of a value: mostly to another of its kind, sometimes to another kind, or it goes, or comes twice. */
export function mutateValue(value: Json, chance: Chance): Json {
  if (Array.isArray(value) && value.length > 0 && chance(4) > 0) {
    const at = chance(value.length);
    if (chance(6) === 0) return value.toSpliced(at, 1);
    if (chance(6) === 0) return [...value, value[at]];
    return value.with(at, mutateValue(value[at], chance));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    const open = Object.keys(value).filter((name) => !CLOSED.includes(name));
    const name = pick(chance, open.length > 0 && chance(8) > 0 ? open : Object.keys(value));
    switch (chance(16)) {
      case 0: {
        const { [name]: _gone, ...rest } = value;
        return rest;
      }
      case 1:
        return {
          ...value,
          [pick(chance, ["more", "__proto__", "ref", "", "id"])]: leaf(value[name], chance),
        };
      default:
        return { ...value, [name]: mutateValue(value[name], chance) };
    }
  }
  return leaf(value, chance);
}

function leaf(value: Json, chance: Chance): Json {
  if (chance(12) === 0) return pick<Json>(chance, [null, true, 0, -1, 1.5, "", [], {}, [[[]]], { a: 1 }]);
  switch (typeof value) {
    case "string":
      return chance(2) === 0 ? mutateText(value, chance) : anyText(chance);
    case "number":
      return pick(chance, [0, -1, 1, 0.1, 2 ** 31, 2 ** 53, 1e300, value + 1, -value]);
    case "boolean":
      return !value;
    default:
      return value;
  }
}

/** Cuts bytes into pieces of 1 to `longest`. */
export function* inPieces(
  bytes: Uint8Array<ArrayBuffer>,
  longest: number,
  chance: Chance,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + 1 + chance(longest));
    yield bytes.slice(at, to);
    at = to;
  }
}
