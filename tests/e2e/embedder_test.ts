// The embedder as a real process behind the real front door, with real weights where there are any (tests/support/weights.ts).

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { startEmbedder } from "../../brain/embedder_process.ts";
import {
  FIXTURE_DOOR,
  gone,
  isRunning,
  openSocket,
  ROOT,
  startPiped,
  tempHome,
  type TestSocket,
  until,
} from "../support/processes.ts";
import { MODEL, realModels } from "../support/weights.ts";

const models = realModels();
const real = { ignore: models === null };

interface Embedded {
  id: number;
  vectors?: number[][];
  error?: string;
  kind?: string;
}

let asked = 0;

async function embed(socket: TestSocket, id: number, text: string): Promise<Embedded> {
  socket.send(`/embed ${text}`);
  const frame = await socket.frame(`{"embedded":{"id":${id},`);
  return JSON.parse(frame).embedded;
}

function dot(a: number[] = [], b: number[] = []): number {
  return a.reduce((sum, part, index) => sum + part * b[index], 0);
}

/** The embedder of a front door, by its parent and its program. */
function embedderPid(door_pid: number): number | undefined {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Deno.readTextFileSync(`/proc/${name}/stat`).replace(/^.*\) /, "").split(" ")[1];
      const program = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (parent === String(door_pid) && program.includes("brain/embedder/main.ts")) return Number(name);
    } catch {
      // It has just ended.
    }
  }
}

Deno.test("without weights a request is answered with what to do, and nothing is started", async () => {
  await using home = await tempHome();
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await using socket = await openSocket((await door.ready()).url);
  const { vectors, error, kind } = await embed(socket, 1, "hello");
  assert.equal(vectors, undefined);
  assert.equal(kind, "missing");
  assert.match(
    error ?? "",
    /Xenova\/all-MiniLM-L6-v2 is not in .*\/models\/.* flower models pull fetches it$/,
  );
  assert.equal(embedderPid(door.pid), undefined);
});

Deno.test(
  "real weights: near in meaning is near; the process starts with the first text and ends with the door",
  real,
  async () => {
    await using home = await tempHome(`embeddings: {path: ${models}}\n`);
    await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
    await using socket = await openSocket((await door.ready()).url);
    assert.equal(embedderPid(door.pid), undefined);
    const cat = await embed(socket, 1, "The cat sits on the mat.");
    const rug = await embed(socket, 2, "A feline rests on a rug.");
    const stocks = await embed(socket, 3, "Stock markets fell sharply today.");
    const again = await embed(socket, 4, "The cat sits on the mat.");
    assert.equal(cat.vectors?.[0].length, 384, cat.error);
    assert.ok(Math.abs(dot(cat.vectors?.[0], cat.vectors?.[0]) - 1) < 1e-5);
    assert.ok(dot(cat.vectors?.[0], rug.vectors?.[0]) > 0.5);
    assert.ok(dot(cat.vectors?.[0], stocks.vectors?.[0]) < 0.2);
    assert.deepEqual(again.vectors, cat.vectors);
    const pid = embedderPid(door.pid);
    assert.ok(pid);
    // A process group of its own: Ctrl+C at the terminal would count as its crash.
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
    assert.equal(fields[2], String(pid));
    door.signal("SIGTERM");
    assert.equal(await door.ended, 0);
    assert.ok(!isRunning(pid));
  },
);

Deno.test(
  "real weights: killed once it starts again and answers; killed twice it stays off and says so",
  real,
  async () => {
    await using home = await tempHome(`embeddings: {path: ${models}}\n`);
    await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
    await using socket = await openSocket((await door.ready()).url);
    const first = await embed(socket, 1, "one");
    const log = join(home.path, "logs", "brain.log");
    for (
      const [id, said] of [[2, "the embedder has crashed\n"], [
        3,
        "the embedder has crashed again and stays off\n",
      ]] as const
    ) {
      const pid = embedderPid(door.pid);
      assert.ok(pid);
      Deno.kill(pid, "SIGKILL");
      await until(() => Deno.readTextFileSync(log).includes(said), said);
      const answer = await embed(socket, id, "one");
      if (id === 2) assert.deepEqual(answer.vectors, first.vectors);
      else {
        assert.equal(answer.kind, "failed");
        assert.match(answer.error ?? "", /stays off until the brain is started again/);
      }
    }
    assert.equal(embedderPid(door.pid), undefined);
  },
);

Deno.test("real weights: a front door that is killed leaves no embedder behind", real, async () => {
  await using home = await tempHome(`embeddings: {path: ${join(models ?? "", MODEL)}}\n`);
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  const { url, pid } = await door.ready();
  await using socket = await openSocket(url);
  const { vectors, error } = await embed(socket, 1, "one");
  assert.equal(vectors?.length, 1, error);
  const embedder = embedderPid(door.pid);
  assert.ok(embedder);
  door.signal("SIGKILL");
  await door.ended;
  await gone(pid);
  await gone(embedder);
});

Deno.test("real weights: damaged ones are an error that names their folder, not a crash", real, async () => {
  await using home = await tempHome();
  const folder = join(home.path, "models", MODEL);
  await Deno.mkdir(join(folder, "onnx"), { recursive: true });
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    await Deno.copyFile(join(models ?? "", MODEL, name), join(folder, name));
  }
  await Deno.writeTextFile(join(folder, "onnx", "model_quantized.onnx"), "no weights");
  await using door = startPiped(FIXTURE_DOOR, ["brain", "--port", "0", "--home", home.path]);
  await using socket = await openSocket((await door.ready()).url);
  for (const id of [1, 2]) {
    const { error, kind } = await embed(socket, id, "one");
    assert.equal(kind, "failed");
    assert.match(error ?? "", /^Embeddings: the model in .*all-MiniLM-L6-v2 cannot be loaded: /);
  }
  // Mended, it is loaded by the next request.
  await Deno.copyFile(
    join(models ?? "", MODEL, "onnx/model_quantized.onnx"),
    join(folder, "onnx/model_quantized.onnx"),
  );
  assert.equal((await embed(socket, 3, "one")).vectors?.length, 1);
});

Deno.test("real weights: odd texts have vectors too", real, async () => {
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "" };
  const embeddings = { engine: "local", path: models ?? "", url: "", model: MODEL } as const;
  const said: string[] = [];
  const process = startEmbedder(ROOT, embeddings, env, (line) => void said.push(line));
  const lines = process.lines[Symbol.asyncIterator]();
  const ask = async (texts: unknown): Promise<Embedded> => {
    process.send(JSON.stringify({ id: ++asked, texts }));
    const { value } = await lines.next();
    return JSON.parse(value);
  };
  const texts = [
    "",
    " ",
    "灯台の明かり",
    "🐈‍⬛".repeat(200),
    "word ".repeat(20_000),
    "\u0000\u001b[31m",
    "Straße — «ça»",
  ];
  const { id, vectors } = await ask(texts);
  assert.equal(id, asked);
  assert.equal(vectors?.length, texts.length);
  for (const vector of vectors ?? []) assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5);
  assert.deepEqual(await ask([]), { id: asked, vectors: [] });
  assert.match((await ask([1])).error ?? "", /texts must be a list of texts/);
  assert.match((await ask("one")).error ?? "", /texts must be a list of texts/);
  process.kill();
  assert.equal((await lines.next()).done, true);
  assert.deepEqual(said, []);
});
