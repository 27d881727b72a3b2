/** HOME/brain.json, which tells `play` and `face` where a brain is. It counts only while the home's lock is held. */

import { BRAIN_FILE } from "../shared/home.ts";
import { PROTOCOL } from "../shared/protocol.ts";
import type { Config } from "./config.ts";

/** Throws Deno's errors when the home cannot be written. */
export function writeBeacon({ home, token }: Config, url: string, version: string): void {
  const path = `${home}/${BRAIN_FILE}`;
  const beacon = { url, pid: Deno.pid, version, protocol: PROTOCOL, token };
  const file = Deno.openSync(`${path}.new`, { create: true, write: true, truncate: true, mode: 0o600 });
  file.writeSync(new TextEncoder().encode(JSON.stringify(beacon)));
  file.close();
  Deno.renameSync(`${path}.new`, path);
}

/** Takes the file away. Never throws: one that is left counts for nothing once the lock is free. */
export function removeBeacon({ home }: Config): void {
  try {
    Deno.removeSync(`${home}/${BRAIN_FILE}`);
  } catch {
    // Gone already.
  }
}
