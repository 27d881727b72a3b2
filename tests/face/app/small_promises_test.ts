/** What is promised in half a sentence, and was seen by no test until it was broken on purpose. */

import assert from "node:assert/strict";
import { nextWake } from "../../../face/app.ts";
import { inWords } from "../../../face/app/answers.ts";
import { ago, completionOf } from "../../../face/app/completion.ts";
import { farewellOf } from "../../../face/app/farewell.ts";
import { modelItems, money } from "../../../face/app/narrators.ts";
import { DEFAULT_SETTINGS } from "../../../face/app/settings.ts";
import { sheetLines } from "../../../face/app/sheet.ts";
import { whySheet } from "../../../face/app/why_sheet.ts";
import { NO_USAGE } from "../../../shared/protocol.ts";
import { createPlayer, events, message, type Player } from "../../support/player.ts";
import { connectFresh, openStory, WHY } from "../../support/salt_marsh.ts";

const HOSTILE = "a\x1b[31mb\u202e";
const chunk = (text: string, offset: number) => events.chunk(text, { message_id: 7, parent_id: 6, offset });

function say(player: Player, text: string): void {
  player.type(text);
  player.press("enter");
}

/** A face whose narrator has begun to answer. */
function narrating(options: Parameters<typeof openStory>[0] = {}): Player {
  const player = openStory(options);
  say(player, "I wait.");
  player.hear(events.message(message(6, "user", "I wait."), "1"));
  player.hear(chunk("Eel ", 0));
  player.effects();
  return player;
}

/** An original server's story, which has neither ids nor a protocol. */
function original(): Player {
  const player = createPlayer({ settings: { hint_seen: true } });
  connectFresh(player, null);
  player.hear(events.sync({ world_id: "salt_marsh", character_id: "farrier", session_id: "s" }));
  player.effects();
  return player;
}

Deno.test("what is copied is the source, stars and all: the last reply, or the player's last line", () => {
  const player = openStory();
  player.hear(events.history([
    message(1, "user", "first"),
    message(2, "assistant", "*She* nods."),
    message(3, "user", "*last*"),
    message(4, "assistant", "**So** be it."),
  ]));
  player.effects();
  for (const [command, text] of [["/copy", "**So** be it."], ["/copy line", "*last*"]]) {
    say(player, command);
    const copied = player.effects().flatMap((effect) => effect.kind === "copy" ? [effect.text] : []);
    assert.deepEqual(copied, [text], command);
  }
});

Deno.test("a story written down holds each row of a line as a line, and the reply that is being told", () => {
  const player = narrating({ settings: { hint_seen: true, motion: false } });
  player.hear(events.history([message(6, "user", "I wait.\nI listen.")]));
  player.hear(chunk("Eel", 0));
  player.effects();
  say(player, "/open");
  const written = player.effects().flatMap((effect) => effect.kind === "write_story" ? [effect.text] : []);
  assert.equal(written[0]?.endsWith("\n\n> I wait.\n> I listen.\n\nEel"), true, written[0]);
});

Deno.test("an original server is not asked for pages it cannot send: what is there is written down", () => {
  const player = original();
  player.hear(events.history([message(9, "assistant", "Nine.")], true));
  say(player, "/open");
  assert.deepEqual(player.said(), []);
  assert.equal(player.effects().some((effect) => effect.kind === "write_story"), true);
});

Deno.test("an original server's error offers no telling again, which it does not know", () => {
  const player = original();
  player.hear(events.error("overloaded"));
  assert.equal(player.model().transcript.trouble?.retry, false);
  const ours = openStory();
  ours.hear(events.error("overloaded"));
  assert.equal(ours.model().transcript.trouble?.retry, true);
});

