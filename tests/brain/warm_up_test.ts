/** After the ready line: lore in step with the worlds, what a crash left out remembered, nothing thrown, gone soon when the brain leaves. */

import assert from "node:assert/strict";
import type { Library } from "../../brain/library/assets.ts";
import { openDatabase } from "../../brain/store/database.ts";
import { addMessage, type NewMessage } from "../../brain/store/messages.ts";
import { createSession } from "../../brain/store/sessions.ts";
import { indexLore, warmUp } from "../../brain/warm_up.ts";
import { Works } from "../../brain/works.ts";
import type { Progress } from "../../shared/protocol.ts";
import { BARE_WORLD, SMITH, WORLD } from "../support/brain_fakes.ts";

/** More than one step of remembering. */
const LINES = 450;

function homeWith(lines: number) {
  const db = openDatabase(":memory:");
  createSession(db, {
    id: "s",
    player_id: "local",
    world_id: WORLD.id,
    character_id: SMITH.id,
    model: "fake/one",
    title: "",
    leaf_id: null,
    created_ms: 1,
    last_used_ms: 1,
  });
  let parent_id: number | null = null;
  for (let n = 0; n < lines; n++) {
    const role = n % 2 === 0 ? "user" : "assistant";
    const content = `The heron takes eel number ${n} from the weir.`;
    const told: NewMessage = {
      parent_id,
      role,
      content,
      status: "complete",
      model: "",
      tokens: 9,
      created_ms: n,
    };
    parent_id = addMessage(db, "local", "s", told).id;
  }
  const library = { worlds: () => [WORLD], characters: () => [SMITH] } as unknown as Library;
  const taken: Progress[] = [];
  const logs: string[] = [];
  const works = new Works(() => {});
  const take = works.take.bind(works);
  works.take = (progress) => {
    taken.push(progress);
    take(progress);
  };
  const count = (table: string) => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n;
  return {
    db,
    library,
    works,
    taken,
    logs,
    count,
    log: (level: string, text: string) => void logs.push(`${level} ${text}`),
    [Symbol.dispose]() {
      works.close();
      db.close();
    },
  };
}

Deno.test("what was told and not remembered is remembered in steps, with its speaker, and the lore is there", async () => {
  using home = homeWith(LINES);
  await warmUp(home.db, home.library, home.works, home.log, new AbortController().signal);
  assert.deepEqual(home.logs, []);
  assert.equal(home.count("lore_units"), 1);
  const remembered = home.db.all<{ role: string; speaker: string; n: number }>(
    "SELECT role, speaker, count(*) AS n FROM memory_units GROUP BY role, speaker ORDER BY role DESC",
  );
  assert.deepEqual(remembered[0], { role: "user", speaker: "Ida", n: LINES / 2 });
  assert.equal(home.count("(SELECT DISTINCT message_id FROM memory_units)"), LINES);
  const first = home.taken[0];
  const last = home.taken.at(-1);
  assert.ok(home.taken.length > 1, "in steps");
  assert.deepEqual([first.id, first.state, first.total], ["memories", "running", LINES]);
  assert.match(first.label, /^Remembering/);
  assert.deepEqual([last?.done, last?.total, last?.state, last?.label], [LINES, LINES, "done", ""]);
  assert.ok(home.taken.slice(0, -1).every(({ state, done }) => state === "running" && done < LINES));
});

Deno.test("a brain that leaves does not remember it all first; the rest is remembered the next time", async () => {
  using home = homeWith(LINES);
  const leaving = new AbortController();
  // Between two steps others have their turn: a timer that is due at the first step is kept waiting for none.
  const { take } = home.works;
  home.works.take = (progress) => {
    if (home.taken.length === 0) setTimeout(() => leaving.abort(), 0);
    take(progress);
  };
  await warmUp(home.db, home.library, home.works, home.log, leaving.signal);
  home.works.take = take;
  const told = () => home.count("(SELECT DISTINCT message_id FROM memory_units)") ?? 0;
  assert.ok(told() > 0 && told() < LINES, `${told()}`);
  // The character's file has gone meanwhile: their lines are remembered without a name.
  const library = { worlds: () => [WORLD], characters: () => [] } as unknown as Library;
  await warmUp(home.db, library, home.works, home.log, new AbortController().signal);
  assert.equal(told(), LINES);
  const speakers = home.db.all<{ speaker: string }>(
    "SELECT DISTINCT speaker FROM memory_units WHERE role = 'user'",
  );
  assert.deepEqual(speakers.map(({ speaker }) => speaker).sort(), ["", "Ida"]);
  assert.deepEqual(home.logs, []);
});

Deno.test("what fails is logged and its work has failed; nothing is thrown", async () => {
  using home = homeWith(3);
  home.db.run("DROP TABLE facts");
  await warmUp(home.db, home.library, home.works, home.log, new AbortController().signal);
  assert.match(home.logs.join("\n"), /^error warming up: .*facts/);
  assert.equal(home.taken.at(-1)?.state, "failed");

  home.logs.length = 0;
  home.db.run("DROP TABLE lore_digests");
  indexLore(home.db, [WORLD], home.log);
  assert.match(home.logs.join("\n"), /^error lore could not be indexed: .*lore_digests/);
});

Deno.test("lore that a world has lost, and that of a world that is gone, is found no more", () => {
  using home = homeWith(0);
  const lore = () =>
    home.db.all<{ world_id: string; text: string }>(
      "SELECT world_id, text FROM lore_units ORDER BY world_id, id",
    )
      .map(({ world_id, text }) => `${world_id}: ${text}`);
  const eels = { ...WORLD, lore: `${WORLD.lore}\n\n## Eels\nSold by the braid.` };
  indexLore(home.db, [eels, BARE_WORLD], home.log);
  assert.deepEqual(lore(), [
    "bare: The bell rings when someone lies.",
    "marsh: The bell rings when someone lies.",
    "marsh: Sold by the braid.",
  ]);
  indexLore(home.db, [WORLD], home.log);
  assert.deepEqual(lore(), ["marsh: The bell rings when someone lies."]);
  assert.deepEqual(home.logs, []);
});
