/**
 * `deno task compile [--target T | --all] [--out DIR]`: one executable that is face, front door and brain. Deno downloads
 * the runtime part of each target once; where it cannot, this says so and ends with 1.
 */

import { join, resolve } from "node:path/posix";
import manifest from "../../deno.json" with { type: "json" };
import { stageSources } from "./release.ts";

/** All that `deno compile` offers. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/** What the whole program may; its brain has less (brain/sealed.ts). No FFI, no system information. */
export const RIGHTS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--no-prompt",
];

/** What no import names: threads, and files that are read. */
const INCLUDED = ["assets", "brain/sealed_worker.ts", "brain/memory/worker.ts", "brain/backup_worker.ts"];

export interface Compiled {
  target: string;
  path: string;
  /** False: `said` tells why. */
  good: boolean;
  /** The compiler's own words, with its table of embedded files. */
  said: string;
}

/**
 * Compiles for one target into `folder`, which is made. `runtime` stands in for the target's runtime part: what comes out
 * then is no program, but it holds every file.
 */
export async function compile(
  target: string,
  folder: string,
  runtime: string | null = null,
): Promise<Compiled> {
  Deno.mkdirSync(folder, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "flower-compile-" });
  try {
    const stage = join(work, "flower");
    await stageSources(stage);
    const path = join(
      folder,
      `flower-${manifest.version}-${target}${target.includes("windows") ? ".exe" : ""}`,
    );
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "compile",
        ...RIGHTS,
        "--no-check",
        "--frozen",
        "--unstable-worker-options",
        ...INCLUDED.flatMap((part) => ["--include", part]),
        ...(runtime === null ? ["--target", target] : []),
        "--output",
        path,
        "brain/binary.ts",
      ],
      cwd: stage,
      env: { NO_COLOR: "1", ...(runtime === null ? {} : { DENORT_BIN: runtime }) },
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    return { target, path, good: success, said: text.decode(stdout) + text.decode(stderr) };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

if (import.meta.main) {
  const args = [...Deno.args];
  const option = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args.splice(at, 2)[1];
  };
  const out = resolve(option("--out") ?? ".");
  const target = option("--target") ?? Deno.build.target;
  const all = args[0] === "--all" && args.length === 1;
  if (!TARGETS.includes(target) || args.length > 0 && !all) {
    console.error(`deno task compile [--target T | --all] [--out DIR]; T is one of\n${TARGETS.join("\n")}`);
    Deno.exit(2);
  }
  let code = 0;
  for (const wanted of all ? TARGETS : [target]) {
    const { path, good, said } = await compile(wanted, out);
    if (good) console.log(JSON.stringify({ target: wanted, path, bytes: Deno.statSync(path).size }));
    else {
      console.error(`${wanted}: ${said.trim()}`);
      code = 1;
    }
  }
  Deno.exit(code);
}
