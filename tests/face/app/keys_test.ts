/** Keys, lists, the desk, leaving: what each key does where. */

import assert from "node:assert/strict";
import { type KeyContext, KEYS } from "../../../face/key_rows.ts";
import { actionFor, chordOf, keyHelp } from "../../../face/keymap.ts";
import { FACE_COMMANDS } from "../../../face/face_commands.ts";
import { contextsOf } from "../../../face/app/keys.ts";
import { completionOf } from "../../../face/app/completion.ts";
import { modelDetail, money, short } from "../../../face/app/narrators.ts";
import { events, keyEvent, message, type Player } from "../../support/player.ts";
import { COMMANDS, MODELS, openStory, PROSE } from "../../support/salt_marsh.ts";

const kinds = (player: Player): string[] => player.effects().map((effect) => effect.kind);

Deno.test("no chord means two things in one context, and every row that is listed has words", () => {
  const seen = new Set<string>();
  for (const { context, chords, label, help } of KEYS) {
    for (const chord of chords) {
      assert.ok(!seen.has(`${context} ${chord}`), `${context} ${chord}`);
      seen.add(`${context} ${chord}`);
      const event = keyEvent(chord);
      assert.equal(chordOf(event), chord, chord);
    }
    if (label !== "") assert.notEqual(help, "", label);
  }
  const contexts = new Set<KeyContext>(KEYS.map((key) => key.context));
  assert.equal(keyHelp().length, contexts.size - 1, "all but the keys of the page of keys itself");
});

Deno.test("the innermost context wins, and always comes last", () => {
  assert.equal(actionFor(["popup", "editor", "always"], keyEvent("enter")), "accept");
  assert.equal(actionFor(["editor", "always"], keyEvent("enter")), "send");
  assert.equal(actionFor(["desk", "always"], keyEvent("esc")), "back");
  assert.equal(actionFor(["editor", "always"], keyEvent("ctrl+q")), null);
});

Deno.test("a name stands either with the brain or with the face", () => {
  const names = new Set(COMMANDS.map((command) => command.name));
  for (const { name } of FACE_COMMANDS) assert.ok(!names.has(name), name);
});

Deno.test("typing / opens the list, Tab completes, Enter goes on to the argument and then sends", () => {
  const player = openStory();
  player.type("/wo");
  assert.match(player.screen(), /› \/world select ID/);
  player.press("tab");
  assert.equal(player.model().editor.text, "/world select ");
  assert.match(player.screen(), /The Salt Marsh +Fog, debts/);
  player.type("hon");
  assert.match(player.screen(), /› The Honey Year/);
  player.press("enter");
  assert.deepEqual(player.said(), ["/world select honey_year"]);
  assert.equal(player.model().editor.text, "");
});

Deno.test("a full command can always be typed by hand", () => {
  for (
    const line of [
      "/world select honey_year",
      "/model some/unlisted-model",
      "/retry",
      "/rules add gritty",
    ]
  ) {
    const player = openStory();
    player.type(line);
    assert.equal(player.model().editor.text, line);
    player.press("enter");
    assert.deepEqual(player.said(), [line]);
  }
});

Deno.test("a command that wants an argument shows its list instead of being sent without", () => {
  const player = openStory();
  player.type("/rules add");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.equal(player.model().editor.text, "/rules add ");
  // It is on already: the list switches.
  player.press("enter");
  assert.deepEqual(player.said(), ["/rules remove slow_burn"]);
});

Deno.test("arrows choose in the list and go round; Esc closes it and keeps the text", () => {
  const player = openStory();
  player.type("/session ");
  player.press("up");
  assert.match(player.screen(), /› \/session delete ID/);
  player.press("down");
  assert.match(player.screen(), /› \/session new/);
  player.press("esc");
  assert.equal(player.model().editor.text, "/session ");
  assert.doesNotMatch(player.screen(), /Begin a story/);
  player.press("n");
  assert.match(player.screen(), /Begin a story/);
});

