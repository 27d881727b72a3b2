/** Finds the brain that runs on a home, or starts one; starts it again when it crashed; ends it when the face leaves. */

import { BRAIN_FILE, type BrainFile, LOCK_FILE, parseBrainFile } from "../shared/home.ts";
import { EXIT } from "../shared/roles.ts";
import { type Address, NoBrain } from "./brain_link.ts";

export interface LaunchOptions {
  /** Absolute. */
  home: string;
  /** This face's version: a brain of another one is not spoken to. */
  version: string;
  /** Arguments for our own executable that run the front door with `--with-parent`; null: only attach, never start. */
  front_door: string[] | null;
  /** A wait before a restart, for the player. */
  on_restart?(retry_in_ms: number, reason: string): void;
}

export interface Launcher {
  /** The running brain's address, starting one if need be. Throws NoBrain when that is hopeless. */
  locate(): Promise<Address>;
  /** Ends the brain that this launcher started, so that the next `locate` starts a new one. */
  restart(): Promise<void>;
  /** Ends the brain that this launcher started and waits for it. Nothing is started afterwards. */
  close(): Promise<void>;
}

/** Waits before the first, second and third restart within CRASH_WINDOW_MS; there is no fourth. */
const RESTART_DELAYS_MS = [200, 1000, 5000];
const CRASH_WINDOW_MS = 60_000;
const BRAIN_FILE_WAIT_MS = 5000;
const POLL_MS = 50;
const LOCK_ATTEMPTS = 5;
/** The front door kills a brain that does not settle within 4.5 s; only then is it its turn. */
const LEAVE_MS = 6000;
const ERROR_CHARACTERS = 2000;

/** A front door that this launcher started. */
interface Own {
  /** Its brain's address once it is ready; null when another brain holds the home. Rejects with NoBrain. */
  ready: Promise<Address | null>;
  ended: Promise<number>;
  stop(): Promise<void>;
}

/** A launcher for one home. Nothing happens before `locate`. */
export function createLauncher(options: LaunchOptions): Launcher {
  let own: Own | null = null;
  let closing = false;
  let crashed = "";
  let restarts: number[] = [];
  const leave = new AbortController();

  const start = async (front_door: string[]): Promise<Own> => {
    if (crashed !== "") {
      const now = Date.now();
      restarts = restarts.filter((at) => now - at < CRASH_WINDOW_MS);
      if (restarts.length >= RESTART_DELAYS_MS.length) {
        const reason = `${crashed}, for the fourth time within a minute`;
        crashed = "";
        restarts = [];
        throw new NoBrain(`${reason}. See ${options.home}/logs/brain.log.`, EXIT.failed);
      }
      const delay = RESTART_DELAYS_MS[restarts.length];
      options.on_restart?.(delay, crashed);
      await wait(delay, leave.signal);
      restarts.push(Date.now());
      crashed = "";
    }
    if (closing) throw new NoBrain("The face is leaving.", EXIT.failed);
    return openFrontDoor(options.home, front_door);
  };

  const locate = async (): Promise<Address> => {
    for (let refused = 0;;) {
      if (own) {
        const address = await own.ready;
        if (address) return address;
        // Another brain was faster: it will be found. If it left again, or a face only looked at the lock: once more.
        await own?.stop();
        own = null;
        refused += 1;
        if (refused > LOCK_ATTEMPTS) {
          throw new NoBrain(`Another brain comes and goes on ${options.home}.`, EXIT.no_brain);
        }
      }
      const found = await findBrain(options.home, leave.signal);
      if (closing) throw new NoBrain("The face is leaving.", EXIT.failed);
      if (found !== null) return checked(found, options.version);
      if (options.front_door === null) {
        throw new NoBrain(`No brain runs on ${options.home}. "deno task play" starts one.`, EXIT.no_brain);
      }
      const started = await start(options.front_door);
      own = started;
      started.ended.then(async (code) => {
        if (own !== started) return;
        own = null;
        // A brain that never was ready did not crash: `locate` tells why there is none.
        const was_ready = await started.ready.then((address) => address !== null, () => false);
        if (was_ready) crashed = `The brain crashed (code ${code})`;
      });
    }
  };

  const restart = async () => {
    const ending = own;
    own = null;
    await ending?.stop();
  };

  return {
    locate,
    restart,
    async close() {
      closing = true;
      leave.abort();
      await restart();
    },
  };
}

