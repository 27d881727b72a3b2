/** The command line: faces run here, the brain's roles are passed on to brain/main.ts. Trusted; no npm code but the
 * command-line parser and character widths. */

import manifest from "../deno.json" with { type: "json" };
import { defaultHome } from "../shared/home.ts";
import { fromSources } from "../shared/self.ts";

/** Options of every role. */
export interface Common {
  /** Absolute. */
  home: string;
  config: string | null;
  assets: string | null;
  /** The player named this home; else it is the platform's. */
  home_named: boolean;
}

/** How to play without a screen. */
export interface Plain {
  /** Also without a terminal. */
  plain: boolean;
  world: string | null;
  character: string | null;
}

/** What the roles do; the command line only fills in their options. All resolve to an exit code. */
export interface Actions {
  play(common: Common, plain: Plain): Promise<number>;
  dev(common: Common): Promise<number>;
  /** `url` null: the brain that runs on the home. `token_file` is absolute. */
  face(common: Common, url: string | null, token_file: string | null): Promise<number>;
  /** Runs brain/main.ts with these arguments. */
  brain(args: readonly string[]): Promise<number>;
}

/** `play` and `play --home DIR`, as almost everybody starts it: read at once. Null: the parser's to read. */
export function plainPlay(args: readonly string[], env: (name: string) => string | undefined): Common | null {
  const [role, option, folder] = args;
  const named = args.length === 3 && option === "--home";
  if (role !== "play" || !(named || args.length === 1)) return null;
  const home = named ? folder : defaultHome(env, Deno.build.os);
  // What has to be resolved or may be refused is the parser's.
  if (!home.startsWith("/") || /\/(\.{0,2}\/|\.{0,2}$)/.test(home)) return null;
  return { home, config: null, assets: null, home_named: named };
}

/** Reads the command line and runs its role; resolves to the exit code. Usage, help and version go to the terminal. */
export async function runRole(
  args: readonly string[],
  actions: Actions,
  env: (name: string) => string | undefined,
  cwd: string,
): Promise<number> {
  const common = plainPlay(args, env);
  if (common !== null) return await actions.play(common, { plain: false, world: null, character: null });
  const { readCommandLine } = await import("./wiring/command_line.ts");
  return await readCommandLine(args, actions, env, cwd);
}

if (import.meta.main) {
  const root = Deno.realPathSync(`${import.meta.dirname}/..`);
  const env = (name: string) => Deno.env.get(name);
  // The editor, the grid and the link are loaded only by the roles that draw.
  const roles = async () =>
    (await import("./play.ts")).createPlay({
      root,
      version: manifest.version,
      env,
      command: commandIn(root),
    });
  const code = await runRole(
    Deno.args,
    {
      play: async (common, plain) => (await roles()).play(common, plain),
      dev: async (common) => (await roles()).dev(common),
      face: async (common, url, token_file) => (await roles()).face(common, url, token_file),
      brain: (args) => passToBrain(root, args),
    },
    env,
    Deno.cwd(),
  );
  Deno.exit(code);
}

/** How this copy is started: the release archive has a launcher beside the sources. */
function commandIn(root: string): string {
  try {
    return Deno.statSync(`${root}/flower`).isFile ? "flower play" : "deno task play";
  } catch {
    return "deno task play";
  }
}

/** Runs brain/main.ts in this terminal; signals that only reach us are passed on. */
async function passToBrain(root: string, args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: fromSources(root).role(args),
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended already.
      }
    });
  }
  return (await child.status).code;
}