Deno.test("lists opened by a key put the draft aside and bring it back", () => {
  for (const [key, expected] of [["ctrl+o", "/model "], ["ctrl+t", "/session continue "], ["ctrl+p", "/"]]) {
    const player = openStory();
    player.type("I weigh the duck");
    player.press(key);
    assert.equal(player.model().editor.text, expected);
    player.press("esc");
    assert.equal(player.model().editor.text, "I weigh the duck", key);
  }
  const player = openStory();
  player.type("I weigh the duck");
  player.effects();
  player.press("ctrl+o");
  player.type("ll");
  const drafts = player.effects().flatMap((effect) => effect.kind === "save_draft" ? [effect.text] : []);
  assert.deepEqual(drafts, ["I weigh the duck", "I weigh the duck"], "a crash finds the line, not the list");
  player.press("backspace", "backspace", "ctrl+o", "down", "enter");
  assert.deepEqual(player.said(), ["/model ollama/llama3.2"]);
  assert.equal(player.model().editor.text, "I weigh the duck");
});

Deno.test("stories are found by any of their words and continue by id", () => {
  const player = openStory();
  player.press("ctrl+t");
  player.type("nobody told");
  assert.match(player.screen(), /› I ask the bees/);
  assert.doesNotMatch(player.screen(), /I light the lamp/);
  player.press("enter");
  assert.deepEqual(player.said(), ["/session continue 99aa00bb11cc"]);
});

Deno.test("prices are said as people say them", () => {
  assert.equal(modelDetail(MODELS[2], 2000), "about $0.002 a reply  128k tokens");
  assert.equal(modelDetail(MODELS[1], 2000), "local  8k tokens");
  assert.equal(modelDetail(MODELS[0], 2000), "built in, no AI");
  assert.equal(modelDetail(MODELS[3], 2000), "price unknown  32k tokens");
  const figures: [number, string][] = [[0.002, "0.002"], [0.0004, "0.0004"], [0.034, "0.03"], [0.5, "0.50"], [
    2,
    "2.00",
  ]];
  for (const [dollars, said] of figures) assert.equal(money(dollars), said);
  const counts: [number, string][] = [[999, "999"], [3104, "3.1k"], [8192, "8k"], [131072, "128k"], [
    200_000,
    "200k",
  ], [1_050_000, "1.1M"]];
  for (const [count, said] of counts) assert.equal(short(count), said);
});

Deno.test("several rows are written with Shift+Enter, Alt+Enter or Ctrl+J; the editor grows to ten rows", () => {
  const player = openStory();
  for (const [at, key] of ["shift+enter", "alt+enter", "ctrl+j"].entries()) {
    player.type(`row ${at}`);
    player.press(key);
  }
  player.type("last");
  assert.match(player.screen(), /› row 0\n {6}row 1\n {6}row 2\n {6}last\n/);
  for (let i = 0; i < 12; i++) player.press("ctrl+j");
  const rows = player.screen().split("\n");
  const rule = rows.findIndex((row) => /^ *─+ 6 more rows of yours ──$/.test(row));
  assert.equal(rows.length - rule - 1, 10 + 2);
  assert.equal(player.drawn().cursor?.y, rows.length - 3);
});

Deno.test("a paste comes in whole, its line breaks too, and is not sent", () => {
  const player = openStory();
  player.send({ kind: "term", event: { kind: "paste", text: "one\r\ntwo\u001b[31m\nthree" } });
  assert.equal(player.model().editor.text, "one\ntwo\nthree");
  assert.deepEqual(player.said(), []);
});

Deno.test("Up in the empty editor brings back what was said, and Down the draft", () => {
  const player = openStory({ said: ["first", "second"] });
  player.press("up");
  assert.equal(player.model().editor.text, "second");
  player.press("up", "up");
  assert.equal(player.model().editor.text, "first");
  player.press("down", "down");
  assert.equal(player.model().editor.text, "");
  player.type("draft");
  player.press("up");
  assert.equal(player.model().editor.text, "second");
  player.press("down");
  assert.equal(player.model().editor.text, "draft");
});

Deno.test("Up inside several rows moves the caret first", () => {
  const player = openStory({ said: ["first"] });
  player.type("one");
  player.press("ctrl+j");
  player.type("two");
  player.press("up");
  assert.equal(player.model().editor.caret, 3);
  player.press("up");
  assert.equal(player.model().editor.text, "first");
});

