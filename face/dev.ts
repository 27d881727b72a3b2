/** `deno task dev`: watches the brain's code, checks it, and asks for a new brain when it changed. */

import { join } from "node:path/posix";

export interface DevOptions {
  /** Folder that holds brain/ and shared/. */
  root: string;
  /** What `deno check` found, for the player. */
  problem(text: string): void;
  /** The code changed and was checked. */
  restart(): Promise<void>;
}

/** An editor saves in several steps. */
const SETTLE_MS = 200;
const SHOWN_CHARACTERS = 600;
/** All that `deno check` sees of the environment: API keys stand there too. */
const PASSED_ON = [
  "PATH",
  "HOME",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  "LOCALAPPDATA",
  "USERPROFILE",
  "SystemRoot",
  "TEMP",
];

/** Watches until `close`, which waits for a check under way. */
export function watchCode(options: DevOptions): { close(): Promise<void> } {
  const watcher = Deno.watchFs([join(options.root, "brain"), join(options.root, "shared")]);
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let work = Promise.resolve();
  const changed = async () => {
    const problem = await check(options.root);
    if (closed) return;
    if (problem !== "") options.problem(problem);
    await options.restart();
  };
  const watching = (async () => {
    for await (const event of watcher) {
      if (event.kind === "access" || !event.paths.some((path) => path.endsWith(".ts"))) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        work = work.then(() => closed ? undefined : changed());
      }, SETTLE_MS);
    }
  })();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      watcher.close();
      await Promise.all([watching, work]);
    },
  };
}

/** Type errors of the brain's code, shortened; empty when there are none. */
async function check(root: string): Promise<string> {
  const env: Record<string, string> = { NO_COLOR: "1" };
  for (const name of PASSED_ON) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "brain/main.ts", "brain/serve.ts"],
    cwd: root,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    detached: true,
  }).output();
  if (success) return "";
  const text = new TextDecoder().decode(stderr).replaceAll(`file://${root}/`, "").trim();
  return `deno check: ${text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)} ...` : text}`;
}
