import assert from "node:assert/strict";
import { hashingEmbedder } from "../../../brain/memory/embedder.ts";
import { openRecall, type RecallQuestion } from "../../../brain/memory/recall.ts";
import { rememberMessage } from "../../../brain/memory/remember.ts";
import { openDatabase } from "../../../brain/store/database.ts";
import { attachLore, syncLore } from "../../../brain/store/lore.ts";
import { getMessage } from "../../../brain/store/messages.ts";
import { updateSession } from "../../../brain/store/sessions.ts";
import { aSession, tell, tellAll, withPath } from "../../support/stories.ts";

const CRASHING = { worker: new URL("../../support/recall_crashing.ts", import.meta.url) };
const PATIENCE_MS = 20_000;

function question(patch: Partial<RecallQuestion> = {}): RecallQuestion {
  return {
    player_id: "ann",
    session_id: "story",
    world_id: "marsh",
    leaf_id: 5,
    line: "Where is the lantern?",
    before: [],
    visible_ids: [],
    max_lore: 3,
    max_memories: 3,
    ...patch,
  };
}

/** A database with one story and one piece of lore, both about `thing`. */
function fill(path: string, thing: string): void {
  const db = openDatabase(path);
  const ids = tellAll(db, aSession(), [`I hide the ${thing}.`, "Rain.", "I go home.", "Fog.", "I wait."]);
  for (const id of ids) rememberMessage(db, "ann", "story", getMessage(db, "ann", id)!);
  syncLore(db, "marsh", [{ heading: "", text: `A ${thing} burns blue.`, known_to: "" }]);
  db.close();
}

Deno.test("recall finds lore and memories in its own thread", async () => {
  await withPath(async (path) => {
    fill(path, "lantern");
    const recall = openRecall(path);
    const recalled = await recall.ask(question(), PATIENCE_MS);
    assert.deepEqual(recalled.lore.map((hit) => hit.text), ["A lantern burns blue."]);
    assert.equal(recalled.memories[0].text, "I hide the lantern.");
    assert.ok(recalled.took_ms > 0 && recalled.took_ms < PATIENCE_MS);
    // Many at once, each with its own answer.
    const lines = ["lantern", "dragon", "lantern", "rain"];
    const all = await Promise.all(lines.map((line) => recall.ask(question({ line }), PATIENCE_MS)));
    assert.deepEqual(all.map((one) => one.lore.length), [1, 0, 1, 0]);
    assert.deepEqual(all.map((one) => one.memories[0]?.text), [
      "I hide the lantern.",
      undefined,
      "I hide the lantern.",
      "Rain.",
    ]);
    await recall.close();
  });
});

Deno.test("recall sees what was told since it was opened", async () => {
  await withPath(async (path) => {
    fill(path, "lantern");
    const recall = openRecall(path);
    assert.equal((await recall.ask(question({ line: "heron" }), PATIENCE_MS)).lore.length, 0);
    const db = openDatabase(path);
    syncLore(db, "marsh", [{ heading: "", text: "A heron waits.", known_to: "" }]);
    db.close();
    assert.equal((await recall.ask(question({ line: "heron" }), PATIENCE_MS)).lore.length, 1);
    await recall.close();
  });
});

Deno.test("what is read ahead changes no answer, however often and whatever has come since", async () => {
  await withPath(async (path) => {
    const recall = openRecall(path, { embedder: hashingEmbedder(), quiet_ms: 0 });
    // Nothing is there yet, and nothing breaks.
    recall.warm!();
    assert.deepEqual((await recall.ask(question(), PATIENCE_MS)).memories, []);
    fill(path, "lantern");
    for (const line of ["lantern", "heron", "lantern", "heron"]) {
      recall.warm!();
      recall.warm!();
      const { memories } = await recall.ask(question({ line }), PATIENCE_MS);
      assert.equal(memories[0]?.text, line === "lantern" ? "I hide the lantern." : undefined);
    }
    const db = openDatabase(path);
    const { id } = tell(db, aSession(), 5, "assistant", "A heron waits.");
    rememberMessage(db, "ann", "story", getMessage(db, "ann", id)!);
    updateSession(db, "ann", "story", { leaf_id: id, last_used_ms: 9999 });
    db.close();
    recall.warm!();
    const later = await recall.ask(question({ line: "heron", leaf_id: id }), PATIENCE_MS);
    assert.equal(later.memories[0].text, "A heron waits.");
    await recall.close();
    recall.warm!();
  });
});

