/** Files that people write by hand: worlds, characters, rules and the config. A wrong one is named with its place, never thrown. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { loadConfig } from "../../brain/config.ts";
import { ASSET_ID, readBaseRules, readCharacter, readRule, readWorld } from "../../brain/library/schema.ts";
import { parseYaml, YamlError } from "../../brain/yaml.ts";
import { ROOT } from "../support/processes.ts";
import { type Chance, fuzz, mutateText, pick } from "./mutate.ts";

const read = (path: string) => Deno.readTextFileSync(join(ROOT, "assets", path));

const all = (folder: string) =>
  [...Deno.readDirSync(join(ROOT, "assets", folder))].map(({ name }) => read(`${folder}/${name}`)).sort();

/** The shipped worlds, without most of their narrator: a case must not take 30 ms. */
const WORLDS = all("worlds").map((text) => text.slice(0, text.search(/^narrator:/m)));
const SHORT_NARRATOR =
  "narrator:\n  look: [Fog., The bell.]\n  answers:\n    - {about: [bell, salt], line: It rings.}\n";
const CHARACTERS = all("characters");
const RULES = all("rules");

const READERS: readonly [
  (chance: Chance) => string,
  typeof readWorld | typeof readCharacter | typeof readRule,
][] = [
  [(chance) => shortened(pick(chance, WORLDS), chance) + SHORT_NARRATOR, readWorld],
  [(chance) => pick(chance, CHARACTERS), readCharacter],
  [(chance) => pick(chance, CHARACTERS), readCharacter],
  [(chance) => pick(chance, RULES), readRule],
  [(chance) => pick(chance, RULES), readRule],
];

/** A world with a few of its entries of lore. */
function shortened(text: string, chance: Chance): string {
  const entries = text.split(/\n\n/);
  return entries.length < 6 ? text : entries.toSpliced(2 + chance(2), entries.length - 4).join("\n\n");
}

Deno.test("assets that somebody edits: an asset comes out, or a problem with its line and column", async () => {
  await fuzz("assets", { percent: 12, past_percent: 50 }, (chance) => {
    const [source, reader] = pick(chance, READERS);
    const text = mutateText(source(chance), chance);
    const { asset, problems } = reader(text, "a.yaml");
    const lines = text.split("\n").length;
    for (const { line, col, reason } of problems) {
      assert.ok(line >= 1 && line <= lines + 1 && col >= 1, `${line}:${col} of ${lines} lines`);
      assert.ok(reason !== "" && reason.length < 400, reason);
    }
    if (asset === null) {
      assert.ok(problems.length > 0, "nothing comes out and nobody says why");
      return false;
    }
    assert.match(asset.id, ASSET_ID);
    assert.ok(asset.name.trim() !== "");
    return true;
  });
});

Deno.test("base rules that somebody edits: a text comes out, or a problem", async () => {
  const rules = read("system_rules.yaml");
  await fuzz("base rules", { percent: 2, past_percent: 50 }, (chance) => {
    const { asset, problems } = readBaseRules(mutateText(rules, chance), "a.yaml");
    assert.ok(asset !== null || problems.length > 0);
    return asset !== null;
  });
});

/** The example as a player would have it after taking some of its remarks off. */
const CONFIG = read("config.example.yaml");
const SET = `
openai_base_url: http://127.0.0.1:1234/v1
openai_api_key: sk-planted-key-0123456789
default_model: openrouter/x/y
supported_models: [a, b/c]
providers:
  - {name: groq, base_url: "https://api.groq.com/openai/v1", api_key: gsk-planted-key-0123}
prices:
  a/b: {prompt: 1, completion: 2}
allowed_hosts: [play.example]
limits: {running_turns: 2}
reply_words: 180
max_context_tokens: 8000
lore_folders: [~/lore]
log_level: info
embeddings: {engine: local}
vectors: {engine: embedded}
`;

Deno.test("a config that somebody edits: every value is within its limits, complaints name no key", async () => {
  await fuzz("config", { percent: 10, past_percent: 50 }, (chance) => {
    const text = mutateText(
      chance(2) === 0 ? SET : CONFIG.replace(/^# ?(?=[a-z_]+:)/gm, () => chance(3) === 0 ? "" : "# "),
      chance,
    );
    const { config, keys, complaints } = loadConfig({
      home: "/home/ann/.flower",
      assets: "/assets",
      config_path: null,
      cwd: "/work",
      env: () => undefined,
      read: (path) => path === "/home/ann/.flower/config.yaml" ? text : null,
    });
    assert.ok(config.database_path.startsWith("/"));
    assert.ok(config.lore_folders.every((path) => path.startsWith("/")));
    for (
      const name of [
        "max_context_tokens",
        "max_reply_bytes",
        "lore_tokens",
        "memory_tokens",
      ] as const
    ) {
      assert.ok(Number.isFinite(config[name]) && config[name] >= 0, `${name}: ${config[name]}`);
    }
    assert.deepEqual(JSON.parse(JSON.stringify(config)), config, "it is sent to the brain as JSON");
    const secrets = Object.values(keys).filter((key) => key.length >= 8);
    for (const complaint of complaints) {
      for (const key of secrets) assert.ok(!complaint.includes(key), complaint);
      assert.ok(complaint.length < 2000);
    }
    assert.ok(secrets.every((key) => !JSON.stringify(config).includes(key)), "the config has a key in it");
    try {
      parseYaml(text, "config.yaml");
      return true;
    } catch (error) {
      assert.ok(error instanceof YamlError);
      assert.ok(complaints.length > 0, "a broken file is complained of");
      return false;
    }
  });
});
