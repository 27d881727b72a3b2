/** A turn as the face lives it: said, awaited, told, ended, stopped, failed, and cut off. */

import assert from "node:assert/strict";
import { BRAIN_ENDS, NO_USAGE } from "../../../shared/protocol.ts";
import { createPlayer, events, message } from "../../support/player.ts";
import { connectFresh, openStory, PROSE } from "../../support/salt_marsh.ts";

const LINE = "I ask what she was paid.";
const line = () => message(6, "user", LINE);
const reply = (part = {}) => message(7, "assistant", "Eel.", part);
const chunk = (text: string, offset: number) => events.chunk(text, { message_id: 7, parent_id: 6, offset });

function sayLine() {
  const player = openStory();
  player.type(LINE);
  player.press("enter");
  return player;
}

Deno.test("a line is said, stands on the page at once, and is replaced by its record", () => {
  const player = sayLine();
  const effects = player.effects();
  assert.deepEqual(effects.filter((effect) => effect.kind === "say"), [{
    kind: "say",
    prompt: LINE,
    ref: "1",
  }]);
  assert.ok(
    effects.some((effect) => effect.kind === "save_said" && effect.line === LINE && effect.story !== ""),
  );
  assert.ok(effects.some((effect) => effect.kind === "save_draft" && effect.text === ""));
  assert.match(player.screen(), /› I ask what she was paid\./);
  player.hear(events.message(line(), "1"));
  assert.equal(player.screen().split(LINE).length, 2, "once");
  assert.equal(player.model().transcript.pending, null);
});

Deno.test("while waiting the spinner stands where the text will begin, and says why after three seconds", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  assert.match(player.screen(), /\n {6}⠋ *\n/);
  player.hear(events.progress("reply:7", "llama3.2 is reading 3,100 tokens"));
  player.wait(2900);
  assert.doesNotMatch(player.screen(), /reading/);
  player.wait(100);
  assert.match(player.screen(), /. llama3\.2 is reading 3,100 tokens · 3 s/);
  player.hear(events.progress("reply:7", "thinking"));
  player.wait(9000);
  assert.match(player.screen(), /thinking · 12 s/);
  player.hear(events.progress("reply:7", "", "done"));
  assert.match(player.screen(), /thinking · 12 s/);
});

Deno.test("a face that joins while the narrator still reads waits with it", () => {
  const player = openStory();
  player.hear(events.progress("reply:7", "llama3.2 is reading 3,100 tokens"));
  player.wait(3000);
  assert.match(player.screen(), /. llama3\.2 is reading 3,100 tokens · 3 s/);
  player.hear(chunk("Eel.", 0));
  assert.equal(player.model().turn?.phase, "narrating");
  player.hear(events.end(reply()));
  assert.equal(player.model().turn, null);
  // The end of a work that no reply follows begins nothing.
  player.hear(events.progress("reply:7", "", "done"));
  assert.equal(player.model().turn, null);
});

Deno.test("the first word moves the spinner to the rule, the end takes it away", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("Eel and ", 0));
  assert.match(player.screen(), /\n {6}. narrating ─+\n/);
  assert.doesNotMatch(player.screen(), /words\/s/, "a burst has no speed");
  player.wait(2000);
  assert.match(player.screen(), /18 words\/s/);
  player.wait(1000);
  assert.match(player.screen(), /. waiting · 3 s ─/);
  assert.doesNotMatch(player.screen(), /words\/s/);
  player.hear(
    events.end(message(7, "assistant", "Eel and salt."), { recalled: { lore: 2, memories: 0 } }, "1"),
  );
  assert.doesNotMatch(player.screen(), /narrating|words\/s/);
  assert.match(player.screen(), /✿ Eel and salt\.\n {6}✿ 2 remembered/);
});

