/**
 * The sealed brain and the embedder play a scripted evening while Deno writes down every permission that they ask for.
 * What they used is compared with tests/golden/audit_*.txt; `deno test -A --no-check tests/e2e/audit_test.ts -- --update`
 * takes over what has changed, for a person to look at.
 */

import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { loadConfig } from "../../brain/config.ts";
import { startEmbedder } from "../../brain/embedder_process.ts";
import { sealedBrainFlags } from "../../brain/seal.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { TextLineStream } from "../../shared/lines.ts";
import { auditOf } from "../support/audit.ts";
import { FaceClient } from "../support/face_client.ts";
import { cleanEnv, ROOT, tempHome, until } from "../support/processes.ts";
import { tellEverything } from "../support/role_home.ts";
import { MODEL, realModels } from "../support/weights.ts";
import { configFor, startProvider } from "./stage.ts";

/** Lines of the evening; CI plays 200 (architecture.md 7). */
const TURNS = Number(Deno.env.get("FLOWER_EVENING_TURNS") ?? 30);

function assertGoldenList(name: string, found: string[]): void {
  const path = join(ROOT, "tests", "golden", `${name}.txt`);
  const text = `${found.join("\n")}\n`;
  if (Deno.args.includes("--update")) Deno.writeTextFileSync(path, text);
  assert.equal(text, Deno.readTextFileSync(path), `${name}.txt: the rights that were used have changed`);
}

/** The daily copies of a home that are whole. */
function copiesIn(home: string): string[] {
  try {
    const names = [...Deno.readDirSync(join(home, "backups"))].map(({ name }) => name);
    return names.filter((name) => /^engine-[\d-]+\.db$/.test(name));
  } catch {
    return [];
  }
}

/** Everything a player does in an evening, some of it more than once. */
async function evening(face: FaceClient, turns: number, folder: string): Promise<void> {
  await face.begin();
  await face.command("/world attach_lore ## The pier\nThe pier was built twice.");
  assert.match((await face.command(`/world sync_folder ${folder}`)).content, /^✓ 1 file, 1 piece/);
  for (let i = 0; i < turns; i++) {
    const told = await face.turn(`I ask about the pier and the bell, ${i}.`);
    assert.equal(told.message.status, "complete");
    if (i % 10 === 3) await face.turn("/retry");
    if (i % 10 === 4) await face.command("/swipe prev");
    if (i % 10 === 5) await face.turn(`/edit ${face.history.at(-2)?.id} I ask nothing.`);
    if (i % 10 === 6) await face.command("/undo");
    if (i % 10 === 7) await face.command("/redo");
    if (i % 10 === 8) await face.command("/rules add terse");
    if (i % 10 === 9) await face.command("/rules clear");
  }
  for (const line of ["/usage", "/help", "/session list", "/export md", "/export jsonl", "/model refresh"]) {
    await face.command(line);
  }
  assert.match((await face.command("/world sync_folder /etc")).content, /^✗ /);
  const session = face.state?.session_id;
  await face.begin("honey_year", "midwife");
  await face.turn("I look around.");
  await face.command(`/session delete ${session}`);
}

Deno.test("the sealed brain uses exactly the rights of the golden list, in an evening of every kind of request", async () => {
  await using provider = await startProvider();
  await using home = await tempHome();
  const real = Deno.realPathSync(home.path);
  const audit = await Deno.makeTempFile({ prefix: "flower-audit-" });
  await Deno.mkdir(join(real, "lore_of_mine"));
  await Deno.writeTextFile(join(real, "lore_of_mine", "a.md"), "Salt.");
  const written = configFor(provider, "embeddings: off\nlore_folders: [lore_of_mine]");
  const { config, keys, complaints } = loadConfig({
    home: real,
    assets: join(ROOT, "assets"),
    config_path: null,
    cwd: real,
    env: () => undefined,
    read: (path) => path === join(real, "config.yaml") ? written : null,
    port: 0,
  });
  assert.deepEqual(complaints, []);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(audit));
  // Something to back up, so that the daily copy is made at the start.
  const db = openDatabase(config.database_path);
  tellEverything(db, "local", "0123456789ab");
  db.close();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...sealedBrainFlags(config, ROOT, false), join(ROOT, "brain", "serve.ts")],
    cwd: ROOT,
    clearEnv: true,
    env: cleanEnv({ DENO_AUDIT_PERMISSIONS: audit }),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const channel = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .getReader();
  try {
    await channel.write(new TextEncoder().encode(`${JSON.stringify({ config, keys })}\n`));
    const { url } = JSON.parse((await lines.read()).value ?? "{}");
    await using face = await FaceClient.connect(url);
    await evening(face, TURNS, join(real, "lore_of_mine"));
    await until(() => copiesIn(real).length > 0, "a backup");
  } finally {
    await channel.close();
    while (!(await lines.read()).done);
    assert.equal((await child.status).code, 0);
  }
  const used = auditOf(audit, { [real]: "HOME", [`127.0.0.1:${provider.port}`]: "PROVIDER" });
  assertGoldenList("audit_brain", used);
  const kinds = new Set(used.map((line) => line.split(" ")[0]));
  for (const kind of kinds) assert.ok(["read", "write", "net", "env"].includes(kind), kind);
  assert.ok(
    !used.some((line) => /\/etc|\.ssh|\/proc/.test(line) && !line.startsWith("read /etc")),
    used.join("\n"),
  );
});

const models = realModels();

Deno.test(
  "the embedder uses exactly the rights of the golden list",
  { ignore: models === null },
  async () => {
    const audit = await Deno.makeTempFile({ prefix: "flower-audit-" });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(audit));
    const path = Deno.realPathSync(models ?? "");
    const embedder = startEmbedder(
      ROOT,
      { engine: "local", path, url: "", model: MODEL },
      cleanEnv({ DENO_AUDIT_PERMISSIONS: audit }),
      () => {},
    );
    const lines = embedder.lines[Symbol.asyncIterator]();
    embedder.send(JSON.stringify({ id: 1, texts: ["The bell rings.", "Seven eels."] }));
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, "an answer");
      if (value.includes('"vectors"')) break;
    }
    embedder.kill();
    while (!(await lines.next()).done);
    const used = auditOf(audit, { [path]: "MODELS" });
    assertGoldenList("audit_embedder", used);
  },
);
