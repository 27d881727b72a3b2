/** Pages of words in place of the story. */

import assert from "node:assert/strict";
import { scrollSheet, sheetHeight, sheetLines } from "../../../face/app/sheet.ts";
import type { Sheet } from "../../../face/app/model.ts";
import { events, type Player } from "../../support/player.ts";
import { openStory } from "../../support/salt_marsh.ts";

function withPage(text: string, width = 46): Player {
  const player = openStory({ width, height: 20 });
  player.hear(events.system(text, {}, "1"));
  return player;
}

const bodyOf = (player: Player): string[] => {
  const rows = player.screen().split("\n").slice(2, -2).map((row) => row.slice(3).trimEnd());
  return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
};

Deno.test("an answer of pieces: each with its name apart, its words below one another, the rest over the whole page", () => {
  const player = withPage(
    "m12  you, 3 turns ago: a line that is too long for one row\nl7  The bell\n\nOlder ones: /memory list m9, and so on over the page",
  );
  assert.deepEqual(bodyOf(player), [
    "m12  you, 3 turns ago: a line that is",
    "     too long for one row",
    "",
    "l7   The bell",
    "",
    "Older ones: /memory list m9, and so on",
    "over the page",
  ]);
});

Deno.test("an answer without such names is what it is, row by row, a blank row one too", () => {
  assert.deepEqual(bodyOf(withPage("One.\n\nTwo  words.\n12 eels\nm12 no name")), [
    "One.",
    "",
    "Two  words.",
    "12 eels",
    "m12 no name",
  ]);
});

Deno.test("a page says how many lines are below, until its end is in view; a notice stands beside it", () => {
  const rows = Array.from({ length: 40 }, (_, at) => `row ${at}`);
  const player = withPage(rows.join("\n"));
  const height = sheetHeight(player.model());
  const foot = (): string => player.screen().split("\n").at(-2)?.trim() ?? "";
  assert.equal(foot(), `▼ ${40 - height} lines below`);
  player.press("down");
  assert.equal(foot(), `▼ ${39 - height} lines below`);
  player.hear(events.system("✗ That did not work, and here is a long word about it", {}, null));
  assert.match(foot(), /^✗ That did not work, an… {2}▼ 23 lines below$/);
  player.press("end");
  assert.equal(foot(), "");
  player.press("up");
  assert.equal(foot(), "▼ 1 line below");
});

Deno.test("a page is never scrolled beyond its ends", () => {
  const player = withPage(Array.from({ length: 40 }, (_, at) => `row ${at}`).join("\n"));
  const model = player.model();
  const sheet: Sheet = { kind: "text", text: model.sheet?.kind === "text" ? model.sheet.text : "", top: 0 };
  assert.equal(scrollSheet(model, sheet, -5).top, 0);
  assert.equal(scrollSheet(model, sheet, 1e6).top, sheetLines(model, sheet).length - sheetHeight(model));
  assert.equal(scrollSheet(model, { ...sheet, text: "short" }, 3).top, 0);
});

Deno.test("the keys page names arrows in words where the terminal has none", () => {
  const player = openStory({ utf8: false, width: 80, height: 60 });
  player.press("f1");
  assert.doesNotMatch(player.screen(), /[←→↑↓]/);
  assert.match(player.screen(), /Ctrl\+Left {2}Ctrl\+Right +move by a word/);
  assert.match(player.screen(), /Up {2}Down +rows, then what was said before/);
});

Deno.test("a notice below a page has the page's width, and a log without a word says so", () => {
  const player = withPage("one\ntwo\nthree", 46);
  const notice = "x".repeat(40);
  player.hear(events.system(notice, {}, null));
  assert.equal(player.screen().split("\n").at(-2)?.trim(), `· ${notice}`);
  player.hear(events.system(`${notice}y`, {}, null));
  assert.equal(player.screen().split("\n").at(-2)?.trim(), `· ${"x".repeat(39)}…`);
  const quiet = openStory({ width: 80, height: 20 });
  quiet.type("/log");
  quiet.press("enter");
  assert.match(quiet.screen(), /Nothing has been said beside the story\./);
});

Deno.test("a letter that a page of words does not know begins a line; a blank and the page's own letters do not", () => {
  const player = withPage(Array.from({ length: 40 }, (_, at) => `row ${at}`).join("\n"));
  player.press("left");
  player.type(" ");
  const { sheet } = player.model();
  assert.ok(sheet !== null && sheet.top > 0, "Space turns the page");
  player.type("/memory pin m12");
  assert.equal(player.model().sheet, null);
  assert.equal(player.model().editor.text, "/memory pin m12");
});