Deno.test("who looks away is called as it was set, by bell, by title or not at all, and a look gives the title back", () => {
  for (const bell of [true, false]) {
    for (const title of [true, false]) {
      for (const focused of [true, false]) {
        const player = narrating({ settings: { hint_seen: true, bell, title } });
        player.send({ kind: "term", event: { kind: "focus", focused } });
        player.effects();
        player.hear(events.end(message(7, "assistant", "Eel.")));
        const words = "✿ The Salt Marsh: the reply is there";
        const calls = player.effects().filter((effect) => effect.kind === "call");
        const wanted = focused || !(bell || title)
          ? []
          : [{ kind: "call", title: title ? words : null, bell }];
        assert.deepEqual(calls, wanted, `bell ${bell}, title ${title}, focused ${focused}`);
        player.send({ kind: "term", event: { kind: "focus", focused: true } });
        const back = player.effects().filter((effect) => effect.kind === "call");
        assert.deepEqual(back, title ? [{ kind: "call", title: null, bell: false }] : []);
      }
    }
  }
});

Deno.test("the farewell counts the turns that are not on the page too, and its name is clean", () => {
  const player = openStory();
  const [first] = farewellOf(player.model(), "flower play");
  assert.equal(first, "✿ The Salt Marsh · The farrier, 64 turns");
  player.hear(events.sync({
    session_id: "s",
    world_id: "w",
    available_worlds: [{
      id: "w",
      name: HOSTILE,
      hook: "",
      opening: "",
      characters: [],
      first_line: "",
    }],
  }));
  assert.equal(farewellOf(player.model(), "flower play")[0], "✿ ab, 2 turns");
});

Deno.test("how long ago a story was told is said in the unit that fits", () => {
  const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const rows: [number, string][] = [
    [-5, "just now"],
    [MINUTE, "just now"],
    [2 * MINUTE, "2 min ago"],
    [59 * MINUTE, "59 min ago"],
    [HOUR, "1 hour ago"],
    [23 * HOUR, "23 hours ago"],
    [DAY, "1 day ago"],
    [59 * DAY, "59 days ago"],
    [61 * DAY, "2 months ago"],
  ];
  for (const [ms, words] of rows) assert.equal(ago(ms), words);
});

Deno.test("why a connection went, a long answer, a quote and a whole request are clean wherever they are kept", () => {
  const player = openStory();
  player.hear(events.system(`${HOSTILE}\n2\n3\n4`, {}, "9"));
  const { sheet } = player.model();
  assert.equal(sheet?.kind === "text" && sheet.text, "ab\n2\n3\n4");
  const opened = whySheet(player.model(), { ...WHY, prompt: [{ role: "system", content: HOSTILE }] });
  assert.deepEqual(opened?.kind === "why" && opened.why.prompt, [{ role: "system", content: "ab" }]);
  player.press("esc");
  player.hear({
    event: "commands",
    content: "",
    ref: null,
    metadata: {
      commands: [
        ...player.model().commands,
        { name: "/session search", usage: "/session search TEXT", help: "", arguments: [] },
      ],
    },
  });
  player.type("/session continue du");
  player.wait(300);
  const ref = player.model().story_search.ref;
  assert.notEqual(ref, null);
  const found = [{ session_id: "4be1c09a77d2", quote: HOSTILE, story: null }];
  player.hear(events.system("", { found }, ref));
  assert.equal(completionOf(player.model(), player.now())?.rows[0].note, "ab");
  player.link({ kind: "lost", retry_in_ms: 1000, reason: HOSTILE });
  const { connection } = player.model();
  assert.equal(connection.kind === "lost" && connection.reason, "ab");
});

Deno.test("the story that opens is the one named at the next start, whatever was named before", () => {
  const player = openStory({ settings: { hint_seen: true, last_story: "Another · one" } });
  assert.equal(player.model().settings.last_story, "The Salt Marsh · The farrier");
});

Deno.test("/theme alone goes round all of them, and /set follow sets what it says", () => {
  const player = openStory();
  const seen: string[] = [];
  for (let step = 0; step < 5; step++) {
    say(player, "/theme");
    seen.push(player.model().settings.theme);
  }
  assert.deepEqual(seen, ["dark", "light", "contrast", "mono", "auto"]);
  for (const follow of ["end", "head"] as const) {
    say(player, `/set follow ${follow}`);
    assert.equal(player.model().settings.follow, follow);
  }
});

