/** Who may come in, decided before the upgrade: Host, Origin and token of a request. Pure. */

export interface Gate {
  /** The bound address, as given. */
  host: string;
  port: number;
  /** Public names from the config; `name` counts at any port, `name:port` at that one. */
  allowed_hosts: string[];
  /** A proxy in front of us says in X-Forwarded-* what it was asked. */
  trust_proxy: boolean;
}

const PROTOCOL_NAME = "flower.v1";
const TOKEN_PROTOCOL = "auth.";
const encoder = new TextEncoder();

/**
 * Whether a request's name for this server is one of its own: a foreign one is somebody else's DNS entry for our address.
 * `authority` stands for the Host header that HTTP/2 has not.
 */
export function hostAllowed(headers: Headers, authority: string, gate: Gate): boolean {
  const forwarded = gate.trust_proxy ? headers.get("x-forwarded-host") : null;
  const host = (forwarded ?? headers.get("host") ?? authority).toLowerCase();
  const bound = (gate.host.includes(":") ? `[${gate.host}]` : gate.host).toLowerCase();
  // Nobody writes the ports that URLs leave out.
  const ports = [80, 443].includes(gate.port) ? ["", `:${gate.port}`] : [`:${gate.port}`];
  if ([bound, "127.0.0.1", "localhost"].some((name) => ports.some((port) => host === name + port))) {
    return true;
  }
  // Bound to all addresses we have: an address, unlike a name, cannot be made to lead here by somebody else.
  if (["0.0.0.0", "::"].includes(gate.host) && ports.some((port) => isAddress(host, port))) return true;
  return isNamed(host, gate.allowed_hosts);
}

/** Browsers send Origin, faces never do. Any page could otherwise play and spend the keys: only pages of public names may. */
export function originAllowed(headers: Headers, gate: Gate): boolean {
  const origin = headers.get("origin");
  if (origin === null) return true;
  const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1] ?? "";
  return isNamed(host.toLowerCase(), gate.allowed_hosts);
}

/** The token that a request shows: `Authorization: Bearer`, else the subprotocol `auth.<token>`; null: none. */
export function shownToken(headers: Headers): string | null {
  const authorization = headers.get("authorization") ?? "";
  if (authorization !== "") return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
  const offered = protocols(headers).find((name) => name.startsWith(TOKEN_PROTOCOL));
  return offered === undefined ? null : offered.slice(TOKEN_PROTOCOL.length);
}

/** The subprotocol to answer with: ours if it was offered, never the one that holds the token. */
export function answeredProtocol(headers: Headers): string | undefined {
  return protocols(headers).includes(PROTOCOL_NAME) ? PROTOCOL_NAME : undefined;
}

/** Whether a request comes from this very machine, and not through a proxy on it. `remote` is the peer's address. */
export function fromThisMachine(remote: string, headers: Headers): boolean {
  if (["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].some((name) => headers.has(name))) {
    return false;
  }
  return isLoopback(remote);
}

/** 127.0.0.0/8 and ::1, also as an IPv4 address in IPv6 dress; the name localhost. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^::ffff:/, "");
  return address === "localhost" || address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

/** Where a request comes from, for the log: the peer, or what the trusted proxy added last to X-Forwarded-For. */
export function origin(remote: string, headers: Headers, trust_proxy: boolean): string {
  const last = trust_proxy ? headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "" : "";
  return /^[0-9a-f.:]{2,45}$/i.test(last) ? last : remote;
}

/** Compares without telling by its time where two texts differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  let difference = left.length ^ right.length;
  for (let i = 0; i < right.length; i++) difference |= (left[i] ?? 0) ^ right[i];
  return difference === 0;
}

function protocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

function isNamed(host: string, names: string[]): boolean {
  const bare = host.replace(/:\d+$/, "");
  return host !== "" && names.some((name) => {
    const wanted = name.toLowerCase();
    return wanted === host || wanted === bare;
  });
}

function isAddress(host: string, port: string): boolean {
  const match = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(:\d+)?$/.exec(host);
  return match !== null && (match[1] ?? "") === port;
}