Deno.test("Esc stops the narrator within the key, and never quits", () => {
  const player = sayLine();
  player.said();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("Eel. ", 0));
  player.press("esc");
  assert.deepEqual(player.said(), ["/cancel"]);
  player.hear(events.system("✗ Stream cancelled by user."));
  assert.doesNotMatch(player.screen(), /cancelled/);
  player.hear(events.end(reply({ status: "stopped" })));
  assert.match(player.screen(), /Eel\.\n {6}stopped/);
  player.effects();
  player.press("esc", "esc", "esc");
  assert.deepEqual(player.effects(), []);
});

Deno.test("a draft written meanwhile stays, and Enter does not lose it", () => {
  const player = sayLine();
  player.said();
  player.type("And then?");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  assert.match(player.screen(), /The narrator is still speaking\. Your line stays here\./);
  assert.equal(player.model().editor.text, "And then?");
  player.hear(events.end(reply()));
  player.press("enter");
  assert.deepEqual(player.said(), ["And then?"]);
});

Deno.test("an error stands below the line it belongs to, and r tries again", () => {
  const player = sayLine();
  player.said();
  player.hear(events.message(line(), "1"));
  player.hear(events.error("The key was refused (401)."));
  player.hear(events.end(reply({ content: "", status: "failed" })));
  assert.match(
    player.screen(),
    /› I ask what she was paid\.\n\n {4}✗ The key was refused \(401\)\.\n/,
  );
  assert.match(player.screen(), /r try again/);
  player.press("r");
  assert.deepEqual(player.said(), ["/retry"]);
  assert.doesNotMatch(player.screen(), /refused/);
  player.hear(events.history([message(1, "assistant", PROSE.shop), line()]));
  player.hear(chunk("Eel. ", 0));
  player.hear(events.end(reply({ alternative: 2, alternatives: 2 })));
  assert.match(player.screen(), /‹ 2 of 2 ›/);
});

Deno.test("r is a letter when nothing went wrong, and inside a line", () => {
  const player = openStory();
  player.press("r");
  assert.equal(player.model().editor.text, "r");
  assert.deepEqual(player.said(), []);
});

Deno.test("what failed or was stopped is seen after a restart", () => {
  const base = [message(1, "assistant", PROSE.shop), line()];
  const open = (last: ReturnType<typeof message>[]) => {
    const player = openStory();
    player.hear(events.history([...base, ...last]));
    return player.screen();
  };
  assert.match(open([reply({ status: "stopped" })]), /Eel\.\n {6}stopped/);
  assert.match(
    open([reply({ status: "failed" })]),
    /✗ The reply broke off here\.\n/,
  );
  assert.match(
    open([reply({ status: "failed", content: "" })]),
    /✗ The narrator did not answer\.\n/,
  );
  assert.match(open([]), /✗ This line has no answer yet\.\n/);
  assert.doesNotMatch(open([reply()]), /✗|stopped/);
});

Deno.test("a refused line goes back to the editor with the reason", () => {
  const player = sayLine();
  player.hear(events.system("✗ This reply may cost about $0.09.", { line: LINE }, "1"));
  player.hear(events.end(null, {}, "1"));
  assert.equal(player.model().editor.text, LINE);
  assert.equal(player.model().turn, null);
  assert.match(player.screen(), /✗ This reply may cost about \$0\.09\./);
  assert.equal(player.screen().split(LINE).length, 2, "only in the editor");
});

Deno.test("a line refused because another face's turn runs leaves that turn alone", () => {
  const player = openStory();
  player.hear(chunk("Eel ", 0));
  assert.equal(player.model().turn?.phase, "narrating");
  player.hear(events.system("✗ The narrator is still speaking.", {}, "99"));
  assert.equal(player.model().turn?.phase, "narrating");
  player.hear(events.end(reply()));
  assert.equal(player.model().turn, null);
});

Deno.test("another face's line and reply are shown as they come", () => {
  const player = openStory();
  player.hear(events.message(line()));
  assert.equal(player.model().turn?.phase, "waiting");
  player.hear(chunk("Eel. ", 0));
  player.hear(events.end(reply()));
  assert.match(player.screen(), /› I ask what she was paid\.\n\n {6}Eel\./);
});

