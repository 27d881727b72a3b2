import assert from "node:assert/strict";
import { type Config, type Keys, loadConfig } from "../../brain/config.ts";
import { KNOWN_KEYS } from "../../brain/config_settings.ts";

interface Given {
  /** Text of /home/player/h/config.yaml. */
  home?: string;
  /** Text of /work/config.yaml. */
  cwd?: string;
  /** Text of /etc/flower.yaml, named by --config. */
  named?: string;
  env?: Record<string, string>;
}

function load(given: Given): { config: Config; keys: Keys; complaints: string[] } {
  const files: Record<string, string | undefined> = {
    "/home/player/h/config.yaml": given.home,
    "/work/config.yaml": given.cwd,
    "/etc/flower.yaml": given.named,
  };
  return loadConfig({
    home: "/home/player/h",
    assets: "/engine/assets",
    config_path: given.named === undefined ? null : "/etc/flower.yaml",
    cwd: "/work",
    env: (name) => given.env?.[name],
    read: (path) => files[path] ?? null,
  });
}

Deno.test("without a file everything has its default and nothing is complained about", () => {
  const { config, keys, complaints } = load({});
  assert.deepEqual(complaints, []);
  assert.deepEqual(keys, {});
  assert.deepEqual(config, {
    home: "/home/player/h",
    assets: "/engine/assets",
    database_path: "/home/player/h/engine.db",
    host: "127.0.0.1",
    port: 8000,
    token: "",
    default_model: "",
    supported_models: [],
    main_provider: "openrouter",
    reachable: [],
    providers: [
      { name: "openrouter", base_url: "https://openrouter.ai/api/v1", quirks: {} },
      { name: "deepseek", base_url: "https://api.deepseek.com", quirks: {} },
      { name: "groq", base_url: "https://api.groq.com/openai/v1", quirks: {} },
      { name: "gemini", base_url: "https://generativelanguage.googleapis.com/v1beta/openai", quirks: {} },
    ],
    local_servers: [
      { name: "ollama", base_url: "http://127.0.0.1:11434/v1" },
      { name: "lmstudio", base_url: "http://127.0.0.1:1234/v1" },
      { name: "llamacpp", base_url: "http://127.0.0.1:8080/v1" },
      { name: "koboldcpp", base_url: "http://127.0.0.1:5001/v1" },
    ],
    prices: {},
    ask_above_cost: 0.05,
    max_context_tokens: 0,
    max_reply_bytes: 1_048_576,
    reply_words: { min: 80, max: 160 },
    lore_tokens: 500,
    memory_tokens: 600,
    lore_folders: [],
    allowed_hosts: [],
    trust_proxy: false,
    limits: {},
    grace_ms: 0,
    embeddings: {
      engine: "local",
      path: "/home/player/h/models",
      url: "",
      model: "Xenova/all-MiniLM-L6-v2",
    },
    vectors: { engine: "embedded", url: "", tenant: "default_tenant", database: "default_database" },
    connect_timeout_ms: 15_000,
    first_byte_timeout_ms: 120_000,
    idle_timeout_ms: 60_000,
    narrator_word_ms: 35,
    log_level: "info",
    max_page_count: 0,
    facts_model: "",
    summaries: true,
    complaints: [],
  });
});

Deno.test("files that say nothing are fine", () => {
  for (const home of ["", "\n", "# nothing\n", "---\n", "openai_api_key:\nproviders:\n"]) {
    const { complaints, config } = load({ home });
    assert.deepEqual(complaints, [], JSON.stringify(home));
    assert.equal(config.main_provider, "openrouter");
  }
});

