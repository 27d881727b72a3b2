import assert from "node:assert/strict";
import { fromOneFile, fromSources, SEALED_ROLES } from "../../shared/self.ts";

Deno.test("from the sources: roles run brain/main.ts, sealed programs run with the flags they are given", () => {
  const self = fromSources("/engine");
  assert.equal(self.compiled, false);
  assert.deepEqual(self.role(["backup", "a b"]), [
    "run",
    "-A",
    "--no-check",
    "--quiet",
    "/engine/brain/main.ts",
    "backup",
    "a b",
  ]);
  const flags = ["--no-prompt", "--allow-read=/h"];
  assert.deepEqual(self.sealed("brain", flags), ["run", ...flags, "/engine/brain/serve.ts"]);
  assert.deepEqual(self.sealed("chroma", flags), ["run", ...flags, "/engine/brain/chroma_main.ts"]);
  assert.deepEqual(fromSources("/engine", "/other.ts").sealed("brain", flags), [
    "run",
    ...flags,
    "/other.ts",
  ]);
  assert.equal(self.folder("/h"), "/engine");
});

Deno.test("one file: roles are its arguments, sealed programs its hidden roles without any flag", () => {
  const self = fromOneFile();
  assert.equal(self.compiled, true);
  assert.deepEqual(self.role(["backup", "a b"]), ["backup", "a b"]);
  assert.deepEqual(self.sealed("brain", ["--allow-read=/h"]), ["sealed-brain"]);
  assert.deepEqual(self.sealed("chroma", ["--allow-read=/h"]), ["sealed-chroma"]);
  assert.deepEqual(SEALED_ROLES, { brain: "sealed-brain", chroma: "sealed-chroma" });
  // What lies in the file is no folder that a child could start in.
  assert.equal(self.folder("/h"), "/h");
  assert.deepEqual(fromOneFile(["run", "x.ts"]).role(["play"]), ["run", "x.ts", "play"]);
});