Deno.test("a lost piece heals with the record", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("The lamp ", 0));
  player.hear(chunk("slowly ", 14));
  player.hear(chunk("down ", 21));
  player.wait(300);
  assert.match(player.screen(), /The lamp\n/);
  assert.doesNotMatch(player.screen(), /slowly|down\n/);
  player.hear(events.end(message(7, "assistant", "The lamp burns slowly down.")));
  assert.match(player.screen(), /The lamp burns slowly down\./);
});

Deno.test("a piece that begins earlier replaces what follows it", () => {
  const player = sayLine();
  player.hear(chunk("The lamp burns. Player: I", 0));
  player.hear(chunk("down low. ", 9));
  player.wait(300);
  assert.match(player.screen(), /The lamp down low\./);
  player.hear(chunk("All of it anew. ", 0));
  player.wait(300);
  assert.match(player.screen(), /All of it anew\./);
  assert.doesNotMatch(player.screen(), /lamp down/);
});

Deno.test("/continue goes on in the same message", () => {
  const player = openStory();
  player.type("/continue");
  player.press("enter");
  assert.deepEqual(player.said(), ["/continue"]);
  const before = PROSE.key;
  player.hear(events.message(message(5, "assistant", before, { status: "writing" })));
  player.hear(events.chunk(" And she rows.", { message_id: 5, parent_id: 4, offset: before.length }));
  player.wait(300);
  assert.match(player.screen(), /Both are work\." And she rows\./);
  player.hear(events.end(message(5, "assistant", `${before} And she rows.`)));
  assert.equal(player.model().transcript.messages.filter((item) => item.id === 5).length, 1);
});

Deno.test("a reply longer than the page is gone on in where it ended, not at its first row", () => {
  const paragraphs = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => `Row ${from + at} of it.`).join("\n\n");
  const player = openStory();
  const long = paragraphs(0, 40);
  player.hear(events.history([message(1, "assistant", long, { status: "stopped" })]));
  player.type("/continue");
  player.press("enter");
  player.hear(events.message(message(1, "assistant", long, { status: "writing" })));
  player.hear(
    events.chunk(`\n\n${paragraphs(40, 80)}`, { message_id: 1, parent_id: null, offset: long.length }),
  );
  player.wait(1000);
  assert.match(player.screen(), /Row 39 of it\.[^]*Row 40 of it\.[^]*▼ \d+ lines below/);
  player.hear(events.end(message(1, "assistant", `${long}\n\n${paragraphs(40, 80)}`)));
  player.wait(1000);
  assert.match(player.screen(), /Row 39 of it\.[^]*Row 40 of it\.[^]*▼ \d+ lines below/);
});

Deno.test("a lost connection gives an unconfirmed line back, and is counted down", () => {
  const player = sayLine();
  player.link({ kind: "lost", retry_in_ms: 3000, reason: "closed" });
  assert.equal(player.model().editor.text, LINE);
  assert.match(player.screen(), /connection lost, again in 3 s/);
  player.wait(1100);
  assert.match(player.screen(), /again in 2 s/);
  player.press("enter");
  assert.match(player.screen(), /There is no connection now\. Your line stays here\./);
  assert.equal(player.model().editor.text, LINE);
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([message(5, "assistant", PROSE.key), line()]));
  assert.equal(player.model().editor.text, "", "the line had arrived after all");
  assert.equal(player.screen().split(LINE).length, 2);
});

Deno.test("why a connection was lost is said once in a sentence, and goes with the next key", () => {
  const player = openStory();
  const lost = (reason: string) => player.link({ kind: "lost", retry_in_ms: 3000, reason });
  const told = () => player.model().log.map(({ text }) => text);
  const before = told();
  lost("the brain is restarting");
  assert.match(player.screen(), / {4}· The brain is restarting\.\n/);
  player.press("x");
  lost("the brain is restarting");
  lost("the brain does not answer");
  assert.doesNotMatch(player.screen(), /The brain (is restarting|does not answer)/);
  assert.deepEqual(told(), [...before, "The brain is restarting."]);
  player.link({ kind: "connected" });
  lost("the brain is gone");
  assert.match(player.screen(), /· The brain is gone\./);
});

