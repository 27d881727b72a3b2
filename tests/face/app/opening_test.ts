/** From first launch to first reply, and the second launch. */

import assert from "node:assert/strict";
import { createPlayer, EVENING_MS, events, message } from "../../support/player.ts";
import { CHARACTERS, connectFresh, MODELS, openStory, PROSE, WORLDS } from "../../support/salt_marsh.ts";

const LISTS = { available_worlds: WORLDS, available_characters: CHARACTERS, available_models: MODELS };
const START = ["/world select salt_marsh", "/character select farrier", "/session new"];

Deno.test("before the brain is there the opening stands and says what it waits for", () => {
  const player = createPlayer();
  assert.match(player.screen(), /✿ Flower .*○ World {2}○ Character {2}○ Narrator {2}○ Story/);
  assert.match(player.screen(), /Where do you want to go\?/);
  assert.match(player.screen(), /The worlds come in a moment\./);
  player.press("enter", "1");
  assert.deepEqual(player.said(), []);
  player.link({ kind: "connected" });
  assert.match(player.screen(), /The worlds come in a moment\./);
});

Deno.test("a brain that cannot be had is told in whole sentences", () => {
  const player = createPlayer();
  player.link({ kind: "lost", retry_in_ms: 2000, reason: "the brain asks for a token" });
  assert.match(player.screen(), /Connection lost, again in 2 s\. The brain asks for a token\./);
  player.link({ kind: "lost", retry_in_ms: 2000, reason: "" });
  assert.match(player.screen(), /Connection lost, again in 2 s\.\s*$/m);
});

Deno.test("Enter, Enter, and the story has begun", () => {
  const player = createPlayer();
  connectFresh(player);
  player.press("enter");
  assert.match(player.screen(), /✓ World {2}○ Character/);
  assert.deepEqual(player.said(), []);
  player.press("enter");
  assert.deepEqual(player.said(), START);
  assert.match(player.screen(), /The story begins\./);
  player.press("enter");
  assert.deepEqual(player.said(), [], "a third Enter does not begin a second story");
  player.hear(events.system("Active world set to salt_marsh", { world_id: "salt_marsh" }, "1"));
  player.hear(events.sync({ world_id: "salt_marsh" }));
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier" }));
  assert.match(player.screen(), /The story begins\./);
  player.hear(events.system("✓ New session: 4be1c09a77d2", { session_id: "4be1c09a77d2" }, "3"));
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "4be1c09a77d2" }));
  player.hear(events.history([message(1, "assistant", PROSE.shop)]));
  assert.doesNotMatch(player.screen(), /smells of tar/, "it is told, not thrown down");
  player.wait(300);
  assert.match(player.screen(), /The net loft smells of/);
  assert.doesNotMatch(player.screen(), /look at money/);
  player.wait(3000);
  assert.match(player.screen(), /look at money/);
  assert.doesNotMatch(player.screen(), /4be1c09a77d2|New session/);
  assert.match(player.screen(), /What do you do\? Write it as you would say it\./);
});

Deno.test("a connection that is lost while a story begins leaves the choice to be made again", () => {
  const player = createPlayer();
  connectFresh(player);
  player.press("enter", "down", "enter");
  assert.match(player.screen(), /The story begins\./);
  player.said();
  player.link({ kind: "lost", retry_in_ms: 200, reason: "the brain is gone" });
  connectFresh(player);
  assert.match(player.screen(), /Who are you there/);
  player.press("enter");
  assert.deepEqual(player.said().slice(-1), ["/session new"]);
});

Deno.test("a key ends the telling of the start message at once", () => {
  for (const key of ["esc", "I"]) {
    const player = createPlayer();
    connectFresh(player);
    player.press("enter", "enter");
    player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "4be1c09a77d2" }));
    player.hear(events.history([message(1, "assistant", PROSE.shop)]));
    player.wait(100);
    player.said();
    player.press(key);
    assert.match(player.screen(), /look at money/, key);
    assert.deepEqual(player.said(), [], key);
  }
});

Deno.test("the start message is told like a reply, and the first suggestion comes when it has been told", () => {
  const player = createPlayer({ settings: { hint_seen: false } });
  connectFresh(player);
  player.press("enter", "enter");
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "4be1c09a77d2" }));
  player.hear(events.history([message(1, "assistant", PROSE.shop)]));
  player.wait(100);
  assert.match(player.screen(), / narrating ─/);
  assert.doesNotMatch(player.screen(), /What do you do\?/);
  player.wait(60_000);
  assert.doesNotMatch(player.screen(), / narrating ─/);
  assert.match(player.screen(), /› What do you do\?/);
});

