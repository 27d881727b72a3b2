/**
 * An OpenAI-compatible server that fails on command, over plain TCP so that it can break a connection anywhere.
 * In a test: `startSseServer()`. As a process of its own: `deno run --allow-net tests/support/sse_server.ts [PORT]`
 * prints {"ready":true,"port":N}. Model ids `fault/...` choose a fault (sse_replies.ts); any other tells a story.
 *
 * POST /script {"replies": [Reply, ...]}   the next chat requests get these, whatever they ask for
 * POST /route {"path", "status"?, "body"?, "delay_ms"?, "headers"?}   what GET or POST of another path answers (null body: 404)
 * GET /requests   what was asked, and how each connection ended
 * POST /reset   as at the start
 */

import { FAULT_NAMES, type Reply, replyFor, type Step } from "./sse_replies.ts";

export interface Recorded {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Parsed when it is JSON. */
  body: unknown;
  /** Milliseconds since 1970. */
  at_ms: number;
  /** Bytes of the answer's body that were sent. */
  sent: number;
  /** Who ended the connection, and when; null while it is open. */
  closed: { by: "client" | "server"; at_ms: number } | null;
}

interface Route {
  status: number;
  /** Sent as JSON, a string as it is; null: 404. */
  body: unknown;
  delay_ms: number;
  headers?: Record<string, string>;
}

export interface SseServer {
  port: number;
  /** `http://127.0.0.1:PORT/v1` */
  base_url: string;
  requests: Recorded[];
  chats(): Recorded[];
  script(...replies: Reply[]): void;
  route(path: string, body: unknown, options?: { status?: number; delay_ms?: number }): void;
  reset(): void;
  /** Resolves with the request once its connection has ended. */
  ended(index: number): Promise<Recorded>;
  close(): Promise<void>;
}

const ODD_PIECES = [5, 1, 17, 2, 61, 3, 29];
const encoder = new TextEncoder();

