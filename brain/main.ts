/** The brain's front door: its roles on the command line. Trusted; no npm code but YAML and the command-line parser. */

import type { Actions } from "./command_line.ts";
import type { FrontDoorOptions } from "./front_door.ts";

/**
 * What a face asks for when it starts a brain, read without the parser: that would be a tenth of the time to a ready brain.
 * Null: anything else, which the parser answers.
 */
export function plainBrain(args: readonly string[], root: string): FrontDoorOptions | null {
  const [role, parent, home_option, home, ...rest] = args;
  if (role !== "brain" || parent !== "--with-parent" || home_option !== "--home" || !isValue(home)) {
    return null;
  }
  const named: Record<string, string | null> = { "--config": null, "--assets": null };
  for (let at = 0; at < rest.length; at += 2) {
    if (named[rest[at]] !== null || !isValue(rest[at + 1])) return null;
    named[rest[at]] = rest[at + 1];
  }
  return {
    home,
    config_path: named["--config"],
    assets: named["--assets"] ?? `${root}/assets`,
    host: "127.0.0.1",
    port: 0,
    with_parent: true,
    token_file: null,
    tls_cert: null,
    tls_key: null,
    trust_proxy: false,
    root,
    entry: `${root}/brain/serve.ts`,
  };
}

function isValue(text: string | undefined): text is string {
  return text !== undefined && text !== "" && !text.startsWith("-");
}

/**
 * Reads the command line and runs its role. `root` is the real folder that holds brain/; resolves to the exit code.
 * Usage errors, help and version are answered on the terminal.
 */
export async function runBrainRole(
  args: readonly string[],
  actions: Actions,
  env: (name: string) => string | undefined,
  root: string,
): Promise<number> {
  const plain = plainBrain(args, root);
  if (plain !== null) return await actions.brain(plain);
  const { readCommandLine } = await import("./command_line.ts");
  return await readCommandLine(args, actions, env, root);
}

if (import.meta.main) {
  const root = Deno.realPathSync(`${import.meta.dirname}/..`);
  // Each role loads only what it needs.
  const code = await runBrainRole(
    Deno.args,
    {
      brain: async (options) => (await import("./front_door.ts")).runFrontDoor(options),
      models: async (options) => (await import("./roles/models.ts")).runModels(options),
      order: async (order, options) => (await import("./roles/run.ts")).runOrder(order, options),
    },
    (name) => Deno.env.get(name),
    root,
  );
  Deno.exit(code);
}
