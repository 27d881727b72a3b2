/** A brain that others reach, over real sockets: who gets in, who is thrown out, and the pages that tell how it is. */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { FaceClient } from "../support/face_client.ts";
import { cleanEnv, FACE, FRONT_DOOR, ROOT, startPiped, tempHome, until } from "../support/processes.ts";
import { ask, open, UPGRADE } from "../support/raw_http.ts";
import { chunk, STORY } from "../support/sse_replies.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { addMessage } from "../../brain/store/messages.ts";
import { saveState } from "../../brain/store/players.ts";
import { createSession, updateSession } from "../../brain/store/sessions.ts";
import { addToken, hashToken } from "../../brain/store/tokens.ts";
import { configFor, openStage, type Stage, startProvider } from "./stage.ts";

const OUTSIDE = ["--host", "0.0.0.0"];
const TLS = join(ROOT, "tests", "fixtures", "tls");
const ANN = "token-of-ann-0123456789abcdef";
const BEN = "token-of-ben-0123456789abcdef";

/** Runs `flower ARGS` to its end. */
async function flower(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", FACE, ...args],
    clearEnv: true,
    env: cleanEnv(),
    cwd: ROOT,
    stdin: "null",
  });
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), err: text(stderr) };
}

/** Puts players into the database of a home, as `flower token add` would. */
function admit(home: string): void {
  const db = openDatabase(join(home, "engine.db"));
  for (const [id, name, token] of [["a1", "Ann", ANN], ["b1", "Ben", BEN]]) {
    addToken(db, { id, name, token_hash: hashToken(token) });
  }
  db.close();
}

