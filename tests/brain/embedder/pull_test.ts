import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path/posix";
import { pull, PullError, type PullFault, sumOf } from "../../../brain/embedder/pull.ts";
import { MINILM, missingFiles, modelFolder, type Weights } from "../../../brain/embedder/weights.ts";

const LARGE = new Uint8Array(300_000).map((_, index) => index % 251);
const SMALL = new TextEncoder().encode('{"model_type":"bert"}');
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const WEIGHTS: Weights = {
  model: "org/name",
  revision: "abc123",
  files: [
    { path: "config.json", bytes: SMALL.length, sha256: sha(SMALL) },
    { path: "onnx/model_quantized.onnx", bytes: LARGE.length, sha256: sha(LARGE) },
  ],
};
const MODEL = "onnx/model_quantized.onnx";

interface Hub extends AsyncDisposable {
  url: string;
  /** Path and range of each request. */
  asked: string[];
}

/** A hub on loopback; `reply` may answer for a file, else it is sent as it should be, with ranges. */
function hub(reply: (path: string, from: number) => Response | undefined = () => undefined): Hub {
  const asked: string[] = [];
  const http = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const path = new URL(request.url).pathname.replace("/org/name/resolve/abc123/", "");
    const range = request.headers.get("range");
    asked.push(range ? `${path} ${range}` : path);
    const from = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const given = reply(path, from);
    if (given) return given;
    const bytes = path === "config.json" ? SMALL : path === MODEL ? LARGE : null;
    if (!bytes) return new Response("no", { status: 404 });
    return new Response(bytes.slice(from), { status: from > 0 ? 206 : 200 });
  });
  return { url: `http://127.0.0.1:${http.addr.port}`, asked, [Symbol.asyncDispose]: () => http.shutdown() };
}

async function tempFolder() {
  const base = await Deno.makeTempDir({ prefix: "flower-pull-" });
  return {
    path: join(base, "org", "name"),
    [Symbol.asyncDispose]: () => Deno.remove(base, { recursive: true }),
  };
}

async function fault(promise: Promise<void>, kind: PullFault, says: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof PullError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, says);
    return true;
  });
}

async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const part of ["", "onnx"]) {
    for await (const entry of Deno.readDir(join(folder, part))) {
      if (entry.isFile) names.push(join(part, entry.name));
    }
  }
  return names.toSorted();
}

Deno.test("a pull leaves exactly the model's files, and tells how far it is", async () => {
  await using folder = await tempFolder();
  await using from = hub();
  const told: [number, number][] = [];
  const options = { hub: `${from.url}/`, folder: folder.path, weights: WEIGHTS };
  await pull({ ...options, progress: (done, total) => void told.push([done, total]) });
  assert.deepEqual(await filesIn(folder.path), ["config.json", MODEL]);
  assert.deepEqual(await Deno.readFile(join(folder.path, MODEL)), LARGE);
  assert.deepEqual(from.asked, ["config.json", MODEL]);
  const total = SMALL.length + LARGE.length;
  assert.deepEqual(told.at(-1), [total, total]);
  for (let at = 1; at < told.length; at++) assert.ok(told[at][0] >= told[at - 1][0]);
  await pull(options);
  assert.equal(from.asked.length, 2, "what is here is not fetched again");
});

Deno.test("a part that an earlier try left is gone on with; a hub without ranges begins anew", async () => {
  for (const ranges of [true, false]) {
    await using folder = await tempFolder();
    await using from = hub((path) => ranges || path !== MODEL ? undefined : new Response(LARGE));
    await Deno.mkdir(join(folder.path, "onnx"), { recursive: true });
    await Deno.writeFile(join(folder.path, `${MODEL}.part`), LARGE.slice(0, 1000));
    await pull({ hub: from.url, folder: folder.path, weights: WEIGHTS });
    assert.equal(from.asked[1], `${MODEL} bytes=1000-`);
    assert.deepEqual(await filesIn(folder.path), ["config.json", MODEL]);
    assert.equal(await sumOf(join(folder.path, MODEL)), WEIGHTS.files[1].sha256);
  }
});

Deno.test("a part that is complete is not asked for again, and one that is too long begins anew", async () => {
  await using folder = await tempFolder();
  await using from = hub();
  await Deno.mkdir(join(folder.path, "onnx"), { recursive: true });
  await Deno.writeFile(join(folder.path, "config.json.part"), SMALL);
  await Deno.writeFile(join(folder.path, `${MODEL}.part`), new Uint8Array(LARGE.length + 1));
  await pull({ hub: from.url, folder: folder.path, weights: WEIGHTS });
  assert.deepEqual(from.asked, [MODEL]);
  assert.equal(await sumOf(join(folder.path, MODEL)), WEIGHTS.files[1].sha256);
});

Deno.test("a wrong sum is refused: nothing takes the place of what was there, and the next try begins anew", async () => {
  await using folder = await tempFolder();
  let good = false;
  const bad = LARGE.slice();
  bad[7]++;
  await using from = hub((path) => path === MODEL && !good ? new Response(bad) : undefined);
  const options = { hub: from.url, folder: folder.path, weights: WEIGHTS };
  await Deno.mkdir(join(folder.path, "onnx"), { recursive: true });
  await Deno.writeTextFile(join(folder.path, MODEL), "an older one");
  await fault(
    pull(options),
    "damaged",
    /model_quantized.onnx came with the checksum [0-9a-f]{12}… instead of [0-9a-f]{12}…/,
  );
  assert.deepEqual(await filesIn(folder.path), ["config.json", MODEL]);
  assert.equal(await Deno.readTextFile(join(folder.path, MODEL)), "an older one");
  good = true;
  await pull(options);
  assert.deepEqual(from.asked, ["config.json", MODEL, MODEL]);
  assert.equal(await sumOf(join(folder.path, MODEL)), WEIGHTS.files[1].sha256);
});

