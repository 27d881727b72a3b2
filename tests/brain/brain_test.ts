/** Listeners and commands: every answer, the state of every face, the tree of a story. */

import assert from "node:assert/strict";
import { getState, saveState } from "../../brain/store/players.ts";
import { type FakeBrain, fakeBrain, FakeFace, onStage, says } from "../support/brain_fakes.ts";

async function withBrain(run: (fake: FakeBrain) => Promise<void>) {
  const fake = fakeBrain();
  try {
    await run(fake);
  } finally {
    await fake.close();
  }
}

const answer = async (fake: FakeBrain, command: string): Promise<string> => {
  fake.face.forget();
  await fake.say(command);
  return fake.face.notices().join("\n");
};

const shown = (fake: FakeBrain): string[] =>
  fake.face.last("chat_history").metadata.history.map(({ content }) => content);

Deno.test("a new face hears greeting, state, commands and history, in this order", () =>
  withBrain((fake) => {
    const names = fake.face.heard.map(({ event }) => event);
    assert.deepEqual(names, ["system_update", "sync_state", "commands", "chat_history"]);
    assert.equal(fake.face.heard[0].content, "✓ Engine ready.");
    assert.deepEqual(fake.face.of("system_update")[0].metadata.greeting, {
      protocol: 1,
      version: "0.0.0",
      player: "local",
    });
    assert.deepEqual(fake.face.last("chat_history").metadata, { history: [], more: false, recalled: [] });
    const state = fake.face.last("sync_state").metadata;
    assert.deepEqual([state.model, state.model_confirmed, state.session_id], ["fake/one", true, ""]);
    assert.equal(state.available_worlds?.[0].opening, "Fog comes in, you.");
    assert.deepEqual(
      state.available_models?.map(({ id, context, price_known }) => [id, context, price_known]),
      [
        ["fake/one", 8192, true],
        ["dear/two", 8192, true],
        ["odd/three", 0, false],
      ],
    );
    return Promise.resolve();
  }));

Deno.test("a list that a face has is sent again only when it changed", () =>
  withBrain(async (fake) => {
    fake.face.forget();
    await fake.say("/rules add gritty");
    const state = fake.face.last("sync_state").metadata;
    assert.deepEqual(state.active_rules, ["gritty"]);
    assert.deepEqual(
      [state.available_worlds, state.available_characters, state.available_models, state.available_rules],
      [null, null, null, null],
    );
    fake.worlds.pop();
    fake.brain.refreshAll();
    assert.equal(fake.face.last("sync_state").metadata.available_worlds?.length, 1);
    assert.equal(fake.face.last("sync_state").metadata.available_models, null);
  }));

