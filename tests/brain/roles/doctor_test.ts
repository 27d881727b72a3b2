// The doctor: what it finds in a home with one thing wrong, what it advises, and that it shows no key.

import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path/posix";
import { checkTerminal } from "../../../brain/roles/check_machine.ts";
import type { Finding } from "../../../brain/roles/findings.ts";
import { lockHome } from "../../../brain/home_lock.ts";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { ROOT } from "../../support/processes.ts";
import { type RoleHome, roleHome, tellEverything } from "../../support/role_home.ts";

const KEY = "sk-planted-0123456789";

interface Report {
  code: number;
  usable: boolean;
  findings: Finding[];
  text: string;
  of(area: string): string[];
}

async function examine(home: RoleHome, env: Record<string, string> = {}): Promise<Report> {
  const { code, out, err } = await home.run({ role: "doctor", json: true }, env);
  assert.equal(err, "");
  const { usable, findings } = JSON.parse(out) as { usable: boolean; findings: Finding[] };
  assert.equal(code, usable ? 0 : 1);
  const of = (area: string) =>
    findings.filter((finding) => finding.area === area).map(({ level, text, fix }) =>
      `${level}: ${text}${fix && ` -> ${fix}`}`
    );
  return { code, usable, findings, text: out, of };
}

/** A server on loopback that answers every request with `answer`. */
async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  fn: (base_url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  try {
    await fn(`http://127.0.0.1:${server.addr.port}/v1`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("a home that was just made can be played; every area is looked at, and people read marks", async () => {
  await using home = await roleHome();
  await Deno.chmod(home.path, 0o700);
  const { usable, findings, of } = await examine(home);
  assert.equal(usable, true);
  assert.deepEqual([...new Set(findings.map(({ area }) => area))], [
    "versions",
    "home",
    "disk",
    "config",
    "assets",
    "database",
    "backups",
    "brain",
    "providers",
    "memory",
    "terminal",
  ]);
  assert.match(of("versions")[0], /^ok: Flower Engine \d+\.\d+\.\d+, Deno 2\.\d+\.\d+, SQLite 3\.\d+\.\d+, /);
  assert.deepEqual(of("home"), [`ok: ${home.path} can be written`]);
  assert.deepEqual(of("config"), [`ok: ${join(home.path, "config.yaml")}`]);
  assert.deepEqual(of("assets"), ["ok: 4 worlds, 6 characters, 6 rule packs"]);
  assert.deepEqual(of("database"), [`ok: none yet: ${home.database} is made when you play`]);
  assert.deepEqual(of("brain"), ["ok: none runs on this home"]);
  const { out, code } = await home.run({ role: "doctor", json: false });
  assert.equal(code, 0);
  assert.match(out, /^✓ versions {3}Flower Engine /);
  assert.match(out, /^! providers {2}no model can be reached.*\n {13}→ set OPENROUTER_API_KEY/m);
  assert.match(out, /\n\n✓ It can be played; what is marked ! could be better\.$/);
  // It left nothing behind, and made no database.
  assert.deepEqual([...Deno.readDirSync(home.path)].filter(({ isFile }) => isFile).map(({ name }) => name), [
    "config.yaml",
  ]);
});

Deno.test("a home that is not there, is a file, or is open to others", async () => {
  await using home = await roleHome(null);
  for (const mode of [0o755, 0o750, 0o701]) {
    await Deno.chmod(home.path, mode);
    assert.deepEqual((await examine(home)).of("home"), [
      `note: ${home.path} can be written, and read by others on this machine -> chmod 700 ${home.path}`,
    ]);
  }
  await Deno.remove(home.path, { recursive: true });
  const gone = await examine(home);
  assert.deepEqual([gone.usable, gone.of("home")], [
    true,
    [`note: ${home.path} is not there yet -> it is made when you play for the first time`],
  ]);
  assert.throws(() => Deno.statSync(home.path), Deno.errors.NotFound);
  await Deno.writeTextFile(home.path, "");
  const file = await examine(home);
  assert.equal(file.usable, false);
  assert.deepEqual(file.of("home"), [`bad: ${home.path} is no folder -> name another home with --home`]);
});

Deno.test("the config's complaints come with their line; a key in a file that others can read is told", async () => {
  await using home = await roleHome(
    `local_servers: off\nlore_tokens: many\nopenai_api_key: ${KEY}\nopenai_base_url: http://127.0.0.1:9/v1\n`,
  );
  const path = join(home.path, "config.yaml");
  await Deno.chmod(path, 0o640);
  const { of, text, usable } = await examine(home);
  assert.equal(usable, true);
  const config = of("config");
  assert.equal(config.length, 2);
  assert.match(config[0], /^note: .*config\.yaml:2:\d+: lore_tokens must be .* -> correct that line/);
  assert.equal(config[1], `note: ${path} holds a key and can be read by others -> chmod 600 ${path}`);
  assert.ok(!text.includes(KEY));
  await Deno.chmod(path, 0o600);
  assert.equal((await examine(home)).of("config").length, 1);
});

Deno.test("a database: whole with its counts, damaged, newer, older, foreign, no database", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  const whole = (await examine(home)).of("database");
  assert.equal(whole.length, 1);
  assert.match(
    whole[0],
    /^ok: .*engine\.db, \d+ kB: whole; 1 story, 7 messages, told from 2023-11-14 to 2023-11-14; schema 0\d+_\w+, 7 memories$/,
  );

  home.store((db) => db.run("DELETE FROM memory_units WHERE message_id = 1"));
  assert.match((await examine(home)).of("database")[1], /^note: 1 message not yet remembered -> /);

  const rows: [string, (raw: DatabaseSync) => void, boolean, RegExp][] = [
    [
      "older",
      (raw) => raw.exec("DELETE FROM migrations WHERE name NOT LIKE '0001%'"),
      true,
      /^note: its schema is of an earlier version -> /m,
    ],
    [
      "newer",
      (raw) => raw.exec("INSERT INTO migrations VALUES ('9999_dragons')"),
      false,
      /^bad: .*written by a newer Flower Engine \("9999_dragons"\) -> update/m,
    ],
    [
      "foreign",
      (raw) => raw.exec("DROP TABLE migrations"),
      false,
      /^bad: .*another program's tables -> set database_path/m,
    ],
  ];
  const good = Deno.readFileSync(home.database);
  for (const [what, change, usable, message] of rows) {
    for (const end of ["-wal", "-shm"]) await Deno.remove(`${home.database}${end}`).catch(() => {});
    await Deno.writeFile(home.database, good);
    const raw = new DatabaseSync(home.database);
    change(raw);
    raw.close();
    const report = await examine(home);
    assert.equal(report.usable, usable, what);
    assert.match(report.of("database").join("\n"), message, what);
  }
  for (const end of ["-wal", "-shm"]) await Deno.remove(`${home.database}${end}`).catch(() => {});
  const bytes = good.slice();
  for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0x5a, at, at + 2048);
  for (
    const [what, content] of [["damaged", bytes], [
      "none",
      new TextEncoder().encode("x".repeat(9000)),
    ]] as const
  ) {
    await Deno.writeFile(home.database, content);
    const report = await examine(home);
    assert.equal(report.usable, false, what);
    assert.match(
      report.of("database")[0],
      /^bad: .*damaged.* -> flower restore puts a backup back; daily ones are in .*backups$/,
      what,
    );
  }
});

Deno.test("a brain: none, one that crashed, one that is starting, one that does not answer", async () => {
  await using home = await roleHome();
  const beacon = (url: string, version = "0.1.0") =>
    Deno.writeTextFile(
      join(home.path, "brain.json"),
      JSON.stringify({ url, pid: 1, version, protocol: 1, token: "" }),
    );
  await Deno.writeTextFile(join(home.path, "brain.lock"), "");
  assert.deepEqual((await examine(home)).of("brain"), ["ok: none runs on this home"]);
  await beacon("ws://127.0.0.1:9/ws/rpc");
  assert.match(
    (await examine(home)).of("brain")[0],
    /^note: none runs, and .*brain\.json is left of one that crashed -> nothing/,
  );
  // The doctor gave the lock back.
  const lock = (await lockHome(home.path))!;
  assert.ok(lock);
  const silent = await examine(home);
  assert.equal(silent.usable, false);
  assert.match(
    silent.of("brain")[0],
    /^bad: version 0\.1\.0 runs at ws:\/\/127\.0\.0\.1:9\/ws\/rpc, process 1, and does not answer -> end process 1/,
  );
  await Deno.writeTextFile(join(home.path, "brain.json"), "{");
  assert.match(
    (await examine(home)).of("brain")[0],
    /^note: the home is locked, and .* says nothing -> a brain is starting/,
  );
  await withServer(() => new Response("alive\n"), async (base_url) => {
    const url = base_url.replace("http", "ws").replace("/v1", "/ws/rpc");
    await beacon(url);
    assert.deepEqual((await examine(home)).of("brain"), [`ok: version 0.1.0 runs at ${url}, process 1`]);
    await beacon(url, "0.0.9");
    assert.match(
      (await examine(home)).of("brain")[0],
      /^note: version 0\.0\.9 runs .* -> this is version 0\.1\.0/,
    );
  });
  lock.close();
});

Deno.test("a provider: its models, or why not and what to do; the key is sent to it and never shown", async () => {
  const rows: [string, (request: Request) => Response, RegExp][] = [
    [
      "models",
      () => Response.json({ object: "list", data: [{ id: "a" }, { id: "b" }] }),
      /^ok: .*: 2 models$/m,
    ],
    [
      "wrong key",
      () => new Response(`no such key ${KEY}`, { status: 401 }),
      /^note: .*: it refuses the key \(401\) -> .*blanks around it$/m,
    ],
    ["no right", () => new Response("", { status: 403 }), /^note: .*: it refuses the key \(403\) -> /m],
    ["poor", () => new Response("", { status: 429 }), /^note: .*\(429\) -> wait/m],
    [
      "broken",
      () => new Response("", { status: 503 }),
      /^note: .*in trouble itself \(503\) -> try again later$/m,
    ],
    [
      "elsewhere",
      () => new Response("", { status: 302, headers: { location: "http://127.0.0.1:9/" } }),
      /^note: .*sends one elsewhere \(302\)/m,
    ],
    ["not there", () => new Response("", { status: 404 }), /^note: .*it answers 404 -> .*ends in \/v1$/m],
    ["a web page", () => new Response("<html>"), /^note: .*no list of models -> check the address/m],
    ["another list", () => Response.json({ cats: [] }), /^note: .*no list of models -> check the address/m],
  ];
  for (const [what, answer, message] of rows) {
    const seen: (string | null)[] = [];
    await withServer((request) => {
      seen.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
      return answer(request);
    }, async (base_url) => {
      await using home = await roleHome(
        `local_servers: off\nopenai_base_url: ${base_url}\nopenai_api_key: ${KEY}\n`,
      );
      const report = await examine(home);
      assert.match(report.of("providers").join("\n"), message, what);
      assert.ok(!report.text.includes(KEY), what);
      assert.equal(report.usable, true);
      const alone = report.of("providers").some((line) => line.startsWith("note: no model can be reached"));
      assert.equal(alone, what !== "models");
    });
    assert.deepEqual(seen, [`/v1/models Bearer ${KEY}`], what);
  }
});

Deno.test("nobody listens, no such host; and who makes the vectors", async () => {
  let closed = "";
  await withServer(() => new Response(""), (base_url) => {
    closed = base_url;
    return Promise.resolve();
  });
  const rows: [string, RegExp][] = [
    [closed, /^note: .*nobody listens there -> start that server, or check its port$/m],
    // RFC 2606: no resolver knows it.
    ["http://nohost.invalid/v1", /^note: .*nohost\.invalid.*: no such host -> check the address/m],
    ["http://127.0.0.1:9/v1", /^note: .*it cannot be reached -> check the network/m],
  ];
  for (const [url, message] of rows) {
    await using home = await roleHome(
      `local_servers: off\nopenai_base_url: ${url}\nopenai_api_key: ${KEY}\n`,
    );
    assert.match((await examine(home)).of("providers").join("\n"), message);
  }
  await using off = await roleHome("local_servers: off\nembeddings:\n  engine: off\n");
  assert.deepEqual((await examine(off)).of("memory"), ["ok: by words; embeddings are off"]);
  await using local = await roleHome();
  assert.match(
    (await examine(local)).of("memory")[0],
    /^note: by words only\. The model .* is not in .* -> flower models pull/,
  );
  await withServer(
    (request) => new Response("", { status: request.url.endsWith("/v1/embeddings") ? 200 : 404 }),
    async (url) => {
      await using home = await roleHome(
        `local_servers: off\nembeddings:\n  engine: endpoint\n  url: ${url}\n  model: m\n`,
      );
      assert.deepEqual((await examine(home)).of("memory"), [`ok: by words and by meaning, with m at ${url}`]);
    },
  );
  const asked: string[] = [];
  await withServer((request) => {
    asked.push(new URL(request.url).pathname);
    return new Response("", { status: 307, headers: { location: "/elsewhere" } });
  }, async (url) => {
    await using home = await roleHome(
      `local_servers: off\nembeddings: {engine: endpoint, url: "${url}", model: m, api_key: ${KEY}}\n`,
    );
    assert.match((await examine(home)).of("memory")[0], /^note: by words only: m at .* answers 307 -> /);
  });
  assert.deepEqual(asked, ["/v1/embeddings"]);
});

Deno.test("a Chroma server, where one is configured: there, with a wrong token, without its database, away", async () => {
  const rows: [number, RegExp][] = [
    [200, /^ok: Chroma at .*: its database stories answers$/],
    [401, /^note: .*it refuses the token \(401\); until it is there.* -> correct vectors\.token/],
    [404, /^note: .*it has no database stories of tenant mine; /],
    [500, /^note: .*it answers 500; /],
    // The token goes nowhere else.
    [307, /^note: .*it answers 307; /],
  ];
  for (const [status, message] of rows) {
    const seen: string[] = [];
    await withServer((request) => {
      seen.push(`${new URL(request.url).pathname} ${request.headers.get("x-chroma-token")}`);
      return new Response(`your token ${KEY}`, { status, headers: { location: "/elsewhere" } });
    }, async (base_url) => {
      const url = base_url.replace("/v1", "");
      await using home = await roleHome(
        `local_servers: off\nvectors: {engine: chroma, url: "${url}", tenant: mine, database: stories, token: ${KEY}}\n`,
      );
      const { of, text, usable } = await examine(home);
      assert.equal(usable, true);
      assert.match(of("chroma").join("\n"), message);
      assert.ok(!text.includes(KEY));
    });
    assert.deepEqual(seen, [`/api/v2/tenants/mine/databases/stories ${KEY}`]);
  }
  await using away = await roleHome(
    'local_servers: off\nvectors: {engine: chroma, url: "http://nohost.invalid:8100"}\n',
  );
  assert.match((await examine(away)).of("chroma")[0], /^note: Chroma at .*: no such host; /);
  await using none = await roleHome();
  assert.deepEqual((await examine(none)).of("chroma"), []);
});

Deno.test("assets with a mistake are named; without any world nothing can be played", async () => {
  await using home = await roleHome();
  await Deno.mkdir(join(home.path, "worlds"));
  await Deno.writeTextFile(join(home.path, "worlds", "mine.yaml"), "id: mine\n");
  const { of, usable } = await examine(home);
  assert.equal(usable, true);
  assert.match(of("assets")[1], /^note: .*worlds\/mine\.yaml:1:1: needs a "name" -> correct it there/);
});

Deno.test("backups: fresh, and none made since one played", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  const folder = join(home.path, "backups");
  await Deno.mkdir(folder);
  const now_ms = Date.now();
  const day = (back: number) => new Date(now_ms - back * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await Deno.writeTextFile(join(folder, `engine-${day(9)}.db`), "");
  assert.match(
    (await examine(home)).of("backups")[0],
    new RegExp(`^note: 1 daily copy in .*, the newest of ${day(9)} -> logs/brain.log`),
  );
  await Deno.writeTextFile(join(folder, `engine-${day(1)}.db`), "");
  assert.match(
    (await examine(home)).of("backups")[0],
    new RegExp(`^ok: 2 daily copies in .*, the newest of ${day(1)}$`),
  );
});

Deno.test("without a terminal there is nothing to say about one", () => {
  if (Deno.stdout.isTerminal()) return;
  assert.deepEqual(checkTerminal(() => undefined).map(({ level }) => level), ["note"]);
});

Deno.test("each provider is shown its own key and no other's", async () => {
  const seen: string[] = [];
  const answer = (request: Request) => {
    seen.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    return Response.json({ object: "list", data: [{ id: "a" }] });
  };
  await withServer(answer, async (base_url) => {
    await using home = await roleHome(
      `local_servers: off\nopenai_base_url: ${base_url}\nopenai_api_key: ${KEY}\nproviders:\n` +
        `  - {name: own, base_url: "${base_url}/own", api_key: key-of-its-own}\n` +
        `  - {name: none, base_url: "${base_url}/none"}\n`,
    );
    assert.equal((await examine(home)).usable, true);
  });
  assert.deepEqual(seen.sort(), [
    `/v1/models Bearer ${KEY}`,
    "/v1/none/models null",
    "/v1/own/models Bearer key-of-its-own",
  ]);
});

Deno.test("a certificate that nobody has signed is told as such", async () => {
  const tls = join(ROOT, "tests", "fixtures", "tls");
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => Deno.readTextFileSync(join(tls, name)));
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", cert, key, onListen() {} },
    () => new Response(""),
  );
  try {
    await using home = await roleHome(
      `local_servers: off\nopenai_base_url: https://localhost:${server.addr.port}/v1\nopenai_api_key: ${KEY}\n`,
    );
    assert.match(
      (await examine(home)).of("providers").join("\n"),
      /^note: .*its certificate is not trusted -> DENO_CERT names/m,
    );
  } finally {
    await server.shutdown();
  }
});

