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