Deno.test("every value is read from the file", () => {
  const { config, keys, complaints } = load({
    home: `
openai_base_url: http://10.0.0.7:9000/v1/
openai_api_key: key-main
deepseek_api_key: key-deep
groq_api_key: key-groq
gemini_api_key: key-gem
default_model: some/model
supported_models: [a, b/c]
database_path: data/story.db
providers:
  - name: together
    base_url: https://api.together.xyz/v1
    api_key: key-tog
    quirks: {max_tokens_field: max_completion_tokens, omit: [seed], temperature: 1.5, top_p: 0.5, include_usage: off}
local_servers: off
prices:
  some/model: {prompt: 0.5, completion: 1.5}
  other: {prompt: 1, completion: 2, cached: 0.25}
ask_above_cost: 0.2
max_context_tokens: 8192
max_reply_bytes: 5000
reply_words: 40-60
lore_tokens: 100
memory_tokens: 0
lore_folders: [lore, /srv/lore, ~/notes]
allowed_hosts: [Story.example, "story.example:8443", "[fe80::1]:9"]
limits: {running_turns: 3, frames_per_second: 5, prompt_bytes: 1000, lore_bytes: 9, tokens_per_day: 20000, spend_per_day: 0.25}
connect_timeout_ms: 1
first_byte_timeout_ms: 2
idle_timeout_ms: 3600000
log_level: debug
max_page_count: 40
embeddings: {engine: local, path: vec, model: a/b}
vectors: {engine: chroma, url: "http://chroma.example:8100", tenant: home, database: stories, token: key-v}
memory: {facts_model: " some/model "}
summaries: off
`,
    env: { HOME: "/home/player" },
  });
  assert.deepEqual(complaints, []);
  assert.equal(config.main_provider, "main");
  assert.equal(config.facts_model, "some/model");
  assert.equal(config.summaries, false);
  assert.deepEqual(config.vectors, {
    engine: "chroma",
    url: "http://chroma.example:8100",
    tenant: "home",
    database: "stories",
  });
  assert.equal(keys.vectors, "key-v");
  assert.deepEqual(config.providers[0], { name: "main", base_url: "http://10.0.0.7:9000/v1", quirks: {} });
  assert.deepEqual(config.providers.at(-1), {
    name: "together",
    base_url: "https://api.together.xyz/v1",
    quirks: {
      max_tokens_field: "max_completion_tokens",
      omit: ["seed"],
      temperature: 1.5,
      top_p: 0.5,
      include_usage: false,
    },
  });
  assert.deepEqual(keys, {
    main: "key-main",
    deepseek: "key-deep",
    groq: "key-groq",
    gemini: "key-gem",
    together: "key-tog",
    vectors: "key-v",
  });
  assert.equal(config.default_model, "some/model");
  assert.deepEqual(config.supported_models, ["a", "b/c"]);
  assert.equal(config.database_path, "/home/player/h/data/story.db");
  assert.deepEqual(config.local_servers, []);
  assert.deepEqual(config.prices, {
    "some/model": { prompt: 0.5, completion: 1.5, cached: null },
    other: { prompt: 1, completion: 2, cached: 0.25 },
  });
  assert.equal(config.ask_above_cost, 0.2);
  assert.equal(config.max_context_tokens, 8192);
  assert.equal(config.max_reply_bytes, 5000);
  assert.deepEqual(config.reply_words, { min: 40, max: 60 });
  assert.equal(config.lore_tokens, 100);
  assert.equal(config.memory_tokens, 0);
  assert.deepEqual(config.lore_folders, ["/home/player/h/lore", "/srv/lore", "/home/player/notes"]);
  assert.deepEqual(config.allowed_hosts, ["Story.example", "story.example:8443", "[fe80::1]:9"]);
  assert.deepEqual(config.limits, {
    running_turns: 3,
    frames_per_second: 5,
    prompt_bytes: 1000,
    lore_bytes: 9,
    tokens_per_day: 20000,
    spend_per_day: 0.25,
  });
  assert.deepEqual(
    [config.connect_timeout_ms, config.first_byte_timeout_ms, config.idle_timeout_ms],
    [1, 2, 3_600_000],
  );
  assert.equal(config.log_level, "debug");
  assert.equal(config.max_page_count, 40);
});

