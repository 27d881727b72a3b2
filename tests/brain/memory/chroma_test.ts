import assert from "node:assert/strict";
import { type ChromaFault, chromaIndex, type ChromaPlace, whereOf } from "../../../brain/memory/chroma.ts";
import { hashingEmbedder } from "../../../brain/memory/embedder.ts";
import type { PlacedVector, VectorIndex, VectorScope } from "../../../brain/memory/vectors.ts";
import { chromaProgram, freePort, startChroma } from "../../support/chroma.ts";

const embedder = hashingEmbedder(64);

function place(url: string, patch: Partial<ChromaPlace> = {}): ChromaPlace {
  const plain = { tenant: "default_tenant", database: "default_database", token: "", model: "hashing" };
  return { ...plain, url, store: "0123456789abcdef", ...patch };
}

async function unit(unit_id: number, text: string, whose: Partial<PlacedVector>): Promise<PlacedVector> {
  const [vector] = await embedder.embed([text]);
  return { unit_id, player_id: "", world_id: "marsh", session_id: "", hash: `h${unit_id}`, vector, ...whose };
}

async function fault(work: Promise<unknown>): Promise<ChromaFault> {
  const error = await work.then(() => null, (error) => error);
  assert.equal(error?.name, "ChromaFault", String(error));
  return error;
}

/** A server that answers every request with `answer`, and what it was asked. */
async function withServer(
  answer: (request: Request, body: string) => Response | Promise<Response>,
  test: (
    url: string,
    asked: { method: string; path: string; body: string; headers: Headers }[],
  ) => Promise<void>,
): Promise<void> {
  const asked: { method: string; path: string; body: string; headers: Headers }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    asked.push({
      method: request.method,
      path: new URL(request.url).pathname,
      body,
      headers: request.headers,
    });
    return await answer(request, body);
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, asked);
  } finally {
    await server.shutdown();
  }
}

/** As much of Chroma as a search needs. */
function likeChroma(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith("/query")) return Response.json({ ids: [["7"]], distances: [[0.25]], include: [] });
  if (pathname.endsWith("/get")) return Response.json({ ids: [], metadatas: [], include: [] });
  if (pathname.endsWith("/pre-flight-checks")) return Response.json({ max_batch_size: 1000 });
  if (request.method === "GET") return Response.json([]);
  return Response.json({ id: "id-made", name: "x", tenant: "t", database: "d", configuration_json: {} });
}

Deno.test("a search filters by the player and by the world or the session, and cannot go without them", () => {
  assert.deepEqual(whereOf({ kind: "memory", player_id: "ann", session_id: "s1" }), {
    $and: [{ player: { $eq: "ann" } }, { session: { $eq: "s1" } }],
  });
  assert.deepEqual(whereOf({ kind: "lore", player_id: "ann", world_id: "marsh" }), {
    $and: [{ world: { $eq: "marsh" } }, { player: { $in: ["", "ann"] } }],
  });
  // @ts-expect-error A scope without a player is none.
  const unowned: VectorScope = { kind: "memory", session_id: "s1" };
  assert.equal(unowned.kind, "memory");
  const empty: VectorScope[] = [
    { kind: "memory", player_id: "", session_id: "s1" },
    { kind: "memory", player_id: "ann", session_id: "" },
    { kind: "lore", player_id: "", world_id: "marsh" },
    { kind: "lore", player_id: "ann", world_id: "" },
  ];
  for (const scope of empty) assert.throws(() => whereOf(scope), TypeError, JSON.stringify(scope));
});

Deno.test("every search that leaves carries the filter, and one without a player never leaves", async () => {
  await withServer(likeChroma, async (url, asked) => {
    const index = chromaIndex(place(url));
    const [vector] = await embedder.embed(["a lantern"]);
    await index.list("memory");
    await index.list("lore");
    asked.length = 0;
    const scopes: VectorScope[] = [
      { kind: "memory", player_id: "ann", session_id: "s1" },
      { kind: "lore", player_id: "bob", world_id: "stair" },
    ];
    for (const scope of scopes) {
      assert.deepEqual(await index.near(scope, vector, 5), [{ unit_id: 7, similarity: 0.75 }]);
    }
    assert.equal(asked.length, 2);
    asked.forEach(({ path, body }, at) => {
      assert.match(path, /\/collections\/id-made\/query$/);
      const sent = JSON.parse(body);
      assert.deepEqual(sent.where, whereOf(scopes[at]));
      assert.equal(sent.n_results, 5);
      assert.deepEqual(sent.include, ["distances"]);
    });
    await assert.rejects(
      index.near({ kind: "memory", player_id: "", session_id: "s1" }, vector, 5),
      TypeError,
    );
    assert.equal(asked.length, 2);
    index.close();
  });
});

