/**
 * Fetches a model's files from the hub, in a process of its own with net to the hub and write to the model's folder.
 * In one JSON line `{hub, folder}` on stdin, whose end ends it; out progress lines `{step, done, total}` in bytes of all
 * files, at last `{pulled}` (the folder) or `{error, kind}`.
 */

import { createHash } from "node:crypto";
import { dirname, join } from "node:path/posix";
import { TextLineStream } from "../../shared/lines.ts";
import { MINILM, type WeightFile, type Weights } from "./weights.ts";

export type PullFault = "offline" | "refused" | "full" | "damaged" | "busy" | "other";

/** Why a model was not fetched; `message` tells the player what to do. */
export class PullError extends Error {
  constructor(readonly kind: PullFault, message: string) {
    super(message);
  }
}

export interface PullOptions {
  /** Like https://huggingface.co; a mirror has the same paths. */
  hub: string;
  /** The model's own folder; made when it is not there. */
  folder: string;
  weights: Weights;
  fetch?: typeof fetch;
  /** Bytes of all files that are here, and that there will be; at most ten times a second. */
  progress?: (done: number, total: number) => void;
  /** So long may the hub say nothing. */
  stall_ms?: number;
}

const STALL_MS = 30_000;
const PROGRESS_MS = 100;

/**
 * Fetches what is missing or wrong. A file is written beside its place as `.part`, compared with its sum and renamed;
 * a `.part` that an earlier try left is gone on with. Throws PullError.
 */
export async function pull(options: PullOptions): Promise<void> {
  const { folder, weights } = options;
  const total = weights.files.reduce((sum, file) => sum + file.bytes, 0);
  const lock = await guarded(folder, () => takeLock(folder));
  let before = 0;
  let told = -Infinity;
  const tell = (done: number) => {
    const now = performance.now();
    if (done < total && now - told < PROGRESS_MS) return;
    told = now;
    options.progress?.(done, total);
  };
  try {
    for (const file of weights.files) {
      await guarded(folder, () => pullFile(options, file, (done) => tell(before + done)));
      before += file.bytes;
      tell(before);
    }
  } finally {
    lock.close();
    await Deno.remove(join(folder, LOCK)).catch(() => {});
  }
}

/** SHA-256 of a file in hex; null when there is none. */
export async function sumOf(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    for await (const bytes of file.readable) hash.update(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
  return hash.digest("hex");
}

const LOCK = ".pull.lock";

async function takeLock(folder: string): Promise<Deno.FsFile> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(join(folder, LOCK), { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new PullError("busy", `Another pull is at work in ${folder}; wait for it`);
}

async function pullFile(options: PullOptions, file: WeightFile, tell: (done: number) => void): Promise<void> {
  const path = join(options.folder, file.path);
  if (await sumOf(path) === file.sha256) return;
  const part = `${path}.part`;
  await Deno.mkdir(dirname(path), { recursive: true });
  await download(options, file, part, tell);
  const sum = await sumOf(part);
  if (sum !== file.sha256) {
    // Going on with it would never mend it.
    await Deno.remove(part);
    throw new PullError(
      "damaged",
      `${file.path} came with the checksum ${sum?.slice(0, 12)}… instead of ${file.sha256.slice(0, 12)}…; ` +
        "it was thrown away. Try again; if it stays so, something on the way changes files",
    );
  }
  await Deno.rename(part, path);
}

async function download(
  options: PullOptions,
  file: WeightFile,
  part: string,
  tell: (done: number) => void,
): Promise<void> {
  let done = await Deno.stat(part).then((stat) => stat.size, () => 0);
  if (done === file.bytes) return;
  if (done > file.bytes) done = 0;
  const { model, revision } = options.weights;
  const url = `${options.hub.replace(/\/+$/, "")}/${model}/resolve/${revision}/${file.path}`;
  const stalled = new AbortController();
  const stall_ms = options.stall_ms ?? STALL_MS;
  const silence = new PullError(
    "offline",
    `${new URL(url).host} has sent nothing for ${Math.ceil(stall_ms / 1000)} s; what came is kept, try again`,
  );
  let timer = setTimeout(() => stalled.abort(silence), stall_ms);
  try {
    const response = await (options.fetch ?? fetch)(url, {
      headers: done > 0 ? { range: `bytes=${done}-` } : {},
      signal: stalled.signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new PullError("refused", `${new URL(url).host} answers ${response.status} for ${file.path}`);
    }
    // A server that knows no ranges begins anew.
    if (response.status !== 206) done = 0;
    using target = await Deno.open(part, {
      create: true,
      write: true,
      truncate: done === 0,
      append: done > 0,
    });
    for await (const bytes of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => stalled.abort(silence), stall_ms);
      for (let at = 0; at < bytes.length;) at += await target.write(bytes.subarray(at));
      done += bytes.length;
      if (done > file.bytes) break;
      tell(done);
    }
    if (done < file.bytes) {
      throw new PullError(
        "offline",
        `${file.path} broke off after ${done} of ${file.bytes} bytes; try again`,
      );
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever went wrong becomes a PullError that says what to do. */
async function guarded<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PullError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const code = (error as { code?: unknown } | null)?.code;
    if (code === "ENOSPC" || /no space left/i.test(text)) {
      throw new PullError(
        "full",
        `The disk of ${folder} is full; make room and try again, what came is kept`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || code === "EROFS") {
      throw new PullError("other", `${folder} cannot be written: ${text}`);
    }
    // fetch fails with a TypeError, a connection that breaks later with one of these.
    if (
      error instanceof TypeError || error instanceof Deno.errors.Http ||
      /error (sending|reading)|connection/i.test(text)
    ) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : text;
      const brief = cause.split("\n")[0].replace(/ for url \(\S*\)/, "").slice(0, 160);
      throw new PullError("offline", `The hub cannot be reached (${brief})`);
    }
    throw new PullError("other", text);
  }
}

if (import.meta.main) {
  const say = (value: unknown) => console.log(JSON.stringify(value));
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  const { hub, folder } = JSON.parse((await lines.read()).value ?? "{}") as Record<string, string>;
  // Whoever asked is gone: what came is kept, and the next try goes on with it.
  lines.read().then(() => Deno.exit(1));
  try {
    const progress = (done: number, total: number) => say({ step: "weights", done, total });
    await pull({ hub, folder, weights: MINILM, progress });
    say({ pulled: folder });
    Deno.exit(0);
  } catch (error) {
    const known = error instanceof PullError ? error : new PullError("other", String(error));
    say({ error: known.message, kind: known.kind });
    Deno.exit(1);
  }
}