/** A brain on all addresses with Ann and Ben. */
async function openServer(config: string, args: readonly string[] = OUTSIDE): Promise<Stage> {
  // The front door wants a token before it starts; the players come right after.
  const file = await Deno.makeTempFile({ prefix: "flower-token-" });
  await Deno.writeTextFile(file, "the-owner-token-0123456789\n");
  await Deno.chmod(file, 0o600);
  try {
    const stage = await openStage({ config, args: [...args, "--token-file", file] });
    admit(stage.home);
    stage.url = stage.url.replace("0.0.0.0", "127.0.0.1");
    return stage;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a brain that others could reach does not start without a token for them", async (t) => {
  await using home = await tempHome("narrator_word_ms: 0\n");
  const secret = (name: string, mode: number, text = "a-token-of-some-length\n") => {
    const path = join(home.path, name);
    Deno.writeTextFileSync(path, text);
    Deno.chmodSync(path, mode);
    return path;
  };
  await Deno.writeTextFile(
    join(home.path, "named.yaml"),
    "local_servers: off\nallowed_hosts: [story.example]\n",
  );
  const named = ["--config", join(home.path, "named.yaml")];
  const how = /and no player has a token\. Give one with: flower token add NAME \(or --token-file FILE/;
  const rows: [string, string[], number, RegExp][] = [
    ["all addresses", OUTSIDE, 2, /^0\.0\.0\.0 can be reached from other machines, and/],
    ["all IPv6 addresses", ["--host", "::"], 2, how],
    ["a proxy in front", ["--trust-proxy"], 2, /^A proxy lets others in, and/],
    ["a public name", named, 2, /^allowed_hosts lets others in, and/],
    [
      "a token file for everybody",
      [...OUTSIDE, "--token-file", secret("open", 0o644)],
      2,
      /^\/.*\/open can be read by others \(mode 644\)\. A token is a password: chmod 600 \/.*\/open$/,
    ],
    ["an empty token file", [...OUTSIDE, "--token-file", secret("empty", 0o600, "\n")], 2, /holds no token/],
    [
      "a short token",
      [...OUTSIDE, "--token-file", secret("short", 0o600, "fifteen-letters")],
      2,
      /holds no token/,
    ],
    ["no token file", [...OUTSIDE, "--token-file", "none"], 1, /none cannot be read: No such file/],
    ["a certificate alone", ["--tls-cert", join(TLS, "cert.pem")], 2, /need each other/],
    [
      "a key for a certificate",
      ["--tls-cert", join(TLS, "key.pem"), "--tls-key", join(TLS, "key.pem")],
      1,
      /key\.pem holds no certificate in PEM/,
    ],
  ];
  for (const [name, args, code, says] of rows) {
    await t.step(name, async () => {
      await using door = startPiped(FRONT_DOOR, ["serve", "--port", "0", "--home", home.path, ...args], {
        cwd: home.path,
      });
      assert.equal(await door.ended, code);
      assert.equal(door.stdout(), "");
      assert.match(door.stderr().trim().split("\n").at(-1) ?? "", says);
    });
  }
  await t.step("with a token file it does, and so it does once a player has a token", async () => {
    for (const args of [["--token-file", secret("good", 0o600)], []]) {
      await using door = startPiped(FRONT_DOOR, [
        "serve",
        "--port",
        "0",
        "--home",
        home.path,
        ...OUTSIDE,
        ...args,
      ], {
        cwd: home.path,
      });
      const { url } = await door.ready();
      assert.match(url, /^ws:\/\/0\.0\.0\.0:\d+\/ws\/rpc$/);
      const beacon = JSON.parse(Deno.readTextFileSync(join(home.path, "brain.json")));
      assert.equal(beacon.url, url.replace("0.0.0.0", "127.0.0.1"));
      if (args.length > 0) admit(home.path);
    }
  });
});

Deno.test("flower token beside a running brain: the token lets in at once, and out again within seconds", async () => {
  await using stage = await openServer(configFor(null));
  const { token: own } = JSON.parse(Deno.readTextFileSync(join(stage.home, "brain.json")));
  assert.equal(own, "the-owner-token-0123456789");
  const Host = new URL(stage.url).host;
  const asks = async (headers: Record<string, string>) =>
    (await ask(stage.url, "/ws/rpc", { Host, ...UPGRADE, ...headers })).status;
  assert.equal(await asks({}), 401);
  const added = await flower("token", "add", "Cleo", "--home", stage.home);
  assert.deepEqual([added.code, added.out.length], [0, 64]);
  assert.match(added.err, /^Cleo may play\. .* shown this once/);
  assert.equal(await asks({ Authorization: `Bearer ${added.out}` }), 101);
  assert.equal(await asks({ Authorization: `Bearer ${added.out.slice(1)}` }), 401);
  assert.equal(await asks({ Authorization: `Bearer ${hashToken(added.out)}` }), 401);
  // All of it counts, of the owner's as of anybody's.
  for (const token of [own.slice(0, -1), own.slice(1), `${own}x`, own.toUpperCase(), ""]) {
    assert.equal(await asks({ Authorization: `Bearer ${token}` }), 401, token);
    assert.equal(await asks({ "Sec-WebSocket-Protocol": `flower.v1, auth.${token}` }), 401, token);
  }
  assert.equal(await asks({ Authorization: `Bearer ${own}` }), 101);
  const offered = await ask(stage.url, "/ws/rpc", {
    Host,
    ...UPGRADE,
    "Sec-WebSocket-Protocol": `flower.v1, auth.${added.out}`,
  });
  assert.deepEqual([offered.status, offered.headers["sec-websocket-protocol"]], [101, "flower.v1"]);
  assert.equal(await asks({ "Sec-WebSocket-Protocol": `flower.v1, auth.${added.out}x` }), 401);

  await using owner = await FaceClient.connect(stage.url, own);
  await using cleo = await FaceClient.connect(stage.url, added.out);
  const names = [owner, cleo].map((face) =>
    face.events.flatMap((event) =>
      event.event === "system_update" ? event.metadata.greeting?.player ?? [] : []
    )
  );
  assert.deepEqual(names, [["local"], ["Cleo"]]);
  assert.match(
    (await flower("token", "list", "--home", stage.home)).out,
    /^✓ Ann: .*\n✓ Ben: .*\n✓ Cleo: 0 stories$/,
  );
  const taken = performance.now();
  assert.equal((await flower("token", "revoke", "Cleo", "--home", stage.home)).code, 0);
  await until(() => cleo.closed, "the end of Cleo's face");
  assert.ok(performance.now() - taken < 30_000);
  assert.deepEqual(cleo.closed, { code: 4401, reason: "This token was revoked." });
  assert.equal(await asks({ Authorization: `Bearer ${added.out}` }), 401);
  assert.equal((await owner.command("/cancel")).content, "Nothing is being told.");
  assert.ok(!stage.log().includes(added.out) && !stage.log().includes(own));
  const file = new TextDecoder("latin1").decode(Deno.readFileSync(join(stage.home, "engine.db")));
  assert.ok(!file.includes(added.out));
});

Deno.test("public names are let in, as Host and as Origin; other names are not", async () => {
  await using stage = await openServer(configFor(null, "allowed_hosts: [story.example]"));
  const { port } = new URL(stage.url);
  const Authorization = `Bearer ${ANN}`;
  const rows: [number, Record<string, string>][] = [
    [101, { Host: `127.0.0.1:${port}`, Authorization }],
    [101, { Host: "story.example", Authorization }],
    [101, { Host: "story.example", Origin: "https://story.example", Authorization }],
    [101, { Host: `10.9.8.7:${port}`, Authorization }],
    [401, { Host: "story.example" }],
    [403, { Host: "evil.example", Authorization }],
    [403, { Host: `evil.example:${port}`, Authorization }],
    [403, { Host: "story.example", Origin: "https://evil.example", Authorization }],
    [403, { Host: "story.example", Origin: "null", Authorization }],
    // Without --trust-proxy nobody is believed.
    [403, { Host: "evil.example", "X-Forwarded-Host": "story.example", Authorization }],
    [403, { Host: "a b<>", Authorization }],
    [400, { Host: "story.example", Authorization, Connection: "close" }],
  ];
  for (const [status, headers] of rows) {
    assert.equal(
      (await ask(stage.url, "/ws/rpc", { ...UPGRADE, ...headers })).status,
      status,
      JSON.stringify(headers),
    );
  }
});

Deno.test("behind a proxy: its word for the host counts, everybody needs a token, and the log has the real address", async () => {
  const config = configFor(null, "allowed_hosts: [story.example]\nlog_level: debug");
  await using stage = await openServer(config, ["--trust-proxy"]);
  const { host: Host } = new URL(stage.url);
  const forwarded = { Host, "X-Forwarded-For": "203.0.113.9, 198.51.100.7" };
  const rows: [number, Record<string, string>][] = [
    [401, { ...forwarded, "X-Forwarded-Host": "story.example" }],
    [403, { ...forwarded, "X-Forwarded-Host": "evil.example", Authorization: `Bearer ${ANN}` }],
    [101, { ...forwarded, "X-Forwarded-Host": "story.example", Authorization: `Bearer ${ANN}` }],
  ];
  for (const [status, headers] of rows) {
    assert.equal(
      (await ask(stage.url, "/ws/rpc", { ...UPGRADE, ...headers })).status,
      status,
      JSON.stringify(headers),
    );
  }
  await until(() => stage.log().includes("a face of a1 from 198.51.100.7"), "the address in the log");
  assert.match(stage.log(), /no token from 198\.51\.100\.7/);
  assert.ok(!stage.log().includes("203.0.113.9"));
  assert.equal(
    (await ask(stage.url, "/healthz", { ...forwarded, "X-Forwarded-Host": "story.example" })).status,
    401,
  );
});

Deno.test("healthz, readyz and metrics: open to this machine, with a token to others, without a word of a story", async () => {
  await using provider = await startProvider();
  await using stage = await openServer(configFor(provider));
  const Host = new URL(stage.url).host;
  const from_elsewhere = { Host, "X-Forwarded-For": "203.0.113.9" };
  await using ann = await FaceClient.connect(stage.url, ANN);
  await ann.begin();
  assert.equal((await ann.turn("I whisper the word zanzibar.")).message.status, "complete");
  await ann.command("/model fault/500");
  assert.equal((await ann.turn("And again.")).message.status, "failed");
  for (
    const [path, body] of [["/healthz", /^alive\n$/], ["/readyz", /^ready\n$/], [
      "/metrics",
      /^# HELP /,
    ]] as const
  ) {
    const open = await ask(stage.url, path, { Host });
    assert.deepEqual([open.status, body.test(open.body)], [200, true], open.body.slice(0, 200));
    assert.equal((await ask(stage.url, path, from_elsewhere)).status, 401);
    assert.equal(
      (await ask(stage.url, path, { ...from_elsewhere, Authorization: "Bearer wrong" })).status,
      401,
    );
    assert.equal(
      (await ask(stage.url, path, { ...from_elsewhere, Authorization: `Bearer ${BEN}` })).status,
      200,
    );
    assert.equal((await ask(stage.url, path, { Host: "evil.example" })).status, 403);
    assert.equal((await ask(stage.url, path, { Host, Origin: "http://evil.example" })).status, 403);
  }
  const { body, headers } = await ask(stage.url, "/metrics", { Host });
  assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  const value = (name: string) =>
    Number(body.split("\n").find((line) => line.startsWith(`${name} `))?.split(" ")[1]);
  assert.equal(value('flower_turns_total{status="complete"}'), 1);
  assert.equal(value('flower_turns_total{status="failed"}'), 1);
  assert.ok(value('flower_tokens_total{kind="prompt"}') > 0);
  assert.ok(value('flower_errors_total{kind="provider_server"}') > 0, body);
  assert.equal(value("flower_first_token_seconds_count"), 1);
  assert.ok(value("flower_chunk_seconds_count") > 0);
  assert.ok(value("flower_first_token_seconds_sum") > 0 && value("flower_chunk_seconds_sum") > 0, body);
  assert.equal(value("flower_sockets"), 1);
  assert.equal(value("flower_running_turns"), 0);
  assert.ok(value("flower_resident_bytes") > 10_000_000);
  const told = ["zanzibar", "And again", ...STORY.split(" ").filter((word) => word.length > 6)];
  for (const secret of ["Ann", "a1", ANN, "salt_marsh", "story", ...told]) {
    assert.ok(!body.includes(secret), secret);
  }
  // Nor does the log speak of what is told, in turns that end well, in those that fail, and in lines that are refused.
  ann.say("And again, a zanzibar that nobody may hear. ".repeat(2000));
  await ann.until(
    () => ann.events.some(({ content }) => content.startsWith("✗ This line has")),
    "the refusal",
  );
  for (const text of told) assert.ok(!stage.log().includes(text), `${text} in\n${stage.log()}`);
});

Deno.test("with a certificate faces connect by wss, and in clear they do not", async () => {
  await using stage = await openServer(configFor(null), [
    ...OUTSIDE,
    "--tls-cert",
    join(TLS, "cert.pem"),
    "--tls-key",
    join(TLS, "key.pem"),
  ]);
  const { port, protocol } = new URL(stage.url);
  assert.equal(protocol, "wss:");
  using client = Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(join(TLS, "cert.pem"))] });
  const healthz = await fetch(`https://localhost:${port}/healthz`, { client });
  assert.equal(await healthz.text(), "alive\n");
  const socket = new WebSocket(`wss://localhost:${port}/ws/rpc`, {
    headers: { authorization: `Bearer ${ANN}` },
    client,
  });
  const first = await new Promise<string>((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(String(data));
    socket.onerror = (event) => reject(new Error(event instanceof ErrorEvent ? event.message : "no socket"));
  });
  assert.match(first, /"player":"Ann"/);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
  await assert.rejects(FaceClient.connect(`ws://localhost:${port}/ws/rpc`, ANN));
  // Its own machine's faces find it in clear, at an address that nobody else can reach, and with the same tokens.
  const beacon = JSON.parse(Deno.readTextFileSync(join(stage.home, "brain.json")));
  const own = new URL(beacon.url);
  assert.deepEqual([own.protocol, own.hostname, own.port === port], ["ws:", "127.0.0.1", false]);
  await assert.rejects(Deno.connect({ hostname: "127.0.0.2", port: Number(own.port) }));
  {
    await using local = await FaceClient.connect(beacon.url, beacon.token);
    await local.begin();
    assert.equal((await local.turn("I look around.")).message.status, "complete");
  }
  const asks = async (headers: Record<string, string>) =>
    (await ask(beacon.url, "/ws/rpc", { Host: own.host, ...UPGRADE, ...headers })).status;
  assert.equal(await asks({}), 401);
  assert.equal(await asks({ Authorization: `Bearer ${ANN}` }), 101);
  assert.equal(await asks({ Authorization: `Bearer ${ANN}`, Host: `127.0.0.1:${port}` }), 403);
  // The key stands in no file of the home and in no argument.
  const key = Deno.readTextFileSync(join(TLS, "key.pem")).split("\n")[1];
  assert.ok(!stage.log().includes(key));
  assert.ok(!Deno.readTextFileSync(`/proc/${stage.pid}/cmdline`).includes("key.pem"));
});