Deno.test("nothing but vectors, ids and hashes is sent, and the token with it", async () => {
  await withServer(likeChroma, async (url, asked) => {
    const index = chromaIndex(place(url, { token: "secret-token" }));
    await index.put("memory", [await unit(3, "the drowned bell", { player_id: "ann", session_id: "s1" })]);
    const upsert = asked.find(({ path }) => path.endsWith("/upsert"));
    assert.ok(upsert);
    const sent = JSON.parse(upsert.body);
    assert.deepEqual(sent.metadatas, [{ player: "ann", world: "marsh", session: "s1", hash: "h3" }]);
    assert.deepEqual(sent.ids, ["3"]);
    assert.ok(sent.documents === undefined || sent.documents === null);
    for (const { body, headers } of asked) {
      assert.ok(!body.includes("bell"));
      assert.equal(headers.get("x-chroma-token"), "secret-token");
      assert.equal(headers.get("authorization"), "Bearer secret-token");
    }
    index.close();
  });
});

Deno.test("a token goes nowhere else: a redirect is a fault", async () => {
  await withServer(likeChroma, async (elsewhere, asked) => {
    await withServer(() => Response.redirect(`${elsewhere}/api/v2/x`, 307), async (url) => {
      const index = chromaIndex(place(url, { token: "secret-token" }));
      assert.equal((await fault(index.list("memory"))).kind, "refused");
      assert.deepEqual(asked, []);
      index.close();
    });
  });
});

Deno.test("what a server does wrong has a name and a sentence", async () => {
  const rows: [Response, ChromaFault["kind"], RegExp][] = [
    [new Response("no", { status: 401 }), "refused", /refuses us: check vectors.token$/],
    [new Response("no", { status: 403 }), "refused", /refuses us/],
    [
      new Response("no", { status: 404 }),
      "refused",
      /no tenant default_tenant with a database default_database$/,
    ],
    [
      Response.json({ message: "too\nmuch" }, { status: 503 }),
      "refused",
      /^127\.0\.0\.1:\d+ answers: too much$/,
    ],
    [new Response("<html>"), "refused", /no Chroma$/],
    [Response.json({}), "refused", /no Chroma$/],
  ];
  for (const [response, kind, message] of rows) {
    await withServer(() => response.clone(), async (url) => {
      const index = chromaIndex(place(url));
      const error = await fault(index.list("lore"));
      assert.equal(error.kind, kind, String(response.status));
      assert.match(error.message, message);
      index.close();
    });
    await response.body?.cancel();
  }
  const nobody = chromaIndex(place(`http://127.0.0.1:${freePort()}`));
  const error = await fault(nobody.list("lore"));
  assert.equal(error.kind, "unreachable");
  assert.match(error.message, /^127\.0\.0\.1:\d+ cannot be reached$/);
  nobody.close();
});

Deno.test("a search that takes longer than its time is late, and one before the first list is refused", async () => {
  const held = Promise.withResolvers<void>();
  const slow = () => held.promise.then(() => Response.json({}));
  const answer = (request: Request) => request.url.endsWith("/query") ? slow() : likeChroma(request);
  await withServer(answer, async (url) => {
    const [vector] = await embedder.embed(["fog"]);
    const scope: VectorScope = { kind: "lore", player_id: "ann", world_id: "marsh" };
    try {
      // A turn waits 150 ms for its memories: the server has about half of them unless told otherwise.
      for (const [options, within] of [[{ near_ms: 30 }, /within 30 ms$/], [{}, /within 80 ms$/]] as const) {
        const index = chromaIndex(place(url), options);
        assert.equal((await fault(index.near(scope, vector, 1))).kind, "unreachable");
        await index.list("lore");
        const error = await fault(index.near(scope, vector, 1));
        assert.equal(error.kind, "late");
        assert.match(error.message, within);
        index.close();
      }
    } finally {
      held.resolve();
    }
  });
});

