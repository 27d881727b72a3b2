/** Memory by meaning is offered once, fetched with its progress in words, and never asked for again after a no. */

import assert from "node:assert/strict";
import type { Settings } from "../../../face/app/settings.ts";
import { restWords } from "../../../face/app/progress.ts";
import { events, message, type Player } from "../../support/player.ts";
import { openStory, WHY } from "../../support/salt_marsh.ts";

const BYTES = 142_300_000;

function replied(settings: Partial<Settings> = {}, width = 80): Player {
  const player = openStory({ settings: { hint_seen: true, ...settings }, width, height: 36 });
  player.type("I wait.");
  player.press("enter");
  player.effects();
  player.hear(events.end(message(7, "assistant", "He nods."), {}, "1"));
  return player;
}

const wanted = (player: Player): string[] =>
  player.effects().map(({ kind }) => kind).filter((kind) =>
    kind === "look_for_model" || kind === "fetch_model"
  );

const question = /Fetch 142 MB, once, so that memory goes by meaning\? ─/;

Deno.test("after the first reply it is looked for, once an evening, and not after a no or when it is here", () => {
  const player = replied();
  assert.deepEqual(wanted(player), ["look_for_model"]);
  player.hear(events.end(message(9, "assistant", "He nods again."), {}, null));
  assert.deepEqual(wanted(player), []);
  assert.deepEqual(wanted(replied({ embedder: "no" })), []);
  assert.deepEqual(wanted(replied({ embedder: "ready" })), []);
  player.send({ kind: "model_missing", bytes: 0 });
  assert.equal(player.model().settings.embedder, "ready");
  assert.doesNotMatch(player.screen(), /Fetch/);
});

Deno.test("yes fetches it, with how much, how fast and how long still; then it is kept as here", () => {
  const player = replied();
  player.effects();
  player.send({ kind: "model_missing", bytes: BYTES });
  assert.match(player.screen(), question);
  assert.match(player.screen(), /Ctrl\+Y fetch {3}Esc no/);
  player.press("enter", "enter");
  assert.deepEqual(wanted(player), [], "Enter in the empty editor fetches nothing");
  assert.match(player.screen(), question);
  player.press("ctrl+y");
  assert.deepEqual(wanted(player), ["fetch_model"]);
  assert.match(player.screen(), /· Fetching memory by meaning\n/);
  player.send({ kind: "model_step", done: 0, total: BYTES });
  player.wait(2000);
  player.send({ kind: "model_step", done: 20_000_000, total: BYTES });
  assert.match(player.screen(), /· Fetching memory by meaning · 20 of 142 MB · 10\.0 MB\/s · 12 s left\n/);
  player.type("/fetch");
  player.press("enter");
  assert.deepEqual(wanted(player), []);
  player.send({ kind: "model_fetched", problem: "" });
  assert.match(player.screen(), /· Memory goes by meaning from here on\./);
  assert.equal(player.model().settings.embedder, "ready");
});

Deno.test("no is remembered, and /fetch is the way back", () => {
  const player = replied({}, 120);
  player.send({ kind: "model_missing", bytes: BYTES });
  assert.match(player.screen(), /memory by words only/);
  player.effects();
  player.press("esc");
  assert.deepEqual(
    player.effects().map((effect) => effect.kind === "save_settings" && effect.settings.embedder),
    [
      "no",
    ],
  );
  assert.match(player.screen(), /· Memory goes on by words\. \/fetch fetches it later\./);
  const later = replied({ embedder: "no" }, 120);
  assert.match(later.screen(), /memory by words only/);
  later.press("f4");
  const asked = later.effects().findLast((effect) => effect.kind === "say");
  later.hear(events.system("", { why: WHY }, asked?.kind === "say" ? asked.ref : null));
  later.press("end");
  assert.match(later.screen(), /Memory goes by words here; \/fetch has it go by meaning\./);
  player.type("/fetch");
  player.press("enter");
  assert.deepEqual(wanted(player), ["fetch_model"]);
  player.send({ kind: "model_fetched", problem: "" });
  assert.doesNotMatch(player.screen(), /memory by words only/);
});

Deno.test("whoever goes on writing has answered neither: the letter is theirs, nothing is kept", () => {
  const player = replied();
  player.send({ kind: "model_missing", bytes: BYTES });
  player.effects();
  player.type("yes, I go");
  assert.equal(player.model().editor.text, "yes, I go");
  assert.deepEqual(wanted(player), []);
  assert.equal(player.model().settings.embedder, "ask");
  assert.doesNotMatch(player.screen(), /Fetch 142/);
});

Deno.test("the question waits while a draft stands or a page is open, and comes when both are gone", () => {
  const player = replied();
  player.type("a draft");
  player.send({ kind: "model_missing", bytes: BYTES });
  assert.doesNotMatch(player.screen(), /Fetch 142/);
  player.press("ctrl+u");
  assert.match(player.screen(), question);
});