Deno.test("memory and summaries: read, or refused with the place", () => {
  const rows: [string, string, boolean, RegExp[]][] = [
    ["memory: {facts_model: a/b}", "a/b", true, []],
    ["memory: {}", "", true, []],
    ["memory:", "", true, []],
    ["memory: {facts_model: 5}", "", true, [/:1:10: memory.facts_model must be a model's id, not 5/]],
    ["memory: {fact_model: a/b}", "", true, [
      /memory.fact_model is no key that I know; did you mean facts_model/,
    ]],
    ["memory: a/b", "", true, [/:1:1: memory must be a mapping like/]],
    ["summaries: off", "", false, []],
    ["summaries: false", "", false, []],
    ["summaries: on", "", true, []],
    ["summaries: {}", "", true, [/:1:1: summaries must be on or off, not a mapping/]],
  ];
  for (const [home, facts_model, summaries, complaints] of rows) {
    const loaded = load({ home });
    assert.deepEqual([loaded.config.facts_model, loaded.config.summaries], [facts_model, summaries], home);
    assert.equal(loaded.complaints.length, complaints.length, home);
    complaints.forEach((pattern, index) => assert.match(loaded.complaints[index], pattern));
  }
});

Deno.test("embeddings: off, a path, or an endpoint with its own key; what an endpoint lacks switches them off", () => {
  const local = { engine: "local", path: "/home/player/h/models", url: "", model: "Xenova/all-MiniLM-L6-v2" };
  const none = { ...local, engine: "off", model: "" };
  const url = "http://127.0.0.1:11434/v1";
  const rows: [string, Record<string, string>, string | undefined, RegExp[]][] = [
    ["off", none, undefined, []],
    ["{engine: off}", none, undefined, []],
    ["", local, undefined, []],
    ["{}", local, undefined, []],
    ["{path: vec}", { ...local, path: "/home/player/h/vec" }, undefined, []],
    ["{path: ~/m, model: my-model}", { ...local, path: "/home/player/m", model: "my-model" }, undefined, []],
    ["{api_key: key-e}", local, undefined, []],
    [
      `{engine: endpoint, url: '${url}', model: nomic, api_key: key-e}`,
      { ...local, engine: "endpoint", url, model: "nomic" },
      "key-e",
      [],
    ],
    [
      `{engine: endpoint, url: '${url}', model: nomic}`,
      {
        ...local,
        engine: "endpoint",
        url,
        model: "nomic",
      },
      undefined,
      [],
    ],
    [
      `{engine: endpoint, url: '${url}', model: nomic, api_key: "a key"}`,
      { ...local, engine: "endpoint", url, model: "nomic" },
      undefined,
      [/embeddings\.api_key holds a blank/],
    ],
    [`{engine: endpoint, url: '${url}', api_key: k}`, none, undefined, [/:1:1: embeddings .* no model;/]],
    [
      `{engine: endpoint, url: '${url}', model: m}\nproviders:\n  - {name: embeddings, base_url: 'http://x', api_key: k}`,
      { ...local, engine: "endpoint", url, model: "m" },
      undefined,
      [],
    ],
    ["{engine: endpoint, model: nomic}", none, undefined, [/:1:1: embeddings .* no url;/]],
    ["{engine: endpoint, model: nomic, url: 'ftp://x'}", none, undefined, [
      /embeddings.url must begin with https/,
      / no url;/,
    ]],
    ["{model: ../../etc}", local, undefined, [/embeddings.model must be a name like Xenova/]],
    ["{model: a/..}", local, undefined, [/embeddings.model must be a name like Xenova/]],
    ["{model: a/b/c}", local, undefined, [/embeddings.model must be a name like Xenova/]],
    ["{engin: local}", local, undefined, [/embeddings.engin is no key that I know; did you mean engine\?/]],
    ["on", local, undefined, [/embeddings must be off or a mapping/]],
  ];
  for (const [written, expected, key, told] of rows) {
    const { config, keys, complaints } = load({
      home: `embeddings: ${written}`,
      env: { HOME: "/home/player" },
    });
    assert.deepEqual(config.embeddings, expected, written);
    assert.equal(keys.embeddings, key, written);
    assert.equal(complaints.length, told.length, complaints.join("\n"));
    told.forEach((pattern, index) => assert.match(complaints[index], pattern, written));
  }
});

Deno.test("vectors: here, or on a Chroma server with its own token; without an address they stay here", () => {
  const here = { engine: "embedded", url: "", tenant: "default_tenant", database: "default_database" };
  const url = "http://127.0.0.1:8100";
  const there = { ...here, engine: "chroma", url };
  const rows: [string, Record<string, string>, string | undefined, RegExp[]][] = [
    ["", here, undefined, []],
    ["embedded", here, undefined, []],
    [`{engine: embedded, url: '${url}', token: t}`, here, undefined, []],
    [`{engine: chroma, url: '${url}'}`, there, undefined, []],
    [`{engine: chroma, url: '${url}/', token: t}`, { ...there, url: `${url}/` }, "t", []],
    [
      `{engine: chroma, url: '${url}'}\nproviders:\n  - {name: vectors, base_url: 'http://x', api_key: k}`,
      there,
      undefined,
      [],
    ],
    ["chroma", here, undefined, [/:1:1: vectors has engine chroma and no url;/]],
    [`{engine: chroma, url: '${url}/api/v2', token: t}`, here, undefined, [
      /vectors\.url must end with its host and port, like http:\/\/127\.0\.0\.1:8100; it is not used$/,
      / no url;/,
    ]],
    [`{engine: chroma, url: '${url}', tenant: a/b, database: ..}`, there, undefined, [
      /vectors.tenant must be a name/,
      /vectors.database must be a name/,
    ]],
    ["{engine: croma}", here, undefined, [/vectors.engine must be one of embedded, chroma/]],
    ["on", here, undefined, [/vectors must be embedded or a mapping/]],
  ];
  for (const [written, expected, token, told] of rows) {
    const { config, keys, complaints } = load({ home: `vectors: ${written}` });
    assert.deepEqual(config.vectors, expected, written);
    assert.equal(keys.vectors, token, written);
    assert.equal(complaints.length, told.length, complaints.join("\n"));
    told.forEach((pattern, index) => assert.match(complaints[index], pattern, written));
  }
});

Deno.test("the example file is valid, names every key and changes nothing", () => {
  const home = Deno.readTextFileSync(new URL("../../assets/config.example.yaml", import.meta.url));
  const as_shipped = load({ home });
  assert.deepEqual(as_shipped.complaints, []);
  assert.deepEqual(as_shipped.config, load({}).config);
  const uncommented = home.replaceAll(/^#(?=[a-z]| {2})/gm, "");
  const tried = load({ home: uncommented });
  assert.deepEqual(tried.complaints, []);
  // Two are for tests alone.
  for (const key of KNOWN_KEYS.filter((key) => !["max_page_count", "narrator_word_ms"].includes(key))) {
    assert.match(uncommented, new RegExp(`^${key}:`, "m"));
  }
});

Deno.test("public names and limits that are wrong are named, the others count", () => {
  const { config, complaints } = load({
    home:
      "allowed_hosts: [good.example, 'https://bad.example', '*']\nlimits: {running_turns: -1, prompt_bytes: 0, tokens_per_day: 5, spend_per_dy: 1}",
  });
  assert.deepEqual(config.allowed_hosts, ["good.example"]);
  assert.deepEqual(config.limits, { tokens_per_day: 5 });
  assert.deepEqual(complaints.map((text) => text.replace(/^.*config.yaml:/, "")), [
    '1:1: allowed_hosts holds "https://bad.example", which is no name like story.example or story.example:8443',
    '1:1: allowed_hosts holds "*", which is no name like story.example or story.example:8443',
    "2:10: limits.running_turns must be a whole number of replies at once from 0 to 1000, not -1",
    "2:29: limits.prompt_bytes must be a whole number of bytes from 1 to 65536, not 0",
    "2:65: limits.spend_per_dy is no key that I know; did you mean spend_per_day?",
  ]);
});

Deno.test("the config is the named file, else the working directory's, else the home's", () => {
  const rows: [Given, string][] = [
    [{ home: "default_model: h", cwd: "default_model: c", named: "default_model: n" }, "n"],
    [{ home: "default_model: h", cwd: "default_model: c" }, "c"],
    [{ home: "default_model: h" }, "h"],
    [{ home: "default_model: h", cwd: "" }, ""],
  ];
  for (const [given, model] of rows) assert.equal(load(given).config.default_model, model);
});

Deno.test("paths in a file are relative to that file", () => {
  const { config } = load({ cwd: "database_path: ../x/s.db\nlore_folders: [./l]" });
  assert.equal(config.database_path, "/x/s.db");
  assert.deepEqual(config.lore_folders, ["/work/l"]);
});

Deno.test("wrong values are named with key, file, line and column, and the default stays", () => {
  const at = "/home/player/h/config.yaml";
  const rows: [string, string][] = [
    [
      "max_context_tokens: many",
      `${at}:1:1: max_context_tokens must be a whole number of tokens from 1024 to 10000000, not "many"`,
    ],
    [
      "max_context_tokens: 1023",
      `${at}:1:1: max_context_tokens must be a whole number of tokens from 1024 to 10000000, not 1023`,
    ],
    ["\n\nask_above_cost: -1", `${at}:3:1: ask_above_cost must be US dollars from 0 to 1000, not -1`],
    ["ask_above_cost: .nan", `${at}:1:1: ask_above_cost must be US dollars from 0 to 1000, not NaN`],
    [
      "idle_timeout_ms: 0",
      `${at}:1:1: idle_timeout_ms must be a whole number of milliseconds from 1 to 3600000, not 0`,
    ],
    [
      "idle_timeout_ms: 1.5",
      `${at}:1:1: idle_timeout_ms must be a whole number of milliseconds from 1 to 3600000, not 1.5`,
    ],
    [
      "reply_words: 160-80",
      `${at}:1:1: reply_words must be like "80-160" (1 to 5000 words, the smaller number first), not "160-80"`,
    ],
    [
      "reply_words: {min: 1}",
      `${at}:1:1: reply_words must be like "80-160" (1 to 5000 words, the smaller number first), not a mapping`,
    ],
    ["log_level: loud", `${at}:1:1: log_level must be one of debug, info, warn, error, not "loud"`],
    ["local_servers: maybe", `${at}:1:1: local_servers must be on or off, not "maybe"`],
    ["supported_models: x", `${at}:1:1: supported_models must be a list of model ids, not "x"`],
    [
      "supported_models:\n  - x\n  - 7",
      `${at}:3:5: supported_models[2] must be a list of model ids; 7 is left out`,
    ],
    ["default_model: [a]", `${at}:1:1: default_model must be a model's id, not a list`],
    ["openai_api_key: 12345678", `${at}:1:1: openai_api_key must be a text; put quotes around it`],
    [
      "openai_api_key: 'sk-a b'",
      `${at}:1:1: openai_api_key holds a blank or a letter that no key has; it is not used`,
    ],
    [
      "openai_base_url: example.com",
      `${at}:1:1: openai_base_url is no URL like https://host/v1; it is not used`,
    ],
    [
      "openai_base_url: ftp://a/b",
      `${at}:1:1: openai_base_url must begin with https:// or http://; it is not used`,
    ],
    [
      "openai_base_url: httpx://a/b",
      `${at}:1:1: openai_base_url must begin with https:// or http://; it is not used`,
    ],
    ...["u:p", "u", ":p"].map((who): [string, string] => [
      `openai_base_url: https://${who}@a/b`,
      `${at}:1:1: openai_base_url holds a user name or a password; a key belongs into api_key; it is not used`,
    ]),
    [
      "openai_base_url: https://a/b?c=d",
      `${at}:1:1: openai_base_url must end with its path: no ? and no #; it is not used`,
    ],
    [
      "providers: sk-a-key-here",
      `${at}:1:1: providers must be a list of providers ("- name: ..."), not a text`,
    ],
    ["providers: {a: b}", `${at}:1:1: providers must be a list of providers ("- name: ..."), not a mapping`],
    ["providers:\n  - name: x", `${at}:2:5: providers[1] this provider has no base_url; it is left out`],
    [
      "providers:\n  - name: Big Name\n    base_url: https://a",
      `${at}:2:5: providers[1].name must be a plain name of lower-case letters, digits, - and _ (not demo), not "Big Name"`,
    ],
    [
      "providers:\n  - name: demo\n    base_url: https://a",
      `${at}:2:5: providers[1].name must be a plain name of lower-case letters, digits, - and _ (not demo), not "demo"`,
    ],
    [
      "providers:\n  - {name: a, base_url: https://a}\n  - {name: a, base_url: https://b}",
      `${at}:3:5: providers[2] a second provider is called a; the first one counts`,
    ],
    [
      "providers:\n  - name: a\n    base_url: https://a\n    api_kee: x",
      `${at}:4:5: providers[1].api_kee is no key that I know; did you mean api_key?`,
    ],
    [
      "prices: {m: {prompt: 1}}",
      `${at}:1:10: prices.m needs prompt and completion in US dollars per million tokens; it is left out`,
    ],
    [
      "max_contxt_tokens: 5",
      `${at}:1:1: max_contxt_tokens is no key that I know; did you mean max_context_tokens?`,
    ],
    ["Default_Model: x", `${at}:1:1: Default_Model is no key that I know; did you mean default_model?`],
    ["zzzzzzzzzzzz: 5", `${at}:1:1: zzzzzzzzzzzz is no key that I know`],
    ["__proto__: 5", `${at}:1:1: __proto__ is no key that I know`],
    ["- a\n- b", `${at}:1:1: the file must be lines of the form "key: value", not a list`],
    ["just text", `${at}:1:1: the file must be lines of the form "key: value", not "just text"`],
  ];
  const expected = load({}).config;
  for (const [home, complaint] of rows) {
    const { config, keys, complaints } = load({ home });
    assert.deepEqual(complaints, [complaint]);
    assert.deepEqual(config.complaints, complaints);
    assert.deepEqual(keys, {});
    if (!home.includes("providers:\n") && !home.includes("supported_models:\n")) {
      assert.deepEqual({ ...config, complaints: [] }, expected, home);
    }
  }
});

Deno.test("several faults are all told, and the good lines between them count", () => {
  const { config, complaints } = load({ home: "log_level: 1\ndefault_model: good\nlore_tokens: x\n" });
  assert.equal(config.default_model, "good");
  assert.equal(complaints.length, 2);
  assert.match(complaints[1], /config\.yaml:3:1: lore_tokens /);
});

Deno.test("broken YAML is one complaint with its place, and the defaults", () => {
  const { config, complaints } = load({ home: "default_model: a\ndefault_model: b\n" });
  assert.deepEqual(complaints, [
    '/home/player/h/config.yaml:2:1: "default_model" stands here a second time; defaults are used',
  ]);
  assert.equal(config.default_model, "");
});

Deno.test("a file that is missing or cannot be read is named", () => {
  const options = { home: "/h", assets: "/a", cwd: "/w", env: () => undefined };
  const missing = loadConfig({ ...options, config_path: "c.yaml", read: () => null });
  assert.deepEqual(missing.complaints, ["/w/c.yaml does not exist; defaults are used"]);
  const refused = loadConfig({
    ...options,
    config_path: null,
    read: () => {
      throw new Error("permission denied");
    },
  });
  assert.deepEqual(refused.complaints, [
    "/w/config.yaml cannot be read (permission denied); defaults are used",
  ]);
});

Deno.test("a file that is no UTF-8 is used as far as it can be read, and told with its line", () => {
  const { config, complaints } = load({ home: "lore_tokens: 400\ndefault_model: caf\ufffd\n" });
  assert.deepEqual(complaints, [
    "/home/player/h/config.yaml:2: this is no UTF-8 text, so letters are lost; save the file as UTF-8",
  ]);
  assert.equal(config.lore_tokens, 400);
});

Deno.test("the environment wins over the file", () => {
  const { config, keys, complaints } = load({
    home: `
openai_base_url: https://api.openai.com/v1
openai_api_key: from-file
deepseek_api_key: from-file
groq_api_key: from-file
gemini_api_key: from-file
default_model: from-file
`,
    env: {
      OPENAI_API_KEY: "sk-env",
      OPENAI_BASE_URL: "http://127.0.0.1:7777/v1",
      DEEPSEEK_API_KEY: " deep-env\n",
      GROQ_API_KEY: "groq-env",
      GEMINI_API_KEY: "gem-env",
      OPENROUTER_API_KEY: "sk-or-env",
      MODEL_NAME: "from-env",
    },
  });
  assert.deepEqual(complaints, []);
  assert.equal(config.default_model, "from-env");
  assert.equal(config.main_provider, "main");
  assert.equal(config.providers[0].base_url, "http://127.0.0.1:7777/v1");
  assert.deepEqual(keys, {
    main: "sk-env",
    openrouter: "sk-or-env",
    openai: "sk-env",
    deepseek: "deep-env",
    groq: "groq-env",
    gemini: "gem-env",
  });
});

Deno.test("a variable that is empty or no key is as if unset", () => {
  const { config, keys, complaints } = load({
    home: "default_model: m",
    env: { MODEL_NAME: "", GROQ_API_KEY: "  ", GEMINI_API_KEY: "se cret", OPENAI_BASE_URL: "not a url" },
  });
  assert.equal(config.default_model, "m");
  assert.deepEqual(keys, {});
  assert.deepEqual(complaints, [
    "GEMINI_API_KEY in the environment holds a blank or a letter that no key has; it is not used",
    "OPENAI_BASE_URL in the environment is no URL like https://host/v1; it is not used",
  ]);
});

Deno.test("a key of the environment goes to its vendor, or where the environment or the home sends it, and nowhere else", () => {
  const evil = "https://evil.example/v1";
  const rows: { given: Given; main: string; keys: Keys; complaints: number }[] = [
    // OpenRouter is the default for its own keys, OpenAI for those of OPENAI_API_KEY alone.
    {
      given: { env: { OPENROUTER_API_KEY: "sk-or-1" } },
      main: "openrouter",
      keys: { openrouter: "sk-or-1" },
      complaints: 0,
    },
    {
      given: { env: { OPENAI_API_KEY: "sk-or-1" } },
      main: "openrouter",
      keys: { openrouter: "sk-or-1" },
      complaints: 0,
    },
    { given: { env: { OPENAI_API_KEY: "sk-1" } }, main: "openai", keys: { openai: "sk-1" }, complaints: 0 },
    {
      given: { env: { OPENAI_API_KEY: "sk-1", OPENROUTER_API_KEY: "sk-or-1" } },
      main: "openrouter",
      keys: { openrouter: "sk-or-1", openai: "sk-1" },
      complaints: 0,
    },
    {
      given: { cwd: "openai_api_key: file", env: { OPENAI_API_KEY: "sk-1" } },
      main: "openrouter",
      keys: { openrouter: "file", openai: "sk-1" },
      complaints: 0,
    },
    // Addresses of the environment and of the home are the player's own.
    {
      given: { env: { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: evil } },
      main: "main",
      keys: { main: "sk-1", openai: "sk-1" },
      complaints: 0,
    },
    {
      given: { env: { OPENAI_API_KEY: "sk-or-1", OPENAI_BASE_URL: evil } },
      main: "main",
      keys: { main: "sk-or-1", openrouter: "sk-or-1" },
      complaints: 0,
    },
    {
      given: { home: `openai_base_url: ${evil}`, env: { OPENAI_API_KEY: "sk-1" } },
      main: "main",
      keys: { main: "sk-1", openai: "sk-1" },
      complaints: 0,
    },
    {
      given: { home: `providers: [{name: groq, base_url: "${evil}"}]`, env: { GROQ_API_KEY: "g" } },
      main: "openrouter",
      keys: { groq: "g" },
      complaints: 0,
    },
    // A config.yaml in a foreign folder collects nothing.
    {
      given: { cwd: `openai_base_url: ${evil}`, env: { OPENAI_API_KEY: "sk-1" } },
      main: "main",
      keys: { openai: "sk-1" },
      complaints: 1,
    },
    {
      given: { named: `openai_base_url: ${evil}`, env: { OPENAI_API_KEY: "sk-or-1" } },
      main: "main",
      keys: { openrouter: "sk-or-1" },
      complaints: 1,
    },
    {
      given: { cwd: `providers: [{name: groq, base_url: "${evil}"}]`, env: { GROQ_API_KEY: "g" } },
      main: "openrouter",
      keys: {},
      complaints: 1,
    },
    {
      given: {
        cwd: `providers: [{name: groq, base_url: "${evil}", api_key: own}]`,
        env: { GROQ_API_KEY: "g" },
      },
      main: "openrouter",
      keys: { groq: "own" },
      complaints: 0,
    },
    {
      given: {
        cwd: `providers: [{name: openrouter, base_url: "${evil}"}]`,
        env: { OPENROUTER_API_KEY: "sk-or-1" },
      },
      main: "openrouter",
      keys: {},
      complaints: 1,
    },
    {
      given: { cwd: "openai_base_url: http://api.openai.com/v1", env: { OPENAI_API_KEY: "sk-1" } },
      main: "openai",
      keys: {},
      complaints: 1,
    },
    {
      given: { cwd: "openai_base_url: https://api.openai.com:444/v1", env: { OPENAI_API_KEY: "sk-1" } },
      main: "openai",
      keys: {},
      complaints: 1,
    },
    // A host whose name ends like a vendor's is another host.
    {
      given: {
        cwd: 'providers: [{name: groq, base_url: "https://evilapi.groq.com/v1"}]',
        env: { GROQ_API_KEY: "g" },
      },
      main: "openrouter",
      keys: {},
      complaints: 1,
    },
    {
      given: {
        cwd: 'providers: [{name: groq, base_url: "https://evil.api.groq.com/v1"}]',
        env: { GROQ_API_KEY: "g" },
      },
      main: "openrouter",
      keys: {},
      complaints: 1,
    },
    {
      given: {
        cwd: "openai_base_url: https://api.openai.com.evil.example/",
        env: { OPENAI_API_KEY: "sk-1" },
      },
      main: "main",
      keys: { openai: "sk-1" },
      complaints: 1,
    },
    {
      given: { cwd: "openai_base_url: https://api.openai.com/v1", env: { OPENAI_API_KEY: "sk-1" } },
      main: "openai",
      keys: { openai: "sk-1" },
      complaints: 0,
    },
    // The file's own key goes to the file's own address.
    {
      given: { cwd: `openai_base_url: ${evil}\nopenai_api_key: own` },
      main: "main",
      keys: { main: "own" },
      complaints: 0,
    },
    // OPENAI_BASE_URL cannot be taken over by a provider of the same name.
    {
      given: {
        cwd: `providers: [{name: main, base_url: "${evil}"}]`,
        env: { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "http://10.1.1.1/v1" },
      },
      main: "main",
      keys: { main: "sk-1", openai: "sk-1" },
      complaints: 1,
    },
  ];
  for (const { given, main, keys, complaints } of rows) {
    const found = load(given);
    const what = JSON.stringify(given);
    assert.equal(found.config.main_provider, main, what);
    assert.deepEqual(found.keys, keys, what);
    assert.equal(found.complaints.length, complaints, `${what} ${found.complaints}`);
    for (const key of Object.values(given.env ?? {})) {
      if (!key.startsWith("http")) assert.ok(!JSON.stringify(found.config).includes(`"${key}"`), what);
    }
  }
});

Deno.test("a withheld key is explained with what to do", () => {
  const { complaints } = load({
    cwd: "openai_base_url: https://evil.example/v1",
    env: { OPENAI_API_KEY: "sk-1" },
  });
  assert.deepEqual(complaints, [
    "OPENAI_API_KEY is not sent to https://evil.example/v1: that address comes from a config.yaml outside the home. " +
    "Set OPENAI_BASE_URL, or write the address or the key into the home's own config.yaml",
  ]);
});

Deno.test("a local server that is configured is not looked for a second time", () => {
  const rows: [Given, string[]][] = [
    [{ home: "openai_base_url: http://localhost:11434/v1" }, ["lmstudio", "llamacpp", "koboldcpp"]],
    [{ home: "providers: [{name: ollama, base_url: http://10.0.0.2:11434/v1}]" }, [
      "lmstudio",
      "llamacpp",
      "koboldcpp",
    ]],
    [{ home: "openai_base_url: http://10.0.0.2:11434/v1" }, ["ollama", "lmstudio", "llamacpp", "koboldcpp"]],
  ];
  for (const [given, names] of rows) {
    assert.deepEqual(load(given).config.local_servers.map((server) => server.name), names);
  }
});

/** The kinds of a value's parts, so that a wrong kind anywhere shows. */
function shape(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return value === null ? "null" : typeof value;
}

Deno.test("no value under any key throws or puts a wrong kind into the config", () => {
  const odd = [
    "''",
    "x",
    "-1",
    "1e99",
    "0",
    "true",
    "[]",
    "[1, {}]",
    "{}",
    "{a: {b: 1}}",
    "[[x]]",
    "2026-01-01",
    ".inf",
    "'\\0'",
  ];
  const expected = load({}).config as unknown as Record<string, unknown>;
  for (const key of KNOWN_KEYS) {
    for (const value of odd) {
      const { config, keys } = load({ home: `${key}: ${value}` });
      for (const [name, found] of Object.entries(config)) {
        assert.equal(shape(found), shape(expected[name]), `${key}: ${value} -> ${name}`);
        if (typeof found === "number") assert.ok(Number.isFinite(found), `${key}: ${value} -> ${name}`);
      }
      for (const found of Object.values(keys)) assert.equal(typeof found, "string");
      for (const provider of config.providers) assert.ok(URL.canParse(provider.base_url), `${key}: ${value}`);
      assert.ok(
        config.providers.some((provider) => provider.name === config.main_provider),
        `${key}: ${value}`,
      );
    }
  }
});

Deno.test("no text throws", () => {
  const pieces = [
    "providers",
    ":",
    " ",
    "\n",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "&a",
    "*a",
    "!t",
    "|",
    "#",
    "\t",
    "name",
    "é",
    "\0",
    "---",
  ];
  for (let seed = 1; seed <= 2000; seed++) {
    let state = seed;
    // Numerical Recipes' linear congruence; good enough to mix a dozen pieces.
    const next = (below: number) => (state = (state * 1664525 + 1013904223) >>> 0) % 65536 % below;
    const home = Array.from({ length: 1 + next(14) }, () => pieces[next(pieces.length)]).join("");
    const { config } = load({ home });
    assert.equal(config.home, "/home/player/h", `seed ${seed}`);
  }
});

Deno.test("a key that stands in a wrong place as well is quoted in no complaint", () => {
  const text = "openai_api_key: sk-planted-0123\nlog_level: sk-planted-0123\nreply_words: sk-planted-0123\n";
  const { keys, complaints, config } = load({ home: text });
  assert.deepEqual(Object.values(keys), ["sk-planted-0123"]);
  assert.equal(complaints.length, 2);
  assert.deepEqual(config.complaints, complaints);
  for (const complaint of complaints) {
    assert.ok(!complaint.includes("planted") && complaint.includes('"[key]"'), complaint);
  }
});

Deno.test("a key of eight characters is a key, a shorter one may be a word", () => {
  for (const [key, told] of [["sk-12345", '"[key]"'], ["verbose", '"verbose"']]) {
    const { complaints } = load({ home: `openai_api_key: ${key}\nlog_level: ${key}\n` });
    assert.equal(complaints.length, 1);
    assert.ok(complaints[0].endsWith(`not ${told}`), complaints[0]);
  }
});

Deno.test("a window of 0 tokens means what the model offers", () => {
  const { config, complaints } = load({ home: "max_context_tokens: 0\n" });
  assert.deepEqual([config.max_context_tokens, complaints], [0, []]);
});
