/** What the sealed brain wires together that nobody else tests: its log's level, lore in step with saved files, whose files a deleted story takes along. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../brain/store/database.ts";
import { addToken, hashToken } from "../../brain/store/tokens.ts";
import { LAST_PAGE_FILE, SAID_FILE } from "../../shared/home.ts";
import { saidLine } from "../../shared/said.ts";
import { FaceClient } from "../support/face_client.ts";
import { until } from "../support/processes.ts";
import { configFor, openStage, type Stage, startProvider } from "./stage.ts";

const ATTIC =
  "id: attic\nname: The Attic\nstart_message: Dust.\nlore: |\n  ## The trunk\n  The trunk holds hats.\n";
const ANN = "token-of-ann-0123456789abcdef";

/** The lore of a world as the index has it. */
function loreOf(stage: Stage, world_id: string): string[] {
  const db = new DatabaseSync(join(stage.home, "engine.db"), { readOnly: true });
  try {
    const rows = db.prepare("SELECT text FROM lore_units WHERE world_id = ? ORDER BY id").all(world_id);
    return rows.map(({ text }) => String(text));
  } finally {
    db.close();
  }
}

Deno.test("lore follows its file while the brain runs, also to its end", async () => {
  await using stage = await openStage({ config: configFor(null), files: { "worlds/attic.yaml": ATTIC } });
  const path = join(stage.home, "worlds", "attic.yaml");
  await until(() => loreOf(stage, "attic").join() === "The trunk holds hats.", "the lore at the start");
  {
    // A folder of the home that the brain may read is none for lore.
    await using face = await stage.face();
    await face.begin();
    const { content } = await face.command(`/world sync_folder ${stage.home}/worlds`);
    assert.match(content, /^✗ Cannot read .*worlds: .*lore_folders/);
  }
  await Deno.writeTextFile(path, ATTIC.replace("hats", "hats, and one wasp"));
  await until(
    () => loreOf(stage, "attic").join() === "The trunk holds hats, and one wasp.",
    "the lore as saved",
  );
  await Deno.remove(path);
  await until(() => loreOf(stage, "attic").length === 0, "the end of it");
  assert.ok(loreOf(stage, "salt_marsh").length > 5, "others keep theirs");
});

Deno.test("lists that come after a face has joined are shown to it; a model whose price nobody tells has the shipped one", async () => {
  await using provider = await startProvider();
  const data = [{ id: "story", name: "The Teller" }];
  await provider.route("/v1/models", { object: "list", data }, { delay_ms: 1000 });
  // Without a key its list is not asked for.
  const groq = "providers: [{ name: groq, base_url: https://api.groq.com/openai/v1 }]";
  const supported = "supported_models: [story, groq/llama-3.3-70b-versatile]";
  await using stage = await openStage({ config: configFor(provider, `${groq}\n${supported}`) });
  await using face = await stage.face();
  const shown = () =>
    face.events.flatMap((event) => event.event === "sync_state" ? event.metadata.available_models ?? [] : []);
  await face.until(() => shown().some(({ name }) => name === "The Teller"), "the list of the provider");
  const priced = shown().filter(({ id }) => id === "groq/llama-3.3-70b-versatile");
  assert.deepEqual(
    priced.map(({ prompt_price, completion_price, price_known }) => [
      prompt_price,
      completion_price,
      price_known,
    ]),
    priced.map(() => [0.59, 0.79, true]),
  );
  assert.ok(priced.length > 0);
});

Deno.test("the log holds what its level lets through, and nothing beneath it", async () => {
  for (const level of ["info", "warn"]) {
    await using stage = await openStage({ config: `${configFor(null)}log_level: ${level}\n` });
    await using face = await stage.face();
    await face.begin();
    assert.equal(/Z info ready at /.test(stage.log()), level === "info", stage.log());
    assert.equal(/Z info /.test(stage.log()), level === "info", stage.log());
    assert.doesNotMatch(stage.log(), /Z debug /);
  }
});

Deno.test("a deleted story takes along what the face at this machine kept of it, not when it was a guest's", async () => {
  await using stage = await openStage({ config: configFor(null) });
  const db = openDatabase(join(stage.home, "engine.db"));
  addToken(db, { id: "a1", name: "Ann", token_hash: hashToken(ANN) });
  db.close();
  const [page, said] = [LAST_PAGE_FILE, SAID_FILE].map((name) => join(stage.home, name));
  await Deno.mkdir(dirname(page), { recursive: true });
  const elsewhere = saidLine({ text: "I wait.", story: "0123456789ab" });
  await using ann = await FaceClient.connect(stage.url, ANN);
  await using owner = await stage.face();
  for (const [face, own] of [[ann, false], [owner, true]] as const) {
    const story = await face.begin();
    const line = saidLine({ text: "I ask.", story });
    await Deno.writeTextFile(page, "a page");
    await Deno.writeTextFile(said, elsewhere + line);
    await face.command(`/session delete ${story}`);
    if (own) await until(() => Deno.stat(page).then(() => false, () => true), "the end of the page");
    else assert.equal(await Deno.readTextFile(page), "a page");
    assert.equal(await Deno.readTextFile(said), own ? elsewhere : elsewhere + line);
  }
});

Deno.test("a brain that ends with its face says that it stops, not that it comes back", async () => {
  await using stage = await openStage({ config: configFor(null), args: ["--with-parent"] });
  const { token } = JSON.parse(await Deno.readTextFile(join(stage.home, "brain.json")));
  await using face = await FaceClient.connect(stage.url, token);
  await stage.door.closeStdin();
  await face.until(() => face.closed !== null, "the close");
  assert.deepEqual(face.closed, { code: 1001, reason: "The brain stops." });
  assert.equal(await stage.door.ended, 0);
});