const answers: [string, RegExp][] = [
  ["/world select marsh", /^Active world set to marsh$/],
  ["/world select The Marsh", /^Active world set to marsh$/],
  ["/world  select   marsh", /^Active world set to marsh$/],
  ['/world select "the marsh"', /^Active world set to marsh$/],
  ["/world select marhs", /^✗ There is no world "marhs". Did you mean marsh\?$/],
  ["/world select ../marsh", /^✗ There is no world/],
  ["/world select", /^✗ Which world\? There are: marsh, bare\.$/],
  ["/world", /^✗ \/world needs one of: .*select.*list/],
  ["/world selct marsh", /^✗ There is no command .* Did you mean \/world select\?$/],
  ["/world list", /· marsh: The Marsh/],
  ["/world attach_lore Eel is sold.", /^✗ Select a world first/],
  ["/character select ida", /^Active character set to smith$/],
  ["/character select nobody", /^✗ There is no character "nobody"/],
  ["/character list", /· clerk: Tobias/],
  ["/rules add gritty", /^✓ Rule 'gritty' activated$/],
  ["/rules add ../worlds/x", /^✗ There is no rule pack/],
  ["/rules remove gritty", /^✗ There is no active rule pack "gritty"/],
  ["/rules clear", /^✓ All active rules cleared$/],
  ["/rules list", /· terse: Terse/],
  ["/nsfw", /^✗ NSFW rule file not found\. .*rules\/nsfw\.yaml/],
  ["/model", /^The narrator is fake\/one\. On offer: fake\/one/],
  ["/model odd/three", /^Hot-swapped model to odd\/three$/],
  [
    "/model new/model",
    /^Hot-swapped model to new\/model\. It is in no list I have, I will try it at fake\.$/,
  ],
  ["/model none/at-all", /^Error: none\/at-all is not recognized/],
  ["/model two words", /^Error: "two words" is not recognized/],
  ["/model refresh", /^✓ 3 models on offer\.$/],
  ["/session new", /^✗ Select world\/char first\.$/],
  ["/session list", /^There is no story yet/],
  ["/session continue abc", /^✗ There is no story "abc"/],
  ["/session delete abc", /^✗ There is no story "abc"/],
  ["/session delete", /^✗ There is no story yet\.$/],
  ["/session rename x", /^✗ There is no story to rename/],
  ["/retry", /^✗ There is no story yet/],
  ["/continue", /^✗ There is no story yet/],
  ["/swipe next", /^✗ There is no story yet/],
  ["/swipe", /^✗ \/swipe needs one of: next, prev\.$/],
  ["/edit 1 x", /^✗ There is no story yet/],
  ["/undo", /^✗ There is no story yet/],
  ["/redo", /^✗ There is no story yet/],
  ["/history before 3", /^✗ There is no story yet/],
  ["/usage", /^All stories: 0 replies\.$/],
  ["/cancel", /^Nothing is being told\.$/],
  ["/cancel now", /^Nothing is being told\.$/],
  ["/help", /\/world select ID {2}Choose the world/],
  ["/help session", /\/session new/],
  ["/help usage", /^\/usage {2}Tokens and cost of this story, and of all$/],
  ["/help /session   new", /^\/session new {2}Begin a story in the chosen world$/],
  ["/help modle", /^✗ There is no command "\/modle"\. Did you mean \/model\?$/],
  ["/modle x", /^✗ There is no command \/modle\. Did you mean \/model\?$/],
  ["/xyzzy", /^✗ There is no command \/xyzzy\. \/help lists them\.$/],
  ["/", /^✗ There is no command/],
];

Deno.test("every command has an answer, also before there is a story", async (t) => {
  for (const [command, pattern] of answers) {
    await t.step(command, () =>
      withBrain(async (fake) => {
        assert.match(await answer(fake, command), pattern);
        // Who asks for a reply waits for one.
        const ends = ["/retry", "/continue"].includes(command) ? 1 : 0;
        assert.equal(fake.face.of("chat_end").length, ends);
      }));
  }
});

Deno.test("/quit is ignored", () =>
  withBrain(async (fake) => {
    fake.face.forget();
    await fake.say("/quit");
    assert.deepEqual(fake.face.heard, []);
  }));

Deno.test("the order of a new session is the original's: answer, state, history", () =>
  withBrain(async (fake) => {
    await fake.say("/world select marsh");
    await fake.say("/character select smith");
    fake.face.forget();
    await fake.say("/session new");
    assert.deepEqual(fake.face.heard.map(({ event }) => event), [
      "system_update",
      "sync_state",
      "chat_history",
    ]);
    const id = fake.face.last("system_update").metadata.session_id;
    assert.match(id ?? "", /^[0-9a-f]{12}$/);
    assert.equal(fake.face.notices()[0], `✓ New session: ${id}`);
    assert.equal(fake.face.last("sync_state").metadata.session_id, id);
    assert.deepEqual(shown(fake), ["Fog comes in, Ida. It is early."]);
    await fake.turn("I wait.");
    fake.face.forget();
    await fake.say(`/session continue ${id}`);
    assert.deepEqual(fake.face.heard.map(({ event }) => event), ["chat_history", "sync_state"]);
  }));

Deno.test("a world without a start message begins empty", () =>
  withBrain(async (fake) => {
    await onStage(fake, "bare");
    assert.deepEqual(shown(fake), []);
    await fake.turn("I look around.");
    assert.equal(fake.requests[0].messages.at(-1)?.content.includes("Thursday evening"), true);
  }));