Deno.test("a line that was begun before the story has done the first suggestion's work too", () => {
  const player = openStory({ settings: { hint_seen: false }, draft: "I wait." });
  player.press("enter");
  const saved = player.effects().find((effect) => effect.kind === "save_settings");
  assert.equal(saved?.kind === "save_settings" && saved.settings.hint_seen, true);
  assert.equal(player.model().hint, false);
});

Deno.test("digits choose at once, Up and Down go round, Esc goes a step back", () => {
  const player = createPlayer();
  connectFresh(player);
  player.press("up");
  assert.match(player.screen(), /› 4 {2}The Honey Year/);
  assert.match(player.screen(), /You stand at the bee wall\./);
  player.press("down", "down");
  assert.match(player.screen(), /› 2 {2}The Long Stair/);
  player.press("3");
  assert.equal(player.model().opening.world_id, "quarter_to_nine");
  player.press("esc");
  assert.match(player.screen(), /› 3 {2}Quarter to Nine/);
  player.press("1", "2");
  assert.deepEqual(player.said(), [START[0], "/character select midwife", START[2]]);
  player.press("9");
  assert.deepEqual(player.said(), []);
});

Deno.test("every step can be typed as a command instead", () => {
  const player = createPlayer();
  connectFresh(player);
  player.type("/world select long_stair");
  assert.match(player.screen(), /› \/world select long_stair/);
  player.press("enter");
  assert.deepEqual(player.said(), ["/world select long_stair"]);
  player.hear(events.sync({ world_id: "long_stair" }));
  assert.match(player.screen(), /✓ World {2}○ Character/);
  assert.match(player.screen(), /Who are you there\?/);
  player.type("I look around.");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /Choose a world and a character first\. Your line stays here\./);
  assert.equal(player.model().editor.text, "I look around.");
});

Deno.test("a story that could not begin leads back to the choice, with the reason", () => {
  const player = createPlayer();
  connectFresh(player);
  player.press("enter", "enter");
  player.said();
  player.hear(events.system("✗ The world salt_marsh is not there any more.", {}, "1"));
  assert.match(player.screen(), /✗ The world salt_marsh is not there any more\./);
  player.press("enter");
  assert.deepEqual(player.said(), START);
});

Deno.test("the second launch opens the story where it stopped, with no key pressed", () => {
  const player = createPlayer({ settings: { last_story: "The Salt Marsh · The farrier", hint_seen: true } });
  assert.match(player.screen(), /✿ The Salt Marsh · The farrier/);
  assert.doesNotMatch(player.screen(), /Where do you want to go/);
  assert.match(player.screen(), /Your story opens in a moment\./);
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.sync({ ...LISTS, world_id: "salt_marsh", character_id: "farrier", session_id: "s" }));
  player.hear(
    events.history([
      message(1, "assistant", PROSE.shop),
      message(2, "user", PROSE.apple),
      message(3, "assistant", PROSE.nobody),
    ]),
  );
  assert.match(player.screen(), /as a shopkeeper might\./);
  assert.deepEqual(player.said(), []);
});

Deno.test("leaving a world leads to the character of the next one", () => {
  const player = openStory();
  player.hear(events.sync({ world_id: "honey_year", character_id: "farrier" }));
  player.hear(events.history([]));
  assert.match(player.screen(), /Who are you there\?/);
  assert.equal(player.model().opening.world_id, "honey_year");
});

Deno.test("the narrator is named, and that the built-in one is no AI", () => {
  const player = createPlayer();
  connectFresh(player);
  assert.match(
    player.screen(),
    /The built-in narrator tells this one\. It is no AI\.\n +Ctrl\+O connects a model\.\n/,
  );
  player.hear(events.sync({ model: "ollama/llama3.2" }));
  assert.match(player.screen(), /llama3\.2, local, tells this one\. Ctrl\+O changes the narrator\./);
});

Deno.test("the suggestion of the empty editor is shown until the first key, once per home", () => {
  const player = openStory({ settings: { hint_seen: false } });
  assert.match(player.screen(), /› What do you do\? Write it as you would say it\./);
  player.press("x");
  const saved = player.effects().find((effect) => effect.kind === "save_settings");
  assert.equal(saved?.kind === "save_settings" && saved.settings.hint_seen, true);
  player.press("backspace");
  assert.doesNotMatch(player.screen(), /What do you do/);
  assert.ok(player.now() >= EVENING_MS);
});

