/**
 * `deno task release [--out DIR]`: an archive with everything that playing needs, the `deno` executable of this platform
 * included, and a launcher beside it. Prints the archive's path, size and sha256 as one JSON line.
 */

import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path/posix";
import manifest from "../../deno.json" with { type: "json" };

const ROOT = Deno.realPathSync(join(import.meta.dirname ?? "", "..", ".."));

export interface Release {
  path: string;
  bytes: number;
  sha256: string;
}

/** The archive's one folder, and its name without .tar.gz. */
const NAME = `flower-${manifest.version}-${Deno.build.target}`;
const SHIPPED = ["brain", "face", "shared", "assets", "README.md", "LICENSE"];

/** Deno's caches stay in the unpacked folder where it can be written to: who deletes it has deleted all but the home. */
const LAUNCHER = `#!/bin/sh
# Flower Engine: needs nothing but the folder that this file is in.
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname -- "$self")/$link ;;
  esac
done
here=$(CDPATH= cd -- "$(dirname -- "$self")" && pwd -P) || exit 1
if [ -w "$here" ]; then
  DENO_DIR=$here/.deno
else
  DENO_DIR=\${XDG_CACHE_HOME:-\${HOME:-/tmp}/.cache}/flower-engine
fi
DENO_NO_UPDATE_CHECK=1
export DENO_DIR DENO_NO_UPDATE_CHECK
exec "$here/deno" run -A --no-check --quiet --cached-only --config="$here/deno.json" "$here/face/main.ts" "$@"
`;

/** What packages bring for those who compile or debug them. */
const UNUSED_FILE = /\.(map|d\.ts|d\.mts|d\.cts|md|markdown)$/i;
/** Second copies of the same code, by package. */
const UNUSED_FOLDERS: Record<string, string[]> = {
  "gpt-tokenizer": ["cjs", "data", "src"],
  openai: ["src"],
};

/** Builds the archive in `folder`, which is made. Throws when a step of it fails, with what the step said. */
export async function buildRelease(folder: string): Promise<Release> {
  Deno.mkdirSync(folder, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "flower-release-" });
  try {
    const stage = join(work, NAME);
    await stageSources(stage);
    Deno.copyFileSync(Deno.execPath(), join(stage, "deno"));
    Deno.chmodSync(join(stage, "deno"), 0o755);
    Deno.writeTextFileSync(join(stage, "flower"), LAUNCHER, { mode: 0o755 });
    const path = join(folder, `${NAME}.tar.gz`);
    await run("tar", ["-czf", path, NAME], work);
    const bytes = Deno.readFileSync(path);
    return { path, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Fills the new folder `stage` with the sources and the packages that run, and nothing that only tests use. */
export async function stageSources(stage: string): Promise<void> {
  Deno.mkdirSync(stage);
  await copySources(stage);
  Deno.copyFileSync(join(ROOT, "deno.lock"), join(stage, "deno.lock"));
  writeManifest(stage, "auto");
  // The lock is written anew: it names the packages of this folder only, with the sums it had.
  await run(Deno.execPath(), ["install", "--quiet", "--frozen=false"], stage);
  // What is there is taken as it is: otherwise Deno asks the registry about packages that it has no record of.
  writeManifest(stage, "manual");
  prune(stage);
}

/** What git knows or would take, as it stands in the working tree. */
async function copySources(stage: string): Promise<void> {
  const listed = await run("git", ["ls-files", "-z", "-co", "--exclude-standard", ...SHIPPED], ROOT);
  for (const path of new Set(listed.split("\0"))) {
    if (path === "" || !isFile(join(ROOT, path))) continue;
    Deno.mkdirSync(dirname(join(stage, path)), { recursive: true });
    Deno.copyFileSync(join(ROOT, path), join(stage, path));
  }
}

/** deno.json without what only tests and development use; `nodeModulesDir` as Deno knows it. */
function writeManifest(stage: string, nodeModulesDir: "auto" | "manual"): void {
  const folders = ["brain", "face", "shared"].flatMap((folder) => [...filesUnder(join(stage, folder))]);
  const sources = folders.filter((path) => path.endsWith(".ts")).map((path) => Deno.readTextFileSync(path));
  const used = Object.entries(manifest.imports).filter(([name]) => {
    // A folder ("name/") goes with its package.
    const start = name.endsWith("/") ? `"${name}` : `"${name}"`;
    return sources.some((text) => text.includes(start));
  });
  const names = used.map(([name]) => name.replace(/\/$/, ""));
  const imports = Object.entries(manifest.imports).filter(([name]) =>
    names.includes(name.replace(/\/$/, ""))
  );
  const { version, lock, links, unstable, compilerOptions, exclude } = manifest;
  const own = { version, nodeModulesDir, lock, links, unstable, compilerOptions, exclude };
  const text = JSON.stringify({ ...own, imports: Object.fromEntries(imports) }, null, 2);
  Deno.writeTextFileSync(join(stage, "deno.json"), `${text}\n`);
}

function prune(stage: string): void {
  const packages = join(stage, "node_modules", ".deno");
  for (const path of [...filesUnder(packages)]) {
    const [, name, inside] =
      /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(path.slice(packages.length)) ??
        [];
    const folders = UNUSED_FOLDERS[name] ?? [];
    if (name !== undefined && (UNUSED_FILE.test(path) || folders.includes(inside.split("/")[0]))) {
      Deno.removeSync(path);
    }
  }
}

/** Absolute paths of files; links are not followed. */
function* filesUnder(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesUnder(path);
    else if (isFile) yield path;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Runs a program to its end; resolves to its stdout. Throws with its stderr when it fails. */
async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd, stdin: "null" }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args[0]} failed: ${new TextDecoder().decode(stderr).trim()}`);
}

if (import.meta.main) {
  const [option, folder = "."] = Deno.args;
  if (Deno.args.length > 0 && (option !== "--out" || Deno.args.length !== 2)) {
    console.error("deno task release [--out DIR]");
    Deno.exit(2);
  }
  console.log(JSON.stringify(await buildRelease(resolve(folder))));
}