Deno.test("the desk: a bar on a message, its keys, and a letter it does not know begins a line", () => {
  const player = openStory();
  player.press("tab");
  assert.match(player.screen(), /▎ It is lighter/);
  assert.match(player.screen(), /r another telling {3}c go on {3}w why {3}Esc write/);
  player.press("up");
  assert.match(player.screen(), /▎ I take the duck down/);
  player.press("y");
  assert.deepEqual(player.effects(), [{ kind: "copy", text: PROSE.duck, what: "Your line" }]);
  player.press("esc");
  assert.equal(player.model().desk, null);
  player.press("tab", "r");
  assert.deepEqual(player.said(), ["/retry"]);
  player.hear(events.end(message(5, "assistant", PROSE.key, { alternatives: 2 })));
  player.press("tab", "left");
  assert.deepEqual(player.said(), ["/swipe prev 5"]);
  player.hear(
    events.history([message(4, "user", PROSE.duck), message(8, "assistant", "Eel.", { alternatives: 2 })]),
  );
  assert.match(player.screen(), /▎ Eel\./, "the bar stays on the reply");
  player.press("right");
  assert.deepEqual(player.said(), ["/swipe next 8"]);
  player.hear(events.history([message(4, "user", PROSE.duck), message(5, "assistant", PROSE.key)]));
  player.press("c");
  assert.deepEqual(player.said(), ["/continue"]);
  player.hear(events.end(message(5, "assistant", PROSE.key)));
  player.press("tab", "left");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /There is only this telling\. r asks for another\./);
  player.press("I");
  assert.equal(player.model().editor.text, "I");
  assert.equal(player.model().desk, null);
});

Deno.test("the desk scrolls to the message under the bar", () => {
  const player = openStory({ height: 16 });
  player.press("tab", "up", "up", "up", "up");
  assert.match(player.screen(), /▎ The net loft smells/);
  player.press("down", "down", "down", "down");
  assert.match(player.screen(), /▎ It is lighter/);
  player.press("down");
  assert.equal(player.model().desk, null);
});

Deno.test("editing a message: Enter saves it beside the old one, Esc leaves it", () => {
  const player = openStory();
  player.press("tab", "up", "e");
  assert.equal(player.model().editor.text, PROSE.duck);
  assert.match(player.screen(), /editing ─/);
  player.type(" Twice.");
  player.press("enter");
  assert.deepEqual(player.said(), [`/edit 4 ${PROSE.duck} Twice.`]);
  assert.equal(player.model().editor.text, "");
  player.press("tab", "e", "esc");
  assert.equal(player.model().editor.text, "");
  assert.equal(player.model().editing, null);
});

Deno.test("a draft waits while a clicked message is edited, and comes back after it", () => {
  for (const end of ["esc", "enter"]) {
    const player = openStory();
    player.type("I hold the duck.");
    player.click("I take the duck");
    player.press("e");
    assert.equal(player.model().editor.text, PROSE.duck);
    player.effects();
    player.type("!");
    const kept = player.effects().findLast((effect) => effect.kind === "save_draft");
    assert.equal(kept?.text, "I hold the duck.", "a crash finds the draft, not the old message");
    player.press(end);
    assert.equal(player.model().editor.text, "I hold the duck.");
    const saved = player.effects().findLast((effect) => effect.kind === "save_draft");
    if (end === "esc") assert.equal(saved?.text, "I hold the duck.");
  }
});

Deno.test("u takes back every line of the player's from the bar on", () => {
  const player = openStory();
  player.press("tab", "u");
  assert.deepEqual(player.said(), ["/undo"]);
  player.press("tab", "up", "up", "up", "u");
  assert.deepEqual(player.said(), ["/undo", "/undo"]);
  player.press("tab", "up", "up", "up", "up", "u");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /The story begins here\./);
});

Deno.test("a draft waits while a line said before is said again, and stands in the editor after it", () => {
  const player = openStory({ said: ["I wait."] });
  player.type("A draft");
  player.press("up");
  assert.equal(player.model().editor.text, "I wait.");
  player.effects();
  player.press("enter");
  assert.equal(player.model().editor.text, "A draft");
  assert.deepEqual(player.effects().filter(({ kind }) => kind === "save_draft"), [
    { kind: "save_draft", text: "A draft" },
  ]);
});

Deno.test("a line said before that is changed is a draft, and none is lost by looking further", () => {
  const player = openStory({ said: ["first", "second"] });
  player.type("draft");
  player.press("up");
  player.type("s");
  player.press("down");
  assert.equal(player.model().editor.text, "seconds");
  player.press("up");
  assert.equal(player.model().editor.text, "draft");
  player.press("up");
  assert.equal(player.model().editor.text, "second");
  player.press("down", "down");
  assert.equal(player.model().editor.text, "seconds");
});

