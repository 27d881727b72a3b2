/** A brain as people start it, front door and all, for measuring. */
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");

export interface RunningBrain {
  url: string;
  /** Of the sealed brain. */
  pid: number;
  door_pid: number;
  /** From the start of the front door to the ready line. */
  ready_ms: number;
  stop(): Promise<void>;
}

/** Starts it over `home`, on any free port, and waits for its ready line. */
export async function startBrain(home: string): Promise<RunningBrain> {
  const from = performance.now();
  const serve = [join(ROOT, "brain/main.ts"), "serve", "--home", home, "--port", "0"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", ...serve],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    cwd: home,
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const ready_ms = performance.now() - from;
  const { url, pid } = JSON.parse(value ?? "{}");
  return {
    url,
    pid,
    door_pid: child.pid,
    ready_ms,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}
