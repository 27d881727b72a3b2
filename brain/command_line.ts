/** The command line of the brain's roles. */

import { join } from "node:path/posix";
import { Command, CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";
import manifest from "../deno.json" with { type: "json" };
import { defaultHome } from "../shared/home.ts";
import { DEFAULT_PORT } from "../shared/protocol.ts";
import { BRAIN_ROLES, EXIT } from "../shared/roles.ts";
import { HUB } from "./embedder/weights.ts";
import type { FrontDoorOptions } from "./front_door.ts";
import type { ModelsOptions } from "./roles/models.ts";
import { addOrders, type Order } from "./roles/orders.ts";
import type { RoleOptions } from "./roles/place.ts";

/** What the roles do, by name; the command line only fills in their options. */
export interface Actions {
  brain(options: FrontDoorOptions): Promise<number>;
  models(options: ModelsOptions): Promise<number>;
  order(order: Order, options: RoleOptions): Promise<number>;
}

/** A whole number from 0 to 65535. Throws commander's InvalidArgumentError. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 0 && port <= 65535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535; 0 takes any free port.");
}

/** A host name or an address, IPv6 with or without brackets. Throws commander's InvalidArgumentError. */
export function parseHost(text: string): string {
  const host = text.replace(/^\[(.*)\]$/, "$1");
  const name = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
  const ipv6 = /^[0-9a-f:]*:[0-9a-f]*:[0-9a-f:.]*$/i;
  if (name.test(host) || ipv6.test(host)) return host;
  throw new InvalidArgumentError("It must be a host name or an address; the port has its own option.");
}

/** The address of a hub. Throws commander's InvalidArgumentError. */
export function parseHub(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash) return url.href.replace(/\/$/, "");
  throw new InvalidArgumentError("It must be like https://huggingface.co.");
}

/**
 * Reads the command line and runs its role. `root` is the real folder that holds brain/; resolves to the exit code.
 * Usage errors, help and version are answered on the terminal.
 */
export async function readCommandLine(
  args: readonly string[],
  actions: Actions,
  env: (name: string) => string | undefined,
  root: string,
): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("flower")
    .description("Flower Engine: the brain's own roles")
    .version(manifest.version)
    .option("--home <dir>", "database, logs, your own assets", defaultHome(env, Deno.build.os))
    .option("--config <file>", "config.yaml (default: in the working directory, then in home)")
    .option("--assets <dir>", "worlds, characters and rules that ship with the engine", join(root, "assets"))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride();
  const help = (name: string) => BRAIN_ROLES.find((role) => role.name === name)?.help ?? "";
  const brain = program.command("brain").alias("serve").description(help("brain"))
    .option("--host <address>", "address to listen on", parseHost, "127.0.0.1")
    .option("--port <number>", "port to listen on; 0: any free one", parsePort)
    .option("--token-file <file>", "ask who plays at this machine for the token in it (mode 600)")
    .option("--tls-cert <file>", "certificate chain (PEM): faces connect by wss://")
    .option("--tls-key <file>", "its key (PEM)")
    .option("--trust-proxy", "a proxy in front says in X-Forwarded-* what it was asked")
    .option("--with-parent", "end when stdin ends; for faces that start a brain")
    .copyInheritedSettings(program)
    .exitOverride();
  brain.action(async (own) => {
    const common = program.opts();
    code = await actions.brain({
      home: common.home,
      config_path: common.config ?? null,
      assets: common.assets,
      host: own.host,
      port: own.port ?? (own.withParent ? 0 : DEFAULT_PORT),
      with_parent: own.withParent ?? false,
      token_file: own.tokenFile ?? null,
      tls_cert: own.tlsCert ?? null,
      tls_key: own.tlsKey ?? null,
      trust_proxy: own.trustProxy ?? false,
      root,
      entry: join(root, "brain", "serve.ts"),
    });
  });
  const models = program.command("models").description(help("models")).copyInheritedSettings(program)
    .exitOverride();
  const model_actions = [
    ["pull", "fetch it: packages of the embedder and weights, nothing else ever is"],
    ["list", "what is here, and whether it is what the hub has"],
    ["path", "the folder it stands in"],
  ] as const;
  for (const [action, what] of model_actions) {
    const command = models.command(action).description(what).copyInheritedSettings(program).exitOverride()
      .option("--json", "JSON lines, for programs");
    if (action === "pull") command.option("--from <url>", "a mirror of the hub", parseHub, HUB);
    command.action(async (own: { json?: true; from?: string }) => {
      const { home, config, assets } = program.opts();
      const { from = HUB, json = false } = own;
      code = await actions.models({ action, home, config_path: config ?? null, assets, root, from, json });
    });
  }
  addOrders(program, async (order) => {
    const { home, config, assets } = program.opts();
    const cwd = Deno.cwd();
    code = await actions.order(order, { home, config_path: config ?? null, assets, root, cwd, env });
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version are no errors; everything else that commander refuses is usage.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  return code;
}
