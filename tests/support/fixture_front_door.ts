/** The real front door with the fixture as its sealed brain; same command line. */

import { join } from "node:path/posix";
import { runFrontDoor } from "../../brain/front_door.ts";
import { runBrainRole } from "../../brain/main.ts";
import { runModels } from "../../brain/roles/models.ts";
import { runOrder } from "../../brain/roles/run.ts";

const root = Deno.realPathSync(join(import.meta.dirname ?? "", "..", ".."));
const entry = join(root, "tests", "support", "fixture_brain.ts");
const env = (name: string) => Deno.env.get(name);
Deno.exit(
  await runBrainRole(
    Deno.args,
    { brain: (options) => runFrontDoor({ ...options, entry }), models: runModels, order: runOrder },
    env,
    root,
  ),
);
