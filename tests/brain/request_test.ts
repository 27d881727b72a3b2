/** What goes into a request: pinned pieces, forgotten ones, and a window that is too small for what is always there. */

import assert from "node:assert/strict";
import { ProviderError } from "../../brain/llm/provider.ts";
import type { LoreHit, MemoryHit } from "../../brain/memory/recall.ts";
import { temperatureOf } from "../../brain/request.ts";
import { rememberMessage } from "../../brain/memory/remember.ts";
import { chunkLore } from "../../brain/memory/units.ts";
import { attachLore, syncLore } from "../../brain/store/lore.ts";
import { pathTo } from "../../brain/store/messages.ts";
import { getState } from "../../brain/store/players.ts";
import { getSession } from "../../brain/store/sessions.ts";
import {
  type FakeBrain,
  fakeBrain,
  FakeFace,
  onStage,
  says,
  withBrain,
  WORLD,
} from "../support/brain_fakes.ts";

const session = (fake: FakeBrain) =>
  getSession(fake.deps.db, "local", getState(fake.deps.db, "local").session_id)!;
const path = (fake: FakeBrain) => pathTo(fake.deps.db, "local", session(fake).leaf_id);
const answer = async (fake: FakeBrain, command: string, face = fake.face) => {
  await fake.say(command, face);
  return face.last("system_update").content;
};
const context = (fake: FakeBrain) => fake.requests.at(-1)!.messages.at(-1)!.content;

/** The units of this session as recall would bring them, the newest last. */
function units(fake: FakeBrain): MemoryHit[] {
  const now = path(fake).filter(({ role }) => role === "user").length;
  return fake.deps.db.all<MemoryHit>(
    `SELECT u.id AS unit_id, u.message_id, u.role, u.text, ${now} - m.turn AS turns_ago
     FROM memory_units u JOIN messages m ON m.id = u.message_id ORDER BY u.id`,
  ).map((row) => ({ ...row, score: 1, words: [] }));
}

/** Fills the history, so that what was told first stands in it no longer. */
async function forgetPages(fake: FakeBrain): Promise<void> {
  fake.scripts.push(says("The tide turns over the mud, and nobody says a word about it. ".repeat(12)));
  for (let i = 0; i < 12; i++) await fake.turn(`I wait for the tide, ${i}.`);
}

Deno.test("world and rules that are too long for the window are told once in a story, by how many tokens", () =>
  withBrain(async (fake) => {
    await fake.turn("I wait.");
    const told = () => fake.face.notices().filter((text) => text.startsWith("The world and the rules"));
    assert.deepEqual(told(), []);
    fake.worlds[0] = { ...WORLD, system_prompt: "Nobody here is in a hurry. ".repeat(200) };
    await fake.turn("I wait.");
    const record = fake.deps.db.get<{ over: number; window: number }>(
      "SELECT record ->> 'over' AS over, record ->> 'window' AS window FROM prompts ORDER BY message_id DESC",
    )!;
    assert.ok(record.over > 0);
    assert.deepEqual(told(), [
      `The world and the rules are too long for fake/one by ${
        record.over.toLocaleString("en")
      } tokens: a request ` +
      "may have 1,024. Part of it may be cut off. Switch a rule pack off, or choose another with /model.",
    ]);
    await fake.turn("I wait.");
    assert.equal(told().length, 1);
    // Another story is told of it too.
    await fake.say("/session new");
    await fake.turn("I wait.");
    assert.equal(told().length, 2);
  }, { config: { max_context_tokens: 1024 } }));