Deno.test("a token that was taken back: no countdown, why stands below a story that stays, the draft too", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(events.chunk("The marsh"));
  player.wait(1000);
  player.type("A draft.");
  player.link({ kind: "gone", reason: "The brain has taken this token back. Get another." });
  player.wait(60_000);
  player.press("enter");
  const screen = player.screen();
  assert.match(
    screen,
    /The marsh\n[^]*✗ The brain has taken this token back\. Get another\. Ctrl\+C leaves\./,
  );
  assert.match(screen.split("\n")[0], /no connection$/);
  assert.match(screen, /There is no connection now\. Your line stays here\./);
  assert.doesNotMatch(screen, /again in|narrating/);
  assert.equal(player.model().editor.text, "A draft.");
  assert.match(player.model().log.map(({ text }) => text).join("\n"), /^✗ The brain has taken this token/m);
  player.link({ kind: "starting" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([message(5, "assistant", PROSE.key), line()]));
  assert.doesNotMatch(player.screen(), /taken this token back/);
  assert.equal(player.model().editor.text, "A draft.");
});

Deno.test("a line that did not arrive stays in the editor after the reconnect", () => {
  const player = sayLine();
  player.link({ kind: "lost", retry_in_ms: 1000, reason: "closed" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([message(5, "assistant", PROSE.key)]));
  assert.equal(player.model().editor.text, LINE);
});

Deno.test("a socket that takes nothing gives the line back", () => {
  const player = sayLine();
  player.send({ kind: "unsent", prompt: LINE, ref: "1" });
  assert.equal(player.model().editor.text, LINE);
  assert.equal(player.model().turn, null);
  assert.match(player.screen(), /There is no connection now/);
});

Deno.test("notices pass with the next key or after four seconds, and stay in the log", () => {
  const player = openStory();
  player.hear(events.system("✓ Taken back. /redo brings it again."));
  assert.match(player.screen(), / {4}· Taken back\. \/redo brings it again\.\n/);
  player.wait(3999);
  assert.match(player.screen(), /Taken back/);
  player.wait(1);
  assert.doesNotMatch(player.screen(), /Taken back/);
  player.hear(events.system("✓ Brought back."));
  player.press("x");
  assert.doesNotMatch(player.screen(), /Brought back/);
  player.press("backspace");
  player.type("/log");
  player.press("enter");
  assert.match(player.screen(), /Taken back[\s\S]*Brought back/);
});

Deno.test("/undo gives the line back to the editor, or to what was said when a draft stands there", () => {
  const player = openStory();
  player.hear(events.system("✓ Taken back.", { line: "I wait." }));
  assert.equal(player.model().editor.text, "I wait.");
  player.type(" And see.");
  player.hear(events.system("✓ Taken back.", { line: "I look." }));
  assert.equal(player.model().editor.text, "I wait. And see.");
  assert.equal(player.model().said.lines.at(-1), "I look.");
});

Deno.test("answers name things, not ids; the log keeps the words as they came", () => {
  const player = openStory();
  const notice = (content: string) => {
    player.hear(events.system(content));
    return player.model().notice?.text;
  };
  assert.equal(notice("Hot-swapped model to ollama/llama3.2"), "llama3.2 narrates from here on.");
  assert.equal(notice("✓ New session: 4be1c09a77d2"), "A new story begins.");
  assert.equal(notice("Active world set to honey_year"), "The world is The Honey Year now.");
  assert.equal(notice("Active character set to midwife"), "You are The midwife now.");
  assert.equal(notice("✓ Rule 'gritty' activated"), "The rule gritty is activated.");
  assert.equal(notice("✓ Something else."), "Something else.");
  assert.ok(player.model().log.some((entry) => entry.text.includes("4be1c09a77d2")));
});

Deno.test("a long answer becomes a page", () => {
  const player = openStory();
  player.hear(events.system("Worlds:\nThe Salt Marsh\nThe Long Stair\nQuarter to Nine", {}, "1"));
  assert.match(player.screen(), /The Long Stair\n {6}Quarter to Nine/);
  player.press("esc");
  assert.doesNotMatch(player.screen(), /Quarter to Nine/);
});

Deno.test("text from outside reaches the screen without its sequences, wherever it stands", () => {
  const evil = "\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202eEVIL\u009b31m";
  const player = createPlayer();
  connectFresh(player);
  player.hear(events.sync({ session_id: "s", world_id: "salt_marsh", character_id: "farrier" }));
  player.hear(events.history([message(1, "assistant", evil), message(2, "user", evil)]));
  player.hear(events.chunk(evil, { message_id: 3, parent_id: 2, offset: 0 }));
  player.hear(events.progress("reply:3", evil));
  player.hear(events.error(evil));
  player.hear(events.system(evil));
  player.wait(500);
  assert.match(player.screen(), /EVIL/);
  assert.doesNotMatch(player.screen(), /52;c|2J|31m|[\u0080-\u009f\u202e]/);
  assert.equal(player.model().transcript.messages[0].content, "EVIL");
});

Deno.test("an original server: nothing is sent before 150 ms after the end, and ✗ ends the wait", () => {
  const player = createPlayer({ settings: { hint_seen: true } });
  connectFresh(player, null);
  player.hear(events.sync({ session_id: "s", world_id: "salt_marsh", character_id: "farrier" }));
  player.type("I wait.");
  player.press("enter");
  assert.deepEqual(player.said(), ["I wait."]);
  player.hear(events.chunk("The lamp "));
  player.hear(events.chunk("burns."));
  player.type("/rules clear");
  player.press("enter");
  assert.deepEqual(player.said(), []);
  player.press("esc");
  assert.deepEqual(player.said(), ["/cancel"], "stopping is heard at once");
  player.hear(events.end(null, { total_tokens: 2 }));
  assert.match(player.screen(), /› I wait\.\n\n {6}The lamp burns\./);
  player.wait(149);
  assert.deepEqual(player.said(), []);
  player.wait(1);
  assert.deepEqual(player.said(), ["/rules clear"]);
  player.wait(200);
  player.type("I look.");
  player.press("enter");
  assert.deepEqual(player.said(), ["I look."]);
  player.hear(events.system("✗ Prepare the stage first (World, Char, Session)."));
  assert.equal(player.model().turn, null);
  assert.equal(player.model().editor.text, "I look.");
});

Deno.test("a line that waits for an original server comes back when the connection is lost, and is not said twice", () => {
  const player = openStory();
  player.hear(events.greeting(null));
  player.type("I wait.");
  player.press("enter");
  player.hear(events.chunk("Fog."));
  player.hear(events.end(null));
  player.effects();
  player.type("I wait again.");
  player.press("enter");
  assert.deepEqual(player.said(), [], "it is deaf for a moment");
  player.link({ kind: "lost", retry_in_ms: 50, reason: "the brain is gone" });
  player.link({ kind: "connected" });
  player.hear(events.greeting(null));
  player.wait(1000);
  assert.deepEqual(player.said(), []);
  assert.equal(player.model().editor.text, "I wait again.");
});

Deno.test("an original server's lines and replies keep their order without ids", () => {
  const player = createPlayer({ settings: { hint_seen: true }, height: 40 });
  connectFresh(player, null);
  player.hear(events.sync({ session_id: "s", world_id: "salt_marsh", character_id: "farrier" }));
  for (const n of [1, 2, 3]) {
    player.type(`Line ${n}.`);
    player.press("enter");
    player.hear(events.chunk(`Reply ${n}.`));
    player.hear(events.end(null));
    player.wait(200);
  }
  const shown = [...player.screen().matchAll(/(Line|Reply) \d/g)].map((match) => match[0]);
  assert.deepEqual(shown, ["Line 1", "Reply 1", "Line 2", "Reply 2", "Line 3", "Reply 3"]);
});

Deno.test("a story that was cut off says so when it is back, and c goes on from there", () => {
  const player = sayLine();
  player.said();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("Eel ", 0));
  player.link({ kind: "lost", retry_in_ms: 500, reason: "closed" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([line(), reply({ content: "Eel", status: "stopped" })]));
  assert.match(
    player.screen(),
    /✗ The story was cut off and is back\.\n/,
  );
  assert.match(player.screen(), /c go on {3}r tell again/);
  player.press("c");
  assert.deepEqual(player.said(), ["/continue"]);
});

Deno.test("a brain that ends the reply before it goes cuts the story off just the same, also before its first word", () => {
  for (const text of ["Eel", ""]) {
    const player = sayLine();
    player.said();
    player.hear(events.message(line(), "1"));
    if (text !== "") player.hear(chunk("Eel ", 0));
    player.hear(events.system(BRAIN_ENDS, {}, "1"));
    const cut = reply({ content: text, status: "stopped" });
    player.hear(events.end(cut, {}, "1"));
    assert.equal(player.model().editor.text, "");
    player.link({ kind: "lost", retry_in_ms: 500, reason: "closed" });
    player.link({ kind: "connected" });
    player.hear(events.greeting());
    player.hear(events.history([line(), cut]));
    assert.match(player.screen(), /✗ The story was cut off and is back\.\n/);
    assert.match(player.screen(), text === "" ? /r try again/ : /c go on {3}r tell again/);
    assert.doesNotMatch(player.model().log.map((entry) => entry.text).join(), /brain ends/);
    player.press("r");
    assert.deepEqual(player.said(), ["/retry"]);
  }
});

Deno.test("a brain that is killed before the first word says so too; a line that never came to it goes back", () => {
  for (const arrived of [true, false]) {
    const player = sayLine();
    if (arrived) player.hear(events.message(line(), "1"));
    player.link({ kind: "lost", retry_in_ms: 500, reason: "closed" });
    player.link({ kind: "connected" });
    player.hear(events.greeting());
    const before = message(1, "assistant", PROSE.shop, { status: "stopped" });
    player.hear(
      events.history(arrived ? [before, line(), reply({ content: "", status: "stopped" })] : [before]),
    );
    if (arrived) assert.match(player.screen(), /✗ The story was cut off and is back\.\n/);
    else assert.doesNotMatch(player.screen(), /cut off/);
    assert.equal(player.model().editor.text, arrived ? "" : LINE);
  }
});

Deno.test("a reply cut at its limit says so, and offers to go on as long as it is the last", () => {
  const cut = (part = {}) => reply({ status: "stopped", usage: { ...NO_USAGE, at_limit: true }, ...part });
  const told = sayLine();
  told.hear(events.message(line(), "1"));
  told.hear(chunk("Eel.", 0));
  told.hear(events.end(cut()));
  told.wait(60_000);
  const reopened = openStory();
  reopened.hear(events.history([line(), cut({ alternative: 2, alternatives: 3 })]));
  for (const player of [told, reopened]) {
    player.said();
    assert.match(player.screen(), /Eel\.\n {6}(‹ 2 of 3 › {3})?cut at its limit {3}Tab c go on\n/);
    // A letter on the empty page begins a line: the story may well go on without the rest of this reply.
    player.press("c");
    assert.deepEqual([player.model().editor.text, player.said()], ["c", []]);
    player.press("backspace", "tab");
    assert.match(player.screen(), /cut at its limit {3}c go on\n/);
    assert.match(player.screen(), /r another telling {3}c go on {3}w why {3}Esc write/);
    player.press("c");
    assert.deepEqual(player.said(), ["/continue"]);
  }
  const later = openStory();
  const next = message(8, "user", "I wait.");
  later.hear(events.history([line(), cut(), next, message(9, "assistant", "Fog.")]));
  assert.doesNotMatch(later.screen(), /cut at its limit/);
  later.press("tab", "up", "up");
  assert.match(later.screen(), /cut at its limit\n/);
  assert.doesNotMatch(later.screen(), /go on/);
});

Deno.test("a reply that went on elsewhere meanwhile is no interruption", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("Eel ", 0));
  player.link({ kind: "lost", retry_in_ms: 500, reason: "closed" });
  player.link({ kind: "connected" });
  player.hear(events.greeting());
  player.hear(events.history([line()]));
  player.hear(chunk("Eel and salt ", 0));
  player.hear(events.end(reply({ content: "Eel and salt." })));
  assert.doesNotMatch(player.screen(), /interrupted|✗/);
  assert.match(player.screen(), /Eel and salt\./);
});

