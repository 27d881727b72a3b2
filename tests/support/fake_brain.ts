// A brain that says what a test tells it to, over a real socket.

import { encodeEvent, parseRequest } from "../../shared/codec.ts";
import type { Event, Request } from "../../shared/protocol.ts";

export interface FakeBrain extends AsyncDisposable {
  url: string;
  /** Prompts that came, oldest first. */
  received: Request[];
  /** Resolves with the next prompt that fits, among those not yet taken. */
  asked(pattern: RegExp, timeout_ms?: number): Promise<Request>;
  /** Resolves once a face is connected. */
  joined(): Promise<void>;
  send(...events: Event[]): void;
  sendText(frame: string): void;
  /** Breaks the connection; the next face may come at once. */
  drop(): void;
}

/** Listens on a free port of this machine; `greet` is called for each face that comes. */
export function startFakeBrain(greet: (brain: FakeBrain) => void): FakeBrain {
  let socket: WebSocket | null = null;
  let changed = () => {};
  const received: Request[] = [];
  let taken = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const upgraded = Deno.upgradeWebSocket(request);
    upgraded.socket.onopen = () => {
      socket = upgraded.socket;
      greet(brain);
      changed();
    };
    upgraded.socket.onmessage = (message) => {
      received.push(parseRequest(String(message.data)));
      changed();
    };
    upgraded.socket.onclose = () => {
      if (socket === upgraded.socket) socket = null;
    };
    return upgraded.response;
  });
  async function until<T>(look: () => T | undefined, what: string, timeout_ms = 60_000): Promise<T> {
    const deadline = performance.now() + timeout_ms;
    while (true) {
      const found = look();
      if (found !== undefined) return found;
      const left_ms = deadline - performance.now();
      if (left_ms <= 0) throw new Error(`After ${timeout_ms} ms still not: ${what}`);
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        changed = resolve;
        timer = setTimeout(resolve, left_ms);
      });
      clearTimeout(timer);
    }
  }
  const brain: FakeBrain = {
    url: `ws://127.0.0.1:${server.addr.port}/ws/rpc`,
    received,
    asked: (pattern, timeout_ms) =>
      until(
        () => {
          const at = received.findIndex((request, index) => index >= taken && pattern.test(request.prompt));
          if (at < 0) return undefined;
          taken = at + 1;
          return received[at];
        },
        `a prompt like ${pattern}`,
        timeout_ms,
      ),
    joined: () => until(() => socket === null ? undefined : true, "a face joins").then(() => {}),
    send(...events) {
      for (const event of events) socket?.send(encodeEvent(event));
    },
    sendText: (frame) => socket?.send(frame),
    drop() {
      socket?.close();
      socket = null;
    },
    async [Symbol.asyncDispose]() {
      socket?.close();
      await server.shutdown();
    },
  };
  return brain;
}