Deno.test("a pinned piece comes first in every request, called or not, until it is taken off", () =>
  withBrain(async (fake) => {
    await fake.turn("I hide the silver key inside the clay duck.");
    const hidden = path(fake)[1].id;
    await forgetPages(fake);
    const unit = units(fake).find(({ message_id }) => message_id === hidden)!;
    fake.recalled.memories.push(...units(fake).filter(({ role }) => role === "assistant").slice(1, 4));
    await fake.turn("I look around.");
    assert.ok(!context(fake).includes("clay duck"));
    assert.equal(
      await answer(fake, `/memory pin m${unit.unit_id}`),
      '✓ Pinned: "I hide the silver key inside the clay du…"',
    );
    await fake.turn("I look around.");
    assert.match(
      context(fake),
      /Earlier, not now:\n- Ida, 14 turns ago: I hide the silver key inside the clay duck\.\n/,
    );
    await fake.say("/why");
    const page = fake.face.last("system_update").metadata.why!;
    assert.deepEqual(
      page.recalled.filter(({ pinned }) => pinned).map(({ id, turns_ago }) => [id, turns_ago]),
      [
        [`m${unit.unit_id}`, 14],
      ],
    );
    // A rebuild makes the units anew, with other ids; the pin is bound to the text.
    fake.deps.db.run("DELETE FROM memory_units");
    for (const message of path(fake)) rememberMessage(fake.deps.db, "local", session(fake).id, message);
    const rebuilt = units(fake).find(({ message_id }) => message_id === hidden)!;
    assert.notEqual(rebuilt.unit_id, unit.unit_id);
    fake.recalled.memories.length = 0;
    await fake.turn("I look around.");
    assert.ok(context(fake).includes("clay duck"));
    assert.match(
      await answer(fake, "/memory search DUCK key"),
      /^m\d+ {2}you, 15 turns ago: ".*" \(pinned\)$/,
    );
    // Taken back with the branch that it stands on, and brought back with it.
    assert.match(await answer(fake, `/memory pin ${rebuilt.unit_id}`), /^✓ No longer pinned: /);
    await fake.turn("I look around.");
    assert.ok(!context(fake).includes("clay duck"));
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("a pin counts on its own branch only", () =>
  withBrain(async (fake) => {
    await fake.turn("I hide the silver key inside the clay duck.");
    const unit = units(fake).find(({ text }) => text.includes("duck"))!;
    await fake.say(`/memory pin m${unit.unit_id}`);
    await fake.say("/undo");
    await forgetPages(fake);
    await fake.turn("I look around.");
    assert.ok(!fake.requests.at(-1)!.messages.some(({ content }) => content.includes("duck")));
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("a pinned piece that is still on the page is not sent twice, and /why says so", () =>
  withBrain(async (fake) => {
    await fake.turn("I hide the silver key inside the clay duck.");
    const unit = units(fake).find(({ text }) => text.includes("duck"))!;
    await fake.say(`/memory pin m${unit.unit_id}`);
    await fake.turn("I look around.");
    assert.ok(!context(fake).includes("duck"));
    await fake.say("/why");
    assert.deepEqual(
      fake.face.last("system_update").metadata.why!.left_out.map((
        { id, reason, pinned },
      ) => [id, reason, pinned]),
      [[`m${unit.unit_id}`, "still on the page the narrator reads", true]],
    );
  }));

Deno.test("what is forgotten never comes back, also when it is cut otherwise; a pin brings it back", () =>
  withBrain(async (fake) => {
    await fake.turn("I hide the silver key inside the clay duck. Nobody sees it.");
    const hidden = path(fake)[1].id;
    await forgetPages(fake);
    const unit = units(fake).find(({ message_id }) => message_id === hidden)!;
    fake.recalled.memories.push({ ...unit, score: 9 });
    await fake.turn("I look around.");
    assert.ok(context(fake).includes("clay duck"));
    assert.match(await answer(fake, `/memory forget m${unit.unit_id}`), /^✓ Forgotten: /);
    for (const text of [unit.text, "Nobody sees it.", `${unit.text} More of it.`]) {
      fake.recalled.memories[0] = { ...unit, text, unit_id: unit.unit_id + 500 };
      fake.recalled.left_out = [{ ...unit, text, kind: "memory", heading: "", reason: "below_floor" }];
      await fake.turn("I look around.");
      assert.ok(!context(fake).includes(text), text);
      await fake.say("/why");
      assert.ok(!fake.face.last("system_update").content.includes("duck"));
    }
    // The same words from another message are another piece.
    fake.recalled.memories[0] = { ...unit, message_id: 99_999 };
    await fake.turn("I look around.");
    assert.ok(context(fake).includes("clay duck"));
    assert.match(await answer(fake, `/memory forget m${unit.unit_id}`), /^✗ .* is forgotten already/);
    assert.match(await answer(fake, `/memory pin m${unit.unit_id}`), /^✓ Pinned: /);
    fake.recalled.memories.length = 0;
    await fake.turn("I look around.");
    assert.ok(context(fake).includes("clay duck"));
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("lore is pinned and forgotten in one story alone", () =>
  withBrain(async (fake) => {
    syncLore(fake.deps.db, "marsh", chunkLore(WORLD.lore));
    attachLore(fake.deps.db, "local", "marsh", [{
      heading: "Eel",
      text: "Eel is sold by the braid.",
      known_to: "",
    }], "attached");
    const hits = fake.deps.db.all<LoreHit>(
      "SELECT id AS unit_id, heading, text, known_to FROM lore_units ORDER BY id",
    )
      .map((row) => ({ ...row, score: 1, words: [] }));
    const [bell, eel] = hits;
    assert.match(await answer(fake, `/memory pin l${eel.unit_id}`), /^✓ Pinned: "Eel is sold/);
    assert.match(await answer(fake, `/memory forget L${bell.unit_id}`), /^✓ Forgotten: "The bell/);
    fake.recalled.lore.push(bell);
    await fake.turn("I ring the bell.");
    assert.ok(context(fake).includes("Lore (true, use if it fits):\n- Eel is sold by the braid."));
    assert.ok(!context(fake).includes("The bell rings"));
    await fake.say("/session new");
    await fake.turn("I ring the bell.");
    assert.ok(context(fake).includes("The bell rings"));
    assert.ok(!context(fake).includes("by the braid"));
  }));

Deno.test("a pinned fact is told as noted; a forgotten one is known no more", () =>
  withBrain(async (fake) => {
    await fake.turn("I owe Maren two eels. I hate the ferryman.");
    const facts = await answer(fake, "/memory facts");
    assert.match(facts, /^f\d+ {2}Ida owes Maren two eels\nf\d+ {2}Ida hates the ferryman$/);
    const [owes, hates] = [...facts.matchAll(/^(f\d+)/gm)].map(([, id]) => id);
    await fake.say(`/memory pin ${owes}`);
    await fake.say(`/memory forget ${hates}`);
    assert.match(await answer(fake, "/memory facts"), /^f\d+ {2}Ida owes Maren two eels \(pinned\)$/);
    await forgetPages(fake);
    const told = await fake.turn("I look around.");
    assert.ok(context(fake).includes("Earlier, not now:\n- noted 13 turns ago: Ida owes Maren two eels\n"));
    assert.deepEqual(told.metadata.recalled, { lore: 0, memories: 1 });
    await fake.say("/why");
    const page = fake.face.last("system_update").metadata.why!;
    assert.deepEqual(page.recalled.map(({ kind, id, quote, pinned }) => [kind, id, quote, pinned]), [
      ["fact", owes, "Ida owes Maren two eels", true],
    ]);
    assert.equal(
      [...page.recalled, ...page.parts].reduce((sum, { tokens }) => sum + tokens, 0),
      page.tokens,
    );
    // The later statement holds, the earlier one is kept and says until when.
    await fake.turn("I owe Maren nine eels.");
    const later = await answer(fake, "/memory facts");
    assert.match(
      later,
      /^f\d+ {2}Ida owes Maren two eels \(pinned, until f(\d+)\)\nf\1 {2}Ida owes Maren nine eels$/,
    );
    const id = /f(\d+) {2}Ida owes Maren nine/.exec(later)![1];
    assert.match(
      await answer(fake, `/memory edit f${id} Ida owes Maren ten eels`),
      /^✓ f\d+ {2}Ida owes Maren ten eels$/,
    );
    assert.match(await answer(fake, "/memory facts"), /Ida owes Maren ten eels \(yours\)$/);
    await fake.say("/undo");
    assert.match(await answer(fake, "/memory facts"), /^f\d+ {2}Ida owes Maren two eels \(pinned\)$/);
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("every command of memory has an answer in every case", async () => {
  const fake = fakeBrain();
  try {
    const none = "✗ There is no story yet. /session new begins one.";
    for (
      const command of [
        "/memory list",
        "/memory search eel",
        "/memory pin m1",
        "/memory forget m1",
        "/memory facts",
        "/memory edit f1 x",
        "/recall eel",
      ]
    ) {
      assert.equal(await answer(fake, command), none, command);
    }
    for (const command of ["/lore list", "/lore detach 1"]) {
      assert.equal(await answer(fake, command), "✗ Select a world first: /world select ID.", command);
    }
    await onStage(fake, "bare");
    const rows: [string, RegExp][] = [
      ["/memory list", /^Nothing is remembered yet\.$/],
      ["/memory list f3", /^✗ "f3" is no memory\. \/memory list and/],
      ["/memory list duck", /^✗ "duck" is no memory\./],
      ["/memory list m3", /^There is nothing older than that\.$/],
      ["/memory search", /^✗ Which words\? \/memory search WORDS/],
      ["/memory search eel", /^Nothing of this story holds "eel"\.$/],
      ["/memory pin", /^✗ Which piece\? /],
      ["/memory pin duck", /^✗ "duck" is no id\. /],
      ["/memory pin m77", /^✗ There is no m77 in this story\. /],
      ["/memory pin f77", /^✗ There is no f77 in this story\. /],
      ["/memory forget l77", /^✗ There is no l77 in this story\. /],
      ["/memory facts", /^No facts are known yet\.$/],
      ["/memory edit", /^✗ Which fact\? /],
      ["/memory edit m1 x", /^✗ Which fact\? /],
      ["/memory edit f1", /^✗ What should it say\? /],
      [`/memory edit f1 ${"x".repeat(301)}`, /^✗ A fact has at most 300 characters; this has 301\.$/],
      [`/memory edit f1 ${"x".repeat(300)}`, /^✗ There is no fact f1 in this story\. /],
      ["/recall", /^✗ Which words\? \/recall WORDS$/],
      ["/recall eel", /^"eel" calls nothing\.$/],
      ["/lore list", /^This world has no lore yet\. /],
      ["/lore detach", /^✗ Which piece\? /],
      ["/lore detach duck", /^✗ There is no lore "duck" in this world\. /],
      ["/lore detach 99", /^✗ There is no lore "99" in this world\. /],
    ];
    for (const [command, pattern] of rows) assert.match(await answer(fake, command), pattern, command);

    syncLore(fake.deps.db, "bare", chunkLore("## The bell\nIt rings."));
    await fake.say("/world attach_lore Eel is sold by the braid.");
    const lore = await answer(fake, "/lore list");
    assert.match(
      lore,
      /^l\d+ {2}The bell: It rings\.\nl\d+ {2}Eel is sold by the braid\. \(yours\)\n1 of the world, 1 of yours\.$/,
    );
    const [bell, eel] = [...lore.matchAll(/^l(\d+)/gm)].map(([, id]) => id);
    assert.match(
      await answer(fake, `/lore detach l${bell}`),
      /^✗ l\d+ is the world's own; it stands in its file\./,
    );
    assert.match(
      await answer(fake, `/lore detach ${eel}`),
      /^✓ Detached l\d+: "Eel is sold by the braid\."$/,
    );
    assert.match(await answer(fake, "/lore list"), /1 of the world, 0 of yours\.$/);

    syncLore(fake.deps.db, "bare", chunkLore("## The leather\nNoah bound the bell. Known to: Noah."));
    assert.match(
      await answer(fake, "/lore list"),
      /^l\d+ {2}Only some in this world know it\.\n1 of the world/,
    );
    syncLore(fake.deps.db, "bare", chunkLore("## The bell\nIt rings,\nand stops."));
    assert.match(
      await answer(fake, "/lore list"),
      /^l\d+ {2}The bell: It rings, and stops\.\n1 of the world/,
    );

    syncLore(
      fake.deps.db,
      "bare",
      chunkLore(Array.from({ length: 401 }, (_, at) => `Eel ${at}.`).join("\n\n")),
    );
    const seen: string[] = [];
    for (let next = "/lore list"; next !== "";) {
      const page = await answer(fake, next);
      assert.match(page, /\n401 of the world, 0 of yours\.$/);
      const pieces = [...page.matchAll(/Eel (\d+)\./g)].map(([, at]) => at);
      assert.ok(pieces.length <= 200);
      seen.push(...pieces);
      next = /^More: (\/lore list l\d+)$/m.exec(page)?.[1] ?? "";
    }
    assert.deepEqual(seen, Array.from({ length: 401 }, (_, at) => String(at)));
    assert.match(await answer(fake, "/lore list l999999"), /^✗ There is no lore "l999999" in this world\./);
    assert.match(await answer(fake, "/lore list bell"), /^✗ There is no lore "bell" in this world\./);

    fake.recalled.late = true;
    assert.match(await answer(fake, "/recall eel"), /^✗ The memory did not answer in time/);
    fake.recalled.lore.push({
      unit_id: Number(bell),
      heading: "The bell",
      text: "It rings.",
      known_to: "",
      score: 2.345,
      words: ["bell"],
      split: { words: 2, facts: 0.345 },
    });
    assert.equal(
      await answer(fake, "/recall the bell"),
      ` 2.35  lore, The bell: "It rings." (bell; words 2.00 + facts 0.34) [l${bell}]`,
    );
    assert.deepEqual(fake.questions.at(-1), {
      player_id: "local",
      session_id: session(fake).id,
      world_id: "bare",
      leaf_id: null,
      line: "the bell",
      before: [],
      visible_ids: [],
      max_lore: 5,
      max_memories: 10,
    });
  } finally {
    await fake.close();
  }
});

Deno.test("/memory list is of the shown path, page by page; another player's ids are none", () =>
  withBrain(async (fake) => {
    for (let i = 1; i <= 12; i++) await fake.turn(`I count eel number ${i}.`);
    const first = await answer(fake, "/memory list");
    const lines = first.split("\n");
    assert.equal(lines.length, 21);
    assert.match(lines[0], /^m\d+ {2}the narrator, this turn: "The reeds bend\."$/);
    assert.match(lines[1], /^m\d+ {2}you, this turn: "I count eel number 12\."$/);
    const more = /^Older ones: (\/memory list m\d+)$/.exec(lines[20])!;
    const second = await answer(fake, more[1]);
    // Twelve lines and replies and the first page: of 25 pieces five are left.
    assert.equal(second.split("\n").length, 5);
    assert.match(
      second,
      /you, 11 turns ago: "I count eel number 1\."\nm\d+ {2}the narrator, 12 turns ago: "Fog comes in, Ida\. It is early\."$/,
    );
    assert.match(await answer(fake, "/memory search eel number"), /^m\d+ .*12\."\n/);
    const ben = new FakeFace("ben");
    fake.brain.join(ben);
    for (const command of ["/world select marsh", "/character select smith", "/session new"]) {
      await fake.say(command, ben);
    }
    const foreign = units(fake)[0].unit_id;
    assert.match(await answer(fake, `/memory pin m${foreign}`, ben), /^✗ There is no m\d+ in this story/);
    assert.match(await answer(fake, "/memory search eel", ben), /^Nothing of this story holds "eel"/);
    await fake.say("/undo");
    assert.ok(!(await answer(fake, "/memory list")).includes("number 12"));
  }));

Deno.test("no two of a hundred tellings are asked for at one temperature, nor hotter than the vendor takes", () => {
  for (const [base, most] of [[0.8, 1.2], [0.8, 1], [1, 1], [0, 1.2], [1.5, 1.2], [0.8, 2]]) {
    const heats = Array.from({ length: 100 }, (_, telling) => temperatureOf(base, telling, most));
    assert.equal(heats[0], base);
    assert.equal(new Set(heats).size, 100, `${base} ${most}`);
    assert.ok(heats.every((heat) => heat >= 0 && heat <= Math.max(base, Math.min(most, 1.2)) + 1e-9));
  }
  assert.deepEqual([1, 5, 6].map((telling) => temperatureOf(0.8, telling, 1.2).toFixed(4)), [
    "0.8800",
    "1.2000",
    "1.1963",
  ]);
});

Deno.test("pinned lore comes before what was called and still says who knows it; what is pinned and called stands there once", () =>
  withBrain(async (fake) => {
    const { deps: { db } } = fake;
    syncLore(
      db,
      "marsh",
      chunkLore("## The bell\nIt rings.\n\n## The leather\nNoah bound it. Known to: Noah."),
    );
    const hits = db.all<LoreHit>("SELECT id AS unit_id, heading, text, known_to FROM lore_units ORDER BY id")
      .map((row) => ({ ...row, score: 1, words: [] }));
    const leather = hits.find(({ heading }) => heading === "The leather")!;
    const bell = hits.find(({ heading }) => heading === "The bell")!;
    await fake.say(`/memory pin l${leather.unit_id}`);
    fake.recalled.lore.push(bell, leather);
    await fake.turn("I ring the bell.");
    assert.match(
      context(fake),
      /Lore \(true, use if it fits\):\n- The leather: Noah bound it\. \(Known to: Noah; nobody else\.\)\n- The bell: It rings\.\n\n/,
    );
    await fake.turn("I hide the silver key inside the clay duck.");
    await forgetPages(fake);
    const duck = units(fake).find(({ text }) => text.includes("duck"))!;
    await fake.say(`/memory pin m${duck.unit_id}`);
    fake.recalled.memories.push(duck);
    await fake.turn("I look around.");
    assert.equal(context(fake).split("clay duck").length, 2);
    // By hand the memory answers as it does for a reply: pins first, nothing that is forgotten.
    await fake.say(`/memory forget l${bell.unit_id}`);
    const recalled = await answer(fake, "/recall the bell");
    assert.match(recalled, /I hide the silver key inside the clay duck\." \(pinned\) \[m\d+\]/);
    assert.match(recalled, /lore, The leather: "Noah bound it\." \(pinned\)/);
    assert.doesNotMatch(recalled, /It rings/);
  }, { config: { max_context_tokens: 2048, summaries: false } }));

Deno.test("all facts are listed, those of another story of the same player are none of this one's, and a search wants all words", () =>
  withBrain(async (fake) => {
    const things = [
      "eels",
      "pots",
      "nets",
      "oars",
      "hooks",
      "ropes",
      "jars",
      "keys",
      "bells",
      "boots",
      "coats",
    ];
    for (const thing of things) await fake.turn(`I owe Maren two ${thing}. I owe Noah three ${thing}.`);
    const facts = (await answer(fake, "/memory facts")).split("\n").filter((line) => line.startsWith("f"));
    assert.equal(facts.length, 2 * things.length);
    assert.match(await answer(fake, "/memory search maren eels"), /^m\d+ [^\n]*two eels[^\n]*$/);
    assert.match(await answer(fake, "/memory search maren herrings"), /^Nothing of this story holds/);
    const [, id] = /^(f\d+)/.exec(facts[0])!;
    await fake.say("/session new");
    for (const command of [`/memory pin ${id}`, `/memory forget ${id}`, `/memory edit ${id} None.`]) {
      assert.match(await answer(fake, command), /^✗ There is no (?:fact )?f\d+ in this story\./, command);
    }
  }));

Deno.test("what was told before a reply broke off is remembered", () =>
  withBrain(async (fake) => {
    fake.scripts.push(async function* () {
      yield { kind: "text", text: "Maren hides the lantern under the ferry." };
      await Promise.resolve();
      throw new ProviderError("cut", "The connection broke off.");
    });
    assert.equal((await fake.turn("I wait.")).metadata.message?.status, "failed");
    assert.match(await answer(fake, "/memory search lantern"), /the narrator, this turn: "Maren hides/);
  }));