Deno.test("selecting another world leaves the session, and continue brings world, character and model back", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.say("/model odd/three");
    const { session_id } = fake.face.last("sync_state").metadata;
    await fake.turn("I wait.");
    fake.face.forget();
    await fake.say("/world select bare");
    assert.equal(fake.face.last("sync_state").metadata.session_id, "");
    assert.deepEqual(shown(fake), []);
    await fake.say("/character select clerk");
    await fake.say("/model fake/one");
    await fake.say(`/session continue ${session_id}`);
    const state = fake.face.last("sync_state").metadata;
    assert.deepEqual(
      [state.world_id, state.character_id, state.session_id, state.model],
      ["marsh", "smith", session_id, "odd/three"],
    );
    assert.equal(shown(fake).length, 3);
    await fake.turn("I wait.");
    assert.equal(fake.requests.at(-1)?.model, "three");
  }));

Deno.test("the narrator of a new story is the one that told last; one that only failed is none", async () => {
  const fake = fakeBrain({ config: { default_model: "" } });
  try {
    const narrator = () => fake.face.last("sync_state").metadata.model;
    // A local server's first, before anybody has told anything.
    assert.equal(narrator(), "fake/one");
    await onStage(fake);
    await fake.say("/model odd/three");
    fake.scripts.push(says());
    assert.equal((await fake.turn("I wait.")).metadata.message?.status, "failed");
    saveState(fake.deps.db, "local", { ...getState(fake.deps.db, "local"), model: "", session_id: "" });
    fake.brain.refreshAll();
    assert.equal(narrator(), "fake/one");
    await fake.say("/session new");
    await fake.say("/model odd/three");
    fake.scripts[0] = says("Yes.");
    await fake.turn("I wait.");
    saveState(fake.deps.db, "local", { ...getState(fake.deps.db, "local"), model: "", session_id: "" });
    fake.brain.refreshAll();
    assert.equal(narrator(), "odd/three");
    // The newest story counts, also before its first reply fails.
    await fake.say("/session new");
    await fake.say("/model fake/one");
    saveState(fake.deps.db, "local", { ...getState(fake.deps.db, "local"), model: "", session_id: "" });
    fake.brain.refreshAll();
    assert.equal(narrator(), "odd/three");
  } finally {
    await fake.close();
  }
});

Deno.test("rules belong to the player and stand in the next prompt", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.say("/rules add terse");
    await fake.say("/rules add gritty");
    await fake.say("/rules add terse");
    await fake.turn("I wait.");
    const system = fake.requests[0].messages[0].content;
    assert.ok(
      system.indexOf("Be short.") >= 0 && system.indexOf("Be short.") < system.indexOf("Wounds slow."),
    );
    await fake.say("/session new");
    assert.deepEqual(fake.face.last("sync_state").metadata.active_rules, ["terse", "gritty"]);
    await fake.say("/rules remove terse");
    assert.deepEqual(fake.face.last("sync_state").metadata.active_rules, ["gritty"]);
  }));

Deno.test("swipe goes through the tellings and shows what followed each", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    fake.scripts.push(says("A."), says("B."), says("C."), says("Z."));
    await fake.turn("I wait.");
    await fake.turn("I go on.");
    await fake.say("/undo");
    await fake.turn("/retry");
    assert.deepEqual(shown(fake).slice(-1), ["I wait."]);
    assert.match(await answer(fake, "/swipe prev"), /^✓ Telling 1 of 2\.$/);
    assert.deepEqual(shown(fake).slice(1), ["I wait.", "A.", "I go on.", "B."]);
    const first = fake.face.last("chat_history").metadata.history[2];
    assert.deepEqual([first.alternative, first.alternatives], [1, 2]);
    assert.match(await answer(fake, "/swipe prev"), /only one telling/);
    assert.match(await answer(fake, `/swipe next ${first.id}`), /^✓ Telling 2 of 2\.$/);
    assert.deepEqual(shown(fake).slice(1), ["I wait.", "C."]);
    assert.match(await answer(fake, "/swipe next"), /^✗ This is the last telling/);
    assert.match(await answer(fake, "/swipe next 9999"), /^✗ There is no message "9999" in this story\.$/);
  }));

