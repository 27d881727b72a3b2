/** The sealed brain's channel to the front door: stdin and stdout, one JSON object a line. */

import { TextLineStream } from "../shared/lines.ts";
import type { Config, Keys } from "./config.ts";

/** The first line of the channel. */
export interface Orders {
  config: Config;
  keys: Keys;
  /** PEM texts; the brain reads no file for them. Left out, never null, without TLS: sealed.ts asks whether it is there. */
  tls?: { cert: string; key: string };
}

/** The front door's end of the brain, seen from here; its other direction is stdout. */
export interface Channel {
  lines: AsyncIterableIterator<string>;
  /** Resolves when the brain is to end gently. */
  told: Promise<"told">;
  /** False: the shipped assets are part of the program, and nothing there can be watched. */
  assets_change: boolean;
}

/** Of a brain that is a process of its own. From here on SIGINT is ignored. */
export function ownChannel(): Channel {
  Deno.addSignalListener("SIGINT", () => {});
  const told = new Promise<"told">((resolve) => Deno.addSignalListener("SIGTERM", () => resolve("told")));
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  return { lines: lines.values(), told, assets_change: true };
}
