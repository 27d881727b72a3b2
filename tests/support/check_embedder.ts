/** A part of `deno task check`: the embedder's folder, which has a deno.json of its own. Its types need its packages. */

import { join } from "node:path/posix";
import { packagesInstalled } from "../../brain/embedder_process.ts";
import { ROOT } from "./processes.ts";

const folder = join(ROOT, "brain", "embedder");
const steps = [["fmt", "--check"], ["lint"]];
if (packagesInstalled(ROOT)) steps.push(["check", "--frozen"]);
else console.log("brain/embedder: its packages are not installed, its types are not checked");
for (const [step, ...options] of steps) {
  const files = ["main.ts", "pull.ts", "weights.ts"];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [step, "--quiet", ...options, `--config=${join(folder, "deno.json")}`, ...files],
    cwd: folder,
    stdin: "null",
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
