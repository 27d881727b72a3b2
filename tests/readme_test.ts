/** What the README says is so. */

import assert from "node:assert/strict";
import { join } from "node:path";
import manifest from "../deno.json" with { type: "json" };
import { COMMANDS } from "../brain/commands/table.ts";
import { loadConfig } from "../brain/config.ts";
import { FACE_COMMANDS } from "../face/face_commands.ts";
import { README, withTables } from "./support/readme_tables.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");
const readme = Deno.readTextFileSync(README);

Deno.test("keys, commands and exit codes in the README are those of the code (deno task readme)", () => {
  assert.equal(readme, withTables(readme));
});

Deno.test("README and .ci/run name the same Deno", () => {
  const ci = Deno.readTextFileSync(join(ROOT, ".ci", "run"));
  const version = /DENO_VERSION=(\S+)/.exec(ci)?.[1];
  assert.ok(version);
  const named = [...readme.matchAll(/deno@(\d+\.\d+\.\d+)/g)].map((match) => match[1]);
  assert.ok(named.length >= 2);
  assert.deepEqual([...new Set(named)], [version]);
});

Deno.test("every task that the README names exists", () => {
  const named = [...readme.matchAll(/deno(?:@[\d.]+)? task ([a-z:]+)/g)].map((match) => match[1]);
  assert.deepEqual(named.filter((name) => !(name in manifest.tasks)), []);
});

Deno.test("the README names every package that a first play installs, and no other", () => {
  const packages = Object.keys(manifest.imports).map((name) => name.replace(/^((@[^/]+\/)?[^/]+).*/, "$1"));
  for (const name of new Set(packages)) assert.ok(readme.includes(`\`${name}\``), name);
});

Deno.test("a command's name stands in one table only", () => {
  const all = [...COMMANDS, ...FACE_COMMANDS].map(({ name }) => name);
  assert.deepEqual(all.filter((name, index) => all.indexOf(name) !== index), []);
  const verbs = new Set(COMMANDS.map(({ name }) => name.split(" ")[0]));
  assert.deepEqual(FACE_COMMANDS.filter(({ name }) => verbs.has(name)), []);
});

/** The YAML between one heading of the README and the next, as a file has it. */
function yamlUnder(heading: string): string[] {
  const section = readme.split(`\n${heading}\n`)[1]?.split(/\n#{2,3} /)[0] ?? "";
  return [...section.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
}

for (const heading of ["### A Chroma server", "## Configuration", "### Setup"]) {
  Deno.test(`the config that the README shows under "${heading}" is read without a complaint`, () => {
    const files = yamlUnder(heading);
    assert.equal(files.length, 1);
    const { complaints } = loadConfig({
      home: "/home/player/h",
      assets: "/engine/assets",
      config_path: null,
      cwd: "/work",
      env: () => undefined,
      read: (path) => path === "/work/config.yaml" ? files[0] : null,
    });
    assert.deepEqual(complaints, []);
  });
}