export function startSseServer(options: { port?: number } = {}): SseServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: options.port ?? 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const requests: Recorded[] = [];
  const scripted: Reply[] = [];
  const routes = new Map<string, Route>();
  const asked_before = new Map<string, number>();
  const open = new Set<Deno.Conn>();
  const waiting = new Set<() => void>();
  const pauses = new Set<() => void>();
  let closing = false;

  function reset(): void {
    requests.length = 0;
    scripted.length = 0;
    asked_before.clear();
    routes.clear();
    const models = ["story", "story-2", ...FAULT_NAMES.map((name) => `fault/${name}`)];
    const data = models.map((id) => ({ id, object: "model", created: 1, owned_by: "test" }));
    routes.set("/v1/models", { status: 200, body: { object: "list", data }, delay_ms: 0 });
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        pauses.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      pauses.add(finish);
    });
  }

  function end(record: Recorded, by: "client" | "server"): void {
    if (record.closed) return;
    record.closed = { by, at_ms: Date.now() };
    for (const wake of [...waiting]) wake();
  }

  async function serve(conn: Deno.Conn): Promise<void> {
    const reader = createReader(conn);
    let record: Recorded | null = null;
    try {
      const head = await reader.head();
      if (head === null) return;
      const [method = "", path = ""] = head.lines[0].split(" ");
      const headers = Object.fromEntries(
        head.lines.slice(1).map((line) => line.split(/:\s*/s)).map(([name, ...rest]) => [
          name.toLowerCase(),
          rest.join(":"),
        ]),
      );
      const chat = path.endsWith("/chat/completions");
      const recorded: Recorded = {
        method,
        path,
        headers,
        body: null,
        at_ms: Date.now(),
        sent: 0,
        closed: null,
      };
      if (!isControl(path)) requests.push(record = recorded);
      const body = await reader.body(Number(headers["content-length"] ?? 0));
      recorded.body = parseOr(body);
      if (chat) await answerChat(conn, reader, recorded);
      else await answer(conn, recorded);
    } catch (error) {
      if (!(error instanceof ClientGone) && !isClosedError(error)) throw error;
      if (record) end(record, "client");
    } finally {
      if (record) end(record, "server");
      open.delete(conn);
      try {
        conn.close();
      } catch {
        // Closed by close() already.
      }
    }
  }

  async function answerChat(conn: Deno.Conn, reader: Reader, record: Recorded): Promise<void> {
    const asked = (typeof record.body === "object" && record.body !== null ? record.body : {}) as Record<
      string,
      unknown
    >;
    const model = String(asked.model ?? "");
    const times = asked_before.get(model) ?? 0;
    asked_before.set(model, times + 1);
    const reply = scripted.shift() ?? replyFor(model, times, asked);
    const gone = reader.gone();
    gone.catch(() => {});
    if (reply.reset) return;
    if (reply.silent) return await gone;
    if (reply.body !== undefined) {
      await send(conn, plainHead(reply.status ?? 200, reply.headers ?? {}, reply.body) + reply.body);
      return;
    }
    const head = { "content-type": "text/event-stream", ...reply.headers, "transfer-encoding": "chunked" };
    await send(conn, headOf(reply.status ?? 200, head));
    for (const step of reply.steps ?? []) {
      if (!await Promise.race([take(conn, step, reply, record), gone])) return;
    }
    await send(conn, "0\r\n\r\n");
  }

  /** False when the connection must end without the end of the body. */
  async function take(conn: Deno.Conn, step: Step, reply: Reply, record: Recorded): Promise<boolean> {
    if ("cut" in step) return false;
    if ("stall" in step) return await new Promise<boolean>(() => {});
    if ("wait_ms" in step) {
      await pause(step.wait_ms);
      return true;
    }
    const bytes = encoder.encode(step.send);
    const sizes = reply.pieces ?? ODD_PIECES;
    for (let at = 0, turn = record.sent; at < bytes.length; turn++) {
      const piece = bytes.subarray(at, at + sizes[turn % sizes.length]);
      const open = encoder.encode(`${piece.length.toString(16)}\r\n`);
      const whole = new Uint8Array(open.length + piece.length + 2);
      whole.set(open);
      whole.set(piece, open.length);
      whole.set([13, 10], open.length + piece.length);
      await writeAll(conn, whole);
      at += piece.length;
      record.sent += piece.length;
      if (reply.piece_ms) await pause(reply.piece_ms);
    }
    return true;
  }

  async function answer(conn: Deno.Conn, record: Recorded): Promise<void> {
    const { method, path, body } = record;
    const { replies, ...route } = (body ?? {}) as { replies?: Reply[] } & Partial<Route> & { path?: string };
    if (path === "/requests") return await sendJson(conn, 200, requests);
    if (method === "POST" && path === "/reset") reset();
    else if (method === "POST" && path === "/script") scripted.push(...replies ?? []);
    else if (method === "POST" && path === "/route") {
      routes.set(route.path ?? "", { status: 200, body: null, delay_ms: 0, ...route });
    } else {
      const found = routes.get(path.split("?")[0]);
      if (found?.delay_ms) await pause(found.delay_ms);
      if (!found || found.body === null) {
        return await sendJson(conn, 404, { error: { message: "no such path" } });
      }
      return await sendJson(conn, found.status, found.body, found.headers);
    }
    await sendJson(conn, 200, { ok: true });
  }

  reset();
  const accepting = (async () => {
    const served = new Set<Promise<void>>();
    for await (const conn of listener) {
      conn.setNoDelay(true);
      open.add(conn);
      const one = serve(conn).finally(() => served.delete(one));
      served.add(one);
    }
    await Promise.all(served);
  })();

  return {
    port,
    base_url: `http://127.0.0.1:${port}/v1`,
    requests,
    chats: () => requests.filter((request) => request.path.endsWith("/chat/completions")),
    script: (...replies) => void scripted.push(...replies),
    route: (path, body, more = {}) => void routes.set(path, { status: 200, delay_ms: 0, body, ...more }),
    reset,
    ended(index) {
      return new Promise((resolve) => {
        const look = () => {
          const found = requests[index];
          if (!found?.closed) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    async close() {
      if (closing) return;
      closing = true;
      listener.close();
      for (const conn of open) conn.close();
      for (const finish of [...pauses]) finish();
      await accepting.catch(() => {});
    },
  };
}

class ClientGone extends Error {}

function isClosedError(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.Interrupted;
}

function isControl(path: string): boolean {
  return ["/requests", "/script", "/route", "/reset"].includes(path);
}

interface Reader {
  head(): Promise<{ lines: string[] } | null>;
  body(length: number): Promise<string>;
  /** Rejects with ClientGone when the client has closed the connection. */
  gone(): Promise<never>;
}

function createReader(conn: Deno.Conn): Reader {
  let held = new Uint8Array(0);
  async function more(): Promise<boolean> {
    const buffer = new Uint8Array(16_384);
    const count = await conn.read(buffer);
    if (count === null) return false;
    const joined = new Uint8Array(held.length + count);
    joined.set(held);
    joined.set(buffer.subarray(0, count), held.length);
    held = joined;
    return true;
  }
  return {
    async head() {
      for (;;) {
        // Latin-1: one character per byte, so that the index is one of bytes.
        const end = new TextDecoder("latin1").decode(held).indexOf("\r\n\r\n");
        if (end >= 0) {
          const lines = new TextDecoder().decode(held.subarray(0, end)).split("\r\n");
          held = held.slice(end + 4);
          return { lines };
        }
        if (!await more()) return null;
      }
    },
    async body(length) {
      while (held.length < length) if (!await more()) throw new ClientGone();
      const text = new TextDecoder().decode(held.subarray(0, length));
      held = held.slice(length);
      return text;
    },
    async gone() {
      while (await more());
      throw new ClientGone();
    },
  };
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function headOf(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Test\r\nconnection: close\r\n${lines.join("")}\r\n`;
}

function plainHead(status: number, headers: Record<string, string>, body: string): string {
  return headOf(status, { ...headers, "content-length": String(encoder.encode(body).length) });
}

async function sendJson(
  conn: Deno.Conn,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  await send(conn, plainHead(status, { "content-type": "application/json", ...headers }, body) + body);
}

async function send(conn: Deno.Conn, text: string): Promise<void> {
  await writeAll(conn, encoder.encode(text));
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

if (import.meta.main) {
  const server = startSseServer({ port: Number(Deno.args[0] ?? 0) });
  console.log(JSON.stringify({ ready: true, port: server.port }));
}