Deno.test("lines that come too fast are refused by their ref, one player's haste is not another's", async () => {
  await using stage = await openServer(configFor(null, "limits: {frames_per_second: 5}"));
  await using ann = await FaceClient.connect(stage.url, ANN);
  await using ben = await FaceClient.connect(stage.url, BEN);
  const refs = Array.from({ length: 30 }, () => ann.say("/cancel"));
  const answers = () => ann.events.filter((event) => event.event === "system_update" && event.ref !== null);
  await ann.until(() => answers().length >= 30, "all answers");
  const refused = answers().filter(({ content }) =>
    content === "✗ At most 5 lines a second are read. Nothing was sent."
  );
  assert.ok(refused.length >= 10 && refused.length <= 25, String(refused.length));
  assert.deepEqual(answers().map(({ ref }) => ref).sort(), refs.toSorted());
  assert.equal((await ben.command("/cancel")).content, "Nothing is being told.");
});

Deno.test("a player with a token has sixteen faces at once; another player and the owner are let in beside them", async () => {
  await using stage = await openServer(configFor(null));
  const Host = new URL(stage.url).host;
  const { token } = JSON.parse(Deno.readTextFileSync(join(stage.home, "brain.json")));
  const status = async (shown: string) =>
    (await ask(stage.url, "/ws/rpc", { Host, ...UPGRADE, Authorization: `Bearer ${shown}` })).status;
  using faces = new DisposableStack();
  for (let i = 0; i < 16; i++) {
    faces.use(await open(stage.url, "/ws/rpc", { Host, ...UPGRADE, Authorization: `Bearer ${ANN}` }));
  }
  await until(async () => await status(ANN) === 429, "the refusal");
  assert.deepEqual([await status(BEN), await status(token)], [101, 101]);
  assert.match(
    (await ask(stage.url, "/metrics", { Host })).body,
    /^flower_refused_total\{reason="faces"\} \d+$/m,
  );
  faces.dispose();
  await until(async () => await status(ANN) === 101, "room again");
});

