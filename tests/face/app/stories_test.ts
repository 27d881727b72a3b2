/** The list of stories: searched across all their text, asked for before one is lost. */

import assert from "node:assert/strict";
import { CHOICE_WORDS, FACE_COMMANDS } from "../../../face/face_commands.ts";
import type { CommandItem } from "../../../shared/protocol.ts";
import { events, type Player } from "../../support/player.ts";
import { COMMANDS, openStory, SESSIONS } from "../../support/salt_marsh.ts";

const SEARCH: CommandItem = {
  name: "/session search",
  usage: "/session search WORDS",
  help: "Find the stories in which something was said",
  arguments: [{ name: "WORDS", kind: "text", required: true }],
};

function withSearch(): Player {
  const player = openStory();
  const commands = [...COMMANDS, SEARCH];
  player.hear({ event: "commands", content: "", ref: null, metadata: { commands } });
  return player;
}

Deno.test("what is typed in the list is looked for in all text, once the typing rests", () => {
  const player = withSearch();
  player.press("ctrl+t");
  player.type("silver k");
  player.wait(199);
  assert.deepEqual(player.said(), []);
  player.wait(2);
  assert.deepEqual(player.said(), ["/session search silver k"]);
  assert.doesNotMatch(player.screen(), /I ask the bees/);
  const found = [{
    session_id: SESSIONS[1].id,
    quote: "…the silver key\u001b[2J is in the hive",
    story: null,
  }];
  player.hear(events.system("99aa  I ask the bees", { found }, "1"));
  assert.match(player.screen(), /I ask the bees/);
  assert.match(player.screen(), /the silver key is in the hive/);
  assert.equal(player.model().notice, null);
  assert.equal(player.model().sheet, null);
  player.press("down", "enter");
  assert.deepEqual(player.said(), [`/session continue ${SESSIONS[1].id}`]);
});

Deno.test("a story that is too old for the list is shown when its words are found", () => {
  const player = withSearch();
  player.press("ctrl+t");
  player.type("silver k");
  player.wait(250);
  const story = { ...SESSIONS[1], id: "0123456789ab", title: "I dig for eels" };
  player.hear(events.system("answer", {
    found: [
      { session_id: story.id, quote: "the silver key, long ago", story },
      { session_id: SESSIONS[1].id, quote: "the silver key", story: SESSIONS[1] },
    ],
  }, "1"));
  assert.match(player.screen(), /I dig for eels/);
  assert.match(player.screen(), /the silver key, long ago/);
  assert.equal(player.screen().split("I ask the bees").length, 2, "what the list holds stands there once");
  player.press("down", "enter");
  assert.deepEqual(player.said().at(-1), `/session continue ${story.id}`);
});

Deno.test("an answer for words that are no longer there is passed over, and one letter asks nothing", () => {
  const player = withSearch();
  player.press("ctrl+t");
  player.type("be");
  player.wait(250);
  assert.deepEqual(player.said(), ["/session search be"]);
  player.type("ll");
  const found = [{ session_id: SESSIONS[1].id, quote: "old", story: null }];
  player.hear(events.system("answer", { found }, "1"));
  assert.equal(player.model().story_search.found.size, 0);
  player.press("esc", "ctrl+t");
  player.type("b");
  player.wait(500);
  assert.deepEqual(player.said().filter((line) => line.endsWith(" b")), []);
});

Deno.test("/session search typed in full opens the list with its words", () => {
  const player = withSearch();
  player.type("/session search bees");
  player.press("enter");
  assert.equal(player.model().editor.text, "/session continue bees");
  assert.match(player.screen(), /I ask the bees/);
});

Deno.test("a price is a question in place: y sends the line again, Enter does not, Esc keeps it in the editor", () => {
  const ask = { cost: 0.34, limit: 0.05, model: "Story One" };
  for (const answer of ["y", "esc"]) {
    const player = openStory();
    player.type("I ask who lit the lamp.");
    player.press("enter");
    assert.deepEqual(player.said(), ["I ask who lit the lamp."]);
    player.hear(events.system("✗ This reply may cost", { line: "I ask who lit the lamp.", ask }, "1"));
    player.hear(events.end(null, {}, "1"));
    player.wait(60_000);
    assert.match(player.screen(), /About \$0\.34 for this reply from Story One\. Go on\? ─/);
    assert.match(player.screen(), /y go on {3}Esc not now {3}Ctrl\+O narrators/);
    assert.doesNotMatch(player.screen(), /✗/);
    player.press("enter", "enter", "x");
    assert.deepEqual(player.said(), [], "who presses on has not agreed to pay");
    assert.notEqual(player.model().confirm, null);
    player.press(answer);
    assert.equal(player.model().confirm, null);
    assert.deepEqual(player.said(), answer === "y" ? ["I ask who lit the lamp."] : []);
    assert.equal(player.model().editor.text, answer === "y" ? "" : "I ask who lit the lamp.");
  }
});

