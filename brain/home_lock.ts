/** The lock of a home: whoever holds it may write there alone. It goes with the process, however that ends. */

import { LOCK_FILE } from "../shared/home.ts";

const ATTEMPTS = 5;
const RETRY_MS = 40;

/**
 * The lock, held until the file is closed; null while another process holds it. Waits a fifth of a second for it: a face
 * that looks whether a brain runs holds it for a moment. Throws Deno's errors when the home cannot be written.
 */
export async function lockHome(home: string): Promise<Deno.FsFile | null> {
  const file = await Deno.open(`${home}/${LOCK_FILE}`, { create: true, write: true, mode: 0o600 });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await file.tryLock(true)) return file;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  file.close();
  return null;
}