Deno.test("lore that is ranked before its question changes no answer, whichever question comes", async () => {
  await withPath(async (path) => {
    const recall = openRecall(path);
    const expected = (line: string) => ({ player_id: "ann", world_id: "marsh", leaf_id: null, line });
    // Nothing is there yet, and nothing breaks.
    recall.expect!(expected("heron"));
    assert.deepEqual((await recall.ask(question(), PATIENCE_MS)).lore, []);
    fill(path, "lantern");
    const db = openDatabase(path);
    syncLore(db, "marsh", [
      { heading: "", text: "A heron waits.", known_to: "" },
      { heading: "", text: "The lantern burns.", known_to: "" },
    ]);
    attachLore(
      db,
      "ben",
      "marsh",
      [{ heading: "", text: "Ben's lantern is broken.", known_to: "" }],
      "notes",
    );
    syncLore(db, "dune", [{ heading: "", text: "A heron lies in the sand.", known_to: "" }]);
    db.close();
    const told = async (about: Partial<RecallQuestion>) =>
      (await recall.ask(question(about), PATIENCE_MS)).lore.map(({ text }) => text);
    for (const line of ["heron", "lantern"]) {
      for (const asked of ["heron", "lantern"]) {
        recall.expect!(expected(line));
        const text = asked === "heron" ? "A heron waits." : "The lantern burns.";
        assert.deepEqual(await told({ line: asked }), [text], `${asked} after ${line}`);
        assert.deepEqual(await told({ line: asked }), [text], `${asked} again`);
      }
      recall.expect!(expected(line));
      assert.deepEqual(await told({ line: "heron", world_id: "dune" }), ["A heron lies in the sand."]);
    }
    // The same line of somebody else, or after another text.
    for (const other of [{ player_id: "ben" }, { before: ["It burns."] }]) {
      const lore = async (patch: Partial<RecallQuestion>) =>
        (await recall.ask(question({ line: "lantern", ...patch }), PATIENCE_MS)).lore;
      const alone = await lore(other);
      assert.notDeepEqual(alone, await lore({}));
      recall.expect!(expected("lantern"));
      assert.deepEqual(await lore(other), alone);
    }
    await recall.close();
    recall.expect!(expected("heron"));
  });
});

Deno.test("a database that is not there, is broken, or was put in its place later is no reason to fail", async () => {
  await withPath(async (path) => {
    const recall = openRecall(path);
    assert.deepEqual((await recall.ask(question(), PATIENCE_MS)).memories, []);
    Deno.writeTextFileSync(path, "no database at all ".repeat(500));
    assert.deepEqual((await recall.ask(question(), PATIENCE_MS)).memories, []);
    Deno.removeSync(path);
    fill(path, "lantern");
    assert.equal((await recall.ask(question(), PATIENCE_MS)).memories[0].text, "I hide the lantern.");
    Deno.renameSync(path, `${path}.old`);
    fill(path, "whistle");
    assert.deepEqual((await recall.ask(question(), PATIENCE_MS)).memories, []);
    assert.equal(
      (await recall.ask(question({ line: "whistle" }), PATIENCE_MS)).memories[0].text,
      "I hide the whistle.",
    );
    await recall.close();
  });
});

Deno.test("recall only reads: it does not bring an older database up to date", async () => {
  await withPath(async (path) => {
    fill(path, "lantern");
    const db = openDatabase(path);
    db.run("DELETE FROM migrations");
    const recall = openRecall(path);
    assert.equal((await recall.ask(question(), PATIENCE_MS)).lore.length, 1);
    await recall.close();
    assert.deepEqual(db.all("SELECT name FROM migrations"), []);
    db.close();
  });
});

Deno.test("a late answer is an empty one, and does not disturb the next", async () => {
  await withPath(async (path) => {
    const recall = openRecall(path, CRASHING);
    const begun = performance.now();
    assert.deepEqual(await recall.ask(question({ line: "silence" }), 30), {
      lore: [],
      memories: [],
      took_ms: 30,
      late: true,
    });
    const waited = performance.now() - begun;
    assert.ok(waited >= 25 && waited < 10_000, `${waited} ms`);
    assert.equal((await recall.ask(question({ line: "answer" }), PATIENCE_MS)).took_ms, 42);
    await recall.close();
  });
});

Deno.test("a worker that crashes is started once more; after that recall is off, and says so once", async () => {
  await withPath(async (path) => {
    const logged: string[] = [];
    const recall = openRecall(path, { ...CRASHING, log: (level, text) => logged.push(`${level} ${text}`) });
    const silent = recall.ask(question({ line: "silence" }), PATIENCE_MS);
    const begun = performance.now();
    const empty = { lore: [], memories: [], took_ms: 0 };
    assert.deepEqual(await recall.ask(question({ line: "crash" }), PATIENCE_MS), empty);
    assert.deepEqual(await silent, empty);
    assert.equal((await recall.ask(question({ line: "answer" }), PATIENCE_MS)).took_ms, 42);
    assert.deepEqual([logged, recall.condition?.()], [[], ""]);
    assert.deepEqual(await recall.ask(question({ line: "crash" }), PATIENCE_MS), empty);
    assert.deepEqual(await recall.ask(question({ line: "answer" }), PATIENCE_MS), empty);
    assert.equal(logged.length, 1);
    assert.match(logged[0], /^error Memory is off: .* crashed as asked$/);
    assert.match(recall.condition?.() ?? "", /^Memory is off: .*restart/);
    assert.ok(performance.now() - begun < PATIENCE_MS / 2);
    await recall.close();
  });
});

Deno.test("closing answers who is waiting, and whoever asks afterwards", async () => {
  await withPath(async (path) => {
    const recall = openRecall(path, CRASHING);
    const waiting = recall.ask(question({ line: "silence" }), PATIENCE_MS);
    await recall.close();
    assert.deepEqual(await waiting, { lore: [], memories: [], took_ms: 0 });
    assert.deepEqual(await recall.ask(question(), PATIENCE_MS), { lore: [], memories: [], took_ms: 0 });
    await recall.close();
  });
});