Deno.test("another face's new line begins a wait, another wording of an old one does not", () => {
  const player = openStory();
  const lines = player.model().transcript.messages;
  const old = lines.find((line) => line.role === "user");
  assert.ok(old !== undefined && old.id < (lines.at(-1)?.id ?? 0));
  player.hear(events.message({ ...old, content: "Other words." }));
  assert.equal(player.model().turn, null);
  player.hear(events.message(message((lines.at(-1)?.id ?? 0) + 1, "user", "A new line.")));
  assert.equal(player.model().turn?.phase, "waiting");
});

Deno.test("who leaves after the reply leaves when the connection goes, and not with the next reply", () => {
  const speaking = () => {
    const player = openStory();
    player.type("I wait.");
    player.press("enter");
    player.effects();
    return player;
  };
  for (
    const link of [{ kind: "lost", retry_in_ms: 1000, reason: "gone" }, {
      kind: "gone",
      reason: "Gone.",
    }] as const
  ) {
    const player = speaking();
    player.press("ctrl+c", "w");
    assert.equal(player.model().leaving, "after_reply");
    player.effects();
    player.link(link);
    assert.deepEqual(player.effects(), [{ kind: "quit" }]);
  }
  const staying = speaking();
  staying.link({ kind: "lost", retry_in_ms: 1000, reason: "gone" });
  assert.deepEqual(staying.effects(), []);
});