Deno.test("a key stands nowhere, neither in what was found nor in what to do, however often it came in", async () => {
  await using home = await roleHome();
  // The name of a folder that both speak of.
  const secret = basename(dirname(home.path));
  await Deno.writeTextFile(
    join(home.path, "config.yaml"),
    `local_servers: off\nopenai_base_url: http://127.0.0.1:9/${secret}/${secret}/v1\nopenai_api_key: ${secret}\n`,
  );
  await Deno.chmod(home.path, 0o755);
  const { text, of } = await examine(home);
  assert.match(of("home")[0], /\[key\]\/home can be written.* -> chmod 700 .*\[key\]\/home$/);
  assert.ok(!text.includes(secret), text);
});

Deno.test("a database that can be read and is not whole is damaged, and playing is advised against", async () => {
  await using home = await roleHome();
  home.store((db) => tellEverything(db, "local", "eels"));
  // An index that nobody knows of any more: its pages belong to nothing.
  const raw = new DatabaseSync(home.database, { defensive: false } as DatabaseSyncOptions);
  raw.exec("PRAGMA writable_schema = ON");
  raw.exec("DELETE FROM sqlite_master WHERE type = 'index' AND name = 'memory_units_by_message'");
  raw.close();
  const { usable, of } = await examine(home);
  assert.equal(usable, false);
  assert.match(of("database").join("\n"), /^bad: .*: damaged: .* -> flower restore puts a backup back/s);
});
