import assert from "node:assert/strict";
import { type Config, loadConfig } from "../../brain/config.ts";
import {
  chromaFlags,
  chromaRights,
  embedderFlags,
  netList,
  pullFlags,
  sealedBrainFlags,
  sealedBrainRights,
} from "../../brain/seal.ts";

function config(text: string, host = "127.0.0.1", port = 0): Config {
  const read = (path: string) => path === "/h/config.yaml" ? text : null;
  const env = () => undefined;
  return loadConfig({ home: "/h", assets: "/a", config_path: null, cwd: "/w", env, read, host, port }).config;
}

/** What the brain reads alone, and what it writes, in the home `/h` and at the database. */
const read = (home = "/h") => [`${home}/lore`, `${home}/system_rules.yaml`];
const written = (home = "/h", database = `${home}/engine.db`) => [
  ...["worlds", "characters", "rules", "backups", "exports"].map((name) => `${home}/${name}`),
  ...["brain.lock", "brain.json", "brain.json.new"].map((name) => `${home}/${name}`),
  ...["models-cache.json", "models-cache.json.new", "face/page.jsonl", "face/said.jsonl"].map((name) =>
    `${home}/${name}`
  ),
  ...["", "-wal", "-shm", "-journal"].map((end) => `${database}${end}`),
];
const CODE = ["brain", "shared", "node_modules", "deno.json", "deno.lock"].map((part) => `/engine/${part}`);
const flag = (name: string, list: string[]) => `--allow-${name}=${list.join(",")}`;

const LOCAL = ["127.0.0.1:11434", "127.0.0.1:1234", "127.0.0.1:8080", "127.0.0.1:5001"];

Deno.test("the net list is the own address and exactly the configured hosts", () => {
  const rows: [Config, string[]][] = [
    [config(""), ["127.0.0.1:0", ...LOCAL]],
    [config("local_servers: off", "127.0.0.1", 8000), ["127.0.0.1:8000"]],
    [config("local_servers: off", "::1", 8000), ["[::1]:8000"]],
    [
      config("local_servers: off\nembeddings: {engine: endpoint, url: 'http://[::1]:11434/v1', model: m}"),
      ["127.0.0.1:0", "[::1]:11434"],
    ],
    [config("local_servers: off\nembeddings: {url: 'http://e:1/v1', model: m}"), ["127.0.0.1:0"]],
    [
      config("local_servers: off\nvectors: {engine: chroma, url: 'http://chroma.example:8100', token: t}"),
      ["127.0.0.1:0", "chroma.example:8100"],
    ],
    [config("local_servers: off\nvectors: {engine: embedded, url: 'http://chroma.example:8100'}"), [
      "127.0.0.1:0",
    ]],
    [
      config("local_servers: off\nopenai_base_url: http://Example.com/v1"),
      ["127.0.0.1:0", "example.com:80"],
    ],
    [
      config("local_servers: off\nproviders:\n  - {name: x, base_url: 'https://[fe80::1]:9/v1'}"),
      ["127.0.0.1:0", "[fe80::1]:9"],
    ],
    [
      config("local_servers: off\nproviders:\n  - {name: x, base_url: 'https://openrouter.ai/other'}"),
      ["127.0.0.1:0", "openrouter.ai:443"],
    ],
    [
      config("local_servers: off\nopenai_api_key: sk-or-1\ngroq_api_key: g\ngemini_api_key: ''"),
      ["127.0.0.1:0", "openrouter.ai:443", "api.groq.com:443"],
    ],
    [
      config("local_servers: off\ndeepseek_api_key: d\ngemini_api_key: g"),
      ["127.0.0.1:0", "api.deepseek.com:443", "generativelanguage.googleapis.com:443"],
    ],
  ];
  for (const [given, expected] of rows) assert.deepEqual(netList(given, false), expected);
});

Deno.test("a brain with a certificate may listen for this machine's own faces, too", () => {
  const given = config("local_servers: off", "0.0.0.0", 443);
  assert.deepEqual(netList(given, true), ["0.0.0.0:443", "127.0.0.1:0"]);
  assert.deepEqual(netList(given, false), ["0.0.0.0:443"]);
  assert.deepEqual(netList(config("local_servers: off"), true), ["127.0.0.1:0"]);
  assert.ok(sealedBrainFlags(given, "/engine", true).includes("--allow-net=0.0.0.0:443,127.0.0.1:0"));
  assert.deepEqual(sealedBrainRights(given, "/engine", true).net, ["0.0.0.0:443", "127.0.0.1:0"]);
});

Deno.test("the flags grant net, read and write lists and nothing else", () => {
  assert.deepEqual(sealedBrainFlags(config("local_servers: off\nlore_folders: [/lore]"), "/engine", false), [
    "--quiet",
    "--no-prompt",
    "--ignore-env",
    "--no-check",
    "--cached-only",
    "--frozen",
    "--config=/engine/deno.json",
    `--allow-net=127.0.0.1:0`,
    flag("read", ["/a", ...CODE, ...read(), ...written(), "/lore"]),
    flag("write", written()),
  ]);
});