Deno.test("a fetch that fails says why, what goes on, and how to try again", () => {
  const player = replied();
  player.send({ kind: "model_missing", bytes: BYTES });
  player.press("ctrl+y");
  player.send({ kind: "model_fetched", problem: "The hub cannot be reached." });
  const words = player.screen().replace(/\s+/g, " ");
  assert.match(
    words,
    /Fetching memory by meaning failed: The hub cannot be reached\. \/fetch tries again; memory goes by words/,
  );
  assert.equal(player.model().settings.embedder, "ask");
  const cause = "The hub cannot be reached (error sending request: client error (Connect): dns error).";
  player.send({ kind: "model_fetched", problem: cause });
  assert.match(
    player.screen().replace(/\s+/g, " "),
    /failed: The hub cannot be reached\. \/fetch tries again/,
  );
  assert.doesNotMatch(player.screen(), /dns error/);
  assert.equal(player.model().log.at(-1)?.text, cause);
});

Deno.test("an engine that has no model of ours offers nothing", () => {
  const player = replied();
  player.send({ kind: "model_missing", bytes: null });
  assert.doesNotMatch(player.screen(), /Fetch/);
  assert.equal(player.model().settings.embedder, "ask");
});

Deno.test("work of the brain's is one quiet row: no line of the log, a word at its end", () => {
  const player = openStory();
  const before = player.model().log.length;
  const hear = (done: number, state: "running" | "done" | "failed", label = "Reading the lore") =>
    player.hear({
      event: "progress",
      content: "",
      ref: null,
      metadata: { id: "lore", label, done, total: 300, unit: "items", state },
    });
  hear(0, "running");
  player.wait(3000);
  hear(30, "running");
  assert.match(player.screen(), /· Reading the lore · 30 of 300 · 10 a second · 27 s left\n/);
  player.press("down");
  assert.match(player.screen(), /30 of 300/);
  assert.equal(player.model().log.length, before);
  hear(300, "done", "");
  assert.doesNotMatch(player.screen(), /Reading the lore/);
  hear(3, "running");
  hear(3, "failed");
  assert.match(player.screen(), /✗ Reading the lore: failed\./);
});

Deno.test("how fast: items a second, to a tenth below ten, and nothing before a second has passed", () => {
  const rows: [done: number, after_ms: number, words: string][] = [
    [2, 999, "2 of 300"],
    [2, 1000, "2 of 300 · 2.0 a second · 149 s left"],
    [10, 1000, "10 of 300 · 10 a second · 29 s left"],
    [96, 10_000, "96 of 300 · 9.6 a second · 21 s left"],
    [300, 2000, "300 of 300 · 150 a second"],
  ];
  for (const [done, after_ms, words] of rows) {
    const player = openStory();
    const hear = (count: number) =>
      player.hear({
        event: "progress",
        content: "",
        ref: null,
        metadata: { id: "lore", label: "Reading", done: count, total: 300, unit: "items", state: "running" },
      });
    hear(0);
    player.wait(after_ms);
    hear(done);
    assert.ok(player.screen().includes(`· Reading · ${words.replace("149 s", "2 min")}\n`), player.screen());
  }
});

Deno.test("what the brain was doing ends with its connection; a fetch of the face's own goes on", () => {
  const player = openStory();
  player.hear(events.progress("lore", "Reading the lore"));
  player.send({ kind: "model_step", done: 1e6, total: 142e6 });
  player.link({ kind: "lost", retry_in_ms: 1000, reason: "gone" });
  assert.deepEqual(player.model().work.map(({ label }) => label), ["Fetching memory by meaning"]);
});

Deno.test("the rest is told in words that fit it", () => {
  for (
    const [seconds, words] of [[0.2, "1 s"], [89, "89 s"], [90, "2 min"], [3600, "60 min"], [7200, "2 hours"]]
  ) {
    assert.equal(restWords(Number(seconds)), words);
  }
});

Deno.test("the question comes only when nothing else goes on, and then at once", () => {
  const busy: [string, (player: Player) => void, (player: Player) => void][] = [
    ["a page", (player) => player.press("f1"), (player) => player.press("esc")],
    ["the bar", (player) => player.press("tab"), (player) => player.press("esc")],
    ["a search", (player) => player.press("ctrl+f"), (player) => player.press("esc")],
    ["a list", (player) => player.press("ctrl+t"), (player) => player.press("esc")],
    ["a draft", (player) => player.type("I"), (player) => player.press("backspace")],
    ["leaving", (player) => player.press("ctrl+c"), (player) => player.press("f2")],
    [
      "a turn",
      (player) => player.hear(events.chunk("He ", { message_id: 9, parent_id: 8, offset: 0 })),
      (player) => player.hear(events.end(message(9, "assistant", "He nods."), {}, null)),
    ],
  ];
  for (const [what, begin, end] of busy) {
    const player = replied();
    begin(player);
    player.send({ kind: "model_missing", bytes: BYTES });
    assert.equal(player.model().confirm, null, what);
    end(player);
    assert.equal(player.model().confirm?.kind, "fetch", what);
  }
});
