import assert from "node:assert/strict";
import {
  channelEmbedder,
  EmbedError,
  type EmbedFault,
  endpointEmbedder,
  hashingEmbedder,
  openEmbedder,
} from "../../../brain/memory/embedder.ts";

const axis = (at: number, length = 1, dimension = 384) =>
  Array.from({ length: dimension }, (_, index) => index === at ? length : 0);

async function fault(promise: Promise<unknown>, kind: EmbedFault, says: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof EmbedError, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, says);
    return true;
  });
}

function channel() {
  const sent: { id: number; texts: string[] }[] = [];
  const embedder = channelEmbedder("m", (line) => void sent.push(JSON.parse(line).embed));
  const answer = (embedded: unknown) => embedder.receive(JSON.stringify({ embedded }));
  return { sent, embedder, answer };
}

Deno.test("channel: texts go out eight at a time and come back in order, of length 1", async () => {
  const { sent, embedder, answer } = channel();
  const texts = Array.from({ length: 17 }, (_, index) => `t${index}`);
  const done = embedder.embed(texts);
  for (let piece = 0; piece < 3; piece++) {
    assert.equal(sent.length, piece + 1);
    const { id, texts } = sent[piece];
    answer({ id, vectors: texts.map((text) => axis(Number(text.slice(1)), 3)) });
  }
  assert.deepEqual(sent.map((asked) => asked.texts.length), [8, 8, 1]);
  const vectors = await done;
  assert.equal(vectors.length, 17);
  vectors.forEach((vector, index) => assert.deepEqual(Array.from(vector), axis(index)));
  assert.equal(embedder.dimension, 384);
  assert.equal(embedder.model, "m");
});

Deno.test("channel: a player's line overtakes a long list, after the piece that is under way", async () => {
  const { sent, embedder, answer } = channel();
  const order: string[] = [];
  const long = embedder.embed(Array.from({ length: 20 }, () => "unit")).then(() => order.push("long"));
  const line = embedder.embed(["line"]).then(() => order.push("line"));
  for (let at = 0; at < sent.length; at++) {
    const { id, texts } = sent[at];
    answer({ id, vectors: texts.map(() => axis(0)) });
  }
  await Promise.all([long, line]);
  assert.deepEqual(sent.map((asked) => asked.texts.join(" ").slice(0, 4)), ["unit", "line", "unit", "unit"]);
  assert.deepEqual(order, ["line", "long"]);
});

Deno.test("channel: no texts, no question", async () => {
  const { sent, embedder } = channel();
  assert.deepEqual(await embedder.embed([]), []);
  assert.equal(sent.length, 0);
});

Deno.test("channel: an error ends its own request only, and says whether a pull would mend it", async () => {
  const rows: [unknown, EmbedFault, RegExp][] = [
    [{ error: "no model", kind: "missing" }, "missing", /^no model$/],
    [{ error: "crashed", kind: "failed" }, "failed", /^crashed$/],
    [{ error: "odd" }, "failed", /^odd$/],
    [{ vectors: [] }, "failed", /2 vectors/],
    [{ vectors: [axis(0)] }, "failed", /2 vectors/],
    [{ vectors: [axis(0), axis(1, 1, 383)] }, "failed", /384 numbers/],
    [{ vectors: [axis(0), axis(1, 0)] }, "failed", /no direction/],
    [{ vectors: [axis(0), axis(1).map(() => "x")] }, "failed", /no direction/],
    [{ vectors: "none" }, "failed", /2 vectors/],
    [{}, "failed", /2 vectors/],
  ];
  for (const [embedded, kind, says] of rows) {
    const { sent, embedder, answer } = channel();
    const first = embedder.embed(["a", "b"]);
    const second = embedder.embed(["c", "d", "e"]);
    answer({ id: sent[0].id, ...embedded as object });
    await fault(first, kind, says);
    answer({ id: sent[1].id, vectors: [axis(0), axis(1), axis(2)] });
    assert.equal((await second).length, 3);
  }
});

