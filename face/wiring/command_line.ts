/** The command line in full: roles, options, help, completions. Loading commander takes longer than drawing a frame. */

import { resolve } from "node:path/posix";
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import manifest from "../../deno.json" with { type: "json" };
import { defaultHome } from "../../shared/home.ts";
import { WS_PATH } from "../../shared/protocol.ts";
import { BRAIN_ROLES, EXIT } from "../../shared/roles.ts";
import type { Actions, Common } from "../main.ts";

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
export async function readCommandLine(
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