Deno.test("a hub that sends more than there is, is refused", async () => {
  await using folder = await tempFolder();
  await using from = hub((path) =>
    path === MODEL ? new Response(new Uint8Array(LARGE.length + 5)) : undefined
  );
  await fault(pull({ hub: from.url, folder: folder.path, weights: WEIGHTS }), "damaged", /checksum/);
  assert.deepEqual(await filesIn(folder.path), ["config.json"]);
});

Deno.test("of a hub that never ends no more is written than the file has", async () => {
  await using folder = await tempFolder();
  await using from = hub();
  let sent = 0;
  const endless: typeof fetch = (url, init) => {
    if (!String(url).endsWith(MODEL)) return fetch(url, init);
    const body = new ReadableStream({
      pull(controller) {
        // Whoever reads on meets an end after all.
        if (++sent > 100) controller.close();
        else controller.enqueue(LARGE);
      },
    });
    return Promise.resolve(new Response(body));
  };
  await fault(
    pull({ hub: from.url, folder: folder.path, weights: WEIGHTS, fetch: endless }),
    "damaged",
    /checksum/,
  );
  assert.ok(sent < 10, `${sent}`);
});

Deno.test("what broke off is kept and gone on with", async () => {
  await using folder = await tempFolder();
  let cut = true;
  await using from = hub((path) => path === MODEL && cut ? new Response(LARGE.slice(0, 5000)) : undefined);
  const options = { hub: from.url, folder: folder.path, weights: WEIGHTS };
  await fault(pull(options), "offline", /broke off after 5000 of 300000 bytes/);
  assert.deepEqual(await filesIn(folder.path), ["config.json", `${MODEL}.part`]);
  cut = false;
  await pull(options);
  assert.equal(from.asked.at(-1), `${MODEL} bytes=5000-`);
  assert.equal(await sumOf(join(folder.path, MODEL)), WEIGHTS.files[1].sha256);
});

Deno.test("a hub that falls silent, refuses or is not there", async () => {
  await using folder = await tempFolder();
  const ends: (() => void)[] = [];
  const silent = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(LARGE.slice(0, 100));
          ends.push(() => controller.close());
        },
      }),
    );
  await using stalled = hub((path) => path === MODEL ? silent() : undefined);
  const options = { folder: folder.path, weights: WEIGHTS };
  await fault(
    pull({ ...options, hub: stalled.url, stall_ms: 80 }),
    "offline",
    /has sent nothing for 1 s; what came is kept/,
  );
  for (const end of ends) {
    try {
      end();
    } catch {
      // Its reader has left.
    }
  }
  await using refusing = hub(() => new Response("no", { status: 403 }));
  await fault(pull({ ...options, hub: refusing.url }), "refused", /127\.0\.0\.1:\d+ answers 403 for onnx/);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await fault(
    pull({ ...options, hub: `http://127.0.0.1:${port}` }),
    "offline",
    /The hub cannot be reached \(.*refused/,
  );
});

Deno.test("a full disk is said as such", { ignore: Deno.build.os !== "linux" }, async () => {
  await using folder = await tempFolder();
  await using from = hub();
  await Deno.mkdir(folder.path, { recursive: true });
  // Whatever is written there finds no room.
  await Deno.symlink("/dev/full", join(folder.path, "config.json.part"));
  await fault(
    pull({ hub: from.url, folder: folder.path, weights: WEIGHTS }),
    "full",
    /The disk of .* is full; make room/,
  );
});

Deno.test("one pull at a time", async () => {
  await using folder = await tempFolder();
  const inside = Promise.withResolvers<void>();
  const go_on = Promise.withResolvers<void>();
  await using from = hub();
  const options = { hub: from.url, folder: folder.path, weights: WEIGHTS };
  const slow = async (...given: Parameters<typeof fetch>) => {
    inside.resolve();
    await go_on.promise;
    return await fetch(...given);
  };
  const first = pull({ ...options, fetch: slow });
  await inside.promise;
  await fault(pull(options), "busy", /Another pull is at work/);
  go_on.resolve();
  await first;
  assert.deepEqual(await filesIn(folder.path), ["config.json", MODEL]);
});

Deno.test("the sum of a file is SHA-256, and null without a file", async () => {
  await using folder = await tempFolder();
  await Deno.mkdir(folder.path, { recursive: true });
  const path = join(folder.path, "abc");
  await Deno.writeTextFile(path, "abc");
  assert.equal(await sumOf(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(await sumOf(join(folder.path, "none")), null);
  assert.equal(await sumOf(join(path, "below")), null);
});

Deno.test("the table names the four files that the embedder reads, by an unchanging revision", () => {
  assert.match(MINILM.revision, /^[0-9a-f]{40}$/);
  assert.deepEqual(MINILM.files.map((file) => file.path), [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "onnx/model_quantized.onnx",
  ]);
  for (const file of MINILM.files) assert.match(file.sha256, /^[0-9a-f]{64}$/);
  assert.equal(MINILM.files.reduce((sum, file) => sum + file.bytes, 0), 23_685_047);
});

Deno.test("a path is a folder of models, or a model's own folder", () => {
  const there = new Set(["/own/config.json", "/models/a/b/config.json", "/models/a/b/tokenizer.json"]);
  const exists = (path: string) => there.has(path);
  assert.equal(modelFolder("/own", "a/b", exists), "/own");
  assert.equal(modelFolder("/models", "a/b", exists), "/models/a/b");
  assert.deepEqual(missingFiles("/models/a/b", exists), [
    "tokenizer_config.json",
    "onnx/model_quantized.onnx",
  ]);
});
