import assert from "node:assert/strict";
import { type BrainLink, type LinkOptions, NoBrain, openLink } from "../../face/brain_link.ts";
import type { LinkEvent } from "../../face/runtime.ts";
import { until } from "../support/processes.ts";

/** A server whose sockets a test holds in its hands. */
interface Server extends AsyncDisposable {
  url: string;
  port: number;
  sockets: WebSocket[];
  /** Authorization header of each request. */
  asked: (string | null)[];
  received: string[];
}

function serve(options: { port?: number; status?: number } = {}): Server {
  const sockets: WebSocket[] = [];
  const asked: (string | null)[] = [];
  const received: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: options.port ?? 0, onListen: () => {} },
    (request) => {
      asked.push(request.headers.get("authorization"));
      if (options.status !== undefined) return new Response("no", { status: options.status });
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onopen = () => sockets.push(socket);
      socket.onmessage = (message) => received.push(String(message.data));
      return response;
    },
  );
  return {
    url: `ws://127.0.0.1:${server.addr.port}/ws/rpc`,
    port: server.addr.port,
    sockets,
    asked,
    received,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

interface Opened extends AsyncDisposable {
  link: BrainLink;
  events: LinkEvent[];
  /** Waits until the nth (from 1) event of a kind has come. */
  nth<K extends LinkEvent["kind"]>(kind: K, n?: number): Promise<Extract<LinkEvent, { kind: K }>>;
}

function open(options: LinkOptions): Opened {
  const events: LinkEvent[] = [];
  const link = openLink(options, (event) => void events.push(event));
  return {
    link,
    events,
    nth: <K extends LinkEvent["kind"]>(kind: K, n = 1) =>
      until(() => {
        const found = events.filter((event) => event.kind === kind);
        return found[n - 1] as Extract<LinkEvent, { kind: K }> | undefined;
      }, `${kind} ${n}`),
    async [Symbol.asyncDispose]() {
      link.close();
      await link.closed;
    },
  };
}

const at = (url: string, token = "") => () => Promise.resolve({ url, token });
const NOTICE = JSON.stringify({ event: "error", payload: { content: "careful", metadata: {} } });

Deno.test("a link tells starting, connected and each event, and says requests as JSON", async () => {
  await using server = serve();
  await using opened = open({ locate: at(server.url, "secret") });
  assert.equal(opened.link.say({ prompt: "too early", ref: null }), false);
  await opened.nth("connected");
  assert.deepEqual(server.asked, ["Bearer secret"]);
  server.sockets[0].send(NOTICE);
  const { event } = await opened.nth("event");
  assert.equal(event.event, "error");
  assert.equal(event.content, "careful");
  assert.equal(opened.link.say({ prompt: "Hello.", ref: "r1" }), true);
  await until(() => server.received.length === 1, "the request");
  assert.deepEqual(JSON.parse(server.received[0]), { prompt: "Hello.", ref: "r1" });
  assert.deepEqual(opened.events.map((event) => event.kind), ["starting", "connected", "event"]);
});

Deno.test("without a token no Authorization is sent", async () => {
  await using server = serve();
  await using opened = open({ locate: at(server.url) });
  await opened.nth("connected");
  assert.deepEqual(server.asked, [null]);
});

Deno.test("a lost link says so, comes back to where the brain is now, and begins its waits anew", async () => {
  await using server = serve();
  await using opened = open({ locate: at(server.url), delays_ms: [30, 5000] });
  for (let n = 1; n <= 3; n++) {
    await opened.nth("connected", n);
    await until(() => server.sockets.length === n, "the socket");
    server.sockets[n - 1].close(1013, "too slow");
    const lost = await opened.nth("lost", n);
    assert.deepEqual(lost, { kind: "lost", retry_in_ms: 30, reason: "the brain closed the line: too slow" });
    assert.equal(opened.link.say({ prompt: "nobody", ref: null }), false);
  }
});

Deno.test("waits grow from row to row, the last one repeats, and a long one is counted down", async () => {
  let tries = 0;
  const locate = () => {
    tries += 1;
    return Promise.reject(new Error("not yet"));
  };
  await using opened = open({ locate, delays_ms: [10, 20, 1040] });
  await opened.nth("lost", 6);
  const waits = opened.events.filter((event) => event.kind === "lost").map((event) => event.retry_in_ms);
  assert.deepEqual(waits.slice(0, 6), [10, 20, 1040, 40, 1040, 40]);
  assert.equal(tries, 4);
  const lost = await opened.nth("lost");
  assert.equal(lost.reason, "not yet");
});

Deno.test("the waits that ship are 0.2, 0.5, 1, 2, 5 and 10 s", async () => {
  await using opened = open({ locate: () => Promise.reject(new Error("not yet")) });
  for (let n = 1; n <= 4; n++) await opened.nth("lost", n);
  const waits = opened.events.filter((event) => event.kind === "lost").map((event) => event.retry_in_ms);
  assert.deepEqual(waits.slice(0, 4), [200, 500, 1000, 2000]);
});

Deno.test("retry ends a wait", async () => {
  let tries = 0;
  const locate = () => {
    tries += 1;
    return Promise.reject(new Error("not yet"));
  };
  await using opened = open({ locate, delays_ms: [60_000] });
  await opened.nth("lost");
  opened.link.retry();
  await until(() => tries === 2, "the second attempt");
});

Deno.test("a hopeless brain is told once as gone; retry begins again", async () => {
  await using server = serve();
  let hopeless = true;
  const locate = () =>
    hopeless ? Promise.reject(new NoBrain("no home", 3)) : Promise.resolve({ url: server.url, token: "" });
  await using opened = open({ locate });
  const gone = await opened.nth("gone");
  assert.equal(gone.reason, "no home");
  assert.equal(opened.link.failure()?.code, 3);
  hopeless = false;
  opened.link.retry();
  await opened.nth("connected");
  assert.equal(opened.link.failure(), null);
  assert.deepEqual(opened.events.map((event) => event.kind), ["starting", "gone", "starting", "connected"]);
});

Deno.test("reasons are plain words", async () => {
  const rows: { status?: number; token?: string; reason: RegExp }[] = [
    { status: 401, reason: /^the brain asks for a token$/ },
    { status: 401, token: "old", reason: /^the brain does not know this token$/ },
    { status: 403, reason: /^the brain refuses this address$/ },
    { status: 404, reason: /^the brain does not answer \(/ },
  ];
  for (const { status, token, reason } of rows) {
    await using server = serve({ status });
    await using opened = open({ locate: at(server.url, token) });
    assert.match((await opened.nth("lost")).reason, reason);
  }
  const closed = serve();
  await closed[Symbol.asyncDispose]();
  await using opened = open({ locate: at(closed.url) });
  assert.match((await opened.nth("lost")).reason, /^the brain does not answer \(/);
});

Deno.test("close codes are plain words", async () => {
  const rows: [number, string, string][] = [
    [1009, "too large", "the last line was larger than the brain reads"],
    [1012, "restarting", "the brain is restarting"],
    [4401, "This token was revoked.", "the brain has taken this token back"],
    [1000, "", "the brain is gone"],
    [1001, "restarting", "the brain closed the line: restarting"],
  ];
  await using server = serve();
  for (const [code, why, reason] of rows) {
    await using opened = open({ locate: at(server.url) });
    await opened.nth("connected");
    await until(() => server.sockets.at(-1)?.readyState === WebSocket.OPEN, "the socket");
    server.sockets.at(-1)?.close(code, why);
    assert.equal((await opened.nth("lost")).reason, reason);
  }
});

Deno.test("a refused token is told once with what to do, and only another one is tried", async () => {
  await using refusing = serve({ status: 401 });
  await using revoking = serve();
  for (
    const [server, token, reason] of [
      [refusing, "", "The brain asks for a token. Get one."],
      [refusing, "old", "The brain does not know this token. Get one."],
      [revoking, "old", "The brain has taken this token back. Get one."],
    ] as const
  ) {
    const asked = server.asked.length;
    const sockets = server.sockets.length;
    await using better = serve();
    let address = { url: server.url, token: token as string };
    let looks = 0;
    const locate = () => {
      looks += 1;
      // A file that is being written.
      if (looks === 3) throw new Error("No such file");
      return Promise.resolve(address);
    };
    await using opened = open({ locate, when_refused: "Get one.", new_token_ms: 1 });
    if (server === revoking) {
      (await until(() => server.sockets[sockets], "the socket")).close(4401, "This token was revoked.");
    }
    assert.equal((await opened.nth("gone")).reason, reason);
    assert.deepEqual([opened.link.failure()?.message, opened.link.failure()?.code], [reason, 3]);
    await until(() => looks > 5, "several looks for another token");
    assert.equal(server.asked.length, asked + 1, "the same token was tried again");
    const told = opened.events.filter(({ kind }) => kind === "lost" || kind === "gone");
    assert.equal(told.length, 1, "told more than once, or counted down");
    address = { url: better.url, token: "new" };
    await until(() => better.asked.length > 0, "the new token");
    await opened.nth("connected", server === revoking ? 2 : 1);
    assert.deepEqual([better.asked, opened.link.failure()], [["Bearer new"], null]);
  }
});

Deno.test("a link that waits for another token is closed at once", async () => {
  await using server = serve({ status: 401 });
  const opened = open({ locate: at(server.url, "old"), when_refused: "Get one.", new_token_ms: 3_600_000 });
  await opened.nth("gone");
  opened.link.close();
  await opened.link.closed;
});

Deno.test("a server that never answers is given up after the connect timeout", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const url = `ws://127.0.0.1:${listener.addr.port}/ws/rpc`;
  {
    await using opened = open({ locate: at(url), connect_timeout_ms: 50, delays_ms: [60_000] });
    assert.match((await opened.nth("lost")).reason, /no answer from ws:/);
    (await accepted).close();
  }
  listener.close();
});

Deno.test("frames that are not of the protocol are told three times and then passed over; the link lives on", async () => {
  await using server = serve();
  await using opened = open({ locate: at(server.url) });
  await opened.nth("connected");
  await until(() => server.sockets.length === 1, "the socket");
  for (let n = 0; n < 5; n++) server.sockets[0].send("{");
  server.sockets[0].send(new Uint8Array([1, 2, 3]));
  server.sockets[0].send(NOTICE);
  await opened.nth("event");
  const problems = opened.events.filter((event) => event.kind === "problem");
  assert.equal(problems.length, 3);
  assert.match(problems[0].text, /^The brain sent something I cannot read \(/);
});

Deno.test("after close nothing is told and nothing is tried", async () => {
  await using server = serve();
  const opened = open({ locate: at(server.url), delays_ms: [1] });
  await opened.nth("connected");
  const told = opened.events.length;
  opened.link.close();
  await opened.link.closed;
  assert.equal(opened.events.length, told);
  assert.equal(server.asked.length, 1);
  assert.equal(opened.link.say({ prompt: "x", ref: null }), false);
});

const GREETING = JSON.stringify({
  event: "system_update",
  payload: {
    content: "✓ Ready.",
    metadata: { status: "ok", protocol: 1, version: "0.1.0", player: "local" },
  },
});

Deno.test("a brain that falls silent after a line is given up and looked for anew; one that answers is not", async () => {
  await using server = serve();
  const alarms = new Map<() => void, number>();
  const after = (ms: number, fn: () => void) => {
    alarms.set(fn, ms);
    return () => void alarms.delete(fn);
  };
  await using opened = open({ locate: at(server.url), delays_ms: [10], answer_timeout_ms: 150, after });
  await opened.nth("connected");
  server.sockets[0].send(GREETING);
  await opened.nth("event");
  for (let line = 1; line <= 3; line++) {
    opened.link.say({ prompt: `line ${line}`, ref: null });
    opened.link.say({ prompt: "and on", ref: null });
    assert.deepEqual([...alarms.values()], [150], "from the first line without an answer");
    await until(() => server.received.length === 2 * line, "the lines");
    server.sockets[0].send(NOTICE);
    await opened.nth("event", 1 + line);
    assert.equal(alarms.size, 0, "nothing is asked of it");
  }
  assert.equal(opened.link.say({ prompt: "Is anybody there?", ref: null }), true);
  assert.equal(opened.events.filter(({ kind }) => kind === "lost").length, 0);
  for (const ring of alarms.keys()) ring();
  const { reason } = await opened.nth("lost");
  assert.equal(reason, `no answer from ${server.url}`);
  await opened.nth("connected", 2);
  // And with a real clock.
  await using waiting = open({ locate: at(server.url), delays_ms: [60_000], answer_timeout_ms: 20 });
  await waiting.nth("connected");
  await until(() => server.sockets.length === 3, "the socket");
  server.sockets[2].send(GREETING);
  await waiting.nth("event");
  waiting.link.say({ prompt: "Is anybody there?", ref: null });
  assert.equal((await waiting.nth("lost")).reason, reason);
});

Deno.test("an original server may be silent", async () => {
  await using server = serve();
  await using opened = open({ locate: at(server.url), delays_ms: [10], answer_timeout_ms: 50 });
  await opened.nth("connected");
  opened.link.say({ prompt: "/nonsense", ref: null });
  await until(() => server.received.length === 1, "the command");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(opened.events.some(({ kind }) => kind === "lost"), false);
});