Deno.test("channel: lines that are not its answer change nothing", async () => {
  const { sent, embedder, answer } = channel();
  for (const line of ["", "{", "null", "7", '{"embedded":7}', '{"embedded":null}', '{"ready":true}']) {
    embedder.receive(line);
  }
  const done = embedder.embed(["a"]);
  answer({ id: sent[0].id + 1, error: "not mine" });
  answer({ error: "nobody's" });
  answer({ id: sent[0].id, vectors: [axis(5)] });
  answer({ id: sent[0].id, error: "too late" });
  assert.deepEqual(Array.from((await done)[0]), axis(5));
});

Deno.test("channel: close ends what is under way, and what comes after", async () => {
  const { sent, embedder, answer } = channel();
  const first = embedder.embed(["a"]);
  const second = embedder.embed(["b"]);
  embedder.close();
  await fault(first, "closed", /leaving/);
  await fault(second, "closed", /leaving/);
  await fault(embedder.embed(["c"]), "closed", /leaving/);
  answer({ id: sent[0].id, vectors: [axis(0)] });
  assert.equal(sent.length, 1);
});

interface Asked {
  path: string;
  authorization: string | null;
  body: { model: string; input: string[] };
}

/** A loopback server that answers with `reply`; ends with its `using`. */
function server(reply: (asked: Asked, count: number) => Response | Promise<Response>) {
  const asked: Asked[] = [];
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname: path } = new URL(request.url);
    asked.push({ path, authorization: request.headers.get("authorization"), body: await request.json() });
    return reply(asked[asked.length - 1], asked.length);
  });
  const url = `http://127.0.0.1:${http.addr.port}/v1`;
  return { asked, url, [Symbol.asyncDispose]: () => http.shutdown() };
}

const rows = (vectors: number[][]) =>
  Response.json({ data: vectors.map((embedding, index) => ({ index, embedding })) });

Deno.test("endpoint: batches of 64 in order, with model and key; vectors of length 1", async () => {
  await using given = server(({ body }) => rows(body.input.map((text) => axis(Number(text), 2, 200))));
  const embedder = endpointEmbedder({ url: given.url, model: "nomic", key: "k-1" });
  assert.equal(embedder.dimension, 0);
  const vectors = await embedder.embed(Array.from({ length: 129 }, (_, index) => String(index)));
  assert.deepEqual(given.asked.map(({ body }) => body.input.length), [64, 64, 1]);
  for (const { path, authorization, body } of given.asked) {
    assert.equal(path, "/v1/embeddings");
    assert.equal(authorization, "Bearer k-1");
    assert.equal(body.model, "nomic");
  }
  vectors.forEach((vector, index) => assert.deepEqual(Array.from(vector), axis(index, 1, 200)));
  assert.equal(embedder.dimension, 200);
  assert.equal(embedder.model, "nomic");
  assert.deepEqual(await embedder.embed([]), []);
  assert.equal(given.asked.length, 3);
});

Deno.test("endpoint: without a key there is no header; a slash at the end of the URL is no matter; index orders", async () => {
  await using given = server(() =>
    Response.json({ data: [{ index: 1, embedding: [0, 1] }, { index: 0, embedding: [1, 0] }] })
  );
  const embedder = endpointEmbedder({ url: `${given.url}/`, model: "m", key: "" });
  assert.deepEqual((await embedder.embed(["a", "b"])).map((vector) => Array.from(vector)), [[1, 0], [0, 1]]);
  assert.equal(given.asked[0].authorization, null);
  assert.equal(given.asked[0].path, "/v1/embeddings");
});

