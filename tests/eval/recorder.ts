/** Stands between the brain and a model's server, passes everything on and keeps what went either way. */

export interface Exchange {
  /** Body of the request, parsed. */
  request: unknown;
  /** The model's own text, before any filter. */
  raw: string;
  status: number;
}

export interface Recorder extends AsyncDisposable {
  /** Base URL to give to the brain. */
  url: string;
  /** Chat completions in the order of their requests. */
  exchanges: Exchange[];
}

/** Listens on a free port of this machine and passes requests on to `target`, a base URL such as http://127.0.0.1:8080/v1. */
export function startRecorder(target: string): Recorder {
  const base = target.replace(/\/+$/, "");
  const exchanges: Exchange[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname + new URL(request.url).search;
    const headers = new Headers(request.headers);
    for (const name of ["host", "content-length", "accept-encoding", "connection"]) headers.delete(name);
    const body = request.method === "POST" ? await request.text() : undefined;
    const answer = await fetch(base + path, { method: request.method, headers, body })
      .catch((error) => new Response(String(error), { status: 502 }));
    if (!path.startsWith("/chat/completions") || body === undefined || answer.body === null) {
      return passed(answer, answer.body);
    }
    const exchange: Exchange = { request: JSON.parse(body), raw: "", status: answer.status };
    exchanges.push(exchange);
    return passed(answer, answer.body.pipeThrough(recording(exchange)));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    exchanges,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/**
 * The model's own text for a player's line: of the newest exchange whose prompt ends with that line, since the brain asks
 * for other things beside the story (what no longer fits is told in short). "" when there is none.
 */
export function rawOf(exchanges: Exchange[], line: string): string {
  const asked = exchanges.findLast(({ request }) => {
    const { messages } = request as { messages?: { content?: unknown }[] };
    return String(messages?.at(-1)?.content ?? "").trimEnd().endsWith(line);
  });
  return asked?.raw ?? "";
}

function passed(answer: Response, body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Response {
  const headers = new Headers(answer.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  return new Response(body, { status: answer.status, headers });
}

/** Passes bytes on and adds the text in them to the exchange. */
function recording(exchange: Exchange): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder();
  let rest = "";
  return new TransformStream({
    transform(bytes, controller) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) exchange.raw += deltaOf(line);
      controller.enqueue(bytes);
    },
  });
}

function deltaOf(line: string): string {
  if (!line.startsWith("data:")) return "";
  try {
    const chunk = JSON.parse(line.slice(5)) as { choices?: { delta?: { content?: string } }[] };
    return chunk.choices?.[0]?.delta?.content ?? "";
  } catch {
    return "";
  }
}
