import assert from "node:assert/strict";
import { childEnv } from "../../brain/child_env.ts";

Deno.test("children see the way to the network and to their caches, what they are given by name, and no key", () => {
  const planted = {
    OPENAI_API_KEY: "sk-planted",
    OPENROUTER_API_KEY: "sk-or-planted",
    FLOWER_HOME: "/planted",
    https_proxy: "http://proxy:1",
    NPM_CONFIG_REGISTRY: "http://registry:1",
  };
  const before = new Map(Object.keys(planted).map((name) => [name, Deno.env.get(name)]));
  try {
    for (const [name, value] of Object.entries(planted)) Deno.env.set(name, value);
    const env = childEnv();
    assert.deepEqual([env.NO_COLOR, env.DENO_NO_UPDATE_CHECK, env.https_proxy], ["1", "1", "http://proxy:1"]);
    assert.equal(env.PATH, Deno.env.get("PATH"));
    assert.ok(
      !JSON.stringify(env).includes("planted") && !("NPM_CONFIG_REGISTRY" in env),
      JSON.stringify(env),
    );
    const more = childEnv(["NPM_CONFIG_REGISTRY", "NOT_SET_ANYWHERE"]);
    assert.deepEqual(more, { ...env, NPM_CONFIG_REGISTRY: "http://registry:1" });
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});

Deno.test("every program that the brain's side starts has an environment made for it, and inherits none", () => {
  const starts: string[] = [];
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory && name !== "node_modules") walk(path);
      if (!name.endsWith(".ts")) continue;
      for (const begun of Deno.readTextFileSync(path).split("new Deno.Command(").slice(1)) {
        starts.push(`${path} ${begun.slice(0, begun.search(/\n\s*\}\)/))}`);
      }
    }
  };
  walk(new URL("../../brain", import.meta.url).pathname);
  assert.ok(starts.length >= 4);
  for (const start of starts) {
    assert.match(start, /\bclearEnv: true,/);
    assert.match(start, /\benv(: childEnv\([^)]*\))?,/);
  }
});
