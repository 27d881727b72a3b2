// What the sealed brain may do, read from the running process.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { loadConfig } from "../../brain/config.ts";
import { sealedBrainFlags } from "../../brain/seal.ts";
import { cleanEnv, isRunning, ROOT, tempHome } from "../support/processes.ts";
import type { Attempt } from "../support/rights_probe.ts";
import { STORY } from "../support/sse_replies.ts";
import { configFor, openStage, startProvider } from "./stage.ts";

const list = (path: string) => Deno.readTextFileSync(path).split("\0").filter((part) => part !== "");

/** Keys of the environment that a player may have; all planted here. */
const PLANTED = {
  OPENAI_API_KEY: "sk-planted-in-the-environment",
  OPENROUTER_API_KEY: "sk-or-planted-in-the-environment",
  UNRELATED: "planted-in-the-environment",
};

Deno.test("the sealed brain has exactly the rights that its config needs", async (t) => {
  await using provider = await startProvider();
  const loopback = ["127.0.0.1:11434", "127.0.0.1:1234", "127.0.0.1:8080", "127.0.0.1:5001"];
  const own = `127.0.0.1:${provider.port}`;
  for (
    const [name, config, net] of [
      ["local servers off", configFor(provider), [own]],
      [
        "providers as written, local servers on",
        `openai_base_url: ${provider.base_url}
narrator_word_ms: 0
lore_folders: [lore_of_mine]
providers:
  - {name: secure, base_url: "https://secure.invalid/v1"}
  - {name: plain, base_url: "http://plain.invalid/v1"}
  - {name: odd, base_url: "https://odd.invalid:8443/v1"}
`,
        [own, "secure.invalid:443", "plain.invalid:80", "odd.invalid:8443", ...loopback],
      ],
    ] as const
  ) {
    await t.step(name, async () => {
      const files = { "lore_of_mine/a.md": "Salt." };
      await using stage = await openStage({ config, files });
      const home = Deno.realPathSync(stage.home);
      const [program, ...flags] = list(`/proc/${stage.pid}/cmdline`);
      assert.equal(program, Deno.execPath());
      const folders = ["brain", "shared", "node_modules", "deno.json", "deno.lock"].map((part) =>
        join(ROOT, part)
      );
      const lore = config.includes("lore_folders") ? [join(home, "lore_of_mine")] : [];
      const read = ["lore", "system_rules.yaml"].map((name) => join(home, name));
      const written = [
        ...["worlds", "characters", "rules", "backups", "exports"],
        ...["brain.lock", "brain.json", "brain.json.new", "models-cache.json", "models-cache.json.new"],
        "face/page.jsonl",
        "face/said.jsonl",
        ...["", "-wal", "-shm", "-journal"].map((end) => `engine.db${end}`),
      ].map((name) => join(home, name));
      assert.deepEqual(flags, [
        "run",
        "--quiet",
        "--no-prompt",
        "--ignore-env",
        "--no-check",
        "--cached-only",
        "--frozen",
        `--config=${join(ROOT, "deno.json")}`,
        `--allow-net=${["127.0.0.1:0", ...net].join(",")}`,
        `--allow-read=${[join(ROOT, "assets"), ...folders, ...read, ...written, ...lore].join(",")}`,
        `--allow-write=${written.join(",")}`,
        join(ROOT, "brain", "serve.ts"),
      ]);
    });
  }
});