Deno.test("when the story comes again, what was loaded before it stays loaded; another branch's pages go", () => {
  const player = openStory();
  const end = [message(3, "assistant", "Three."), message(4, "user", "Four.")];
  player.hear(events.history(end, true));
  player.press("home");
  player.hear({
    event: "history_page",
    content: "",
    ref: "1",
    metadata: {
      before: 3,
      history: [message(1, "assistant", "One."), message(2, "user", "Two.")],
      more: false,
      recalled: [],
    },
  });
  player.hear(events.history(end, true));
  const ids = (): number[] => player.model().transcript.messages.map(({ id }) => id);
  assert.deepEqual(ids(), [1, 2, 3, 4]);
  assert.equal(player.model().transcript.more, false);
  player.hear(events.history([{ ...end[0], parent_id: 1 }, end[1]], true));
  assert.deepEqual(ids(), [3, 4]);
  assert.equal(player.model().transcript.more, true);
});

Deno.test("a reply that was cut off and came back whole is no trouble", () => {
  const player = narrating();
  player.link({ kind: "lost", retry_in_ms: 200, reason: "" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([message(6, "user", "I wait."), message(7, "assistant", "Eel, as ever.")]));
  assert.equal(player.model().transcript.trouble, null);
  assert.doesNotMatch(player.screen(), /cut off/);
});

Deno.test("with motion off a story's first page stands there at once", () => {
  for (const motion of [true, false]) {
    const player = openStory({ settings: { hint_seen: true, motion } });
    say(player, "/session new");
    player.hear(events.history([message(1, "assistant", "The ferry comes in early.")]));
    assert.equal(player.model().transcript.live === null, !motion);
  }
});

Deno.test("the first click on a row points at it, also where it was chosen already", () => {
  const player = openStory();
  player.type("/");
  const chosen = completionOf(player.model(), player.now())?.chosen ?? -1;
  player.send({ kind: "click", on: { kind: "row", at: Math.max(0, chosen) } });
  assert.equal(player.model().editor.text, "/");
  assert.equal(player.model().popup.touched, true);
});

Deno.test("Esc takes a leaving after the reply back, and does not stop the narrator; the asking is no news for the log", () => {
  const player = narrating();
  player.press("ctrl+c", "w");
  assert.equal(player.model().leaving, "after_reply");
  player.press("esc");
  assert.equal(player.model().leaving, "no");
  assert.deepEqual(player.said(), []);
  const still = openStory();
  const before = still.model().log.length;
  still.press("ctrl+c");
  assert.match(still.screen(), /Ctrl\+C again leaves/);
  assert.equal(still.model().log.length, before);
});

Deno.test("the price of a reply is that of its last request, however many turns told it", () => {
  const player = openStory();
  const usage = { ...NO_USAGE, prompt_tokens: 50_000, completion_tokens: 250, window_tokens: 2000 };
  player.hear(events.message(message(5, "assistant", "Eel.", { usage })));
  const ink = modelItems(player.model()).find(({ id }) => id === "openrouter/ink-9b");
  assert.match(ink?.detail ?? "", /about \$0\.002 a reply/);
});

Deno.test("the log tells the time with two digits each", () => {
  const player = openStory();
  const log = [{ at_ms: new Date(2026, 2, 5, 9, 5).getTime(), text: "so" }];
  const [line] = sheetLines({ ...player.model(), log }, { kind: "log", top: 0 });
  assert.equal(line.label, "09:05");
});

Deno.test("what was said twice is one of the lines looked back on", () => {
  const player = openStory({ said: ["I wait.", "I go."] });
  say(player, "I wait.");
  assert.deepEqual(player.model().said.lines, ["I go.", "I wait."]);
});

Deno.test("an answer keeps what it says beyond the name", () => {
  const { story } = openStory().model();
  assert.equal(
    inWords(story, "Active world set to salt_marsh. Its lore is read."),
    "The world is The Salt Marsh now. Its lore is read.",
  );
});

Deno.test("the end of a turn that is not this one ends nothing", () => {
  const player = openStory();
  say(player, "I wait.");
  player.hear(events.end(null, {}, "77"));
  assert.notEqual(player.model().turn, null);
  player.hear(events.end(null, {}, "1"));
  assert.equal(player.model().turn, null);
});

Deno.test("while an original server speaks, what waits for it wakes nobody before its time", () => {
  const player = original();
  say(player, "I wait.");
  player.hear(events.chunk("Eel"));
  say(player, "/rules clear");
  assert.equal(player.model().outbox.prompts.length, 1);
  player.wait(1000);
  const due = nextWake(player.model(), player.now());
  assert.ok(due !== null && due > player.now(), String(due));
});

Deno.test("a word that was drawn before its end is free again when the page has another width", () => {
  const player = narrating();
  player.hear(chunk("incompre", 4));
  player.wait(1000);
  player.hear(chunk("hensible. ", 12));
  player.wait(1000);
  assert.equal(player.model().transcript.placements.size, 1);
  player.send({ kind: "resize", width: 80, height: 30 });
  assert.equal(player.model().transcript.placements.size, 1);
  player.send({ kind: "resize", width: 60, height: 24 });
  assert.equal(player.model().transcript.placements.size, 0);
});

Deno.test("what the player's own editor gives back is clean, and another wording of a message is no draft", () => {
  const player = openStory();
  player.send({ kind: "edited", text: `${HOSTILE}\n\n`, problem: "" });
  assert.equal(player.model().editor.text, "ab");
  assert.equal(player.effects().some((effect) => effect.kind === "save_draft"), true);
  player.press("ctrl+u", "tab", "e");
  assert.notEqual(player.model().editing, null);
  player.effects();
  player.send({ kind: "edited", text: "another wording", problem: "" });
  assert.equal(player.model().editor.text, "another wording");
  assert.equal(player.effects().some((effect) => effect.kind === "save_draft"), false);
});

Deno.test("y at the desk copies the source of its message, stars and all", () => {
  const player = openStory();
  player.hear(events.history([message(1, "assistant", "*She* `nods`_._")]));
  player.press("tab", "y");
  const copied = player.effects().flatMap((effect) => effect.kind === "copy" ? [effect.text] : []);
  assert.deepEqual(copied, ["*She* `nods`_._"]);
});

Deno.test("the bar goes when a reply begins, and the speed is counted from its first word", () => {
  const player = openStory();
  say(player, "I wait.");
  player.hear(events.message(message(6, "user", "I wait."), "1"));
  player.press("tab");
  assert.notEqual(player.model().desk, null);
  player.hear(chunk("Eel ", 0));
  assert.equal(player.model().desk, null);
  const first_ms = player.now();
  player.wait(3000);
  player.hear(chunk("as ever ", 4));
  assert.equal(player.model().turn?.first_ms, first_ms);
  assert.match(player.screen(), /18 words\/s/);
});

Deno.test("a line that the brain refuses without giving it back comes back all the same", () => {
  const player = openStory();
  say(player, "I wait.");
  player.hear(events.system("✗ The home is full.", {}, "1"));
  assert.equal(player.model().editor.text, "I wait.");
  assert.match(player.screen(), /The home is full/);
});

Deno.test("/mouse native gives the mouse to the terminal, /mouse wheel takes it back", () => {
  const player = openStory();
  for (const [mode, on] of [["native", false], ["wheel", true]] as const) {
    say(player, `/mouse ${mode}`);
    const wanted = player.effects().flatMap((effect) => effect.kind === "mouse" ? [effect.on] : []);
    assert.deepEqual(wanted, [on]);
    assert.equal(player.model().settings.mouse, mode);
  }
});

Deno.test("another story opens at its end, wherever the first one was read", () => {
  const player = openStory();
  player.press("home");
  assert.equal(player.model().scroll.kind, "at");
  player.hear(events.history([message(90, "assistant", "Elsewhere."), message(91, "user", "I go.")]));
  assert.deepEqual(player.model().scroll, { kind: "end" });
});

Deno.test("a draft that is not the line that arrived stays in the editor", () => {
  const player = openStory({ draft: "I stay." });
  player.hear(events.message(message(6, "user", "I go.")));
  assert.equal(player.model().editor.text, "I stay.");
});

Deno.test("what was cut off is said once, not with every history after it", () => {
  const player = narrating();
  player.link({ kind: "lost", retry_in_ms: 200, reason: "" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  const cut = message(7, "assistant", "Eel", { status: "stopped" });
  player.hear(events.history([message(6, "user", "I wait."), cut]));
  assert.match(player.model().transcript.trouble?.text ?? "", /cut off/);
  player.hear(events.history([message(6, "user", "I wait."), cut]));
  assert.equal(player.model().transcript.trouble, null);
});

Deno.test("sums of money are told with the digits that say something", () => {
  const rows: [number, string][] = [[0.002, "0.002"], [0.03, "0.03"], [0.96, "0.96"], [0.996, "1.00"], [
    1.2,
    "1.20",
  ]];
  for (const [dollars, words] of rows) assert.equal(money(dollars), words);
});

Deno.test("a label of work, a quote and its speaker are clean wherever they are kept", () => {
  const player = openStory();
  player.hear(events.progress("work", HOSTILE));
  assert.equal(player.model().work[0].label, "ab");
  const [piece] = WHY.recalled;
  const opened = whySheet(player.model(), {
    ...WHY,
    recalled: [{
      ...piece,
      quote: HOSTILE,
      speaker: HOSTILE,
      heading: HOSTILE,
      fact: HOSTILE,
      words: [HOSTILE],
    }],
  });
  assert.ok(opened?.kind === "why");
  const { quote, speaker, heading, fact, words } = opened.why.recalled[0];
  assert.deepEqual([quote, speaker, heading, fact, words], ["ab", "ab", "ab", "ab", ["ab"]]);
});

Deno.test("who follows the end follows it when a reply goes on, too", () => {
  const player = openStory({ settings: { hint_seen: true, follow: "end" } });
  say(player, "/continue");
  assert.deepEqual(player.model().scroll, { kind: "end" });
});

Deno.test("an original server is asked for no telling again", () => {
  const player = original();
  player.hear(events.history([message(1, "user", "I wait."), message(2, "assistant", "Eel.")]));
  player.press("tab", "r");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /This server knows no retry/);
});

Deno.test("nobody is called by bell or title who did not ask for it", () => {
  assert.deepEqual([DEFAULT_SETTINGS.bell, DEFAULT_SETTINGS.title], [false, false]);
});

Deno.test("what is looked for is one row, and a command of several rows is not one of the face's own", () => {
  const player = openStory();
  player.press("ctrl+f");
  player.send({ kind: "term", event: { kind: "paste", text: "second\napple" } });
  assert.equal(player.model().editor.text, "second apple");
  player.press("esc");
  player.send({ kind: "term", event: { kind: "paste", text: "/copy line\nI said" } });
  player.effects();
  player.press("enter");
  assert.equal(player.effects().some((effect) => effect.kind === "copy"), false);
});

Deno.test("Ctrl+W cuts a word, Ctrl+U all before it; undo does not go behind the draft that was found", () => {
  const player = openStory({ draft: "one two three" });
  player.press("ctrl+w");
  assert.equal(player.model().editor.text, "one two ");
  player.press("ctrl+/", "ctrl+/", "ctrl+/");
  assert.equal(player.model().editor.text, "one two three");
});

Deno.test("the log of a long evening keeps its newest 500 lines", () => {
  const player = openStory();
  for (let count = 0; count < 510; count++) {
    player.send({ kind: "done", text: `news ${count}`, error: false });
  }
  const { log } = player.model();
  assert.deepEqual([log.length, log.at(-1)?.text], [500, "news 509"]);
});

Deno.test("the narrator is named without its vendors, however many there are", () => {
  const rows: [string, RegExp][] = [
    ["openrouter/meta/llama-3", / {3}llama-3$/],
    ["ollama/llama3.2", / {3}llama3\.2, local$/],
    ["demo/narrator", / {3}built-in narrator$/],
  ];
  for (const [model, name] of rows) {
    const player = openStory();
    player.hear(events.sync({ model, world_id: "salt_marsh", session_id: "s" }));
    assert.match(player.screen().split("\n")[0], name);
  }
});

Deno.test("a line without an answer is no trouble while there is no connection to ask again over", () => {
  const player = openStory({ answered: false });
  assert.match(player.screen(), /has no answer yet/);
  player.link({ kind: "lost", retry_in_ms: 5000, reason: "" });
  player.hear(events.greeting());
  player.link({ kind: "lost", retry_in_ms: 5000, reason: "" });
  assert.doesNotMatch(player.screen(), /has no answer yet/);
});

Deno.test("the first suggestion is that of the world that is played", () => {
  const player = openStory({ settings: { hint_seen: false } });
  const world = { name: "W", hook: "", opening: "", characters: [] };
  player.hear(events.sync({
    session_id: "s",
    world_id: "two",
    available_worlds: [{ ...world, id: "one", first_line: "One?" }, {
      ...world,
      id: "two",
      first_line: "Two?",
    }],
  }));
  assert.match(player.screen(), /› Two\?/);
});

Deno.test("what the evening cost is said once it is something, and a part of a cent as such", () => {
  for (const [cost, words] of [[0.002, "under $0.01"], [1.5, "$1.50"]] as const) {
    const player = openStory({ width: 120, height: 36 });
    assert.doesNotMatch(player.screen(), /\$/);
    player.hear(events.message(message(5, "assistant", "Eel.", { usage: { ...NO_USAGE, cost } })));
    assert.equal(player.screen().includes(words), true, words);
  }
});

Deno.test("a brain elsewhere is named beside its narrator, by its host", () => {
  const player = openStory({ whose: "wss://story.example:8000/ws/rpc" });
  assert.match(player.screen().split("\n")[0], /llama3\.2, local at story\.example:8000$/);
});

Deno.test("a line refused in the middle of a reply comes back to the editor, or behind a draft to what was said", () => {
  const refusal = events.system("✗ The narrator is still speaking. /cancel stops it.", { line: "I run." });
  const player = narrating();
  player.hear(refusal);
  assert.equal(player.model().editor.text, "I run.");
  const writing = narrating();
  writing.type("I hide");
  writing.hear(refusal);
  assert.equal(writing.model().editor.text, "I hide");
  assert.equal(writing.model().said.lines.at(-1), "I run.");
});

Deno.test("who narrates from now on is known by the answer to /model alone", () => {
  const player = openStory();
  player.hear(events.system("Hot-swapped model to odd/three", { model: "odd/three" }));
  assert.equal(player.model().story.model, "odd/three");
});

Deno.test("the panel counts tonight's turns and minutes, and hours from the second one on", () => {
  const tonight = (minutes: number) => {
    const player = openStory({ width: 120, height: 36 });
    const created_ms = player.now() - minutes * 60_000;
    player.hear(events.history([
      message(1, "user", "I wait.", { created_ms }),
      message(2, "assistant", "It rains.", { created_ms }),
    ]));
    return /TONIGHT\s+(1 turn[^\n]*?)\s*$/m.exec(player.screen())?.[1];
  };
  assert.deepEqual([0, 1, 30, 119, 120, 200].map(tonight), [
    "1 turn of 64",
    "1 turn of 64 · 1 min",
    "1 turn of 64 · 30 min",
    "1 turn of 64 · 119 min",
    "1 turn of 64 · 2 hours",
    "1 turn of 64 · 3 hours",
  ]);
});

Deno.test("another telling is followed from wherever the page was", () => {
  for (const [follow, kind] of [["head", "end"], ["end", "end"]] as const) {
    const player = openStory({ settings: { hint_seen: true, follow } });
    player.press("home");
    assert.equal(player.model().scroll.kind, "at");
    say(player, "/retry");
    assert.notEqual(player.model().scroll.kind, "at", `${follow} ${kind}`);
  }
});