Deno.test("on a small screen the list has its rows first, and nothing is drawn over another", () => {
  for (const [width, height] of [[50, 20], [41, 10], [60, 12], [80, 24], [45, 14]]) {
    for (const step of ["world", "character"]) {
      const player = createPlayer({ width, height });
      connectFresh(player);
      if (step === "character") player.press("enter");
      const rows = player.screen().split("\n");
      const keys = rows.filter((row) => /Enter go/.test(row));
      assert.equal(keys.length, 1, `${width}x${height} ${step}`);
      assert.match(
        keys[0].trim(),
        /^Enter go( {3}(↑↓ look|Esc back|\? keys|Ctrl\+C leave))*$/,
        `${width}x${height} ${step}`,
      );
      const shown = rows.filter((row) => /^ {2}[› ] \d {2}/.test(row)).length;
      const all = step === "world" ? WORLDS.length : CHARACTERS.length;
      if (shown < all) assert.match(player.screen(), new RegExp(`1 of ${all}`));
      assert.ok(shown >= Math.min(all, height - 8), `${width}x${height} ${step}: ${shown} of ${all}`);
    }
  }
});

Deno.test("Esc on the first step of the opening means nothing", () => {
  const player = createPlayer();
  connectFresh(player);
  const before = player.screen();
  player.press("esc", "esc");
  assert.equal(player.screen(), before);
  assert.deepEqual(player.effects(), []);
});

Deno.test("a hook has its second row as long as the sentence below keeps its own, else it is cut with a sign", () => {
  const at = (height: number): string => {
    const player = createPlayer({ width: 80, height });
    connectFresh(player);
    return player.screen();
  };
  assert.match(at(17), /A night train, a locked dining car, one\n +passenger too many\./);
  assert.match(at(17), /Fog comes in over the reeds/);
  assert.match(at(16), /A night train, a locked dining car, one passenger too…\n/);
  assert.match(at(16), /Fog comes in over the reeds/);
});

Deno.test("one world with a long name takes no words away from the others", () => {
  const long = { ...WORLDS[0], id: "long", name: "The Registry of Three Hundred Rooms and a Cellar" };
  const at = (width: number): string => {
    const player = createPlayer({ width, height: 30 });
    connectFresh(player);
    player.hear(events.sync({ ...LISTS, available_worlds: [...WORLDS, long] }));
    return player.screen();
  };
  assert.match(at(80), /^ {4}2 {2}The Long Stair {16}Nine days up a tower that was built$/m);
  assert.match(at(80), /^ {4}5 {2}The Registry of Three Hundr… {2}Fog, debts/m);
  assert.match(at(120), /^ +5 {2}The Registry of Three Hundred Ro… {2}Fog, debts/m);
  // Where there is room for names alone, they have it all.
  assert.match(at(41), /^ {4}5 {2}The Registry of Three Hundred R…$/m);
});

Deno.test("what went wrong with the start is read whole before there is a second row of the list", () => {
  const failed = (height: number): string[] => {
    const player = createPlayer({ width: 41, height });
    connectFresh(player);
    player.press("enter", "enter");
    const reason = "The Salt Marsh cannot be read: lore in row 12 is longer than 400 characters.";
    player.hear(events.system(`\u2717 ${reason}`, {}, "3"));
    return player.screen().split("\n").map((row) => row.trim()).filter((row) => row !== "").slice(2, -1);
  };
  const trouble = ["✗ The Salt Marsh cannot be read:", "lore in row 12 is longer than", "400 characters."];
  assert.deepEqual(failed(12), ["› 1  The farrier", ...trouble]);
  assert.deepEqual(failed(13), ["› 1  The farrier", "2  The midwife", ...trouble]);
  assert.deepEqual(failed(14), ["› 1  The farrier", "2  The midwife", "3  The apothecary", ...trouble]);
  assert.deepEqual(failed(11), ["› 1  The farrier", trouble[0], "lore in row 12 is longer than …"]);
  assert.deepEqual(failed(10), ["› 1  The farrier", `${trouble[0]} …`]);
});

Deno.test("a story that was left without a world leads to the first of them", () => {
  const player = openStory();
  player.hear(events.sync({}));
  assert.match(player.screen(), /› 1 {2}The Salt Marsh/);
});
