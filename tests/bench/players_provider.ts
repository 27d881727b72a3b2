/**
 * A provider on a thread of its own for players_bench.ts: every reply is a stream of tokens at a steady pace, each token the
 * time at which it was sent, in milliseconds since 1970 with fractions. Told `{pace_ms, until_ms}`; says its port first.
 */

const encoder = new TextEncoder();
const now = () => performance.timeOrigin + performance.now();

interface Stream {
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** When the next token is due. */
  next_ms: number;
}

const streams = new Set<Stream>();
let pace_ms = 20;
let until_ms = Infinity;

const frame = (delta: unknown, finish: string | null) =>
  `data: ${
    JSON.stringify({
      id: "x",
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  }\n\n`;

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
  if (new URL(request.url).pathname.endsWith("/models")) {
    return Response.json({ object: "list", data: [{ id: "m", object: "model" }] });
  }
  await request.body?.cancel();
  let stream: Stream;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // Players do not speak in step: each stream has its own place between two tokens.
      stream = { controller, next_ms: now() + Math.random() * pace_ms };
      streams.add(stream);
    },
    cancel() {
      streams.delete(stream);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
});

setInterval(() => {
  for (const stream of streams) {
    const time = now();
    if (time >= until_ms) {
      streams.delete(stream);
      stream.controller.enqueue(encoder.encode(`${frame({}, "stop")}data: [DONE]\n\n`));
      stream.controller.close();
    } else if (time >= stream.next_ms) {
      stream.next_ms += pace_ms;
      stream.controller.enqueue(encoder.encode(frame({ content: ` ${time.toFixed(2)}` }, null)));
    }
  }
}, 1);

self.addEventListener("message", (event) => {
  const told = (event as MessageEvent<{ pace_ms: number; until_ms: number }>).data;
  pace_ms = told.pace_ms;
  until_ms = told.until_ms;
});
(self as unknown as { postMessage(value: unknown): void }).postMessage({ port: server.addr.port });
