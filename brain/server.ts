/** Deno.serve: who comes in, and the pages that tell how the brain is. Sockets are face_socket.ts's. */

import manifest from "../deno.json" with { type: "json" };
import { WS_PATH } from "../shared/protocol.ts";
import {
  answeredProtocol,
  fromThisMachine,
  type Gate,
  hostAllowed,
  origin,
  originAllowed,
  sameText,
  shownToken,
} from "./admission.ts";
import type { Brain } from "./brain.ts";
import { FaceSockets, type Visitor } from "./face_socket.ts";
import type { Metrics } from "./metrics.ts";
import { LOCAL_PLAYER } from "./store/players.ts";
import { playerOfToken } from "./store/tokens.ts";
import { describe } from "./events.ts";

export interface ServerOptions {
  metrics: Metrics;
  /** PEM texts; null: no TLS. */
  tls: { cert: string; key: string } | null;
}

export interface RunningServer {
  /** As others reach it. */
  url: string;
  /** As programs on this machine reach it: in clear, at an address that is theirs alone where the other is for everybody. */
  local_url: string;
  /** No face is let in any more, and /readyz says so; those that are here stay. */
  drain(): void;
  /** Closes every socket with this code and reason, and listens no longer. */
  close(code: number, reason: string): Promise<void>;
}

const PAGES = ["/healthz", "/readyz", "/metrics"];
/** What to call for one that listens at all addresses. */
const LOOPBACK: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/**
 * Listens as the brain's config says; resolves once connections are taken. Throws Deno.errors.AddrInUse when the port is
 * taken.
 */
export function listen(brain: Brain, options: ServerOptions): RunningServer {
  const { config } = brain.deps;
  const sockets = new FaceSockets(brain, options.metrics);
  const started_ms = performance.now();
  let draining = false;

  const answer = (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>, gate: Gate) => {
    const remote = remoteAddr.hostname;
    const { headers } = request;
    // What stands in Host need not make an address.
    if (!URL.canParse(request.url)) return refuse("host", "Foreign host.", 403);
    const { host, pathname: path } = new URL(request.url);
    if (!hostAllowed(headers, host, gate)) return refuse("host", "Foreign host.", 403);
    if (!originAllowed(headers, gate)) return refuse("origin", "Foreign origin.", 403);
    if (PAGES.includes(path)) {
      const open = fromThisMachine(remote, headers);
      if (!open && typeof visitorOf(headers) === "string") {
        return refuse("token", "A token is needed.", 401);
      }
      return page(path);
    }
    if (path !== WS_PATH) return Response.json({ detail: "Not Found" }, { status: 404 });
    if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("This is a WebSocket.\n", { status: 426, headers: { upgrade: "websocket" } });
    }
    if (draining) return new Response("The brain restarts.\n", { status: 503 });
    const visitor = visitorOf(headers);
    const from = origin(remote, headers, config.trust_proxy);
    if (typeof visitor === "string") {
      brain.deps.log("warn", `${visitor} from ${from}`);
      return refuse("token", "A token is needed.", 401);
    }
    if (!sockets.hasRoom(visitor)) return refuse("faces", "Too many faces of this player.", 429);
    brain.deps.log("debug", `a face of ${visitor.player_id} from ${from}`);
    let upgrade: Deno.WebSocketUpgrade;
    try {
      upgrade = Deno.upgradeWebSocket(request, { idleTimeout: 30, protocol: answeredProtocol(headers) });
    } catch {
      return new Response("This is no WebSocket handshake.\n", { status: 400 });
    }
    sockets.attach(upgrade.socket, visitor);
    return upgrade.response;
  };
  const serve = (hostname: string, port: number, tls: ServerOptions["tls"]) => {
    const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
      { hostname, port, onListen: () => {}, ...tls },
      (request, info) => answer(request, info, { ...config, host: hostname, port: server.addr.port }),
    );
    return server;
  };
  const server = serve(config.host, config.port, options.tls);
  // The certificate names the machine as others call it: for a face on the machine itself that would be another's.
  const local = options.tls === null ? null : serve("127.0.0.1", 0, null);

  /** Whose request this is, or why nobody's. Throws nothing: a database that cannot be asked lets nobody in. */
  function visitorOf(headers: Headers): Visitor | string {
    const token = shownToken(headers);
    if (token === null) {
      return config.token === "" ? { player_id: LOCAL_PLAYER, token_hash: null } : "no token";
    }
    if (config.token !== "" && sameText(token, config.token)) {
      return { player_id: LOCAL_PLAYER, token_hash: null };
    }
    try {
      return playerOfToken(brain.deps.db, token) ?? "a wrong token";
    } catch (error) {
      return `a token that cannot be looked up (${describe(error)})`;
    }
  }

  function refuse(why: "host" | "origin" | "token" | "faces", text: string, status: number): Response {
    options.metrics.refused(why);
    return new Response(`${text}\n`, { status });
  }

  function page(path: string): Response {
    if (path === "/healthz") return new Response("alive\n");
    if (path === "/readyz") {
      const reason = draining ? "stopping" : brain.trouble();
      return new Response(`${reason ?? "ready"}\n`, { status: reason === null ? 200 : 503 });
    }
    const memory = Deno.memoryUsage();
    const text = options.metrics.text({
      ...brain.load(),
      sockets: sockets.size,
      resident_bytes: memory.rss,
      heap_bytes: memory.heapUsed,
      uptime_s: Math.round((performance.now() - started_ms) / 1000),
      version: manifest.version,
    });
    return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } });
  }

  const at = (host: string, port: number) => `${host.includes(":") ? `[${host}]` : host}:${port}${WS_PATH}`;
  return {
    url: `${options.tls === null ? "ws" : "wss"}://${at(config.host, server.addr.port)}`,
    local_url: local === null
      ? `ws://${at(LOOPBACK[config.host] ?? config.host, server.addr.port)}`
      : `ws://${at("127.0.0.1", local.addr.port)}`,
    drain() {
      draining = true;
    },
    async close(code, reason) {
      // The server's own end would come first and tell them nothing.
      await sockets.close(code, reason);
      await Promise.all([server.shutdown(), local?.shutdown()]);
    },
  };
}
