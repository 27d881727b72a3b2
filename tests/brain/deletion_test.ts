/** A deleted story leaves no word of itself: not in the database's files, not in the log, not in what runs on. */

import assert from "node:assert/strict";
import { loadTokenizer } from "../../brain/prompt/budget.ts";
import { getState } from "../../brain/store/players.ts";
import { type FakeBrain, fakeBrain, onStage, says } from "../support/brain_fakes.ts";

/** Everything in the folder, whatever it is called. */
function allText(dir: string): string {
  return [...Deno.readDirSync(dir)].filter(({ isFile }) => isFile)
    .map(({ name }) => new TextDecoder("latin1").decode(Deno.readFileSync(`${dir}/${name}`))).join("\n");
}

async function playThrough(fake: FakeBrain, word: string): Promise<void> {
  fake.scripts.length = 0;
  fake.scripts.push(async function* (request, signal) {
    const beside = request.messages[0].content.startsWith("You ");
    const asked = request.messages.at(-1)!.content;
    if (asked.includes("One JSON object a line")) {
      const [source] = /(?<=\[)\d+(?=\])/.exec(asked) ?? ["0"];
      const line = {
        source: Number(source),
        subject: "Ida",
        relation: "met",
        object: word,
        fact: `Ida met ${word}.`,
      };
      yield* says(JSON.stringify(line))(request, signal);
    } else if (beside && asked.includes(" words: who did")) {
      yield* says(`Ida owes ${word} two eels from the reeds.`)(request, signal);
    } else {yield* says(`${word} walks the reeds. ${"The tide turns over the mud. ".repeat(12)}`)(
        request,
        signal,
      );}
  });
  for (let turn = 0; turn < 14; turn++) {
    await fake.turn(`I owe ${word} two eels. I met ${word} by the reeds, ${turn}.`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await fake.say("/memory facts");
  await fake.say(`/memory pin ${/^f\d+/.exec(fake.face.last("system_update").content)}`);
  await fake.say(`/memory search ${word}`);
  await fake.say(`/story edit Ida knows ${word}.`);
  await fake.say("/retry");
  await fake.face.until(() => fake.face.last("chat_end").metadata.message?.alternatives === 2);
  await fake.say("/why whole");
}

Deno.test("no word of a deleted story is left in any file or in the log, and the others stay", async () => {
  await loadTokenizer();
  const dir = await Deno.makeTempDir({ prefix: "flower-deletion-" });
  const fake = fakeBrain({
    path: `${dir}/engine.db`,
    config: { max_context_tokens: 2048, facts_model: "fake/one", log_level: "debug" },
  });
  try {
    await onStage(fake);
    await playThrough(fake, "Vumpratic");
    await fake.say("/session new");
    await playThrough(fake, "Quixzotal");
    const { session_id } = getState(fake.deps.db, "local");
    const rows = (table: string) =>
      fake.deps.db.get<{ count: number }>(
        `SELECT count(*) AS count FROM ${table} WHERE session_id = ?`,
        session_id,
      )!.count;
    const tables = ["messages", "memory_units", "facts", "fact_runs", "marks", "summaries", "side_usage"];
    for (const table of tables) assert.ok(rows(table) > 0, table);
    const origins = fake.deps.db.all<{ origin: string }>(
      "SELECT DISTINCT origin FROM facts UNION SELECT DISTINCT origin FROM summaries ORDER BY origin",
    ).map(({ origin }) => origin);
    assert.deepEqual(origins, ["model", "player", "rule"]);
    fake.deps.db.all("PRAGMA wal_checkpoint(FULL)");
    for (const word of ["Quixzotal", "quixzot", "Vumpratic"]) assert.ok(allText(dir).includes(word), word);

    await fake.say(`/session delete ${session_id}`);
    assert.equal(fake.face.last("system_update").content, `✓ Deleted session ${session_id}`);
    assert.doesNotMatch(allText(dir), /quixzot/i);
    assert.match(allText(dir), /Vumpratic/);
    for (const table of tables) assert.equal(rows(table), 0, table);
    assert.equal(
      fake.deps.db.get<{ integrity_check: string }>("PRAGMA integrity_check")?.integrity_check,
      "ok",
    );
    // Text of stories goes out at debug only.
    for (const line of fake.logs) {
      assert.ok(line.startsWith("debug ") || !/quixzot|vumprat/i.test(line), line);
    }
  } finally {
    await fake.close();
    await Deno.remove(dir, { recursive: true });
  }
});
