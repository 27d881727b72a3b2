/** The model for memory by meaning, seen from the launcher: what is missing, and the child that fetches it. */

export interface FetchStep {
  /** Bytes; total 0 while packages are installed and nothing can be counted. */
  done: number;
  total: number;
}

/** Both never throw; `close` ends a fetch that is under way. */
export interface MemoryModel {
  /** Bytes to fetch; 0: nothing is missing, null: it is none of ours (another engine, or nobody can tell). */
  missing(): Promise<number | null>;
  /** Resolves to an empty string when all is here, else to a sentence that says why not. */
  fetch(on: (step: FetchStep) => void): Promise<string>;
  close(): void;
}

/** `role` gives the arguments for this program's own executable that run an action: list or pull, as JSON lines. */
export function createMemoryModel(role: (action: string) => string[]): MemoryModel {
  let child: Deno.ChildProcess | null = null;
  const spawn = (action: string): Deno.ChildProcess =>
    new Deno.Command(Deno.execPath(), {
      args: role(action),
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  return {
    async missing() {
      try {
        const { stdout } = await spawn("list").output();
        const said: unknown = JSON.parse(new TextDecoder().decode(stdout));
        if (typeof said !== "object" || said === null || !("missing_bytes" in said)) return null;
        return typeof said.missing_bytes === "number" ? said.missing_bytes : null;
      } catch {
        return null;
      }
    },
    async fetch(on) {
      let last = "It ended without a word.";
      try {
        const { TextLineStream } = await import("../../shared/lines.ts");
        child = spawn("pull");
        const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
        for await (const line of lines) {
          const said = JSON.parse(line) as Record<string, unknown>;
          if (typeof said.error === "string") last = `${said.error}.`;
          else if ("pulled" in said) last = "";
          else if (said.step === "packages") on({ done: 0, total: 0 });
          else if (typeof said.done === "number" && typeof said.total === "number") {
            on({ done: said.done, total: said.total });
          }
        }
        await child.status;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
      child = null;
      return last;
    },
    close() {
      try {
        child?.kill("SIGTERM");
      } catch {
        // it has just ended by itself
      }
    },
  };
}