Deno.test("a command from a list leaves both the draft and the line that was being looked at", () => {
  const player = openStory({ said: ["first"] });
  player.type("draft");
  player.press("up", "ctrl+o", "enter");
  assert.equal(player.model().editor.text, "first");
  assert.match(player.said().join(), /^\/model /);
  player.type("!");
  player.press("up", "up", "up");
  player.press("down");
  player.press("down", "down", "down");
  assert.equal(player.model().editor.text, "first!");
  assert.ok(player.model().said.lines.includes("draft"));
});

Deno.test("of several lines taken back the earliest comes into the editor, and none is lost", () => {
  const player = openStory();
  player.press("tab", "up", "up", "up", "u");
  player.hear(events.system("✓ Taken back.", { line: "The second." }));
  player.hear(events.system("✓ Taken back.", { line: "The first." }));
  assert.equal(player.model().editor.text, "The first.");
  player.type(" And more.");
  player.hear(events.system("✓ Taken back.", { line: "One before." }));
  assert.equal(player.model().editor.text, "The first. And more.");
  for (const line of ["One before.", "The second."]) {
    assert.ok(player.model().said.lines.includes(line), line);
  }
});

Deno.test("Ctrl+C asks once, leaves at the second, and forgets after four seconds or another key", () => {
  const player = openStory();
  player.press("ctrl+c");
  assert.match(player.screen(), /Ctrl\+C again leaves\. The story is kept\./);
  assert.deepEqual(player.effects(), []);
  player.press("ctrl+c");
  assert.deepEqual(kinds(player), ["quit"]);
  player.press("ctrl+c");
  const other = openStory();
  other.press("ctrl+c");
  other.wait(4000);
  other.press("ctrl+c");
  assert.deepEqual(other.effects(), []);
  other.press("x", "ctrl+c");
  assert.deepEqual(kinds(other), ["save_draft"]);
});

Deno.test("in mid-reply Ctrl+C offers to wait or to stop", () => {
  const speaking = () => {
    const player = openStory({ answered: false });
    player.hear(events.chunk("It is ", { message_id: 5, parent_id: 4, offset: 0 }));
    player.press("ctrl+c");
    assert.match(player.screen(), /Leave while the narrator speaks\?/);
    return player;
  };
  let player = speaking();
  player.press("esc");
  assert.equal(player.model().leaving, "no");
  player = speaking();
  player.press("w");
  player.hear(events.chunk("lighter. ", { message_id: 5, parent_id: 4, offset: 6 }));
  assert.deepEqual(player.effects(), []);
  player.hear(events.end(message(5, "assistant", "It is lighter.")));
  assert.deepEqual(kinds(player), ["quit"]);
  player = speaking();
  player.press("s");
  assert.deepEqual(player.said(), ["/cancel"]);
  player.hear(events.end(message(5, "assistant", "It is", { status: "stopped" })));
  assert.deepEqual(kinds(player), ["quit"]);
  player = speaking();
  player.press("ctrl+c");
  assert.deepEqual(player.said(), ["/cancel"]);
  player.press("ctrl+c");
  assert.deepEqual(kinds(player), ["quit"]);
});

Deno.test("/quit leaves; the face's own commands never reach the brain", () => {
  const player = openStory();
  const run = (line: string): string[] => {
    player.type(line);
    player.press("enter");
    assert.deepEqual(player.said(), [], line);
    return kinds(player).filter((kind) => kind !== "save_draft");
  };
  assert.deepEqual(run("/quit"), ["quit"]);
  assert.deepEqual(run("/theme light"), ["save_settings"]);
  assert.equal(player.model().theme.name, "light");
  assert.deepEqual(run("/theme purple"), ["read_themes"]);
  player.send({ kind: "themes", themes: [], wanted: "purple" });
  assert.equal(
    player.model().notice?.text,
    'There is no theme "purple". There are auto, dark, light, contrast, mono.',
  );
  assert.deepEqual(run("/mouse native"), ["mouse", "save_settings"]);
  assert.deepEqual(run("/copy"), ["copy"]);
  assert.deepEqual(run("/copy line"), ["copy"]);
  assert.deepEqual(run("/open"), ["write_story"]);
  assert.deepEqual(run("/keys"), []);
  assert.equal(player.model().sheet?.kind, "keys");
  player.press("esc");
  assert.deepEqual(run("/log"), []);
  assert.equal(player.model().sheet?.kind, "log");
});

