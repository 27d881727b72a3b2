/**
 * The compiled program: face, front door and sealed brain in one file, told apart by their first argument. The only file
 * that knows both the face and the brain; each role loads its own part.
 */

import { join } from "node:path/posix";
import manifest from "../deno.json" with { type: "json" };
import { type Common, runRole } from "../face/main.ts";
import { EXIT } from "../shared/roles.ts";
import { fromOneFile, SEALED_ROLES, type Self } from "../shared/self.ts";

/** Runs one role. `root` is the folder in the file that holds brain/; resolves to the exit code. */
export async function runBinary(args: readonly string[], self: Self, root: string): Promise<number> {
  const env = (name: string) => Deno.env.get(name);
  for (const program of ["brain", "chroma"] as const) {
    if (args[0] === SEALED_ROLES[program]) {
      return await (await import("./sealed.ts")).runSealed(program, root);
    }
  }
  const faces = async () =>
    (await import("../face/play.ts")).createPlay({
      root,
      version: manifest.version,
      env,
      self,
      command: "flower play",
    });
  return await runRole(
    args,
    {
      play: async (common, plain) => (await faces()).play(common, plain),
      dev: (_common: Common) =>
        refuse("There is no code beside this program that could change: dev needs the sources."),
      face: async (common, url, token_file) => (await faces()).face(common, url, token_file),
      brain: (rest) => runBrain(rest, self, root, env),
    },
    env,
    Deno.cwd(),
  );
}

async function runBrain(
  args: readonly string[],
  self: Self,
  root: string,
  env: (name: string) => string | undefined,
): Promise<number> {
  const { runBrainRole } = await import("./main.ts");
  return await runBrainRole(
    args,
    {
      brain: async (options) => (await import("./front_door.ts")).runFrontDoor({ ...options, self }),
      models: async () => {
        const { NO_EMBEDDER } = await import("./embedder_process.ts");
        return await refuse(`${NO_EMBEDDER}.`);
      },
      order: async (order, options) => (await import("./roles/run.ts")).runOrder(order, { ...options, self }),
    },
    env,
    root,
  );
}

function refuse(message: string): Promise<number> {
  console.error(message);
  return Promise.resolve(EXIT.usage);
}

if (import.meta.main) {
  const root = Deno.realPathSync(join(import.meta.dirname ?? "", ".."));
  Deno.exit(await runBinary(Deno.args, fromOneFile(), root));
}