Deno.test("the price of another telling is asked for in the same way, and a draft stays", () => {
  const player = openStory();
  player.press("tab", "r");
  assert.deepEqual(player.said(), ["/retry"]);
  player.type("a draft");
  player.hear(events.system("✗ dear", { ask: { cost: 1.2, limit: 0.05, model: "Big" } }, "1"));
  player.hear(events.end(null, {}, "1"));
  player.press("y");
  assert.deepEqual(player.said(), ["/retry"]);
  assert.equal(player.model().editor.text, "a draft");
});

Deno.test("Ctrl+O from the question chooses another narrator and drops it", () => {
  const player = openStory();
  player.type("I wait.");
  player.press("enter");
  player.said();
  player.hear(events.system("✗", { line: "I wait.", ask: { cost: 1, limit: 0.05, model: "Big" } }, "1"));
  player.press("ctrl+o");
  assert.equal(player.model().confirm, null);
  assert.equal(player.model().editor.text, "/model ");
  player.press("esc");
  assert.equal(player.model().editor.text, "I wait.");
});

Deno.test("feet and marks come back with the history", () => {
  const player = openStory();
  const { messages } = player.model().transcript;
  assert.doesNotMatch(player.screen(), /remembered/);
  player.hear(events.history([...messages], false, [{ message_id: 5, lore: 2, memories: 1 }]));
  assert.match(player.screen(), /✿ It is lighter/);
  assert.match(player.screen(), /✿ 3 remembered/);
});

Deno.test("rules are switched on and off in their list, which stays until Esc", () => {
  const player = openStory();
  player.type("/rules list");
  player.hear({
    event: "commands",
    content: "",
    ref: null,
    metadata: { commands: [...COMMANDS, { name: "/rules list", usage: "", help: "", arguments: [] }] },
  });
  player.press("enter");
  assert.match(player.screen(), /Enter on or off {3}↑↓ choose {3}Esc done/);
  const [first, second] = player.model().story.rules;
  assert.ok(player.model().story.active_rules.includes(first.id));
  player.press("enter");
  assert.deepEqual(player.said(), [`/rules remove ${first.id}`]);
  player.hear(events.sync({ ...state(player), active_rules: [] }));
  assert.doesNotMatch(player.screen(), /✓/);
  player.press("down", "space");
  assert.deepEqual(player.said(), [`/rules add ${second.id}`]);
  player.hear(events.sync({ ...state(player), active_rules: [second.id] }));
  assert.match(player.screen(), new RegExp(`› *${second.name} ✓`));
  player.press("esc");
  assert.equal(player.model().editor.text, "");
  assert.doesNotMatch(player.screen(), /Enter on or off/);
});

const state = (player: Player) => {
  const { model, world_id, character_id, session_id } = player.model().story;
  return { model, world_id, character_id, session_id };
};

Deno.test("with nobody but the built-in narrator the list says in three lines how others come", () => {
  const player = openStory();
  const [one] = player.model().story.models;
  player.press("ctrl+o");
  assert.doesNotMatch(player.screen(), /OPENROUTER_API_KEY/);
  player.press("esc");
  player.hear(events.sync({
    ...state(player),
    active_rules: [],
    available_models: [{ ...one, id: "demo/narrator", name: "The built-in narrator" }],
  }));
  player.press("ctrl+o");
  const text = player.screen();
  assert.match(text, /built in, no AI\s+A local server: start Ollama or LM Studio, it is found by itself\./);
  assert.match(text, /A key: set OPENROUTER_API_KEY or OPENAI_API_KEY, start again\./);
  assert.match(text, /Any other: name it under providers: in \/home\/ann\/\.flower\/config\.yaml/);
});

