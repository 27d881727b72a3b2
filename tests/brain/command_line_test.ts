/** The brain's own command line: which exit code a slip has, and that nothing is begun for one. */

import assert from "node:assert/strict";
import process from "node:process";
import { type Actions, readCommandLine } from "../../brain/command_line.ts";

Deno.test("a slip ends with 2 and begins nothing; help and version end with 0", async (t) => {
  const rows: [string[], number][] = [
    [["brain", "--prot", "8000"], 2],
    [["brain", "--port", "99999"], 2],
    [["brain", "--host", "ws://x"], 2],
    [["brian"], 2],
    [["backup"], 2],
    [["token", "add"], 2],
    [["export", "x", "--format", "pdf"], 2],
    [["models", "pull", "--from", "ftp://x"], 2],
    [["--help"], 0],
    [["backup", "--help"], 0],
    [["--version"], 0],
  ];
  const begun: string[] = [];
  const note = (name: string) => () => Promise.resolve(begun.push(name));
  const actions: Actions = { brain: note("brain"), models: note("models"), order: note("order") };
  const { stdout, stderr } = process;
  const [write_out, write_err] = [stdout.write, stderr.write];
  for (const [args, code] of rows) {
    await t.step(args.join(" "), async () => {
      stdout.write = stderr.write = () => true;
      try {
        assert.equal(await readCommandLine(args, actions, () => undefined, "/root"), code);
      } finally {
        [stdout.write, stderr.write] = [write_out, write_err];
      }
      assert.deepEqual(begun, []);
    });
  }
});