Deno.test("undo takes line and reply back, the line returns to the editor, redo brings them again one by one", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("One.");
    await fake.turn("Two.");
    await fake.say("/undo");
    assert.equal(fake.face.last("system_update").metadata.line, "Two.");
    assert.deepEqual(shown(fake).slice(1), ["One.", "The reeds bend."]);
    await fake.say("/undo");
    assert.equal(fake.face.last("system_update").metadata.line, "One.");
    assert.equal(shown(fake).length, 1);
    assert.match(await answer(fake, "/undo"), /nothing to take back/);
    await fake.say("/redo");
    assert.deepEqual(shown(fake).slice(1), ["One.", "The reeds bend."]);
    await fake.say("/redo");
    assert.deepEqual(shown(fake).slice(1), ["One.", "The reeds bend.", "Two.", "The reeds bend."]);
    assert.match(await answer(fake, "/redo"), /nothing to bring back/);
  }));

Deno.test("undo to the very beginning of a world without a start message, and redo", () =>
  withBrain(async (fake) => {
    await onStage(fake, "bare");
    await fake.turn("One.");
    await fake.say("/undo");
    assert.deepEqual(shown(fake), []);
    await fake.say("/redo");
    assert.deepEqual(shown(fake), ["One.", "The reeds bend."]);
  }));

Deno.test("an edited line is a sibling with a reply of its own; an edited reply stays a reply", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    fake.scripts.push(says("A."), says("B."));
    await fake.turn("I go left.");
    const line = fake.face.of("message")[0].metadata.message;
    await fake.turn(`/edit ${line.id} I go right,  slowly.`);
    const path = shown(fake);
    assert.equal(path.at(-1), "I go right,  slowly.");
    assert.equal(fake.face.last("chat_history").metadata.history.at(-1)?.alternatives, 2);
    assert.equal(fake.face.last("chat_end").metadata.message?.content, "B.");
    const reply = fake.face.last("chat_end").metadata.message;
    const before = fake.requests.length;
    assert.match(await answer(fake, `/edit ${reply?.id} B, but better.`), /^✓ Saved/);
    assert.equal(shown(fake).at(-1), "B, but better.");
    assert.equal(fake.requests.length, before);
    assert.match(await answer(fake, `/edit ${reply?.id}`), /cannot become empty/);
    assert.match(await answer(fake, "/edit x y"), /Which message/);
  }));

Deno.test("a deleted session is gone, and leaves the screen when it was shown", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("I wait.");
    const { session_id } = fake.face.last("sync_state").metadata;
    assert.equal(await answer(fake, `/session delete ${session_id}`), `✓ Deleted session ${session_id}`);
    assert.deepEqual(shown(fake), []);
    assert.equal(fake.face.last("sync_state").metadata.session_id, "");
    assert.deepEqual(fake.face.last("sync_state").metadata.available_sessions, []);
    assert.match(await answer(fake, `/session continue ${session_id}`), /^✗ There is no story/);
  }));

Deno.test("a story is renamed, also while the narrator speaks; what changes the story waits", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    let go = () => {};
    const pause = new Promise<void>((resolve) => go = resolve);
    fake.scripts.push(async function* (request, signal) {
      await pause;
      yield* says("Yes.")(request, signal);
    });
    const turn = fake.turn("I wait.");
    assert.match(await answer(fake, "/session rename  A  night out"), /"A night out"/);
    for (
      const command of ["/undo", "/retry", "/session new", "/world select bare", "/swipe next", "/edit 1 x"]
    ) {
      assert.match(await answer(fake, command), /^✗ The narrator is speaking\. \/cancel stops it/, command);
      assert.equal(fake.face.of("chat_end").length, 0);
    }
    go();
    await turn;
    const sessions = fake.face.last("sync_state").metadata.available_sessions;
    assert.equal(sessions?.[0].title, "A night out");
    assert.equal(sessions?.[0].name, "[marsh] smith: A night out");
    assert.equal(sessions?.[0].turns, 1);
  }));