Deno.test("a list in which nothing fits says so, and Enter and the arrows do nothing there", () => {
  for (
    const [key, words] of [
      ["ctrl+t", /No story holds these words\./],
      ["/world", /Nothing here is called so\./],
    ] as const
  ) {
    const player = openStory();
    if (key === "ctrl+t") player.press(key);
    else {
      player.hear({
        event: "commands",
        content: "",
        ref: null,
        metadata: { commands: [...COMMANDS, { name: "/world list", usage: "", help: "", arguments: [] }] },
      });
      player.type("/world list");
      player.press("enter");
    }
    player.type("zzzz");
    player.wait(500);
    player.said();
    assert.match(player.screen(), words);
    assert.match(player.screen(), /^ +Esc close$/m);
    player.press("down", "enter", "tab", "up");
    assert.deepEqual(player.said(), []);
    player.press("backspace", "backspace", "backspace", "backspace");
    assert.match(player.screen(), /Enter take/);
    player.type("zz");
    player.press("esc");
    assert.equal(player.model().editor.text, "");
  }
});

Deno.test("on a narrow page the advice is wrapped, not cut", () => {
  const player = openStory({ width: 46, height: 20 });
  const [one] = player.model().story.models;
  const alone = [{ ...one, id: "demo/narrator", name: "The built-in narrator" }];
  player.hear(events.sync({ ...state(player), available_models: alone }));
  player.press("ctrl+o");
  const text = player.screen().replace(/\s+/g, " ");
  assert.match(text, /A key: set OPENROUTER_API_KEY or OPENAI_API_KEY, start again\./);
  assert.match(player.screen(), /› The built-in narrator/);
});

Deno.test("a question too long for the rule stands above it, whole", () => {
  const player = openStory({ width: 46, height: 24 });
  player.type("I wait.");
  player.press("enter");
  player.hear(
    events.system("✗", { line: "I wait.", ask: { cost: 1, limit: 0.05, model: "Quill Large" } }, "1"),
  );
  const rows = player.screen().split("\n").map((row) => row.trim());
  const rule = rows.findIndex((row) => /^─+$/.test(row));
  assert.deepEqual(rows.slice(rule - 2, rule), ["· About $1.00 for this reply from", "Quill Large. Go on?"]);
  player.send({ kind: "resize", width: 80, height: 24 });
  assert.match(player.screen(), /^ +About \$1\.00 for this reply from Quill Large\. Go on\? ─+$/m);
});

Deno.test("every choice of a command of the face's own says what it does", () => {
  for (const { name, choices } of FACE_COMMANDS) {
    for (const choice of choices) assert.ok(CHOICE_WORDS[`${name} ${choice}`], `${name} ${choice}`);
  }
  const known = FACE_COMMANDS.flatMap(({ name, choices }) => choices.map((choice) => `${name} ${choice}`));
  assert.deepEqual(Object.keys(CHOICE_WORDS).toSorted(), known.toSorted());
  const player = openStory();
  player.type("/theme ");
  assert.match(player.screen(), /auto +by the terminal's background\n +dark +for a dark background\n/);
});

Deno.test("Ctrl+O looks for servers that were started since, while the built-in narrator is alone", () => {
  const player = openStory();
  player.press("ctrl+o", "esc");
  assert.deepEqual(player.said(), []);
  const { models } = player.model().story;
  player.hear(events.sync({ ...state(player), available_models: [{ ...models[0], id: "demo/narrator" }] }));
  player.press("ctrl+o");
  assert.deepEqual(player.said(), ["/model refresh"]);
  assert.match(player.screen(), /start Ollama/);
  player.hear(events.sync({ ...state(player), available_models: [...models] }));
  assert.doesNotMatch(player.screen(), /start Ollama/);
});

Deno.test("one model on two servers is listed by its ids", () => {
  const player = openStory();
  const [one] = player.model().story.models;
  const twice = ["eel-1b", "llamacpp/eel-1b"].map((id) => ({ ...one, id, name: "Eel 1b" }));
  player.hear(events.sync({ ...state(player), available_models: twice }));
  player.press("ctrl+o");
  assert.match(player.screen(), /› eel-1b {2,}\S.*\n +llamacpp\/eel-1b {2,}/);
});
