/** The command line: faces run here, the brain's roles are passed on to brain/main.ts. Trusted; no npm code but the
 * command-line parser and character widths. */

import { join, resolve } from "node:path/posix";
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import manifest from "../deno.json" with { type: "json" };
import { defaultHome } from "../shared/home.ts";
import { WS_PATH } from "../shared/protocol.ts";
import { BRAIN_ROLES, EXIT } from "../shared/roles.ts";
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

/** A brain's WebSocket URL, with the usual path when it has none. Throws commander's InvalidArgumentError. */
export function parseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InvalidArgumentError("It must be like ws://127.0.0.1:8000/ws/rpc.");
  }
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new InvalidArgumentError("It must begin with ws:// or wss://.");
  }
  if (url.pathname === "/") url.pathname = WS_PATH;
  return url.href;
}

/** Reads the command line and runs its role; resolves to the exit code. Usage, help and version go to the terminal. */
export async function runRole(
  args: readonly string[],
  actions: Actions,
  env: (name: string) => string | undefined,
  cwd: string,
): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("flower")
    .description("Flower Engine: stories in the terminal, told by a language model.")
    .version(manifest.version)
    .option("--home <dir>", `database, logs, your own assets (default: ${defaultHome(env, Deno.build.os)})`)
    .option("--config <file>", "config.yaml (default: in the working directory, then in home)")
    .option("--assets <dir>", "worlds, characters and rules (default: those that ship with the engine)")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
  const common = (): Common => {
    const { home, config, assets } = program.opts();
    return {
      home: resolve(cwd, home ?? defaultHome(env, Deno.build.os)),
      config: config ?? null,
      assets: assets ?? null,
      home_named: home !== undefined,
    };
  };
  const role = (name: string, help: string) =>
    program.command(name).description(help).copyInheritedSettings(program).exitOverride();
  role("play", "play: everything a player needs")
    .option("--plain", "line by line, for screen readers, pipes and scripts (always so without a terminal)")
    .option("--world <id>", "begin a story in this world (plain)")
    .option("--character <id>", "play this character (plain)")
    .action(async (own) => {
      const { plain = false, world = null, character = null } = own;
      code = await actions.play(common(), { plain, world, character });
    });
  role("face", "a face for a brain that runs already")
    .option("--url <url>", "where that brain listens (default: the one of this home)", parseUrl)
    .option("--token-file <file>", "with --url: file with your token for that brain (mode 600)")
    .action(async (own) => {
      const token_file = own.tokenFile === undefined ? null : resolve(cwd, own.tokenFile);
      code = await actions.face(common(), own.url ?? null, token_file);
    });
  for (const { name, help } of BRAIN_ROLES) {
    // Its own options are brain/main.ts's to check: everything goes there as it was typed.
    role(name, help).helpOption(false).argument("[args...]").allowUnknownOption().action(async () => {
      code = await actions.brain(args);
    });
  }
  role("dev", "play, and start the brain again whenever its code changes").action(async () => {
    code = await actions.dev(common());
  });
  if (args[0] === "complete") {
    const { default: tab } = await import("@bomb.sh/tab/commander");
    tab(program as unknown as Parameters<typeof tab>[0]);
  } else role("complete", "print completions for a shell: zsh, bash, fish, powershell").argument("[shell]");
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version are no errors; everything else that commander refuses is usage.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  return code;
}

if (import.meta.main) {
  const root = Deno.realPathSync(join(import.meta.dirname ?? "", ".."));
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
    return Deno.statSync(join(root, "flower")).isFile ? "flower play" : "deno task play";
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