Deno.test("F1, ? and the page of keys: it scrolls, and closes with any way out", () => {
  for (const key of ["f1", "?"]) {
    const player = openStory();
    player.press(key);
    assert.match(player.screen(), /WRITING[\s\S]*Enter +say the line/);
    player.press("end");
    assert.match(player.screen(), /Ctrl\+C +leave \(twice\)/);
    player.press("up", "home");
    assert.match(player.screen(), /WRITING/);
    player.press("esc");
    assert.equal(player.model().sheet, null);
  }
  const player = openStory();
  player.type("why?");
  assert.equal(player.model().sheet, null);
});

Deno.test("every listed key of a context is one that its status row may name", () => {
  const player = openStory();
  assert.deepEqual(contextsOf(player.model(), player.now()), ["empty", "editor", "always"]);
  player.type("/");
  assert.deepEqual(contextsOf(player.model(), player.now()), ["popup", "editor", "always"]);
});

Deno.test("a group of commands opens its list and never runs the first of them", () => {
  const player = openStory();
  player.type("/session");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.equal(player.model().editor.text, "/session ");
  assert.match(player.screen(), /› \/session new/);
  player.press("enter");
  assert.deepEqual(player.said(), ["/session new"]);
});

Deno.test("a few letters that fit several commands are written out before anything is sent", () => {
  const player = openStory();
  player.type("/co");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.equal(player.model().editor.text, "/continue");
  player.press("enter");
  assert.deepEqual(player.said(), ["/continue"]);
});

