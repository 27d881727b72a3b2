/** A log that never grows beyond its bound: name.log, name.log.1 (newer) to name.log.N (oldest). */

export interface LogOptions {
  max_bytes: number;
  /** Old files that are kept beside the current one. */
  keep: number;
  /** Texts that must not be written (keys); they become [key]. */
  secrets: readonly string[];
}

/** Takes whole lines. Opening throws Deno's error; writing never does: a full disk must not stop a story. */
export class LogFile {
  #file: Deno.FsFile;
  #size: number;

  constructor(readonly path: string, readonly options: LogOptions) {
    this.#file = openForAppending(path);
    this.#size = this.#file.statSync().size;
  }

  /** Appends one line and gives back what was written, without its line end. */
  write(line: string): string {
    let clean = line;
    for (const secret of this.options.secrets) {
      if (secret !== "") clean = clean.replaceAll(secret, "[key]");
    }
    try {
      const bytes = new TextEncoder().encode(`${clean}\n`);
      if (this.#size > 0 && this.#size + bytes.length > this.options.max_bytes) this.#rotate();
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
      this.#size += bytes.length;
    } catch {
      // See the class: nothing is told about a log that cannot be written.
    }
    return clean;
  }

  close(): void {
    this.#file.close();
  }

  #rotate(): void {
    for (let n = this.options.keep - 1; n >= 0; n--) {
      const from = n === 0 ? this.path : `${this.path}.${n}`;
      try {
        Deno.renameSync(from, `${this.path}.${n + 1}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    const next = openForAppending(this.path);
    this.#file.close();
    this.#file = next;
    this.#size = 0;
  }
}

function openForAppending(path: string): Deno.FsFile {
  return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
}