Deno.test("older pages: the newest fifty first, then what came before", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    for (let i = 1; i <= 40; i++) await fake.turn(`Line ${i}.`);
    const late = new FakeFace();
    fake.brain.join(late);
    const { history, more } = late.last("chat_history").metadata;
    assert.deepEqual([history.length, more, history.at(-2)?.content], [50, true, "Line 40."]);
    await fake.say(`/history before ${history[0].id}`, late, "p");
    const page = late.last("history_page");
    assert.deepEqual([page.ref, page.metadata.before, page.metadata.more], ["p", history[0].id, false]);
    assert.equal(page.metadata.history.length, 31);
    assert.equal(page.metadata.history.at(-1)?.id, history[0].parent_id);
    assert.deepEqual(Object.keys(history[0]).sort(), [
      "alternative",
      "alternatives",
      "content",
      "created_ms",
      "id",
      "model",
      "parent_id",
      "role",
      "status",
      "usage",
    ]);
  }));

Deno.test("one player's stories are nobody else's", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("I hide the key.");
    const { session_id } = fake.face.last("sync_state").metadata;
    const reply = fake.face.last("chat_end").metadata.message;
    const stranger = new FakeFace("stranger");
    fake.brain.join(stranger);
    assert.deepEqual(stranger.last("sync_state").metadata.available_sessions, []);
    assert.deepEqual(stranger.last("chat_history").metadata.history, []);
    for (
      const command of [
        `/session continue ${session_id}`,
        `/session delete ${session_id}`,
        `/history before ${reply?.id}`,
        `/swipe next ${reply?.id}`,
        `/edit ${reply?.id} mine`,
        "/session list",
        "/usage",
      ]
    ) {
      stranger.forget();
      await fake.say(command, stranger);
      assert.equal(JSON.stringify(stranger.heard).includes("key"), false, command);
    }
    fake.face.forget();
    await fake.turn("I wait.");
    assert.equal(stranger.of("chat_chunk").length, 0);
    assert.equal(JSON.stringify(await answer(fake, "/usage")).includes("2 replies"), true);
  }));

Deno.test("selection, rules and story survive a restart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const first = fakeBrain({ path: `${folder}/engine.db` });
    await onStage(first);
    await first.say("/rules add gritty");
    await first.say("/model odd/three");
    await first.turn("I wait.");
    await first.close();
    const second = fakeBrain({ path: `${folder}/engine.db` });
    const state = second.face.last("sync_state").metadata;
    assert.deepEqual([state.world_id, state.character_id, state.model, state.active_rules], [
      "marsh",
      "smith",
      "odd/three",
      ["gritty"],
    ]);
    assert.notEqual(state.session_id, "");
    assert.deepEqual(shown(second), ["Fog comes in, Ida. It is early.", "I wait.", "The reeds bend."]);
    await second.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("lore is attached to a world and a folder of it is read again without doubling", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    assert.match(
      await answer(fake, "/world attach_lore The pier is closed on Mondays."),
      /^Lore attached successfully\./,
    );
    assert.match(await answer(fake, "/world attach_lore"), /^✗ What lore\?/);
    for (const path of ["/lore/marsh/eel.md", "~/eel", "./eel", "../eel", "Eel.TXT"]) {
      assert.match(
        await answer(fake, `/world attach_lore ${path}`),
        /is a path, no lore\. .*sync_folder/,
        path,
      );
    }
    assert.match(await answer(fake, "/world sync_folder /lore/marsh"), /^✓ 1 file, 1 piece of lore/);
    assert.match(await answer(fake, "/world sync_folder /lore/marsh"), /^✓ 1 file, 1 piece of lore/);
    const { n } =
      fake.deps.db.get<{ n: number }>("SELECT count(*) AS n FROM lore_units WHERE world_id = 'marsh'") ??
        { n: 0 };
    assert.equal(n, 2);
  }));