Deno.test({
  name: "a real Chroma server answers as the exact index would, and only within the scope",
  ignore: chromaProgram() === null,
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "flower-chroma-" });
    const server = await startChroma(folder);
    const open: VectorIndex[] = [];
    const index = (patch: Partial<ChromaPlace> = {}) => {
      const made = chromaIndex(place(server.url, patch), { near_ms: 10_000 });
      open.push(made);
      return made;
    };
    try {
      await t.step("two players who say the same words never find each other's", async () => {
        const store = index({ store: "isolation" });
        const words = "the drowned bell rings under the marsh";
        await store.put("memory", [
          await unit(1, words, { player_id: "ann", session_id: "a1" }),
          await unit(2, words, { player_id: "bob", session_id: "b1" }),
          await unit(3, words, { player_id: "ann", session_id: "a2" }),
        ]);
        await store.put("lore", [
          await unit(11, words, {}),
          await unit(12, words, { player_id: "ann" }),
          await unit(13, words, { player_id: "bob" }),
          await unit(14, words, { world_id: "stair" }),
        ]);
        const [asked] = await embedder.embed([words]);
        const rows: [VectorScope, number[]][] = [
          [{ kind: "memory", player_id: "ann", session_id: "a1" }, [1]],
          [{ kind: "memory", player_id: "ann", session_id: "a2" }, [3]],
          [{ kind: "memory", player_id: "bob", session_id: "b1" }, [2]],
          [{ kind: "memory", player_id: "bob", session_id: "a1" }, []],
          [{ kind: "memory", player_id: "eve", session_id: "a1" }, []],
          [{ kind: "lore", player_id: "ann", world_id: "marsh" }, [11, 12]],
          [{ kind: "lore", player_id: "bob", world_id: "marsh" }, [11, 13]],
          [{ kind: "lore", player_id: "eve", world_id: "marsh" }, [11]],
          [{ kind: "lore", player_id: "ann", world_id: "stair" }, [14]],
        ];
        for (const [scope, expected] of rows) {
          const found = await store.near(scope, asked, 10);
          assert.deepEqual(found.map(({ unit_id }) => unit_id).sort((a, b) => a - b), expected);
          for (const { similarity } of found) assert.ok(Math.abs(similarity - 1) < 1e-5, String(similarity));
        }
      });
      await t.step("the nearest come first, with the cosine, and no more than asked for", async () => {
        const store = index({ store: "order" });
        const texts = ["an iron key", "an iron key in the reeds", "rain over the long stair", "a key"];
        const ann = { player_id: "ann", session_id: "s" };
        await store.put("memory", await Promise.all(texts.map((text, at) => unit(at + 1, text, ann))));
        const [asked, ...vectors] = await embedder.embed(["where is the iron key", ...texts]);
        const cosine = (at: number) => asked.reduce((sum, part, i) => sum + part * vectors[at][i], 0);
        const expected = texts.map((_, at) => ({ unit_id: at + 1, similarity: cosine(at) }))
          .sort((a, b) => b.similarity - a.similarity);
        for (const limit of [2, 10]) {
          const found = await store.near({ kind: "memory", ...ann }, asked, limit);
          assert.deepEqual(
            found.map(({ unit_id }) => unit_id),
            expected.slice(0, limit).map(({ unit_id }) => unit_id),
          );
          found.forEach((near, at) => assert.ok(Math.abs(near.similarity - expected[at].similarity) < 1e-5));
        }
      });
      await t.step(
        "units are listed with their hashes, replaced and removed; other stores stay",
        async () => {
          const [ours, theirs] = [index({ store: "ours" }), index({ store: "theirs" })];
          const many = await Promise.all(
            Array.from({ length: 1203 }, (_, at) => unit(at + 1, `word${at}`, {})),
          );
          await ours.put("lore", many);
          await theirs.put("lore", many.slice(0, 2));
          assert.equal((await ours.list("lore")).size, 1203);
          await ours.put("lore", [{ ...many[4], hash: "other" }]);
          await ours.remove("lore", [1, 2, 99_999]);
          const left = await ours.list("lore");
          assert.equal(left.size, 1201);
          assert.deepEqual([left.get(1), left.get(3), left.get(5)], [undefined, "h3", "other"]);
          assert.deepEqual(await theirs.list("lore"), new Map([[1, "h1"], [2, "h2"]]));
          assert.deepEqual(await ours.list("memory"), new Map());
        },
      );
      await t.step("vectors of another model leave the server", async () => {
        const [before, after] = [index({ store: "model" }), index({ store: "model", model: "newer" })];
        await before.put("lore", [await unit(1, "fog", {})]);
        assert.deepEqual(await after.list("lore"), new Map());
        // Its collection is gone; asked again, it is made anew.
        assert.equal((await fault(before.list("lore"))).kind, "refused");
        assert.deepEqual(await before.list("lore"), new Map());
      });
      await t.step("a tenant that is not there is named", async () => {
        const error = await fault(index({ tenant: "nobody" }).list("lore"));
        assert.match(error.message, /nobody|not be found/);
      });
    } finally {
      for (const one of open) one.close();
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