Deno.test("filling a Chroma server: net to it alone, nothing but the code and the database's folder", () => {
  const given = config(
    "database_path: /d/s.db\nlore_folders: [/lore]\nvectors: {engine: chroma, url: 'https://chroma.example', token: t}",
  );
  const flags = chromaFlags(given, "/engine").filter((flag) => flag.startsWith("--allow"));
  assert.deepEqual(flags, [
    "--allow-net=chroma.example:443",
    flag("read", [...CODE, "/d/s.db", "/d/s.db-wal", "/d/s.db-shm", "/d/s.db-journal"]),
    flag("write", ["/d/s.db", "/d/s.db-wal", "/d/s.db-shm", "/d/s.db-journal"]),
  ]);
});

Deno.test("a database elsewhere adds its files and not its folder, and a comma in a path is doubled", () => {
  const given = config("local_servers: off\ndatabase_path: '/d,e/x/s.db'");
  const flags = sealedBrainFlags(given, "/engine", false);
  const list = written("/h", "/d,,e/x/s.db");
  assert.equal(flags.at(-2), flag("read", ["/a", ...CODE, ...read(), ...list]));
  assert.equal(flags.at(-1), flag("write", list));
});

Deno.test("a comma in every path leaves the lists whole", () => {
  const flags = sealedBrainFlags(
    { ...config(""), home: "/h,1", assets: "/a,,2", database_path: "/h,1/engine.db" },
    "/e,3",
    false,
  );
  const code = CODE.map((path) => path.replace("/engine", "/e,,3"));
  assert.equal(flags.at(-2), flag("read", ["/a,,,,2", ...code, ...read("/h,,1"), ...written("/h,,1")]));
  assert.equal(flags.at(-1), flag("write", written("/h,,1")));
});

Deno.test("nothing that programs with more rights believe can be written", () => {
  const { write } = sealedBrainRights(config("local_servers: off"), "/engine", false);
  for (const believed of ["/h", "/h/config.yaml", "/h/models", "/h/logs", "/h/face", "/engine", "/a"]) {
    assert.ok(!write.some((path) => path === believed || `${believed}/`.startsWith(`${path}/`)), believed);
  }
});

Deno.test("the embedder has FFI and read of its packages, read of the model, and nothing else", () => {
  const granted = (flags: string[]) =>
    flags.filter((flag) => /^--(allow|deny|no-prompt|ignore-env)/.test(flag));
  assert.deepEqual(granted(embedderFlags("/a,b", "/m")), [
    "--no-prompt",
    "--ignore-env",
    "--allow-ffi=/a,,b/brain/embedder/node_modules",
    "--allow-read=/a,,b/brain/embedder,/m",
  ]);
});

Deno.test("the pull has net to the hub, or to its mirror alone, and the model's folder", () => {
  const rows = [
    ["https://huggingface.co", "huggingface.co,*.huggingface.co,*.hf.co"],
    ["https://huggingface.co/", "huggingface.co,*.huggingface.co,*.hf.co"],
    ["http://127.0.0.1:81", "127.0.0.1:81"],
    ["https://mirror.example", "mirror.example:443"],
  ];
  for (const [hub, net] of rows) {
    const flags = pullFlags(hub, "/m/x");
    assert.deepEqual(flags.filter((flag) => flag.startsWith("--allow")), [
      `--allow-net=${net}`,
      "--allow-read=/m/x",
      "--allow-write=/m/x",
    ]);
    assert.ok(flags.includes("--no-prompt") && flags.includes("--ignore-env"));
  }
});

const DATA = ["", "-wal", "-shm", "-journal"].map((end) => `/data/engine.db${end}`);

Deno.test("a compiled brain's thread has the same hosts and folders, and nothing of the rest", () => {
  const never = {
    env: ["LOG_STREAM", "LOG_TOKENS", "OPENAI_CUSTOM_HEADERS"],
    run: false,
    ffi: false,
    sys: false,
    import: false,
  };
  const given = config("local_servers: off\nlore_folders: [/lore]\nopenai_base_url: http://model:1/v1");
  assert.deepEqual(sealedBrainRights(given, "/engine", false), {
    ...never,
    net: ["127.0.0.1:0", "model:1"],
    read: ["/engine", "/a", ...CODE, ...read(), ...written(), "/lore"],
    write: written(),
  });
  assert.deepEqual(chromaRights("https://chroma.example/x", "/data/engine.db", "/engine"), {
    ...never,
    net: ["chroma.example:443"],
    read: ["/engine", ...DATA],
    write: DATA,
  });
});