Deno.test("the list of stories marks the one that is shown and says when and how long", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("I go first.");
    await fake.say("/session new");
    fake.clock.now += 3_600_000;
    await fake.turn("I go second.");
    const lines = (await answer(fake, "/session list")).split("\n");
    assert.match(lines[0], /^✓ [0-9a-f]{12} {2}I go second\. \(marsh, 1 turns?, 2023-11-14 23:13 UTC\)$/);
    assert.match(lines[1], /^· [0-9a-f]{12} {2}I go first\. \(marsh, 1 turns?, 2023-11-14 22:13 UTC\)$/);
    assert.equal(lines.length, 2);
    await fake.say("/session continue I go f");
    assert.equal(shown(fake)[1], "I go first.");
    assert.match(await answer(fake, "/session continue I go"), /^✗ 2 stories begin with "I go"/);
    assert.equal(await answer(fake, "/session continue"), "✗ Which story? /session list shows them.");
  }));

Deno.test("there is nothing to retry or to continue before the first line, and an unanswered line can be retried", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    assert.equal(await answer(fake, "/retry"), "✗ There is no line of yours to answer yet.");
    assert.match(await answer(fake, "/swipe next"), /^✗ There is only one telling/);
    await fake.turn("One.");
    await fake.turn("Two.");
    const line = fake.face.last("message").metadata.message;
    await fake.turn(`/edit ${line.id} Three.`);
    await fake.say("/undo");
    assert.deepEqual(shown(fake).slice(1), ["One.", "The reeds bend."]);
    await fake.say("/redo");
    assert.deepEqual(shown(fake).slice(3), ["Three.", "The reeds bend."]);
  }));

Deno.test("a folder that may not be read is refused with its reason; without a world nothing is read", () =>
  withBrain(async (fake) => {
    let asked = 0;
    fake.deps.readLoreFolder = () => {
      asked++;
      return Promise.reject(new Error("Add this line."));
    };
    assert.match(await answer(fake, "/world sync_folder /x"), /^✗ Select a world first/);
    assert.equal(asked, 0);
    await onStage(fake);
    assert.equal(await answer(fake, "/world sync_folder"), "✗ Which folder? /world sync_folder PATH");
    assert.equal(await answer(fake, "/world sync_folder /x"), "✗ Add this line.");
    assert.equal(asked, 1);
    const files = [{ name: "a.md", text: "Eels." }];
    const left_out = Array.from({ length: 7 }, (_, i) => `${i}.md (over 1 MB)`);
    fake.deps.readLoreFolder = () => Promise.resolve({ files, left_out });
    assert.equal(
      await answer(fake, "/world sync_folder /x"),
      "✓ 1 file, 1 piece of lore from /x. Say it again after a change. Left out: 0.md (over 1 MB), " +
        "1.md (over 1 MB), 2.md (over 1 MB), 3.md (over 1 MB), 4.md (over 1 MB), and 2 more.",
    );
  }));

Deno.test("a refresh is waited for, and a model that is not listed yet is waited for too", () =>
  withBrain(async (fake) => {
    let fetched = 0;
    fake.deps.catalogue.refresh = async () => {
      await Promise.resolve();
      fetched++;
    };
    const before = answer(fake, "/model refresh");
    assert.equal(await before, "✓ 3 models on offer.");
    assert.equal(fetched, 1);
    assert.notEqual(fake.face.of("sync_state").length, 0);
    let listed = () => {};
    fake.deps.catalogue.ready = new Promise((resolve) => listed = resolve);
    fake.face.forget();
    const chosen = fake.say("/model late/one");
    await Promise.resolve();
    assert.deepEqual(fake.face.notices(), []);
    listed();
    await chosen;
    assert.match(fake.face.notices()[0], /^Hot-swapped model to late\/one/);
    assert.equal(fake.face.last("system_update").metadata.model, "late/one");
  }));