Deno.test("a reply that failed half-way offers to go on", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(chunk("Eel ", 0));
  player.hear(events.error("The connection broke off. What was told is kept."));
  player.hear(events.end(reply({ content: "Eel", status: "failed" })));
  assert.doesNotMatch(player.screen(), /r tries again/);
  assert.match(player.screen(), /c go on {3}r tell again {3}Ctrl\+O narrators/);
  player.type("c");
  assert.deepEqual(player.said().at(-1), "/continue");
});

Deno.test("nothing was told, nothing is remembered under it", () => {
  const player = sayLine();
  player.hear(events.message(line(), "1"));
  player.hear(events.end(reply({ content: "", status: "failed" }), { recalled: { lore: 5, memories: 0 } }));
  assert.doesNotMatch(player.screen(), /remembered/);
});

Deno.test("the player's own lines stand as typed: no lists, no breaks of scenes, no headings", () => {
  const player = openStory();
  player.hear(events.history([message(1, "user", "---\n# one\n- two *three*")]));
  assert.match(player.screen(), /› ---\n {6}# one\n {6}- two three/);
});

Deno.test("a brain that cannot be had says why on the page, and the reason stays", () => {
  const reason = "engine.db was written by a newer Flower Engine. Nothing was changed.";
  for (const settings of [{ last_story: "The Salt Marsh" }, {}]) {
    const player = createPlayer({ settings });
    player.link({ kind: "gone", reason });
    player.press("x", "backspace");
    player.wait(10_000);
    assert.match(
      player.screen().replace(/\s+/g, " "),
      /written by a newer Flower Engine\. Nothing was changed\. Ctrl\+C leaves\./,
    );
    assert.doesNotMatch(player.screen(), /in a moment|as soon as/);
  }
  const open = openStory();
  open.link({ kind: "gone", reason });
  open.press("x");
  assert.match(open.screen(), /✗ engine\.db was written by a newer/);
});
