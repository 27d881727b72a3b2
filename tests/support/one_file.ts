/** The compiled program without the compiler: the same entry with the same rights, which starts itself again from here. */

import { runBinary } from "../../brain/binary.ts";
import { fromOneFile } from "../../shared/self.ts";
import { RIGHTS } from "./compile.ts";

const ROOT = Deno.realPathSync(`${import.meta.dirname}/../..`);
const before = [
  "run",
  ...RIGHTS,
  "--no-check",
  "--quiet",
  `--config=${ROOT}/deno.json`,
  `${ROOT}/tests/support/one_file.ts`,
];
Deno.exit(await runBinary(Deno.args, fromOneFile(before), ROOT));