Deno.test("a reply to a command carries its ref and goes to the asker alone; the state goes to all", () =>
  withBrain(async (fake) => {
    const other = new FakeFace();
    fake.brain.join(other);
    other.forget();
    fake.face.forget();
    await fake.say("/rules add gritty", fake.face, "z");
    assert.deepEqual(fake.face.heard.map(({ event, ref }) => [event, ref]), [["system_update", "z"], [
      "sync_state",
      "z",
    ]]);
    assert.deepEqual(other.heard.map(({ event, ref }) => [event, ref]), [["sync_state", null]]);
    assert.deepEqual(fake.face.last("system_update").metadata.active_rules, ["gritty"]);
  }));

Deno.test("a face that has left hears nothing more", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    const other = new FakeFace();
    fake.brain.join(other);
    fake.brain.leave(other);
    other.forget();
    await fake.turn("I wait.");
    fake.brain.tellAll("A word.");
    assert.deepEqual(other.heard, []);
    assert.equal(fake.face.notices().at(-1), "A word.");
  }));

Deno.test("an edited line that waits for its answer is retried, not gone on with; it is remembered as the player's", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("I wait.");
    const line = fake.face.last("message").metadata.message;
    await fake.say("/model dear/two");
    await fake.turn(`/edit ${line.id} I hide the silver key.`);
    assert.equal(shown(fake).at(-1), "I hide the silver key.");
    const units = fake.deps.db.all<{ speaker: string }>(
      "SELECT speaker FROM memory_units WHERE text LIKE '%silver key%'",
    );
    assert.deepEqual(units.map(({ speaker }) => speaker), ["Ida"]);
    await fake.say("/model fake/one");
    assert.match(await answer(fake, "/continue"), /^✗ There is no reply to go on with/);
    fake.scripts.push(says());
    assert.equal((await fake.turn("/retry")).metadata.message?.status, "failed");
    assert.ok(fake.requests.at(-1)?.messages.at(-1)?.content.endsWith("I hide the silver key."));
    // An empty reply is none to go on with either.
    assert.match(await answer(fake, "/continue"), /^✗ There is no reply to go on with/);
    assert.equal(fake.requests.length, 2);
  }));

Deno.test("the player's own pack nsfw goes on and off, and the others stay as they are", () =>
  withBrain(async (fake) => {
    const rules = fake.deps.library.rules();
    fake.deps.library.rules = () => [...rules, { id: "nsfw", name: "Mine", prompt: "All goes." }];
    await fake.say("/rules add terse");
    const active = () => fake.face.last("sync_state").metadata.active_rules;
    assert.match(await answer(fake, "/nsfw"), /^✓ NSFW mode ENABLED/);
    assert.deepEqual(active(), ["terse", "nsfw"]);
    assert.match(await answer(fake, "/nsfw"), /^✓ NSFW mode DISABLED/);
    assert.deepEqual(active(), ["terse"]);
    assert.deepEqual(fake.face.last("system_update").metadata.active_rules, ["terse"]);
  }));

Deno.test("a story deleted from the list goes from every face's list and leaves the shown one where it is", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    await fake.turn("I go first.");
    const first = fake.face.last("sync_state").metadata.session_id;
    await fake.say("/session new");
    const other = new FakeFace();
    fake.brain.join(other);
    other.forget();
    await fake.say(`/session delete ${first}`);
    const state = other.last("sync_state").metadata;
    assert.deepEqual(state.available_sessions?.map(({ id }) => id), [state.session_id]);
    assert.notEqual(state.session_id, first);
    assert.deepEqual(other.of("chat_history"), []);
  }));

Deno.test("a page before a message that is not of this story is refused", () =>
  withBrain(async (fake) => {
    await onStage(fake);
    for (const id of ["99", "x", ""]) {
      assert.match(
        await answer(fake, `/history before ${id}`),
        /^✗ There is no message ".*" in this story\.$/,
      );
      assert.equal(fake.face.of("history_page").length, 0);
    }
  }));