Deno.test("a face that does not read is dropped at a cap; the others of the player go on", async () => {
  await using stage = await openServer(configFor(null));
  await stage.door[Symbol.asyncDispose]();
  const db = openDatabase(join(stage.home, "engine.db"));
  createSession(db, {
    id: "0123456789ab",
    player_id: "a1",
    world_id: "salt_marsh",
    character_id: "farrier",
    model: "",
    title: "Long",
    leaf_id: null,
    created_ms: 1,
    last_used_ms: 1,
  });
  let parent_id: number | null = null;
  for (let i = 0; i < 6; i++) {
    parent_id = addMessage(db, "a1", "0123456789ab", {
      parent_id,
      role: i % 2 === 0 ? "user" : "assistant",
      content: "word ".repeat(200_000),
      status: "complete",
      model: "",
      tokens: 1,
      created_ms: 1,
    }).id;
  }
  updateSession(db, "a1", "0123456789ab", { leaf_id: parent_id });
  const state = {
    world_id: "salt_marsh",
    character_id: "farrier",
    session_id: "0123456789ab",
    model: "",
    rules: [],
  };
  saveState(db, "a1", state);
  db.close();
  await using door = startPiped(FRONT_DOOR, ["serve", "--port", "0", ...OUTSIDE, "--home", stage.home], {
    cwd: stage.home,
  });
  const url = (await door.ready()).url.replace("0.0.0.0", "127.0.0.1");
  const Host = new URL(url).host;
  await using reader = await FaceClient.connect(url, ANN);
  using deaf = await open(url, "/ws/rpc", { Host, ...UPGRADE, Authorization: `Bearer ${ANN}` });
  assert.ok(deaf.remoteAddr.port > 0);
  const sockets = async () =>
    /^flower_sockets (\d+)$/m.exec((await ask(url, "/metrics", { Host })).body)?.[1];
  await until(async () => await sockets() === "2", "both sockets");
  // Each of these shows 6 MB to both.
  for (let i = 0; i < 5; i++) {
    const from = reader.events.length;
    await reader.command(i % 2 === 0 ? "/undo" : "/redo");
    await reader.next("chat_history", from);
  }
  await until(async () => await sockets() === "1", "the deaf one's end");
  assert.match(
    Deno.readTextFileSync(join(stage.home, "logs", "brain.log")),
    /a face does not read; it is closed/,
  );
  assert.match((await ask(url, "/metrics", { Host })).body, /^flower_refused_total\{reason="slow"\} 1$/m);
  assert.equal((await reader.command("/cancel")).content, "Nothing is being told.");
});