Deno.test("endpoint: whatever it answers instead of vectors is an error that names it", async () => {
  const cases: [() => Response, RegExp][] = [
    [
      () => Response.json({ error: { message: "no such\nmodel" } }, { status: 404 }),
      /^Embeddings: 127.* answers 404: no such model$/,
    ],
    [() => Response.json({ error: "plain words" }, { status: 400 }), / answers 400: plain words$/],
    [() => new Response("busy", { status: 503 }), / answers 503: busy$/],
    [() => new Response("", { status: 500 }), / answers 500$/],
    [
      () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
      / answers 302$/,
    ],
    [() => new Response("<html>"), /not the 2 vectors/],
    [() => Response.json({}), /not the 2 vectors/],
    [() => rows([[1, 0]]), /not the 2 vectors/],
    [() => rows([[1, 0], [1]]), /a vector is not of 2 numbers/],
    [() => rows([[], []]), /a vector is not of any numbers/],
    [() => rows([[1, 0], [0, 0]]), /no direction/],
  ];
  for (const [reply, says] of cases) {
    await using given = server(reply);
    const embedder = endpointEmbedder({ url: given.url, model: "m", key: "secret-key" });
    await fault(embedder.embed(["a", "b"]), "refused", says);
    assert.equal(given.asked.length, 1);
  }
});

Deno.test("endpoint: a server that changes its dimension is refused", async () => {
  await using given = server((_, count) => rows([count === 1 ? [1, 0] : [1, 0, 0]]));
  const embedder = endpointEmbedder({ url: given.url, model: "m", key: "" });
  await embedder.embed(["a"]);
  await fault(embedder.embed(["a"]), "refused", /not of 2 numbers/);
});

Deno.test("endpoint: nobody there, and nobody who answers in time", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const nobody = endpointEmbedder({ url: `http://127.0.0.1:${port}/v1`, model: "m", key: "" });
  await fault(nobody.embed(["a"]), "unreachable", /127\.0\.0\.1:\d+ cannot be reached/);
  const silent = Promise.withResolvers<Response>();
  await using given = server(() => silent.promise);
  const late = endpointEmbedder({ url: given.url, model: "m", key: "" }, { timeout_ms: 50 });
  await fault(late.embed(["a"]), "unreachable", /no answer within 50 ms/);
  const left = endpointEmbedder({ url: given.url, model: "m", key: "" });
  const under_way = left.embed(["a"]);
  left.close();
  await fault(under_way, "closed", /leaving/);
  silent.resolve(rows([[1]]));
});

Deno.test("twin: the same text is the same vector of length 1; shared words are near, others far", async () => {
  const embedder = hashingEmbedder();
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, part, index) => sum + part * b[index], 0);
  const texts = [
    "The ferrywoman ships her oars.",
    "her oars, THE ferrywoman ships",
    "Salt prices fell in spring.",
    "",
    "…",
  ];
  const [one, two, three, empty, dots] = await embedder.embed(texts);
  const [again] = await hashingEmbedder().embed(texts);
  assert.deepEqual(again, one);
  for (const vector of [one, two, three, empty, dots]) {
    assert.equal(vector.length, 384);
    assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-6);
  }
  assert.ok(dot(one, two) > 0.99, `${dot(one, two)}`);
  assert.ok(dot(one, three) < 0.3, `${dot(one, three)}`);
  const small = hashingEmbedder(8);
  assert.equal((await small.embed(["a"]))[0].length, 8);
  assert.equal(small.model, "hashing-8");
});

Deno.test("the config chooses the engine", async () => {
  const sent: string[] = [];
  const open = (engine: "local" | "endpoint" | "off", url = "http://127.0.0.1:1/v1") =>
    openEmbedder({ engine, url, model: "m" }, "", (line) => void sent.push(line));
  assert.equal(open("off").embedder, null);
  open("off").receive("{}");
  assert.equal(open("endpoint").embedder?.dimension, 0);
  open("endpoint").receive("{}");
  const { embedder, receive } = open("local");
  const done = embedder?.embed(["x"]);
  assert.deepEqual(sent, ['{"embed":{"id":1,"texts":["x"]}}']);
  receive(JSON.stringify({ embedded: { id: 1, vectors: [axis(3)] } }));
  assert.equal((await done)?.[0][3], 1);
});
