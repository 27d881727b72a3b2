/**
 * A sealed brain that knows no stories: the channel, the lock, brain.json, a socket that greets. What `config.default_model`
 * says makes it misbehave: "silent" (no ready line), "garbage", "refuse", "die".
 */

import { TextLineStream } from "../../shared/lines.ts";

const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  .getReader();
const first = JSON.parse((await lines.read()).value ?? "{}");
const { config, keys } = first;
const asking: ((line: string) => void)[] = [];
const ready = (value: unknown) => console.log(JSON.stringify(value));

const lock = await Deno.open(`${config.home}/brain.lock`, { create: true, write: true });
if (!(await lock.tryLock(true))) {
  ready({ ready: false, error: `A brain runs on ${config.home} already`, code: 3 });
  Deno.exit(3);
}
console.error(`log of ${config.home}, a key ${Object.values(keys)[0]}`);
switch (config.default_model) {
  case "garbage":
    console.log("hello");
    break;
  case "refuse":
    ready({ ready: false, error: "No story today", code: 1 });
    Deno.exit(1);
    break;
  case "die":
    Deno.exit(7);
}
let server: Deno.HttpServer<Deno.NetAddr>;
try {
  server = Deno.serve({ hostname: config.host, port: config.port, onListen: () => {} }, (request) => {
    if (config.token && request.headers.get("authorization") !== `Bearer ${config.token}`) {
      return new Response("no", { status: 401 });
    }
    if (request.headers.get("upgrade") !== "websocket") return new Response("no", { status: 426 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => {
      const metadata = { protocol: 1, version: "0.1.0", player: "local" };
      socket.send(JSON.stringify({ event: "system_update", payload: { content: "hello", metadata } }));
    };
    socket.onmessage = (message) => {
      const { prompt } = JSON.parse(message.data);
      if (prompt === "/die") Deno.exit(9);
      if (prompt.startsWith("/embed ")) {
        // The answer comes back as it came on the channel.
        const id = asking.push((line) => socket.send(line));
        ready({ embed: { id, texts: [prompt.slice(7)] } });
        return;
      }
      const content = prompt === "/seal" ? JSON.stringify(probe(config.home)) : prompt;
      socket.send(JSON.stringify({ event: "error", payload: { content, metadata: {} } }));
    };
    return response;
  });
} catch (error) {
  ready({ ready: false, error: `Port ${config.port} cannot be used: ${error}`, code: 3 });
  Deno.exit(3);
}
const url = `ws://${config.host}:${server.addr.port}/ws/rpc`;
const about = { url, pid: Deno.pid, version: "0.1.0", protocol: 1, token: config.token };
await Deno.writeTextFile(`${config.home}/brain.json.new`, JSON.stringify(about), { mode: 0o600 });
await Deno.rename(`${config.home}/brain.json.new`, `${config.home}/brain.json`);
ready({ ready: true, url, pid: Deno.pid, version: "0.1.0" });
Deno.addSignalListener("SIGINT", () => {});
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
for (let next = await lines.read(); !next.done; next = await lines.read()) {
  const { embedded } = JSON.parse(next.value);
  asking[embedded.id - 1](next.value);
}
Deno.exit(0);

/** What the seal leaves open, asked from inside. */
function probe(home: string): Record<string, string> {
  const attempt = (action: () => unknown): string => {
    try {
      return String(action());
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  };
  return {
    env: attempt(() => Deno.env.get("PATH")),
    read_home: attempt(() => Deno.readTextFileSync(`${home}/brain.json`).length > 0),
    read_other: attempt(() => Deno.readTextFileSync("/etc/hostname")),
    write_other: attempt(() => Deno.writeTextFileSync("/tmp/flower-seal-probe", "")),
    run: attempt(() => new Deno.Command("true").spawn()),
  };
}