/**
 * The brain that holds the home's lock; null when none does. A brain that has the lock and has not yet written its file
 * is waited for. Throws NoBrain when that takes too long.
 */
async function findBrain(home: string, signal: AbortSignal): Promise<BrainFile | null> {
  const until = Date.now() + BRAIN_FILE_WAIT_MS;
  while (!signal.aborted) {
    if (!isLocked(home)) return null;
    const found = readBrainFile(home);
    if (found) return found;
    if (Date.now() >= until) {
      throw new NoBrain(
        `A brain holds ${home}/${LOCK_FILE}, but does not say where it listens.`,
        EXIT.no_brain,
      );
    }
    await wait(POLL_MS, signal);
  }
  return null;
}

/** The brain's address if it is of this face's version. Throws NoBrain with what to do. */
export function checked(found: BrainFile, version: string): Address {
  if (found.version === version) return { url: found.url, token: found.token };
  throw new NoBrain(
    `The brain that runs on this home is version ${found.version}, this face is ${version}: ` +
      `end the other one (process ${found.pid}), or play with its version.`,
    EXIT.no_brain,
  );
}

/** Whether a brain holds the home's lock. */
export function isLocked(home: string): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(`${home}/${LOCK_FILE}`, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  try {
    // A shared lock: two faces that look at the same moment do not take each other for a brain.
    const free = file.tryLockSync(false);
    if (free) file.unlockSync();
    return !free;
  } finally {
    file.close();
  }
}

/** What the running brain wrote; null when it has not (completely) yet. Meaningless while the lock is free. */
export function readBrainFile(home: string): BrainFile | null {
  try {
    return parseBrainFile(Deno.readTextFileSync(`${home}/${BRAIN_FILE}`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function openFrontDoor(home: string, args: string[]): Own {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-Z stops our whole process group; the brain and its door go on, and end by EOF.
    detached: true,
  }).spawn();
  const errors = tail(child.stderr);
  const ended = child.status.then(async ({ code }) => {
    await child.stdin.close().catch(() => {});
    return code;
  });
  const ready = (async () => {
    // Only now: loading Deno's streams takes 2 ms, and the first frame is drawn before a brain is started.
    const { TextLineStream } = await import("../shared/lines.ts");
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    const { value } = await lines.read();
    // Whatever else comes is read and dropped: a full pipe would stop the door.
    (async () => {
      while (!(await lines.read()).done);
    })().catch(() => {});
    if (value !== undefined) return readyAddress(home, JSON.parse(value));
    const text = (await errors).trim();
    throw new NoBrain(
      text === "" ? `The brain could not be started (code ${await ended}).` : text,
      EXIT.failed,
    );
  })();
  // Asked for later, perhaps never.
  ready.catch(() => {});
  return {
    ready,
    ended,
    async stop() {
      await child.stdin.close().catch(() => {});
      const timer = setTimeout(() => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It ended in this moment.
        }
      }, LEAVE_MS);
      await Promise.all([ended, errors]);
      clearTimeout(timer);
    },
  };
}

/** The front door's first line becomes an address, with the token from the file that the brain wrote before it. */
function readyAddress(
  home: string,
  line: { ready: boolean; url?: string; error?: string; code?: number },
): Address | null {
  if (line.ready) return { url: line.url ?? "", token: readBrainFile(home)?.token ?? "" };
  // With a port of its own choosing the lock is all that can be taken.
  if (line.code === EXIT.no_brain) return null;
  throw new NoBrain(line.error ?? "The brain could not be started.", EXIT.failed);
}

async function tail(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text = (text + piece).slice(-ERROR_CHARACTERS);
  }
  return text;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