Deno.test("a program with the brain's flags can do what a brain does, and nothing else that was thought of", async () => {
  await using home = await tempHome("local_servers: off\n");
  await using outside = await tempHome();
  const real = Deno.realPathSync(home.path);
  const { config } = loadConfig({
    home: real,
    assets: join(ROOT, "assets"),
    config_path: null,
    cwd: real,
    env: () => undefined,
    read: () => "local_servers: off\n",
    port: 0,
  });
  for (const name of ["exports", "models", "logs"]) await Deno.mkdir(join(real, name));
  const elsewhere = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const no = "NotCapable";
  const cases: [Attempt, string][] = [
    [{ read: join(real, "exports") }, "done"],
    [{ read: join(ROOT, "assets", "worlds") }, "done"],
    [{ write: join(real, "exports", "a.md") }, "done"],
    [{ write: join(real, "brain.json.new") }, "done"],
    [{ listen: 0 }, "done"],
    // --ignore-env: as if it were not set.
    [{ env: "HOME" }, "done"],
    ...[real, join(real, "models"), join(real, "logs"), outside.path, "/", "/etc", "/proc/self", ROOT].map(
      (read): [Attempt, string] => [{ read }, no],
    ),
    ...["config.yaml", "keys.yaml", "models/a", "logs/brain.log", "engine.db.txt", "exports/../a", "a"].map(
      (name): [Attempt, string] => [{ write: `${real}/${name}` }, no],
    ),
    [{ write: join(outside.path, "a") }, no],
    [{ write: join(ROOT, "brain", "serve.ts") }, no],
    [{ listen: elsewhere.addr.port + 1 }, no],
    [{ dial: elsewhere.addr.port }, no],
    [{ run: "true" }, no],
    [{ run: Deno.execPath() }, no],
    [{ ffi: "/lib/x86_64-linux-gnu/libc.so.6" }, no],
    [{ sys: true }, no],
  ];
  const program = `
    import { attemptAll } from ${JSON.stringify(join(ROOT, "tests", "support", "rights_probe.ts"))};
    console.log(JSON.stringify(await attemptAll(${JSON.stringify(cases.map(([attempt]) => attempt))})));`;
  const entry = join(outside.path, "probe.ts");
  await Deno.writeTextFile(entry, program);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...sealedBrainFlags(config, ROOT, false), entry],
    clearEnv: true,
    env: cleanEnv(PLANTED),
    stdin: "null",
  });
  const { stdout, stderr } = await child.output();
  elsewhere.close();
  const answers = JSON.parse(new TextDecoder().decode(stdout) || "[]") as string[];
  assert.equal(answers.length, cases.length, new TextDecoder().decode(stderr));
  const told = cases.map(([attempt], i) => `${JSON.stringify(attempt)} ${answers[i]}`);
  assert.deepEqual(told, cases.map(([attempt, answer]) => `${JSON.stringify(attempt)} ${answer}`));
});

Deno.test("the sealed brain's environment has no key, its beacon is for its owner, and the terminal's signals are not for it", async () => {
  await using stage = await openStage({ config: configFor(null), env: PLANTED });
  await using face = await stage.face();
  const allowed = new Set([
    ...["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "DENO_DIR", "NO_COLOR", "DENO_NO_UPDATE_CHECK"],
    ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
    ...["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  ]);
  const names = list(`/proc/${stage.pid}/environ`).map((row) => row.split("=")[0]);
  assert.deepEqual(names.filter((name) => !allowed.has(name)), []);
  assert.ok(names.includes("PATH"));
  for (const file of ["environ", "cmdline"]) {
    assert.ok(!Deno.readTextFileSync(`/proc/${stage.pid}/${file}`).includes("planted"), file);
  }

  const beacon = join(stage.home, "brain.json");
  assert.equal((Deno.statSync(beacon).mode ?? 0) & 0o777, 0o600);
  const { version, token, ...where } = JSON.parse(Deno.readTextFileSync(beacon));
  assert.deepEqual(where, { url: stage.url, pid: stage.pid, protocol: 1 });
  assert.deepEqual([token, version], ["", "0.1.0"]);

  // Behind the name in brackets: state, parent, group.
  const stat = (pid: number) => Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  assert.equal(Number(stat(stage.pid)[1]), stage.door.pid);
  assert.equal(Number(stat(stage.pid)[2]), stage.pid, "a process group of its own");
  Deno.kill(stage.pid, "SIGINT");
  assert.equal((await face.command("/cancel")).content, "Nothing is being told.");
  assert.ok(isRunning(stage.pid));
});

Deno.test("a host that is not configured is out of reach, even where a provider sends there", async () => {
  await using provider = await startProvider();
  await using stranger = await startProvider();
  await using stage = await openStage({ config: configFor(provider, "openai_api_key: sk-planted-1234567") });
  await using face = await stage.face();
  await face.begin();
  const location = `${stranger.base_url}/chat/completions`;
  for (const status of [301, 302, 307, 308]) {
    await provider.script({ status, headers: { location }, body: "" });
    const { errors, message } = await face.turn("I look around.");
    assert.deepEqual(errors, [
      `127.0.0.1:${provider.port} sends requests on to ${location}: if that is the right place, write its address into config.yaml.`,
    ]);
    assert.deepEqual([message.status, message.content], ["failed", ""]);
  }
  // The model list is fetched as any page is, redirects and all; here it is the seal that says no.
  const headers = { location: `${stranger.base_url}/models` };
  await provider.route("/v1/models", "", { status: 302, headers });
  await face.command("/model refresh");
  assert.ok((await provider.requests()).at(-1)?.path === "/v1/models");
  assert.match(
    stage.log(),
    /The model list of \S+ could not be fetched: Requires net access to "127\.0\.0\.1:\d+"/,
  );
  assert.deepEqual(await stranger.requests(), []);
  assert.equal((await face.turn("I look again.")).message.content, STORY);
});
