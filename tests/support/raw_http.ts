/** HTTP as it stands on the line: any Host, any header, and sockets that are opened and never read. */

/** What a browser and a face send to open a WebSocket. */
export const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

export interface Answer {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

/** Sends one GET and reads the answer: of an upgrade its head, else all that its Content-Length says. */
export async function ask(url: string, path: string, headers: Record<string, string>): Promise<Answer> {
  using conn = await open(url, path, headers);
  let bytes = new Uint8Array();
  const piece = new Uint8Array(65536);
  for (;;) {
    const count = await conn.read(piece);
    bytes = new Uint8Array([...bytes, ...piece.subarray(0, count ?? 0)]);
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      if (count === null) throw new Error(`no answer but ${JSON.stringify(text)}`);
      continue;
    }
    const [first, ...lines] = text.slice(0, end).split("\r\n");
    const fields = Object.fromEntries(
      lines.map((line) => [line.split(":")[0].toLowerCase(), line.replace(/^[^:]*:\s*/, "")]),
    );
    const status = Number(first.split(" ")[1]);
    const length = status === 101 ? 0 : Number(fields["content-length"] ?? Infinity);
    if (count !== null && bytes.length < end + 4 + length) continue;
    return { status, headers: fields, body: new TextDecoder().decode(bytes.subarray(end + 4)) };
  }
}

/** Sends the head of a GET and leaves the connection open. */
export async function open(
  url: string,
  path: string,
  headers: Record<string, string>,
): Promise<Deno.TcpConn> {
  const { hostname, port } = new URL(url);
  const conn = await Deno.connect({
    hostname: hostname === "0.0.0.0" ? "127.0.0.1" : hostname,
    port: Number(port),
  });
  const all = "Upgrade" in headers ? headers : { Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const request = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
  for (let at = 0; at < request.length;) at += await conn.write(request.subarray(at));
  return conn;
}