Deno.test("SIGTERM: nobody new is let in, the reply that runs has ten seconds and is kept, faces are told to come back", async () => {
  await using provider = await startProvider();
  await using stage = await openServer(configFor(provider));
  const Host = new URL(stage.url).host;
  await using ann = await FaceClient.connect(stage.url, ANN);
  await ann.begin();
  await provider.script({ steps: [{ send: chunk({ content: "It begins " }) }, { stall: true }] });
  ann.say("I wait.");
  await ann.next("chat_chunk", 0);
  const asked = performance.now();
  stage.door.signal("SIGTERM");
  await until(
    async () => (await ask(stage.url, "/readyz", { Host })).body === "stopping\n",
    "readyz to say so",
  );
  assert.equal((await ask(stage.url, "/readyz", { Host })).status, 503);
  assert.equal((await ask(stage.url, "/healthz", { Host })).status, 200);
  const late = await ask(stage.url, "/ws/rpc", { Host, ...UPGRADE, Authorization: `Bearer ${BEN}` });
  assert.equal(late.status, 503);
  assert.equal(await stage.door.ended, 0);
  // Ten seconds; the silence of a provider alone would be given sixty.
  const took = performance.now() - asked;
  assert.ok(took > 9500 && took < 40_000, `${took} ms`);
  await until(() => ann.closed, "the close");
  assert.deepEqual(ann.closed, { code: 1012, reason: "restarting" });
  assert.ok(ann.events.some(({ content }) => content.startsWith("The brain restarts.")));
  const row = stage.rows().at(-1);
  assert.deepEqual([row?.content, row?.status], ["It begins ", "stopped"]);
  // Whoever copies the file of a brain that has ended has it all, whatever else lies beside it.
  await Deno.copyFile(join(stage.home, "engine.db"), join(stage.home, "alone.db"));
  const alone = openDatabase(join(stage.home, "alone.db"));
  assert.deepEqual(alone.get("SELECT content, status FROM messages ORDER BY id DESC LIMIT 1"), {
    content: "It begins ",
    status: "stopped",
  });
  alone.close();
});