Deno.test("deleting a story takes a choice and an answer", () => {
  const player = openStory();
  player.type("/session delete");
  player.press("enter", "enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /› I light the lamp and wait/);
  player.press("down", "enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /Delete "I ask the bees", 1 turn, for good\? ─/);
  assert.match(player.screen(), /y delete {3}Esc keep/);
  assert.doesNotMatch(player.screen(), /99aa00bb11cc/, "no id is shown");
  player.press("esc");
  assert.equal(player.model().confirm, null);
  assert.equal(player.model().editor.text, "");
  player.type("/session delete");
  player.press("enter", "enter", "down", "enter", "enter", "x");
  assert.deepEqual(player.said(), [], "neither Enter nor another letter is an answer");
  player.press("y");
  assert.deepEqual(player.said(), ["/session delete 99aa00bb11cc"]);
  assert.equal(player.model().confirm, null);
});

Deno.test("bare names open the list to choose from, and bring the empty editor back", () => {
  const cases = [
    ["/model", "/model "],
    ["/session list", "/session continue "],
    ["/world list", "/world select "],
    ["/rules list", "/rules add "],
  ];
  for (const [typed, opened] of cases) {
    const player = openStory();
    player.type(typed);
    player.press("esc", "enter");
    assert.equal(player.model().editor.text, opened, typed);
    assert.deepEqual(player.said(), []);
    player.press("esc");
    assert.equal(player.model().editor.text, "");
  }
});

Deno.test("in the list of narrators Enter takes the one that fits, and a full id stays as typed", () => {
  const player = openStory();
  player.press("ctrl+o");
  player.type("ink");
  player.press("enter");
  assert.deepEqual(player.said(), ["/model openrouter/ink-9b"]);
  player.type("/model openrouter/ink");
  player.press("enter");
  assert.deepEqual(player.said(), ["/model openrouter/ink"]);
});

Deno.test("an unknown command stays in the editor, with the nearest name of both tables", () => {
  const cases: [string, string][] = [
    ["/quti", "There is no command /quti. Did you mean /quit?"],
    ["/retyr now", "There is no command /retyr. Did you mean /retry?"],
    ["/xyzzyx", "There is no command /xyzzyx. / lists them all."],
  ];
  for (const [line, notice] of cases) {
    const player = openStory();
    player.type(line);
    player.press("esc", "enter");
    assert.deepEqual(player.said(), []);
    assert.equal(player.model().notice?.text, notice);
    assert.equal(player.model().editor.text, line);
  }
});

Deno.test("the palette takes nothing that nobody chose: Enter writes the first name out, a second Enter says it", () => {
  const player = openStory();
  player.press("ctrl+p", "enter");
  assert.equal(player.model().sheet, null);
  assert.match(player.model().editor.text, /^\/\w+ ?$/);
  assert.deepEqual(player.said(), []);
});

Deno.test("in a list what begins with the typed words stands first, by id or by name, then the brain's order", () => {
  const player = openStory();
  const names = (typed: string): string[] => {
    player.press("ctrl+u");
    player.type(`/world select ${typed}`);
    return completionOf(player.model(), player.now())?.rows.map(({ text }) => text.slice(14)) ?? [];
  };
  assert.deepEqual(names(""), ["salt_marsh", "long_stair", "quarter_to_nine", "honey_year"]);
  assert.equal(names("l")[0], "long_stair");
  assert.equal(names("the l")[0], "long_stair");
  assert.equal(names("Quarter")[0], "quarter_to_nine");
  assert.deepEqual(names("a t"), ["salt_marsh", "long_stair", "quarter_to_nine", "honey_year"]);
});

Deno.test("moving in the line leaves the choice in the list, another letter begins it anew", () => {
  const player = openStory();
  player.type("/s");
  player.press("down", "down");
  assert.equal(player.model().popup.selected, 2);
  player.press("left", "right");
  assert.deepEqual([player.model().popup.selected, player.model().popup.touched], [2, true]);
  player.type("e");
  assert.deepEqual([player.model().popup.selected, player.model().popup.touched], [0, false]);
});

Deno.test("letters that come together are keys of their own where letters are keys, and a line where a line is written", () => {
  const player = openStory();
  const letters = (text: string) => player.send({ kind: "term", event: { kind: "text", text } });
  player.press("tab");
  const last = player.model().desk;
  letters("kk");
  const [at, before] = [player.model().desk, player.model().transcript.messages.at(-3)?.id];
  assert.notEqual(at, last);
  assert.equal(at, before, "two messages up");
  // The first opens the edit, the others belong to it.
  player.press("esc", "tab", "up");
  letters("e and so on");
  assert.equal(player.model().editor.text, `${player.model().transcript.messages.at(-2)?.content} and so on`);
  player.press("esc", "f1");
  letters("jj");
  assert.equal(player.model().sheet?.top, 2);
  letters("qrun");
  assert.equal(player.model().sheet, null);
  assert.equal(player.model().editor.text, "run");
});

Deno.test("more than the brain reads is not put in, typed or pasted, and the size is told", () => {
  const player = openStory();
  const paste = (text: string) => player.send({ kind: "term", event: { kind: "paste", text } });
  player.type("ab");
  paste("x".repeat(65_535));
  assert.equal(player.model().editor.text, "ab");
  assert.match(player.screen(), /✗ A line holds 64 kB; this would be 65\. Your line is as it was\./);
  paste("日".repeat(400_000));
  assert.match(player.screen(), /this would be 1,172\./);
  assert.equal(player.model().editor.text, "ab");
  paste("日".repeat(21_844) + "xx");
  assert.equal(new TextEncoder().encode(player.model().editor.text).length, 65_536);
  player.type("c");
  assert.match(player.screen(), /A line holds 64 kB; this would be 65\./);
  assert.ok(player.model().editor.text.endsWith("日xx"));
});

Deno.test("a paste that begins with a command is not taken for it", () => {
  const player = openStory();
  player.send({ kind: "term", event: { kind: "paste", text: "/quit\nline two" } });
  player.press("enter");
  assert.deepEqual(kinds(player).filter((kind) => kind === "quit" || kind === "say"), []);
  assert.equal(player.model().editor.text, "/quit\nline two");
});

Deno.test("a command that lacks its words says which", () => {
  const player = openStory();
  player.hear({
    event: "commands",
    content: "",
    ref: null,
    metadata: {
      commands: [...COMMANDS, {
        name: "/session rename",
        usage: "/session rename TITLE",
        help: "Give the story a title",
        arguments: [{ name: "TITLE", kind: "text", required: true }],
      }],
    },
  });
  player.type("/session rename");
  player.press("enter");
  assert.equal(player.model().editor.text, "/session rename ");
  assert.match(player.screen(), /· \/session rename TITLE: Give the story a title/);
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /TITLE: Give the story a title/);
  player.type("The bell");
  player.press("enter");
  assert.deepEqual(player.said(), ["/session rename The bell"]);
});

Deno.test("/edit alone edits the last line, /help is a page of both tables", () => {
  const player = openStory();
  const { commands } = player.model();
  player.hear({
    event: "commands",
    content: "",
    ref: null,
    metadata: {
      commands: [...commands, {
        name: "/edit",
        usage: "/edit MESSAGE TEXT",
        help: "Word a message anew",
        arguments: [{ name: "MESSAGE", kind: "message", required: true }],
      }],
    },
  });
  player.type("/edit");
  player.press("esc", "enter");
  assert.equal(player.model().editing, 4);
  assert.equal(player.model().editor.text, PROSE.duck);
  player.press("esc");
  player.type("/help");
  player.press("esc", "enter");
  assert.match(player.screen(), /THE STORY[\s\S]*\/world select ID +Choose the world/);
  player.press("end");
  assert.match(player.screen(), /THE SCREEN[\s\S]*\/quit +Leaves\. The story is kept\./);
});

Deno.test("/quit in mid-reply asks like Ctrl+C", () => {
  const player = openStory({ answered: false });
  player.hear(events.chunk("It is ", { message_id: 5, parent_id: 4, offset: 0 }));
  player.type("/quit");
  player.press("enter");
  assert.ok(!kinds(player).includes("quit"));
  assert.match(player.screen(), /Leave while the narrator speaks\?/);
});

Deno.test("a notice of several rows lifts the page, covers nothing and keeps its distance", () => {
  const player = openStory();
  const before = player.screen().split("\n");
  const last = before.findIndex((row) => row.includes("knowing you. Both are work."));
  player.hear(
    events.system(
      "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.",
    ),
  );
  const after = player.screen().split("\n");
  assert.ok(after[last - 2].includes("knowing you. Both are work."));
  assert.equal(after[last - 1], "");
  assert.match(after[last], /· One two/);
  assert.match(after[last + 1], /fifteen\./);
});

Deno.test("what went wrong stays on the screen until a key is pressed", () => {
  const player = openStory();
  player.hear(events.system("✗ There is nothing to take back."));
  player.wait(60_000);
  assert.match(player.screen(), /✗ There is nothing to take back\./);
  player.press("x");
  assert.doesNotMatch(player.screen(), /nothing to take back/);
});

Deno.test("/open and /copy story take the whole story, not only what is loaded", () => {
  for (const command of ["/open", "/copy story"]) {
    const player = openStory();
    player.hear(events.history([message(9, "assistant", "Nine.")], true));
    player.type(command);
    player.press("enter");
    assert.deepEqual(player.said(), ["/history before 9"]);
    const page = (before: number, history: ReturnType<typeof message>[], more: boolean) =>
      player.hear({
        event: "history_page",
        content: "",
        ref: "1",
        metadata: { before, history, more, recalled: [] },
      });
    page(9, [message(8, "user", "Eight.")], true);
    assert.deepEqual(player.said(), ["/history before 8"]);
    player.effects();
    page(8, [message(7, "assistant", "Seven.")], false);
    const [effect] = player.effects();
    assert.ok(effect.kind === "write_story" || effect.kind === "copy");
    if (effect.kind === "write_story") {
      assert.match(effect.name, /^The Salt Marsh . The farrier 4be1c09a77d2$/);
    }
    assert.equal(effect.text, "Seven.\n\n> Eight.\n\nNine.", command);
    assert.equal(player.model().gathering, null);
  }
});

Deno.test("rules are listed with what they do, their own name not repeated, and a mark for those that are on", () => {
  const player = openStory();
  const rules = [
    { id: "gritty", name: "Gritty", about: "Gritty: bodies tire." },
    { id: "terse", name: "Terse", about: "Few words." },
  ];
  player.hear(events.sync({ session_id: "s", active_rules: ["gritty"], available_rules: rules }));
  player.type("/rules add ");
  assert.match(player.screen(), /Gritty ✓ +Bodies tire\./);
  assert.match(player.screen(), /Terse {2,}Few words\./);
  player.press("ctrl+u");
  player.type("/rules remove ");
  assert.match(player.screen(), /Gritty +Bodies tire\./);
  assert.doesNotMatch(player.screen(), /Terse/);
});
