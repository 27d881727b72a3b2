// `flower models` as a real process. Its packages are whatever this checkout has: only what does not need them is asked.

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { parseHub } from "../../../brain/command_line.ts";
import { runBrainRole } from "../../../brain/main.ts";
import type { ModelsOptions } from "../../../brain/roles/models.ts";
import { PULL_BYTES, pullModel } from "../../../brain/roles/pull.ts";
import { packagesInstalled } from "../../../brain/embedder_process.ts";
import { FRONT_DOOR, ROOT, startPiped, tempHome } from "../../support/processes.ts";

const MODEL = "Xenova/all-MiniLM-L6-v2";

async function run(args: string[]) {
  await using door = startPiped(FRONT_DOOR, ["models", ...args]);
  const code = await door.ended;
  return { code, out: door.stdout(), err: door.stderr() };
}

Deno.test("the command line becomes the role's options", async () => {
  const ask = async (...args: string[]) => {
    const asked: ModelsOptions[] = [];
    const models = (options: ModelsOptions) => {
      asked.push(options);
      return Promise.resolve(7);
    };
    const code = await runBrainRole(
      args,
      {
        brain: () => Promise.resolve(9),
        models,
        order: () => Promise.resolve(8),
      },
      () => "/f",
      "/engine",
    );
    assert.equal(code, 7);
    return asked[0];
  };
  const options: ModelsOptions = {
    action: "pull",
    home: "/f",
    config_path: null,
    assets: "/engine/assets",
    root: "/engine",
    from: "https://huggingface.co",
    json: false,
  };
  assert.deepEqual(await ask("models", "pull"), options);
  assert.deepEqual(await ask("models", "list", "--json"), { ...options, action: "list", json: true });
  assert.deepEqual(await ask("models", "path", "--home", "h", "--config", "c", "--assets", "a"), {
    ...options,
    action: "path",
    home: "h",
    config_path: "c",
    assets: "a",
  });
  assert.deepEqual(await ask("models", "pull", "--from", "http://m:1/hub/"), {
    ...options,
    from: "http://m:1/hub",
  });
});

Deno.test("a mirror is an http address without a query", () => {
  for (const text of ["", "x", "ftp://x", "http://x?a=1", "http://x#a", "file:///x"]) {
    assert.throws(() => parseHub(text), /huggingface/, text);
  }
  assert.equal(parseHub("https://a.b/"), "https://a.b");
});

Deno.test("path and list say where the model is looked for, and what of it is there", async () => {
  await using home = await tempHome("embeddings: {path: vec}\n");
  const folder = join(home.path, "vec", MODEL);
  assert.deepEqual(await run(["path", "--home", home.path]), { code: 0, out: `${folder}\n`, err: "" });
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "config.json"), "{}");
  const listed = JSON.parse((await run(["list", "--home", home.path, "--json"])).out);
  assert.equal(listed.engine, "local");
  assert.equal(listed.model, MODEL);
  assert.equal(listed.folder, folder);
  assert.equal(listed.packages, packagesInstalled(ROOT));
  assert.deepEqual(listed.files.map((file: { path: string; state: string }) => [file.path, file.state]), [
    ["config.json", "another build"],
    ["tokenizer.json", "missing"],
    ["tokenizer_config.json", "missing"],
    ["onnx/model_quantized.onnx", "missing"],
  ]);
  const { out } = await run(["list", "--home", home.path]);
  assert.match(out, /^another build {2}config\.json$/m);
  assert.match(out, /^flower models pull fetches what is missing\.$/m);
});

Deno.test("a model that the table does not know is not pulled", async () => {
  await using home = await tempHome("embeddings: {model: my/own}\n");
  const { code, err } = await run(["pull", "--home", home.path]);
  assert.equal(code, 1);
  assert.match(
    err,
    /^Only Xenova\/all-MiniLM-L6-v2 can be pulled; put my\/own into .*\/models\/my\/own yourself\.$/m,
  );
});

Deno.test("the size that an offer names is that of packages and weights", () => {
  assert.equal(Math.round(PULL_BYTES / 1_000_000), 142);
});

const no_packages = !packagesInstalled(ROOT);

Deno.test(
  "a hub that sends something else is refused by its checksum, and nothing is left in place (needs the embedder's packages)",
  { ignore: no_packages },
  async () => {
    await using home = await tempHome();
    const http = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("x".repeat(650)),
    );
    const from = `http://127.0.0.1:${http.addr.port}`;
    const { code, out, err } = await run(["pull", "--home", home.path, "--from", from]);
    assert.equal(code, 1);
    assert.match(out, /^Xenova\/all-MiniLM-L6-v2: about 142 MB to fetch at most/);
    assert.match(err, /^config\.json came with the checksum .* instead of 7135149f7cff…; it was thrown away/);
    assert.deepEqual([...Deno.readDirSync(join(home.path, "models", MODEL))], []);
    const seen: unknown[] = [];
    const last = await pullModel(
      ROOT,
      join(home.path, "models", MODEL),
      from,
      (line) => void seen.push(line),
    );
    assert.ok("error" in last);
    assert.equal(last.kind, "damaged");
    await http.shutdown();
  },
);

Deno.test(
  "without a network a pull says so, with code 1 and as JSON for programs (needs the embedder's packages)",
  { ignore: no_packages },
  async () => {
    await using home = await tempHome();
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const { code, out } = await run([
      "pull",
      "--home",
      home.path,
      "--json",
      "--from",
      `http://127.0.0.1:${port}`,
    ]);
    assert.equal(code, 1);
    const { error, kind } = JSON.parse(out);
    assert.equal(kind, "offline");
    assert.match(error, /^The hub cannot be reached \(.*refused/);
  },
);

Deno.test(
  "a pull whose asker is killed ends, and what came is kept (needs the embedder's packages)",
  { ignore: no_packages },
  async () => {
    await using home = await tempHome();
    const left = Promise.withResolvers<void>();
    let timer: ReturnType<typeof setInterval>;
    const trickle = () =>
      new ReadableStream<Uint8Array>({
        start: (out) => void (timer = setInterval(() => out.enqueue(new Uint8Array(1)), 20)),
        cancel() {
          clearInterval(timer);
          left.resolve();
        },
      });
    const http = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(trickle()),
    );
    const from = `http://127.0.0.1:${http.addr.port}`;
    await using door = startPiped(FRONT_DOOR, [
      "models",
      "pull",
      "--json",
      "--home",
      home.path,
      "--from",
      from,
    ]);
    await door.ready();
    door.signal("SIGKILL");
    const late = setTimeout(() => left.reject(new Error("the pull goes on")), 15_000);
    await left.promise;
    clearTimeout(late);
    await http.shutdown();
    const kept = await Deno.stat(join(home.path, "models", MODEL, "config.json.part"));
    assert.ok(kept.size > 0);
  },
);
