/** Deno.serve and WebSocket: the only file that knows there is a socket. */

import { encodeEvent, parseRequest, refOf } from "../shared/codec.ts";
import { CodecError } from "../shared/field.ts";
import { MAX_FRAME_BYTES, WS_PATH } from "../shared/protocol.ts";
import type { Brain, Listener } from "./brain.ts";
import { describe, notice } from "./turn.ts";

export interface ServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Bearer token that a face must show; empty: none. */
  token: string;
  /** Whose requests these are; until there are tokens for players there is one. */
  player_id: string;
  log(level: "debug" | "info" | "warn" | "error", text: string): void;
}

export interface RunningServer {
  url: string;
  close(): Promise<void>;
}

/** A face that has not read this much is closed with 1013 and comes back to the saved story. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;

const encoder = new TextEncoder();

/** Listens; resolves once connections are taken. Throws Deno.errors.AddrInUse when the port is taken. */
export function listen(brain: Brain, options: ServerOptions): RunningServer {
  const sockets = new Set<WebSocket>();
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: options.host, port: options.port, onListen: () => {} },
    (request) => answer(request, brain, options, server.addr.port, sockets),
  );
  const shown = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `ws://${shown}:${server.addr.port}${WS_PATH}`,
    async close() {
      for (const socket of sockets) socket.close(1001, "The brain stops.");
      await server.shutdown();
    },
  };
}

function answer(
  request: Request,
  brain: Brain,
  options: ServerOptions,
  port: number,
  sockets: Set<WebSocket>,
): Response {
  // Any page in a browser could otherwise play and spend the keys: browsers send Origin, faces never do.
  if (request.headers.has("origin")) return new Response("Foreign origin.\n", { status: 403 });
  if (!allowedHost(request.headers.get("host"), options.host, port)) {
    return new Response("Foreign host.\n", { status: 403 });
  }
  if (new URL(request.url).pathname !== WS_PATH) {
    return Response.json({ detail: "Not Found" }, { status: 404 });
  }
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return new Response("This is a WebSocket.\n", { status: 426, headers: { upgrade: "websocket" } });
  }
  if (
    options.token !== "" && !sameText(request.headers.get("authorization") ?? "", `Bearer ${options.token}`)
  ) {
    return new Response("A token is needed.\n", { status: 401 });
  }
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 30 });
  attach(socket, brain, options, sockets);
  return response;
}

/** The bound address, 127.0.0.1 or localhost at our port. */
export function allowedHost(host: string | null, bound: string, port: number): boolean {
  const bracketed = bound.includes(":") ? `[${bound}]` : bound;
  return [bracketed, "127.0.0.1", "localhost"].some((name) => host === `${name}:${port}`);
}

/** Compares without telling by its time where two texts differ. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  let difference = left.length ^ right.length;
  for (let i = 0; i < right.length; i++) difference |= (left[i] ?? 0) ^ right[i];
  return difference === 0;
}

function attach(socket: WebSocket, brain: Brain, options: ServerOptions, sockets: Set<WebSocket>): void {
  const listener: Listener = {
    player_id: options.player_id,
    send(event) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
        options.log("warn", "a face does not read; it is closed and may come back");
        brain.leave(listener);
        socket.close(1013, "Too slow.");
        return;
      }
      try {
        socket.send(encodeEvent(event));
      } catch (error) {
        options.log("warn", `a face is gone: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
  socket.onopen = () => {
    sockets.add(socket);
    try {
      brain.join(listener);
    } catch (error) {
      // A locked or damaged database: the face shows the reason and comes back.
      options.log("error", `a face could not join: ${describe(error)}`);
      listener.send(notice(`✗ ${describe(error)}`));
      brain.leave(listener);
      socket.close(1011, "The story could not be read.");
    }
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") {
      return brain.reject(listener, null, "Binary frames are not read; send text.");
    }
    // UTF-16 units are at most a third of the bytes: count exactly only when it may matter.
    if (data.length * 3 > MAX_FRAME_BYTES && encoder.encode(data).length > MAX_FRAME_BYTES) {
      brain.leave(listener);
      return socket.close(1009, `A frame has at most ${MAX_FRAME_BYTES} bytes.`);
    }
    try {
      brain.handle(listener, parseRequest(data));
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      brain.reject(listener, refOf(data), error.message);
    }
  };
  socket.onclose = socket.onerror = () => {
    sockets.delete(socket);
    brain.leave(listener);
  };
}
